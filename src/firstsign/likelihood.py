"""The likelihood of counted spells under a family of delay distributions, whatever is censored or truncated."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from .families import Family
from .tilting import Tilted
from .windows import Onset, Spans

Array = NDArray[np.float64]
NEVER = "never_diagnosed"
_TINY = 1e-300
_STEP = 0.005  # of the differences that stand for derivatives, as a share of the delays' spread

# From the scale of the search, which has no edges, to the natural scale of a parameter, and back.
LINKS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "identity": (lambda x: x, lambda y: y),
    "log": (np.exp, np.log),
    "logit": (expit, lambda y: np.log(y / (1 - y))),
}


class Part(NamedTuple):
    """A parameter of the distribution and what it depends on.

    names   as they stand in a fit's params: the parameter's own, or the terms of a formula
    matrix  the terms for each row, shape (rows, terms); None where everybody has the same value
    """

    parameter: str
    link: str
    names: list[str]
    matrix: Array | None = None

    def natural(self, searched: Array) -> Array:
        """As it stands in params: coefficients stay on the scale of the search."""
        return searched if self.matrix is not None else LINKS[self.link][0](searched)

    def searched(self, natural: Array) -> Array:
        return natural if self.matrix is not None else LINKS[self.link][1](natural)


class Likelihood:
    """Of a checked spells frame under one family, as a function of the parameters that are not held fixed."""

    def __init__(
        self,
        family: Family,
        frame: pd.DataFrame,
        parts: Sequence[Part],
        fixed: Mapping[str, float] | None = None,
        onset: Onset | None = None,
        cohort_growth: float = 0.0,
    ) -> None:
        self.family, self.parts = family, list(parts)
        self.onset, self.cohort_growth = onset or Onset(), cohort_growth
        self.names = [name for part in self.parts for name in part.names]
        self._ends = np.cumsum([0, *(len(part.names) for part in self.parts)])
        columns = {name: frame[name].to_numpy(float) for name in ("lower", "upper", "window", "entry", "limit", "n")}
        self.columns, self.n = columns, columns["n"]
        self._exact = np.flatnonzero(columns["lower"] == columns["upper"])
        self._between = np.flatnonzero(columns["lower"] != columns["upper"])
        self._truncated = np.flatnonzero((columns["entry"] > 0) | np.isfinite(columns["limit"]))
        self._ending = Spans(columns["lower"], columns["upper"], columns["window"]).of(self._between)
        self._observed = Spans(columns["entry"], columns["limit"], columns["window"]).of(self._truncated)
        self.hold(dict(fixed or {}))

    def hold(self, fixed: Mapping[str, float]) -> None:
        """Hold parameters at values (as they stand in params); the rest are free."""
        self._check(fixed)
        self.free = np.array([name not in fixed for name in self.names])
        self.start = self._guess()
        held = self.natural(self.start)
        held[~self.free] = [fixed[name] for name in self.names if name in fixed]
        self.start[~self.free] = self.searched(held)[~self.free]

    def _check(self, fixed: Mapping[str, float]) -> None:
        links = {name: "identity" if p.matrix is not None else p.link for p in self.parts for name in p.names}
        for name, value in fixed.items():
            if name not in links:
                raise ValueError(
                    f"The {self.family.name} has no parameter {name!r} to hold fixed; it has {', '.join(self.names)}."
                )
            allowed = {"identity": "a number", "log": "above 0", "logit": "inside (0, 1)"}[links[name]]
            impossible = {"log": value <= 0, "logit": not 0 < value < 1}.get(links[name], False)
            if not np.isfinite(value) or impossible:
                raise ValueError(f"{name} cannot be held at {value!r}; it must be {allowed}.")

    def _guess(self) -> Array:
        """Where to begin: at parameters that give the log delays of those who ended, by least squares, and their spread."""
        ended = np.isfinite(self.columns["upper"])
        lower, upper, window, n = (self.columns[name][ended] for name in ("lower", "upper", "window", "n"))
        middle = np.log(np.maximum((lower + upper) / 2 - window / 2, 0.5))
        location = next(part for part in self.parts if part.parameter == self.family.location)
        terms = np.ones((len(middle), 1)) if location.matrix is None else location.matrix[ended]
        weight = np.sqrt(n)[:, None]
        coefficients = np.linalg.lstsq(terms * weight, middle * weight[:, 0], rcond=None)[0]
        spread = max(float(np.sqrt(np.average((middle - terms @ coefficients) ** 2, weights=n))), 0.1)
        start = dict(zip(self.family.parameters, self.family.start(0.0, spread), strict=True)) | {NEVER: 0.1}
        offset = LINKS[location.link][1](start.pop(self.family.location))
        coefficients = np.linalg.lstsq(terms * weight, (middle + offset) * weight[:, 0], rcond=None)[0]
        guess = [
            coefficients if part is location else _constant(part, LINKS[part.link][1](start[part.parameter]))
            for part in self.parts
        ]
        return np.concatenate(guess).astype(float)

    def full(self, free: Array) -> Array:
        full = self.start.copy()
        full[self.free] = free
        return full

    def natural(self, searched: Array) -> Array:
        return np.concatenate([part.natural(values) for part, values in self._split(searched)]).astype(float)

    def searched(self, natural: Array) -> Array:
        return np.concatenate([part.searched(values) for part, values in self._split(natural)]).astype(float)

    def _split(self, values: Array) -> list[tuple[Part, Array]]:
        return [(part, values[a:b]) for part, a, b in zip(self.parts, self._ends[:-1], self._ends[1:], strict=True)]

    def predictors(self, searched: Array) -> list[Any]:
        """The value of each part on the scale of the search: a number, or one for each row."""
        return [values[0] if part.matrix is None else part.matrix @ values for part, values in self._split(searched)]

    def variances(self, covariance: Array) -> list[Any]:
        """Of each part's predictor, from the covariance of what is searched: a number, or one for each row."""
        found = []
        for part, a, b in zip(self.parts, self._ends[:-1], self._ends[1:], strict=True):
            own = covariance[a:b, a:b]
            found.append(own[0, 0] if part.matrix is None else ((part.matrix @ own) * part.matrix).sum(axis=1))
        return found

    def loss(self, free: Array) -> float:
        total = -float(self.n @ self.rows(self.predictors(self.full(free))))
        return total if np.isfinite(total) else 1e300

    def derivatives(self, free: Array, refined: bool) -> tuple[Array, Array]:
        """Gradient and second derivatives of the loss.

        Those of each row in its predictors, by central differences (`refined` once by Richardson's extrapolation), carried to
        the coefficients by the chain rule; so the work does not grow with the number of terms.
        """
        at = self.predictors(self.full(free))
        with np.errstate(all="ignore"):  # where there is no likelihood there are no slopes: the search goes elsewhere
            steps = self._steps(at)
            slope, bend = self._differences(at, steps)
            if refined:
                coarse_slope, coarse_bend = self._differences(at, 2 * steps)
                slope, bend = (4 * slope - coarse_slope) / 3, (4 * bend - coarse_bend) / 3
            slope, bend = slope * -self.n, bend * -self.n
            gradient = np.concatenate([_carry(part, row) for part, row in zip(self.parts, slope, strict=True)])
            blocks = [
                [_carry_both(one, other, bend[i, j]) for j, other in enumerate(self.parts)]
                for i, one in enumerate(self.parts)
            ]
        return gradient[self.free], np.block(blocks)[np.ix_(self.free, self.free)]

    def _distribution(self, at: list[Any]) -> Any:
        values = {part.parameter: LINKS[part.link][0](x) for part, x in zip(self.parts, at, strict=True)}
        return self.family.distribution(*(values[name] for name in self.family.parameters))

    def _steps(self, at: list[Any]) -> Array:
        """How far to move each predictor for differences: less where that would move the delays beside their own spread."""
        quartiles = [np.log(self._distribution(at).ppf(np.array(q))) for q in (0.25, 0.5, 0.75)]
        spread = np.maximum(quartiles[2] - quartiles[0], 1e-7)
        steps = np.full(len(at), _STEP)
        for i, part in enumerate(self.parts):
            if part.parameter != NEVER:
                moved = [x + 1e-4 * (i == j) for j, x in enumerate(at)]
                shift = np.abs(np.log(self._distribution(moved).ppf(np.array(0.5))) - quartiles[1]) / 1e-4
                share = np.ravel(spread / np.maximum(shift, 1e-12))
                steps[i] *= np.min(share, where=np.isfinite(share), initial=1)
        return steps

    def _differences(self, at: list[Any], steps: Array) -> tuple[Array, Array]:
        """First and second derivatives of each row's log-likelihood: shapes (parts, rows) and (parts, parts, rows)."""
        count = len(at)

        def value(*moved: int) -> Array:
            sign = np.sign(moved[0]) if moved else 0
            return self.rows([x + sign * steps[i] * (i + 1 in map(abs, moved)) for i, x in enumerate(at)])

        middle = value()
        up, down = ([value(sign * (i + 1)) for i in range(count)] for sign in (1, -1))
        slope = np.array([(a - b) / (2 * step) for a, b, step in zip(up, down, steps, strict=True)])
        bend = np.empty((count, count, len(middle)))
        for i in range(count):
            bend[i, i] = (up[i] + down[i] - 2 * middle) / steps[i] ** 2
        for i, j in combinations(range(count), 2):
            both = value(i + 1, j + 1) + value(-i - 1, -j - 1)
            bend[i, j] = bend[j, i] = (both - up[i] - down[i] - up[j] - down[j] + 2 * middle) / (
                2 * steps[i] * steps[j]
            )
        return slope, bend

    def rows(self, predictors: list[Any]) -> Array:
        """The log-likelihood of each row, for one of its people."""
        with np.errstate(all="ignore"):
            parts = zip(self.parts, predictors, strict=True)
            never = next((LINKS[part.link][0](x) for part, x in parts if part.parameter == NEVER), 0.0)
            distribution = self._distribution(predictors)
            if self.cohort_growth:
                distribution = Tilted(distribution, self.cohort_growth)
                if np.isinf(distribution.log_whole):
                    return np.full(len(self.n), -np.inf)
            rows = np.empty(len(self.n))
            day, window = (self.columns[name][self._exact] for name in ("upper", "window"))
            exact = self.onset.log_density(distribution.of(self._exact), day, window)
            rows[self._exact] = exact + np.log1p(-never)
            inside = self._share(distribution.of(self._between), never, self._ending)
            rows[self._between] = np.log(np.maximum(inside, _TINY))
            rows[self._truncated] -= np.log(self._share(distribution.of(self._truncated), never, self._observed))
        return rows

    def _share(self, distribution: Any, never: float, spans: Spans) -> Array:
        """The share that ends between two days; those who never do are counted up to infinity."""
        return (1 - never) * self.onset.share_between(distribution, spans) + never * np.isinf(spans.upper)


def _constant(part: Part, value: float) -> Array:
    """Coefficients that give everybody one value, or come as near to it as the terms can."""
    if part.matrix is None:
        return np.array([value])
    return np.linalg.lstsq(part.matrix, np.full(len(part.matrix), value), rcond=None)[0]


def _carry(part: Part, row: Array) -> Array:
    return np.array([row.sum()]) if part.matrix is None else part.matrix.T @ row


def _carry_both(one: Part, other: Part, row: Array) -> Array:
    if one.matrix is None:
        return _carry(other, row)[None, :]
    if other.matrix is None:
        return _carry(one, row)[:, None]
    return (one.matrix * row[:, None]).T @ other.matrix
