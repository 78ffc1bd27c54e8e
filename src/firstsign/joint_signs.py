"""Signs together: what a pattern of signs is worth when signs come together, and not as if each came alone."""

import itertools
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from .bands import check_level
from .errors import did_you_mean
from .redflags import likelihood_ratio

Array = NDArray[np.float64]
Accuracy = Mapping[str, tuple[float, float]]
MOST_SIGNS = 10
NO_TIE = 1e-14  # a weaker one changes no probability by as much as rounding does
_TAKEN = [
    *("disease", "with_disease", "without", "n_with", "n_without", "share_with", "share_without"),
    *("lr", "low", "high", "method", "lr_if_independent", "ratio"),
]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


def joint_likelihoods(
    people: pd.DataFrame, signs: Sequence[str], disease: str = "disease", level: float = 0.95
) -> pd.DataFrame:
    """What each pattern of signs is worth, counted among people of whom it is known whether they have the disease.

    signs, disease  columns of true and false, nothing missing

    Returns a row a pattern (all signs present first, none last): a column a sign (present or not), with_disease and without
    (people with the pattern), n_with and n_without (all people with and without the disease), lr (of the pattern), low, high
    and method (see `likelihood_ratio`), lr_if_independent (the product of the single signs' ratios), ratio (lr over it: below
    1 where multiplying makes too much of the pattern). Raises ValueError for columns that are missing or hold anything else.
    """
    check_level(level)
    names = _checked_signs(signs)
    _refuse_columns(people, [*names, disease])
    ill = people[disease].to_numpy(bool)
    have = people[names].to_numpy(bool)
    n_with, n_without = int(ill.sum()), int((~ill).sum())
    shares = [have[who].mean(axis=0) if who.any() else np.full(len(names), np.nan) for who in (ill, ~ill)]
    rows = []
    for pattern in _patterns(len(names)):
        same = (have == pattern).all(axis=1)
        with_disease, without = int((same & ill).sum()), int((same & ~ill).sum())
        rows.append(
            (
                with_disease,
                without,
                n_with,
                n_without,
                *likelihood_ratio(with_disease, n_with, without, n_without, level),
            )
        )
    counted = pd.DataFrame(
        rows, columns=["with_disease", "without", "n_with", "n_without", "lr", "low", "high", "method"]
    )
    return _compared(pd.concat([_pattern_columns(names), counted], axis=1), *shares)


def joint_probabilities(accuracy: Accuracy, together: float | tuple[float, float] = 0.0) -> pd.DataFrame:
    """The same patterns for signs of known accuracy that are tied by a common cause: exact, where `simulate_signs` draws.

    accuracy  sign -> (sensitivity, specificity)
    together  correlation, 0 to 1, of the signs' latent scales (one-factor Gaussian copula) among people with the disease and
              among the others, or a pair of both; 0 is independence, 1 leaves a single cause. Each sign keeps its accuracy

    Returns a row a pattern (all signs present first, none last): a column a sign, share_with and share_without (of people with
    and without the disease, who have the pattern), lr, lr_if_independent, ratio (lr over it). By Gauss-Legendre quadrature
    over the factor, with panels where the signs switch on; within 1e-12.
    """
    names, shares = _checked_accuracy(accuracy)
    ties = _checked_together(together)
    found = [
        [_chance(pattern, share, tie) for pattern in _patterns(len(names))]
        for share, tie in zip(shares, ties, strict=True)
    ]
    frame = _pattern_columns(names).assign(share_with=found[0], share_without=found[1])
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        frame["lr"] = frame["share_with"].to_numpy() / frame["share_without"].to_numpy()
    return _compared(frame, *shares)


def simulate_signs(
    people: int, prior: float, accuracy: Accuracy, together: float | tuple[float, float] = 0.0, seed: int = 1
) -> pd.DataFrame:
    """People with and without a disease, and their signs, which a common cause may tie together.

    prior               share of people with the disease
    accuracy, together  as in `joint_probabilities`

    Returns a row a person: disease, and a column a sign, true or false. The disease, the common cause and each sign (by its
    name) have streams of random numbers of their own: fewer people are the first of more, and another sign, accuracy or
    correlation leaves the other draws as they were.
    """
    names, shares = _checked_accuracy(accuracy)
    ties = _checked_together(together)
    if people != int(people) or people < 0 or not 0 <= prior <= 1:
        raise ValueError(f"people is {people!r} and prior {prior!r}; give a number of people and a share from 0 to 1.")
    ill = _stream(seed, "the disease", 0).random(people) < prior
    tie = np.where(ill, *ties)
    common = np.sqrt(tie) * _stream(seed, "the common cause", 0).standard_normal(people)
    drawn = {"disease": ill}
    for place, name in enumerate(names):
        own = np.sqrt(1 - tie) * _stream(seed, name, 1).standard_normal(people)
        drawn[name] = common + own < np.where(ill, ndtri(shares[0][place]), ndtri(shares[1][place]))
    return pd.DataFrame(drawn)


