"""Simulated cohorts whose truth is known: people with and without the disease, and what a registry would see of them."""

import numbers
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Literal, overload

import numpy as np
import pandas as pd

from firstsign.biases import checked_biases, switched
from firstsign.draws import People
from firstsign.errors import did_you_mean
from firstsign.lives import BLOCK, WHO, lives
from firstsign.registry import Columns, numbered, registered, true
from firstsign.scenarios import Scenario, load_scenario

MOST_IN_VAIN = 20  # blocks in a row in which nobody is found


@overload
def simulate(
    people: int = ...,
    seed: int = ...,
    scenario: str = ...,
    who: str = ...,
    truth: Literal[False] = ...,
    biases: Iterable[str] | None = ...,
    **overrides: Any,
) -> pd.DataFrame: ...
@overload
def simulate(
    people: int = ...,
    seed: int = ...,
    scenario: str = ...,
    who: str = ...,
    *,
    truth: Literal[True],
    biases: Iterable[str] | None = ...,
    **overrides: Any,
) -> tuple[pd.DataFrame, pd.DataFrame]: ...
def simulate(
    people: int = 10_000,
    seed: int = 1,
    scenario: str = "england",
    who: str = "diseased",
    truth: bool = False,
    biases: Iterable[str] | None = None,
    **overrides: Any,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """A cohort of people who do not exist, as a registry would see it; with truth=True also what it cannot see.

    people     rows returned; fewer people are the first rows of more
    seed       whole number from 0; the same seed gives the same people
    scenario   name of a parameter file, `scenarios()` lists them
    who        "diseased": everyone in whom the disease gives a first sign (a symptom, or a screening test that finds it),
               diagnosed or not; "symptomatic": everyone who presents a symptom that the disease can give, whatever its
               cause, most of them without the disease; "population": everyone. In these two the first symptom is the first
               that was presented since the study began, of whatever cause, often years before a diagnosis:
               `first_symptom_from` in the truth tells which
    biases     None: the scenario as it is; a list of names, which `biases()` gives: exactly these are on and every other off,
               so that [] is a world in which naive estimates are right
    overrides  parameters by name, `scenario_parameters(scenario)` lists them: `onset_known_to_month=0.3`, or for a
               level of several `patient_interval={"<symptom group>": {"p50": 14}}`; no bias changes what is given here

    Returns a cohort: one row a person, milestones as windows of days, ages in years, and besides the columns of every
    cohort `spread` (localized, regional, distant), `consultations` (visits up to referral) and, if people without the
    disease are in it, `ruled_out` (the day of that answer). `.attrs` has name, simulated, own, source, left_out, scenario,
    seed, people, who, overrides and biases.

    The truth is a second frame by `person`; no other column of it is in the first. Days are true days, in life and after
    the end of observation, NaT where they never come: true_<milestone>, true_onset (the disease can be detected),
    true_seeding, metastases_present, symptom_without_screening, diagnosis_had_they_lived, death_from_disease and
    death_from_other_causes (the earlier is true_death). Besides: life (its number: the same life under other overrides of
    the same scenario has the same number), has_disease, overdiagnosed (found by screening, and would never have shown),
    pace (how fast the disease is; 1 is the middle), misread, true_consultations, missed_tests, true_stage_at_first_sign,
    true_stage (on the day of diagnosis_had_they_lived, of those too who do not live to see it),
    true_metastatic_at_diagnosis, true_sites, first_symptom_from (disease, benign) and died_from.

    Raises ValueError for a slip in any argument.
    """
    people, seed = whole("people", people, 1), whole("seed", seed, 0)
    checked_who(who)
    asked = None if biases is None else checked_biases(biases)
    ready = switched(load_scenario(scenario, overrides), asked, overrides, who)
    held: list[Columns] = []
    lived: list[Columns] = []
    for block in enough(ready, seed, who, people):
        held.append(registered(ready, block, who))
        if truth:
            lived.append(true(ready, block))
    cohort = numbered(held, people)
    cohort.attrs = {**attributes(people, seed, scenario, who, overrides), "biases": asked}
    return (cohort, numbered(lived, people)) if truth else cohort


def whole(name: str, value: Any, least: int) -> int:
    """A whole number from `least` up, ValueError with the argument's name if it is none."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ValueError(f"{name}={value!r} is not possible; give a whole number from {least:,} up.")
    return int(value)


def checked_who(who: str) -> str:
    """`who`, ValueError with the nearest if there are no such people."""
    if who not in WHO:
        near = did_you_mean(who, WHO) if isinstance(who, str) else ""
        raise ValueError(f"who={who!r} cannot be simulated{near}; there is {', '.join(map(repr, WHO))}.")
    return who


def attributes(people: int, seed: int, scenario: str, who: str, overrides: dict[str, Any]) -> dict[Any, Any]:
    """What a simulated cohort says of itself."""
    return {
        "name": f"simulated {scenario}, {people:,} people",
        "simulated": True,
        "own": False,
        "source": f"firstsign, simulated: scenario {scenario!r}, seed {seed}. No person is in it.",
        "left_out": {},
        "scenario": scenario,
        "seed": seed,
        "people": people,
        "who": who,
        "overrides": {name: _plain(value) for name, value in overrides.items()},
    }


def _plain(value: Any) -> Any:
    """An override as JSON can hold it: days as text, numbers as Python's own."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return (
        value.isoformat()[:10] if isinstance(value, date) else value.item() if isinstance(value, np.generic) else value
    )


def enough(scenario: Scenario, seed: int, who: str, people: int, benign: bool = False) -> Iterator[People]:
    """Block after block until there are this many people. ValueError if there never will be."""
    found, number, in_vain = 0, 0, 0
    while found < people:
        block = lives(scenario, seed, who, number, benign=benign)
        size = len(block["life"])
        found, number, in_vain = found + size, number + 1, 0 if size else in_vain + 1
        if in_vain == MOST_IN_VAIN:
            raise nobody_there(in_vain)
        yield block


def nobody_there(blocks: int) -> ValueError:
    """The error for overrides under which nobody can be in the cohort."""
    return ValueError(
        f"Of {blocks * BLOCK:,} simulated lives in a row none can be in the cohort: with these parameters nobody has a first sign "
        "of the disease, or is sampled. Change the overrides."
    )


def as_user_file(cohort: pd.DataFrame) -> pd.DataFrame:
    """A cohort in the form of a user's own file: one text column a milestone instead of two columns of days.

    A known day is 2024-03-12, a whole month 2024-03, any other window 2024-03-01/2024-03-20, and a milestone that is
    not known to have happened is empty. Other columns stay, days among them as text.
    """
    columns: dict[str, pd.Series] = {}
    for name, values in cohort.items():
        milestone, _, side = str(name).rpartition("_")
        if side == "earliest":
            columns[milestone] = _windows_as_text(values, cohort[f"{milestone}_latest"])
        elif side != "latest":
            is_day = pd.api.types.is_datetime64_any_dtype(values)
            columns[str(name)] = values.dt.strftime("%Y-%m-%d") if is_day else values
    return pd.DataFrame(columns)


def _windows_as_text(earliest: pd.Series, latest: pd.Series) -> pd.Series:
    first, last = earliest.dt.strftime("%Y-%m-%d"), latest.dt.strftime("%Y-%m-%d")
    text = first.where(earliest == latest, first + "/" + last)
    whole_month = (
        earliest.dt.is_month_start & latest.dt.is_month_end & (earliest.dt.to_period("M") == latest.dt.to_period("M"))
    )
    return text.where(~whole_month, first.str[:7]).where(earliest.notna())
