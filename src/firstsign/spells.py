"""From people to counted spells: how long, how it ended, what could have been seen.

A spell is one person's time from a milestone to the next event. `spells` counts the distinct ones; the count is all
that an estimator needs. People in memory, in a Parquet file or in a database go through the same SQL, so the rules are
written once and no Parquet file is ever loaded (a CSV is, and checked, by `load_cohort`).
"""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from .cohorts import load_cohort
from .errors import did_you_mean
from .people_sql import People
from .results import ENDLESS
from .risk_sets import names
from .vocabulary import INTERVALS, MILESTONES

COLUMNS = ["lower", "upper", "window", "entry", "limit", "cause", "n"]

# What becomes of uncertain dates: the day of time zero, and the end's earliest and latest day, counted from the earliest
# day of time zero. The other date of the spell narrows a window first: nobody is diagnosed before the first symptom.
_SET_DATES = {
    "keep": ("0", "end_earliest", "end_latest"),
    "earliest": ("0", "greatest(end_earliest, 0)", "greatest(end_earliest, 0)"),
    "latest": ("least(zero_latest, known_until)", "end_latest", "end_latest"),
    "midpoint": (
        "least(zero_latest, known_until) / 2",
        "(greatest(end_earliest, 0) + end_latest) / 2",
        "(greatest(end_earliest, 0) + end_latest) / 2",
    ),
    "shortest": (
        "least(zero_latest, greatest(coalesce(end_earliest, known_until), 0))",
        "greatest(end_earliest, 0)",
        "greatest(end_earliest, 0)",
    ),
    "longest": ("0", "end_latest", "end_latest"),
}


class _Wish(NamedTuple):
    """What was asked of `spells`, checked."""

    start: str
    end: str
    by: list[str]
    competing: list[str]
    until: int | None
    seen: str
    imprecise: str
    whole_days: bool
    endless: str


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
    _check_choice("imprecise", imprecise, tuple(_SET_DATES))
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
    wish = _Wish(*_milestones(interval), by, competing, calendar_day(until), seen, imprecise, whole_days, endless)
    people = People(source)
    if not isinstance(source, pd.DataFrame):
        people.refuse_what_no_cohort_may_hold()
    dates = _dates(people, wish)
    counted = people.query(f"WITH {people.texts()}{dates},\n{_stages(wish)}")
    return _finish(counted, wish, getattr(source, "attrs", {}))


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


def _dates(people: People, wish: _Wish) -> str:
    """One row per person: the windows of time zero and of every possible end, and when observation opens and closes."""
    zero = people.window(wish.start)
    ends = [people.window(name) for name in (wish.end, *wish.competing)]
    closing = [name for name in ("last_seen", "death") if name not in (wish.end, *wish.competing) and people.has(name)]
    last = [people.window(name) for name in closing]
    fixed = [f"{wish.until}"] if wish.until is not None else []
    fixed += [day] if (day := people.day("observed_until", "earliest")) else []
    columns = [
        *(f'people.{people.column(name)} AS "group {i}"' for i, name in enumerate(wish.by)),
        f"{zero.earliest} AS zero_earliest, {zero.latest} AS zero_latest",
        *(f"{end.earliest} AS earliest_{i}, {end.latest} AS latest_{i}" for i, end in enumerate(ends)),
        f"least({', '.join([*fixed, *(window.earliest for window in last), 'NULL::BIGINT'])}) AS closed_earliest",
        f"least({', '.join([*fixed, *(window.latest for window in last), 'NULL::BIGINT'])}) AS closed_latest",
        f"{people.day('observed_from', 'latest') or 'NULL::BIGINT'} AS opened",
    ]
    return f"dates AS (SELECT {', '.join(columns)} FROM people {people.joins()})"


def _stages(wish: _Wish) -> str:
    """From a person's dates to counted spells.

    People are counted as soon as their dates are days since time zero, so that all the rest is done once for each
    distinct person and not for each of millions.
    """
    groups = "".join(f'"group {i}", ' for i in range(len(wish.by)))
    causes = list(enumerate((wish.end, *wish.competing)))
    zero, lower, upper = _SET_DATES[wish.imprecise]
    width = int(wish.whole_days)
    window = "zero_latest" if wish.imprecise == "keep" else "0"
    limit = f"closed_latest - zero + {width}" if wish.seen == "diagnosed" else "'inf'::DOUBLE"
    return f"""
reached AS (SELECT *, {", ".join(_reached(i) for i, _ in causes)} FROM dates),
counted AS (SELECT {groups}{_since_zero(wish)}, count(*) AS n FROM reached GROUP BY ALL),
ended AS (SELECT *, least({", ".join(f"end_{i}" for i, _ in causes)}) AS end_earliest,
    CASE {" ".join(f"WHEN end_{i} = end_earliest THEN '{cause}'" for i, cause in causes)} ELSE 'censored' END AS cause,
    CASE {" ".join(f"WHEN cause = '{cause}' THEN latest_{i}" for i, cause in causes)} END AS end_latest,
    coalesce(end_latest, closed_earliest) AS known_until FROM counted),
placed AS (SELECT *, {zero} AS zero, greatest(0, opened - zero) AS entry,
    CASE cause WHEN 'censored' THEN closed_earliest ELSE {lower} END - zero AS lower_day,
    CASE cause WHEN 'censored' THEN 'inf'::DOUBLE ELSE {upper} - zero + {width} END AS upper_day FROM ended),
judged AS (SELECT *, {_reason(wish)} AS reason FROM placed)
SELECT {groups}reason AS "why left out",
    CASE WHEN reason IS NULL THEN greatest(lower_day, entry) END AS lower,
    CASE WHEN reason IS NULL THEN upper_day END AS upper,
    CASE WHEN reason IS NULL THEN {window} + {width} END AS "window",
    CASE WHEN reason IS NULL THEN entry END AS entry,
    CASE WHEN reason IS NULL THEN {limit} END AS "limit",
    CASE WHEN reason IS NULL THEN cause END AS cause,
    sum(n)::BIGINT AS n,
    sum(CASE WHEN zero_latest > 0 OR end_latest > end_earliest THEN n ELSE 0 END)::BIGINT AS "dates unsure"
FROM judged GROUP BY ALL ORDER BY ALL"""


