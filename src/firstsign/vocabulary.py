"""The words of the field, each defined once and with its source.

Milestones and intervals are those of the Aarhus statement (Weller et al. 2012) and are part of the program: dates are
read, ordered and subtracted by them. Symptoms, their groups and the named sets of people depend on the disease and are
data: `data/vocabulary/symptoms.yml` and `people.yml`, or a file of one's own in the same form.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from .places import data_folder

AARHUS = "Weller et al. 2012 (Aarhus statement), Br J Cancer 106(7):1262-1267, doi 10.1038/bjc.2012.68"
KOO = f"{AARHUS}; as used by Koo et al. 2017, Cancer Epidemiology 48:140-146"
TORRING = f"{AARHUS}; as used by Tørring et al. 2013, Eur J Cancer 49(9):2187-2198"
JASSEM = f"{AARHUS}; as used by Jassem et al. 2014, Eur J Public Health, doi 10.1093/eurpub/ckt131"
CONVENTION = "convention of this project"
UNSOURCED = (CONVENTION, "assumption")
NO_SYMPTOM = "no symptom"

DETECTIONS = ("symptom", "screening", "incidental", "emergency")
SEXES = ("female", "male", "other")
STAGES = (1, 2, 3, 4)


@dataclass(frozen=True)
class Milestone:
    """A day on a person's way from the first sign to treatment, or beside it."""

    name: str
    definition: str
    source: str


@dataclass(frozen=True)
class Interval:
    """The days from milestone `start` to milestone `end`.

    `parts` names intervals that add up to this one where all days are known, `also_parts` further such sums.
    """

    name: str
    start: str
    end: str
    definition: str
    source: str
    parts: tuple[str, ...] = ()
    also_parts: tuple[tuple[str, ...], ...] = ()


PATHWAY = ("first_symptom", "first_presentation", "referral", "diagnosis", "treatment")
BESIDES = ("screening_test", "metastasis", "death", "last_seen")

MILESTONES: dict[str, Milestone] = {
    one.name: one
    for one in (
        Milestone("first_symptom", "The day the person first noticed what later proved to be the disease.", KOO),
        Milestone(
            "first_presentation", "The day a doctor could first have acted on a symptom the person brought.", KOO
        ),
        Milestone("referral", "The day a first doctor passed responsibility on to a specialist or for a test.", KOO),
        Milestone(
            "diagnosis", "The day the disease was established, best by pathology; say how in one's source.", TORRING
        ),
        Milestone("treatment", "The day the first treatment aimed at the disease began.", JASSEM),
        Milestone("screening_test", "The day of the screening test that found the disease.", CONVENTION),
        Milestone("metastasis", "The day distant spread was first known, if that was after the diagnosis.", CONVENTION),
        Milestone("death", "The day of death, whatever its cause.", CONVENTION),
        Milestone("last_seen", "The last day the person was known to be alive and in observation.", CONVENTION),
    )
}

INTERVALS: dict[str, Interval] = {
    one.name: one
    for one in (
        Interval(
            "patient",
            "first_symptom",
            "first_presentation",
            "How long a person lives with a symptom before seeking help.",
            KOO,
        ),
        Interval(
            "primary_care",
            "first_presentation",
            "referral",
            "How long the first doctor takes to send the person on.",
            KOO,
        ),
        Interval(
            "secondary_care",
            "referral",
            "treatment",
            "How long specialist care takes from receiving the person to treating.",
            AARHUS,
            parts=("referral_to_diagnosis", "treatment"),
        ),
        Interval(
            "referral_to_diagnosis",
            "referral",
            "diagnosis",
            "How long specialist care takes to name the disease.",
            AARHUS,
        ),
        Interval(
            "diagnostic",
            "first_presentation",
            "diagnosis",
            "How long medicine takes, from the first visit to the diagnosis.",
            TORRING,
            parts=("primary_care", "referral_to_diagnosis"),
        ),
        Interval(
            "treatment",
            "diagnosis",
            "treatment",
            "How long the person waits for treatment of a disease already named.",
            AARHUS,
        ),
        Interval(
            "total_diagnostic",
            "first_symptom",
            "diagnosis",
            "How long it takes from the first symptom to the name of the disease.",
            AARHUS,
            parts=("patient", "primary_care", "referral_to_diagnosis"),
            also_parts=(("patient", "diagnostic"),),
        ),
        Interval(
            "total",
            "first_symptom",
            "treatment",
            "How long it takes from the first symptom to the start of treatment.",
            JASSEM,
            parts=("patient", "primary_care", "secondary_care"),
            also_parts=(("total_diagnostic", "treatment"),),
        ),
    )
}


def milestones() -> pd.DataFrame:
    """Every milestone in its order: name, definition, source."""
    return pd.DataFrame(
        [(m.name, m.definition, m.source) for m in MILESTONES.values()], columns=["name", "definition", "source"]
    )


