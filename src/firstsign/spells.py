"""From people to counted spells: how long, how it ended, what could have been seen.

A spell is one person's time from a milestone to the next event. `spells` counts the distinct ones; the count is all
that an estimator needs. People in memory, in a Parquet file or in a database go through the same SQL, so the rules are
written once and no Parquet file is ever loaded (a CSV is, and checked, by `load_cohort`).
"""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from .cohorts import load_cohort
from .errors import did_you_mean
from .people_sql import People
from .results import ENDLESS
from .risk_sets import names
from .spells_sql import SET_DATES, Wish, count_spells
from .vocabulary import INTERVALS, MILESTONES

COLUMNS = ["lower", "upper", "window", "entry", "limit", "cause", "n"]


def spells(
    source: pd.DataFrame | str | Path | Any,
    interval: str | tuple[str, str] | None = None,
    by: str | Sequence[str] | None = None,
    competing: str | Sequence[str] = (),
    until: str | date | None = None,
    seen: str = "all",
    imprecise: str = "keep",
    whole_days: bool = False,
    endless: str = "error",
) -> pd.DataFrame:
    """Count the distinct spells of an interval.

    source      a cohort (frame); the path of a Parquet file with a cohort's columns, which is never loaded; a DuckDB relation
                (any table or query of a database); a published table with bands; or whatever else `load_cohort` takes
    interval    a name of the Aarhus statement ("diagnostic"), or a pair of milestones ("diagnosis", "death");
                a published table has its own
    by          columns whose values are kept apart
    competing   milestones that can end a spell before its own end does ("death")
    until       last day of observation for everybody; besides it `observed_until`, `last_seen` and death end it
    seen        "all": people are in the data whatever came of them; "diagnosed": they are in it *because* the interval's
                end was reached, so spells without it are left out and the rest are right-truncated
    imprecise   what becomes of dates known only as a window: "keep" it, or set them to one day, the "midpoint",
                "earliest" or "latest" of the days that the spell's other date allows; "shortest" and "longest" set
                the two dates apart, to the extremes between which every choice of days lies
    whole_days  count a date as a day of width one, not as a point: adds a day to `window`, to finite ends and limits

    endless     people with neither an end nor an end of observation, whose spell is not even bounded: "error", or "exclude"
                to leave them out, counted (delays then look shorter than they are)

    Returns one row per distinct spell, all times in days since the start of time zero's window: the columns of `by`;
    `lower`, `upper` (the end lies in (lower, upper]; equal = on that day; upper inf = censored at lower); `window` (width
    of time zero's window); `entry` (observed only from here on); `limit` (could have been seen only up to here);
    `cause` (the milestone that ended it, or "censored"); `n` (people). `.attrs["left_out"]` counts the people left out, by
    reason, and `.attrs["dates_set"]` those of whom `imprecise` set a date.

    Raises ValueError for an unknown interval, milestone, column or choice.
    """
    _check_choice("seen", seen, ("all", "diagnosed"))
    _check_choice("imprecise", imprecise, tuple(SET_DATES))
    _check_choice("endless", endless, ("error", "exclude"))
    by, competing = names(by), names(competing)
    for name in set(by) & set(COLUMNS):
        raise ValueError(
            f"The people cannot be kept apart by {name!r}: spells have a column of that name. Rename yours."
        )
    if isinstance(source, pd.DataFrame) and "kind" in source.attrs:
        _refuse_for_a_table(interval, competing, until, seen, imprecise, whole_days)
        return _from_bands(source, by)
    if isinstance(source, str | Path) and not str(source).lower().endswith((".parquet", ".pq")):
        source = load_cohort(source)
    wish = Wish(*_milestones(interval), by, competing, calendar_day(until), seen, imprecise, whole_days, endless)
    return _finish(*_counted(source, wish), wish, getattr(source, "attrs", {}))


def _counted(source: Any, wish: Wish) -> tuple[pd.DataFrame, dict[str, int]]:
    """The people counted where they lie, and checked if they were never loaded as a cohort.

    Looking for people named twice keeps one core busy, so in a file it goes on beside the counting.
    """
    people = People(source)
    if isinstance(source, pd.DataFrame):
        return count_spells(people, wish)
    if not isinstance(source, str | Path):  # somebody's connection, which does one thing at a time
        _refuse_what_no_cohort_may_hold(people)
        people.refuse_people_named_twice()
        return count_spells(people, wish)
    with ThreadPoolExecutor(1) as beside:
        check = beside.submit(People(source).refuse_people_named_twice)
        _refuse_what_no_cohort_may_hold(people)
        counted = count_spells(people, wish)
        check.result()
    return counted


