"""What moved between two versions of a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Move:
    """A number that both versions have, with different values; `size` is how far, in half-widths of its old interval."""

    notebook: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    size: float


@dataclass(frozen=True)
class Moves:
    """All that moved, the farthest first, and the numbers that only one of the two versions has."""

    changed: list[Move]
    same: int
    added: list[str]
    removed: list[str]


def moves(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Moves:
    """Compare the results of an older version with those of a newer one."""
    old, new = ({(row["notebook"], row["name"]): row for row in rows} for rows in (before, after))
    both = [key for key in new if key in old]
    changed = [
        Move(key[0], old[key], new[key], _size(old[key], new[key])) for key in both if _moved(old[key], new[key])
    ]
    return Moves(
        sorted(changed, key=lambda move: move.size, reverse=True),
        len(both) - len(changed),
        [name for notebook, name in new if (notebook, name) not in old],
        [name for notebook, name in old if (notebook, name) not in new],
    )


def _moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return any(old[part] != new[part] for part in ("value", "low", "high", "n", "unit"))


def _size(old: Mapping[str, Any], new: Mapping[str, Any]) -> float:
    """Without an interval, in hundredths of the old value; a number that came or went is farther than any."""
    if old["value"] is None or new["value"] is None:
        return 0.0 if old["value"] == new["value"] else float("inf")
    distance = abs(new["value"] - old["value"])
    if old["low"] is not None and old["high"] is not None and old["high"] > old["low"]:
        return 2 * distance / (old["high"] - old["low"])
    return 100 * distance / abs(old["value"]) if old["value"] else distance
