"""First symptoms recalled as "two weeks ago" or "a year ago": round durations as the windows of days that they stand for."""

from collections.abc import Mapping
from numbers import Integral

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import did_you_mean
from .vocabulary import MILESTONES

Rows = NDArray[np.bool_]
# For each unit: the most of it that people count, and its width in days. Weeks are counted up to eight, then months.
UNITS: dict[str, tuple[int, int]] = {"week": (8, 7), "month": (11, 30), "year": (100, 365)}
_MOST = 36_500  # days in a century
_MONTHS = {"month": 1, "year": 12}


def widen_recalled(
    cohort: pd.DataFrame,
    milestone: str = "first_symptom",
    told_at: str = "first_presentation",
    units: Mapping[str, tuple[int, int]] | None = None,
) -> pd.DataFrame:
    """The cohort with every day that was recalled as a round number of weeks, months or years made a window.

    Who says at the first presentation that it began three months ago means anything from two and a half to three and a half
    months. A day of `milestone` that lies a whole number of units before `told_at` becomes the window of one unit around it.
    What would have been told in a smaller unit is cut off: two months are at least eight and a half weeks. The widest unit
    that fits is taken, and other days stay as they are. `spells(..., imprecise="keep")` carries the windows to `fit_delay`,
    which spreads the heap as the delays say, not by a rule.

    cohort   as `load_cohort` or `simulate` give it
    units    for each unit the most of it that people count and the width of its window in days; week: 8, 7; month: 11, 30;
             year: 100, 365 if left out. A month or a year is one of the calendar, or of 30 or 365 days

    Returns a copy; `.attrs["widened"]` says how many people by unit. A day that happens to be a round number is widened too, which
    costs some precision. There is no bias if people round to the nearest of the units in which such durations are told; who
    goes by another rule needs other units. Raises ValueError for an unknown milestone or unit, and columns
    that are not there or hold no dates.
    """
    _check(cohort, (milestone, told_at))
    chosen = _checked(UNITS if units is None else units)
    began, last = (cohort[f"{milestone}_{edge}"] for edge in ("earliest", "latest"))
    told = cohort[f"{told_at}_latest"]
    exact = (began == last) & (cohort[f"{told_at}_earliest"] == told) & (began < told)
    wide, widened = cohort.copy(), {}
    left = exact.to_numpy()
    for unit, (most, width) in sorted(chosen.items(), key=lambda item: -item[1][1]):
        rows = left & _is_round(began, told, unit, most)
        reach = pd.Timedelta(days=width // 2)
        smaller = pd.Timedelta(
            days=max((top * one + one // 2 for top, one in chosen.values() if one < width), default=0)
        )
        cut = (told - smaller).where(told - began > smaller, told)
        wide.loc[rows, f"{milestone}_earliest"] = began[rows] - reach
        wide.loc[rows, f"{milestone}_latest"] = np.minimum(began[rows] + reach, cut[rows])
        left, widened[unit] = left & ~rows, int(rows.sum())
    wide.attrs = {**cohort.attrs, "widened": widened}
    return wide


def _is_round(began: pd.Series, told: pd.Series, unit: str, most: int) -> Rows:
    """Whether a whole number of the unit, from one to `most`, lies between."""
    days = (told - began).dt.days
    if unit == "week":
        return (days.mod(7).eq(0) & days.between(7, 7 * most)).to_numpy()
    months, length = _MONTHS[unit], {"month": 30, "year": 365}[unit]
    between = 12 * (told.dt.year - began.dt.year) + told.dt.month - began.dt.month
    same_day = (told.dt.day == began.dt.day) | (told.dt.is_month_end & (began.dt.day > told.dt.day))
    by_calendar = same_day & between.mod(months).eq(0) & between.between(months, months * most)
    by_days = days.mod(length).eq(0) & days.between(length, length * most)
    return (by_calendar | by_days).to_numpy()


def _check(cohort: pd.DataFrame, milestones: tuple[str, str]) -> None:
    if not isinstance(cohort, pd.DataFrame):
        raise ValueError(f"The cohort is a {type(cohort).__name__}; give a frame, as load_cohort or simulate make it.")
    for name in milestones:
        if not isinstance(name, str) or name not in MILESTONES:
            raise ValueError(
                f"No milestone {name!r}{did_you_mean(name, MILESTONES)}; there are {', '.join(MILESTONES)}."
            )
        for column in (f"{name}_earliest", f"{name}_latest"):
            if column not in cohort.columns:
                raise ValueError(
                    f"The cohort has no dates of {name} (no column {column!r}), so it is not known what was recalled when."
                )
            kinds = list(cohort.loc[:, [column]].dtypes)
            if len(kinds) > 1 or not isinstance(kinds[0], np.dtype) or kinds[0].kind != "M":
                raise ValueError(
                    f"{column!r} holds {' and '.join(map(str, kinds))}; give one column of pandas' dates without a time zone, as "
                    "load_cohort makes it."
                )


def _checked(units: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """The units, ValueError unless each is known and has two whole numbers."""
    if not isinstance(units, Mapping):
        raise ValueError(
            f"units is {units!r}; give the most that people count and the width by unit, {{'week': (8, 7)}}."
        )
    for name, value in units.items():
        if name not in UNITS:
            raise ValueError(f"No unit {name!r}{did_you_mean(name, UNITS)}; there are {', '.join(UNITS)}.")
        pair = isinstance(value, list | tuple) and len(value) == 2
        if not pair or not all(isinstance(part, Integral) and 1 <= part <= _MOST for part in value):
            raise ValueError(
                f"{name} is {value!r}; give the most of it that people count, and its width in days, whole numbers from 1 on."
            )
    return dict(units)
