"""What is compared: each line that must be shown, with our answer checked against the peers' before any time is believed."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

import firstsign as fs

from . import peers
from .people import counted, delays, doubly_censored, lives, people_file, visits
from .timing import Comparison, Peer, Timed, timed

CLOSED_FORMS = ("exponential", "weibull", "lognormal", "loglogistic", "gamma")
OTHERS = ("generalized_gamma",)
# What a skilled analyst would write for this one file and this one question.
BARE = """
SELECT region,
    date_diff('day', first_symptom_earliest, coalesce(diagnosis_earliest, least(last_seen_earliest, observed_until))) AS days,
    diagnosis_earliest IS NOT NULL AS ended,
    count(*) AS n
FROM '{path}' WHERE first_symptom_earliest IS NOT NULL GROUP BY ALL"""


def kaplan_meier(folder: Path, people: int, has: dict[str, bool]) -> Comparison:
    """Six curves from a Parquet file, reading included."""
    path = people_file(folder, people)
    found = Comparison("Kaplan-Meier by 6 regions from a Parquet file, reading included", people)
    bare = timed(lambda: duckdb.connect().execute(BARE.format(path=path)).df(), runs=5)
    ours = timed(lambda: _curves(path), runs=5)
    spells, curves = ours.answer
    checks = timed(lambda: _checks(path), runs=5)
    found.notes.append(
        f"the checks (nobody named twice, no day that stands for none) are in ours, and take {checks.seconds:.2f} s on their own"
    )
    counts = bare.answer.assign(days=bare.answer["days"].astype(float)).set_index(["region", "days", "ended"])["n"]
    mine = spells.assign(ended=spells["cause"] == "diagnosis").set_index(["region", "lower", "ended"])["n"]
    assert counts.sort_index().equals(mine.rename_axis(counts.index.names).sort_index()), "the counts differ"
    found.peers.append(Peer("bare DuckDB GROUP BY", people, bare.seconds, ours.seconds, "same counts", target=0.5))
    runs: dict[str, tuple[Callable[[], Timed], float | None]] = {
        "lifelines": (lambda: peers.lifelines_kaplan_meier(path), 6),
        "scikit-survival": (lambda: peers.sksurv_kaplan_meier(path), None),
        "R survival": (lambda: peers.in_r("kaplan_meier", peers.dates_for_r(path), runs=1), 40),
    }
    for name, (run, target) in runs.items():
        if has[name]:
            theirs = run()
            answer = theirs.answer
            if name == "R survival":  # it was given the regions as numbers
                answer["region"] = np.sort(curves["region"].unique())[answer["region"] - 1]
            far = _furthest(curves, answer, ["region", "day"], ["estimate", "low", "high"])
            found.peers.append(_peer(name, people, theirs, ours, far, 1e-9, "share and bounds", target))
    return found


def _curves(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    spells = fs.spells(path, "total_diagnostic", by="region")
    return spells, fs.kaplan_meier(spells, by="region")


def _checks(path: Path) -> None:
    from firstsign.people_sql import People

    people = People(path)
    people.refuse_days_that_stand_for_none()
    people.refuse_people_named_twice()


def cumulative_incidence(folder: Path, people: int, has: dict[str, bool]) -> Comparison:
    """Diagnosis and death as competing ends, with the variance; ours gives both causes, lifelines one."""
    rows = delays(folder, people)[["days", "cause"]]
    found = Comparison("Cumulative incidence with variance", people)
    causes = {0: "censored", 1: "diagnosis", 2: "death"}

    def ours_for(part: pd.DataFrame) -> pd.DataFrame:
        spells = counted(part)
        ended = spells["cause"] > 0
        upper = spells["days"].where(ended, np.inf)
        spells = spells.assign(lower=spells["days"], upper=upper, cause=spells["cause"].map(causes))
        curves = fs.cumulative_incidence(spells)
        return curves[curves["cause"] == "diagnosis"]

    runs: dict[str, tuple[Callable[[pd.DataFrame], Timed], float | None, float, list[str]]] = {
        "lifelines": (peers.lifelines_incidence, 100, 1e-2, ["estimate"]),  # it moves tied days apart at random
        "scikit-survival": (peers.sksurv_incidence, None, 1e-9, ["estimate"]),
        "R survival": (lambda part: peers.in_r("survfit", part), 30, 1e-9, ["estimate", "se"]),
        "R cmprsk": (lambda part: peers.in_r("cuminc", part), None, 1e-9, ["estimate"]),
    }
    return _run(found, rows, runs, ours_for, lambda ours, theirs, of: _furthest(ours, theirs, ["day"], of), has)


def interval_censored(folder: Path, people: int, has: dict[str, bool]) -> Comparison:
    """A lognormal fitted to ends known to lie between two visits."""

    def ours_for(part: pd.DataFrame) -> pd.Series:
        return fs.fit_delay(counted(part), "lognormal").params

    runs: dict[str, tuple[Callable[[pd.DataFrame], Timed], float | None, float, list[str]]] = {
        "lifelines": (peers.lifelines_interval, 20, 1e-3, ["mu", "sigma"]),
        "SurPyval": (peers.surpyval_interval, None, 1e-3, ["mu", "sigma"]),
        "R survival": (lambda part: _named(peers.in_r("interval", part)), 1, 1e-5, ["mu", "sigma"]),
    }
    found = Comparison("Interval-censored lognormal", people)
    return _run(found, visits(people), runs, ours_for, _furthest_of_terms, has)


def accelerated_failure(folder: Path, people: int, has: dict[str, bool]) -> Comparison:
    """A lognormal AFT model with one covariate of several levels."""
    rows = delays(folder, people)
    rows = rows.assign(ended=(rows["cause"] == 1).astype("int32"))[["days", "ended", "symptom"]]

    def ours_for(part: pd.DataFrame) -> pd.Series:
        table = fs.aft(_as_spells(counted(part)), "symptom", family="lognormal")
        return table.set_index("term")["estimate"]

    runs: dict[str, tuple[Callable[[pd.DataFrame], Timed], float | None, float, list[str]]] = {
        "lifelines": (peers.lifelines_aft, 20, 1e-3, []),
        "R survival": (lambda part: _named(peers.in_r("aft", part)), None, 1e-5, []),
    }
    found = Comparison("Lognormal AFT, one categorical covariate", people)
    return _run(found, rows, runs, ours_for, _furthest_of_terms, has)


def cox(folder: Path, people: int, has: dict[str, bool]) -> Comparison:
    """Survival from diagnosis by stage, detection and age in decades; Efron's ties."""
    rows = lives(folder, people)

    def ours_for(part: pd.DataFrame) -> pd.Series:
        table = fs.cox(_as_spells(counted(part)), "stage + detection + decade")
        return table.set_index("term")["estimate"]

    runs: dict[str, tuple[Callable[[pd.DataFrame], Timed], float | None, float, list[str]]] = {
        "lifelines": (peers.lifelines_cox, None, 1e-4, []),
        "scikit-survival": (peers.sksurv_cox, None, 1e-4, []),
        "R survival": (lambda part: _named(peers.in_r("cox", part)), 3, 1e-6, []),
    }
    found = Comparison("Cox, three categorical covariates", people)
    return _run(found, rows, runs, ours_for, _furthest_of_terms, has)


