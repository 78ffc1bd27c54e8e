"""Parametric delay distributions, fitted to counted spells of every censoring and truncation by maximum likelihood."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .delay_fits import DelayFit
from .errors import did_you_mean
from .families import FAMILIES, Family
from .formulas import Design, design, variables
from .likelihood import NEVER, Likelihood, Part
from .maximum import maximise
from .risk_sets import DEFAULTS, check_spells, refuse_limits_with_causes, single_event
from .windows import Onset

Array = NDArray[np.float64]


def fit_delay(
    spells: pd.DataFrame,
    family: str = "lognormal",
    formula: str | None = None,
    growth: float = 0.0,
    cohort_growth: float = 0.0,
    never_diagnosed: bool = False,
    fixed: Mapping[str, float] | None = None,
    event: str | None = None,
    scale_formula: str | None = None,
) -> DelayFit:
    """Fit a delay distribution to counted spells by maximum likelihood.

    spells           exact, right-, left-, interval- and doubly interval-censored ends, delayed entry and limits, row by row
    family           exponential (scale), weibull (shape, scale), lognormal (mu, sigma), loglogistic (shape, scale), gamma
                     (shape, scale) or generalized_gamma (mu, sigma, q: Prentice 1974)
    formula          a right-hand side in columns of the spells, for the location: mu, else the log of scale. One coefficient a
                     term (`sex[T.M]`), in logs of days: positive = longer. Made by `spells(..., by=[...])`
    growth           a day: onsets inside a window of time zero are as dense as exp(growth * day); 0 for equal days
    cohort_growth    a day: people were sampled by the day of their diagnosis while incidence grew (fell, if negative) as
                     exp(cohort_growth * day), so that delays appear with density f(t) exp(-cohort_growth t) / its integral. It
                     goes without `growth`, which it includes
    never_diagnosed  also fit a share of people whose delay never ends (not identified with limits, so refused there)
    fixed            parameters to hold, {"shape": 1.0}
    event            as in `kaplan_meier`: others are censorings
    scale_formula    likewise for the log of sigma or shape; its coefficients are called `log sigma: sex[T.M]`

    With G the distribution of the time since the start of time zero's window, a row's likelihood is
    [G(upper) - G(lower)] / [G(limit) - G(entry)], the density of G where lower = upper. Raises ValueError for an end on day 0
    exactly, where a density may not exist (spells(..., whole_days=True) makes days of it), for a search that does not end, and
    for growth where it has no meaning.
    """
    if family not in FAMILIES:
        raise ValueError(f"No family {family!r}{did_you_mean(family, FAMILIES)}; there are {', '.join(FAMILIES)}.")
    one = FAMILIES[family]
    covariates = _covariates(formula, scale_formula)
    frame = check_spells(spells, covariates)
    event = single_event(frame, event, "fit_delay")
    refuse_limits_with_causes(frame, event)
    frame = _counted(_as_censored(frame, event), covariates)
    _refuse(frame, never_diagnosed, narrows=family != "exponential" and not fixed)
    _refuse_growth(frame, growth, cohort_growth, never_diagnosed, bool(covariates))
    designs = _designs(one, frame, formula, scale_formula)
    likelihood = Likelihood(one, frame, _parts(one, designs, never_diagnosed), fixed, Onset(growth), cohort_growth)
    return DelayFit.of(likelihood, designs, *maximise(likelihood))


def _covariates(formula: str | None, scale_formula: str | None) -> list[str]:
    asked = {"formula": formula, "scale_formula": scale_formula}
    return sorted({name for what, given in asked.items() if given is not None for name in variables(given, what)})


def _as_censored(frame: pd.DataFrame, event: str) -> pd.DataFrame:
    """Ends by another cause as censorings; one known only to an interval was certainly still waiting at its start."""
    other = (frame["cause"] != event) & np.isfinite(frame["upper"])
    return frame.assign(upper=frame["upper"].mask(other, np.inf))


def _counted(frame: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """One row for each distinct spell, so that the work does not grow with the people."""
    alike = ["lower", "upper", *(name for name in DEFAULTS if name != "n"), *covariates]
    return frame.groupby(alike, dropna=False, sort=False, observed=True)[["n"]].sum().reset_index()


def _refuse(frame: pd.DataFrame, never_diagnosed: bool, narrows: bool) -> None:
    """Refuse what has no likelihood, or none with a top; `narrows` where the family can close in on one day."""
    zero = frame["upper"] == 0
    if zero.any():
        raise ValueError(
            f"{int(frame.loc[zero, 'n'].sum()):,} people end on day 0 exactly, where a delay distribution has no density. Dates "
            "are days of width one: make the spells with spells(..., whole_days=True)."
        )
    if never_diagnosed and np.isfinite(frame["limit"]).any():
        raise ValueError(
            "never_diagnosed cannot be fitted to spells with a limit: people who never end are never in such data, so nothing in "
            "them says how many there are."
        )
    exact = frame["upper"][(frame["lower"] == frame["upper"]) & (frame["window"] == 0)]
    last = frame["lower"].max()
    if narrows and len(exact) and len(exact) == np.isfinite(frame["upper"]).sum() and (exact == last).all():
        raise ValueError(
            f"All ends lie on day {last:g} exactly, so that every narrower distribution around it fits better and none "
            "best. Dates are days of width one: make the spells with spells(..., whole_days=True)."
        )
    if not np.isfinite(frame["upper"]).any():
        raise ValueError(
            "Nobody's spell ended, so no delay distribution can be fitted: every longer delay fits better."
        )


def _refuse_growth(frame: pd.DataFrame, growth: float, cohort_growth: float, never: bool, covariates: bool) -> None:
    for name, value in (("growth", growth), ("cohort_growth", cohort_growth)):
        if not np.isfinite(value):
            raise ValueError(f"{name} is {value!r}; it is a rate per day, such as 0.01 (doubling in ten weeks).")
    if growth != 0 and not (frame["window"] > 0).any():
        raise ValueError(
            f"growth is {growth:g}, but every time zero is known to the day: there is no window for onsets to grow in. Make the "
            "spells with imprecise='keep'; for people sampled by date of diagnosis it is cohort_growth."
        )
    if cohort_growth == 0:
        return
    refused = {
        "growth: that onsets crowd late in a window is already in it": growth != 0,
        "spells with limits, which already absorb it: leave it at 0": np.isfinite(frame["limit"]).any(),
        "spells without an end: people sampled by the date of their diagnosis all have one": np.isinf(
            frame["upper"]
        ).any(),
        "never_diagnosed: people sampled by the date of their diagnosis all have one": never,
        "covariates: fit each group on its own": covariates,
    }
    for why, applies in refused.items():
        if applies:
            raise ValueError(f"cohort_growth is {cohort_growth:g}, which cannot go with {why}.")


def _designs(family: Family, frame: pd.DataFrame, formula: str | None, scale_formula: str | None) -> dict[str, Design]:
    """The terms of each parameter that has a formula."""
    if scale_formula is not None and family.spread is None:
        raise ValueError(f"The {family.name} has no parameter but its scale: scale_formula cannot be fitted.")
    asked = {family.location: ("formula", formula), str(family.spread): ("scale_formula", scale_formula)}
    designs = {name: design(given, frame, what) for name, (what, given) in asked.items() if given is not None}
    for name, one in designs.items():
        if not one.names:
            raise ValueError(
                f"{asked[name][0]} is {asked[name][1]!r}, which has no term; '1' gives everybody the same."
            )
        for term in one.names:
            if term in (*family.parameters, NEVER):
                raise ValueError(
                    f"A covariate is called {term!r}, as is a parameter of the {family.name}: rename the column, so that they "
                    "can be told apart."
                )
    return designs


def _parts(family: Family, designs: Mapping[str, Design], never_diagnosed: bool) -> list[Part]:
    """The parameters in order; with a formula the location's terms come first."""
    links = {
        name: "log" if positive else "identity"
        for name, positive in zip(family.parameters, family.positive, strict=True)
    }
    if never_diagnosed:
        links[NEVER] = "logit"
    parts = []
    for name, link in sorted(links.items(), key=lambda item: item[0] != family.location and bool(designs)):
        terms = designs.get(name)
        if terms is None:
            parts.append(Part(name, link, [name]))
        else:
            prefix = "" if name == family.location else f"log {name}: "
            parts.append(Part(name, link, [prefix + term for term in terms.names], terms.matrix))
    return parts
