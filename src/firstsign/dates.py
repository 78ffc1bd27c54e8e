"""Dates as people give them -> the earliest and the latest day they can mean.

What is read: ISO 8601 days, months and years and EDTF ranges (Extended Date/Time Format, levels 0 and 1):

    2024-03-12   20240312          that day; date-times count as the calendar day they were written on
    2024-03      2024-03-XX        some day that month
    2024   2024-XX-XX   202X       some day that year, that decade
    2024-03-01/2024-03-20          some day from the one to the other; months and years may be mixed in
    2024-03-01/..                  that day or later         ../2024-03-01   that day or earlier
    XXXX                           it happened, nobody knows when

Nothing is guessed: 12/03/2024 (which is the month?) and 2024-03? (how uncertain?) are refused with what to write instead.
"""

import calendar
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from .vocabulary import PATHWAY

Side = date | None
FORMS = "write 2024-03-12, 2024-03, 2024, a range such as 2024-03-01/2024-03-20, or XXXX if the day is not known"
_STAMP = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})[T ][0-9]{2}(?::?[0-9]{2}){0,2}(?:[.,][0-9]+)?"
    r" ?(?P<zone>Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_MIDNIGHT = re.compile(r".*[T ]00(?::?00){0,2}(?:[.,]0+)?")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{4})([0-9]{2})([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})(?:-XX)?")
_YEARS = re.compile(r"([0-9]{4}|[0-9]{3}X|[0-9]{2}XX)(?:-XX){0,2}")
_UNKNOWN_DAY = re.compile(r"XXXX(?:-XX){0,2}")


def date_windows(values: pd.Series) -> pd.DataFrame:
    """The windows of a column of dates; each distinct value is read once.

    values  texts, dates, date-times, pyarrow or pandas dates, or whole years as numbers

    Returns a frame with the index of `values`: earliest and latest (datetime64[s], whole days, NaT where that side is
    open), happened (bool: False where the value is missing, blank or unreadable) and problem (text: what was wrong
    and what is expected; missing where nothing is wrong). Unreadable values never raise.
    """
    if isinstance(values.dtype, (np.dtype, pd.DatetimeTZDtype)) and values.dtype.kind == "M":
        plain = values if values.dt.tz is None else values.dt.tz_localize(None)
        days = plain.to_numpy().astype("datetime64[D]").astype("datetime64[s]")
        problem = pd.Series(pd.NA, index=values.index, dtype="object")
        return pd.DataFrame(
            {"earliest": days, "latest": days, "happened": ~np.isnat(days), "problem": problem}, index=values.index
        )
    codes, distinct = distinct_values(values)
    read = [_window_or_problem(value) for value in distinct] + [(None, None, False, pd.NA)]
    earliest, latest, happened, problem_texts = zip(*read, strict=True)
    columns = {
        "earliest": np.array(earliest, dtype="datetime64[D]").astype("datetime64[s]"),
        "latest": np.array(latest, dtype="datetime64[D]").astype("datetime64[s]"),
        "happened": np.array(happened, dtype=bool),
        "problem": np.array(problem_texts, dtype=object),
    }
    # code -1 (missing) takes the last entry, which stands for it
    return pd.DataFrame({name: column[codes] for name, column in columns.items()}, index=values.index)


