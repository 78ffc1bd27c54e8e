import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from firstsign.families import FAMILIES
from firstsign.tilting import Tilted

DAYS = np.array([0.01, 1, 5, 20, 100, 400, 2000])


@pytest.mark.parametrize("growth", [1e-5, 0.01, 1.0])
@pytest.mark.parametrize("shape", [0.1, 0.3, 1.0, 5.0, 200.0])
def test_a_gamma_stays_a_gamma(shape, growth):
    """exp(-r t) shortens its scale to 1 / (1 / scale + r); the integral is (1 + r scale)^-shape."""
    tilted = Tilted(FAMILIES["gamma"].distribution(shape, 60.0), growth)
    expected = FAMILIES["gamma"].distribution(shape, 1 / (1 / 60 + growth))
    assert_allclose(tilted.cdf(DAYS), expected.cdf(DAYS), rtol=1e-5, atol=1e-12)
    likely = expected.sf(DAYS) > 1e-20
    assert_allclose(tilted.sf(DAYS)[likely], expected.sf(DAYS)[likely], rtol=1e-5, atol=1e-12)
    assert_allclose(tilted.logpdf(DAYS), expected.logpdf(DAYS), rtol=1e-10, atol=1e-9)
    assert_allclose(tilted.log_whole, -shape * np.log1p(60 * growth), rtol=1e-10, atol=1e-12)


def test_falling_incidence_shows_long_delays():
    tilted = Tilted(FAMILIES["exponential"].distribution(40.0), -0.01)
    expected = FAMILIES["exponential"].distribution(1 / (1 / 40 - 0.01))
    assert_allclose(tilted.cdf(DAYS), expected.cdf(DAYS), rtol=1e-12)


@pytest.mark.parametrize(
    ("family", "parameters", "growth"),
    [
        ("lognormal", (3.5, 0.9), 0.02),
        ("lognormal", (3.5, 0.05), 0.02),
        ("loglogistic", (0.7, 40.0), 0.01),
        ("weibull", (1.5, 40.0), -0.05),
        ("generalized_gamma", (3.5, 1.0, -1.0), 0.1),
    ],
)
def test_equals_adaptive_quadrature(family, parameters, growth):
    distribution = FAMILIES[family].distribution(*parameters)
    tilted = Tilted(distribution, growth)
    day = float(distribution.ppf(np.array([0.4]))[0])

    def weighted(log_day):
        return np.exp(distribution.logpdf(np.exp(log_day)) - growth * np.exp(log_day) + log_day)

    middle = np.log(day)
    below = sum(
        quad(weighted, middle - a, middle - b, epsabs=0, epsrel=1e-11)[0] for a, b in ((200, 5), (5, 0.3), (0.3, 0))
    )
    above = sum(
        quad(weighted, middle + a, middle + b, epsabs=0, epsrel=1e-11)[0] for a, b in ((0, 0.3), (0.3, 2), (2, 8))
    )
    assert_allclose(tilted.log_whole, np.log(below + above), atol=1e-8)
    assert_allclose(tilted.cdf(np.array([day])), below / (below + above), rtol=1e-8)
    assert_allclose(tilted.sf(np.array([day])), above / (below + above), rtol=1e-8)


@pytest.mark.parametrize(
    ("family", "parameters", "growth"),
    [
        ("lognormal", (3.0, 1.0), -0.01),
        ("loglogistic", (3.0, 40.0), -1e-6),
        ("weibull", (0.9, 40.0), -0.05),
        ("exponential", (40.0,), -0.03),
    ],
)
def test_without_an_integral_it_says_so(family, parameters, growth):
    assert Tilted(FAMILIES[family].distribution(*parameters), growth).log_whole == np.inf
