"""Notebooks through papermill: each in a kernel of its own, in a room of its own, several at a time."""

import importlib
import logging
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

KERNEL_START = 120  # seconds; a cold disk on a busy machine takes its time to import ipykernel


@dataclass(frozen=True)
class Failure:
    """Which cell of a notebook failed (counted from 0 in the executed notebook; None if none had begun) and why."""

    cell: int | None
    kind: str
    message: str


@dataclass(frozen=True)
class Job:
    """One notebook to run: where it lies, where the executed one goes, and what it gets.

    files    files that the notebook finds in its working folder: name there -> where it really lies
    rooms    an existing folder for working folders and sockets; whoever made it removes it
    timeout  seconds for the whole notebook; None for as long as it takes
    """

    name: str
    source: Path
    output: Path
    parameters: Mapping[str, Any]
    rooms: Path
    files: Mapping[str, Path] = field(default_factory=dict)
    timeout: float | None = None


@dataclass(frozen=True)
class Outcome:
    """How a job ended: `failure` is None if every cell ran. `room` is where its kernel worked, for scrubbing."""

    name: str
    seconds: float
    failure: Failure | None
    room: str = ""


def run_notebook(job: Job) -> Outcome:
    """Run one notebook and write the executed one to `job.output`. A failing cell is an outcome, never an exception."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=job.rooms, prefix="k", ignore_cleanup_errors=True) as folder:
        room = _furnish(Path(folder), job.files)
        failure = _execute(job, Path(folder), room)
    return Outcome(job.name, time.monotonic() - started, failure, str(room))


def run_all(jobs: Sequence[Job], workers: int = 2, executor: Executor | None = None) -> Iterator[Outcome]:
    """Run jobs in parallel and yield each outcome as it comes.

    executor  any `concurrent.futures.Executor`; without one, `workers` fresh processes of this interpreter. A script that
              calls this needs the usual `if __name__ == "__main__":` around it.
    """
    with _pool(min(workers, len(jobs)), executor) as pool:
        waiting = {pool.submit(run_notebook, job): job for job in jobs}
        for future in as_completed(waiting):
            yield _outcome(future, waiting[future])


@contextmanager
def _pool(workers: int, executor: Executor | None) -> Iterator[Executor]:
    """The executor given, or processes that are ended at once when the reader of the outcomes is (Ctrl-C)."""
    if executor is not None:
        yield executor
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)
    try:
        yield pool
    except BaseException:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        raise
    pool.shutdown()


def _begin_worker() -> None:
    """Ctrl-C is for the process that reads the outcomes; when that one is gone, however it went, so is the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _outcome(future: "Future[Outcome]", job: Job) -> Outcome:
    """A worker that died (out of memory, say) fails its notebook and not the others' results."""
    try:
        return future.result()
    except Exception as slip:
        return Outcome(job.name, 0.0, Failure(None, type(slip).__name__, str(slip) or "The process that ran it died."))


def _execute(job: Job, folder: Path, room: Path) -> Failure | None:
    papermill = importlib.import_module("papermill")
    clients = importlib.import_module("nbclient.exceptions")
    logging.getLogger("papermill").setLevel(logging.ERROR)  # it warns of types and conditions that it cannot read
    running: list[int] = []
    try:
        papermill.execute_notebook(
            *(str(path).replace("{", "{{").replace("}", "}}") for path in (job.source, job.output)),
            parameters=dict(job.parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            start_timeout=KERNEL_START,
            kernel_manager_class=_kernel_class(folder),
            resources={"metadata": {"path": str(room)}},
            timeout_func=_clock(job.timeout),
            on_cell_start=lambda cell, cell_index: running.append(cell_index),
        )
    except papermill.PapermillExecutionError as slip:
        return Failure(slip.cell_index, slip.ename, slip.evalue)
    except clients.CellTimeoutError:
        return Failure(_last(running), "Timeout", f"The notebook was still running after {job.timeout:g} seconds.")
    except clients.DeadKernelError:
        return Failure(_last(running), "DeadKernel", "The kernel died, as it does when the memory runs out.")
    return None


def _last(running: Sequence[int]) -> int | None:
    return running[-1] if running else None


def _clock(timeout: float | None) -> Callable[[Any], float | None] | None:
    """Seconds that a cell may still take, so that the whole notebook keeps within its time."""
    if timeout is None:
        return None
    end = time.monotonic() + timeout
    return lambda cell: max(end - time.monotonic(), 0.001)


def _furnish(folder: Path, files: Mapping[str, Path]) -> Path:
    """A working folder with nothing in it but the files: a notebook can neither read nor litter the caller's folder."""
    room = folder / "room"
    room.mkdir()
    for name, path in files.items():
        try:
            (room / name).symlink_to(path)
        except OSError:  # Windows allows links only to some users
            shutil.copyfile(path, room / name)
    return room


def _kernel_class(folder: Path) -> type:
    """A kernel manager whose kernel is this interpreter, whatever kernels a user has, on sockets in a private folder.

    Kernels on TCP race for ports, and with plain `transport="ipc"` all use the same files of the working folder.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
    spec = KernelSpec(argv=command, display_name="Python 3", language="python", env=_environment(folder))
    private: dict[str, Any] = {"shutdown_wait_time": 0.5, "connection_file": str(folder / "kernel.json")}
    if sys.platform != "win32":
        private |= {"transport": "ipc", "ip": str(folder / "s")}

    class ReportKernel(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(**private | options)

        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

        async def _async_launch_kernel(self, kernel_cmd: list[str], **more: Any) -> None:
            """What the kernel itself has to say while it is being ended is nothing for the caller's terminal."""
            await super()._async_launch_kernel(kernel_cmd, **more | {"stderr": subprocess.DEVNULL})

    return ReportKernel


def _environment(folder: Path) -> dict[str, str]:
    """What makes a kernel the same for everyone: no personal start-up, one thread, a fixed order of sets, no widgets."""
    return {
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(folder),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "FIRSTSIGN_REPORT": "1",
    } | _absolute("FIRSTSIGN_DATA")


def _absolute(variable: str) -> dict[str, str]:
    chosen = os.environ.get(variable)
    return {variable: str(Path(chosen).expanduser().resolve())} if chosen else {}
