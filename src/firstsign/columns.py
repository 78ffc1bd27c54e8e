"""Columns as they come -> columns as a cohort has them: names understood, values in their types."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
import pandas as pd

from .dates import date_windows, distinct_values
from .problems import problem_rows
from .schema import KNOWN_COLUMNS, REQUIRED, SINGLE_DAYS, expected
from .vocabulary import DETECTIONS, MILESTONES, NO_SYMPTOM, SEXES

TRUTHS = {word: True for word in ("true", "t", "yes", "y", "1", "1.0")} | {
    word: False for word in ("false", "f", "no", "n", "0", "0.0")
}
SHORT_SEXES = {"f": "female", "m": "male"}
SENTINELS = ("1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "2099-12-31")
FIRST_YEAR, LAST_YEAR = 1850, 2100
ALIASES = {"id": "person", "patient": "person", "patient_id": "person", "person_id": "person", "onset": "first_symptom",
           "symptom_onset": "first_symptom", "dx": "diagnosis", "diagnosed": "diagnosis", "gender": "sex",
           "presentation": "first_presentation"}  # fmt: skip


@dataclass
class Columns:
    """A cohort in the making.

    plain     every column that is not a milestone, in the cohort's types where it has one; `person` may be missing
    windows   by milestone: earliest, latest (datetime64[ns]), happened
    problems  what was wrong on the way
    """

    plain: pd.DataFrame
    windows: dict[str, pd.DataFrame]
    problems: list[pd.DataFrame] = field(default_factory=list)


def read_columns(raw: pd.DataFrame, made_here: bool) -> Columns:
    """Give every known column its type.

    raw        one row per person, texts or any other types
    made_here  True for a cohort that this package made: there a milestone that nobody reached has no column
    """
    problems = _name_problems(raw, made_here)
    windows = {}
    for milestone in MILESTONES:
        if (found := _milestone(raw, milestone, problems)) is not None:
            windows[milestone] = found
    milestone_columns = {f"{name}{side}" for name in MILESTONES for side in ("", "_earliest", "_latest")}
    plain = {name: raw[name] for name in raw.columns if name not in milestone_columns}
    for name in plain:
        plain[name] = _typed(plain[name], str(name), problems)
    return Columns(pd.DataFrame(plain, index=raw.index), windows, problems)


def _name_problems(raw: pd.DataFrame, made_here: bool) -> list[pd.DataFrame]:
    """Names that are missing, given twice over, or nearly right."""
    names, problems = list(raw.columns), []
    strangers = [name for name in names if name not in KNOWN_COLUMNS]
    meant = {name: likely for name in strangers if (likely := _likely(str(name))) and not _given(likely, names)}
    missing = [name for name in REQUIRED if not _given(name, names) and not (made_here and name != "person")]
    if "first_symptom" in missing and _all_screened(raw):
        missing.remove("first_symptom")
    for name in missing:
        near = [repr(stranger) for stranger, likely in meant.items() if likely == name]
        hint = f"; is it {' or '.join(near)}? Rename that column" if near else f"; the columns are {_listed(names)}"
        problems.append(problem_rows(None, name, "", f"a column {name!r}{hint}"))
    for stranger, likely in meant.items():
        if likely not in missing:
            advice = f"the name {likely!r}, if that is meant; under this name the column is only passed through"
            problems.append(problem_rows(None, stranger, stranger, advice, "warning"))
    for name in MILESTONES:
        pair = [side for side in (f"{name}_earliest", f"{name}_latest") if side in names]
        if pair and name in names:
            problems.append(
                problem_rows(None, name, f"beside {' and '.join(pair)}", "one column, or the pair, but not both")
            )
        elif len(pair) == 1:
            other = f"{name}_latest" if pair[0].endswith("_earliest") else f"{name}_earliest"
            problems.append(problem_rows(None, other, "", f"this column beside {pair[0]!r}, or one column {name!r}"))
    return problems


def _given(name: str, names: list[str]) -> bool:
    return name in names or f"{name}_earliest" in names or f"{name}_latest" in names


def _likely(name: str) -> str | None:
    """The known column that a name was probably meant to be."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    bare = re.sub(r"^(date|day)_(of_)?|_(date|day|dt)$", "", plain)
    if bare in ALIASES:
        return ALIASES[bare]
    near = get_close_matches(bare, KNOWN_COLUMNS, n=1, cutoff=0.85)
    return near[0] if near else None


