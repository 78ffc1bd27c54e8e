"""The way to the diagnosis: recognition, the first visit, visits until someone refers, tests that can miss, treatment.

Where waits correlate with the pace of the disease (`urgency`), the people who are worst off are the soonest diagnosed.
"""

import numpy as np

from firstsign.disease import at_site, extent_at, stage_at
from firstsign.draws import (
    DAYS_PER_YEAR,
    NEVER,
    Array,
    Draw,
    People,
    by_group,
    days_until,
    exponential,
    hurried,
    in_all,
    pick,
    tries,
    wait_by_group,
)
from firstsign.scenario_files import STAGES
from firstsign.scenarios import Scenario


def first_presentation(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day of the first visit: the patient interval by group, longer where the symptom is read as something harmless."""
    who = (people["sign"] < NEVER) & ~people["screened"]
    rank = hurried(scenario, draw(), people, who)
    misread = who & (draw() < by_group(scenario, "misread_share", people["group"]) * (1 - scenario["awareness"]))
    waited = wait_by_group(scenario, "patient_interval", people["group"]).of(who).time(rank[who])
    day = np.full(len(rank), NEVER)
    day[who] = people["sign"][who] + np.ceil(waited * np.where(misread[who], scenario["misread_factor"], 1))
    return {"first_presentation": day, "misread": misread}


def symptoms_besides(scenario: Scenario, draw: Draw, people: People) -> People:
    """At most one symptom of each other group, named at the first visit; 0 for none, else its number from 1.

    A share has it at once, more the longer they wait: at a steady hazard, so who waits long comes with more symptoms.
    """
    found: People = {}
    visit = people["first_presentation"]
    with np.errstate(invalid="ignore"):
        years = np.where(visit < NEVER, visit - people["sign"], 0) / DAYS_PER_YEAR
    metastatic = people["natural_metastasis"] <= waited_on_clock(scenario, people, visit)
    for number, (name, words) in enumerate(scenario.words.symptom_groups.items()):
        there = metastatic & at_site(scenario, words.site, people["sites"])
        share = np.where(there, scenario[f"besides.{name}.metastatic"], scenario[f"besides.{name}.local"])
        without = (1 - share) * np.exp(-scenario[f"besides.{name}.added_per_year"] * years)
        comes = draw() >= without
        which = pick(draw(), scenario.under("symptom_weight", words.symptoms)) + 1
        besides = comes & (people["group"] != number) & (visit < NEVER)
        found[f"besides_{number}"] = np.where(besides, which, 0).astype(np.int8)
    return found


def referral(scenario: Scenario, draw: Draw, people: People) -> People:
    """The number of visits up to referral, and its day: at each visit a chance, and the same days between two visits.

    An emergency is referred at the first visit. `referral_threshold` divides the odds of every chance.
    """
    stage = stage_at(scenario, people, waited_on_clock(scenario, people, people["first_presentation"]))
    emergency = draw() < np.array(scenario.under("emergency_share", STAGES))[stage - 1]
    presents = people["first_presentation"] < NEVER
    emergency &= presents
    first, later = (_chance(scenario, f"referral_chance.{visit}", people["group"]) for visit in ("first", "later"))
    visits = np.where(emergency, 1, tries(draw(), first, later))
    gaps = wait_by_group(scenario, "gap_between_visits", people["group"])
    gap = gaps.days_of(presents, hurried(scenario, draw(), people, presents))
    return {
        "emergency": emergency,
        "consultations": visits,
        "gap": gap,
        "referral": people["first_presentation"] + in_all(visits - 1, gap),
    }


def diagnosis(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day of diagnosis after referral, an emergency visit or a screening test; each test that misses costs another wait."""
    screened, emergency = people["screened"], people["emergency"]
    referred = (people["referral"] < NEVER) & ~emergency
    rank = hurried(scenario, draw(), people, referred | emergency | screened)
    missed = np.where(referred, _missed_tests(scenario, draw(), people["group"]), 0)
    again = scenario.waits["after_missed_test"].days_of((missed > 0) & (missed < NEVER), draw())
    waited = wait_by_group(scenario, "referral_to_diagnosis", people["group"]).days_of(referred, rank)
    waited += scenario.waits["emergency_to_diagnosis"].days_of(emergency, rank)
    waited += scenario.waits["screening_to_diagnosis"].days_of(screened, rank)
    start = np.where(screened, people["sign"], people["referral"])
    return {
        "diagnosis": start + waited + in_all(missed, again),
        "missed_tests": missed,
        "retest": again,
    }


def staging(scenario: Scenario, draw: Draw, people: People) -> People:
    """Stage at the first sign and at diagnosis. Nothing is drawn.

    `progression_after_first_sign` is the speed at which waiting counts: the disease is staged as it would have been on
    that share of the way from the first sign to the diagnosis. 0 takes away every effect of delay on stage.
    """
    day = waited_on_clock(scenario, people, people["diagnosis"])
    stage = stage_at(scenario, people, day)
    return {
        "stage": stage,
        "extent": extent_at(scenario, people, day),
        "stage_at_sign": stage_at(scenario, people, people["sign"]),
    }


def treatment(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day treatment starts; never for some, more often at late stages; and whether it removes what was seeded unseen."""
    share = np.array(scenario.under("treated_share", STAGES))[people["stage"] - 1]
    treated = (draw() < share) & (people["diagnosis"] < NEVER)
    rank, removed = hurried(scenario, draw(), people, treated), draw()
    day = people["diagnosis"] + scenario.waits["diagnosis_to_treatment"].days_of(treated, rank)
    return {
        "treatment": np.where(treated, day, NEVER),
        "removes_unseen": treated & (removed < scenario["unseen_removed_share"]),
    }


def waited_on_clock(scenario: Scenario, people: People, day: Array) -> Array:
    """The day on the disease's clock, which after the first sign runs at the speed `progression_after_first_sign`."""
    with np.errstate(invalid="ignore"):  # infinite minus infinite, of people without a first sign
        after = np.where(day < NEVER, day - people["sign"], NEVER)
        speed = scenario["progression_after_first_sign"]
        return people["sign"] + (speed * after if speed else 0.0)


def metastasis(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day on which metastases are there, given the treatment.

    Seeded after treatment has begun: never. Seeded and unseen when it begins: removed, or slowed down. Seen before
    it: as nature has it. Nothing is drawn.
    """
    begins = waited_on_clock(scenario, people, people["treatment"])
    natural, treated = people["natural_metastasis"], people["treatment"] < NEVER
    unseen = treated & (natural > begins)
    never = treated & (people["seeded"] > begins) | (unseen & people["removes_unseen"])
    with np.errstate(invalid="ignore"):
        slowed = np.ceil(begins + scenario["unseen_slowed_factor"] * (natural - begins))
    day = np.where(never, NEVER, np.where(unseen, slowed, natural))
    return {"metastasis_there": day, "treatment_on_clock": begins}


def death_from_disease(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day the disease kills, given the treatment. Nothing is drawn.

    Metastases after treatment have their own time to death, of the same rank as that were nothing done; of metastases
    before it, treatment lengthens what is left.
    """
    there, begins, natural = people["metastasis_there"], people["treatment_on_clock"], people["natural_death"]
    treated = people["treatment"] < NEVER
    later = treated & (there > begins) & (there < NEVER)
    with np.errstate(invalid="ignore"):
        lengthened = begins + scenario["treatment_lengthens_factor"] * (natural - begins)
        day = np.where(treated & (natural > begins), lengthened, natural)
    recurrent = scenario.waits["metastasis_to_death.recurrent"].time(people["death_rank"][later])
    day[later] = there[later] + recurrent / people["pace"][later]
    return {"disease_death": np.where(there < NEVER, np.ceil(day), NEVER)}


def lost(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day on which someone is lost to follow-up, counted from the first sign, else from the start of the study."""
    days = days_until(exponential(draw()), scenario["lost_per_year"])
    study = scenario["first_sign_from"] - people["zero"]
    start = np.where(people["sign"] < NEVER, people["sign"], np.maximum(study, 0))
    return {"lost": start + np.ceil(days)}


def _chance(scenario: Scenario, name: str, group: Array) -> Array:
    """The chance whose odds are those of the scenario divided by the threshold."""
    chance = by_group(scenario, name, group)
    return chance / (chance + scenario["referral_threshold"] * (1 - chance))


def _missed_tests(scenario: Scenario, rank: Array, group: Array) -> Array:
    """How many tests in a row miss: the first of the group's kind of test, then its last over and over."""
    found = [
        [_found(scenario, words.tests[place]) for words in scenario.words.symptom_groups.values()] for place in (0, -1)
    ]
    number = np.minimum(group, len(scenario.words.symptom_groups) - 1)
    first, later = (np.array(shares)[number] for shares in found)
    return tries(rank, first, later) - 1


def _found(scenario: Scenario, test: str) -> float:
    return scenario[f"test.{test}.sensitivity"] * scenario["test.biopsy.sensitivity"]
