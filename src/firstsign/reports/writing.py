"""Writing a version into its staging folder: notebooks, pages, figures, numbers, manifest."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firstsign.results import read_results

from .catalogue import Notebook
from .executed import figures_of, publishable, scrub
from .inputs import commit, digest
from .pages import Page, notebook_page, version_page
from .parameters import declared
from .planning import Plan
from .running import Failure, Outcome


@dataclass(frozen=True)
class Ended:
    """A notebook that has run: what it became, what it recorded, how it failed if it did, and its seconds."""

    executed: Mapping[str, Any]
    results: list[dict[str, Any]]
    failure: Failure | None
    seconds: float


def write_version(
    planned: Plan, folder: Path, name: str, outcomes: Mapping[str, Outcome], began: datetime
) -> dict[str, Failure]:
    """Write everything a version holds into `folder`, where the executed notebooks lie; the failures come back."""
    notebooks = planned.report.notebooks
    ended = {notebook.name: _ended(planned, notebook, folder, outcomes[notebook.name]) for notebook in notebooks}
    results = [{**row, "notebook": title} for title, run in ended.items() for row in run.results]
    failures = {title: run.failure for title, run in ended.items() if run.failure is not None}
    manifest = _manifest(planned, name, ended, began)
    pages = [_page(planned, notebook, ended[notebook.name]) for notebook in notebooks]
    for page in pages:
        _write(folder / f"{page.notebook.name}.html", notebook_page(page, planned.report, name))
        _write(folder / f"{page.notebook.name}.ipynb", _json(page.executed, indent=1))
        _write_figures(folder / "figures", page)
    _write(folder / "results.json", _json({"results": results}))
    _write(folder / "manifest.json", _json(manifest))
    _write(folder / "index.html", version_page(pages, planned.report, manifest, results))
    return failures


def _ended(planned: Plan, notebook: Notebook, folder: Path, outcome: Outcome) -> Ended:
    """Read back what a run left behind; a notebook that never began stands as it was written."""
    try:
        held = json.loads((folder / f"{notebook.name}.ipynb").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        held = notebook.read()
    own = [planned.own] if planned.own else []
    executed = publishable(held, outcome.room, own)
    failure = outcome.failure and replace(outcome.failure, message=scrub(outcome.failure.message, outcome.room, own))
    try:
        results = read_results(executed)
    except ValueError as slip:
        return Ended(executed, [], failure or Failure(None, "ValueError", str(slip)), outcome.seconds)
    return Ended(executed, results, failure, outcome.seconds)


def _page(planned: Plan, notebook: Notebook, run: Ended) -> Page:
    return Page(notebook, run.executed, declared(notebook), planned.settled[notebook.name], run.failure)


def _manifest(planned: Plan, name: str, ended: Mapping[str, Ended], began: datetime) -> dict[str, Any]:
    failed = any(run.failure for run in ended.values())
    settled = planned.settled
    return {
        "report": planned.report.name,
        "title": planned.report.title,
        "version": name,
        "status": "failed" if failed else "complete",
        "inputs_hash": digest(planned.inputs),
        "inputs": planned.inputs,
        "defaults": {notebook.name: _defaults(notebook) for notebook in planned.report.notebooks},
        "seeds": {notebook: values["seed"] for notebook, values in settled.items() if "seed" in values},
        "commit": commit(),
        "failures": [{"notebook": title, **asdict(run.failure)} for title, run in ended.items() if run.failure],
        "times": {
            "started": began.isoformat(),
            "finished": datetime.now(UTC).isoformat(),
            "seconds": {title: round(run.seconds, 2) for title, run in ended.items()},
        },
    }


def _defaults(notebook: Notebook) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in declared(notebook).items()}


def _write_figures(folder: Path, page: Page) -> None:
    for at, figure in enumerate(figures_of(page.executed), start=1):
        folder.mkdir(exist_ok=True)
        (folder / f"{page.notebook.name}-{at}.{figure.kind}").write_bytes(figure.content)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _json(held: Any, indent: int = 2) -> str:
    return json.dumps(held, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"
