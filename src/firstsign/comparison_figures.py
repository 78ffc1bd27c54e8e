"""Naive beside corrected: two panels with the truth in both, and many numbers on the scale of their truths."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .curve_figures import Array, banded_steps, boxed_steps, last_day, number_at_risk, share_axis, whiskers
from .estimate_figures import plain_log_axis
from .palette import COLOURS, ink, words

NAIVE, CORRECTED, TRUTH = COLOURS[1], COLOURS[0], "#000000"


def naive_against_corrected(
    axes: Sequence[Axes],
    naive: pd.DataFrame,
    corrected: pd.DataFrame,
    truth: pd.DataFrame | None = None,
    at_risk: Sequence[pd.DataFrame | None] = (None, None),
    until: float | None = None,
    rising: bool = False,
    what: tuple[str, str] = ("naive", "corrected"),
) -> Sequence[Axes]:
    """The naive curve in one panel, the corrected one in the other, on the same scales, and the truth in both if it is known.

    axes     two, from `panels(2, gap=0.1)`
    naive    a curve: day, estimate, and low, high if it has a band; `corrected` likewise, or from `turnbull`
    truth    day, estimate
    at_risk  from `at_risk` for the spells of either curve; their days become the ticks
    until    last day shown, in both
    rising   the curves are shares that have ended and begin at 0, not shares still waiting that begin at 1
    what     what the two curves are called; the words stand at the lines

    Returns the two axes.
    """
    begins = 0.0 if rising else 1.0
    shown = until if until is not None else max(last_day(naive, None), last_day(corrected, None))
    for ax, curve, name, colour, people in zip(
        axes, (naive, corrected), what, (NAIVE, CORRECTED), at_risk, strict=True
    ):
        lines = {name: (curve, colour)} | ({} if truth is None else {"truth": (truth, TRUTH)})
        for words_at, (one, ink_of_one) in lines.items():
            _draw(ax, one, begins, ink_of_one, words_at)
        share_axis(ax, shown, "Share of people" if rising else "Still waiting")
        _name_lines(ax, lines, shown, begins)
        if people is not None:
            number_at_risk(ax, people, colours={"": colour}, heading="At risk" if ax is axes[0] else "")
    axes[1].set_ylabel("")
    return axes


def _draw(ax: Axes, curve: pd.DataFrame, begins: float, colour: str, label: str) -> None:
    """One line in the dashes of its part, with its band, or with the boxes of a Turnbull curve."""
    if "drop_from" in curve.columns:
        return boxed_steps(ax, curve, colour, label)
    bounded = curve if {"low", "high"} <= set(curve.columns) else curve.assign(low=np.nan, high=np.nan)
    dashes = {NAIVE: "--", CORRECTED: "-", TRUTH: ":"}[colour]
    return banded_steps(ax, bounded, begins, colour=colour, dashes=dashes, label=label)


def _name_lines(ax: Axes, lines: dict[str, tuple[pd.DataFrame, str]], shown: float, begins: float) -> None:
    """Words at the lines, where these lie far apart and clear of the edges: the upper line's above it, the lower's below."""
    days = np.linspace(0.34, 0.65, 32) * shown
    heights = np.array([_height_on(curve, days, begins) for curve, _ in lines.values()])
    clear = (heights.max(axis=0) < 0.86) & (heights.min(axis=0) > 0.12)
    place = int(np.where(clear, np.ptp(heights, axis=0), -1.0).argmax())
    for line, (name, (_, colour)) in enumerate(lines.items()):
        others = np.delete(heights[:, place], line)
        above = bool((heights[line, place] > others).all() if line else (heights[line, place] >= others).all())
        right = above == (begins == 1)
        ax.annotate(
            words(name),
            (days[place], heights[line, place]),
            xytext=(7 if right else -7, 5 if above else -5),
            textcoords="offset points",
            ha="left" if right else "right",
            va="bottom" if above else "top",
            color=ink(colour),
            fontweight="bold",
        )


def _height_on(curve: pd.DataFrame, days: Array, begins: float) -> Array:
    """The curve's height after each of some days."""
    heights = np.concatenate([[begins], curve["estimate"]])
    return heights[np.searchsorted(curve["day"].to_numpy(float), days, side="right")]


def beside_truth(ax: Axes, frame: pd.DataFrame) -> Axes:
    """Naive and corrected numbers as multiples of their truths, one line each in the order of the frame, the first on top.

    frame  what, naive, naive_low, naive_high, corrected, low, high, truth: in any unit, the same along a row

    A number that is missing has no dot. Raises ValueError for a truth that is not above 0.
    """
    unknown = ~(frame["truth"] > 0)
    if unknown.any():
        without = ", ".join(map(str, frame.loc[unknown, "what"]))
        raise ValueError(f"Nothing can be set beside a truth that is 0, negative or not known: {without}.")
    numbers = ["naive", "naive_low", "naive_high", "corrected", "low", "high"]
    part = frame[numbers].astype(float).div(frame["truth"].astype(float), axis=0)
    row = np.arange(len(frame))[::-1]
    ax.axvline(1, color=TRUTH, linewidth=1.2, linestyle=":", label="truth")
    sides = part[["naive_low", "naive_high"]].set_axis(["low", "high"], axis=1).assign(naive=part["naive"])
    look: dict[str, Any] = {"capsize": 3, "zorder": 3}
    reach = whiskers(sides, "naive")
    ax.errorbar(part["naive"], row + 0.15, xerr=reach, fmt="D", color=NAIVE, mfc="white", ms=6.5, label="naive", **look)
    reach = whiskers(part, "corrected")
    ax.errorbar(part["corrected"], row - 0.15, xerr=reach, fmt="o", color=CORRECTED, label="corrected", **look)
    ax.set_xscale("log")
    drawn = part.to_numpy()[part.to_numpy() > 0]
    ax.set_xlim(min(0.45, 0.9 * drawn.min(initial=1)), max(2.2, 1.1 * drawn.max(initial=1)))
    plain_log_axis(ax)
    ax.set_yticks(row, [words(name) for name in frame["what"]])
    ax.set_ylim(-0.6, len(frame) - 0.4)
    ax.set_xlabel("Times the truth")
    ax.grid(axis="y", visible=False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=3)
    return ax
