"""Delays of people who are in the data because they ended: the product-limit curve in reverse time."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .bands import check_band, confidence_band
from .curves import product_limit, whole, with_key
from .risk_sets import check_spells, groups_of, names, refuse_windows, single_event

Array = NDArray[np.float64]


def right_truncated(
    spells: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    band: str = "log-log",
    event: str | None = None,
) -> pd.DataFrame:
    """Share of people who are still waiting after each day, among those whose delay is within the largest limit.

    spells  counted spells that all ended on a known day, at or before their `limit`: the last day on which they could
            have ended and been in the data
    others  as in `kaplan_meier`

    The curve is conditional: it says nothing of delays longer than the group's largest limit, and ends at 0 because those
    are not counted. With that limit small beside the delays it looks far too short; `fit_delay` goes beyond it.

    Returns the columns of `by`, day, at_risk, events, censored (0), estimate, se, low, high, given_within: a row for every
    day on which somebody ended. at_risk counts those who ended by the day and could have been seen had they ended on it;
    given_within is the largest limit, inf if somebody has none. `.attrs["conditional"]` says so in words. The band is that
    of the share who have ended, turned around; bounds are NaN where the share is 0 or 1. Where everybody at risk ended on
    a day, the share before it is 1 whatever ended earlier, as Kaplan-Meier's is 0 after such a day.

    Lynden-Bell (1971); Lagakos, Barraj & De Gruttola (1988), with Greenwood's variance in reverse time: R's survfit of
    days counted backwards, entering at the limit. Raises ValueError for windows, entries, bands, people who did not end,
    and several causes, naming what to use.
    """
    check_band(band, level)
    by = names(by)
    frame = check_spells(spells, by)
    _refuse(frame, event)
    curves = []
    for key, group in groups_of(frame, by):
        day, ended, at_risk = _reverse_risk_sets(group)
        gone_before, se_before = (values[::-1] for values in product_limit(ended[::-1], at_risk[::-1]))
        gone, se = np.append(gone_before[1:], 1.0), np.append(se_before[1:], np.nan)
        low, high = confidence_band(gone, se, level, band)
        people = {"at_risk": whole(at_risk), "events": whole(ended), "censored": np.zeros(len(day), np.int64)}
        columns = {"day": day, **people, "estimate": 1 - gone, "se": se, "low": 1 - high, "high": 1 - low}
        curves.append(with_key({**columns, "given_within": group["limit"].max()}, by, key))
    curve = pd.concat(curves, ignore_index=True)
    curve.attrs["conditional"] = _in_words(curve["given_within"])
    return curve


def _reverse_risk_sets(group: pd.DataFrame) -> tuple[Array, Array, Array]:
    """Each day on which somebody ended, how many did, and how many ended by then who could have ended on it."""
    day, place = np.unique(group["upper"].to_numpy(), return_inverse=True)
    n = group["n"].to_numpy()
    ended = np.bincount(place, n, len(day)).astype(float)
    no_longer_seen = np.bincount(np.searchsorted(day, group["limit"], side="right"), n, len(day) + 1)[:-1]
    return day, ended, np.cumsum(ended - no_longer_seen)


def _in_words(given_within: pd.Series) -> str:
    finite = given_within[np.isfinite(given_within)]
    if finite.empty:
        return "Nothing is conditional: somebody in each group has no limit."
    days = " to ".join(f"{day:g}" for day in sorted({finite.min(), finite.max()}))
    return f"Among delays within the largest limit of the group ({days} days): longer ones could not have been seen."


def _refuse(frame: pd.DataFrame, event: str | None) -> None:
    refuse_windows(frame, "right_truncated")
    causes = sorted(set(frame["cause"]) - {"censored"})
    if len(causes) > 1:
        raise ValueError(
            f"The spells end in several ways ({', '.join(causes)}). Those who ended in one way are in the data because they did, "
            "and cannot be censorings of another: keep the rows of one cause, for the delay among those who end in that way."
        )
    single_event(frame, event, "right_truncated")
    waiting = ~np.isfinite(frame["upper"])
    if waiting.any():
        raise ValueError(
            f"{int(frame.loc[waiting, 'n'].sum()):,} people have not ended, and right_truncated is for people who are in the data "
            "because they ended. Use turnbull, which takes both kinds; or kaplan_meier, if nobody has a limit."
        )
    if (frame["entry"] > 0).any():
        raise ValueError(
            "The spells have both entries and limits: people are seen only if they end in between. right_truncated knows limits "
            "only; use turnbull, which takes both."
        )
    if (frame["lower"] < frame["upper"]).any():
        raise ValueError(
            "Some ends are known only to a band of days, and right_truncated needs the day. Use turnbull, which takes bands with "
            "limits; or set the dates to one day with spells(..., imprecise='midpoint')."
        )
