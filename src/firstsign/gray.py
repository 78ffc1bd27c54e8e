"""Whether groups have the same cumulative incidence of one way of ending: Gray's test."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from .errors import did_you_mean
from .risk_sets import check_spells, groups_of, names, people_at_risk, refuse_what_needs_more, risk_sets

Array = NDArray[np.float64]
_SINGULAR = 1e-9  # an eigenvalue smaller than this share of the largest is zero but for rounding


def gray_test(spells: pd.DataFrame, by: str | Sequence[str], cause: str = "diagnosis") -> pd.DataFrame:
    """Test whether groups have the same share ended by `cause` as time goes on, when other causes shut it out.

    by      columns that make the groups, at least two
    cause   the way of ending that is compared; the others compete with it

    Returns one row: statistic (chi-squared), df (groups - 1), p. `log_rank(s, by, event=cause)` asks another question: whether
    those still waiting end by `cause` at the same rate.

    Gray (1988) with rho = 0, ties as in cuminc of R's cmprsk. Raises ValueError for one group, for a cause that nobody ended
    by, for delayed entry, under which the test does not hold, and for windows, limits and bands that overlap.
    """
    columns = names(by)
    frame = check_spells(spells, columns)
    refuse_what_needs_more(frame, "gray_test")
    _refuse(frame, cause)
    groups = [group for _, group in groups_of(frame, columns)]
    if len(groups) < 2:
        raise ValueError(f"The spells have one group of {by!r}: a test compares at least two.")
    sets = risk_sets(frame.assign(cause=_own_or_other(frame, cause)), ["own", "other"], "gray_test")
    day = sets.day[sets.ends.sum(axis=1) > 0]
    own, other = (
        np.column_stack([_ends_on(group, day, _own_or_other(group, cause) == name) for group in groups])
        for name in ("own", "other")
    )
    return _gray(own, other, np.column_stack([people_at_risk(group, day) for group in groups]))


def _refuse(frame: pd.DataFrame, cause: str) -> None:
    causes = sorted(set(frame["cause"]) - {"censored"})
    if cause not in causes:
        raise ValueError(
            f"Nobody's spell ended by {cause!r}{did_you_mean(cause, causes)}; they end in: {', '.join(causes) or 'nothing'}."
        )
    if (frame["entry"] > 0).any():
        raise ValueError(
            f"{int(frame.loc[frame['entry'] > 0, 'n'].sum()):,} people come under observation late, and Gray's test does not hold "
            f"then. log_rank(s, by, event={cause!r}) compares the rates of those still waiting, with delayed entry."
        )


def _own_or_other(frame: pd.DataFrame, cause: str) -> NDArray[np.str_]:
    kinds = [frame["cause"] == cause, frame["cause"] == "censored"]
    return np.select(kinds, ["own", "censored"], "other")


def _ends_on(group: pd.DataFrame, day: Array, counted: NDArray[np.bool_]) -> Array:
    ended = group[counted]
    return np.bincount(np.searchsorted(day, ended["upper"]), ended["n"], len(day)).astype(float)


def _gray(own: Array, other: Array, at_risk: Array) -> pd.DataFrame:
    """The test from the ends by the cause, by the others, and the people at risk; shape (days, groups) each.

    A group's people at risk are weighted by its share not ended by the cause over its share still waiting: that many would
    be waiting had nothing shut them out.
    """
    hazard_own, hazard_any = (_divide(ended, at_risk, at_risk > 0) for ended in (own, own + other))
    waiting: Array = np.cumprod(1 - hazard_any, axis=0, dtype=np.float64)
    waiting_before = _day_before(waiting, 1.0)
    incidence_before = _day_before(np.cumsum(waiting_before * hazard_own, axis=0), 0.0)
    total = own.sum(axis=1)
    standing = _divide(at_risk, waiting_before, at_risk > 0)
    exposed = standing * (1 - incidence_before)
    score = (own - total[:, None] * exposed / exposed.sum(axis=1, keepdims=True)).sum(axis=0)
    pooled = np.cumsum(total / standing.sum(axis=1))
    covariance = _covariance(own, other, at_risk, waiting, waiting_before, standing, pooled)
    free = covariance[:-1, :-1]  # the scores sum to zero over the groups
    df = int(np.linalg.matrix_rank(free, tol=_SINGULAR * max(free.max(), 0.0), hermitian=True))
    statistic = float(score[:-1] @ np.linalg.pinv(free, rcond=_SINGULAR, hermitian=True) @ score[:-1])
    return pd.DataFrame({"statistic": [statistic], "df": [df], "p": [float(chi2.sf(statistic, df)) if df else 1.0]})


def _day_before(values: Array, start: float) -> Array:
    return np.concatenate([np.full((1, values.shape[1]), start), values[:-1]])


def _covariance(
    own: Array, other: Array, at_risk: Array, waiting: Array, waiting_before: Array, standing: Array, pooled: Array
) -> Array:
    """The covariance of the scores, shape (groups, groups), under one incidence `pooled` (days,) for all.

    own, other, at_risk, waiting, waiting_before, standing   shape (days, groups)

    An end of group k on a day moves score i by what it weighs that day, `weight`, and by what it changes on the days after,
    `later`; each counts with the variance of a day's ends, of which there are no more than people (the factors for ties).
    """
    total, all_standing = own.sum(axis=1), standing.sum(axis=1)
    jump = total / all_standing
    weight = standing[:, :, None] * (np.eye(at_risk.shape[1]) - (standing / all_standing[:, None])[:, None, :])
    added = np.cumsum(weight * (jump / (1 - pooled + jump))[:, None, None], axis=0)
    later = added[-1] - added
    someone, stays = at_risk > 0, waiting > 0
    carried = np.divide(1 - pooled[:, None], waiting, out=np.zeros_like(waiting), where=stays)
    people = all_standing[:, None] * waiting_before
    of_own = _divide(waiting_before * total[:, None], all_standing[:, None] * at_risk, someone)
    of_own *= 1 - _divide(total[:, None] - 1, people - 1, someone & (total[:, None] > 1))
    of_other = _divide(waiting_before**2 * other, at_risk**2, someone & stays)
    of_other *= 1 - _divide(other - 1, at_risk - 1, other > 1)
    moved = weight + np.where(stays, 1 - carried, 1.0)[:, None, :] * later
    shut_out = carried[:, None, :] * later
    return np.einsum("tik,tjk,tk->ij", moved, moved, of_own) + np.einsum("tik,tjk,tk->ij", shut_out, shut_out, of_other)


def _divide(above: Array, below: Array, where: NDArray[np.bool_]) -> Array:
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.zeros(above.shape), where=where)
