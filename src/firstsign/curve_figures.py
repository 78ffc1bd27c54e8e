"""Curves by day, as steps: shares still waiting or ended, with bands and the number at risk; cumulative hazards."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from .palette import QUIET, groups, ink

Array = NDArray[np.float64]
Colours = Mapping[Any, str]


def delay_curve(
    ax: Axes,
    curve: pd.DataFrame,
    at_risk: pd.DataFrame | None = None,
    by: str | None = None,
    until: float | None = None,
    colours: Colours | None = None,
    label: str = "",
) -> Axes:
    """Share still waiting by day, with its band, as steps; under it the number at risk.

    curve    from `kaplan_meier`, with the column `by` if there are groups
    at_risk  from `at_risk` for the same spells: a line of numbers for each group, under its days, which become the ticks
    until    last day shown
    label    what a curve without groups is called in the legend
    """
    for name, one, colour, dashes in groups(curve, by, colours):
        banded_steps(ax, one, 1.0, colour=colour, dashes=dashes, label=name or label)
    share_axis(ax, last_day(curve, until))
    if by is not None or label:
        ax.legend(loc="upper right", handlelength=2.6)
    if at_risk is not None:
        number_at_risk(ax, at_risk, by, colours)
    return ax


def banded_steps(ax: Axes, curve: pd.DataFrame, begins: float, colour: str, dashes: Any, label: str) -> None:
    """One curve and its band from day 0 on; where a value has no bounds the band closes on the curve."""
    day = np.concatenate([[0.0], curve["day"]])
    ax.step(day, _from(begins, curve["estimate"]), where="post", color=colour, linestyle=dashes, label=label, zorder=3)
    low, high = (_from(begins, curve[side].fillna(curve["estimate"])) for side in ("low", "high"))
    ax.fill_between(day, low, high, step="post", color=colour, alpha=0.18, linewidth=0)


def _from(begins: float, values: pd.Series) -> Array:
    return np.concatenate([[begins], values])


def last_day(curve: pd.DataFrame, until: float | None) -> float:
    """The last day to show: the one asked for, or else the curve's last."""
    return until if until is not None else float(curve["day"].max())


def day_axis(ax: Axes, until: float) -> None:
    """Days from 0 on, in thousands with commas."""
    ax.set_xlim(0, max(until, 1))
    if until > 800:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda day, _: f"{day:,.0f}"))
    ax.set_xlabel("Days")


def share_axis(ax: Axes, until: float, words: str = "Still waiting") -> None:
    """Days from 0 on, and shares in per cent."""
    day_axis(ax, until)
    ax.set_ylim(0, 1.02)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{round(share * 100, 6):g} %"))
    ax.set_ylabel(words)


def number_at_risk(
    ax: Axes, at_risk: pd.DataFrame, by: str | None = None, colours: Colours | None = None, heading: str = "At risk"
) -> None:
    """Numbers under the axis, each beneath its day, which becomes a tick; the groups' names stand to the left."""
    shown = at_risk[at_risk["day"] <= ax.get_xlim()[1]].sort_values("day", kind="stable")
    ax.set_xticks(shown["day"].unique())
    _beside(ax, heading, -52, QUIET)
    for line, (name, one, colour, _) in enumerate(groups(shown, by, colours)):
        below = -52 - 16 * (line + (by is not None))
        if by is not None:
            _beside(ax, name, below, ink(colour))
        for day, people in zip(one["day"], one["at_risk"], strict=True):
            ax.annotate(
                f"{people:,.0f}",
                (day, 0),
                xycoords=("data", "axes fraction"),
                xytext=(0, below),
                textcoords="offset points",
                ha="center",
                color=ink(colour),
                annotation_clip=False,
            )


def _beside(ax: Axes, text: str, below: float, colour: str) -> None:
    """Words to the left of the numbers under the axis."""
    look: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right", "color": colour}
    ax.annotate(text, (0, 0), xytext=(-34, below), **look)


def fitted_curve(ax: Axes, survival: pd.DataFrame, label: str, colour: str = "black") -> Axes:
    """A fitted share still waiting, from `DelayFit.survival`, as a thin line over the counted one."""
    ax.plot(
        survival["day"], survival["estimate"], color=colour, linewidth=1.2, linestyle=(0, (2, 2)), label=label, zorder=4
    )
    ax.legend(loc="upper right", handlelength=2.6)
    return ax


def banded_curve(ax: Axes, curve: pd.DataFrame, by: str | None = None, colours: Colours | None = None) -> Axes:
    """Share still waiting at the edges of a published table's bands; between two edges it lies somewhere in the box.

    curve  from `kaplan_meier` for banded spells: its days are the edges
    """
    for name, one, colour, _ in groups(curve, by, colours):
        day, share = np.concatenate([[0.0], one["day"]]), _from(1.0, one["estimate"])
        for left, right, top, bottom in zip(day[:-1], day[1:], share[:-1], share[1:], strict=True):
            ax.fill_between([left, right], bottom, top, color=colour, alpha=0.12, linewidth=0)
        ax.errorbar(
            one["day"],
            one["estimate"],
            yerr=whiskers(one, "estimate"),
            fmt="o",
            color=colour,
            label=name,
            markersize=5,
            capsize=3,
            zorder=3,
        )
    share_axis(ax, float(curve["day"].max()) * 1.06)
    if by is not None:
        ax.legend(loc="upper right")
    return ax


