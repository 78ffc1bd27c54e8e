"""Quantile regression as linear programs on counted rows, without censoring and with it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Array = NDArray[np.float64]
_NUDGE = 1e-3  # of a person, by which a quantile is moved down and up where several fits are equally good
_NEAR = 200  # rows whose side of the fit is left open at first, when a fit close by is known
_DAYS = 1000.0  # the longest delay is put on about this scale, on which a millionth of a day is no difference
_SAME = 1e-6  # on that scale: a line through a day has not passed it
_SOLVED, _INFEASIBLE = 0, 2  # linprog's words for it
_STEP = 0.01  # between the quantiles through which censored people are followed


class Rows(NamedTuple):
    """Distinct rows: terms (rows, terms), the day each ended or was censored, whether it ended, and people; shape (rows,)."""

    x: Array
    day: Array
    ended: NDArray[np.bool_]
    n: Array


def quantile_fits(rows: Rows, shares: Sequence[float], near: Array | None = None) -> Array:
    """Coefficients of the quantiles, shape (shares, terms), shares in rising order; NaN from the first that is not reached.

    near  coefficients close by, those of all people for a draw of them, say: without censoring it is much faster with them
    """
    days, terms = _unit(rows.day / _DAYS), _unit(rows.x)
    rows = rows._replace(x=rows.x / terms, day=rows.day / days)
    near = None if near is None else near * terms / days
    return (_uncensored(rows, shares, near) if rows.ended.all() else _followed(rows, shares)) / terms * days


def _unit(values: Array) -> Array:
    """The power of two next to the largest value (of each column): the solver's tolerances are absolute, and this is exact."""
    most = np.abs(values).max(axis=0)
    return np.asarray(2.0 ** np.round(np.log2(np.where(most > 0, most, 1.0))), np.float64)


def _uncensored(rows: Rows, shares: Sequence[float], near: Array | None) -> Array:
    """The lines that leave a share q of the people below, in the sense of the sum of q-weighted distances (Koenker & Bassett 1978).

    Where several are equally good, half-way between those that are best a little below q and a little above: for one group the
    middle of the flat, as in `quantiles`.
    """
    total = rows.n @ rows.x
    nudge = _NUDGE / rows.n.sum()
    fits = []
    for place, q in enumerate(shares):
        line = None if near is None else near[place]
        both = []
        for share in (q - nudge, q + nudge):
            line = best_line(rows.x, rows.day, rows.n, (1 - share) * total, line)
            both.append(np.full(rows.x.shape[1], np.nan) if line is None else line)
        fits.append(np.mean(both, axis=0))
    return np.array(fits)


def _followed(rows: Rows, shares: Sequence[float]) -> Array:
    """Portnoy's (2003) estimator on a grid of quantiles.

    A censored person is above all lines until one, of share t, has passed the day of the censoring. From then on the share
    (q - t) / (1 - t) of the person is where it was censored, and the rest beyond all days: what Kaplan-Meier's curve
    does with its mass (Efron 1967). t is read off linearly between two quantiles of the grid.
    """
    grid = np.unique(np.concatenate([np.arange(_STEP, max(shares), _STEP), shares]))
    passed = np.full(len(rows.day), np.nan)
    found: dict[float, Array] = {}
    line, before, height = None, 0.0, np.full(len(rows.day), rows.day.min())
    for q in grid:
        for _ in range(2):  # who is passed only now adds to what lies below
            line = _line_at(rows, q, passed, line)
            if line is None:
                break
            reached = rows.x @ line
            new = ~rows.ended & np.isnan(passed) & (reached > rows.day + _SAME)
            if not new.any():
                break
            climb = (rows.day[new] - height[new]) / (reached[new] - height[new])
            passed[new] = before + (q - before) * climb
        if line is None:
            break
        found[q], before, height = line, q, rows.x @ line
    missing = np.full(rows.x.shape[1], np.nan)
    return np.array([found.get(q, missing) for q in shares])


def _line_at(rows: Rows, q: float, passed: Array, start: Array | None) -> Array | None:
    since = np.where(np.isnan(passed), q, passed)
    there = (q - since) / (1 - since)
    weight = np.where(rows.ended, rows.n, rows.n * there)
    beyond = (rows.n - weight) @ rows.x
    finite = weight > 0
    return best_line(rows.x[finite], rows.day[finite], weight[finite], (1 - q) * (rows.n @ rows.x) - beyond, start)


def best_line(x: Array, day: Array, n: Array, above: Array, start: Array | None = None) -> Array | None:
    """The line with people of the total terms `above` on its upper side, those on it divided as needed; None if there is none.

    The dual of the linear program: of each row from 0 to n people are above the line, such that their terms add up to `above`
    and their days to the most. With a fit close by, rows far from it keep their side, which is checked afterwards.
    """
    near = np.ones(len(day), bool)
    size = _NEAR
    if start is not None:
        distance = day - x @ start
        near = _nearest(distance, size)
    while True:
        far_above = ~near & (distance > 0) if start is not None else ~near
        solved = linprog(
            -day[near],
            A_eq=x[near].T,
            b_eq=above - n[far_above] @ x[far_above],
            bounds=np.column_stack([np.zeros(int(near.sum())), n[near]]),
            method="highs-ds",
        )
        if solved.status not in (_SOLVED, _INFEASIBLE):
            raise ValueError(
                f"The linear program of a quantile was not solved ({solved.message.strip()}). Put the days, the counts or a "
                "covariate on another scale, or leave a term out."
            )
        line = -solved.eqlin.marginals if solved.status == _SOLVED else None
        if near.all():
            return line
        if line is not None and (((day - x @ line) > 0) == far_above)[~near].all():
            return line
        size *= 4
        near = _nearest(distance, size)


def _nearest(distance: Array, size: int) -> NDArray[np.bool_]:
    if size >= len(distance):
        return np.ones(len(distance), bool)
    reach = np.abs(distance)
    return reach <= np.partition(reach, size)[size]
