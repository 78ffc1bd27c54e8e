"""Studies of regression: what goes with longer delays, how much, and how surely."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
import pandas as pd
from numpy.random import Generator
from scipy.stats import norm

import firstsign as fs
from firstsign.quantile_regressions import quantile_regression
from firstsign.regression import aft, cox
from firstsign.subdistribution import fine_gray

from .schemes import censored, exact
from .study import Interval, Study, interval

PEOPLE = 300
SEX, AGE = "sex[T.M]", "age"
QUANTILES = (0.5, 0.75)
EFFECTS = {SEX: 0.5, AGE: -0.3}  # age in decades from 50


def effect_studies() -> Iterator[Study]:
    yield from _hazards()
    yield from _locations()
    yield from _subdistributions()
    yield from _quantiles()


def _people(count: int, rng: Generator) -> pd.DataFrame:
    return pd.DataFrame({"sex": np.where(rng.random(count) < 0.4, "M", "F"), "age": rng.normal(0, 1, count)})


def _predictor(people: pd.DataFrame, effects: Mapping[str, float] = EFFECTS) -> np.ndarray:
    return effects[SEX] * (people["sex"] == "M").to_numpy(float) + effects[AGE] * people["age"].to_numpy()


def _terms(frame: pd.DataFrame) -> dict[str, Interval]:
    return {str(row["term"]): interval(row) for _, row in frame.iterrows()}


# What is seen of days, whose people are given: as in schemes.
Seen = Callable[[np.ndarray, Generator], pd.DataFrame]


def _all(days: np.ndarray, rng: Generator) -> pd.DataFrame:
    return exact(days)


def _some_leave(days: np.ndarray, rng: Generator) -> pd.DataFrame:
    return censored(days, rng.uniform(20, 140, len(days)))


def _some_enter_late(days: np.ndarray, rng: Generator) -> pd.DataFrame:
    entry = np.where(rng.random(len(days)) < 0.5, rng.uniform(0, 30, len(days)), 0.0)
    return censored(days, np.maximum(rng.uniform(20, 140, len(days)), entry + 1), entry=entry)[days > entry]


def _to_whole_days(days: np.ndarray, rng: Generator) -> pd.DataFrame:
    return censored(np.floor(days / 5), np.floor(rng.uniform(4, 28, len(days))))


def _by_visits(days: np.ndarray, rng: Generator) -> pd.DataFrame:
    week = 7 * np.floor(days / 7)
    return pd.DataFrame({"lower": week, "upper": week + 7})


SEEN: dict[str, Seen] = {
    "complete": _all,
    "uniform censoring": _some_leave,
    "delayed entry and censoring": _some_enter_late,
    "whole days": _to_whole_days,
    "weeks": _by_visits,
}


def _draw(
    days: Callable[[pd.DataFrame, Generator], np.ndarray], scheme: str, rng: Generator, people: int = PEOPLE
) -> pd.DataFrame:
    known = _people(2 * people, rng)
    return SEEN[scheme](days(known, rng), rng).join(known).iloc[:people]


def _hazards() -> Iterator[Study]:
    for ties in ("efron", "breslow"):
        for scheme in ("uniform censoring", "delayed entry and censoring", "whole days"):
            draw, estimate = partial(_draw, _proportional, scheme), partial(_cox, ties=ties)
            yield Study(f"cox {ties}", scheme, draw, estimate, EFFECTS, PEOPLE)


def _proportional(people: pd.DataFrame, rng: Generator) -> np.ndarray:
    """Weibull delays with proportional hazards."""
    return 40 * (rng.exponential(size=len(people)) / np.exp(_predictor(people))) ** (1 / 1.3)


def _cox(spells: pd.DataFrame, rng: Generator, ties: str) -> dict[str, Interval]:
    return _terms(cox(spells, "sex + age", ties=ties))


def _locations() -> Iterator[Study]:
    errors = {
        "weibull": lambda rng, n: np.log(rng.exponential(size=n)) / 1.3,
        "lognormal": lambda rng, n: 0.9 * rng.normal(size=n),
    }
    truth = {"Intercept": 3.5, **EFFECTS}
    for family, error in errors.items():
        for scheme in ("complete", "weeks"):
            draw = partial(_draw, partial(_accelerated, error), scheme)
            yield Study(f"aft {family}", scheme, draw, partial(_aft, family=family), truth, PEOPLE)
    spread = {**truth, "log sigma: Intercept": float(np.log(0.9)), f"log sigma: {SEX}": 0.3}
    for scheme in ("uniform censoring", "delayed entry and censoring", "weeks"):
        draw = partial(_draw, _unlike, scheme)
        yield Study("fit_delay lognormal, location and scale", scheme, draw, _spread, spread, PEOPLE)


def _accelerated(error: Callable[[Generator, int], np.ndarray], people: pd.DataFrame, rng: Generator) -> np.ndarray:
    return np.exp(3.5 + _predictor(people) + error(rng, len(people)))


def _unlike(people: pd.DataFrame, rng: Generator) -> np.ndarray:
    """Lognormal delays, less alike in men."""
    sigma = 0.9 * np.exp(0.3 * (people["sex"] == "M"))
    return np.exp(3.5 + _predictor(people) + sigma * rng.normal(size=len(people))).to_numpy()


def _aft(spells: pd.DataFrame, rng: Generator, family: str) -> dict[str, Interval]:
    return _terms(aft(spells, "sex + age", family))


def _spread(spells: pd.DataFrame, rng: Generator) -> dict[str, Interval]:
    summary = fs.fit_delay(spells, "lognormal", formula="sex + age", scale_formula="sex").summary
    return _terms(summary.rename(columns={"parameter": "term"}))


def _subdistributions() -> Iterator[Study]:
    for scheme, leave in {"complete": np.inf, "uniform censoring": 140.0}.items():
        yield Study("fine_gray", scheme, partial(_two_causes, leave), _fine_gray, EFFECTS, PEOPLE)


def _two_causes(leave: float, rng: Generator) -> pd.DataFrame:
    """Fine & Gray's own simulation: 60 % of the reference are ever diagnosed, as 1 - (1 - 0.6 (1 - exp(-t / 30)))."""
    people = _people(PEOPLE, rng)
    ratio = np.exp(_predictor(people))
    share = rng.random(PEOPLE)
    diagnosed = share < 1 - 0.4**ratio
    unmet = np.where(diagnosed, (1 - share) ** (1 / ratio), 0.5)
    days = np.where(diagnosed, -30 * np.log1p(-(1 - unmet) / 0.6), rng.exponential(60, PEOPLE) * ratio)
    leaves = rng.uniform(20, leave, PEOPLE) if np.isfinite(leave) else np.full(PEOPLE, np.inf)
    cause = np.select([days > leaves, diagnosed], ["censored", "diagnosis"], "death")
    return censored(days, leaves, cause=cause, **people)


