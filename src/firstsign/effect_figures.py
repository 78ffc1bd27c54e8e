"""What an exposure seems to do and what it does: estimates across its levels, and rungs of what is known beside the truth."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.ticker import FuncFormatter

from .comparison_figures import CORRECTED, NAIVE, TRUTH
from .curve_figures import whiskers
from .errors import did_you_mean
from .palette import COLOURS, DASHES, QUIET, ink, refuse_too_many, words

MARKERS = ("o", "D", "s", "^", "v", "P", "X")
_APART = 0.13  # between the dots of neighbouring groups, where the levels are words one apart


def across(
    ax: Axes,
    frame: pd.DataFrame,
    x: str,
    value: str = "estimate",
    by: str | None = None,
    colours: Mapping[Any, str] | None = None,
) -> Axes:
    """Estimates with their intervals from one level of something to the next, joined by a thin line; one line a group.

    frame    the columns `x` and `value`, low and high if there are intervals, and `by` if there are groups
    x        levels from left to right: numbers where they lie, anything else one apart in the order of the frame
    colours  of the groups; a group with a colour of the palette has its dashes too

    Raises ValueError for columns that are not there, and for more groups than can be told apart.
    """
    refuse_missing(frame, [x, value] if by is None else [x, value, by])
    place = frame[x].astype(float) if pd.api.types.is_numeric_dtype(frame[x]) else _in_order(ax, frame[x])
    groups = [("", frame)] if by is None else list(frame.groupby(by, sort=False, observed=True))
    refuse_too_many(len(groups), "groups")
    apart = 0.0 if pd.api.types.is_numeric_dtype(frame[x]) else _APART
    for number, (name, rows) in enumerate(groups):
        shift = apart * (number - (len(groups) - 1) / 2)
        colour = (colours or {}).get(name, COLOURS[number])
        _joined(ax, place[rows.index] + shift, rows, value, colour, MARKERS[number], words(name))
    ax.grid(axis="x", visible=False)
    if by is not None:
        ax.legend(loc="best")
    return ax


def _in_order(ax: Axes, levels: pd.Series) -> pd.Series:
    """Levels that are words as places from 0 on, and their names under the axis."""
    names = list(dict.fromkeys(levels))
    ax.set_xticks(range(len(names)), [words(name) for name in names])
    ax.set_xlim(-0.5, len(names) - 0.5)
    return levels.astype(object).map({name: float(place) for place, name in enumerate(names)})


def _joined(ax: Axes, x: pd.Series, rows: pd.DataFrame, value: str, colour: str, marker: str, label: str) -> None:
    dashes: Any = DASHES[COLOURS.index(colour)] if colour in COLOURS else "-"
    drawn: ErrorbarContainer = ax.errorbar(
        x,
        rows[value],
        yerr=whiskers(rows, value),
        fmt=marker,
        color=colour,
        linestyle=dashes,
        linewidth=1.4,
        elinewidth=1.6,
        capsize=3,
        label=label,
        zorder=3,
    )
    drawn.lines[0].set_markersize(6)


def ladder(ax: Axes, frame: pd.DataFrame, truth: tuple[float, float, float]) -> Axes:
    """One effect by how much is known of the people, a rung each, the first on top; the truth as a line through all.

    frame  what (is known), estimate, low, high, and seen: whether a registry can know it (orange diamonds), or only who knows
           the truth (blue dots)
    truth  estimate, low, high; grey between the last two

    Estimates are written out to the right; no effect is a thin line at 0. Raises ValueError for columns that are not there.
    """
    refuse_missing(frame, ["what", "estimate", "low", "high", "seen"])
    row = np.arange(len(frame))[::-1]
    ax.axvline(0, color=QUIET, linewidth=1)
    ax.axvspan(truth[1], truth[2], color=TRUTH, alpha=0.15, linewidth=0)
    ax.axvline(truth[0], color=TRUTH, linewidth=1.6, linestyle=":", label="truth")
    seen = frame["seen"].to_numpy(bool)
    looks = ((seen, "D", NAIVE, "a registry can know this"), (~seen, "o", CORRECTED, "only the truth holds this"))
    for chosen, marker, colour, label in looks:
        if chosen.any():
            one = frame[chosen]
            look: dict[str, Any] = {"fmt": marker, "color": colour, "capsize": 3, "zorder": 3, "label": label}
            ax.errorbar(one["estimate"], row[chosen], xerr=whiskers(one, "estimate"), **look)
    ax.set_yticks(row, [words(name) for name in frame["what"]])
    ax.set_ylim(-0.6, len(frame) - 0.4)
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda number, _: signed(number)))
    for y, number, known in zip(row, frame[["estimate", "low", "high"]].to_numpy(float), seen, strict=True):
        beside_row(ax, bounded(*number), y, ink(NAIVE if known else CORRECTED))
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.2), ncols=3)
    return ax


def signed(number: float, decimals: int | None = None) -> str:
    """A change in words for an axis or a cell: "+3.1", "−0.4", "0", "–" if not known; without decimals as short as it is."""
    if np.isnan(number):
        return "–"
    text = f"{abs(number):,g}" if decimals is None else f"{abs(number):,.{decimals}f}"
    return text if not float(text.replace(",", "")) else f"{'+' if number > 0 else '−'}{text}"


def bounded(number: float, low: float, high: float) -> str:
    """A change with its interval, if it has one: "+3.1 (−0.2 to +6.4)"."""
    bounds = "" if np.isnan(low) or np.isnan(high) else f" ({signed(low, 1)} to {signed(high, 1)})"
    return f"{signed(number, 1)}{bounds}"


def beside_row(ax: Axes, text: str, row: float, colour: str) -> None:
    """Words to the right of a row."""
    look: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
    ax.annotate(text, (1, row), xytext=(6, 0), fontsize=10, color=colour, **look)


def refuse_missing(frame: pd.DataFrame, names: list[str]) -> None:
    """ValueError that names every column that a frame to be drawn lacks."""
    missing = [f"{name!r}{did_you_mean(name, frame.columns)}" for name in names if name not in frame.columns]
    if missing:
        raise ValueError(f"The frame to be drawn has no column {', '.join(missing)}.")
