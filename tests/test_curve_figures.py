"""Curves as figures: what is drawn is what stands in the frame, in the right place, and can be seen by everyone."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from drawings import AT_RISK, CURVE, SPELLS, band_at, dots, steps, written
from matplotlib.colors import to_rgba

import firstsign as fs
from firstsign import figures
from firstsign.palette import COLOURS, DASHES, ink


@pytest.fixture
def ax():
    made = figures.new()
    yield made
    plt.close("all")


class TestDelayCurve:
    def test_steps_are_the_values_of_the_frame(self, ax):
        assert figures.delay_curve(ax, CURVE) is ax
        assert list(steps(ax).values()) == [([0, 10, 20, 40], [1, 1, 0.5, 0])]
        assert ax.get_xlim() == (0, 40)
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("Days", "Still waiting")

    def test_the_band_fills_between_the_bounds_and_closes_where_there_are_none(self, ax):
        figures.delay_curve(ax, CURVE)
        (filled,) = ax.collections
        assert band_at(filled, 30) == [0.2, 0.7]
        assert band_at(filled, 5) == band_at(filled, 15) == [1.0]
        assert filled.get_facecolor()[0].tolist() == list(to_rgba(COLOURS[0], 0.18))

    def test_what_is_drawn_is_what_was_estimated(self, ax):
        curve = fs.kaplan_meier(SPELLS, by="sign")
        figures.delay_curve(ax, curve, by="sign")
        drawn = steps(ax)
        assert list(drawn) == ["lump", "pain"]
        for filled, (sign, rows) in zip(ax.collections, curve.groupby("sign"), strict=True):
            assert drawn[sign] == ([0, *rows["day"]], [1, *rows["estimate"]])
            for row in rows[:-1].itertuples():
                assert band_at(filled, row.day + 0.5) == [row.low, row.high]
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["lump", "pain"]

    def test_groups_differ_in_colour_and_in_dashes(self, ax):
        curve = pd.concat([CURVE.assign(sign=name) for name in "abcdefg"])
        figures.delay_curve(ax, curve, by="sign")
        assert [line.get_color() for line in ax.lines] == list(COLOURS)
        dashes = [str(line._dash_pattern) for line in ax.lines]
        assert len(set(dashes)) == len(DASHES)

    def test_an_eighth_group_is_refused(self, ax):
        with pytest.raises(ValueError, match="8 groups"):
            figures.delay_curve(ax, pd.concat([CURVE.assign(sign=name) for name in "abcdefgh"]), by="sign")

    def test_a_group_without_a_name_is_not_known(self, ax):
        curve = pd.concat([CURVE.assign(sign="lump"), CURVE.assign(sign=None)])
        figures.delay_curve(ax, curve, AT_RISK.assign(sign=None), by="sign")
        assert list(steps(ax)) == ["lump", "not known"]
        assert "not known" in [text for text, *_ in written(ax)]

    def test_dollars_begin_no_formula(self, ax):
        figures.delay_curve(ax, CURVE.assign(sign=r"$\frac$"), by="sign")
        ax.figure.canvas.draw()

    def test_a_wait_of_no_day_at_all(self, ax):
        figures.delay_curve(ax, pd.DataFrame({"day": [0.0], "estimate": [0.0], "low": [np.nan], "high": [np.nan]}))
        assert ax.get_xlim() == (0, 1)

    def test_shares_are_per_cent_and_thousands_of_days_have_commas(self, ax):
        figures.delay_curve(ax, CURVE, until=5000)
        ax.figure.canvas.draw()
        assert [label.get_text() for label in ax.get_yticklabels()][:2] == ["0 %", "20 %"]
        assert "2,000" in [label.get_text() for label in ax.get_xticklabels()]


class TestNumberAtRisk:
    def test_each_stands_under_its_day_and_below_the_axis(self, ax):
        figures.delay_curve(ax, CURVE, AT_RISK)
        found = {text: (x, y) for text, x, y, _ in written(ax)}
        for row in AT_RISK.itertuples():
            x, y = found[f"{row.at_risk:,}"]
            assert x == pytest.approx(ax.transData.transform((row.day, 0))[0], abs=1)
            assert y < ax.xaxis.label.get_window_extent().y0
        assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "20", "40"], "a day to read each at"
        assert found["At risk"][1] == pytest.approx(found["600"][1], abs=2)
        assert found["At risk"][0] < found["1,200"][0]

    def test_groups_have_a_line_each_in_their_colour(self, ax):
        risk = pd.concat([AT_RISK.assign(sign="lump"), AT_RISK.assign(at_risk=[80, 70, 60], sign="pain")])
        curve = pd.concat([CURVE.assign(sign="lump"), CURVE.assign(sign="pain")])
        figures.delay_curve(ax, curve, risk, by="sign")
        found = {text: (y, colour) for text, _, y, colour in written(ax)}
        assert found["1,200"][0] == pytest.approx(found["lump"][0], abs=2)
        assert found["80"][0] == found["60"][0] == pytest.approx(found["pain"][0], abs=4)
        assert found["At risk"][0] > found["lump"][0] + 10 > found["pain"][0] + 20
        assert found["80"][1] == found["pain"][1] == ink(COLOURS[1]) != found["lump"][1]

    def test_a_day_that_is_not_shown_has_no_number(self, ax):
        figures.delay_curve(ax, CURVE, AT_RISK, until=20)
        assert {text for text, *_ in written(ax)} == {"At risk", "1,200", "600"}

    def test_days_in_any_order(self, ax):
        figures.delay_curve(ax, CURVE, AT_RISK[::-1])
        assert len(ax.texts) == 4


def test_a_fitted_curve_lies_over_the_counted_one(ax):
    figures.delay_curve(ax, CURVE)
    survival = pd.DataFrame({"day": [0.0, 20.0, 40.0], "estimate": [1.0, 0.6, 0.3]})
    figures.fitted_curve(ax, survival, "lognormal", COLOURS[1])
    counted, fitted = ax.lines
    np.testing.assert_array_equal(np.column_stack(fitted.get_data()), survival)
    assert fitted.get_zorder() > counted.get_zorder()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["lognormal"]


def test_a_counted_curve_can_have_a_name_of_its_own(ax):
    figures.delay_curve(ax, CURVE, label="counted")
    assert list(steps(ax)) == ["counted"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["counted"]


def test_a_banded_curve_has_dots_at_the_edges_and_boxes_between(ax):
    curve = CURVE.assign(estimate=[0.8, 0.5, 0.2], low=[0.7, np.nan, 0.1], high=[0.9, np.nan, 0.3])
    figures.banded_curve(ax, curve)
    assert steps(ax) == {}, "between the edges nothing is known, so no line is drawn"
    ((points, whiskers),) = dots(ax).values()
    assert points == [[10, 0.8], [20, 0.5], [40, 0.2]]
    np.testing.assert_allclose(
        whiskers, [[[10, 0.7], [10, 0.9]], [[20, 0.5], [20, 0.5]], [[40, 0.1], [40, 0.3]]], rtol=1e-12
    )
    boxes = [box.get_paths()[0].get_extents().get_points().tolist() for box in ax.collections[:3]]
    assert boxes == [[[0, 0.8], [10, 1]], [[10, 0.5], [20, 0.8]], [[20, 0.2], [40, 0.5]]]


def test_incidence_begins_at_nothing_and_follows_the_frame(ax):
    spells = SPELLS.assign(cause=["diagnosis", "diagnosis", "death", "diagnosis", "death", "censored"])
    curve = fs.cumulative_incidence(spells)
    figures.incidence(ax, curve, until=365, colours={"diagnosis": COLOURS[0], "death": COLOURS[6]})
    for cause, rows in curve.groupby("cause"):
        assert steps(ax)[cause] == ([0, *rows["day"]], [0, *rows["estimate"]])
    assert {line.get_label(): line.get_color() for line in ax.lines} == {"death": COLOURS[6], "diagnosis": COLOURS[0]}
    assert ax.get_ylabel() == "Share of people"
    for filled, (_, rows) in zip(ax.collections, curve.groupby("cause", sort=False), strict=True):
        last = rows.iloc[-2]
        assert band_at(filled, last["day"] + 0.5) == [last["low"], last["high"]]


def test_curves_of_several_groups_are_not_drawn_as_one(ax):
    curve = fs.cumulative_incidence(SPELLS.assign(cause=["diagnosis"] * 5 + ["censored"]), by="sign")
    with pytest.raises(ValueError, match="which column tells them apart"):
        figures.incidence(ax, curve)
    with pytest.raises(ValueError, match="which column tells them apart"):
        figures.delay_curve(ax, fs.kaplan_meier(SPELLS, by="sign"))


TURNBULL = pd.DataFrame(
    {
        "day": [10.0, 15, 40, 60],
        "estimate": [0.8, 0.5, 0.5, 0.1],
        "low": np.nan,
        "high": np.nan,
        "drop_from": [4.0, 15, 40, 40],
    }
)


class TestTurnbullCurve:
    def test_the_line_stops_where_the_curve_is_not_known(self, ax):
        """It falls somewhere in (4, 10], on day 15, and somewhere in (40, 60]; day 40 is a censoring."""
        assert figures.turnbull_curve(ax, TURNBULL) is ax
        ((days, shares),) = steps(ax).values()
        known = dict(zip(days, shares, strict=True))
        assert (known[0], known[10], known[15], known[60]) == (1, 0.8, 0.5, 0.1)
        assert np.isnan([known[4], known[40]]).all()

    def test_a_box_spans_each_fall_that_is_not_on_a_day(self, ax):
        figures.turnbull_curve(ax, TURNBULL)
        (filled,) = ax.collections
        assert band_at(filled, 7) == [0.8, 1.0]
        assert band_at(filled, 50) == [0.1, 0.5]
        assert band_at(filled, 12) == [0.8]
        assert band_at(filled, 20) == [0.5]

    def test_bounds_are_dotted_lines(self, ax):
        figures.turnbull_curve(ax, TURNBULL.assign(low=[0.7, 0.4, 0.4, np.nan], high=[0.9, 0.6, 0.6, np.nan]))
        _, low, high = ax.lines
        assert (list(low.get_ydata()), list(high.get_ydata())) == ([1, 0.7, 0.4, 0.4, 0.1], [1, 0.9, 0.6, 0.6, 0.1])
        assert (low.get_linestyle(), high.get_linestyle()) == (":", ":")

    def test_what_was_estimated_from_bands(self, ax):
        spells = pd.DataFrame({"lower": [0.0, 5, 10, 30], "upper": [7.0, 12, 40, np.inf], "n": [3, 4, 5, 6]})
        curve = fs.turnbull(spells)
        figures.turnbull_curve(ax, curve, until=50, label="visits")
        (filled,) = ax.collections
        before = 1.0
        for row in curve.itertuples():
            if row.drop_from < row.day:
                assert band_at(filled, (row.drop_from + row.day) / 2) == pytest.approx([row.estimate, before])
            before = row.estimate
        assert list(steps(ax)) == ["visits"]

    def test_known_days_leave_no_box(self, ax):
        curve = fs.turnbull(SPELLS, by="sign")
        figures.turnbull_curve(ax, curve, by="sign")
        for filled, (sign, rows) in zip(ax.collections, curve.groupby("sign"), strict=True):
            assert all(len(band_at(filled, day + 0.5)) == 1 for day in rows["day"][:-1])
            days, shares = steps(ax)[sign]
            assert dict(zip(days, shares, strict=True)) == {0.0: 1.0, **dict(rows[["day", "estimate"]].to_numpy())}


class TestRightTruncatedCurve:
    SEEN = pd.DataFrame({"lower": [5.0, 10, 20], "upper": [5.0, 10, 20], "limit": [30.0, 90, 60]})

    def test_says_within_how_many_days_and_greys_the_rest(self, ax):
        curve = fs.right_truncated(self.SEEN)
        figures.right_truncated_curve(ax, curve, until=120)
        assert list(steps(ax).values()) == [([0, *curve["day"]], [1, *curve["estimate"]])]
        assert ax.get_ylabel() == "Still waiting,\nof delays within 90 days"
        (grey,) = ax.patches
        assert (grey.get_x(), grey.get_x() + grey.get_width()) == (90, 120)
        assert ax.get_xlim() == (0, 120)

    def test_nothing_is_conditional_without_a_limit(self, ax):
        figures.right_truncated_curve(ax, fs.right_truncated(self.SEEN.assign(limit=np.inf)))
        assert ax.get_ylabel() == "Still waiting"
        assert not ax.patches

    def test_groups_with_limits_of_their_own(self, ax):
        curve = fs.right_truncated(pd.concat([self.SEEN.assign(k="a"), self.SEEN.assign(k="b", limit=1500.0)]), by="k")
        figures.right_truncated_curve(ax, curve, by="k")
        assert ax.get_ylabel() == "Still waiting,\nof delays within 90 to 1,500 days"


class TestCumulativeHazard:
    def test_begins_at_nothing_and_follows_the_frame(self, ax):
        hazard = fs.nelson_aalen(SPELLS, by="sign")
        figures.cumulative_hazard(ax, hazard, fs.at_risk(SPELLS, [0, 50, 100], by="sign"), by="sign", until=100)
        for sign, rows in hazard.groupby("sign"):
            assert steps(ax)[sign] == ([0, *rows["day"]], [0, *rows["estimate"]])
        assert ax.get_xlim() == (0, 100)
        assert ax.get_ylim()[1] > hazard.loc[hazard["day"] <= 100, "high"].max()
        assert "ends a person" in ax.get_ylabel()
        assert {"80", "12"} <= {text for text, *_ in written(ax)}

    def test_nobody_ended(self, ax):
        figures.cumulative_hazard(ax, fs.nelson_aalen(pd.DataFrame({"lower": [9.0], "upper": [np.inf]})))
        ax.figure.canvas.draw()
        assert list(steps(ax).values()) == [([0, 9], [0, 0])]
