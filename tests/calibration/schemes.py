"""Schemes of observation: what can be seen of true delays. Delays come from scipy, so nothing here leans on what is tested."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.random import Generator
from scipy.integrate import quad
from scipy.stats import expon, fisk, gamma, gengamma, lognorm, weibull_min

import firstsign as fs

Delays = Any  # a frozen distribution of scipy.stats
INF = np.inf
GROWTH = 0.05  # a day: onsets inside a month
COHORT_GROWTH = 0.01  # a day: doubling in ten weeks
NEVER = 0.2
LONGEST = 180.0  # the largest limit, which half of the truncated people have


class Known(NamedTuple):
    """A delay distribution, under the names of the parameters that `fit_delay` gives it."""

    params: dict[str, float]
    delays: Delays


FAMILIES = {
    "exponential": Known({"scale": 40.0}, expon(scale=40)),
    "weibull": Known({"shape": 1.3, "scale": 40.0}, weibull_min(1.3, scale=40)),
    "lognormal": Known({"mu": 3.3, "sigma": 0.9}, lognorm(0.9, scale=np.exp(3.3))),
    "loglogistic": Known({"shape": 2.0, "scale": 27.0}, fisk(2, scale=27)),
    "gamma": Known({"shape": 1.5, "scale": 25.0}, gamma(1.5, scale=25)),
    # Prentice's: exp(mu) (q^2 W)^(sigma / q), W gamma with shape 1 / q^2
    "generalized_gamma": Known(
        {"mu": 3.5, "sigma": 0.8, "q": 0.6}, gengamma(0.6**-2, 0.6 / 0.8, scale=np.exp(3.5) * 0.6 ** (2 * 0.8 / 0.6))
    ),
}


def exact(days: np.ndarray, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"lower": days, "upper": days, **columns})


def censored(days: np.ndarray, leaves: np.ndarray | float, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"lower": np.minimum(days, leaves), "upper": np.where(days <= leaves, days, INF), **columns})


def complete(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """Every delay to its end."""
    return exact(delays.rvs(people, random_state=rng))


def uniform_censoring(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """People leave on any day from the 20th to the 140th."""
    return censored(delays.rvs(people, random_state=rng), rng.uniform(20, 140, people))


def administrative_censoring(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """Everybody is followed for 70 days."""
    return censored(delays.rvs(people, random_state=rng), 70.0)


def delayed_entry(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """Half come under observation on any day up to the 30th, if they have not ended."""
    days, entry = delays.rvs(4 * people, random_state=rng), _entries(4 * people, rng)
    kept = np.flatnonzero(days > entry)[:people]
    return exact(days[kept], entry=entry[kept])


def entry_and_censoring(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """Both: late entry, and leaving 20 to 140 days after time zero."""
    days, entry = delays.rvs(4 * people, random_state=rng), _entries(4 * people, rng)
    leaves = np.maximum(rng.uniform(20, 140, 4 * people), entry + 1)
    kept = np.flatnonzero(days > entry)[:people]
    return censored(days[kept], leaves[kept], entry=entry[kept])


def right_truncation(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """In the data because they ended: half within 180 days, half within a limit from 20 to 180 days."""
    days, limit = delays.rvs(4 * people, random_state=rng), _limits(4 * people, rng)
    kept = np.flatnonzero(days <= limit)[:people]
    return exact(days[kept], limit=limit[kept])


def entry_and_limit(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """Late entry and right truncation."""
    days, entry, limit = (f(8 * people, rng) for f in (_drawn(delays), _entries, _limits))
    kept = np.flatnonzero((days > entry) & (days <= limit))[:people]
    return exact(days[kept], entry=entry[kept], limit=limit[kept])


def _drawn(delays: Delays) -> Callable[[int, Generator], np.ndarray]:
    return lambda count, rng: delays.rvs(count, random_state=rng)


def _entries(count: int, rng: Generator) -> np.ndarray:
    return np.where(rng.random(count) < 0.5, rng.uniform(0, 30, count), 0.0)


def _limits(count: int, rng: Generator) -> np.ndarray:
    return np.where(rng.random(count) < 0.5, rng.uniform(20, LONGEST, count), LONGEST)


def visits(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """Looked at ten times, 7 to 21 days apart, on any moment of the day."""
    return _between(delays.rvs(people, random_state=rng), np.cumsum(rng.uniform(7, 21, (people, 10)), axis=1))


def weekly_visits(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """Looked at on the same day of each of 18 weeks; every second visit is missed, so that bands overlap."""
    weeks = np.where(rng.random((people, 18)) < 0.5, 7.0 * np.arange(1, 19), 0.0)
    return _between(delays.rvs(people, random_state=rng), np.sort(weeks, axis=1))


def _between(days: np.ndarray, looked: np.ndarray) -> pd.DataFrame:
    """The last look before the end (0 if there is none) and the first after it, from looks in order, shape (people, looks)."""
    before = np.where(looked < days[:, None], looked, 0.0).max(axis=1)
    after = np.where(looked >= days[:, None], looked, INF).min(axis=1)
    return pd.DataFrame({"lower": before, "upper": after})


EDGES = np.array([0, 14, 28, 42, 62, 104, INF])


def bands(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """A printed table: up to 14 days, 15-28, 29-42, 43-62, 63-104, more."""
    place = np.searchsorted(EDGES, delays.rvs(people, random_state=rng))
    return pd.DataFrame({"lower": EDGES[place - 1], "upper": EDGES[place]})


def months(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """A first symptom in a month, a diagnosis on a day."""
    return _to_the_day(rng.uniform(0, 30, people) + delays.rvs(people, random_state=rng), window=30.0)


def months_and_limit(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """The same of people who are in the data because they were diagnosed, within 40 to 180 days of the month's start."""
    since = rng.uniform(0, 30, 8 * people) + delays.rvs(8 * people, random_state=rng)
    limit = np.where(rng.random(8 * people) < 0.5, np.floor(rng.uniform(40, LONGEST, 8 * people)), LONGEST)
    kept = np.flatnonzero(np.floor(since) + 1 <= limit)[:people]
    return _to_the_day(since[kept], window=30.0, limit=limit[kept])


