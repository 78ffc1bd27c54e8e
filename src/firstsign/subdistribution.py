"""Regression of the share that ends in one way, when other ways shut it out: Fine and Gray's subdistribution hazards."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .bands import check_level
from .covariates import Covariates, read, refuse_unknown_days, tidy, without_baseline
from .errors import did_you_mean
from .partial_likelihood import Fit, RiskTable, by_day, maximise
from .ties import breslow

Array = NDArray[np.float64]


class _Days(NamedTuple):
    """The days on which anybody leaves, and what leaves: shape (days,).

    observed     the share not yet censored just before each, had nothing else happened
    rate         of censoring on each
    at_risk      people not yet gone just before each
    """

    day: Array
    observed: Array
    rate: Array
    at_risk: Array


def fine_gray(spells: pd.DataFrame, formula: str, cause: str = "diagnosis", level: float = 0.95) -> pd.DataFrame:
    """How covariates change the share that ends by `cause`, when other causes shut it out: subdistribution hazards.

    spells   counted spells that end on known days, everybody observed from the start
    formula  right-hand side: "sex + age"
    cause    the way of ending whose share is asked for; the others compete with it
    level    coverage of the intervals, in (0, 1)

    Who ended otherwise stays at risk, with the chance that censoring would have spared them until then. Returns term, estimate
    (log subdistribution hazard ratio: positive = a larger share, sooner), se (robust, with what estimating the censoring adds),
    low, high, p (Wald). `.attrs` as in `cox`. `cox(s, formula, event=cause)` asks how the rate among those still waiting
    differs.

    Fine & Gray (1999), ties as Breslow's, censoring alike for all covariates; crr of R's cmprsk. An exception: crr counts
    censorings of day 0 before ends of day 0, ours after, as on all days. Raises ValueError for delayed entry, under which the
    weights do not hold, for windows, limits and bands, for a cause nobody ended by, and as `cox` for terms.
    """
    check_level(level)
    frame, covariates = read(spells, formula)
    covariates = without_baseline(covariates, formula)
    refuse_unknown_days(frame, "fine_gray", entries=False)
    causes = sorted(set(frame["cause"]) - {"censored"})
    if cause not in causes:
        raise ValueError(
            f"Nobody's spell ended by {cause!r}{did_you_mean(cause, causes)}; they end in: {', '.join(causes) or 'nothing'}."
        )
    days = _days(frame)
    table = _table(frame, covariates, cause, days)
    fit = maximise(table, covariates.names, "fine_gray")
    covariance = _covariance(frame, covariates, cause, days, table, fit)
    _refuse_certainty(np.diag(covariance), fit, covariates.names)
    result = tidy(covariates.names, fit.estimate, np.sqrt(np.diag(covariance)), level)
    result.attrs = {
        "loglik": fit.moments.loglik,
        "loglik_null": fit.loglik_null,
        "people": float(frame["n"].sum()),
        "events": float(table.ended.sum()),
    }
    return result


def _refuse_certainty(variance: Array, fit: Fit, names: list[str]) -> None:
    """Refuse an error of 0: a robust variance is the spread of what people add to the score, and here they all add the same."""
    for name, squared, usual in zip(names, variance, np.diag(np.linalg.inv(fit.moments.information)), strict=True):
        if squared <= 1e-12 * usual:
            raise ValueError(
                f"No standard error of {name} can be given: the people add nothing of their own to its estimate (if all ended "
                "on one day, say). Compare the shares themselves: cumulative_incidence, gray_test."
            )


def _days(frame: pd.DataFrame) -> _Days:
    """Kaplan-Meier's estimate of not being censored; ends come before censorings of the same day."""
    last, n = frame["lower"].to_numpy(), frame["n"].to_numpy()
    day, place = np.unique(last, return_inverse=True)
    at_risk: Array = np.cumsum(np.bincount(place, n)[::-1], dtype=np.float64)[::-1]
    rate = np.bincount(place, n * (frame["cause"] == "censored").to_numpy()) / at_risk
    return _Days(day, np.concatenate([[1.0], np.cumprod(1 - rate)[:-1]]), rate, at_risk)


