"""The rules of spells in SQL: from people's dates to counted spells, or to the reason why somebody has none."""

from typing import NamedTuple

import pandas as pd

from .people_sql import People, Window, undated
from .results import ENDLESS

# What becomes of uncertain dates: the day of time zero, and the end's earliest and latest day, counted from the earliest
# day of time zero. The other date of the spell narrows a window first: nobody is diagnosed before the first symptom.
SET_DATES = {
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


class Wish(NamedTuple):
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


def count_spells(people: People, wish: Wish) -> tuple[pd.DataFrame, dict[str, int]]:
    """The distinct spells, each with its n people, and how many people have none, by reason.

    Also `dates unsure`, those of the n with a date known only as a window. Groups are called "group 0", "group 1", ...
    """
    dates = _dates(people, wish)
    counted = people.query(f"WITH {people.texts()}{dates.sql},\n{_first_ends(wish, dates)},\n{_lengths(wish, dates)}")
    reasons = {str(reason): int(n) for reason, n in counted.groupby("why left out")["n"].sum().items()}
    if "zero" in dates.one_day and (missing := people.count_missing(people.window(wish.start).earliest)):
        reasons[f"{wish.start} missing"] = missing
    kept = counted[counted["why left out"].isna()].drop(columns="why left out")
    return kept.reset_index(drop=True), dict(sorted(reasons.items()))


class _Dates(NamedTuple):
    """One row per person: the windows of time zero and of every possible end, and when observation opens and closes.

    sql        a common table expression; people without a time zero are not in it where that is one day for everybody else
    one_day    the names of the windows that are one day for everybody
    late       whether anybody may come under observation late
    """

    sql: str
    one_day: set[str]
    late: bool


def _dates(people: People, wish: Wish) -> _Dates:
    windows = {"zero": people.window(wish.start)}
    windows |= {f"end_{i}": people.window(name) for i, name in enumerate((wish.end, *wish.competing))}
    windows["closed"] = _closing(people, wish)
    opened = None if people.never_after("observed_from", wish.start) else people.day("observed_from", "latest")
    columns = [
        *(f'people.{people.column(name)} AS "group {i}"' for i, name in enumerate(wish.by)),
        *(f"{days.earliest} AS {name}_earliest, {days.latest} AS {name}_latest" for name, days in windows.items()),
        f"{opened or 'NULL::DATE'} AS opened",
    ]
    one_day = {name for name, days in windows.items() if days.one_day}
    known = f"WHERE {undated(windows['zero'].earliest)} IS NOT NULL" if "zero" in one_day else ""
    return _Dates(f"dates AS (SELECT {', '.join(columns)} FROM people {people.joins()} {known})", one_day, bool(opened))


def _closing(people: People, wish: Wish) -> Window:
    """The end of observation: the first of `until`, `observed_until`, `last_seen` and death."""
    fixed = [f"DATE '1970-01-01' + {wish.until}"] if wish.until is not None else []
    fixed += [day] if (day := people.day("observed_until", "earliest")) else []
    names = [name for name in ("last_seen", "death") if name not in (wish.end, *wish.competing) and people.has(name)]
    last = [people.window(name) for name in names]
    if "last_seen" in names:  # by whose last day all are closed already
        fixed = [day for day in fixed if not people.everybody_by("last_seen", day)]
    earliest, latest = ([*fixed, *(getattr(days, side) for days in last)] for side in Window._fields)
    return Window(people.first_of(earliest), people.first_of(latest))


def _first_ends(wish: Wish, dates: _Dates) -> str:
    """From people's dates to how many there are of each kind: how they ended first, and when, in days since time zero.

    This is all that is asked of each of millions of people; whatever can make no difference is not counted by. The rest is
    done once for each kind.
    """
    groups = "".join(f'"group {i}", ' for i in range(len(wish.by)))
    ends = [f"end_{i}" for i in range(1 + len(wish.competing))]
    which = " ".join(f"WHEN {end} = earliest THEN {i}" for i, end in enumerate(ends))
    which = which if wish.competing else "WHEN end_0 IS NOT NULL THEN 0"
    latest = " ".join(f"WHEN {i} THEN {end}_latest" for i, end in enumerate(ends))
    kinds = ["which", "coalesce(earliest, closed_earliest) - zero_earliest AS day"]
    if dates.late:
        kinds += ["CASE WHEN opened > zero_earliest THEN opened - zero_earliest END AS opened"]
    if "zero" not in dates.one_day:
        kinds += ["zero_earliest IS NULL AND zero_latest IS NULL AS zero_missing"]
        kinds += ["zero_latest - zero_earliest AS zero_latest"]
    if not dates.one_day.issuperset(ends):
        kinds += [
            f"least(CASE which {latest} END, CASE WHEN which >= 0 THEN closed_latest END) - zero_earliest AS latest_day"
        ]
    if wish.seen == "diagnosed":
        kinds += ["closed_latest - zero_earliest AS closed_latest"]
    return f"""
reached AS (SELECT *, {", ".join(f"{_reached(end, end in dates.one_day)} AS {end}" for end in ends)} FROM dates),
first AS (SELECT *, least({", ".join(ends)}) AS earliest, CASE {which} END AS which FROM reached),
counted AS (SELECT {groups}{", ".join(kinds)}, count(*) AS n FROM first GROUP BY ALL)"""


def _reached(end: str, one_day: bool) -> str:
    """The earliest day of a possible end, if it happened and that day lies within observation."""
    open_start = f"CASE WHEN {end}_latest IS NOT NULL THEN least(zero_earliest, {end}_latest) END"
    earliest = f"{end}_earliest" if one_day else f"coalesce({end}_earliest, {open_start})"
    return f"CASE WHEN closed_latest IS NULL OR {earliest} <= closed_latest THEN {earliest} END"


def _lengths(wish: Wish, dates: _Dates) -> str:
    """From kinds of people to counted spells, and to the reasons why some have none."""
    groups = "".join(f'"group {i}", ' for i in range(len(wish.by)))
    causes = " ".join(f"WHEN {i} THEN '{cause}'" for i, cause in enumerate((wish.end, *wish.competing)))
    latest = "day" if dates.one_day.issuperset(f"end_{i}" for i in range(1 + len(wish.competing))) else "latest_day"
    alike = "" if dates.late else ", NULL::INTEGER AS opened"
    alike += ", FALSE AS zero_missing, 0 AS zero_latest" if "zero" in dates.one_day else ""
    zero, lower, upper = SET_DATES[wish.imprecise]
    width = int(wish.whole_days)
    window = "zero_latest" if wish.imprecise == "keep" else "0"
    limit = f"closed_latest - zero + {width}" if wish.seen == "diagnosed" else "'inf'::DOUBLE"
    return f"""
ended AS (SELECT *{alike}, CASE which {causes} ELSE 'censored' END AS cause,
    CASE WHEN cause <> 'censored' THEN day END AS end_earliest,
    CASE WHEN cause <> 'censored' THEN {latest} END AS end_latest,
    CASE WHEN cause = 'censored' THEN day END AS closed_earliest,
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


def _reason(wish: Wish) -> str:
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
