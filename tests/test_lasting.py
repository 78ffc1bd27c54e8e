import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import lognorm

import firstsign as fs
from firstsign.lasting import chance_by_duration, day_when_chance_reaches, prior_from_prevalent

shares = st.floats(0.001, 0.999)
days_of_pain = st.floats(1, 1000)
STAYS = pd.DataFrame({"day": [0.0], "estimate": [1.0]})
FALLS = pd.DataFrame(
    {"day": [0.0, 7.0, 14.0], "estimate": [1.0, 0.5, 0.1], "low": [1.0, 0.4, 0.05], "high": [1.0, 0.6, 0.2]}
)


def exponential(mean):
    return fs.delay_distribution("exponential", {"scale": mean})


# By hand


def test_by_hand():
    """A prior of 1 in 100. On day 7 half of the others have got better: 0.01 / (0.01 + 0.99 / 2)."""
    found = chance_by_duration(0.01, STAYS, FALLS, [0, 6.9, 7, 20])
    assert_array_equal(found["day"], [0, 6.9, 7, 20])
    assert_array_equal(found["lasting_without"], [1, 1, 0.5, 0.1])
    assert_array_equal(found["lasting_with"], 1)
    assert_allclose(found["lr"], [1, 1, 2, 10], rtol=1e-15)
    assert_allclose(found["chance"], [0.01, 0.01, 0.01 / 0.505, 0.01 / 0.109], rtol=1e-14)
    assert_allclose(found["per_case"], [100, 100, 50.5, 10.9], rtol=1e-14)


def test_bounds_combine_the_outer_ends():
    ill = FALLS.assign(estimate=[1, 0.9, 0.8], low=[1, 0.8, 0.6], high=[1, 0.95, 0.9])
    found = chance_by_duration(0.01, ill, FALLS, [0, 7])
    assert_allclose(found["low"], [0.01, 0.008 / (0.008 + 0.99 * 0.6)], rtol=1e-14)
    assert_allclose(found["high"], [0.01, 0.0095 / (0.0095 + 0.99 * 0.4)], rtol=1e-14)


def test_a_curve_without_bounds_is_taken_as_known():
    found = chance_by_duration(0.01, STAYS, FALLS, 7)
    assert_allclose(found[["low", "high"]], [[0.01 / (0.01 + 0.99 * 0.6), 0.01 / (0.01 + 0.99 * 0.4)]], rtol=1e-14)
    assert chance_by_duration(0.01, STAYS, exponential(10), [0, 7])[["low", "high"]].isna().all(axis=None)


def test_where_a_curve_lacks_a_bound_so_does_the_chance():
    gone = FALLS.assign(estimate=[1, 0.5, 0], low=[np.nan, 0.4, np.nan], high=[np.nan, 0.6, np.nan])
    found = chance_by_duration(0.01, STAYS, gone, [0, 3, 7, 14])
    assert_array_equal(found["low"].isna(), [False, True, False, True])  # when it begins, everybody has it
    assert_allclose(found["chance"], [0.01, 0.01, 0.01 / 0.505, 1], rtol=1e-14)
    assert np.isinf(found["lr"].iloc[-1])


# Against other routes


def test_exponential_pains_give_odds_that_grow_exponentially():
    """A gap in the rates multiplies the odds by exp(gap * day)."""
    days = np.arange(0, 100.0)
    found = chance_by_duration(0.02, exponential(200), exponential(40), days)
    odds = 0.02 / 0.98 * np.exp((1 / 40 - 1 / 200) * days)
    assert_allclose(found["chance"], odds / (1 + odds), rtol=1e-10)


def test_a_distribution_of_scipy_says_how_long_as_well():
    ours = chance_by_duration(0.02, STAYS, fs.delay_distribution("lognormal", {"mu": 3.0, "sigma": 1.2}), [3, 30])
    theirs = chance_by_duration(0.02, STAYS, lognorm(1.2, scale=np.exp(3)), [3, 30])
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-12)


def test_among_simulated_people():
    """Of people whose pain has lasted four weeks, as many have the disease as was worked out."""
    random = np.random.default_rng(1)
    ill = random.random(400_000) < 0.05
    lasts = random.exponential(np.where(ill, 150, 20))
    expected = chance_by_duration(0.05, exponential(150), exponential(20), [28, 56])
    for day, chance in zip(expected["day"], expected["chance"], strict=True):
        left = ill[lasts > day]
        assert abs(left.mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / len(left))


def test_a_fit_is_asked_for_its_own_bounds():
    fit = fs.fit_delay(pd.DataFrame({"lower": [3, 9, 20, 40], "upper": [3, 9, 20, 40], "n": 25}), "weibull")
    found = chance_by_duration(0.1, fit, exponential(10), [0, 5, 50])
    pd.testing.assert_frame_equal(
        found, chance_by_duration(0.1, fit.survival([0, 5, 50]), exponential(10), [0, 5, 50]), rtol=1e-12
    )
    assert_allclose(found["lasting_with"], fit.survival([0, 5, 50])["estimate"], rtol=1e-15)
    assert (found["low"] < found["chance"]).tolist() == [False, True, True]
    assert found.loc[0, ["low", "chance", "high"]].tolist() == [0.1, 0.1, 0.1]


