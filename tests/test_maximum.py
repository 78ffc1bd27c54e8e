import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from scipy.stats import chi2

from firstsign.delays import fit_delay

INF = np.inf


def test_profile_of_an_exponential_by_hand():
    """3 ends in 60 person-days: the log-likelihood is -3 log(scale) - 60 / scale."""
    fit = fit_delay(pd.DataFrame({"lower": [10.0, 15, 5, 30], "upper": [10.0, 15, 5, INF]}), "exponential")
    row = fit.profile(level=0.9).iloc[0]

    def fall(scale):
        return 3 * np.log(scale / 20) + 60 / scale - 3 - chi2.ppf(0.9, 1) / 2

    assert_allclose([row["low"], row["high"]], [brentq(fall, 1, 20), brentq(fall, 20, 500)], rtol=1e-7)


def test_profile_equals_fits_with_the_parameter_held():
    rng = np.random.default_rng(20260103)
    days = rng.weibull(0.8, 60) * 40
    s = pd.DataFrame({"lower": np.minimum(days, 60), "upper": np.where(days < 60, days, INF), "sex": ["F", "M"] * 30})
    fit = fit_delay(s, "weibull", formula="sex")
    table = fit.profile().set_index("parameter")
    for name, row in table.iterrows():
        for bound in (row["low"], row["high"]):
            held = fit_delay(s, "weibull", formula="sex", fixed={name: bound})
            assert_allclose(2 * (fit.loglik - held.loglik), chi2.ppf(0.95, 1), rtol=1e-5)
    assert (table["low"] < table["estimate"]).all()
    assert (table["estimate"] < table["high"]).all()


def test_profile_and_wald_agree_with_many_people():
    days = np.exp(3 + 0.8 * np.random.default_rng(5).normal(size=5_000))
    fit = fit_delay(pd.DataFrame({"lower": days, "upper": days}), "lognormal")
    profile, wald = fit.profile(), fit.summary
    assert_allclose(profile[["low", "high"]], wald[["low", "high"]], rtol=3e-4)


def test_a_side_without_a_fall_is_open():
    """All of 20 people are diagnosed long before day 10,000: a share of 0 never diagnosed fits best, and the search says so;
    with one who is not, the interval is closed below; a held parameter keeps its value."""
    s = pd.DataFrame({"lower": [10.0, 20, 10_000], "upper": [10.0, 20, INF], "n": [10, 9, 1]})
    fit = fit_delay(s, "exponential", never_diagnosed=True)
    row = fit.profile("never_diagnosed").iloc[0]

    def fall(share):  # of 1 in 20
        return np.log(0.05 / share) + 19 * np.log(0.95 / (1 - share)) - chi2.ppf(0.95, 1) / 2

    assert_allclose([row["low"], row["high"]], [brentq(fall, 1e-6, 0.05), brentq(fall, 0.05, 0.9)], rtol=1e-4)
    held = fit_delay(s, "weibull", fixed={"shape": 1.0}).profile("shape").iloc[0]
    assert (held["low"], held["high"]) == (1, 1)


def test_growing_truncation_leaves_the_longest_delays_open():
    """Seen only within 30 days, delays of which nothing says how long they get: no upper bound for the scale."""
    days = np.array([2.0, 5, 8, 11, 14, 16, 19, 23, 25, 28])
    fit = fit_delay(pd.DataFrame({"lower": days, "upper": days, "limit": 30.0}).query("lower < 24"), "exponential")
    row = fit.profile().iloc[0]
    assert row["low"] < fit.params["scale"]
    assert row["high"] == INF


def test_more_nodes_are_taken_until_they_change_nothing():
    """Delays within days of one another, onsets in two months: 16 nodes miss them, and more are taken until they do not."""
    rng = np.random.default_rng(7)
    days = 100 * np.exp(0.04 * rng.normal(size=300)) + rng.uniform(0, 60, 300)
    s = pd.DataFrame({"lower": np.floor(days), "upper": np.floor(days) + 1, "window": 60.0})
    averaged = fit_delay(s, "generalized_gamma", fixed={"q": 5e-4})  # without a closed form
    closed = fit_delay(s, "lognormal")
    assert_allclose(averaged.params[["mu", "sigma"]], closed.params, rtol=1e-3)
    assert_allclose(averaged.loglik, closed.loglik, rtol=1e-6)
    assert len(averaged._likelihood.onset.rule.far[0]) > 16


def test_what_never_settles_is_refused():
    s = pd.DataFrame({"lower": [50.0, 120, 300], "upper": [51.0, 121, 301], "window": 365.0})
    with pytest.raises(ValueError, match=r"does not settle.*Narrow the windows"):
        fit_delay(s, "generalized_gamma", fixed={"mu": np.log(30), "sigma": 1e-5, "q": 5e-4})
