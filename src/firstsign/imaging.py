"""Imaging: how many tests find one case, and what a cascade of tests finds, misses, raises alarm about and costs in days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from .cascade_rounds import LEFT, MOST_ROUNDS, Round, days_to_diagnosis, median_day, times_through
from .errors import did_you_mean

Array = NDArray[np.float64]
WHEN = ("all", "positive", "negative")
_COMPARED = ("tests_per_case", "days_mean", "days_median", "missed_per_100", "false_alarms_per_1000")


def tests_per_case(prior: ArrayLike, sensitivity: ArrayLike, specificity: ArrayLike | None = None) -> pd.DataFrame:  # noqa: PT028
    """How many people are tested for each case found.

    prior, sensitivity, specificity  shares, or arrays of shares that go together; prior is that of the people tested

    Returns a row for each: prior, sensitivity, tests_per_case = 1 / (prior * sensitivity), missed_per_1000 (cases missed in
    1,000 people tested), and with a specificity also it and false_alarms_per_case. Where no case is found, a number per case is
    infinite (no false alarms for no case: NaN). Raises ValueError for what is no share and for arrays that do not go together.
    """
    given = {"prior": prior, "sensitivity": sensitivity}
    if specificity is not None:
        given["specificity"] = specificity
    check_shares(**given)
    try:
        flat = np.broadcast_arrays(*(np.atleast_1d(np.asarray(value, float)) for value in given.values()))
    except ValueError:
        lengths = ", ".join(f"{np.size(value)} of {name}" for name, value in given.items())
        raise ValueError(f"The values do not go together, row by row: {lengths}.") from None
    frame = pd.DataFrame(dict(zip(given, map(np.ravel, flat), strict=True)))
    found = frame["prior"] * frame["sensitivity"]
    frame["tests_per_case"] = ratio(1, found)
    frame["missed_per_1000"] = 1000 * frame["prior"] * (1 - frame["sensitivity"])
    if specificity is not None:
        frame["false_alarms_per_case"] = ratio((1 - frame["prior"]) * (1 - frame["specificity"]), found)
    return frame


@dataclass(frozen=True)
class Step:
    """A test in a cascade.

    sensitivity  share of those with the disease in whom it is positive; specificity: of those without, negative
    wait_days    days until its result, from the result before it or from the beginning
    when         who has it: "all", or only those whose last result was "positive" (it confirms) or "negative" (it catches what
                 was missed)
    """

    name: str
    sensitivity: float
    specificity: float
    wait_days: float = 0.0
    when: str = "all"

    def __post_init__(self) -> None:
        slips = _not_shares(sensitivity=self.sensitivity, specificity=self.specificity)
        if not _is_days(self.wait_days):
            slips.append(f"wait_days is {self.wait_days!r}; it is a number of days, 0 or more")
        if self.when not in WHEN:
            near = did_you_mean(self.when, WHEN)
            slips.append(f"when is {self.when!r}{near}; it can be {', '.join(map(repr, WHEN))}")
        _refuse(slips, f"The step {self.name!r} cannot be: ")

    def shows(self, diseased: bool, missed: bool, shared_misses: float) -> float:
        """The chance that it is positive; `missed`: whether the last result was."""
        if not diseased:
            return 1 - self.specificity
        return self.sensitivity * (1 - shared_misses * missed)


@dataclass(frozen=True, eq=False)
class Cascade:
    """What a cascade comes to; made by `cascade`. All numbers are expected ones, not rounded.

    summary  one row: people, with_disease, found_first_round, missed_first_round, found (in the end), false_alarms,
             tests_per_case (tests of all kinds and rounds for each case found in the end), days_mean and days_median (from the
             beginning to the diagnosis, of those found in the end; NaN if nobody is), missed_per_100 (of those with the
             disease, in the first round), false_alarms_per_1000 (of all people)
    tests    one row a step, over all rounds: step, done, done_in_diseased, positive, per_case
    days     day, share: the share of those with the disease who have been found by then, at each day on which it rises
    """

    summary: pd.DataFrame
    tests: pd.DataFrame
    days: pd.DataFrame

    def share_found_by(self, days: ArrayLike) -> Any:
        """The share of those with the disease who have been found by each day; a number for a number, else an array."""
        asked = np.asarray(days, float)
        before = np.searchsorted(self.days["day"], np.nan_to_num(asked, nan=-np.inf), side="right")
        share = np.where(np.isnan(asked), np.nan, np.concatenate([[0.0], self.days["share"]])[before])
        return float(share) if asked.ndim == 0 else share


def cascade(
    prior: float,
    steps: Sequence[Step],
    people: float = 1000,
    *,
    return_days: float,
    rounds: int | None = None,
    shared_misses: float = 0.0,
) -> Cascade:
    """What comes of sending people through tests one after another, exactly: every course is followed with its chance.

    prior          share of the people who have the disease
    steps          the tests in their order; the first is for "all". The last result that a person gets counts: positive is a
                   diagnosis, or a false alarm in those without the disease
    return_days    those with the disease who were missed come back so many days after their last result, and go through the
                   whole cascade again; those without it do not
    rounds         at most so often in all; None: until they are found
    shared_misses  0: given the disease, tests err independently. Else the sensitivity of a test in those with the disease
                   whose last result in this round was negative is sensitivity * (1 - shared_misses); at 1 it finds none of
                   what the test before it missed. Each round begins anew, as what was too small has grown by then

    Returns a `Cascade` with summary, tests, days and share_found_by. The mean is closed: with p the share found in a round, a
    person is missed (1 - p) / p times first. Raises ValueError for impossible steps and numbers, all at once, and where
    finding everybody would take thousands of rounds.
    """
    steps = list(steps)
    _check(prior, steps, people, return_days, rounds, shared_misses)
    ill, well = (Round.of(steps, diseased, shared_misses) for diseased in (True, False))
    _refuse_endless(ill, rounds)
    times, misses = times_through(ill, rounds)
    diseased, others = people * prior, people * (1 - prior)
    found = diseased * (1 - ill.share(False) ** rounds if rounds else float(ill.share(True) > 0))
    tests = _tests(steps, ill, well, diseased, others, times).assign(per_case=lambda each: ratio(each["done"], found))
    days = days_to_diagnosis(ill, return_days, rounds)
    summary = {
        "people": people,
        "with_disease": diseased,
        "found_first_round": diseased * ill.share(True),
        "missed_first_round": diseased * ill.share(False),
        "found": found,
        "false_alarms": others * well.share(True),
        "tests_per_case": float(ratio(tests["done"].sum(), found)),
        "days_mean": ill.mean(True) + (misses * (ill.mean(False) + return_days) if misses else 0.0),
        "days_median": median_day(days),
        "missed_per_100": 100 * ill.share(False),
        "false_alarms_per_1000": 1000 * (1 - prior) * well.share(True),
    }
    return Cascade(pd.DataFrame([summary]), tests, days)


def compare_cascades(
    prior: float,
    strategies: Mapping[str, Sequence[Step]],
    people: float = 1000,
    *,
    return_days: float,
    rounds: int | None = None,
    shared_misses: float = 0.0,
) -> pd.DataFrame:
    """Several cascades side by side, for the same people.

    strategies  name: steps; everything else as in `cascade`

    Returns a row for each: name, tests_per_case (of all kinds), days_mean, days_median, missed_per_100 and
    false_alarms_per_1000 (as in `Cascade.summary`), and for the name of each test how many of it are done for each case found,
    `<test>_per_case`. Raises ValueError as `cascade` does, saying in which.
    """
    if not strategies:
        raise ValueError("There are no cascades to compare: give a name and its steps for each.")
    rows = []
    for name, steps in strategies.items():
        try:
            one = cascade(prior, steps, people, return_days=return_days, rounds=rounds, shared_misses=shared_misses)
        except ValueError as problem:
            raise ValueError(f"In {name!r}: {problem}") from None
        of_each = one.tests.groupby("step", sort=False)["per_case"].sum(min_count=1).add_suffix("_per_case")
        rows.append({**of_each.to_dict(), "name": name, **one.summary.iloc[0][list(_COMPARED)].to_dict()})
    columns = list(dict.fromkeys(["name", *_COMPARED, *(column for row in rows for column in row)]))
    # Only a test that a cascade has not got is 0; a number per case that is not defined stays so.
    return pd.DataFrame([dict.fromkeys(columns, 0.0) | row for row in rows], columns=columns)


def _tests(
    steps: Sequence[Step], ill: Round, well: Round, diseased: float, others: float, times: float
) -> pd.DataFrame:
    """How often each test is done and positive; those with the disease go through the cascade so many times."""

    def over_rounds(once: Array) -> Array:  # what is never done stays so through endless rounds
        return np.multiply(diseased * once, times, out=np.zeros(len(once)), where=diseased * once > 0)

    in_diseased = over_rounds(ill.done)
    return pd.DataFrame(
        {
            "step": [step.name for step in steps],
            "done": in_diseased + others * well.done,
            "done_in_diseased": in_diseased,
            "positive": over_rounds(ill.positive) + others * well.positive,
        }
    )


def ratio(above: Any, below: Any) -> Any:
    """One over the other: infinite where there is nothing below, NaN where there is nothing above either."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.divide(above, below)


