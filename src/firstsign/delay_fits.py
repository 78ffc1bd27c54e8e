"""A fitted delay distribution and what can be asked of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from .bands import check_band, check_level, confidence_band
from .errors import did_you_mean
from .families import FAMILIES
from .formulas import Design, design_at, new_rows, variables
from .likelihood import LINKS, NEVER, Likelihood
from .maximum import profile

Array = NDArray[np.float64]
_FARTHEST = 500.0  # a predictor, in logs
At = pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class DelayFit:
    """A fitted delay distribution.

    params      natural scale, with the share never diagnosed if that was asked for; with a formula the coefficients of the
                location (mu, or the log of scale) instead of it, under the names of the terms
    covariance  of params, from the observed information; zero for what was held fixed
    loglik      the log-likelihood; aic = 2 (parameters fitted) - 2 loglik
    people      how many people the spells count; bic = log(people) (parameters fitted) - 2 loglik
    location    the names, in params, of what makes delays longer or shorter as a whole
    """

    family: str
    params: pd.Series
    covariance: pd.DataFrame
    loglik: float
    aic: float
    bic: float
    people: float
    location: list[str]
    _likelihood: Likelihood = field(repr=False)
    _designs: dict[str, Design] = field(repr=False)
    _found: Array = field(repr=False)
    _information: Array = field(repr=False)

    @classmethod
    def of(cls, likelihood: Likelihood, designs: dict[str, Design], found: Array, information: Array) -> Self:
        """From the free parameters at the highest point, on the scale of the search, and the information there."""
        full, names, free = likelihood.full(found), likelihood.names, likelihood.free
        h = 1e-6
        slope = (likelihood.natural(full + h) - likelihood.natural(full - h)) / (2 * h)  # each depends on its own only
        covariance = np.zeros((len(full), len(full)))
        covariance[np.ix_(free, free)] = np.linalg.inv(information)
        loglik, count, people = -likelihood.loss(found), int(free.sum()), float(likelihood.n.sum())
        return cls(
            family=likelihood.family.name,
            params=pd.Series(likelihood.natural(full), index=names),
            covariance=pd.DataFrame(covariance * np.outer(slope, slope), index=names, columns=names),
            loglik=loglik,
            aic=2 * count - 2 * loglik,
            bic=float(np.log(people)) * count - 2 * loglik,
            people=people,
            location=next(p.names for p in likelihood.parts if p.parameter == likelihood.family.location),
            _likelihood=likelihood,
            _designs=designs,
            _found=found,
            _information=information,
        )

    @property
    def summary(self) -> pd.DataFrame:
        """parameter, estimate, se, low, high at 95 %; the interval is symmetric on the scale of the search."""
        se = np.sqrt(np.diag(self.covariance))
        links = {
            name: "identity" if part.matrix is not None else part.link
            for part in self._likelihood.parts
            for name in part.names
        }
        bounds = [
            _interval(value, error, links[str(name)])
            for (name, value), error in zip(self.params.items(), se, strict=True)
        ]
        low, high = np.array(bounds).T
        return pd.DataFrame(
            {"parameter": self.params.index, "estimate": self.params.to_numpy(), "se": se, "low": low, "high": high}
        )

    def profile(self, parameters: Sequence[str] | str | None = None, level: float = 0.95) -> pd.DataFrame:
        """parameter, estimate, low, high by the profile likelihood: the values that a likelihood-ratio test would not reject.

        They need no symmetry on any scale, and hold with few ends, where those of `summary` do not; each costs some dozen fits.
        A bound is at the edge of the parameter's scale (0, 1 or infinite) where nothing in the data stands against it.
        """
        check_level(level)
        asked = (
            [parameters]
            if isinstance(parameters, str)
            else list(self.params.index if parameters is None else parameters)
        )
        for name in asked:
            if name not in self.params.index:
                near = did_you_mean(name, self.params.index)
                raise ValueError(f"The fit has no parameter {name!r}{near}; it has {', '.join(self.params.index)}.")
        bounds = [profile(self._likelihood, self._found, self._information, name, level) for name in asked]
        low, high = np.array(bounds).reshape(-1, 2).T
        return pd.DataFrame({"parameter": asked, "estimate": self.params[asked].to_numpy(), "low": low, "high": high})

    def quantiles(self, q: Sequence[float] | float, level: float = 0.95, at: At | None = None) -> pd.DataFrame:
        """The day by which a share q has ended: q, days, low, high (delta method on the log of days).

        at  values of the covariates, {"sex": "M"}, a list of such or a frame: the columns of it come first, a row for each.
            Needed if the fit has a formula

        Days are inf, without bounds, for a share that is never reached.
        """
        check_level(level)
        shares = np.atleast_1d(np.asarray(q, float))
        if not ((shares > 0) & (shares < 1)).all():
            raise ValueError(f"q is {q!r}; quantiles of a fitted delay are asked for shares inside (0, 1).")

        def of_one(distribution: Any, never: float) -> Array:
            reached = shares < 1 - never
            return np.log(np.where(reached, distribution.ppf(np.where(reached, shares / (1 - never), 0.5)), np.inf))

        half = norm.isf((1 - level) / 2)
        parts = []
        for key, days, se in self._each(of_one, at):
            columns = {
                "q": shares,
                "days": np.exp(days),
                "low": np.exp(days - half * se),
                "high": np.exp(days + half * se),
            }
            parts.append(pd.DataFrame({**key, **columns}))
        return pd.concat(parts, ignore_index=True)

    def survival(
        self,
        days: Sequence[float] | Array | float,
        level: float = 0.95,
        band: str = "log-log",
        at: At | None = None,
    ) -> pd.DataFrame:
        """The share still waiting after each of `days`: day, estimate, se, low, high (delta method, the given band).

        at  as in `quantiles`
        """
        check_band(band, level)
        wanted = np.atleast_1d(np.asarray(days, float))
        if not (wanted >= 0).all():
            raise ValueError(f"days is {days!r}; the share still waiting is known for days of at least 0.")

        def of_one(distribution: Any, never: float) -> Array:
            waiting = distribution.sf(np.clip(wanted, 1e-300, np.finfo(float).max))
            return never + (1 - never) * np.where(wanted == 0, 1.0, np.where(np.isinf(wanted), 0.0, waiting))

        parts = []
        for key, share, se in self._each(of_one, at):
            low, high = confidence_band(share, se, level, band)
            parts.append(pd.DataFrame({**key, "day": wanted, "estimate": share, "se": se, "low": low, "high": high}))
        return pd.concat(parts, ignore_index=True)

    def _each(
        self, function: Callable[[Any, float], Array], at: At | None
    ) -> Iterator[tuple[dict[str, Any], Array, Array]]:
        """For each set of covariates: its values, the function of the distribution there, and its standard error."""
        covariance = self.covariance.to_numpy()
        for key, terms in self._covariates(at):
            predictors, slopes = self._predictors(terms)
            if not np.isfinite(list(predictors.values())).all() or max(map(abs, predictors.values())) > _FARTHEST:
                raise ValueError(
                    f"At {key} the fit is far beyond any number of days: such people are unlike those of the fit."
                )
            with np.errstate(all="ignore"):  # an infinite day has no slope
                step = 1e-5
                moved = [
                    [self._distribution(predictors | {name: predictors[name] + sign * step}) for sign in (1, -1)]
                    for name in predictors
                ]
                change = np.column_stack([(function(*up) - function(*down)) / (2 * step) for up, down in moved])
                gradient = change @ slopes
                error = np.sqrt(np.maximum(np.einsum("ki,ij,kj->k", gradient, covariance, gradient), 0))
                yield key, function(*self._distribution(predictors)), error

    def _predictors(self, terms: Mapping[str, Array]) -> tuple[dict[str, float], Array]:
        """Each parameter on the scale of the search at these terms, and how it changes with each of params."""
        predictors, slopes, begin = {}, np.zeros((len(self._likelihood.parts), len(self.params))), 0
        for row, part in enumerate(self._likelihood.parts):
            own = slice(begin, begin := begin + len(part.names))
            values = self.params.to_numpy(float)[own]
            if part.matrix is None:
                predictors[part.parameter] = float(part.searched(values)[0])
                slopes[row, own] = {"identity": 1.0, "log": 1 / values, "logit": 1 / (values * (1 - values))}[part.link]
            else:
                predictors[part.parameter] = float(terms[part.parameter] @ values)
                slopes[row, own] = terms[part.parameter]
        return predictors, slopes

    def _distribution(self, predictors: Mapping[str, float]) -> tuple[Any, float]:
        """The distribution, and the share never diagnosed."""
        links = {part.parameter: LINKS[part.link][0] for part in self._likelihood.parts}
        values = {name: float(links[name](value)) for name, value in predictors.items()}
        family = FAMILIES[self.family]
        return family.distribution(*(values[name] for name in family.parameters)), values.get(NEVER, 0.0)

    def _covariates(self, at: At | None) -> Iterator[tuple[dict[str, Any], dict[str, Array]]]:
        """Each row of `at`, and the terms that each formula makes of it."""
        if not self._designs:
            if at is not None:
                raise ValueError("The fit has no formula, so delays are the same for everybody: leave at= out.")
            yield {}, {}
            return
        if at is None:
            needed = ", ".join(sorted({v for d in self._designs.values() for v in variables(str(d.spec.formula))}))
            raise ValueError(f"The fit has a formula: say for whom with at=, a dictionary or a frame with {needed}.")
        rows = new_rows(at).reset_index(drop=True)
        terms = {name: design_at(one, rows) for name, one in self._designs.items()}
        for i, key in enumerate(rows.to_dict("records")):
            yield {str(name): value for name, value in key.items()}, {name: made[i] for name, made in terms.items()}


def _interval(value: float, se: float, link: str) -> tuple[float, float]:
    half = norm.isf(0.025) * se
    if link == "logit":
        (low,), (high,) = confidence_band(np.array([value]), np.array([se]), 0.95, "logit")
        return float(low), float(high)
    if link == "log":
        with np.errstate(over="ignore"):
            return float(value * np.exp(-half / value)), float(value * np.exp(half / value))
    return float(value - half), float(value + half)
