"""How people with the disease get into the data: everyone, or only those whom a way of sampling finds, and from when on."""

from collections.abc import Callable

import numpy as np

from firstsign.draws import Array, Draw, People, exponential
from firstsign.scenarios import Scenario

# Conventions, strong enough to be seen in a thousand people; no source gives them.
LATE_SHARE = 0.5  # of people who are registered late
LATE_MEAN_DAYS = 60.0  # after the first sign, exponential

# From (scenario, draw, people): the day from which each of them is observed, and whether they are in the data.
Sampling = Callable[[Scenario, Draw, People], tuple[Array, Array]]


def registered_late(scenario: Scenario, draw: Draw, people: People) -> tuple[Array, Array]:
    """Left truncation: half are watched from the start, half from a day after the first sign, unless diagnosed by then."""
    late, wait = draw() < LATE_SHARE, np.ceil(LATE_MEAN_DAYS * exponential(draw()))
    start = np.where(late, people["sign"] + wait, _start(scenario, people))
    return start, ~late | (_end_of_waiting(scenario, people) > start)


def waiting_on_a_day(scenario: Scenario, draw: Draw, people: People) -> tuple[Array, Array]:
    """Length-biased sampling: those between the first sign and the diagnosis on the middle day of the first signs' calendar."""
    middle = np.floor((scenario["first_sign_from"] + scenario["first_sign_until"]) / 2)
    survey = middle - people["zero"]
    return survey, (people["sign"] <= survey) & (_end_of_waiting(scenario, people) > survey)


def diagnosed_in_time(scenario: Scenario, draw: Draw, people: People) -> tuple[Array, Array]:
    """Right truncation: those with a diagnosis by the day on which the data close."""
    return _start(scenario, people), people["diagnosis"] <= _followed(scenario, people)


SAMPLINGS: dict[str, Sampling] = {
    "left truncation": registered_late,
    "length-biased sampling": waiting_on_a_day,
    "right truncation": diagnosed_in_time,
}


def sampled(scenario: Scenario, draw: Draw, people: People) -> People:
    """The people who are found by every way of sampling that the scenario has, with `observed_from` added."""
    start, kept = _start(scenario, people), np.ones(len(people["life"]), bool)
    for name in scenario.sampling:
        begins, found = SAMPLINGS[name](scenario, draw, people)
        start, kept = np.maximum(start, begins), kept & found
    return {name: values[kept] for name, values in (people | {"observed_from": start}).items()}


def _start(scenario: Scenario, people: People) -> Array:
    return scenario["first_sign_from"] - people["zero"]


def _followed(scenario: Scenario, people: People) -> Array:
    return np.minimum(people["lost"], scenario["observed_until"] - people["zero"])


def _end_of_waiting(scenario: Scenario, people: People) -> Array:
    return np.minimum(np.minimum(people["diagnosis"], people["death"]), _followed(scenario, people))
