"""Simulated people with everything that is known of them in one frame, and the sets of them that figures are about."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import did_you_mean
from .lengths import interval_days
from .vocabulary import MILESTONES, named_people


class SimulatedPeople:
    """A simulated cohort with its truth beside it, and the sets of people in it.

    cohort, truth  as `simulate(..., truth=True)` gives them
    people         names of sets beside those of `named_people()`, each with its pandas query over the columns of both
    days           names of columns of days to be added, each with the two milestones or days of the truth it lies between
    parameters     of the scenario that they were simulated from, by name

    Columns besides: `<interval>_days` for every Aarhus interval, NaN where one of its days is not known.
    """

    def __init__(
        self,
        cohort: pd.DataFrame,
        truth: pd.DataFrame,
        people: Mapping[str, str],
        days: Mapping[str, tuple[str, str]] | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> None:
        columns = [f"{milestone}_{side}" for milestone in MILESTONES for side in ("earliest", "latest")]
        never = pd.Series(pd.NaT, index=cohort.index, dtype="datetime64[ns]")
        unreached = pd.DataFrame({name: never for name in columns if name not in cohort}, index=cohort.index)
        whole = pd.concat([cohort, unreached], axis=1)
        days_of_intervals = interval_days(whole).add_suffix("_days")
        self.frame = pd.concat([whole, days_of_intervals, truth.drop(columns="person")], axis=1)
        self._queries = dict(named_people().set_index("name")["query"]) | dict(people)
        self._parameters = dict(parameters or {})
        self._members: dict[str, NDArray[np.bool_]] = {}
        for name, ends in (days or {}).items():
            start, end = (self.column(f"{end}_earliest" if end in MILESTONES else end) for end in ends)
            self.frame[name] = (end - start).dt.days.astype(float)

    def column(self, name: str) -> pd.Series:
        if name not in self.frame.columns:
            raise ValueError(
                f"The simulated people have no column {name!r}{did_you_mean(name, map(str, self.frame.columns))}."
            )
        return self.frame[name]

    def parameter(self, name: str) -> float:
        if name not in self._parameters:
            raise ValueError(f"The scenario has no parameter {name!r}{did_you_mean(name, self._parameters)}.")
        return self._parameters[name]

    def members(self, sets: str | Sequence[str]) -> NDArray[np.bool_]:
        """Who is in a named set of people, or answers a query with yes, or is in all of several; not known counts as no."""
        names = [sets] if isinstance(sets, str) else sets
        return np.logical_and.reduce([self._one(name) for name in names])

    def _one(self, name: str) -> NDArray[np.bool_]:
        if name not in self._members:
            query = self._queries.get(name, name)
            try:
                answer = pd.Series(self.frame.eval(query, engine="python"), index=self.frame.index)
            except (pd.errors.UndefinedVariableError, AttributeError, SyntaxError, TypeError, ValueError) as problem:
                raise ValueError(f"The set of people {name!r} cannot be counted: {problem}.") from None
            self._members[name] = answer.astype("boolean").fillna(False).to_numpy(bool)
        return self._members[name]
