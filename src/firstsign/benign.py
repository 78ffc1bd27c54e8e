"""The same symptoms from benign causes: episodes at a steady rate in everybody, and what becomes of those that are referred."""

import numpy as np

from firstsign.draws import (
    DAYS_PER_YEAR,
    NEVER,
    Array,
    Draw,
    People,
    by_group,
    days_until,
    exponential,
    pick,
    wait_by_group,
)
from firstsign.scenarios import Scenario

EPISODES = 8  # of each group are kept; in eleven years 0.5 % of people have more, even at 0.3 a year


def benign_symptoms(scenario: Scenario, draw: Draw, people: People) -> People:
    """The days of the first episodes of each group since the study began: a Poisson process, so exponential gaps.

    For people who were younger than `age_lowest` when it began, since they were that old.
    """
    found: People = {}
    grown = np.ceil((scenario["age_lowest"] - people["age_at_zero"]) * DAYS_PER_YEAR)
    start = np.maximum(scenario["first_sign_from"] - people["zero"], grown)
    for number, name in enumerate(scenario.words.symptom_groups):
        day = np.zeros(len(start))
        for episode in range(EPISODES):
            day = day + days_until(exponential(draw()), scenario[f"benign_per_year.{name}"])
            found[f"benign_{number}_{episode}"] = start + np.ceil(day)
    return found


def benign_visit(scenario: Scenario, draw: Draw, people: People) -> People:
    """The first benign episode of any group that is presented: its days up to being told that it is not the disease.

    A share is referred at the visit; the test is falsely positive by its specificity, then a biopsy decides. A biopsy that
    is falsely positive too gives a diagnosis to someone without the disease.
    """
    groups = scenario.words.symptom_groups
    first = np.stack([people[f"benign_{number}_0"] for number in range(len(groups))])
    group, day = np.argmin(first, axis=0).astype(np.int8), first.min(axis=0)
    which, rank, referred, told, positive, biopsy = (draw() for _ in range(6))
    symptom = np.zeros(len(day), np.int8)
    for number, words in enumerate(groups.values()):
        here = group == number
        symptom[here] = pick(which[here], scenario.under("symptom_weight", words.symptoms))
    visit = day + wait_by_group(scenario, "patient_interval", group).days(rank)
    seen = referred < by_group(scenario, "benign_referral_share", group)
    answer = visit + wait_by_group(scenario, "referral_to_diagnosis", group).days(told)
    right = np.array([scenario[f"test.{words.tests[0]}.specificity"] for words in groups.values()])[group]
    biopsied = seen & (positive < 1 - right)
    wrong = biopsied & (biopsy < 1 - scenario["test.biopsy.specificity"])
    return {
        "benign_symptom_day": day,
        "benign_group": group,
        "benign_symptom": symptom,
        "benign_rank": which,
        "benign_presentation": visit,
        "benign_referral": np.where(seen, visit, NEVER),
        "ruled_out": np.where(seen & ~wrong, answer, NEVER),
        "false_diagnosis": np.where(wrong, answer, NEVER),
        "biopsied": biopsied,
    }


def last_before(people: People, groups: int, day: Array, within: float) -> Array:
    """The last benign episode of any group in the days before each person's day; infinite if there is none."""
    last = np.full(len(day), -NEVER)
    for number in range(groups):
        for episode in range(EPISODES):
            begun = people[f"benign_{number}_{episode}"]
            last = np.where((begun < day) & (begun >= day - within), np.maximum(last, begun), last)
    return np.where(last > -NEVER, last, NEVER)
