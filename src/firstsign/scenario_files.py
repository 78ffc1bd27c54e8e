"""Scenario files of the simulator: every parameter with its source and range, checked when it is read."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from numbers import Real
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

# What every scenario must give: single numbers, one a stage, one a local extent, one a symptom group, and waits (a share on the
# same day and two percentiles), some of these one a symptom group.
ALONE = (
    "disease_share",
    "onset_age_mean",
    "onset_age_sd",
    "population_age_mean",
    "population_age_sd",
    "age_lowest",
    "age_highest",
    "first_sign_from",
    "first_sign_until",
    "observed_until",
    "incidence_growth_per_year",
    "pace_spread",
    "indolent_share",
    "metastatic_site.at_diagnosis",
    "metastatic_site.at_recurrence",
    "metastatic_site.key_part",
    "screening_from_age",
    "screening_until_age",
    "screening_every",
    "screening_coverage",
    "screening_sensitivity",
    "awareness",
    "misread_factor",
    "urgency",
    "referral_threshold",
    "test.biopsy.sensitivity",
    "test.biopsy.specificity",
    "progression_after_first_sign",
    "unseen_removed_share",
    "unseen_slowed_factor",
    "treatment_lengthens_factor",
    "other_death_hazard_at_60",
    "other_death_growth_per_year",
    "lost_per_year",
    "onset_known_to_month",
    "recall_rounded_share",
    "misclassified_share",
    "misclassified_within_days",
    "missing_onset_share",
    "look_back_days",
)
BY_STAGE = ("emergency_share", "treated_share")
BY_GROUP = (
    "misread_share",
    "referral_chance.first",
    "referral_chance.later",
    "benign_per_year",
    "benign_referral_share",
)
BESIDES = ("local", "metastatic", "added_per_year")
WAITS_BY_GROUP = ("patient_interval", "gap_between_visits", "referral_to_diagnosis")
WAITS = (
    "emergency_to_diagnosis",
    "screening_to_diagnosis",
    "after_missed_test",
    "diagnosis_to_treatment",
    "seeding_to_metastasis",
    "metastasis_to_death.untreated",
    "metastasis_to_death.recurrent",
)
DAYS = ("first_sign_from", "first_sign_until", "observed_until")
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
        bounds = [bound for bound in (self.low, self.high) if isinstance(bound, date) != isinstance(self.value, date)]
        problem = f"{bounds[0]} bounds {self.value}; days are bounded by days, numbers by numbers" if bounds else None
        problem = problem or self.problem_with(self.value) or _source_problem(self.source)
        if problem:
            raise ValueError(problem)
        return self

    def problem_with(self, value: Any) -> str | None:
        """What is wrong with this value for the parameter, or None."""
        if isinstance(value, bool) or not isinstance(value, date if isinstance(self.value, date) else Real):
            return f"{value!r} is not {'a day (2024-03-12)' if isinstance(self.value, date) else 'a number'}"
        if not self.low <= value <= self.high:  # type: ignore[operator]
            return f"{value} is outside {self.low} to {self.high} ({self.unit})"
        return None


class Extent(BaseModel):
    """One local extent of the disease: the stage it counts as, and how far it has spread by a registry's summary."""

    model_config = ConfigDict(extra="forbid")

    stage: Annotated[int, Field(ge=1, le=3)]
    spread: Text


class SymptomGroup(BaseModel):
    """A group of symptoms: which there are, where metastases give them, and the tests that look for their cause.

    site     where metastases must be for the group's `metastatic` hazard to count: the key site, or anywhere
    tests    names of tests: the first, and the one used after a test has missed
    of_part  symptoms of the group that come only from metastases in one part of the key site
    """

    model_config = ConfigDict(extra="forbid")

    site: Text
    tests: Annotated[list[str], Field(min_length=1, max_length=2)]
    symptoms: Annotated[list[str], Field(min_length=1)]
    of_part: list[str] = []

    @model_validator(mode="after")
    def _part_is_some_of_them(self) -> "SymptomGroup":
        if not set(self.of_part) < set(self.symptoms):
            raise ValueError(f"of_part {self.of_part} must name some, but not all, of the group's symptoms")
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
    extents: Annotated[list[Extent], Field(min_length=1)]
    symptom_groups: Annotated[dict[str, SymptomGroup], Field(min_length=1)]
    parameters: dict[str, Any]

    @model_validator(mode="after")
    def _sites_and_extents_fit(self) -> "ScenarioFile":
        for name, group in self.symptom_groups.items():
            if group.site not in (ANYWHERE, self.key_site):
                raise ValueError(f"the site of {name!r} is {group.site!r}; it can be {self.key_site!r} or {ANYWHERE!r}")
        stages = [extent.stage for extent in self.extents]
        if stages != sorted(stages):
            raise ValueError(f"the extents have stages {stages}; they must not fall as the disease grows")
        return self


class Variant(BaseModel):
    """A scenario that is another one with some parameters changed."""

    model_config = ConfigDict(extra="forbid")

    name: Text
    what: Text
    based_on: Text
    parameters: dict[str, Any]


