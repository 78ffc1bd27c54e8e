"""The cohort: one row per person, dates as windows. Loading it, checking it, describing it."""

from collections.abc import Hashable
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from .checks import (
    heaping_problems,
    lifetime_problems,
    observation_problems,
    order_problems,
    stage_problems,
    symptom_problems,
    unbounded_problems,
    zone_problems,
)
from .columns import fill_symptom_group, read_columns
from .dates import widen
from .lupus import lupus_table
from .places import data_folder
from .problems import CohortError, gather, problem_rows, refusal
from .reading import Reading, read_table
from .schema import schema_problems
from .vocabulary import MILESTONES, symptom_groups, symptoms

__all__ = ["BUILT_IN", "CohortError", "check_cohort", "describe_cohort", "load_cohort"]

BUILT_IN = ("lupus", "teaching")
NEGATIVE = ("error", "exclude", "keep")
REVERSED = "milestones in impossible order"
LONGEST_MONTH_DAYS = 31
Source = str | PathLike[str] | pd.DataFrame


@dataclass
class Opened:
    """A source that has been opened: its rows, what to call it, and what its `attrs` say of it."""

    reading: Reading
    title: str
    call: str
    attrs: dict[Hashable, Any]
    made_here: bool = False


@dataclass
class Checked:
    """A cohort in its types, and every problem of it (`reversed_rows`: places of people in impossible order)."""

    cohort: pd.DataFrame
    problems: pd.DataFrame
    reversed_rows: np.ndarray


def load_cohort(
    source: Source,
    negative: Literal["error", "exclude", "keep"] = "error",
    vocabulary: str | PathLike[str] | None = None,
) -> pd.DataFrame:
    """A cohort, checked: one row per person, every milestone as its earliest and latest day.

    source      "lupus" (99 real people, 1955), "teaching" (simulated), the path of a csv, tsv or Parquet file, or a frame
    negative    what to do with people whose milestones come in an impossible order (a reversed pathway, anything after
                death or after last_seen): "error" stops, "exclude" leaves them out and counts them in
                `attrs["left_out"]`, "keep" keeps them as they are; nothing is ever clipped
    vocabulary  path of a YAML file with the symptoms of another disease, in the form of data/vocabulary/symptoms.yml

    Returns a frame with a fresh index. Every milestone present is two columns, `<milestone>_earliest` and
    `<milestone>_latest` (datetime64[ns]): equal when the day is known, both missing when it is not known to have
    happened; one that happened has a latest day, and a missing earliest day is open on that side. The other columns are
    those of `data/DICTIONARY.md`. `attrs` holds name, simulated, own, source and left_out.

    Raises CohortError (a ValueError) for a source that cannot be found or has errors; its `problems` lists them all.
    """
    if negative not in NEGATIVE:
        raise ValueError(
            f"negative={negative!r} is none of {', '.join(map(repr, NEGATIVE))}: say what to do with reversed milestones."
        )
    opened = _open(source)
    checked = _check(opened, negative, vocabulary)
    if (checked.problems["severity"] == "error").any():
        raise refusal(opened.title, opened.call, checked.problems)
    cohort, left_out = checked.cohort, dict(opened.attrs.get("left_out") or {})
    if negative == "exclude" and len(checked.reversed_rows):
        cohort = cohort[~np.isin(np.arange(len(cohort)), checked.reversed_rows)].reset_index(drop=True)
        left_out[REVERSED] = left_out.get(REVERSED, 0) + len(checked.reversed_rows)
    cohort.attrs = {**opened.attrs, "left_out": left_out}
    return cohort


def check_cohort(source: Source, vocabulary: str | PathLike[str] | None = None) -> pd.DataFrame:
    """Everything that is wrong with a cohort, at once; `source` and `vocabulary` as in `load_cohort`.

    Returns a frame, empty for a cohort without fault: severity ("error" stops loading, "warning" does not), row (counted
    from 1, without the header; missing where a column or the whole file is meant), column, value, expected, person, and
    the line of a text file. Raises CohortError only for a source that cannot be found.
    """
    return _check(_open(source), "error", vocabulary).problems


def describe_cohort(cohort: pd.DataFrame) -> pd.DataFrame:
    """How well every column of a cohort is known, in people.

    Returns a row per milestone and further column: column, exact (the day or value is known), month (a window of 2 to 31
    days), wider (longer, or open on a side), missing. The four counts add up to the people.
    """
    described = []
    for name in MILESTONES:
        if f"{name}_latest" in cohort:
            earliest, latest = cohort[f"{name}_earliest"], cohort[f"{name}_latest"]
            days = (latest - earliest).dt.days + 1
            happened, month = earliest.notna() | latest.notna(), days.between(2, LONGEST_MONTH_DAYS)
            counts = [int(part.sum()) for part in (days == 1, month, happened & (days != 1) & ~month, ~happened)]
            described.append((name, *counts))
    windows = {f"{name}_{side}" for name in MILESTONES for side in ("earliest", "latest")}
    for name in cohort.columns:
        if name not in windows:
            known = int(cohort[name].notna().sum())
            described.append((str(name), known, 0, 0, len(cohort) - known))
    return pd.DataFrame(described, columns=["column", "exact", "month", "wider", "missing"])


