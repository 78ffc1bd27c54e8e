"""Studies of `fit_delay`: parameters, median and 90th centile of each family under each scheme."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd
from numpy.random import Generator

import firstsign as fs

from .curve_studies import seen
from .schemes import COHORT_GROWTH, FAMILIES, GROWTH, NEVER
from .study import Interval, Study, interval

# What else `fit_delay` has to know under a scheme.
SCHEMES: dict[str, dict[str, Any]] = {
    "complete": {},
    "uniform_censoring": {},
    "administrative_censoring": {},
    "delayed_entry": {},
    "entry_and_censoring": {},
    "right_truncation": {},
    "entry_and_limit": {},
    "visits": {},
    "weekly_visits": {},
    "bands": {},
    "months": {},
    "months_and_limit": {},
    "growing_months": {"growth": GROWTH},
    "growing_incidence": {"cohort_growth": COHORT_GROWTH},
    "never_diagnosed": {"never_diagnosed": True},
    "dates": {},
    "recalled": {},
    "competing_death": {"event": "diagnosis"},
}
# One family under every scheme; all six where nothing, or little, is hidden, for the schemes do not know the family.
_FAMILIES: dict[str, Iterable[str]] = dict.fromkeys(("complete", "uniform_censoring"), FAMILIES)
_QUANTILES = {"median": 0.5, "90th centile": 0.9}


def delay_studies() -> Iterator[Study]:
    for scheme, given in SCHEMES.items():
        for family in _FAMILIES.get(scheme, ("lognormal",)):
            yield _study(family, scheme, given)
    yield _profile("weibull", "uniform_censoring", people=60)


def _study(family: str, scheme: str, given: Mapping[str, Any]) -> Study:
    people = 500 if family == "generalized_gamma" else 300
    known = FAMILIES[family]
    truth = {**known.params, **{name: float(known.delays.ppf(q)) for name, q in _QUANTILES.items()}}
    if scheme == "never_diagnosed":
        truth = {**known.params, "never_diagnosed": NEVER}
    draw, estimate = seen(scheme, people, known.delays), partial(_fitted, family=family, truth=truth, given=given)
    return Study(f"fit_delay {family}", scheme.replace("_", " "), draw, estimate, truth, people)


def _fitted(
    spells: pd.DataFrame, rng: Generator, family: str, truth: Mapping[str, float], given: Mapping[str, Any]
) -> dict[str, Interval]:
    fit = fs.fit_delay(spells, family, **given)
    found = {str(row["parameter"]): interval(row) for _, row in fit.summary.iterrows()}
    if "median" in truth:
        asked = fit.quantiles(list(_QUANTILES.values()))
        found |= {name: interval(asked.iloc[i], "days") for i, name in enumerate(_QUANTILES)}
    return found


def _profile(family: str, scheme: str, people: int) -> Study:
    known = FAMILIES[family]
    draw = seen(scheme, people, known.delays)
    estimate = partial(_profiled, family=family)
    return Study(f"fit_delay {family} profile", scheme.replace("_", " "), draw, estimate, known.params, people)


def _profiled(spells: pd.DataFrame, rng: Generator, family: str) -> dict[str, Interval]:
    frame = fs.fit_delay(spells, family).profile()
    return {str(row["parameter"]): interval(row) for _, row in frame.iterrows()}
