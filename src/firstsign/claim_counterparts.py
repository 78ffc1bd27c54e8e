"""The simulated counterparts of a claim: the same question, asked of people whose truth is known. No evidence about patients."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from firstsign.claim_files import Counterpart
from firstsign.ratios import odds_ratio
from firstsign.shares import share
from firstsign.simulate import simulate
from firstsign.spells import spells
from firstsign.summaries import quantiles, share_longer_than
from firstsign.trends import trend

COLUMNS = ["what", "of", "among", "estimate", "low", "high", "n", "unit"]


def counterpart(asked: Counterpart, people: int, seed: int, scenario: str) -> pd.DataFrame:
    """What one counterpart gives among simulated people.

    asked  from a claim's record
    people, seed, scenario  of `simulate`

    Returns what, of (the numerator, group, term or quantile), among (the denominator), estimate, low, high (95 %), n
    (people it was counted in), unit ("share", "days", "odds ratio" or "share, difference").
    """
    rows = _MEASURES[asked.measure](asked, people * asked.times, seed, scenario)
    return pd.DataFrame([(asked.what, *row) for row in rows], columns=COLUMNS)


@lru_cache(maxsize=8)
def _lives(people: int, seed: int, scenario: str, who: str, knobs: tuple[tuple[str, float], ...] = ()) -> pd.DataFrame:
    """Cohort and truth side by side, one row a person. Kept, as the parts of a claim ask the same people."""
    overrides: dict[str, Any] = dict(knobs)
    cohort, truth = simulate(people, seed, scenario, who=who, truth=True, **overrides)
    both = cohort.merge(truth, on="person", validate="one_to_one")
    both["has_disease"] = both["has_disease"].astype(bool)
    return both


def _several(names: str | list[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or [])


def _share(asked: Counterpart, *lives: Any) -> list[tuple[Any, ...]]:
    cohort = _lives(*lives, asked.who)
    found = [share(cohort, _several(asked.numerator), below) for below in _several(asked.denominator)]
    return [
        (row.numerator, row.denominator, row.share, row.low, row.high, row.n, "share")
        for one in found
        for row in one.itertuples()
    ]


def _contrast(asked: Counterpart, *lives: Any) -> list[tuple[Any, ...]]:
    """Two shares, each numerator in its own denominator, and their odds ratio: the first against the second."""
    cohort = _lives(*lives, asked.who)
    pairs = list(zip(_several(asked.numerator), _several(asked.denominator), strict=True))
    one, other = (share(cohort, above, below).iloc[0] for above, below in pairs)
    rows = [(row.numerator, row.denominator, row.share, row.low, row.high, row.n, "share") for row in (one, other)]
    ratio = odds_ratio(one["x"], one["n"] - one["x"], other["x"], other["n"] - other["x"]).iloc[0]
    ends = (ratio["estimate"], ratio["low"], ratio["high"])
    return [*rows, ("the first against the second", "both", *ends, one["n"] + other["n"], "odds ratio")]


def _trend(asked: Counterpart, *lives: Any) -> list[tuple[Any, ...]]:
    cohort = _lives(*lives, asked.who)
    found = trend(cohort, str(asked.numerator), str(asked.over))
    among = [f"{asked.over} {value:g}" for value in found[asked.over].astype(float)]
    return [
        (asked.numerator, name, row.share, row.low, row.high, row.n, "share")
        for name, row in zip(among, found.itertuples(), strict=True)
    ]


def _quantiles(asked: Counterpart, *lives: Any) -> list[tuple[Any, ...]]:
    by = str(asked.by)
    cohort = _lives(*lives, asked.who)
    counted = _spells(cohort[cohort[by].isin(asked.groups or [])], asked, by=[by])
    people = counted.groupby(by, observed=True)["n"].sum()
    return [
        (f"{100 * row['q']:g} % within", row[by], row["days"], row["low"], row["high"], int(people[row[by]]), "days")
        for row in quantiles(counted, [0.5, 0.9], by=by).to_dict("records")
    ]


def _within(asked: Counterpart, *lives: Any) -> list[tuple[Any, ...]]:
    """Shares that ended within some days, of those whom `among` asks for."""
    counted = _spells(_lives(*lives, asked.who).query(str(asked.among), engine="python"), asked)
    n = int(counted["n"].sum())
    return [
        (f"{row['days']:g} days", asked.among, 1 - row["share"], 1 - row["high"], 1 - row["low"], n, "share")
        for row in share_longer_than(counted, list(asked.days or [])).to_dict("records")
    ]


def _spells(cohort: pd.DataFrame, asked: Counterpart, by: list[str] | None = None) -> pd.DataFrame:
    return spells(cohort, str(asked.interval), by=by, imprecise="midpoint", endless="exclude")


def _paired(asked: Counterpart, people: int, seed: int, scenario: str) -> list[tuple[Any, ...]]:
    """The share with an outcome with a knob at either end, and the difference within the same people."""
    ((knob, ends),) = (asked.knobs or {}).items()
    lives = [_lives(people, seed, scenario, asked.who, ((knob, value),)) for value in ends]
    outcomes = [np.asarray(one.eval(str(asked.outcome), engine="python"), float) for one in lives]
    named = [f"{knob} {value:g}" for value in ends] + [f"{knob} {ends[1]:g} minus {ends[0]:g}"]
    units = ["share", "share", "share, difference"]
    rows: list[tuple[Any, ...]] = []
    for name, each, unit in zip(named, [*outcomes, outcomes[1] - outcomes[0]], units, strict=True):
        mean, half = each.mean(), norm.isf(0.025) * each.std(ddof=1) / np.sqrt(len(each))
        rows.append((asked.what, name, mean, mean - half, mean + half, len(each), unit))
    return rows


_MEASURES: dict[str, Callable[..., list[tuple[Any, ...]]]] = {
    "share": _share,
    "contrast": _contrast,
    "trend": _trend,
    "quantiles": _quantiles,
    "within": _within,
    "paired": _paired,
}
