"""What bears on a claim, as figures: every bar, dot and word where its number says."""

from typing import get_args

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from drawings import dots, written

from firstsign import figures
from firstsign.claim_files import Verdict


@pytest.fixture(params=[8, 4], ids=["wide", "narrow"])
def ax(request):
    made = figures.new(request.param)
    yield made
    plt.close("all")


def labels(ax):
    """The label of each row, unfolded, from the bottom up."""
    ax.figure.canvas.draw()
    pairs = sorted(zip(ax.get_yticks(), (label.get_text() for label in ax.get_yticklabels()), strict=True))
    return [" ".join(text.split()) for _, text in pairs]


def rows_of(ax):
    """Every annotation: unfolded text -> the row that it stands at."""
    return {" ".join(text.split()): ax.transData.inverted().transform((x, y))[1] for text, x, y, _ in written(ax)}


def bars(ax):
    """The thick lines of ranges: (row, from, to), from the top down."""
    found = [path.vertices for one in ax.collections for path in one.get_paths()]
    return sorted(((ends[0][1], ends[0][0], ends[1][0]) for ends in found if len(ends) == 2), reverse=True)


class TestTornado:
    DRIVERS = pd.DataFrame(
        {
            "input": ["metastatic, of those", "came with back pain", "stage 4"],
            "low": [0.5, 0.005, 0.054],
            "high": [1.0, 0.015, 0.085],
            "low_if": [0.071, 0.053, 0.139],
            "high_if": [0.143, 0.160, 0.088],
            "share_of_variance": [0.25, 0.6, np.nan],
        }
    )

    def test_the_widest_on_top_from_end_to_end(self, ax):
        assert figures.tornado(ax, self.DRIVERS, 0.107) is ax
        assert labels(ax) == ["stage 4", "metastatic, of those", "came with back pain"]
        ends = [sorted((bar.get_x(), bar.get_x() + bar.get_width())) for bar in ax.patches]
        np.testing.assert_allclose(ends, [[0.088, 0.139], [0.071, 0.143], [0.053, 0.16]])
        (line,) = ax.lines
        assert list(line.get_xdata()) == [0.107, 0.107]

    def test_the_inputs_own_ends_stand_at_the_ends_that_they_lead_to(self, ax):
        figures.tornado(ax, self.DRIVERS, 0.107)
        at = {text: ax.transData.inverted().transform((x, y)) for text, x, y, _ in written(ax)}
        assert at["0.005"][0] < 0.053 < 0.16 < at["0.015"][0]
        assert at["0.085"][0] < 0.088 < 0.139 < at["0.054"][0]  # more of the divisor, less of the result
        assert (at["0.005"][1], at["0.5"][1], at["0.085"][1]) == pytest.approx((2, 1, 0), abs=0.05)

    def test_the_variance_stands_to_the_right(self, ax):
        figures.tornado(ax, self.DRIVERS, 0.107)
        places = rows_of(ax)
        assert (places["60 %"], places["25 %"], places["–"]) == pytest.approx((2, 1, 0), abs=0.05)
        assert "estimate 11 %" in places
        ends = ax.transData.inverted().transform(ax.transAxes.transform([(0, 0), (1, 0)]))[:, 0]
        assert ends[0] < 0.053 < 0.16 < ends[1]

    def test_numbers_instead_of_shares(self, ax):
        figures.tornado(ax, self.DRIVERS, 0.107, unit="number")
        assert "estimate 0.11" in rows_of(ax)
        assert not any("%" in label.get_text() for label in ax.get_xticklabels())

    def test_inputs_that_move_nothing(self, ax):
        figures.tornado(ax, self.DRIVERS.assign(low_if=0.1, high_if=0.1), 0.1)
        ax.figure.canvas.draw()

    def test_slips(self, ax):
        with pytest.raises(ValueError, match="nothing to draw for stage 4;"):
            figures.tornado(ax, self.DRIVERS.assign(low_if=[0.1, 0.1, np.nan]), 0.1)
        with pytest.raises(ValueError, match="no column 'share_of_variance'"):
            figures.tornado(ax, self.DRIVERS.drop(columns="share_of_variance"), 0.1)
        with pytest.raises(ValueError, match="unit is 'percent'"):
            figures.tornado(ax, self.DRIVERS, 0.1, unit="percent")


