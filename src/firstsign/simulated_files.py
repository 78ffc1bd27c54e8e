"""Simulated cohorts of any size, written to a file piece by piece: memory does not grow with the people."""

import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from firstsign.biases import switched
from firstsign.lives import lives
from firstsign.registry import Columns, numbered, registered
from firstsign.scenarios import Scenario, load_scenario
from firstsign.simulate import MOST_IN_VAIN, as_user_file, checked_who, nobody_there, whole

BLOCKS_IN_A_PIECE = 8
KINDS = (".parquet", ".csv")


class Writer(Protocol):
    """What takes one piece of a cohort after another."""

    def write(self, cohort: pd.DataFrame) -> None:
        """Adds these people."""

    def close(self) -> None:
        """Ends the file."""


def simulate_file(
    path: str | Path,
    people: int = 10_000,
    seed: int = 1,
    scenario: str = "england",
    who: str = "diseased",
    workers: int = 1,
    biases: Iterable[str] | None = None,
    **overrides: Any,
) -> Path:
    """Write the cohort of `simulate` with the same arguments to a file, without ever holding more than a piece of it.

    path     ends in .parquet (a cohort as `spells` reads it) or .csv (a user's file, one column a milestone)
    workers  processes that simulate; the people are the same, whatever their number

    The file appears when it is whole; an older one stays until then. Columns of milestones that nobody has reached stay in it,
    empty. Returns the path. Raises ValueError for a slip in any argument, and OSError if the file cannot be written.
    """
    people, seed, workers = whole("people", people, 1), whole("seed", seed, 0), whole("workers", workers, 1)
    target = Path(path)
    checked_who(who)
    ready = switched(load_scenario(scenario, overrides), biases, overrides, who)
    if target.suffix not in KINDS:
        raise ValueError(f"{target.name} is neither a .parquet nor a .csv file; end its name in one of the two.")
    if target.is_dir():
        raise ValueError(f"{target.name} is a folder; name a file in it, {target.name}/people{target.suffix}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        unfinished = (
            Path(stack.enter_context(TemporaryDirectory(dir=target.parent, prefix=".simulating-"))) / target.name
        )
        pool = stack.enter_context(ProcessPoolExecutor(workers, get_context("spawn"))) if workers > 1 else None
        _write(unfinished, people, _pieces(pool, workers, ready, seed, who))
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        shutil.move(unfinished, target)
    return target


def _write(path: Path, people: int, pieces: Iterator[list[Columns]]) -> None:
    writer: Writer | None = None
    written = in_vain = 0
    try:
        for piece in pieces:
            size = min(sum(len(block["age"]) for block in piece), people - written)
            in_vain = 0 if size else in_vain + 1
            if in_vain * BLOCKS_IN_A_PIECE >= MOST_IN_VAIN:
                raise nobody_there(in_vain * BLOCKS_IN_A_PIECE)
            if size:
                cohort = numbered(piece, size, first=written + 1, empty=True)
                writer = writer or (_Parquet(path, cohort) if path.suffix == ".parquet" else _Csv(path))
                writer.write(cohort)
                written += size
            if written == people:
                return
    finally:
        if writer is not None:
            writer.close()


def _pieces(pool: Executor | None, workers: int, scenario: Scenario, seed: int, who: str) -> Iterator[list[Columns]]:
    """Piece after piece without end, in order; with a pool, a few are simulated ahead."""
    number, ahead = 0, deque[Future[list[Columns]]]()
    while True:
        if pool is None:
            yield piece(scenario, seed, who, number)
        else:
            while len(ahead) < 2 * workers:
                ahead.append(pool.submit(piece, scenario, seed, who, number + len(ahead)))
            yield ahead.popleft().result()
        number += 1


def piece(scenario: Scenario, seed: int, who: str, number: int) -> list[Columns]:
    """The columns of the cohort's rows in some blocks in a row."""
    first = number * BLOCKS_IN_A_PIECE
    blocks = range(first, first + BLOCKS_IN_A_PIECE)
    return [registered(scenario, lives(scenario, seed, who, block), who) for block in blocks]


class _Parquet:
    """A Parquet file of people; its columns have the same types in every piece, even where one is empty."""

    def __init__(self, path: Path, cohort: pd.DataFrame) -> None:
        text = dict.fromkeys(cohort.select_dtypes(object), pa.string())
        found = pa.Schema.from_pandas(cohort, preserve_index=False).remove_metadata()
        self.schema = pa.schema([pa.field(field.name, text.get(field.name, field.type)) for field in found])
        self.writer = parquet.ParquetWriter(path, self.schema)

    def write(self, cohort: pd.DataFrame) -> None:
        """One row group."""
        self.writer.write_table(
            pa.Table.from_pandas(cohort, self.schema, preserve_index=False).replace_schema_metadata()
        )

    def close(self) -> None:
        """Writes the footer."""
        self.writer.close()


class _Csv:
    """A user's file, the heading once."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w", encoding="utf-8", newline="")
        self.header = True

    def write(self, cohort: pd.DataFrame) -> None:
        """Rows below those that are there."""
        as_user_file(cohort).to_csv(self.file, index=False, header=self.header, lineterminator="\n")
        self.header = False

    def close(self) -> None:
        """Closes the file."""
        self.file.close()
