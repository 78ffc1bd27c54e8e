"""What a version is made from: notebooks, parameters, data, code, packages, a user's file; and the hash of it all."""

import hashlib
import importlib.metadata
import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from firstsign.errors import did_you_mean
from firstsign.places import PACKAGE, REPOSITORY, data_folder

from .catalogue import Notebook, text_of

CODE = ("*.py", "*.j2", "*.css")


def own_cohort(settled: Mapping[str, Mapping[str, Any]], caller: Path) -> Path | None:
    """The user's file that the parameter `cohort` names, or None where it names a cohort that comes with firstsign.

    A value with an ending or a slash is a path, and so is the name of a file that is there, seen from the caller's
    folder. Raises ValueError if no file is there.
    """
    chosen = next((values["cohort"] for values in settled.values() if "cohort" in values), "simulated")
    if not isinstance(chosen, str) or not _is_path(chosen, caller):
        return None
    path = caller / Path(chosen).expanduser()
    if not path.is_file():
        raise ValueError(
            f"cohort = {chosen!r}: there is no such file (looked from {str(caller)!r}). "
            "Give the path of a CSV or Parquet file, or the name of a cohort such as 'simulated'."
        )
    return path.resolve()


def check_words(settled: Mapping[str, Mapping[str, Any]], own: Path | None) -> None:
    """Refuse, before a kernel starts, a cohort that cannot be loaded, a scenario that nobody wrote and a day that is none.

    Raises ValueError (`CohortError`, with every problem of the file, for a cohort).
    """
    for values in settled.values():
        chosen = values.get("cohort", "simulated")
        if chosen != "simulated":
            from firstsign.cohorts import load_cohort

            if load_cohort(chosen if own is None else _short(own), **_negative(values)).empty:
                raise ValueError(f"cohort = {chosen!r}: nobody is left after negative='exclude'. Mend the dates, or keep them.")
            break
    for until in sorted({values["until"] for values in settled.values() if values.get("until")}):
        from firstsign.spells import calendar_day

        calendar_day(until)
    wanted = sorted({values["scenario"] for values in settled.values() if "scenario" in values})
    if wanted:
        from firstsign.scenarios import scenarios

        known = list(scenarios()["name"])
        for scenario in wanted:
            if scenario not in known:
                hint = did_you_mean(scenario, known)
                raise ValueError(f"There is no scenario {scenario!r}{hint}. There are: {', '.join(known)}.")


def gather(notebooks: Iterable[Notebook], settled: Mapping[str, Mapping[str, Any]], own: Path | None) -> dict[str, Any]:
    """Names and hashes of everything a version depends on; no path of the machine in it."""
    data = data_folder()
    return {
        "notebooks": {notebook.name: _notebook_hash(notebook) for notebook in notebooks},
        "parameters": {name: dict(values) for name, values in settled.items()},
        "cohort": {"name": own.name, "sha256": _file_hash(own)} if own else None,
        "data": _folder_hashes(data, ("*",)),
        "code": _folder_hashes(PACKAGE, CODE),
        "packages": _packages(),
        "python": platform.python_version(),
    }


def digest(inputs: Mapping[str, Any]) -> str:
    """The hash that names a run: equal if and only if all inputs are."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def commit() -> str | None:
    """The git commit of the checkout that firstsign runs from, or None."""
    if not (REPOSITORY / ".git").exists():
        return None
    try:
        said = subprocess.run(
            ["git", "rev-parse", "--quiet", "--verify", "HEAD"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return said.stdout.strip() or None


def _is_path(chosen: str, caller: Path) -> bool:
    if Path(chosen).suffix or "/" in chosen or os.sep in chosen:
        return True
    return chosen not in ("simulated", "lupus", "teaching") and (caller / chosen).is_file()


def _short(path: Path) -> str:
    """A path as its owner would write it here, for messages."""
    here = Path.cwd().resolve()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _negative(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"negative": values["negative"]} if "negative" in values else {}


def _notebook_hash(notebook: Notebook) -> str:
    """Of what a notebook says and does; saving it again in JupyterLab changes neither."""
    cells = [[cell["cell_type"], text_of(cell), cell["metadata"].get("tags", [])] for cell in notebook.read()["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _folder_hashes(folder: Path, patterns: tuple[str, ...]) -> dict[str, str]:
    files = sorted({path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()})
    relative = {path.relative_to(folder): path for path in files}
    return {name.as_posix(): _file_hash(path) for name, path in relative.items() if not _hidden(name)}


def _hidden(name: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in name.parts)


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _packages() -> dict[str, str]:
    needed = importlib.metadata.requires("firstsign") or []
    names = [re.split(r"[^A-Za-z0-9._-]", line)[0] for line in needed if "extra ==" not in line]
    return {name: importlib.metadata.version(name) for name in sorted(names)}
