"""The likelihood of counted spells under a family of delay distributions, whatever is censored or truncated."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .families import Family

Array = NDArray[np.float64]
NEVER = "never_diagnosed"
_TINY = 1e-300


def _gauss(count: int) -> tuple[Array, Array]:
    """Nodes and weights of Gauss-Legendre quadrature on (0, 1)."""
    node, weight = np.polynomial.legendre.leggauss(count)
    return (node + 1) / 2, weight / 2


# For the average over a window: far from day 0 a delay distribution is smooth; near it, the fourth root takes its bend at
# day 0, however sharp, out of the integrand.
_FAR, _ROOTS = _gauss(16), _gauss(64)
_NEAR = (_ROOTS[0] ** 4, _ROOTS[1] * 4 * _ROOTS[0] ** 3)


def share_ended(distribution: Any, days: Array, window: Array) -> Array:
    """G: the share ended so many days after the start of a window in which time zero lies uniformly."""
    with np.errstate(all="ignore"):
        ended = np.where(days > 0, distribution.cdf(np.maximum(days, _TINY)), 0.0)
        for rows, first, average in _averages(days, window):
            ended[rows] = average(distribution.cdf) * (days[rows] - first) / window[rows]
    return np.where(np.isinf(days), 1.0, ended)


def share_waiting(distribution: Any, days: Array, window: Array) -> Array:
    """1 - G without the loss of digits far out."""
    with np.errstate(all="ignore"):
        waiting = np.where(days > 0, distribution.sf(np.maximum(days, _TINY)), 1.0)
        for rows, first, average in _averages(days, window):
            passed = days[rows] - first
            waiting[rows] = (average(distribution.sf) * passed + (window[rows] - passed)) / window[rows]
    return np.where(np.isinf(days), 0.0, waiting)


def _averages(days: Array, window: Array) -> Iterator[tuple[NDArray[np.bool_], Array, Callable[[Any], Array]]]:
    """Rows with a window, the shortest delay each can stand for, and how to average a function of the delay over it."""
    if not window.any():
        return
    wide = (window > 0) & np.isfinite(days) & (days > 0)
    near = wide & (days < 2 * window)
    for rows, (node, weight) in ((near, _NEAR), (wide & ~near, _FAR)):
        if rows.any():
            first = np.maximum(0.0, days[rows] - window[rows])
            nodes = first[:, None] + (days[rows] - first)[:, None] * node
            yield rows, first, partial(_average, nodes=nodes, weight=weight)


def _average(function: Callable[[Array], Array], nodes: Array, weight: Array) -> Array:
    return function(nodes) @ weight


def share_between(distribution: Any, lower: Array, upper: Array, window: Array) -> Array:
    """G(upper) - G(lower), from whichever of ended and waiting carries more digits."""
    days, windows = np.stack([lower, upper]), np.stack([window, window])
    before, after = share_ended(distribution, days, windows)
    between = after - before
    late = before > 0.5
    if late.any():
        before, after = share_waiting(distribution, days[:, late], windows[:, late])
        between[late] = before - after
    return between


class Likelihood:
    """Of a checked spells frame under one family, as a function of the parameters that are not held fixed.

    The search runs on a scale without edges: logs of positive parameters, the logit of the share never diagnosed.
    """

    def __init__(self, family: Family, frame: pd.DataFrame, never: bool, fixed: Mapping[str, float]) -> None:
        self.family, self.never = family, never
        self.names = [*family.parameters, *([NEVER] if never else [])]
        self._check_fixed(fixed)
        self.columns = {
            name: frame[name].to_numpy(float) for name in ("lower", "upper", "window", "entry", "limit", "n")
        }
        self.exact = frame["lower"].to_numpy() == frame["upper"].to_numpy()
        self.truncated = (self.columns["entry"] > 0) | np.isfinite(self.columns["limit"])
        self.free = np.array([name not in fixed for name in self.names])
        self.start = self.scaled(np.array([fixed.get(n, v) for n, v in zip(self.names, self._guess(), strict=True)]))

    def _check_fixed(self, fixed: Mapping[str, float]) -> None:
        positive = dict(zip(self.family.parameters, self.family.positive, strict=True))
        for name, value in fixed.items():
            if name not in self.names:
                raise ValueError(
                    f"The {self.family.name} has no parameter {name!r} to hold fixed; it has {', '.join(self.names)}."
                )
            if not np.isfinite(value) or (positive.get(name) and value <= 0) or (name == NEVER and not 0 < value < 1):
                allowed = "inside (0, 1)" if name == NEVER else "above 0" if positive[name] else "a number"
                raise ValueError(f"{name} cannot be held at {value!r}; it must be {allowed}.")

    def _guess(self) -> list[float]:
        """Parameters that give the mean and spread of the log delays of those who ended."""
        ended = np.isfinite(self.columns["upper"])
        lower, upper, window = (self.columns[name][ended] for name in ("lower", "upper", "window"))
        middle = np.log(np.maximum((lower + upper) / 2 - window / 2, 0.5))
        mean = np.average(middle, weights=self.columns["n"][ended])
        spread = np.sqrt(np.average((middle - mean) ** 2, weights=self.columns["n"][ended]))
        return [*self.family.start(mean, max(spread, 0.1)), *([0.1] if self.never else [])]

    def scaled(self, natural: Array) -> Array:
        positive = np.array([*self.family.positive, *([False] if self.never else [])])
        scaled = np.where(positive, np.log(np.where(positive, natural, 1.0)), natural)
        if self.never:
            scaled[-1] = np.log(natural[-1] / (1 - natural[-1]))
        return scaled

    def natural(self, scaled: Array) -> Array:
        positive = np.array([*self.family.positive, *([False] if self.never else [])])
        natural = np.where(positive, np.exp(np.where(positive, scaled, 0.0)), scaled)
        if self.never:
            natural[-1] = 1 / (1 + np.exp(-scaled[-1]))
        return natural

    def full(self, free: Array) -> Array:
        full = self.start.copy()
        full[self.free] = free
        return full

    def loss(self, free: Array) -> float:
        with np.errstate(all="ignore"):
            total = -float(self.columns["n"] @ self._log_likelihood(self.natural(self.full(free))))
        return total if np.isfinite(total) else 1e300

    def _log_likelihood(self, natural: Array) -> Array:
        """Of each row, for one of its people."""
        never = natural[-1] if self.never else 0.0
        distribution = self.family.distribution(*natural[: len(self.family.parameters)])
        rows = np.empty(len(self.exact))
        rows[self.exact] = self._log_density(distribution) + np.log1p(-never)
        if not self.exact.all():
            inside = self._share(distribution, never, "lower", "upper", ~self.exact)
            rows[~self.exact] = np.log(np.maximum(inside, _TINY))
        if self.truncated.any():
            rows[self.truncated] -= np.log(self._share(distribution, never, "entry", "limit", self.truncated))
        return rows

    def _share(self, distribution: Any, never: float, begin: str, end: str, rows: NDArray[np.bool_]) -> Array:
        """The share that ends between two days; those who never do are counted up to infinity."""
        first, last, window = (self.columns[name][rows] for name in (begin, end, "window"))
        return (1 - never) * share_between(distribution, first, last, window) + np.where(np.isinf(last), never, 0.0)

    def _log_density(self, distribution: Any) -> Array:
        """The log density of G at exact ends: of the family, or its average over the window."""
        day, window = self.columns["upper"][self.exact], self.columns["window"][self.exact]
        density, wide = distribution.logpdf(day), window > 0
        if wide.any():
            first = np.maximum(day[wide] - window[wide], 0.0)
            ended = share_between(distribution, first, day[wide], np.zeros_like(first))
            density[wide] = np.log(np.maximum(ended, _TINY) / window[wide])
        return density
