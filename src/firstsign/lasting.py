"""How likely the disease is once a symptom has lasted so long: as others get better, those who have it are left."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .imaging import check_shares, ratio

Array = NDArray[np.float64]


def chance_by_duration(prior: float, with_disease: Any, without: Any, days: ArrayLike) -> pd.DataFrame:
    """The chance of the disease in people whose symptom has lasted for so many days.

    prior                  share with the disease among all in whom such a symptom begins (`prior_from_prevalent` makes it of
                           a share among those who have the symptom now)
    with_disease, without  how long the symptom lasts in those with the disease, and in the others: a curve of the share in
                           whom it still lasts after each day (a frame with day and estimate, such as `kaplan_meier` gives,
                           with low and high if it has them), a fit (`fit_delay`; of one with a formula its
                           `survival(days, at=...)`), or a distribution (`delay_distribution`)
    days                   since the symptom began, 0 or more

    Returns day, lasting_with, lasting_without (the shares in whom it lasts longer than that), lr (the first over the second),
    chance (Bayes' theorem), per_case = 1 / chance (how many such people there are for one with the disease), low, high.

    The bounds combine the outer ends: low has the lower bound of lasting_with and the upper one of lasting_without, high the
    others; of two curves at 95 % both hold in at least 90 %, and the chance lies between them in more. A curve without bounds
    is taken as exactly known, so is the prior, and where a curve that has bounds lacks one (Kaplan-Meier's at 0 and 1), so
    does the chance.
    A curve is a step function: 1 before its first day, its last value after its last, but for a counted one (with the column
    at_risk), of which nothing is known after its last day unless it has come to 0. The chance is NaN where the symptom lasts
    in nobody. Raises ValueError for an impossible prior, for days below 0, and for curves that are none.
    """
    check_shares(prior=prior)
    wanted = _days(days)
    ill, well = _lasting(with_disease, wanted, "with_disease"), _lasting(without, wanted, "without")
    chance = _chance(prior, ill[0], well[0])
    unknown = np.full(len(wanted), np.nan)
    bounded = _has_bounds(ill) or _has_bounds(well)
    ill_low, ill_high = ill[1:] if _has_bounds(ill) else (ill[0], ill[0])
    well_low, well_high = well[1:] if _has_bounds(well) else (well[0], well[0])
    return pd.DataFrame(
        {
            "day": wanted,
            "lasting_with": ill[0],
            "lasting_without": well[0],
            "lr": ratio(ill[0], well[0]),
            "chance": chance,
            "per_case": ratio(1.0, chance),
            "low": _chance(prior, ill_low, well_high) if bounded else unknown,
            "high": _chance(prior, ill_high, well_low) if bounded else unknown,
        }
    )


def day_when_chance_reaches(
    threshold: float, prior: float, with_disease: Any, without: Any, until: float = 365
) -> float:
    """The first whole day, from 0 to `until`, on which the chance of the disease is at least `threshold`; NaN if none is.

    Everything else as in `chance_by_duration`.
    """
    check_shares(threshold=threshold)
    if not 0 <= until < np.inf:
        raise ValueError(f"until is {until!r}; it is the last day to look at, 0 or later.")
    found = chance_by_duration(prior, with_disease, without, np.arange(np.floor(until) + 1))
    reached = found.loc[found["chance"] >= threshold, "day"]
    return float(reached.iloc[0]) if len(reached) else np.nan


def prior_from_prevalent(prevalence: float, mean_with: float, mean_without: float) -> float:
    """The share with the disease among those in whom a symptom begins, from the share among those who have it now.

    prevalence               share with the disease among people met with the symptom, as in a waiting room
    mean_with, mean_without  how long it lasts on average, in days, with the disease and without

    Whoever is met with a symptom was met in the course of it, and a long one is met more often: prevalence is incidence times
    mean duration (Freeman & Hutchison 1980), in the steady state. So, with P the prevalence, the prior p has the odds
    p / (1 - p) = P / (1 - P) * mean_without / mean_with.
    """
    check_shares(prevalence=prevalence)
    slips = [
        f"{name} is {value!r}"
        for name, value in (("mean_with", mean_with), ("mean_without", mean_without))
        if not 0 < value < np.inf
    ]
    if slips:
        raise ValueError(f"{' and '.join(slips)}; a mean duration is a number of days above 0.")
    ill, well = prevalence / mean_with, (1 - prevalence) / mean_without
    return float(ill / (ill + well))


def _chance(prior: float, ill: Array, well: Array) -> Array:
    return ratio(prior * ill, prior * ill + (1 - prior) * well)


def _has_bounds(lasting: tuple[Array, Array, Array]) -> bool:
    return bool(np.isfinite(lasting[1:]).any())


def _days(days: ArrayLike) -> Array:
    wanted = np.atleast_1d(np.asarray(days, float))
    if wanted.ndim != 1 or not (wanted >= 0).all():
        raise ValueError(f"days is {days!r}; give the days since the symptom began, one or several, each 0 or more.")
    return wanted


def _lasting(source: Any, days: Array, name: str) -> tuple[Array, Array, Array]:
    """The share in whom the symptom lasts longer than each day, with its bounds, NaN if it has none."""
    unknown = np.full(len(days), np.nan)
    if isinstance(source, pd.DataFrame):
        found = _on_curve(_curve(source, name), days)
    elif hasattr(source, "survival"):
        found = source.survival(days)
    elif hasattr(source, "cdf"):
        return 1 - np.asarray(source.cdf(days), float), unknown, unknown
    else:
        raise ValueError(
            f"{name} is {source!r}, which does not say how long the symptom lasts; give a curve with day and estimate, a fit or a "
            "distribution."
        )
    share = found["estimate"].to_numpy(float)
    beginning = (days == 0) & (share == 1)  # that everybody has it when it begins is no estimate
    bounds = [found[end].to_numpy(float) if end in found else unknown for end in ("low", "high")]
    if np.isfinite(bounds).any():
        bounds = [np.where(beginning, 1.0, bound) for bound in bounds]
    return share, bounds[0], bounds[1]


def _curve(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The curve, or what is wrong with it."""
    missing = [column for column in ("day", "estimate") if column not in frame.columns]
    if missing or frame.empty:
        what = f"has no column {' and no '.join(missing)}" if missing else "has no rows"
        raise ValueError(f"{name} is a frame that {what}; a curve has a row for each day, with day and estimate.")
    day, share = frame["day"].to_numpy(float), frame["estimate"].to_numpy(float)
    if not (np.diff(day) > 0).all() or np.isnan(day).any():
        raise ValueError(
            f"The days of {name} do not rise from row to row; give one curve in the order of its days, not those of several "
            "groups."
        )
    check_shares(**{f"{name}'s estimate": share})
    if (np.diff(share) > 1e-12).any():
        raise ValueError(
            f"{name} rises: a share in whom the symptom still lasts can only fall. Is it a share who got better?"
        )
    return frame


def _on_curve(curve: pd.DataFrame, days: Array) -> pd.DataFrame:
    """The rows of a curve that hold on each day."""
    columns = [column for column in ("estimate", "low", "high") if column in curve]
    row = np.searchsorted(curve["day"], days, side="right") - 1
    found = curve[columns].astype(float).iloc[np.maximum(row, 0)].reset_index(drop=True)
    found.loc[row < 0] = np.nan
    found.loc[row < 0, "estimate"] = 1.0
    counted_out = "at_risk" in curve and curve["estimate"].iloc[-1] > 0
    found.loc[counted_out & (days > curve["day"].iloc[-1])] = np.nan
    return found
