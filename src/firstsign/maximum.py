"""The highest point of a likelihood, whether it is one, and how far to each side a parameter may move from it."""

from copy import copy

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.stats import chi2

from .likelihood import NEVER, Likelihood

Array = NDArray[np.float64]
_NEAR = 1e-3  # the gain in log-likelihood that a step promises when derivatives have to be exact
_DONE = 1e-9  # ... and when the search ends
_STRIDE = 1.5  # the farthest that one step moves a row's predictor, in log days
_BEYOND = 50.0  # a predictor out here belongs to no delay: the likelihood rises without end
_SHOWN = 8  # values in a message
_VAGUE = 20.0  # a standard error of a predictor, in logs, that leaves everything possible
_MOST_NODES = 128  # far from day 0
_AVERAGED = 1e-7  # what quadrature may change of the log-likelihood, a person


def maximise(likelihood: Likelihood) -> tuple[Array, Array]:
    """The free parameters at the highest point, on the scale of the search, and the observed information there.

    Newton's steps, and a search without derivatives where they fail. At the end the loss bends upwards in every direction, a
    further step gains nothing that could be told from rounding, and twice the nodes of quadrature give the same
    likelihood. Raises ValueError where this cannot be had.
    """
    found = likelihood.start[likelihood.free]
    while True:
        found, bend, arrived = _newton(likelihood, found)
        if not arrived:
            found, bend, arrived = _newton(likelihood, _simplex(likelihood))
        if _is_averaged_well(likelihood, found):
            break
    if not arrived:
        raise ValueError(_failure(likelihood, found))
    return found, bend


def _newton(likelihood: Likelihood, found: Array) -> tuple[Array, Array, bool]:
    """Where the steps end, the second derivatives there, and whether it is a highest point."""
    refined, here = False, likelihood.loss(found)
    for _ in range(100):
        slope, bend = likelihood.derivatives(found, refined)
        if not (np.isfinite(slope).all() and np.isfinite(bend).all()) or _is_beyond(likelihood, found):
            return found, bend, False
        step, curved = _step(slope, bend)
        gain = float(step @ slope)
        coarse = max(1.0, 1e-4 * abs(here))  # a large loss is rounded more coarsely
        if curved and refined and gain < _DONE * coarse:
            return found - step, bend, _is_known(likelihood, bend)
        slack = 1e-10 * abs(here) if gain < _NEAR * coarse else 0.0
        length = _length(likelihood, found, step, here + slack)
        if length == 0 and refined:
            return found, bend, False
        refined = refined or length == 0 or (curved and gain < _NEAR * coarse)
        found = found - length * step
        here = likelihood.loss(found)
    return found, bend, False


def _length(likelihood: Likelihood, found: Array, step: Array, below: float) -> float:
    """How much of a step to take: no farther than trust goes, shortened until the loss falls; 0 if it never does."""
    whole = np.zeros(len(likelihood.names))
    whole[likelihood.free] = step
    farthest = max(np.abs(x).max(initial=0) for x in likelihood.predictors(whole))
    longest = min(1.0, _STRIDE / farthest) if farthest else 1.0
    for length in longest * 0.4 ** np.arange(9):
        if likelihood.loss(found - length * step) <= below:
            return float(length)
    return 0.0


def _step(slope: Array, bend: Array) -> tuple[Array, bool]:
    """Newton's step, and whether the loss bends upwards in every direction; where it does not, downhill all the same."""
    scale = np.sqrt(np.maximum(np.abs(np.diag(bend)), 1e-300))
    height, direction = np.linalg.eigh(bend / np.outer(scale, scale))
    curved = bool(height.min(initial=1) > 1e-10)
    height = np.maximum(np.abs(height), 1e-3 if not curved else 0)
    return direction @ ((direction.T @ (slope / scale)) / height) / scale, curved


def _is_beyond(likelihood: Likelihood, found: Array) -> bool:
    return any(np.abs(x).max(initial=0) > _BEYOND for x in likelihood.predictors(likelihood.full(found)))


def _is_known(likelihood: Likelihood, bend: Array) -> bool:
    """Whether anything is, or the likelihood is so flat that a step gains nothing though the top is nowhere near."""
    covariance = np.zeros((len(likelihood.names),) * 2)
    covariance[np.ix_(likelihood.free, likelihood.free)] = np.linalg.inv(bend)
    return all(np.max(variance) < _VAGUE**2 for variance in likelihood.variances(covariance))


def _simplex(likelihood: Likelihood) -> Array:
    start = likelihood.start[likelihood.free]
    if not len(start):
        return start
    options = {"xatol": 0.02, "fatol": 0.02, "maxfev": 400 * len(start)}
    return minimize(likelihood.loss, start, method="Nelder-Mead", options=options).x


