"""The figure of a calibration: multiples of what is published, verdicts in markers, numbers beside the lines."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from drawings import written

from firstsign import figures
from firstsign.calibration_figures import LOOKS, NARROWEST, WIDEST

FRAME = pd.DataFrame(
    [
        ("With a lump", "share", 0.8, 0.78, 0.82, 0.84, 0.838, 0.842, "missed"),
        ("Median wait", "days", 20.0, 18.0, 22.0, 21.0, 20.0, 21.0, "met"),
        ("Never waits", "days", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "met"),
        ("Between two", "days", np.nan, 40.0, 60.0, 55.0, 54.0, 56.0, "conflicting"),
        ("Far more", "share", 0.01, 0.005, 0.02, 0.09, 0.08, 0.1, "context"),
        ("Far less", "years", 8.0, 7.0, 9.0, 1.0, 0.9, 1.1, "missed"),
        ("Nobody", "months", 8.0, 7.0, 9.0, np.nan, np.nan, np.nan, "missed"),
    ],
    columns=[
        *("target", "unit", "published", "low", "high"),
        *("simulated", "simulated_low", "simulated_high", "verdict"),
    ],
)


@pytest.fixture
def ax():
    yield figures.calibration(figures.new(8, 3), FRAME)
    plt.close("all")


def markers(ax):
    """(x, y) -> marker of everything drawn as one, the marks at 1 left out."""
    return {
        (round(float(x), 6), float(y)): line.get_marker()
        for line in ax.lines
        for x, y in zip(*line.get_data(), strict=True)
        if line.get_marker() not in ("|", "None") and not np.isnan(x)
    }


def bars(ax, label):
    return next(one for one in ax.collections if one.get_label() == label)


def test_simulated_numbers_stand_where_the_published_are_1_the_first_on_top(ax):
    assert markers(ax) == {
        (1.05, 6): "X",
        (1.05, 5): "o",
        (1.0, 4): "o",
        (1.1, 3): "D",
        (WIDEST, 2): ">",
        (NARROWEST, 1): "<",
    }
    assert [label.get_text() for label in ax.get_yticklabels()] == FRAME["target"].tolist()


def test_bars_are_the_published_intervals_a_range_around_its_middle(ax):
    ends = [segment[:, 0].tolist() for segment in bars(ax, "published, with its interval").get_segments()]
    expected = [[0.975, 1.025], [0.9, 1.1], [1, 1], [0.8, 1.2], [0.5, 2], [0.875, 1.125], [0.875, 1.125]]
    np.testing.assert_allclose(ends, expected)


def test_verdicts_differ_in_marker_and_in_colour_and_are_named(ax):
    assert len({look["marker"] for look in LOOKS.values()}) == len({look["color"] for look in LOOKS.values()}) == 4
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["published, with its interval", "met", "missed", "conflicting", "context"]


def test_only_the_verdicts_that_there_are_are_named():
    ax = figures.calibration(figures.new(), FRAME[FRAME["verdict"] == "met"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["published, with its interval", "met"]
    plt.close("all")


def test_numbers_are_written_beside_their_lines(ax):
    texts = written(ax)
    said = [text for text, *_ in texts]
    assert said[:4] == ["84", "for 80 (78–82) %", "21", "for 20 (18–22) days"]
    assert "for 40–60 days" in said
    assert said[-2:] == ["–", "for 8 (7–9) months"]
    heights = [y for *_, y, _ in texts]
    assert heights == sorted(heights, reverse=True)
    assert min(x for _, x, *_ in texts) > ax.get_window_extent().x1


def test_names_of_lines_do_not_touch():
    """At a quarter of an inch a row, as the docstring says."""
    frame = pd.concat([FRAME] * 4, ignore_index=True)
    ax = figures.calibration(figures.new(8, 0.25 * len(frame) + 1), frame)
    ax.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert all(above.y0 > below.y1 for above, below in pairwise(boxes))
    plt.close("all")


def test_a_frame_without_rows_is_refused():
    with pytest.raises(ValueError, match="no rows"):
        figures.calibration(figures.new(), FRAME[:0])
    plt.close("all")
