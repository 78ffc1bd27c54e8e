"""What makes up a whole: groups divided into parts, a difference taken apart, times beside the rule they should follow."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from .comparison_figures import CORRECTED, NAIVE
from .effect_figures import beside_row, bounded, refuse_missing, signed
from .palette import COLOURS, QUIET, ink, readable_on, refuse_too_many, words

_LEGIBLE = 0.06  # the smallest share of a bar that its number fits into


def stacked_shares(ax: Axes, frame: pd.DataFrame, by: str, part: str, value: str = "share") -> Axes:
    """How each group is made up: one bar a group, divided into the shares of its parts, both in the order of the frame.

    frame  one row a group and part: the columns `by`, `part` and `value`, shares that add up to 1 within each group

    Raises ValueError for columns that are not there, more parts than can be told apart, and shares that do not add up to 1.
    """
    refuse_missing(frame, [by, part, value])
    ordered = [list(dict.fromkeys(frame[name])) for name in (by, part)]
    refuse_too_many(len(ordered[1]), "parts")
    wide = frame.assign(**{name: frame[name].astype(object) for name in (by, part)}).pivot(
        index=by, columns=part, values=value
    )
    wide = wide.loc[ordered[0], ordered[1]].fillna(0.0)
    wrong = wide.index[~np.isclose(wide.sum(axis=1), 1)]
    if len(wrong):
        raise ValueError(
            f"The shares of {', '.join(map(str, wrong))} do not add up to 1; give all parts of every group."
        )
    row, begin = np.arange(len(wide))[::-1], np.zeros(len(wide))
    for name, colour in zip(wide.columns, COLOURS, strict=False):
        share = wide[name].to_numpy(float)
        ax.barh(row, share, left=begin, color=colour, edgecolor="white", height=0.7, label=words(name))
        for y, middle, one in zip(row, begin + share / 2, share, strict=True):
            if one >= _LEGIBLE:
                look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9, "color": readable_on(colour)}
                ax.text(middle, y, f"{100 * one:.0f}", **look)
        begin += share
    ax.set_yticks(row, [words(name) for name in wide.index])
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{round(100 * share, 6):g} %"))
    ax.grid(visible=False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=len(wide.columns), columnspacing=1.2)
    return ax


def waterfall(ax: Axes, frame: pd.DataFrame, total: str) -> Axes:
    """A difference taken apart: each part begins where the one above it ends, and the bar at the foot is their sum.

    frame  what, points, low, high, the first part on top; the interval is written beside the number, not drawn
    total  what the sum is called

    Raises ValueError for columns that are not there and for parts that are not known.
    """
    refuse_missing(frame, ["what", "points", "low", "high"])
    if frame["points"].isna().any():
        unknown = ", ".join(map(str, frame.loc[frame["points"].isna(), "what"]))
        raise ValueError(f"The parts cannot be added up: not known is {unknown}.")
    points = frame["points"].to_numpy(float)
    ends, row = np.cumsum(points), np.arange(len(frame), 0, -1)
    colours = np.where(points >= 0, CORRECTED, NAIVE)
    ax.barh(row, points, left=ends - points, color=colours, height=0.62)
    whole = float(points.sum())
    ax.barh(0, whole, color="#000000", height=0.62)
    ax.vlines(ends, row - 1.31, row + 0.31, color=QUIET, linewidth=0.8, linestyle=":")
    ax.axvline(0, color=QUIET, linewidth=1)
    for y, number, colour in zip(row, frame[["points", "low", "high"]].to_numpy(float), colours, strict=True):
        beside_row(ax, bounded(*number), float(y), ink(str(colour)))
    beside_row(ax, signed(whole, 1), 0, "#000000")
    ax.set_yticks([*row, 0], [words(name) for name in [*frame["what"], total]])
    ax.set_ylim(-0.6, len(frame) + 0.6)
    reach = [0.0, *ends]
    margin = 0.06 * max(max(reach) - min(reach), 1e-9)
    ax.set_xlim(min(reach) - margin, max(reach) + margin)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda number, _: signed(number)))
    ax.grid(axis="y", visible=False)
    return ax


def times_beside_rule(ax: Axes, times: pd.DataFrame, rule: pd.DataFrame, unit: str, what: str = "people") -> Axes:
    """How times are spread, as bars of even width, beside the curve that a rule gives.

    times  begin, end, share (of all times, in each bar)
    rule   time, density (share per unit of time)
    unit   of time, in one: "year"
    what   the times are called in the legend

    Raises ValueError for columns that are not there.
    """
    refuse_missing(times, ["begin", "end", "share"])
    refuse_missing(rule, ["time", "density"])
    width = times["end"] - times["begin"]
    look: dict[str, Any] = {"align": "edge", "edgecolor": "white", "linewidth": 0.8}
    ax.bar(times["begin"], times["share"] / width, width, color=CORRECTED, alpha=0.75, label=what, **look)
    ax.plot(rule["time"], rule["density"], color=NAIVE, linestyle="--", label="the rule")
    ax.set_xlim(times["begin"].min(), times["end"].max())
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{round(100 * share, 6):g} %"))
    ax.set_ylabel(f"Share per {unit}")
    ax.grid(axis="x", visible=False)
    ax.legend(loc="upper right")
    return ax
