"""Triangulation: uncertain numbers carried through a formula, and which of them makes the result uncertain."""

import itertools
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import beta, norm

from .arithmetic import Work, as_function
from .bands import check_level

Array = NDArray[np.float64]
MOST_INPUTS = 16
_SCALES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "plain": (lambda value: value, lambda value: value),
    "log": (np.log, np.exp),
    "logit": (logit, expit),
}


@dataclass(frozen=True)
class Input:
    """An uncertain number: its quantile function, where it comes from, and the ends between which it is moved.

    source  a register id, or the word "assumption"
    note    what a reader must know of the way it was made; empty if nothing
    """

    quantile: Callable[[Any], Any] = field(repr=False)
    source: str
    kind: str
    ends: tuple[float, float]
    note: str = ""

    @property
    def middle(self) -> float:
        """Its median."""
        return float(self.quantile(0.5))

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """So many draws of it, one uniform number each."""
        with np.errstate(over="ignore"):  # what is not finite is refused with the result
            return np.asarray(self.quantile(rng.random(size)), float)


def between(low: float, high: float, source: str) -> Input:
    """A stated range, nothing known inside it: uniform from low to high."""
    if not (np.isfinite([low, high]).all() and low <= high):
        raise ValueError(f"A range from {low} to {high} is none; give finite numbers, the smaller first.")
    return Input(lambda chance: low + (high - low) * chance, source, "range", (float(low), float(high)))


def counted(x: int, n: int, source: str, level: float = 0.95) -> Input:
    """A share of x in n people: Beta(x + 1/2, n - x + 1/2), the posterior under Jeffreys' prior."""
    if not (n >= 1 and 0 <= x <= n):
        raise ValueError(f"{x} of {n} is no count of people among people.")
    held = beta(x + 0.5, n - x + 0.5)
    return Input(held.ppf, source, "count", _ends(held.ppf, level))


def estimated(value: float, low: float, high: float, source: str, level: float = 0.95, scale: str = "log") -> Input:
    """A published estimate with its interval: normal on a scale ("log", "logit", "plain") through the interval's ends.

    The ends are then its central `level` interval, and the median is their middle on that scale. If the published estimate
    lies elsewhere by more than a twentieth of the width, the `note` of the input says so: the interval was then made on
    another scale, or rounded much. Raises ValueError for an estimate outside its interval, and for a scale that does not
    reach there (a share of 0 has no logit).
    """
    check_level(level)
    if scale not in _SCALES:
        raise ValueError(f"scale is {scale!r}; it can be {', '.join(map(repr, _SCALES))}.")
    if not low <= value <= high or low == high:
        raise ValueError(f"The estimate {value} and its interval from {low} to {high} do not go together.")
    there, back = _SCALES[scale]
    with np.errstate(invalid="ignore", divide="ignore"):
        left, told, right = (float(there(np.float64(number))) for number in (low, value, high))
    if not np.isfinite([left, told, right]).all():
        raise ValueError(f"{value} ({low} to {high}) has no {scale}; choose another scale.")
    middle, spread = (left + right) / 2, (right - left) / (2 * norm.isf((1 - level) / 2))
    note = ""
    if abs(middle - told) > (right - left) / 20:
        note = (
            f"the estimate {value:g} is not in the middle of {low:g} to {high:g} on the {scale} scale, "
            f"which is {back(middle):.4g}"
        )

    def quantile(chance: Any) -> Any:
        return back(middle + spread * norm.ppf(chance))

    return Input(quantile, source, "estimate", (float(low), float(high)), note)


def exactly(value: float, source: str) -> Input:
    """A number taken as known."""
    return Input(lambda chance: value + 0 * np.asarray(chance, float), source, "known", (float(value), float(value)))


def _ends(quantile: Callable[[Any], Any], level: float) -> tuple[float, float]:
    check_level(level)
    tail = (1 - level) / 2
    return float(quantile(tail)), float(quantile(1 - tail))


@dataclass(frozen=True, eq=False)
class Triangulation:
    """What came of `triangulate`.

    result   one row: estimate (median of the draws), low, high (central `level`), mean, at_middles (the formula at the inputs'
             medians), least, most (over all corners of the inputs' ends, cut off at `within`), draws (kept), refused (left
             out by `within`)
    drivers  one row an input, the one that drives the width most first: input, source, kind, middle, low, high (its ends),
             share_of_variance (first-order index: by how much the variance falls on average once it is known),
             total_share (with its interplay with others), low_if, high_if (the formula with this input at its ends, the
             others at their middles), width_without (of the interval, with this input held at its middle); NaN where
             `within` leaves no draws to tell
    values   the draws that were kept
    """

    result: pd.DataFrame
    drivers: pd.DataFrame
    values: Array = field(repr=False)
    formula: str