def intervals() -> pd.DataFrame:
    """Every interval in Aarhus order: name, start, end, definition, source, and parts joined by ` + `."""
    columns = ["name", "start", "end", "definition", "source", "parts"]
    return pd.DataFrame(
        [(i.name, i.start, i.end, i.definition, i.source, " + ".join(i.parts)) for i in INTERVALS.values()],
        columns=columns,
    )


def symptom_groups(vocabulary: str | PathLike[str] | None = None) -> pd.DataFrame:
    """The groups of symptoms: name, definition, source.

    vocabulary  path of a YAML file in the form of `data/vocabulary/symptoms.yml`; the one that is shipped if None

    Raises ValueError naming every mistake of the file.
    """
    return _frame(_symptom_file(vocabulary), "groups", ["name", "definition", "source"])


def symptoms(vocabulary: str | PathLike[str] | None = None) -> pd.DataFrame:
    """The symptoms: name, group, definition, source; `vocabulary` as in `symptom_groups`."""
    return _frame(_symptom_file(vocabulary), "symptoms", ["name", "group", "definition", "source"])


def named_people() -> pd.DataFrame:
    """The named sets of people that numerators and denominators are made of: name, definition, query (pandas)."""
    path = data_folder() / "vocabulary" / "people.yml"
    content = _read_yaml(str(path), path.stat().st_mtime_ns)
    _refuse(path, _list_mistakes(content, "people", ("name", "definition", "query")))
    return _frame(content, "people", ["name", "definition", "query"])


def _symptom_file(vocabulary: str | PathLike[str] | None) -> dict[str, Any]:
    path = Path(vocabulary) if vocabulary is not None else data_folder() / "vocabulary" / "symptoms.yml"
    if not path.is_file():
        raise ValueError(
            f"No vocabulary file {str(path)!r}. Give the path of a YAML file with the lists `groups` and `symptoms`, in "
            "the form of firstsign's data/vocabulary/symptoms.yml."
        )
    content = _read_yaml(str(path), path.stat().st_mtime_ns)
    _refuse(path, _symptom_mistakes(content))
    known = content.get("sources") or {}
    return {
        part: [{**entry, "source": known.get(entry["source"], entry["source"])} for entry in content[part]]
        for part in ("groups", "symptoms")
    }


@lru_cache(maxsize=8)
def _read_yaml(path: str, _changed: int) -> dict[str, Any]:
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a YAML file in UTF-8: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds {type(content).__name__}, expected a mapping with named lists.")
    return content


def _symptom_mistakes(content: Mapping[str, Any]) -> list[str]:
    required = ("name", "definition", "source")
    mistakes = _list_mistakes(content, "groups", required) + _list_mistakes(content, "symptoms", (*required, "group"))
    known = content.get("sources") or {}
    if not isinstance(known, dict):
        return [*mistakes, "`sources` must map a key to the text of a source"]
    groups = {entry.get("name") for entry in _entries(content, "groups")}
    for part in ("groups", "symptoms"):
        for entry in _entries(content, part):
            source = entry.get("source")
            if source and source not in known and source not in UNSOURCED:
                mistakes.append(
                    f"{part}: {entry.get('name')!r} has the unknown source {source!r}; add it to `sources`, or "
                    f"write {' or '.join(map(repr, UNSOURCED))}"
                )
            if part == "symptoms" and entry.get("group") and entry["group"] not in groups:
                mistakes.append(f"symptoms: {entry.get('name')!r} is in the unknown group {entry['group']!r}")
    return mistakes


def _list_mistakes(content: Mapping[str, Any], part: str, required: Iterable[str]) -> list[str]:
    """What is wrong with one list of entries, whatever the entries are about."""
    listed = content.get(part)
    if not isinstance(listed, list) or not listed:
        return [f"`{part}` must be a list with at least one entry"]
    mistakes = [f"{part}: {entry!r} must be a mapping" for entry in listed if not isinstance(entry, dict)]
    seen: set[str] = set()
    for number, entry in enumerate(_entries(content, part), start=1):
        name = str(entry.get("name") or f"entry {number}")
        for key in required:
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                mistakes.append(f"{part}: {name!r} has no text as {key!r}")
        if ";" in name or name != name.strip().lower():
            mistakes.append(f"{part}: the name {name!r} must be in small letters, without `;` or space around it")
        if name in seen:
            mistakes.append(f"{part}: {name!r} is there twice")
        seen.add(name)
    return mistakes


def _entries(content: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    listed = content.get(part)
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _refuse(path: Path, mistakes: list[str]) -> None:
    if mistakes:
        raise ValueError(f"The vocabulary {path.name!r} has {len(mistakes)} mistake(s): {'; '.join(mistakes)}.")


def _frame(content: Mapping[str, Any], part: str, columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(content[part])[columns]
