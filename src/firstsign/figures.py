"""Figures: an Axes in, the Axes out, drawn from a finished frame. Nothing is estimated here."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from .palette import COLOURS as COLOURS
from .palette import DASHES as DASHES
from .palette import QUIET as QUIET
from .palette import groups, ink, readable_on, refuse_too_many, words

_STYLE: Any = {
    "figure.figsize": (8.0, 4.8),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "svg.hashsalt": "firstsign",
    "svg.fonttype": "path",
}


def use_style() -> None:
    """Set the house style for the figures that follow; in a notebook, show them as SVG with their title as alt text."""
    mpl.rcParams.update(_STYLE)
    shell = _shell()
    if shell is None:
        return
    from matplotlib_inline.backend_inline import configure_inline_support, set_matplotlib_formats

    configure_inline_support(shell, mpl.get_backend())
    set_matplotlib_formats("svg")
    shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, _as_svg)


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _as_svg(figure: Figure) -> tuple[str, dict[str, str]]:
    from io import StringIO

    text = StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
    return text.getvalue(), {"alt": alt_text(figure)}


def alt_text(figure: Figure) -> str:
    """The titles of a figure's parts in one line, for those who do not see it."""
    titles = [ax.get_title(location) for ax in figure.axes for location in ("left", "center", "right")]
    return "; ".join(" ".join(title.split()) for title in [figure.get_suptitle(), *titles] if title) or "Figure"


def delay_curve(
    ax: Axes,
    curve: pd.DataFrame,
    at_risk: pd.DataFrame | None = None,
    by: str | None = None,
    until: float | None = None,
    colours: Mapping[Any, str] | None = None,
    label: str = "",
) -> Axes:
    """Share still waiting by day, with its band, as steps; under it the number at risk.

    curve    from `kaplan_meier`, with the column `by` if there are groups
    at_risk  from `at_risk` for the same spells: a line of numbers for each group, under its days, which become the ticks
    until    last day shown
    label    what a curve without groups is called in the legend
    """
    for name, one, colour, dashes in groups(curve, by, colours):
        day = np.concatenate([[0.0], one["day"]])
        share = np.concatenate([[1.0], one["estimate"]])
        low, high = (_filled(one, side) for side in ("low", "high"))
        ax.step(day, share, where="post", color=colour, linestyle=dashes, label=name or label, zorder=3)
        ax.fill_between(day, low, high, step="post", color=colour, alpha=0.18, linewidth=0)
    _share_axis(ax, until if until is not None else float(curve["day"].max()))
    if by is not None or label:
        ax.legend(loc="upper right", handlelength=2.6)
    if at_risk is not None:
        shown = at_risk[at_risk["day"] <= ax.get_xlim()[1]].sort_values("day", kind="stable")
        ax.set_xticks(shown["day"].unique())
        _number_at_risk(ax, shown, by, colours)
    return ax


def _filled(one: pd.DataFrame, side: str) -> np.ndarray:
    """A bound from day 0 on; where the share is 0 or 1 it has none, and the band closes on the curve."""
    return np.concatenate([[1.0], one[side].fillna(one["estimate"])])


def _share_axis(ax: Axes, until: float) -> None:
    ax.set_ylim(0, 1.02)
    ax.set_xlim(0, max(until, 1))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{round(share * 100, 6):g} %"))
    if until > 800:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda day, _: f"{day:,.0f}"))
    ax.set_xlabel("Days")
    ax.set_ylabel("Still waiting")


def _number_at_risk(ax: Axes, at_risk: pd.DataFrame, by: str | None, colours: Mapping[Any, str] | None) -> None:
    """Numbers under the axis, each beneath its day; the groups' names stand to the left."""
    where = ("data", "axes fraction")
    ax.annotate(
        "At risk",
        (0, 0),
        xycoords="axes fraction",
        xytext=(-34, -52),
        textcoords="offset points",
        ha="right",
        color=QUIET,
    )
    for line, (name, one, colour, _) in enumerate(groups(at_risk, by, colours)):
        below = -52 - 16 * (line + (by is not None))
        if by is not None:
            ax.annotate(
                name,
                (0, 0),
                xycoords="axes fraction",
                xytext=(-34, below),
                textcoords="offset points",
                ha="right",
                color=ink(colour),
            )
        for day, people in zip(one["day"], one["at_risk"], strict=True):
            ax.annotate(
                f"{people:,.0f}",
                (day, 0),
                xycoords=where,
                xytext=(0, below),
                textcoords="offset points",
                ha="center",
                color=ink(colour),
                annotation_clip=False,
            )


