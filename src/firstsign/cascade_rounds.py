"""Round after round through a cascade of tests: who ends how, on which day, and when those who were missed are found.

All shares are of people who have the disease, or of people who have not; how many have it is for `imaging`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .imaging import Step

Array = NDArray[np.float64]
LEFT = 1e-9  # the share still missed at which going round once more changes nothing
MOST_ROUNDS = 5_000
_NOTHING = 1e-18


@dataclass(frozen=True, eq=False)
class Round:
    """One round through a cascade, of people who have the disease or of people who have not, as shares of them.

    done, positive  at each step
    ends            (whether the last result is positive, day of it): share of the people
    """

    done: Array
    positive: Array
    ends: dict[tuple[bool, float], float]

    @classmethod
    def of(cls, steps: "Sequence[Step]", diseased: bool, shared_misses: float) -> Self:
        """By following every course, of which those that come to the same result on the same day are one."""
        done, positive = np.zeros((2, len(steps)))
        ways: dict[tuple[bool | None, float], float] = {(None, 0.0): 1.0}
        for i, step in enumerate(steps):
            after: dict[tuple[bool | None, float], float] = defaultdict(float)
            for (last, day), share in ways.items():
                if step.when != "all" and (step.when == "positive") != last:
                    after[last, day] += share
                    continue
                shows = step.shows(diseased, last is False, shared_misses)
                done[i] += share
                positive[i] += share * shows
                for result, chance in ((True, shows), (False, 1 - shows)):
                    after[result, round(day + step.wait_days, 9)] += share * chance
            ways = after
        return cls(done, positive, {(bool(last), day): share for (last, day), share in ways.items() if share})

    def days(self, positive: bool) -> tuple[Array, Array]:
        """The days on which the last result comes, of those with whom it is such a one, and their shares."""
        found = [(day, share) for (last, day), share in self.ends.items() if last == positive]
        day, share = np.array(found).reshape(-1, 2).T
        return day, share

    def share(self, positive: bool) -> float:
        """The share whose last result is such a one."""
        return float(self.days(positive)[1].sum())

    def mean(self, positive: bool) -> float:
        """Their mean day; NaN if there are none."""
        day, share = self.days(positive)
        return float(day @ share / share.sum()) if len(day) else np.nan


def times_through(ill: Round, rounds: int | None) -> tuple[float, float]:
    """How often those with the disease go through the cascade, and how often those who are found had been missed before."""
    found, missed = ill.share(True), ill.share(False)
    if rounds is None:
        return (1 / found, missed / found) if found else (np.inf, np.inf)
    still = missed ** np.arange(rounds)
    return float(still.sum()), float(still @ np.arange(rounds) / still.sum())


def days_to_diagnosis(ill: Round, return_days: float, rounds: int | None) -> pd.DataFrame:
    """day, share: the share of those with the disease who are found by each day, round after round.

    ill          one round of people who have it
    return_days  from the last result of those who were missed to their next beginning
    rounds       at most so many; None: until next to nobody is missed
    """
    found, missed = ill.days(True), ill.days(False)
    waiting, reached = (np.zeros(1), np.ones(1)), [(np.zeros(1), np.zeros(1))]
    for _ in range(rounds or MOST_ROUNDS):
        if not len(found[0]) or waiting[1].sum() < LEFT:
            break
        reached.append(_one_after_other(waiting, found))
        day, share = _one_after_other(waiting, missed)
        waiting = day + return_days, share
    day, share = _merged(*map(np.concatenate, zip(*reached, strict=True)))
    rises = (share > 0) | (day == day[-1])
    return pd.DataFrame({"day": day[rises], "share": np.minimum(np.cumsum(share)[rises], 1)})


def _one_after_other(first: tuple[Array, Array], then: tuple[Array, Array]) -> tuple[Array, Array]:
    """The days of two waits one after the other, and their shares."""
    return _merged(np.add.outer(first[0], then[0]).ravel(), np.multiply.outer(first[1], then[1]).ravel())


def _merged(day: Array, share: Array) -> tuple[Array, Array]:
    """Each day once, in order; what is next to nothing left out, for ways multiply with every round."""
    days, which = np.unique(np.round(day, 9), return_inverse=True)
    shares = np.bincount(which, share, len(days))
    kept = (shares > _NOTHING) | (days == 0)
    return days[kept], shares[kept]


def median_day(days: pd.DataFrame) -> float:
    """The day by which half of those who are ever found have been."""
    ever = days["share"].iloc[-1]
    return float(days.loc[days["share"] >= ever / 2 - LEFT, "day"].iloc[0]) if ever else np.nan