def _open(source: Source) -> Opened:
    if isinstance(source, pd.DataFrame):
        raw = source.reset_index(drop=True)
        raw.columns = pd.Index([str(name).strip() for name in raw.columns])
        attrs: dict[Hashable, Any] = {
            "name": "table in memory",
            "simulated": False,
            "own": True,
            "source": "a table that was in memory",
            **source.attrs,
        }
        title, made_here = f"The cohort {attrs['name']!r}", "own" in source.attrs
        return Opened(_in_memory(raw), title, "check_cohort(...)", attrs, made_here)
    if source == "lupus":
        table = lupus_table()
        attrs = {"name": "lupus", "simulated": False, "own": False, "source": table.attrs["source"]}
        return Opened(Reading(table), "The cohort 'lupus'", "check_cohort('lupus')", attrs)
    if source == "teaching":
        origin = "simulated by firstsign for teaching; no person is in it; data/simulated/README.md says how"
        attrs = {"name": "teaching", "simulated": True, "own": False, "source": origin}
        path = data_folder() / "simulated" / "teaching.csv"
        return Opened(read_table(path), "The cohort 'teaching'", "check_cohort('teaching')", attrs)
    path = _existing(source)
    attrs = {"name": path.name, "simulated": False, "own": True, "source": f"the file {path.name}"}
    return Opened(read_table(path), str(source), f"check_cohort({str(source)!r})", attrs)


def _in_memory(raw: pd.DataFrame) -> Reading:
    twice = raw.columns[raw.columns.duplicated()].unique()
    problems = [problem_rows(None, name, "more than one column of this name", "each column once") for name in twice]
    if len(twice):
        return Reading(pd.DataFrame(), None, problems)
    if not len(raw) and not len(raw.columns):
        return Reading(raw, None, [problem_rows(None, "", "an empty table", "a row for each person")])
    return Reading(
        raw, None, [] if len(raw) else [problem_rows(None, "", "a table without rows", "a row for each person")]
    )


def _existing(source: object) -> Path:
    if not isinstance(source, (str, PathLike)):
        raise ValueError(f"A cohort cannot be loaded from {type(source).__name__}: give a name, a path or a frame.")
    path = Path(source).expanduser()
    if path.is_file():
        return path
    nothing = gather([], None, None)
    if path.is_dir():
        raise CohortError(f"{str(source)!r} is a folder: give the path of a file in it, one row per person.", nothing)
    folder = path.parent
    beside = [entry.name for entry in folder.iterdir() if entry.is_file()] if folder.is_dir() else []
    near = get_close_matches(path.name, [*BUILT_IN, *beside], n=1, cutoff=0.6)
    guess = f" did you mean {near[0]!r}?" if near else ""
    where = (
        "this folder"
        if str(folder) == "."
        else f"the folder {str(folder)!r}" + ("" if folder.is_dir() else ", which does not exist")
    )
    raise CohortError(
        f"No cohort {str(source)!r}{':' if guess else '.'}{guess} It is neither a built-in cohort ({', '.join(BUILT_IN)}) nor a "
        f"file in {where}.",
        nothing,
    )


def _check(opened: Opened, negative: str, vocabulary: str | PathLike[str] | None) -> Checked:
    reading, raw = opened.reading, opened.reading.frame
    if not len(raw):
        # a file that has columns but nobody in them: what is known is that it is empty
        return Checked(raw, gather(reading.problems, None, reading.lines), np.array([], dtype="int64"))
    words = symptoms(vocabulary)
    groups = dict(zip(words["name"], words["group"], strict=True))
    columns = read_columns(raw, opened.made_here)
    plain = fill_symptom_group(columns.plain, columns.windows, groups)
    until = plain.get("observed_until")
    wide = widen(columns.windows, until)
    cohort = _assemble(plain, wide)
    reversals = order_problems(columns.windows)
    rows = np.unique(
        np.concatenate([part["position"].to_numpy(dtype="int64") for part in reversals] or [np.array([], "int64")])
    )
    found = [
        *columns.problems,
        *(schema_problems(cohort, raw) if "person" in cohort else []),
        *(reversals if negative == "error" else []),
        *_elsewhere(unbounded_problems(wide), rows if negative == "exclude" else np.array([])),
        *zone_problems(raw),
        *symptom_problems(plain, groups, symptom_groups(vocabulary)["name"].tolist()),
        *observation_problems(plain, columns.windows),
        *stage_problems(plain),
        *lifetime_problems(columns.windows),
        *heaping_problems(columns.windows),
    ]
    whole = [*reading.problems, *_elsewhere(found, np.array(sorted(reading.ragged)))]
    return Checked(cohort, gather(whole, plain.get("person"), reading.lines), rows)


def _elsewhere(parts: list[pd.DataFrame], rows: np.ndarray) -> list[pd.DataFrame]:
    """Problems outside some rows: in a ragged row the cells stand under the wrong names, whatever they say."""
    return [part[~part["position"].isin(rows)] for part in parts] if len(rows) else parts


def _assemble(plain: pd.DataFrame, wide: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """person first, then the milestones as windows, then everything else in the order it came."""
    columns: dict[str, pd.Series] = {"person": plain["person"]} if "person" in plain else {}
    for name, window in wide.items():
        columns[f"{name}_earliest"] = window["earliest"].astype("datetime64[ns]")
        columns[f"{name}_latest"] = window["latest"].astype("datetime64[ns]")
    columns |= {str(name): plain[name] for name in plain.columns if name != "person"}
    return pd.DataFrame(columns)
