"""The simulator's scenarios: which there are, their parameters, and a scenario with some of them changed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from firstsign.errors import did_you_mean
from firstsign.places import data_folder
from firstsign.scenario_files import ASSUMPTION, Number, Parameter, ScenarioFile, impossible, read_scenario, solve_waits
from firstsign.waits import Wait


@dataclass(frozen=True)
class Scenario:
    """A scenario ready to simulate from: its words, its numbers (days count from 1970-01-01) and its solved waits.

    sampling  the ways in which people with the disease get into the data; none: all are in it
    """

    words: ScenarioFile
    values: dict[str, float]
    waits: dict[str, Wait]
    sampling: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def under(self, prefix: str, names: Iterable[str]) -> list[float]:
        """The values of `prefix.name` for each name."""
        return [self.values[f"{prefix}.{name}"] for name in names]

    @property
    def extents(self) -> list[str]:
        """The local extents by number, as parameters name them."""
        return [str(number) for number in range(1, len(self.words.extents) + 1)]


def scenarios() -> pd.DataFrame:
    """The scenarios there are: name, what it describes, parameters (how many), assumptions (how many of them)."""
    rows = []
    for name in _names():
        words, parameters = read_scenario(_path(name))
        assumed = sum(parameter.source == ASSUMPTION for parameter in parameters.values())
        rows.append({"name": name, "what": words.what, "parameters": len(parameters), "assumptions": assumed})
    return pd.DataFrame(rows)


def scenario_parameters(name: str = "england") -> pd.DataFrame:
    """Every parameter of a scenario: name (as `simulate` takes it), value, unit, source, low, high, note.

    source is an entry of the evidence register, a published table, or the word "assumption". Raises ValueError with
    the nearest name if there is no such scenario.
    """
    _, parameters = read_scenario(_known(name))
    return pd.DataFrame([{"name": key, **parameter.model_dump()} for key, parameter in parameters.items()])


def load_scenario(name: str, overrides: Mapping[str, Any]) -> Scenario:
    """A scenario with some parameters changed.

    overrides  by name (dots join the levels, `treated_share.4`), or a dict for a whole level

    Raises ValueError listing every override that is unknown, not a number or outside its range, and every wait that
    the changed percentiles leave without a solution.
    """
    words, parameters = read_scenario(_known(name))
    changes = {key: _as_day(value) if _is_day(parameters, key) else value for key, value in flatten(overrides).items()}
    problems = [f"{key} is not a parameter{did_you_mean(key, parameters)}" for key in changes if key not in parameters]
    if problems:
        levels = dict.fromkeys(re.sub(r"\..*", ".*", key) for key in parameters)
        problems.append(f"the parameters are {', '.join(levels)} (`scenario_parameters({name!r})` has them all)")
    known = {key: value for key, value in changes.items() if key in parameters}
    problems += [f"{key}: {text}" for key, value in known.items() if (text := parameters[key].problem_with(value))]
    chosen = {key: known.get(key, parameter.value) for key, parameter in parameters.items()}
    if not problems:
        waits, problems = solve_waits(words, chosen)
        problems += impossible(words, chosen)
    if problems:
        raise ValueError(f"Scenario {name!r} cannot be simulated like this: " + "; ".join(problems) + ".")
    return Scenario(words, {key: _as_number(value) for key, value in chosen.items()}, waits)


def flatten(nested: Mapping[str, Any]) -> dict[str, Any]:
    """`{"a": {"b": 1}}` as `{"a.b": 1}`."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{inner}": leaf for inner, leaf in flatten(value).items()}
        else:
            flat[str(key)] = value
    return flat


def _known(name: str) -> Path:
    names = _names()
    if name not in names:
        raise ValueError(f"No scenario {name!r}{did_you_mean(str(name), names)}. There are: {', '.join(names)}.")
    return _path(name)


def _names() -> list[str]:
    found = {path.stem for path in (data_folder() / "simulated").glob("*.yml")}
    return sorted(found - {"targets"})  # that file holds what scenarios are held against


def _path(name: str) -> Path:
    return data_folder() / "simulated" / f"{name}.yml"


def _is_day(parameters: Mapping[str, Parameter], key: str) -> bool:
    return key in parameters and isinstance(parameters[key].value, date)


def _as_day(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, datetime):
        return None if pd.isna(value) else value.date()
    return value


def _as_number(value: Number) -> float:
    return float((value - date(1970, 1, 1)).days) if isinstance(value, date) else float(value)
