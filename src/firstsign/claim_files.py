"""Claims as files: the form of a record and of the rules for verdicts, checked when they are read."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from firstsign.errors import did_you_mean
from firstsign.evidence import RECALLED, read_yaml, register, said_plainly
from firstsign.places import data_folder

RULES = "rules.yml"
Text = Annotated[str, Field(min_length=1)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Verdict = Literal[
    "supported", "supported with limits", "not supported", "refuted", "not traceable", "not testable here"
]
Fact = Literal[
    "appraised",
    "story",
    "sign",
    "accuracy_known",
    "source_named",
    "source_found",
    "direct_for",
    "direct_against",
    "reviews_for",
    "reviews_against",
    "indirect_for",
    "indirect_against",
    "readings",
    "readings_open",
    "limits",
]


class Form(BaseModel):
    """A part of a record: fields that are not named are a slip."""

    model_config = ConfigDict(extra="forbid")


class Claimed(Form):
    """What a part of a claim says, as a range in `unit`; from `clearly` on it holds without the limit `partly`."""

    words: Text
    low: float
    high: float
    unit: Text
    clearly: float | None = None
    partly: Text | None = None


class Bearing(Form):
    """One entry of the register, and how it bears on a part.

    bears      "direct" (the very thing was measured), "indirect" (something near), "context" (to understand the rest)
    says       for, against or neither, where no number can be compared with what is claimed
    counts     x and n, where they are not the entry's own; low, high, estimate: as printed there, in the claimed unit
    percent    the numbers are printed as per cent
    review     it puts several studies together
    """

    entry: Text
    bears: Literal["direct", "indirect", "context"]
    because: Text
    says: Literal["for", "against", "neither"] | None = None
    counts: tuple[int, int] | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    specificity: float | None = None
    percent: bool = False
    review: bool = False

    @field_validator("entry")
    @classmethod
    def _is_registered(cls, entry: str) -> str:
        found = register().get(entry)
        if found is None:
            raise ValueError(f"no evidence entry {entry!r}{did_you_mean(entry, register())}")
        if found.verified == RECALLED:
            raise ValueError(f"{entry} is recalled, not verified: it cannot bear on a claim")
        return entry

    @model_validator(mode="after")
    def _says_or_counts(self) -> "Bearing":
        if self.says is not None and (self.counts or self.estimate is not None or self.low is not None):
            raise ValueError(
                f"{self.entry}: give numbers or what it `says`, not both: numbers are compared with the claim"
            )
        return self


class Input(Form):
    """An uncertain number of a reading: a stated range, a count, or a published estimate with its interval."""

    what: Text
    source: Text
    between: tuple[float, float] | None = None
    counted: tuple[int, int] | None = None
    estimated: tuple[float, float, float] | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> "Input":
        given = [self.between, self.counted, self.estimated]
        if sum(kind is not None for kind in given) != 1:
            raise ValueError("an input is one of between, counted, estimated")
        for name in self.source.split("; "):
            if name != "assumption" and name not in register():
                raise ValueError(f"source {name!r} is neither the word assumption nor an evidence entry")
        return self


class Reading(Form):
    """One way to take the words: a numerator in a denominator, and the formula that leads to its range."""

    key: Key
    numerator: Text
    denominator: Text
    formula: Text
    inputs: dict[str, Input]
    simulated_as: Text | None = None


class Part(Form):
    """One statement of a claim."""

    name: Text
    kind: Literal["share", "difference", "accuracy", "sign", "advice", "story"]
    claimed: Claimed | None = None
    evidence: list[Bearing] = []
    readings: list[Reading] = []
    limits: list[Text] = []
    plain: dict[Verdict, Text] = {}
    appraised: bool = True
    why_not: Text | None = None

    @model_validator(mode="after")
    def _can_be_compared(self) -> "Part":
        if self.readings and self.claimed is None:
            raise ValueError(f"{self.name}: readings need what is claimed, as a range")
        if not self.appraised and not self.why_not:
            raise ValueError(f"{self.name}: say in why_not why it is not appraised")
        bearing = [item for item in self.evidence if item.bears != "context"]
        unclear = [item.entry for item in bearing if item.says is None and self.claimed is None]
        if unclear:
            raise ValueError(
                f"{self.name}: {', '.join(unclear)} can be compared with nothing; give `claimed` or `says`"
            )
        return self


class Cited(Form):
    """The source that the text names: whether it was found, and what was found in its place."""

    named: Text
    found: bool
    instead: Text | None = None


class Counterpart(Form):
    """What is measured among simulated people for comparison; `firstsign.claim_counterparts` knows the measures.

    times  so many times the people asked for are simulated, where what is counted is rare
    """

    measure: Literal["share", "contrast", "trend", "quantiles", "within", "paired"]
    what: Text
    who: Literal["diseased", "symptomatic", "population"] = "diseased"
    times: Annotated[int, Field(ge=1, le=100)] = 1
    numerator: Text | list[Text] | None = None
    denominator: Text | list[Text] | None = None
    over: Text | None = None
    interval: Text | None = None
    by: Text | None = None
    groups: list[Text] | None = None
    among: Text | None = None
    days: list[int] | None = None
    outcome: Text | None = None
    knobs: dict[str, tuple[float, float]] | None = None


class Claim(Form):
    """One claim: what is said, where, of whom, and what would refute it.

    verbatim  the words are those of the article, not their substance
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    letter: Annotated[str, Field(pattern=r"^[A-Z]$")]
    title: Text
    words: Text
    verbatim: bool
    article: Annotated[list[Text], Field(min_length=1)]
    article_note: Text
    cites: Cited | None
    population: Text
    numerator: Text
    denominator: Text
    time: Text
    refuted_by: Text
    parts: Annotated[list[Part], Field(min_length=1)]
    plain: dict[Verdict, Text] = {}
    simulated: list[Counterpart]

    @field_validator("article")
    @classmethod
    def _are_registered(cls, article: list[str]) -> list[str]:
        unknown = [entry for entry in article if entry not in register()]
        if unknown:
            raise ValueError(f"no evidence entry {', '.join(unknown)}")
        return article


