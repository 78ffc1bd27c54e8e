"""Delays of people sampled by the day of their diagnosis while incidence grows: short ones are over-represented.

If onsets grow as exp(growth * day), those diagnosed on one day had their onset t days before with a density proportional to
f(t) exp(-growth * t) (dynamical bias: Britton & Scalia Tomba 2019; Park et al. 2024). Falling incidence over-represents long
delays, and there is such a density only where long delays are rare enough for its integral.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_NODES, _WEIGHTS = (part / 2 for part in np.polynomial.legendre.leggauss(12))
_PANELS = 240
_DEEP = 60.0  # the log of the density is followed this far below its top
# Log days from the median in units of the spread of the log delays: dense in the middle, and as far as the tails may go.
_LOOK = 0.5 * np.sinh(np.linspace(-8, 8, 4001))


class Tilted:
    """A distribution of delays, each weighted by exp(-growth * delay); parameters are numbers.

    Integrals over log days in panels of Gauss-Legendre quadrature; `whole`, the integral of all, is inf where there is none.
    """

    def __init__(self, distribution: Any, growth: float) -> None:
        self._distribution, self._growth = distribution, growth
        with np.errstate(all="ignore"):
            low, middle, high = np.log(distribution.ppf(np.array([0.25, 0.5, 0.75])))
            look = np.clip(middle + (high - low) * _LOOK, -690, 690)  # days that are numbers
            height = self._log_mass(look)
            top = np.nanmax(height)
            deep = np.flatnonzero(height >= (top - _DEEP if np.isfinite(top) else np.inf))
            endless = not np.isfinite(top) or deep[-1] == len(look) - 1
            self._edges = np.linspace(look[max(deep[0] - 1, 0)], look[min(deep[-1] + 1, len(look) - 1)], _PANELS + 1)
            self._top = top if not endless else 0.0
            mass = self._between(self._edges[:-1], self._edges[1:])
        self._before = np.concatenate([[0.0], np.cumsum(mass)])
        self._after = np.concatenate([np.cumsum(mass[::-1])[::-1], [0.0]])
        self.log_whole = np.inf if endless else float(top + np.log(self._before[-1]))

    varies = False

    def of(self, rows: Any) -> Self:
        return self

    def logpdf(self, days: Array) -> Array:
        return self._distribution.logpdf(days) - self._growth * days - self.log_whole

    def cdf(self, days: Array) -> Array:
        at, panel = self._place(days)
        return (self._before[panel] + self._between(self._edges[panel], at)) / self._before[-1]

    def sf(self, days: Array) -> Array:
        at, panel = self._place(days)
        return (self._after[panel + 1] + self._between(at, self._edges[panel + 1])) / self._before[-1]

    def mean_below(self, days: Array) -> Array:
        return np.full_like(days, np.nan)

    def _place(self, days: Array) -> tuple[Array, NDArray[np.int_]]:
        with np.errstate(divide="ignore"):
            at = np.clip(np.log(days), self._edges[0], self._edges[-1])
        return at, np.clip(np.searchsorted(self._edges, at, side="right") - 1, 0, _PANELS - 1)

    def _log_mass(self, log_days: Array) -> Array:
        days = np.exp(log_days)
        height = self._distribution.logpdf(days) + log_days - self._growth * days
        return np.where(np.isnan(height), -np.inf, height)

    def _between(self, start: Array, end: Array) -> Array:
        """The integral between log days, as a share of the top of the density."""
        half = (end - start)[..., None]
        inside = (start + end)[..., None] / 2 + half * _NODES
        with np.errstate(all="ignore"):
            return (np.exp(self._log_mass(inside) - self._top) * half) @ _WEIGHTS