def growing_months(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """Months in which onsets grow by 5 % a day."""
    onset = np.log1p(rng.random(people) * np.expm1(30 * GROWTH)) / GROWTH
    return _to_the_day(onset + delays.rvs(people, random_state=rng), window=30.0)


def growing_incidence(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """People met on the day of their diagnosis, while onsets grow by 1 % a day: long delays are still to come."""
    days = delays.rvs(8 * people, random_state=rng)
    return exact(days[rng.random(len(days)) < np.exp(-COHORT_GROWTH * days)][:people])


def never_diagnosed(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """A fifth are never diagnosed; all leave 150 to 300 days after time zero."""
    days = np.where(rng.random(people) < NEVER, INF, delays.rvs(people, random_state=rng))
    return censored(days, rng.uniform(150, 300, people))


def whole_days(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """Short delays counted in whole days, with ties and zeros: a fifth of the true ones."""
    return censored(np.floor(delays.rvs(people, random_state=rng) / 5), np.floor(rng.uniform(5, 28, people)))


def _to_the_day(since: np.ndarray, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"lower": np.floor(since), "upper": np.floor(since) + 1, **columns})


def dates(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """Two dates a person, through `spells(..., whole_days=True)`."""
    return fs.spells(_cohort(delays, people, rng)[0], "patient", whole_days=True)


def recalled(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """The same, two thirds recalling whole weeks, up to eight, and then whole months, through `widen_recalled`."""
    cohort, days = _cohort(delays, people, rng)
    weeks, months = np.floor(days / 7 + 0.5), np.floor(days / 30 + 0.5)
    rounded = np.where(weeks <= 8, np.where(weeks >= 1, 7 * weeks, days), np.where(months <= 11, 30 * months, days))
    told = np.where(rng.integers(3, size=people) > 0, rounded, days)
    onset = cohort["first_presentation_earliest"] - pd.to_timedelta(told, unit="D")
    cohort = cohort.assign(first_symptom_earliest=onset, first_symptom_latest=onset)
    return fs.spells(fs.widen_recalled(cohort), "patient", whole_days=True)


def _cohort(delays: Delays, people: int, rng: Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """First symptoms over a year, each at some moment of its day, the first presentation a delay later; and its days."""
    onset = rng.uniform(0, 365, people)
    presented = np.floor(onset + delays.rvs(people, random_state=rng))
    columns = {}
    for milestone, day in (("first_symptom", np.floor(onset)), ("first_presentation", presented)):
        date = pd.Timestamp("2020-01-01") + pd.to_timedelta(day, unit="D")
        columns |= {f"{milestone}_earliest": date, f"{milestone}_latest": date}
    return pd.DataFrame({"person": np.arange(people), **columns}), presented - np.floor(onset)


DEATH = expon(scale=60)


def competing_death(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """Death may come before the diagnosis, after 60 days on average; people leave 20 to 140 days after time zero."""
    return _competing(delays, people, rng, np.zeros(4 * people))


def competing_death_and_entry(delays: Delays, people: int, rng: Generator) -> pd.DataFrame:
    """The same, half coming under observation late."""
    return _competing(delays, people, rng, _entries(4 * people, rng))


def _competing(delays: Delays, people: int, rng: Generator, entry: np.ndarray) -> pd.DataFrame:
    diagnosis, death = (one.rvs(len(entry), random_state=rng) for one in (delays, DEATH))
    days, leaves = np.minimum(diagnosis, death), np.maximum(rng.uniform(20, 140, len(entry)), entry + 1)
    cause = np.select([days > leaves, diagnosis <= death], ["censored", "diagnosis"], "death")
    kept = np.flatnonzero(days > entry)[:people]
    return censored(days[kept], leaves[kept], entry=entry[kept], cause=cause[kept])


def incidence(delays: Delays, day: float) -> float:
    """The share diagnosed by a day when death competes."""
    return float(quad(lambda u: delays.pdf(u) * DEATH.sf(u), 0, day)[0])
