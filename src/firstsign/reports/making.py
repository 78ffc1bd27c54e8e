"""Making a report: settle the parameters, look whether it is made already, run the notebooks, publish the version."""

import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .catalogue import Notebook
from .inputs import digest
from .planning import Plan, plan
from .running import Failure, Job, Outcome, run_all
from .versions import free_name, publish, same_inputs, staging, version_name, write_whole


class ReportError(RuntimeError):
    """Notebooks of a report failed; `version` is the folder in which their pages say which cell and why."""

    def __init__(self, version: Path, failures: Mapping[str, Failure]) -> None:
        told = "; ".join(f"{name}: {failure.kind}: {failure.message}" for name, failure in failures.items())
        super().__init__(f"{len(failures)} of the notebooks failed. {told}")
        self.version = version


@dataclass(frozen=True)
class Made:
    """A version: where it lies, whether it was there already, and which notebooks failed."""

    version: Path
    reused: bool
    failures: Mapping[str, Failure]


def make_report(
    name: str = "main",
    parameters: Mapping[str, Any] | None = None,
    out: str | Path = "reports",
    workers: int = 2,
    force: bool = False,
    timeout: float | None = None,
    notebooks: Path | None = None,
    executor: Executor | None = None,
) -> Path:
    """Run a report's notebooks and publish the version; the folder of it comes back.

    name        a report of `notebooks/reports.yml`, or a notebook's number: "03"
    parameters  values by name, for the notebooks that declare them; a relative path is seen from the current folder
    out         the folder of all reports
    workers     notebooks at a time, each in a process of its own (a script needs `if __name__ == "__main__":`)
    force       run even if a version with the same inputs is there; otherwise that version is the answer
    timeout     seconds that a notebook may take
    notebooks   the folder with the notebooks and their reports.yml, if not firstsign's own
    executor    any `concurrent.futures.Executor` to run the notebooks instead of processes here

    Raises ValueError for whatever was asked wrongly, before anything runs or is written, and ReportError, after the
    version was published, if a notebook failed.
    """
    made = make(plan(name, parameters or {}, Path(out), notebooks, force), workers, force, timeout, executor)
    if made.failures:
        raise ReportError(made.version, made.failures)
    return made.version


def make(
    planned: Plan,
    workers: int = 2,
    force: bool = False,
    timeout: float | None = None,
    executor: Executor | None = None,
    tell: Callable[[Outcome], None] = lambda outcome: None,
) -> Made:
    """Run what was planned and publish it, unless it is there already; `tell` hears of each notebook as it ends."""
    found = None if force else same_inputs(planned.folder, digest(planned.inputs))
    if found is not None:
        return Made(found.folder, True, {})

    began = datetime.now(UTC)
    with staging(planned.out, planned.report.name) as folder, tempfile.TemporaryDirectory(prefix="fs-") as rooms:
        jobs = [_job(planned, notebook, folder, Path(rooms), timeout) for notebook in planned.report.notebooks]
        outcomes = {}
        for outcome in run_all(jobs, workers, executor):
            outcomes[outcome.name] = outcome
            tell(outcome)
        version, failures = _publish(planned, folder, outcomes, began)
    write_index(planned.out)
    return Made(version, False, failures)


def write_index(out: Path) -> None:
    """Write the page of all versions anew; again, if another run published one in the meantime."""
    from .pages import all_versions_page

    text, before = all_versions_page(out), None
    while text != before:
        write_whole(out / "index.html", text)
        text, before = all_versions_page(out), text


def _job(planned: Plan, notebook: Notebook, folder: Path, rooms: Path, timeout: float | None) -> Job:
    files = {planned.own.name: planned.own} if planned.own else {}
    output = folder / f"{notebook.name}.ipynb"
    return Job(notebook.name, notebook.path, output, planned.settled[notebook.name], rooms, files, timeout)


def _publish(
    planned: Plan, folder: Path, outcomes: Mapping[str, Outcome], began: datetime
) -> tuple[Path, dict[str, Failure]]:
    """Write the version and move it to its place; under its twin's name if another run takes that place meanwhile."""
    from .writing import write_version  # brings pandas and the pages' tools, which a version found ready can do without

    while True:
        name = free_name(planned.folder, version_name(began, digest(planned.inputs)))
        failures = write_version(planned, folder, name, outcomes, began)
        try:
            return publish(folder, planned.folder / name), failures
        except FileExistsError:
            continue
