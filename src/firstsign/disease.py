"""The disease before anybody knows of it: onset, growth, spread, the symptoms it gives, and screening that may come first.

Four clocks run from the day on which the disease becomes detectable: it grows through its local extents, it seeds other
sites at a hazard that rises with the extent, what was seeded shows as metastases after a latency, and each group of
symptoms comes at a hazard of its own, given the extent and the sites. `pace` multiplies all but the symptoms: in fast disease
everything is earlier, death included.
"""

import numpy as np
from scipy.special import ndtr, ndtri

from firstsign.draws import (
    DAYS_PER_YEAR,
    NEVER,
    Array,
    Draw,
    People,
    days_through_states,
    days_until,
    exponential,
    pick,
    tries,
)
from firstsign.scenario_files import SymptomGroup
from firstsign.scenarios import Scenario


def who(scenario: Scenario, draw: Draw, people: People) -> People:
    """Whether someone gets the disease, and the age in years: at its onset, or of people without it when the study starts."""
    diseased, rank = draw() < scenario["disease_share"], draw()
    age = np.where(diseased, _age(scenario, "onset_age", rank), _age(scenario, "population_age", rank))
    return {"diseased": diseased, "age_at_zero": age}


def biology(scenario: Scenario, draw: Draw, people: People) -> People:
    """How fast the disease is (lognormal, median 1), and whether it is indolent: it never grows, spreads or gives a symptom."""
    score = ndtri(np.clip(draw(), 1e-15, 1 - 1e-15))
    return {
        "pace_score": score,
        "pace": np.exp(scenario["pace_spread"] * score),
        "indolent": draw() < scenario["indolent_share"],
    }


