"""Cochran-Armitage: against R, by hand, and the exact p by writing down every table."""

import itertools
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import firstsign as fs
from firstsign.trends import trend, trend_test
from tests.reference import read

CASES = [rows for _, rows in read("trends").groupby("case")]


class TestAgainstR:
    @pytest.mark.parametrize("rows", CASES, ids=lambda rows: str(rows["case"].iloc[0]))
    def test_prop_trend_test(self, rows):
        found = trend_test(rows["x"], rows["n"], rows["score"]).iloc[0]
        assert_allclose([found["statistic"] ** 2, found["p"]], rows[["chi2", "p"]].iloc[0], rtol=1e-10)

    @pytest.mark.parametrize("rows", CASES, ids=lambda rows: str(rows["case"].iloc[0]))
    def test_what_is_left_is_the_rest_of_the_chi_squared(self, rows):
        found = trend_test(rows["x"], rows["n"], rows["score"]).iloc[0]
        assert found["departure_df"] == len(rows) - 2
        if len(rows) > 2:
            assert_allclose(found["statistic"] ** 2 + found["departure"], rows["all"].iloc[0], rtol=1e-10)
        else:
            assert np.isnan(found["departure"])


def by_every_table(x, n, scores) -> float:
    """The exact p: the chances of all tables with these margins whose trend is as far from its mean."""
    total, seen = sum(x), np.dot(x, scores)
    mean = total * np.dot(n, scores) / sum(n)
    every, far = 0, 0
    for table in itertools.product(*(range(people + 1) for people in n)):
        if sum(table) == total:
            ways = np.prod([comb(people, count) for people, count in zip(n, table, strict=True)], dtype=float)
            every += ways
            far += ways * (abs(np.dot(table, scores) - mean) >= abs(seen - mean) - 1e-9)
    return far / every


class TestByHand:
    def test_two_groups_are_a_difference(self):
        found = trend_test([2, 6], [10, 10]).iloc[0]
        assert_allclose(found["slope"], 0.4)
        assert_allclose(found["statistic"], 0.4 / np.sqrt(0.4 * 0.6 * 2 / 10))
        half = 1.959963984540054 * np.sqrt(0.2 * 0.8 / 10 + 0.6 * 0.4 / 10)
        assert_allclose([found["low"], found["high"]], [0.4 - half, 0.4 + half])

    @pytest.mark.parametrize("scores", [(1, 2, 3), (0, 1, 3), (5, 10, 20)])
    def test_exact_p(self, scores):
        assert_allclose(
            trend_test([1, 3, 6], [8, 7, 9], scores)["exact_p"][0], by_every_table([1, 3, 6], [8, 7, 9], scores)
        )

    def test_no_exact_p_where_scores_have_no_common_step_or_people_are_many(self):
        assert np.isnan(trend_test([1, 3, 6], [8, 7, 9], [1, np.e, 4])["exact_p"][0])
        assert np.isnan(trend_test([5000, 6000], [100_000, 90_000])["exact_p"][0])

    @pytest.mark.parametrize("x", [(0, 0, 0), (4, 5, 6)])
    def test_nobody_and_everybody(self, x):
        found = trend_test(x, [4, 5, 6]).iloc[0]
        assert_allclose(found[["statistic", "p", "slope", "exact_p"]].astype(float), [0, 1, 0, 1], atol=1e-12)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=4))
@settings(max_examples=40, deadline=None)
def test_turned_round_the_trend_is_as_strong(groups):
    people = [(x, x + more) for x, more in groups if x + more]
    if len(people) < 2:
        return
    x, n = zip(*people, strict=True)
    one, other = trend_test(x, n).iloc[0], trend_test(x[::-1], n[::-1]).iloc[0]
    assert_allclose([one["statistic"], one["slope"]], [-other["statistic"], -other["slope"]], atol=1e-10)
    assert_allclose(one["exact_p"], other["exact_p"])
    scaled = trend_test(x, n, 10 * np.arange(len(n)) + 3).iloc[0]
    assert_allclose([scaled["statistic"], 10 * scaled["slope"]], [one["statistic"], one["slope"]], atol=1e-9)
    assert 0 <= one["exact_p"] <= 1


class TestOfPeople:
    people = pd.DataFrame(
        {
            "person": range(12),
            "stage": [1, 1, 1, 1, 2, 2, 2, 4, 4, 4, None, 4],
            "symptoms": ["back pain", *["breast lump"] * 5, "back pain", *["back pain; cough"] * 3, "back pain", None],
        }
    )

    def test_shares_by_group(self):
        found = trend(self.people, of="back pain", over="stage")
        assert found["stage"].tolist() == [1, 2, 4]
        assert found["x"].tolist() == [1, 1, 3]
        assert found["n"].tolist() == [4, 3, 3]
        assert found["unknown"].tolist() == [0, 0, 1]
        assert_allclose(found[["low", "high"]].iloc[0], fs.wilson(1, 4))
        assert found.attrs["left_out"] == 1

    def test_the_test_uses_the_values_as_scores(self):
        found = trend(self.people, of="back pain", over="stage")
        assert found.attrs["test"] == pytest.approx(
            trend_test([1, 1, 3], [4, 3, 3], [1, 2, 4]).iloc[0].to_dict(), nan_ok=True
        )

    def test_words_need_an_order(self):
        worded = self.people.assign(size=self.people["stage"].map({1: "small", 2: "middle", 4: "large"}))
        with pytest.raises(ValueError, match=r"'size' have no order .* give a number for each with scores="):
            trend(worded, of="back pain", over="size")
        scored = trend(worded, of="back pain", over="size", scores={"small": 1, "middle": 2, "large": 3})
        ordered = worded.assign(size=pd.Categorical(worded["size"], ["small", "middle", "large"], ordered=True))
        assert scored["size"].tolist() == ["small", "middle", "large"]
        assert trend(ordered, of="back pain", over="size").attrs["test"] == pytest.approx(
            scored.attrs["test"], nan_ok=True
        )
        with pytest.raises(ValueError, match="no number for 'large'"):
            trend(worded, of="back pain", over="size", scores={"small": 1, "middle": 2})

    def test_the_simulated_stages(self):
        people = fs.simulate(3000, 1)
        found = fs.trend(people, of="back or bone pain first", over="stage")
        assert found.attrs["test"]["slope"] > 0
        assert found["n"].sum() + found["unknown"].sum() + found.attrs["left_out"] == 3000


@pytest.mark.parametrize(
    ("x", "n", "scores", "told"),
    [
        ([1, 2], [3], None, "do not go together"),
        ([1, 4], [3, 3], None, "not more counted than there are"),
        ([1.5, 2], [3, 3], None, "whole numbers"),
        ([1, np.nan], [3, 3], None, "finite"),
        ([1], [3], None, "two groups or more"),
        ([1, 1], [3, 3], [2, 2], "different scores, and there are 1"),
    ],
)
def test_slips(x, n, scores, told):
    with pytest.raises(ValueError, match=told):
        trend_test(x, n, scores)


def test_an_unknown_column():
    with pytest.raises(ValueError, match=r"no column 'stag' \(did you mean 'stage'\?\)"):
        trend(TestOfPeople.people, of="back pain", over="stag")


def test_public_names():
    assert fs.trend is trend
    assert fs.trend_test is trend_test
