"""The cumulative hazard of an end, counted: Nelson-Aalen."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from .bands import check_level
from .curves import whole, with_key
from .risk_sets import each_group, names

Array = NDArray[np.float64]


def nelson_aalen(
    spells: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    band: str = "log",
    event: str | None = None,
) -> pd.DataFrame:
    """The cumulative hazard by each day: how many ends a person would have met who was at risk throughout.

    band    "log" or "plain": the scale on which the interval is symmetric; a plain one does not go below 0
    others  as in `kaplan_meier`

    Returns the columns of `by`, day, at_risk, events, censored, estimate, se, low, high: a row for every day on which
    somebody ended or was censored. Bounds are NaN before the first end, where nothing varies.

    Nelson (1972), Aalen (1978): the sum of events / at_risk, with the variance sum of events / at_risk squared; `cumhaz` and
    `std.chaz` of R's survfit. Raises ValueError as `kaplan_meier` does.
    """
    check_level(level)
    if band not in ("log", "plain"):
        raise ValueError(f"band is {band!r}; for a cumulative hazard it can be 'log' or 'plain'.")
    by = names(by)
    curves = []
    for key, sets in each_group(spells, by, event, "nelson_aalen"):
        ended = sets.ends[:, 0]
        hazard, se = np.cumsum(ended / sets.at_risk), np.sqrt(np.cumsum(ended / sets.at_risk**2))
        low, high = _interval(hazard, se, level, band)
        people = {"at_risk": whole(sets.at_risk), "events": whole(ended), "censored": whole(sets.censored)}
        columns = {"day": sets.day, **people, "estimate": hazard, "se": se, "low": low, "high": high}
        curves.append(with_key(columns, by, key))
    return pd.concat(curves, ignore_index=True)


def _interval(hazard: Array, se: Array, level: float, band: str) -> tuple[Array, Array]:
    begun = hazard > 0
    half = norm.isf((1 - level) / 2) * se
    if band == "plain":
        low, high = np.maximum(hazard - half, 0), hazard + half
    else:
        factor = np.exp(half / np.where(begun, hazard, 1))
        low, high = hazard / factor, hazard * factor
    return np.where(begun, low, np.nan), np.where(begun, high, np.nan)