def _refuse_what_no_cohort_may_hold(people: People) -> None:
    people.refuse_nobody()
    people.refuse_days_that_stand_for_none()


def _refuse_for_a_table(
    interval: Any, competing: list[str], until: Any, seen: str, imprecise: str, whole_days: bool
) -> None:
    """A published table has its interval, its bands and no dates: what is asked beyond `by` cannot be done."""
    asked = {"interval": interval, "competing": competing, "until": until, "whole_days": whole_days}
    asked |= {"seen": seen if seen != "all" else None, "imprecise": imprecise if imprecise != "keep" else None}
    for name, value in asked.items():
        if value:
            raise ValueError(
                f"A published table of counts has no dates, so {name}={value!r} can do nothing there; give `by` alone."
            )


def _check_choice(argument: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{argument} is {value!r}; it can be {', '.join(map(repr, allowed))}.")


def _milestones(interval: str | tuple[str, str] | None) -> tuple[str, str]:
    if isinstance(interval, str) and interval in INTERVALS:
        return INTERVALS[interval].start, INTERVALS[interval].end
    if isinstance(interval, tuple) and len(interval) == 2:
        for name in interval:
            if name not in MILESTONES:
                raise ValueError(
                    f"{name!r} is not a milestone{did_you_mean(name, MILESTONES)}: {', '.join(MILESTONES)}."
                )
        return interval
    raise ValueError(
        f"The interval is {interval!r}{did_you_mean(str(interval), INTERVALS)}; give one of {', '.join(INTERVALS)}, "
        'or a pair of milestones such as ("diagnosis", "death").'
    )


def calendar_day(until: str | date | None) -> int | None:
    """Days since 1970 of one calendar day, None where none is given; ValueError for anything else."""
    if until is None or until == "":
        return None
    try:
        if not re.match(r"\d{4}-\d\d-\d\d", str(until)):
            raise ValueError
        day = until if isinstance(until, date) else date.fromisoformat(str(until))
    except ValueError:
        raise ValueError(f"until is {until!r}; it must be one calendar day, such as '2024-12-31'.") from None
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _finish(counted: pd.DataFrame, reasons: dict[str, int], wish: Wish, given: dict[Any, Any]) -> pd.DataFrame:
    """The spells as they are promised, with how many people have none, and why."""
    endless = reasons.get(ENDLESS, 0)
    if endless and wish.endless == "error":
        missing = "an end of observation" if wish.seen == "diagnosed" else f"{wish.end} nor an end of observation"
        raise ValueError(
            f"{endless:,} people have {'no' if wish.seen == 'diagnosed' else 'neither'} {missing}, so their time from "
            f"{wish.start} has no known end. Give until= the last day on which an event would have been recorded "
            "(until='2024-12-31'), or a column observed_until or last_seen."
        )
    kept = counted.rename(columns={f"group {i}": name for i, name in enumerate(wish.by)})
    frame = kept[[*wish.by, *COLUMNS]].astype(dict.fromkeys(COLUMNS[:5], float)).reset_index(drop=True)
    frame.attrs = {
        "interval": f"{wish.start} to {wish.end}",
        "left_out": {**given.get("left_out", {}), **reasons},
        "dates_set": int(kept["dates unsure"].sum()) if wish.imprecise != "keep" else 0,
        **{name: given[name] for name in ("name", "simulated", "own") if name in given},
    }
    return frame


def _from_bands(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """A published table of counts in bands of days, as the interval-censored spells that it is.

    "15-28 days" starts where "0-14" ends: lower 14, upper 28. The open band is censored at its start.
    """
    name = table.attrs.get("name")
    if not {"from_day", "to_day", "people"} <= set(table.columns):
        raise ValueError(
            f"The published table {name!r} holds {table.attrs['kind']}, not counts of people in bands of days: no spells can "
            "be made from it. Set it beside the quantiles or shares of a cohort instead."
        )
    for column in by:
        if column not in table.columns:
            raise ValueError(f"There is no column {column!r}{did_you_mean(column, table.columns)} in {name!r}.")
    lower = (table["from_day"] - 1).clip(lower=0).astype(float)
    ended = table["to_day"] < float("inf")
    frame = table[by].assign(
        lower=lower,
        upper=table["to_day"].astype(float),
        window=0.0,
        entry=0.0,
        limit=float("inf"),
        cause=pd.Series(table.attrs.get("event", "diagnosis"), index=table.index).where(ended, "censored"),
        n=table["people"],
    )
    keys = [*by, *COLUMNS[:-1]]
    counted = frame.groupby(keys, dropna=False, as_index=False).agg({"n": "sum"})
    counted.attrs = {"interval": table.attrs.get("interval"), "left_out": {}, "dates_set": 0, "name": name}
    return counted