def _fine_gray(spells: pd.DataFrame, rng: Generator) -> dict[str, Interval]:
    return _terms(fine_gray(spells, "sex + age"))


def _quantiles() -> Iterator[Study]:
    by_sex, by_both = {"Intercept": 20, SEX: 10}, {"Intercept": 40, SEX: 10, AGE: 5}
    yield _quantile_study("sex", "complete", by_sex)
    yield _quantile_study("sex + age", "complete", by_both)
    yield _quantile_study("sex", "complete", by_sex, resampled=True)
    yield _quantile_study("sex", "uniform censoring", by_sex, resampled=True)


def _quantile_study(formula: str, scheme: str, effects: Mapping[str, float], resampled: bool = False) -> Study:
    truth = {_at(name, q): float(days * np.exp(0.9 * norm.ppf(q))) for q in QUANTILES for name, days in effects.items()}
    estimate = partial(_quantile, formula=formula, resampled=resampled)
    people = 500 if resampled else PEOPLE
    draw = partial(_draw, partial(_additive, effects), scheme, people=people)
    name = f"quantile_regression {formula}{'' if resampled else ' kernel'}"
    return Study(name, scheme, draw, estimate, truth, people)


def _at(term: str, q: float) -> str:
    return f"{term}, q={q:g}"


def _additive(effects: Mapping[str, float], people: pd.DataFrame, rng: Generator) -> np.ndarray:
    """Lognormal delays whose quantiles are all sums of effects in days."""
    age = people["age"].clip(-3, 3) * effects.get(AGE, 0)
    middle = effects["Intercept"] + effects[SEX] * (people["sex"] == "M") + age
    return (middle * np.exp(0.9 * rng.normal(size=len(people)))).to_numpy()


def _quantile(spells: pd.DataFrame, rng: Generator, formula: str, resampled: bool) -> dict[str, Interval]:
    frame = quantile_regression(spells, formula, QUANTILES, seed=rng if resampled else None)
    return {_at(row["term"], row["q"]): interval(row) for _, row in frame.iterrows()}
