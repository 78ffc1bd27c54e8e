"""The table of calibration as a file."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from .studies import STUDIES

PATH = Path(__file__).parent / "calibration.csv"
_ORDER = {
    (study.estimator, study.scheme, number): place
    for place, (study, number) in enumerate((study, number) for study in STUDIES.values() for number in study.truth)
}
_NUMBERS = ("truth", "mean_estimate", "bias", "bias_in_se", "coverage")
KEYS = ("estimator", "scheme", "number")


def keys(table: pd.DataFrame) -> list[tuple[str, ...]]:
    return list(table[list(KEYS)].itertuples(index=False, name=None))


def defined() -> list[tuple[str, ...]]:
    """The keys of all rows that there should be, in their order."""
    return list(_ORDER)


def read(path: Path = PATH) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, na_values={name: [""] for name in _NUMBERS})


def done(path: Path) -> list[str]:
    """The names of the studies that a table has from all their cohorts."""
    rows = read(path) if path.exists() else pd.DataFrame(columns=[*KEYS, "cohorts"])
    cohorts = {f"{row.estimator}, {row.scheme}": row.cohorts for row in rows.itertuples()}
    return [name for name, count in cohorts.items() if name in STUDIES and count == STUDIES[name].cohorts]


def write(new: Sequence[pd.DataFrame], path: Path = PATH) -> None:
    """Put new rows in the place of the old ones; rows that are no longer defined go."""
    parts = [*new, read(path)] if path.exists() else list(new)
    table = pd.concat([part.astype({"reason": str}) for part in parts if len(part)], ignore_index=True)
    table = table.drop_duplicates(list(KEYS), ignore_index=True)
    place = pd.Series([_ORDER.get(key, -1) for key in keys(table)])
    table = table[place >= 0].iloc[place[place >= 0].argsort()]
    table.to_csv(path, index=False, lineterminator="\n")
