"""Is acting on a probability better than treating everybody, or nobody? Net benefit, as Vickers & Elkin (2006) define it.

"Treating" is whatever the decision is about: a referral, an image, a biopsy. Whoever acts from a chance of t on holds one
person rightly treated to be worth (1 - t) / t who are treated for nothing; net benefit counts the first less the second at
that rate, for each person of the whole. It is in units of people with the disease who are treated: 0.01 is one in a hundred,
with nobody treated for nothing.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from .bands import check_level
from .imaging import check_shares

Array = NDArray[np.float64]
ALL, NONE = "treat all", "treat none"


def decision_curve(
    probability: pd.DataFrame | ArrayLike,
    outcome: ArrayLike,
    thresholds: ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Net benefit of treating those whose probability is at or above a threshold, for each threshold.

    probability  one of each person, or a frame with a column for each model
    outcome      whether each person has the disease
    thresholds   chances from which one would treat, at least 0 and below 1; 0.01, 0.02, ... 0.99 if not given
    level        coverage of the interval

    Returns a row for each model, "treat all" and "treat none" after the others, and threshold: model, threshold, net_benefit,
    low, high, tp and fp (treated people with the disease and without), n, tests_avoided_per_100 (how many fewer of 100 people
    are treated for nothing than by treating all, less what those who are missed are worth; NaN at threshold 0).

    Net benefit is the mean over people of 1 for a true positive, -t / (1 - t) for a false one and 0 for everybody else, so that
    its variance is that of a mean; low and high are normal, without width where all terms are the same. Raises ValueError for
    what is no share, missing values, lengths or labels that differ, and nobody. Vickers & Elkin (2006).
    """
    check_level(level)
    models, ill = _people(probability, outcome)
    cut = _thresholds(np.arange(1, 100) / 100 if thresholds is None else thresholds)
    models = {**models, ALL: np.ones(len(ill)), NONE: np.full(len(ill), -1.0)}
    frames = [_benefit(name, shares, ill, cut, level) for name, shares in models.items()]
    return _with_avoided(pd.concat(frames, ignore_index=True))


def net_benefit_of_test(
    prior: float, sensitivity: float, specificity: float, thresholds: ArrayLike, name: str = "test"
) -> pd.DataFrame:
    """Net benefit of treating those in whom a sign or test of known accuracy is positive, for each threshold.

    prior, sensitivity, specificity  shares; prior is that of the disease
    thresholds                       chances from which one would treat, at least 0 and below 1
    name                             what to call the test

    Returns model (the name, "treat all", "treat none"), threshold, net_benefit = sensitivity * prior - (1 - specificity) *
    (1 - prior) * t / (1 - t), tests_avoided_per_100 (as in `decision_curve`). Raises ValueError for what is no share.
    """
    check_shares(prior=prior, sensitivity=sensitivity, specificity=specificity)
    _refuse_reserved([name])
    cut = _thresholds(thresholds)
    rates = {name: (sensitivity, 1 - specificity), ALL: (1.0, 1.0), NONE: (0.0, 0.0)}
    frames = [
        pd.DataFrame(
            {"model": model, "threshold": cut, "net_benefit": true * prior - false * (1 - prior) * cut / (1 - cut)}
        )
        for model, (true, false) in rates.items()
    ]
    return _with_avoided(pd.concat(frames, ignore_index=True))


def _benefit(name: str, shares: Array, ill: NDArray[np.bool_], cut: Array, level: float) -> pd.DataFrame:
    """The rows of one model."""
    n, weight = len(ill), cut / (1 - cut)
    tp, fp = (np.count_nonzero(who) - np.searchsorted(np.sort(shares[who]), cut, side="left") for who in (ill, ~ill))
    benefit = (tp - weight * fp) / n
    variance = np.maximum((tp + weight**2 * fp) / n - benefit**2, 0)
    half = norm.isf((1 - level) / 2) * np.sqrt(variance / n)
    bounds = {"net_benefit": benefit, "low": benefit - half, "high": benefit + half}
    return pd.DataFrame({"model": name, "threshold": cut, **bounds, "tp": tp, "fp": fp, "n": n})


def _with_avoided(frame: pd.DataFrame) -> pd.DataFrame:
    of_all = frame.loc[frame["model"] == ALL, "net_benefit"].to_numpy()
    gained = frame["net_benefit"] - np.tile(of_all, len(frame) // len(of_all))
    odds = frame["threshold"] / (1 - frame["threshold"])
    return frame.assign(tests_avoided_per_100=100 * gained / odds.where(odds > 0))


def _people(probability: Any, outcome: Any) -> tuple[dict[str, Array], NDArray[np.bool_]]:
    """The probabilities by model, and who has the disease."""
    labelled = isinstance(probability, pd.DataFrame | pd.Series) and isinstance(outcome, pd.Series)
    shape = np.shape(probability)
    if (
        len(shape) != (2 if isinstance(probability, pd.DataFrame) else 1)
        or shape[:1] != np.shape(outcome)
        or 0 in shape
    ):
        raise ValueError(
            f"The probabilities have the shape {shape} and the outcomes {np.shape(outcome)}; give one of each for every person, "
            "and at least one person, or a frame of probabilities with a column for each model."
        )
    if labelled and not probability.index.equals(outcome.index):
        raise ValueError(
            "probability and outcome are labelled by different people, or in another order; bring them together by person first."
        )
    if isinstance(probability, pd.DataFrame):
        models = {str(name): shares for name, shares in probability.items()}
        if len(models) < shape[1]:
            raise ValueError(f"Several models have the same name: {', '.join(map(str, probability.columns))}.")
    else:
        models = {str(getattr(probability, "name", None) or "model"): probability}
    _refuse_reserved(models)
    check_shares(**models)
    given = pd.Series(outcome)
    if given.isna().any() or not given.isin([False, True]).all():
        raise ValueError(
            f"outcome has {given[~given.isin([False, True])].iloc[0]!r} in it; it says of each person whether they have the "
            "disease, True or False. Leave people of whom it is not known out."
        )
    return {name: np.asarray(shares, float) for name, shares in models.items()}, given.to_numpy(bool)


def _refuse_reserved(names: Any) -> None:
    for name in names:
        if name in (ALL, NONE):
            raise ValueError(f"A model is called {name!r}, which is the name of treating {name.split()[1]}; rename it.")


def _thresholds(thresholds: ArrayLike) -> Array:
    cut = np.atleast_1d(np.asarray(thresholds, float))
    if cut.ndim != 1 or not len(cut) or not ((cut >= 0) & (cut < 1)).all():
        raise ValueError(
            f"thresholds is {thresholds!r}; they are chances from which one would treat, at least 0 and below 1."
        )
    return cut
