"""What the simulator's mechanisms are made of: uniform draws turned into times, waits and picks among weighted things.

A mechanism takes (scenario, draw, people) and returns new columns. `draw()` gives one uniform number a person; how many
times it is called never depends on the people or on the scenario's numbers, so that turning one knob leaves every other
draw where it was. Times are whole days since the disease became detectable; a day that never comes is infinite.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from firstsign.scenarios import Scenario
from firstsign.waits import Wait

Array = npt.NDArray[Any]
Draw = Callable[[], npt.NDArray[np.float64]]
People = dict[str, Array]
NEVER = np.inf
DAYS_PER_YEAR = 365.25


def exponential(rank: Array) -> Array:
    """Unit exponential times; never exactly 0, so that a hazard of 0 gives a time that never comes."""
    return -np.log1p(-np.maximum(rank, 1e-300))


def days_until(threshold: Array, rate_per_year: Array | float) -> Array:
    """Days until a constant hazard has added up to the threshold: an exponential time, if the threshold is one."""
    with np.errstate(divide="ignore", over="ignore"):
        return DAYS_PER_YEAR * threshold / np.asarray(rate_per_year)


def days_through_states(threshold: Array, rates_per_year: Sequence[float], entered: Sequence[Array]) -> Array:
    """Days until a hazard that changes with the state has added up to the threshold.

    rates_per_year  the hazard in each state
    entered         the day on which each state after the first is entered, never falling; infinite where it is not
    """
    day, left, begin = np.full(len(threshold), np.nan), threshold, np.zeros(len(threshold))
    for rate, end in zip(rates_per_year, [*entered, np.full(len(threshold), NEVER)], strict=True):
        with np.errstate(invalid="ignore"):  # of people whose day is found already
            candidate = begin + days_until(left, rate)
            day = np.where(np.isnan(day) & (candidate <= end), candidate, day)
            left = np.maximum(left - rate * (end - begin) / DAYS_PER_YEAR, 1e-300)
        begin = end
    return day


def pick(rank: Array, weights: Sequence[float]) -> Array:
    """Which of the weighted things each rank falls on."""
    steps = np.cumsum(weights)
    return np.searchsorted(steps[:-1] / steps[-1], rank, side="right")


def tries(rank: Array, first: Array | float, later: Array | float) -> Array:
    """How many tries it takes: the first succeeds with the chance `first`, each after it with `later`; infinite if none will."""
    with np.errstate(divide="ignore", over="ignore"):
        failed = np.maximum(-np.log((1 - rank) / (1 - first)), 1e-300)
        more = 1 + np.floor(failed / -np.log1p(-later))
    return np.where(rank < first, 1, 1 + more)


def in_all(times: Array, days: Array) -> Array:
    """The days that so many equal waits take together; infinitely many never end, even if each takes 0 days."""
    with np.errstate(invalid="ignore"):
        return np.where(times < NEVER, times * days, NEVER)


def hurried(scenario: Scenario, rank: Array, people: People, who: Array) -> Array:
    """The rank of these people's wait, lower in faster disease: normal scores of wait and pace correlate by minus `urgency`."""
    urgency = scenario["urgency"]
    if urgency == 0:
        return rank
    own = ndtri(np.clip(rank[who], 1e-15, 1 - 1e-15))
    changed = rank.copy()
    changed[who] = ndtr(np.sqrt(1 - urgency**2) * own - urgency * people["pace_score"][who])
    return changed


def wait_by_group(scenario: Scenario, interval: str, group: Array) -> Wait:
    """The wait of each person's group; people without a symptom carry that of the last group, which is not used."""
    waits = [scenario.waits[f"{interval}.{name}"] for name in scenario.words.symptom_groups]
    number = np.minimum(group, len(waits) - 1)
    same_day, mu, sigma = (
        np.array([getattr(wait, part) for wait in waits])[number] for part in ("same_day", "mu", "sigma")
    )
    return Wait(same_day, mu, sigma)


def by_group(scenario: Scenario, name: str, group: Array) -> Array:
    """A parameter's value for each person's group; that of the last group where there is no symptom."""
    values = np.array(scenario.under(name, scenario.words.symptom_groups))
    return values[np.minimum(group, len(values) - 1)]
