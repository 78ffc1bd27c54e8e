"""How good is an estimator under each bias: how far off on average, and how often its interval holds the truth."""

import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from firstsign.bands import check_level
from firstsign.biases import BIASES, WORLD, checked_biases, switched
from firstsign.draws import Array
from firstsign.errors import did_you_mean
from firstsign.estimands import ESTIMANDS, Estimand, truths
from firstsign.lives import MILESTONES
from firstsign.scenarios import flatten, load_scenario
from firstsign.shares import wilson
from firstsign.simulate import simulate, whole
from firstsign.usual_estimators import Estimator, Triple, usual_estimators

NONE, ALL = "none", "all"
TRUTH_PEOPLE, TRUTH_SEED = 400_000, 20_261_123
CHUNK = 5  # replicates that a worker does at a time
Answer = Callable[[pd.DataFrame], Triple]
Given = Mapping[str, Estimator | tuple[str | Estimand, Answer]]


class Task(NamedTuple):
    """Some replicates under some biases: cohorts to simulate, and the functions that each is given to."""

    scenario: str
    people: int
    biases: tuple[str, ...]
    overrides: Mapping[str, Any]
    functions: tuple[Answer, ...]
    seeds: tuple[int, ...] = ()


def scorecard(
    estimators: Given | None = None,
    scenario: str = "england",
    replicates: int = 100,
    people: int = 1_000,
    seed: int = 1,
    biases: Iterable[str] | None = None,
    level: float = 0.95,
    workers: int = 1,
    **overrides: Any,
) -> pd.DataFrame:
    """Mark estimators under each bias, on many cohorts whose truth is known.

    estimators  by name: the estimand (a name of `estimands()`, or an `Estimand`) and a function from a cohort to (estimate,
                low, high), as a pair or an `Estimator`; if left out, naive and right ones of every estimand
    replicates  cohorts simulated under each bias, of so many people; the same lives under each
    biases      names as in `biases()`, each turned on alone, and "all" for all together; if left out, each alone. "none" is
                always the first: a world in which naive estimates are right, or nearly
    level       what the intervals claim to be, and that of the intervals given here
    workers     processes; the numbers do not depend on it. Takes some two seconds a cohort with the estimators given here
    overrides   parameters of the scenario, as in `simulate`

    Returns a row for each bias and estimator: under (the bias), estimator, estimand, unit (share, days), replicates, refused
    (cohorts for which the estimator gave no answer: ValueError or no interval), truth, mean_estimate, bias (the mean estimate
    minus the truth), bias_low, bias_high (Monte-Carlo, that of the truth included), coverage (share of the intervals given that
    hold the truth), coverage_low, coverage_high (Wilson). The truth is that of 400,000 lives in the same world, of whom
    everything is known: biases that change how people live change it, those of the data and the records do not. NaN where
    nobody answered or there is no truth.

    Raises ValueError for a slip in any argument; an estimator's ValueError is a refusal, any other error of it ends the run.
    """
    replicates, seed, workers = whole("replicates", replicates, 2), whole("seed", seed, 0), whole("workers", workers, 1)
    check_level(level)
    marked = checked_estimators(usual_estimators(level) if estimators is None else estimators)
    worlds, functions = _worlds(biases), tuple(function for _, function in marked.values())
    tasks = [Task(scenario, people, on, overrides, functions) for on in worlds.values()]
    found = _estimates(tasks, [_seed(seed, place) for place in range(replicates)], workers)
    asked, changes = tuple({estimand: None for estimand, _ in marked.values()}), tuple(flatten(overrides).items())
    rows = []
    for (under, on), cohorts in zip(worlds.items(), found, strict=True):
        known = _truths(asked, scenario, on, changes)
        for (name, (estimand, _)), numbers in zip(marked.items(), np.moveaxis(cohorts, 1, 0), strict=True):
            labels = {"under": under, "estimator": name, "estimand": estimand.name, "unit": estimand.unit}
            rows.append(labels | marks(numbers, *known[estimand], level))
    frame = pd.DataFrame(rows)
    frame.attrs = {"scenario": scenario, "people": people, "seed": seed, "level": level, "overrides": dict(overrides)}
    return frame


def checked_estimators(given: Given) -> dict[str, tuple[Estimand, Answer]]:
    """The estimators by name. ValueError that names every one that is none, or whose estimand is not known."""
    found, problems = {}, []
    for name, one in given.items():
        pair = (one.estimand, one.estimate) if isinstance(one, Estimator) else one
        if not (isinstance(pair, tuple) and len(pair) == 2 and callable(pair[1])):
            problems.append(f"{name!r} is {one!r}, not a pair of an estimand and a function")
            continue
        estimand = pair[0] if isinstance(pair[0], Estimand) else ESTIMANDS.get(pair[0])
        if estimand is None:
            problems.append(f"{name!r} has the estimand {pair[0]!r}{did_you_mean(str(pair[0]), ESTIMANDS)}")
        else:
            found[name] = estimand, pair[1]
    if problems or not found:
        raise ValueError(
            f"{'; '.join(problems) or 'No estimator is given'}. Give each as name: (estimand, function), the function from a "
            f"cohort to (estimate, low, high); the estimands are {', '.join(ESTIMANDS)}."
        )
    return found