def _all_screened(raw: pd.DataFrame) -> bool:
    if "detection" not in raw.columns or not len(raw):
        return False
    return bool(raw["detection"].astype("string").str.strip().str.lower().eq("screening").fillna(False).all())


def _milestone(raw: pd.DataFrame, name: str, problems: list[pd.DataFrame]) -> pd.DataFrame | None:
    if name in raw.columns:
        window = _dates(raw[name], problems)
        return _without_sentinels(window, raw[name], problems)
    sides = [side for side in (f"{name}_earliest", f"{name}_latest") if side in raw.columns]
    if not sides:
        return None
    read = [_without_sentinels(_dates(raw[side], problems), raw[side], problems) for side in sides]
    window = pd.DataFrame({"earliest": read[0]["earliest"], "latest": read[-1]["latest"]})
    window["happened"] = read[0]["happened"] | read[-1]["happened"]
    crossed = np.flatnonzero((window["earliest"] > window["latest"]).to_numpy())
    if len(crossed):
        problems.append(
            problem_rows(crossed, sides[-1], window["latest"].iloc[crossed], f"a day that is not before {sides[0]}")
        )
        window.iloc[crossed] = pd.DataFrame(
            {"earliest": pd.NaT, "latest": pd.NaT, "happened": False}, index=window.index[crossed]
        )
    return window


def _dates(values: pd.Series, problems: list[pd.DataFrame]) -> pd.DataFrame:
    window = date_windows(values)
    wrong = np.flatnonzero(window["problem"].notna().to_numpy())
    if len(wrong):
        problems.append(
            problem_rows(
                wrong,
                str(values.name),
                values.iloc[wrong],
                [f"a date ({text})" for text in window["problem"].iloc[wrong]],
            )
        )
    return window


def _without_sentinels(window: pd.DataFrame, values: pd.Series, problems: list[pd.DataFrame]) -> pd.DataFrame:
    """Days that some system writes for "no date" are problems; the rest fits into pandas' nanoseconds."""
    earliest, latest = (window[side].to_numpy().astype("datetime64[D]") for side in ("earliest", "latest"))
    stand_in = np.isin(earliest, np.array(SENTINELS, dtype="datetime64[D]")) & (earliest == latest)
    for side in (earliest, latest):
        stand_in |= (side < np.datetime64(f"{FIRST_YEAR}-01-01")) | (side > np.datetime64(f"{LAST_YEAR}-12-31"))
    wrong = np.flatnonzero(stand_in)
    if len(wrong):
        advice = (
            "nothing if it did not happen, XXXX if the day is not known; this stands for no date, or is no likely year"
        )
        problems.append(problem_rows(wrong, str(values.name), values.iloc[wrong], advice))
    nowhere = np.datetime64("NaT", "D")
    sides = {"earliest": np.where(stand_in, nowhere, earliest), "latest": np.where(stand_in, nowhere, latest)}
    kept = {name: side.astype("datetime64[ns]") for name, side in sides.items()}
    return pd.DataFrame({**kept, "happened": window["happened"].to_numpy() & ~stand_in}, index=window.index)


def _typed(values: pd.Series, name: str, problems: list[pd.DataFrame]) -> pd.Series:
    if name in SINGLE_DAYS:
        return _single_day(values, problems)
    if name == "age":
        return _numbers(values, problems, whole=False).astype("float64")
    if name == "stage":
        return _numbers(values, problems, whole=True).astype("Int64")
    if name == "metastatic_at_diagnosis":
        return _truths(values, problems)
    if name in ("sex", "detection"):
        words = SEXES if name == "sex" else DETECTIONS
        return _each(
            values,
            lambda text: _in_small_letters(SHORT_SEXES.get(text.lower(), text) if name == "sex" else text, words),
        )
    if name == "first_symptom_group":
        return _each(values, lambda text: text.lower())
    if name in ("symptoms", "metastatic_sites"):
        return _each(values, _list_of_names)
    if name == "person":
        return _names_of_people(values)
    return _numbers_if_all_are(values)


def _single_day(values: pd.Series, problems: list[pd.DataFrame]) -> pd.Series:
    window = _without_sentinels(_dates(values, problems), values, problems)
    vague = (window["happened"] & ~(window["earliest"] == window["latest"])).to_numpy()
    if vague.any():
        places = np.flatnonzero(vague)
        problems.append(problem_rows(places, str(values.name), values.iloc[places], expected(str(values.name))))
    return window["earliest"].mask(vague)


