"""Waits given as a reader of papers meets them: a share on the same day, and two percentiles of the rest."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Wait:
    """A share `same_day` waits 0 days; everyone else waits exp(mu + sigma Z) days, Z standard normal.

    The fields are numbers, or arrays with one value a person.
    """

    same_day: float | Numbers
    mu: float | Numbers
    sigma: float | Numbers

    def of(self, who: npt.NDArray[np.bool_]) -> "Wait":
        """The wait of these people alone."""
        parts = (part[who] if isinstance(part, np.ndarray) else part for part in (self.same_day, self.mu, self.sigma))
        return Wait(*parts)

    def days_of(self, who: npt.NDArray[np.bool_], rank: Numbers) -> Numbers:
        """Whole days waited by these people; 0 for everybody else, for whom nothing is worked out."""
        days = np.zeros(len(rank))
        days[who] = self.of(who).days(rank[who])
        return days

    def days(self, rank: Numbers) -> Numbers:
        """Whole days waited by people of these ranks (uniform in [0, 1); 0 is the shortest wait).

        A part of a day counts as a day, so that P(days <= d) is the exact share for every whole d.
        """
        return np.ceil(self.time(rank))

    def time(self, rank: Numbers) -> Numbers:
        """The same in days and parts of a day, before whole days are made of it."""
        same_day = np.asarray(self.same_day)
        above = np.clip((rank - same_day) / (1 - same_day), 1e-15, 1 - 1e-15)
        longer = np.exp(np.asarray(self.mu) + np.asarray(self.sigma) * ndtri(above))
        return np.where(rank < same_day, 0.0, longer)


def solve_wait(same_day: float, percentiles: Mapping[float, float]) -> Wait:
    """The wait with this share on the same day and exactly these two percentiles.

    same_day     share in [0, 1)
    percentiles  two items: rank in (same_day, 1) -> days > 0, more days for the higher rank

    With mu = log a - sigma z(a) and sigma = log(b / a) / (z(b) - z(a)), where z is the normal quantile of a rank among
    those who wait at all. Raises ValueError when no such wait exists.
    """
    if not 0 <= same_day < 1:
        raise ValueError(f"the share on the same day is {same_day:g}; it must be at least 0 and below 1")
    if len(percentiles) != 2:
        raise ValueError(f"{len(percentiles)} percentiles are given; a wait is made from two")
    (low, low_days), (high, high_days) = sorted(percentiles.items())
    if low <= same_day:
        raise ValueError(
            f"percentile {100 * low:g} lies within the {100 * same_day:g} % who wait 0 days; give a higher one"
        )
    if not 0 < low_days < high_days:
        raise ValueError(
            f"percentile {100 * low:g} is {low_days:g} days and percentile {100 * high:g} is {high_days:g} days; "
            "both must be above 0 and the higher percentile longer"
        )
    below, above = (float(ndtri((rank - same_day) / (1 - same_day))) for rank in (low, high))
    sigma = float(np.log(high_days / low_days)) / (above - below)
    return Wait(same_day, float(np.log(low_days)) - sigma * below, sigma)
