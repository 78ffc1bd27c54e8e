"""How exactly a published figure is known: from its counts, its sample, its printed interval or its last digit."""

from decimal import Decimal
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from .shares import wilson
from .target_measures import Measured, Z, order_statistic

# What the interval of a published figure is, as the table says it.
WILSON = "95 %, Wilson"
ROUNDED = "95 %, Wilson, over all counts that round to it"
QUANTILE = "95 % for a sample quantile, under the simulated distribution"
MEAN = "95 % for a sample mean, under the simulated spread"
PRINTED = "as published"
ROUNDING = "half a unit of the last digit"
RANGE = "range published"
EXACT = "exact"


class Known(NamedTuple):
    """A published figure: its value (NaN for a mere range), its interval, what that is, and the people behind it."""

    value: float
    low: float
    high: float
    basis: str
    n: int | None


def from_counts(x: int, n: int) -> Known:
    """A share published as x of n."""
    return Known(x / n, *wilson(x, n), WILSON, n)


def from_rounded_share(percent: str, n: int) -> Known:
    """A share of n people printed in per cent: the Wilson intervals of all the counts that it can stand for, joined.

    "1" of 2,316 is any count from 12 to 34: 0.0030 to 0.0204. Where no count rounds to it, as when n is a guess, the
    nearest count does.
    """
    value, half = float(percent) / 100, half_a_unit(percent) / 100
    nearest = round(value * n)
    least = min(nearest, max(0, ceil(n * (value - half) - 1e-9)))
    most = max(nearest, min(n, floor(n * (value + half) + 1e-9)))
    return Known(value, wilson(least, n)[0], wilson(most, n)[1], ROUNDED, n)


def from_sample_quantile(value: float, n: int, q: float, measured: Measured, rounding: float = 0.0) -> Known:
    """A quantile of n people: the values of the simulated quantile with which it can be reconciled.

    A publication that prints a quantile without an interval says nothing of how densely people lie around it; the
    simulated people do. In 95 % of samples of n of them the sample's quantile lies between two of their quantiles, lower
    and upper (`order_statistic`). Laid around the published value, these distances are its interval:

        low = value - (upper - simulated),    high = value + (simulated - lower)

    The simulated quantile lies in it exactly if the published one lies from lower to upper, where 95 % of samples of n
    would have it. Whole days, and many people on one day, do no harm to that.

    rounding  half a unit of the printed value, where it is rounded more than what it is a quantile of
    """
    if measured.quantile is None or not measured.n:
        return Known(value, value - rounding, value + rounding, ROUNDING, n)
    lower, upper = np.nan_to_num(measured.quantile(order_statistic(q, n)), nan=np.inf)
    low, high = value - (upper - measured.value) - rounding, value + (measured.value - lower) + rounding
    return Known(value, max(0.0, float(low)), float(high), QUANTILE, n)


def from_sample_mean(value: float, n: int, measured: Measured, rounding: float) -> Known:
    """A mean of n people, with the simulated standard deviation where none is printed."""
    half = Z * (measured.spread or 0.0) / n**0.5 + rounding
    return Known(value, max(0.0, value - half), value + half, MEAN, n)


def half_a_unit(printed: str) -> float:
    """Half a unit of the last digit of a printed number: 0.5 for "83", 0.05 for "26.0"."""
    exponent = Decimal(printed).as_tuple().exponent
    return float(Decimal(5).scaleb(int(exponent) - 1))
