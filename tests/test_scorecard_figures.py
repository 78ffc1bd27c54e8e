"""The figure of a scorecard: cells in their places, what is written in them, and colours that say the same."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from drawings import written
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from firstsign import figures
from firstsign.palette import _luminance
from firstsign.scorecard_figures import CLASS_COLOURS

COLUMNS = [
    *("under", "estimator", "estimand", "unit", "refused", "bias", "bias_low", "bias_high"),
    *("coverage", "coverage_low", "coverage_high"),
]
FRAME = pd.DataFrame(
    [
        ("none", "naive", "a share", "share", 0, -0.001, -0.004, 0.002, 0.94, 0.9, 0.97),
        ("none", "median", "days waited", "days", 0, 3.21, 3.0, 3.4, 0.85, 0.8, 0.9),
        ("none", "mean", "days waited", "days", 3, -20.0, -21.0, -19.0, 0.6, 0.5, 0.7),
        ("heaping", "naive", "a share", "share", 0, 0.062, 0.05, 0.07, 0.05, 0.02, 0.1),
        ("heaping", "median", "days waited", "days", 9, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan),
        ("heaping", "mean", "days waited", "days", 0, 0.0, -1.0, 1.0, 0.99, 0.96, 1.0),
    ],
    columns=COLUMNS,
)


@pytest.fixture
def ax():
    yield figures.scorecard(figures.new(6, 4), FRAME)
    plt.close("all")


def cells(ax):
    """(column, estimator from the bottom) -> colour, hatch."""
    found = [one for one in ax.patches if isinstance(one, Rectangle)]
    rows = sorted({round(one.get_y() + one.get_height() / 2, 6) for one in found})
    return {
        (int(one.get_x()), rows.index(round(one.get_y() + one.get_height() / 2, 6))): (
            to_hex(one.get_facecolor()).upper(),
            one.get_hatch(),
        )
        for one in found
    }


def test_a_cell_for_each_with_its_colour(ax):
    colours = list(CLASS_COLOURS.values())
    assert cells(ax) == {
        (0, 2): (colours[0], None),
        (0, 1): (colours[1], None),
        (0, 0): (colours[2], None),
        (1, 2): (colours[3], None),
        (1, 1): ("#FFFFFF", "////"),
        (1, 0): (colours[0], None),
    }


def test_bias_and_coverage_are_written_in_the_cells(ax):
    texts = [text.get_text() for text in ax.texts]
    for text in ("−0.1", "94%", "+3.2 d", "85%", "−20.0 d", "60%*", "+6.2", "5%", "+0.0 d", "99%"):
        assert text in texts
    assert len(texts) == 2 * 5 + 2


def test_a_bias_beyond_chance_is_bold(ax):
    bold = {text.get_text() for text in ax.texts if text.get_fontweight() == "bold"}
    assert bold == {"+3.2 d", "−20.0 d", "+6.2", "a share", "days waited"}


def test_estimators_stand_beneath_their_estimand_the_first_on_top(ax):
    heights = {label.get_text(): y for label, y in zip(ax.get_yticklabels(), ax.get_yticks(), strict=True)}
    assert list(heights) == ["naive", "median", "mean"]
    names = {text: y for text, _, y, _ in written(ax) if text in ("a share", "days waited")}
    pixel = {name: ax.transData.transform((0, y))[1] for name, y in heights.items()}
    assert names["a share"] > pixel["naive"] > names["days waited"] > pixel["median"] > pixel["mean"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["none", "heaping"]


def test_worse_is_darker_and_words_can_be_read():
    light = [
        _luminance(tuple(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)))
        for colour in CLASS_COLOURS.values()
    ]
    assert light == sorted(light, reverse=True)
    assert np.diff(light).max() < -0.05


def test_the_level_is_that_of_the_frame():
    frame = FRAME.copy()
    frame.attrs["level"] = 0.8
    ax = figures.scorecard(figures.new(6, 4), frame)
    assert "80%" in ax.get_legend().get_title().get_text()
    assert cells(ax)[(0, 1)][0] == next(iter(CLASS_COLOURS.values()))
    plt.close("all")


def test_slips_are_told():
    with pytest.raises(ValueError, match="no rows"):
        figures.scorecard(figures.new(), FRAME.head(0))
    with pytest.raises(ValueError, match="two rows under one bias"):
        figures.scorecard(figures.new(), pd.concat([FRAME, FRAME]))
    plt.close("all")
