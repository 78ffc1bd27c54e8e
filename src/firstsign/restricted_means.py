"""The mean delay up to a day, and how much it differs between groups."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from .bands import check_level
from .curves import product_limit, with_key
from .risk_sets import RiskSets, each_group, names


def restricted_mean(
    spells: pd.DataFrame,
    until: float,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    event: str | None = None,
) -> pd.DataFrame:
    """The mean number of days that people wait, waits longer than `until` counting as `until`.

    until   days; every group's curve must be known so far
    others  as in `kaplan_meier`

    Returns the columns of `by`, mean_days (the area under the Kaplan-Meier curve up to `until`), se, low, high. The interval is
    symmetric, within 0 and `until`; it is NaN where se is 0, for there nobody's wait was seen to vary.

    The `rmean` and `se(rmean)` of R's print(survfit(...), rmean = until); survRM2 is the same. Raises ValueError where a group's
    curve ends before `until`, for bands of days, within which the curve is not known, and as `kaplan_meier` does.
    """
    check_level(level)
    by = names(by)
    parts = []
    for key, mean, se in _means(spells, until, by, event, "restricted_mean"):
        half = norm.isf((1 - level) / 2) * se if se > 0 else np.nan
        bounds = {"low": [max(mean - half, 0.0)], "high": [min(mean + half, float(until))]}
        parts.append(with_key({"mean_days": [mean], "se": [se], **(bounds if se > 0 else _NO_BOUNDS)}, by, key))
    return pd.concat(parts, ignore_index=True)


def restricted_mean_difference(
    spells: pd.DataFrame, until: float, by: str | Sequence[str], level: float = 0.95, event: str | None = None
) -> pd.DataFrame:
    """How many days more one group waits than another on average, waits longer than `until` counting as `until`.

    Arguments as in `restricted_mean`, with two groups or more. Returns a row for each pair: the columns of `by`, the same with
    the suffix `_reference` (the group that is subtracted, the earlier of the two in sorted order), difference (days), se,
    low, high, and p of no difference (normal, two-sided). low, high and p are NaN where se is 0.
    """
    check_level(level)
    by = names(by)
    means = _means(spells, until, by, event, "restricted_mean_difference")
    if len(means) < 2:
        raise ValueError(f"The spells have one group of {by!r}: a difference needs at least two.")
    parts = []
    for (reference, mean_0, se_0), (key, mean, se) in combinations(means, 2):
        difference, both = mean - mean_0, float(np.hypot(se, se_0))
        half = norm.isf((1 - level) / 2) * both
        columns: dict[str, Any] = {"difference": [difference], "se": [both], **_NO_BOUNDS, "p": [np.nan]}
        if both > 0:
            p = 2 * norm.sf(abs(difference) / both)
            columns |= {"low": [difference - half], "high": [difference + half], "p": [float(p)]}
        parts.append(with_key(columns, [*by, *(f"{name}_reference" for name in by)], (*key, *reference)))
    return pd.concat(parts, ignore_index=True)


_NO_BOUNDS = {"low": [np.nan], "high": [np.nan]}


def _means(
    spells: pd.DataFrame, until: float, by: list[str], event: str | None, estimator: str
) -> list[tuple[tuple[Any, ...], float, float]]:
    """Each group's key, mean and standard error."""
    if not 0 < until < np.inf:
        raise ValueError(f"until is {until!r}; it is a number of days above 0, such as 365.")
    groups = each_group(spells, by, event, estimator)
    _check_known(groups, until, estimator)
    return [(key, *_area(sets, until)) for key, sets in groups]


def _check_known(groups: list[tuple[tuple[Any, ...], RiskSets]], until: float, estimator: str) -> None:
    known = {}
    for key, sets in groups:
        if (sets.bands[:, 0] < until).any():
            raise ValueError(
                f"The ends are known only to bands of days, within which the curve is not known: {estimator} would have to guess "
                "the area under it. share_longer_than gives what is known at the bands' edges."
            )
        all_gone = sets.at_risk[-1] == sets.ends[-1, 0]
        known[key] = np.inf if all_gone else float(sets.day[-1])
    short = {key: day for key, day in known.items() if day < until}
    if short:
        named = ", ".join(f"{' '.join(map(str, key)) or 'everybody'}: day {day:g}" for key, day in short.items())
        raise ValueError(
            f"The curve is not known until day {until:g}: it ends before, with people still waiting ({named}). Choose until= at "
            f"most {min(short.values()):g}."
        )


def _area(sets: RiskSets, until: float) -> tuple[float, float]:
    """The area under the curve, and its standard error: Greenwood's terms, each with the area still to come squared."""
    before = sets.day < until
    day, ended, at_risk = sets.day[before], sets.ends[before, 0], sets.at_risk[before]
    share, _ = product_limit(ended, at_risk)
    areas = np.diff(np.concatenate([[0.0], day, [until]])) * np.concatenate([[1.0], share])
    to_come = np.cumsum(areas[::-1])[::-1][1:]
    stays = at_risk > ended
    terms = np.divide(ended, at_risk * (at_risk - ended), out=np.zeros_like(ended), where=stays)
    return float(areas.sum()), float(np.sqrt((to_come**2 * terms).sum()))
