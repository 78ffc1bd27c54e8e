import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference import inputs, read
from test_curves import any_spells, as_spells, counted

from firstsign.curves import kaplan_meier
from firstsign.summaries import log_rank, quantiles, share_longer_than

TOLERANCE = 1e-9


@pytest.mark.parametrize("data", ["lung", "lupus", "ties", "entry"])
def test_quantiles_equal_r_quantile_survfit(data):
    expected = read(f"quantiles_{data}")
    got = quantiles(counted(as_spells(getattr(inputs, data)())), sorted(set(expected["q"])), by="group")
    assert got["group"].tolist() == expected["group"].tolist()
    for column in ("q", "days", "low", "high"):
        assert_allclose(got[column], expected[column], rtol=TOLERANCE, err_msg=column)


@pytest.mark.parametrize("data", ["lung", "lupus", "ties"])
def test_log_rank_equals_r_survdiff(data):
    expected = read(f"logrank_{data}").iloc[0]
    s = counted(as_spells(getattr(inputs, data)()))
    got = log_rank(s, by="group").iloc[0]
    assert_allclose(got[["statistic", "p"]].astype(float), expected[["statistic", "p"]].astype(float), rtol=TOLERANCE)
    assert got["df"] == expected["df"]


def test_log_rank_with_delayed_entry_equals_the_score_test_of_cox():
    """R has no log-rank test with delayed entry; without ties it is Cox's score test. The ties are broken by the row."""
    rows = counted(inputs.entry().assign(n=1))
    rows = rows.loc[rows.index.repeat(rows["n"])].reset_index(drop=True)
    s = as_spells(rows.assign(end=rows["end"] + (rows.index + 1) / 1000))
    expected = read("logrank_entry").iloc[0]
    got = log_rank(s, by="group").iloc[0]
    assert_allclose([got["statistic"], got["p"]], [expected["statistic"], expected["p"]], rtol=TOLERANCE)


def test_log_rank_by_hand():
    """Two against two, ends on days 1, 2, 3, 4: expected ends of the first group are 1/2 + 1/3 + 0 + 0."""
    s = pd.DataFrame({"g": list("aabb"), "lower": [1.0, 2, 3, 4], "upper": [1.0, 2, 3, 4]})
    got = log_rank(s, by="g").iloc[0]
    variance = 1 / 4 + 1 / 3 * 2 / 3
    assert_allclose(got["statistic"], (2 - (1 / 2 + 1 / 3)) ** 2 / variance, rtol=1e-12)
    assert got["df"] == 1


@pytest.mark.parametrize("data", ["lung", "lupus", "ties"])
def test_peto_weights_equal_r_survdiff_with_rho_1(data):
    got = log_rank(counted(as_spells(getattr(inputs, data)())), by="group", weights="peto")["statistic"].iloc[0]
    assert_allclose(got, read(f"logrank_{data}")["peto_statistic"].iloc[0], rtol=TOLERANCE, atol=1e-12)


def test_gehan_weights_are_petos_when_nobody_is_censored():
    """Without censoring the people at risk are the share still waiting, times the people."""
    s = pd.DataFrame({"g": list("aaaabbbb"), "lower": [1.0, 2, 3, 9, 2, 5, 6, 7], "upper": [1.0, 2, 3, 9, 2, 5, 6, 7]})
    statistics = {
        weights: log_rank(s, by="g", weights=weights)["statistic"].iloc[0] for weights in (None, "gehan", "peto")
    }
    assert_allclose(statistics["gehan"], statistics["peto"], rtol=1e-12)
    assert abs(statistics["gehan"] - statistics[None]) > 0.01


@given(any_spells())
def test_log_rank_ignores_the_names_of_the_groups(s):
    if s["group"].nunique() < 2 or not np.isfinite(s["upper"]).any():
        with pytest.raises(ValueError, match=r"one group|ended"):
            log_rank(s, by="group")
        return
    swapped = s.assign(group=s["group"].map({"a": "z", "b": "y"}))
    a, b = log_rank(s, by="group").iloc[0], log_rank(swapped, by="group").iloc[0]
    assert_allclose(a.astype(float), b.astype(float), rtol=1e-8, atol=1e-12)
    assert 0 <= a["p"] <= 1


def test_log_rank_has_its_level_under_no_difference():
    rng = np.random.default_rng(7)
    rejected = 0
    for _ in range(500):
        delay = np.ceil(rng.exponential(20, 120))
        s = pd.DataFrame({"g": np.repeat(["a", "b"], 60), "lower": delay, "upper": delay})
        rejected += log_rank(s, by="g")["p"].iloc[0] < 0.05
    assert abs(rejected / 500 - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 500)


