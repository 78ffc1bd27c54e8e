"""A table of people, wherever it lies, as something SQL can read: a frame, a Parquet file, a database.

Each milestone becomes two expressions, its earliest and its latest day as a number of days since 1970. Dates given as
text ("2024-03") are parsed once per distinct text by `dates.date_windows` and joined.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, cast

import duckdb
import pandas as pd

from .columns import FIRST_YEAR, LAST_YEAR, SENTINELS
from .dates import date_windows, milestones_after, milestones_before
from .errors import did_you_mean
from .vocabulary import MILESTONES

_DAY = 86_400


class Window(NamedTuple):
    """SQL for the earliest and the latest day of a milestone, in days since 1970, NULL where it is not known."""

    earliest: str
    latest: str


class People:
    """The people of one source, asked by SQL under the table name `people`.

    source  a frame; the path of a Parquet file (globs allowed); a DuckDB relation
    """

    def __init__(self, source: Any) -> None:
        self.relation = _relation(source)
        self.types = dict(zip(self.relation.columns, map(str, self.relation.types), strict=True))
        self._texts: dict[str, pd.DataFrame] = {}

    def query(self, select: str) -> pd.DataFrame:
        """The rows of a SELECT whose first tables are `self.texts()`, as a frame."""
        try:
            answer = cast(duckdb.DuckDBPyRelation, self.relation.query("people", select))  # None only without a SELECT
            return answer.df()
        except duckdb.Error as problem:
            raise ValueError(f"The people could not be counted where they lie: {_first_line(problem)}") from None

    def refuse_what_no_cohort_may_hold(self) -> None:
        """Refuse a table that was never loaded as a cohort if it names a person twice or has days that stand for none."""
        dates = {f"{name}{side}" for name in MILESTONES for side in ("", "_earliest", "_latest")}
        days = [name for name, kind in self.types.items() if name in dates and kind.startswith(("DATE", "TIMESTAMP"))]
        stand_ins = ", ".join(f"DATE '{day}'" for day in SENTINELS)
        twice = "count(person) - count(DISTINCT person)" if "person" in self.types else "0"
        # All of them lie at the two ends of time, so that one comparison a day screens out the tables without any.
        screen = "".join(
            f", count(*) FILTER ({self.column(n)} NOT BETWEEN DATE '1900-01-02' AND DATE '2099-12-30')" for n in days
        )
        twice, *far = self.query(f"SELECT {twice}{screen} FROM people").iloc[0]
        days = [name for name, people in zip(days, far, strict=True) if people]
        odd = []
        for day in (f"{self.column(name)}::DATE" for name in days):
            outside = f"year({day}) NOT BETWEEN {FIRST_YEAR} AND {LAST_YEAR} OR {day} IN ({stand_ins})"
            odd.append(int(self.query(f"SELECT count(*) FILTER ({outside}) AS n FROM people")["n"].iloc[0]))
        if twice:
            raise ValueError(f"{twice:,} rows name a person who was there before. Give one row a person.")
        for name, people in zip(days, odd, strict=True):
            if people:
                raise ValueError(
                    f"{name} holds {people:,} days that stand for no date (1900-01-01, 9999-12-31, a year outside "
                    f"{FIRST_YEAR}-{LAST_YEAR}). Leave the date empty if it did not happen; write XXXX if the day is not known."
                )

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
            return Window(self._day(f"{milestone}_earliest", "earliest"), self._day(f"{milestone}_latest", "latest"))
        earliest, latest = self._day(milestone, "earliest"), self._day(milestone, "latest")
        if not self._has_open_texts(milestone):
            return Window(earliest, latest)
        floor = _extreme("greatest", (self._side(name, "earliest") for name in milestones_before(milestone)))
        ceiling = _extreme(
            "least", (self._side(name, "latest") for name in (*milestones_after(milestone), "observed_until"))
        )
        lower = f"coalesce({earliest}, CASE WHEN coalesce({floor} <= {latest}, TRUE) THEN {floor} END)"
        upper = f"coalesce({latest}, CASE WHEN coalesce({ceiling} >= {lower}, TRUE) THEN {ceiling} END)"
        happened = f'"{milestone} text".happened'
        return Window(f"CASE WHEN {happened} THEN {lower} END", f"CASE WHEN {happened} THEN {upper} END")

    def day(self, column: str, side: str) -> str | None:
        """A single date (`observed_from`, `observed_until`), or None when the table does not have it."""
        return self._day(column, side) if column in self.types else None

    def texts(self) -> str:
        """Common table expressions, each ending in a comma, with what the texts of the columns asked for mean."""
        return "".join(f'"{column} text" AS ({_values(table)}),\n' for column, table in self._texts.items())

    def joins(self) -> str:
        """The joins that bring the meaning of the texts to the people."""
        return " ".join(
            f'LEFT JOIN "{column} text" ON people.{self.column(column)}::VARCHAR = "{column} text".given'
            for column in self._texts
        )

    def _day(self, column: str, side: str) -> str:
        if self.types[column].startswith(("DATE", "TIMESTAMP")):
            return f"(people.{self.column(column)}::DATE - DATE '1970-01-01')"
        if column not in self._texts:
            self._texts[column] = self._read_texts(column)
        return f'"{column} text".{side}'

    def _read_texts(self, column: str) -> pd.DataFrame:
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
        numbers = {side: days[side].astype("int64").where(days[side].notna()) / _DAY for side in days}
        return pd.DataFrame({"given": given.to_numpy(), **numbers, "happened": windows["happened"].to_numpy()})

    def _has_open_texts(self, milestone: str) -> bool:
        table = self._texts.get(milestone)
        return table is not None and bool((table["happened"] & table[["earliest", "latest"]].isna().any(axis=1)).any())

    def _side(self, name: str, side: str) -> str | None:
        """One side of another milestone's own window, if the table has it."""
        return self._day(f"{name}_{side}", side) if f"{name}_{side}" in self.types else self.day(name, side)


def _extreme(function: str, days: Iterable[str | None]) -> str:
    known = [day for day in days if day]
    return f"{function}({', '.join(known)})" if known else "NULL::BIGINT"


def _values(table: pd.DataFrame) -> str:
    """A frame of given, earliest, latest, happened as a SQL table of constants."""

    def number(value: float) -> str:
        return "NULL::BIGINT" if pd.isna(value) else f"{value:.0f}::BIGINT"

    columns = (table[name] for name in ("given", "earliest", "latest", "happened"))
    rows = [
        f"('{given.replace(chr(39), chr(39) * 2)}', {number(earliest)}, {number(latest)}, {bool(happened)})"
        for given, earliest, latest, happened in zip(*columns, strict=True)
    ] or ["(NULL::VARCHAR, NULL::BIGINT, NULL::BIGINT, FALSE)"]
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS t(given, earliest, latest, happened)"


def _relation(source: Any) -> duckdb.DuckDBPyRelation:
    if isinstance(source, duckdb.DuckDBPyRelation):
        return source
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    if isinstance(source, pd.DataFrame):
        if source.empty:
            raise ValueError("The cohort is empty: there is nobody whose spells could be counted.")
        return connection.from_df(source)
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