class AtLeast(Form):
    """A count that must be reached."""

    at_least: int


class AtMost(Form):
    """A count that must not be exceeded."""

    at_most: int


class Rule(Form):
    """When a part of a claim gets a verdict, in words for everybody and for a statistician."""

    id: Text
    verdict: Verdict
    when: dict[Fact, bool | int | AtLeast | AtMost]
    plain: Text
    method: Text


class Rules(Form):
    """The scale of verdicts, the order in which parts weigh, and the rules, of which the first that holds decides."""

    scale: dict[Verdict, Text]
    weakest_first: list[Verdict]
    rules: list[Rule]

    @model_validator(mode="after")
    def _are_whole(self) -> "Rules":
        if set(self.scale) != set(self.weakest_first) or len(self.weakest_first) != len(self.scale):
            raise ValueError("weakest_first names each verdict of the scale once")
        if self.rules[-1].when:
            raise ValueError("the last rule holds always: its `when` is {}")
        return self


def claim_files() -> dict[str, Claim]:
    """Every claim by id, in the order of their letters, read once and checked."""
    return _read_claims(data_folder() / "claims")


def rules() -> Rules:
    """The checked rules for verdicts, read once."""
    return _read(data_folder() / "claims" / RULES, Rules)


@cache
def _read_claims(folder: Path) -> dict[str, Claim]:
    paths = [path for path in sorted(folder.glob("*.yml")) if path.name != RULES]
    found = [_read(path, Claim) for path in paths]
    misnamed = [f"{path.name} (id {one.id})" for path, one in zip(paths, found, strict=True) if path.stem != one.id]
    if misnamed:
        raise ValueError(f"A claim's file is called by its id: {', '.join(misnamed)}.")
    if len({one.letter for one in found}) < len(found):
        raise ValueError(
            "Two claims have the same letter: " + ", ".join(f"{one.letter} {one.id}" for one in found) + "."
        )
    return {one.id: one for one in sorted(found, key=lambda one: one.letter)}


@cache
def _read(path: Path, form: type[Any]) -> Any:
    try:
        return form.model_validate(read_yaml(path))
    except ValidationError as error:
        told = "; ".join(said_plainly(error))
        raise ValueError(f"{path.name} has {error.error_count()} problem(s): {told}.") from None
