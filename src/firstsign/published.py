"""Published tables as data: as printed, in long form, with their sources."""

from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from firstsign.errors import did_you_mean
from firstsign.evidence import evidence_entry, read_yaml, register, said_plainly
from firstsign.places import data_folder

Kind = Literal["bands", "percentiles", "shares", "counts"]
Text = Annotated[str, Field(min_length=1)]
NEEDED = {"bands": ["from_day", "to_day", "people"], "percentiles": ["quantile", "days"], "counts": ["people"]}
# From best to worst: a table taken from several entries is as good as the weakest of them.
VERIFIED = ("summed from the producer's files", "full text seen", "abstract seen", "secondary source")
FACTS = "figures quoted as facts, with their source"


class Table(BaseModel):
    """One published table: columns and rows as printed, and what must be known to use it."""

    model_config = ConfigDict(extra="forbid")

    what: Text
    kind: Kind
    interval: Text | None = None
    event: Literal["diagnosis", "treatment"] | None = None
    caution: Text
    source: Text | None = None
    licence: Text = FACTS
    verified: Literal["summed from the producer's files"] | None = None
    evidence: list[str] = []
    n: int | None = None
    totals: dict[str, int] = {}
    columns: list[str]
    rows: list[list[str | int | float]]

    @model_validator(mode="after")
    def _is_whole(self) -> "Table":
        missing = [name for name in NEEDED.get(self.kind, []) if name not in self.columns]
        if missing:
            raise ValueError(f"a table of {self.kind} needs the columns {', '.join(missing)}")
        ragged = [row for row in self.rows if len(row) != len(self.columns)]
        if ragged:
            raise ValueError(f"{len(self.columns)} columns, but the row {ragged[0]} has {len(ragged[0])} values")
        unknown = [name for name in self.evidence if name not in register()]
        if unknown:
            raise ValueError(f"no evidence entry {', '.join(unknown)}")
        if not self.evidence and not (self.source and self.verified):
            raise ValueError("a table needs `evidence`, or both `source` and `verified`")
        return self

    def frame(self) -> pd.DataFrame:
        """The rows as a frame; whole numbers stay whole unless the column holds a fraction or infinity."""
        return pd.DataFrame(self.rows, columns=self.columns)

    def people(self) -> int | None:
        """How many people the table counts: its bands or counts summed, else its stated n."""
        if "people" not in self.columns:
            return self.n
        return int(self.frame()["people"].sum())

    def cited(self) -> str:
        """The source in words: its own, or the citations of its evidence entries, each once."""
        return self.source or "; ".join(dict.fromkeys(str(evidence_entry(name).source) for name in self.evidence))

    def how_verified(self) -> str:
        """How the table was verified; that of the weakest entry where it rests on several."""
        if self.verified:
            return self.verified
        return max((evidence_entry(name).verified for name in self.evidence), key=VERIFIED.index)


def published(name: str | None = None) -> pd.DataFrame:
    """A published table as printed, in long form; without a name, the list of them.

    name  a table's name, as the list gives it

    A table of kind "bands" has its group columns, from_day, to_day (whole days, both included; inf for an open band)
    and people; "percentiles" has quantile (0 to 1) and days; "shares" has per cent, or x of n; "counts" has people.
    `.attrs` holds name, what, kind, caution, source, licence, interval, event (the milestone that ends a band's interval),
    verified, n and evidence (ids of the register).
    The list has name, what, kind, n, interval, source. Raises ValueError with the nearest name if there is no such table.
    """
    tables = read_tables(data_folder() / "evidence" / "tables.yml")
    if name is None:
        return pd.DataFrame([{"name": key, **_line(table)} for key, table in tables.items()]).astype({"n": "Int64"})
    if name not in tables:
        raise ValueError(f"No published table {name!r}{did_you_mean(name, tables)}. There are: {', '.join(tables)}.")
    table = tables[name]
    frame = table.frame()
    frame.attrs = {
        "name": name,
        **_line(table),
        "caution": table.caution,
        "licence": table.licence,
        **({"event": table.event} if table.event else {}),
        "verified": table.how_verified(),
        "evidence": list(table.evidence),
    }
    return frame


@cache
def read_tables(path: Path) -> dict[str, Table]:
    """The checked tables of a file by name. Raises ValueError naming every problem, each with the table it is in."""
    raw = read_yaml(path)
    tables: dict[str, Table] = {}
    problems: list[str] = []
    for name, item in raw.items():
        try:
            tables[name] = Table.model_validate(item)
        except ValidationError as error:
            problems += [f"{name}: {text}" for text in said_plainly(error)]
            continue
        problems += [f"{name}: {text}" for text in _band_problems(tables[name])]
    if problems:
        raise ValueError(f"{path.name} has {len(problems)} problem(s): " + "; ".join(problems) + ".")
    return tables


def _line(table: Table) -> dict[Hashable, Any]:
    return {
        "what": table.what,
        "kind": table.kind,
        "n": table.people(),
        "interval": table.interval,
        "source": table.cited(),
    }


def _band_problems(table: Table) -> list[str]:
    if table.kind != "bands":
        return []
    frame, problems = table.frame(), []
    groups = [name for name in table.columns if name not in NEEDED["bands"]]
    for key, rows in frame.groupby(groups, sort=False):
        label = ", ".join(str(part) for part in key)
        starts, ends = rows["from_day"].to_numpy(float), rows["to_day"].to_numpy(float)
        if starts[0] != 0 or (starts[1:] != ends[:-1] + 1).any() or not np.isinf(ends[-1]):
            problems.append(f"the bands of {label} do not follow each other from day 0 to infinity")
        found, printed = rows["people"].sum(), table.totals.get(label)
        if printed is not None and found != printed:
            problems.append(f"the bands of {label} add up to {found}, its printed total is {printed}")
    return problems