def distinct_values(values: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """For each value its place in the list of distinct ones (-1 = missing), and that list."""
    plain = values.astype(object)
    try:
        codes, distinct = pd.factorize(plain)
    except TypeError:
        codes, distinct = pd.factorize(plain.map(str, na_action="ignore"))
    return codes, list(distinct)


def date_window(text: object) -> tuple[Side, Side]:
    """The earliest and the latest day that one date can mean; None for a side that is open (XXXX has two).

    Raises ValueError that says what is wrong and what to write instead.
    """
    if isinstance(text, np.datetime64):
        text = pd.Timestamp(text)
    if isinstance(text, date):
        return (day := date(text.year, text.month, text.day)), day
    written = _as_text(text)
    if "/" in written:
        return _range(written)
    return (None, None) if _UNKNOWN_DAY.fullmatch(written) else _point(written)


def stamp_offsets(values: pd.Series) -> pd.Series:
    """Minutes east of Greenwich of date-times that carry a zone, NaN for those without one; plain dates are left out.

    A date-time of midnight without a zone is a plain date that some database wrote out in full.
    """
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        known = values.dropna()
        return (known.dt.tz_localize(None) - known.dt.tz_convert("UTC").dt.tz_localize(None)) / pd.Timedelta(minutes=1)
    if values.dtype.kind == "M":
        clock = values.dropna()
        return pd.Series(np.nan, index=clock.index[clock != clock.dt.normalize()])
    codes, distinct = distinct_values(values)
    read = [_offset(value) for value in distinct]
    stamped = np.array([is_stamp for is_stamp, _ in read] + [False])
    minutes = np.array([minute for _, minute in read] + [np.nan])
    return pd.Series(minutes[codes], index=values.index)[stamped[codes]]


def widen(windows: Mapping[str, pd.DataFrame], observed_until: pd.Series | None = None) -> dict[str, pd.DataFrame]:
    """Milestones that happened on a day not known get the widest window that the person's other dates leave open.

    windows         by milestone name: frames with earliest, latest, happened, one row a person, all on one index
    observed_until  the last day of observation of each person, if there is one

    Returns new frames. An open earliest side becomes the latest `earliest` among the milestones before it in the
    pathway; an open latest side the first `latest` among those after it, death, last_seen and observed_until. A bound
    that contradicts the milestone's own known side is not used. What nothing bounds stays NaT.
    """
    wide = {name: frame.copy() for name, frame in windows.items()}
    for name, frame in wide.items():
        happened = frame["happened"].to_numpy(bool)
        earliest, latest = frame["earliest"].to_numpy(), frame["latest"].to_numpy()
        below = [windows[other]["earliest"].to_numpy() for other in milestones_before(name) if other in windows]
        above = [windows[other]["latest"].to_numpy() for other in milestones_after(name) if other in windows]
        if observed_until is not None:
            above.append(observed_until.to_numpy().astype(latest.dtype))
        frame["earliest"] = lower = _bounded(earliest, latest, below, happened, np.fmax)
        frame["latest"] = _bounded(latest, lower, above, happened, np.fmin)
    return wide


def _bounded(
    side: np.ndarray, other: np.ndarray, bounds: list[np.ndarray], happened: np.ndarray, pick: np.ufunc
) -> np.ndarray:
    open_ = happened & np.isnat(side)
    if not bounds or not open_.any():
        return side
    bound = pick.reduce(bounds)
    fits = np.isnat(other) | (pick(bound, other) == other)
    return np.where(open_ & fits, bound, side)


def milestones_before(name: str) -> tuple[str, ...]:
    """The milestones that cannot come after this one."""
    if name in PATHWAY:
        return PATHWAY[: PATHWAY.index(name)]
    return {
        "death": (*PATHWAY, "screening_test", "metastasis"),
        "last_seen": (*PATHWAY, "screening_test", "metastasis"),
    }.get(name, ())


def milestones_after(name: str) -> tuple[str, ...]:
    """The milestones that cannot come before this one."""
    ends = ("death",) if name == "last_seen" else () if name == "death" else ("death", "last_seen")
    return (*PATHWAY[PATHWAY.index(name) + 1 :], *ends) if name in PATHWAY else ends


def _window_or_problem(value: object) -> tuple[Side, Side, bool, object]:
    if isinstance(value, str) and not value.strip():
        return None, None, False, pd.NA
    try:
        return *date_window(value), True, pd.NA
    except ValueError as problem:
        return None, None, False, str(problem)


def _as_text(value: object) -> str:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (str, int, float, np.integer, np.floating)):
        raise ValueError(f"not a date but {type(value).__name__}: {FORMS}")
    if isinstance(value, str):
        return value.strip()
    if value != value or value != int(value):
        raise ValueError(f"a number with a fraction is no date: {FORMS}")
    number = str(int(value))
    if len(number) not in (4, 8):
        raise ValueError(
            f"a number is read as a year (2024) or a day (20240312); a spreadsheet's day count is not: {FORMS}"
        )
    return number


