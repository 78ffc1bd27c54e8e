"""How fast people are simulated, and in how much memory they are written: prints SIMULATION.md's tables and writes it.

Each line runs in a process of its own, which this file is. No other package simulates a pathway from onset to death; what is set
beside it is the least that any could do: drawing as many uniform numbers with NumPy.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np

import firstsign as fs
from firstsign.draws import People
from firstsign.lives import BLOCK, block
from firstsign.mechanisms import MECHANISMS
from firstsign.scenarios import load_scenario

from .growth import peak
from .run import machine, seconds, versions

RESULTS = Path(__file__).with_name("SIMULATION.md")
IN_MEMORY = ((100_000, "diseased", 0.4), (1_000_000, "diseased", 3.0), (1_000_000, "symptomatic", None))
TO_A_FILE = ((1_000_000, 1), (10_000_000, 1), (10_000_000, 2))
RUNS = 3


def main() -> None:
    lines = [
        "# How fast people are simulated",
        "",
        f"{datetime.now(UTC):%d %B %Y}, `make bench`. {machine()} {versions()}",
        "",
    ]
    lines += [
        "Seconds of one core, the quickest of three, without imports; the ratio is to drawing the uniform numbers alone.",
        "",
    ]
    lines += ["| people | who | in memory | draws alone | ratio | allowed | |", "|--:|---|--:|--:|--:|--:|---|"]
    for people, who, allowed in IN_MEMORY:
        took = _apart("memory", people, who)
        met = "" if allowed is None else "met" if took["all"] <= allowed else "**missed**"
        times = f"{seconds(took['all'])} | {seconds(took['draws'])} | {took['all'] / took['draws']:.1f}"
        lines.append(f"| {people:,} | {who} | {times} | {'' if allowed is None else f'{allowed:g} s'} | {met} |")
    lines += ["", "`firstsign simulate --people N --out people.parquet`, written piece by piece:", ""]
    lines += ["| people | workers | time | peak memory of the writing process | file |", "|--:|--:|--:|--:|--:|"]
    for people, workers in TO_A_FILE:
        took = _apart("file", people, str(workers))
        sizes = f"{took['peak']:,.0f} MB | {took['size']:,.0f} MB"
        lines.append(f"| {people:,} | {workers} | {seconds(took['all'])} | {sizes} |")
    print("\n".join(lines))
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _apart(what: str, people: int, how: str) -> dict[str, float]:
    """One measurement in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.simulation", what, str(people), how]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def in_memory(people: int, who: str) -> dict[str, float]:
    """Seconds of processor time of `simulate`, and of its uniform draws alone."""
    fs.simulate(10, who=who)
    return {"all": _quickest(lambda: fs.simulate(people, who=who)), "draws": _quickest(lambda: _draw(people))}


def to_a_file(people: int, workers: int) -> dict[str, float]:
    """Seconds on the clock, peak megabytes and megabytes written of `simulate_file`."""
    with TemporaryDirectory() as made:
        path = Path(made) / "people.parquet"
        begin = perf_counter()
        fs.simulate_file(path, people, workers=workers)
        return {"all": perf_counter() - begin, "peak": peak(), "size": path.stat().st_size / 1e6}


def _draw(people: int) -> None:
    """As many uniform numbers as the mechanisms of `who="diseased"` draw for so many people, block by block."""
    calls = _calls()
    for number in range(-(-people // BLOCK)):
        rng = np.random.default_rng(number)
        for _ in range(calls):
            rng.random(BLOCK)


def _calls() -> int:
    """How often a person is drawn for."""
    scenario, drawn, people = load_scenario("england", {}), 0, People()
    rng = np.random.default_rng(0)
    people |= block(scenario, 0, 0, benign=False)
    for mechanism in MECHANISMS.values():

        def draw() -> np.ndarray:
            nonlocal drawn
            drawn += 1
            return rng.random(BLOCK)

        people |= mechanism(scenario, draw, people)
    return drawn


def _quickest(task: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(RUNS):
        begin = process_time()
        task()
        best = min(best, process_time() - begin)
    return best


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "memory":
        print(json.dumps(in_memory(int(sys.argv[2]), sys.argv[3])))
    else:
        print(json.dumps(to_a_file(int(sys.argv[2]), int(sys.argv[3]))))
