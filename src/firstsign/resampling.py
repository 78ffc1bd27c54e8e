"""Intervals for any estimate by drawing the people anew, from counts: a million people cost no more than a thousand."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .bands import check_level
from .risk_sets import check_spells, names

Array = NDArray[np.float64]
_ESTIMATES = ("estimate", "mean_days", "difference", "share", "days", "statistic")
_KEYS = ("day", "days", "q", "until")


def bootstrap(
    spells: pd.DataFrame,
    estimator: Callable[..., pd.DataFrame],
    replicates: int = 1000,
    seed: int | np.random.Generator = 1,
    level: float = 0.95,
    **arguments: Any,
) -> pd.DataFrame:
    """The standard error and percentile interval of an estimate, from people drawn anew with replacement.

    spells      counted spells; the people of a group must be a whole number
    estimator   a function of spells that returns a frame: `kaplan_meier`, `quantiles`, `restricted_mean`, one of your own
    replicates  how many times the people are drawn
    level       coverage of the interval
    arguments   for the estimator: by, until, days, ...

    The people of each group of `by` are drawn among themselves: groups keep their sizes, as an estimate within a group
    takes them as given, and none comes out empty. What is drawn are counts, multinomial on the distinct spells.

    Returns a row for each of the estimator's: its identifying columns (those of `by`, text, day, days, q), the estimate under
    its own name (the first there is of estimate, mean_days, difference, share, days, statistic), se, low, high, and known:
    the replicates in which the estimate was known, which se and interval come from. A quantile that was not reached
    counts as later than any day: where that happened se is NaN, and a bound that falls there. Bounds are NaN where nothing
    varied. A curve is read on the original's days, flat after its last. Efron (1979).

    Raises ValueError for a frame without an estimate, for people who are not whole, and if no replicate has an estimate.
    """
    check_level(level)
    if replicates < 2:
        raise ValueError(f"replicates is {replicates!r}; an interval needs many, such as 1000.")
    by = names(arguments.get("by"))
    original = estimator(spells, **arguments)
    value, keys = _columns(original, by)
    drawn = np.full((replicates, len(original)), np.nan)
    problem: ValueError | None = None
    for row, people in zip(drawn, draws(spells, by, replicates, np.random.default_rng(seed)), strict=True):
        try:
            row[:] = _read(estimator(people, **arguments), original, value, keys)
        except ValueError as error:  # nobody ended in this draw, say: the estimate is not known
            problem = error
    if np.isnan(drawn).all():
        raise ValueError(f"The estimate was known in none of the {replicates} replicates.") from problem
    return original[[*keys, value]].assign(**_spread(drawn, level, later=value == "days"))


def draws(
    spells: pd.DataFrame, by: Sequence[str], replicates: int, random: np.random.Generator
) -> Iterator[pd.DataFrame]:
    """The spells of as many people, drawn with replacement within the groups of `by`; one frame for each replicate."""
    check_spells(spells, by)
    counted = spells if "n" in spells.columns else spells.assign(n=1)
    others = [name for name in counted.columns if name != "n"]
    counted = counted.groupby(others, dropna=False, observed=True)["n"].sum().reset_index()
    counted = counted[counted["n"] > 0].reset_index(drop=True)
    groups = counted.groupby(list(by), dropna=False, observed=True).ngroup() if by else pd.Series(0, counted.index)
    places = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    people = counted["n"].to_numpy(float)
    totals = [people[place].sum() for place in places]
    for total in totals:
        if abs(total - round(total)) > 1e-6:
            raise ValueError(
                f"A group has {total:g} people; the bootstrap draws whole people, so n must add up to them."
            )
    for _ in range(replicates):
        n = np.zeros(len(counted), np.int64)
        for place, total in zip(places, totals, strict=True):
            n[place] = random.multinomial(round(total), people[place] / total)
        yield counted.assign(n=n)[n > 0]


def _columns(frame: pd.DataFrame, by: Sequence[str]) -> tuple[str, list[str]]:
    """The column that is estimated, and those that say what of."""
    if not isinstance(frame, pd.DataFrame):
        raise ValueError(
            f"The estimator returned a {type(frame).__name__}; the bootstrap needs one that returns a frame."
        )
    value = next((name for name in _ESTIMATES if name in frame.columns), None)
    if value is None:
        raise ValueError(
            f"The estimator's frame has none of the columns {', '.join(_ESTIMATES)}; it has {', '.join(map(str, frame.columns))}. "
            "Wrap it in a function that renames the one to estimate."
        )
    known = {*by, *(f"{name}_reference" for name in by), *_KEYS} - {value}
    keys = [name for name in frame.columns if name in known or not pd.api.types.is_numeric_dtype(frame[name])]
    return value, keys


def _read(frame: pd.DataFrame, original: pd.DataFrame, value: str, keys: list[str]) -> Array:
    """The estimates of a replicate, one for each row of the original."""
    if "day" in keys:
        return _read_curves(frame, original, value, [name for name in keys if name != "day"])
    if not keys:
        return frame[value].to_numpy(float)
    wanted, there = (pd.Index(list(one[keys].itertuples(index=False, name=None))) for one in (original, frame))
    return frame[value].set_axis(there).reindex(wanted).to_numpy(float)


def _read_curves(frame: pd.DataFrame, original: pd.DataFrame, value: str, keys: list[str]) -> Array:
    """A replicate's step curves on the original's days; one that it lacks has not begun to rise or fall."""
    curve = original.groupby(keys, dropna=False, observed=True) if keys else original.groupby(np.zeros(len(original)))
    steps = curve[value].diff()
    start = 0.0 if (steps > 0).any() or (not (steps < 0).any() and "cause" in keys) else 1.0
    drawn: dict[Any, pd.DataFrame] = (
        dict(list(frame.groupby(keys, dropna=False, observed=True))) if keys else {0.0: frame}
    )
    read = np.full(len(original), start)
    for key, places in curve.indices.items():
        one = drawn.get(key if not keys or isinstance(key, tuple) else (key,))
        if one is not None:
            at = np.searchsorted(one["day"].to_numpy(), original["day"].to_numpy()[places], side="right")
            read[places] = np.concatenate([[start], one[value]])[at]
    return read


def _spread(drawn: Array, level: float, later: bool) -> dict[str, Array]:
    """se, low, high and known of each column of replicates; with `later`, what is not known is beyond all that is."""
    known = ~np.isnan(drawn)
    some = known.any(axis=0)
    se, low, high = (np.full(drawn.shape[1], np.nan) for _ in range(3))
    values = np.where(known, drawn, np.inf) if later else drawn
    with np.errstate(invalid="ignore"):
        se[some] = np.nanstd(values[:, some], axis=0)
        low[some] = np.nanquantile(values[:, some], (1 - level) / 2, axis=0, method="lower")
        high[some] = np.nanquantile(values[:, some], (1 + level) / 2, axis=0, method="higher")
    varied = ~(np.nanmax(values[:, some], axis=0) == np.nanmin(values[:, some], axis=0))
    for bound in (low, high):
        bound[np.isinf(bound)] = np.nan
        bound[np.flatnonzero(some)[~varied]] = np.nan
    return {"se": se, "low": low, "high": high, "known": known.sum(axis=0)}
