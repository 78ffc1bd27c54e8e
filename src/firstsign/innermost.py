"""Where a curve may drop when ends are known to a window or seen only inside one: Turnbull's innermost intervals."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.intp]


class Innermost(NamedTuple):
    """The innermost intervals of some spells, in order, and which of them each spell can have ended in.

    start, end    shape (m,), days: the drop lies in (start, end]; equal when it is on that day
    ended, seen   shape (k, 2): spell i ended in one of the intervals [ended[i, 0], ended[i, 1]), and would have been seen
                  had it ended in one of [seen[i, 0], seen[i, 1])
    """

    start: Array
    end: Array
    ended: Places
    seen: Places


def innermost(spells: pd.DataFrame) -> Innermost:
    """The intervals that can carry probability under the maximum-likelihood curve.

    spells  checked spells: lower, upper, entry, limit, cause

    An interval begins where a spell's end may begin to lie, or just after a limit; it ends where a spell's end may last
    lie, or at an entry, and no other such point lies inside it (Turnbull 1976; the limits and entries: Frydman 1994).
    Those in which no spell ended have probability 0 or none that the data speak of (Alioum & Commenges 1996), and are left
    out: where everybody comes late, the curve is that of the people who wait longer than the first entry.
    """
    lower, upper, entry, limit = (spells[name].to_numpy(float) for name in ("lower", "upper", "entry", "limit"))
    values = np.unique(np.concatenate([lower, upper, entry, limit, [0.0, np.inf]]))
    at = {
        name: 2 * np.searchsorted(values, spells[name].to_numpy(float)) for name in ("lower", "upper", "entry", "limit")
    }
    # An even place is a day itself, the odd one after it is the time just after that day.
    on_the_day = (lower == upper) | (lower == 0) & (spells["cause"] != "censored").to_numpy()
    first, last = at["lower"] + ~on_the_day, at["upper"]
    first_seen, last_seen = np.where(entry > 0, at["entry"] + 1, 0), at["limit"]
    begins = np.unique(np.concatenate([first, last_seen[np.isfinite(limit)] + 1]))
    finishes = np.unique(np.concatenate([last, at["entry"][entry > 0]]))
    follows = np.searchsorted(finishes, begins)
    alone = follows < np.append(np.searchsorted(finishes, begins[1:]), len(finishes))
    start, end = begins[alone], finishes[follows[alone]]
    ended = np.column_stack([np.searchsorted(start, first), np.searchsorted(end, last, side="right")])
    seen = np.column_stack([np.searchsorted(start, first_seen), np.searchsorted(end, last_seen, side="right")])
    kept = covered(ended, np.ones(len(ended)), len(start)) > 0
    new_place = np.concatenate([[0], np.cumsum(kept)])
    return Innermost(values[start[kept] // 2], values[end[kept] // 2], new_place[ended], new_place[seen])


def covered(ranges: Places, weight: Array, size: int) -> Array:
    """The weight of the ranges [from, to) over each of `size` places; shape (size,)."""
    change = np.bincount(ranges[:, 0], weight, size + 1) - np.bincount(ranges[:, 1], weight, size + 1)
    total: Array = np.cumsum(change)[:size]
    return total
