"""Writes the counted people from which the R scripts here make their reference numbers.

python tests/reference/inputs.py && Rscript tests/reference/curves.R tests/reference  (and delays.R, nonparametric.R and
regression.R likewise), with Debian's r-base-core, r-cran-survival, r-cran-cmprsk and r-cran-quantreg

The simulated ones come from a linear congruential generator written out below, so no library's seed matters.
"""

from math import ceil, exp, floor, inf, log
from pathlib import Path

import pandas as pd
from lifelines.datasets import load_lung, load_lupus

HERE = Path(__file__).parent


def draws(count: int, seed: int) -> list[float]:
    """Numbers between 0 and 1 (Park & Miller 1988)."""
    state, numbers = seed, []
    for _ in range(count):
        state = state * 48271 % 2147483647
        numbers.append(state / 2147483647)
    return numbers


def counted(people: pd.DataFrame) -> pd.DataFrame:
    """One row for each distinct person, with how many there are."""
    return people.groupby(list(people.columns), as_index=False).size().rename(columns={"size": "n"})


def lung() -> pd.DataFrame:
    """Loprinzi et al. 1994, as shipped in lifelines: days to death or censoring, by sex."""
    data = load_lung()
    return pd.DataFrame(
        {"group": data["sex"].map({1: "male", 2: "female"}), "end": data["time"], "ended": data["status"]}
    )


def lupus() -> pd.DataFrame:
    """Merrell & Shulman 1955, as shipped in lifelines: days from diagnosis to death or last observation, by sex."""
    data = load_lupus()
    days = (data["time_between_diagnosis_and_last_observation_(years)"] * 365.25).round().astype(int)
    return pd.DataFrame(
        {"group": data["is_male"].map({True: "male", False: "female"}), "end": days, "ended": data["dead"] * 1}
    )


def ties() -> pd.DataFrame:
    """3,000 people on 20 days, three groups, a third censored; some end on day 0."""
    u, v, w = draws(3000, 11), draws(3000, 12), draws(3000, 13)
    return pd.DataFrame(
        {
            "group": [f"g{int(x * 3)}" for x in w],
            "end": [int(20 * x**1.5) for x in u],
            "ended": [int(x < 0.67) for x in v],
        }
    )


def entry() -> pd.DataFrame:
    """800 people who come under observation late, two groups."""
    u, v, w, x = (draws(800, seed) for seed in (21, 22, 23, 24))
    starts = [int(30 * a) if b < 0.6 else 0 for a, b in zip(u, v, strict=True)]
    return pd.DataFrame(
        {
            "group": [f"g{int(a * 2)}" for a in w],
            "entry": starts,
            "end": [start + 1 + int(60 * a**2) for start, a in zip(starts, x, strict=True)],
            "ended": [int(a * 1000) % 4 > 0 for a in x],
        }
    ).astype({"ended": int})


def competing() -> pd.DataFrame:
    """2,000 people, diagnosed, dead or censored on 40 days, two groups."""
    u, v, w = (draws(2000, seed) for seed in (31, 32, 33))
    causes = ["diagnosis", "diagnosis", "diagnosis", "death", "censored"]
    return pd.DataFrame(
        {
            "group": [f"g{int(a * 2)}" for a in w],
            "end": [1 + int(40 * a**1.3) for a in u],
            "cause": [causes[int(a * 5)] for a in v],
        }
    )


def delays() -> pd.DataFrame:
    """600 delays, known to a hundredth of a day, known to a week, or censored."""
    rows = []
    for u, v, w in zip(*(draws(600, seed) for seed in (41, 42, 43)), strict=True):
        days, leaves = round(40 * (-log(u)) ** 1.25, 2) + 0.01, round(20 + 120 * w, 1)
        if days > leaves:
            rows.append((leaves, inf))
        elif v < 0.5:
            rows.append((days, days))
        else:
            rows.append((7.0 * (ceil(days / 7) - 1), 7.0 * ceil(days / 7)))
    return pd.DataFrame(rows, columns=["lower", "upper"])


def covariates() -> pd.DataFrame:
    """The same of 800 people of two sexes and many ages, to a tenth of a day; longer and less alike in men, longer with age."""
    rows = []
    for u, v, w, x, y in zip(*(draws(800, seed) for seed in (91, 92, 93, 94, 95)), strict=True):
        sex, age = "M" if x < 0.4 else "F", 40 + int(40 * y)
        days = (
            round((30 + (age - 40) / 4) * (-log(u)) ** (1.1 if sex == "F" else 1.4) * (1 if sex == "F" else 1.5), 1)
            + 0.1
        )
        leaves = round(20 + 160 * w, 1)
        week = 7.0 * (ceil(days / 7) - 1)
        ends = (leaves, inf) if days > leaves else (days, days) if v < 0.6 else (week, week + 7)
        rows.append((*ends, sex, age))
    return pd.DataFrame(rows, columns=["lower", "upper", "sex", "age"])


