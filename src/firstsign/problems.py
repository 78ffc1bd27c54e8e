"""What is wrong with a cohort: one row per problem, and the error that stops loading."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

PROBLEM_COLUMNS = ["severity", "row", "column", "value", "expected", "person", "line"]
SHOWN = 3
NOTHING = pd.DataFrame(columns=["severity", "position", "column", "value", "expected"], dtype="object")


class CohortError(ValueError):
    """A cohort that cannot be loaded as it is.

    `problems` is the frame that `check_cohort` gives for the same source.
    """

    def __init__(self, message: str, problems: pd.DataFrame) -> None:
        super().__init__(message)
        self.problems = problems


def problem_rows(
    positions: Sequence[int] | np.ndarray | None, column: str, values: Any, expected: Any, severity: str = "error"
) -> pd.DataFrame:
    """Problems of one kind: severity, position (from 0; missing where a column or the file is meant), column, value, expected.

    positions  the places of the rows in the cohort, or None for one problem of the whole column
    values, expected  one text for all, or one per position
    """
    if positions is not None and not len(positions):
        return NOTHING
    places = pd.array([pd.NA] if positions is None else np.asarray(positions, dtype="int64"), dtype="Int64")
    rows = pd.DataFrame({"severity": severity, "position": places, "column": column})
    rows["value"] = values if isinstance(values, str) else [_shown(value) for value in values]
    rows["expected"] = expected if isinstance(expected, str) else list(expected)
    return rows


def gather(parts: Sequence[pd.DataFrame], person: pd.Series | None, lines: np.ndarray | None) -> pd.DataFrame:
    """All problems in the order of the rows, those of the file first: the columns of `PROBLEM_COLUMNS`.

    person  the cohort's column `person`, to say who is meant
    lines   the line of the file on which each person's row starts, if there is a file with lines
    """
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(
            {name: pd.Series(dtype="Int64" if name in ("row", "line") else "object") for name in PROBLEM_COLUMNS}
        )
    found = pd.concat(filled, ignore_index=True)
    places = found["position"]
    known = places.notna().to_numpy()
    at = places[known].to_numpy(dtype="int64")
    found["row"] = places + 1
    found["person"] = pd.Series(pd.NA, index=found.index, dtype="object")
    if person is not None:
        found.loc[known, "person"] = person.to_numpy(dtype=object)[at]
    found["line"] = pd.Series(pd.NA, index=found.index, dtype="Int64")
    if lines is not None:
        found.loc[known, "line"] = lines[at]
    found = found.sort_values("row", kind="stable", na_position="first", ignore_index=True)
    return found[PROBLEM_COLUMNS]


BACKWARDS = (
    " People whose dates run backwards are mended in the file, left out and counted (negative='exclude'), or kept as they"
    " are (negative='keep')."
)


def refusal(name: str, call: str, problems: pd.DataFrame) -> CohortError:
    """The error for a cohort with problems: one paragraph with the first few; `call` lists them all."""
    errors = problems[problems["severity"] == "error"]
    first = "; ".join(_sentence(problem) for problem in errors.head(SHOWN).to_dict("records"))
    more = f"; and {len(errors) - SHOWN:,} more" if len(errors) > SHOWN else ""
    count = "1 problem that stops" if len(errors) == 1 else f"{len(errors):,} problems that stop"
    backwards = errors["expected"].astype(str).str.startswith("a day not before").any()
    choice = BACKWARDS if backwards else ""
    return CohortError(f"{name} has {count} loading: {first}{more}.{choice} {call} lists all.", problems)


def _sentence(problem: dict[Any, Any]) -> str:
    line = "" if pd.isna(problem["line"]) else f" (line {problem['line']})"
    where = "" if pd.isna(problem["row"]) else f"row {problem['row']}{line}, "
    column = f"column {problem['column']!r}: " if problem["column"] else ""
    value = f"{problem['value']!r}, " if problem["value"] else ""
    return f"{where}{column}{value}expected: {problem['expected']}"


def _shown(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else str(value)
    missing = pd.api.types.is_scalar(value) and pd.isna(value)
    return "" if missing else str(value)
