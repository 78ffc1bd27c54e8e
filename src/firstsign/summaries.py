"""What a delay curve says in a few numbers: its quantiles, the share that waits longer, and whether groups differ."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from .bands import check_band, confidence_band
from .curves import product_limit, with_key
from .risk_sets import (
    RiskSets,
    check_spells,
    each_group,
    groups_of,
    names,
    people_at_risk,
    refuse_what_needs_more,
    risk_sets,
    single_event,
)

Array = NDArray[np.float64]
_TIE = 1.5e-8  # two shares closer than this are the same: what rounding in the product can do
_SINGULAR = 1e-9  # the differences sum to zero over the groups: one eigenvalue is zero but for rounding


def quantiles(
    spells: pd.DataFrame,
    q: Sequence[float] | float = (0.5, 0.75, 0.9),
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    band: str = "log-log",
    event: str | None = None,
) -> pd.DataFrame:
    """The day by which a share q of the people have ended, from the Kaplan-Meier curve.

    q       shares between 0 and 1: 0.5 is the median delay, 0.9 the 90th centile
    others  as in `kaplan_meier`

    Returns the columns of `by`, q, days, low, high. Where the curve is flat at exactly 1 - q, days is the middle of the
    flat (the band's upper edge for banded ends, since nothing is interpolated); NaN where the curve does not come down
    so far. The interval holds the days at which the band of the curve includes 1 - q (Brookmeyer & Crowley 1982);
    R's quantile(survfit(...)).
    """
    check_band(band, level)
    wanted = np.atleast_1d(np.asarray(q, float))
    if not ((wanted >= 0) & (wanted <= 1)).all():
        raise ValueError(f"q is {q!r}; quantiles are shares between 0 and 1, such as 0.5 for the median.")
    parts = []
    for key, sets in each_group(spells, names(by), event, "quantiles"):
        share, se = product_limit(sets.ends[:, 0], sets.at_risk)
        low, high = confidence_band(share, se, level, band)
        columns = {
            "q": wanted,
            **{
                name: [crossing(sets.day, 1 - curve, p, middle=not len(sets.bands)) for p in wanted]
                for name, curve in (("days", share), ("low", low), ("high", high))
            },
        }
        parts.append(with_key(columns, names(by), key))
    return pd.concat(parts, ignore_index=True)


def crossing(day: Array, gone: Array, q: float, middle: bool) -> float:
    """The first day on which `gone` reaches q; the middle of the flat if it stays at q exactly; NaN if it never does."""
    known = ~np.isnan(gone)
    days, shares = np.concatenate([[0.0], day[known]]), np.maximum.accumulate(np.concatenate([[0.0], gone[known]]))
    if q == 0:
        return 0.0
    reached = np.flatnonzero(shares >= q - _TIE)
    if not len(reached):
        return float("nan")
    first = reached[0]
    if not middle or shares[first] > q + _TIE:
        return float(days[first])
    above = np.flatnonzero(shares > q + _TIE)
    end = days[above[0]] if len(above) else (day[-1] if known[-1] else days[first])
    return float((days[first] + end) / 2)


def share_longer_than(
    spells: pd.DataFrame,
    days: Sequence[float] | float,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    band: str = "log-log",
    event: str | None = None,
) -> pd.DataFrame:
    """The share of people who wait longer than each of `days`: P(T > days). "90 days or more" is days = 89.

    Returns the columns of `by`, days, share, low, high. Inside a band of a published table, and beyond the last
    observation, the share is not known: it is NaN, and low and high are outer bounds, the band's lower bound at its end (0
    if it is open) and the upper bound at its start. Before the first end the share is 1, without an interval.
    """
    check_band(band, level)
    wanted = np.atleast_1d(np.asarray(days, float))
    if not (wanted >= 0).all():
        raise ValueError(f"days is {days!r}; a delay is compared with a number of days of at least 0.")
    parts = []
    for key, sets in each_group(spells, names(by), event, "share_longer_than"):
        share, se = product_limit(sets.ends[:, 0], sets.at_risk)
        low, high = confidence_band(share, se, level, band)
        rows = np.array([_longer(sets, share, low, high, day) for day in wanted]).reshape(-1, 3)
        parts.append(
            with_key({"days": wanted, "share": rows[:, 0], "low": rows[:, 1], "high": rows[:, 2]}, names(by), key)
        )
    return pd.concat(parts, ignore_index=True)


def _longer(sets: RiskSets, share: Array, low: Array, high: Array, day: float) -> tuple[float, float, float]:
    """Share, low and high at one day."""

    def at(place: int) -> tuple[float, float, float]:
        return (share[place], low[place], high[place]) if place >= 0 else (1.0, np.nan, np.nan)

    before = int(np.searchsorted(sets.day, day, side="right")) - 1
    start_of, end_of = sets.bands.T
    inside = sets.bands[((start_of < day) | (start_of == day) & (day == 0)) & (day < end_of)]
    if len(inside):
        start = int(np.searchsorted(sets.day, inside[0, 0], side="right")) - 1
        end = int(np.searchsorted(sets.day, inside[0, 1], side="right")) - 1
        return (
            np.nan,
            float(np.nan_to_num(at(end)[1], nan=at(end)[0])),
            float(np.nan_to_num(at(start)[2], nan=at(start)[0])),
        )
    if day > sets.day[-1] and share[-1] > 0:
        return np.nan, 0.0, float(np.nan_to_num(high[-1], nan=share[-1]))
    return at(before)


def log_rank(
    spells: pd.DataFrame, by: str | Sequence[str], weights: str | None = None, event: str | None = None
) -> pd.DataFrame:
    """Test whether groups have the same delay, by the ends observed and expected on each day.

    by       columns that make the groups, at least two
    weights  None for the log-rank test; "gehan" weights a day by the people at risk, "peto" by the pooled share still
             waiting just before it (both look harder at early differences)

    Returns one row: statistic (chi-squared), df (groups - 1), p. Ties hypergeometric, delayed entry used; R's
    survdiff (None: rho = 0). Mantel (1966), Gehan (1965), Peto & Peto (1972).
    """
    if weights not in (None, "gehan", "peto"):
        raise ValueError(f"weights is {weights!r}; it can be None (log-rank), 'gehan' or 'peto'.")
    columns = names(by)
    frame = check_spells(spells, columns)
    refuse_what_needs_more(frame, "log_rank")
    event = single_event(frame, event, "log_rank")
    pooled = risk_sets(frame, [event], "log_rank")
    day = pooled.day[pooled.ends[:, 0] > 0]
    groups = [group for _, group in groups_of(frame, columns)]
    if len(groups) < 2:
        raise ValueError(f"The spells have one group of {by!r}: a test compares at least two.")
    if not len(day):
        raise ValueError("Nobody's spell ended, so there is nothing to compare.")
    return _mantel(
        np.column_stack([_ends_on(group[group["cause"] == event], day) for group in groups]),
        np.column_stack([people_at_risk(group, day) for group in groups]),
        weights,
    )


def _mantel(ended: Array, at_risk: Array, weights: str | None) -> pd.DataFrame:
    """Sum of observed minus expected ends over days, in the metric of its hypergeometric covariance."""
    d, n = ended.sum(axis=1), at_risk.sum(axis=1)
    share = at_risk / n[:, None]
    waiting = np.concatenate([[1.0], np.cumprod(1 - d / n)[:-1]])
    weight = {None: np.ones_like(d), "gehan": n, "peto": waiting}[weights]
    difference = (weight[:, None] * (ended - d[:, None] * share)).sum(axis=0)
    spread = weight**2 * d * np.divide(n - d, n - 1, out=np.zeros_like(d), where=n > 1)
    covariance = np.diag((spread[:, None] * share).sum(axis=0)) - np.einsum("t,ti,tj->ij", spread, share, share)
    df = int(np.linalg.matrix_rank(covariance, tol=_SINGULAR * covariance.max(), hermitian=True))
    statistic = float(difference @ np.linalg.pinv(covariance, rcond=_SINGULAR, hermitian=True) @ difference)
    return pd.DataFrame({"statistic": [statistic], "df": [df], "p": [float(chi2.sf(statistic, df)) if df else 1.0]})


def _ends_on(ended: pd.DataFrame, day: Array) -> Array:
    return np.bincount(np.searchsorted(day, ended["upper"]), ended["n"], len(day)).astype(float)
