"""Estimates beside each other, as dots with intervals or bars: shares, effects, means, the parts of the way."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from .curve_figures import whiskers
from .errors import did_you_mean
from .palette import COLOURS, QUIET, readable_on, refuse_too_many, words

_LARGEST = 300  # logarithm of the largest ratio drawn: what separated groups give has no end


def shares(ax: Axes, frame: pd.DataFrame, label: str = "numerator", published: pd.DataFrame | None = None) -> Axes:
    """Shares as dots with intervals, one line each, the largest on top; published ones beside them as diamonds.

    frame      label column, share, low, high, and x, n if they are to be written out
    published  label column, share, and low, high where there are any
    """
    ordered = frame.sort_values("share", ignore_index=True, kind="stable", na_position="first")
    place = {name: row for row, name in enumerate(ordered[label])}
    ax.errorbar(
        ordered["share"],
        ordered.index + 0.1,
        xerr=whiskers(ordered, "share"),
        fmt="o",
        color=COLOURS[0],
        capsize=3,
        label="counted here",
        zorder=3,
    )
    if published is not None:
        known = published[published[label].isin(place)]
        ax.errorbar(
            known["share"],
            known[label].map(place) - 0.15,
            xerr=whiskers(known, "share"),
            fmt="D",
            color=COLOURS[1],
            markerfacecolor="white",
            markersize=6,
            capsize=3,
            label="published",
            zorder=3,
        )
        ax.legend(loc="lower right")
    ax.set_yticks(list(place.values()), [words(name) for name in place])
    if {"x", "n"} <= set(ordered.columns):
        for row in ordered.itertuples():
            ax.annotate(
                f"{row.x:,} of {row.n:,}",
                (1, row.Index),
                xycoords=("axes fraction", "data"),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                color=QUIET,
            )
    ax.set_ylim(-0.6, len(ordered) - 0.4)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share * 100:g} %"))
    ax.grid(axis="y", visible=False)
    return ax


def stacked_intervals(ax: Axes, means: pd.DataFrame, by: str, order: Sequence[str]) -> Axes:
    """Mean days of the parts of the way, laid end to end: one bar a group, whose length is the mean of the whole way.

    means  one row a group and part: the column `by`, interval, mean_days (and n, written beside the bar); means add up
           over the parts only when they are taken over the same people
    order  the parts in their order
    """
    refuse_too_many(len(order), "parts")
    wide = means.set_index([by, "interval"])["mean_days"].unstack("interval").reindex(columns=list(order))
    lacking = ", ".join(str(group) for group in wide.index[wide.isna().any(axis=1)])
    if lacking:
        raise ValueError(f"A mean is missing for a part of the way of {lacking}: no bar can be laid end to end there.")
    wide = wide.loc[wide.sum(axis=1).sort_values(kind="stable").index]
    ends = wide.cumsum(axis=1)
    rows, whole = range(len(wide)), ends.iloc[:, -1]
    for part, colour in zip(order, COLOURS, strict=False):
        ax.barh(
            rows,
            wide[part],
            left=ends[part] - wide[part],
            color=colour,
            edgecolor="white",
            label=part.replace("_", " "),
            height=0.62,
        )
        for row, days, end in zip(rows, wide[part], ends[part], strict=True):
            if days > 0.03 * whole.max():
                look: dict[str, Any] = {"ha": "center", "va": "center", "color": readable_on(colour), "fontsize": 10}
                ax.text(end - days / 2, row, f"{days:.0f}", **look)
    ax.set_yticks(rows, [words(name) for name in wide.index])
    _write_totals(ax, whole, means.groupby(by)["n"].max() if "n" in means else pd.Series(dtype=float))
    ax.set_xlim(0, max(whole.max(), 1) * 1.3)
    ax.set_xlabel("Mean days, laid end to end")
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, -0.42), ncols=len(order))
    return ax


def _write_totals(ax: Axes, whole: pd.Series, people: pd.Series) -> None:
    """The length of each bar and whom it counts, behind its end."""
    for row, (days, count) in enumerate(zip(whole, people.reindex(whole.index), strict=True)):
        text = f" {days:.0f} days" + ("" if pd.isna(count) else f"  (n = {count:,.0f})")
        ax.text(days, row, text, va="center", fontsize=10, color=QUIET)


def forest(
    ax: Axes,
    frame: pd.DataFrame,
    value: str = "estimate",
    label: str = "term",
    ratio: bool = False,
    null: float | None = None,
) -> Axes:
    """Estimates as dots with intervals, one line each in the order of the frame, the first on top; written out to the right.

    frame  from a regression (term, estimate, low, high), or any with the columns `value` and `label`, low and high: effects,
           restricted means
    ratio  the estimates are logarithms: show their exponentials, on a logarithmic axis
    null   where a line stands for no effect; with `ratio` 1 unless another is given

    Raises ValueError for a column that is not there, and for an estimate that is missing or infinite.
    """
    shown = _drawable(frame, value, label)
    if ratio:
        shown[[value, "low", "high"]] = np.exp(shown[[value, "low", "high"]].clip(-_LARGEST, _LARGEST))
        ax.set_xscale("log")
        null = 1.0 if null is None else null
    row = len(shown) - 1 - shown.index.to_numpy()
    ax.errorbar(shown[value], row, xerr=whiskers(shown, value), fmt="o", color=COLOURS[0], capsize=3, zorder=3)
    if null is not None:
        ax.axvline(null, color=QUIET, linewidth=1, linestyle=":")
    ax.set_yticks(row, [words(name) for name in shown[label]])
    ax.set_ylim(-0.6, len(shown) - 0.4)
    ax.grid(axis="y", visible=False)
    _write_estimates(ax, row, shown, value)
    if ratio:
        plain_log_axis(ax)
    return ax


def _drawable(frame: pd.DataFrame, value: str, label: str) -> pd.DataFrame:
    """The frame with its numbers as floats, counted from 0; ValueError where it cannot be drawn."""
    for name in (value, label, "low", "high"):
        if name not in frame.columns:
            raise ValueError(f"The frame to be drawn has no column {name!r}{did_you_mean(name, frame.columns)}.")
    shown = frame.reset_index(drop=True).astype(dict.fromkeys((value, "low", "high"), float))
    lost = shown.loc[~np.isfinite(shown[value]), label]
    if len(lost):
        raise ValueError(f"There is no estimate to draw for {', '.join(map(str, lost))}; leave out these rows.")
    return shown


def _write_estimates(ax: Axes, rows: Any, shown: pd.DataFrame, value: str) -> None:
    """Estimate and interval as text to the right of each line, with one number of decimals for all."""
    smallest = shown[[value, "low", "high"]].abs().where(lambda numbers: numbers > 0).min().min()
    decimals = int(np.clip(1 - np.floor(np.log10(smallest)), 0, 3)) if np.isfinite(smallest) else 0
    look: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
    for place, (middle, low, high) in zip(rows, shown[[value, "low", "high"]].to_numpy(), strict=True):
        bounds = "" if np.isnan(low) or np.isnan(high) else f" ({low:,.{decimals}f} to {high:,.{decimals}f})"
        text = f"{middle:,.{decimals}f}{bounds}"
        ax.annotate(text, (1, place), xytext=(6, 0), fontsize=9, color=QUIET, **look)


def plain_log_axis(ax: Axes) -> None:
    """A logarithmic axis whose ticks are ordinary numbers: 0.5, 1, 2, 5."""
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,g}"))


def by_quantile(ax: Axes, frame: pd.DataFrame) -> Axes:
    """How an effect changes from the short delays to the long: an estimate against the quantile, with its interval.

    frame  one row a quantile, of one term of `quantile_regression`: q, estimate, low, high, in days
    """
    if frame["q"].duplicated().any():
        raise ValueError("Several rows have the same q, as with several terms in a frame: choose the rows of one term.")
    rows = frame.sort_values("q", kind="stable")
    ax.plot(rows["q"], rows["estimate"], "o-", color=COLOURS[0], zorder=3)
    ax.fill_between(rows["q"], rows["low"], rows["high"], color=COLOURS[0], alpha=0.18, linewidth=0)
    ax.axhline(0, color=QUIET, linewidth=1, linestyle=":")
    ax.set_xlim(0, 1)
    ax.set_xlabel("Share of people diagnosed by then (quantile)")
    ax.set_ylabel("Difference in days")
    return ax