def observed() -> pd.DataFrame:
    """Delays as they come to be seen: from an entry on, up to a limit, or from a first symptom known to a month."""
    rows = []
    for u, v, w, x in zip(*(draws(700, seed) for seed in (51, 52, 53, 54)), strict=True):
        days, entry, limit = round(40 * (-log(u)) ** 1.25, 2) + 0.01, round(15 * w, 1), round(60 + 100 * w, 1)
        week, day = 7.0 * (ceil(days / 7) - 1), float(floor(days + 30 * x))
        if v < 0.3 and days > entry:
            rows.append((days, days, 0, entry, inf) if days <= 100 else (100.0, inf, 0, entry, inf))
        elif 0.3 <= v < 0.5 and days <= limit:
            rows.append((days, days, 0, 0, limit))
        elif 0.5 <= v < 0.7 and week + 7 <= limit:
            rows.append((week, week + 7, 0, 0, limit))
        elif 0.7 <= v < 0.85:
            rows.append((day, day + 1, 30, 0, inf) if day < 120 else (120.0, inf, 30, 0, inf))
        elif v >= 0.85 and day + 1 <= limit:
            rows.append((day, day + 1, 30, 0, limit))
    return pd.DataFrame(rows, columns=["lower", "upper", "window", "entry", "limit"]).astype(float)


def visits() -> pd.DataFrame:
    """300 people, two groups: of every fifth the day of the end is known, of the others two days of visit around it."""
    rows = []
    for i, (u, v, w, x) in enumerate(zip(*(draws(300, seed) for seed in (61, 62, 63, 64)), strict=True)):
        days, every, first = ceil(50 * (-log(u)) ** 0.8), 5 + int(30 * v), int(20 * w)
        before = first + every * (ceil((days - first) / every) - 1) if days > first else 0
        after = before + every if days > first else first
        if i % 5 == 0:
            before = after = days
        rows.append((f"g{int(x * 2)}", float(before), float(after) if after <= 120 else inf))
    people = pd.DataFrame(rows, columns=["group", "lower", "upper"])
    return people[people["lower"] <= 120]


def retrospective() -> pd.DataFrame:
    """700 people who are known because they ended by a limit of their own, two groups; the limits reach beyond the delays."""
    u, v, w = (draws(1200, seed) for seed in (71, 72, 73))
    people = pd.DataFrame(
        {
            "group": [f"g{int(a * 2)}" for a in w],
            "end": [int(25 * (-log(a)) ** 1.1) for a in u],
            "limit": [4 + int(120 * a) for a in v],
        }
    )
    return people[people["end"] <= people["limit"]].head(700)


def causes() -> pd.DataFrame:
    """900 people in three groups of unlike size, three ways of ending on 30 days, in one group sooner by diagnosis."""
    u, v, w = (draws(900, seed) for seed in (81, 82, 83))
    group = ["a" if a < 0.6 else "b" if a < 0.97 else "c" for a in w]
    ways = ["diagnosis", "diagnosis", "death", "emigration", "censored"]
    return pd.DataFrame(
        {
            "group": group,
            "end": [int((22 if name == "b" else 30) * a**1.2) for a, name in zip(u, group, strict=True)],
            "cause": [ways[int(a * 5)] for a in v],
        }
    )


def patients() -> pd.DataFrame:
    """Some 900 people of two sexes, three stages and several ages, of whom some enter late: diagnosed, dead or censored.

    They end on whole days, shared by several, and, for regressions of quantiles, at `exact`, to a thousandth of a day.
    """
    rows = []
    for u, v, w, x, y, z in zip(*(draws(900, seed) for seed in (101, 102, 103, 104, 105, 106)), strict=True):
        sex, stage, age = "MF"[int(2 * v)], ["I", "II", "III"][int(3 * w)], 40 + 3 * int(15 * x)
        pace = exp(0.3 * (sex == "M") + 0.4 * (stage == "III") - 0.01 * (age - 60))
        exact, leaves = round(30 * (-log(u)) ** 0.8 / pace, 3) + 0.01, round(10 + 90 * z, 3)
        cause = "censored" if exact > leaves else "death" if y < 0.2 else "diagnosis"
        exact, entry = min(exact, leaves), int(8 * y * v) if w < 0.4 else 0
        if entry < ceil(exact):
            rows.append((sex, stage, age, entry, ceil(exact), exact, cause))
    return pd.DataFrame(rows, columns=["sex", "stage", "age", "entry", "end", "exact", "cause"])


if __name__ == "__main__":
    for make in (
        lung,
        lupus,
        ties,
        entry,
        competing,
        delays,
        covariates,
        observed,
        visits,
        retrospective,
        causes,
        patients,
    ):
        counted(make()).to_csv(HERE / f"input_{make.__name__}.csv", index=False)
