"""What bears on a claim, as figures: published shares, ranges by denominator, what drives a width, the verdicts."""

import textwrap
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .curve_figures import whiskers
from .figure_rows import (
    Written,
    beside,
    folded,
    formatter,
    in_margin,
    legend_below,
    name_line,
    name_rows,
    narrow,
    refuse_unknown,
    refuse_unlisted,
    require,
    value_axis,
)
from .palette import COLOURS, QUIET, ink

_CLAIM = COLOURS[1]
_SCALE = {
    "supported": ("o", COLOURS[2]),
    "supported with limits": ("D", COLOURS[0]),
    "not supported": ("v", COLOURS[4]),
    "refuted": ("X", COLOURS[1]),
    "not traceable": ("s", COLOURS[3]),
    "not testable here": ("P", QUIET),
}
_KINDS = {"published": ("o", "#000000"), "triangulated": ("s", COLOURS[0]), "simulated": ("D", COLOURS[2])}


class _Seen(NamedTuple):
    """How the marker of a published share tells how it was verified."""

    begins: str
    marker: str
    filled: bool
    legend: str


_SEEN = (
    _Seen("full text", "o", True, "read in the source"),
    _Seen("abstract", "o", True, "read in the source"),
    _Seen("secondary", "o", False, "at second hand"),
    _Seen("derived", "D", True, "derived from other numbers"),
)


def tornado(ax: Axes, drivers: pd.DataFrame, estimate: float, unit: str = "share") -> Axes:
    """Which uncertain input moves a result most: a bar an input from one end of what it may be to the other, the widest on top.

    drivers   from `triangulate`: input, low, high (ends of the input, written at the bar's ends in its own unit), low_if,
              high_if (the result there), share_of_variance (written to the right)
    estimate  the result, as a line
    unit      of the result: "share", shown in percent, or "number"

    Raises ValueError for columns that are not there, bars without an end, and another unit.
    """
    require(drivers, ["input", "low", "high", "low_if", "high_if", "share_of_variance"])
    refuse_unknown(drivers, "input", ["low_if", "high_if"])
    written = formatter(unit)
    width = (drivers["high_if"] - drivers["low_if"]).abs()
    shown = drivers.loc[width.sort_values(kind="stable").index].reset_index(drop=True)
    ax.barh(shown.index, shown["high_if"] - shown["low_if"], left=shown["low_if"], color=COLOURS[0], height=0.5)
    ax.axvline(estimate, color="#000000", linewidth=1.2, linestyle=":")
    numbers = shown[["low_if", "high_if", "low", "high", "share_of_variance"]].to_numpy(float)
    for row, (low_if, high_if, low, high, part) in enumerate(numbers):
        beside(ax, f"{low:,.4g}", (low_if, row), left=bool(low_if <= high_if))
        beside(ax, f"{high:,.4g}", (high_if, row), left=bool(low_if > high_if))
        in_margin(ax, row, "–" if np.isnan(part) else f"{100 * part:.0f} %")
    in_margin(ax, len(shown) - 0.35, "of the\nvariance")
    name_line(ax, estimate, f"estimate {written(estimate)}", len(shown) - 0.35, "#000000")
    name_rows(ax, shown["input"], shown.index.to_numpy(float), room=0.1)
    ends = np.append(numbers[:, :2], estimate)
    aside = 0.2 * max(float(np.ptp(ends)), 1e-9)  # for what is written at the ends of the longest bar
    ax.set_xlim(ends.min() - aside, ends.max() + aside)
    value_axis(ax, unit)
    return ax


