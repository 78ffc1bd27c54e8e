import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import kstest

import firstsign as fs
from firstsign.delay_distributions import delay_distribution
from firstsign.families import FAMILIES

PARAMETERS = {
    "exponential": {"scale": 40.0},
    "weibull": {"shape": 0.6, "scale": 40.0},
    "lognormal": {"mu": 3.5, "sigma": 0.8},
    "loglogistic": {"shape": 2.0, "scale": 30.0},
    "gamma": {"shape": 2.0, "scale": 20.0},
    "generalized_gamma": {"mu": 3.5, "sigma": 0.8, "q": -0.5},
}
WAYS = [
    {},
    {"entry": 20.0},
    {"limit": 90.0},
    {"window": 30.0},
    {"window": 365.0, "growth": 0.02, "limit": 400.0},
    {"window": 30.0, "growth": -0.05, "entry": 20.0, "limit": 100.0},
]
DAYS = np.array([0.5, 10, 25, 60, 95, 380])


def test_an_exponential_between_two_days_by_hand():
    seen = delay_distribution("exponential", {"scale": 40.0}, entry=20.0, limit=100.0)
    whole = np.exp(-0.5) - np.exp(-2.5)
    assert_allclose(seen.cdf([10, 20, 60, 100, 500]), [0, 0, (np.exp(-0.5) - np.exp(-1.5)) / whole, 1, 1], rtol=1e-12)
    assert_allclose(seen.pdf([10, 60, 500]), [0, np.exp(-1.5) / 40 / whole, 0], rtol=1e-12)
    assert_allclose(seen.quantile([0, 0.5, 1]), [20, -40 * np.log((np.exp(-0.5) + np.exp(-2.5)) / 2), 100], rtol=1e-10)


@pytest.mark.parametrize("how", WAYS, ids=str)
@pytest.mark.parametrize("family", list(PARAMETERS))
def test_density_cdf_quantile_and_sample_are_of_one_distribution(family, how):
    seen = delay_distribution(family, PARAMETERS[family], **how)
    shares = np.array([0.05, 0.3, 0.5, 0.9])
    days = seen.quantile(shares)
    assert_allclose(seen.cdf(days), shares, rtol=1e-9)
    cuts = sorted({how["window"]} if days[0] < how.get("window", 0) < days[3] else set())
    between = quad(seen.pdf, days[0], days[3], points=cuts or None, epsabs=1e-9, limit=200)[0]
    assert_allclose(between, 0.85, rtol=1e-6)
    assert kstest(seen.sample(3000, seed=20260112), seen.cdf).pvalue > 1e-3


def test_truncated_at_nothing_it_is_the_family():
    seen = delay_distribution("weibull", PARAMETERS["weibull"])
    family = FAMILIES["weibull"].distribution(0.6, 40.0)
    assert_allclose(seen.cdf(DAYS), family.cdf(DAYS), rtol=1e-12)
    assert_allclose(seen.pdf(DAYS), np.exp(family.logpdf(DAYS)), rtol=1e-12)
    assert_allclose(seen.quantile(0.25), family.ppf(np.array([0.25]))[0], rtol=1e-12)


@given(
    st.sampled_from(list(PARAMETERS)), st.sampled_from([0.0, 1.0, 30.0, 365.0]), st.floats(0, 60), st.floats(80, 500)
)
@settings(max_examples=40)
def test_shares_rise_from_entry_to_limit(family, window, entry, limit):
    seen = delay_distribution(family, PARAMETERS[family], window=window, entry=entry, limit=limit)
    share = seen.cdf(np.linspace(0, 600, 61))
    assert (np.diff(share) >= -1e-12).all()
    assert seen.cdf(entry) == 0
    assert_allclose(seen.cdf(limit), 1, rtol=1e-12)


def test_numbers_and_shapes_come_back_as_they_went_in():
    seen = delay_distribution("lognormal", PARAMETERS["lognormal"], window=30)
    assert isinstance(seen.cdf(3), float)
    assert isinstance(seen.quantile(0.5), float)
    assert seen.pdf(np.ones((2, 3))).shape == (2, 3)
    assert seen.cdf([]).shape == (0,)
    assert np.isnan(seen.cdf(np.nan))
    assert seen.cdf(np.inf) == 1
    assert seen.pdf(np.inf) == 0


def test_rarely_seen_people_are_drawn_all_the_same():
    seen = delay_distribution("lognormal", PARAMETERS["lognormal"], window=30, entry=800, limit=900)
    days = seen.sample(200, seed=3)
    assert ((days > 800) & (days <= 900)).all()
    assert kstest(days, seen.cdf).pvalue > 1e-3
    assert (seen.sample(5, seed=3) == seen.sample(5, seed=3)).all()
    assert seen.sample(0, seed=1).shape == (0,)


def test_far_behind_a_late_entry():
    seen = delay_distribution("exponential", {"scale": 1.0}, entry=600.0)
    assert_allclose(seen.quantile([0.5, 0.999]), 600 - np.log([0.5, 0.001]), rtol=1e-9)


def test_a_fits_parameters_will_do():
    days = FAMILIES["gamma"].distribution(2.0, 20.0).ppf((np.arange(500) + 0.5) / 500)
    fit = fs.fit_delay(__import__("pandas").DataFrame({"lower": days, "upper": days}), "gamma")
    assert_allclose(delay_distribution("gamma", fit.params).cdf(40.0), 1 - fit.survival(40.0)["estimate"].iloc[0])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"family": "gama"}, "did you mean 'gamma'"),
        ({"params": {"mu": 3.0}}, "parameters of the lognormal are mu, sigma; given are mu"),
        ({"params": {"mu": 3.0, "sigma": 0.0}}, "sigma is 0.0; it must be above 0"),
        ({"params": {"mu": np.inf, "sigma": 1.0}}, "mu is inf; it must be a number"),
        ({"window": -1}, "window is -1"),
        ({"entry": 5, "limit": 5}, "below limit"),
        ({"limit": 1e-30}, "Nobody ends between day 0 and day 1e-30"),
    ],
)
def test_refusals_say_what_is_wrong(asked, message):
    given = {"family": "lognormal", "params": PARAMETERS["lognormal"]} | asked
    with pytest.raises(ValueError, match=message):
        delay_distribution(**given)


@pytest.mark.parametrize("family", list(PARAMETERS))
def test_the_ends_of_an_untruncated_distribution(family):
    seen = delay_distribution(family, PARAMETERS[family])
    assert seen.quantile([0, 1]).tolist() == [0, np.inf]
    wide = delay_distribution(family, PARAMETERS[family], window=30)
    assert np.isnan(wide.pdf(np.nan))
    assert wide.pdf(1e300) == 0


def test_shares_are_checked():
    with pytest.raises(ValueError, match="between 0 and 1"):
        delay_distribution("lognormal", PARAMETERS["lognormal"]).quantile([0.5, 1.2])
