"""Executed notebooks made fit to publish."""

import base64
import sys
from pathlib import Path

from firstsign.places import REPOSITORY
from firstsign.reports.executed import code_numbers, figure_in, figures_of, publishable, scrub

SVG = "<svg><metadata><dc:date>2026-11-23T09:15:00</dc:date></metadata></svg>"


def notebook(duration):
    injected = {
        "cell_type": "code", "id": f"random-{duration}", "source": "people = 1",
        "metadata": {"tags": ["injected-parameters"], "papermill": {"duration": duration}}, "outputs": [],
    }  # fmt: skip
    figure = {
        "output_type": "display_data",
        "data": {"image/svg+xml": SVG},
        "metadata": {"image/svg+xml": {"alt": "A"}},
    }
    drawing = {
        "cell_type": "code",
        "source": ["x = 1\n", "y"],
        "metadata": {"execution": {"t": duration}},
        "outputs": [figure],
    }
    marker = {"cell_type": "markdown", "source": "error", "metadata": {"tags": ["papermill-error-cell-tag"]}}
    papermill = {"start_time": duration, "duration": duration, "parameters": {"people": 1}, "output_path": "/x"}
    return {"cells": [marker, injected, drawing], "metadata": {"papermill": papermill}, "nbformat": 4}


def test_two_runs_are_the_same_but_for_their_times():
    assert publishable(notebook(1), "/tmp/a") == publishable(notebook(2), "/tmp/b")


def test_keeps_the_parameters_and_drops_the_marks_of_errors():
    kept = publishable(notebook(1), "/tmp/a")
    assert kept["metadata"]["papermill"] == {"parameters": {"people": 1}}
    assert [cell["cell_type"] for cell in kept["cells"]] == ["code", "code"]


def test_folders_of_the_machine_are_scrubbed(tmp_path):
    own = tmp_path / "patients" / "mine.csv"
    texts = {
        f"{tmp_path}/room/mine.csv": "mine.csv",
        f"cannot read {own}": "cannot read mine.csv",
        f"File {REPOSITORY}/src/firstsign/curves.py:3": "File firstsign/curves.py:3",
        f"{sys.prefix}/lib/numpy": "python/lib/numpy",
        f"{Path.home()}/notes": "~/notes",
        "/tmp/ipykernel_123/456.py:3: UserWarning": "<cell>:3: UserWarning",
        "<Axes at 0x7f3a5c2d1e80>": "<Axes at 0x…>",
        "/tmpfile and xml/tmpl": "/tmpfile and xml/tmpl",
        "nothing 0x1f to see": "nothing 0x1f to see",
    }
    assert scrub(list(texts), f"{tmp_path}/room", [own]) == list(texts.values())


def test_pictures_are_left_alone():
    content = "/tmp/0xabcdef0123"
    assert scrub({"image/png": content}, "/tmp/room") == {"image/png": content}


def test_figures():
    png = {"data": {"image/png": base64.b64encode(b"png").decode(), "text/plain": "<Figure>"}, "metadata": {}}
    assert figure_in({"data": {"text/html": "x"}}) is None
    both = [figure for held in (notebook(1), {"cells": [{"outputs": [png]}]}) for figure in figures_of(held)]
    assert [(figure.kind, figure.alt) for figure in both] == [("svg", "A"), ("png", "")]
    assert both[1].content == b"png"


def test_cells_are_counted_as_a_reader_does():
    cells = [
        {"cell_type": "markdown", "source": "a"},
        *({"cell_type": "code", "source": text} for text in ("x", " ", ["y"])),
    ]
    assert code_numbers({"cells": cells}) == {1: 1, 3: 2}
