"""How long each interval was for each person, where the days are known: what adds up does so here, person by person."""

import pandas as pd

from .vocabulary import INTERVALS


def interval_days(cohort: pd.DataFrame) -> pd.DataFrame:
    """Days of every Aarhus interval for each person.

    cohort  one row per person, with windows

    Returns a frame on the cohort's index, a column for each interval whose two milestones the cohort has: days, NaN where
    one of the two days is not known exactly. Negative intervals stay negative. For a person whose days are all known, an
    interval is the sum of its parts (`INTERVALS[name].parts`). Nobody censored is in it: for a delay in a population use
    `spells` and `kaplan_meier`.
    """
    days = {}
    for name, interval in INTERVALS.items():
        ends = [_exact(cohort, milestone) for milestone in (interval.start, interval.end)]
        if ends[0] is not None and ends[1] is not None:
            days[name] = (ends[1] - ends[0]).dt.days.astype(float)
    return pd.DataFrame(days, index=cohort.index)


def _exact(cohort: pd.DataFrame, milestone: str) -> pd.Series | None:
    """The day of a milestone where it is known, else NaT; None if the cohort does not have the milestone."""
    if f"{milestone}_earliest" not in cohort.columns:
        return None
    earliest = cohort[f"{milestone}_earliest"]
    return earliest.where(earliest == cohort[f"{milestone}_latest"])
