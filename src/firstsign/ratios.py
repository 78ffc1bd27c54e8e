"""Two shares compared: odds ratios and risk ratios, by their large-sample intervals or exactly where counts are few."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binom, fisher_exact, norm
from scipy.stats.contingency import odds_ratio as conditional_odds_ratio

from .bands import check_level

Array = NDArray[np.float64]
METHODS = ("auto", "large", "exact")
FEW = 5.0  # expected people in the smallest cell, from which large samples do (Cochran 1954)
MOST = 400  # people in a group, up to which the exact interval of a risk ratio is worked out
_GRID = 200  # values of the unknown share tried, beside those that counts suggest


def odds_ratio(a: int, b: int, c: int, d: int, level: float = 0.95, method: str = "auto") -> pd.DataFrame:
    """The odds of the outcome among the exposed over those among the others.

    a, b    exposed people with and without the outcome; c, d: others with and without it
    method  "large": Woolf's (1955) interval on the logarithm; "exact": conditional maximum likelihood with Cornfield's (1956)
            interval, p by Fisher's test, as R's fisher.test; "auto": exact where a cell is expected to hold fewer than 5

    Returns one row: measure, estimate, low, high, p (two-sided, of a ratio of 1), method, a, b, c, d. `odds_ratio(8, 2, 4, 6)`
    compares 8 of 10 with 4 of 10. A zero cell gives 0 or infinity as the estimate, with one end of the interval known. Raises
    ValueError for impossible counts, a group without people, and a zero cell with "large".
    """
    table = _checked(a, b, c, d, level, method)
    if _exactly(table, method):
        found = conditional_odds_ratio(table.astype(int), kind="conditional")
        ends = found.confidence_interval(level)
        p = float(fisher_exact(table.astype(int))[1])
        return _row("odds ratio", found.statistic, ends.low, ends.high, p, "exact (conditional)", table)
    log_ratio = np.log(table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]))
    return _on_log(log_ratio, np.sqrt((1 / table).sum()), level, "odds ratio", "Woolf", table)


def risk_ratio(a: int, b: int, c: int, d: int, level: float = 0.95, method: str = "auto") -> pd.DataFrame:
    """The share with the outcome among the exposed over that among the others.

    a, b    exposed people with and without the outcome; c, d: others with and without it
    method  "large": Katz's (1978) interval on the logarithm; "exact": two one-sided unconditional tests inverted, ordered by the
            score statistic, at the worst value of the unknown share (Chan & Zhang 1999); "auto" as for `odds_ratio`

    Returns one row as `odds_ratio` does. The exact interval covers at least `level`, whatever the shares; p is by Fisher's
    test. Raises ValueError as `odds_ratio`, and for an exact interval with more than 400 people in a group.
    """
    table = _checked(a, b, c, d, level, method)
    (x, y), (m, n) = table[:, 0], table.sum(axis=1)
    if _exactly(table, method):
        if max(m, n) > MOST:
            raise ValueError(
                f"An exact interval of a risk ratio with {max(m, n):.0f} people in a group takes too long (at most {MOST}): use "
                'method="large", or odds_ratio.'
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            estimate = float(np.divide(x / m, y / n)) if x + y else float("nan")
        low, high = _score_interval(int(x), int(m), int(y), int(n), level)
        p = float(fisher_exact(table.astype(int))[1])
        return _row("risk ratio", estimate, low, high, p, "exact (unconditional score)", table)
    spread = np.sqrt(1 / x - 1 / m + 1 / y - 1 / n)
    return _on_log(np.log(x / m / (y / n)), spread, level, "risk ratio", "Katz", table)


def _checked(a: Any, b: Any, c: Any, d: Any, level: float, method: str) -> Array:
    check_level(level)
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; it can be {', '.join(map(repr, METHODS))}.")
    slips = [f"{name} is {value!r}" for name, value in zip("abcd", (a, b, c, d), strict=True) if not _is_count(value)]
    if slips:
        raise ValueError(f"People are counted in whole numbers, 0 or more: {', '.join(slips)}.")
    table = np.array([[a, b], [c, d]], float)
    if (table.sum(axis=1) == 0).any():
        which = "exposed (a + b)" if not table[0].sum() else "others (c + d)"
        raise ValueError(f"There is nobody among the {which}: a ratio needs people in both groups.")
    return table


def _is_count(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and bool(value >= 0) and float(value).is_integer()


def _exactly(table: Array, method: str) -> bool:
    """Whether the exact way is taken; ValueError where the other was asked for and cannot be."""
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    if method == "large" and (table == 0).any():
        raise ValueError(
            f'One of the cells {table.astype(int).tolist()} is 0, where the logarithm of the ratio has no end: use method="exact".'
        )
    few = bool(expected.min() < FEW) or bool((table == 0).any())
    return method == "exact" or (method == "auto" and few)


def _on_log(middle: float, spread: float, level: float, measure: str, method: str, table: Array) -> pd.DataFrame:
    half = norm.isf((1 - level) / 2) * spread
    p = 2 * norm.sf(abs(middle) / spread) if spread > 0 else float(middle == 0)
    return _row(measure, np.exp(middle), np.exp(middle - half), np.exp(middle + half), p, method, table)


def _row(measure: str, estimate: float, low: float, high: float, p: float, method: str, table: Array) -> pd.DataFrame:
    counts = dict(zip("abcd", table.astype(int).ravel().tolist(), strict=True))
    row = {"measure": measure, "estimate": float(estimate), "low": float(low), "high": float(high), "p": float(p)}
    return pd.DataFrame([row | {"method": method} | counts])


def _score_interval(x: int, m: int, y: int, n: int, level: float) -> tuple[float, float]:
    """All ratios that neither one-sided test rejects at (1 - level) / 2, found on the logarithm by bisection."""
    tail = (1 - level) / 2
    low = (
        0.0
        if x == 0
        else _end(lambda ratio: _worst_tail(x, m, y, n, ratio, above=True) - tail, x, m, y, n, rising=True)
    )
    high = (
        np.inf
        if y == 0
        else _end(lambda ratio: _worst_tail(x, m, y, n, ratio, above=False) - tail, x, m, y, n, rising=False)
    )
    return low, high


def _end(excess: Callable[[float], float], x: int, m: int, y: int, n: int, rising: bool) -> float:
    """Where a tail's chance reaches its limit; searched outward from the ratio of the shares, each moved off its edge."""
    middle = np.log((x + 0.5) / (m + 1)) - np.log((y + 0.5) / (n + 1))
    step = -1.0 if rising else 1.0
    inside, outside = middle, middle + step
    while excess(float(np.exp(outside))) > 0 and abs(outside - middle) < 25:
        inside, outside = outside, outside + step
    if excess(float(np.exp(inside))) <= 0:
        inside -= 2 * step
    return float(np.exp(brentq(lambda log: excess(float(np.exp(log))), *sorted((inside, outside)), xtol=1e-7)))


