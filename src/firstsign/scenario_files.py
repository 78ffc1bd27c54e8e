"""Scenario files of the simulator: every parameter with its source and range, checked when it is read."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from firstsign.errors import did_you_mean
from firstsign.evidence import RECALLED, read_yaml, register, said_plainly
from firstsign.published import published
from firstsign.waits import Wait, solve_wait

ASSUMPTION = "assumption"
ANYWHERE = "any"
Text = Annotated[str, Field(min_length=1)]
Number = float | date
PERCENTILE = re.compile(r"^p(\d{2})$")
STAGES = ("1", "2", "3", "4")

# What every scenario must give: single numbers, one number a stage, and waits (a share on the same day and two
# percentiles), some of these one a symptom group.
ALONE = (
    "age_mean",
    "age_sd",
    "age_lowest",
    "age_highest",
    "first_sign_from",
    "first_sign_until",
    "observed_until",
    "screening_from_age",
    "screening_until_age",
    "screening_share_of_eligible",
    "metastatic_site.at_diagnosis",
    "metastatic_site.at_recurrence",
    "other_death_hazard_at_60",
    "other_death_growth_per_year",
    "lost_per_year",
    "onset_known_to_month",
)
BY_STAGE = ("stage_weight.screening", "stage_weight.symptom", "emergency_share", "treated_share", "metastasis_ever")
WAITS_BY_GROUP = ("patient_interval", "primary_care_interval", "referral_to_diagnosis")
WAITS = (
    "emergency_to_diagnosis",
    "screening_to_diagnosis",
    "diagnosis_to_treatment",
    "metastasis_after_treatment",
    "death_after_metastasis.at_diagnosis",
    "death_after_metastasis.at_recurrence",
    "death_without_diagnosis",
)
# The first of each pair may not be after, or above, the second.
ORDERED = (
    ("first_sign_from", "first_sign_until"),
    ("first_sign_until", "observed_until"),
    ("age_lowest", "age_highest"),
    ("screening_from_age", "screening_until_age"),
)


class Parameter(BaseModel):
    """One number (or day) of a scenario, where it comes from, and the range an override must stay in."""

    model_config = ConfigDict(extra="forbid")

    value: Number
    unit: Text
    source: Text
    low: Number
    high: Number
    note: Text

    @model_validator(mode="after")
    def _is_sourced_and_in_range(self) -> "Parameter":
        problem = self.problem_with(self.value) or _source_problem(self.source)
        if problem:
            raise ValueError(problem)
        return self

    def problem_with(self, value: Any) -> str | None:
        """What is wrong with this value for the parameter, or None."""
        if isinstance(value, bool) or not isinstance(value, date if isinstance(self.value, date) else (int, float)):
            return f"{value!r} is not {'a day (2024-03-12)' if isinstance(self.value, date) else 'a number'}"
        if not self.low <= value <= self.high:  # type: ignore[operator]
            return f"{value} is outside {self.low} to {self.high} ({self.unit})"
        return None


class SymptomGroup(BaseModel):
    """A group of symptoms: which of them there are, and the parameters that say how often it comes.

    first, besides  names of parameters: in people with metastases at `site` and in people without; one name if it is
    the same in everyone, none if the group takes whoever is left
    """

    model_config = ConfigDict(extra="forbid")

    site: Text | None = None
    first: Annotated[list[str], Field(max_length=2)] = []
    besides: Annotated[list[str], Field(min_length=1, max_length=2)]
    symptoms: Annotated[list[str], Field(min_length=1)]

    @model_validator(mode="after")
    def _knows_its_site(self) -> "SymptomGroup":
        if self.site is None and max(len(self.first), len(self.besides)) == 2:
            raise ValueError("two parameters, with metastases and without, need a `site`")
        return self


class ScenarioFile(BaseModel):
    """A scenario as its file gives it; `parameters` nested as in the file."""

    model_config = ConfigDict(extra="forbid")

    name: Text
    what: Text
    sex: Text
    no_symptom_group: Text
    key_site: Text
    other_sites: list[str]
    unnamed_site: Text
    symptom_groups: Annotated[dict[str, SymptomGroup], Field(min_length=1)]
    parameters: dict[str, Any]

    @model_validator(mode="after")
    def _sites_and_groups_fit(self) -> "ScenarioFile":
        for name, group in self.symptom_groups.items():
            if group.site not in (None, ANYWHERE, self.key_site):
                raise ValueError(f"the site of {name!r} is {group.site!r}; it can be {self.key_site!r} or {ANYWHERE!r}")
        last = list(self.symptom_groups)[-1]
        if [name for name, group in self.symptom_groups.items() if not group.first] != [last]:
            raise ValueError(f"the last symptom group, {last!r}, takes whoever is left: it alone has no `first`")
        return self


@cache
def read_scenario(path: Path) -> tuple[ScenarioFile, dict[str, Parameter]]:
    """A scenario file's words and its parameters by dotted name. Raises ValueError naming every problem."""
    try:
        words = ScenarioFile.model_validate(read_yaml(path))
    except ValidationError as error:
        raise ValueError(f"{path.name}: " + "; ".join(said_plainly(error)) + ".") from None
    parameters, problems = {}, []
    present = _leaves(words.parameters)
    for key, leaf in present.items():
        try:
            parameters[key] = Parameter.model_validate(leaf)
        except ValidationError as error:
            problems += [f"{key}: {text}" for text in said_plainly(error)]
    problems += [f"{key}: missing" for key in _needed(words) if key not in present]
    problems += [f"{key}: nothing uses this parameter" for key in present if not _used(key, words)]
    if not problems:
        chosen = {key: parameter.value for key, parameter in parameters.items()}
        problems = solve_waits(words, chosen)[1] + impossible(chosen)
    if problems:
        raise ValueError(f"{path.name} has {len(problems)} problem(s): " + "; ".join(problems) + ".")
    return words, parameters


