"""The same symptoms from benign causes: episodes at a steady rate in everybody, and what becomes of those that are referred."""

import numpy as np

from firstsign.draws import NEVER, Array, Draw, People, days_until, exponential, pick
from firstsign.scenarios import Scenario

EPISODES = 5  # of each group are kept; the largest rate allowed makes more than these in few people


def benign_symptoms(scenario: Scenario, draw: Draw, people: People) -> People:
    """The days of the first episodes of each group since the study began: a Poisson process, so exponential gaps."""
    found: People = {}
    start = scenario["first_sign_from"] - people["zero"]
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
    groups = list(scenario.words.symptom_groups)
    first = np.stack([people[f"benign_{number}_0"] for number in range(len(groups))])
    group, day = np.argmin(first, axis=0).astype(np.int8), first.min(axis=0)
    which, rank, referred, told, positive, biopsy = (draw() for _ in range(6))
    visit, symptom, goes, answer, false = day.copy(), np.zeros(len(day), np.int8), [], day.copy(), []
    for number, name in enumerate(groups):
        here = group == number
        words = scenario.words.symptom_groups[name]
        symptom[here] = pick(which[here], scenario.under("symptom_weight", words.symptoms))
        visit[here] += scenario.waits[f"patient_interval.{name}"].days(rank[here])
        answer[here] = scenario.waits[f"referral_to_diagnosis.{name}"].days(told[here])
        goes.append(scenario[f"benign_referral_share.{name}"])
        false.append(1 - scenario[f"test.{words.tests[0]}.specificity"])
    seen = referred < np.array(goes)[group]
    biopsied = seen & (positive < np.array(false)[group])
    wrong = biopsied & (biopsy < 1 - scenario["test.biopsy.specificity"])
    referral = np.where(seen, visit, NEVER)
    return {
        "benign_symptom_day": day,
        "benign_group": group,
        "benign_symptom": symptom,
        "benign_rank": which,
        "benign_presentation": visit,
        "benign_referral": referral,
        "ruled_out": np.where(wrong, NEVER, referral + answer),
        "false_diagnosis": np.where(wrong, referral + answer, NEVER),
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
