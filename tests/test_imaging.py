from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from firstsign import imaging
from firstsign.imaging import Cascade, Step, cascade, check_shares, compare_cascades, ratio

XRAY = Step("X-ray", 0.60, 0.995, wait_days=3)
MRI = Step("MRI", 0.906, 0.954, wait_days=21)
CATCH, CONFIRM = replace(MRI, when="negative"), replace(MRI, when="positive")
BIOPSY = Step("biopsy", 1, 1, wait_days=7, when="positive")

shares = st.floats(0, 1)
steps = st.builds(Step, st.sampled_from("ABC"), shares, shares, st.integers(0, 30), st.sampled_from(imaging.WHEN))
first_steps = st.builds(Step, st.just("A"), shares, shares, st.integers(0, 30))
cascades = st.builds(lambda first, rest: [first, *rest], first_steps, st.lists(steps, max_size=3))


def once(prior, steps, shared_misses=0.0):
    """One round of 1,000 people, in a row."""
    return cascade(prior, steps, return_days=60, rounds=1, shared_misses=shared_misses).summary.loc[0]


# One test


def test_tests_per_case_by_hand():
    """5 of 100 have the disease, 4 of them are found: 25 tests for each, and 9.5 false alarms for 4."""
    row = imaging.tests_per_case(0.05, 0.8, 0.9).loc[0]
    assert_allclose(row["tests_per_case"], 25, rtol=1e-14)
    assert_allclose(row["false_alarms_per_case"], 9.5 / 4, rtol=1e-14)
    assert_allclose(row["missed_per_1000"], 10, rtol=1e-14)


def test_tests_per_case_of_several():
    found = imaging.tests_per_case([0.01, 0.1, 0], 0.5)
    assert_allclose(found["tests_per_case"], [200, 20, np.inf], rtol=1e-14)
    assert found.columns.tolist() == ["prior", "sensitivity", "tests_per_case", "missed_per_1000"]
    certain = imaging.tests_per_case(1, [1, 0], [1, 1])
    assert_array_equal(certain["tests_per_case"], [1, np.inf])
    assert_array_equal(certain["false_alarms_per_case"], [0, np.nan])


@given(st.floats(0.001, 1), st.floats(0.01, 1), shares)
def test_one_test_is_a_cascade_of_one_step(prior, sensitivity, specificity):
    row = imaging.tests_per_case(prior, sensitivity, specificity).loc[0]
    same = once(prior, [Step("test", sensitivity, specificity)])
    assert_allclose(row["tests_per_case"], same["tests_per_case"], rtol=1e-9)
    assert_allclose(row["false_alarms_per_case"], same["false_alarms"] / same["found"], rtol=1e-9, atol=1e-12)
    assert_allclose(row["missed_per_1000"], same["missed_first_round"], atol=1e-9)


# Cascades by hand


def test_catching_by_hand():
    """100 of 1,000 have it. The X-ray finds 60 on day 3; of the other 40 the MRI finds 36.24 on day 24; 3.76 come back on
    day 84."""
    found = cascade(0.1, [XRAY, CATCH], return_days=60)
    row = found.summary.loc[0]
    assert_allclose(row["found_first_round"], 60 + 40 * 0.906, rtol=1e-14)
    assert_allclose(row["missed_first_round"], 3.76, rtol=1e-12)
    assert_allclose(row["false_alarms"], 900 * (0.005 + 0.995 * 0.046), rtol=1e-12)
    assert_allclose(row["missed_per_100"], 3.76, rtol=1e-12)
    assert_allclose(row["false_alarms_per_1000"], row["false_alarms"], rtol=1e-12)
    assert row["found"] == row["with_disease"] == 100
    assert_allclose(found.days["day"][:4], [3, 24, 87, 108], rtol=1e-15)
    assert_allclose(found.days["share"][:4], [0.6, 0.9624, 0.9624 + 0.0376 * 0.6, 1 - 0.0376**2], rtol=1e-12)
    mean_once = (0.6 * 3 + 0.3624 * 24) / 0.9624
    assert_allclose(row["days_mean"], mean_once + 0.0376 / 0.9624 * (24 + 60), rtol=1e-12)
    assert row["days_median"] == 3
    through = 1 / 0.9624
    assert_allclose(found.tests["done_in_diseased"], [100 * through, 40 * through], rtol=1e-12)
    assert_allclose(found.tests["done"], [100 * through + 900, 40 * through + 895.5], rtol=1e-12)
    positive = [60 * through + 4.5, 36.24 * through + 895.5 * 0.046]
    assert_allclose(found.tests["positive"], positive, rtol=1e-12)
    assert_allclose(row["tests_per_case"], (140 * through + 1795.5) / 100, rtol=1e-12)
    assert_allclose(found.tests["per_case"].sum(), row["tests_per_case"], rtol=1e-14)


