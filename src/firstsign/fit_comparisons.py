"""Which family of delay distributions fits counted spells best, and how far each lies from the curve without a family."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .curves import kaplan_meier
from .delay_fits import DelayFit
from .delays import fit_delay
from .families import FAMILIES
from .interval_censoring import turnbull
from .right_truncation import right_truncated
from .risk_sets import check_spells, single_event

_COLUMNS = ("family", "parameters", "loglik", "aic", "bic", "distance", "problem")
_ONE_DAY = 1.0


def compare_fits(spells: pd.DataFrame, families: Sequence[str] | None = None, **how: Any) -> pd.DataFrame:
    """Fit several families to the same spells and set them side by side, the one with the lowest AIC first.

    families  which of them; all six if left out
    how       what else `fit_delay` takes: formula, never_diagnosed, event, ...

    Returns family, parameters (how many were fitted), loglik, aic, bic, distance and problem, a row for each family.

    aic, bic  2 parameters - 2 loglik; log(people) parameters - 2 loglik. Comparable between families, not between data sets
    distance  the largest difference, on the days of the curve, between the fitted share still waiting and the
              nonparametric one: Kaplan-Meier's, `turnbull`'s or `right_truncated`'s, whichever takes these spells. It tells
              whether the best family is also a good one. NaN with a formula, with growth, and where time zero is known
              to a window wider than a day, for which there is no such curve
    problem   why a family could not be fitted, with NaN in the other columns; None where it could

    Raises ValueError if no family can be fitted.
    """
    asked = list(FAMILIES if families is None else [families] if isinstance(families, str) else families)
    if not asked:
        raise ValueError("families is empty; name at least one, or leave it out for all six.")
    fits: dict[str, DelayFit] = {}
    problems: dict[str, str] = {}
    for family in dict.fromkeys(asked):
        try:
            fits[family] = fit_delay(spells, family, **how)
        except ValueError as problem:
            if family not in FAMILIES:
                raise
            problems[family] = str(problem)
    if not fits:
        raise ValueError(f"None of {', '.join(asked)} could be fitted. The first: {problems[asked[0]]}")
    curve = _curve(spells, **how)
    rows = [_row(name, fit, curve) for name, fit in fits.items()]
    rows += [(name, np.nan, np.nan, np.nan, np.nan, np.nan, problem) for name, problem in problems.items()]
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).sort_values("aic", ignore_index=True)
    return table.astype({"parameters": "Int64"})


def _row(name: str, fit: DelayFit, curve: pd.DataFrame | None) -> tuple[Any, ...]:
    free = int((np.diag(fit.covariance) > 0).sum())
    return name, free, fit.loglik, fit.aic, fit.bic, _distance(fit, curve), None


def _curve(spells: pd.DataFrame, **how: Any) -> pd.DataFrame | None:
    """The nonparametric curve, with the first day on which anybody was at risk; None where there is none."""
    if any(how.get(name) for name in ("formula", "scale_formula", "growth", "cohort_growth")):
        return None
    frame = check_spells(spells)
    event = single_event(frame, how.get("event"), "compare_fits")
    if (frame["window"] > _ONE_DAY).any():
        return None
    middle = frame["window"] / 2  # of the day on which time zero lies
    last = frame["upper"].where(np.isfinite(frame["upper"]), frame["lower"])
    shifted = {name: (frame[name] - middle).clip(lower=0) for name in ("lower", "upper", "limit")}
    frame = frame.assign(**shifted, window=0.0)[last > middle]
    for estimator in (kaplan_meier, right_truncated, turnbull):
        try:
            return estimator(frame, event=event).assign(since=frame["entry"].min())
        except ValueError:  # it says that these spells are for another
            continue
    return None


def _distance(fit: DelayFit, curve: pd.DataFrame | None) -> float:
    """Both as the share still waiting among those longer than the first entry and within the largest limit."""
    if curve is None:
        return float("nan")
    within = curve["given_within"].iloc[0] if "given_within" in curve else np.inf
    edges = fit.survival([curve["since"].iloc[0], within])["estimate"].to_numpy()
    beyond = edges[1] if np.isfinite(within) else 0.0  # people never diagnosed are still waiting
    waiting = (fit.survival(curve["day"].to_numpy(float))["estimate"].to_numpy() - beyond) / (edges[0] - beyond)
    return float(np.abs(waiting - curve["estimate"].to_numpy()).max())