def growth(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day on which each local extent after the first is entered, a chain of exponential stays."""
    stays, day, found = scenario.words.extents[:-1], np.zeros(len(people["pace"])), {}
    for number, _ in enumerate(stays, start=1):
        rate = np.where(people["indolent"], 0, scenario[f"growth_per_year.{number}"] * people["pace"])
        day = day + days_until(exponential(draw()), rate)
        found[f"extent_{number + 1}"] = np.ceil(day)
    return found


def spread(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day of seeding, at a hazard given by the extent, and the day on which metastases can be seen, were nothing done."""
    threshold, rank = exponential(draw()) / people["pace"], draw()
    rates = scenario.under("seeding_per_year", scenario.extents)
    seeded = np.ceil(days_through_states(threshold, rates, extents_entered(scenario, people)))
    seeded = np.where(people["indolent"] | ~people["diseased"], NEVER, seeded)
    latency = np.ceil(scenario.waits["seeding_to_metastasis"].time(rank) / people["pace"])
    return {"seeded": seeded, "natural_metastasis": seeded + latency}


def sites(scenario: Scenario, draw: Draw, people: People) -> People:
    """Where the metastases are, as bits: untreated, and where they come back after treatment; whether in the key site's part.

    Bit 0 is the key site, then the other sites in order, the last bit a site without a name.
    """
    key, others = draw(), [draw() for _ in scenario.words.other_sites]
    part = draw() < scenario["metastatic_site.key_part"]
    return {
        "sites": _sites(scenario, key < scenario["metastatic_site.at_diagnosis"], others),
        "later_sites": _sites(scenario, key < scenario["metastatic_site.at_recurrence"], others),
        "key_part": part,
    }


def symptom_onsets(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day on which each group's first symptom comes: from the local disease, or from metastases at the group's site."""
    found, entered = {}, extents_entered(scenario, people)
    silent = people["indolent"] | ~people["diseased"]
    for number, (name, group) in enumerate(scenario.words.symptom_groups.items()):
        local, distant = exponential(draw()), exponential(draw())
        rates = scenario.under(f"symptom_per_year.{name}", scenario.extents)
        day = days_through_states(local, rates, entered)
        there = at_site(scenario, group.site, people["sites"])
        rate = scenario[f"symptom_per_year.{name}.metastatic"]
        with_metastases = people["natural_metastasis"] + days_until(distant, np.where(there, rate, 0))
        found[f"onset_{number}"] = np.where(silent, NEVER, np.ceil(np.minimum(day, with_metastases)))
    return found


def first_symptom(scenario: Scenario, draw: Draw, people: People) -> People:
    """The group that comes first, its day, and which symptom of the group it is."""
    groups = scenario.words.symptom_groups
    onsets = np.stack([people[f"onset_{number}"] for number in range(len(groups))])
    group = np.argmin(onsets, axis=0).astype(np.int8)
    day = onsets.min(axis=0)
    rank, symptom = draw(), np.zeros(len(group), np.int8)
    part = people["key_part"] & ((people["sites"] & 1) > 0) & (people["natural_metastasis"] <= day)
    for number, words in enumerate(groups.values()):
        here = group == number
        symptom[here] = _symptom(scenario, words, rank[here], part[here])
    return {"symptom_day": day, "group": group, "symptom": symptom}


def screening(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day of the screening test that finds it, infinite if none does: rounds at even spacing, for people who attend.

    The phase of the rounds is uniform, so that the time from onset to the next round is too. Each round finds the
    disease with the test's sensitivity, as long as no symptom has come.
    """
    attends, phase, rank = draw() < scenario["screening_coverage"], draw(), draw()
    every = scenario["screening_every"] * DAYS_PER_YEAR
    age = people["age_at_zero"]
    too_young = np.maximum(scenario["screening_from_age"] - age, 0) * DAYS_PER_YEAR
    first = phase * every + np.ceil(np.maximum(too_young - phase * every, 0) / every) * every
    sensitivity = scenario["screening_sensitivity"]
    day = np.ceil(first + (tries(rank, sensitivity, sensitivity) - 1) * every)
    in_time = age + day / DAYS_PER_YEAR < scenario["screening_until_age"]
    found = attends & in_time & people["diseased"] & (day < people["symptom_day"])
    return {"screening_test": np.where(found, day, NEVER)}


def death_from_other_causes(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day anything else kills: a Gompertz hazard that grows with age, solved for the time."""
    growth = scenario["other_death_growth_per_year"]
    hazard = scenario["other_death_hazard_at_60"] * np.exp(growth * (people["age_at_zero"] - 60.0))
    with np.errstate(divide="ignore", over="ignore"):
        years = np.log1p(growth * exponential(draw()) / hazard) / growth
    return {"other_death": np.ceil(years * DAYS_PER_YEAR)}


def natural_death(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day the disease kills, were nothing done: a lognormal time after metastases, divided by the pace; and its rank."""
    rank = draw()
    after = scenario.waits["metastasis_to_death.untreated"].time(rank) / people["pace"]
    return {"death_rank": rank, "natural_death": people["natural_metastasis"] + after}


def first_sign(scenario: Scenario, draw: Draw, people: People) -> People:
    """The day of the first symptom or, if that comes first, of the screening test; infinite if death comes before both.

    Draws the calendar as well: the day of the first sign is even over the study's window, or grows exponentially.
    """
    screened = people["screening_test"] < people["symptom_day"]
    sign = np.where(screened, people["screening_test"], people["symptom_day"])
    death = np.ceil(np.minimum(people["other_death"], people["natural_death"]))
    sign = np.where(sign <= death, sign, NEVER)
    start, days = scenario["first_sign_from"], scenario["first_sign_until"] - scenario["first_sign_from"] + 1
    growth = scenario["incidence_growth_per_year"] * days / DAYS_PER_YEAR
    rank = draw()
    share = np.log1p(rank * np.expm1(growth)) / growth if growth else rank
    day = start + np.minimum(np.floor(share * days), days - 1)
    anchor = np.where(sign < NEVER, sign, death)
    zero = np.where(people["diseased"], day - np.where(anchor < NEVER, anchor, 0), start)
    screened &= sign < NEVER
    group = np.where(screened | (sign == NEVER), len(scenario.words.symptom_groups), people["group"]).astype(np.int8)
    return {"sign": sign, "screened": screened, "group": group, "zero": zero}


def extents_entered(scenario: Scenario, people: People) -> list[Array]:
    """The day on which each local extent after the first is entered."""
    return [people[f"extent_{number}"] for number in range(2, len(scenario.words.extents) + 1)]


def extent_at(scenario: Scenario, people: People, day: Array) -> Array:
    """The number of the local extent, from 1, on each person's day."""
    return sum((entered <= day for entered in extents_entered(scenario, people)), np.ones(len(day), np.int8))


def stage_at(scenario: Scenario, people: People, day: Array) -> Array:
    """Stage 1 to 4 on each person's day: 4 with metastases, else that of the local extent."""
    stages = np.array([extent.stage for extent in scenario.words.extents], np.int8)
    metastatic = (people["natural_metastasis"] <= day) & (people["natural_metastasis"] < NEVER)
    return np.where(metastatic, 4, stages[extent_at(scenario, people, day) - 1]).astype(np.int8)


def at_site(scenario: Scenario, site: str | None, found: Array) -> Array:
    """Whether the metastases (as bits) are where a group of symptoms needs them: at the key site, or anywhere."""
    return (found & 1) > 0 if site == scenario.words.key_site else found > 0


def _age(scenario: Scenario, name: str, rank: Array) -> Array:
    mean, sd = scenario[f"{name}_mean"], scenario[f"{name}_sd"]
    bounds = scenario["age_lowest"], scenario["age_highest"]
    side = -1 if bounds[0] > mean else 1  # the tail below the mean: that above it runs out of digits
    low, high = (ndtr(side * (bound - mean) / sd) for bound in bounds)
    return np.clip(mean + side * sd * ndtri(low + rank * (high - low)), *bounds)


def _sites(scenario: Scenario, key: Array, ranks: list[Array]) -> Array:
    others = scenario.words.other_sites
    besides, instead = (scenario.under(f"metastatic_site.{given}", others) for given in ("besides", "instead"))
    found = key.astype(np.int16)
    for bit, (rank, with_key, without) in enumerate(zip(ranks, besides, instead, strict=True), start=1):
        found |= (rank < np.where(key, with_key, without)).astype(np.int16) << bit
    return np.where(found == 0, 1 << (len(others) + 1), found).astype(np.int16)


def _symptom(scenario: Scenario, words: SymptomGroup, rank: Array, part: Array) -> Array:
    """Which of a group's symptoms: those of the key site's part only where metastases are in that part."""
    weights = scenario.under("symptom_weight", words.symptoms)
    anywhere = [0 if name in words.of_part else weight for name, weight in zip(words.symptoms, weights, strict=True)]
    if not words.of_part:
        return pick(rank, weights)
    return np.where(part, pick(rank, weights), pick(rank, anywhere))
