"""Notebooks run in kernels and rooms of their own."""

import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest

from firstsign.reports.running import Job, run_all, run_notebook


@pytest.fixture(scope="module")
def pool():
    """One process for all notebooks here, as a report's workers are: nbclient leaves an event loop behind in it."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        yield processes


@pytest.fixture
def run(pool):
    return lambda job: pool.submit(run_notebook, job).result(timeout=100)


@pytest.fixture
def job(tmp_path, write_notebook):
    def made(*sources, name="01_toy", **more):
        source = write_notebook(
            tmp_path / f"{name}.ipynb", ("markdown", "# A toy"), *(("code", text) for text in sources)
        )
        rooms = tmp_path / "rooms"
        rooms.mkdir(exist_ok=True)
        return Job(name, source, tmp_path / f"{name}-ran.ipynb", {}, rooms, **more)

    return made


def printed(job):
    cells = json.loads(job.output.read_text())["cells"]
    return "".join("".join(output["text"]) for cell in cells for output in cell.get("outputs", []) if "text" in output)


def test_this_interpreter_a_bare_room_and_one_thread_whatever_the_user_has(job, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "my-ipython"))
    (tmp_path / "mine.csv").write_text("person\n1\n")
    names = (
        "sys.executable, os.listdir(), open('mine.csv').read(), os.environ['OMP_NUM_THREADS'], os.environ['MPLBACKEND']"
    )
    toy = job(f"import os, sys, json\nprint(json.dumps([{names}]))", files={"mine.csv": tmp_path / "mine.csv"})
    notebook = json.loads(toy.source.read_text())
    notebook["metadata"]["kernelspec"]["name"] = "julia-1.12"
    toy.source.write_text(json.dumps(notebook))
    (outcome,) = run_all([toy])
    assert outcome.failure is None
    inline = "module://matplotlib_inline.backend_inline"
    assert json.loads(printed(toy)) == [sys.executable, ["mine.csv"], "person\n1\n", "1", inline]
    assert not (tmp_path / "my-ipython").exists()
    assert list(toy.rooms.iterdir()) == []


def test_a_failing_cell_is_an_outcome(job, run):
    outcome = run(job("x = 1", "1 / 0", "print('never')"))
    assert (outcome.failure.cell, outcome.failure.kind) == (2, "ZeroDivisionError")
    assert outcome.failure.message == "division by zero"


def test_a_timeout_counts_for_the_whole_notebook(job, run):
    toy = job("import time; time.sleep(1.5)", "time.sleep(60)", timeout=4)
    outcome = run(toy)
    assert (outcome.failure.cell, outcome.failure.kind) == (2, "Timeout")
    assert outcome.seconds < 30


def test_a_dead_kernel_is_an_outcome(job, run):
    outcome = run(job("import os; os._exit(9)"))
    assert (outcome.failure.cell, outcome.failure.kind) == (1, "DeadKernel")


def test_braces_in_a_folder_are_no_parameters(job, run, tmp_path):
    folder = tmp_path / "{people}"
    folder.mkdir()
    toy = job("print('ran')")
    moved = Job(toy.name, toy.source.rename(folder / "01_toy.ipynb"), folder / "ran.ipynb", {}, toy.rooms)
    assert run(moved).failure is None
    assert printed(moved) == "ran\n"


def test_any_executor_will_do(job, pool):
    outcomes = run_all([job("print(1)", name="01_a"), job("print(2)", name="02_b")], executor=pool)
    assert sorted(outcome.name for outcome in outcomes if outcome.failure is None) == ["01_a", "02_b"]


def test_a_worker_that_is_killed_fails_its_notebook(job):
    (outcome,) = run_all([job("import os; os.kill(os.getppid(), 9)\nimport time; time.sleep(60)")], workers=1)
    assert outcome.failure.kind == "BrokenProcessPool"
