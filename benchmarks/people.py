"""The people on whom all are compared: simulated, made once, the same for everybody."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

import firstsign as fs

PIECE = 1_000_000
SIMULATED = 10_000_000  # beyond, the same people come again under new numbers
REGIONS = ("east", "midlands", "north", "south", "wales", "west")


def people_file(folder: Path, people: int) -> Path:
    """A Parquet file of simulated people: the 29 columns of a cohort, and a region, one of six. Made if it is not there."""
    path = folder / f"people_{people}.parquet"
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        pieces = _repeated(folder, people) if people > SIMULATED else _simulated(people)
        first = next(pieces)
        with parquet.ParquetWriter(unfinished, first.schema) as writer:
            writer.write_table(first)
            for piece in pieces:
                writer.write_table(piece)
        unfinished.rename(path)
    return path


def _simulated(people: int) -> Iterator[pa.Table]:
    for begin in range(0, people, PIECE):
        cohort = fs.simulate(people=min(PIECE, people - begin), seed=begin // PIECE + 1)
        region = np.random.default_rng(begin).choice(np.array(REGIONS, object), len(cohort))
        yield pa.Table.from_pandas(
            cohort.assign(person=cohort["person"] + begin, region=region), preserve_index=False
        ).replace_schema_metadata()


def _repeated(folder: Path, people: int) -> Iterator[pa.Table]:
    given = parquet.ParquetFile(people_file(folder, SIMULATED))
    begin, turn = 0, 0
    while begin < people:
        piece = given.read_row_group(turn % given.num_row_groups).slice(0, people - begin)
        person = pa.array(np.arange(begin + 1, begin + 1 + len(piece)))
        yield piece.set_column(piece.schema.get_field_index("person"), "person", person)
        begin, turn = begin + len(piece), turn + 1


def lives(folder: Path, people: int) -> pd.DataFrame:
    """One row a person, in no order: days from diagnosis to death (ended 1) or the end of observation (0), and covariates.

    stage, detection and decade (of age; below 50 and from 80 on are one each) are categories.
    """
    spells = fs.spells(people_file(folder, 2 * people), ("diagnosis", "death"), by=["stage", "detection", "age"])
    rows = _one_by_one(spells, people)
    ended = (rows["cause"] == "death").astype("int32")
    covariates = {
        "stage": rows["stage"],
        "detection": rows["detection"],
        "decade": (rows["age"] // 10 * 10).clip(40, 80),
    }
    categories = {name: column.astype(str).astype("category") for name, column in covariates.items()}
    return pd.DataFrame({"days": rows["lower"] + 1, "ended": ended, **categories})


def delays(folder: Path, people: int) -> pd.DataFrame:
    """One row a person, in no order: days from first symptom to diagnosis (cause 1), death before it (2) or neither (0).

    The first day counts as day 1, so that every family has a density on every day. symptom is a category.
    """
    file = people_file(folder, 2 * people)
    spells = fs.spells(file, "total_diagnostic", by="first_symptom_group", competing="death")
    rows = _one_by_one(spells, people)
    cause = rows["cause"].map({"censored": 0, "diagnosis": 1, "death": 2}).astype("int32")
    symptom = rows["first_symptom_group"].astype("category")
    return pd.DataFrame({"days": rows["lower"] + 1, "cause": cause, "symptom": symptom})


def visits(people: int) -> pd.DataFrame:
    """One row a person: a lognormal delay of which only the two visits around it are known, every 28 days since a day of chance.

    lower and upper are days; upper is infinite where it outlasted the two years of visits.
    """
    rng = np.random.default_rng(3)
    delay, phase = rng.lognormal(4.0, 1.1, people), rng.integers(1, 29, people)
    lower = np.maximum(np.floor((delay - phase) / 28) * 28 + phase, 0)
    upper = np.where(delay < phase, phase, lower + 28)
    over = lower >= 730
    return pd.DataFrame(
        {
            "lower": np.where(over, np.floor((730 - phase) / 28) * 28 + phase, lower),
            "upper": np.where(over, np.inf, upper),
        }
    )


def doubly_censored(rows: int) -> pd.DataFrame:
    """Distinct counted spells: onset within a window, end within a day or a week, seen only up to a limit."""
    rng = np.random.default_rng(4)
    draws = 3 * rows
    delay, window = rng.gamma(2.0, 30.0, draws), rng.choice([1.0, 7.0, 31.0], draws)
    width, limit = rng.choice([1.0, 7.0], draws), rng.integers(60, 730, draws).astype(float)
    lower = np.floor((delay + rng.uniform(0, 1, draws) * window) / width) * width
    frame = pd.DataFrame({"lower": lower, "upper": lower + width, "window": window, "limit": limit})
    seen = frame[frame["upper"] <= frame["limit"]]
    return seen.drop_duplicates().head(rows).assign(n=rng.integers(1, 5, min(rows, len(seen.drop_duplicates()))))


def counted(people: pd.DataFrame) -> pd.DataFrame:
    """One row for each distinct row, and how many there are: what every estimator of firstsign asks for."""
    return people.groupby(list(people.columns), observed=True, sort=False).size().rename("n").reset_index()


def _one_by_one(spells: pd.DataFrame, people: int) -> pd.DataFrame:
    """So many of the counted people as rows of their own, in no order."""
    known = spells.dropna()
    place = np.random.default_rng(2).permutation(np.repeat(np.arange(len(known)), known["n"]))[:people]
    if len(place) < people:
        raise ValueError(f"{people:,} people were asked for and {len(place):,} are there.")
    return known.iloc[place].reset_index(drop=True)
