"""From what is recorded about a part of a claim to its verdict: numbers compared, facts counted, the first rule that holds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firstsign.claim_files import AtLeast, AtMost, Bearing, Claim, Claimed, Part, Rule, rules
from firstsign.evidence import Entry, evidence_entry
from firstsign.shares import wilson

NO_INTERVAL = "no source that measured it gives an interval"
SECOND_HAND = "known at second hand only"


@dataclass(frozen=True)
class Found:
    """A source's number, and where it lies: `side` is for, partly, against, open (on both sides) or neither.

    The number is in the unit of what is claimed; `low` and `high` are missing (NaN) where none was printed. `judged` tells
    that no number could be compared, and that the record says the side in so many words.
    """

    entry: str
    bears: str
    side: str
    estimate: float
    low: float
    high: float
    x: int | None
    n: int | None
    review: bool
    because: str
    judged: bool = False

    @property
    def bounded(self) -> bool:
        """Whether there is a number with an interval."""
        return not (math.isnan(self.low) or math.isnan(self.high))


def weigh(part: Part) -> list[Found]:
    """Every source that bears on a part, in the order of its record: its number, and on which side of the claim it lies.

    Shares of counts get Wilson's 95 % interval, others the one printed with them. An interval inside the claimed range is
    for it, one outside against it, one that reaches over its edge is open. A number printed without an
    interval is for it or against it as it stands.
    """
    return [_found(item, part.claimed) for item in part.evidence]


def _found(item: Bearing, claimed: Claimed | None) -> Found:
    estimate, low, high, counts = _number(item)
    side = item.says or _side(estimate, low, high, claimed if item.bears != "context" else None)
    x, n = counts or (None, None)
    return Found(
        item.entry, item.bears, side, estimate, low, high, x, n, item.review, item.because, item.says is not None
    )


def _number(item: Bearing) -> tuple[float, float, float, tuple[int, int] | None]:
    """Estimate, low, high as recorded, else from counts: those of the record, else those of the entry."""
    entry = evidence_entry(item.entry)
    printed = (item.estimate, item.low, item.high)
    if any(number is not None for number in printed):
        scale = 100 if item.percent else 1
        estimate, low, high = (math.nan if number is None else number / scale for number in printed)
        return estimate, low, high, None
    own = (entry.numerator, entry.denominator) if entry.numerator is not None and entry.denominator else None
    counts = item.counts or own
    if item.says is not None:
        return math.nan, math.nan, math.nan, None
    if counts is None:
        return *_percentage(entry), None
    return counts[0] / counts[1], *wilson(*counts), counts


def _percentage(entry: Entry) -> tuple[float, float, float]:
    """The share and the interval that an entry prints as per cent, if it does."""
    if not (entry.unit or "").startswith("%") or isinstance(entry.estimate, str):
        return math.nan, math.nan, math.nan
    low, high = entry.interval or (None, None)
    estimate, low, high = (math.nan if number is None else number / 100 for number in (entry.estimate, low, high))
    return estimate, low, high


def _side(estimate: float, low: float, high: float, claimed: Claimed | None) -> str:
    ends = [number for number in (estimate, low, high) if not math.isnan(number)]
    if claimed is None or not ends:
        return "neither"
    least, most = min(ends), max(ends)
    if least >= claimed.low and most <= claimed.high:
        return "partly" if claimed.clearly is not None and least < claimed.clearly else "for"
    return "against" if most < claimed.low or least > claimed.high else "open"


def limits_of(part: Part, found: Sequence[Found]) -> list[str]:
    """What limits a part: what is recorded, and what follows from its sources."""
    agreeing = [one for one in found if one.bears == "direct" and one.side in ("for", "partly")]
    limits = list(part.limits)
    if part.claimed and part.claimed.partly and {one.side for one in agreeing} == {"partly"}:
        limits.append(f"{part.claimed.partly} ({_entries(agreeing)})")
    if agreeing and not any(one.bounded for one in agreeing):
        limits.append(f"{NO_INTERVAL} ({_entries(agreeing)})")
    if agreeing and all(evidence_entry(one.entry).verified == "secondary source" for one in agreeing):
        limits.append(f"{SECOND_HAND} ({_entries(agreeing)})")
    return limits


def facts(
    claim: Claim, part: Part, found: Sequence[Found], ranges: Sequence[tuple[float, float]] = ()
) -> dict[str, Any]:
    """The facts that rules ask for, by name.

    found   from `weigh`
    ranges  the least and greatest value of each reading, in the unit of what is claimed
    """

    def count(bears: str, sides: Sequence[str], reviews: bool = False) -> int:
        return sum(one.bears == bears and one.side in sides and (one.review or not reviews) for one in found)

    open_ones = [
        part.claimed is not None and low <= part.claimed.high and high >= part.claimed.low for low, high in ranges
    ]
    agreeing, opposing = ("for", "partly"), ("against",)
    return {
        "appraised": part.appraised,
        "story": part.kind == "story",
        "sign": part.kind == "sign",
        "accuracy_known": any(item.estimate is not None and item.specificity is not None for item in part.evidence),
        "source_named": claim.cites is not None,
        "source_found": claim.cites is not None and claim.cites.found,
        "direct_for": count("direct", agreeing),
        "direct_against": count("direct", opposing),
        "reviews_for": count("direct", agreeing, reviews=True),
        "reviews_against": count("direct", opposing, reviews=True),
        "indirect_for": count("indirect", agreeing),
        "indirect_against": count("indirect", opposing),
        "readings": len(ranges),
        "readings_open": sum(open_ones),
        "limits": len(limits_of(part, found)),
    }


def decide(known: Mapping[str, Any]) -> Rule:
    """The first rule all of whose conditions hold for these facts."""
    return next(rule for rule in rules().rules if holds(rule, known))


def holds(rule: Rule, known: Mapping[str, Any]) -> bool:
    """Whether every condition of a rule holds."""
    return all(_meets(known[fact], condition) for fact, condition in rule.when.items())


def _meets(value: Any, condition: Any) -> bool:
    if isinstance(condition, AtLeast):
        return bool(value >= condition.at_least)
    if isinstance(condition, AtMost):
        return bool(value <= condition.at_most)
    return bool(value == condition)


def weakest(verdicts: Sequence[str]) -> str:
    """The verdict on a claim of several parts: that of its weakest."""
    return next(one for one in rules().weakest_first if one in verdicts)


def _entries(found: Sequence[Found]) -> str:
    return ", ".join(one.entry for one in found)
