"""Regression of a delay on covariates: proportional hazards (Cox), its check, and accelerated failure times."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from .bands import check_level
from .covariates import Covariates, read, refuse_unknown_days, tidy, without_baseline
from .delays import fit_delay
from .formulas import variables
from .partial_likelihood import RiskTable, by_day, maximise, moments, standardised
from .risk_sets import single_event
from .ties import breslow, efron

Array = NDArray[np.float64]
_TIES = {"efron": efron, "breslow": breslow}


def cox(
    spells: pd.DataFrame, formula: str, ties: str = "efron", level: float = 0.95, event: str | None = None
) -> pd.DataFrame:
    """How covariates multiply the rate of ending, the rate itself left open: Cox's proportional hazards.

    spells   counted spells that end on known days; delayed entry is used
    formula  right-hand side: "sex + age"; the covariates are columns of the spells (spells(..., by=[...]))
    ties     "efron" or "breslow": how several ends on one day are counted. n people are replicated people, ends included;
             for an n that is not whole see `ties.efron`
    level    coverage of the intervals, in (0, 1)
    event    the cause that counts as the end when there are several; the others are then censorings, and the ratios are of
             the cause-specific hazard (`fine_gray` is about the share that ends by the cause)

    Returns term, estimate (log hazard ratio: positive = sooner), se, low, high, p (Wald). `.attrs` has loglik and loglik_null
    (logs of the partial likelihood, with the effects and without), people, and events.

    Cox (1972), Efron (1977), Breslow (1974); R's coxph(Surv(entry, end, ended) ~ ..., ties=). Raises ValueError for windows,
    limits and bands, for collinear terms, and for an effect that the data leave without bounds, naming the term.
    """
    check_level(level)
    table, covariates, people = _table(spells, formula, ties, event, "cox")
    fit = maximise(table, covariates.names, "cox")
    se = np.sqrt(np.diag(np.linalg.inv(fit.moments.information)))
    frame = tidy(covariates.names, fit.estimate, se, level)
    frame.attrs = {
        "loglik": fit.moments.loglik,
        "loglik_null": fit.loglik_null,
        "people": people,
        "events": float(table.ended.sum()),
    }
    return frame


def proportional_hazards(
    spells: pd.DataFrame, formula: str, ties: str = "efron", transform: str = "km", event: str | None = None
) -> pd.DataFrame:
    """Test whether hazard ratios stay the same over time, which `cox` takes for granted.

    transform  of the day, with which a ratio's log might rise or fall: "km" (the share of all who have ended before it) or
               "identity" (the day)
    others     as in `cox`

    Returns a row for each part of the formula (`sex`, all levels together), and one for "all": term, statistic
    (chi-squared), df, p; a small p says that the ratio changes with time.

    Grambsch & Therneau (1994), as the score test of survival >= 3.0, cox.zph(fit, transform): exact, where earlier versions
    took the covariance of the terms to be the same on all days. Raises ValueError as `cox` does.
    """
    if not isinstance(transform, str) or transform not in ("km", "identity"):
        raise ValueError(f"transform is {transform!r}; it can be 'km' or 'identity'.")
    table, covariates, _ = _table(spells, formula, ties, event, "proportional_hazards")
    fit = maximise(table, covariates.names, "proportional_hazards")
    table, scale = standardised(table)
    clock = _clock(table, transform)
    level, first, second = (moments(table, fit.estimate * scale, clock**power) for power in (0, 1, 2))
    parts = covariates.parts | {"all": list(range(len(covariates.names)))}
    rows = []
    for part, places in parts.items():
        # the score of the effects' slopes in time, in the metric of what the effects themselves leave of its information
        from_level = np.linalg.solve(level.information, first.information[:, places])
        left = second.information[np.ix_(places, places)] - first.information[places] @ from_level
        score = first.score[places]
        _refuse_still(left, second.information[np.ix_(places, places)], part)
        rows.append((part, float(score @ np.linalg.solve(left, score)), len(places)))
    frame = pd.DataFrame(rows, columns=["term", "statistic", "df"])
    return frame.assign(p=chi2.sf(frame["statistic"], frame["df"]))


def _refuse_still(left: Array, whole: Array, part: str) -> None:
    """Refuse a test when time and effect cannot be told apart: those at risk differ on one day of ends only."""
    if np.linalg.eigvalsh(left)[0] <= 1e-9 * max(np.linalg.eigvalsh(whole)[-1], 1e-300):
        raise ValueError(
            f"Nothing in these spells says whether the effect of {part} changes with time: people at risk who differ in it are "
            "found on one day of ends only."
        )


def aft(
    spells: pd.DataFrame, formula: str, family: str = "weibull", level: float = 0.95, event: str | None = None
) -> pd.DataFrame:
    """How covariates stretch a delay: an accelerated failure time model.

    spells   as for `fit_delay`, which does the work: every censoring and truncation, dates kept as windows
    formula  right-hand side: "sex + age"
    family   exponential, weibull, lognormal, loglogistic, gamma or generalized_gamma
    others   as in `cox`

    Returns the terms of the location only: term, estimate (log of the factor by which a delay is longer; `Intercept` is the
    location itself), se, low, high, p (Wald). For the fit as a whole, its quantiles and curves: fit_delay(s, family, formula).
    R's survreg(Surv(...) ~ ..., dist = family). Raises ValueError as `fit_delay` does.
    """
    check_level(level)
    variables(formula)  # fit_delay could do without a formula
    fit = fit_delay(spells, family, formula=formula, event=event)
    names = list(fit.location)
    se = np.sqrt(np.diag(fit.covariance.loc[names, names]))
    frame = tidy(names, fit.params[names].to_numpy(float), se, level)
    frame.attrs = {"loglik": fit.loglik, "people": fit.people}
    return frame


def _table(
    spells: pd.DataFrame, formula: str, ties: str, event: str | None, estimator: str
) -> tuple[RiskTable, Covariates, float]:
    """Who is at risk and who ends, by day and pattern; the covariates; the people."""
    if not isinstance(ties, str) or ties not in _TIES:
        raise ValueError(f"ties is {ties!r}; it can be 'efron' or 'breslow'.")
    frame, covariates = read(spells, formula)
    covariates = without_baseline(covariates, formula)
    refuse_unknown_days(frame, estimator)
    event = single_event(frame, event, estimator)
    ended = (frame["cause"] == event).to_numpy()
    if not ended.any():
        raise ValueError(f"Nobody's spell ended by {event!r}, so nothing can be said of what makes it end sooner.")
    n, last, entry = (frame[name].to_numpy() for name in ("n", "lower", "entry"))
    day = np.unique(last[ended])
    shape = (len(day), len(covariates.matrix))
    ends = by_day(np.searchsorted(day, last[ended]), covariates.place[ended], n[ended], shape)
    # at risk on the days after the entry (all, without one), up to the last: (entry, last]
    until, after = np.searchsorted(day, last, side="right") - 1, np.searchsorted(day, entry, side="right") - 1
    after = np.where(entry > 0, after, -1)
    both = np.concatenate([until, after])
    leaving = by_day(both, np.tile(covariates.place, 2), np.concatenate([n, -n]), shape)
    ties_of_days = _TIES[ties](np.asarray(ends.sum(axis=1), float))
    return RiskTable(day, covariates.matrix, leaving, ends, ties_of_days), covariates, float(n.sum())


def _clock(table: RiskTable, transform: str) -> Array:
    """The transformed day of each end, with mean 0 over those who end."""
    ends = np.asarray(table.ended.sum(axis=1), float)
    waiting = np.cumprod(1 - ends / table.at_risk(np.ones((len(table.x), 1)))[:, 0])
    clock = table.day if transform == "identity" else 1 - np.concatenate([[1.0], waiting[:-1]])
    return clock - ends @ clock / ends.sum()
