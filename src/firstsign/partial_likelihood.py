"""The partial likelihood of Cox's regression and its relatives, from counted people: sums over days, not over people.

A pattern is one combination of covariates; people of one pattern differ only in the days on which they are at risk. The sum of
anything over the people at risk is a sparse product, days by patterns, so that cost follows the distinct spells.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from .ties import Ties

Array = NDArray[np.float64]
_DONE = (
    1e-8  # the last step is one that gains no more in log-likelihood, or in that of each end if all are less than one
)
_STEPS = 60
_FLAT = 1e-6  # information in a direction per end; terms have standard deviation 1, so that it is about 1 without any effect
_NOTHING = 1e-2  # information on the effect between the extremes of a direction: a hundredth of one end


class RiskTable(NamedTuple):
    """Who is at risk and who ends, on days when somebody ends (m of them) and by pattern (k).

    day      the days, in order, shape (m,)
    x        the terms of each pattern, shape (k, terms)
    leaving  people by the last of these days on which they are at risk, less those by the last before their entry, shape (m, k)
    ended    people who end, by day and pattern, shape (m, k)
    ties     how the ends of one day are counted
    stayed   people who are kept in the risk set after they ended otherwise, by the first day after, in units of `fading`; or None
    fading   the weight that such people have on each day, shape (m,)
    """

    day: Array
    x: Array
    leaving: csr_array
    ended: csr_array
    ties: Ties
    stayed: csr_array | None = None
    fading: Array | None = None

    def at_risk(self, values: Array) -> Array:
        """For each day the sum of a pattern's values over the people at risk; (k, c) to (m, c)."""
        sums: Array = np.cumsum((self.leaving @ values)[::-1], axis=0, dtype=np.float64)[::-1]
        if self.stayed is not None and self.fading is not None:
            sums = sums + self.fading[:, None] * np.cumsum(self.stayed @ values, axis=0)
        return sums

    def exposure(self, rates: Array) -> Array:
        """For each pattern the sum of a day's rates over the days and people at risk: the transpose; (m,) to (k,)."""
        total = self.leaving.T @ np.cumsum(rates)
        if self.stayed is not None and self.fading is not None:
            total = total + self.stayed.T @ np.cumsum((self.fading * rates)[::-1])[::-1]
        return np.asarray(total, np.float64)


def by_day(day: NDArray[np.int_], pattern: NDArray[np.int_], people: Array, shape: tuple[int, int]) -> csr_array:
    """People summed by day and pattern; days before the first one, -1, are left out."""
    some = day >= 0
    return csr_array((people[some], (day[some], pattern[some])), shape=shape)


class Moments(NamedTuple):
    """The log partial likelihood at some coefficients, its slope (terms,) and its information (terms, terms)."""

    loglik: float
    score: Array
    information: Array


class Fit(NamedTuple):
    """The highest point: coefficients, the moments there, and the log-likelihood without any effect."""

    estimate: Array
    moments: Moments
    loglik_null: float


def moments(table: RiskTable, at: Array, weight: Array | None = None) -> Moments:
    """The log partial likelihood and its derivatives; with `weight`, each day's part of them is weighted (m,).

    At a point of `ties` the risk set is S - gone D: sums S over those at risk, D over those who end that day, of relative
    risks (and of terms times risks). The information is the sum of the terms' variances over those who might have ended.
    """
    x, ties, m = table.x, table.ties, len(table.day)
    weight = np.ones(m) if weight is None else weight
    log_risk = x @ at
    risk = np.exp(log_risk)
    with_terms = risk[:, None] * np.column_stack([np.ones(len(x)), x])
    of_risk, of_ends = table.at_risk(with_terms), table.ended @ with_terms
    left = of_risk[ties.place, 0] - ties.gone * of_ends[ties.place, 0]
    amount = ties.weight * weight[ties.place]

    def daily(values: Array) -> Array:
        return np.bincount(ties.place, values, m).astype(np.float64)

    rate, rate_gone = daily(amount / left), daily(amount * ties.gone / left)
    square = [daily(amount / left * ties.gone**power / left)[:, None] for power in (0, 1, 2)]
    s, d = of_risk[:, 1:], of_ends[:, 1:]
    mixed = s.T @ (square[1] * d)
    second = x.T @ ((risk * (table.exposure(rate) - table.ended.T @ rate_gone))[:, None] * x)
    ends = table.ended.T @ weight
    return Moments(
        float(ends @ log_risk - amount @ np.log(left)),
        ends @ x - rate @ s + rate_gone @ d,
        second - (s.T @ (square[0] * s) - mixed - mixed.T + d.T @ (square[2] * d)),
    )


