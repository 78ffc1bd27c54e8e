"""Simulated cohorts whose truth is known: people with the disease, and what a registry would see of them."""

import numbers
from collections.abc import Iterator, Sequence
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from firstsign.mechanisms import MECHANISMS, NEVER, People
from firstsign.scenarios import Scenario, load_scenario

BLOCK = 16_384
NANOSECONDS_PER_DAY = 86_400_000_000_000
MILESTONES = (
    "first_symptom",
    "screening_test",
    "first_presentation",
    "referral",
    "diagnosis",
    "treatment",
    "metastasis",
)
LAST_DAY = 106_000  # in 2260: pandas cannot count nanoseconds much further
Array = npt.NDArray[Any]


@overload
def simulate(
    people: int = ...,
    seed: int = ...,
    scenario: str = ...,
    who: str = ...,
    truth: Literal[False] = ...,
    **overrides: Any,
) -> pd.DataFrame: ...
@overload
def simulate(
    people: int = ..., seed: int = ..., scenario: str = ..., who: str = ..., *, truth: Literal[True], **overrides: Any
) -> tuple[pd.DataFrame, pd.DataFrame]: ...
def simulate(
    people: int = 10_000,
    seed: int = 1,
    scenario: str = "england",
    who: str = "diseased",
    truth: bool = False,
    **overrides: Any,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """A cohort of people who do not exist, as a registry would see it; with truth=True also what it cannot see.

    people     rows returned; fewer people are the first rows of more
    seed       whole number from 0; the same seed gives the same people
    scenario   name of a parameter file, `scenarios()` lists them
    who        "diseased": everyone who has the disease, diagnosed or not
    overrides  parameters by name, `scenario_parameters(scenario)` lists them: `onset_known_to_month=0.3`, or for a
               level of several `patient_interval={"<symptom group>": {"p50": 14}}`

    Returns a cohort: one row a person, milestones as windows of days, ages in years, `.attrs` with name, simulated,
    own, source, left_out, scenario, seed, people and overrides. The truth has `person` and columns that are not in the
    cohort: true_stage, true_metastatic_at_diagnosis, true_sites, true_<milestone> (what happened in life, beyond the
    end of observation too), died_from, and diagnosis_had_they_lived. Raises ValueError for a slip in any argument.
    """
    people, seed = _whole("people", people, 1), _whole("seed", seed, 0)
    if who != "diseased":
        raise ValueError(
            f"who={who!r} cannot be simulated; there is only who='diseased', everyone who has the disease."
        )
    ready = load_scenario(scenario, overrides)
    lives = _as_lived(_gather(ready, seed, people))
    number = np.arange(1, people + 1)
    cohort = _observed(ready, lives, number)
    cohort.attrs = {
        "name": f"simulated {scenario}, {people:,} people",
        "simulated": True,
        "own": False,
        "source": f"firstsign, simulated: scenario {scenario!r}, seed {seed}. No person is in it.",
        "left_out": {},
        "scenario": scenario,
        "seed": seed,
        "people": people,
        "overrides": dict(overrides),
    }
    return (cohort, _truth(ready, lives, number)) if truth else cohort


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ValueError(f"{name}={value!r} is not possible; give a whole number from {least:,} up.")
    return int(value)


def _gather(scenario: Scenario, seed: int, people: int) -> People:
    """The columns of all blocks, cut to this many people."""
    blocks = list(_blocks(scenario, seed, people))
    return {name: np.concatenate([block[name] for block in blocks])[:people] for name in blocks[0]}


def _blocks(scenario: Scenario, seed: int, people: int) -> Iterator[People]:
    """Blocks are always drawn whole, so that nobody's life depends on how many are asked for."""
    for number in range(-(-people // BLOCK)):
        block: People = {}
        for key, mechanism in MECHANISMS.items():
            stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, key)))
            block |= mechanism(scenario, lambda stream=stream: stream.random(BLOCK), block)  # type: ignore[misc]
        yield block


def _as_lived(people: People) -> People:
    """Adds death, its cause, and every milestone as far as death lets it happen."""
    lives = dict(people)
    lives["death"] = np.minimum(people["disease_death"], people["other_death"])
    lives["first_symptom"] = np.where(people["screened"], NEVER, people["first_sign"])
    lives["screening_test"] = np.where(people["screened"], people["first_sign"], NEVER)
    lives["planned_diagnosis"] = people["diagnosis"]
    for name in MILESTONES:
        lives[name] = np.where(lives[name] <= lives["death"], lives[name], NEVER)
    return lives


def _observed(scenario: Scenario, lives: People, number: Array) -> pd.DataFrame:
    """What the registry holds at the end of observation."""
    seen = _seen(lives, scenario["observed_until"])
    groups = [*scenario.words.symptom_groups, scenario.words.no_symptom_group]
    frame: dict[str, Any] = {
        "person": number,
        "age": lives["age"].astype(np.int64),
        "sex": _words([scenario.words.sex], np.zeros(len(number), np.int8)),
        "detection": _detection(lives, seen["diagnosis"] < NEVER),
        "symptoms": _symptoms(scenario, lives),
        "first_symptom_group": _words(groups, lives["group"]),
    }
    for name, days in seen.items():
        if (days < NEVER).any():
            frame |= _window(name, days, lives["to_month"] if name == "first_symptom" else None)
    frame |= _spread(scenario, lives, seen)
    frame["observed_from"] = _dates(np.full(len(number), scenario["first_sign_from"]))
    frame["observed_until"] = _dates(np.full(len(number), scenario["observed_until"]))
    return pd.DataFrame(frame, copy=False)


