"""Naive beside corrected: each curve in its panel, the truth in both, the words at the lines they name."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from drawings import AT_RISK, CURVE, band_at, dots, steps, written

import firstsign as fs
from firstsign import figures
from firstsign.comparison_figures import CORRECTED, NAIVE

DAYS = np.arange(1.0, 101)
NAIVE_CURVE = pd.DataFrame({"day": DAYS, "estimate": np.exp(-DAYS / 20)})
TRUE_CURVE = pd.DataFrame({"day": DAYS, "estimate": np.exp(-DAYS / 50)})
BETTER = TRUE_CURVE.assign(low=TRUE_CURVE["estimate"] - 0.1, high=TRUE_CURVE["estimate"] + 0.1)


@pytest.fixture
def axes():
    yield figures.panels(2, gap=0.1)[1]
    plt.close("all")


@pytest.fixture
def ax():
    yield figures.new()
    plt.close("all")


class TestNaiveAgainstCorrected:
    def test_each_in_its_panel_and_the_truth_in_both(self, axes):
        assert figures.naive_against_corrected(axes, NAIVE_CURVE, BETTER, TRUE_CURVE) is axes
        for ax, name, curve in zip(axes, ("naive", "corrected"), (NAIVE_CURVE, BETTER), strict=True):
            assert steps(ax) == {
                name: ([0, *DAYS], [1, *curve["estimate"]]),
                "truth": ([0, *DAYS], [1, *TRUE_CURVE["estimate"]]),
            }
        assert [ax.lines[0].get_color() for ax in axes] == [NAIVE, CORRECTED]
        assert band_at(axes[1].collections[0], 50.5) == list(BETTER.loc[49, ["low", "high"]])
        assert axes[0].get_xlim() == axes[1].get_xlim() == (0, 100)

    def test_lines_differ_in_dashes_too(self, axes):
        figures.naive_against_corrected(axes, NAIVE_CURVE, BETTER, TRUE_CURVE)
        assert [[line.get_linestyle() for line in ax.lines] for ax in axes] == [["--", ":"], ["-", ":"]]

    def test_words_stand_at_their_lines_the_upper_above_the_lower_below(self, axes):
        figures.naive_against_corrected(axes, NAIVE_CURVE, BETTER, TRUE_CURVE)
        ax = axes[0]
        for text, x, y, _ in written(ax):
            day, share = ax.transData.inverted().transform((x, y))
            line = {"naive": NAIVE_CURVE, "truth": TRUE_CURVE}[text]
            height = np.interp(day, line["day"], line["estimate"])
            assert (share > height) == (text == "truth")
            assert abs(share - height) < 0.2
            assert 0 < share < 1

    def test_one_line_has_its_word_and_needs_no_truth(self, axes):
        figures.naive_against_corrected(axes, NAIVE_CURVE, BETTER, what=("of the diagnosed", "of all"))
        assert [[text for text, *_ in written(ax)] for ax in axes] == [["of the diagnosed"], ["of all"]]

    def test_shares_that_rise_begin_at_nothing(self, axes):
        ended = [curve.assign(estimate=1 - curve["estimate"]) for curve in (NAIVE_CURVE, TRUE_CURVE)]
        figures.naive_against_corrected(axes, *ended, rising=True)
        assert [next(iter(steps(ax).values()))[1][0] for ax in axes] == [0, 0]
        assert axes[0].get_ylabel() == "Share of people"

    def test_numbers_at_risk_under_each_in_its_colour(self, axes):
        figures.naive_against_corrected(axes, CURVE, CURVE, at_risk=(AT_RISK, AT_RISK.assign(at_risk=[9, 8, 7])))
        left, right = ([text for text, *_ in written(ax)] for ax in axes)
        assert [text for text in left if text != "naive"] == ["At risk", "1,200", "600", "0"]
        assert [text for text in right if text and text != "corrected"] == ["9", "8", "7"]
        assert axes[0].texts[-1].get_color() != axes[1].texts[-1].get_color()

    def test_numbers_of_two_panels_do_not_touch(self, axes):
        many = AT_RISK.assign(at_risk=123456)
        figures.naive_against_corrected(axes, CURVE, CURVE, at_risk=(many, many), until=40)
        axes[0].figure.canvas.draw()
        last, first = axes[0].texts[-1].get_window_extent(), axes[1].texts[-3].get_window_extent()
        assert last.x1 < first.x0

    def test_a_turnbull_curve_has_its_boxes(self, axes):
        curve = fs.turnbull(pd.DataFrame({"lower": [0.0, 10, 20], "upper": [15.0, 30, np.inf]}))
        figures.naive_against_corrected(axes, NAIVE_CURVE, curve, until=50)
        falls = curve[curve["drop_from"] < curve["day"]].iloc[0]
        assert len(band_at(axes[1].collections[0], (falls["drop_from"] + falls["day"]) / 2)) == 2


class TestBesideTruth:
    FRAME = pd.DataFrame(
        {
            "what": ["median", "share"],
            "naive": [40.0, 0.3],
            "naive_low": [35.0, np.nan],
            "naive_high": [45.0, np.nan],
            "corrected": [100.0, np.nan],
            "low": [80.0, np.nan],
            "high": [125.0, np.nan],
            "truth": [100.0, 0.1],
        }
    )

    def test_numbers_as_multiples_of_their_truths_the_first_on_top(self, ax):
        assert figures.beside_truth(ax, self.FRAME) is ax
        found = dots(ax)
        np.testing.assert_allclose(found["naive"][0], [[0.4, 1.15], [3, 0.15]])
        np.testing.assert_allclose(found["naive"][1][0], [[0.35, 1.15], [0.45, 1.15]])
        np.testing.assert_allclose(found["corrected"][1][0], [[0.8, 0.85], [1.25, 0.85]])
        assert [label.get_text() for label in ax.get_yticklabels()] == ["median", "share"]
        assert ax.get_xlim()[0] < 0.35
        assert ax.get_xlim()[1] > 3

    def test_names_what_is_what(self, ax):
        figures.beside_truth(ax, self.FRAME)
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["truth", "naive", "corrected"]

    def test_a_number_of_nothing_is_drawn_without_complaint(self, ax):
        figures.beside_truth(ax, self.FRAME.assign(naive=0.0, naive_low=0.0))
        ax.figure.canvas.draw()

    @pytest.mark.parametrize("truth", [0.0, np.nan, -1.0])
    def test_a_truth_that_is_no_measure_is_refused(self, ax, truth):
        with pytest.raises(ValueError, match="not known: share"):
            figures.beside_truth(ax, self.FRAME.assign(truth=[100, truth]))
