"""G: the share that has ended so many days after the start of a window in which time zero lies.

With F the distribution of the delay and W the width of the window, G(x) is the average of F(x - day) over the days of the
window, each weighted by its share of onsets: equal, or growing as exp(growth * day). Where F has a closed mean below x and
onsets are equal, so has G; elsewhere, and where a difference of closed forms would lose its digits, G is an average by
Gauss-Legendre quadrature, whose number of nodes the caller checks by doubling it (`finer`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import roots_legendre

Array = NDArray[np.float64]
Rows = NDArray[np.bool_]
_TINY = 1e-300
_ROUNDING = 64 * np.finfo(float).eps  # of a closed form, in its largest part: x / width
_DIGITS = 1e-8  # what a closed form may lose, as a share of its value, before quadrature takes over


class Quadrature(NamedTuple):
    """Nodes and weights on (0, 1), nodes first so that they go before the rows.

    far    where a delay distribution is smooth
    near   near day 0, where its bend, however sharp, is taken out by the fourth root
    """

    far: tuple[Array, Array]
    near: tuple[Array, Array]

    def finer(self) -> "Quadrature":
        return quadrature(2 * len(self.far[0]))


@cache
def quadrature(far: int = 16) -> Quadrature:
    """With so many nodes far from day 0, four times as many near it."""
    (node, weight), (root, share) = _gauss(far), _gauss(4 * far)
    return Quadrature((node, weight), (root**4, share * 4 * root**3))


def _gauss(count: int) -> tuple[Array, Array]:
    node, weight = roots_legendre(count)
    return (node[:, None] + 1) / 2, weight[:, None] / 2


@dataclass(frozen=True)
class Spans:
    """From after one day to another, counted from the start of a window; shape (rows,) each.

    What they have in common is worked out once, for a likelihood asks the same of them many times.
    """

    lower: Array
    upper: Array
    window: Array

    def of(self, rows: Any) -> "Spans":
        return Spans(self.lower[rows], self.upper[rows], self.window[rows])

    @cached_property
    def known(self) -> NDArray[np.int_]:
        """The rows whose time zero is a known day."""
        return np.flatnonzero(self.window == 0)

    @cached_property
    def wide(self) -> NDArray[np.int_]:
        """The rows with a window."""
        return np.flatnonzero(self.window > 0)

    @cached_property
    def of_wide(self) -> "Spans":
        return self.of(self.wide)

    @cached_property
    def edges(self) -> tuple[Array, NDArray[np.int_]]:
        """The distinct days from (-window) which and up to which delays may have lasted, and which they are: shape (4, rows)."""
        edges = np.stack([self.upper, self.upper - self.window, self.lower, self.lower - self.window])
        distinct, place = np.unique(np.where(np.isinf(edges), np.inf, edges), return_inverse=True)
        return distinct, place.reshape(edges.shape)


@dataclass(frozen=True)
class Onset:
    """How onsets lie in a window: with density proportional to exp(growth * day).

    growth  per day; 0 for equal days
    rule    for what has no closed form
    """

    growth: float = 0.0
    rule: Quadrature = field(default_factory=quadrature)

    def share_between(self, distribution: Any, spans: Spans) -> Array:
        """G(upper) - G(lower), shape (rows,), from whichever of ended and waiting carries more digits."""
        between = np.empty(len(spans.lower))
        with np.errstate(all="ignore"):
            if len(spans.known):
                rows = spans.known
                between[rows] = _between(distribution.of(rows), spans.lower[rows], spans.upper[rows])
            if len(spans.wide):
                between[spans.wide] = self._over_windows(distribution.of(spans.wide), spans.of_wide)
        return between

    def _over_windows(self, distribution: Any, spans: Spans) -> Array:
        if self.growth != 0:
            return self._averaged(distribution, spans)
        between, sure = _closed(distribution, spans)
        left = np.flatnonzero(~sure)
        if len(left):
            between[left] = self._averaged(distribution.of(left), spans.of(left))
        return between

    def log_density(self, distribution: Any, day: Array, window: Array) -> Array:
        """The log of the density of G on known days, shape (rows,): of the family, or its average over the window."""
        with np.errstate(all="ignore"):
            density, known, wide = np.empty(len(day)), np.flatnonzero(window == 0), np.flatnonzero(window > 0)
            density[known] = distribution.of(known).logpdf(day[known])
            if len(wide):
                inside = self._density(distribution.of(wide), day[wide], window[wide])
                density[wide] = np.log(np.maximum(inside, _TINY))
        return density

    def _averaged(self, distribution: Any, spans: Spans) -> Array:
        before, after = (self.share_ended(distribution, day, spans.window) for day in (spans.lower, spans.upper))
        between = after - before
        late = np.flatnonzero(before > 0.5)
        if len(late):
            some, last = distribution.of(late), spans.of(late)
            before, after = (self.share_waiting(some, day, last.window) for day in (last.lower, last.upper))
            between[late] = before - after
        return between

    def share_ended(self, distribution: Any, days: Array, window: Array) -> Array:
        """G, by quadrature where there is a window."""
        with np.errstate(all="ignore"):
            ended = np.where(days > 0, distribution.cdf(np.maximum(days, _TINY)), 0.0)
            for rows, nodes, weight in self._nodes(days, window):
                ended[rows] = (weight * distribution.of(rows).cdf(nodes)).sum(axis=0)
        return np.where(np.isinf(days), 1.0, ended)

    def share_waiting(self, distribution: Any, days: Array, window: Array) -> Array:
        """1 - G without the loss of digits far out."""
        with np.errstate(all="ignore"):
            waiting = np.where(days > 0, distribution.sf(np.maximum(days, _TINY)), 1.0)
            for rows, nodes, weight in self._nodes(days, window):
                later = 1 - self._onsets_by(np.minimum(days[rows], window[rows]), window[rows])
                waiting[rows] = (weight * distribution.of(rows).sf(nodes)).sum(axis=0) + later
        return np.where(np.isinf(days), 0.0, waiting)

    def _nodes(self, days: Array, window: Array) -> Iterator[tuple[NDArray[np.int_], Array, Array]]:
        """Rows with a window, delays that they can stand for (nodes, rows), and the share of onsets of each."""
        wide = (window > 0) & np.isfinite(days) & (days > 0)
        near = wide & (days < 2 * window)
        for mask, (node, weight) in ((near, self.rule.near), (wide & ~near, self.rule.far)):
            if mask.any():
                rows = np.flatnonzero(mask)
                passed = np.minimum(days[rows], window[rows])
                nodes = days[rows] - passed + passed * node
                yield rows, nodes, weight * passed * self._onset_density(days[rows] - nodes, window[rows])

    def _onset_density(self, day: Array, window: Array) -> Array:
        """Of onsets so many days after the start of the window."""
        if self.growth == 0:
            return np.broadcast_to(1 / window, np.broadcast_shapes(day.shape, window.shape))
        since = day - window if self.growth > 0 else day  # from the end with most onsets, so that nothing overflows
        return abs(self.growth) * np.exp(self.growth * since) / -np.expm1(-abs(self.growth) * window)

    def _onsets_by(self, day: Array, window: Array) -> Array:
        """The share of onsets by a day of the window."""
        if self.growth == 0:
            return day / window
        if self.growth < 0:
            return np.expm1(self.growth * day) / np.expm1(self.growth * window)
        return np.exp(self.growth * (day - window)) * np.expm1(-self.growth * day) / np.expm1(-self.growth * window)

    def _density(self, distribution: Any, day: Array, window: Array) -> Array:
        """The average over the window of the density of the delay; by parts, for the density may be infinite at 0."""
        passed = np.minimum(day, window)
        if self.growth == 0:
            return _between(distribution, day - passed, day) / window
        first, last = (self._onset_density(at, window) for at in (np.zeros(len(day)), passed))
        shares = _ended(distribution, day), _ended(distribution, day - passed)
        ended = first * shares[0] - last * shares[1] + self.growth * self.share_ended(distribution, day, window)
        late = shares[1] > 0.5
        if late.any():
            some, gone = distribution.of(late), day[late]
            near, far = some.sf(gone), some.sf(gone - passed[late])
            rest = self.growth * self.share_waiting(some, gone, window[late])
            ended[late] = last[late] * far - first[late] * near - rest
        return ended


def _closed(distribution: Any, spans: Spans) -> tuple[Array, Rows]:
    """For equal days, by the closed form of the integral of F; and where that keeps its digits."""
    edges, place = spans.edges
    if distribution.varies:
        edges, place = edges[place], np.arange(place.size).reshape(place.shape)
    some = np.clip(edges, _TINY, np.finfo(float).max)
    integral = np.where(edges > 0, some * distribution.cdf(some) - distribution.mean_below(some), 0.0).ravel()
    upper, first_upper, lower, first_lower = integral[place]
    endless = np.isinf(spans.upper)
    ended = np.where(endless, 1.0, (upper - first_upper) / spans.window)
    between = ended - (lower - first_lower) / spans.window
    largest = np.where(endless, np.maximum(spans.lower, spans.window), spans.upper) / spans.window
    return between, _ROUNDING * largest < _DIGITS * between


def _ended(distribution: Any, day: Array) -> Array:
    return np.where(day > 0, distribution.cdf(np.clip(day, _TINY, np.finfo(float).max)), 0.0)


def _between(distribution: Any, lower: Array, upper: Array) -> Array:
    """F(upper) - F(lower), of a time zero on a known day."""
    before = _ended(distribution, lower)
    after = np.where(np.isinf(upper), 1.0, _ended(distribution, upper))
    between = after - before
    late = before > 0.5
    if late.any():
        some, low, high = distribution.of(late), lower[late], upper[late]
        after = np.where(np.isinf(high), 0.0, some.sf(np.minimum(high, np.finfo(float).max)))
        between[late] = some.sf(low) - after
    return between