def test_confirming_by_hand():
    """The MRI confirms the X-ray: 60 * 0.906 found on day 24; 40 are missed on day 3, 5.64 on day 24."""
    found = cascade(0.1, [XRAY, CONFIRM], return_days=60, rounds=2)
    row, p = found.summary.loc[0], 0.6 * 0.906
    assert_allclose(row["found_first_round"], 100 * p, rtol=1e-12)
    assert_allclose(row["found"], 100 * (1 - (1 - p) ** 2), rtol=1e-12)
    assert_allclose(row["false_alarms"], 900 * 0.005 * 0.046, rtol=1e-12)
    assert_allclose(found.days["day"], [24, 87, 108], rtol=1e-15)
    assert_allclose(found.days["share"], [p, p + 0.4 * p, p + (1 - p) * p], rtol=1e-12)
    assert_allclose(
        row["days_mean"], np.average([24, 87, 108], weights=np.diff(found.days["share"], prepend=0)), rtol=1e-12
    )


def test_the_last_result_counts():
    """A test for all whose result overrules the one before it."""
    row = once(0.1, [XRAY, MRI])
    assert_allclose([row["found"], row["false_alarms"]], [90.6, 900 * 0.046], rtol=1e-12)
    assert row["days_mean"] == 24


def test_shared_misses_by_hand():
    """Half of the sensitivity is lost in what the X-ray missed, none in what it did not."""
    assert_allclose(once(0.1, [XRAY, CATCH], shared_misses=0.5)["found"], 60 + 40 * 0.453, rtol=1e-12)
    assert_allclose(once(0.1, [XRAY, CATCH], shared_misses=1)["found"], 60, rtol=1e-12)
    assert_allclose(once(0.1, [XRAY, CONFIRM], shared_misses=1)["found"], 60 * 0.906, rtol=1e-12)
    again = cascade(0.1, [XRAY, CATCH], return_days=60, shared_misses=1)
    assert_allclose(again.summary.loc[0, "found"], 100, rtol=1e-8)  # a round begins anew


def test_share_found_by():
    found = cascade(0.1, [XRAY, CATCH], return_days=60)
    assert_allclose(found.share_found_by([0, 2.9, 3, 23, 24, np.nan]), [0, 0, 0.6, 0.6, 0.9624, np.nan], rtol=1e-12)
    assert isinstance(found.share_found_by(30), float)
    assert_allclose(found.share_found_by(1e9), 1, rtol=1e-8)


# Against people drawn one by one


def people_drawn(prior, steps, return_days, rounds, shared_misses, count, seed):
    """Each person's way through the cascade: whether ill, day of diagnosis (NaN if none), tests, and false alarm."""
    random = np.random.default_rng(seed)
    ill = random.random(count) < prior
    day, tests = np.zeros(count), np.zeros(count)
    diagnosed, alarm, going = np.zeros(count, bool), np.zeros(count, bool), np.ones(count, bool)
    for _ in range(rounds):
        last = np.full(count, -1)
        for step in steps:
            has = going & ((step.when == "all") | (last == {"all": 9, "positive": 1, "negative": 0}[step.when]))
            finds = step.sensitivity * np.where(last == 0, 1 - shared_misses, 1)
            result = random.random(count) < np.where(ill, finds, 1 - step.specificity)
            last = np.where(has, result, last)
            day += has * step.wait_days
            tests += has
        diagnosed |= going & ill & (last == 1)
        alarm |= going & ~ill & (last == 1)
        going &= ill & (last == 0)
        day[going] += return_days
    return ill, np.where(diagnosed, day, np.nan), tests, alarm


