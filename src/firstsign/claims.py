"""Claims on trial: what is said, the evidence that bears on it, what the numbers say, and the verdict that follows by rule."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import pandas as pd

from firstsign.claim_counterparts import COLUMNS, counterpart
from firstsign.claim_files import Claim, Input, Part, Reading, Rule, claim_files, rules
from firstsign.errors import did_you_mean
from firstsign.evidence import evidence_entry
from firstsign.triangulation import Triangulation, between, counted, estimated, triangulate
from firstsign.verdicts import Found, decide, facts, limits_of, weakest, weigh

DRAWS = 100_000
ENDS = ("estimate", "low", "high")
_SHOWN = [
    *("id", "letter", "title", "words", "verbatim", "article"),
    *("population", "numerator", "denominator", "time", "refuted_by"),
]
_ESTIMATES = [
    *("part", "kind", "name", "numerator", "denominator", "x", "n", "estimate", "low", "high"),
    *("least", "most", "unit", "side", "source"),
]


def claims() -> pd.DataFrame:
    """The claims on trial, one row each, in the order of their letters.

    Returns id, letter, title, words (of the article if `verbatim`, else in substance), verbatim, article (register ids),
    population, numerator, denominator, time, refuted_by (what would refute it), parts (the statements it is made of).
    """
    rows = []
    for claim in claim_files().values():
        row = claim.model_dump(include={*_SHOWN})
        rows.append({**{name: row[name] for name in _SHOWN}, "parts": "; ".join(part.name for part in claim.parts)})
    return pd.DataFrame(rows).assign(article=lambda frame: frame["article"].map("; ".join))


@dataclass(frozen=True)
class Judged:
    """One part of a claim with its sources weighed, its readings worked out, and the rule that decided."""

    part: Part
    found: list[Found]
    triangulated: dict[str, Triangulation]
    limits: list[str]
    facts: dict[str, Any]
    rule: Rule
    plain: str


@dataclass(frozen=True)
class Appraisal:
    """A claim with its verdict and all that led to it; made by `appraise`.

    verdict  that of the weakest part, from the scale of six
    plain    one sentence for everybody; `method` is the one for a statistician
    """

    claim: Claim
    judged: list[Judged]
    people: int = field(repr=False)
    seed: int = field(repr=False)
    scenario: str = field(repr=False)

    @property
    def verdict(self) -> str:
        """The verdict on the claim: that of its weakest part."""
        return weakest([one.rule.verdict for one in self.judged])

    @property
    def weakest_part(self) -> Judged:
        """The first part that has the claim's verdict."""
        return next(one for one in self.judged if one.rule.verdict == self.verdict)

    @property
    def rule(self) -> str:
        """The recorded rule that gave the verdict: its id, its conditions and what it says of the method."""
        rule = self.weakest_part.rule
        return f"{rule.id}: {_conditions(rule)}"

    @property
    def plain(self) -> str:
        """The verdict in a sentence for everybody: that recorded for this verdict, else the rule's own."""
        own = self.claim.plain.get(self.verdict)  # type: ignore[call-overload]
        if own is None:
            return self.weakest_part.plain
        numbers: dict[str, Any] = {}
        for one in self.judged:
            numbers |= _numbers(one.found, one.triangulated)
        return _filled(own, numbers)

    @property
    def method(self) -> str:
        """The verdict in a sentence for a statistician: the rule, the sources counted, how ranges and intervals were made."""
        one = self.weakest_part
        known = one.facts
        counted_sources = (
            f"{known['direct_for']} direct for, {known['direct_against']} against; "
            f"{known['indirect_for']} indirect for, {known['indirect_against']} against"
        )
        text = f"{one.rule.method} ({one.part.name}: {counted_sources}"
        text += (
            f"; {known['readings_open']} of {known['readings']} readings hold the claimed range"
            if known["readings"]
            else ""
        )
        text += "). "
        return text + _how(self.judged)

    @property
    def reasons(self) -> list[str]:
        """Why: the two sentences of the verdict, then a line for each part, then its limits."""
        lines = [self.plain, self.method]
        for one in self.judged:
            lines.append(f"{one.part.name}: {one.rule.verdict} (rule {one.rule.id}). {one.plain}")
            lines += [f"{one.part.name}: limit: {limit}." for limit in one.limits]
            lines += [f"{one.part.name}: {one.part.why_not}"] if one.part.why_not else []
        return lines

    @property
    def parts(self) -> pd.DataFrame:
        """One row a part: part, claimed (in words), verdict, rule, plain, limits."""
        rows = [
            (
                one.part.name,
                one.part.claimed.words if one.part.claimed else None,
                one.rule.verdict,
                one.rule.id,
                one.plain,
                "; ".join(one.limits),
            )
            for one in self.judged
        ]
        return pd.DataFrame(rows, columns=["part", "claimed", "verdict", "rule", "plain", "limits"])

    @property
    def estimates(self) -> pd.DataFrame:
        """Every number that bears on the claim, one row a reading and one a source that gives a number.

        Returns part, kind ("triangulated" or "published"), name (the reading's key or the register id), numerator,
        denominator, x, n, estimate, low, high (of readings: median and central 95 % of the draws), least, most (of readings:
        the ends that the inputs allow), unit, side (where it lies: for, partly, against, open, neither), source.
        """
        rows = [row for one in self.judged for row in (*_triangulated_rows(one), *_published_rows(one))]
        return pd.DataFrame(rows, columns=_ESTIMATES).astype({"x": "Int64", "n": "Int64"})

    @property
    def evidence(self) -> pd.DataFrame:
        """The sources, one row each and part: part, id, bears, side, judged (the side was read from words, no number could be
        compared), because, estimate (as printed), unit, source, verified."""
        rows = []
        for one in self.judged:
            for found in one.found:
                entry = evidence_entry(found.entry)
                rows.append(
                    (
                        one.part.name,
                        found.entry,
                        found.bears,
                        found.side,
                        found.judged,
                        found.because,
                        entry.estimate,
                        entry.unit,
                        str(entry.source),
                        entry.verified,
                    )
                )
        names = ["part", "id", "bears", "side", "judged", "because", "estimate", "unit", "source", "verified"]
        return pd.DataFrame(rows, columns=names)

    @property
    def triangulated(self) -> dict[str, Triangulation]:
        """The readings that were worked out, by key; each has `.result`, `.drivers`, `.values`."""
        return {key: found for one in self.judged for key, found in one.triangulated.items()}

    @cached_property
    def simulated(self) -> pd.DataFrame:
        """The same questions among simulated people: what, of, among, estimate, low, high, n, unit. It takes no part in
        the verdict: simulated people are no evidence about patients."""
        frames = [counterpart(asked, self.people, self.seed, self.scenario) for asked in self.claim.simulated]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