def check_shares(**shares: ArrayLike) -> None:
    """ValueError naming every share, or array of them, that does not lie between 0 and 1."""
    _refuse(_not_shares(**shares))


def _not_shares(**shares: Any) -> list[str]:
    slips = []
    for name, value in shares.items():
        values = np.ravel(np.asarray(value))
        if values.dtype.kind in "fiub":
            wrong = values[~((values >= 0) & (values <= 1))].tolist()
        else:
            wrong = [one for one in values.tolist() if not (isinstance(one, int | float) and 0 <= one <= 1)]
        if wrong:
            slips.append(f"{name} is {wrong[0]!r}; it is a share between 0 and 1, such as 0.05 for 5 %")
    return slips


def _refuse(slips: Sequence[str], of_what: str = "") -> None:
    if slips:
        raise ValueError(f"{of_what}{'. '.join(slips)}.")


def _is_days(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and bool(0 <= value < np.inf)


def _check(
    prior: float, steps: Sequence[Any], people: float, return_days: float, rounds: int | None, shared_misses: float
) -> None:
    slips = _not_shares(prior=prior, shared_misses=shared_misses)
    strange = [step for step in steps if not isinstance(step, Step)]
    if strange or not steps:
        slips.append(f"steps has {repr(strange[0]) if strange else 'nothing in it'}; give a Step for each test")
    elif steps[0].when != "all":
        slips.append(f"The first step, {steps[0].name!r}, is for {steps[0].when!r}, but there is no result before it")
    if not _is_days(people) or not people:
        slips.append(f"people is {people!r}; it is a number above 0")
    if not _is_days(return_days):
        slips.append(f"return_days is {return_days!r}; it is a number of days, 0 or more")
    if rounds is not None and not (isinstance(rounds, Integral) and 1 <= rounds <= MOST_ROUNDS):
        slips.append(f"rounds is {rounds!r}; it is a whole number from 1 to {MOST_ROUNDS:,}, or None")
    _refuse(slips)


def _refuse_endless(ill: Round, rounds: int | None) -> None:
    found = ill.share(True)
    if rounds is None and 0 < found < 1 - LEFT ** (1 / MOST_ROUNDS):
        raise ValueError(
            f"A round finds {found:.2g} of those with the disease: it would take more than {MOST_ROUNDS:,} rounds to find them "
            "all. Say with rounds= how often they come."
        )