def test_a_counted_curve_is_not_known_after_its_last_day():
    curve = fs.kaplan_meier(pd.DataFrame({"lower": [5, 10, 30], "upper": [5, 10, np.inf]}))
    found = chance_by_duration(0.1, curve, curve, [0, 10, 30, 31])
    assert_allclose(found["lasting_with"], [1, 1 / 3, 1 / 3, np.nan], rtol=1e-15)
    assert_allclose(found["chance"], [0.1, 0.1, 0.1, np.nan], rtol=1e-12)
    ended = fs.kaplan_meier(pd.DataFrame({"lower": [5, 10], "upper": [5, 10]}))
    assert chance_by_duration(0.1, STAYS, ended, 50)["chance"].tolist() == [1.0]


# Properties


@given(shares, days_of_pain, days_of_pain)
def test_the_chance_rises_if_the_others_get_better_sooner(prior, longer, shorter):
    longer, shorter = max(longer, shorter), min(longer, shorter)
    chance = chance_by_duration(prior, exponential(longer), exponential(shorter), np.linspace(0, 20 * shorter, 30))
    assert (np.diff(chance["chance"]) >= -1e-9).all()
    assert_allclose(chance["chance"].iloc[0], prior, rtol=1e-12)


@given(st.sampled_from([0.0, 1.0]), days_of_pain)
def test_certainty_stays(prior, day):
    found = chance_by_duration(prior, exponential(300), exponential(300), day)
    assert found["chance"].tolist() == [prior]


def test_where_nobody_has_it_any_more_there_is_no_chance():
    gone = FALLS.assign(estimate=[1, 0, 0]).drop(columns=["low", "high"])
    found = chance_by_duration(0.1, gone, gone, 7)
    assert found[["lr", "chance", "per_case"]].isna().all(axis=None)


# The first day


def test_the_first_day():
    assert day_when_chance_reaches(0.015, 0.01, STAYS, FALLS) == 7
    assert day_when_chance_reaches(0.01, 0.01, STAYS, FALLS) == 0
    assert np.isnan(day_when_chance_reaches(0.5, 0.01, STAYS, FALLS))
    assert np.isnan(day_when_chance_reaches(0.09, 0.01, STAYS, FALLS, until=13.9))
    assert day_when_chance_reaches(0.09, 0.01, STAYS, FALLS, until=14) == 14


def test_the_first_day_solves_the_equation():
    """Odds 0.02 / 0.98 * exp(0.02 t) reach 1 / 9 after log(0.98 / 0.02 / 9) / 0.02 days."""
    solved = np.log(0.98 / 0.02 / 9) / 0.02
    assert day_when_chance_reaches(0.1, 0.02, exponential(200), exponential(40)) == np.ceil(solved)


# From a waiting room


@given(shares, days_of_pain, days_of_pain)
def test_prior_from_prevalent_undoes_the_length_bias(prior, mean_with, mean_without):
    prevalence = prior * mean_with / (prior * mean_with + (1 - prior) * mean_without)
    assert_allclose(prior_from_prevalent(prevalence, mean_with, mean_without), prior, rtol=1e-9)


def test_people_met_on_one_day():
    """Pains begin through 3,000 days; those met on the last have the disease more often than those that begin."""
    random = np.random.default_rng(2)
    ill = random.random(600_000) < 0.05
    begins, lasts = random.uniform(-3000, 0, len(ill)), random.exponential(np.where(ill, 200, 40))
    met = ill[begins + lasts > 0]
    assert met.mean() > 0.15
    assert abs(prior_from_prevalent(met.mean(), 200, 40) - 0.05) < 0.005


def test_prior_from_prevalent_at_the_edges():
    assert [prior_from_prevalent(edge, 200, 40) for edge in (0, 1)] == [0, 1]


# Slips


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: chance_by_duration(1.2, STAYS, FALLS, 7), "prior is 1.2; it is a share"),
        (lambda: chance_by_duration(np.nan, STAYS, FALLS, 7), "prior is nan"),
        (lambda: chance_by_duration(0.1, STAYS, FALLS, [-1, 7]), r"days is \[-1, 7\]; .* 0 or more"),
        (lambda: chance_by_duration(0.1, STAYS, FALLS, [[1, 7]]), "one or several"),
        (lambda: chance_by_duration(0.1, 14, FALLS, 7), "with_disease is 14, which does not say how long"),
        (lambda: chance_by_duration(0.1, STAYS, FALLS[["day"]], 7), "without is a frame that has no column estimate"),
        (lambda: chance_by_duration(0.1, STAYS, FALLS[:0], 7), "has no rows"),
        (lambda: chance_by_duration(0.1, STAYS, pd.concat([FALLS, FALLS]), 7), "several groups"),
        (lambda: chance_by_duration(0.1, STAYS, FALLS.assign(estimate=[0, 0.5, 0.6]), 7), "without rises"),
        (lambda: chance_by_duration(0.1, STAYS, FALLS.assign(estimate=[50, 20, 10]), 7), "without's estimate is 50"),
        (lambda: day_when_chance_reaches(-1, 0.1, STAYS, FALLS), "threshold is -1"),
        (lambda: day_when_chance_reaches(0.5, 0.1, STAYS, FALLS, until=np.inf), "until is inf"),
        (lambda: prior_from_prevalent(0.1, 0, np.nan), "mean_with is 0 and mean_without is nan"),
        (lambda: prior_from_prevalent(10, 1, 1), "prevalence is 10"),
    ],
)
def test_slips_are_told(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
