import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference import inputs
from test_curves import as_spells, counted

from firstsign.curves import cumulative_incidence, kaplan_meier
from firstsign.delays import fit_delay
from firstsign.hazards import nelson_aalen
from firstsign.resampling import bootstrap, draws
from firstsign.restricted_means import restricted_mean, restricted_mean_difference
from firstsign.summaries import log_rank, quantiles, share_longer_than

TIES = counted(as_spells(inputs.ties()))


def test_draws_keep_the_size_of_each_group():
    sizes = TIES.groupby("group")["n"].sum()
    for people in draws(TIES, ["group"], 3, np.random.default_rng(1)):
        assert_allclose(people.groupby("group")["n"].sum(), sizes)
        assert (people["n"] > 0).all()


def test_the_standard_error_of_a_share_is_the_binomial_one():
    s = pd.DataFrame({"lower": [1.0, 9.0], "upper": [1.0, 9.0], "n": [300, 700]})
    got = bootstrap(s, kaplan_meier, replicates=800, seed=3).iloc[0]
    assert got["estimate"] == 0.7
    assert_allclose(got["se"], np.sqrt(0.3 * 0.7 / 1000), rtol=0.1)
    assert_allclose([got["low"], got["high"]], 0.7 + 1.96 * np.sqrt(0.3 * 0.7 / 1000) * np.array([-1, 1]), atol=0.005)


@pytest.mark.parametrize(
    ("estimator", "arguments", "keys"),
    [
        (kaplan_meier, {}, ["day"]),
        (nelson_aalen, {}, ["day"]),
        (restricted_mean, {"until": 10}, []),
        (share_longer_than, {"days": [5, 10]}, ["days"]),
    ],
)
def test_standard_errors_are_close_to_the_formulas(estimator, arguments, keys):
    got = bootstrap(TIES, estimator, replicates=200, seed=2, by="group", **arguments)
    formula = estimator(TIES, by="group", **arguments)
    assert list(got.columns[:-4]) == [
        "group",
        *keys,
        next(name for name in ("estimate", "mean_days", "share") if name in got),
    ]
    se = formula["se"] if "se" in formula else (formula["high"] - formula["low"]) / 3.92
    varies = got["low"].notna() & (se > 0) & (se < 0.2)  # with few people left the formulas are off
    assert varies.mean() > 0.9
    assert_allclose(got["se"][varies], se[varies], rtol=0.3)
    assert (got["known"] == 200).all()


def test_quantiles_that_are_not_reached_count_as_later():
    """The 90th centile of a group is reached in some of the draws; the median in all."""
    got = bootstrap(TIES, quantiles, replicates=100, seed=1, by="group", q=[0.5, 0.9]).set_index(["group", "q"])
    assert (got.xs(0.5, level="q")["known"] == 100).all()
    rare = got.loc[("g2", 0.9)]
    assert 0 < rare["known"] < 100
    assert np.isnan(rare["high"])
    assert np.isnan(rare["se"])
    assert rare["low"] >= 18


def test_curves_are_read_on_the_originals_days():
    s = pd.DataFrame(
        {"lower": [1.0, 2, 3], "upper": [1.0, 2, 3], "cause": ["diagnosis", "death", "diagnosis"], "n": [1, 3, 3]}
    )
    got = bootstrap(s, cumulative_incidence, replicates=300, seed=1)
    assert got[["cause", "day"]].to_numpy().tolist() == cumulative_incidence(s)[["cause", "day"]].to_numpy().tolist()
    total = got.groupby("day")["low"].min()
    assert (total >= 0).all()
    assert got.loc[(got["cause"] == "diagnosis") & (got["day"] == 1), "low"].item() == 0  # nobody of day 1 was drawn
    waiting = bootstrap(s.assign(cause="diagnosis"), kaplan_meier, replicates=300, seed=1)
    assert waiting["high"].iloc[0] == 1


def test_order_and_splitting_do_not_matter_and_the_seed_does():
    split = pd.concat([TIES.assign(n=TIES["n"] * 0.5)] * 2).sample(frac=1, random_state=4)
    one, two, other = (
        bootstrap(s, quantiles, replicates=50, seed=seed, by="group", q=0.5)
        for s, seed in ((TIES, 5), (split, 5), (TIES, 6))
    )
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other)


def test_a_hundred_million_people_cost_no_more():
    got = bootstrap(TIES.assign(n=TIES["n"] * 100_000), restricted_mean, replicates=20, seed=1, until=10)
    assert got["se"].iloc[0] < 0.001


def test_differences_and_tests_and_fits_can_be_resampled():
    difference = bootstrap(TIES, restricted_mean_difference, replicates=100, seed=1, until=10, by="group")
    formula = restricted_mean_difference(TIES, 10, by="group")
    assert difference["group_reference"].tolist() == ["g0", "g0", "g1"]
    assert_allclose(difference["se"], formula["se"], rtol=0.3)
    tests = bootstrap(TIES, log_rank, replicates=20, seed=1, by="group")
    assert tests.columns.tolist() == ["statistic", "se", "low", "high", "known"]
    s = pd.DataFrame({"lower": [2.0, 5, 9, 14], "upper": [2.0, 5, 9, 14], "n": [30, 40, 20, 10]})
    median = bootstrap(s, lambda people: fit_delay(people, "exponential").quantiles([0.5]), replicates=20)
    assert (median["low"] < median["days"]).all()


def test_where_nothing_varies_there_is_no_interval():
    got = bootstrap(pd.DataFrame({"lower": [3.0], "upper": [3.0], "n": [9]}), kaplan_meier, replicates=10).iloc[0]
    assert (got["estimate"], got["se"], got["known"]) == (0, 0, 10)
    assert np.isnan(got["low"])


def test_replicates_without_an_estimate_are_counted():
    """The one who is censored last is drawn in two of three; without, the curve is not known to day 8, or everybody is gone."""
    s = pd.DataFrame({"lower": [2.0, 5, 9], "upper": [2.0, np.inf, np.inf], "n": [5, 5, 1]})
    got = bootstrap(s, restricted_mean, replicates=200, seed=1, until=8).iloc[0]
    assert 50 < got["known"] < 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"replicates": 1}, "replicates is 1"),
        ({"level": 2}, "level is 2"),
        ({"estimator": lambda s: 3.0}, "returned a float"),
        ({"estimator": lambda s: pd.DataFrame({"mean": [1.0]})}, "none of the columns"),
        ({"spells": TIES.assign(n=0.3)}, "whole people"),
        ({"estimator": restricted_mean, "until": 300}, "not known until"),
    ],
)
def test_what_cannot_be_resampled_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        bootstrap(**{"spells": TIES, "estimator": kaplan_meier, "replicates": 5} | arguments)


def test_the_interval_covers_the_truth():
    """The median of exponential waits; percentile intervals are within some points of their level at 100 people."""
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(40):
        days = rng.exponential(40, 100)
        got = bootstrap(
            pd.DataFrame({"lower": days, "upper": days}), restricted_mean, replicates=40, seed=rng, until=30
        ).iloc[0]
        covered += got["low"] <= 40 * -np.expm1(-30 / 40) <= got["high"]
    assert abs(covered / 40 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 40)
