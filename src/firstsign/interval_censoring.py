"""The delay curve when ends are known only to overlapping bands of days, with late entry and limits: Turnbull."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .bands import check_level
from .curves import whole, with_key
from .innermost import Innermost, covered, innermost
from .resampling import bootstrap as resampled
from .risk_sets import check_spells, groups_of, names, refuse_limits_with_causes, refuse_windows, single_event
from .self_consistency import People, masses, within

Array = NDArray[np.float64]


def turnbull(
    spells: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    bootstrap: int = 0,
    seed: int | np.random.Generator | None = None,
    event: str | None = None,
) -> pd.DataFrame:
    """Share of people who are still waiting after each day, from ends known to a day, to a band of days, or not yet come.

    spells     counted spells: any mix of known days, bands (overlapping ones too) and censorings, with `entry` and `limit`
    level      coverage of the intervals
    bootstrap  how many times to draw the people anew for se, low and high; without, these are NaN
    seed       of these draws; required with them
    by, event  as in `kaplan_meier`

    The nonparametric maximum-likelihood curve, which is Kaplan-Meier's where every end is known to the day. It drops at the
    right end of each innermost interval; where in the interval, the data do not say. With limits it is the curve of the
    delays within the largest one, with late entry on the part of all people of those longer than the first entry. With both
    at once the likelihood can have several peaks, of which this is one.

    Returns the columns of `by`, day, at_risk, events, censored, estimate, se, low, high, drop_from, given_within: a row for every
    day on which somebody ended, may last have ended or was censored. at_risk and events are those expected under the
    curve, for people whose day is not known. The drop at `day` lies somewhere after drop_from, which is `day` itself when it
    lies on it. given_within is the largest limit (inf: none). low and high are percentiles of the resampled curves, which stay
    within 0 and 1 and never rise, and need no variance, for which there is no formula; they are NaN where the share is 0 or 1.
    Where ends are known to bands only, curves converge more slowly and the bootstrap is known to be somewhat off.

    Turnbull (1976), with Frydman (1994) and Alioum & Commenges (1996) on truncation; R's survfit(Surv(type = "interval2")), run
    to convergence. Raises ValueError for windows, for several causes with limits or bands of other causes, and when entries
    and limits leave the curve undetermined.
    """
    check_level(level)
    if bootstrap and seed is None:
        raise ValueError(
            f"bootstrap is {bootstrap!r} without a seed; give one (seed=1), so that the interval can be had again."
        )
    by = names(by)
    frame = check_spells(spells, by)
    refuse_windows(frame, "turnbull")
    frame = _others_censored(frame, single_event(frame, event, "turnbull"))
    curves = [with_key(_curve(group), by, key) for key, group in groups_of(frame, by)]
    curve = pd.concat(curves, ignore_index=True)
    if bootstrap:
        spread = resampled(frame, turnbull, replicates=bootstrap, seed=seed or 0, level=level, by=by)
        inside = (curve["estimate"] > 0) & (curve["estimate"] < 1)
        for name in ("se", "low", "high"):
            curve[name] = spread[name].where(inside)
    return curve


def _others_censored(frame: pd.DataFrame, event: str) -> pd.DataFrame:
    """The spells with ends of other causes as censorings."""
    others = ~frame["cause"].isin([event, "censored"])
    if not others.any():
        return frame
    refuse_limits_with_causes(frame, event)
    if (frame["lower"] < frame["upper"])[others].any():
        raise ValueError(
            "Some competing ends are known only to a band of days, and turnbull would need the day of the censoring. Set them to "
            "one day with spells(..., imprecise='midpoint')."
        )
    return frame.assign(upper=frame["upper"].where(~others, np.inf), cause=frame["cause"].where(~others, "censored"))


def _curve(group: pd.DataFrame) -> dict[str, Array]:
    """The columns of one group's curve."""
    places = innermost(group)
    _refuse_islands(places)
    n, size = group["n"].to_numpy(), len(places.start)
    probability = masses(People(places.ended, places.seen, n, size))
    ended = (group["cause"] != "censored").to_numpy()
    ends = _expected(places.ended[ended], n[ended], probability)
    dropped = ((probability > 0) | (ends > 0)) & np.isfinite(places.end)
    last = np.where(ended, group["upper"], group["lower"])
    day: Array = np.unique(np.concatenate([last, places.end[dropped]]))
    gone = np.searchsorted(places.end, day, side="right")
    left = np.append(np.cumsum(probability[::-1])[::-1], 0.0)
    estimate = np.clip(left[gone], 0.0, 1.0)
    events = np.diff(np.concatenate([[0.0], np.cumsum(ends)])[gone], prepend=0.0)
    return {
        "day": day,
        **_people(group, day, events, ended),
        "estimate": estimate,
        **{name: np.full(len(day), np.nan) for name in ("se", "low", "high")},
        "drop_from": _drop_from(places, dropped, day),
        "given_within": np.full(len(day), group["limit"].max()),
    }


def _refuse_islands(places: Innermost) -> None:
    """ValueError where nobody could have been seen on both sides of a day: the sides then have no share of the whole."""
    inner = np.column_stack([places.seen[:, 0], places.seen[:, 1] - 1])
    islands = covered(inner, np.ones(len(inner)), len(places.start))[:-1] == 0
    if islands.any():
        day = places.end[np.flatnonzero(islands)[0]]
        raise ValueError(
            f"Nobody could have been seen to end both by day {day:g} and after it, because of the entries and limits, so nothing "
            "tells the share of people who wait longer than that. Estimate the two parts one by one, or use fit_delay."
        )


def _expected(ended: NDArray[np.intp], n: Array, probability: Array) -> Array:
    """How many people are expected to have ended in each place; those of whom the curve says nothing, as late as can be."""
    of_range, size = within(ended, probability), len(probability)
    told = of_range > 0
    spread: Array = probability * covered(ended[told], n[told] / of_range[told], size)
    return spread + np.bincount(ended[~told, 1] - 1, n[~told], size)


def _people(group: pd.DataFrame, day: Array, events: Array, ended: NDArray[np.bool_]) -> dict[str, Array]:
    """Who is expected at risk just before each day, who ended since the row before, and who was censored on the day."""
    entry, n = group["entry"].to_numpy(), group["n"].to_numpy()
    censored = np.bincount(np.searchsorted(day, group.loc[~ended, "lower"]), n[~ended], len(day)).astype(float)
    entered = np.bincount(np.where(entry > 0, np.searchsorted(day, entry, side="right"), 0), n, len(day) + 1)[:-1]
    gone = events + censored
    at_risk = np.cumsum(entered) - (np.cumsum(gone) - gone)
    people = {"at_risk": at_risk, "events": events, "censored": censored}
    return {name: whole(_without_rounding(count, n.sum())) for name, count in people.items()}


def _without_rounding(count: Array, people: float) -> Array:
    nearest = np.round(count)
    return np.where(np.abs(count - nearest) < 1e-9 * people, nearest, count)


def _drop_from(places: Innermost, dropped: NDArray[np.bool_], day: Array) -> Array:
    """Where the innermost interval that ends on each day begins; the day itself where none does."""
    begins = day.copy()
    begins[np.searchsorted(day, places.end[dropped])] = places.start[dropped]
    return begins