def maximise(table: RiskTable, names: Sequence[str], estimator: str) -> Fit:
    """Newton's steps from no effect, halved where they overshoot, on terms that have mean 0 and standard deviation 1.

    Raises ValueError, naming the terms, where nothing is known of an effect (no difference among those at risk when somebody
    ends) or too much (a group in which nobody ends: the likelihood rises for ever).
    """
    table, scale = standardised(table)
    ends = float(table.ties.weight.sum())
    at = np.zeros(len(scale))
    here = start = moments(table, at)
    _refuse_flat(table, here.information, names, estimator, started=False)
    for _ in range(_STEPS):
        step: Array = np.asarray(np.linalg.solve(here.information, here.score), np.float64)
        gain = float(step @ here.score)
        if gain < _DONE * min(1.0, ends):
            here = moments(table, at + step)
            return Fit((at + step) / scale, _unscaled(here, scale), start.loglik)
        at, here = _rise(table, at, step, here)
        _refuse_flat(table, here.information, names, estimator, started=True)
    raise ValueError(
        f"{estimator} did not settle within {_STEPS} steps (the last gained {gain:.2g} in log-likelihood). Put a covariate with a "
        "few extreme values on another scale, such as its log, or leave a term out."
    )


def standardised(table: RiskTable) -> tuple[RiskTable, Array]:
    """The table with terms of mean 0 and standard deviation 1 among those who are ever at risk, and what they are divided by.

    A term in which these people do not differ is only centred: what is left of it is rounding.
    """
    people = np.abs(table.leaving).sum(axis=0)
    people = people / people.sum()
    centre = people @ table.x
    scale = np.sqrt(people @ (table.x - centre) ** 2)
    scale = np.where(scale > 1e-9 * np.ptp(table.x, axis=0), scale, 1.0)
    return table._replace(x=(table.x - centre) / scale), scale


def _rise(table: RiskTable, at: Array, step: Array, here: Moments) -> tuple[Array, Moments]:
    """The first of ever shorter steps that does not lower the log-likelihood by more than its rounding."""
    for _ in range(40):
        with np.errstate(all="ignore"):
            there = moments(table, at + step)
        if there.loglik >= here.loglik - 1e-12 * abs(here.loglik) and np.isfinite(there.information).all():
            return at + step, there
        step = step / 2
    return at, here


def _unscaled(scaled: Moments, scale: Array) -> Moments:
    return Moments(scaled.loglik, scaled.score * scale, scaled.information * np.outer(scale, scale))


def _refuse_flat(table: RiskTable, information: Array, names: Sequence[str], estimator: str, started: bool) -> None:
    """Refuse a direction in which the log-likelihood hardly bends: from the start, or as effects grow without end."""
    size, directions = np.linalg.eigh(information)
    flattest = directions[:, 0]
    reach = max(float(np.ptp(table.x @ flattest)), 1e-300)
    if size[0] > _FLAT * table.ties.weight.sum() or size[0] > _NOTHING * reach**2:
        return
    involved = ", ".join(
        name for name, share in zip(names, np.abs(flattest), strict=True) if share > 0.1 * np.abs(flattest).max()
    )
    if not started:
        raise ValueError(
            f"{estimator} can say nothing of {involved}: the people at risk do not differ in it on any day on which somebody ends. "
            "Leave it out."
        )
    raise ValueError(
        f"The effect of {involved} grows without end in {estimator}: of those at risk, whoever ended was always at one extreme "
        "(a level in which nobody ended, say). Leave it out, put levels together, or compare curves (kaplan_meier, log_rank)."
    )