@pytest.mark.parametrize(
    ("ways", "shared_misses"), [([XRAY, CATCH, BIOPSY], 0.0), ([MRI, CONFIRM], 0.0), ([XRAY, CATCH, CONFIRM, MRI], 0.4)]
)
def test_against_people_drawn_one_by_one(ways, shared_misses):
    ill, day, tests, alarm = people_drawn(0.3, ways, 45, 4, shared_misses, 200_000, 5)
    exact = cascade(0.3, ways, len(ill), return_days=45, rounds=4, shared_misses=shared_misses)
    row, found = exact.summary.loc[0], day[~np.isnan(day)]
    assert abs(found.mean() - row["days_mean"]) < 4 * found.std() / np.sqrt(len(found))
    assert abs(len(found) - row["found"]) < 4 * np.sqrt(len(ill) * 0.3 * 0.7)
    assert abs(alarm.sum() - row["false_alarms"]) < 4 * np.sqrt(row["false_alarms"] + 1)
    assert abs(tests.mean() - exact.tests["done"].sum() / len(ill)) < 4 * tests.std() / np.sqrt(len(ill))
    assert np.median(found) == row["days_median"]
    for by in (10, 31, 80, 120):
        assert abs((day[ill] <= by).mean() - exact.share_found_by(by)) < 4 * 0.5 / np.sqrt(ill.sum())


# Properties


@given(cascades, shares, shares, shares, shares)
def test_catching_never_finds_fewer(ways, prior, sensitivity, specificity, shared_misses):
    caught = [*ways, Step("catch", sensitivity, specificity, when="negative")]
    before, after = once(prior, ways, shared_misses), once(prior, caught, shared_misses)
    assert after["found"] >= before["found"] - 1e-9
    assert after["false_alarms"] >= before["false_alarms"] - 1e-9


@given(cascades, shares, shares, shares, shares)
def test_confirming_never_raises_false_alarms(ways, prior, sensitivity, specificity, shared_misses):
    confirmed = [*ways, Step("confirm", sensitivity, specificity, when="positive")]
    before, after = once(prior, ways, shared_misses), once(prior, confirmed, shared_misses)
    assert after["false_alarms"] <= before["false_alarms"] + 1e-9
    assert after["found"] <= before["found"] + 1e-9


@given(cascades, shares, st.integers(1, 6), shares)
def test_everybody_is_accounted_for(ways, prior, rounds, shared_misses):
    found = cascade(prior, ways, return_days=30, rounds=rounds, shared_misses=shared_misses)
    row = found.summary.loc[0]
    assert_allclose(row["found_first_round"] + row["missed_first_round"], row["with_disease"], atol=1e-9)
    assert row["found_first_round"] - 1e-9 <= row["found"] <= row["with_disease"] + 1e-9
    assert row["false_alarms"] <= 1000 - row["with_disease"] + 1e-9
    assert_allclose(found.days["share"].iloc[-1] * row["with_disease"], row["found"], atol=1e-5)
    assert found.days["day"].is_monotonic_increasing
    assert found.days["share"].is_monotonic_increasing
    assert (found.tests["done"] >= found.tests["positive"] - 1e-9).all()
    assert (found.tests["done"] >= found.tests["done_in_diseased"] - 1e-9).all()


@settings(max_examples=25)
@given(st.floats(0.1, 1), st.floats(0.1, 1))
def test_without_an_end_is_the_limit_of_many_rounds(first, second):
    ways = [Step("A", first, 0.9, 3), Step("B", second, 0.9, 20, "positive")]
    ever, many = (cascade(0.2, ways, return_days=60, rounds=rounds).summary.loc[0] for rounds in (None, 5000))
    assert_allclose(ever.to_numpy(float), many.to_numpy(float), rtol=1e-3)
    assert_allclose(ever.drop("days_median").to_numpy(float), many.drop("days_median").to_numpy(float), rtol=2e-5)


# Edges


def test_nobody_and_everybody_has_it():
    nobody, everybody = once(0, [XRAY, CATCH]), once(1, [XRAY, CATCH])
    assert [nobody["found"], nobody["tests_per_case"], nobody["false_alarms_per_1000"] > 0] == [0, np.inf, True]
    assert nobody["days_mean"] == everybody["days_mean"]  # what it would be, if somebody had it
    assert [everybody["false_alarms"], everybody["with_disease"]] == [0, 1000]


def test_a_perfect_test_misses_nobody():
    row = cascade(0.2, [Step("perfect", 1, 1, 5)], return_days=60).summary.loc[0]
    assert row[["found", "missed_first_round", "false_alarms"]].tolist() == [200, 0, 0]
    assert row[["tests_per_case", "days_mean", "days_median"]].tolist() == [5, 5, 5]


