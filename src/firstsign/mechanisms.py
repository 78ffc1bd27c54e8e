"""The mechanisms of the simulator: each adds what it decides to the people of one block, from its own random stream.

A mechanism takes (scenario, draw, people) and returns new columns. `draw()` gives one uniform number a person; how many
times it is called never depends on the people or on the scenario's numbers, so that turning one knob leaves every other
draw where it was. Days count from 1970-01-01; a day that never comes is infinite.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from firstsign.scenario_files import STAGES, SymptomGroup
from firstsign.scenarios import Scenario
from firstsign.waits import Wait

Array = npt.NDArray[Any]
Draw = Callable[[], npt.NDArray[np.float64]]
People = dict[str, Array]
NEVER = np.inf
DAYS_PER_YEAR = 365.25


def age(scenario: Scenario, draw: Draw, people: People) -> People:
    """Age in whole years at the first sign: a normal between a lowest and a highest age."""
    mean, sd = scenario["age_mean"], scenario["age_sd"]
    low, high = (ndtr((scenario[name] - mean) / sd) for name in ("age_lowest", "age_highest"))
    years = mean + sd * ndtri(low + draw() * (high - low))
    return {"age": np.floor(np.clip(years, scenario["age_lowest"], scenario["age_highest"])).astype(np.int16)}


def first_sign(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day of the first symptom or of the screening test, even over the calendar."""
    start, end = scenario["first_sign_from"], scenario["first_sign_until"]
    return {"first_sign": np.floor(start + draw() * (end - start + 1))}


def screening(scenario: Scenario, draw: Draw, people: People) -> People:
    """Whether screening finds it, in the ages that are invited."""
    invited = (people["age"] >= scenario["screening_from_age"]) & (people["age"] < scenario["screening_until_age"])
    return {"screened": invited & (draw() < scenario["screening_share_of_eligible"])}


def stage(scenario: Scenario, draw: Draw, people: People) -> People:
    """Stage 1 to 4 at diagnosis, given how it is found; stage 4 is metastatic."""
    rank = draw()
    stages = [_pick(rank, scenario.under(f"stage_weight.{how}", STAGES)) + 1 for how in ("symptom", "screening")]
    return {"stage": np.where(people["screened"], stages[1], stages[0]).astype(np.int8)}


def sites_at_diagnosis(scenario: Scenario, draw: Draw, people: People) -> People:
    """Which sites the metastases at diagnosis are in, as bits; 0 for stages 1 to 3."""
    return {"sites": np.where(people["stage"] == 4, _sites(scenario, draw, "at_diagnosis"), 0).astype(np.int16)}


def first_symptom(scenario: Scenario, draw: Draw, people: People) -> People:
    """The group of the first symptom, and the symptom, given where the disease is."""
    groups = scenario.words.symptom_groups
    undecided, group = np.ones(len(people["age"]), bool), np.full(len(people["age"]), len(groups) - 1, np.int8)
    symptom = np.zeros(len(group), np.int8)
    for number, words in enumerate(groups.values()):
        comes, which = draw(), draw()
        here = undecided & (comes < _share(scenario, words, words.first, people["sites"]))
        group[here] = number
        symptom[here] = _pick(which, scenario.under("symptom_weight", words.symptoms))[here]
        undecided &= ~here
    group[people["screened"]] = len(groups)
    return {"group": group, "symptom": symptom}


def symptoms_besides(scenario: Scenario, draw: Draw, people: People) -> People:
    """At most one symptom of each other group, named at the first presentation; 0 for none, else its number from 1."""
    found: People = {}
    for number, words in enumerate(scenario.words.symptom_groups.values()):
        comes = draw() < _share(scenario, words, words.besides, people["sites"])
        which = _pick(draw(), scenario.under("symptom_weight", words.symptoms)) + 1
        besides = comes & (people["group"] != number) & ~people["screened"]
        found[f"besides_{number}"] = np.where(besides, which, 0).astype(np.int8)
    return found


def emergency(scenario: Scenario, draw: Draw, people: People) -> People:
    """Whether someone with symptoms is found as an emergency, given the stage."""
    share = np.array(scenario.under("emergency_share", STAGES))[people["stage"] - 1]
    return {"emergency": (draw() < share) & ~people["screened"]}