def _worst_tail(x: int, m: int, y: int, n: int, ratio: float, above: bool) -> float:
    """The greatest chance, over the others' share, of tables whose score is as far to one side as the one seen."""
    first, second = np.meshgrid(np.arange(m + 1), np.arange(n + 1), indexing="ij")
    scores = _scores(first, m, second, n, ratio)
    seen = scores[x, y]
    extreme = scores >= seen - 1e-9 if above else scores <= seen + 1e-9
    top = min(1.0, 1 / ratio)
    tried = np.unique(np.clip(np.concatenate([np.linspace(0, 1, _GRID + 1), [y / n, x / m / ratio]]), 0, 1) * top)
    chances = binom.pmf(np.arange(m + 1)[:, None], m, np.clip(ratio * tried, 0, 1)[None, :])
    beside = extreme @ binom.pmf(np.arange(n + 1)[:, None], n, tried[None, :])
    return float((chances * beside).sum(axis=0).max())


def _scores(x: Any, m: int, y: Any, n: int, ratio: float) -> Array:
    """Miettinen & Nurminen's (1985) score of each table for this ratio, with the shares estimated under it; 0 where both are."""
    total = m + n
    b = m * ratio + x + n + y * ratio
    others = (b - np.sqrt(np.maximum(b**2 - 4 * total * ratio * (x + y), 0))) / (2 * total * ratio)
    exposed = ratio * others
    variance = exposed * (1 - exposed) / m + ratio**2 * others * (1 - others) / n
    distance = x / m - ratio * y / n
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(distance) < 1e-12, 0.0, distance / np.sqrt(np.maximum(variance, 1e-300)))
