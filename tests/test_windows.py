from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad

from firstsign.families import FAMILIES
from firstsign.windows import Onset, Spans, _closed, quadrature

DAYS = np.array([0.01, 0.5, 1, 5, 20, 29, 31, 45, 59, 61, 100, 300, 400, 729, 731, 1500])
CASES = [
    ("exponential", (40.0,)),
    ("weibull", (0.3, 40.0)),
    ("weibull", (3.0, 40.0)),
    ("lognormal", (3.5, 0.3)),
    ("lognormal", (3.5, 2.0)),
    ("loglogistic", (0.5, 40.0)),
    ("loglogistic", (1.04, 40.0)),
    ("loglogistic", (1.06, 40.0)),
    ("loglogistic", (5.0, 40.0)),
    ("gamma", (0.3, 60.0)),
    ("gamma", (20.0, 3.0)),
    ("generalized_gamma", (3.5, 1.0, -1.0)),
    ("generalized_gamma", (3.5, 0.4, -0.5)),
    ("generalized_gamma", (3.5, 1.0, 5e-4)),
    ("generalized_gamma", (3.5, 3.0, 2.0)),
]
GROWTHS = [0.0, 0.03, -0.03]
FINE = quadrature(64)


def distribution_of(family, parameters):
    return FAMILIES[family].distribution(*parameters)


def spans(lower, upper, window):
    lower, upper, window = np.broadcast_arrays(*map(np.atleast_1d, (lower, upper, window)))
    return Spans(lower.astype(float), upper.astype(float), window.astype(float))


def averaged(function, distribution, day, window, growth):
    """Of a function of the delay over the onsets by a day, by adaptive quadrature cut at the quantiles."""
    first = max(0.0, day - window)
    cuts = [cut for cut in distribution.ppf(np.array([0.001, 0.1, 0.5, 0.9, 0.999])) if first < cut < day]
    whole = window if growth == 0 else np.expm1(growth * window) / growth

    def weighted(delay):
        return function(np.array(delay)) * np.exp(growth * (day - delay)) / whole

    return sum(quad(weighted, a, b, epsabs=1e-13, epsrel=1e-12)[0] for a, b in pairwise([first, *cuts, day]))


@pytest.mark.parametrize("growth", GROWTHS)
@pytest.mark.parametrize("window", [30.0, 365.0])
@pytest.mark.parametrize(("family", "parameters"), CASES[::2])
def test_quadrature_over_a_window_equals_adaptive_quadrature(family, parameters, window, growth):
    distribution, onset = distribution_of(family, parameters), Onset(growth, FINE)
    windows = np.full_like(DAYS, window)
    ended, waiting = onset.share_ended(distribution, DAYS, windows), onset.share_waiting(distribution, DAYS, windows)
    for i in (1, 6, 9, 11):
        expected = averaged(distribution.cdf, distribution, DAYS[i], window, growth)
        assert_allclose(ended[i], expected, rtol=1e-8, atol=1e-11, err_msg=f"{DAYS[i]}")
    assert_allclose(ended + waiting, 1, rtol=1e-9)


@pytest.mark.parametrize("window", [1.0, 7.0, 30.0, 365.0])
@pytest.mark.parametrize(("family", "parameters"), CASES)
def test_closed_forms_equal_quadrature(family, parameters, window):
    """Where the closed form is sure of its digits it has them; and it is used wherever a family has one."""
    distribution = distribution_of(family, parameters)
    some = spans(DAYS[:-1], DAYS[1:], window)
    with np.errstate(all="ignore"):
        between, sure = _closed(distribution, some)
    expected = Onset(0.0, FINE)._averaged(distribution, some)
    assert_allclose(between[sure], expected[sure], rtol=2e-8)
    closed = not (
        (family == "loglogistic" and parameters[0] < 1.05) or (family == "generalized_gamma" and parameters[2] < 1)
    )
    if closed:
        assert sure[expected > 1e-3].all()
    chosen = Onset(0.0, FINE).share_between(distribution, some)
    assert_allclose(chosen, expected, rtol=2e-8, atol=1e-290)


def test_a_closed_form_has_digits_everywhere_and_elsewhere_quadrature_takes_over():
    """A whole year's window and a day of it; the far tail of a sharp delay, where differences of closed forms have none."""
    distribution = distribution_of("weibull", (3.0, 40.0))
    far = spans([200.0, 100, 60], [201.0, 101, 61], 30.0)
    expected = [
        averaged(distribution.sf, distribution, a, 30.0, 0.0)
        - averaged(distribution.sf, distribution, a + 1, 30.0, 0.0)
        for a in (200.0, 100, 60)
    ]
    assert_allclose(Onset(0.0, FINE).share_between(distribution, far), expected, rtol=1e-7)


@pytest.mark.parametrize("growth", GROWTHS)
@pytest.mark.parametrize("window", [1.0, 365.0])
@pytest.mark.parametrize(("family", "parameters"), CASES)
def test_density_is_the_slope_of_the_share_ended(family, parameters, window, growth):
    distribution, onset = distribution_of(family, parameters), Onset(growth, FINE)
    day, h = np.array([12.0, 25, 47, 420]), 1e-3
    windows = np.full_like(day, window)
    around = onset.share_between(distribution, spans(day - h, day + h, window)) / (2 * h)
    density = np.exp(onset.log_density(distribution, day, windows))
    assert_allclose(density, around, rtol=1e-4, atol=1e-9)


