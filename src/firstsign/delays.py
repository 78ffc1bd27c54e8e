"""Parametric delay distributions, fitted to counted spells of every censoring and truncation by maximum likelihood."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm

from .bands import check_band, check_level, confidence_band
from .errors import did_you_mean
from .families import FAMILIES
from .likelihood import NEVER, Likelihood, share_waiting
from .risk_sets import check_spells, single_event

Array = NDArray[np.float64]
_DONE = 1e-9  # what a further step would gain in log-likelihood


@dataclass(frozen=True)
class DelayFit:
    """A fitted delay distribution.

    params      natural scale, with the share never diagnosed if that was asked for
    covariance  of params, from the observed information; zero for what was held fixed
    loglik      the log-likelihood; aic = 2 (parameters fitted) - 2 loglik
    people      how many people the spells count
    """

    family: str
    params: pd.Series
    covariance: pd.DataFrame
    loglik: float
    aic: float
    people: float

    @property
    def summary(self) -> pd.DataFrame:
        """parameter, estimate, se, low, high at 95 %; the interval is symmetric on the scale of the search."""
        se = np.sqrt(np.diag(self.covariance))
        positive = dict(zip(FAMILIES[self.family].parameters, FAMILIES[self.family].positive, strict=True))
        half = norm.isf(0.025) * se
        rows = []
        for place, (name, value) in enumerate(self.params.items()):
            if name == NEVER:
                (low,), (high,) = confidence_band(np.array([value]), se[[place]], 0.95, "logit")
            elif positive[str(name)]:
                low, high = value * np.exp(-half[place] / value), value * np.exp(half[place] / value)
            else:
                low, high = value - half[place], value + half[place]
            rows.append((name, value, se[place], low, high))
        return pd.DataFrame(rows, columns=["parameter", "estimate", "se", "low", "high"])

    def quantiles(self, q: Sequence[float] | float, level: float = 0.95) -> pd.DataFrame:
        """The day by which a share q has ended: q, days, low, high (delta method on the log of days).

        Days are inf, without bounds, for a share that is never reached.
        """
        check_level(level)
        shares = np.atleast_1d(np.asarray(q, float))
        if not ((shares > 0) & (shares < 1)).all():
            raise ValueError(f"q is {q!r}; quantiles of a fitted delay are asked for shares inside (0, 1).")
        days, se = self._with_error(lambda values: np.log(_quantile(self.family, values, shares)))
        half = norm.isf((1 - level) / 2) * se
        return pd.DataFrame(
            {"q": shares, "days": np.exp(days), "low": np.exp(days - half), "high": np.exp(days + half)}
        )

    def survival(
        self, days: Sequence[float] | Array | float, level: float = 0.95, band: str = "log-log"
    ) -> pd.DataFrame:
        """The share still waiting after each of `days`: day, estimate, se, low, high (delta method, the given band)."""
        check_band(band, level)
        wanted = np.atleast_1d(np.asarray(days, float))
        if not (wanted >= 0).all():
            raise ValueError(f"days is {days!r}; the share still waiting is known for days of at least 0.")
        share, se = self._with_error(lambda values: _waiting(self.family, values, wanted))
        low, high = confidence_band(share, se, level, band)
        return pd.DataFrame({"day": wanted, "estimate": share, "se": se, "low": low, "high": high})

    def _with_error(self, function: Any) -> tuple[Array, Array]:
        values = self.params.to_numpy(float)
        step = 1e-5 * np.maximum(np.abs(values), 1e-2)
        with np.errstate(invalid="ignore"):  # an infinite day has no slope
            slopes = np.column_stack(
                [
                    (function(values + h * one) - function(values - h * one)) / (2 * h)
                    for h, one in zip(step, np.eye(len(values)), strict=True)
                ]
            )
            return function(values), np.sqrt(np.einsum("ki,ij,kj->k", slopes, self.covariance.to_numpy(), slopes))


def fit_delay(
    spells: pd.DataFrame,
    family: str = "lognormal",
    formula: str | None = None,
    growth: float = 0.0,
    cohort_growth: float = 0.0,
    never_diagnosed: bool = False,
    fixed: Mapping[str, float] | None = None,
    event: str | None = None,
) -> DelayFit:
    """Fit a delay distribution to counted spells by maximum likelihood.

    spells           exact, right-, interval- and doubly interval-censored ends, delayed entry and limits, row by row
    family           exponential (scale), weibull (shape, scale), lognormal (mu, sigma), loglogistic (shape, scale), gamma
                     (shape, scale) or generalized_gamma (mu, sigma, q: Prentice 1974)
    never_diagnosed  also fit a share of people whose delay never ends (not identified with limits, so refused there)
    fixed            parameters to hold, {"shape": 1.0}
    event            as in `kaplan_meier`: others are censorings

    With G the distribution of the time since the start of time zero's window (time zero uniform in it), a row's likelihood is
    [G(upper) - G(lower)] / [G(limit) - G(entry)], the density of G where lower = upper. Raises ValueError for an end on day 0
    exactly, where a density may not exist (spells(..., whole_days=True) makes days of it), for a search that does not end, and
    for formula, growth and cohort_growth, which this version does not fit.
    """
    if formula is not None or growth != 0 or cohort_growth != 0:
        asked = f"formula={formula!r}" if formula is not None else f"growth={growth}, cohort_growth={cohort_growth}"
        raise ValueError(
            f"This version of fit_delay fits neither covariates nor growth ({asked}). Fit each group on its own."
        )
    if family not in FAMILIES:
        raise ValueError(f"No family {family!r}{did_you_mean(family, FAMILIES)}; there are {', '.join(FAMILIES)}.")
    frame = check_spells(spells)
    event = single_event(frame, event, "fit_delay")
    frame = _as_censored(frame, event)
    _refuse(frame, never_diagnosed, narrows=family != "exponential" and not fixed)
    likelihood = Likelihood(FAMILIES[family], frame, never_diagnosed, dict(fixed or {}))
    return _result(likelihood, *_maximise(likelihood))


def _as_censored(frame: pd.DataFrame, event: str) -> pd.DataFrame:
    """Ends by another cause as censorings; one known only to an interval was certainly still waiting at its start."""
    other = (frame["cause"] != event) & np.isfinite(frame["upper"])
    return frame.assign(upper=frame["upper"].mask(other, np.inf), cause=frame["cause"].mask(other, "censored"))


def _refuse(frame: pd.DataFrame, never_diagnosed: bool, narrows: bool) -> None:
    """Refuse what has no likelihood, or none with a top; `narrows` where the family can close in on one day."""
    zero = frame["upper"] == 0
    if zero.any():
        raise ValueError(
            f"{int(frame.loc[zero, 'n'].sum()):,} people end on day 0 exactly, where a delay distribution has no density. Dates "
            "are days of width one: make the spells with spells(..., whole_days=True)."
        )
    if never_diagnosed and np.isfinite(frame["limit"]).any():
        raise ValueError(
            "never_diagnosed cannot be fitted to spells with a limit: people who never end are never in such data, so nothing in "
            "them says how many there are."
        )
    exact = frame["upper"][(frame["lower"] == frame["upper"]) & (frame["window"] == 0)]
    last = frame["lower"].max()
    if narrows and len(exact) and len(exact) == np.isfinite(frame["upper"]).sum() and (exact == last).all():
        raise ValueError(
            f"All ends lie on day {last:g} exactly, so that every narrower distribution around it fits better and none "
            "best. Dates are days of width one: make the spells with spells(..., whole_days=True)."
        )
    if not np.isfinite(frame["upper"]).any():
        raise ValueError(
            "Nobody's spell ended, so no delay distribution can be fitted: every longer delay fits better."
        )


def _maximise(likelihood: Likelihood) -> tuple[Array, Array]:
    """The highest point, on the scale of the search, and the observed information there.

    Newton's steps from a rough search; at the end the loss bends upwards in every direction and a further step would be
    far below an error's width. Anything else is a failure, and said.
    """
    found = likelihood.start[likelihood.free]
    if len(found):
        found = minimize(likelihood.loss, found, method="Nelder-Mead", options={"xatol": 0.05, "fatol": 0.05}).x
    for _ in range(30):
        slope, bend = _derivatives(likelihood.loss, found)
        if (
            not np.isfinite(bend).all()
            or np.linalg.eigvalsh(bend).min(initial=1) <= 0
            or np.abs(found).max(initial=0) > 50
        ):
            break
        step = np.linalg.solve(bend, slope)
        here = likelihood.loss(found)
        if step @ slope < _DONE * max(1.0, 1e-4 * abs(here)):  # of many people the loss itself is rounded more coarsely
            return found - step, bend
        length = next((h for h in (1.0, 0.5, 0.1, 0.01) if likelihood.loss(found - h * step) < here), None)
        if length is None:
            break
        found = found - length * step
    with np.errstate(over="ignore"):
        values = zip(likelihood.names, likelihood.natural(likelihood.full(found)), strict=True)
    raise ValueError(
        f"The {likelihood.family.name} could not be fitted: the likelihood has no single highest point for these spells (the "
        f"search came to {', '.join(f'{name} {value:.4g}' for name, value in values)}). There may be too few ends, or the "
        "family may be too rich: try one with fewer parameters, or hold one with fixed=."
    )


def _derivatives(loss: Callable[[Array], float], at: Array) -> tuple[Array, Array]:
    """Gradient and second derivatives by central differences, refined once by Richardson's extrapolation."""

    h = 0.005

    @cache
    def value(*steps: int) -> float:
        return loss(at + h * np.array(steps))

    def once(width: int) -> tuple[Array, Array]:
        steps = width * np.eye(len(at), dtype=int)
        slope = np.array([value(*a) - value(*-a) for a in steps]) / (2 * width * h)
        bend = [[value(*a + b) - value(*a - b) - value(*b - a) + value(*-a - b) for b in steps] for a in steps]
        return slope, np.array(bend).reshape(len(at), len(at)) / (2 * width * h) ** 2

    (coarse_slope, coarse_bend), (slope, bend) = once(2), once(1)
    return (4 * slope - coarse_slope) / 3, (4 * bend - coarse_bend) / 3