def published_forest(ax: Axes, frame: pd.DataFrame, claimed: float | None = None, unit: str = "share") -> Axes:
    """Published shares with their intervals under the heading of what was divided by what; a claim is a line through all.

    frame    label, estimate, low, high, group (headings, in their order; different groups are not to be pooled); x and n if
             the counts are to be written; verified if markers are to tell it: full text or abstract seen (filled), secondary
             source (hollow), derived (diamond). Where only a range was printed, estimate is missing and a bar is drawn
    claimed  what is claimed, in the unit of the estimates
    unit     "share", shown in percent, or "number"

    Raises ValueError for columns that are not there, rows with neither an estimate nor a range, and numbers nobody verified.
    """
    require(frame, ["label", "estimate", "low", "high", "group"])
    refuse_unknown(frame, "label", ["estimate"], ["low", "high"])
    shown = frame.reset_index(drop=True).astype(dict.fromkeys(("estimate", "low", "high"), float))
    height, headings, top = _under_headings(shown["group"])
    shown["row"] = height
    seen = shown["verified"].map(_seen) if "verified" in shown else pd.Series([_SEEN[0]] * len(shown))
    for look in dict.fromkeys(seen):
        _forest_dots(ax, shown[[one == look for one in seen]], look, legend="verified" in shown)
    written = formatter(unit)
    for row, numbers in zip(height, shown.to_dict("records"), strict=True):
        in_margin(ax, row, _in_numbers(ax, numbers, written))
    name_rows(ax, shown["label"], height, room=0.0)
    ax.set_ylim(-0.6, top + (0.9 if claimed is not None else 0.2))
    if claimed is not None:
        _draw_claim(ax, claimed, written, top + 0.45)
    _from_zero(ax)
    value_axis(ax, unit)
    for group, place in headings.items():
        _write_heading(ax, group, place)
    legend_below(ax)
    return ax


def _write_heading(ax: Axes, group: Any, place: float) -> None:
    look: dict[str, Any] = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points", "va": "center"}
    back = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    text = folded(ax, group, 0.6)
    ax.annotate(text, (0, place), xytext=(4, 0), fontsize=10, fontweight="bold", bbox=back, zorder=4, **look)


def _under_headings(groups: pd.Series) -> tuple[np.ndarray, dict[Any, float], float]:
    """How high each row stands and each heading, the first on top; and where the top is."""
    height, headings, y = np.zeros(len(groups)), {}, 0.0
    for group in reversed(list(dict.fromkeys(groups))):
        for row in reversed(np.flatnonzero(groups == group)):
            height[row] = y
            y += 1.0
        headings[group] = y
        y += 1.4
    return height, dict(reversed(headings.items())), y - 1.4 + 0.4


def _seen(verified: Any) -> _Seen:
    found = [one for one in _SEEN if str(verified).startswith(one.begins)]
    if not found:
        raise ValueError(
            f"A published number stands in a figure only if it was seen: {verified!r} begins with none of "
            f"{', '.join(repr(one.begins) for one in _SEEN)}. Leave out its row."
        )
    return found[0]


def _forest_dots(ax: Axes, rows: pd.DataFrame, look: _Seen, legend: bool) -> None:
    only = rows["estimate"].isna()
    ax.hlines(
        rows.loc[only, "row"], rows.loc[only, "low"], rows.loc[only, "high"], color=COLOURS[0], linewidth=6, alpha=0.5
    )
    dots = rows[~only]
    if len(dots):
        ax.errorbar(
            dots["estimate"],
            dots["row"],
            xerr=whiskers(dots, "estimate"),
            fmt=look.marker,
            color=COLOURS[0],
            markerfacecolor=COLOURS[0] if look.filled else "white",
            capsize=3,
            label=look.legend if legend else "_",
            zorder=3,
        )


def _in_numbers(ax: Axes, row: dict[Any, Any], written: Written) -> str:
    """The numbers of a row in words: estimate, interval, counts; below each other where the figure is narrow."""
    low, high, estimate = row["low"], row["high"], row["estimate"]
    between = "" if np.isnan(low) or np.isnan(high) else f"{written(low, False)} to {written(high)}"
    parts = [between] if np.isnan(estimate) else [written(estimate) + (f" ({between})" if between else "")]
    if not (pd.isna(row.get("x")) or pd.isna(row.get("n"))):
        parts.append(f"{row['x']:,.0f} of {row['n']:,.0f}")
    return ("\n" if narrow(ax) else ", ").join(parts)


def _draw_claim(ax: Axes, claimed: float, written: Written, row: float) -> None:
    ax.axvline(claimed, color=_CLAIM, linewidth=1.4, linestyle="--", zorder=1)
    name_line(ax, claimed, f"claimed: {written(claimed)}", row, ink(_CLAIM))


def _from_zero(ax: Axes) -> None:
    """Begin at 0, unless something lies below."""
    if ax.dataLim.xmin >= 0:
        ax.set_xlim(left=0)


