import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference import inputs

import firstsign as fs
from firstsign.families import FAMILIES
from firstsign.fit_comparisons import compare_fits

INF = np.inf


@pytest.fixture(scope="module")
def weibull():
    """1,500 quantiles of a Weibull."""
    days = FAMILIES["weibull"].distribution(1.6, 40.0).ppf((np.arange(1500) + 0.5) / 1500)
    return pd.DataFrame({"lower": days, "upper": days})


def test_the_family_that_made_the_delays_comes_first(weibull):
    table = compare_fits(weibull, ["lognormal", "exponential", "weibull"])
    assert table["family"].iloc[0] == "weibull"
    assert table["aic"].is_monotonic_increasing
    assert table.set_index("family").loc["weibull", "distance"] < 1e-3
    assert table.set_index("family").loc["exponential", "distance"] > 0.1
    assert table["problem"].isna().all()


def test_each_row_is_its_fit(weibull):
    table = compare_fits(weibull).set_index("family")
    assert set(table.index) == set(FAMILIES)
    fit = fs.fit_delay(weibull, "gamma")
    assert table.loc["gamma", "loglik"] == fit.loglik
    assert table.loc["gamma", "aic"] == 4 - 2 * fit.loglik
    assert_allclose(table.loc["gamma", "bic"], 2 * np.log(1500) - 2 * fit.loglik)
    assert table.loc["generalized_gamma", "parameters"] == 3


def test_distance_by_hand():
    """Exponential of mean 20 to ends on days 10 and 30: it has exp(-1/2), exp(-3/2) waiting where the curve has 1/2, 0."""
    table = compare_fits(pd.DataFrame({"lower": [10.0, 30], "upper": [10.0, 30]}), "exponential")
    assert_allclose(table["distance"], np.exp(-1.5), rtol=1e-6)


def test_delayed_entry_and_limits_are_compared_on_their_own_terms(weibull):
    late = weibull[weibull["lower"] > 20].assign(entry=20.0)
    early = weibull[weibull["lower"] <= 50].assign(limit=50.0)
    bands = weibull.assign(lower=np.floor(weibull["lower"] / 5) * 5, upper=np.ceil(weibull["lower"] / 5) * 5)
    overlapping = pd.concat([bands, bands[:200].assign(lower=lambda s: (s["lower"] - 2).clip(lower=0))])
    for spells in (late, early, bands, overlapping):
        assert compare_fits(spells, "weibull")["distance"].iloc[0] < 0.05


def test_days_of_width_one_have_a_distance_and_months_have_none(weibull):
    day = np.floor(weibull["lower"])
    whole = pd.DataFrame({"lower": day, "upper": day + 2, "window": 1.0}).query("lower > 0")
    assert compare_fits(whole, "weibull")["distance"].iloc[0] < 0.05
    month = pd.DataFrame({"lower": day + 15, "upper": day + 16, "window": 30.0})
    assert compare_fits(month, "weibull")["distance"].isna().all()


def test_people_never_diagnosed_stay_waiting_in_both(weibull):
    cured = pd.concat([weibull, pd.DataFrame({"lower": [1000.0], "upper": [INF], "n": [1500.0]})]).fillna({"n": 1})
    assert compare_fits(cured, "weibull", never_diagnosed=True)["distance"].iloc[0] < 1e-3


def test_a_family_that_fails_says_why_and_the_others_stay():
    two = pd.DataFrame({"lower": [10.0, 20], "upper": [10.0, 20]})
    table = compare_fits(two, ["generalized_gamma", "exponential"])
    assert table["family"].tolist() == ["exponential", "generalized_gamma"]
    assert "could not be fitted" in table.loc[1, "problem"]
    assert table.loc[1, ["loglik", "aic", "distance"]].isna().all()


def test_covariates_go_along():
    table = compare_fits(inputs.counted(inputs.covariates()), ["lognormal", "weibull"], formula="sex")
    assert table["parameters"].tolist() == [3, 3]
    assert table["distance"].isna().all()


def test_refusals_say_what_is_wrong(weibull):
    with pytest.raises(ValueError, match="did you mean 'weibull'"):
        compare_fits(weibull, ["weibul"])
    with pytest.raises(ValueError, match="families is empty"):
        compare_fits(weibull, [])
    with pytest.raises(ValueError, match="None of weibull, gamma could be fitted"):
        compare_fits(weibull.assign(upper=INF), ["weibull", "gamma"])
    assert fs.compare_fits is compare_fits
