"""What a registry or a survey makes of a life: memory that rounds, records that are missing or wrong, a look-back that ends."""

import numpy as np

from firstsign.benign import last_before
from firstsign.draws import NEVER, Array, Draw, People
from firstsign.scenarios import Scenario

# More than so many days ago is told in units of so many days: weeks, months, years. The longer ago, the coarser (Bar & Lillard
# 2012 have the principle, not these steps, which are an assumption); how many people round is a scenario's parameter.
TOLD_IN = ((3, 7), (59, 30), (344, 365))


def recording(scenario: Scenario, draw: Draw, people: People) -> People:
    """Which dates are known how: to the month, rounded, taken from an earlier benign symptom, or not at all."""
    ranks = {name: draw() for name in ("to_month", "rounded", "misclassified", "missing")}
    shares = {
        "to_month": scenario["onset_known_to_month"],
        "rounded": scenario["recall_rounded_share"],
        "misclassified": scenario["misclassified_share"],
        "missing": scenario["missing_onset_share"],
    }
    return {name: rank < shares[name] for name, rank in ranks.items()}


def recorded(scenario: Scenario, people: People) -> People:
    """First symptom and first presentation as the registry holds them; infinite where it holds none.

    In this order: a benign symptom of the months before may be taken for the first; days ago are told in round units; the
    day may be missing; and a look-back from the diagnosis finds nothing that is older, but the visits that are not.
    """
    symptom, visit = people["first_symptom"], people["first_presentation"]
    if scenario["misclassified_share"]:
        groups, within = len(scenario.words.symptom_groups), scenario["misclassified_within_days"]
        earlier = last_before(people, groups, symptom, within)
        symptom = np.where(people["misclassified"] & (earlier < NEVER) & (symptom < NEVER), earlier, symptom)
    if scenario["recall_rounded_share"]:
        rounds = people["rounded"] & (symptom < NEVER) & (visit < NEVER)
        symptom = np.where(rounds, _told(np.where(rounds, symptom, 0), np.where(rounds, visit, 0)), symptom)
    symptom = np.where(people["missing"], NEVER, symptom)
    horizon = people["diagnosis"] - scenario["look_back_days"]
    found = _visit_from(people, np.where(horizon < NEVER, horizon, -NEVER))
    cut = (horizon < NEVER) & (symptom < horizon)
    return {"first_symptom": np.where(cut, found, symptom), "first_presentation": found}


def _told(symptom: Array, visit: Array) -> Array:
    """The day of the symptom as it is told at the visit: a whole number of weeks, months or years before."""
    ago = visit - symptom
    told = ago
    for beyond, unit in TOLD_IN:
        told = np.where(ago > beyond, np.maximum(np.round(ago / unit), 1) * unit, told)
    return visit - told


def _visit_from(people: People, horizon: Array) -> Array:
    """The first presentation, or if it is before the horizon the first later visit up to referral; infinite if all are."""
    visit = people["first_presentation"]
    own = people.get("own_presentation", visit)  # of the disease, where the first visit was for something else
    passed = np.ceil(np.maximum(horizon - own, 0) / np.maximum(people["gap"], 1))
    later = own + passed * people["gap"]
    later = np.where((later >= horizon) & (later <= people["referral"]), later, NEVER)
    return np.where(visit >= horizon, visit, later)
