"""Figures: what is drawn is what stands in the frame, in the right place, and can be seen by everyone."""

import base64
import json
import subprocess
import sys

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from matplotlib.container import ErrorbarContainer

import firstsign as fs
from firstsign import figures
from firstsign.palette import COLOURS, DASHES, ink
from firstsign.reports.running import Job, run_notebook

CURVE = pd.DataFrame(
    {
        "day": [10.0, 20.0, 40.0],
        "estimate": [1.0, 0.5, 0.0],
        "low": [np.nan, 0.2, np.nan],
        "high": [np.nan, 0.7, np.nan],
    }
)
AT_RISK = pd.DataFrame({"day": [0.0, 20.0, 40.0], "at_risk": [1200, 600, 0]})
SPELLS = pd.DataFrame(
    {
        "sign": ["lump", "lump", "lump", "pain", "pain", "pain"],
        "lower": [5.0, 30, 60, 20, 90, 200],
        "upper": [5.0, 30, 60, 20, 90, np.inf],
        "n": [40, 30, 10, 5, 5, 2],
    }
)


@pytest.fixture
def ax():
    made = figures.new()
    yield made
    plt.close("all")


def steps(ax):
    """Label -> (days, shares) of every step line."""
    return {
        line.get_label(): (list(line.get_xdata()), list(line.get_ydata()))
        for line in ax.lines
        if line.get_drawstyle() == "steps-post"
    }


def band_at(filled, day):
    """Lowest and highest edge of a filled band on a day inside a step."""
    corners = filled.get_paths()[0].vertices
    left = corners[corners[:, 0] <= day][:, 0].max()
    right = corners[corners[:, 0] > day][:, 0].min()
    level = {tuple(corner) for corner in corners[corners[:, 0] == left]} & {
        (left, y) for y in corners[corners[:, 0] == right][:, 1]
    }
    return sorted(y for _, y in level)


def dots(ax):
    """Label -> the error bars of that label: (x, y) of the dots and the segments of the whiskers."""
    return {
        one.get_label(): (
            np.column_stack(one.lines[0].get_data()).tolist(),
            [segment.tolist() for bars in one.lines[2] for segment in bars.get_segments()],
        )
        for one in ax.containers
        if isinstance(one, ErrorbarContainer)
    }


def written(ax):
    """Every annotation with text: (text, x, y of the middle, colour), x and y in pixels."""
    ax.figure.canvas.draw()
    found = []
    for text in ax.texts:
        box = text.get_window_extent()
        found.append((text.get_text(), (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, text.get_color()))
    return found


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


def test_panels_share_their_scales_and_spare_ones_are_gone():
    figure, axes = figures.panels(3, columns=2)
    assert len(axes) == len(figure.axes) == 3
    axes[0].set_xlim(0, 7)
    assert axes[2].get_xlim() == (0, 7)
    plt.close(figure)
    figure, (one, other) = figures.panels(2, shared=False)
    one.set_xlim(0, 7)
    assert other.get_xlim() != (0, 7)
    plt.close(figure)


def test_alt_text_is_every_title_in_one_line():
    figure, axes = figures.panels(2)
    assert figures.alt_text(figure) == "Figure"
    figure.suptitle("Four\nroutes")
    axes[0].set_title("urgent  route", loc="left")
    axes[1].set_title("other", loc="center")
    assert figures.alt_text(figure) == "Four routes; urgent route; other"
    plt.close(figure)


def test_the_style_can_be_set_outside_a_notebook():
    with plt.rc_context():
        figures.use_style()
        ax = figures.new()
        ax.set_title("Left")
        assert ax.get_title("left") == "Left"
        assert not ax.spines["top"].get_visible()
        plt.close("all")


DRAW = """\
ax = fs.figures.new()
fs.figures.delay_curve(ax, curve, fs.at_risk(spells, [0, 50, 100], by="sign"), by="sign")
ax.set_title('A lump waits < "pain" & more');"""


@pytest.fixture(scope="module")
def in_a_kernel(tmp_path_factory):
    """The outputs of a notebook's cells: one that draws nothing, the same figure in two, and then as PNG."""
    folder = tmp_path_factory.mktemp("kernel")
    SPELLS.to_csv(folder / "spells.csv", index=False)
    begin = "import pandas as pd\nimport firstsign as fs\nfs.figures.use_style()\nspells = pd.read_csv('spells.csv')\n"
    png = "from matplotlib_inline.backend_inline import set_matplotlib_formats\nset_matplotlib_formats('png')\n"
    sources = [begin + "curve = fs.kaplan_meier(spells, by='sign')", DRAW, DRAW, png + DRAW]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(notebook, folder / "drawing.ipynb")
    files = {"spells.csv": folder / "spells.csv"}
    job = Job("drawing", folder / "drawing.ipynb", folder / "executed.ipynb", {}, folder, files, timeout=100)
    assert run_notebook(job).failure is None
    return [cell["outputs"] for cell in json.loads(job.output.read_text())["cells"]]


class TestInAKernel:
    def test_a_figure_is_svg_with_its_title_in_words(self, in_a_kernel):
        for outputs in in_a_kernel[1:3]:
            (output,) = outputs
            assert set(output["data"]) == {"image/svg+xml", "text/plain"}
            assert output["metadata"]["image/svg+xml"] == {"alt": 'A lump waits < "pain" & more'}
            assert "<dc:date>" not in "".join(output["data"]["image/svg+xml"])

    def test_the_same_figure_has_the_same_bytes(self, in_a_kernel):
        once, again = ("".join(outputs[0]["data"]["image/svg+xml"]) for outputs in in_a_kernel[1:3])
        assert once == again

    def test_png_works_too(self, in_a_kernel):
        (output,) = in_a_kernel[3]
        assert base64.b64decode(output["data"]["image/png"]).startswith(b"\x89PNG")

    def test_nothing_but_the_figures_appears(self, in_a_kernel):
        assert [len(outputs) for outputs in in_a_kernel] == [0, 1, 1, 1]


def test_another_process_draws_the_same_bytes():
    """Colours, paths and their names come from the frame and a fixed salt, not from the process."""
    code = (
        "import hashlib, pandas as pd, matplotlib; matplotlib.use('agg'); from firstsign import figures\n"
        "figures.use_style(); ax = figures.new()\n"
        "curve = pd.DataFrame({'day': [1.0, 2], 'estimate': [0.5, 0.2], 'low': 0.1, 'high': 0.6})\n"
        "figures.delay_curve(ax, curve)\n"
        "print(hashlib.sha256(figures._as_svg(ax.figure)[0].encode()).hexdigest())"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    hashes = {run.communicate(timeout=60)[0] for run in runs}
    assert len(hashes) == 1
    assert len(hashes.pop().strip()) == 64
