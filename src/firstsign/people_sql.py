"""A table of people, wherever it lies, as something SQL can read: a frame, a Parquet file, a database.

Each milestone becomes two expressions, its earliest and its latest day as a DATE. Dates given as text are read once per
distinct text by `dates.date_windows`; those that are no plain days ("2024-03") are joined. What a Parquet file says of
itself (the first and the last day of a column, that two columns are the same) spares asking each of millions of people.
"""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import duckdb
import numpy as np
import pandas as pd

from .columns import FIRST_YEAR, LAST_YEAR, SENTINELS
from .dates import date_windows, milestones_after, milestones_before
from .errors import did_you_mean
from .parquet_twins import are_twins
from .vocabulary import MILESTONES

_CALENDAR = ("DATE", "TIMESTAMP")
_SURELY_DAYS = (-25_566, 47_480)  # 1900-01-02 and 2099-12-30 since 1970: the days that stand for none lie beyond
_MILESTONE_COLUMNS = {f"{name}{side}" for name in MILESTONES for side in ("", "_earliest", "_latest")}


class Window(NamedTuple):
    """SQL for the earliest and the latest day of a milestone, as DATE, NULL where it is not known."""

    earliest: str
    latest: str

    @property
    def one_day(self) -> bool:
        """Whether both are the same day for everybody."""
        return self.earliest == self.latest


