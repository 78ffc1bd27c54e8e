"""The same simulated people as a table of events, one row an event: what a record of visits, tests and dates would hold."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from firstsign.benign import EPISODES
from firstsign.biases import switched
from firstsign.draws import NEVER, Array, People, pick
from firstsign.registry import as_seen, dates, site_names, words
from firstsign.scenarios import Scenario, load_scenario
from firstsign.simulate import attributes, checked_who, enough, whole

# The order of events on the same day.
EVENTS = (
    "screening_test",
    "consultation",
    "referral",
    "test",
    "biopsy",
    "ruled_out",
    "diagnosis",
    "treatment",
    "metastasis",
    "death",
)
Event = tuple[str, Array, Array]  # its name, the day of each person (infinite for none), the code of each


def simulate_events(
    people: int = 10_000,
    seed: int = 1,
    scenario: str = "england",
    who: str = "diseased",
    biases: Iterable[str] | None = None,
    **overrides: Any,
) -> pd.DataFrame:
    """What happens to the people of `simulate` with the same arguments, as a registry of events would hold it.

    Returns one row an event, by person, date and order of events: person, date, event, code. The events, and their codes:
    consultation (the symptom: visits up to referral, and visits for benign symptoms), referral (the test asked for), test (test
    and result), biopsy (result), screening_test ("positive": the one that finds it), ruled_out (none), diagnosis (the stage),
    treatment (none), metastasis (the sites), death (none). Only what happens within the study and before death or loss;
    symptoms nobody has presented are no events. Of benign symptoms the first eight of each group since the study began
    are kept. Raises ValueError for a slip in any argument.
    """
    people, seed = whole("people", people, 1), whole("seed", seed, 0)
    checked_who(who)
    ready = switched(load_scenario(scenario, overrides), biases, overrides, who)
    frames, before = [], 0
    for block in enough(ready, seed, who, people, benign=True):
        frames.append(_table(ready, block, before, people))
        before += len(block["life"])
    events = pd.concat(frames, ignore_index=True)
    events.attrs = attributes(people, seed, scenario, who, overrides)
    return events


def _table(scenario: Scenario, lives: People, before: int, people: int) -> pd.DataFrame:
    """The events of one block, whose first person has the number before + 1."""
    seen = as_seen(scenario, lives)
    person = np.arange(before + 1, before + 1 + len(lives["life"]))
    start = scenario["first_sign_from"] - lives["zero"]
    parts: dict[str, list[Array]] = {"person": [], "date": [], "order": [], "code": []}
    for name, day, code in (
        *_visits(scenario, lives, seen["last_seen"]),
        *_tests(scenario, lives),
        *_milestones(scenario, seen),
    ):
        happens = (day >= start) & (day <= seen["last_seen"]) & (person <= people)
        parts["person"].append(person[happens])
        parts["date"].append(dates(day[happens], lives["zero"][happens]))
        parts["order"].append(np.full(happens.sum(), EVENTS.index(name), np.int8))
        parts["code"].append(code[happens])
    table = {name: np.concatenate(columns) for name, columns in parts.items()}
    order = np.lexsort((table["order"], table["date"], table["person"]))
    event = words(EVENTS, table.pop("order"))
    return pd.DataFrame({"person": table["person"], "date": table["date"], "event": event, "code": table["code"]}).iloc[
        order
    ]


def _visits(scenario: Scenario, lives: People, until: Array) -> Iterator[Event]:
    """Every visit up to referral, as far as someone is followed, and one for each benign symptom after that person's wait."""
    symptom = _symptom_names(scenario, lives["group"], lives["symptom"])
    visit, gap = lives["first_presentation"], np.maximum(lives["gap"], 1)
    presents = visit < NEVER
    within = np.where(presents, until - np.where(presents, visit, 0), -1) // gap + 1
    visits = np.minimum(np.where(presents, lives["consultations"], 0), within)
    for number in range(int(visits.max(initial=0))):
        yield "consultation", np.where(number < visits, visit + number * lives["gap"], NEVER), symptom
    presented = lives["benign_presentation"] < NEVER
    waited = np.where(presented, lives["benign_presentation"], 0) - np.where(presented, lives["benign_symptom_day"], 0)
    for group, parts in enumerate(scenario.words.symptom_groups.values()):
        which = pick(lives["benign_rank"], scenario.under("symptom_weight", parts.symptoms))
        code = words(parts.symptoms, which)
        for episode in range(EPISODES):
            yield "consultation", lives[f"benign_{group}_{episode}"] + waited, code


def _tests(scenario: Scenario, lives: People) -> Iterator[Event]:
    """Referrals and what came of them: tests that missed, the one that found it and its biopsy, and what was ruled out."""
    groups = scenario.words.symptom_groups.values()
    number = np.minimum(lives["group"], len(groups) - 1)
    tested = (lives["referral"] < NEVER) & ~lives["screened"]
    first, last = (words([parts.tests[place] for parts in groups], number) for place in (0, -1))
    yield "referral", lives["referral"], first
    tested &= lives["planned_diagnosis"] < NEVER
    missed = np.where(tested, lives["missed_tests"], 0)
    for turn in range(int(missed.max(initial=0))):
        day = lives["planned_diagnosis"] - (missed - turn) * lives["retest"]
        yield "test", np.where(turn < missed, day, NEVER), (first if turn == 0 else last) + " negative"
    found = lives["diagnosis"]
    yield "test", np.where(tested, found, NEVER), np.where(missed == 0, first, last) + " positive"
    yield "biopsy", found, words(["positive"], np.zeros(len(found), np.int8))
    benign = words([parts.tests[0] for parts in groups], lives["benign_group"])
    told = np.minimum(lives["ruled_out"], lives["false_diagnosis"])
    yield "referral", lives["benign_referral"], benign
    yield "test", told, benign + np.where(lives["biopsied"], " positive", " negative").astype(object)
    result = np.where(lives["false_diagnosis"] < NEVER, "positive", "negative").astype(object)
    yield "biopsy", np.where(lives["biopsied"], told, NEVER), result


def _milestones(scenario: Scenario, seen: People) -> Iterator[Event]:
    """Milestones that are events by themselves."""
    none = words([None], np.zeros(len(seen["life"]), np.int8))
    stage = words([None, "stage 1", "stage 2", "stage 3", "stage 4"], np.where(seen["diseased"], seen["stage"], 0))
    yield "screening_test", seen["screening_test"], words(["positive"], np.zeros(len(none), np.int8))
    yield "diagnosis", np.minimum(seen["diagnosis"], np.where(seen["diseased"], NEVER, seen["false_diagnosis"])), stage
    yield "ruled_out", seen["ruled_out"], none
    yield "treatment", seen["treatment"], none
    yield "metastasis", seen["metastasis"], site_names(scenario, seen["later_sites"])
    yield "death", seen["death"], none


def _symptom_names(scenario: Scenario, group: Array, symptom: Array) -> Array:
    lists = [parts.symptoms for parts in scenario.words.symptom_groups.values()]
    most = max(map(len, lists))
    names = [name for parts in lists for name in [*parts, *[None] * (most - len(parts))]] + [None] * most
    return words(names, group.astype(np.int64) * most + symptom)
