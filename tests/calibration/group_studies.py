"""Studies of comparisons between groups: tests where nothing differs, and a difference of means."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pandas as pd
from numpy.random import Generator

import firstsign as fs
from firstsign.regression import proportional_hazards

from .curve_studies import DELAYS, mean_until, seen
from .schemes import FAMILIES
from .study import Interval, Study, interval, not_rejected

PEOPLE = 200
_SAME = {"p": 0.0}


def group_studies() -> Iterator[Study]:
    yield from _tests()
    yield from _differences()


def _tests() -> Iterator[Study]:
    log_ranks = {"log_rank": None, "log_rank gehan": "gehan", "log_rank peto": "peto"}
    for scheme in ("uniform_censoring", "delayed_entry", "whole_days"):
        for name, weights in log_ranks.items():
            yield _study(name, scheme, partial(_log_rank, weights=weights), _SAME)
    yield _study("gray_test", "competing_death", _gray, _SAME)
    for scheme in ("uniform_censoring", "delayed_entry"):
        yield _study("proportional_hazards", scheme, _proportional, _SAME)


def _study(
    estimator: str, scheme: str, estimate: Callable[..., Mapping[str, Interval]], truth: Mapping[str, float]
) -> Study:
    see = seen(scheme, PEOPLE)
    return Study(estimator, scheme.replace("_", " "), partial(_grouped, see), estimate, truth, PEOPLE)


def _grouped(see: Callable[[Generator], pd.DataFrame], rng: Generator) -> pd.DataFrame:
    """Three groups of different sizes that do not differ otherwise."""
    return see(rng).assign(route=rng.choice(["gp", "screening", "urgent"], PEOPLE, p=[0.5, 0.3, 0.2]))


def _log_rank(spells: pd.DataFrame, rng: Generator, weights: str | None) -> dict[str, Interval]:
    return {"p": not_rejected(fs.log_rank(spells, "route", weights)["p"].item())}


def _gray(spells: pd.DataFrame, rng: Generator) -> dict[str, Interval]:
    return {"p": not_rejected(fs.gray_test(spells, "route")["p"].item())}


def _proportional(spells: pd.DataFrame, rng: Generator) -> dict[str, Interval]:
    table = proportional_hazards(spells, "route").set_index("term")
    return {"p": not_rejected(float(table.loc["all", "p"]))}


def _differences() -> Iterator[Study]:
    truth = {"mean up to day 60": mean_until(60, FAMILIES["weibull"].delays) - mean_until(60, DELAYS)}
    for scheme in ("uniform_censoring", "delayed_entry"):
        draw = partial(_two_groups, scheme)
        yield Study("restricted_mean_difference", scheme.replace("_", " "), draw, _difference, truth, 2 * PEOPLE)


def _two_groups(scheme: str, rng: Generator) -> pd.DataFrame:
    """Lognormal delays by one route, Weibull by the other."""
    groups = {"gp": DELAYS, "urgent": FAMILIES["weibull"].delays}
    return pd.concat([seen(scheme, PEOPLE, delays)(rng).assign(route=route) for route, delays in groups.items()])


def _difference(spells: pd.DataFrame, rng: Generator) -> dict[str, Interval]:
    row = fs.restricted_mean_difference(spells, 60, "route").iloc[0]
    return {"mean up to day 60": interval(row, "difference")}
