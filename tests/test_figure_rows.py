"""Rows of a figure: labels that fit, numbers as they are read, and frames that cannot be drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstsign import figure_rows, figures


@pytest.fixture(autouse=True)
def no_figures():
    yield
    plt.close("all")


class TestFormatter:
    @pytest.mark.parametrize(
        ("number", "text"),
        [
            (0, "0"),
            (0.06, "0.06"),
            (0.0674, "0.067"),
            (0.0996, "0.1"),
            (6.74, "6.7"),
            (6.0, "6"),
            (67.4, "67"),
            (143, "143"),
            (20.0, "20"),
            (16873, "16,873"),
            (-3.14, "−3.1"),
            (-1e-9, "0"),
            (np.nan, "–"),
            (np.inf, "∞"),
            (-np.inf, "−∞"),
        ],
    )
    def test_two_digits_or_all_before_the_point(self, number, text):
        assert figure_rows.formatter("number")(number) == text

    def test_shares_are_in_per_cent(self):
        written = figure_rows.formatter("share")
        assert (written(0.0604), written(0.0604, False), written(0.1), written(1)) == ("6 %", "6", "10 %", "100 %")

    def test_another_unit_is_refused(self):
        with pytest.raises(ValueError, match=r"unit is 'shares' \(did you mean 'share'\?\)"):
            figure_rows.formatter("shares")

    @given(st.floats(1e-4, 1e6))
    def test_what_is_written_is_close(self, number):
        text = figure_rows.formatter("number")(number).replace(",", "")
        assert float(text) == pytest.approx(number, rel=0.051)


class TestLabels:
    def test_narrow_figures_have_shorter_lines_and_breaks_stay(self):
        text = "back pain first,\nof everybody with metastases, found early or late"
        wide, slim = (figure_rows.folded(figures.new(width), text, 0.4).splitlines() for width in (8, 4))
        assert wide[0] == slim[0] == "back pain first,"
        assert max(map(len, slim)) <= 17 < max(map(len, wide)) <= 35
        assert " ".join(slim) == " ".join(wide) == text.replace("\n", " ")

    def test_a_dollar_begins_no_formula(self):
        assert figure_rows.folded(figures.new(), "$5 and $6") == r"\$5 and \$6"

    def test_a_line_is_named_on_the_side_with_more_room(self):
        ax = figures.new()
        ax.set_xlim(0, 1)
        figure_rows.name_line(ax, 0.1, "claimed", 0, "black")
        figure_rows.name_line(ax, 0.9, "claimed", 0, "black")
        assert [text.get_ha() for text in ax.texts] == ["left", "right"]

    def test_a_legend_stands_below_and_names_each_thing_once(self):
        ax = figures.new()
        figure_rows.legend_below(ax)
        assert ax.get_legend() is None
        for _ in range(2):
            ax.plot([0, 1], [0, 1], label="seen")
        figure_rows.legend_below(ax)
        ax.figure.canvas.draw()
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["seen"]
        assert ax.get_legend().get_window_extent().y1 < ax.bbox.y0 - 20


class TestAxes:
    def test_a_long_logarithmic_axis_has_few_ticks_where_it_is_narrow(self):
        texts = {}
        for width in (8, 4):
            ax = figures.new(width)
            ax.set_xscale("log")
            ax.set_xlim(0.001, 0.5)
            figure_rows.value_axis(ax, "share")
            ax.figure.canvas.draw()
            low, high = ax.get_xlim()
            places = zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
            texts[width] = [label.get_text() for x, label in places if low <= x <= high]
        assert texts[8] == [f"{number} %" for number in ("0.1", "0.2", "0.5", "1", "2", "5", "10", "20", "50")]
        assert texts[4] == ["0.1 %", "1 %", "10 %"]

    def test_ticks_are_exact_and_none_below_nothing(self):
        ax = figures.new()
        ax.set_xlim(-0.025, 0.2)
        ax.set_xticks([-0.025, 0, 0.125])
        figure_rows.in_percent(ax.xaxis)
        ax.figure.canvas.draw()
        assert [label.get_text() for label in ax.get_xticklabels()] == ["", "0 %", "12.5 %"]

    def test_one_value_leaves_the_axis_as_it_was(self):
        ax = figures.new()
        figure_rows.span(ax, [3.0, 3.0])
        assert ax.get_xlim() == (0, 1)
        figure_rows.span(ax, pd.Series([4.0, 3.0]))
        assert ax.get_xlim() == (3, 4)


class TestRefusals:
    FRAME = pd.DataFrame(
        {"label": ["a", "b", "c"], "low": [1, np.nan, 2], "high": [2, 3, np.inf], "estimate": [np.nan, 1, np.nan]}
    )

    def test_a_frame_without_columns_or_rows(self):
        with pytest.raises(ValueError, match=r"no column 'lows' .*'low'"):
            figure_rows.require(self.FRAME, ["label", "lows"])
        with pytest.raises(ValueError, match="has no rows"):
            figure_rows.require(self.FRAME.head(0), ["label"])

    def test_rows_with_nothing_to_draw_are_named(self):
        with pytest.raises(ValueError, match="nothing to draw for c; leave"):
            figure_rows.refuse_unknown(self.FRAME, "label", ["estimate"], ["low", "high"])
        with pytest.raises(ValueError, match="nothing to draw for b, c; leave"):
            figure_rows.refuse_unknown(self.FRAME, "label", ["low", "high"])

    def test_all_strange_words_are_named(self):
        with pytest.raises(
            ValueError, match=r"No such kind: 'publishd' \(did you mean 'published'\?\), 'x'. It is one of published"
        ):
            figure_rows.refuse_unlisted(pd.Series(["publishd", "published", "x"]), "kind", ["published"])