def fitted_curve(ax: Axes, survival: pd.DataFrame, label: str, colour: str = "black") -> Axes:
    """A fitted share still waiting, from `DelayFit.survival`, as a thin line over the counted one."""
    ax.plot(
        survival["day"], survival["estimate"], color=colour, linewidth=1.2, linestyle=(0, (2, 2)), label=label, zorder=4
    )
    ax.legend(loc="upper right", handlelength=2.6)
    return ax


def banded_curve(
    ax: Axes, curve: pd.DataFrame, by: str | None = None, colours: Mapping[Any, str] | None = None
) -> Axes:
    """Share still waiting at the edges of a published table's bands; between two edges it lies somewhere in the box.

    curve  from `kaplan_meier` for banded spells: its days are the edges
    """
    for name, one, colour, _ in groups(curve, by, colours):
        day, share = np.concatenate([[0.0], one["day"]]), np.concatenate([[1.0], one["estimate"]])
        for left, right, top, bottom in zip(day[:-1], day[1:], share[:-1], share[1:], strict=True):
            ax.fill_between([left, right], bottom, top, color=colour, alpha=0.12, linewidth=0)
        ax.errorbar(
            one["day"],
            one["estimate"],
            yerr=_whiskers(one, "estimate"),
            fmt="o",
            color=colour,
            label=name,
            markersize=5,
            capsize=3,
            zorder=3,
        )
    _share_axis(ax, float(curve["day"].max()) * 1.06)
    if by is not None:
        ax.legend(loc="upper right")
    return ax


def incidence(
    ax: Axes, curve: pd.DataFrame, until: float | None = None, colours: Mapping[Any, str] | None = None
) -> Axes:
    """Share of people who have ended in each way by each day, from `cumulative_incidence`, with bands."""
    for name, one, colour, dashes in groups(curve, "cause", colours):
        day, share = np.concatenate([[0.0], one["day"]]), np.concatenate([[0.0], one["estimate"]])
        low, high = (np.concatenate([[0.0], one[side].fillna(one["estimate"])]) for side in ("low", "high"))
        ax.step(day, share, where="post", color=colour, linestyle=dashes, label=name, zorder=3)
        ax.fill_between(day, low, high, step="post", color=colour, alpha=0.18, linewidth=0)
    _share_axis(ax, until if until is not None else float(curve["day"].max()))
    ax.set_ylabel("Share of people")
    ax.legend(loc="center right", handlelength=2.6)
    return ax


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
        xerr=_whiskers(ordered, "share"),
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
            xerr=_whiskers(known, "share"),
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


def _whiskers(frame: pd.DataFrame, centre: str) -> np.ndarray:
    """Distances to the ends of the interval, 0 where there is none; shape (2, k)."""
    low = frame["low"] if "low" in frame else frame[centre]
    high = frame["high"] if "high" in frame else frame[centre]
    whiskers = np.vstack([frame[centre] - low.fillna(frame[centre]), high.fillna(frame[centre]) - frame[centre]])
    return np.maximum(whiskers, 0)


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


def new(width: float = 8.0, height: float = 4.8) -> Axes:
    """An empty Axes in a figure of its own, sizes in inches."""
    return plt.subplots(figsize=(width, height))[1]


def panels(
    count: int, columns: int = 2, width: float = 8.0, height: float = 2.9, shared: bool = True
) -> tuple[Figure, list[Axes]]:
    """A figure of equal Axes, `height` inches a row, with `shared` scales or each its own; those left over are removed."""
    rows = -(-count // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(width, height * rows), sharex=shared, sharey=shared, squeeze=False, layout="constrained"
    )
    for spare in grid.flat[count:]:
        spare.remove()
    return figure, list(grid.flat[:count])
