"""A delay distribution as it is observed: time zero somewhere in a window, and delays that are too short or too long unseen."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize.elementwise import find_root

from .errors import did_you_mean
from .families import FAMILIES
from .windows import Onset, Spans

Array = NDArray[np.float64]
_NOTHING = -690.0  # the log of what rounding leaves of a density of 0
_SAME = 1e-12  # between a rule and one with twice its nodes
_OFTEN_SEEN = 0.02  # a smaller share is drawn by quantiles, for most of what is drawn otherwise would be thrown away


def delay_distribution(
    family: str,
    params: Mapping[str, float] | pd.Series,
    window: float = 0.0,
    growth: float = 0.0,
    entry: float = 0.0,
    limit: float = np.inf,
) -> "ObservedDelay":
    """The distribution of the days from the start of time zero's window to the end, among those who can be seen.

    family, params  as in `fit_delay`; fit.params of a fit without a formula will do
    window          width in days of the window in which time zero lies, 0 when its day is known
    growth          a day: onsets in the window are as dense as exp(growth * day)
    entry, limit    seen are those who end after day `entry` and by day `limit`, both counted from the start of the window

    With G the distribution of delay and onset together, cdf(x) is (G(x) - G(entry)) / (G(limit) - G(entry)): 0 below entry, 1
    above limit. Raises ValueError for unknown or impossible parameters, and when nobody can be seen.
    """
    if family not in FAMILIES:
        raise ValueError(f"No family {family!r}{did_you_mean(family, FAMILIES)}; there are {', '.join(FAMILIES)}.")
    one = FAMILIES[family]
    given = dict(params)
    if set(given) != set(one.parameters):
        raise ValueError(
            f"The parameters of the {family} are {', '.join(one.parameters)}; given are {', '.join(map(str, given)) or 'none'}."
        )
    for name, positive in zip(one.parameters, one.positive, strict=True):
        if not np.isfinite(given[name]) or (positive and given[name] <= 0):
            raise ValueError(f"{name} is {given[name]!r}; it must be {'above 0' if positive else 'a number'}.")
    if not (0 <= window < np.inf and 0 <= entry < limit and np.isfinite(growth)):
        raise ValueError(
            f"window is {window!r}, growth {growth!r}, entry {entry!r} and limit {limit!r}; a window is 0 or wider, growth a rate "
            "per day, and entry is at least 0 and below limit."
        )
    return ObservedDelay(
        one.distribution(*(float(given[name]) for name in one.parameters)),
        *map(float, (window, growth, entry, limit)),
    )


class ObservedDelay:
    """What `delay_distribution` returns. Days and shares may be numbers or arrays; what comes back has their shape."""

    def __init__(self, distribution: Any, window: float, growth: float, entry: float, limit: float) -> None:
        self._distribution, self._window, self._growth = distribution, window, growth
        self._entry, self._limit = entry, limit
        self._seen = float(self._between(np.array([entry]), np.array([limit]))[0])
        if not self._seen > 0:
            raise ValueError(
                f"Nobody ends between day {entry:g} and day {limit:g} under these parameters: the share is {self._seen:g}."
            )

    def cdf(self, days: ArrayLike) -> Any:
        """The share, of those who can be seen, who have ended by each day."""

        def share(flat: Array) -> Array:
            inside = np.clip(flat, self._entry, self._limit)
            share = self._between(np.full(len(flat), self._entry), inside) / self._seen
            return np.where(np.isnan(flat), np.nan, np.clip(share, 0, 1))

        return _shaped(share, days)

    def pdf(self, days: ArrayLike) -> Any:
        """The density a day; 0 outside (entry, limit]."""

        def density(flat: Array) -> Array:
            seen = (flat > self._entry) & (flat <= self._limit) & np.isfinite(flat)
            day, window = np.where(seen, flat, 1.0), np.full(len(flat), float(self._window))
            found = self._settled(lambda onset: onset.log_density(self._distribution, day, window), len(flat))
            density = np.where(seen & (found > _NOTHING), np.exp(found) / self._seen, 0.0)
            return np.where(np.isnan(flat), np.nan, density)

        return _shaped(density, days)

    def quantile(self, shares: ArrayLike) -> Any:
        """The day by which each share, of those who can be seen, has ended. ValueError for shares outside [0, 1]."""

        def day(flat: Array) -> Array:
            if not ((flat >= 0) & (flat <= 1)).all():
                raise ValueError(f"shares are {shares!r}; they lie between 0 and 1.")
            return self._quantile(flat)

        return _shaped(day, shares)

    def sample(self, people: int, seed: int | np.random.Generator) -> Array:
        """Days from the start of the window to the end of so many people who were seen; shape (people,)."""
        random = np.random.default_rng(seed)
        if self._seen < _OFTEN_SEEN:
            return np.asarray(self._quantile(random.random(people)))
        drawn: list[Array] = []
        while (missing := people - sum(map(len, drawn))) > 0:
            count = int(1.1 * missing / self._seen) + 10
            days = self._onsets(random.random(count)) + self._distribution.ppf(random.random(count))
            drawn.append(days[(days > self._entry) & (days <= self._limit)][:missing])
        return np.concatenate([np.empty(0), *drawn])

    def _onsets(self, shares: Array) -> Array:
        """Days of the window by which a share of the onsets has been."""
        width = self._growth * self._window
        if width == 0:
            return shares * self._window
        if width > 0:  # counted from the end of the window, where most onsets are, so that nothing overflows
            return self._window + np.log(shares - (shares - 1) * np.exp(-width)) / self._growth
        return np.log1p(shares * np.expm1(width)) / self._growth

    def _between(self, lower: Array, upper: Array) -> Array:
        spans = Spans(lower, upper, np.full(len(lower), float(self._window)))
        return self._settled(lambda onset: onset.share_between(self._distribution, spans), len(lower))

    def _settled(self, function: Any, count: int) -> Array:
        """By quadrature with ever more nodes, until twice as many change nothing."""
        onset = Onset(self._growth)
        found = function(onset) if count else np.empty(0)
        while self._window > 0 and count:
            onset = Onset(self._growth, onset.rule.finer())
            before, found = found, function(onset)
            if np.allclose(before, found, rtol=1e-8, atol=_SAME, equal_nan=True):
                break
            if len(onset.rule.far[0]) >= 512:
                raise ValueError(
                    f"The average over a window of {self._window:g} days does not settle: delays are far more alike than the "
                    "window is wide, or longer than can be told from it."
                )
        return found

    def _quantile(self, shares: Array) -> Array:
        if self._window == 0 and self._entry == 0 and np.isinf(self._limit):
            with np.errstate(all="ignore"):
                inside = self._distribution.ppf(np.clip(shares, 1e-300, 1 - 1e-16))
            return np.where(shares == 0, 0.0, np.where(shares == 1, np.inf, inside))
        last = self._limit
        if np.isinf(last):
            last = max(2 * self._entry, self._window + self._distribution.ppf(np.array([0.999]))[0])
            while self.cdf(last) < 1 - 1e-13 and last < 1e300:
                last *= 2
        inside = (shares > 0) & (shares < 1)
        found = np.where(shares > 0, self._limit, self._entry)
        root = find_root(lambda day, share: self.cdf(day) - share, (self._entry, last), args=(shares[inside],))
        found[inside] = root.x
        return found


def _shaped(function: Any, values: ArrayLike) -> Any:
    given = np.asarray(values, float)
    found = function(np.ravel(given)).reshape(given.shape)
    return float(found) if given.ndim == 0 else found
