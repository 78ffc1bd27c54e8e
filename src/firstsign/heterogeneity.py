"""How far studies of one share lie apart, beyond chance: the variance between them on the logit, and what it rests on.

In all of this a study's own share is expit(mu + tau z) with a standard normal z; `tau2` is the variance between studies.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, gammaln, logit, logsumexp, softmax, xlogy
from scipy.stats import chi2

Array = NDArray[np.float64]
_NODES, _SPACE = np.linspace(-1, 1, 81, retstep=True)
# The first stands for none: the likelihood is even in tau, so that its slope there has the sign of its bend at 0.
_SPREADS = np.concatenate([[1e-5], np.geomspace(0.003, 10, 25)])


def cochran_q(effect: Array, variance: Array, tau2: float = 0.0) -> float:
    """The squared distances of the studies from their weighted mean, each in units of its variance + tau2.

    effect, variance  shape (k,): logits and their variances within the study. With the true tau2 the value is chi-squared
    with k - 1 degrees of freedom; Cochran's Q (1954) is that with tau2 = 0.
    """
    weight = 1 / (variance + tau2)
    return float(weight @ (effect - np.average(effect, weights=weight)) ** 2)


def typical_variance(variance: Array) -> float:
    """The variance within a typical study, by which I2 = tau2 / (tau2 + it) (Higgins & Thompson 2002)."""
    weight = 1 / variance
    return float((len(weight) - 1) / (weight.sum() - weight @ weight / weight.sum()))


def dersimonian_laird(effect: Array, variance: Array) -> float:
    """tau2 by the moments of Cochran's Q (DerSimonian & Laird 1986), 0 where Q is below its degrees of freedom."""
    k, weight = len(effect), 1 / variance
    excess = cochran_q(effect, variance) - (k - 1)
    return max(0.0, excess / float(weight.sum() - weight @ weight / weight.sum()))


def paule_mandel(effect: Array, variance: Array) -> float:
    """tau2 at which the studies are as far apart as expected: Q(tau2) = k - 1 (Paule & Mandel 1982); 0 if they are nearer."""
    return _where_q_is(len(effect) - 1, effect, variance)


def restricted_likelihood(effect: Array, variance: Array) -> float:
    """tau2 at the highest point of the restricted likelihood (Harville 1977), 0 if it falls from there on.

    The likelihood can have two tops: it is followed along a grid first, and the higher one is taken.
    """
    reach = 10 * float(np.sum((effect - effect.mean()) ** 2))
    if reach == 0:
        return 0.0
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 1, 60) * reach])
    heights = np.array([_restricted_height(tau2, effect, variance) for tau2 in grid])
    return _top(lambda tau2: _restricted_slope(tau2, effect, variance), grid, int(np.argmax(heights)))


ESTIMATORS: dict[str, Callable[[Array, Array], float]] = {
    "reml": restricted_likelihood,
    "paule-mandel": paule_mandel,
    "dersimonian-laird": dersimonian_laird,
}


def q_profile(effect: Array, variance: Array, level: float) -> tuple[float, float]:
    """The interval of tau2: the values at which Q(tau2) is no surprise (Viechtbauer 2007).

    (0, 0) where the studies lie nearer to each other than any tau2 would let expect.
    """
    df, tail = len(effect) - 1, (1 - level) / 2
    low, high = (_where_q_is(quantile, effect, variance) for quantile in (chi2.isf(tail, df), chi2.ppf(tail, df)))
    return low, high


def _where_q_is(wanted: float, effect: Array, variance: Array) -> float:
    """The tau2 at which Q has come down to the wanted value; 0 if it starts below."""
    if cochran_q(effect, variance) <= wanted:
        return 0.0
    enough = float(variance.max())
    while cochran_q(effect, variance, enough) > wanted:
        enough *= 2
    return _crossing(lambda tau2: cochran_q(effect, variance, tau2) - wanted, 0.0, enough)


def _restricted_height(tau2: float, effect: Array, variance: Array) -> float:
    weight = 1 / (variance + tau2)
    return float(np.log(weight).sum() - np.log(weight.sum()) - cochran_q(effect, variance, tau2)) / 2


def _restricted_slope(tau2: float, effect: Array, variance: Array) -> float:
    weight = 1 / (variance + tau2)
    apart = effect - np.average(effect, weights=weight)
    return float((weight**2) @ apart**2 - weight.sum() + weight @ weight / weight.sum()) / 2


def _top(slope: Callable[[float], float], grid: Array, best: int) -> float:
    """Where the slope comes down through 0 next to the best point of a grid; the grid's first where it never rises."""
    if slope(grid[best]) > 0:
        later = next((value for value in grid[best + 1 :] if slope(value) <= 0), None)
        if later is None:
            raise ValueError(
                "The studies lie too far apart: no variance between them is large enough for a pooled share."
            )
        return _crossing(slope, float(grid[best]), float(later))
    earlier = next((value for value in grid[:best][::-1] if slope(value) > 0), None)
    return float(grid[0]) if earlier is None else _crossing(slope, float(earlier), float(grid[best]))


def _crossing(function: Callable[[float], float], low: float, high: float) -> float:
    return float(brentq(function, low, high, xtol=1e-15, rtol=1e-14, maxiter=500))


class BinomialNormal(NamedTuple):
    """The binomial-normal model at its highest likelihood: mu and its standard error, tau, and the log-likelihood."""

    mu: float
    se: float
    tau: float
    loglik: float


class _Height(NamedTuple):
    """The log-likelihood of mu and tau, its slope (2,) and its bend (2, 2)."""

    loglik: float
    slope: Array
    bend: Array


