"""Families of delay distributions: their parameters and, from these, the share that has ended by each day.

A family gives the log density, the share ended and the share still waiting at each day, shape of `days`, for parameters on
their natural scale. Days are positive; parameters called scale are in days, mu is the mean of the log delay.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammainc, gammaincc, gammainccinv, gammaincinv, gammaln, log_expit, logit, ndtr, ndtri

Array = NDArray[np.float64]
_LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)
_SMALL_Q = 1e-3  # here rounding of the incomplete gamma function, and what is third order in q, are both about 1e-10


# Written out rather than taken from scipy.stats, whose checks of every argument take longer than a likelihood does.
class _Weibull:
    """The share still waiting is exp(-(days / scale)^shape)."""

    def __init__(self, shape: float, scale: float) -> None:
        self.shape, self.scale = shape, scale

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


class _Loglogistic:
    """The odds of having ended are (days / scale)^shape."""

    def __init__(self, shape: float, scale: float) -> None:
        self.shape, self.scale = shape, scale

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


class _Gamma:
    """The mean is shape * scale, the variance shape * scale^2."""

    def __init__(self, shape: float, scale: float) -> None:
        self.shape, self.scale = shape, scale

    def logpdf(self, days: Array) -> Array:
        u = days / self.scale
        return self.shape * np.log(u) - u - gammaln(self.shape) - np.log(days)

    def cdf(self, days: Array) -> Array:
        return gammainc(self.shape, days / self.scale)

    def sf(self, days: Array) -> Array:
        return gammaincc(self.shape, days / self.scale)

    def ppf(self, shares: Array) -> Array:
        return self.scale * gammaincinv(self.shape, shares)


class _GeneralizedGamma:
    """Prentice's (1974) generalized gamma: (log T - mu) / sigma is the log of a gamma variate; q = 0 is the lognormal.

    With k = q^-2, k exp(q w) is a gamma variate of shape k, so that q = 1 is the Weibull and q = sigma the gamma.
    """

    def __init__(self, mu: float, sigma: float, q: float) -> None:
        self.mu, self.sigma, self.q = mu, sigma, q

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


def _stirling_remainder(k: float) -> float:
    """log gamma(k) less Stirling's (k - 1/2) log k - k + log sqrt(2 pi), without the loss of digits at large k."""
    if k > 100:
        return 1 / (12 * k) - 1 / (360 * k**3) + 1 / (1260 * k**5)
    return float(gammaln(k)) - (k - 0.5) * np.log(k) + k - _LOG_ROOT_2PI


class _NearLognormal:
    """The generalized gamma to second order in a q so small that an incomplete gamma function of shape q^-2 loses digits.

    With w = (log T - mu) / sigma, the share ended is Phi(w) + phi(w) (q (w^2 + 2) / 6 - q^2 (w^5 + 2 w^3 + 6 w) / 72).
    """

    def __init__(self, mu: float, sigma: float, q: float) -> None:
        self.mu, self.sigma, self.q = mu, sigma, q

    def _normal(self, days: Array) -> tuple[Array, Array]:
        """w, and how much more has ended by then than in a lognormal."""
        w = (np.log(days) - self.mu) / self.sigma
        if self.q == 0:
            return w, np.zeros_like(w)
        more = self.q * (w**2 + 2) / 6 - self.q**2 * (w**5 + 2 * w**3 + 6 * w) / 72
        return w, np.where(np.isfinite(w), more * np.exp(-(w**2) / 2 - _LOG_ROOT_2PI), 0.0)

    def logpdf(self, days: Array) -> Array:
        w = (np.log(days) - self.mu) / self.sigma
        bent = -(w**2) / 2 - self.q * w**3 / 6 - self.q**2 * (w**4 / 24 + 1 / 12) - self.q**3 * w**5 / 120
        return bent - np.log(self.sigma * days) - _LOG_ROOT_2PI

    def cdf(self, days: Array) -> Array:
        w, more = self._normal(days)
        return np.clip(ndtr(w) + more, 0, 1)

    def sf(self, days: Array) -> Array:
        w, more = self._normal(days)
        return np.clip(ndtr(-w) - more, 0, 1)

    def ppf(self, shares: Array) -> Array:
        z = ndtri(shares)
        return np.exp(self.mu + self.sigma * (z - self.q * (z**2 + 2) / 6 + self.q**2 * (z**3 + 5 * z) / 36))


def _generalized_gamma(mu: float, sigma: float, q: float) -> Any:
    return (_GeneralizedGamma if abs(q) > _SMALL_Q else _NearLognormal)(mu, sigma, q)


@dataclass(frozen=True)
class Family:
    """A family of distributions on positive days.

    parameters    their names, in order
    positive      which of them must be positive, and are searched on the log scale
    distribution  from the parameters to an object with logpdf, cdf, sf and ppf
    start         from the mean and the standard deviation of the log days to parameters to begin the search with
    """

    name: str
    parameters: tuple[str, ...]
    positive: tuple[bool, ...]
    distribution: Callable[..., Any]
    start: Callable[[float, float], tuple[float, ...]]


FAMILIES = {
    family.name: family
    for family in (
        Family(
            "exponential", ("scale",), (True,), lambda scale: _Weibull(1.0, scale), lambda m, s: (np.exp(m + 0.58),)
        ),
        Family(
            "weibull",
            ("shape", "scale"),
            (True, True),
            _Weibull,
            lambda m, s: (1.28 / s, np.exp(m + 0.45 * s)),
        ),
        Family(
            "lognormal",
            ("mu", "sigma"),
            (False, True),
            lambda mu, sigma: _NearLognormal(mu, sigma, 0.0),
            lambda m, s: (m, s),
        ),
        Family(
            "loglogistic",
            ("shape", "scale"),
            (True, True),
            _Loglogistic,
            lambda m, s: (1.81 / s, np.exp(m)),
        ),
        Family(
            "gamma",
            ("shape", "scale"),
            (True, True),
            _Gamma,
            lambda m, s: (1 / s**2, np.exp(m) * s**2),
        ),
        Family(
            "generalized_gamma",
            ("mu", "sigma", "q"),
            (False, True, False),
            _generalized_gamma,
            lambda m, s: (m, s, 0.5),
        ),
    )
}
