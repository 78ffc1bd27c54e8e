"""Planning a report: everything that can be settled, hashed or refused before anything runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .catalogue import Report, find_report
from .inputs import check_words, digest, gather, own_cohort
from .parameters import settle
from .versions import same_inputs


@dataclass(frozen=True)
class Plan:
    """A report with everything settled: what will run, with which values, from which inputs, into which folder."""

    report: Report
    settled: Mapping[str, Mapping[str, Any]]
    own: Path | None
    inputs: Mapping[str, Any]
    out: Path

    @property
    def folder(self) -> Path:
        return self.out / self.report.name


def plan(name: str, given: Mapping[str, Any], out: Path, notebooks: Path | None = None, force: bool = False) -> Plan:
    """Settle a report's parameters and hash its inputs. Raises ValueError for whatever was asked wrongly."""
    return plan_all([name], given, out, notebooks, force)[0]


def plan_all(
    names: Sequence[str], given: Mapping[str, Any], out: Path, notebooks: Path | None = None, force: bool = False
) -> list[Plan]:
    """Plans of several reports; a parameter goes to those whose notebooks declare it, and some notebook must."""
    found = [find_report(name, notebooks) for name in dict.fromkeys(names)]
    settled = settle(dict.fromkeys(notebook for report in found for notebook in report.notebooks), given)
    return [_plan(report, settled, out.resolve(), force) for report in found]


def _plan(report: Report, settled: Mapping[str, Mapping[str, Any]], out: Path, force: bool) -> Plan:
    values = {notebook.name: settled[notebook.name] for notebook in report.notebooks}
    own = own_cohort(values, Path.cwd())
    in_room = {notebook: _in_room(held, own) for notebook, held in values.items()}
    inputs = gather(report.notebooks, in_room, own)
    planned = Plan(report, in_room, own, inputs, out)
    if force or same_inputs(planned.folder, digest(inputs)) is None:
        check_words(in_room, own)
    return planned


def _in_room(values: Mapping[str, Any], own: Path | None) -> dict[str, Any]:
    """A user's file is called by its bare name from here on: it will lie in the notebook's working folder."""
    return {**values, "cohort": own.name} if own and "cohort" in values else dict(values)