def appraise(claim: str, people: int = 20_000, seed: int = 20260101, scenario: str = "england") -> Appraisal:
    """Put a claim on trial: the evidence weighed, the readings worked out, and the verdict that the recorded rules give.

    claim                   an id of `claims()`, or its letter
    people, seed, scenario  of the simulated counterpart, which is made when `.simulated` is first asked for

    Returns an `Appraisal`: verdict (supported, supported with limits, not supported, refuted, not traceable, not testable
    here), plain and method (a sentence each), reasons, parts, estimates, evidence, triangulated, simulated, rule. Raises
    ValueError with the nearest id if there is no such claim.
    """
    known = claim_files()
    by_letter = {one.letter: name for name, one in known.items()}
    name = by_letter.get(claim, claim)
    if name not in known:
        raise ValueError(f"No claim {claim!r}{did_you_mean(claim, known)}. There are: {', '.join(known)}.")
    found = known[name]
    return Appraisal(found, [_judge(found, part) for part in found.parts], people, seed, scenario)


def _judge(claim: Claim, part: Part) -> Judged:
    found = weigh(part)
    triangulated = {reading.key: _work_out(reading) for reading in part.readings}
    ranges = [(one.result["least"][0], one.result["most"][0]) for one in triangulated.values()]
    known = facts(claim, part, found, ranges)
    rule = decide(known)
    plain = _filled(part.plain.get(rule.verdict, rule.plain), _numbers(found, triangulated))
    return Judged(part, found, triangulated, limits_of(part, found), known, rule, plain)


