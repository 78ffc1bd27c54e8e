"""The evidence register: published figures, one entry a figure, each with its source and how it was verified."""

import math
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from firstsign.errors import did_you_mean
from firstsign.places import data_folder

RECALLED = "recalled, not verified"
Verified = Literal["full text seen", "abstract seen", "secondary source", "recalled, not verified"]
Text = Annotated[str, Field(min_length=1)]


class Source(BaseModel):
    """Where a figure was published."""

    model_config = ConfigDict(extra="forbid")

    authors: Text
    title: Text
    journal: Text
    year: Annotated[int, Field(ge=1800, le=2100)] | None
    doi: Annotated[str, Field(pattern=r"^10\.\d{4,9}/\S+$")] | None
    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None

    def __str__(self) -> str:
        """Authors, title, journal, year and DOI (else address) in one line."""
        where = f"doi {self.doi}" if self.doi else self.url
        parts = [self.authors, self.title, self.journal, self.year and str(self.year), where]
        return ". ".join(part.rstrip(".") for part in parts if part)


class Entry(BaseModel):
    """One published figure. Counts are of people or of studies; `estimate` and `interval` are in `unit`."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$")]
    topic: Text
    quantity: Text
    population: Text | None
    n: Annotated[int, Field(ge=0)] | None
    numerator: Annotated[int, Field(ge=0)] | None
    denominator: Annotated[int, Field(ge=1)] | None
    estimate: float | str | None
    interval: Annotated[list[float | None], Field(min_length=2, max_length=2)] | None
    unit: Text | None
    source: Source
    verified: Verified
    note: Text | None

    @model_validator(mode="after")
    def _counts_agree(self) -> "Entry":
        if self.numerator is not None and self.denominator is not None:
            if self.numerator > self.denominator:
                raise ValueError(f"numerator {self.numerator} is larger than denominator {self.denominator}")
            self._share_agrees(100 * self.numerator / self.denominator)
        return self

    @model_validator(mode="after")
    def _interval_holds_the_estimate(self) -> "Entry":
        low, high = self.interval or (None, None)
        low, high = -math.inf if low is None else low, math.inf if high is None else high
        if low > high:
            raise ValueError(f"interval {self.interval} ends before it starts")
        if isinstance(self.estimate, float) and not low <= self.estimate <= high:
            raise ValueError(f"estimate {self.estimate:g} lies outside its interval {self.interval}")
        return self

    def _share_agrees(self, percent: float) -> None:
        if not isinstance(self.estimate, float) or not (self.unit or "").startswith("%"):
            return
        # Publishers round or cut off the last printed digit, so one unit of that digit is allowed.
        digits = len(f"{self.estimate:.10g}".partition(".")[2])
        if abs(percent - self.estimate) > 10.0**-digits:
            raise ValueError(
                f"estimate {self.estimate:g} % is not {self.numerator} of {self.denominator}, which is {percent:.{digits + 1}f} %"
            )


def evidence(recalled: bool = False) -> pd.DataFrame:
    """The register as a frame, one row a published figure, in the register's order.

    recalled  True adds the entries marked "recalled, not verified", which are not to be used as fact

    Returns id, topic, quantity, population, n, numerator, denominator (counts, missing where not published),
    estimate (as printed: a number, or text where several were printed together), low and high (the interval as
    printed; what it is stands in unit), unit, source (a citation), year, doi, url, verified, note. Raises ValueError
    with every problem if the file breaks the register's rules.
    """
    rows = [_row(entry) for entry in register().values() if recalled or entry.verified != RECALLED]
    counts = {"n": "Int64", "numerator": "Int64", "denominator": "Int64", "year": "Int64"}
    return pd.DataFrame(rows).astype(counts | {"low": float, "high": float})


def evidence_entry(id: str) -> Entry:
    """The one entry of the register with this id, recalled entries included (see its `verified`).

    Raises ValueError with the nearest id if there is none.
    """
    entries = register()
    if id not in entries:
        raise ValueError(
            f"No evidence entry {id!r}{did_you_mean(id, entries)}. `evidence(recalled=True)` lists all {len(entries)}."
        )
    return entries[id]


def register() -> dict[str, Entry]:
    """The checked register by id, read once."""
    return read_register(data_folder() / "evidence" / "register.yml")


@cache
def read_register(path: Path) -> dict[str, Entry]:
    """Entries of a register file by id. Raises ValueError naming every problem, each with the entry it is in."""
    raw = read_yaml(path)
    if not isinstance(raw, list):
        raise ValueError(f"{path.name} should be a list of entries, each with an id; it is a {type(raw).__name__}.")
    entries, problems = [], []
    for position, item in enumerate(raw, start=1):
        label = str(item.get("id", f"entry {position}")) if isinstance(item, dict) else f"entry {position}"
        try:
            entries.append(Entry.model_validate(item))
        except ValidationError as error:
            problems += [f"{label}: {text}" for text in said_plainly(error)]
    problems += _problems_among(entries)
    if problems:
        raise ValueError(f"{path.name} has {len(problems)} problem(s): " + "; ".join(problems) + ".")
    return {entry.id: entry for entry in entries}


def read_yaml(path: Path) -> Any:
    """What a YAML file holds. Raises ValueError, with the place of the slip, if it is not YAML."""
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # not in every build of PyYAML; twenty times as fast
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=fast)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} cannot be read as YAML: {' '.join(str(error).split())}.") from None


def said_plainly(error: ValidationError) -> list[str]:
    """Each problem of a pydantic error in one line: where it is, what is wrong, and the value."""
    lines = []
    for item in error.errors(include_url=False):
        where = ".".join(str(part) for part in item["loc"])
        message = re.sub("^Value error, ", "", item["msg"])
        value = "" if item["type"] in ("missing", "value_error") else f" (found {item['input']!r})"
        lines.append(f"{where + ': ' if where else ''}{message}{value}")
    return lines


def _problems_among(entries: list[Entry]) -> list[str]:
    problems, seen, recalled = [], set(), False
    for entry in entries:
        if entry.id in seen:
            problems.append(f"{entry.id}: this id is used twice")
        if recalled and entry.verified != RECALLED:
            problems.append(f"{entry.id}: verified entries stand before the recalled ones")
        seen.add(entry.id)
        recalled = entry.verified == RECALLED
    return problems


def _row(entry: Entry) -> dict[str, Any]:
    low, high = entry.interval or (None, None)
    return {
        "id": entry.id,
        "topic": entry.topic,
        "quantity": entry.quantity,
        "population": entry.population,
        "n": entry.n,
        "numerator": entry.numerator,
        "denominator": entry.denominator,
        "estimate": entry.estimate,
        "low": low,
        "high": high,
        "unit": entry.unit,
        "source": str(entry.source),
        "year": entry.source.year,
        "doi": entry.source.doi,
        "url": entry.source.url,
        "verified": entry.verified,
        "note": entry.note,
    }