def _result(likelihood: Likelihood, found: Array, information: Array) -> DelayFit:
    scaled, names, free = likelihood.full(found), likelihood.names, likelihood.free
    steps = 1e-6 * np.eye(len(scaled))
    slope = np.array([(likelihood.natural(scaled + h) - likelihood.natural(scaled - h)).sum() / 2e-6 for h in steps])
    covariance = np.zeros((len(scaled), len(scaled)))
    covariance[np.ix_(free, free)] = np.linalg.inv(information)
    loglik = -likelihood.loss(found)
    return DelayFit(
        likelihood.family.name,
        pd.Series(likelihood.natural(scaled), index=names),
        pd.DataFrame(covariance * np.outer(slope, slope), index=names, columns=names),
        loglik,
        2 * int(free.sum()) - 2 * loglik,
        float(likelihood.columns["n"].sum()),
    )


def _waiting(family: str, values: Array, days: Array) -> Array:
    count = len(FAMILIES[family].parameters)
    never = values[count] if len(values) > count else 0.0
    return never + (1 - never) * share_waiting(
        FAMILIES[family].distribution(*values[:count]), days, np.zeros_like(days)
    )


def _quantile(family: str, values: Array, shares: Array) -> Array:
    count = len(FAMILIES[family].parameters)
    never = values[count] if len(values) > count else 0.0
    reached = shares < 1 - never
    ended = np.where(reached, shares / (1 - never), 0.5)
    return np.where(reached, FAMILIES[family].distribution(*values[:count]).ppf(ended), np.inf)