@pytest.mark.parametrize("rounds", [None, 1, 5000])
def test_a_blind_test_finds_nobody(rounds):
    blind = cascade(0.2, [Step("blind", 0, 0.9, 5)], return_days=60, rounds=rounds)
    row = blind.summary.loc[0]
    assert row[["found", "missed_per_100", "tests_per_case"]].tolist() == [0, 100, np.inf]
    assert row[["days_mean", "days_median"]].isna().all()
    assert blind.share_found_by(1000) == 0
    assert blind.tests.loc[0, "done"] == 800 + 200 * (rounds or np.inf)
    assert_allclose(blind.tests.loc[0, "positive"], 80, rtol=1e-12)


def test_a_step_that_is_never_reached_is_never_done():
    found = cascade(0.2, [Step("blind", 0, 1, 5), BIOPSY], return_days=60)
    assert found.tests.loc[1, ["done", "done_in_diseased", "positive"]].tolist() == [0, 0, 0]


# Side by side


def test_compare_cascades():
    ways = {"X-ray": [XRAY, BIOPSY], "MRI twice": [MRI, CONFIRM], "both": [XRAY, CATCH, BIOPSY]}
    found = compare_cascades(0.1, ways, return_days=60).set_index("name")
    assert found.index.tolist() == list(ways)
    for name, steps in ways.items():
        one = cascade(0.1, steps, return_days=60)
        for column in ("tests_per_case", "days_mean", "days_median", "missed_per_100", "false_alarms_per_1000"):
            assert found.loc[name, column] == one.summary.loc[0, column]
        each = found.loc[name, ["X-ray_per_case", "biopsy_per_case", "MRI_per_case"]]
        assert_allclose(each.sum(), found.loc[name, "tests_per_case"], rtol=1e-14)
    assert found.loc["X-ray", "MRI_per_case"] == found.loc["MRI twice", "biopsy_per_case"] == 0
    twice = cascade(0.1, ways["MRI twice"], return_days=60).tests["per_case"].sum()
    assert_allclose(found.loc["MRI twice", "MRI_per_case"], twice, rtol=1e-14)


def test_what_is_not_defined_is_not_made_0():
    """Nobody has it, and the second test is never done: none for no case."""
    ways = {"one": [Step("A", 1, 1), BIOPSY], "other": [Step("B", 1, 1)]}
    found = compare_cascades(0, ways, return_days=1)
    assert_array_equal(found["biopsy_per_case"], [np.nan, 0])
    assert_array_equal(found["A_per_case"], [np.inf, 0])


# Slips


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: Step("CT", 95, 0.9), "step 'CT' cannot be: sensitivity is 95; it is a share"),
        (
            lambda: Step("CT", 0.5, np.nan, -1, "postive"),
            "specificity is nan.*wait_days is -1.*did you mean 'positive'",
        ),
        (lambda: cascade(1.5, [], return_days=-1), "prior is 1.5.*steps has nothing in it.*return_days is -1"),
        (lambda: cascade(0.1, [CATCH], return_days=1), "first step, 'MRI', is for 'negative'"),
        (lambda: cascade(0.1, ["MRI"], return_days=1), "steps has 'MRI'; give a Step"),
        (lambda: cascade(0.1, [XRAY], 0, return_days=1), "people is 0"),
        (lambda: cascade(0.1, [XRAY], return_days=1, rounds=0), "rounds is 0; it is a whole number from 1 to 5,000"),
        (lambda: cascade(0.1, [XRAY], return_days=1, shared_misses=2), "shared_misses is 2"),
        (lambda: cascade(0.1, [Step("dim", 1e-4, 1)], return_days=1), "finds 0.0001 .* Say with rounds="),
        (lambda: compare_cascades(0.1, {"odd": []}, return_days=1), "In 'odd': steps has nothing"),
        (lambda: compare_cascades(0.1, {}, return_days=1), "no cascades to compare"),
        (lambda: imaging.tests_per_case(0.1, [0.1, 2], "high"), "sensitivity is 2.*specificity is 'high'"),
        (lambda: imaging.tests_per_case([0.1, 0.2], [0.1, 0.2, 0.3]), "2 of prior, 3 of sensitivity"),
    ],
)
def test_slips_are_told(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


def test_check_shares_lets_shares_pass():
    check_shares(a=0, b=[0.0, 1.0], c=pd.Series([0.5]), d=pd.array([0.1], dtype="Float64"), e=np.float32(0.2))
    with pytest.raises(ValueError, match="a is None; it is a share"):
        check_shares(a=None)


def test_ratio():
    assert_array_equal(ratio([1, 1, 0], [2, 0, 0]), [0.5, np.inf, np.nan])
    assert isinstance(cascade(0.1, [XRAY], return_days=1), Cascade)
