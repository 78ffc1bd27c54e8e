"""Lives of one block: every mechanism drawn from its own stream, death made to end what it ends, and who is asked for."""

from dataclasses import replace

import numpy as np

from firstsign.draws import NEVER, Array, People
from firstsign.mechanisms import BENIGN, MECHANISMS
from firstsign.sampling import sampled
from firstsign.scenarios import Scenario

BLOCK = 16_384
MILESTONES = (
    "first_symptom",
    "screening_test",
    "first_presentation",
    "referral",
    "diagnosis",
    "treatment",
    "metastasis",
)
# Columns that only the mechanisms need.
INNER = (
    "extent_",
    "onset_",
    "pace_score",
    "indolent",
    "key_part",
    "treatment_on_clock",
    "removes_unseen",
    "death_rank",
)
WHO = ("diseased", "symptomatic", "population")
SAMPLING = 101  # the stream of how people are sampled, far from those of MECHANISMS


def lives(scenario: Scenario, seed: int, who: str, number: int, benign: bool = False) -> People:
    """The people of one block who are asked for and sampled, each column an array.

    A block is always drawn whole, so that nobody's life depends on how many are asked for.

    benign  True draws benign symptoms even where nobody without the disease is asked for
    """
    ready = _only_diseased(scenario) if who == "diseased" else scenario
    benign |= who != "diseased" or scenario["misclassified_share"] > 0
    people = block(ready, seed, number, benign)
    wanted = _wanted(people, who, ready)
    # of the diseased alone, the first symptom is the disease's, though benign ones are drawn to be taken for it
    unused = (*INNER, "benign_first") if who == "diseased" else INNER
    found = {name: values[wanted] for name, values in people.items() if not name.startswith(unused)}
    if not ready.sampling:
        return found
    stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, SAMPLING)))
    return sampled(ready, lambda: stream.random(BLOCK)[wanted], found)


def block(scenario: Scenario, seed: int, number: int, benign: bool) -> People:
    """One block of lives, whole, with `life`, the number of each."""
    people: People = {"life": np.arange(number * BLOCK, (number + 1) * BLOCK)}
    for key, mechanism in (MECHANISMS | BENIGN if benign else MECHANISMS).items():
        stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, key)))
        people |= mechanism(scenario, lambda stream=stream: stream.random(BLOCK), people)  # type: ignore[misc]
    return as_lived(people)


def as_lived(people: People) -> People:
    """Adds death, every milestone as far as death lets it happen, and whether a benign symptom is presented before all of them."""
    lived = dict(people)
    death = np.minimum(people["disease_death"], people["other_death"])
    lived["death"] = death
    lived["first_symptom"] = np.where(people["screened"], NEVER, people["sign"])
    lived["planned_diagnosis"] = people["diagnosis"]
    would_show = np.minimum(people["symptom_day"], people["natural_death"])
    lived["overdiagnosed"] = people["screened"] & (would_show > people["other_death"])
    found_later = np.maximum(people["metastasis_there"], people["diagnosis"] + 1)
    lived["metastasis"] = np.where(people["stage"] == 4, NEVER, found_later)
    for name in MILESTONES:
        lived[name] = np.where(lived[name] <= death, lived[name], NEVER)
    if "benign_presentation" in people:
        own = [lived[name] for name in ("first_presentation", "screening_test", "diagnosis", "death")]
        lived["benign_first"] = people["benign_presentation"] < np.min(own, axis=0)
    return lived


def _only_diseased(scenario: Scenario) -> Scenario:
    return replace(scenario, values=scenario.values | {"disease_share": 1.0})


def _wanted(people: People, who: str, scenario: Scenario) -> Array:
    if who == "population":
        return np.ones(len(people["life"]), bool)
    shows = (people["first_symptom"] < NEVER) | (people["screening_test"] < NEVER)
    if who == "diseased":
        return people["diseased"] & shows
    closes = np.minimum(people["death"], scenario["observed_until"] - people["zero"])
    visit = np.where(people["benign_first"], people["benign_presentation"], people["first_presentation"])
    return visit <= np.minimum(closes, people["lost"])
