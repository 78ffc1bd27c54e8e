"""A scorecard as a figure: what each bias does to each estimator, and how often the interval still holds the truth."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from .palette import QUIET, readable_on, words

HEADING = 0.75  # the height of an estimand's name, in rows
AS_CLAIMED = "as claimed"
# Darker is worse, so that the colours say the same without their hue; a class reaches down to this coverage.
CLASSES = {AS_CLAIMED: ("#EDF3F8", 1.0), "80 % or more": ("#FBD9AE", 0.8), "50 to 80 %": ("#E8893A", 0.5)}
WORST, WORST_COLOUR = "below 50 %", "#8C2D04"
SILENT: dict[str, Any] = {"facecolor": "white", "hatch": "////", "edgecolor": "#D4D4D4"}


def scorecard(ax: Axes, frame: pd.DataFrame) -> Axes:
    """A cell for each estimator (row) under each bias (column): its bias, and the coverage of its interval in words and colour.

    frame  from `scorecard`, or some of its rows. About 0.75 inches of width a bias, a third of an inch of height an estimator

    A bias is in days (d) or in percentage points, bold where its Monte-Carlo interval leaves out 0; below it stands the
    coverage, with a star if the estimator refused some cohorts. Coverage is as claimed where its interval holds the level, or
    it is higher. A hatched cell gave no answer. Raises ValueError for a frame without rows, and where an estimator has two rows
    under one bias.
    """
    if not len(frame):
        raise ValueError("The frame to be drawn has no rows: no estimator was chosen.")
    if frame.duplicated(["under", "estimator"]).any():
        raise ValueError("An estimator has two rows under one bias; draw one scorecard at a time.")
    columns = list(dict.fromkeys(frame["under"]))
    level = frame.attrs.get("level", 0.95)
    heights = _heights(frame)
    for row in frame.to_dict("records"):
        _cell(ax, row, columns.index(row["under"]), heights[row["estimator"]], level)
    for estimand, rows in frame.groupby("estimand", sort=False):
        top = max(heights[name] for name in rows["estimator"]) + 0.5
        ax.text(0, top + 0.1, words(estimand), fontsize=9, fontweight="bold", color=QUIET, va="bottom")
    ax.set_yticks(list(heights.values()), [words(name) for name in heights], fontsize=9)
    ax.set_xticks(np.arange(len(columns)) + 0.5, [words(name) for name in columns], rotation=35, ha="left", fontsize=9)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.set_xlim(0, len(columns))
    ax.set_ylim(-0.5, max(heights.values()) + 0.5 + HEADING)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    _legend(ax, level)
    return ax


def _heights(frame: pd.DataFrame) -> dict[str, float]:
    """The middle of each estimator's row, the first on top, with room for the name of each estimand above its rows."""
    pairs = frame[["estimand", "estimator"]].drop_duplicates()
    found, height = {}, 0.0
    for _, names in reversed(list(pairs.groupby("estimand", sort=False)["estimator"])):
        for name in reversed(list(names)):
            found[name] = height
            height += 1
        height += HEADING
    return dict(reversed(found.items()))


def _cell(ax: Axes, row: dict[Any, Any], x: float, y: float, level: float) -> None:
    silent = np.isnan(row["coverage"])
    colour = "white" if silent else CLASS_COLOURS[_class(row, level)]
    look = SILENT if silent else {"facecolor": colour, "edgecolor": "white"}
    ax.add_patch(Rectangle((x + 0.02, y - 0.47), 0.96, 0.94, **look))
    if silent:
        return
    ink: dict[str, Any] = {"color": readable_on(colour), "ha": "center", "fontsize": 8}
    clear = not row["bias_low"] <= 0 <= row["bias_high"]
    ax.text(x + 0.5, y + 0.02, _bias(row), va="bottom", fontweight="bold" if clear else "normal", **ink)
    ax.text(x + 0.5, y - 0.04, f"{row['coverage']:.0%}{'*' if row['refused'] else ''}", va="top", **ink)


def _class(row: dict[Any, Any], level: float) -> str:
    if row["coverage_high"] >= level:
        return AS_CLAIMED
    return next((name for name, (_, least) in CLASSES.items() if row["coverage"] >= least), WORST)


def _bias(row: dict[Any, Any]) -> str:
    text = f"{row['bias']:+.1f} d" if row["unit"] == "days" else f"{100 * row['bias']:+.1f}"
    return text.replace("-", "−")


def _legend(ax: Axes, level: float) -> None:
    patches = [
        Patch(facecolor=colour, edgecolor=QUIET, linewidth=0.5, label=name) for name, colour in CLASS_COLOURS.items()
    ]
    patches += [Patch(**SILENT, label="no answer")]
    title = f"How often the {level:.0%} interval holds the truth (below the bias)"
    ax.legend(
        handles=patches,
        title=title,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        ncols=5,
        fontsize=9,
        title_fontsize=9,
    )


CLASS_COLOURS = {name: colour for name, (colour, _) in CLASSES.items()} | {WORST: WORST_COLOUR}
