"""From a sign to a chance, as figures: people as dots, chances over priors and weeks, signs together, the price of tests."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from .figure_rows import (
    beside,
    folded,
    formatter,
    in_margin,
    in_percent,
    legend_below,
    log_ticks,
    name_rows,
    narrow,
    require,
    span,
)
from .palette import COLOURS, DASHES, QUIET, groups, refuse_too_many, words

_PEOPLE = {  # part of a table -> marker, colour, filled, words for one and for several
    "tp": ("s", COLOURS[1], True, "has the disease and the sign", "have the disease and the sign"),
    "fn": ("s", COLOURS[1], False, "has the disease without the sign", "have the disease without the sign"),
    "fp": ("o", COLOURS[0], True, "has the sign without the disease", "have the sign without the disease"),
    "tn": ("o", "#B4B4B4", False, "has neither", "have neither"),
}
_CASCADE = {
    "tests_per_case": "Tests for one person found",
    "days_mean": "Mean days to the diagnosis",
    "missed_per_100": "Missed at first, of 100 ill people",
    "false_alarms_per_1000": "False alarms, of 1,000 people",
}
_percent = formatter("share")


def icon_array(ax: Axes, natural: pd.DataFrame, per_row: int = 50) -> Axes:
    """People as squares and dots: who has the disease (squares), who has the sign (filled), with the counts in words.

    natural  one row, from `natural_frequencies`: people, tp, fn, fp, tn; rounded to whole people that add up
    per_row  people in a row

    Raises ValueError for columns that are not there, several rows, and parts that do not add up to the people.
    """
    counts = _counted(natural)
    size = _size(ax, per_row, -(-sum(counts) // per_row))
    begin = 0
    for count, (marker, colour, filled, one, several) in zip(counts, _PEOPLE.values(), strict=True):
        seat = np.arange(begin, begin + count)
        look: dict[str, Any] = {
            "facecolor": colour if filled else "none",
            "edgecolor": colour,
            "linewidths": 0.12 * size**0.5,
        }
        label = f"{count:,} {one if count == 1 else several}"
        ax.scatter(seat % per_row, -(seat // per_row), size, marker=marker, label=label, clip_on=False, **look)
        begin += count
    ax.set_xlim(-0.6, per_row - 0.4)
    ax.set_ylim(-((begin - 1) // per_row) - 0.6, 0.6)
    ax.set_aspect("equal", anchor="NW")
    ax.set_axis_off()
    drawn = ax.legend(loc="upper left", bbox_to_anchor=(0, -0.01), ncols=1 if narrow(ax) else 2, fontsize=11)
    for handle in drawn.legend_handles:
        handle.set(sizes=[60], linewidths=1)  # type: ignore[union-attr]
    return ax


def _counted(natural: pd.DataFrame) -> list[int]:
    """Whole people of each kind; ValueError where the frame does not say how many there are."""
    require(natural, ["people", *_PEOPLE])
    if len(natural) != 1:
        raise ValueError(f"One figure shows the people of one row, and the frame has {len(natural)}; choose one.")
    people = float(natural["people"].iloc[0])
    parts = natural.iloc[0][list(_PEOPLE)].to_numpy(float)
    if not (people >= 1 and np.isclose(parts.sum(), people)):
        raise ValueError(
            f"tp, fn, fp and tn add up to {parts.sum():g}, and the people are {people:g}; give one or more who do."
        )
    return _whole(parts, round(people))


def _whole(parts: Any, total: int) -> list[int]:
    """Parts as whole numbers with this sum: rounded down, and those with the largest remainders up."""
    down = np.floor(parts + 1e-9).astype(int)
    order = np.argsort(-(parts - down), kind="stable")
    down[order[: total - int(down.sum())]] += 1
    return down.tolist()


def _size(ax: Axes, columns: int, rows: int) -> float:
    """The area in square points at which the marks of a grid have a gap between them."""
    box, figure = ax.get_position(), ax.get_figure(root=True)
    width, height = (8.0, 4.8) if figure is None else figure.get_size_inches()
    side = 72 * min(box.width * width / columns, box.height * height / rows)
    return float((0.72 * side) ** 2)


def post_test_curves(ax: Axes, frame: pd.DataFrame, prior: float | None = None) -> Axes:
    """What a sign makes of a chance: the chance after it against the chance before it, a line a sign, no sign as a dotted one.

    frame  prior, post_test, sign: priors above 0, rising within each sign
    prior  marked, with a dot on each line and the chance after the sign in the legend

    Raises ValueError for columns that are not there, more signs than can be told apart, and a prior that a line does not reach.
    """
    require(frame, ["prior", "post_test", "sign"])
    _refuse_chance(prior, "prior")
    if not frame["prior"].between(0, 1, inclusive="neither").all():
        raise ValueError(
            "A prior of 0 or 1 has no place on a logarithmic axis, and no sign changes it; leave out its rows."
        )
    parts = list(frame.groupby("sign", sort=False))
    refuse_too_many(len(parts), "signs")
    if prior is not None:
        ax.axvline(prior, color=QUIET, linewidth=1)
    for (sign, rows), colour, dashes in zip(parts, COLOURS, DASHES, strict=False):
        label = str(sign)
        if prior is not None:
            label += _mark_prior(ax, rows, prior, colour)
        ax.plot(rows["prior"], rows["post_test"], color=colour, linestyle=dashes, label=folded(ax, label, 0.8))
    every = np.sort(frame["prior"].unique())
    ax.plot(every, every, color=QUIET, linewidth=1.2, linestyle=":", label="no sign: the chance stays")
    ax.set_xscale("log")
    span(ax, every)
    log_ticks(ax)
    in_percent(ax.xaxis)
    in_percent(ax.yaxis)
    ax.set_ylim(0, 1)
    ax.set_xlabel("Chance before the sign is known")
    ax.set_ylabel("Chance after it")
    legend_below(ax, columns=1)
    return ax


def _mark_prior(ax: Axes, rows: pd.DataFrame, prior: float, colour: str) -> str:
    """A dot on a line at the prior, between its neighbours on the logarithmic scale; what becomes of it, in words."""
    least, most = rows["prior"].min(), rows["prior"].max()
    if not least <= prior <= most:
        raise ValueError(
            f"The prior {prior:g} lies outside of the line of {rows['sign'].iloc[0]!r}, which goes from {least:g} to {most:g}."
        )
    after = float(np.interp(np.log(prior), np.log(rows["prior"]), rows["post_test"]))
    ax.plot(prior, after, "o", color=colour, markersize=7, zorder=4)
    return f": {_percent(prior)} becomes {_percent(after)}"


def chance_over_days(ax: Axes, frame: pd.DataFrame, threshold: float | None = None) -> Axes:
    """The chance of the disease while a symptom lasts, against weeks; a threshold of acting as a line.

    frame      day, chance, and low, high if there is a band, group if there are several lines; days rising within each
    threshold  a chance

    Raises ValueError for columns that are not there, days that do not rise, and more groups than can be told apart.
    """
    require(frame, ["day", "chance"])
    _refuse_chance(threshold, "threshold")
    for one in groups(frame, "group" if "group" in frame else None):
        weeks = one.rows["day"] / 7
        ax.plot(weeks, one.rows["chance"], color=one.colour, linestyle=one.dashes, label=one.name or None)
        if {"low", "high"} <= set(frame.columns):
            ax.fill_between(weeks, one.rows["low"], one.rows["high"], color=one.colour, alpha=0.18, linewidth=0)
    top = np.nan_to_num(frame.reindex(columns=["chance", "high"]).max().max())
    ax.set_ylim(0, min(1.02, 1.12 * max(top, threshold or 0, 1e-6)))
    span(ax, frame["day"] / 7)
    if threshold is not None:
        ax.axhline(threshold, color=QUIET, linewidth=1.2, linestyle="--")
        look: dict[str, Any] = {"xytext": (4, 3), "textcoords": "offset points", "fontsize": 9, "color": QUIET}
        ax.annotate(f"{_percent(threshold)}", (0, threshold), xycoords=ax.get_yaxis_transform(), **look)
    in_percent(ax.yaxis)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5 if narrow(ax) else 9, integer=True))
    ax.set_xlabel("Weeks that it has lasted")
    ax.set_ylabel("Chance of the disease")
    if "group" in frame:
        legend_below(ax)
    return ax


def signs_together(ax: Axes, frame: pd.DataFrame) -> Axes:
    """What signs found together are worth, as likelihood ratios with intervals, beside what they would be if independent.

    frame  from `joint_likelihoods`, with a column pattern in words: pattern, lr, low, high, lr_if_independent, the first on top

    What reaches down to 0 or has no end goes to the edge. Raises ValueError for columns that are not there, and rows without
    a ratio.
    """
    require(frame, ["pattern", "lr", "low", "high", "lr_if_independent"])
    lost = frame.loc[frame["lr"].isna(), "pattern"]
    if len(lost):
        raise ValueError(f"There is no likelihood ratio to draw for {', '.join(map(str, lost))}; leave out these rows.")
    ratios = frame[["lr", "low", "high", "lr_if_independent"]].astype(float).reset_index(drop=True)
    rows = np.arange(len(ratios))[::-1]
    drawn = ratios.to_numpy()[np.isfinite(ratios) & (ratios > 0)]
    edges = min(0.5, drawn.min(initial=1)) / 1.4, max(2.0, drawn.max(initial=1)) * 1.4
    shown = ratios.clip(*edges)
    ax.axvline(1, color=QUIET, linewidth=1, linestyle=":")
    ax.hlines(rows + 0.12, shown["low"], shown["high"], color=COLOURS[0], linewidth=2)
    ax.plot(shown["lr"], rows + 0.12, "o", color=COLOURS[0], label="together, as counted", zorder=3, clip_on=False)
    look: dict[str, Any] = {"color": COLOURS[1], "markerfacecolor": "white", "zorder": 3, "clip_on": False}
    ax.plot(shown["lr_if_independent"], rows - 0.18, "D", label="if they were independent", **look)
    ax.set_xscale("log")
    ax.set_xlim(*edges)
    log_ticks(ax)
    number = formatter("number")
    for row, (lr, low, high, _) in zip(rows, ratios.to_numpy(), strict=True):
        between = "" if np.isnan(low) or np.isnan(high) else f" ({number(low)} to {number(high)})"
        in_margin(ax, row, f"{number(lr)}{between}")
    name_rows(ax, frame["pattern"], rows)
    ax.set_xlabel("Likelihood ratio")
    legend_below(ax)
    return ax


def decision_curves(ax: Axes, frame: pd.DataFrame) -> Axes:
    """What acting on a model is worth at each threshold: net benefit per 1,000 people, treating all or none in grey.

    frame  model, threshold, net_benefit (per person), and low, high if there are bands; thresholds rising within each model

    The axis ends a little below 0, whatever a model may lose. Raises ValueError for columns that are not there, and more
    models than can be told apart.
    """
    require(frame, ["model", "threshold", "net_benefit"])
    default = frame["model"].astype(str).str.startswith("treat ")
    parts = list(frame.groupby("model", sort=False))
    refuse_too_many(int(frame.loc[~default, "model"].nunique()), "models")
    looks = iter(zip(COLOURS, DASHES, strict=True))
    for model, rows in parts:
        plain = str(model).startswith("treat ")
        colour, dashes = (QUIET, ":" if model == "treat none" else (0, (6, 2))) if plain else next(looks)
        width = 1.6 if plain else 2.0
        line: dict[str, Any] = {"color": colour, "linestyle": dashes, "linewidth": width, "label": words(model)}
        ax.plot(rows["threshold"], 1000 * rows["net_benefit"], **line)
        if {"low", "high"} <= set(frame.columns) and not plain:
            ax.fill_between(
                rows["threshold"], 1000 * rows["low"], 1000 * rows["high"], color=colour, alpha=0.18, linewidth=0
            )
    top = 1000 * max(np.nan_to_num(frame["net_benefit"].max()), 1e-6)
    ax.set_ylim(-0.12 * top, 1.08 * top)
    span(ax, frame["threshold"])
    in_percent(ax.xaxis)
    ax.set_xlabel("Chance from which one would act")
    ax.set_ylabel("Net benefit per 1,000 people")
    legend_below(ax)
    return ax


def cascades(axes: Sequence[Axes], frame: pd.DataFrame) -> Sequence[Axes]:
    """Ways of testing beside each other, a panel each for their tests, days, missed and false alarms; the first way on top.

    axes   four
    frame  name, tests_per_case, days_mean, missed_per_100, false_alarms_per_1000; what is missing has a dash, what has no end ∞

    Raises ValueError for columns that are not there, and another number of axes.
    """
    require(frame, ["name", *_CASCADE])
    if len(axes) != len(_CASCADE):
        raise ValueError(f"The ways of testing are shown in {len(_CASCADE)} panels; {len(axes)} axes were given.")
    rows = np.arange(len(frame))[::-1]
    for ax, (column, title), colour in zip(axes, _CASCADE.items(), COLOURS, strict=False):
        numbers = frame[column].to_numpy(float)
        drawn = np.where(np.isfinite(numbers), numbers, 0.0)
        ax.barh(rows, drawn, color=colour, height=0.55)
        for row, number, length in zip(rows, numbers, drawn, strict=True):
            beside(ax, formatter("number")(number), (length, row), left=False)
        place = ax.get_subplotspec()
        first = place is None or place.is_first_col()
        name_rows(ax, frame["name"] if first else [""] * len(frame), rows)
        ax.set_xlim(0, 1.25 * max(drawn.max(), 1e-6))
        ax.xaxis.set_major_locator(MaxNLocator(nbins=3))
        ax.set_title(folded(ax, title, 0.4), fontsize=11)
    return axes


def _refuse_chance(chance: float | None, what: str) -> None:
    if chance is not None and not 0 < chance < 1:
        raise ValueError(f"The {what} is {chance!r}; it is a chance between 0 and 1: 0.01 is 1 %.")
