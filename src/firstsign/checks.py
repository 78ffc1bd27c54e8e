"""What must hold between the columns of a cohort. Each check takes typed columns and gives problems."""

from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from .columns import first_listed
from .dates import distinct_values, stamp_offsets
from .problems import problem_rows
from .vocabulary import MILESTONES, NO_SYMPTOM, PATHWAY

# 12 months have a first and a fifteenth each
HEAPED_DAYS, BY_CHANCE = (1, 15), 24 / 365.25
HEAPING_P, HEAPING_DATES, HEAPING_FACTOR = 0.001, 20, 2
LONGEST_LIFE_DAYS = 120 * 365.25
Windows = Mapping[str, pd.DataFrame]


def order_problems(windows: Windows) -> list[pd.DataFrame]:
    """Milestones that cannot have come in the order they must: the intervals between them are negative.

    Reversed is what is reversed on every reading: the later one's latest day lies before the earlier one's earliest.
    """
    found = []
    for place, name in enumerate(PATHWAY):
        found += [_reversed(windows, before, name, name) for before in PATHWAY[:place]]
    for end in ("death", "last_seen"):
        found += [_reversed(windows, name, end, name) for name in MILESTONES if name not in ("death", end)]
    return _first_per_row([part for part in found if len(part)])


def _reversed(windows: Windows, before: str, after: str, blamed: str) -> pd.DataFrame:
    if before not in windows or after not in windows:
        return pd.DataFrame()
    first, last = windows[before]["earliest"], windows[after]["latest"]
    places = np.flatnonzero((last < first).to_numpy())
    if blamed == after:
        values, other, rule = last.iloc[places], first.iloc[places], f"a day not before {before}"
    else:
        values, other, rule = first.iloc[places], last.iloc[places], f"a day not after {after}"
    return problem_rows(places, blamed, values, [f"{rule} ({day:%Y-%m-%d})" for day in other])


