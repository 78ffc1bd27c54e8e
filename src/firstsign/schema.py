"""The columns of a cohort: one pandera model, from which the data dictionary is written too."""

from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from .problems import problem_rows
from .vocabulary import DETECTIONS, MILESTONES, SEXES

WINDOWS = f"^(?:{'|'.join(MILESTONES)})"
REQUIRED = ("person", "first_symptom", "diagnosis")
SINGLE_DAYS = ("observed_from", "observed_until")


class Cohort(pa.DataFrameModel):
    """One row per person, milestones as windows; further columns pass through."""

    person: Series[Any] = pa.Field(
        unique=True,
        nullable=False,
        title="Who",
        description="A name or number that stands for the person; one row each.",
        metadata={"expected": "each person once, and none without a name or number"},
    )
    earliest: Series[pd.Timestamp] | None = pa.Field(
        alias=WINDOWS + "_earliest$",
        regex=True,
        nullable=True,
        title="Earliest day of a milestone",
        description="The first day on which the milestone can have happened; missing with a latest day = open on that side.",
        metadata={"expected": "a day"},
    )
    latest: Series[pd.Timestamp] | None = pa.Field(
        alias=WINDOWS + "_latest$",
        regex=True,
        nullable=True,
        title="Latest day of a milestone",
        description="The last day on which it can have happened; equal to the earliest when the day is known, "
        "missing when it is not known to have happened.",
        metadata={"expected": "a day"},
    )
    age: Series[float] | None = pa.Field(
        ge=0,
        le=120,
        nullable=True,
        title="Age",
        description="Age at diagnosis or, if there is none, at the first date of the person, in years.",
        metadata={"expected": "a number of years from 0 to 120"},
    )
    sex: Series[Any] | None = pa.Field(
        isin=SEXES,
        nullable=True,
        title="Sex",
        description="As recorded; missing if it is not.",
        metadata={"expected": "female, male or other"},
    )
    detection: Series[Any] | None = pa.Field(
        isin=DETECTIONS,
        nullable=True,
        title="How the disease was found",
        description="Missing while it has not been found.",
        metadata={"expected": "symptom, screening, incidental or emergency"},
    )
    symptoms: Series[Any] | None = pa.Field(
        nullable=True,
        title="Symptoms",
        description="Names from the vocabulary in the order they were noticed, separated by `;`.",
        metadata={"expected": "names from the vocabulary, separated by ;"},
    )
    first_symptom_group: Series[Any] | None = pa.Field(
        nullable=True,
        title="Group of the first symptom",
        description="A group from the vocabulary; taken from the first symptom where it is not given; "
        "`no symptom` for a person found by screening.",
        metadata={"expected": "a group from the vocabulary"},
    )
    stage: Series[pd.Int64Dtype] | None = pa.Field(
        ge=1,
        le=4,
        nullable=True,
        title="Stage at diagnosis",
        description="Anatomical stage group; 4 = spread to distant organs.",
        metadata={"expected": "1, 2, 3 or 4"},
    )
    metastatic_at_diagnosis: Series[pd.BooleanDtype] | None = pa.Field(
        nullable=True,
        title="Distant spread at diagnosis",
        description="Whether distant spread was known at the diagnosis; missing while not diagnosed or not recorded.",
        metadata={"expected": "true or false"},
    )
    metastatic_sites: Series[Any] | None = pa.Field(
        nullable=True,
        title="Sites of distant spread",
        description="At diagnosis or later, separated by `;`.",
        metadata={"expected": "names of sites, separated by ;"},
    )
    observed_from: Series[pd.Timestamp] | None = pa.Field(
        nullable=True,
        title="Start of observation",
        description="From this day on an event of the person would have been recorded.",
        metadata={"expected": "one day, 2024-03-12"},
    )
    observed_until: Series[pd.Timestamp] | None = pa.Field(
        nullable=True,
        title="End of observation",
        description="Up to this day an event of the person would have been recorded.",
        metadata={"expected": "one day, 2024-03-12"},
    )

    class Config:
        """More columns may be there; order does not matter."""

        strict = False


SCHEMA = Cohort.to_schema()
PLAIN_COLUMNS = tuple(name for name, column in SCHEMA.columns.items() if not column.regex)
KNOWN_COLUMNS = (
    *PLAIN_COLUMNS,
    *MILESTONES,
    *(f"{name}_{side}" for name in MILESTONES for side in ("earliest", "latest")),
)


def expected(column: str) -> str:
    """What a value of a plain column must be, in words."""
    return str((SCHEMA.columns[column].metadata or {})["expected"])


def schema_problems(frame: pd.DataFrame, raw: pd.DataFrame) -> list[pd.DataFrame]:
    """Where a frame in the cohort's types breaks the model: ranges, vocabularies, missing and repeated persons.

    raw  the same rows as they came, for the values to be shown as they were written
    """
    try:
        SCHEMA.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as broken:
        cases = broken.failure_cases
        found = []
        for column, rows in cases[cases["index"].notna()].groupby("column", sort=False):
            places = np.unique(rows["index"].to_numpy(dtype="int64"))
            written = (raw if column in raw else frame)[column].iloc[places]
            found.append(problem_rows(places, str(column), written, expected(str(column))))
        return found
    return []


def dictionary() -> str:
    """The data dictionary as Markdown: what `data/DICTIONARY.md` holds."""
    lines = [_INTRODUCTION, "## Columns\n", "| column | what | values | needed |", "|---|---|---|---|"]
    for name, column in SCHEMA.columns.items():
        shown = f"`<milestone>_{'earliest' if 'earliest' in name else 'latest'}`" if column.regex else f"`{name}`"
        values = (column.metadata or {})["expected"]
        needed = "yes" if column.required else "no"
        lines.append(f"| {shown} | **{column.title}.** {column.description} | {values} | {needed} |")
    lines += ["\n## Milestones\n", "| milestone | the day | source |", "|---|---|---|"]
    lines += [f"| `{one.name}` | {one.definition} | {one.source} |" for one in MILESTONES.values()]
    return "\n".join([*lines, _DATES])


_INTRODUCTION = """# The cohort, column by column

One row is one person. This page is written by `firstsign.schema.dictionary()` from the model that checks every cohort.
A file needs `person`, `first_symptom` and `diagnosis`; every other column is welcome, columns not named here pass
through. A file whose people were all found by screening needs no `first_symptom`.
"""

_DATES = """
## How a file gives dates

One column per milestone with its name (`diagnosis`), or the pair `diagnosis_earliest`, `diagnosis_latest`.

| written | read as |
|---|---|
| `2024-03-12`, `20240312`, `2024-03-12T10:15:00+01:00` | that day, as written |
| `2024-03`, `2024-03-XX` | some day that month |
| `2024`, `2024-XX-XX`, `202X` | some day that year, that decade |
| `2024-03-01/2024-03-20`, `2024-02/2024-03-05` | some day from the one to the other |
| `2024-03-01/..`, `../2024-03-01` | that day or later, that day or earlier |
| `XXXX` | it happened, the day is not known: the widest window that the person's other dates leave open |
| nothing | not known to have happened |

Not read, with an explanation: `12/03/2024` (day or month first?), `2024-03?`, `2024-03~` (how uncertain?), days that do not
exist, ranges that end before they start, and days that stand for "no date" (`1900-01-01`, `9999-12-31` and their like).
"""