def _reached(i: int) -> str:
    """The earliest day of a possible end, if it happened and that day lies within observation."""
    earliest = f"coalesce(earliest_{i}, CASE WHEN latest_{i} IS NOT NULL THEN least(zero_earliest, latest_{i}) END)"
    return f"CASE WHEN closed_latest IS NULL OR {earliest} <= closed_latest THEN {earliest} END AS reached_{i}"


def _since_zero(wish: _Wish) -> str:
    """The dates as days since the earliest day of time zero; what can make no difference any more is NULL."""
    ends = range(1 + len(wish.competing))
    nothing = " AND ".join(f"reached_{i} IS NULL" for i in ends)
    latest = "least(closed_latest, coalesce(latest_{i}, closed_latest))"
    return ", ".join(
        [
            "zero_earliest IS NULL AND zero_latest IS NULL AS zero_missing",
            "(zero_latest - zero_earliest)::DOUBLE AS zero_latest",
            *(f"(reached_{i} - zero_earliest)::DOUBLE AS end_{i}" for i in ends),
            *(
                f"CASE WHEN reached_{i} IS NOT NULL THEN {latest.format(i=i)} - zero_earliest END AS latest_{i}"
                for i in ends
            ),
            f"CASE WHEN {nothing} THEN closed_earliest - zero_earliest END AS closed_earliest",
            f"{'closed_latest - zero_earliest' if wish.seen == 'diagnosed' else 'NULL::BIGINT'} AS closed_latest",
            "CASE WHEN opened > zero_earliest THEN opened - zero_earliest END AS opened",
        ]
    )


def _reason(wish: _Wish) -> str:
    """Why a person has no spell here, or NULL."""
    not_reached = f"WHEN cause <> '{wish.end}' THEN '{wish.end} not seen'" if wish.seen == "diagnosed" else ""
    return f"""CASE
    WHEN zero_missing THEN '{wish.start} missing'
    WHEN zero_latest IS NULL THEN '{wish.start} not bounded by any date'
    {not_reached}
    WHEN known_until IS NULL {"OR closed_latest IS NULL" if wish.seen == "diagnosed" else ""} THEN '{ENDLESS}'
    WHEN known_until < 0 AND cause <> 'censored' THEN 'negative interval'
    WHEN known_until < 0 THEN 'observation ended before {wish.start}'
    WHEN entry > 0 AND CASE cause WHEN 'censored' THEN lower_day ELSE upper_day END <= entry
    THEN 'ended before observation began' END"""


def _finish(counted: pd.DataFrame, wish: _Wish, given: dict[Any, Any]) -> pd.DataFrame:
    """Set apart the people without a spell, and say how many and why."""
    reasons = counted.groupby("why left out")["n"].sum()
    endless = int(reasons.pop(ENDLESS)) if ENDLESS in reasons and wish.endless == "error" else 0
    if endless:
        missing = "an end of observation" if wish.seen == "diagnosed" else f"{wish.end} nor an end of observation"
        raise ValueError(
            f"{endless:,} people have {'no' if wish.seen == 'diagnosed' else 'neither'} {missing}, so their time from "
            f"{wish.start} has no known end. Give until= the last day on which an event would have been recorded "
            "(until='2024-12-31'), or a column observed_until or last_seen."
        )
    kept = counted[counted["why left out"].isna()].rename(
        columns={f"group {i}": name for i, name in enumerate(wish.by)}
    )
    frame = kept[[*wish.by, *COLUMNS]].astype(dict.fromkeys(COLUMNS[:5], float)).reset_index(drop=True)
    frame.attrs = {
        "interval": f"{wish.start} to {wish.end}",
        "left_out": {**given.get("left_out", {}), **{str(reason): int(people) for reason, people in reasons.items()}},
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
