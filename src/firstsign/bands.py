"""Pointwise confidence bands for a share that was estimated with a standard error.

The band is symmetric on a transformed scale and carried back (the delta method), so it is the one of R's
`survfit(conf.type=...)` under the same name: Kalbfleisch & Prentice (1980) for "log-log", Borgan & Liestøl (1990) for
"arcsine-sqrt".
"""

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Array = NDArray[np.float64]

# name: the scale, its derivative, the way back. On a scale that falls as the share rises, low and high change places.
BANDS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "log-log": (lambda p: np.log(-np.log(p)), lambda p: 1 / (p * np.log(p)), lambda y: np.exp(-np.exp(y))),
    "log": (np.log, lambda p: 1 / p, lambda y: np.minimum(np.exp(y), 1)),
    "plain": (lambda p: p, np.ones_like, lambda y: np.clip(y, 0, 1)),
    "arcsine-sqrt": (
        lambda p: np.arcsin(np.sqrt(p)),
        lambda p: 0.5 / np.sqrt(p * (1 - p)),
        lambda y: np.sin(np.clip(y, 0, np.pi / 2)) ** 2,
    ),
    "logit": (lambda p: np.log(p / (1 - p)), lambda p: 1 / (p * (1 - p)), lambda y: 1 / (1 + np.exp(-y))),
}


def check_band(band: str, level: float) -> None:
    """ValueError for an unknown band or a level outside (0, 1)."""
    if band not in BANDS:
        raise ValueError(f"band is {band!r}; it can be {', '.join(map(repr, BANDS))}.")
    check_level(level)


def check_level(level: float) -> None:
    """ValueError for a coverage outside (0, 1)."""
    if not isinstance(level, Real) or not 0 < level < 1:
        raise ValueError(f"level is {level!r}; it is the coverage of the interval, between 0 and 1, such as 0.95.")


def confidence_band(share: Array, se: Array, level: float, band: str) -> tuple[Array, Array]:
    """Bounds of a share at each of its values; NaN where the share is 0 or 1, for there the scale has no width.

    share, se   shape (k,), the standard error on the share's own scale
    """
    scale, slope, back = BANDS[band]
    inside = (share > 0) & (share < 1)
    p = np.where(inside, share, 0.5)
    half = norm.isf((1 - level) / 2) * se * np.abs(slope(p))
    with np.errstate(over="ignore"):  # an error far wider than the share leads to 0 or 1
        first, second = back(scale(p) - half), back(scale(p) + half)
    low, high = np.minimum(first, second), np.maximum(first, second)
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)
