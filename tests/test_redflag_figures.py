"""From a sign to a chance, as figures: whole people, lines at their chances, ratios at their rows."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from drawings import written
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from firstsign import figures
from firstsign.redflag_figures import _whole

PRIORS = np.array([0.001, 0.01, 0.1, 0.5])
THRESHOLDS = np.array([0.01, 0.05, 0.1])


@pytest.fixture(params=[8, 4], ids=["wide", "narrow"])
def ax(request):
    made = figures.new(request.param)
    yield made
    plt.close("all")


def legend(ax):
    return [" ".join(text.get_text().split()) for text in ax.get_legend().get_texts()]


def lines(ax):
    """Label -> the line of that label."""
    return {" ".join(str(line.get_label()).split()): line for line in ax.lines}


class TestIconArray:
    NATURAL = pd.DataFrame({"people": [1000], "tp": [1.4], "fn": [5.6], "fp": [92.7], "tn": [900.3]})

    def test_everybody_has_one_seat_and_the_counts_are_said(self, ax):
        assert figures.icon_array(ax, self.NATURAL) is ax
        assert [len(one.get_offsets()) for one in ax.collections] == [1, 6, 93, 900]
        seats = np.vstack([one.get_offsets() for one in ax.collections])
        assert len(np.unique(seats, axis=0)) == 1000
        assert (seats.min(axis=0).tolist(), seats.max(axis=0).tolist()) == ([0, -19], [49, 0])
        assert legend(ax) == [
            "1 has the disease and the sign",
            "6 have the disease without the sign",
            "93 have the sign without the disease",
            "900 have neither",
        ]

    def test_the_four_differ_in_form_and_not_in_colour_alone(self, ax):
        figures.icon_array(ax, self.NATURAL)
        ill, missed, alarm, well = ax.collections
        assert len(ill.get_facecolor()) == len(alarm.get_facecolor()) == 1
        assert len(missed.get_facecolor()) == len(well.get_facecolor()) == 0
        assert tuple(ill.get_edgecolor()[0][:3]) == to_rgb(figures.COLOURS[1])
        assert len(ill.get_paths()[0].vertices) != len(alarm.get_paths()[0].vertices)

    def test_marks_leave_a_gap_between_seats(self, ax):
        figures.icon_array(ax, self.NATURAL, per_row=25)
        ax.figure.canvas.draw()
        apart = ax.transData.transform([(0, 0), (1, 0)])[:, 0]
        side = ax.collections[0].get_sizes()[0] ** 0.5 * ax.figure.dpi / 72
        assert 0.5 * np.ptp(apart) < side < 0.9 * np.ptp(apart)

    def test_nobody_with_the_disease(self, ax):
        figures.icon_array(ax, pd.DataFrame({"people": [7], "tp": [0.0], "fn": [0.0], "fp": [7.0], "tn": [0.0]}))
        ax.figure.canvas.draw()
        assert legend(ax)[0] == "0 have the disease and the sign"

    def test_slips(self, ax):
        with pytest.raises(ValueError, match=r"add up to 1000, and the people are 999"):
            figures.icon_array(ax, self.NATURAL.assign(people=999))
        with pytest.raises(ValueError, match="add up to nan"):
            figures.icon_array(ax, self.NATURAL.assign(tp=np.nan))
        with pytest.raises(ValueError, match="the frame has 2; choose one"):
            figures.icon_array(ax, pd.concat([self.NATURAL] * 2))
        with pytest.raises(ValueError, match="the people are 0; give one or more"):
            figures.icon_array(ax, 0 * self.NATURAL)

    @given(
        st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda parts: sum(parts) > 0.01), st.integers(1, 5000)
    )
    def test_whole_people_add_up_and_are_less_than_one_away(self, parts, people):
        exact = np.array(parts) / sum(parts) * people
        whole = _whole(exact, people)
        assert sum(whole) == people
        assert np.abs(np.array(whole) - exact).max() < 1


class TestPostTestCurves:
    FRAME = pd.concat(
        [
            pd.DataFrame({"prior": PRIORS, "post_test": PRIORS * lr / (1 - PRIORS + PRIORS * lr), "sign": sign})
            for sign, lr in (("cancer before", 10.0), ("weight loss", 2.0))
        ]
    )

    def test_a_line_for_each_sign_and_one_for_none(self, ax):
        assert figures.post_test_curves(ax, self.FRAME) is ax
        assert list(lines(ax)) == legend(ax) == ["cancer before", "weight loss", "no sign: the chance stays"]
        np.testing.assert_allclose(
            lines(ax)["cancer before"].get_ydata(), [0.00991, 0.09174, 0.52632, 0.90909], rtol=1e-3
        )
        np.testing.assert_allclose(*lines(ax)["no sign: the chance stays"].get_data())
        assert (ax.get_xscale(), ax.get_xlim(), ax.get_ylim()) == ("log", (0.001, 0.5), (0, 1))
        assert len({str(line.get_linestyle()) for line in ax.lines}) == 3

    def test_a_prior_is_marked_on_every_line(self, ax):
        figures.post_test_curves(ax, self.FRAME, prior=0.01)
        found = [line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "o"]
        np.testing.assert_allclose(found, [[0.01, 10 / 109], [0.01, 2 / 101]])
        assert legend(ax)[:2] == ["cancer before: 1 % becomes 9.2 %", "weight loss: 1 % becomes 2 %"]

    def test_between_two_priors_the_dot_lies_on_the_drawn_line(self, ax):
        figures.post_test_curves(ax, self.FRAME, prior=0.03)
        (dot, _) = (line.get_xydata() for line in ax.lines if line.get_marker() == "o")
        ends = ax.transData.transform([(0.01, 10 / 109), (0.1, 10 / 19)])
        x, y = ax.transData.transform(dot)[0]
        assert y == pytest.approx(np.interp(x, ends[:, 0], ends[:, 1]), abs=0.01)

    def test_slips(self, ax):
        with pytest.raises(
            ValueError, match=r"prior 0\.6 lies outside of the line of 'cancer before'.* 0\.001 to 0\.5"
        ):
            figures.post_test_curves(ax, self.FRAME, prior=0.6)
        with pytest.raises(ValueError, match=r"prior is 1\.5; it is a chance between 0 and 1"):
            figures.post_test_curves(ax, self.FRAME, prior=1.5)
        with pytest.raises(ValueError, match="8 signs cannot be told apart"):
            figures.post_test_curves(ax, self.FRAME.iloc[[0] * 8].assign(sign=list("abcdefgh")))
        with pytest.raises(ValueError, match="prior of 0 or 1 has no place"):
            figures.post_test_curves(ax, self.FRAME.assign(prior=[0, 0.1, 0.2, 0.3] * 2))


class TestChanceOverDays:
    FRAME = pd.DataFrame(
        {"day": [0, 14, 70], "chance": [0.01, 0.02, 0.08], "low": [0.005, 0.01, 0.04], "high": [0.02, 0.04, 0.1]}
    )

    def test_weeks_from_left_to_right_with_their_band(self, ax):
        assert figures.chance_over_days(ax, self.FRAME) is ax
        (line,) = ax.lines
        assert line.get_xydata().tolist() == [[0, 0.01], [2, 0.02], [10, 0.08]]
        assert {tuple(corner) for corner in ax.collections[0].get_paths()[0].vertices} >= {
            (10, 0.04),
            (10, 0.1),
            (0, 0.005),
        }
        assert ax.get_xlim() == (0, 10)
        assert ax.get_ylim() == pytest.approx((0, 0.112))
        assert ax.get_legend() is None

    def test_a_threshold_is_a_line_that_is_seen(self, ax):
        figures.chance_over_days(ax, self.FRAME[["day", "chance"]], threshold=0.25)
        assert list(ax.lines[-1].get_ydata()) == [0.25, 0.25]
        assert ax.get_ylim()[1] > 0.25
        ((text, *_),) = written(ax)
        assert text == "25 %"

    def test_groups_have_lines_of_their_own(self, ax):
        both = pd.concat([self.FRAME.assign(group="under 50"), self.FRAME.assign(group="50 and over", chance=0.05)])
        figures.chance_over_days(ax, both)
        assert legend(ax) == ["under 50", "50 and over"]
        assert list(lines(ax)["50 and over"].get_ydata()) == [0.05] * 3

    def test_a_chance_that_is_not_known_leaves_a_gap(self, ax):
        figures.chance_over_days(ax, self.FRAME[["day", "chance"]].assign(chance=np.nan))
        figures.chance_over_days(ax, self.FRAME[["day", "chance"]].head(1))
        ax.figure.canvas.draw()

    def test_slips(self, ax):
        with pytest.raises(ValueError, match="days of a line do not rise"):
            figures.chance_over_days(ax, pd.concat([self.FRAME, self.FRAME]))
        with pytest.raises(ValueError, match="threshold is 2; it is a chance"):
            figures.chance_over_days(ax, self.FRAME, threshold=2)


class TestSignsTogether:
    FRAME = pd.DataFrame(
        {
            "pattern": ["first and second", "first only", "neither"],
            "lr": [12.0, np.inf, 0.0],
            "low": [8.0, 1.5, 0.0],
            "high": [18.0, np.inf, 0.5],
            "lr_if_independent": [30.0, 2.5, 0.3],
        }
    )

    def test_dots_and_diamonds_on_their_rows(self, ax):
        assert figures.signs_together(ax, self.FRAME) is ax
        together, alone = lines(ax)["together, as counted"], lines(ax)["if they were independent"]
        np.testing.assert_allclose(together.get_xydata()[0], [12, 2.12])
        np.testing.assert_allclose(alone.get_xydata(), [[30, 1.82], [2.5, 0.82], [0.3, -0.18]])
        assert (together.get_marker(), alone.get_marker()) == ("o", "D")
        assert (ax.get_xscale(), legend(ax)) == ("log", ["together, as counted", "if they were independent"])

    def test_what_has_no_end_goes_to_the_edge_and_is_written(self, ax):
        figures.signs_together(ax, self.FRAME)
        low, high = ax.get_xlim()
        assert 0 < low < 0.3 < 30 < high < 100
        np.testing.assert_allclose(lines(ax)["together, as counted"].get_xdata(), [12, high, low])
        heights = {text: ax.transData.inverted().transform((0, y))[1] for text, _, y, _ in written(ax)}
        assert heights == pytest.approx({"12 (8 to 18)": 2, "∞ (1.5 to ∞)": 1, "0 (0 to 0.5)": 0}, abs=0.05)

    def test_a_ratio_that_is_not_known_is_refused(self, ax):
        with pytest.raises(ValueError, match="no likelihood ratio to draw for first only;"):
            figures.signs_together(ax, self.FRAME.assign(lr=[1, np.nan, 2]))


class TestDecisionCurves:
    FRAME = pd.concat(
        pd.DataFrame({"model": model, "threshold": THRESHOLDS, "net_benefit": benefit})
        for model, benefit in (
            ("ask", [0.005, 0.003, 0.001]),
            ("treat all", [0.004, -0.04, -0.09]),
            ("treat none", [0, 0, 0]),
        )
    )

    def test_net_benefit_per_thousand_from_a_little_below_nothing(self, ax):
        assert figures.decision_curves(ax, self.FRAME) is ax
        assert lines(ax)["ask"].get_xydata().tolist() == [[0.01, 5], [0.05, 3], [0.1, 1]]
        assert ax.get_ylim() == pytest.approx((-0.6, 5.4))
        ax.figure.canvas.draw()
        assert "10 %" in [label.get_text() for label in ax.get_xticklabels()]

    def test_treating_all_or_none_is_grey_and_tells_itself_apart(self, ax):
        figures.decision_curves(ax, self.FRAME)
        everybody, nobody = lines(ax)["treat all"], lines(ax)["treat none"]
        assert everybody.get_color() == nobody.get_color() == figures.QUIET
        assert everybody.get_linestyle() != nobody.get_linestyle()
        assert lines(ax)["ask"].get_color() == figures.COLOURS[0]

    def test_models_have_bands_where_these_are_known(self, ax):
        benefit = self.FRAME["net_benefit"]
        figures.decision_curves(ax, self.FRAME.assign(low=benefit - 0.001, high=benefit + 0.001))
        (band,) = ax.collections
        assert {(round(x, 6), round(y, 6)) for x, y in band.get_paths()[0].vertices} >= {
            (0.01, 4),
            (0.01, 6),
            (0.1, 0),
            (0.1, 2),
        }

    def test_eight_models_are_too_many(self, ax):
        many = pd.concat([self.FRAME.head(3).assign(model=name) for name in "abcdefgh"])
        with pytest.raises(ValueError, match="8 models cannot be told apart"):
            figures.decision_curves(ax, many)


class TestCascades:
    FRAME = pd.DataFrame(
        {
            "name": ["MRI at once", "X-ray, then MRI if it shows something"],
            "tests_per_case": [143.2, np.inf],
            "days_mean": [7.0, np.nan],
            "missed_per_100": [5.0, 40.0],
            "false_alarms_per_1000": [80.0, 12.0],
        }
    )

    @pytest.fixture
    def axes(self):
        yield figures.panels(4, columns=2, height=2.4, shared=False)[1]
        plt.close("all")

    def test_four_panels_with_a_row_for_each_way(self, axes):
        assert figures.cascades(axes, self.FRAME) is axes
        widths = [[bar.get_width() for bar in ax.patches] for ax in axes]
        assert widths == [[143.2, 0], [7, 0], [5, 40], [80, 12]]
        assert [bar.get_y() + bar.get_height() / 2 for bar in axes[0].patches] == [1, 0]
        assert axes[3].get_title() == "False alarms, of 1,000 people"

    def test_numbers_stand_at_the_bars_and_what_there_is_not_is_said(self, axes):
        figures.cascades(axes, self.FRAME)
        assert [[text for text, *_ in written(ax)] for ax in axes] == [
            ["143", "∞"],
            ["7", "–"],
            ["5", "40"],
            ["80", "12"],
        ]

    def test_only_the_panels_at_the_left_name_the_rows(self, axes):
        figures.cascades(axes, self.FRAME)
        named = ["".join(label.get_text() for label in ax.get_yticklabels()) != "" for ax in axes]
        assert named == [True, False, True, False]

    def test_slips(self, axes):
        with pytest.raises(ValueError, match="shown in 4 panels; 3 axes were given"):
            figures.cascades(axes[:3], self.FRAME)
        with pytest.raises(ValueError, match="no column 'days_mean'"):
            figures.cascades(axes, self.FRAME.drop(columns="days_mean"))
