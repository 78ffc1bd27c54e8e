"""Curves of delay, counted: Kaplan-Meier, cumulative incidence, and who was at risk. Spells in, frames out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .bands import check_band, confidence_band
from .risk_sets import (
    RiskSets,
    check_spells,
    each_group,
    groups_of,
    names,
    people_at_risk,
    refuse_what_needs_more,
    risk_sets,
)

Array = NDArray[np.float64]


def kaplan_meier(
    spells: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    band: str = "log-log",
    event: str | None = None,
) -> pd.DataFrame:
    """Share of people who are still waiting after each day, with a pointwise band.

    spells  counted spells (`spells`, or any frame with lower and upper): ends on known days, or in bands that share
            their edges; delayed entry is used
    by      columns whose values get a curve each
    level   coverage of the band, in (0, 1)
    band    "log-log", "log", "plain", "arcsine-sqrt" or "logit": the scale on which it is symmetric
    event   the cause that counts as the end when there are several; the others are then censorings

    Returns the columns of `by`, day, at_risk (people, just before the day), events, censored, estimate (share whose
    delay is longer than `day`), se (on the share's scale), low, high: a row for every day on which somebody ended or was
    censored, at the edges only for banded ends. Bounds are NaN where the share is 0 or 1, se where it is 0.

    With delayed entry the curve falls to 0, and stays there, if all who are at risk end on one day, though others enter later.
    Kaplan & Meier (1958) with Greenwood's variance; R's survfit(Surv(entry, end, ended) ~ by, conf.type = band), where n
    replicates people. Raises ValueError for spells with a window or a limit, for overlapping bands, and for several
    causes without `event`, naming what to use.
    """
    check_band(band, level)
    by = names(by)
    curves = []
    for key, sets in each_group(spells, by, event, "kaplan_meier"):
        share, se = product_limit(sets.ends[:, 0], sets.at_risk)
        low, high = confidence_band(share, se, level, band)
        curves.append(_curve(by, key, sets, events=sets.ends[:, 0], estimate=share, se=se, low=low, high=high))
    return pd.concat(curves, ignore_index=True)


def product_limit(ended: Array, at_risk: Array) -> tuple[Array, Array]:
    """Kaplan-Meier's product and Greenwood's standard error, from the ends and the people at risk on each day.

    Shape (k,) each; the standard error is NaN once the share is 0.
    """
    share: Array = np.cumprod(1 - ended / at_risk, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(ended / (at_risk * (at_risk - ended)), dtype=np.float64)
        return share, share * np.sqrt(greenwood)


def cumulative_incidence(
    spells: pd.DataFrame, by: str | Sequence[str] | None = None, level: float = 0.95, band: str = "log-log"
) -> pd.DataFrame:
    """Share of people who have ended in each way by each day, when one way of ending shuts out the others.

    Arguments as in `kaplan_meier`. Returns the columns of `by`, cause, day, at_risk, events (of that cause), censored,
    estimate, se, low, high. The shares of all causes and the share still waiting add up to one.

    Aalen & Johansen (1978), tied days exact; the variance is of Greenwood's type, the one of R's multi-state survfit
    without delayed entry. Raises ValueError for windows, limits and bands that overlap.
    """
    check_band(band, level)
    by = names(by)
    frame = check_spells(spells, by)
    refuse_what_needs_more(frame, "cumulative_incidence")
    causes = sorted(set(frame["cause"]) - {"censored"}) or ["diagnosis"]
    curves = []
    for key, group in groups_of(frame, by):
        sets = risk_sets(group, causes, "cumulative_incidence")
        for i, cause in enumerate(causes):
            share, se = _aalen_johansen(sets.ends[:, i], sets.ends.sum(axis=1), sets.at_risk)
            low, high = confidence_band(share, se, level, band)
            curve = _curve(by, key, sets, events=sets.ends[:, i], estimate=share, se=se, low=low, high=high)
            curve.insert(len(by), "cause", cause)
            curves.append(curve)
    return pd.concat(curves, ignore_index=True)


def _aalen_johansen(ended: Array, ended_any: Array, at_risk: Array) -> tuple[Array, Array]:
    """Cumulative incidence of one cause and its standard error; shape (k,) each.

    A day's ends are multinomial given who is at risk. Raising the all-cause hazard of day i by e lowers what is still to
    come, F(t) - F(i), by the share e / (1 - hazard); raising the cause's own adds e times the share waiting before i:
    the three sums below are the variances of these two effects and twice their covariance.
    """
    waiting = np.concatenate([[1.0], np.cumprod(1 - ended_any / at_risk)[:-1]])
    share = np.cumsum(waiting * ended / at_risk)
    goes_on = at_risk > ended_any
    lost = np.divide(ended_any, at_risk * (at_risk - ended_any), out=np.zeros_like(share), where=goes_on)
    gained = waiting**2 * ended * (at_risk - ended) / at_risk**3
    shared = np.where(goes_on, waiting * ended / at_risk**2, 0.0)
    variance = (
        share**2 * np.cumsum(lost)
        - 2 * share * np.cumsum(lost * share + shared)
        + np.cumsum(lost * share**2 + gained + 2 * shared * share)
    )
    return share, np.sqrt(np.maximum(variance, 0))


def at_risk(spells: pd.DataFrame, days: Sequence[float], by: str | Sequence[str] | None = None) -> pd.DataFrame:
    """How many people were observed and still waiting just before each of `days`: the table under a curve.

    Returns the columns of `by`, day, at_risk, and ended and censored: how many had ended or been censored before `day`.
    """
    by = names(by)
    day = np.asarray(days, float)
    frame = check_spells(spells, by)
    parts = []
    for key, group in groups_of(frame, by):
        ended = group["cause"] != "censored"
        columns = {"day": day, "at_risk": people_at_risk(group, day)}
        for name, gone in (("ended", group[ended]), ("censored", group[~ended])):
            columns[name] = gone["n"].sum() - people_at_risk(gone.assign(entry=0.0), day)
        parts.append(with_key({name: whole(count) for name, count in columns.items()}, by, key))
    return pd.concat(parts, ignore_index=True)


def _curve(by: Sequence[str], key: tuple[Any, ...], sets: RiskSets, events: Array, **estimates: Array) -> pd.DataFrame:
    people = {"at_risk": whole(sets.at_risk), "events": whole(events), "censored": whole(sets.censored)}
    return with_key({"day": sets.day, **people, **estimates}, by, key)


def whole(count: Array) -> NDArray[Any]:
    """People as whole numbers, where they are whole."""
    return count.astype(np.int64) if np.array_equal(count, np.round(count)) else count


def with_key(columns: Mapping[str, Any], by: Sequence[str], key: tuple[Any, ...]) -> pd.DataFrame:
    """The columns of one group as a frame, headed by the group's own columns."""
    frame = pd.DataFrame(dict(columns))
    for place, (name, value) in enumerate(zip(by, key, strict=True)):
        if name in frame.columns:
            raise ValueError(
                f"The groups cannot be told apart by {name!r}: the result has a column of that name. Rename yours."
            )
        frame.insert(place, name, value)
    return frame
