"""Estimates as figures: dots, intervals, bars and their numbers, each on its line."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from drawings import dots, written

import firstsign as fs
from firstsign import figures


@pytest.fixture
def ax():
    made = figures.new()
    yield made
    plt.close("all")


class TestShares:
    FRAME = pd.DataFrame(
        {
            "numerator": ["lump", "pain", "nobody asked", "weight loss"],
            "x": [1200, 60, 0, 60],
            "n": [2000, 2000, 0, 2000],
            "share": [0.6, 0.03, np.nan, 0.03],
            "low": [0.58, 0.02, 0.0, 0.02],
            "high": [0.62, 0.04, 1.0, 0.04],
        }
    )

    def test_the_largest_on_top_and_what_is_not_known_at_the_bottom(self, ax):
        figures.shares(ax, self.FRAME)
        assert [label.get_text() for label in ax.get_yticklabels()] == ["nobody asked", "pain", "weight loss", "lump"]
        ax.figure.canvas.draw()

    def test_dots_and_whiskers_are_the_frame(self, ax):
        figures.shares(ax, self.FRAME.drop(index=2))
        points, whiskers = dots(ax)["counted here"]
        assert points == [[0.03, 0.1], [0.03, 1.1], [0.6, 2.1]]
        np.testing.assert_allclose(whiskers[2], [[0.58, 2.1], [0.62, 2.1]], rtol=1e-12)

    def test_counts_stand_beside_their_line(self, ax):
        figures.shares(ax, self.FRAME)
        for text, x, y, _ in written(ax):
            assert x > ax.bbox.x1
            row = {"0 of 0": 0, "60 of 2,000": None, "1,200 of 2,000": 3}[text]
            assert row is None or y == pytest.approx(ax.transData.transform((0, row))[1], abs=3)
        assert len(ax.texts) == 4

    def test_published_ones_stand_beside_the_same_name(self, ax):
        published = pd.DataFrame({"numerator": ["pain", "cough", "lump"], "share": [0.01, 0.5, 0.83]})
        figures.shares(ax, self.FRAME, published=published)
        points, whiskers = dots(ax)["published"]
        np.testing.assert_allclose(points, [[0.01, 0.85], [0.83, 2.85]])
        np.testing.assert_allclose(np.ptp(whiskers, axis=1), 0)
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["counted here", "published"]


class TestStackedIntervals:
    MEANS = pd.DataFrame(
        {
            "stage": [1, 1, 4, 4],
            "interval": ["patient", "primary_care", "patient", "primary_care"],
            "mean_days": [10.0, 30.0, 5.0, 15.0],
            "n": [1500, 1500, 20, 20],
        }
    )

    def test_parts_lie_end_to_end_the_longest_on_top(self, ax):
        figures.stacked_intervals(ax, self.MEANS, "stage", ["patient", "primary_care"])
        bars = [(bar.get_x(), bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in ax.patches]
        np.testing.assert_allclose(bars, [(0, 5, 0), (0, 10, 1), (5, 15, 0), (10, 30, 1)])
        assert [label.get_text() for label in ax.get_yticklabels()] == ["4", "1"]
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["patient", "primary care"]

    def test_numbers_lie_in_their_bars_and_totals_behind_them(self, ax):
        figures.stacked_intervals(ax, self.MEANS, "stage", ["patient", "primary_care"])
        found = {text.strip(): ax.transData.inverted().transform((x, y)) for text, x, y, _ in written(ax)}
        np.testing.assert_allclose(found["30"], [25, 1], atol=0.15)
        np.testing.assert_allclose(found["15"], [12.5, 0], atol=0.15)
        assert found["40 days  (n = 1,500)"][0] > 40
        assert found["20 days  (n = 20)"][1] == pytest.approx(0, abs=0.1)

    def test_a_missing_part_is_refused_with_the_name_of_the_group(self, ax):
        with pytest.raises(ValueError, match="part of the way of 4:"):
            figures.stacked_intervals(ax, self.MEANS.iloc[:3], "stage", ["patient", "primary_care"])

    def test_more_parts_than_colours_are_refused_not_left_out(self, ax):
        with pytest.raises(ValueError, match="8 parts cannot be told apart"):
            figures.stacked_intervals(ax, self.MEANS, "stage", list("abcdefgh"))


class TestForest:
    FRAME = pd.DataFrame(
        {
            "term": ["age", "sex[T.man]"],
            "estimate": np.log([1.25, 0.5]),
            "low": np.log([1.0, 0.25]),
            "high": [np.log(2), np.nan],
        }
    )

    def test_the_first_on_top_with_its_interval(self, ax):
        assert figures.forest(ax, self.FRAME) is ax
        ((points, whiskers),) = dots(ax).values()
        np.testing.assert_allclose(points, [[np.log(1.25), 1], [np.log(0.5), 0]])
        np.testing.assert_allclose(whiskers[0], [[0, 1], [np.log(2), 1]], atol=1e-15)
        assert [label.get_text() for label in ax.get_yticklabels()] == ["age", "sex[T.man]"]

    def test_ratios_stand_on_a_logarithmic_axis_with_one_marked(self, ax):
        figures.forest(ax, self.FRAME, ratio=True)
        ((points, _),) = dots(ax).values()
        np.testing.assert_allclose(points, [[1.25, 1], [0.5, 0]])
        assert ax.get_xscale() == "log"
        assert [line.get_xdata() for line in ax.lines if line.get_linestyle() == ":"] == [[1, 1]]
        ax.figure.canvas.draw()
        assert "0.5" in [label.get_text() for label in ax.get_xticklabels()]

    def test_numbers_are_written_out_on_their_lines(self, ax):
        figures.forest(ax, self.FRAME, ratio=True)
        heights = {text: ax.transData.inverted().transform((0, y))[1] for text, _, y, _ in written(ax)}
        assert heights == pytest.approx({"1.25 (1.00 to 2.00)": 1, "0.50": 0}, abs=0.1)

    def test_restricted_means_without_a_line_for_no_effect(self, ax):
        spells = pd.DataFrame(
            {"route": ["GP"] * 2 + ["screening"] * 2, "lower": [10.0, 90, 20, 30], "upper": [10.0, 90, 20, 30]}
        )
        means = fs.restricted_mean(spells, 60, by="route")
        figures.forest(ax, means, value="mean_days", label="route")
        ((points, _),) = dots(ax).values()
        assert points == [[35, 1], [25, 0]]
        assert ax.get_xscale() == "linear"
        assert not [line for line in ax.lines if line.get_linestyle() == ":"]

    def test_an_interval_without_end(self, ax):
        endless = self.FRAME.assign(estimate=[0.1, 900], low=[-np.inf, -5e5], high=[np.inf, 5e5])
        figures.forest(ax, endless, ratio=True)
        ax.figure.canvas.draw()
        assert np.isfinite(ax.get_xlim()).all()

    def test_slips_are_named(self, ax):
        with pytest.raises(ValueError, match=r"no column 'estimat'.*'estimate'"):
            figures.forest(ax, self.FRAME, value="estimat")
        with pytest.raises(ValueError, match="no column 'high'"):
            figures.forest(ax, self.FRAME.drop(columns="high"))
        with pytest.raises(ValueError, match="no estimate to draw for age;"):
            figures.forest(ax, self.FRAME.assign(estimate=[np.nan, 1]))


class TestByQuantile:
    FRAME = pd.DataFrame({"q": [0.9, 0.5], "estimate": [40.0, 5.0], "low": [10.0, 2.0], "high": [70.0, 8.0]})

    def test_estimates_from_the_short_delays_to_the_long(self, ax):
        assert figures.by_quantile(ax, self.FRAME) is ax
        line, zero = ax.lines
        assert (list(line.get_xdata()), list(line.get_ydata())) == ([0.5, 0.9], [5, 40])
        assert list(zero.get_ydata()) == [0, 0]
        corners = ax.collections[0].get_paths()[0].vertices
        assert {tuple(corner) for corner in corners} == {(0.5, 2), (0.5, 8), (0.9, 10), (0.9, 70)}

    def test_several_terms_are_not_one_line(self, ax):
        with pytest.raises(ValueError, match="choose the rows of one term"):
            figures.by_quantile(ax, pd.concat([self.FRAME, self.FRAME]))