def _is_averaged_well(likelihood: Likelihood, found: Array) -> bool:
    """Whether twice the nodes change nothing; if they do, the likelihood goes on with them."""
    predictors = likelihood.predictors(likelihood.full(found))
    onset = likelihood.onset
    coarse = likelihood.rows(predictors)
    if not (likelihood.columns["window"] > 0).any() or not np.isfinite(coarse).all():
        return True
    likelihood.onset = type(onset)(onset.growth, onset.rule.finer())
    change = likelihood.n @ np.abs(likelihood.rows(predictors) - coarse)
    if change <= _AVERAGED * likelihood.n.sum():
        likelihood.onset = onset
        return True
    if len(onset.rule.far[0]) >= _MOST_NODES:
        raise ValueError(
            f"The average over the windows of time zero does not settle for the {likelihood.family.name} "
            f"({4 * _MOST_NODES:,} nodes; {_values(likelihood, found)}): delays are far more alike than the "
            "windows are wide. Narrow the windows, or try another family."
        )
    return False


def _failure(likelihood: Likelihood, found: Array) -> str:
    never = dict(zip(likelihood.names, likelihood.natural(likelihood.full(found)), strict=True)).get(NEVER, 1.0)
    if never < 1e-3:
        return (
            "never_diagnosed could not be fitted: the fewer are never diagnosed, the better, down to nobody. "
            "Leave it out."
        )
    return (
        f"The {likelihood.family.name} could not be fitted: the likelihood has no single highest point for these spells (the "
        f"search came to {_values(likelihood, found)}). There may be too few ends, in all or at one level of a covariate, or "
        "the family may be too rich: try one with fewer parameters, or hold one with fixed=; a covariate far from 0 "
        "beside its range (a calendar year) wants its middle subtracted."
    )


def _values(likelihood: Likelihood, found: Array) -> str:
    with np.errstate(over="ignore"):
        values = zip(likelihood.names, likelihood.natural(likelihood.full(found)), strict=True)
    shown = [f"{name} {value:.4g}" for name, value in values]
    return ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else "")


def profile(likelihood: Likelihood, found: Array, information: Array, name: str, level: float) -> tuple[float, float]:
    """Between which values of one parameter, as it stands in params, its profile log-likelihood is near enough to the highest.

    Near enough is half the chi-squared quantile of `level`. A side on which it never falls so far is open: the bound is the
    edge of the parameter's scale. A parameter that was held keeps its value.
    """
    place = likelihood.names.index(name)
    full = likelihood.full(found)
    bounds = [full[place]] * 2
    if likelihood.free[place]:
        at = int(likelihood.free[:place].sum())
        falls = _Fall(likelihood, full, place, likelihood.loss(found) + chi2.ppf(level, 1) / 2)
        far = np.sqrt(chi2.ppf(level, 1) * np.linalg.inv(information)[at, at])
        bounds = [full[place] + _crossing(falls, sign * far) for sign in (-1, 1)]
    with np.errstate(over="ignore"):
        low, high = (
            likelihood.natural(np.where(np.arange(len(full)) == place, bound, full))[place] for bound in bounds
        )
    return float(low), float(high)


class _Fall:
    """How much lower than allowed the likelihood is when one parameter has moved and the others are at their best again."""

    def __init__(self, likelihood: Likelihood, full: Array, place: int, allowed: float) -> None:
        self._held = copy(likelihood)
        self._held.free = likelihood.free.copy()
        self._held.free[place] = False
        self._full, self._place, self._allowed = full, place, allowed
        self._others = full[self._held.free]

    def is_beyond(self, moved: float) -> bool:
        alone = np.zeros(len(self._full))
        alone[self._place] = moved
        return any(np.abs(x).max(initial=0) > _BEYOND for x in self._held.predictors(alone))

    def __call__(self, moved: float) -> float:
        self._held.start = self._full.copy()
        self._held.start[self._place] += moved
        self._others, _, _ = _newton(self._held, self._others)  # from where the last search ended
        return self._held.loss(self._others) - self._allowed


def _crossing(falls: _Fall, far: float) -> float:
    """Where the fall is as large as allowed, looked for from a first guess outwards; infinite if it never is."""
    near = 0.0
    while not falls.is_beyond(far):
        if falls(far) > 0:
            return float(brentq(falls, near, far, xtol=1e-9 * abs(far), rtol=1e-9))
        near, far = far, 1.6 * far
    return float(np.copysign(np.inf, far))