def whiskers(frame: pd.DataFrame, centre: str) -> Array:
    """Distances to the ends of the interval, 0 where there is none; shape (2, k)."""
    low = frame["low"] if "low" in frame else frame[centre]
    high = frame["high"] if "high" in frame else frame[centre]
    lengths = np.vstack([frame[centre] - low.fillna(frame[centre]), high.fillna(frame[centre]) - frame[centre]])
    return np.maximum(lengths, 0)


def turnbull_curve(
    ax: Axes,
    curve: pd.DataFrame,
    by: str | None = None,
    until: float | None = None,
    colours: Colours | None = None,
    label: str = "",
) -> Axes:
    """Share still waiting by day, from `turnbull`; where in a box the curve falls, the data do not say.

    Solid where the curve is known, and a box over each innermost interval. The band, if the frame has one, is dotted: it is that
    of the curve that falls at the right end of each box. Arguments as in `delay_curve`.
    """
    for name, one, colour, _ in groups(curve, by, colours):
        boxed_steps(ax, one, colour, name or label)
    share_axis(ax, last_day(curve, until))
    if by is not None or label:
        ax.legend(loc="upper right", handlelength=2.6)
    return ax


def boxed_steps(ax: Axes, curve: pd.DataFrame, colour: str, label: str) -> None:
    """One curve from `turnbull`: a line where it is known, boxes where it falls, dotted bounds if it has any."""
    day, known, highest, lowest = _with_boxes(curve)
    ax.step(day, known, where="post", color=colour, label=label, zorder=3)
    ax.fill_between(day, lowest, highest, step="post", color=colour, alpha=0.3, linewidth=0)
    for side in ("low", "high"):
        if curve[side].notna().any():
            bound = _from(1.0, curve[side].fillna(curve["estimate"]))
            ax.step(np.append(0.0, curve["day"]), bound, where="post", color=colour, linewidth=0.9, linestyle=":")


def _with_boxes(one: pd.DataFrame) -> tuple[Array, Array, Array, Array]:
    """Days on which something changes, and from each on: the share where it is known, and its highest and lowest."""
    begins, ends, after = (one[name].to_numpy(float) for name in ("drop_from", "day", "estimate"))
    before = np.concatenate([[1.0], after[:-1]])
    day = np.concatenate([[0.0], np.column_stack([begins, ends]).ravel()])
    highest = np.concatenate([[1.0], np.column_stack([before, after]).ravel()])
    lowest = np.concatenate([[1.0], np.repeat(after, 2)])
    known = np.where((highest > lowest) & (np.append(np.diff(day), 0.0) > 0), np.nan, highest)
    return day, known, highest, lowest


def right_truncated_curve(
    ax: Axes,
    curve: pd.DataFrame,
    by: str | None = None,
    until: float | None = None,
    colours: Colours | None = None,
    label: str = "",
) -> Axes:
    """Share still waiting by day, from `right_truncated`, and grey what it says nothing of: delays beyond the largest limit.

    Arguments as in `delay_curve`; the axis says within how many days the delays are.
    """
    delay_curve(ax, curve, by=by, until=until, colours=colours, label=label)
    within = sorted(set(curve["given_within"]))
    if np.isfinite(within[0]):
        days = " to ".join(f"{day:,.0f}" for day in dict.fromkeys([within[0], within[-1]]))
        ax.set_ylabel(f"Still waiting,\nof delays within {days} days")
        ax.axvspan(within[-1], max(ax.get_xlim()[1], within[-1]), color=QUIET, alpha=0.12, linewidth=0)
    return ax


def incidence(ax: Axes, curve: pd.DataFrame, until: float | None = None, colours: Colours | None = None) -> Axes:
    """Share of people who have ended in each way by each day, from `cumulative_incidence`, with bands."""
    for name, one, colour, dashes in groups(curve, "cause", colours):
        banded_steps(ax, one, 0.0, colour=colour, dashes=dashes, label=name)
    share_axis(ax, last_day(curve, until), "Share of people")
    ax.legend(loc="center right", handlelength=2.6)
    return ax


def cumulative_hazard(
    ax: Axes,
    curve: pd.DataFrame,
    at_risk: pd.DataFrame | None = None,
    by: str | None = None,
    until: float | None = None,
    colours: Colours | None = None,
    label: str = "",
) -> Axes:
    """The cumulative hazard by day, from `nelson_aalen`, with its band; a straight line is an even hazard.

    Arguments as in `delay_curve`. The height is a number of ends: those a person would have met who was at risk throughout.
    """
    for name, one, colour, dashes in groups(curve, by, colours):
        banded_steps(ax, one, 0.0, colour=colour, dashes=dashes, label=name or label)
    shown = last_day(curve, until)
    day_axis(ax, shown)
    until_then = curve.loc[curve["day"] <= shown, ["estimate", "high"]].max().max()
    ax.set_ylim(0, 1.05 * max(np.nan_to_num(until_then), 0.01))
    ax.set_ylabel("Cumulative hazard (ends a person)")
    if by is not None or label:
        ax.legend(loc="upper left", handlelength=2.6)
    if at_risk is not None:
        number_at_risk(ax, at_risk, by, colours)
    return ax
