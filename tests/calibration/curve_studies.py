"""Studies of curves that assume no family: Kaplan-Meier and its kin, and what is read from them."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

import firstsign as fs

from . import schemes
from .schemes import FAMILIES, LONGEST
from .study import Interval, Study, interval, on_day

DELAYS = FAMILIES["lognormal"].delays
DAYS = (14, 62)
PEOPLE = 200
BANDS = ("log-log", "log", "plain", "arcsine-sqrt", "logit")
_REPLICATES = {"replicates": 200}
_RESAMPLED = 400  # cohorts, where each is resampled
FROM_START = ("uniform_censoring", "administrative_censoring", "delayed_entry", "entry_and_censoring")
Truth = Mapping[str, float]


def seen(scheme: str, people: int = PEOPLE, delays: Any = DELAYS) -> Callable[[Generator], pd.DataFrame]:
    return lambda rng: getattr(schemes, scheme)(delays, people, rng)


def curve_studies() -> Iterator[Study]:
    yield from _curves()
    yield from _causes()
    yield from _truncated()
    yield from _summaries()
    yield from _turnbull()
    yield from _bootstrap()


def _study(
    estimator: str, scheme: str, estimate: Callable[..., Mapping[str, Interval]], truth: Truth, **others: Any
) -> Study:
    people = others.pop("people", PEOPLE)
    return Study(estimator, scheme.replace("_", " "), seen(scheme, people), estimate, truth, people, **others)


def shares(waiting: Callable[[float], float], days: tuple[int, ...] = DAYS) -> dict[str, float]:
    return {f"waiting after day {day}": float(waiting(day)) for day in days}


def _read(curve: pd.DataFrame, days: tuple[int, ...] = DAYS) -> dict[str, Interval]:
    return {f"waiting after day {day}": on_day(curve, day) for day in days}


def _curves() -> Iterator[Study]:
    days = (2, 8)
    for band in BANDS:
        for scheme in ("complete", *FROM_START, "bands"):
            yield _study(f"kaplan_meier {band}", scheme, partial(_kaplan_meier, band=band), shares(DELAYS.sf))
        of_ties = shares(lambda day: DELAYS.sf(5 * (day + 1)), days)
        yield _study(f"kaplan_meier {band}", "whole_days", partial(_kaplan_meier, band=band, days=days), of_ties)
    hazard = {f"hazard to day {day}": float(-DELAYS.logsf(day)) for day in DAYS}
    for band in ("log", "plain"):
        for scheme in ("complete", *FROM_START):
            yield _study(f"nelson_aalen {band}", scheme, partial(_nelson_aalen, band=band), hazard)


def _kaplan_meier(spells: pd.DataFrame, rng: Generator, band: str, days: tuple[int, ...] = DAYS) -> dict[str, Interval]:
    return _read(fs.kaplan_meier(spells, band=band), days)


def _nelson_aalen(spells: pd.DataFrame, rng: Generator, band: str) -> dict[str, Interval]:
    curve = fs.nelson_aalen(spells, band=band)
    return {f"hazard to day {day}": on_day(curve, day) for day in DAYS}


def _causes() -> Iterator[Study]:
    truth = {f"diagnosed by day {day}": schemes.incidence(DELAYS, day) for day in DAYS}
    for band in BANDS:
        for scheme in ("competing_death", "competing_death_and_entry"):
            yield _study(f"cumulative_incidence {band}", scheme, partial(_incidence, band=band), truth)
    cause_specific = {"waiting after day 62": float(DELAYS.sf(62))}
    yield _study("kaplan_meier log-log", "competing_death", _cause_specific, cause_specific)


def _incidence(spells: pd.DataFrame, rng: Generator, band: str) -> dict[str, Interval]:
    curve = fs.cumulative_incidence(spells, band=band).query("cause == 'diagnosis'")
    return {f"diagnosed by day {day}": on_day(curve, day) for day in DAYS}


def _cause_specific(spells: pd.DataFrame, rng: Generator) -> dict[str, Interval]:
    return _read(fs.kaplan_meier(spells, event="diagnosis"), (62,))


def _within(day: float) -> float:
    """The share waiting after a day, of those who end within the largest limit."""
    return float(1 - DELAYS.cdf(day) / DELAYS.cdf(LONGEST))


def _truncated() -> Iterator[Study]:
    for band in BANDS:
        estimate = partial(_right_truncated, band=band)
        yield _study(f"right_truncated {band}", "right_truncation", estimate, shares(_within))


def _right_truncated(spells: pd.DataFrame, rng: Generator, band: str) -> dict[str, Interval]:
    return _read(fs.right_truncated(spells, band=band))


def _summaries() -> Iterator[Study]:
    days = {"median": float(DELAYS.ppf(0.5)), "75th centile": float(DELAYS.ppf(0.75))}
    mean = {"mean up to day 60": mean_until(60, DELAYS)}
    longer = {f"longer than {day} days": float(DELAYS.sf(day)) for day in DAYS}
    for scheme in ("complete", *FROM_START):
        yield _study("quantiles", scheme, _quantiles, days)
        yield _study("restricted_mean", scheme, _restricted_mean, mean)
        yield _study("share_longer_than", scheme, _share_longer_than, longer)
    yield _study("share_longer_than", "bands", _share_longer_than, longer)


def mean_until(day: float, delays: Any) -> float:
    days = np.linspace(0, day, 20001)
    return float(np.trapezoid(delays.sf(days), days))


def _quantiles(spells: pd.DataFrame, rng: Generator) -> dict[str, Interval]:
    frame = fs.quantiles(spells, [0.5, 0.75])
    frame["high"] = frame["high"].fillna(np.inf)  # not reached: later than any day
    return {name: interval(frame.iloc[i], "days") for i, name in enumerate(("median", "75th centile"))}


def _restricted_mean(spells: pd.DataFrame, rng: Generator) -> dict[str, Interval]:
    return {"mean up to day 60": interval(fs.restricted_mean(spells, 60).iloc[0], "mean_days")}


def _share_longer_than(spells: pd.DataFrame, rng: Generator) -> dict[str, Interval]:
    frame = fs.share_longer_than(spells, DAYS)
    return {f"longer than {day} days": interval(frame.iloc[i], "share") for i, day in enumerate(DAYS)}


def _turnbull() -> Iterator[Study]:
    """With fewer people where all bands differ, which is slow; where ends are known it is an estimator studied above."""
    days = (14, 63)
    estimate = partial(_of_turnbull, days=days)
    yield _study("turnbull", "visits", estimate, shares(DELAYS.sf, days), people=100, cohorts=_RESAMPLED)
    yield _study("turnbull", "bands", _of_turnbull, shares(DELAYS.sf), cohorts=_RESAMPLED)
    yield _study("turnbull", "entry_and_limit", _of_turnbull, shares(_within), people=100, cohorts=_RESAMPLED)


def _of_turnbull(spells: pd.DataFrame, rng: Generator, days: tuple[int, ...] = DAYS) -> dict[str, Interval]:
    return _read(fs.turnbull(spells, bootstrap=200, seed=rng), days)


def _bootstrap() -> Iterator[Study]:
    median, mean = {"median": float(DELAYS.ppf(0.5))}, {"mean up to day 60": mean_until(60, DELAYS)}
    yield _study("bootstrap of quantiles", "uniform_censoring", _of_quantiles, median, cohorts=_RESAMPLED)
    yield _study("bootstrap of restricted_mean", "delayed_entry", _of_means, mean, cohorts=_RESAMPLED)


def _of_quantiles(spells: pd.DataFrame, rng: Generator) -> dict[str, Interval]:
    frame = fs.bootstrap(spells, fs.quantiles, seed=rng, q=0.5, **_REPLICATES)
    return {"median": interval(frame.iloc[0], "days")}


def _of_means(spells: pd.DataFrame, rng: Generator) -> dict[str, Interval]:
    frame = fs.bootstrap(spells, fs.restricted_mean, seed=rng, until=60, **_REPLICATES)
    return {"mean up to day 60": interval(frame.iloc[0], "mean_days")}