def test_share_longer_than_reads_the_curve():
    s = pd.DataFrame({"lower": [10.0, 20, 30, 40], "upper": [10.0, 20, 30, np.inf]})
    curve = kaplan_meier(s).set_index("day")
    got = share_longer_than(s, [0, 9, 10, 25, 40]).set_index("days")
    assert_allclose(got["share"], [1, 1, 3 / 4, 1 / 2, 1 / 4])
    assert got.loc[[0, 9], ["low", "high"]].isna().all(axis=None)
    assert_allclose(got.loc[25, ["low", "high"]].astype(float), curve.loc[20, ["low", "high"]].astype(float))


def test_beyond_the_last_observation_only_bounds_are_known():
    s = pd.DataFrame({"lower": [10.0, 20], "upper": [10.0, np.inf], "n": [30, 10]})
    got = share_longer_than(s, 21).iloc[0]
    assert np.isnan(got["share"])
    assert got["low"] == 0
    assert_allclose(got["high"], kaplan_meier(s)["high"].iloc[-1])


def test_inside_a_band_only_outer_bounds_are_known():
    s = pd.DataFrame({"lower": [0.0, 14, 28], "upper": [14.0, 28, np.inf], "n": [50, 30, 20]})
    curve = kaplan_meier(s).set_index("day")
    got = share_longer_than(s, [0, 7, 14, 20, 28, 62]).set_index("days")
    assert got.loc[[0, 7, 20, 62], "share"].isna().all()
    assert_allclose(got.loc[[14, 28], "share"], [0.5, 0.2])
    assert_allclose(got.loc[7, ["low", "high"]].astype(float), [curve.loc[14, "low"], 1])
    assert_allclose(got.loc[20, ["low", "high"]].astype(float), [curve.loc[28, "low"], curve.loc[14, "high"]])
    assert_allclose(got.loc[62, ["low", "high"]].astype(float), [0, curve.loc[28, "high"]])


def test_quantiles_of_bands_are_upper_edges_and_never_interpolated():
    s = pd.DataFrame({"lower": [0.0, 14, 28], "upper": [14.0, 28, np.inf], "n": [50, 30, 20]})
    got = quantiles(s, [0.4, 0.5, 0.6, 0.8, 0.9])
    assert_allclose(got["days"], [14, 14, 28, 28, np.nan])


def test_a_zero_count_in_one_group_is_no_other_edge():
    """Group b has nobody in the middle band; its other bands still share their edges with group a's."""
    s = pd.DataFrame(
        {
            "g": list("aaabb"),
            "lower": [0.0, 14, 28, 0, 28],
            "upper": [14.0, 28, np.inf, 14, np.inf],
            "n": [50, 30, 20, 60, 40],
        }
    )
    assert log_rank(s, by="g")["df"].iloc[0] == 1
    with pytest.raises(ValueError, match="turnbull"):
        log_rank(s.assign(upper=s["upper"].where(s["g"] == "a", s["upper"] + 3)), by="g")


@pytest.mark.parametrize("wrong", [-0.1, 1.1, [0.5, np.nan], 50])
def test_quantiles_outside_zero_and_one_are_refused(wrong):
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantiles(pd.DataFrame({"lower": [1.0], "upper": [1.0]}), wrong)


def test_negative_days_and_unknown_weights_are_refused():
    s = pd.DataFrame({"g": ["a", "b"], "lower": [1.0, 2], "upper": [1.0, 2]})
    with pytest.raises(ValueError, match="at least 0"):
        share_longer_than(s, [-1])
    with pytest.raises(ValueError, match="weights is 'wilcoxon'"):
        log_rank(s, by="g", weights="wilcoxon")


@given(any_spells(), st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]))
def test_a_quantile_lies_inside_its_interval(s, q):
    got = quantiles(s, q).iloc[0]
    if not np.isnan(got["days"]):
        assert not got["low"] > got["days"]
        assert not got["high"] < got["days"]


def test_the_interval_of_the_median_covers_the_truth():
    rng = np.random.default_rng(99)
    covered = 0
    for _ in range(500):
        delay, leaves = rng.weibull(1.5, 200) * 30, rng.exponential(60, 200)
        lower = np.minimum(delay, leaves)
        s = pd.DataFrame({"lower": lower, "upper": np.where(delay <= leaves, lower, np.inf)})
        got = quantiles(s, 0.5).iloc[0]
        covered += got["low"] <= 30 * np.log(2) ** (1 / 1.5) <= got["high"]
    assert abs(covered / 500 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 500)