def _seen(lives: People, closing: float) -> People:
    """The day of each milestone as far as someone is followed: to death, loss or the end of observation."""
    followed = np.minimum(lives["lost"], closing)
    last_seen = np.minimum(lives["death"], followed)
    seen = {name: np.where(lives[name] <= last_seen, lives[name], NEVER) for name in MILESTONES}
    death = np.where(lives["death"] <= followed, lives["death"], NEVER)
    return seen | {"death": death, "last_seen": last_seen}


def _spread(scenario: Scenario, lives: People, seen: People) -> dict[str, Any]:
    """Stage and metastases: known from the diagnosis on, those that came later from the day they were found."""
    diagnosed, later = seen["diagnosis"] < NEVER, seen["metastasis"] < NEVER
    sites = np.where(diagnosed, lives["sites"], 0) | np.where(later, lives["later_sites"], 0)
    return {
        "stage": pd.arrays.IntegerArray(np.where(diagnosed, lives["stage"], 0).astype(np.int64), ~diagnosed),
        "metastatic_at_diagnosis": pd.arrays.BooleanArray(diagnosed & (lives["stage"] == 4), ~diagnosed),
        "metastatic_sites": _site_names(scenario, sites),
    }


def _truth(scenario: Scenario, lives: People, number: Array) -> pd.DataFrame:
    frame: dict[str, Any] = {
        "person": number,
        "true_stage": lives["stage"].astype(np.int64),
        "true_metastatic_at_diagnosis": lives["stage"] == 4,
        "true_sites": _site_names(
            scenario, lives["sites"] | np.where(lives["metastasis"] < NEVER, lives["later_sites"], 0)
        ),
        "died_from": _words([None, "disease", "other causes"], _cause_of_death(lives)),
        "diagnosis_had_they_lived": _dates(lives["planned_diagnosis"]),
    }
    for name in (*MILESTONES, "death"):
        frame[f"true_{name}"] = _dates(lives[name])
    return pd.DataFrame(frame)


def _cause_of_death(lives: People) -> Array:
    """0 never dies (if a scenario says so), 1 of the disease, 2 of anything else."""
    disease, other = lives["disease_death"], lives["other_death"]
    return np.where(other < disease, 2, np.where(disease < NEVER, 1, 0))


def _dates(days: Array) -> Array:
    """Days since 1970-01-01 as midnights; a day that never comes, or not before 2260, is NaT."""
    whole = np.where(days < LAST_DAY, days * NANOSECONDS_PER_DAY, np.iinfo(np.int64).min)
    return whole.astype(np.int64).view("datetime64[ns]")


def _window(name: str, days: Array, to_month: Array | None) -> dict[str, Array]:
    """The two columns of a milestone; separate arrays, so that changing one leaves the other."""
    earliest = _dates(days)
    latest = earliest.copy()
    if to_month is not None and to_month.any():
        month = earliest[to_month].astype("datetime64[M]")
        earliest[to_month] = month.astype("datetime64[ns]")
        latest[to_month] = (month + 1).astype("datetime64[ns]") - np.timedelta64(1, "D")
    return {f"{name}_earliest": earliest, f"{name}_latest": latest}


def _words(words: Sequence[str | None], numbers: Array) -> Array:
    return np.array(words, dtype=object)[numbers]


def _detection(lives: People, diagnosed: Array) -> Array:
    how = np.where(lives["screened"], 2, np.where(lives["emergency"], 3, 1))
    return _words([None, "symptom", "screening", "emergency"], np.where(diagnosed, how, 0))


def _site_names(scenario: Scenario, sites: Array) -> Array:
    names = [scenario.words.key_site, *scenario.words.other_sites, scenario.words.unnamed_site]
    sets = [[name for bit, name in enumerate(names) if number >> bit & 1] for number in range(1 << len(names))]
    return _words([";".join(found) or None for found in sets], sites)


def _symptoms(scenario: Scenario, lives: People) -> Array:
    """The first symptom, then those besides, joined by semicolons; missing for people found by screening."""
    lists = [group.symptoms for group in scenario.words.symptom_groups.values()]
    most = max(len(names) for names in lists) + 1
    code = lives["group"].astype(np.int64) * most + lives["symptom"]
    for number in range(len(lists)):
        code = code * most + lives[f"besides_{number}"]
    words = np.full(most ** (len(lists) + 1) * (len(lists) + 1), None, dtype=object)
    for found in np.flatnonzero(np.bincount(code)):
        words[found] = _symptom_text(lists, int(found), most)
    return words[code]


def _symptom_text(lists: list[list[str]], code: int, most: int) -> str | None:
    digits = []
    for _ in range(len(lists) + 1):
        code, digit = divmod(code, most)
        digits.append(digit)
    first, *besides = reversed(digits)
    if code == len(lists):
        return None
    named = [names[digit - 1] for names, digit in zip(lists, besides, strict=True) if digit]
    return ";".join([lists[code][first], *named])


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