def right_truncated_fits(rows: int) -> list[tuple[str, float, float]]:
    """Family, seconds, and the seconds allowed: onset in a window, end in a day or a week, seen up to a limit."""
    spells = doubly_censored(rows)
    allowed = dict.fromkeys(CLOSED_FORMS, 0.5) | dict.fromkeys(OTHERS, 2.0)
    return [(family, timed(partial(fs.fit_delay, spells, family)).seconds, limit) for family, limit in allowed.items()]


# A peer that would take minutes at the size named is compared at this one.
FEWER = {
    ("Cumulative incidence with variance", "lifelines"): 100_000,
    ("Cox, three categorical covariates", "scikit-survival"): 100_000,
}


def _run(
    found: Comparison,
    rows: pd.DataFrame,
    runs: dict[str, Any],
    ours_for: Callable[[pd.DataFrame], Any],
    furthest: Callable[[Any, Any, list[str]], float],
    has: dict[str, bool],
) -> Comparison:
    """Each peer on the people, or on fewer where it would take minutes; ours is timed on the same, counting included."""
    ours: dict[int, Timed] = {}
    for name, (run, target, tolerance, of) in runs.items():
        if not has[name]:
            continue
        size = min(len(rows), FEWER.get((found.what, name), len(rows)))
        part = rows.iloc[:size]
        ours[size] = ours[size] if size in ours else timed(partial(ours_for, part))
        theirs = run(part)
        far = furthest(ours[size].answer, theirs.answer, of)
        found.peers.append(
            _peer(name, size, theirs, ours[size], far, tolerance, ", ".join(of) or "coefficients", target)
        )
    found.notes.append(f"of ours {timed(lambda: counted(rows)).seconds:.2f} s are the counting of {len(rows):,} rows")
    return found


def _peer(
    name: str, people: int, theirs: Timed, ours: Timed, far: float, tolerance: float, of: str, target: float | None
) -> Peer:
    assert far <= tolerance, f"{name} differs by {far:.2g} in {of}: no times are compared before answers agree"
    return Peer(name, people, theirs.seconds, ours.seconds, f"{of} within {tolerance:g}", target)


def _as_spells(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(lower=rows["days"], upper=rows["days"].where(rows["ended"] == 1, np.inf))


def _named(timed_in_r: Timed) -> Timed:
    return Timed(timed_in_r.seconds, timed_in_r.answer.set_index("term")["estimate"])


def _furthest(ours: pd.DataFrame, theirs: pd.DataFrame, on: list[str], of: list[str]) -> float:
    """The greatest difference on the days of ours; a peer's further days (0, or a jittered one) are not compared."""
    ours, theirs = (frame.sort_values(on[::-1]).astype({"day": float}) for frame in (ours, theirs))
    by = on[:-1] or None
    both = pd.merge_asof(ours, theirs, on="day", by=by, suffixes=("", " theirs"))
    known = both[both["estimate"].between(0, 1, inclusive="neither")]
    return float(max((known[name] - known[f"{name} theirs"]).abs().max() for name in of))


def _furthest_of_terms(ours: pd.Series, theirs: pd.Series, of: list[str]) -> float:
    """The greatest difference of a coefficient; their names differ, their order does not, but for the intercept."""
    ours, theirs = (one[of] if of else one[~one.index.str.strip("()").isin(["Intercept"])] for one in (ours, theirs))
    assert len(ours) == len(theirs), f"{list(ours.index)} and {list(theirs.index)}"
    return float(np.abs(ours.to_numpy() - theirs.to_numpy()).max())
