"""What mechanisms are made of: each piece against its formula, and at the edges where a formula would divide by nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mechanism_runs import ENGLAND, GROUPS, YEAR, england
from scipy.stats import geom, kstest, spearmanr

from firstsign.draws import (
    NEVER,
    by_group,
    days_through_states,
    days_until,
    exponential,
    hurried,
    in_all,
    pick,
    tries,
    wait_by_group,
)

EVEN = (np.arange(100_000) + 0.5) / 100_000
LARGEST = np.nextafter(1, 0)


def test_exponential_is_the_quantile_function():
    np.testing.assert_allclose(exponential(np.array([0.5, 1 - np.exp(-1), 0.999])), [np.log(2), 1, -np.log(0.001)])
    assert 0 < exponential(np.array([0.0]))[0] < 1e-200
    assert exponential(np.array([LARGEST]))[0] == pytest.approx(53 * np.log(2))


def test_days_until_a_constant_hazard_has_added_up():
    """Two a year: half a year for a threshold of one. A hazard of 0 never adds up, not even to the smallest threshold."""
    np.testing.assert_allclose(days_until(np.array([1.0, 2.0]), 2), [YEAR / 2, YEAR])
    smallest = exponential(np.array([0.0, 0.5]))
    assert days_until(smallest, 5e-324)[1] == NEVER
    assert (days_until(smallest, 0.0) == NEVER).all()
    assert (days_until(smallest, np.zeros(2)) == NEVER).all()


def test_days_through_states_by_hand():
    """Rates 1, 2 and 1/2 a year, entered after one and two years: the hazard adds up to 1 at one year, to 3 at two."""
    threshold = np.array([0.5, 1, 2, 3, 4])
    entered = [np.full(5, YEAR), np.full(5, 2 * YEAR)]
    years = np.array([0.5, 1, 1.5, 2, 4])
    np.testing.assert_allclose(days_through_states(threshold, [1, 2, 0.5], entered), years * YEAR, rtol=1e-12)
    years[-1] = NEVER
    np.testing.assert_allclose(days_through_states(threshold, [1, 2, 0], entered), years * YEAR, rtol=1e-12)


def test_days_through_states_that_are_never_entered_or_left_at_once():
    never, at_once = np.full(1, NEVER), np.zeros(1)
    threshold = np.ones(1)
    assert days_through_states(threshold, [0.0, 1.0, 1.0], [never, never]) == NEVER
    assert days_through_states(threshold, [2.0, 0.0, 0.0], [never, never]) == YEAR / 2
    assert days_through_states(threshold, [5.0, 2.0, 0.0], [at_once, never]) == YEAR / 2
    assert days_through_states(threshold, [2.0], []) == YEAR / 2


rates = st.one_of(st.just(0.0), st.floats(1e-3, 100))


@given(
    threshold=st.floats(1e-6, 40),
    steps=st.lists(st.tuples(rates, st.integers(0, 5000)), min_size=1, max_size=5),
    last=rates,
)
def test_hazard_has_added_up_to_the_threshold(threshold, steps, last):
    """Another route: the cumulative hazard, summed state by state, at the day that was found."""
    entered = np.cumsum([days for _, days in steps]).astype(float)
    hazards = np.array([*(rate for rate, _ in steps), last])
    day = days_through_states(np.array([threshold]), list(hazards), [np.array([day]) for day in entered])[0]
    spent = np.diff(np.minimum([0, *entered, NEVER], min(day, 1e12)))
    reached = (hazards * spent).sum() / YEAR
    if day < NEVER:
        assert reached == pytest.approx(threshold, rel=1e-9)
    else:
        assert reached < threshold * (1 + 1e-9)
        assert last == 0


def test_pick_by_weight():
    which = pick(EVEN, [1, 0, 2, 1, 0])
    np.testing.assert_array_equal(np.bincount(which, minlength=5), [25_000, 0, 50_000, 25_000, 0])
    assert (np.diff(which) >= 0).all()


@given(
    weights=st.lists(st.one_of(st.just(0.0), st.floats(1e-3, 1e4)), min_size=1, max_size=8).filter(any),
    rank=st.one_of(st.just(0.0), st.just(float(LARGEST)), st.floats(0, 1, exclude_max=True)),
)
def test_nothing_without_weight_is_picked(weights, rank):
    assert weights[pick(np.array([rank]), weights)[0]] > 0


def test_tries_are_geometric_after_the_first():
    """0.4 at the first, a quarter of the rest at each later one: 0.4, 0.6 / 4, 0.6 (3/4) / 4 ..."""
    found = tries(EVEN, 0.4, 0.25)
    assert (found == 1).mean() == 0.4
    for number in range(2, 8):
        assert (found == number).mean() == pytest.approx(0.6 * geom(0.25).pmf(number - 1), abs=2e-5)
    np.testing.assert_array_equal(tries(EVEN, 0.25, 0.25), np.ceil(np.log1p(-EVEN) / np.log(0.75)))


def test_tries_that_cannot_fail_or_cannot_succeed():
    """A rank that is exactly the chance has failed."""
    ranks = np.array([0.0, 0.5, LARGEST])
    for first, later, expected in (
        (1.0, 0.0, [1, 1, 1]),
        (0.0, 1.0, [2, 2, 2]),
        (0.5, 1.0, [1, 2, 2]),
        (0.5, 0.0, [1, NEVER, NEVER]),
        (0.0, 0.0, [NEVER, NEVER, NEVER]),
    ):
        np.testing.assert_array_equal(tries(ranks, first, later), expected)
        np.testing.assert_array_equal(tries(ranks, np.full(3, first), np.full(3, later)), expected)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_tries_are_at_least_one_and_no_warning_escapes(first, later, rank):
    assert tries(np.array([rank]), first, later)[0] >= 1


def test_waits_in_all():
    np.testing.assert_array_equal(in_all(np.array([0, 2, NEVER, NEVER]), np.array([7, 7, 7, 0])), [0, 14, NEVER, NEVER])


@pytest.mark.parametrize("urgency", [0.3, 0.9])
def test_urgency_ties_the_wait_to_the_pace_and_leaves_its_distribution(urgency):
    """Normal scores that correlate by -u give ranks that correlate by (6 / pi) asin(-u / 2) (Pearson 1907)."""
    rng = np.random.default_rng(5)
    pace_score = rng.standard_normal(len(EVEN))
    rank = rng.random(len(EVEN))
    everybody = np.ones(len(EVEN), bool)
    found = hurried(england(urgency=urgency), rank, {"pace_score": pace_score}, everybody)
    expected = 6 / np.pi * np.arcsin(-urgency / 2)
    assert spearmanr(found, pace_score).statistic == pytest.approx(expected, abs=4 / np.sqrt(len(EVEN)))
    assert kstest(found, "uniform").pvalue > 1e-3
    same_pace = hurried(england(urgency=urgency), EVEN, {"pace_score": np.full(len(EVEN), 1.3)}, everybody)
    assert (np.diff(same_pace) > 0).all()


def test_without_urgency_the_wait_is_left_alone():
    np.testing.assert_array_equal(hurried(england(urgency=0), EVEN, {}, np.ones(len(EVEN), bool)), EVEN)


def test_only_who_waits_is_hurried():
    """Everybody else keeps their rank, and the draws themselves are not changed in place."""
    rank, people = EVEN.copy(), {"pace_score": np.ones(len(EVEN))}
    who = np.arange(len(EVEN)) % 3 == 0
    scenario = england(urgency=0.5)
    found = hurried(scenario, rank, people, who)
    np.testing.assert_array_equal(rank, EVEN)
    np.testing.assert_array_equal(found[~who], EVEN[~who])
    np.testing.assert_array_equal(found[who], hurried(scenario, EVEN, people, np.ones(len(EVEN), bool))[who])


def test_wait_and_parameter_of_the_group():
    """People without a symptom have a number beyond the last group; what they carry is finite and not used."""
    numbers = np.arange(len(GROUPS) + 1)
    found = wait_by_group(ENGLAND, "patient_interval", numbers)
    for number, name in enumerate(GROUPS):
        expected = ENGLAND.waits[f"patient_interval.{name}"]
        assert (found.same_day[number], found.mu[number], found.sigma[number]) == (
            expected.same_day,
            expected.mu,
            expected.sigma,
        )
    shares = [ENGLAND[f"misread_share.{name}"] for name in GROUPS]
    np.testing.assert_array_equal(by_group(ENGLAND, "misread_share", numbers), [*shares, shares[-1]])
    assert np.isfinite(found.days(np.full(len(numbers), 0.5))).all()