def _first_per_row(parts: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """One problem per row and column is enough: diagnosis before the symptom is before the visit as well."""
    if not parts:
        return []
    return [pd.concat(parts, ignore_index=True).drop_duplicates(["position", "column"], ignore_index=True)]


def unbounded_problems(wide: Windows) -> list[pd.DataFrame]:
    """Milestones that happened with nothing to say by when, after `dates.widen`."""
    found = []
    for name, window in wide.items():
        places = np.flatnonzero((window["happened"] & window["latest"].isna()).to_numpy())
        advice = (
            "a date or a range, or a later milestone, death, last_seen or observed_until: it happened on a day not known, "
            "and nothing in the row bounds it, that is, says by when"
        )
        found.append(problem_rows(places, name, "XXXX or a range open to the right", advice))
    return [part for part in found if len(part)]


def observation_problems(plain: pd.DataFrame, windows: Windows) -> list[pd.DataFrame]:
    """Dates outside the person's observation: legal, but not counted as one might think."""
    found = []
    start, end = plain.get("observed_from"), plain.get("observed_until")
    if start is not None and end is not None:
        places = np.flatnonzero((end < start).to_numpy())
        found.append(problem_rows(places, "observed_until", end.iloc[places], "a day not before observed_from"))
    for name, window in windows.items():
        if end is not None:
            places = np.flatnonzero((window["earliest"] > end).to_numpy())
            advice = "a day not after observed_until; it counts as not yet reached"
            found.append(problem_rows(places, name, window["earliest"].iloc[places], advice, "warning"))
        if start is not None and name != "first_symptom":
            places = np.flatnonzero((window["latest"] < start).to_numpy())
            advice = "a day not before observed_from; it was known before observation began"
            found.append(problem_rows(places, name, window["latest"].iloc[places], advice, "warning"))
    return [part for part in found if len(part)]


def lifetime_problems(windows: Windows) -> list[pd.DataFrame]:
    """Milestones more than a long life after the first symptom."""
    if "first_symptom" not in windows:
        return []
    found = []
    for name, window in windows.items():
        days = (window["earliest"] - windows["first_symptom"]["latest"]).dt.days.to_numpy(dtype=float)
        places = np.flatnonzero(days > LONGEST_LIFE_DAYS)
        found.append(
            problem_rows(
                places, name, window["earliest"].iloc[places], "at most 120 years after first_symptom", "warning"
            )
        )
    return [part for part in found if len(part)]


def heaping_problems(windows: Windows) -> list[pd.DataFrame]:
    """First symptoms dated to the 1st or 15th more often than chance allows: guessed days, rounded memories."""
    if "first_symptom" not in windows:
        return []
    window = windows["first_symptom"]
    exact = window["earliest"][(window["earliest"] == window["latest"]).to_numpy()]
    heaped, dates = int(exact.dt.day.isin(HEAPED_DAYS).sum()), len(exact)
    if dates < HEAPING_DATES or heaped < HEAPING_FACTOR * BY_CHANCE * dates:
        return []
    if binomtest(heaped, dates, BY_CHANCE, alternative="greater").pvalue >= HEAPING_P:
        return []
    value = f"{heaped:,} of {dates:,} exact dates ({heaped / dates:.0%}) are day 1 or 15 of a month"
    advice = f"about {BY_CHANCE:.0%} by chance; where the day was guessed, write the month alone (2024-03)"
    return [problem_rows(None, "first_symptom", value, advice, "warning")]


def stage_problems(plain: pd.DataFrame) -> list[pd.DataFrame]:
    """Stage 4 is distant spread: the two columns should say the same."""
    if "stage" not in plain or "metastatic_at_diagnosis" not in plain:
        return []
    spread = plain["metastatic_at_diagnosis"]
    contrary = ((plain["stage"] == 4) != spread).fillna(False).to_numpy(dtype=bool)
    places = np.flatnonzero(contrary)
    values = [
        f"{truth}, with stage {stage}"
        for truth, stage in zip(spread.iloc[places], plain["stage"].iloc[places], strict=True)
    ]
    found = problem_rows(
        places, "metastatic_at_diagnosis", values, "true with stage 4, false with stages 1 to 3", "warning"
    )
    return [found] if len(found) else []


def symptom_problems(plain: pd.DataFrame, groups: Mapping[str, str], known_groups: list[str]) -> list[pd.DataFrame]:
    """Symptoms and groups that the vocabulary does not have, and groups that do not hold the first symptom.

    groups  symptom -> group
    """
    found = []
    allowed = [*known_groups, *([] if NO_SYMPTOM in known_groups else [NO_SYMPTOM])]
    if "symptoms" in plain:
        found += _unknown_words(plain["symptoms"], list(groups), "symptom", split=True)
    if "first_symptom_group" in plain:
        found += _unknown_words(plain["first_symptom_group"], allowed, "symptom group", split=False)
    if "symptoms" in plain and "first_symptom_group" in plain:
        given, implied = plain["first_symptom_group"], first_listed(plain["symptoms"]).map(groups)
        places = np.flatnonzero((given.isin(allowed) & implied.notna() & (given != implied)).to_numpy())
        advice = [f"{group!r}, the group of the symptom listed first" for group in implied.iloc[places]]
        found.append(problem_rows(places, "first_symptom_group", given.iloc[places], advice, "warning"))
    return [part for part in found if len(part)]


def _unknown_words(values: pd.Series, words: list[str], kind: str, split: bool) -> list[pd.DataFrame]:
    codes, distinct = distinct_values(values)
    wrong = [
        [word for word in (str(text).split(";") if split else [str(text)]) if word not in words] for text in distinct
    ]
    bring = "for another disease give one's own list: vocabulary='symptoms.yml', in the form of data/vocabulary/symptoms.yml"
    if distinct and all(wrong):
        shown = ", ".join(dict.fromkeys(word for text in wrong for word in text))
        known = ", ".join(words)
        if len(distinct) > 1 or not get_close_matches(wrong[0][0], words, n=1, cutoff=0.75):
            text = f"{shown[:120]} (no value of the column is known)"
            return [problem_rows(None, str(values.name), text, f"a {kind} of the vocabulary ({known[:400]}); {bring}")]
    places = np.flatnonzero(np.array([*map(bool, wrong), False])[codes])
    advice = [f"{'; '.join(_nearest(word, words, kind) for word in wrong[code])}" for code in codes[places]]
    return [problem_rows(places, str(values.name), [", ".join(wrong[code]) for code in codes[places]], advice)]


def _nearest(word: str, words: list[str], kind: str) -> str:
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    return f"a known {kind}" + (f"; is {near[0]!r} meant?" if near else f": {', '.join(words)}")


def zone_problems(raw: pd.DataFrame) -> list[pd.DataFrame]:
    """Date-times with and without a zone, or zones further apart than summer time can explain."""
    dated = [name for name in raw.columns if str(name).removesuffix("_earliest").removesuffix("_latest") in MILESTONES]
    dated += [name for name in ("observed_from", "observed_until") if name in raw.columns]
    stamps = {str(name): stamp_offsets(raw[name]) for name in dated}
    offsets = pd.concat(stamps) if stamps else pd.Series(dtype="float64")
    zoned = offsets.dropna()
    bare = len(offsets) - len(zoned)
    if len(zoned) and bare:
        rarer = (offsets.isna() if bare <= len(zoned) else offsets.notna()).to_numpy()
        advice = f"date-times that all have a zone or all have none ({len(zoned):,} have one, {bare:,} have not); or days alone"
        return [_zone_problem(raw, offsets.index[rarer], advice)]
    if len(zoned) and zoned.max() - zoned.min() > 60:
        far = ((zoned - zoned.mode().iloc[0]).abs() > 60).to_numpy()
        away = zoned.index[far] if far.any() else zoned.index[(zoned == zoned.max()).to_numpy()]
        advice = f"one time zone: the offsets run from {zoned.min() / 60:+g} to {zoned.max() / 60:+g} hours; write days alone"
        return [_zone_problem(raw, away, advice)]
    return []


def _zone_problem(raw: pd.DataFrame, places: pd.Index, advice: str) -> pd.DataFrame:
    """One problem for the whole file, shown at the first date-time that differs from the rest."""
    column, row = places[0]
    return problem_rows([int(row)], str(column), [str(raw[str(column)].iloc[int(row)])], advice)
