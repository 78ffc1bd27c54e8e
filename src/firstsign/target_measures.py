"""What of simulated people is set beside a published figure: shares, quantiles, means, survival, or a parameter."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from scipy.stats import beta, norm

from .shares import wilson
from .summaries import quantiles, share_longer_than
from .target_people import SimulatedPeople

Array = NDArray[np.float64]
DAYS_PER_YEAR = 365.25
DAYS_IN = {"days": 1.0, "months": DAYS_PER_YEAR / 12, "years": DAYS_PER_YEAR, "times": 1.0}
TAILS = np.array([0.025, 0.975])
Z = float(norm.isf(TAILS[0]))
Text = Annotated[str, Field(min_length=1)]
Sets = Text | Annotated[list[Text], Field(min_length=1)]  # the people who are in all of several sets


@dataclass(frozen=True)
class Measured:
    """A number of the simulated people, with its 95 % Monte-Carlo interval, in the unit of its target.

    n         people it was counted in
    quantile  shares of these people to values: the distribution whose quantile or survival was measured
    spread    standard deviation of what the mean was taken of
    """

    value: float
    low: float
    high: float
    n: int
    quantile: Callable[[Array], Array] | None = None
    spread: float | None = None


class Measure(BaseModel, ABC):
    """A number that can be had of simulated people; `among` says of which."""

    model_config = ConfigDict(extra="forbid")

    among: Sets

    @abstractmethod
    def of(self, people: SimulatedPeople, unit: str) -> Measured:
        """The number, days in the unit asked for; NaN where there is nobody to have it of."""


class Share(Measure):
    """The share of the people `among` who are in the set `share`."""

    share: Sets

    def of(self, people: SimulatedPeople, unit: str) -> Measured:
        among = people.members(self.among)
        x, n = int((people.members(self.share) & among).sum()), int(among.sum())
        return Measured(x / n if n else np.nan, *wilson(x, n), n)


class Difference(Measure):
    """The share of `difference` among `among`, minus the same share among the people of `minus`."""

    difference: Sets
    minus: Sets

    def of(self, people: SimulatedPeople, unit: str) -> Measured:
        """The interval is Newcombe's (1998, method 10), which joins the two Wilson intervals."""
        one, two = (Share(share=self.difference, among=who).of(people, unit) for who in (self.among, self.minus))
        value = one.value - two.value
        low = value - float(np.hypot(one.value - one.low, two.high - two.value))
        high = value + float(np.hypot(one.high - one.value, two.value - two.low))
        return Measured(value, low, high, one.n + two.n)


class Quantile(Measure):
    """The value of the column `quantile` that a share q of the people `among` do not exceed, of those who have one."""

    quantile: Text
    q: Annotated[float, Field(gt=0, lt=1)]

    def of(self, people: SimulatedPeople, unit: str) -> Measured:
        """The interval is that of the order statistics, whatever the distribution."""
        ordered = np.sort(known_values(people, self.quantile, self.among, unit))
        if not len(ordered):
            return Measured(np.nan, np.nan, np.nan, 0)

        def quantile(shares: Array) -> Array:
            return ordered[np.clip(np.ceil(shares * len(ordered) - 1e-9).astype(int) - 1, 0, None)]

        value, low, high = quantile(np.concatenate([[self.q], order_statistic(self.q, len(ordered))]))
        return Measured(float(value), float(low), float(high), len(ordered), quantile)


class Mean(Measure):
    """The mean of the column `mean` in the people `among` who have a value."""

    mean: Text

    def of(self, people: SimulatedPeople, unit: str) -> Measured:
        values = known_values(people, self.mean, self.among, unit)
        if len(values) < 2:
            return Measured(np.nan, np.nan, np.nan, len(values))
        value, spread = float(values.mean()), float(values.std(ddof=1))
        half = Z * spread / len(values) ** 0.5
        return Measured(value, value - half, value + half, len(values), spread=spread)


class RatioOfMeans(Measure):
    """The mean of the column `ratio` in the people `among`, over its mean in the people of `over`."""

    ratio: Text
    over: Sets

    def of(self, people: SimulatedPeople, unit: str) -> Measured:
        """The interval is that of the logarithm, by the delta method."""
        above, below = (known_values(people, self.ratio, who, unit) for who in (self.among, self.over))
        if min(len(above), len(below)) < 2 or not above.mean() > 0 or not below.mean() > 0:
            return Measured(np.nan, np.nan, np.nan, len(above))
        value = float(above.mean() / below.mean())
        variances = [values.var(ddof=1) / len(values) / values.mean() ** 2 for values in (above, below)]
        factor = float(np.exp(Z * sum(variances) ** 0.5))
        return Measured(value, value / factor, value * factor, len(above))


class Survival(Measure):
    """The share of the people `among` who are alive so many years after the diagnosis (Kaplan-Meier)."""

    survival: Annotated[float, Field(gt=0)]

    def of(self, people: SimulatedPeople, unit: str) -> Measured:
        among = _diagnosed(people, self.among)
        if not among.any():
            return Measured(np.nan, np.nan, np.nan, 0)
        found = share_longer_than(_from_diagnosis(people, among), self.survival * DAYS_PER_YEAR, event="death").iloc[0]
        share = float(found["share"])
        low, high = (share if np.isnan(bound) else bound for bound in found[["low", "high"]].to_numpy(float))
        return Measured(share, low, high, int(among.sum()))