class People:
    """The people of one source, asked by SQL under the table name `people`.

    source  a frame; the path of a Parquet file (globs allowed); a DuckDB relation
    """

    def __init__(self, source: Any) -> None:
        self.relation = _relation(source)
        self.types = dict(zip(self.relation.columns, map(str, self.relation.types), strict=True))
        self._path = str(source) if isinstance(source, str | Path) else None
        self._texts: dict[str, pd.DataFrame] = {}
        self._days: dict[str, str] = {}  # SQL by column, where it need not be asked of every person
        self._first_last: dict[str, tuple[float, float]] = {}  # days since 1970 by column, where the file tells

    def query(self, select: str) -> pd.DataFrame:
        """The rows of a SELECT whose first tables are `self.texts()`, as a frame."""
        try:
            answer = cast(duckdb.DuckDBPyRelation, self.relation.query("people", select))  # None only without a SELECT
            return answer.df()
        except duckdb.Error as problem:
            raise ValueError(f"The people could not be counted where they lie: {_first_line(problem)}") from None

    def refuse_nobody(self) -> None:
        """Refuse a table without rows."""
        if not self._count("SELECT count(*) FROM people"):
            raise ValueError("The cohort is empty: there is nobody whose spells could be counted.")

    def refuse_people_named_twice(self) -> None:
        """Refuse a table that was never loaded as a cohort if it names a person twice."""
        if "person" in self.types and (twice := self._named_twice()):
            raise ValueError(f"{twice:,} rows name a person who was there before. Give one row a person.")

    def refuse_days_that_stand_for_none(self) -> None:
        """Refuse a table that was never loaded as a cohort if a milestone has such days."""
        stand_ins = ", ".join(f"DATE '{day}'" for day in SENTINELS)
        for name in self._columns_with_far_days():
            day = f"{self.column(name)}::DATE"
            outside = f"year({day}) NOT BETWEEN {FIRST_YEAR} AND {LAST_YEAR} OR {day} IN ({stand_ins})"
            if people := self._count(f"SELECT count(*) FILTER ({outside}) FROM people"):
                raise ValueError(
                    f"{name} holds {people:,} days that stand for no date (1900-01-01, 9999-12-31, a year outside "
                    f"{FIRST_YEAR}-{LAST_YEAR}). Leave the date empty if it did not happen; write XXXX if the day is not known."
                )

    def count_missing(self, day: str) -> int:
        """How many people have no such day, an expression of `window`."""
        return self._count(
            f"WITH {self.texts()}one AS (SELECT 1) SELECT count(*) - count({undated(day)}) FROM people {self.joins()}"
        )

    def _named_twice(self) -> int:
        """How many rows name a person who was there before. Most files are in order of person, so that is looked at first."""
        before = "SELECT person, lag(person) OVER () AS before FROM people"
        disordered = f"SELECT 1 FROM ({before}) WHERE (person > before) IS NOT TRUE LIMIT 2"
        if self._count(f"SELECT count(*) FROM ({disordered})") <= 1:  # nobody is before the first
            return 0
        return self._count("SELECT count(person) - count(DISTINCT person) FROM people")

    def _columns_with_far_days(self) -> list[str]:
        """The columns whose first or last day is out where the days lie that stand for none, at the two ends of time.

        A Parquet file's own statistics answer this, and tell which columns hold one day for everybody.
        """
        dated = {*_MILESTONE_COLUMNS, "observed_from", "observed_until"}
        names = [name for name, kind in self.types.items() if name in dated and kind.startswith(_CALENDAR)]
        if not names:
            return []
        ends = [f"{end}({self.column(name)})::DATE - DATE '1970-01-01'" for name in names for end in ("min", "max")]
        found = self.query(f"SELECT {', '.join(ends)} FROM people").iloc[0].to_numpy(float, na_value=np.nan)
        self._first_last = {
            name: (first, last) for name, first, last in zip(names, found[::2], found[1::2], strict=True)
        }
        self._days = {name: "NULL::DATE" for name, (first, _) in self._first_last.items() if np.isnan(first)}
        if single := [name for name, (first, last) in self._first_last.items() if first == last]:
            missing = ", ".join(f"count(*) - count({self.column(name)})" for name in single)
            lacking = self.query(f"SELECT {missing} FROM people").to_numpy()[0]
            everybody = [name for name, people in zip(single, lacking, strict=True) if not people]
            self._days |= {name: f"DATE '1970-01-01' + {self._first_last[name][0]:.0f}" for name in everybody}
        milestones = {name: ends for name, ends in self._first_last.items() if name in _MILESTONE_COLUMNS}
        return [name for name, ends in milestones.items() if ends[0] < _SURELY_DAYS[0] or ends[1] > _SURELY_DAYS[1]]

    def _count(self, select: str) -> int:
        return int(self.query(select).to_numpy()[0, 0])

    def column(self, name: str) -> str:
        """A column by its name, quoted; ValueError with the nearest name if it is not there."""
        if name not in self.types:
            raise ValueError(
                f"There is no column {name!r}{did_you_mean(name, self.types)}. The columns are: {', '.join(self.types)}."
            )
        return '"' + name.replace('"', '""') + '"'

    def has(self, milestone: str) -> bool:
        """Whether the table has the milestone, as one column or as the pair of its window."""
        return milestone in self.types or {f"{milestone}_earliest", f"{milestone}_latest"} <= set(self.types)

    def window(self, milestone: str) -> Window:
        """The milestone's window; what a text leaves open is closed by its neighbours on the pathway."""
        if not self.has(milestone):
            raise ValueError(
                f"The people have no {milestone!r}: neither a column of that name nor {milestone}_earliest and "
                f"{milestone}_latest. The columns are: {', '.join(self.types)}."
            )
        if milestone not in self.types:
            return self._pair(f"{milestone}_earliest", f"{milestone}_latest")
        earliest, latest = self._day(milestone, "earliest"), self._day(milestone, "latest")
        if not self._has_open_texts(milestone):
            return Window(earliest, latest)
        floor = extreme("greatest", (self._side(name, "earliest") for name in milestones_before(milestone)))
        ceiling = extreme(
            "least", (self._side(name, "latest") for name in (*milestones_after(milestone), "observed_until"))
        )
        lower = f"coalesce({earliest}, CASE WHEN coalesce({floor} <= {latest}, TRUE) THEN {floor} END)"
        upper = f"coalesce({latest}, CASE WHEN coalesce({ceiling} >= {lower}, TRUE) THEN {ceiling} END)"
        happened = f'coalesce("{milestone} text".happened, {earliest} IS NOT NULL)'
        return Window(f"CASE WHEN {happened} THEN {lower} END", f"CASE WHEN {happened} THEN {upper} END")

    def day(self, column: str, side: str) -> str | None:
        """A single date (`observed_from`, `observed_until`), or None when the table does not have it."""
        return self._day(column, side) if column in self.types else None

    def first_of(self, days: list[str]) -> str:
        """SQL for the first of some days; moments of one kind are compared as they are, and only the first made a day."""
        columns = {f"people.{self.column(name)}::DATE": kind for name, kind in self.types.items()}
        kinds = {columns.get(day) for day in days}
        if len(days) > 1 and len(kinds) == 1 and None not in kinds:
            return f"{extreme('least', map(undated, days))}::DATE"
        return extreme("least", days)

    def never_after(self, column: str, milestone: str) -> bool:
        """Whether it is known that nobody's day in a column lies after their, or anybody's, earliest day of a milestone."""
        first = self._first_last.get(milestone, self._first_last.get(f"{milestone}_earliest"))
        return first is not None and column in self._first_last and self._first_last[column][1] <= first[0]

    def everybody_by(self, milestone: str, day: str) -> bool:
        """Whether it is known that everybody has a milestone on one day, at the latest on a day that is the same for all."""
        column = milestone if milestone in self.types else f"{milestone}_earliest"
        if not day.startswith("DATE") or column not in self._first_last or not self.window(milestone).one_day:
            return False
        last = self._first_last[column][1]
        if np.isnan(last):
            return False
        condition = f"count(*) = count({self.column(column)}) AND DATE '1970-01-01' + {last:.0f} <= {day}"
        return bool(self._count(f"SELECT ({condition})::INTEGER FROM people"))

    def texts(self) -> str:
        """Common table expressions, each ending in a comma, with what the texts of the columns asked for mean."""
        return "".join(
            f'"{column} text" AS ({_values(table)}),\n' for column, table in self._texts.items() if len(table)
        )

    def joins(self) -> str:
        """The joins that bring the meaning of the texts to the people."""
        return " ".join(
            f'LEFT JOIN "{column} text" ON people.{self.column(column)}::VARCHAR = "{column} text".given'
            for column, table in self._texts.items()
            if len(table)
        )

    def _pair(self, earliest: str, latest: str) -> Window:
        """The window between two columns; one day, if they are dates and hold the same."""
        first = self._day(earliest, "earliest")
        same = self.types[earliest] == self.types[latest] and self.types[earliest].startswith(_CALENDAR)
        last = first if same and are_twins(self._files, earliest, latest) else self._day(latest, "latest")
        return Window(first, last)

    @cached_property
    def _files(self) -> list[str]:
        """The files that a path names, globs resolved by DuckDB; none for another source, or if they lie elsewhere."""
        if self._path is None or "://" in self._path:
            return []
        quoted = self._path.replace("'", "''")
        return list(self.query(f"SELECT file FROM glob('{quoted}')")["file"])

    def _day(self, column: str, side: str) -> str:
        if self.types[column].startswith(_CALENDAR):
            return self._days.get(column, f"people.{self.column(column)}::DATE")
        if column not in self._texts:
            self._texts[column] = self._read_texts(column)
        plain, table = f"TRY_CAST(people.{self.column(column)} AS DATE)", self._texts[column]
        side = "earliest" if table["earliest"].equals(table["latest"]) else side
        text = f'"{column} text"'
        return f"CASE WHEN {text}.given IS NULL THEN {plain} ELSE {text}.{side} END" if len(table) else plain

    def _read_texts(self, column: str) -> pd.DataFrame:
        """What the texts of a column mean that are not just the day that they write."""
        select = f"SELECT DISTINCT {self.column(column)}::VARCHAR AS given FROM people ORDER BY 1"
        given = self.query(select)["given"].dropna().reset_index(drop=True)
        windows = date_windows(given)
        wrong = windows["problem"].notna()
        if wrong.any():
            problem = windows.loc[wrong, "problem"].iloc[0]
            raise ValueError(f"{column} {given[wrong].iloc[0]!r}: {problem} ({int(wrong.sum())} such texts).")
        days = windows[["earliest", "latest"]]
        outside = (days < f"{FIRST_YEAR}-01-01") | (days > f"{LAST_YEAR}-12-31")
        stand_in = days["earliest"].isin(pd.to_datetime(list(SENTINELS))) & (days["earliest"] == days["latest"])
        odd = outside.any(axis=1) | stand_in
        if odd.any():
            text = given[odd].iloc[0]
            raise ValueError(
                f"{column} holds {text!r}, which stands for no date. Leave the date empty if it did not happen; write XXXX if "
                "the day is not known."
            )
        table = pd.DataFrame({"given": given.to_numpy(), **days, "happened": windows["happened"].to_numpy()})
        plain = (days["earliest"] == days["latest"]) & (days["earliest"].dt.strftime("%Y-%m-%d") == given)
        return table[~plain]

    def _has_open_texts(self, milestone: str) -> bool:
        table = self._texts.get(milestone)
        return table is not None and bool((table["happened"] & table[["earliest", "latest"]].isna().any(axis=1)).any())

    def _side(self, name: str, side: str) -> str | None:
        """One side of another milestone's own window, if the table has it."""
        return self._day(f"{name}_{side}", side) if f"{name}_{side}" in self.types else self.day(name, side)


