import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference import inputs, read
from scipy.stats import norm
from test_curves import any_spells, as_spells, counted

from firstsign.restricted_means import restricted_mean, restricted_mean_difference

TOLERANCE = 1e-9


@pytest.mark.parametrize("data", ["ties", "entry", "lung"])
def test_equals_r_survfit_rmean(data):
    s = counted(as_spells(getattr(inputs, data)()))
    for until, expected in read(f"rmean_{data}").groupby("until"):
        got = restricted_mean(s, until, by="group")
        assert got["group"].tolist() == expected["group"].tolist()
        for column in ("mean_days", "se"):
            assert_allclose(got[column], expected[column], rtol=TOLERANCE, atol=1e-14, err_msg=column)


def test_by_hand():
    """Half wait 10 days, half 30: until day 20 the mean is 15, as that of the numbers 10 and 20, with their variance."""
    s = pd.DataFrame({"lower": [10.0, 30], "upper": [10.0, 30], "n": [8, 8]})
    got = restricted_mean(s, 20, level=0.9).iloc[0]
    se = 5 / np.sqrt(16)
    assert_allclose(got[["mean_days", "se"]].astype(float), [15, se])
    assert_allclose(got[["low", "high"]].astype(float), 15 + norm.isf(0.05) * se * np.array([-1, 1]))


@given(any_spells(delayed_entry=False), st.floats(0.5, 6))
def test_without_censoring_it_is_the_mean_of_the_shortened_waits(s, until):
    s = s.assign(upper=s["lower"])
    waits = np.repeat(np.minimum(s["lower"], until), s["n"])
    got = restricted_mean(s, until).iloc[0]
    assert_allclose(got["mean_days"], waits.mean(), rtol=1e-12, atol=1e-12)
    assert_allclose(got["se"], waits.std(ddof=0) / np.sqrt(len(waits)), rtol=1e-6, atol=1e-9)


@given(any_spells(), st.floats(0.5, 2))
def test_scaling_days_scales_it_and_splitting_does_not_matter(s, scale):
    until = s.groupby("group")["lower"].max().min()
    assume(until > 0)
    one = restricted_mean(s, until, by="group")
    assert one["mean_days"].between(0, until).all()
    split = pd.concat([s.assign(n=s["n"] * 0.5)] * 2)
    assert_allclose(restricted_mean(split, until, by="group")["se"], one["se"], rtol=1e-12, atol=1e-15)
    days = {name: s[name] * scale for name in ("lower", "upper", "entry")}
    assert_allclose(
        restricted_mean(s.assign(**days), until * scale, by="group")["mean_days"], one["mean_days"] * scale, rtol=1e-9
    )


def test_beyond_what_is_known_is_refused_with_each_groups_last_day():
    s = pd.DataFrame({"g": list("aabbc"), "lower": [5.0, 40, 7, 90, 3], "upper": [5.0, np.inf, 7, np.inf, 3]})
    with pytest.raises(ValueError, match=r"a: day 40.*at most 40"):
        restricted_mean(s, 50, by="g")
    assert restricted_mean(s, 40, by="g")["mean_days"].tolist() == [22.5, 23.5, 3.0]


def test_where_nothing_varies_there_is_no_interval():
    tied = pd.DataFrame({"lower": [3.0], "upper": [3.0], "n": [9]})
    waiting = pd.DataFrame({"lower": [9.0], "upper": [np.inf]})
    zero = pd.DataFrame({"lower": [0.0], "upper": [0.0]})
    for s, mean in ((tied, 3), (waiting, 5), (zero, 0)):
        got = restricted_mean(s, 5).iloc[0]
        assert (got["mean_days"], got["se"]) == (mean, 0)
        assert got[["low", "high"]].isna().all()


def test_bands_are_refused_unless_they_begin_later():
    s = pd.DataFrame({"lower": [0.0, 14, 28], "upper": [14.0, 28, np.inf], "n": [50, 30, 20]})
    with pytest.raises(ValueError, match="share_longer_than"):
        restricted_mean(s, 28)
    late = pd.DataFrame({"lower": [4.0, 14], "upper": [4.0, 28]})
    assert restricted_mean(late, 14)["mean_days"].iloc[0] == 9


@pytest.mark.parametrize("until", [0, -3, np.inf, np.nan])
def test_until_is_checked(until):
    with pytest.raises(ValueError, match="until is"):
        restricted_mean(pd.DataFrame({"lower": [1.0], "upper": [1.0]}), until)


def test_differences_of_all_pairs():
    s = counted(as_spells(inputs.ties()))
    means = restricted_mean(s, 10, by="group").set_index("group")
    got = restricted_mean_difference(s, 10, by="group")
    assert list(zip(got["group"], got["group_reference"], strict=True)) == [("g1", "g0"), ("g2", "g0"), ("g2", "g1")]
    row = got.iloc[2]
    assert_allclose(row["difference"], means.loc["g2", "mean_days"] - means.loc["g1", "mean_days"], rtol=1e-12)
    assert_allclose(row["se"] ** 2, means.loc["g2", "se"] ** 2 + means.loc["g1", "se"] ** 2, rtol=1e-12)
    z = row["difference"] / row["se"]
    assert_allclose(row["p"], 2 * norm.cdf(-abs(z)), rtol=1e-12)
    assert_allclose([row["low"], row["high"]], row["difference"] + norm.isf(0.025) * row["se"] * np.array([-1, 1]))


def test_a_difference_needs_two_groups():
    with pytest.raises(ValueError, match="one group"):
        restricted_mean_difference(pd.DataFrame({"g": ["a"], "lower": [1.0], "upper": [1.0]}), 1, by="g")


def test_the_intervals_cover_the_truth():
    """Exponential waits of mean 40 and 60, some censored, until day 50."""
    rng = np.random.default_rng(31)
    truth = {"a": 40 * -np.expm1(-50 / 40), "b": 60 * -np.expm1(-50 / 60)}
    covered = np.zeros(2)
    for _ in range(400):
        delay = np.concatenate([rng.exponential(40, 100), rng.exponential(60, 100)])
        leaves = rng.uniform(20, 200, 200)
        lower = np.minimum(delay, leaves)
        s = pd.DataFrame(
            {"g": np.repeat(["a", "b"], 100), "lower": lower, "upper": np.where(delay <= leaves, lower, np.inf)}
        )
        one, both = restricted_mean(s, 50, by="g").iloc[0], restricted_mean_difference(s, 50, by="g").iloc[0]
        covered += [one["low"] <= truth["a"] <= one["high"], both["low"] <= truth["b"] - truth["a"] <= both["high"]]
    assert (abs(covered / 400 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 400)).all()
