"""Spells whose people differ: the distinct patterns of covariates among them, and coefficients as a frame."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from .formulas import design, patterns, refuse_collinear, variables
from .risk_sets import check_spells

Array = NDArray[np.float64]
_COUNTABLE = 2.0**53  # beyond which one more makes no difference to a float


class Covariates(NamedTuple):
    """The terms of a formula, once for each distinct pattern of covariates.

    names    of the terms
    matrix   shape (patterns, terms)
    place    for each row of the spells, its pattern
    parts    for each part of the formula (`sex`, say, whose terms are its levels), its terms' places
    """

    names: list[str]
    matrix: Array
    place: NDArray[np.int_]
    parts: dict[str, list[int]]


def read(spells: pd.DataFrame, formula: str) -> tuple[pd.DataFrame, Covariates]:
    """The spells, checked, with the columns that a formula needs, and its terms.

    Raises ValueError for spells and formulas that cannot be, and for more people than are countable.
    """
    needed = variables(formula)
    frame = check_spells(spells, needed)
    if frame["n"].sum() > _COUNTABLE:
        raise ValueError(f"n adds up to {frame['n'].sum():.3g} people, more than can be counted ({_COUNTABLE:.3g}).")
    rows, place = patterns(frame, needed)
    made = design(formula, rows.assign(n=np.bincount(place, frame["n"])))
    parts: dict[str, list[int]] = {str(term): list(places) for term, places in made.spec.term_indices.items() if places}
    return frame, Covariates(made.names, made.matrix, place, parts)


def without_baseline(covariates: Covariates, formula: str) -> Covariates:
    """The terms but the intercept, which a hazard left open absorbs; ValueError if nothing, or no contrast, is left."""
    kept = [place for place, name in enumerate(covariates.names) if name != "Intercept"]
    names, matrix = [covariates.names[place] for place in kept], covariates.matrix[:, kept]
    if not names:
        raise ValueError(f"formula is {formula!r}, which has no covariate; give at least one, such as 'sex'.")
    refuse_collinear(["the baseline", *names], np.column_stack([np.ones(len(matrix)), matrix]))
    parts = {
        part: [kept.index(place) for place in places]
        for part, places in covariates.parts.items()
        if part not in ("1", "Intercept")
    }
    return covariates._replace(names=names, matrix=matrix, parts=parts)


def refuse_unknown_days(frame: pd.DataFrame, estimator: str, entries: bool = True) -> None:
    """Refuse windows, limits, bands and, unless `entries`, delayed entry, naming what can use them."""
    banded = np.isfinite(frame["upper"]) & (frame["lower"] < frame["upper"])
    found = {
        "have a time zero known only to a window": frame["window"] > 0,
        "ended in a band of days": banded,
        "are in the data because they ended within a limit": np.isfinite(frame["limit"]),
        "come under observation late (delayed entry)": (frame["entry"] > 0) & (not entries),
    }
    for place, (what, rows) in enumerate(found.items()):
        if rows.any():
            or_set = ", or set dates to one day with spells(..., imprecise='midpoint')" if place < 2 else ""
            raise ValueError(
                f"{frame.loc[rows, 'n'].sum():,g} people {what}, which {estimator} cannot use. Use fit_delay(s, formula=...), "
                f"which can{or_set}."
            )


def tidy(names: list[str], estimate: Array, se: Array, level: float) -> pd.DataFrame:
    """term, estimate, se, low, high, p: intervals and tests by the normal distribution (Wald)."""
    half = norm.isf((1 - level) / 2) * se
    # without any error, p is 0, and 1 for an effect of nothing
    size = np.divide(np.abs(estimate), se, out=np.where(estimate == 0, 0.0, np.inf), where=se > 0)
    return pd.DataFrame(
        {
            "term": names,
            "estimate": estimate,
            "se": se,
            "low": estimate - half,
            "high": estimate + half,
            "p": 2 * norm.sf(size),
        }
    )
