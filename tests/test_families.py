import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.integrate import quad

from firstsign.families import FAMILIES

DAYS = np.array([1e-3, 0.5, 1, 7, 30, 90, 365, 2000.0])
SHARES = np.array([1e-6, 0.01, 0.25, 0.5, 0.75, 0.99, 1 - 1e-6])

# The same distribution in scipy.stats, under our parameters.
SCIPY = {
    "exponential": lambda scale: stats.expon(scale=scale),
    "weibull": lambda shape, scale: stats.weibull_min(shape, scale=scale),
    "lognormal": lambda mu, sigma: stats.lognorm(sigma, scale=np.exp(mu)),
    "loglogistic": lambda shape, scale: stats.fisk(shape, scale=scale),
    "gamma": lambda shape, scale: stats.gamma(shape, scale=scale),
    # scipy's gengamma(a, c) is the c-th root of a gamma variate of shape a = q^-2, with c = q / sigma
    "generalized_gamma": lambda mu, sigma, q: stats.gengamma(
        q**-2, q / sigma, scale=np.exp(mu) * (q**2) ** (sigma / q)
    ),
}
CASES = [
    ("exponential", (40.0,)),
    ("weibull", (0.4, 40.0)),
    ("weibull", (3.0, 40.0)),
    ("lognormal", (3.3, 0.9)),
    ("lognormal", (-1.0, 2.0)),
    ("loglogistic", (0.6, 30.0)),
    ("loglogistic", (4.0, 30.0)),
    ("gamma", (0.3, 60.0)),
    ("gamma", (9.0, 5.0)),
    ("generalized_gamma", (3.5, 1.0, 0.5)),
    ("generalized_gamma", (3.5, 0.7, 2.0)),
    ("generalized_gamma", (3.5, 1.2, -0.8)),
]


@pytest.mark.parametrize(("family", "parameters"), CASES)
def test_equals_scipy(family, parameters):
    ours, theirs = FAMILIES[family].distribution(*parameters), SCIPY[family](*parameters)
    for name in ("cdf", "sf"):
        assert_allclose(getattr(ours, name)(DAYS), getattr(theirs, name)(DAYS), rtol=1e-9, atol=1e-300, err_msg=name)
    likely = theirs.pdf(DAYS) > 1e-250
    assert likely.sum() >= 5
    assert_allclose(ours.logpdf(DAYS[likely]), np.log(theirs.pdf(DAYS[likely])), rtol=1e-10)
    assert_allclose(ours.ppf(SHARES), theirs.ppf(SHARES), rtol=1e-9)


@pytest.mark.parametrize(("family", "parameters"), [*CASES, ("generalized_gamma", (3.5, 0.9, 5e-4))])
def test_density_integrates_to_the_share_ended_and_quantiles_lead_back(family, parameters):
    distribution = FAMILIES[family].distribution(*parameters)
    low, high = distribution.ppf(np.array([0.1, 0.8]))
    between = quad(lambda day: np.exp(distribution.logpdf(day)), low, high, epsabs=1e-13)[0]
    assert_allclose(between, 0.7, rtol=1e-8)
    assert_allclose(distribution.cdf(distribution.ppf(SHARES)), SHARES, rtol=1e-6)
    assert_allclose(distribution.cdf(DAYS) + distribution.sf(DAYS), 1, rtol=1e-14)


@pytest.mark.parametrize(
    ("parameters", "nested", "theirs"),
    [
        ((3.5, 0.8, 1.0), "weibull", (1 / 0.8, np.exp(3.5))),
        ((3.5, 0.8, 0.8), "gamma", (0.8**-2, np.exp(3.5) * 0.8**2)),
        ((3.5, 0.8, 0.0), "lognormal", (3.5, 0.8)),
    ],
)
def test_generalized_gamma_holds_the_others(parameters, nested, theirs):
    general, special = FAMILIES["generalized_gamma"].distribution(*parameters), FAMILIES[nested].distribution(*theirs)
    for name, at in (("cdf", DAYS), ("sf", DAYS), ("logpdf", DAYS), ("ppf", SHARES)):
        assert_allclose(getattr(general, name)(at), getattr(special, name)(at), rtol=1e-9, err_msg=name)


def test_weibull_of_shape_one_is_exponential():
    weibull, exponential = FAMILIES["weibull"].distribution(1.0, 40.0), FAMILIES["exponential"].distribution(40.0)
    assert_allclose(weibull.logpdf(DAYS), exponential.logpdf(DAYS), rtol=1e-14)
    assert_allclose(exponential.sf(DAYS), np.exp(-DAYS / 40), rtol=1e-14)


@pytest.mark.parametrize("switch", [1e-3, -1e-3])
def test_generalized_gamma_goes_smoothly_through_its_switch_near_the_lognormal(switch):
    """Just inside and just outside |q| = 0.001 differ by no more than the change of q itself makes."""
    days = np.exp(3.5 + 0.8 * np.linspace(-4, 4, 33))
    inside, outside = (FAMILIES["generalized_gamma"].distribution(3.5, 0.8, switch * (1 + s)) for s in (-1e-9, 1e-9))
    for name, at in (("cdf", days), ("sf", days), ("logpdf", days), ("ppf", SHARES[1:-1])):
        assert_allclose(getattr(inside, name)(at), getattr(outside, name)(at), rtol=1e-7, atol=1e-10, err_msg=name)


def test_generalized_gamma_tends_to_the_lognormal_in_proportion_to_q():
    """At the median the share ended is 1/2 + q phi(0) / 3, to first order: not the lognormal until q is 0."""
    general = FAMILIES["generalized_gamma"].distribution
    for q in (1e-2, 1e-3, 1e-4, -1e-4):
        gap = float(general(3.5, 0.8, q).cdf(np.array([np.exp(3.5)]))[0]) - 0.5
        assert_allclose(gap, q / 3 / np.sqrt(2 * np.pi), rtol=1e-3)


@pytest.mark.parametrize("family", list(FAMILIES))
def test_starts_where_the_parameters_are_allowed_to_be(family):
    one = FAMILIES[family]
    start = one.start(3.0, 0.8)
    assert len(start) == len(one.parameters) == len(one.positive)
    assert all(value > 0 for value, positive in zip(start, one.positive, strict=True) if positive)
    median = float(one.distribution(*start).ppf(np.array([0.5]))[0])
    assert np.exp(3.0) / 2 < median < np.exp(3.0) * 2
