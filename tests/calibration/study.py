"""A study: an estimator under a scheme of observation, and the truth of each number that it gives."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.random import Generator


class Interval(NamedTuple):
    """An estimate with its interval; NaN where the estimator gives none."""

    estimate: float
    low: float
    high: float


class Study(NamedTuple):
    """An estimator under a scheme.

    draw      a cohort of spells, from a Generator
    estimate  its numbers by name; a Generator for those that resample
    truth     of each; a test has the truth "p", and its interval is whether it rejects at 5 %
    people    in a cohort
    cohorts   in the table
    """

    estimator: str
    scheme: str
    draw: Callable[[Generator], pd.DataFrame]
    estimate: Callable[[pd.DataFrame, Generator], Mapping[str, Interval]]
    truth: Mapping[str, float]
    people: int
    cohorts: int = 1000

    @property
    def name(self) -> str:
        return f"{self.estimator}, {self.scheme}"


def interval(row: pd.Series | Mapping[str, float], estimate: str = "estimate") -> Interval:
    """Of a row of an estimator's frame."""
    return Interval(float(row[estimate]), float(row["low"]), float(row["high"]))


def on_day(curve: pd.DataFrame, day: float) -> Interval:
    """Where a curve stands; NaN bounds before its first row and where it has none."""
    before = curve[curve["day"] <= day]
    return interval(before.iloc[-1]) if len(before) else Interval(1.0, np.nan, np.nan)


def not_rejected(p: float) -> Interval:
    """A test of what is true, as an estimate of p that holds its truth, 0, unless p is below 5 %."""
    return Interval(np.nan, 0.0, 0.0) if p >= 0.05 else Interval(np.nan, 1.0, 1.0)
