"""The maximum-likelihood curve when an end is known only to be one of several, and seen only if it is one of several."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import spsolve

from .innermost import Places, covered

Array = NDArray[np.float64]
TOLERANCE = 1e-9  # of the slope of the log-likelihood in a hazard, for each person who may be at risk
_CERTAIN = 40.0  # a hazard that leaves 4e-18 of the people: as good as infinite
_NOBODY = np.exp(-0.9 * _CERTAIN)
_ADRIFT = 1e-9  # people who could have been seen only where the curve puts less than this are not tied to the others
_STEPS = 400
_NOT_FOUND = (
    "No maximum-likelihood curve was found: the entries and limits tie its parts together too loosely. Leave out the people who "
    "could only have been seen to end in a span of days in which few others could, or use fit_delay."
)


class _Likelihood(NamedTuple):
    """The log-likelihood as a function of the cumulative hazard H before each of m places, H[0] = 0.

    It is sum(linear * H) + sum over `ended` of n log(1 - exp(H[from] - H[to])) - the same over `seen`. The last place takes
    whoever is left: its hazard is infinite, so terms that reach beyond it vanish and m - 1 hazards are free.
    """

    linear: Array
    ended: Places
    ended_n: Array
    seen: Places
    seen_n: Array
    not_left: Array  # people who have entered and are not censored, at each free place
    people: Array  # people who may be at risk there


def masses(ended: Places, seen: Places, n: Array, size: int) -> Array:
    """The probability of each of `size` places in order, shape (size,), by maximum likelihood.

    ended, seen   shape (k, 2): row i is n[i] people who ended in a place of [ended[i, 0], ended[i, 1]), and would not be in
                  the data had they not ended in [seen[i, 0], seen[i, 1])

    Works on the hazard of each place, where late entry leaves the likelihood concave: steps of self-consistency (Turnbull
    1976) take turns with Newton steps on the hazards that are not held at 0, until the conditions of Kuhn and Tucker hold
    (Gentleman & Geyer 1994). When all truncation is on the right, time is turned around, which makes it late entry. With
    both kinds the likelihood can have several peaks: this is one of them.

    Raises ValueError if the conditions are not met, as when truncation ties the places together too loosely.
    """
    if (seen[:, 1] < size).any() and not (seen[:, 0] > 0).any():
        return masses(size - ended[:, ::-1], size - seen[:, ::-1], n, size)[::-1]
    likelihood = _likelihood(ended, seen, n, size)
    hazard = _self_consistent(likelihood, -np.log1p(-1 / np.arange(size, 1, -1, dtype=float)))
    damping, slack = 1e-2, np.inf
    for _ in range(_STEPS):
        found = _probability(hazard)
        adrift = within(seen, found) < _ADRIFT
        if adrift.any():
            return _without(adrift, ended, seen, n, size)
        slack, slack_before = _slack(likelihood, hazard), slack
        if slack <= TOLERANCE:
            gain = gains(found, ended, seen, n)
            if gain.max() <= 10 * TOLERANCE:
                return found
            hazard = _with_more(found, gain)
        damping = damping / 10 if slack < 0.5 * slack_before else min(damping * 10, 1.0)
        hazard, damping = _newton(likelihood, _self_consistent(likelihood, hazard), damping)
    raise ValueError(_NOT_FOUND)


def _without(adrift: NDArray[np.bool_], ended: Places, seen: Places, n: Array, size: int) -> Array:
    """The curve of the others, when it leaves nobody where some people could have been seen.

    Of such people only the order among themselves is known: they and the others have their maxima one by one.
    """
    found = masses(ended[~adrift], seen[~adrift], n[~adrift], size)
    if (within(seen[adrift], found) > 1e3 * _ADRIFT).any():
        raise ValueError(_NOT_FOUND)
    return found


def _probability(hazard: Array) -> Array:
    left = np.exp(-_cumulative(hazard))
    return -np.diff(np.where(left > _NOBODY, left, 0.0), append=0.0)


def within(ranges: Places, probability: Array) -> Array:
    """The probability of each range of places."""
    below = np.concatenate([[0.0], np.cumsum(probability)])
    difference: Array = below[ranges[:, 1]] - below[ranges[:, 0]]
    return difference


def gains(probability: Array, ended: Places, seen: Places, n: Array) -> Array:
    """What the log-likelihood, per person, gains for each bit of probability added at each place; shape of `probability`.

    At the maximum it is 0 where there is probability, and nowhere above 0.
    """
    of_ended, of_seen, size = within(ended, probability), within(seen, probability), len(probability)
    gain: Array = (covered(ended, n / of_ended, size) - covered(seen, n / of_seen, size)) / n.sum()
    return gain


def _with_more(probability: Array, gain: Array) -> Array:
    """The hazards when the places that would gain get a little more probability.

    Where nobody is left the slopes in the hazards say nothing, so Newton's steps cannot come back by themselves.
    """
    more = probability + 1e-3 * np.maximum(gain, 0) / gain.max()
    reach = np.cumsum(more[::-1])[::-1]
    return np.minimum(-np.log1p(-np.clip(more[:-1] / np.maximum(reach[:-1], _NOBODY), 0, 1 - 1e-15)), _CERTAIN)


def _likelihood(ended: Places, seen: Places, n: Array, size: int) -> _Likelihood:
    entered = np.bincount(seen[:, 0], n, size)
    open_end = ended[:, 1] == size
    not_left = np.cumsum(entered - np.bincount(ended[open_end, 0], n[open_end], size))
    may_be_at_risk = covered(np.column_stack([seen[:, 0], ended[:, 1]]), n, size)
    return _Likelihood(
        entered - np.bincount(ended[:, 0], n, size),
        *_counted(ended[~open_end], n[~open_end]),
        *_counted(seen[seen[:, 1] < size], n[seen[:, 1] < size]),
        not_left[:-1],
        np.maximum(may_be_at_risk[:-1], n.min()),
    )


def _counted(ranges: Places, n: Array) -> tuple[Places, Array]:
    distinct, which = np.unique(ranges, axis=0, return_inverse=True)
    return distinct, np.bincount(which.ravel(), n, len(distinct))


def _cumulative(hazard: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(hazard)])


def _log_likelihood(likelihood: _Likelihood, hazard: Array) -> float:
    cumulative = _cumulative(hazard)
    with np.errstate(divide="ignore", invalid="ignore"):
        ended, seen = (
            (n * np.log(-np.expm1(cumulative[ranges[:, 0]] - cumulative[ranges[:, 1]]))).sum()
            for ranges, n in ((likelihood.ended, likelihood.ended_n), (likelihood.seen, likelihood.seen_n))
        )
        return float(likelihood.linear @ cumulative + ended - seen)


def _odds(ranges: Places, cumulative: Array) -> Array:
    """Of those who reach each range, how many pass it for one who ends in it."""
    with np.errstate(over="ignore", divide="ignore"):
        return 1 / np.expm1(cumulative[ranges[:, 1]] - cumulative[ranges[:, 0]])


def _self_consistent(likelihood: _Likelihood, hazard: Array) -> Array:
    """Share out each person among the places where they may have ended, and take the hazards of the result.

    Those whom truncation hid are added as people who passed their range: at risk in it, and never seen to end.
    """
    size = len(hazard)
    cumulative = _cumulative(hazard)
    left = np.exp(-cumulative)
    ended, seen = likelihood.ended, likelihood.seen
    of_range = left[ended[:, 0]] * -np.expm1(cumulative[ended[:, 0]] - cumulative[ended[:, 1]])
    per_share = np.divide(likelihood.ended_n, of_range, out=np.zeros_like(of_range), where=of_range > 0)
    ends = left[:-1] * -np.expm1(-hazard) * covered(ended, per_share, size)
    hidden = covered(seen, likelihood.seen_n * _odds(seen, cumulative), size)
    at_risk = likelihood.not_left - (np.cumsum(ends) - ends) + hidden
    someone = at_risk > 1e-9 * likelihood.people
    share = np.divide(ends, at_risk, out=np.zeros(size), where=someone)
    return np.minimum(-np.log1p(-np.clip(share, 0, 1 - 1e-15)), _CERTAIN)


def _slopes(likelihood: _Likelihood, hazard: Array) -> Array:
    """The slope of the log-likelihood in the cumulative hazard before each place but the first."""
    cumulative = _cumulative(hazard)
    slope = likelihood.linear.copy()
    for ranges, n in ((likelihood.ended, likelihood.ended_n), (likelihood.seen, -likelihood.seen_n)):
        odds = n * _odds(ranges, cumulative)
        slope += np.bincount(ranges[:, 1], odds, len(slope)) - np.bincount(ranges[:, 0], odds, len(slope))
    return slope[1:]


def _of_hazards(slopes: Array) -> Array:
    return np.cumsum(slopes[::-1])[::-1]


def _free(hazard: Array, slope: Array) -> NDArray[np.bool_]:
    """The hazards that are not held at 0, or at certainty, by a slope that points beyond."""
    return ~((hazard <= 0) & (slope <= 0) | (hazard > 0.9 * _CERTAIN) & (slope >= 0))


def _slack(likelihood: _Likelihood, hazard: Array) -> float:
    """How far the conditions of Kuhn and Tucker are from being met: 0 at the maximum."""
    slope = _of_hazards(_slopes(likelihood, hazard))
    return float(np.max(np.abs(slope / likelihood.people), where=_free(hazard, slope), initial=0.0))


def _newton(likelihood: _Likelihood, hazard: Array, damping: float) -> tuple[Array, float]:
    """A Newton step on the free hazards, shortened until it climbs; and the damping to begin the next with."""
    slopes = _slopes(likelihood, hazard)
    before = _log_likelihood(likelihood, hazard)
    free = _worth_moving(hazard, _of_hazards(slopes))
    for _ in range(12):
        step = _nonnegative_step(_curvature(likelihood, hazard, damping), slopes, hazard, free)
        for shorter in (1.0, 0.5, 0.25, 0.125):
            trial = np.clip(hazard + shorter * step, 0, _CERTAIN)
            if _log_likelihood(likelihood, trial) >= before - 1e-13 * abs(before):
                return trial, max(damping, 1e-12)
        damping *= 10
    return hazard, 1.0


def _worth_moving(hazard: Array, slope: Array) -> NDArray[np.bool_]:
    """The free hazards, but of those at 0 only the ones whose slope is the steepest around."""
    around = np.pad(slope, 1, constant_values=-np.inf)
    steepest = (slope >= around[:-2]) & (slope >= around[2:])
    return _free(hazard, slope) & ((hazard > 0) | steepest)


def _nonnegative_step(curvature: csr_array, slopes: Array, hazard: Array, free: NDArray[np.bool_]) -> Array:
    """The best step of the free hazards on the quadratic model, those that would fall below 0 being set to 0.

    Places between two free hazards move together, as one node.
    """
    free, step, size = free.copy(), np.zeros_like(hazard), len(hazard)
    while free.any():
        node = np.cumsum(free) - 1
        moves = np.flatnonzero(node >= 0)
        together = csr_array((np.ones(len(moves)), (moves, node[moves])), shape=(size, node[-1] + 1))
        pull = together.T @ (slopes - curvature @ np.cumsum(step))
        best = np.diff(np.atleast_1d(spsolve((together.T @ curvature @ together).tocsc(), pull)), prepend=0.0)
        below = np.flatnonzero(free)[hazard[free] + best < 0]
        if not len(below):
            step[free] = best
            break
        step[below], free[below] = -hazard[below], False
    return step


def _curvature(likelihood: _Likelihood, hazard: Array, damping: float) -> csr_array:
    """Minus the second derivative in the cumulative hazard before each place but the first.

    Each range ties its two ends together as a spring would, so the matrix is sparse; damping ties all neighbours.
    """
    cumulative, size = _cumulative(hazard), len(hazard)
    neighbours = np.column_stack([np.arange(size), np.arange(1, size + 1)])
    with np.errstate(divide="ignore", over="ignore"):
        ended, seen = (
            n / (4 * np.sinh((cumulative[ranges[:, 1]] - cumulative[ranges[:, 0]]) / 2) ** 2)
            for ranges, n in ((likelihood.ended, likelihood.ended_n), (likelihood.seen, likelihood.seen_n))
        )
    spring = np.concatenate([ended, -seen, damping * likelihood.people])
    one, other = np.concatenate([likelihood.ended, likelihood.seen, neighbours]).T
    rows, columns = np.concatenate([one, other, one, other]), np.concatenate([one, other, other, one])
    values = np.concatenate([spring, spring, -spring, -spring])
    return csr_array((values, (rows, columns)), shape=(size + 1, size + 1))[1:, 1:]
