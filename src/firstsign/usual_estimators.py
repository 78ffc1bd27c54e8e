"""What is usually computed from a cohort, and what repairs it: for each estimand a naive estimator and others beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import norm

from firstsign.curves import kaplan_meier
from firstsign.delays import fit_delay
from firstsign.estimands import FIVE_YEARS, LONG_FOR_HELP, LONG_WAIT, YEAR
from firstsign.recalled import widen_recalled
from firstsign.restricted_means import restricted_mean
from firstsign.right_truncation import right_truncated
from firstsign.shares import wilson
from firstsign.spells import spells
from firstsign.summaries import quantiles, share_longer_than

Triple = tuple[float, float, float]
FEWEST = 5  # people in a group that is compared
DELAY = "total_diagnostic"


@dataclass(frozen=True)
class Estimator:
    """What estimates which estimand: a function from a cohort to (estimate, low, high), which raises ValueError to refuse."""

    estimand: str
    estimate: Callable[[pd.DataFrame], Triple]


def usual_estimators(level: float = 0.95) -> dict[str, Estimator]:
    """The estimators that `scorecard` marks unless others are given, by name; their intervals have this level."""
    return {
        name: Estimator(estimand, partial(function, level=level))
        for estimand, functions in USUAL.items()
        for name, function in functions.items()
    }


def _row(frame: pd.DataFrame, estimate: str = "estimate") -> Triple:
    row = frame.iloc[0]
    return float(row[estimate]), float(row["low"]), float(row["high"])


def diagnosed_share(cohort: pd.DataFrame, level: float) -> Triple:
    """Of people with a diagnosis, the share whose delay is long; nothing else is looked at."""
    counted = spells(cohort, DELAY, seen="diagnosed")
    longer, people = int(counted.loc[counted["upper"] > LONG_WAIT, "n"].sum()), int(counted["n"].sum())
    return (longer / people, *wilson(longer, people, level))


def waiting_share(cohort: pd.DataFrame, level: float, entries: bool = True) -> Triple:
    """Kaplan-Meier, with or without delayed entry."""
    counted = spells(cohort, DELAY)
    return _row(share_longer_than(counted if entries else counted.assign(entry=0.0), LONG_WAIT, level=level), "share")


def reverse_time_share(cohort: pd.DataFrame, level: float) -> Triple:
    """The product limit in reverse time, of people who are in the data because they were diagnosed."""
    curve = right_truncated(spells(cohort, DELAY, seen="diagnosed"), level=level)
    return _row(curve[curve["day"] <= LONG_WAIT].tail(1))


def fitted_share(cohort: pd.DataFrame, level: float, family: str) -> Triple:
    """A family fitted to diagnosed people, each between entry and limit; half a day on, because days are whole."""
    counted = spells(cohort, DELAY, seen="diagnosed", whole_days=True)
    return _row(fit_delay(counted, family).survival(LONG_WAIT + 0.5, level=level))


def median_delay(cohort: pd.DataFrame, level: float) -> Triple:
    """Where the Kaplan-Meier curve is at a half."""
    return _row(quantiles(spells(cohort, DELAY), 0.5, level=level), "days")


def diagnosed_median(cohort: pd.DataFrame, level: float) -> Triple:
    """The median delay of people with a diagnosis."""
    return _row(quantiles(_only_diagnosed(cohort), 0.5, level=level), "days")


def mean_delay(cohort: pd.DataFrame, level: float) -> Triple:
    """The area under the Kaplan-Meier curve up to a year."""
    return _row(restricted_mean(spells(cohort, DELAY), YEAR, level=level), "mean_days")


def diagnosed_mean(cohort: pd.DataFrame, level: float) -> Triple:
    """The mean delay of people with a diagnosis, longer ones counted as a year."""
    counted = _only_diagnosed(cohort)
    days, n = np.minimum(counted["upper"], YEAR), counted["n"]
    mean = float(np.average(days, weights=n))
    half = norm.isf((1 - level) / 2) * np.sqrt(np.average((days - mean) ** 2, weights=n) / (n.sum() - 1))
    return mean, mean - float(half), mean + float(half)


def told_share(cohort: pd.DataFrame, level: float) -> Triple:
    """Days from the first symptom to the first visit as they were told, by Kaplan-Meier."""
    return _row(share_longer_than(spells(cohort, "patient"), LONG_FOR_HELP, level=level), "share")


def widened_share(cohort: pd.DataFrame, level: float) -> Triple:
    """The same as windows around round numbers, and a family fitted to them."""
    counted = spells(widen_recalled(cohort), "patient", whole_days=True)
    return _row(fit_delay(counted, "generalized_gamma").survival(LONG_FOR_HELP + 0.5, level=level))


def survival(cohort: pd.DataFrame, level: float) -> Triple:
    """Kaplan-Meier from the diagnosis."""
    return _row(share_longer_than(spells(cohort, ("diagnosis", "death")), FIVE_YEARS, level=level), "share")


def screened_against_symptomatic(cohort: pd.DataFrame, level: float) -> Triple:
    """Survival from the diagnosis of people found by screening, minus that of the others."""
    return _difference(_lives(cohort, cohort["detection"] == "screening"), level)


def by_delay_from_diagnosis(cohort: pd.DataFrame, level: float) -> Triple:
    """Survival from the diagnosis of people diagnosed after day 60, minus that of people diagnosed by then."""
    alike = _commonest_symptom(cohort)
    return _difference(_lives(alike, _delay_in_days(alike) > LONG_WAIT), level)


def by_delay_from_landmark(cohort: pd.DataFrame, level: float) -> Triple:
    """The same from the first symptom, of people alive and followed on day 60; who has no diagnosis by then has waited."""
    alike = _commonest_symptom(cohort)
    counted = _lives(alike, ~(_delay_in_days(alike) <= LONG_WAIT), since="first_symptom")
    still = counted[counted["lower"] > LONG_WAIT]
    return _difference(still.assign(entry=still["entry"].clip(lower=LONG_WAIT)), level)


def ever_treated(cohort: pd.DataFrame, level: float) -> Triple:
    """Survival from the diagnosis of people who are ever treated, minus that of people who never are."""
    return _difference(_lives(cohort, cohort["treatment_latest"].notna()), level)


def treated_by_then(cohort: pd.DataFrame, level: float) -> Triple:
    """The same with everybody among the untreated up to the treatment, and among the treated from then on."""
    starts = cohort["treatment_latest"]
    ever = starts.notna()
    treated = cohort.assign(observed_from=starts)[ever]
    until = cohort["last_seen_latest"].where(~ever, starts)
    lives_on = {f"death_{edge}": cohort[f"death_{edge}"].where(~ever) for edge in ("earliest", "latest")}
    untreated = cohort.assign(last_seen_earliest=until, last_seen_latest=until, **lives_on)
    both = _lives(treated, ever[ever]), _lives(untreated, ever & False)
    return _difference(pd.concat(both, ignore_index=True), level)


def _only_diagnosed(cohort: pd.DataFrame) -> pd.DataFrame:
    return spells(cohort, DELAY, seen="diagnosed").assign(entry=0.0, limit=np.inf)


def _commonest_symptom(cohort: pd.DataFrame) -> pd.DataFrame:
    """People whose first symptom is known and of the commonest group."""
    known = cohort[cohort["first_symptom_latest"].notna()]
    return known[known["first_symptom_group"] == known["first_symptom_group"].mode().iloc[0]]


def _delay_in_days(people: pd.DataFrame) -> pd.Series:
    return (people["diagnosis_latest"] - people["first_symptom_latest"]).dt.days


def _lives(people: pd.DataFrame, one: pd.Series, since: str = "diagnosis") -> pd.DataFrame:
    """Spells up to death of the `one` group and of the others."""
    return spells(people.assign(one=one), (since, "death"), by="one")


def _difference(counted: pd.DataFrame, level: float) -> Triple:
    """Alive after five years in the one group minus in the others, with a normal interval."""
    (share, se), (other_share, other_se) = (_alive(counted[counted["one"] == group]) for group in (True, False))
    half = float(norm.isf((1 - level) / 2)) * float(np.hypot(se, other_se))
    return share - other_share, share - other_share - half, share - other_share + half


def _alive(counted: pd.DataFrame) -> tuple[float, float]:
    """The share alive after five years and its standard error, which is not known where nobody, or everybody, has died."""
    if counted["n"].sum() < FEWEST:
        raise ValueError(f"One of two groups has {counted['n'].sum()} people; compare groups of at least {FEWEST}.")
    if counted["lower"].max() < FIVE_YEARS:
        raise ValueError("Nobody of one of two groups is followed for five years; compare survival at an earlier day.")
    curve = kaplan_meier(counted, event="death")
    died = curve[(curve["day"] <= FIVE_YEARS) & (curve["estimate"] < 1)].tail(1)
    return (float(died["estimate"].iloc[0]), float(died["se"].iloc[0])) if len(died) else (1.0, np.nan)


USUAL: Mapping[str, Mapping[str, Callable[..., Triple]]] = {
    "waiting after 60 days": {
        "share of the diagnosed": diagnosed_share,
        "Kaplan-Meier, entries ignored": partial(waiting_share, entries=False),
        "Kaplan-Meier": waiting_share,
        "right_truncated": reverse_time_share,
        "fit_delay lognormal": partial(fitted_share, family="lognormal"),
        "fit_delay generalized_gamma": partial(fitted_share, family="generalized_gamma"),
    },
    "median delay": {
        "median of the diagnosed": diagnosed_median,
        "median by Kaplan-Meier": median_delay,
    },
    "mean delay within a year": {"mean of the diagnosed": diagnosed_mean, "restricted_mean": mean_delay},
    "help after two weeks": {"share as told": told_share, "widen_recalled and fit_delay": widened_share},
    "five-year survival": {"Kaplan-Meier from diagnosis": survival},
    "gain by screening": {"screened against symptomatic": screened_against_symptomatic},
    "effect of waiting": {
        "by delay, from diagnosis": by_delay_from_diagnosis,
        "by delay, from day 60": by_delay_from_landmark,
    },
    "treated against untreated": {"ever against never": ever_treated, "treated by then": treated_by_then},
}