def _chance(pattern: tuple[bool, ...], shares: Array, tie: float) -> float:
    """The chance of a pattern of signs, each present in its share of people, at a correlation."""
    present = np.array(pattern)
    if tie < NO_TIE:
        return float(np.where(present, shares, 1 - shares).prod())
    if tie == 1:
        return max(0.0, float(shares[present].min(initial=1.0) - shares[~present].max(initial=0.0)))
    factor, weight = _panels(ndtri(shares[(shares > 0) & (shares < 1)]) / np.sqrt(tie), np.sqrt((1 - tie) / tie))
    own = (ndtri(shares) - np.sqrt(tie) * factor[:, None]) / np.sqrt(1 - tie)
    return float(weight @ ndtr(np.where(present, own, -own)).prod(axis=1))


def _panels(switches: Array, width: float) -> tuple[Array, Array]:
    """Nodes and weights over a standard normal factor, dense where a sign switches on: around each switch, over its width."""
    steps = np.linspace(-9.0, 9.0, 37)
    edges = np.unique(np.clip(np.concatenate([steps, *(switch + width * steps for switch in switches)]), -9.0, 9.0))
    half = np.diff(edges)[:, None] / 2
    factor = (edges[:-1, None] + half * (1 + _NODES)).ravel()
    weight = (half * _WEIGHTS).ravel() * np.exp(-(factor**2) / 2)
    return factor, weight / weight.sum()


def _compared(frame: pd.DataFrame, share_with: Array, share_without: Array) -> pd.DataFrame:
    """With lr_if_independent and ratio; the shares are those of the single signs."""
    present = np.array(list(_patterns(len(share_with))))
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        single = np.where(present, share_with / share_without, (1 - share_with) / (1 - share_without))
        alone = single.prod(axis=1)
        return frame.assign(lr_if_independent=alone, ratio=frame["lr"].to_numpy() / alone)


def _patterns(signs: int) -> Iterator[tuple[bool, ...]]:
    return itertools.product((True, False), repeat=signs)


def _pattern_columns(names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(list(_patterns(len(names))), columns=list(names))


def _stream(seed: int, name: str, kind: int) -> np.random.Generator:
    """The random numbers of one mechanism: of its name and the seed, whatever other signs there are."""
    return np.random.default_rng([seed, kind, zlib.crc32(name.encode())])


def _checked_signs(signs: Sequence[str]) -> list[str]:
    names = [signs] if isinstance(signs, str) else list(signs)
    if not 1 <= len(names) <= MOST_SIGNS or len(set(names)) < len(names):
        raise ValueError(
            f"The signs are {names!r}; give 1 to {MOST_SIGNS} different ones, for n signs have 2 to the n patterns."
        )
    taken = [name for name in names if name in _TAKEN]
    if taken:
        raise ValueError(f"No sign can be called {', '.join(map(repr, taken))}: a column of the result has that name.")
    return names


def _checked_accuracy(accuracy: Accuracy) -> tuple[list[str], tuple[Array, Array]]:
    """The names of the signs, and the share that has each among people with the disease and among the others."""
    names = _checked_signs(list(accuracy))
    wrong = [
        f"{name} {pair!r}"
        for name, pair in accuracy.items()
        if len(pair) != 2 or not all(0 <= one <= 1 for one in pair)
    ]
    if wrong:
        raise ValueError(f"Accuracy is a sensitivity and a specificity, both from 0 to 1; not so: {', '.join(wrong)}.")
    both = np.array(list(accuracy.values()), float)
    return names, (both[:, 0], 1 - both[:, 1])


def _checked_together(together: Any) -> tuple[float, float]:
    pair = tuple(together) if isinstance(together, tuple | list) else (together, together)
    if len(pair) != 2 or not all(0 <= one <= 1 for one in pair):
        raise ValueError(
            f"together is {together!r}; it is a correlation from 0 to 1, or a pair: with the disease, without it."
        )
    return float(pair[0]), float(pair[1])


def _refuse_columns(people: pd.DataFrame, names: Sequence[str]) -> None:
    """All that keeps columns from being true or false of everybody."""
    slips = []
    for name in names:
        if name not in people.columns:
            slips.append(f"there is no column {name!r}{did_you_mean(name, people.columns)}")
        elif unknown := int(people[name].isna().sum()):
            slips.append(f"{name!r} is missing of {unknown:,} people; leave them out, and say so")
        elif not pd.api.types.is_bool_dtype(people[name].convert_dtypes()):
            slips.append(f"{name!r} is not true or false of each person")
    if slips:
        raise ValueError(f"The patterns cannot be counted: {'; '.join(slips)}.")
