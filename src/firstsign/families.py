"""Families of delay distributions: their parameters and, from these, the share that has ended by each day.

A family gives the log density, the share ended, the share still waiting and the mean part below at each day, shape of
`days`, for parameters on their natural scale: numbers, or arrays that go with the last axis of `days`. Days are positive;
parameters called scale are in days, mu is the mean of the log delay.

`mean_below` is E[T; T <= days], in closed form: with F the share ended, the integral of F up to x is x F(x) less that. It is
NaN where there is no closed form, or none that keeps its digits.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import (
    betainc,
    betaln,
    expit,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    gammaln,
    log_expit,
    logit,
    ndtr,
    ndtri,
)

Array = NDArray[np.float64]
Values = Any  # of a parameter: a number, or an array with a value for each day
_LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)
_SMALL_Q = 1e-3  # here rounding of the incomplete gamma function, and what is third order in q, are both about 1e-10
_LARGE_K = 1e3  # a generalized gamma with a smaller q loses digits in its mean
_HAS_A_MEAN = (
    1.05  # a log-logistic with a smaller shape has none, or one so large that differences of its parts have no digits
)


@dataclass(frozen=True)
class Distribution:
    """Of one family. Written out rather than taken from scipy.stats, whose checks take longer than a likelihood does."""

    @property
    def varies(self) -> bool:
        """Whether a parameter has a value for each row."""
        return any(np.ndim(getattr(self, field.name)) for field in fields(self))

    def of(self, rows: Any) -> Self:
        """The distributions of some of the rows."""
        if not self.varies:
            return self
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: value[rows] for name, value in values.items() if np.ndim(value)})


@dataclass(frozen=True)
class _Weibull(Distribution):
    """The share still waiting is exp(-(days / scale)^shape)."""

    shape: Values
    scale: Values

    def _hazard(self, days: Array) -> Array:
        return (days / self.scale) ** self.shape

    def logpdf(self, days: Array) -> Array:
        return self.shape * np.log(days / self.scale) + np.log(self.shape / days) - self._hazard(days)

    def cdf(self, days: Array) -> Array:
        return -np.expm1(-self._hazard(days))

    def sf(self, days: Array) -> Array:
        return np.exp(-self._hazard(days))

    def ppf(self, shares: Array) -> Array:
        return self.scale * (-np.log1p(-shares)) ** (1 / self.shape)

    def mean_below(self, days: Array) -> Array:
        more = 1 / self.shape
        return self.scale * np.exp(gammaln(1 + more)) * gammainc(1 + more, self._hazard(days))


class _Exponential(_Weibull):
    """A Weibull of shape 1."""

    def mean_below(self, days: Array) -> Array:
        return -self.scale * np.expm1(-days / self.scale) - days * np.exp(-days / self.scale)


@dataclass(frozen=True)
class _Loglogistic(Distribution):
    """The odds of having ended are (days / scale)^shape; without a mean unless the shape is above 1."""

    shape: Values
    scale: Values

    def _log_odds(self, days: Array) -> Array:
        return self.shape * np.log(days / self.scale)

    def logpdf(self, days: Array) -> Array:
        return log_expit(self._log_odds(days)) + log_expit(-self._log_odds(days)) + np.log(self.shape / days)

    def cdf(self, days: Array) -> Array:
        return expit(self._log_odds(days))

    def sf(self, days: Array) -> Array:
        return expit(-self._log_odds(days))

    def ppf(self, shares: Array) -> Array:
        return self.scale * np.exp(logit(shares) / self.shape)

    def mean_below(self, days: Array) -> Array:
        more = np.where(np.asarray(self.shape) > _HAS_A_MEAN, 1 / self.shape, np.nan)
        return self.scale * np.exp(betaln(1 + more, 1 - more)) * betainc(1 + more, 1 - more, self.cdf(days))


@dataclass(frozen=True)
class _Gamma(Distribution):
    """The mean is shape * scale, the variance shape * scale^2."""

    shape: Values
    scale: Values

    def logpdf(self, days: Array) -> Array:
        u = days / self.scale
        return self.shape * np.log(u) - u - gammaln(self.shape) - np.log(days)

    def cdf(self, days: Array) -> Array:
        return gammainc(self.shape, days / self.scale)

    def sf(self, days: Array) -> Array:
        return gammaincc(self.shape, days / self.scale)

    def ppf(self, shares: Array) -> Array:
        return self.scale * gammaincinv(self.shape, shares)

    def mean_below(self, days: Array) -> Array:
        return self.shape * self.scale * gammainc(self.shape + 1, days / self.scale)


@dataclass(frozen=True)
class _GeneralizedGamma(Distribution):
    """Prentice's (1974) generalized gamma: (log T - mu) / sigma is the log of a gamma variate; q = 0 is the lognormal.

    With k = q^-2, k exp(q w) is a gamma variate of shape k, so that q = 1 is the Weibull and q = sigma the gamma.
    """

    mu: Values
    sigma: Values
    q: float

    def _gamma(self, days: Array) -> tuple[float, Array]:
        k = self.q**-2.0
        return k, k * np.exp(self.q * (np.log(days) - self.mu) / self.sigma)

    def logpdf(self, days: Array) -> Array:
        k, x = self.q**-2.0, self.q * (np.log(days) - self.mu) / self.sigma
        return k * (x - np.expm1(x)) - _stirling_remainder(k) - np.log(self.sigma * days) - _LOG_ROOT_2PI

    def cdf(self, days: Array) -> Array:
        return (gammainc if self.q > 0 else gammaincc)(*self._gamma(days))

    def sf(self, days: Array) -> Array:
        return (gammaincc if self.q > 0 else gammainc)(*self._gamma(days))

    def ppf(self, shares: Array) -> Array:
        k = self.q**-2.0
        u = (gammaincinv if self.q > 0 else gammainccinv)(k, shares)
        return np.exp(self.mu + self.sigma * np.log(u / k) / self.q)

    def mean_below(self, days: Array) -> Array:
        k, u = self._gamma(days)
        more = np.where((k < _LARGE_K) & (k + self.sigma / self.q > 0), k + self.sigma / self.q, np.nan)
        whole = np.exp(self.mu - np.log(k) * self.sigma / self.q + gammaln(more) - gammaln(k))
        return whole * (gammainc if self.q > 0 else gammaincc)(more, u)


def _stirling_remainder(k: float) -> float:
    """log gamma(k) less Stirling's (k - 1/2) log k - k + log sqrt(2 pi), without the loss of digits at large k."""
    if k > 100:
        return 1 / (12 * k) - 1 / (360 * k**3) + 1 / (1260 * k**5)
    return float(gammaln(k)) - (k - 0.5) * np.log(k) + k - _LOG_ROOT_2PI


