"""Versions of a report: folders that appear whole or not at all, and are never changed again."""

import itertools
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

NAME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{4}-[0-9a-f]{6}(-\d+)?")
MAKING = re.compile(r"\.making-(?P<process>\d+)-.*")


@dataclass(frozen=True)
class Version:
    """A published version: its folder and what its manifest says."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def complete(self) -> bool:
        """Whether every notebook of it ran to its end."""
        return self.manifest["status"] == "complete"

    def results(self) -> list[dict[str, Any]]:
        """What its notebooks recorded."""
        return json.loads((self.folder / "results.json").read_text(encoding="utf-8"))["results"]


def version_name(made: datetime, inputs_hash: str) -> str:
    """UTC minute and the first six digits of the inputs' hash: 2026-11-23T0915-3f9a2c."""
    return f"{made.astimezone(UTC):%Y-%m-%dT%H%M}-{inputs_hash[:6]}"


def versions(report: Path) -> list[Version]:
    """The published versions in a report's folder, newest first."""
    if not report.is_dir():
        return []
    found = [_read(folder) for folder in report.iterdir() if NAME.fullmatch(folder.name)]
    return sorted(filter(None, found), key=lambda version: version.manifest["times"]["finished"], reverse=True)


def same_inputs(report: Path, inputs_hash: str) -> Version | None:
    """The newest complete version made from the same inputs, or None. A failed one is never taken for an answer."""
    for version in versions(report):
        if version.complete and version.manifest["inputs_hash"] == inputs_hash:
            return version
    return None


@contextmanager
def staging(out: Path, report: str) -> Iterator[Path]:
    """A hidden folder in which a version is made; gone afterwards unless it was published. Removes dead runs' folders."""
    out.mkdir(parents=True, exist_ok=True)
    _sweep(out)
    folder = out / f".making-{os.getpid()}-{secrets.token_hex(4)}-{report}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(staged: Path, place: Path) -> Path:
    """Move a finished folder to its place at one stroke. Raises FileExistsError if another run was there first."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        if not place.exists():
            return staged.rename(place)
    except OSError:
        if not place.exists():
            raise
    raise FileExistsError(f"The version {place.name} is there already, and versions are never changed.")


def free_name(report: Path, name: str) -> str:
    """The name itself, or the first of its twins (-2, -3, ...) that no version has yet."""
    names = itertools.chain([name], (f"{name}-{twin}" for twin in itertools.count(2)))
    return next(free for free in names if not (report / free).exists())


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old text or the new one, never a part."""
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _read(folder: Path) -> Version | None:
    try:
        return Version(folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError):
        return None


def _sweep(out: Path) -> None:
    for folder in out.glob(".making-*"):
        named = MAKING.fullmatch(folder.name)
        if named and not psutil.pid_exists(int(named["process"])):
            shutil.rmtree(folder, ignore_errors=True)