class TestPublishedForest:
    FRAME = pd.DataFrame(
        {
            "label": ["one", "two", "three", "four"],
            "estimate": [0.06, 0.067, np.nan, 0.01],
            "low": [0.058, np.nan, 0.03, 0.006],
            "high": [0.062, np.nan, 0.08, 0.015],
            "x": [np.nan, np.nan, np.nan, 23],
            "n": [np.nan, np.nan, np.nan, 2316],
            "group": ["of all cancers", "of all cancers", "of all symptoms", "of all symptoms"],
            "verified": ["secondary source", "derived from counts", "abstract seen", "full text seen"],
        }
    )

    def test_groups_stand_apart_under_their_headings(self, ax):
        figures.published_forest(ax, self.FRAME, claimed=0.06)
        assert labels(ax) == ["four", "three", "two", "one"]
        row = dict(zip(labels(ax), sorted(ax.get_yticks()), strict=True))
        heading = rows_of(ax)
        assert row["three"] < heading["of all symptoms"] < row["two"] < row["one"] < heading["of all cancers"]
        assert row["two"] - row["three"] > 2 * (row["one"] - row["two"])
        assert heading["claimed: 6 %"] > heading["of all cancers"]

    def test_markers_tell_how_a_number_was_verified(self, ax):
        figures.published_forest(ax, self.FRAME)
        drawn = {one.get_label(): one.lines[0] for one in ax.containers}
        assert set(drawn) == {"at second hand", "derived from other numbers", "read in the source"}
        assert drawn["at second hand"].get_markerfacecolor() == "white"
        assert drawn["read in the source"].get_markerfacecolor() == figures.COLOURS[0]
        assert [one.get_marker() for one in drawn.values()] == ["o", "D", "o"]
        assert {text.get_text() for text in ax.get_legend().get_texts()} == set(drawn)

    def test_dots_bars_and_numbers(self, ax):
        figures.published_forest(ax, self.FRAME)
        found = dots(ax)
        assert found["at second hand"][0] == [[0.06, ax.get_yticks()[0]]]
        np.testing.assert_allclose(np.array(found["at second hand"][1])[0, :, 0], [0.058, 0.062])
        np.testing.assert_allclose(np.ptp(np.array(found["derived from other numbers"][1])[0, :, 0]), 0)
        assert (ax.get_yticks()[2], 0.03, 0.08) in bars(ax)  # no dot: only a range was printed
        texts = {text.replace(",", "") for text in rows_of(ax)}
        assert {"6 % (5.8 to 6.2 %)", "6.7 %", "3 to 8 %", "1 % (0.6 to 1.5 %) 23 of 2316"} <= texts

    def test_a_claim_is_a_line_through_all(self, ax):
        figures.published_forest(ax, self.FRAME, claimed=0.06)
        assert [0.06, 0.06] in [list(line.get_xdata()) for line in ax.lines]

    def test_without_verification_there_is_nothing_to_tell(self, ax):
        figures.published_forest(ax, self.FRAME.drop(columns=["verified", "x", "n"]))
        assert ax.get_legend() is None

    def test_what_nobody_saw_is_not_drawn(self, ax):
        with pytest.raises(ValueError, match="'recalled, not verified' begins with none of 'full text'"):
            figures.published_forest(ax, self.FRAME.assign(verified="recalled, not verified"))
        with pytest.raises(ValueError, match="nothing to draw for three;"):
            figures.published_forest(ax, self.FRAME.assign(high=np.nan))