def _numbers(values: pd.Series, problems: list[pd.DataFrame], whole: bool) -> pd.Series:
    codes, distinct = distinct_values(values)
    read = pd.to_numeric(pd.Series([*distinct, np.nan], dtype="object"), errors="coerce").to_numpy(dtype="float64")
    numbers = pd.Series(read[codes], index=values.index, name=values.name)
    wrong = (numbers.isna() & values.notna()) | np.isinf(numbers)
    if whole:
        wrong |= numbers.notna() & (numbers != np.floor(numbers))
    places = np.flatnonzero(wrong.to_numpy())
    if len(places):
        problems.append(problem_rows(places, str(values.name), values.iloc[places], expected(str(values.name))))
    return numbers.mask(wrong)


def _truths(values: pd.Series, problems: list[pd.DataFrame]) -> pd.Series:
    codes, distinct = distinct_values(values)
    read = [TRUTHS.get(str(value).strip().lower(), pd.NA) for value in distinct]
    truths = pd.array([*read, pd.NA], dtype="boolean")[codes]
    places = np.flatnonzero(np.asarray(pd.isna(truths)) & (codes >= 0))
    if len(places):
        problems.append(problem_rows(places, str(values.name), values.iloc[places], expected(str(values.name))))
    return pd.Series(truths, index=values.index, name=values.name)


def _each(values: pd.Series, read: Callable[[str], str]) -> pd.Series:
    """Every distinct text read once, without the space around it; blank texts are missing."""
    if pd.api.types.infer_dtype(values, skipna=True) != "string":
        values = values.map(
            lambda value: ";".join(map(str, value)) if isinstance(value, (list, tuple, np.ndarray)) else value
        )
    codes, distinct = distinct_values(values)
    texts = [read(value.strip()) or None if isinstance(value, str) else value for value in distinct]
    return pd.Series(
        np.array([*texts, None], dtype=object)[codes], index=values.index, name=values.name, dtype="object"
    )


def _names_of_people(values: pd.Series) -> pd.Series:
    """As they are; texts without the space around them. Nearly all differ, so that each is read for itself."""
    if pd.api.types.infer_dtype(values, skipna=True) != "string":
        return values
    names = values.str.strip()
    return names.mask((names == "").fillna(False).astype(bool))


def _in_small_letters(text: str, words: Iterable[str]) -> str:
    return text.lower() if text.lower() in words else text


def _list_of_names(text: str) -> str:
    return ";".join(name for part in text.split(";") if (name := " ".join(part.lower().split())))


def _numbers_if_all_are(values: pd.Series) -> pd.Series:
    """A further column is numbers if all its texts are; texts such as 007 are names."""
    if values.dtype != object or pd.api.types.infer_dtype(values, skipna=True) != "string":
        return values
    texts = values.dropna()
    if not len(texts) or texts.str.match(r"\s*[+-]?0[0-9]").any():
        return values
    numbers = pd.to_numeric(values, errors="coerce")
    return numbers if numbers.notna().sum() == len(texts) and np.isfinite(numbers.dropna()).all() else values


def fill_symptom_group(plain: pd.DataFrame, windows: dict[str, pd.DataFrame], groups: dict[str, str]) -> pd.DataFrame:
    """The group of the first symptom where it is not given: from the first symptom listed, or none for screening.

    groups  symptom -> group
    """
    if "symptoms" not in plain and "detection" not in plain:
        return plain
    given = plain.get("first_symptom_group", pd.Series(np.nan, index=plain.index, dtype="object"))
    filled = given.copy()
    if "symptoms" in plain:
        filled = filled.where(filled.notna(), first_listed(plain["symptoms"]).map(groups))
    if "detection" in plain:
        noticed = windows["first_symptom"]["happened"] if "first_symptom" in windows else False
        silent = (
            filled.isna() & (plain["detection"] == "screening") & ~pd.Series(noticed, index=plain.index, dtype=bool)
        )
        filled = filled.mask(silent, NO_SYMPTOM)
    if "first_symptom_group" not in plain and filled.isna().all():
        return plain
    return plain.assign(first_symptom_group=filled.astype("object"))


def first_listed(symptoms: pd.Series) -> pd.Series:
    """The first of the names that `;` separates."""
    codes, distinct = distinct_values(symptoms)
    firsts = np.array([*(str(text).split(";")[0] for text in distinct), None], dtype=object)
    return pd.Series(firsts[codes], index=symptoms.index)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(str(name)) for name in names[:12])
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "") if names else "none"