def _work_out(reading: Reading) -> Triangulation:
    inputs = {name: _drawn(given) for name, given in reading.inputs.items()}
    return triangulate(reading.formula, inputs, draws=DRAWS, seed=1, within=(0, 1))


def _drawn(given: Input) -> Any:
    if given.between:
        return between(*given.between, source=given.source)
    if given.counted:
        return counted(*given.counted, source=given.source)
    assert given.estimated
    return estimated(*given.estimated, source=given.source, scale="logit")


def _numbers(found: Sequence[Found], triangulated: Mapping[str, Triangulation]) -> dict[str, Any]:
    """What a recorded sentence can put in: {key.low}, {entry_id.low_per_1000}."""
    named: dict[str, Any] = {key: one.result.iloc[0] for key, one in triangulated.items()}
    for one in found:
        numbers = {end: getattr(one, end) for end in ENDS}
        named[one.entry.replace("-", "_")] = SimpleNamespace(
            **numbers, **{f"{end}_per_1000": 1000 * number for end, number in numbers.items()}
        )
    return named


def _filled(sentence: str, numbers: Mapping[str, Any]) -> str:
    """A recorded sentence with its numbers; a per cent sign stands apart from its number."""
    return re.sub(r"(?<=\d)%", " %", sentence.format(**numbers))


def _triangulated_rows(one: Judged) -> list[tuple[Any, ...]]:
    rows = []
    for reading in one.part.readings:
        result = one.triangulated[reading.key].result.iloc[0]
        claimed = one.part.claimed
        assert claimed
        inside = result["least"] <= claimed.high and result["most"] >= claimed.low
        sources = dict.fromkeys(source for given in reading.inputs.values() for source in given.source.split("; "))
        rows.append(
            (
                *(one.part.name, "triangulated", reading.key, reading.numerator, reading.denominator, None, None),
                *(result[end] for end in (*ENDS, "least", "most")),
                *(claimed.unit, "open" if inside else "against", "; ".join(sources)),
            )
        )
    return rows


def _published_rows(one: Judged) -> list[tuple[Any, ...]]:
    rows = []
    for found in one.found:
        if pd.isna([found.estimate, found.low, found.high]).all():
            continue
        entry = evidence_entry(found.entry)
        unit = one.part.claimed.unit if one.part.claimed and found.bears != "context" else "share"
        rows.append(
            (
                *(one.part.name, "published", found.entry, entry.quantity, entry.population, found.x, found.n),
                *(getattr(found, end) for end in ENDS),
                *(None, None, unit, found.side, found.entry),
            )
        )
    return rows


def _conditions(rule: Rule) -> str:
    """The conditions of a rule in words: "source named: yes; direct for: 0"."""
    told = []
    for fact, condition in rule.when.items():
        if isinstance(condition, bool):
            said = "yes" if condition else "no"
        elif isinstance(condition, int):
            said = str(condition)
        else:
            ((bound, count),) = condition.model_dump().items()
            said = f"{bound.replace('_', ' ')} {count}"
        told.append(f"{fact.replace('_', ' ')}: {said}")
    return "; ".join(told) or "nothing before it held"


def _how(judged: Sequence[Judged]) -> str:
    """How the numbers were made, in one sentence."""
    verified = pd.Series([evidence_entry(found.entry).verified for one in judged for found in one.found], dtype=object)
    told = []
    if any(one.triangulated for one in judged):
        told.append(f"ranges by Monte Carlo from stated ranges, {DRAWS:,} draws")
    if any(found.n for one in judged for found in one.found):
        told.append("shares of counts with Wilson's 95 % intervals")
    seen = ", ".join(f"{count} {how}" for how, count in verified.value_counts().items())
    told.append(f"sources: {seen}" if seen else "no verified source bears on it")
    text = "; ".join(told)
    return text[0].upper() + text[1:] + "."


def verdict_scale() -> dict[str, str]:
    """The six verdicts and what each means."""
    return {str(verdict): meaning for verdict, meaning in rules().scale.items()}