def ranges(ax: Axes, frame: pd.DataFrame, claimed: float | None = None, unit: str = "share", log: bool = False) -> Axes:
    """Ranges beside each other, as of a share by denominator: a bar each, a dot at its estimate, a claim as a line.

    frame    label, low, high, estimate, kind ("published", "triangulated" or "simulated"), the first on top; a row without
             low and high has a dot only, one without estimate a bar only
    claimed  what is claimed, in the unit of the ranges
    unit     "share", shown in percent, or "number"
    log      on a logarithmic axis, where what reaches down to 0 begins at the edge

    Raises ValueError for columns that are not there, unknown kinds, rows with neither dot nor bar, and dots at 0 where `log`.
    """
    require(frame, ["label", "low", "high", "estimate", "kind"])
    refuse_unknown(frame, "label", ["estimate"], ["low", "high"])
    shown = frame.reset_index(drop=True).astype(dict.fromkeys(("low", "high", "estimate"), float))
    refuse_unlisted(shown["kind"], "kind", _KINDS)
    shown["row"] = np.arange(len(shown))[::-1]
    numbers = shown[["low", "high", "estimate"]]
    if log:
        shown["low"] = _on_log_axis(ax, shown, claimed)
    for kind, rows in shown.groupby("kind", sort=False):
        marker, colour = _KINDS[str(kind)]
        ax.hlines(rows["row"], rows["low"], rows["high"], color=colour, linewidth=7, alpha=0.35)
        ax.plot(rows["estimate"], rows["row"], marker, color=colour, markersize=7, label=kind, zorder=3)
    written = formatter(unit)
    for row, (low, high, estimate) in zip(shown["row"], numbers.to_numpy(), strict=True):
        text = written(estimate) if np.isnan(low) or np.isnan(high) else f"{written(low, False)} to {written(high)}"
        in_margin(ax, row, text)
    name_rows(ax, shown["label"], shown["row"].to_numpy(float), room=0.3 if claimed is not None else 0.0)
    if claimed is not None:
        _draw_claim(ax, claimed, written, len(shown) - 0.4)
    if not log:
        _from_zero(ax)
    value_axis(ax, unit)
    if len(set(shown["kind"])) > 1:
        legend_below(ax)
    return ax


def _on_log_axis(ax: Axes, shown: pd.DataFrame, claimed: float | None) -> pd.Series:
    """Make the axis logarithmic, as long as its numbers; the lower ends, with the axis' own for those at 0."""
    if (shown["estimate"] <= 0).any():
        raise ValueError("A dot at 0 has no place on a logarithmic axis; draw it with log=False, or leave out its row.")
    numbers = np.append(shown[["low", "high", "estimate"]].to_numpy(), np.nan if claimed is None else claimed)
    above = numbers[numbers > 0]
    edge = float(above.min()) / 1.6
    ax.set_xscale("log")
    ax.set_xlim(edge, float(above.max()) * 1.6)
    return shown["low"].where(shown["low"].isna() | (shown["low"] > 0), edge)


def verdicts(ax: Axes, frame: pd.DataFrame) -> Axes:
    """One row a claim, one column a verdict of the scale, each in its order: a mark, and its word beside it.

    frame  letter, claim, verdict, the first on top

    Raises ValueError for columns that are not there and for verdicts that are not on the scale.
    """
    require(frame, ["letter", "claim", "verdict"])
    refuse_unlisted(frame["verdict"], "verdict", _SCALE)
    rows = np.arange(len(frame))[::-1]
    places = {verdict: place for place, verdict in enumerate(_SCALE)}
    for row, verdict in zip(rows, frame["verdict"], strict=True):
        marker, colour = _SCALE[verdict]
        ax.plot(places[verdict], row, marker, color=colour, markersize=11, clip_on=False)
        beside(ax, verdict, (places[verdict], row), places[verdict] >= len(places) / 2, ink(colour), 12)
    heads = [verdict if narrow(ax) else textwrap.fill(verdict, 12) for verdict in _SCALE]
    ax.set_xticks(range(len(heads)), heads, fontsize=9, rotation=90 if narrow(ax) else 0)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    name_rows(ax, [f"{one.letter}  {one.claim}" for one in frame.itertuples()], rows.astype(float), room=0.0)
    ax.hlines(rows[:-1] - 0.5, -0.5, len(places) - 0.5, color="#E6E6E6", linewidth=0.8)
    ax.set_xlim(-0.5, len(places) - 0.5)
    ax.spines[:].set_visible(False)
    ax.grid(axis="y", visible=False)
    return ax