def _leaves(nested: Mapping[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping) and "value" not in value and any(isinstance(v, Mapping) for v in value.values()):
            found |= {f"{key}.{inner}": leaf for inner, leaf in _leaves(value).items()}
        else:
            found[str(key)] = value
    return found


def _needed(words: ScenarioFile) -> list[str]:
    groups = words.symptom_groups
    needed = [*ALONE, *(f"{name}.{stage}" for name in BY_STAGE for stage in STAGES)]
    needed += [f"metastatic_site.{key}.{site}" for key in ("besides", "instead") for site in words.other_sites]
    needed += [f"symptom_weight.{symptom}" for group in groups.values() for symptom in group.symptoms]
    needed += [name for group in groups.values() for name in (*group.first, *group.besides)]
    return needed + [f"{wait}.same_day" for wait in _wait_names(words)]


def _used(key: str, words: ScenarioFile) -> bool:
    prefix, _, last = key.rpartition(".")
    return key in _needed(words) or (prefix in _wait_names(words) and PERCENTILE.match(last) is not None)


def _wait_names(words: ScenarioFile) -> list[str]:
    return [*WAITS, *(f"{name}.{group}" for name in WAITS_BY_GROUP for group in words.symptom_groups)]


def solve_waits(words: ScenarioFile, chosen: Mapping[str, Any]) -> tuple[dict[str, Wait], list[str]]:
    percentiles: dict[str, dict[float, float]] = {name: {} for name in _wait_names(words)}
    for key, value in chosen.items():
        prefix, _, last = key.rpartition(".")
        if prefix in percentiles and (found := PERCENTILE.match(last)):
            percentiles[prefix][int(found[1]) / 100] = value
    waits, problems = {}, []
    for name, points in percentiles.items():
        try:
            waits[name] = solve_wait(chosen[f"{name}.same_day"], points)
        except ValueError as error:
            problems.append(f"{name}: {error}")
    return waits, problems


def impossible(chosen: Mapping[str, Any]) -> list[str]:
    problems = []
    for low, high in ORDERED:
        if chosen[low] > chosen[high]:
            problems.append(f"{low} ({chosen[low]}) is after {high} ({chosen[high]})")
    for name in ("stage_weight.screening", "stage_weight.symptom"):
        if sum(chosen[f"{name}.{stage}"] for stage in STAGES) <= 0:
            problems.append(f"{name}: one of the four weights must be above 0")
    return problems


def _source_problem(source: str) -> str | None:
    if source == ASSUMPTION or source in set(published()["name"]):
        return None
    entry = register().get(source)
    if entry is None:
        return f"source {source!r} is no evidence entry{did_you_mean(source, register())} and not the word 'assumption'"
    if entry.verified == RECALLED:
        return f"source {source!r} is recalled, not verified, and carries no weight; call the value an assumption"
    return None
