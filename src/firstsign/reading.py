"""Files with one row per person -> a frame, and what is wrong with the file as a file."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from .problems import problem_rows

DELIMITERS = (",", ";", "\t", "|")
MISSING_WORDS = ("", ".", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NaT", "NULL", "null", "None", "none", "<NA>")
SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".parquet")


@dataclass
class Reading:
    """A table as it lies in a file.

    frame  the rows; texts for a file of text; no rows if the file could not be read
    lines  the line on which each row starts (None if the file has no lines)
    """

    frame: pd.DataFrame
    lines: np.ndarray | None = None
    problems: list[pd.DataFrame] = field(default_factory=list)
    ragged: frozenset[int] = frozenset()


def read_table(path: Path) -> Reading:
    """Read csv, tsv (also gzipped) or parquet; whatever is wrong with the file comes back as problems."""
    if not path.name.lower().endswith(SUFFIXES):
        return _unreadable(f"a file that ends in {', '.join(SUFFIXES)}", path.suffix)
    if path.name.lower().endswith(".parquet"):
        return _read_parquet(path)
    try:
        packed = path.read_bytes()
        content = gzip.decompress(packed) if path.name.lower().endswith(".gz") else packed
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return _unreadable(
            "text in UTF-8; save the file again with that encoding", f"byte {content[error.start]:#x} on line {line}"
        )
    except (EOFError, OSError, zlib.error) as error:
        return _unreadable("a file that can be opened and unpacked", getattr(error, "strerror", None) or str(error))
    return _read_text(text)


def _read_parquet(path: Path) -> Reading:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        return _unreadable("a Parquet file", " ".join(str(error).split())[:80])
    frame.columns = [str(name).strip() for name in frame.columns]
    return Reading(frame.reset_index(drop=True), None, _shape_problems(list(frame.columns), len(frame)))


def _read_text(text: str) -> Reading:
    if not text.strip():
        return _unreadable("a header line with the names of the columns, and a row for each person", "an empty file")
    if "\0" in text:
        return _unreadable("a file of text", "a file with zero bytes in it")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter = _delimiter(text)
    try:
        _, header = next(_rows(text, delimiter))
        sizes = np.array(_sizes(text, delimiter)[1:], dtype="int64").reshape(-1, 2)
    except csv.Error as error:
        return _unreadable("rows of cells; is a quotation mark left open?", str(error))
    names = [name.strip() for name in header]
    problems = _shape_problems(names, len(sizes))
    ragged = np.flatnonzero(sizes[:, 1] != len(names))
    if len(ragged):
        found = [f"{count} cells" for count in sizes[ragged, 1]]
        wanted = f"{len(names)} cells, as in the header; is a {delimiter!r} inside a value? Put such a value in quotation marks"
        problems.append(problem_rows(ragged, "", found, wanted))
    if len(set(names)) < len(names) or not len(sizes):
        return Reading(pd.DataFrame(columns=[]), None, problems)
    frame = pd.DataFrame() if len(ragged) else _cells(text, delimiter, names)
    if len(frame) != len(sizes):  # ragged, or the two readers do not agree on what a blank line is
        frame = _ragged_cells(text, delimiter, names)
    return Reading(frame, sizes[:, 0], problems, frozenset(ragged.tolist()))


def _shape_problems(names: list[str], people: int) -> list[pd.DataFrame]:
    problems = [
        problem_rows(None, name, f"{names.count(name)} columns of this name", "each column once")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if not people:
        problems.append(problem_rows(None, "", "a header and no rows", "a row for each person under the header"))
    return problems


def _delimiter(text: str) -> str:
    header = text.lstrip("\n").partition("\n")[0]
    cells = {delimiter: len(next(csv.reader([header], delimiter=delimiter))) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=cells.__getitem__)


def _sizes(text: str, delimiter: str) -> list[tuple[int, int]]:
    """The first line and the number of cells of each row that is not blank, the header's included."""
    if '"' in text:
        return [(line, len(cells)) for line, cells in _rows(text, delimiter)]
    lines = enumerate(text.split("\n"), start=1)  # the same, five times as fast
    return [(number, line.count(delimiter) + 1) for number, line in lines if delimiter in line or line.strip()]


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the line it starts on (a quoted value may run over several)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    start = 1
    for cells in reader:
        if len(cells) > 1 or any(cell.strip() for cell in cells):
            yield start, cells
        start = reader.line_num + 1


def _cells(text: str, delimiter: str, names: list[str]) -> pd.DataFrame:
    frame = pd.read_csv(
        io.StringIO(text), sep=delimiter, dtype=str, keep_default_na=False, na_values=list(MISSING_WORDS),
        skipinitialspace=True, index_col=False,
    )  # fmt: skip
    frame.columns = pd.Index(names)
    return frame


def _ragged_cells(text: str, delimiter: str, names: list[str]) -> pd.DataFrame:
    """Rows cut or filled to the length of the header, so that the other rows can be checked all the same."""
    rows = _rows(text, delimiter)
    next(rows)
    blank = [""] * len(names)
    frame = pd.DataFrame([(cells + blank)[: len(names)] for _, cells in rows], columns=names, dtype="object")
    return frame.mask(frame.isin(MISSING_WORDS))


def _unreadable(wanted: str, found: str) -> Reading:
    return Reading(pd.DataFrame(), None, [problem_rows(None, "", found, wanted)])
