"""One mechanism after another on many people at once, and how far what comes out is from what must come out."""

from dataclasses import replace

import numpy as np
from scipy.special import ndtr, ndtri

from firstsign.scenarios import load_scenario
from firstsign.waits import solve_wait

SIZE = 100_000
YEAR = 365.25
ENGLAND = load_scenario("england", {})
GROUPS = list(ENGLAND.words.symptom_groups)
LUMP = GROUPS.index("breast lump")
NO_GROWTH = {"growth_per_year": {"1": 0, "2": 0, "3": 0}}
NO_SEEDING = {"seeding_per_year": {"1": 0, "2": 0, "3": 0, "4": 0}}


def england(*changes, waits=None, **more):
    """England with these parameters changed.

    waits  intervals to (same day, median, 90th centile), for every group of symptoms alike, whichever percentiles the file has
    """
    scenario = load_scenario("england", {key: value for change in (*changes, more) for key, value in change.items()})
    changed = {
        name: solve_wait(same_day, {0.5: p50, 0.9: p90})
        for interval, (same_day, p50, p90) in (waits or {}).items()
        for name in scenario.waits
        if name == interval or name.startswith(f"{interval}.")
    }
    return replace(scenario, waits=scenario.waits | changed)


def stretched(scenario, *intervals, times=5):
    """The same scenario in which everybody waits so many times as long."""
    changed = {
        name: replace(wait, mu=wait.mu + np.log(times))
        for name, wait in scenario.waits.items()
        if name.startswith(intervals)
    }
    return replace(scenario, waits=scenario.waits | changed)


def steady_symptoms(*rates, metastatic=0):
    """Each group's symptoms at a rate a year that is the same in every local extent."""
    return {
        "symptom_per_year": {
            group: {**{extent: rate for extent in "1234"}, "metastatic": metastatic}
            for group, rate in zip(GROUPS, rates, strict=True)
        }
    }


def every_group(value):
    """The same for each group of symptoms."""
    return dict.fromkeys(GROUPS, value)


def every_stage(value):
    return dict.fromkeys("1234", value)


def run(scenario, *mechanisms, seed=1, size=SIZE, **given):
    """The people after these mechanisms, starting from the given columns (one value for all, or one each)."""
    rng = np.random.default_rng(seed)
    people = {
        name: np.full(size, values) if np.isscalar(values) else np.asarray(values) for name, values in given.items()
    }
    for mechanism in mechanisms:
        people |= mechanism(scenario, lambda: rng.random(size), people)
    return people


def even(mechanism, scenario, size=SIZE, **given):
    """The same with even ranks in place of random ones, for a mechanism in which only one draw matters."""
    people = {
        name: np.full(size, values) if np.isscalar(values) else np.asarray(values) for name, values in given.items()
    }
    return mechanism(scenario, lambda: (np.arange(size) + 0.5) / size, people)


def close(share, expected, n=SIZE):
    """Within four binomial standard errors."""
    return abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / n) + 1e-12


def follows(days, distribution):
    """Whether the share at or below each whole day is the distribution's: Kolmogorov and Smirnov, 1 in 8,000 fail by chance.

    distribution  whole days to P(days <= it); days that never come are infinite
    """
    ordered = np.sort(days)
    whole = np.arange(ordered[0] - 1, min(ordered[np.isfinite(ordered)][-1], ordered[0] + 40_000) + 1)
    found = np.searchsorted(ordered, whole, side="right") / len(ordered)
    return np.abs(found - distribution(whole)).max() <= 2.2 / np.sqrt(len(ordered))


def exponential(rate_per_year):
    """Whole days begun before an exponential time is over."""
    return lambda days: -np.expm1(-rate_per_year * np.maximum(days, 0) / YEAR)


def lognormal(same_day, shorter, longer, ranks=(0.5, 0.9)):
    """Whole days of a wait with these two percentiles, a share of it 0 days: P(days <= d), by its formula."""
    low, high = (ndtri((rank - same_day) / (1 - same_day)) for rank in ranks)
    sigma = np.log(longer / shorter) / (high - low)

    def distribution(days):
        days = np.asarray(days, float)
        score = np.log(np.where(days > 0, days, 1) / shorter) / sigma + low
        return np.where(days < 0, 0, same_day + (1 - same_day) * np.where(days > 0, ndtr(score), 0))

    return distribution
