"""The maximum-likelihood curve when an end is known only to be one of several, and seen only if it is one of several."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import splu

from .innermost import Places, covered

Array = NDArray[np.float64]
TOLERANCE = 1e-9  # of the gain in log-likelihood, per person, for each bit of probability that is moved
_NOBODY = 1e-15  # a share of people that rounding can leave
_ADRIFT = 1e-7  # people who could have been seen only where the curve goes on putting less than this are not tied to the others
_STEPS = 400
_SMALL = 60  # places
_NOT_FOUND = (
    "No maximum-likelihood curve was found: the entries and limits tie its parts together too loosely. Leave out the people who "
    "could only have been seen to end in a span of days in which few others could, or use fit_delay."
)


class People(NamedTuple):
    """Row i is n[i] people who ended in a place of [ended[i, 0], ended[i, 1]) of `size` places in order.

    They would not be in the data had they not ended in [seen[i, 0], seen[i, 1]).
    """

    ended: Places
    seen: Places
    n: Array
    size: int


def masses(people: People) -> Array:
    """The probability of each place, shape (size,), by maximum likelihood.

    Steps of self-consistency (Turnbull 1976) take turns with Newton steps on the probabilities that are not held at 0, until
    nothing would be gained by moving probability anywhere: the conditions of Kuhn and Tucker (Gentleman & Geyer 1994). When
    all truncation is on the right, time is turned around, which makes it late entry. With both kinds the likelihood can
    have several peaks, of which this is one.

    Raises ValueError if the conditions are not met, as when truncation ties the places together too loosely.
    """
    ended, seen, n, size = people = _telling(people)
    if (seen[:, 1] < size).any() and not (seen[:, 0] > 0).any():
        return masses(People(size - ended[:, ::-1], size - seen[:, ::-1], n, size))[::-1]
    found, slack, damping = self_consistent(people, np.full(size, 1 / size)), np.inf, 1e-2
    for _ in range(_STEPS):
        could_be_seen = within(seen, found)
        if could_be_seen.min() <= _NOBODY:
            return _without(could_be_seen < _ADRIFT, people)
        gain = gains(people, found)
        before, slack = slack, float(np.max(np.abs(gain), where=~_held(found, gain), initial=0.0))
        if slack <= TOLERANCE:
            return np.where(found > _NOBODY, found, 0.0)
        if could_be_seen.min() < _ADRIFT:
            return _without(could_be_seen < _ADRIFT, people)
        stalled = slack > before / 2
        damping = 1e-1 if stalled and damping < 1e-10 else damping / 10
        if stalled:
            found = _towards_gain(people, found, gain)
        found = self_consistent(people, _newton(people, found, damping))
    raise ValueError(_NOT_FOUND)


def within(ranges: Places, probability: Array) -> Array:
    """The probability of each range of places."""
    below = np.concatenate([[0.0], np.cumsum(probability)])
    difference: Array = below[ranges[:, 1]] - below[ranges[:, 0]]
    return difference


def gains(people: People, probability: Array) -> Array:
    """What the log-likelihood, per person, gains for each bit of probability added at each place; shape (size,).

    At the maximum it is 0 where there is probability, and nowhere above 0.
    """
    ended, seen, n, size = people
    of_ended, of_seen = n / within(ended, probability), n / within(seen, probability)
    gain: Array = (covered(ended, of_ended, size) - covered(seen, of_seen, size)) / n.sum()
    return gain


def self_consistent(people: People, probability: Array) -> Array:
    """Share out each person among the places where they may have ended, and take the product-limit curve of the result.

    Those whom late entry hid need no sharing out: the others are at risk from their entry on. Those whom a limit hid are
    added as people who entered and passed the limit. An end after the last known one is a censoring.
    """
    ended, seen, n, size = people
    left = np.append(np.cumsum(probability[::-1])[::-1], 0.0)
    last = ended[:, 1] == size
    ends = probability * covered(ended[~last], n[~last] / within(ended[~last], probability), size)
    limited = seen[:, 1] < size
    passed = n[limited] * left[seen[limited, 1]] / within(seen[limited], probability)
    there = np.cumsum(np.bincount(seen[:, 0], n, size) - np.bincount(ended[last, 0], n[last], size))
    at_risk = there - (np.cumsum(ends) - ends) + covered(seen[limited], passed, size)
    someone = at_risk > 1e-9 * n.min()
    hazard = np.clip(np.divide(ends, at_risk, out=np.zeros(size), where=someone), 0, 1)
    hazard[-1] = 1
    waiting = np.concatenate([[1.0], np.cumprod(1 - hazard[:-1])])
    shared: Array = waiting * hazard
    return shared


def _telling(people: People) -> People:
    """The people who could have been seen to end elsewhere than they did; the others tell nothing, and slow the climb."""
    telling = (people.ended != people.seen).any(axis=1)
    if not telling.any():
        return people
    return People(people.ended[telling], people.seen[telling], people.n[telling], people.size)


def _without(adrift: NDArray[np.bool_], people: People) -> Array:
    """The curve of the others, when it leaves nobody where some people could have been seen.

    Of such people only the order among themselves is known: they and the others reach their maxima one by one. ValueError
    if the others would gain from probability there, for then the two maxima exclude each other.
    """
    ended, seen, n, size = people
    open_to_others = covered(seen[adrift], np.ones(adrift.sum()), size) == 0
    place = np.concatenate([[0], np.cumsum(open_to_others)])
    nowhere_else = place[ended[:, 0]] == place[ended[:, 1]]
    if nowhere_else.all():
        raise ValueError(_NOT_FOUND)
    if (nowhere_else & ~adrift).any():
        return _without(nowhere_else, people)
    others = People(place[ended[~adrift]], place[seen[~adrift]], n[~adrift], int(place[-1]))
    found = np.zeros(size)
    found[open_to_others] = masses(others)
    told = ~adrift & (within(seen, found) > _NOBODY)
    if gains(People(ended[told], seen[told], n[told], size), found).max() > 1e-6:
        raise ValueError(_NOT_FOUND)
    return found


def _held(probability: Array, gain: Array) -> NDArray[np.bool_]:
    return (probability <= _NOBODY) & (gain <= 0)


def _log_likelihood(people: People, probability: Array) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = within(people.ended, probability) / within(people.seen, probability)
        return float(people.n @ np.log(ratio))


def _towards_gain(people: People, found: Array, gain: Array) -> Array:
    """Move a little probability to the places where it gains, as much as climbs."""
    before, there = _log_likelihood(people, found), np.maximum(gain, 0)
    if not there.any():
        return found
    for share in 0.1 ** np.arange(1, 9):
        trial = (1 - share) * found + share * there / there.sum()
        if _log_likelihood(people, trial) > before:
            return trial
    return found


def _newton(people: People, found: Array, damping: float) -> Array:
    """A Newton step on the probabilities that are not held at 0, shortened until it climbs."""
    before, gain = _log_likelihood(people, found), gains(people, found)
    around = np.pad(gain, 1, constant_values=-np.inf)
    steepest = (gain >= around[:-2]) & (gain >= around[2:])
    found = np.where(_held(found, gain), 0.0, found)
    free = ~_held(found, gain) & ((found > 0) | steepest)
    for damped in damping * 10.0 ** np.arange(0, 12, 2):
        step = _nonnegative_step(_curvature(people, found, damped), gain, found, free)
        for shorter in (1.0, 0.5, 0.25, 0.125):
            trial = np.maximum(found + shorter * step, 0)
            trial /= max(trial.sum(), _NOBODY)
            if _log_likelihood(people, trial) >= before - 1e-13 * abs(before):
                return trial
    return found


def _nonnegative_step(curvature: Array | csr_array, gain: Array, found: Array, free: NDArray[np.bool_]) -> Array:
    """The best step of the free probabilities on the quadratic model, those that would fall below 0 being set to 0.

    In the cumulative probability, places between two free ones move together, as one node.
    """
    free, step = free.copy(), np.zeros_like(found)
    slopes = gain - np.append(gain[1:], 0.0)
    while free.any():
        try:
            together = _solve(curvature, slopes - curvature @ np.cumsum(step), np.flatnonzero(free))
        except (RuntimeError, np.linalg.LinAlgError):  # exactly singular: the caller damps more
            return np.full(len(found), np.nan)
        best = np.diff(together, prepend=0.0)
        below = np.flatnonzero(free)[found[free] + best < 0]
        if not len(below):
            step[free] = best
            break
        step[below], free[below] = -found[below], False
    return step


def _solve(curvature: Array | csr_array, slopes: Array, first: NDArray[np.int_]) -> Array:
    """The moves of nodes, each of the places from one of `first` up to the next: shape of `first`."""
    pull = np.add.reduceat(slopes, first)
    if isinstance(curvature, np.ndarray):
        rows = np.add.reduceat(curvature, first, axis=0)
        return np.linalg.solve(np.add.reduceat(rows, first, axis=1), pull)
    moves = np.arange(first[0], len(slopes))
    node = np.searchsorted(first, moves, side="right") - 1
    together = csr_array((np.ones(len(moves)), (moves, node)), shape=(len(slopes), len(first)))
    found: Array = splu((together.T @ curvature @ together).tocsc()).solve(pull)
    return found


def _curvature(people: People, found: Array, damping: float) -> Array | csr_array:
    """Minus the second derivative, per person, in the cumulative probability after each place.

    Each range ties its two ends together as a spring would, so the matrix is sparse. The springs of truncation push; they are
    left out far from the maximum, where the model without them is a lower bound. Damping ties neighbours, and the last
    spring holds the sum, on which the likelihood does not depend. A small matrix is written out, for it is faster so.
    """
    ended, seen, n, size = people
    limits = (seen[:, 1] - seen[:, 0] < size) & (damping < 1e-3)
    neighbours = np.column_stack([np.arange(size), np.arange(1, size + 1)])
    one, other = np.concatenate([ended, seen[limits], neighbours, [[0, size]]]).T
    pull, push = n / within(ended, found) ** 2, -n[limits] / within(seen[limits], found) ** 2
    spring = np.concatenate([pull / n.sum(), push / n.sum(), damping / (found + 1 / size), [1.0]])
    rows, columns = np.concatenate([one, other, one, other]), np.concatenate([one, other, other, one])
    values = np.concatenate([spring, spring, -spring, -spring])
    if size <= _SMALL:
        whole = np.bincount(rows * (size + 1) + columns, values, (size + 1) ** 2)
        return whole.reshape(size + 1, size + 1)[1:, 1:]
    return csr_array((values, (rows, columns)), shape=(size + 1, size + 1))[1:, 1:]