def test_growth_of_an_exponential_by_hand():
    """With k = r + 1 / scale, the share waiting x after the window is e^(-x / scale) (r / k) (e^(k w) - 1) / (e^(r w) - 1)."""
    scale, growth, window, day = 40.0, 0.05, 30.0, 50.0
    rate = growth + 1 / scale
    waiting = np.exp(-day / scale) * growth / np.expm1(growth * window) * np.expm1(rate * window) / rate
    onset = Onset(growth)
    distribution = distribution_of("exponential", (scale,))
    assert_allclose(onset.share_between(distribution, spans(day, np.inf, window)), waiting, rtol=1e-10)
    assert_allclose(
        onset.log_density(distribution, np.array([day]), np.array([window])), np.log(waiting / scale), rtol=1e-9
    )


def test_uniform_onset_of_an_exponential_by_hand():
    """Onset uniform over 30 days, exponential of mean 40: 1 - 40 / 30 (e^(-(x-30)/40) - e^(-x/40)) after the window."""
    distribution = distribution_of("exponential", (40.0,))
    early = (15 - 40 * (1 - np.exp(-15 / 40))) / 30
    end = (30 - 40 * (1 - np.exp(-30 / 40))) / 30
    late = 1 - 40 / 30 * (np.exp(-70 / 40) - np.exp(-100 / 40))
    found = Onset().share_between(distribution, spans(0.0, np.array([15.0, 30, 100]), 30.0))
    assert_allclose(found, [early, end, late], rtol=1e-12)


@pytest.mark.parametrize("growth", [1e-9, -1e-9])
def test_the_smallest_growth_is_none(growth):
    distribution = distribution_of("gamma", (2.0, 20.0))
    some = spans(DAYS[2:-1], DAYS[3:], 30.0)
    assert_allclose(
        Onset(growth).share_between(distribution, some), Onset().share_between(distribution, some), rtol=1e-6
    )


@pytest.mark.parametrize("growth", [5.0, -5.0])
def test_onsets_crowd_at_one_end_of_the_window_when_growth_is_steep(growth):
    """Of a year that grows fivefold a day nearly all onsets are on its last day, or its first."""
    distribution = distribution_of("weibull", (1.5, 40.0))
    found = Onset(growth, quadrature(256)).share_between(distribution, spans(0.0, 400.0, 365.0))
    plain = distribution.cdf(np.array([400 - 365 + 0.2 if growth > 0 else 400 - 0.2]))
    assert_allclose(found, plain, rtol=1e-3)


@pytest.mark.parametrize("window", [0.0, 30.0])
def test_edges_of_time(window):
    distribution = distribution_of("weibull", (0.5, 40.0))
    assert_allclose(Onset().share_between(distribution, spans(0.0, np.inf, window)), 1, rtol=1e-14)
    assert_allclose(Onset().share_between(distribution, spans(0.0, 0.0, window)), 0)
    assert_allclose(Onset().share_between(distribution, spans(np.inf, np.inf, window)), 0)
    below = Onset().share_between(distribution, spans(0.0, 10.0, window))
    assert_allclose(below + Onset().share_between(distribution, spans(10.0, np.inf, window)), 1, rtol=1e-12)


def test_shares_far_out_keep_their_digits():
    distribution = distribution_of("exponential", (1.0,))
    assert_allclose(Onset().share_between(distribution, spans(60.0, 61.0, 0.0)), np.exp(-60) - np.exp(-61), rtol=1e-12)
    expected = (np.exp(-30) - np.exp(-31)) * (1 - np.exp(-30)) / 30
    assert_allclose(Onset(0.0, FINE).share_between(distribution, spans(60.0, 61.0, 30.0)), expected, rtol=1e-10)


@given(
    st.sampled_from(CASES),
    st.lists(st.integers(0, 400), min_size=3, max_size=8, unique=True),
    st.sampled_from([0, 1, 30, 365]),
    st.sampled_from(GROWTHS),
)
@settings(max_examples=60)
def test_shares_are_shares_and_add_up(case, days, window, growth):
    distribution, onset = distribution_of(*case), Onset(growth, quadrature(64))
    edges = np.array([0.0, *sorted(days), np.inf])
    between = onset.share_between(distribution, spans(edges[:-1], edges[1:], float(window)))
    assert (between >= -1e-12).all()
    assert_allclose(between.sum(), 1, rtol=1e-6)


def test_every_row_may_have_its_own_parameters():
    """Locations and shapes by row give what each gives alone, with and without windows."""
    scale, shape = np.array([20.0, 40, 80, 160]), np.array([0.5, 1, 2, 3])
    some = spans([5.0, 10, 20, 0], [12.0, 40, np.inf, 100], [0.0, 30, 30, 365])
    for family in ("weibull", "loglogistic", "gamma"):
        together = Onset().share_between(distribution_of(family, (shape, scale)), some)
        alone = [
            Onset().share_between(distribution_of(family, (shape[i], scale[i])), some.of([i]))[0] for i in range(4)
        ]
        assert_allclose(together, alone, rtol=1e-12)
