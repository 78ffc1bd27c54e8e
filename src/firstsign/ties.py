"""How many ends on one day are counted in a partial likelihood: Breslow's way, and Efron's at a cost that forgets the number."""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

Array = NDArray[np.float64]
_ONE_BY_ONE = 32  # of a day's ends, those nearest to the last are counted singly
_NODES = 10  # for each block of the others


class Ties(NamedTuple):
    """Sums over the ends of each day, as sums over fewer points.

    place    the day of each point
    gone     the share of the day's ends that is taken from the risk set there
    weight   how many ends the point stands for
    """

    place: NDArray[np.int_]
    gone: Array
    weight: Array


def breslow(ends: Array) -> Ties:
    """Every end of a day meets the whole risk set."""
    return Ties(np.arange(len(ends)), np.zeros(len(ends)), ends)


def efron(ends: Array) -> Ties:
    """The l-th of d ends of a day meets the risk set less the share l / d of those who end (Efron 1977), l from 0.

    The d terms are 1 / (S - l / d D) and its like. They change fast only near l = d, where S may be D; there they are counted
    singly. The others are put into blocks no longer than their distance to l = d, over each of which a Gaussian rule for
    equally spaced points sums them to rounding: some hundred points for a million ends. Where d is not whole, the terms are
    the next whole number of d, with weights that add up to d.
    """
    whole = np.ceil(ends)
    counts, which = np.unique(whole, return_inverse=True)
    tables = [_points(int(count)) for count in counts]
    sizes = np.array([len(points) for points, _ in tables])
    place = np.repeat(np.arange(len(ends)), sizes[which])
    of_day = np.arange(len(place)) - np.repeat(np.cumsum(sizes[which]) - sizes[which], sizes[which])
    row = (np.cumsum(sizes) - sizes)[which][place] + of_day
    points, weights = (np.concatenate(columns) for columns in zip(*tables, strict=True))
    return Ties(place, points[row] / whole[place], weights[row] * (ends / whole)[place])


@lru_cache(maxsize=1024)
def _points(count: int) -> tuple[Array, Array]:
    """Points and weights whose sum is that over l = 0, 1, ..., count - 1 for what is smooth but for a pole at or after count."""
    singly = min(count, _ONE_BY_ONE)
    points, weights = [np.arange(count - singly, count, dtype=float)], [np.ones(singly)]
    left, length = count - singly, _ONE_BY_ONE
    while left:
        block = min(left, length)
        inside, weight = _gauss(block, min(_NODES, block))
        left -= block
        points.append(left + inside)
        weights.append(weight)
        length *= 2
    return np.concatenate(points), np.concatenate(weights)


@cache
def _gauss(length: int, nodes: int) -> tuple[Array, Array]:
    """The Gaussian rule for a sum over 0, 1, ..., length - 1, from the recurrence of the discrete Chebyshev polynomials."""
    k = np.arange(1, nodes)
    off = length / 2 * np.sqrt((1 - (k / length) ** 2) / (4 - 1 / k**2))
    points, vectors = eigh_tridiagonal(np.full(nodes, (length - 1) / 2), off)
    return points, length * vectors[0] ** 2
