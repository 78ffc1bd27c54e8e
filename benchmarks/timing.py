"""How long a task takes, and what a comparison found."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

ENOUGH = 10.0  # seconds after which a task is not run again


@dataclass
class Timed:
    """The quickest of up to three runs, and the answer of the last."""

    seconds: float
    answer: Any


@dataclass
class Peer:
    """What a peer took for the same people, and what was asked for: a ratio peer / ours of at least `target`.

    people   fewer than ours where a peer would take minutes; the ratio is then with our time for as many
    agrees   the greatest difference from our answer, and of what
    """

    name: str
    people: int
    seconds: float
    ours: float
    agrees: str
    target: float | None = None

    @property
    def ratio(self) -> float:
        return self.seconds / self.ours


@dataclass
class Comparison:
    """One line of what must be shown."""

    what: str
    people: int
    peers: list[Peer] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def timed(task: Callable[[], Any], runs: int = 3) -> Timed:
    """The task's quickest run; one that took long enough is not repeated."""
    best, total = float("inf"), 0.0
    for _ in range(runs):
        begin = perf_counter()
        answer = task()
        took = perf_counter() - begin
        best, total = min(best, took), total + took
        if total > ENOUGH:
            break
    return Timed(best, answer)
