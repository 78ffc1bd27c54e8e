"""A few people made by hand, as the measures of targets take them."""

import numpy as np
import pandas as pd

from firstsign.target_people import SimulatedPeople

START = pd.Timestamp("2010-01-01")


def after(days: list[float]) -> pd.Series:
    """Days after the first as dates; NaN is never."""
    return START + pd.to_timedelta(pd.Series(days, dtype=float), unit="D")


def made(days_to_death: list[float], last_seen: list[float], others: list[float] | None = None) -> SimulatedPeople:
    """People diagnosed on one day; NaN days to death are of people alive when last seen."""
    n = len(last_seen)
    ends = {"diagnosis": after([0.0] * n), "death": after(days_to_death), "last_seen": after(last_seen)}
    cohort = pd.DataFrame({f"{name}_{side}": day for name, day in ends.items() for side in ("earliest", "latest")})
    never = [np.nan] * n
    truth = pd.DataFrame({"person": range(n), "death_from_other_causes": after(others or never)})
    return SimulatedPeople(cohort.assign(person=range(n)), truth, {})


def counted(**columns: list) -> SimulatedPeople:
    frame = pd.DataFrame({"person": range(len(next(iter(columns.values())))), **columns})
    return SimulatedPeople(frame, frame[["person"]], {})
