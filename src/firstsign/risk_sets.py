"""Spells read as data for estimators that count who is at risk: ends on known days, or in bands that do not overlap."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import did_you_mean

Array = NDArray[np.float64]
DEFAULTS: dict[str, float] = {"window": 0.0, "entry": 0.0, "limit": np.inf, "n": 1.0}


class RiskSets(NamedTuple):
    """One row for each distinct day on which somebody of a group ended or was censored, in order.

    day, at_risk, censored   shape (k,); at risk just before the day
    ends                     shape (k, causes), how many ended, by cause
    bands                    shape (b, 2), the bands (lower, upper] of the group's banded ends
    """

    day: Array
    at_risk: Array
    ends: Array
    censored: Array
    bands: Array


def names(by: str | Sequence[str] | None) -> list[str]:
    """A name, some names or none, as a list. Raises ValueError for anything else, and for a name given twice."""
    several = by is None or isinstance(by, list | tuple | set | pd.Index)
    given: list[Any] = list(by or ()) if several else [by]
    for name in given:
        if not isinstance(name, str) or given.count(name) > 1:
            raise ValueError(f"by is {by!r}; give the name of a column, or a list of different names.")
    return given


def check_spells(spells: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """The named columns of a spells frame as numbers, with the columns that were not given filled in.

    Rows that stand for nobody (n = 0) are left out. Raises ValueError, naming the first offending row, for missing or
    impossible values: an end before its beginning, an end at or before `entry`, an end after `limit`.
    """
    if not isinstance(spells, pd.DataFrame):
        raise ValueError(
            f"The spells are a {type(spells).__name__}; give a frame, as `spells(cohort, interval)` makes it."
        )
    for name in ("lower", "upper", *by):
        if list(spells.columns).count(name) > 1:
            raise ValueError(f"The spells have several columns {name!r}: keep one.")
        if name not in spells.columns:
            there = ", ".join(map(str, spells.columns))
            raise ValueError(
                f"The spells have no column {name!r}{did_you_mean(name, spells.columns)}; they have {there}. "
                "`spells(cohort, interval, by=...)` makes such a frame."
            )
    columns = {name: _numbers(spells, name) for name in ("lower", "upper", *DEFAULTS)}
    default = np.where(np.isfinite(columns["upper"]), "diagnosis", "censored")
    columns["cause"] = spells["cause"] if "cause" in spells.columns else default
    frame = pd.DataFrame({**{name: spells[name] for name in by}, **columns}, index=spells.index)
    frame = frame[frame["n"] != 0]
    _check_rows(frame)
    if frame.empty:
        raise ValueError("The spells hold nobody: there are no rows, or n is 0 in all of them.")
    return frame.reset_index(drop=True)


def _numbers(spells: pd.DataFrame, name: str) -> Any:
    """A column in days, or its default; NaN where there is no number."""
    if list(spells.columns).count(name) > 1:
        raise ValueError(f"The spells have several columns {name!r}: keep one.")
    if name not in spells.columns:
        return np.full(len(spells), DEFAULTS[name])
    values = spells[name]
    if values.dtype.kind in "mM":
        raise ValueError(f"{name!r} holds {values.dtype}; spells count in days, as numbers.")
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "fiu":
        return values.to_numpy(float)
    return pd.to_numeric(values, errors="coerce").to_numpy(float, na_value=np.nan)


def _check_rows(frame: pd.DataFrame) -> None:
    names = ("lower", "upper", "window", "entry", "limit", "n")
    values = frame[list(names)].to_numpy()
    lower, upper, window, entry, limit, n = values.T
    nameless, censored = frame["cause"].isna().to_numpy(), (frame["cause"] == "censored").to_numpy(bool)
    ended = np.isfinite(upper)
    exact = ended & (lower == upper)
    rules = {
        "has a value that is missing or not a number": np.isnan(values).any(axis=1),
        "has no cause": nameless,
        "counts a negative number of people": n < 0,
        "has a negative or infinite lower, window or entry": (np.minimum(np.minimum(lower, window), entry) < 0)
        | np.isinf(lower + window + entry + n),
        "ends before it begins (upper < lower)": upper < lower,
        "is called censored, but has an end (finite upper)": ended & censored,
        "has a cause, but no end (upper is inf): call it censored": ~ended & ~censored,
        "ends at or before its entry: such a person was never seen at risk": exact & (entry > 0) & (upper <= entry),
        "is censored at or before its entry: such a person was never seen at risk": ~ended
        & (entry > 0)
        & (lower <= entry),
        "may have ended before its entry (lower < entry): nobody is seen who ended before": ended
        & ~exact
        & (lower < entry),
        "ends after its limit, when it could no longer be seen": ended & (upper > limit),
        "has a finite limit but no end: with a limit only those who ended are seen": ~ended & np.isfinite(limit),
    }
    for what, wrong in rules.items():
        if wrong.any():
            first = frame[wrong].iloc[0]
            shown = ", ".join(f"{name} {first[name]}" for name in (*names[:-1], "cause", "n"))
            raise ValueError(
                f"{int(wrong.sum()):,} of the spells cannot be: the first {what} ({shown}; row {frame.index[wrong][0]})."
            )


def single_event(frame: pd.DataFrame, event: str | None, estimator: str) -> str:
    """The cause that counts as the end: the only one there is, or the one asked for; the others become censorings."""
    causes = sorted(set(frame["cause"]) - {"censored"})
    if event is None:
        if len(causes) > 1:
            raise ValueError(
                f"The spells end in several ways ({', '.join(causes)}), and {estimator} knows one. Use cumulative_incidence for "
                f"the share of each, or say event={causes[0]!r} to take the others as censorings (a cause-specific curve)."
            )
        return causes[0] if causes else "diagnosis"
    if event == "censored" or (causes and event not in causes):
        raise ValueError(
            f"event is {event!r}{did_you_mean(event, causes)}, but the spells end in: {', '.join(causes) or 'nothing'}."
        )
    return event


def refuse_limits_with_causes(frame: pd.DataFrame, event: str) -> None:
    """Refuse to make censorings of people who are in the data because they ended in another way."""
    if np.isfinite(frame["limit"]).any() and (~frame["cause"].isin([event, "censored"])).any():
        raise ValueError(
            "The spells end in several ways and have limits: those who ended in another way are in the data because they did, and "
            f"cannot be censorings. Keep the rows of one cause, {event!r} say, for the delay among those who end in that way."
        )


def groups_of(frame: pd.DataFrame, by: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """The groups in sorted order, each with its key; one nameless group when `by` is empty."""
    if not by:
        yield (), frame
        return
    for key, group in frame.groupby(list(by), dropna=False, sort=True, observed=True):
        yield (key if isinstance(key, tuple) else (key,)), group


def refuse_windows(frame: pd.DataFrame, estimator: str) -> None:
    """Refuse a time zero that is known to a window only, naming what can be done."""
    if (frame["window"] > 0).any():
        raise ValueError(
            f"{int(frame.loc[frame['window'] > 0, 'n'].sum()):,} people have a time zero known only to a window, which {estimator} "
            "cannot use. Set it to one day with spells(..., imprecise='midpoint'), and compare 'earliest' and 'latest', or model "
            "the window with fit_delay."
        )


def refuse_what_needs_more(frame: pd.DataFrame, estimator: str) -> None:
    """Refuse windows and limits: counting who is at risk cannot use them."""
    refuse_windows(frame, estimator)
    if np.isfinite(frame["limit"]).any():
        raise ValueError(
            f"The spells have a limit: these people are in the data because they ended (right truncation), which {estimator} "
            "would ignore. Use right_truncated (turnbull, if there are entries, bands or people without a limit too), or fit_delay."
        )


def risk_sets(group: pd.DataFrame, causes: Sequence[str], estimator: str) -> RiskSets:
    """Count who is at risk, who ended by each cause and who was censored, day by day.

    At risk on (entry, end], entry 0 meaning from the start; ends come before censorings of the same day. A cause that
    is not in `causes` is a censoring. A band's ends fall on its upper edge.
    """
    lower, upper, entry, n = (group[name].to_numpy() for name in ("lower", "upper", "entry", "n"))
    cause = group["cause"].to_numpy()
    counted = np.isin(cause, list(causes))
    bands = _bands(lower, upper, entry, counted, estimator)
    last = np.where(np.isfinite(upper), upper, lower)
    day, place = np.unique(last, return_inverse=True)
    ends = np.column_stack([np.bincount(place, n * (cause == name), len(day)) for name in causes])
    censored = np.bincount(place, n * ~counted, len(day)).astype(float)
    return RiskSets(day, people_at_risk(group, day), ends.astype(float), censored, bands)


def each_group(
    spells: pd.DataFrame, by: Sequence[str], event: str | None, estimator: str
) -> list[tuple[tuple[Any, ...], RiskSets]]:
    """The key and the risk sets of each group, for an estimator of one event that counts who is at risk.

    Raises ValueError for spells that cannot be, for windows, limits and bands that overlap, and for several causes without `event`.
    """
    frame = check_spells(spells, by)
    refuse_what_needs_more(frame, estimator)
    event = single_event(frame, event, estimator)
    return [(key, risk_sets(group, [event], estimator)) for key, group in groups_of(frame, by)]


def people_at_risk(group: pd.DataFrame, day: Array) -> Array:
    """How many people are observed and still waiting just before each day; shape of `day`."""
    lower, upper, entry, n = (group[name].to_numpy() for name in ("lower", "upper", "entry", "n"))
    late = entry > 0
    return _from_on(np.where(np.isfinite(upper), upper, lower), n, day) - _from_on(entry[late], n[late], day)


def _from_on(value: Array, n: Array, day: Array) -> Array:
    """People whose value is at or after each day."""
    order = np.argsort(value, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(n[order])])
    return before[-1] - before[np.searchsorted(value[order], day, side="left")]


def _bands(lower: Array, upper: Array, entry: Array, counted: NDArray[np.bool_], estimator: str) -> Array:
    """The distinct bands, or ValueError when another end, a censoring, an entry or a band begins inside one of them."""
    banded = np.isfinite(upper) & (lower < upper)
    if (banded & ~counted).any():
        raise ValueError(
            f"Some competing ends are known only to a band of days, and {estimator} would need the day. Set them to one day with "
            "spells(..., imprecise='midpoint')."
        )
    if not banded.any():
        return np.empty((0, 2))
    bands = np.unique(np.column_stack([lower[banded], upper[banded]]), axis=0)
    points = np.unique(np.concatenate([lower, upper[np.isfinite(upper)], entry]))
    gone_on_day_0 = bool((np.where(np.isfinite(upper), upper, lower)[~banded] == 0).any())
    for start, end in bands:
        inside = points[(points > start) & (points < end)]
        if len(inside) or (start == 0 and gone_on_day_0):
            where = inside[0] if len(inside) else 0
            raise ValueError(
                f"The band from day {start:g} to day {end:g} overlaps with something on day {where:g}, so it is not known who "
                f"was at risk, which {estimator} needs. Use turnbull, which takes overlapping bands; or set the dates to one "
                "day with spells(..., imprecise='midpoint')."
            )
    return bands
