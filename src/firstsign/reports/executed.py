"""An executed notebook made fit to publish: no times, no folders of the machine, the same bytes for the same run."""

import base64
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstsign.places import PACKAGE, REPOSITORY

from .catalogue import text_of

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
TEMPORARY_CELL = re.compile(r"\S*ipykernel_\d+[/\\]+\d+\.py")
SVG_DATE = re.compile(r"\s*<dc:date>.*?</dc:date>")
OF_THE_RUN = ("start_time", "end_time", "duration", "output_path", "input_path")
FIGURES = {"image/svg+xml": "svg", "image/png": "png"}


@dataclass(frozen=True)
class Figure:
    """A drawn figure: `kind` is "svg" or "png", `alt` says in words what it shows."""

    content: bytes
    kind: str
    alt: str


def publishable(notebook: Mapping[str, Any], room: str, own_files: Sequence[Path] = ()) -> dict[str, Any]:
    """The executed notebook without what differs between two runs, and without folders of the machine it ran on.

    room       the folder its kernel worked in
    own_files  files of the user whose folders must not be told
    """
    cells = [_cell(cell) for cell in notebook["cells"] if "papermill-error-cell-tag" not in _tags(cell)]
    papermill = _without(notebook["metadata"].get("papermill", {}), OF_THE_RUN)
    language = {"name": "python", "version": "{}.{}".format(*sys.version_info)}
    metadata = {**notebook["metadata"], "papermill": papermill, "language_info": language}
    return scrub({**notebook, "cells": cells, "metadata": metadata}, room, own_files)


def scrub(held: Any, room: str, own_files: Sequence[Path] = ()) -> Any:
    """Text, or all text inside lists and dictionaries, without the machine's folders and memory addresses."""
    return _scrubbed(held, _places(room, own_files))


def figure_in(output: Mapping[str, Any]) -> Figure | None:
    """The figure an output holds, or None; SVG before PNG where it holds both."""
    for mime, kind in FIGURES.items():
        if mime in output.get("data", {}):
            drawn = "".join(output["data"][mime])
            alt = output.get("metadata", {}).get(mime, {}).get("alt", "")
            return Figure(drawn.encode() if kind == "svg" else base64.b64decode(drawn), kind, alt)
    return None


def figures_of(notebook: Mapping[str, Any]) -> Iterator[Figure]:
    """The figures of a notebook, in order."""
    for cell in notebook["cells"]:
        yield from filter(None, map(figure_in, cell.get("outputs", [])))


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    kept = {**cell, "metadata": _without(cell["metadata"], ("execution", "papermill"))}
    if "injected-parameters" in _tags(cell):
        kept["id"] = "given-parameters"
    if "outputs" in cell:
        kept["outputs"] = [_output(output) for output in cell["outputs"]]
    return kept


def _output(output: Mapping[str, Any]) -> dict[str, Any]:
    data = dict(output.get("data", {}))
    if "image/svg+xml" in data:
        data["image/svg+xml"] = SVG_DATE.sub("", "".join(data["image/svg+xml"]))
    return {**output, "data": data} if data else dict(output)


def _tags(cell: Mapping[str, Any]) -> list[str]:
    return list(cell["metadata"].get("tags", []))


def _without(held: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in held.items() if name not in names}


def _places(room: str, own_files: Sequence[Path]) -> dict[str, str]:
    """What stands for each folder of the machine, the longest first so that no part of one is left behind."""
    short = {folder: "" for path in own_files for folder in (str(path.parent), str(path.resolve().parent))}
    short |= {str(REPOSITORY): "", str(PACKAGE.parent): "", sys.prefix: "python", sys.base_prefix: "python"}
    short |= {room: "", tempfile.gettempdir(): "", str(Path.home()): "~"}
    return {folder: short[folder] for folder in sorted(short, key=len, reverse=True) if len(folder) > 1}


def _scrubbed(held: Any, places: Mapping[str, str]) -> Any:
    if isinstance(held, Mapping):
        return {key: _scrubbed(value, places) for key, value in held.items() if key != "image/png"} | _picture(held)
    if isinstance(held, list):
        return [_scrubbed(value, places) for value in held]
    return _plain(held, places) if isinstance(held, str) else held


def _picture(held: Mapping[str, Any]) -> dict[str, Any]:
    return {"image/png": held["image/png"]} if "image/png" in held else {}


def _plain(text: str, places: Mapping[str, str]) -> str:
    text = TEMPORARY_CELL.sub("<cell>", text)
    for folder, short in places.items():
        for written in (folder, folder.replace("\\", "\\\\")):
            end = r"(?:[/\\]+|(?![\w.-]))" if not short else r"(?![\w.-])"
            pattern = re.escape(written) + end
            text = re.sub(pattern, short, text)
    return ADDRESS.sub("0x…", text)


def code_numbers(notebook: Mapping[str, Any]) -> dict[int, int]:
    """Position of each code cell that is not empty -> its number among them, as a reader counts."""
    code = [at for at, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code" and text_of(cell).strip()]
    return {at: number for number, at in enumerate(code, start=1)}
