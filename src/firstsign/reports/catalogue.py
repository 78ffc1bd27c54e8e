"""Which notebooks make up a report: `notebooks/reports.yml`, or a notebook's number."""

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from firstsign.errors import did_you_mean
from firstsign.places import notebooks_folder

PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")
HEADING = re.compile(r"^#\s+(.+?)\s*#*\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Notebook:
    """A notebook's file; `name` is the file's name without its ending."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    def read(self) -> dict[str, Any]:
        """Its JSON, as the file stands. (nbformat validates more, and takes as long as a whole warm run to load.)"""
        return _read(self.path)

    @property
    def title(self) -> str:
        """Its first first-level heading, else its name."""
        for cell in self.read()["cells"]:
            found = HEADING.search(text_of(cell)) if cell["cell_type"] == "markdown" else None
            if found:
                return found.group(1)
        return self.name


@dataclass(frozen=True)
class Report:
    """A named list of notebooks that is published together."""

    name: str
    title: str
    description: str
    notebooks: tuple[Notebook, ...]


def text_of(cell: dict[str, Any]) -> str:
    """A cell's source, which the file may hold as one string or as a list of lines."""
    return "".join(cell["source"])


def chosen_folder(folder: Path | None = None) -> Path:
    """The notebooks' folder: the one given, else `FIRSTSIGN_NOTEBOOKS`, else the one that came with firstsign."""
    chosen = folder or os.environ.get("FIRSTSIGN_NOTEBOOKS")
    if not chosen:
        return notebooks_folder()
    if not (Path(chosen) / "reports.yml").is_file():
        raise FileNotFoundError(
            f"No file 'reports.yml' lies in the notebooks' folder {str(chosen)!r}. It names the reports."
        )
    return Path(chosen).resolve()


def reports(folder: Path | None = None) -> dict[str, Report]:
    """Every report that `reports.yml` names, in its order."""
    home = chosen_folder(folder)
    listed = yaml.safe_load((home / "reports.yml").read_text(encoding="utf-8")) or {}
    return {name: _report(home, name, entry) for name, entry in listed.items()}


def find_report(name: str, folder: Path | None = None) -> Report:
    """The report of this name; a notebook's number ("03") or name is a report of that one notebook.

    Raises ValueError, with the nearest names, if there is none.
    """
    named = reports(folder)
    if name in named:
        return named[name]
    notebooks = [Notebook(path) for path in sorted(chosen_folder(folder).glob("[0-9][0-9]_*.ipynb"))]
    matching = [notebook for notebook in notebooks if name in (notebook.name, notebook.name[:2])]
    if len(matching) == 1:
        return Report(matching[0].name, matching[0].title, "", (matching[0],))
    known = [*named, *(notebook.name for notebook in notebooks)]
    hint = did_you_mean(name, known)
    raise ValueError(f"There is no report or notebook called {name!r}{hint}. There are: {', '.join(known)}.")


def _report(home: Path, name: str, entry: Any) -> Report:
    if not PLAIN_NAME.fullmatch(str(name)) or not isinstance(entry, dict) or not entry.get("notebooks"):
        raise ValueError(f"reports.yml: the report {name!r} needs a plain name, a title and a list of notebooks.")
    paths = [home / f"{notebook}.ipynb" for notebook in entry["notebooks"]]
    for path in paths:
        if not PLAIN_NAME.fullmatch(path.stem) or not path.is_file():
            raise ValueError(f"reports.yml: the report {name!r} lists {path.stem!r}, and there is no such notebook.")
    return Report(name, entry.get("title", name), entry.get("description", ""), tuple(Notebook(path) for path in paths))


@cache
def _parsed(path: Path, changed: int) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("nbformat") != 4:
        raise ValueError(f"{path.name} is in notebook format {content.get('nbformat')}. Save it again in JupyterLab.")
    return content


def _read(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except json.JSONDecodeError as slip:
        raise ValueError(f"{path.name} is not a notebook: {slip}.") from slip