@cache
def read_scenario(path: Path, above: tuple[Path, ...] = ()) -> tuple[ScenarioFile, dict[str, Parameter]]:
    """A scenario file's words and its parameters by dotted name. Raises ValueError naming every problem.

    above  the variants that are based on it, if it is read for their sake
    """
    raw = read_yaml(path)
    try:
        if isinstance(raw, dict) and "based_on" in raw:
            return _read_variant(path, Variant.model_validate(raw), (*above, path))
        words = ScenarioFile.model_validate(raw)
    except ValidationError as error:
        raise ValueError(f"{path.name}: " + "; ".join(said_plainly(error)) + ".") from None
    present = leaves(words.parameters)
    parameters, problems = _sourced(present)
    problems += [f"{key}: missing" for key in _needed(words) if key not in present]
    problems += [f"{key}: nothing uses this parameter" for key in present if not _used(key, words)]
    return _together(path, words, parameters, problems)


def _read_variant(path: Path, variant: Variant, above: tuple[Path, ...]) -> tuple[ScenarioFile, dict[str, Parameter]]:
    base = path.with_name(f"{variant.based_on}.yml")
    if not base.exists():
        raise ValueError(f"{path.name}: based_on {variant.based_on!r}, but there is no scenario of this name.")
    if base in above:
        raise ValueError(f"{path.name}: based_on {variant.based_on!r}, which leads back to itself.")
    words, parameters = read_scenario(base, above)
    changed, problems = _sourced(leaves(variant.parameters))
    problems += [
        f"{key}: {variant.based_on!r} has no such parameter{did_you_mean(key, parameters)}"
        for key in changed
        if key not in parameters
    ]
    renamed = words.model_copy(update={"name": variant.name, "what": variant.what})
    return _together(path, renamed, parameters | changed, problems)


def _sourced(present: Mapping[str, Any]) -> tuple[dict[str, Parameter], list[str]]:
    parameters, problems = {}, []
    for key, leaf in present.items():
        try:
            parameters[key] = Parameter.model_validate(leaf)
        except ValidationError as error:
            problems += [f"{key}: {text}" for text in said_plainly(error)]
    return parameters, problems


def _together(
    path: Path, words: ScenarioFile, parameters: dict[str, Parameter], problems: list[str]
) -> tuple[ScenarioFile, dict[str, Parameter]]:
    problems += [
        f"{key}: {parameter.value} is {'a day' if isinstance(parameter.value, date) else 'no day'}"
        for key, parameter in parameters.items()
        if isinstance(parameter.value, date) != (key in DAYS)
    ]
    if not problems:
        chosen = {key: parameter.value for key, parameter in parameters.items()}
        problems = solve_waits(words, chosen)[1] + impossible(words, chosen)
    if problems:
        raise ValueError(f"{path.name} has {len(problems)} problem(s): " + "; ".join(problems) + ".")
    return words, parameters


def leaves(nested: Mapping[Any, Any]) -> dict[str, Any]:
    """The parameters of a scenario file by dotted name."""
    found: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping) and "value" not in value and any(isinstance(v, Mapping) for v in value.values()):
            found |= {f"{key}.{inner}": leaf for inner, leaf in leaves(value).items()}
        else:
            found[str(key)] = value
    return found


def _needed(words: ScenarioFile) -> list[str]:
    groups, extents = words.symptom_groups, range(1, len(words.extents) + 1)
    needed = [*ALONE, *(f"{name}.{stage}" for name in BY_STAGE for stage in STAGES)]
    needed += [f"seeding_per_year.{extent}" for extent in extents]
    needed += [f"growth_per_year.{extent}" for extent in extents[:-1]]
    needed += [f"metastatic_site.{key}.{site}" for key in ("besides", "instead") for site in words.other_sites]
    needed += [f"{name}.{group}" for name in BY_GROUP for group in groups]
    needed += [f"symptom_per_year.{group}.{state}" for group in groups for state in (*extents, "metastatic")]
    needed += [f"besides.{group}.{state}" for group in groups for state in BESIDES]
    needed += [f"symptom_weight.{symptom}" for group in groups.values() for symptom in group.symptoms]
    tests = dict.fromkeys(test for group in groups.values() for test in group.tests)
    needed += [f"test.{test}.{measure}" for test in tests for measure in ("sensitivity", "specificity")]
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


def impossible(words: ScenarioFile, chosen: Mapping[str, Any]) -> list[str]:
    """What cannot be together: bounds the wrong way round, and groups of symptoms of which none can come."""
    problems = []
    for name, group in words.symptom_groups.items():
        if not any(chosen[f"symptom_weight.{symptom}"] for symptom in group.symptoms if symptom not in group.of_part):
            problems.append(f"symptom_weight: one of {name!r} that can come anywhere must weigh more than 0")
    for low, high in ORDERED:
        if chosen[low] > chosen[high]:
            problems.append(f"{low} ({chosen[low]}) is after {high} ({chosen[high]})")
    return problems


def _source_problem(source: str) -> str | None:
    entry = register().get(source)
    if entry is None:
        if source == ASSUMPTION or source in set(published()["name"]):
            return None
        return f"source {source!r} is no evidence entry{did_you_mean(source, register())} and not the word 'assumption'"
    if entry.verified == RECALLED:
        return f"source {source!r} is recalled, not verified, and carries no weight; call the value an assumption"
    return None