def _range(text: str) -> tuple[Side, Side]:
    if re.fullmatch(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}", text):
        raise ValueError(
            "ambiguous: it cannot be seen which number is the day and which the month; write 2024-03-12 (year-month-day)"
        )
    sides = text.split("/")
    if len(sides) != 2 or not all(side.strip() for side in sides):
        raise ValueError(
            "a range has one `/` and something on both sides; write 2024-03-01/2024-03-20, or .. for an open side; "
            "a day is written 2024-03-12"
        )
    start, end = (side.strip() for side in sides)
    if start == end == ".." or any(_UNKNOWN_DAY.fullmatch(side) for side in (start, end)):
        raise ValueError(
            "a range needs a date on one side and a date or .. on the other; write XXXX if nothing is known"
        )
    earliest = None if start == ".." else _point(start)[0]
    latest = None if end == ".." else _point(end)[1]
    if earliest is not None and latest is not None and latest < earliest:
        raise ValueError(f"the range ends before it starts; write the earlier date first: {end}/{start}")
    return earliest, latest


def _point(text: str) -> tuple[date, date]:
    """First and last day of a day, month, year, decade or century."""
    if stamp := _STAMP.fullmatch(text):
        _refuse_impossible_clock(text)
        text = stamp["day"]
    if match := _DAY.fullmatch(text):
        year, month, day = (int(part) for part in match.groups() if part)
        return (there := _day(year, month, day)), there
    if match := _MONTH.fullmatch(text):
        year, month = int(match[1]), int(match[2])
        first = _day(year, month, 1)
        return first, first.replace(day=calendar.monthrange(year, month)[1])
    if match := _YEARS.fullmatch(text):
        return _day(int(match[1].replace("X", "0")), 1, 1), _day(int(match[1].replace("X", "9")), 12, 31)
    raise ValueError(_what_instead(text))


def _refuse_impossible_clock(text: str) -> None:
    clock = re.split(r"[T ]", text, maxsplit=1)[1]
    parts = [int(part) for part in re.findall(r"[0-9]{2}", re.split(r"[Z+\-.,U]", clock, maxsplit=1)[0])]
    if parts[0] > 24 or any(part > 60 for part in parts[1:]):
        raise ValueError(f"no such time of day: {clock}; write the day alone, 2024-03-12")


def _day(year: int, month: int, day: int) -> date:
    if year == 0:
        raise ValueError(f"the calendar has no year 0000: {FORMS}")
    if not 1 <= month <= 12:
        raise ValueError(f"there is no month {month:02d}: write year-month-day, 2024-03-12")
    last = calendar.monthrange(year, month)[1]
    if not 1 <= day <= last:
        raise ValueError(f"there is no such day: {calendar.month_name[month]} {year} has {last} days")
    return date(year, month, day)


def _what_instead(text: str) -> str:
    if text[-1:] in "?~%" and text[:-1]:
        return f"{text[-1]} says that the date is uncertain, not by how much; write the range it can lie in, 2024-03-01/2024-03-20"
    if re.fullmatch(r"[0-9]{1,2}([.\-])[0-9]{1,2}\1[0-9]{2,4}", text):
        return "ambiguous: it cannot be seen which number is the day and which the month; write 2024-03-12 (year-month-day)"
    if re.fullmatch(r"[0-9]{4}-[0-9]{1,2}(-[0-9]{1,2})?", text):
        return "months and days have two digits; write 2024-03-05"
    return f"not a date that can be read: {FORMS}"


def _offset(value: object) -> tuple[bool, float]:
    if isinstance(value, pd.Timestamp):
        away = value.utcoffset()
        return (
            away is not None or value != value.normalize()
        ), away.total_seconds() / 60 if away is not None else np.nan
    if not isinstance(value, str) or (stamp := _STAMP.fullmatch(value.strip())) is None:
        return False, np.nan
    zone = stamp["zone"]
    if zone is None:
        return _MIDNIGHT.fullmatch(value.strip()) is None, np.nan
    if zone in ("Z", "UTC"):
        return True, 0.0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return True, float((-1 if zone[0] == "-" else 1) * (int(digits[:2]) * 60 + int(digits[2:])))