def extreme(function: str, days: Iterable[str | None]) -> str:
    """SQL for the "least" or the "greatest" of some days, those that are None or NULL left aside."""
    known = [day for day in days if day]
    return f"{function}({', '.join(known)})" if known else "NULL::DATE"


def undated(day: str) -> str:
    """The column behind a day, which is missing where the day is."""
    return day.removesuffix("::DATE")


def _values(table: pd.DataFrame) -> str:
    """A frame of given, earliest, latest, happened as a SQL table of constants."""

    def constant(day: pd.Timestamp) -> str:
        return "NULL::DATE" if pd.isna(day) else f"DATE '{day.date()}'"

    columns = (table[name] for name in ("given", "earliest", "latest", "happened"))
    rows = [
        f"('{given.replace(chr(39), chr(39) * 2)}', {constant(earliest)}, {constant(latest)}, {bool(happened)})"
        for given, earliest, latest, happened in zip(*columns, strict=True)
    ]
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS t(given, earliest, latest, happened)"


def _relation(source: Any) -> duckdb.DuckDBPyRelation:
    if isinstance(source, duckdb.DuckDBPyRelation):
        return source
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    if isinstance(source, pd.DataFrame):
        if source.empty:
            raise ValueError("The cohort is empty: there is nobody whose spells could be counted.")
        zoned = {name: column for name, column in source.items() if isinstance(column.dtype, pd.DatetimeTZDtype)}
        local = source.assign(
            **{str(name): column.dt.tz_localize(None) for name, column in zoned.items()}
        )  # the day there
        try:
            return connection.from_df(local)
        except (duckdb.Error, NotImplementedError) as problem:
            raise ValueError(f"The cohort holds a column that cannot be counted by: {_first_line(problem)}") from None
    if not isinstance(source, str | Path):
        raise ValueError(
            f"Spells cannot be made from a {type(source).__name__}; give a cohort (frame), the path of a Parquet or CSV "
            "file, a DuckDB relation, or a published table with bands."
        )
    try:
        return connection.read_parquet(str(source))
    except duckdb.Error as problem:
        raise ValueError(
            f"{str(source)!r} could not be read as a Parquet file of people: {_first_line(problem)}"
        ) from None


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0]