def first_presentation(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day of the first visit: the patient interval after the first symptom, by its group."""
    waited = _wait_by_group(scenario, "patient_interval", people["group"]).days(draw())
    return {"first_presentation": np.where(people["screened"], NEVER, people["first_sign"] + waited)}


def referral(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day of referral: the primary care interval after the first visit; the same day in an emergency."""
    waited = _wait_by_group(scenario, "primary_care_interval", people["group"]).days(draw())
    return {"referral": people["first_presentation"] + np.where(people["emergency"], 0, waited)}


def diagnosis(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day of diagnosis after referral, after an emergency visit, or after the screening test."""
    rank = draw()
    waited = _wait_by_group(scenario, "referral_to_diagnosis", people["group"]).days(rank)
    waited = np.where(people["emergency"], scenario.waits["emergency_to_diagnosis"].days(rank), waited)
    screened = people["first_sign"] + scenario.waits["screening_to_diagnosis"].days(rank)
    return {"diagnosis": np.where(people["screened"], screened, people["referral"] + waited)}


def treatment(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day treatment starts; never for some, more often at late stages."""
    share = np.array(scenario.under("treated_share", STAGES))[people["stage"] - 1]
    treated, rank = draw() < share, draw()
    day = people["diagnosis"] + scenario.waits["diagnosis_to_treatment"].days(rank)
    return {"treatment": np.where(treated, day, NEVER)}


def recurrence(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day metastases appear after stages 1 to 3, counted from treatment (else diagnosis), and in which sites."""
    ever = draw() < np.array(scenario.under("metastasis_ever", STAGES))[people["stage"] - 1]
    start = np.where(np.isfinite(people["treatment"]), people["treatment"], people["diagnosis"])
    day = start + scenario.waits["metastasis_after_treatment"].days(draw())
    later = _sites(scenario, draw, "at_recurrence")
    return {"metastasis": np.where(ever, day, NEVER), "later_sites": np.where(ever, later, 0).astype(np.int16)}


def death_from_disease(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day the disease kills: after metastases, or undiagnosed before anyone has found it."""
    from_start, untreated, after = draw(), draw(), draw()
    waits = scenario.waits
    metastatic = people["first_sign"] + waits["death_after_metastasis.at_diagnosis"].days(from_start)
    recurrent = people["metastasis"] + waits["death_after_metastasis.at_recurrence"].days(after)
    unfound = people["first_sign"] + waits["death_without_diagnosis"].days(untreated)
    early = np.where(unfound < people["diagnosis"], unfound, recurrent)
    return {"disease_death": np.where(people["stage"] == 4, metastatic, early)}


def death_from_other_causes(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day anything else kills: a Gompertz hazard that grows with age, solved for the time."""
    growth = scenario["other_death_growth_per_year"]
    hazard = scenario["other_death_hazard_at_60"] * np.exp(growth * (people["age"] - 60.0))
    with np.errstate(divide="ignore"):
        years = np.log1p(growth * _exponential(draw()) / hazard) / growth
    return {"other_death": people["first_sign"] + np.ceil(years * DAYS_PER_YEAR)}


def observation(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day someone is lost to follow-up, and whether the first symptom is known only to its month."""
    with np.errstate(divide="ignore"):
        years = _exponential(draw()) / np.float64(scenario["lost_per_year"])
    return {
        "lost": people["first_sign"] + np.ceil(years * DAYS_PER_YEAR),
        "to_month": draw() < scenario["onset_known_to_month"],
    }


# A mechanism's number is part of its random stream: keep it for ever, and give a new mechanism a new one.
MECHANISMS: dict[int, Callable[[Scenario, Draw, People], People]] = {
    1: age,
    2: first_sign,
    3: screening,
    4: stage,
    5: sites_at_diagnosis,
    6: first_symptom,
    7: symptoms_besides,
    8: emergency,
    9: first_presentation,
    10: referral,
    11: diagnosis,
    12: treatment,
    13: recurrence,
    14: death_from_disease,
    15: death_from_other_causes,
    16: observation,
}


def _exponential(rank: Array) -> Array:
    """Unit exponential times; never exactly 0, so that a hazard of 0 gives a day that never comes."""
    return -np.log1p(-np.maximum(rank, 1e-300))


def _pick(rank: Array, weights: Sequence[float]) -> Array:
    """Which of the weighted things each rank falls on."""
    steps = np.cumsum(weights) / np.sum(weights)
    return np.searchsorted(steps[:-1], rank, side="right")


def _share(scenario: Scenario, words: SymptomGroup, names: list[str], sites: Array) -> Array:
    """How often the group comes, given where the disease is; always, where no parameter is named."""
    if not names:
        return np.ones(len(sites))
    with_site, without_site = scenario.both(names)
    there = sites > 0 if words.site != scenario.words.key_site else (sites & 1) > 0
    return np.where(there, with_site, without_site)


def _sites(scenario: Scenario, draw: Draw, when: str) -> Array:
    """Bit 0 is the key site, then the other sites in order, the last bit a site without a name."""
    others = scenario.words.other_sites
    key = draw() < scenario[f"metastatic_site.{when}"]
    besides, instead = (scenario.under(f"metastatic_site.{given}", others) for given in ("besides", "instead"))
    sites = key.astype(np.int16)
    for bit, (with_key, without_key) in enumerate(zip(besides, instead, strict=True), start=1):
        sites |= (draw() < np.where(key, with_key, without_key)).astype(np.int16) << bit
    return np.where(sites == 0, 1 << (len(others) + 1), sites)


def _wait_by_group(scenario: Scenario, interval: str, group: Array) -> Wait:
    """The wait of each person's group; people without a symptom carry that of the last group, which is not used."""
    waits = [scenario.waits[f"{interval}.{name}"] for name in scenario.words.symptom_groups]
    number = np.minimum(group, len(waits) - 1)
    same_day, mu, sigma = (
        np.array([getattr(wait, part) for wait in waits])[number] for part in ("same_day", "mu", "sigma")
    )
    return Wait(same_day, mu, sigma)