@dataclass(frozen=True)
class _NearLognormal(Distribution):
    """The generalized gamma to second order in a q so small that an incomplete gamma function of shape q^-2 loses digits.

    With w = (log T - mu) / sigma, the share ended is Phi(w) + phi(w) (q (w^2 + 2) / 6 - q^2 (w^5 + 2 w^3 + 6 w) / 72).
    """

    mu: Values
    sigma: Values
    q: float

    def _normal(self, days: Array) -> tuple[Array, Array]:
        """w, and how much more has ended by then than in a lognormal."""
        w = (np.log(days) - self.mu) / self.sigma
        if self.q == 0:
            return w, np.zeros_like(w)
        more = self.q * (w**2 + 2) / 6 - self.q**2 * (w**5 + 2 * w**3 + 6 * w) / 72
        return w, np.where(np.isfinite(w), more * np.exp(-(w**2) / 2 - _LOG_ROOT_2PI), 0.0)

    def logpdf(self, days: Array) -> Array:
        log_days = np.log(days)
        w = (log_days - self.mu) / self.sigma
        bent = -(w * w) / 2
        if self.q != 0:
            bent -= self.q * w**3 / 6 + self.q**2 * (w**4 / 24 + 1 / 12) + self.q**3 * w**5 / 120
        return bent - log_days - np.log(self.sigma) - _LOG_ROOT_2PI

    def cdf(self, days: Array) -> Array:
        w, more = self._normal(days)
        return np.clip(ndtr(w) + more, 0, 1)

    def sf(self, days: Array) -> Array:
        w, more = self._normal(days)
        return np.clip(ndtr(-w) - more, 0, 1)

    def ppf(self, shares: Array) -> Array:
        z = ndtri(shares)
        return np.exp(self.mu + self.sigma * (z - self.q * (z**2 + 2) / 6 + self.q**2 * (z**3 + 5 * z) / 36))

    def mean_below(self, days: Array) -> Array:
        """With q = 0 only: the expansion in q has none worth its length."""
        w = (np.log(days) - self.mu) / self.sigma
        return np.exp(self.mu + self.sigma**2 / 2) * ndtr(w - self.sigma) + (0.0 if self.q == 0 else np.nan)


def _generalized_gamma(mu: float, sigma: float, q: float) -> Any:
    return (_GeneralizedGamma if abs(q) > _SMALL_Q else _NearLognormal)(mu, sigma, q)


@dataclass(frozen=True)
class Family:
    """A family of distributions on positive days.

    parameters    their names, in order
    positive      which of them must be positive, and are searched on the log scale
    distribution  from the parameters to an object with logpdf, cdf, sf, ppf and mean_below
    start         from the mean and the standard deviation of the log days to parameters to begin the search with
    location      the parameter that multiplies a delay (mu: its log does); it takes the terms of a formula
    spread        the one that says how unlike one another delays are; none for the exponential
    """

    name: str
    parameters: tuple[str, ...]
    positive: tuple[bool, ...]
    distribution: Callable[..., Any]
    start: Callable[[float, float], tuple[float, ...]]
    location: str
    spread: str | None


FAMILIES = {
    family.name: family
    for family in (
        Family(
            "exponential",
            ("scale",),
            (True,),
            lambda scale: _Exponential(1.0, scale),
            lambda m, s: (np.exp(m + 0.58),),
            "scale",
            None,
        ),
        Family(
            "weibull",
            ("shape", "scale"),
            (True, True),
            _Weibull,
            lambda m, s: (1.28 / s, np.exp(m + 0.45 * s)),
            "scale",
            "shape",
        ),
        Family(
            "lognormal",
            ("mu", "sigma"),
            (False, True),
            lambda mu, sigma: _NearLognormal(mu, sigma, 0.0),
            lambda m, s: (m, s),
            "mu",
            "sigma",
        ),
        Family(
            "loglogistic",
            ("shape", "scale"),
            (True, True),
            _Loglogistic,
            lambda m, s: (1.81 / s, np.exp(m)),
            "scale",
            "shape",
        ),
        Family(
            "gamma",
            ("shape", "scale"),
            (True, True),
            _Gamma,
            lambda m, s: (1 / s**2, np.exp(m) * s**2),
            "scale",
            "shape",
        ),
        Family(
            "generalized_gamma",
            ("mu", "sigma", "q"),
            (False, True, False),
            _generalized_gamma,
            lambda m, s: (m, s, 0.5),
            "mu",
            "sigma",
        ),
    )
}