def binomial_normal(x: Array, n: Array) -> BinomialNormal:
    """The counts themselves as binomial, their logits as normal between studies: no study is too small, and none too bare.

    x, n  shape (k,): how many of how many people, in each study

    A random-intercept logistic regression at its maximum likelihood (Stijnen, Hamza & Özdemir 2010; R's
    rma.glmm(measure = "PLO")), by adaptive quadrature; the standard error is from the observed information of mu and tau.
    Raises ValueError where the likelihood has no highest point: nobody or everybody counted in all the studies together, or
    in each of them the one or the other; and where tau would lie above 10: studies so far apart have no share in common.
    """
    if not 0 < x.sum() < n.sum():
        raise ValueError(
            f"{x.sum():.0f} of {n.sum():.0f} people are counted in all the studies together, so that the logit of their share has "
            f"no end: give the exact interval of the sum, exact({x.sum():.0f}, {n.sum():.0f}), instead."
        )
    if ((x == 0) | (x == n)).all():
        raise ValueError(
            "Each study counts either nobody or everybody, so that no distance between them is too great: there is no pooled share."
        )
    ridge = [_along(x, n, tau) for tau in _SPREADS]
    best = int(np.argmax([height.loglik for _, height in ridge]))
    tau = _top(lambda tau: float(_along(x, n, tau)[1].slope[1]), _SPREADS, best)
    mu, height = _along(x, n, tau)
    if tau == _SPREADS[0]:
        return BinomialNormal(*_without_spread(x, n))
    return BinomialNormal(mu, float(np.sqrt(np.linalg.inv(-height.bend)[0, 0])), tau, height.loglik)


def likelihood_ratio(x: Array, n: Array) -> float:
    """Twice the log-likelihood that shares of their own give the studies over a common one: chi-squared with k - 1 degrees of
    freedom if there is one share, R's rma.glmm()$QE.LRT. Zero counts need no correction."""
    expected = n * x.sum() / n.sum()
    return max(0.0, float(2 * (xlogy(x, x / expected) + xlogy(n - x, (n - x) / (n - expected))).sum()))


def _without_spread(x: Array, n: Array) -> tuple[float, float, float, float]:
    common = x.sum() / n.sum()
    se = 1 / np.sqrt(n.sum() * common * (1 - common))
    return (
        float(logit(common)),
        float(se),
        0.0,
        float((_ways(x, n) + xlogy(x, common) + xlogy(n - x, 1 - common)).sum()),
    )


def _along(x: Array, n: Array, tau: float) -> tuple[float, _Height]:
    """The best mu for a tau, and the likelihood there; it bends downwards in mu everywhere, so that Newton's steps arrive."""
    mu = float(logit(x.sum() / n.sum()))
    for _ in range(200):
        height = _height(x, n, mu, tau)
        step = float(np.clip(-height.slope[0] / height.bend[0, 0], -1, 1))
        mu += step
        if step**2 * -height.bend[0, 0] < 1e-16:  # in standard errors; what is left is of the order of its square
            break
    return mu, height


def _height(x: Array, n: Array, mu: float, tau: float) -> _Height:
    """Each study averaged over where z can lie given its count; slope and bend by Louis's (1982) identities.

    By the trapezoid rule in t, where z = likeliest + width sinh(t): dense where the count decides and wide where only the
    normal does, as for a count of 0, which Gauss-Hermite nodes of one width follow poorly. Nothing lies beyond 9 from the
    likeliest z, for the logarithm bends by 1 at least.
    """
    middle, width = _likely(x, n, mu, tau)
    reach = np.arcsinh(np.minimum(9 / width, 60))[:, None]
    likeliest, steps = mu + tau * middle, width[:, None] * np.sinh(reach * _NODES)
    joint = (
        x[:, None] * tau * steps
        - n[:, None] * _softplus_rise(likeliest[:, None], tau * steps)
        - (middle[:, None] + steps / 2) * steps
        + np.log(width[:, None] * np.cosh(reach * _NODES) * reach * _SPACE)
    )
    top = _ways(x, n) + x * likeliest - n * np.logaddexp(0, likeliest) - middle**2 / 2
    loglik = top + logsumexp(joint, axis=1) - np.log(2 * np.pi) / 2
    z = middle[:, None] + steps
    away = mu + tau * z
    chance, share = softmax(joint, axis=1), expit(away)
    terms = np.stack([np.ones_like(z), z])
    score = (x[:, None] - n[:, None] * share) * terms
    own = np.einsum("akq,kq->ak", score, chance)
    curved = np.einsum("akq,bkq,kq->ab", terms, terms, chance * n[:, None] * share * (1 - share))
    bend = np.einsum("akq,bkq,kq->ab", score, score, chance) - own @ own.T - curved
    return _Height(float(loglik.sum()), own.sum(axis=1), bend)


def _likely(x: Array, n: Array, mu: float, tau: float) -> tuple[Array, Array]:
    """The likeliest z of each study given its count, and the width of what is likely around it."""
    z = np.zeros_like(x)
    for _ in range(200):
        share = expit(mu + tau * z)
        bend = 1 + tau**2 * n * share * (1 - share)
        step = np.clip((tau * (x - n * share) - z) / bend, -1 / tau, 1 / tau)  # one logit at most
        z = z + step
        if (np.abs(step) * np.sqrt(bend)).max() < 1e-6:  # of the width: the nodes lie well enough around it
            break
    return z, 1 / np.sqrt(bend)


def _softplus_rise(start: Array, by: Array) -> Array:
    """log(1 + e^(start + by)) - log(1 + e^start), without the digits that the difference of two large numbers would lose."""
    near = np.abs(by) < 0.5
    small = np.log1p(expit(start) * np.expm1(np.where(near, by, 0)))
    return np.where(near, small, np.logaddexp(0, start + by) - np.logaddexp(0, start))


def _ways(x: Array, n: Array) -> Array:
    return gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)
