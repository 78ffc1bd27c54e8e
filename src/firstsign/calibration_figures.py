"""A scenario beside what is published: each simulated number where the published one is 1, its verdict in its marker."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .estimate_figures import plain_log_axis
from .palette import COLOURS, QUIET, ink, words

NARROWEST, WIDEST = 0.4, 2.5  # beyond this many times the published number there is an arrow at the edge
LOOKS: dict[str, dict[str, Any]] = {
    "met": {"marker": "o", "color": COLOURS[0], "markerfacecolor": COLOURS[0]},
    "missed": {"marker": "X", "color": COLOURS[1], "markerfacecolor": COLOURS[1]},
    "conflicting": {"marker": "D", "color": COLOURS[3], "markerfacecolor": "white"},
    "context": {"marker": "s", "color": QUIET, "markerfacecolor": "white"},
}


def calibration(ax: Axes, frame: pd.DataFrame) -> Axes:
    """Published interval (bar) and simulated number (marker) of each target, as multiples of the published number.

    frame  from `calibrate`, or some of its rows; the first is on top. About a quarter of an inch of height a row

    A range stands around its middle. A number more than 2.5 times as large or small is an arrow at the edge. Beside each row
    stand the numbers themselves: the simulated one, then the published one with its interval. Raises ValueError for a frame
    without rows.
    """
    if not len(frame):
        raise ValueError("The frame to be drawn has no rows: no target was chosen.")
    row = np.arange(len(frame))[::-1]
    against = frame["published"].fillna((frame["low"] + frame["high"]) / 2)
    low, high = (_times(frame[name], against) for name in ("low", "high"))
    ax.hlines(row, low, high, color="#C8C8C8", linewidth=7, zorder=1, label="published, with its interval")
    ax.plot(np.ones(len(row)), row, "|", color=QUIET, markersize=9, zorder=2)
    for verdict, look in LOOKS.items():
        chosen = (frame["verdict"] == verdict).to_numpy()
        if chosen.any():
            _mark(ax, frame[chosen], against[chosen], row[chosen], verdict, look)
    ax.set_yticks(row, [words(name) for name in frame["target"]], fontsize=9)
    _write_numbers(ax, frame, row)
    ax.set_xscale("log")
    plain_log_axis(ax)
    ax.set_xlim(NARROWEST * 0.94, WIDEST * 1.06)
    ax.set_ylim(-0.7, len(frame) - 0.3)
    ax.set_xlabel("Simulated number, as a multiple of the published one")
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=9)
    return ax


def _times(values: pd.Series, against: pd.Series) -> Any:
    """As multiples, kept within the figure; 0 of 0 is 1, and anything else of 0 lies beyond the edge."""
    with np.errstate(divide="ignore", invalid="ignore"):
        part = values.to_numpy(float) / against.to_numpy(float)
    part = np.where((values == 0) & (against == 0), 1.0, part)
    return np.clip(part, NARROWEST, WIDEST)


def _mark(ax: Axes, rows: pd.DataFrame, against: pd.Series, place: Any, verdict: str, look: dict[str, Any]) -> None:
    """The simulated numbers of one verdict with their intervals; arrows for those that lie outside."""
    middle = _times(rows["simulated"], against)
    ends = [_times(rows[name], against) for name in ("simulated_low", "simulated_high")]
    ax.hlines(place, *ends, color=look["color"], linewidth=1.6, zorder=3)
    for edge, arrow in ((NARROWEST, "<"), (WIDEST, ">")):
        beyond = middle == edge
        ax.plot(middle[beyond], place[beyond], linestyle="", zorder=4, **look | {"marker": arrow})
    within = (middle > NARROWEST) & (middle < WIDEST)
    ax.plot(middle[within], place[within], linestyle="", zorder=4, **look)
    ax.plot([], [], linestyle="", label=verdict, **look)


def _write_numbers(ax: Axes, frame: pd.DataFrame, place: Any) -> None:
    """To the right of each line the simulated number, and the published one with its interval; shares in per cent."""
    look: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
    for y, (_, row) in zip(place, frame.iterrows(), strict=True):
        scale, unit = (100, "%") if row["unit"] == "share" else (1, row["unit"])
        numbers = row[["simulated", "published", "low", "high"]].to_numpy(float) * scale
        simulated, published, low, high = _written(numbers)
        bounds = f"{low}–{high}"
        told = bounds if np.isnan(numbers[1]) else f"{published} ({bounds})"
        look |= {"fontsize": 9}
        colour = ink(LOOKS[row["verdict"]]["color"])
        ax.annotate(simulated, (1, y), xytext=(38, 0), color=colour, ha="right", fontweight="bold", **look)
        ax.annotate(f"for {told} {unit}", (1, y), xytext=(42, 0), color=QUIET, **look)


def _written(numbers: Any) -> list[str]:
    """Numbers with as many decimals, two at most, as the interval at their end is wide enough to need."""
    width = numbers[3] - numbers[2]
    decimals = int(np.clip(1 - np.floor(np.log10(width)), 0, 2)) if width > 0 else 1
    whole = all(float(number).is_integer() for number in numbers[~np.isnan(numbers)])
    return ["–" if np.isnan(number) else f"{number:.{0 if whole else decimals}f}" for number in numbers]
