"""Small notebooks to make reports of, and the command line run as a person runs it."""

import shutil
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import nbformat
import pytest

from firstsign.reports.making import make
from firstsign.reports.planning import plan
from firstsign.reports.running import Outcome
from firstsign.results import RESULT_TYPE

PARAMETERS = """\
people: int = 10_000  # cohort size [people >= 1]
level: float = 0.95  # coverage of the intervals [0 < level < 1]
cohort: str = "simulated"  # a cohort by name, or your own file
boom: bool = False  # fail on purpose"""

DRAWING = """\
import matplotlib.pyplot as plt
plt.rcParams["svg.hashsalt"] = "toy"
get_ipython().run_line_magic("config", "InlineBackend.figure_formats = ['svg']")
from firstsign.results import record, can_show
plt.step([0, 10, 20], [1, 0.6, 0.2]);
plt.show()"""

COUNTING = """\
record("share.lump", 0.096, 0.079, 0.116, n=people, unit="share", level=level)
if boom:
    raise RuntimeError("no <b>luck</b> today")"""

TABLE = """\
import sys
import pandas as pd
print("noise", file=sys.stderr)
if cohort.endswith(".csv"):
    display(pd.read_csv(cohort))
pd.DataFrame({"sign": ["lump", "<script>document.title = 'bad'</script>"], "people": [12, 1004]})"""


def _write_notebook(path: Path, *cells: tuple[str, str]) -> Path:
    """A notebook of (kind, source) cells; kind is markdown, code or parameters."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for at, (kind, source) in enumerate(cells):
        make = nbformat.v4.new_markdown_cell if kind == "markdown" else nbformat.v4.new_code_cell
        cell = make(source, id=f"cell-{at}")
        if kind == "parameters":
            cell.metadata.tags = ["parameters"]
        notebook.cells.append(cell)
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def write_notebook() -> Callable[..., Path]:
    """Writes a notebook of (kind, source) cells, kind being markdown, code or parameters; its path comes back."""
    return _write_notebook


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two notebooks and their reports.yml."""
    folder = tmp_path_factory.mktemp("toys")
    _write_notebook(
        folder / "01_counting.ipynb",
        ("markdown", "# What is counted?\n\nOne sentence about *counting*.\n\n## The curve"),
        ("parameters", PARAMETERS),
        ("code", DRAWING),
        ("markdown", "## The number\n\n| sign | people |\n|---|---|\n| lump | 12 |"),
        ("code", COUNTING),
        ("markdown", "### After it"),
        ("code", TABLE),
    )
    _write_notebook(
        folder / "02_adding.ipynb",
        ("markdown", "# What adds up?\n\nAnother sentence."),
        ("parameters", "people: int = 5  # cohort size [people >= 1]"),
        ("code", "from firstsign.results import record\nrecord('sum.people', people + 1)"),
    )
    (folder / "reports.yml").write_text(
        "main: {title: A toy report, description: Two toys., notebooks: [01_counting, 02_adding]}\n"
        "adding: {title: Only adding, notebooks: [02_adding]}\n"
    )
    return folder


@pytest.fixture
def toys(toy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the toy notebooks that a test may change; the current folder is an empty one beside it."""
    folder = Path(shutil.copytree(toy_folder, tmp_path / "toys"))
    caller = tmp_path / "caller"
    caller.mkdir()
    monkeypatch.chdir(caller)
    monkeypatch.setenv("FIRSTSIGN_NOTEBOOKS", str(folder))
    return folder


class Instant(Executor):
    """Runs no kernel: each notebook comes back with one recorded number, its parameter `people`."""

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        (job,) = args
        notebook = nbformat.read(job.source, as_version=4)
        people = {"name": "toy.people", "value": job.parameters["people"]}
        result = dict.fromkeys(("low", "high", "level", "n", "unit")) | people
        notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", data={RESULT_TYPE: result})]
        nbformat.write(notebook, job.output)
        done: Future[Any] = Future()
        done.set_result(Outcome(job.name, 0.1, None))
        return done


@pytest.fixture
def instant() -> Executor:
    """An executor that makes versions without kernels."""
    return Instant()


@pytest.fixture(scope="session")
def toy_report(toy_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published version of the toy report, and a failed one beside it; the folder of the good one."""
    out = tmp_path_factory.mktemp("published")
    make(plan("main", {"boom": True}, out, toy_folder), timeout=100)
    return make(plan("main", {"people": 2000}, out, toy_folder), timeout=100).version