class TestRanges:
    FRAME = pd.DataFrame(
        {
            "label": ["of those with metastases at diagnosis", "of all with metastases", "simulated"],
            "estimate": [0.107, np.nan, 0.05],
            "low": [0.029, 0.0, np.nan],
            "high": [0.278, 0.07, np.nan],
            "kind": ["triangulated", "published", "simulated"],
        }
    )

    def test_bars_and_dots_are_the_frame_the_first_on_top(self, ax):
        assert figures.ranges(ax, self.FRAME, claimed=0.06) is ax
        assert labels(ax) == list(self.FRAME["label"])[::-1]
        np.testing.assert_allclose([bar for bar in bars(ax) if not np.isnan(bar[1])], [(2, 0.029, 0.278), (1, 0, 0.07)])
        points = {line.get_label(): (*line.get_xdata(), *line.get_ydata()) for line in ax.lines}
        assert points["triangulated"] == (0.107, 2)
        assert points["simulated"] == (0.05, 0)
        assert ax.get_xlim()[0] == 0

    def test_ranges_are_written_to_the_right_and_the_claim_above(self, ax):
        figures.ranges(ax, self.FRAME, claimed=0.06)
        places = rows_of(ax)
        assert (places["2.9 to 28 %"], places["0 to 7 %"], places["5 %"]) == pytest.approx((2, 1, 0), abs=0.05)
        assert places["claimed: 6 %"] > 2.3

    def test_on_a_logarithmic_axis_a_range_from_nothing_begins_at_the_edge(self, ax):
        figures.ranges(ax, self.FRAME, claimed=0.001, log=True)
        ax.figure.canvas.draw()
        assert ax.get_xscale() == "log"
        low, high = ax.get_xlim()
        assert 0 < low < 0.001 < 0.278 < high < 1
        assert (1, low, 0.07) in bars(ax)
        assert "10 %" in [label.get_text() for label in ax.get_xticklabels()]

    def test_one_kind_needs_no_legend_and_no_claim(self, ax):
        figures.ranges(ax, self.FRAME.assign(kind="published"), unit="number")
        assert ax.get_legend() is None
        assert "0.029 to 0.28" in rows_of(ax)

    def test_slips(self, ax):
        with pytest.raises(ValueError, match=r"No such kind: 'simulation'"):
            figures.ranges(ax, self.FRAME.assign(kind="simulation"))
        with pytest.raises(ValueError, match="dot at 0 has no place"):
            figures.ranges(ax, self.FRAME.assign(estimate=0.0), log=True)
        with pytest.raises(ValueError, match="nothing to draw for of all with metastases;"):
            figures.ranges(ax, self.FRAME.assign(low=np.nan))


class TestVerdicts:
    SCALE = get_args(Verdict)
    FRAME = pd.DataFrame(
        {"letter": list("ABCDEF"), "claim": [f"claim number {n}" for n in range(6)], "verdict": SCALE[::-1]}
    )

    def test_one_mark_a_claim_in_the_column_of_its_verdict(self, ax):
        assert figures.verdicts(ax, self.FRAME) is ax
        marks = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines]
        assert marks == [(5 - row, 5 - row) for row in range(6)]
        assert labels(ax)[-1] == "A claim number 0"
        assert [" ".join(head.get_text().split()) for head in ax.get_xticklabels()] == list(self.SCALE)

    def test_marks_differ_in_form_and_have_their_word_beside_them(self, ax):
        figures.verdicts(ax, self.FRAME)
        assert len({line.get_marker() for line in ax.lines}) == 6
        places = rows_of(ax)
        for row, verdict in enumerate(self.FRAME["verdict"]):
            assert places[verdict] == pytest.approx(5 - row, abs=0.05)

    def test_words_stay_inside(self, ax):
        figures.verdicts(ax, self.FRAME)
        ax.figure.canvas.draw()
        for text in ax.texts:
            assert text.get_window_extent().x0 >= ax.bbox.x0
            assert text.get_window_extent().x1 <= ax.bbox.x1 + 2

    def test_only_verdicts_of_the_scale(self, ax):
        with pytest.raises(ValueError, match=r"No such verdict: 'suported' \(did you mean 'supported'\?\)"):
            figures.verdicts(ax, self.FRAME.assign(verdict="suported"))
