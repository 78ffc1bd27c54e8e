"""What figures with a line for each thing have in common: labels that wrap, words beside marks and in the margin, the axis."""

import textwrap
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from .effect_figures import refuse_missing
from .errors import did_you_mean
from .estimate_figures import plain_log_axis
from .palette import QUIET, words

Written = Callable[..., str]  # a number in words; with False after it, without its unit
_NARROW = 7.0  # inches of figure below which words go under each other


def narrow(ax: Axes) -> bool:
    """Whether the figure is as narrow as a telephone's."""
    figure = ax.get_figure(root=True)
    return figure is not None and figure.get_figwidth() < _NARROW


def folded(ax: Axes, text: Any, part: float = 0.45) -> str:
    """Words on as many lines as fit into a part of the figure's width; line breaks that are there stay."""
    figure = ax.get_figure(root=True)
    letters = max(12, int(part * (8 if figure is None else figure.get_figwidth()) * 11))
    return "\n".join(textwrap.fill(line, letters) for line in words(text).splitlines())


def name_rows(ax: Axes, labels: Iterable[Any], places: Any, room: float = 0.0) -> None:
    """Labels at the left of rows one apart, and `room` (in rows) above the first for the name of a line."""
    ax.set_yticks(places, [folded(ax, label, 0.4 if narrow(ax) else 0.36) for label in labels])
    ax.tick_params(axis="y", labelsize=9 if narrow(ax) else 10)
    ax.set_ylim(-0.6, max(places, default=0) + 0.6 + room)
    ax.grid(axis="y", visible=False)


def in_margin(ax: Axes, row: float, text: str) -> None:
    """Words to the right of a row."""
    look: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 9, "color": QUIET}
    ax.annotate(text, (1, row), xytext=(6, 0), xycoords=("axes fraction", "data"), **look)


def beside(ax: Axes, text: str, place: tuple[float, float], left: bool, colour: str = QUIET, away: float = 4) -> None:
    """Words to one side of a mark, `away` points from it."""
    look: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 9, "color": colour}
    ax.annotate(text, place, xytext=(-away if left else away, 0), ha="right" if left else "left", **look)


def name_line(ax: Axes, place: float, text: str, row: float, colour: str) -> None:
    """The name of an upright line, at a height where nothing else is, on the side of it that has more room."""
    begin, end = ax.transAxes.inverted().transform(ax.transData.transform([(place, 0), (place, 0)]))[:, 0]
    beside(ax, text, (place, row), left=bool((begin + end) / 2 > 0.5), colour=colour)


def value_axis(ax: Axes, unit: str) -> None:
    """The ticks of the values: per cent for shares, plain numbers otherwise, fewer where the figure is narrow."""
    if ax.get_xscale() == "log":
        log_ticks(ax)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=4 if narrow(ax) else 8))
    if unit == "share":
        in_percent(ax.xaxis)


def span(ax: Axes, values: Any) -> None:
    """The axis from the smallest value to the largest; as it was if there is only one."""
    if np.min(values) < np.max(values):
        ax.set_xlim(np.min(values), np.max(values))


def log_ticks(ax: Axes) -> None:
    """Ticks at 1, 2 and 5 on a logarithmic axis; where the figure is narrow and the axis long, at 1 only."""
    plain_log_axis(ax)
    low, high = ax.get_xlim()
    if narrow(ax) and high / low > 50:
        ax.xaxis.set_major_locator(LogLocator())


def in_percent(axis: Any) -> None:
    """Ticks of an axis of shares in per cent, none below 0, where a share cannot be."""
    axis.set_major_formatter(FuncFormatter(lambda share, _: "" if share < -1e-12 else f"{round(100 * share, 6):g} %"))


def formatter(unit: str) -> Written:
    """How numbers of a unit are written: a "share" in per cent, a "number" as it is, with two digits or more."""
    if unit not in ("share", "number"):
        raise ValueError(f"unit is {unit!r}{did_you_mean(unit, ('share', 'number'))}; it is 'share' or 'number'.")

    def written(number: float, whole: bool = True) -> str:
        if unit == "number":
            return _short(number)
        return _short(100 * number) + (" %" if whole else "")

    return written


def _short(number: float) -> str:
    """Two digits, or all those before the point: 0.067, 6.7, 67, 674; a dash for what is not known."""
    if number == 0 or not np.isfinite(number):
        return "0" if number == 0 else "–" if np.isnan(number) else "∞" if number > 0 else "−∞"
    decimals = int(np.clip(1 - np.floor(np.log10(abs(number)) + 1e-12), 0, 6))
    text = f"{abs(number):,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if decimals else text
    return f"−{text}" if number < 0 and text != "0" else text


def legend_below(ax: Axes, columns: int = 3) -> None:
    """The legend under the axis and its label, in one column where the figure is narrow."""
    handles, labels = ax.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    if not once:
        return
    height = ax.get_window_extent().height / ax.figure.dpi
    look: dict[str, Any] = {"loc": "upper center", "fontsize": 10, "columnspacing": 1.4}
    columns = 1 if narrow(ax) else min(columns, len(once))
    ax.legend(once.values(), once.keys(), bbox_to_anchor=(0.4, -0.6 / height), ncols=columns, **look)


def require(frame: pd.DataFrame, names: list[str]) -> None:
    """ValueError for a frame that lacks one of some columns, all named, or has no rows."""
    refuse_missing(frame, names)
    if frame.empty:
        raise ValueError("The frame to be drawn has no rows.")


def refuse_unknown(frame: pd.DataFrame, label: str, *enough: list[str]) -> None:
    """ValueError that names the rows in which none of some sets of columns, each of which would be enough, is wholly finite."""
    known = np.any([np.isfinite(frame[names].to_numpy(float)).all(axis=1) for names in enough], axis=0)
    lost = frame.loc[~known, label]
    if len(lost):
        raise ValueError(f"There is nothing to draw for {', '.join(map(str, lost))}; leave out these rows.")


def refuse_unlisted(values: pd.Series, what: str, known: Iterable[str]) -> None:
    """ValueError that names the values which are none of the known ones."""
    listed = list(known)
    strange = [f"{value!r}{did_you_mean(str(value), listed)}" for value in dict.fromkeys(values) if value not in listed]
    if strange:
        raise ValueError(f"No such {what}: {', '.join(strange)}. It is one of {', '.join(listed)}.")