class RelativeSurvival(Measure):
    """The share alive so many years after the diagnosis, over the share that would be if nobody died of the disease.

    Ederer's first method (1961): what is expected belongs to all who were diagnosed, however long they lived. A registry
    takes it from a life table; here it is the share of the same people whom nothing else has killed by then, which the
    truth knows. It is taken as known, so that the interval, from the Kaplan-Meier band, is a little wide.
    """

    relative_survival: Annotated[float, Field(gt=0)]

    def of(self, people: SimulatedPeople, unit: str) -> Measured:
        observed = Survival(survival=self.relative_survival, among=self.among).of(people, unit)
        among = _diagnosed(people, self.among)
        if not among.any():
            return observed
        limit = pd.Timedelta(days=self.relative_survival * DAYS_PER_YEAR)
        dead = people.frame["death_from_other_causes"][among] <= people.frame["diagnosis_earliest"][among] + limit
        expected = float(1 - dead.mean()) or np.nan
        return Measured(observed.value / expected, observed.low / expected, observed.high / expected, observed.n)


class SurvivalQuantile(Measure):
    """The time after the diagnosis by which a share of the people `among` have died (Kaplan-Meier)."""

    survival_quantile: Annotated[float, Field(gt=0, lt=1)]

    def of(self, people: SimulatedPeople, unit: str) -> Measured:
        """The interval is Brookmeyer & Crowley's."""
        among = _diagnosed(people, self.among)
        if not among.any():
            return Measured(np.nan, np.nan, np.nan, 0)
        spells = _from_diagnosis(people, among)

        def quantile(shares: Array) -> Array:
            return quantiles(spells, shares.tolist(), event="death")["days"].to_numpy(float) / DAYS_IN[unit]

        found = quantiles(spells, self.survival_quantile, event="death").iloc[0] / DAYS_IN[unit]
        value, low, high = found[["days", "low", "high"]].to_numpy(float)
        low, high = value if np.isnan(low) else low, np.inf if np.isnan(high) else high
        return Measured(value, low, high, int(among.sum()), quantile)


class Parameter(Measure):
    """A number that the scenario was given, as it stands there: nothing is counted."""

    parameter: Text
    among: Sets = "everyone"

    def of(self, people: SimulatedPeople, unit: str) -> Measured:
        value = people.parameter(self.parameter)
        return Measured(value, value, value, len(people.frame))


KINDS: dict[str, type[Measure]] = {
    "share": Share,
    "difference": Difference,
    "quantile": Quantile,
    "mean": Mean,
    "ratio": RatioOfMeans,
    "survival": Survival,
    "relative_survival": RelativeSurvival,
    "survival_quantile": SurvivalQuantile,
    "parameter": Parameter,
}


def kind(measure: Any) -> str | None:
    """Which measure a mapping of a file describes: the one key of it that names a measure."""
    if isinstance(measure, Measure):
        return next(name for name, model in KINDS.items() if type(measure) is model)
    named = [name for name in KINDS if isinstance(measure, Mapping) and name in measure]
    return named[0] if len(named) == 1 else None


AnyMeasure = Annotated[
    Annotated[Share, Tag("share")]
    | Annotated[Difference, Tag("difference")]
    | Annotated[Quantile, Tag("quantile")]
    | Annotated[Mean, Tag("mean")]
    | Annotated[RatioOfMeans, Tag("ratio")]
    | Annotated[Survival, Tag("survival")]
    | Annotated[RelativeSurvival, Tag("relative_survival")]
    | Annotated[SurvivalQuantile, Tag("survival_quantile")]
    | Annotated[Parameter, Tag("parameter")],
    Discriminator(
        kind,
        custom_error_type="no_measure",
        custom_error_message=f"must have one key that names a measure: {', '.join(KINDS)}",
    ),
]


def order_statistic(q: float, n: int) -> Array:
    """Between which shares of the distribution the q-quantile of n people lies in 95 % of samples.

    It is the k-th smallest of n, k = q n rounded up; the share below it follows Beta(k, n - k + 1) if the distribution is
    continuous, and its value is that quantile of any distribution (David & Nagaraja 2003, 2.1).
    """
    k = int(np.ceil(q * n - 1e-9))
    return np.asarray(beta.ppf(TAILS, k, n - k + 1))


def known_values(people: SimulatedPeople, column: str, among: str | list[str], unit: str) -> Array:
    """The values of a column, days in the unit asked for, of the people who have one."""
    values = people.column(column)[people.members(among)].dropna().to_numpy(float)
    return values / DAYS_IN[unit] if in_days(column) else values


def in_days(column: str) -> bool:
    """Whether a column counts days; what others count is in the unit of their target already."""
    return column.endswith("_days")


def _diagnosed(people: SimulatedPeople, among: str | list[str]) -> NDArray[np.bool_]:
    return people.members(among) & people.column("diagnosis_earliest").notna().to_numpy()


def _from_diagnosis(people: SimulatedPeople, among: NDArray[np.bool_]) -> pd.DataFrame:
    """Counted spells from the diagnosis to death, or to the day somebody was last seen alive."""
    known = people.frame.loc[among, ["diagnosis_earliest", "death_earliest", "last_seen_earliest"]]
    died = known["death_earliest"].notna()
    last = known["death_earliest"].where(died, known["last_seen_earliest"])
    days = (last - known["diagnosis_earliest"]).dt.days.astype(float)
    cause = np.where(died, "death", "censored")
    spells = pd.DataFrame({"lower": days, "upper": days.where(died, np.inf), "cause": cause})
    return spells.value_counts(sort=False).rename("n").reset_index()
