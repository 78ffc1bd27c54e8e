"""Numbers of simulated people whose truth is known: what an estimator is after, and what it really is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from firstsign.curves import kaplan_meier
from firstsign.lives import BLOCK, block
from firstsign.scenarios import Scenario
from firstsign.switches import changed, times, to

FIVE_YEARS = 1826
LONG_WAIT, LONG_FOR_HELP, YEAR = 60, 14, 365
QUICKER = 0.2  # waits as they would have been: a fifth
BATCHES = 20
COLUMNS = (
    *("first_symptom", "first_presentation", "screening_test", "planned_diagnosis"),
    *("diagnosis", "treatment", "death", "group"),
)
WAITS_UP_TO_DIAGNOSIS = ("patient_interval", "gap_between_visits", "referral_to_diagnosis", "after_missed_test")


@dataclass(frozen=True)
class Estimand:
    """A number, and how it is computed from lives that are known whole.

    name       by which estimators say what they are after
    unit       "share" or "days"
    what       in words
    measure    lives to the number. Lives are a frame, one row for everybody in whom the disease gives a first sign, milestones
               in days since its onset, infinite where they never come: first_symptom, first_presentation, screening_test,
               planned_diagnosis (had they lived), diagnosis, treatment, death; group (number of the first symptom's), and
               death_otherwise
    otherwise  the scenario as it would have been: `death_otherwise` is the death of the same lives in it
    """

    name: str
    unit: str
    what: str
    measure: Callable[[pd.DataFrame], float]
    otherwise: Callable[[Scenario], Scenario] | None = None


def estimands() -> pd.DataFrame:
    """The numbers whose truth is known in a simulated world, by which `scorecard` marks estimators: name, unit, what it is."""
    return pd.DataFrame([{"name": one.name, "unit": one.unit, "what": one.what} for one in ESTIMANDS.values()])


def truths(
    asked: Iterable[Estimand], scenario: Scenario, people: int, seed: int
) -> dict[Estimand, tuple[float, float]]:
    """Each number among many lives of a scenario, and its Monte-Carlo standard error, from twenty parts of them.

    Nobody is sampled and nothing is recorded: biases of the data and of the records play no part. NaN where there is nobody
    whom the number is about.
    """
    lives, found = known_lives(scenario, people, seed), {}
    shown = lives[np.isfinite(lives["first_symptom"]) | np.isfinite(lives["screening_test"])]
    for one in asked:
        if one.otherwise is not None:
            shown = shown.assign(death_otherwise=known_lives(one.otherwise(scenario), people, seed)["death"])
        parts = [one.measure(shown.iloc[start::BATCHES]) for start in range(BATCHES)]
        found[one] = one.measure(shown), float(np.std(parts, ddof=1) / np.sqrt(BATCHES))
    return found


def known_lives(scenario: Scenario, people: int, seed: int) -> pd.DataFrame:
    """Whole blocks of at least so many lives with the disease, by the number of each life, from onset to death."""
    diseased = changed(scenario, [("disease_share", to(1.0))])
    frames = []
    for number in range(-(-people // BLOCK)):
        lived = block(diseased, seed, number, benign=False)
        frames.append(pd.DataFrame({name: lived[name] for name in COLUMNS}, index=lived["life"]))
    return pd.concat(frames)


def with_shorter_waits(scenario: Scenario) -> Scenario:
    """Everybody waits a fifth as long at each step up to the diagnosis, emergencies apart."""
    return changed(scenario, [(wait, times(QUICKER)) for wait in WAITS_UP_TO_DIAGNOSIS])


def without_screening(scenario: Scenario) -> Scenario:
    """Nobody is screened."""
    return changed(scenario, [("screening_coverage", to(0.0))])


def _delay(lives: pd.DataFrame) -> pd.Series:
    """Days from the first symptom to the diagnosis, had they lived, of everyone with a symptom."""
    symptomatic = lives[np.isfinite(lives["first_symptom"])]
    return symptomatic["planned_diagnosis"] - symptomatic["first_symptom"]


def _long_for_help(lives: pd.DataFrame) -> float:
    """Those who died within the two weeks, before any visit, are left out: nobody knows how long they would have waited."""
    symptomatic = lives[np.isfinite(lives["first_symptom"])]
    waited, lived = (symptomatic[name] - symptomatic["first_symptom"] for name in ("first_presentation", "death"))
    known = np.isfinite(waited) | (lived > LONG_FOR_HELP)
    return float((waited > LONG_FOR_HELP)[known].mean())


def _five_years(lives: pd.DataFrame) -> float:
    found = lives[np.isfinite(lives["diagnosis"])]
    return float((found["death"] - found["diagnosis"] > FIVE_YEARS).mean())


def _screening_gains(lives: pd.DataFrame) -> float:
    found = lives[np.isfinite(lives["screening_test"]) & np.isfinite(lives["diagnosis"])]
    return _difference(found, found["screening_test"])


def _waiting_costs(lives: pd.DataFrame) -> float:
    symptomatic = lives[np.isfinite(lives["first_symptom"])]
    alike = symptomatic[symptomatic["group"] == symptomatic["group"].mode().iloc[0]]
    since = alike["first_symptom"]
    return _difference(
        alike[(alike["planned_diagnosis"] > since + LONG_WAIT) & (alike["death"] > since + LONG_WAIT)], since
    )


def _difference(lives: pd.DataFrame, since: pd.Series) -> float:
    """Alive five years after a day, as it was, minus as it would have been."""
    end = since.loc[lives.index] + FIVE_YEARS
    return float((lives["death"] > end).mean() - (lives["death_otherwise"] > end).mean())


def _treated_differ(lives: pd.DataFrame) -> float:
    """Each person is among the untreated up to the treatment and among the treated from then on."""
    found = lives[np.isfinite(lives["diagnosis"])]
    days, starts = found["death"] - found["diagnosis"], found["treatment"] - found["diagnosis"]
    ever = np.isfinite(starts)
    treated = pd.DataFrame({"lower": days, "upper": days, "entry": starts})[ever & (days > starts)]
    untreated = pd.DataFrame({"lower": np.minimum(days, starts), "upper": days.where(~ever, np.inf)})
    return _alive(treated) - _alive(untreated)


def _alive(spells: pd.DataFrame) -> float:
    """Of people followed to their death, the share alive after five years."""
    if spells.empty:
        return float("nan")
    counted = spells.groupby(list(spells)).size().rename("n").reset_index()
    curve = kaplan_meier(counted)
    return float(curve.loc[curve["day"] <= FIVE_YEARS, "estimate"].min())


_ALL = (
    Estimand(
        "waiting after 60 days",
        "share",
        "share of people with a symptom who have no diagnosis 60 days after it, had they lived",
        lambda lives: float((_delay(lives) > LONG_WAIT).mean()),
    ),
    Estimand(
        "median delay",
        "days",
        "median days from the first symptom to the diagnosis, had they lived",
        lambda lives: float(_delay(lives).median()),
    ),
    Estimand(
        "mean delay within a year",
        "days",
        "mean days from the first symptom to the diagnosis, a year at most",
        lambda lives: float(_delay(lives).clip(upper=YEAR).mean()),
    ),
    Estimand(
        "help after two weeks",
        "share",
        "share of people with a symptom who present it more than 14 days later",
        _long_for_help,
    ),
    Estimand("five-year survival", "share", "share of people alive five years after their diagnosis", _five_years),
    Estimand(
        "gain by screening",
        "share",
        "of people found by screening, the share alive five years after the test, minus the share of the same lives had nobody "
        "been screened",
        _screening_gains,
        without_screening,
    ),
    Estimand(
        "effect of waiting",
        "share",
        "of people with the commonest kind of first symptom who wait more than 60 days for the diagnosis, the share alive five "
        "years after the symptom, minus the share of the same lives had every wait been a fifth as long (which is not "
        "the contrast of longer with shorter waits that the estimators beside it take for it)",
        _waiting_costs,
        with_shorter_waits,
    ),
    Estimand(
        "treated against untreated",
        "share",
        "survival five years after the diagnosis at the death rates of treated people, minus that at the death rates of "
        "untreated people, each counted while they are so",
        _treated_differ,
    ),
)
ESTIMANDS = {one.name: one for one in _ALL}
