from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from firstsign.cascade_rounds import Round, days_to_diagnosis, median_day, times_through
from firstsign.imaging import Step

FIRST, CATCH, CONFIRM = (
    Step("first", 0.6, 0.9, 3),
    Step("catch", 0.8, 0.95, 20, "negative"),
    Step("confirm", 0.9, 0.99, 7, "positive"),
)


def every_course(steps, diseased, shared_misses):
    """(last result, day) of every combination of results that the tests might have, with its chance."""
    ends = {}
    for results in product([True, False], repeat=len(steps)):
        chance, last, day = 1.0, None, 0.0
        for step, result in zip(steps, results, strict=True):
            if step.when != "all" and last is not (step.when == "positive"):
                chance *= 0.5  # the result that it would have had does not matter: both are counted
                continue
            finds = (
                step.sensitivity * ((1 - shared_misses) if last is False else 1) if diseased else 1 - step.specificity
            )
            chance, last, day = chance * (finds if result else 1 - finds), result, day + step.wait_days
        ends[last, day] = ends.get((last, day), 0) + chance
    return ends


@pytest.mark.parametrize("diseased", [True, False])
@pytest.mark.parametrize("steps", [[FIRST], [FIRST, CATCH, CONFIRM], [FIRST, CONFIRM, CATCH, FIRST, CATCH]])
def test_every_course_is_followed(steps, diseased):
    found, expected = Round.of(steps, diseased, 0.3).ends, every_course(steps, diseased, 0.3)
    assert set(found) == {end for end, share in expected.items() if share}
    assert_allclose([found[end] for end in found], [expected[end] for end in found], rtol=1e-12)


def test_by_hand():
    ill = Round.of([FIRST, CATCH], True, 0.0)
    assert_allclose(ill.done, [1, 0.4], rtol=1e-15)
    assert_allclose(ill.positive, [0.6, 0.32], rtol=1e-15)
    assert_allclose([ill.share(True), ill.share(False)], [0.92, 0.08], rtol=1e-14)
    assert_allclose(ill.mean(True), (0.6 * 3 + 0.32 * 23) / 0.92, rtol=1e-14)
    assert_allclose(times_through(ill, None), [1 / 0.92, 0.08 / 0.92], rtol=1e-13)
    assert_allclose(times_through(ill, 2), [1.08, 0.08 / 1.08], rtol=1e-13)
    assert_allclose(days_to_diagnosis(ill, 60, 1).to_numpy(), [[3, 0.6], [23, 0.92]], rtol=1e-14)


@given(st.floats(0.01, 1), st.floats(0.01, 1), st.integers(0, 30), st.integers(0, 90), st.integers(1, 8))
def test_the_days_have_the_mean_that_is_closed(first, second, wait, back, rounds):
    ill = Round.of([Step("A", first, 1, wait), Step("B", second, 1, 2 * wait, "negative")], True, 0.0)
    days = days_to_diagnosis(ill, back, rounds)
    closed = ill.mean(True)
    if ill.share(False):
        closed += times_through(ill, rounds)[1] * (ill.mean(False) + back)
    assert_allclose(np.average(days["day"], weights=np.diff(days["share"], prepend=0)), closed, rtol=1e-6, atol=1e-6)


def test_the_median_is_of_those_who_are_found():
    ill = Round.of([Step("A", 0.4, 1, 5)], True, 0.0)
    assert median_day(days_to_diagnosis(ill, 10, 1)) == 5
    assert median_day(days_to_diagnosis(ill, 10, None)) == 20
    assert np.isnan(median_day(days_to_diagnosis(Round.of([Step("A", 0, 1)], True, 0.0), 10, None)))


def test_a_diagnosis_on_the_first_day_is_kept():
    assert days_to_diagnosis(Round.of([Step("A", 1, 1)], True, 0.0), 10, None).to_numpy().tolist() == [[0, 1]]


def test_ways_that_multiply_are_brought_together():
    """Six hundred rounds, with three ways of being missed in each."""
    steps = [Step("A", 0.02, 1, 3.3), Step("B", 0.02, 1, 17, "negative"), Step("C", 0.5, 1, 4.1, "positive")]
    days = days_to_diagnosis(Round.of(steps, True, 0.0), 33.7, None)
    assert days["day"].is_unique
    assert len(days) < 1_000_000
    assert_allclose(days["share"].iloc[-1], 1, atol=2e-9)
