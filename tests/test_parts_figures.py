"""Parts of a whole: bars that add up, a difference taken apart that adds up, times beside their rule."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from drawings import written

from firstsign import figures
from firstsign.comparison_figures import CORRECTED, NAIVE

MIX = pd.DataFrame(
    {
        "waited": ["0–13", "0–13", "90+", "90+", "90+"],
        "pace": ["fast", "slow", "slow", "fast", "middle"],
        "share": [0.97, 0.03, 0.5, 0.3, 0.2],
    }
)
PARTS = pd.DataFrame(
    {
        "what": ["lead time", "real", "late symptoms"],
        "points": [2.0, 15.0, -9.5],
        "low": [1.5, 14.0, np.nan],
        "high": [2.5, 16.0, np.nan],
    }
)


@pytest.fixture
def ax():
    yield figures.new()
    plt.close("all")


def bars(ax):
    """(left, right, middle height, colour) of every bar, in the order drawn."""
    drawn = [bar for container in ax.containers for bar in container]
    ends = [sorted((bar.get_x(), bar.get_x() + bar.get_width())) for bar in drawn]
    heights = [bar.get_y() + bar.get_height() / 2 for bar in drawn]
    return [
        (*np.round([*both, height], 9), bar.get_facecolor())
        for both, height, bar in zip(ends, heights, drawn, strict=True)
    ]


class TestStackedShares:
    def test_bars_follow_each_other_from_0_to_1_the_first_group_on_top(self, ax):
        assert figures.stacked_shares(ax, MIX, "waited", "pace") is ax
        assert [bar[:3] for bar in bars(ax)] == [
            (0, 0.97, 1),
            (0, 0.3, 0),
            (0.97, 1.0, 1),
            (0.3, 0.8, 0),
            (1.0, 1.0, 1),
            (0.8, 1.0, 0),
        ]
        assert [label.get_text() for label in ax.get_yticklabels()] == ["0–13", "90+"]
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["fast", "slow", "middle"]

    def test_a_number_stands_in_every_part_that_has_room(self, ax):
        figures.stacked_shares(ax, MIX, "waited", "pace")
        assert sorted(text for text, *_ in written(ax)) == ["20", "30", "50", "97"]

    def test_categories_may_name_groups_and_parts(self, ax):
        frame = MIX.astype({"waited": "category", "pace": "category"})
        figures.stacked_shares(ax, frame, "waited", "pace")
        assert len(bars(ax)) == 6

    def test_shares_that_do_not_add_up_are_refused_by_name(self, ax):
        with pytest.raises(ValueError, match=r"The shares of 90\+ do not add up to 1"):
            figures.stacked_shares(ax, MIX[:-1], "waited", "pace")

    def test_missing_columns_and_too_many_parts_are_refused(self, ax):
        with pytest.raises(ValueError, match="no column 'paces'"):
            figures.stacked_shares(ax, MIX, "waited", "paces")
        many = pd.DataFrame({"waited": "0–13", "pace": range(8), "share": 1 / 8})
        with pytest.raises(ValueError, match="8 parts cannot be told apart"):
            figures.stacked_shares(ax, many, "waited", "pace")


class TestWaterfall:
    def test_each_part_begins_where_the_last_ended_and_the_sum_is_at_the_foot(self, ax):
        assert figures.waterfall(ax, PARTS, "together") is ax
        assert [bar[:3] for bar in bars(ax)] == [(0, 2, 3), (2, 17, 2), (7.5, 17, 1), (0, 7.5, 0)]
        assert [label.get_text() for label in ax.get_yticklabels()] == [*PARTS["what"], "together"]

    def test_parts_that_take_away_have_another_colour(self, ax):
        figures.waterfall(ax, PARTS, "together")
        colours = [bar[3] for bar in bars(ax)]
        expected = [plt.matplotlib.colors.to_rgba(one) for one in (CORRECTED, CORRECTED, NAIVE, "#000000")]
        assert colours == expected

    def test_numbers_are_written_with_their_intervals(self, ax):
        figures.waterfall(ax, PARTS, "together")
        assert [text for text, *_ in written(ax)] == [
            "+2.0 (+1.5 to +2.5)",
            "+15.0 (+14.0 to +16.0)",
            "−9.5",
            "+7.5",
        ]

    def test_everything_is_within_the_axis(self, ax):
        figures.waterfall(ax, PARTS.assign(points=[-3.0, -4.0, 1.0]), "together")
        left, right = ax.get_xlim()
        assert left < -7
        assert right > 0

    def test_nothing_at_all_is_drawn_without_complaint(self, ax):
        figures.waterfall(ax, PARTS.assign(points=0.0), "together")
        ax.figure.canvas.draw()

    def test_parts_that_are_not_known_are_refused_by_name(self, ax):
        with pytest.raises(ValueError, match="not known is real"):
            figures.waterfall(ax, PARTS.assign(points=[2.0, np.nan, 1.0]), "together")
        with pytest.raises(ValueError, match="no column 'low', 'high'"):
            figures.waterfall(ax, PARTS[["what", "points"]], "together")


class TestTimesBesideRule:
    TIMES = pd.DataFrame({"begin": [0.0, 0.5, 1.0], "end": [0.5, 1.0, 1.5], "share": [0.5, 0.3, 0.2]})
    RULE = pd.DataFrame({"time": [0.0, 1.5], "density": [1.0, 0.2]})

    def test_bars_are_shares_per_unit_of_time(self, ax):
        assert figures.times_beside_rule(ax, self.TIMES, self.RULE, "year") is ax
        drawn = [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in ax.patches]
        np.testing.assert_allclose(drawn, [(0, 0.5, 1.0), (0.5, 0.5, 0.6), (1.0, 0.5, 0.4)])
        assert sum(width * height for _, width, height in drawn) == pytest.approx(1)
        assert ax.get_ylabel() == "Share per year"

    def test_the_rule_is_a_line_and_both_are_named(self, ax):
        figures.times_beside_rule(ax, self.TIMES, self.RULE, "year", "lead times")
        assert ax.lines[0].get_xydata().tolist() == [[0.0, 1.0], [1.5, 0.2]]
        assert {text.get_text() for text in ax.get_legend().get_texts()} == {"lead times", "the rule"}

    def test_missing_columns_are_refused(self, ax):
        with pytest.raises(ValueError, match="'density'"):
            figures.times_beside_rule(ax, self.TIMES, self.RULE[["time"]], "year")