def _table(frame: pd.DataFrame, covariates: Covariates, cause: str, days: _Days) -> RiskTable:
    """Who is at risk on the days of ends by the cause: people still there, and, fading, those who ended otherwise before."""
    n, last = frame["n"].to_numpy(), frame["lower"].to_numpy()
    own, other = (frame["cause"] == cause).to_numpy(), ~frame["cause"].isin([cause, "censored"]).to_numpy()
    day = np.unique(last[own])
    shape = (len(day), len(covariates.matrix))
    ends = by_day(np.searchsorted(day, last[own]), covariates.place[own], n[own], shape)
    leaving = by_day(np.searchsorted(day, last, side="right") - 1, covariates.place, n, shape)
    after = np.searchsorted(day, last, side="right")
    stays = other & (after < len(day))
    spared = _observed(days, last[stays])
    stayed = by_day(after[stays], covariates.place[stays], n[stays] / spared, shape)
    ties = breslow(np.asarray(ends.sum(axis=1), float))
    return RiskTable(day, covariates.matrix, leaving, ends, ties, stayed, _observed(days, day))


def _observed(days: _Days, at: Array) -> Array:
    return days.observed[np.searchsorted(days.day, at)]


def _covariance(
    frame: pd.DataFrame, covariates: Covariates, cause: str, days: _Days, table: RiskTable, fit: Fit
) -> Array:
    """Of the coefficients: each person's own part of the score, squared and summed, between two inverse informations."""
    parts = _score_parts(frame, covariates, cause, days, table, fit)
    bread = np.linalg.inv(fit.moments.information)
    return bread @ (parts.T @ (frame["n"].to_numpy()[:, None] * parts)) @ bread


def _score_parts(
    frame: pd.DataFrame, covariates: Covariates, cause: str, days: _Days, table: RiskTable, fit: Fit
) -> Array:
    """What each row's people add to the score, shape (rows, terms): as ending or not, and as censored or not."""
    x = covariates.matrix - covariates.matrix.mean(axis=0)
    risk = np.exp(x @ fit.estimate)
    sums = table.at_risk(risk[:, None] * np.column_stack([np.ones(len(x)), x]))
    mean = sums[:, 1:] / sums[:, :1]
    hazard = np.asarray(table.ended.sum(axis=1), float) / sums[:, 0]
    fading = hazard * _observed(days, table.day)
    # running sums over the days of ends, of 1 and of the mean terms: so far, and still to come for those who ended otherwise
    so_far = _running(hazard, mean)
    to_come = _running(fading, mean)
    to_come = to_come[-1] - to_come
    last, kind = frame["lower"].to_numpy(), frame["cause"].to_numpy()
    until = np.searchsorted(table.day, last, side="right")
    here, its_risk = x[covariates.place], risk[covariates.place]
    parts = -its_risk[:, None] * (here * so_far[until, :1] - so_far[until, 1:])
    own = kind == cause
    parts[own] += here[own] - mean[until[own] - 1]
    other = ~own & (kind != "censored")
    kept = np.where(other, its_risk / _observed(days, last), 0.0)
    parts -= kept[:, None] * (here * to_come[until, :1] - to_come[until, 1:])
    return parts + _censoring_parts(
        days, last, kind == "censored", kept, here, frame["n"].to_numpy(), to_come, table.day
    )


def _running(amount: Array, mean: Array) -> Array:
    """Running sums, from nothing on, of an amount (days,) and of the mean terms times it: shape (days + 1, 1 + terms)."""
    steps = amount[:, None] * np.column_stack([np.ones(len(mean)), mean])
    return np.concatenate([np.zeros((1, steps.shape[1])), np.cumsum(steps, axis=0)])


def _censoring_parts(
    days: _Days,
    last: Array,
    censored: NDArray[np.bool_],
    kept: Array,
    here: Array,
    n: Array,
    to_come: Array,
    ends: Array,
) -> Array:
    """What each row's people add through the weights: a censoring fades all who ended otherwise before it, from its day on.

    With ties crr takes "before" and "from" in this way, though in the weights themselves a censoring counts from the day after
    on, for those too who ended on its day; with many ties the standard errors would differ in the fourth digit.
    """
    place = np.searchsorted(days.day, last)
    amounts = (n * kept)[:, None] * np.column_stack([np.ones(len(here)), here])
    of_day = np.column_stack([np.bincount(place, amount, len(days.day)) for amount in amounts.T])
    of_others = np.cumsum(of_day, axis=0) - of_day
    after = to_come[np.searchsorted(ends, days.day, side="left")]
    moved = (of_others[:, 1:] * after[:, :1] - of_others[:, :1] * after[:, 1:]) / days.at_risk[:, None]
    parts = -np.cumsum(days.rate[:, None] * moved, axis=0)[place]
    parts[censored] += moved[place[censored]]
    return parts
