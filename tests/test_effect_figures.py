"""Estimates across levels and the ladder: where dots, whiskers, the truth and the words stand, and what is refused."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from drawings import dots, written

from firstsign import figures
from firstsign.comparison_figures import CORRECTED, NAIVE
from firstsign.effect_figures import signed
from firstsign.palette import COLOURS, DASHES, ink

BANDS = pd.DataFrame(
    {
        "waited": ["0–13", "14–29", "90+"] * 2,
        "third": ["slow"] * 3 + ["fast"] * 3,
        "share": [0.8, 0.81, 0.82, 0.6, 0.55, np.nan],
        "low": [0.7, 0.8, np.nan, 0.5, 0.5, np.nan],
        "high": [0.9, 0.85, np.nan, 0.7, 0.6, np.nan],
    }
)
RUNGS = pd.DataFrame(
    {
        "what": ["delay alone", "with age", "with everything"],
        "estimate": [20.0, 18.5, -3.0],
        "low": [15.0, 12.0, -8.0],
        "high": [25.0, 25.0, np.nan],
        "seen": [True, True, False],
    }
)


@pytest.fixture
def ax():
    yield figures.new()
    plt.close("all")


class TestAcross:
    def test_words_stand_one_apart_and_groups_beside_each_other(self, ax):
        assert figures.across(ax, BANDS, "waited", "share", by="third") is ax
        assert [label.get_text() for label in ax.get_xticklabels()] == ["0–13", "14–29", "90+"]
        slow, fast = dots(ax)["slow"][0], dots(ax)["fast"][0]
        np.testing.assert_allclose([y for _, y in slow], [0.8, 0.81, 0.82])
        np.testing.assert_allclose([x for x, _ in slow], np.arange(3) - 0.065)
        np.testing.assert_allclose([x for x, _ in fast], np.arange(3) + 0.065)

    def test_whiskers_are_the_intervals_and_nothing_where_there_is_none(self, ax):
        figures.across(ax, BANDS, "waited", "share", by="third")
        ends = [[y for _, y in segment] for segment in dots(ax)["slow"][1]]
        np.testing.assert_allclose(ends, [[0.7, 0.9], [0.8, 0.85], [0.82, 0.82]])

    def test_groups_differ_in_colour_marker_and_dashes(self, ax):
        figures.across(ax, BANDS, "waited", "share", by="third", colours={"fast": COLOURS[4]})
        lines = [container.lines[0] for container in ax.containers]
        assert [line.get_color() for line in lines] == [COLOURS[0], COLOURS[4]]
        assert len({line.get_marker() for line in lines}) == 2
        assert lines[0].get_linestyle() == DASHES[0]
        assert lines[0].get_linestyle() != lines[1].get_linestyle()
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["slow", "fast"]

    def test_numbers_stand_where_they_lie(self, ax):
        frame = pd.DataFrame({"urgency": [0.6, 0.0, 0.2], "estimate": [3.0, 1.0, 2.0]}, index=[9, 4, 7])
        figures.across(ax, frame, "urgency")
        ((points, _),) = dots(ax).values()
        assert points == [[0.6, 3.0], [0.0, 1.0], [0.2, 2.0]]
        assert ax.get_legend() is None

    def test_levels_keep_their_order_whatever_group_they_first_come_in(self, ax):
        categories = pd.Categorical(["b", "a", "c"], categories=["a", "b", "c"], ordered=True)
        figures.across(ax, pd.DataFrame({"level": categories, "estimate": [1.0, 2.0, 3.0]}), "level")
        assert [label.get_text() for label in ax.get_xticklabels()] == ["b", "a", "c"]

    def test_missing_columns_are_all_named(self, ax):
        with pytest.raises(ValueError, match=r"'wait' \(did you mean 'waited'\?\), 'estimate'"):
            figures.across(ax, BANDS, "wait")

    def test_too_many_groups_are_refused(self, ax):
        frame = pd.DataFrame({"x": 1.0, "estimate": 2.0, "group": range(8)})
        with pytest.raises(ValueError, match="8 groups cannot be told apart"):
            figures.across(ax, frame, "x", by="group")


class TestLadder:
    def test_rungs_from_the_top_by_who_can_know(self, ax):
        assert figures.ladder(ax, RUNGS, (-4.0, -5.0, -3.0)) is ax
        assert dots(ax)["a registry can know this"][0] == [[20.0, 2.0], [18.5, 1.0]]
        points, whiskers = dots(ax)["only the truth holds this"]
        assert points == [[-3.0, 0.0]]
        assert whiskers == [[[-8.0, 0.0], [-3.0, 0.0]]]
        assert [label.get_text() for label in ax.get_yticklabels()] == RUNGS["what"].tolist()
        assert {container.lines[0].get_color() for container in ax.containers} == {NAIVE, CORRECTED}

    def test_the_truth_is_a_line_with_its_interval_and_no_effect_another(self, ax):
        figures.ladder(ax, RUNGS, (-4.0, -5.0, -3.0))
        assert {tuple(line.get_xdata()) for line in ax.lines if line.get_marker() == "None"} >= {(0, 0), (-4.0, -4.0)}
        (band,) = ax.patches
        assert (band.get_x(), band.get_x() + band.get_width()) == (-5.0, -3.0)

    def test_numbers_stand_at_their_rungs(self, ax):
        figures.ladder(ax, RUNGS, (-4.0, -5.0, -3.0))
        texts = written(ax)
        assert [text for text, *_ in texts] == ["+20.0 (+15.0 to +25.0)", "+18.5 (+12.0 to +25.0)", "−3.0"]
        assert [colour for *_, colour in texts] == [ink(NAIVE), ink(NAIVE), ink(CORRECTED)]
        heights = [ax.transData.inverted().transform((x, y))[1] for _, x, y, _ in texts]
        np.testing.assert_allclose(heights, [2, 1, 0], atol=0.05)
        assert all(above > below for above, below in pairwise(heights))

    def test_only_what_is_there_is_named(self, ax):
        figures.ladder(ax, RUNGS[RUNGS["seen"]], (0.0, 0.0, 0.0))
        named = [text.get_text() for text in ax.get_legend().get_texts()]
        assert named == ["truth", "a registry can know this"]

    def test_missing_columns_are_all_named(self, ax):
        with pytest.raises(ValueError, match="'low', 'seen'"):
            figures.ladder(ax, RUNGS.drop(columns=["low", "seen"]), (0, 0, 0))


@pytest.mark.parametrize(
    ("number", "decimals", "text"),
    [
        (3.14, 1, "+3.1"),
        (-0.42, 1, "−0.4"),
        (-0.04, 1, "0.0"),
        (0.0, None, "0"),
        (-2.5, None, "−2.5"),
        (1234.5, 1, "+1,234.5"),
        (2000, None, "+2,000"),
    ],
)
def test_changes_have_their_sign_unless_they_are_nothing(number, decimals, text):
    assert signed(number, decimals) == text


def test_what_is_not_known_has_no_sign():
    assert signed(np.nan, 1) == "–"
