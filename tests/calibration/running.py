"""Cohorts simulated and estimates made, on several cores, and what they come to: a row for each number of a study."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import process_time
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .reasons import reason_for
from .studies import STUDIES
from .study import Study

Array = NDArray[np.float64]
SEED = 20261123
LEVEL = 0.95
COLUMNS = [
    *("estimator", "scheme", "number", "people", "cohorts", "unknown", "truth", "mean_estimate", "bias", "bias_in_se"),
    *("coverage", "lowest", "highest", "verdict", "reason"),
]
_CHUNK = 25  # cohorts at a time


def cohort(study: Study, place: int) -> Array:
    """The estimate and interval of each number of one cohort, shape (numbers, 3); NaN if the estimator refuses.

    Each cohort of each study has its own stream of random numbers, so nothing depends on what else is run, or where.
    """
    seeds = np.random.SeedSequence(SEED, spawn_key=(crc32(study.name.encode()), place))
    drawing, estimating = map(np.random.default_rng, seeds.spawn(2))
    spells = study.draw(drawing)
    try:
        found = study.estimate(spells, estimating)
    except ValueError:
        return np.full((len(study.truth), 3), np.nan)
    return np.array([found[name] for name in study.truth], float)


def cohorts(name: str, places: range) -> Array:
    """Of several cohorts, shape (cohorts, numbers, 3)."""
    return np.array([cohort(STUDIES[name], place) for place in places])


def summarise(study: Study, found: Array) -> pd.DataFrame:
    """The rows of a study, from what its cohorts gave, shape (cohorts, numbers, 3)."""
    rows = []
    for (number, truth), (estimate, low, high) in zip(study.truth.items(), np.moveaxis(found, 0, 2), strict=True):
        known = ~np.isnan(low) & ~np.isnan(high)
        covered = (low[known] <= truth) & (truth <= high[known])
        is_test = np.isnan(estimate[known]).all()
        mean, sd = (np.nan, np.nan) if is_test else (estimate[known].mean(), estimate[known].std(ddof=1))
        rows.append(
            {
                "estimator": study.estimator,
                "scheme": study.scheme,
                "number": number,
                "people": study.people,
                "cohorts": len(found),
                "unknown": int((~known).sum()),
                "truth": np.nan if is_test else truth,
                "mean_estimate": mean,
                "bias": mean - truth,
                "bias_in_se": (mean - truth) / sd,
                "coverage": covered.mean() if known.any() else np.nan,
            }
        )
    return judged(pd.DataFrame(rows))


def judged(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the limits of coverage, three binomial standard errors to each side, the verdict, and its reason."""
    rows = rows.assign(**{name: rows[name].map(_rounded) for name in ("truth", "mean_estimate", "bias", "bias_in_se")})
    rows["coverage"] = rows["coverage"].round(4)
    error = np.sqrt(LEVEL * (1 - LEVEL) / (rows["cohorts"] - rows["unknown"]).clip(lower=1))
    rows["lowest"], rows["highest"] = (LEVEL - 3 * error).round(4), (LEVEL + 3 * error).round(4)
    within = rows["coverage"].between(rows["lowest"], rows["highest"])
    often = rows["unknown"] <= 0.01 * rows["cohorts"]
    rows["verdict"] = np.where(within & often, "within", "outside")
    rows["reason"] = [
        "" if row.verdict == "within" else reason_for(row.estimator, row.scheme, row.number)
        for row in rows.itertuples()
    ]
    return rows[COLUMNS]


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def run(studies: Iterable[Study], workers: int, most: int | None = None) -> Iterator[tuple[pd.DataFrame, float]]:
    """The rows of each study, as it is done, and the seconds of processor time that it took; `most` cohorts of each."""
    # workers are started anew and read this: two of them on two cores leave nothing for threads of linear algebra
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        under_way = []
        for study in studies:
            count = min(study.cohorts, most or study.cohorts)
            chunks = [range(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]
            under_way.append((study, [pool.submit(_timed, study.name, chunk) for chunk in chunks]))
        for study, chunks in under_way:
            found, seconds = zip(*(chunk.result() for chunk in chunks), strict=True)
            yield summarise(study, np.concatenate(found)), sum(seconds)


def _timed(name: str, places: range) -> tuple[Array, float]:
    start = process_time()
    return cohorts(name, places), process_time() - start
