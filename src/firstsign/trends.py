"""Does a share rise over ordered groups: the Cochran-Armitage test, with the shares beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln
from scipy.stats import chi2, norm

from .bands import check_level
from .errors import did_you_mean
from .shares import share

Array = NDArray[np.float64]
_CELLS = 4_000_000  # of the table from which the exact p is added up; above it the p is left out


def trend(
    cohort: pd.DataFrame, of: str, over: str, level: float = 0.95, scores: Mapping[Any, float] | None = None
) -> pd.DataFrame:
    """Shares over ordered groups, and whether they rise or fall.

    of      who is counted: a numerator of `share` (a named set, a symptom or group of symptoms, a query string)
    over    a column with the ordered groups: numbers, or ordered categories (scored 1, 2, 3, ...)
    scores  the score of each group, for a column of words

    Returns one row a group in its order: the column `over`, x, n, unknown, share, low, high (Wilson). `.attrs["test"]` is
    the row of `trend_test` as a dictionary, `.attrs["left_out"]` how many people have no known group. Raises ValueError for an
    unknown column, groups without an order, and fewer than two groups with people.
    """
    if over not in cohort.columns:
        raise ValueError(f"The cohort has no column {over!r}{did_you_mean(over, cohort.columns)} to order people by.")
    order = _order(cohort[over], scores)
    rows = [share(cohort[cohort[over] == value], of, "everyone", level).iloc[0] for value in order]
    found = pd.DataFrame(rows)[["x", "n", "unknown", "share", "low", "high"]].reset_index(drop=True)
    found = found.astype(dict.fromkeys(("x", "n", "unknown"), int) | dict.fromkeys(("share", "low", "high"), float))
    found.insert(0, over, list(order))
    known = (found["n"] > 0).to_numpy()
    values = np.array(list(order.values()), float)
    test = trend_test(found.loc[known, "x"], found.loc[known, "n"], values[known], level)
    found.attrs = {"test": test.iloc[0].to_dict(), "left_out": int(cohort[over].isna().sum()), "of": of}
    return found


def trend_test(
    x: ArrayLike, n: ArrayLike, scores: Sequence[float] | ArrayLike | None = None, level: float = 0.95
) -> pd.DataFrame:
    """The Cochran-Armitage test that a share changes in proportion to a score over k groups of people.

    x, n    counted and counted among, in each group; scores: 1, 2, ..., k if not given

    Returns one row: statistic (standard normal under no trend; its square is that of R's prop.trend.test), p (two-sided),
    slope (change of the share for one unit of the score, least squares weighted by people), low, high (its interval, with the
    groups' own variances), exact_p (two-sided, from all tables with the same margins, by distance of the trend from its
    mean; NaN where there are too many, or scores are not evenly spaced), departure, departure_df, departure_p (chi-squared
    of the differences that are left beside the trend; NaN for two groups). Where nobody or everybody is counted the
    statistic is 0 and p is 1. Cochran (1954), Armitage (1955). Raises ValueError for impossible counts, all at once.
    """
    check_level(level)
    counted, people, score = _checked(x, n, scores)
    middle = np.average(score, weights=people)
    overall, spread = counted.sum() / people.sum(), (people * (score - middle) ** 2).sum()
    shares = counted / people
    slope = ((score - middle) * counted).sum() / spread
    half = norm.isf((1 - level) / 2) * np.sqrt(((score - middle) ** 2 * people * shares * (1 - shares)).sum()) / spread
    variance = overall * (1 - overall)
    statistic = slope * np.sqrt(spread / variance) if variance > 0 else 0.0
    left = (people * (shares - overall) ** 2).sum() / variance - statistic**2 if variance > 0 else 0.0
    degrees = len(score) - 2
    row = {
        "statistic": statistic,
        "p": 2 * norm.sf(abs(statistic)),
        "slope": slope,
        "low": slope - half,
        "high": slope + half,
        "exact_p": _exact_p(counted.astype(int), people.astype(int), score),
        "departure": max(left, 0.0) if degrees else np.nan,
        "departure_df": degrees,
        "departure_p": chi2.sf(max(left, 0.0), degrees) if degrees else np.nan,
    }
    return pd.DataFrame([row])


def _order(groups: pd.Series, scores: Mapping[Any, float] | None) -> dict[Any, float]:
    """The groups in their order, with their scores."""
    present = groups.dropna().unique().tolist()
    if scores is not None:
        lacking = [value for value in present if value not in scores]
        if lacking:
            raise ValueError(f"scores has no number for {', '.join(map(repr, lacking))}; each group needs one.")
        order = {value: float(scores[value]) for value in sorted(present, key=lambda value: scores[value])}
    elif isinstance(groups.dtype, pd.CategoricalDtype) and groups.dtype.ordered:
        order = {value: float(place) for place, value in enumerate(groups.dtype.categories, 1) if value in present}
    elif pd.api.types.is_numeric_dtype(groups) and not pd.api.types.is_bool_dtype(groups):
        order = {value: float(value) for value in sorted(present)}
    else:
        named = ", ".join(map(repr, present[:4]))
        raise ValueError(f"The groups of {groups.name!r} have no order ({named}): give a number for each with scores=.")
    return order


def _checked(x: ArrayLike, n: ArrayLike, scores: Any) -> tuple[Array, Array, Array]:
    counted, people = np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(n, float))
    score = np.arange(1.0, len(people) + 1) if scores is None else np.asarray(scores, float)
    slips = []
    if not len(counted) == len(people) == len(score):
        raise ValueError(
            f"{len(counted)} counts, {len(people)} numbers of people and {len(score)} scores do not go together."
        )
    if not (np.isfinite(counted).all() and np.isfinite(people).all() and np.isfinite(score).all()):
        slips.append("every count and score has to be a finite number")
    elif (counted != np.floor(counted)).any() or (people != np.floor(people)).any():
        slips.append("people are counted in whole numbers")
    elif (counted < 0).any() or (counted > people).any() or (people < 1).any():
        slips.append("each group needs people, and not more counted than there are")
    if len(people) < 2 or len(set(score.tolist())) < 2:
        slips.append(
            f"a trend needs two groups or more with different scores, and there are {len(set(score.tolist()))}"
        )
    if slips:
        raise ValueError(
            f"No trend can be tested over x {counted.tolist()} of n {people.tolist()}: {'; '.join(slips)}."
        )
    return counted, people, score


def _exact_p(x: NDArray[np.int_], n: NDArray[np.int_], scores: Array) -> float:
    """The chance, given the margins, of a sum of scores as far from its mean as this one: all tables, group by group."""
    steps = np.unique(np.diff(np.unique(scores)))
    unit = steps.min() if len(steps) else 1.0
    whole = (scores - scores.min()) / unit
    if not np.allclose(whole, np.round(whole), atol=1e-9):
        return float("nan")
    levels, total = np.round(whole).astype(int), int(x.sum())
    width = total * int(levels.max()) + 1
    if (total + 1) * width > _CELLS:
        return float("nan")
    ways = np.zeros((total + 1, width))
    ways[0, 0] = 1.0
    for people, level in zip(n, levels, strict=True):
        ways = _with_group(ways, int(people), int(level))
    chances = ways[total] / ways[total].sum()
    mean = total * (n * levels).sum() / n.sum()
    distance = np.abs(np.arange(width) - mean)
    return float(min(chances[distance >= abs((x * levels).sum() - mean) - 1e-7].sum(), 1.0))


def _with_group(ways: Array, people: int, level: int) -> Array:
    """The number of ways, up to a factor, to reach each total count and sum of scores with one more group."""
    total, width = ways.shape[0] - 1, ways.shape[1]
    taken = np.arange(min(people, total) + 1)
    logs = gammaln(people + 1) - gammaln(taken + 1) - gammaln(people - taken + 1)
    weights = np.exp(logs - logs.max())
    found = np.zeros_like(ways)
    for count, weight in zip(taken.tolist(), weights.tolist(), strict=True):
        shift = count * level
        if shift < width:
            found[count:, shift:] += weight * ways[: total + 1 - count, : width - shift]
    return found / found.max()