def marks(numbers: Array, truth: float, error: float, level: float = 0.95) -> dict[str, Any]:
    """The columns of a scorecard from replicates of (estimate, low, high), NaN where refused; shape (replicates, 3).

    error  Monte-Carlo standard error of the truth
    """
    estimate, low, high = numbers[~np.isnan(numbers).any(axis=1)].T
    answers = len(estimate)
    mean, sd = (estimate.mean(), estimate.std(ddof=1)) if answers > 1 else (np.nan, np.nan)
    half = float(norm.isf((1 - level) / 2)) * np.hypot(sd / np.sqrt(max(answers, 1)), error)
    known = answers > 0 and not np.isnan(truth)
    holds = int(((low <= truth) & (truth <= high)).sum())
    coverage = (holds / answers, *wilson(holds, answers, level)) if known else (np.nan,) * 3
    return {
        "replicates": len(numbers),
        "refused": len(numbers) - answers,
        "truth": truth,
        "mean_estimate": mean,
        "bias": mean - truth,
        "bias_low": mean - truth - half,
        "bias_high": mean - truth + half,
        **dict(zip(("coverage", "coverage_low", "coverage_high"), coverage, strict=True)),
    }


@cache
def _truths(
    asked: tuple[Estimand, ...], scenario: str, on: tuple[str, ...], overrides: tuple[tuple[str, Any], ...]
) -> dict[Estimand, tuple[float, float]]:
    """Each truth, and its Monte-Carlo error, where these biases are on as far as they change how people live."""
    world = [name for name in on if BIASES[name].kind == WORLD]
    ready = switched(load_scenario(scenario, dict(overrides)), world, dict(overrides))
    return truths(asked, ready, TRUTH_PEOPLE, TRUTH_SEED)


def _worlds(biases: Iterable[str] | None) -> dict[str, tuple[str, ...]]:
    """The biases that are on in each part of the card: none, each alone, and all if that is asked for."""
    asked = list(BIASES) if biases is None else [biases] if isinstance(biases, str) else list(biases)
    alone = checked_biases([name for name in asked if name not in (NONE, ALL)])
    return {NONE: (), **{name: (name,) for name in alone}, **({ALL: tuple(BIASES)} if ALL in asked else {})}


def _seed(seed: int, place: int) -> int:
    return int(np.random.SeedSequence(seed, spawn_key=(place,)).generate_state(1)[0])


def _estimates(tasks: Sequence[Task], seeds: Sequence[int], workers: int) -> Array:
    """What comes out of each task with these seeds, shape (tasks, seeds, functions, 3)."""
    parts = [
        task._replace(seeds=tuple(seeds[start : start + CHUNK]))
        for task in tasks
        for start in range(0, len(seeds), CHUNK)
    ]
    if workers == 1:
        found = [answers(part) for part in parts]
    else:
        refuse_what_no_worker_can_have(tasks[0].functions)
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            found = list(pool.map(answers, parts))
    return np.concatenate(found).reshape(len(tasks), len(seeds), -1, 3)


def answers(task: Task) -> Array:
    """Estimate, low and high of each function for each seed's cohort, shape (seeds, functions, 3); NaN where it refuses."""
    found = np.full((len(task.seeds), len(task.functions), 3), np.nan)
    for place, seed in enumerate(task.seeds):
        cohort = _with_every_milestone(simulate(task.people, seed, task.scenario, biases=task.biases, **task.overrides))
        for number, function in enumerate(task.functions):
            try:
                triple = function(cohort.copy())
            except ValueError:
                continue
            found[place, number] = _checked(triple)
    return found


def _with_every_milestone(cohort: pd.DataFrame) -> pd.DataFrame:
    """The cohort with the columns, empty, of milestones that nobody in it has reached."""
    columns = [f"{name}_{side}" for name in (*MILESTONES, "death") for side in ("earliest", "latest")]
    never = pd.Series(pd.NaT, index=cohort.index, dtype="datetime64[ns]")
    return cohort.assign(**{name: never for name in columns if name not in cohort})


def _checked(triple: Any) -> Triple:
    if not isinstance(triple, tuple) or len(triple) != 3:
        raise TypeError(f"An estimator gave {triple!r}; it must give a tuple of three numbers: estimate, low, high.")
    return triple


def refuse_what_no_worker_can_have(functions: Iterable[Answer]) -> None:
    """Raises ValueError for functions that cannot be sent to another process."""
    for function in functions:
        try:
            pickle.dumps(function)
        except (pickle.PicklingError, AttributeError, TypeError):
            raise ValueError(
                f"{function!r} cannot be sent to another process; define it by name in a module, or give workers=1."
            ) from None