def triangulate(
    formula: str | Callable[..., Any],
    inputs: Mapping[str, Input],
    draws: int = 100_000,
    seed: int = 1,
    level: float = 0.95,
    within: tuple[float, float] | None = None,
) -> Triangulation:
    """Carry uncertain inputs through a formula by Monte Carlo, and say which of them drives the width.

    formula  of the inputs' names: text with + - * / ** ( ), log, exp and sqrt, or a function that takes arrays by name
    inputs   name -> `between`, `counted`, `estimated` or `exactly`; they are taken to be independent
    within   the result must lie there (a share in (0, 1)); draws outside contradict their own inputs, are left out and counted

    Each input has its own stream of random numbers, so that adding one leaves the draws of the others as they were. Indices
    are Jansen's (1999), from 2 + k samples of `draws` for k inputs. Raises ValueError for names that are missing, a formula
    that holds anything else, results that are not finite, and if `within` leaves nothing.
    """
    _refuse_slips(inputs, draws, level, within)
    work = as_function(formula, list(inputs))
    first, second = (
        {name: one.draw(_stream(seed, name, sample), draws) for name, one in inputs.items()} for sample in (0, 1)
    )
    values = work(first)
    kept = _allowed(values, within)
    if not kept.any():
        raise ValueError(
            f"No draw gives a result from {within} (they run from {values.min():.4g} to {values.max():.4g}): the inputs "
            "contradict each other."
        )
    result = _summary(values[kept], level) | _corners(work, inputs, within)
    result |= {"draws": int(kept.sum()), "refused": int((~kept).sum())}
    drivers = pd.DataFrame([_driver(name, one) for name, one in inputs.items()])
    drivers = drivers.assign(
        **_indices(work, first, second, within),
        **_tornado(work, inputs),
        width_without=[
            _width(work({**first, name: np.full(draws, one.middle)}), within, level) for name, one in inputs.items()
        ],
    ).sort_values("total_share", ascending=False, kind="stable", ignore_index=True)
    told = formula if isinstance(formula, str) else getattr(formula, "__name__", "formula")
    return Triangulation(pd.DataFrame([result]), drivers, values[kept], told)


def _refuse_slips(inputs: Mapping[str, Input], draws: int, level: float, within: tuple[float, float] | None) -> None:
    check_level(level)
    slips = [f"{name} is {one!r}, not an input" for name, one in inputs.items() if not isinstance(one, Input)]
    if not 1 <= len(inputs) <= MOST_INPUTS:
        slips.append(f"there are {len(inputs)} inputs; give 1 to {MOST_INPUTS}, as n of them have 2 to the n corners")
    if draws < 2 or draws != int(draws):
        slips.append(f"draws is {draws!r}; give 2 or more")
    if within is not None and not within[0] < within[1]:
        slips.append(f"within is {within!r}; give the smaller bound first")
    if slips:
        raise ValueError(
            f"Nothing can be triangulated: {'; '.join(slips)}. Inputs are made by between, counted, estimated and exactly."
        )


def _stream(seed: int, name: str, sample: int) -> np.random.Generator:
    """The random numbers of an input: of its name and the seed, whatever other inputs there are."""
    return np.random.default_rng([seed, sample, zlib.crc32(name.encode())])


def _summary(values: Array, level: float) -> dict[str, float]:
    low, high = _central(values, level)
    return {"estimate": float(np.median(values)), "low": low, "high": high, "mean": float(values.mean())}


def _central(values: Array, level: float) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _allowed(values: Array, within: tuple[float, float] | None) -> NDArray[np.bool_]:
    """Which results lie within the bounds; all must be finite."""
    if not np.isfinite(values).all():
        raise ValueError(
            "The formula is not finite for all draws, as when an input can be 0 and is divided by; narrow its range."
        )
    low, high = within or (-np.inf, np.inf)
    return (values >= low) & (values <= high)


def _width(values: Array, within: tuple[float, float] | None, level: float) -> float:
    kept = values[_allowed(values, within)]
    return float(np.diff(_central(kept, level))[0]) if len(kept) else np.nan


def _corners(work: Work, inputs: Mapping[str, Input], within: tuple[float, float] | None) -> dict[str, float]:
    """The formula at the inputs' middles, and its least and greatest value over all corners of their ends."""
    corners = np.array(list(itertools.product(*(one.ends for one in inputs.values())))).T
    found = work(dict(zip(inputs, corners, strict=True)))
    low, high = within or (-np.inf, np.inf)
    middles = work({name: np.array([one.middle]) for name, one in inputs.items()})
    least, most = np.clip([np.fmin.reduce(found), np.fmax.reduce(found)], low, high)
    return {"at_middles": float(middles[0]), "least": float(least), "most": float(most)}


def _driver(name: str, one: Input) -> dict[str, Any]:
    low, high = one.ends
    return {"input": name, "source": one.source, "kind": one.kind, "middle": one.middle, "low": low, "high": high}


def _indices(
    work: Work, first: Mapping[str, Array], second: Mapping[str, Array], within: tuple[float, float] | None
) -> dict[str, list[float]]:
    """First-order and total indices of each input, each over the draws whose results are all allowed."""
    values, other = work(first), work(second)
    pair = _allowed(values, within) & _allowed(other, within)
    alone, total = [], []
    for name in first:
        mixed = work({**first, name: second[name]})
        allowed = pair & _allowed(mixed, within)
        if not allowed.any():
            alone.append(np.nan)
            total.append(np.nan)
            continue
        variance = np.concatenate([values[allowed], other[allowed]]).var()
        from_other, from_first = (float(((one - mixed)[allowed] ** 2).mean() / 2) for one in (other, values))
        alone.append(float(np.clip(1 - from_other / variance, 0, 1)) if variance > 0 else 0.0)
        total.append(from_first / float(variance) if variance > 0 else 0.0)
    return {"share_of_variance": alone, "total_share": total}


def _tornado(work: Work, inputs: Mapping[str, Input]) -> dict[str, list[float]]:
    """The formula with one input at its low and its high end, the others at their middles."""
    middles = {name: np.array([one.middle]) for name, one in inputs.items()}
    ends = [[float(work({**middles, name: np.array([end])})[0]) for end in one.ends] for name, one in inputs.items()]
    return {"low_if": [pair[0] for pair in ends], "high_if": [pair[1] for pair in ends]}
