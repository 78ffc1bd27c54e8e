"""Red flags: how well a sign tells who has the disease, and what it does to a probability."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from .bands import check_level
from .shares import exact
from .triangulation import Input, Triangulation, triangulate

PPV = "prior * sensitivity / (prior * sensitivity + (1 - prior) * (1 - specificity))"


def accuracy(tp: int, fp: int, fn: int, tn: int, level: float = 0.95) -> pd.DataFrame:
    """How well a sign or a test tells people with the disease from those without it.

    tp, fn  people with the disease who have the sign, and who do not
    fp, tn  people without the disease who have the sign, and who do not

    Returns measure (sensitivity, specificity, lr_positive, lr_negative, ppv, npv), estimate, low, high, x and n (the counts
    of a proportion, missing for a ratio), method. Proportions: Clopper & Pearson's (1934) exact interval; out of nobody the
    estimate is NaN, and the bounds are 0 and 1. Likelihood ratios: see `likelihood_ratio`. The predictive values hold only
    where the disease is as common as in the table; for another place see `natural_frequencies`. Equals R's
    `epiR::epi.tests(method = "exact")` where no cell is 0. Raises ValueError for what is no count.
    """
    _refuse_no_counts({"tp": tp, "fp": fp, "fn": fn, "tn": tn})
    check_level(level)
    tp, fp, fn, tn = int(tp), int(fp), int(fn), int(tn)
    ill, well = tp + fn, fp + tn
    rows = [
        _proportion("sensitivity", tp, ill, level),
        _proportion("specificity", tn, well, level),
        ("lr_positive", *likelihood_ratio(tp, ill, fp, well, level)),
        ("lr_negative", *likelihood_ratio(fn, ill, tn, well, level)),
        _proportion("ppv", tp, tp + fp, level),
        _proportion("npv", tn, tn + fn, level),
    ]
    table = pd.DataFrame(
        [(*row, pd.NA, pd.NA)[:7] for row in rows], columns=["measure", "estimate", "low", "high", "method", "x", "n"]
    )
    return table.astype({"x": "Int64", "n": "Int64"})[["measure", "estimate", "low", "high", "x", "n", "method"]]


def likelihood_ratio(
    x_with: int, n_with: int, x_without: int, n_without: int, level: float = 0.95
) -> tuple[float, float, float, str]:
    """How many times as common a finding is among people with the disease as among those without it.

    x_with, n_with        people with the disease: those with the finding, and all
    x_without, n_without  the same of people without the disease

    Returns estimate, low, high and the method: "log" is Simel, Samsa & Matchar's (1991) interval. If one of the four counts
    behind it is 0 its variance does not exist or is too small; then the method is "exact bounds": the exact intervals of
    both proportions, each at 1 - (1 - level) / 2 so that both hold at least `level` of the time, divided low by high and
    high by low (conservative). The estimate is 0 or infinite where it is so, NaN (between 0 and infinity) for 0 / 0.
    """
    check_level(level)
    share_with, share_without = (x / n if n else np.nan for x, n in ((x_with, n_with), (x_without, n_without)))
    if min(x_with, n_with - x_with, x_without, n_without - x_without) > 0:
        estimate = share_with / share_without
        se = np.sqrt((1 - share_with) / x_with + (1 - share_without) / x_without)
        factor = np.exp(norm.isf((1 - level) / 2) * se)
        return estimate, float(estimate / factor), float(estimate * factor), "log"
    stricter = (1 + level) / 2
    (low, high), (other_low, other_high) = exact(x_with, n_with, stricter), exact(x_without, n_without, stricter)
    return _divided(share_with, share_without), low / other_high, _divided(high, other_low), "exact bounds"


def post_test(prior: Any, lr: Any) -> Any:
    """The probability of the disease after a sign: prior odds times likelihood ratio, as a probability (Bayes).

    prior  the probability before it, 0 to 1: a number, an array or a Series
    lr     likelihood ratio of what was found, 0 to infinity: a number, an array or a Series that goes with `prior`; a list or
           tuple holds several signs of the same person, whose ratios are multiplied. That takes the signs as independent
           among people with the disease and among those without it; see `joint_likelihoods` for signs that come together

    Returns a number, an array or a Series, as they were given; missing where either is. A prior of 0 or 1 is certain and
    stays, whatever is found. Raises ValueError for what is no probability or no ratio, and for signs of one person of which
    one proves the disease and another rules it out.
    """
    index = _index_of(prior, lr)
    ratio = _product(lr) if isinstance(lr, list | tuple) else np.asarray(lr, float)
    before = np.asarray(prior, float)
    _refuse_impossible(before, ratio)
    certain = (before == 0) | (before == 1)
    inside, finite = np.where(certain, 0.5, before), np.where(np.isinf(ratio), 1.0, ratio)
    with np.errstate(over="ignore"):
        odds = inside / (1 - inside) * finite
    proven = np.isinf(ratio) | np.isinf(odds)
    after = np.where(proven, 1.0, odds / (1 + np.where(proven, 0.0, odds)))
    found = np.where(certain & ~np.isnan(ratio), before, np.where(np.isnan(before), np.nan, after))
    if index is not None:
        return pd.Series(found, index=index)
    return found if found.ndim else float(found)


def natural_frequencies(prior: float, sensitivity: float, specificity: float, people: float = 1000) -> pd.DataFrame:
    """What a sign does to so many people, as counts that are expected (not rounded).

    Returns one row: people, with_disease, without, tp and fn (with the disease: with and without the sign), fp and tn (without
    the disease: with and without the sign), ppv (of those with the sign, who have the disease), npv (of those without the
    sign, who do not); NaN where nobody is in the denominator. Raises ValueError for values that are no shares.
    """
    given = {"prior": prior, "sensitivity": sensitivity, "specificity": specificity}
    wrong = [f"{name} {value!r}" for name, value in given.items() if not 0 <= value <= 1]
    if wrong:
        raise ValueError(f"No share, which lies between 0 and 1: {', '.join(wrong)}. Write 6 % as 0.06.")
    if not 0 < people < np.inf:
        raise ValueError(f"people is {people!r}; it is how many people are imagined, such as 1000.")
    ill = people * prior
    well = people - ill
    tp, tn = ill * sensitivity, well * specificity
    fn, fp = ill - tp, well - tn
    row = {"people": people, "with_disease": ill, "without": well, "tp": tp, "fn": fn, "fp": fp, "tn": tn}
    return pd.DataFrame(
        [row | {"ppv": tp / (tp + fp) if tp + fp else np.nan, "npv": tn / (tn + fn) if tn + fn else np.nan}]
    )


def post_test_range(prior: Input, sensitivity: Input, specificity: Input, **options: Any) -> Triangulation:
    """The probability after a sign when prior and accuracy are uncertain: see `triangulate`, which takes `options`."""
    inputs: Mapping[str, Input] = {"prior": prior, "sensitivity": sensitivity, "specificity": specificity}
    return triangulate(PPV, inputs, within=(0, 1), **options)


def _proportion(measure: str, x: int, n: int, level: float) -> tuple[Any, ...]:
    return measure, x / n if n else np.nan, *exact(x, n, level), "exact", x, n


def _divided(above: float, below: float) -> float:
    if below:
        return above / below
    return np.inf if above > 0 else np.nan


def _product(ratios: list[Any] | tuple[Any, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The ratios of several signs multiplied; 0 times infinity is refused."""
    stacked = np.asarray(ratios, float)
    ruled_out = (stacked == 0).any(axis=0)
    if (ruled_out & np.isinf(stacked).any(axis=0)).any():
        raise ValueError(
            f"The signs {ratios!r} contradict each other: one rules the disease out (0), another proves it (inf)."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        product = stacked.prod(axis=0)
    # so that a product that grows beyond all numbers before it meets the 0 is 0 too
    return np.where(ruled_out & ~np.isnan(stacked).any(axis=0), 0.0, product)


def _index_of(*given: Any) -> pd.Index | None:
    """The rows that a result belongs to, if one of the values is a Series."""
    found = [value.index for value in given if isinstance(value, pd.Series)]
    if len(found) == 2 and not found[0].equals(found[1]):
        raise ValueError(
            "prior and lr are Series with different rows; give them the same index, or pass lr.to_numpy()."
        )
    return found[0] if found else None


def _refuse_no_counts(counts: Mapping[str, Any]) -> None:
    wrong = [
        f"{name} is {value!r}"
        for name, value in counts.items()
        if not (isinstance(value, int | float | np.number) and 0 <= value < np.inf and value == int(value))
    ]
    if wrong:
        raise ValueError(f"People are counted in whole numbers, 0 or more: {', '.join(wrong)}.")


def _refuse_impossible(prior: Any, ratio: Any) -> None:
    slips = [f"prior {value!r} is no probability, 0 to 1" for value in prior[(prior < 0) | (prior > 1)].tolist()]
    slips += [f"lr {value!r} is no ratio, 0 or more" for value in ratio[ratio < 0].tolist()]
    if slips:
        raise ValueError(f"Nothing can follow from {'; '.join(slips)}.")
