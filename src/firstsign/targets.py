"""What a scenario is held against: published figures, each with the number of the simulated people that it is compared with."""

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from .errors import did_you_mean
from .evidence import RECALLED, read_yaml, register, said_plainly
from .places import data_folder
from .published import published
from .target_intervals import (
    EXACT,
    PRINTED,
    RANGE,
    ROUNDING,
    Known,
    from_counts,
    from_rounded_share,
    from_sample_mean,
    from_sample_quantile,
    half_a_unit,
)
from .target_measures import AnyMeasure, Mean, Measured, Quantile, SurvivalQuantile, in_days
from .target_people import SimulatedPeople
from .vocabulary import named_people

DEFINITION = "definition"
Text = Annotated[str, Field(min_length=1)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]


class Printed(BaseModel):
    """A figure as it was published, shares in per cent, everything else in the target's unit.

    x, n      a share as counts
    printed   the number in the digits printed, as text: "26.0"; with n, the people it rests on, if that is known
    of        the set of people whom n counts, where the figure is of a part of them whose size is not printed: its
              size is then the simulated share of n
    interval  the 95 % interval, where one is printed
    range     the least and greatest of several studies or places, or bounds that the publication leaves
    exactly   the figure is what the scenario is defined to have
    """

    model_config = ConfigDict(extra="forbid")

    x: Annotated[int, Field(ge=0)] | None = None
    n: Annotated[int, Field(ge=1)] | None = None
    of: Text | None = None
    printed: Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$")] | None = None
    interval: Pair | None = None
    range: Pair | None = None
    exactly: bool = False

    @field_validator("interval", "range")
    @classmethod
    def _in_order(cls, bounds: list[float] | None) -> list[float] | None:
        if bounds and bounds[0] > bounds[1]:
            raise ValueError(f"{bounds} ends before it starts")
        return bounds

    @model_validator(mode="after")
    def _one_way(self) -> "Printed":
        ways = [name for name in ("x", "printed", "range") if getattr(self, name) is not None]
        if len(ways) != 1:
            raise ValueError(f"give one of x, printed and range, not {' and '.join(ways) or 'none'}")
        if self.x is not None and (self.n is None or self.x > self.n):
            raise ValueError(f"x is {self.x}, of n {self.n}: x needs an n that is not smaller")
        if self.of is not None and self.n is None:
            raise ValueError(f"`of` says whom n counts ({self.of!r}), and there is no n")
        if self.printed is None and (self.interval or self.exactly):
            raise ValueError("an interval, or `exactly`, belongs to a printed number")
        return self


class Target(BaseModel):
    """A published figure, and the number of the simulated people to be set beside it.

    name      what it is, for readers
    source    id of the evidence register, name of a published table, or "definition": what the scenario is by definition
    how       "input": a parameter of the scenario is this number; "fitted": parameters were chosen with this number in view;
              "emergent": it came out, and no parameter of the scenario has its source
    who       whom to simulate, as in `simulate`
    same_as   the quantity, where other targets are of the same one
    context   shown beside the simulated number but never judged
    """

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: Text
    scenarios: Annotated[list[Text], Field(min_length=1)]
    source: Text
    how: Literal["input", "fitted", "emergent"]
    unit: Literal["share", "days", "months", "years", "times"]
    published: Printed
    measure: AnyMeasure
    who: Literal["diseased", "symptomatic", "population"] = "diseased"
    same_as: Text | None = None
    context: bool = False
    note: Text | None = None

    @field_validator("source")
    @classmethod
    def _has_weight(cls, source: str) -> str:
        entry = register().get(source)
        if entry is not None and entry.verified == RECALLED:
            raise ValueError(f"{source!r} is recalled, not verified: nothing is held against it")
        known = [*register(), *published()["name"], DEFINITION]
        if source not in known:
            raise ValueError(f"{source!r} is no evidence entry and no published table{did_you_mean(source, known)}")
        return source

    def verified(self) -> str:
        if self.source in register():
            return register()[self.source].verified
        return DEFINITION if self.source == DEFINITION else str(published(self.source).attrs["verified"])

    def known(self, measured: Measured, people: SimulatedPeople) -> Known:
        """The published figure and its interval, in the unit of the measured one."""
        figure, scale = self.published, 100.0 if self.unit == "share" else 1.0
        if figure.range:
            return Known(float("nan"), figure.range[0] / scale, figure.range[1] / scale, RANGE, figure.n)
        if figure.printed is None:
            return from_counts(int(figure.x or 0), int(figure.n or 0))
        value, half = float(figure.printed) / scale, half_a_unit(figure.printed) / scale
        if figure.exactly:
            return Known(value, value, value, EXACT, figure.n)
        if figure.interval:
            return Known(value, figure.interval[0] / scale, figure.interval[1] / scale, PRINTED, figure.n)
        n = self._sample(people)
        return self._sampled(measured, n) if n else Known(value, value - half, value + half, ROUNDING, None)

    def _sampled(self, measured: Measured, n: int) -> Known:
        printed = str(self.published.printed)
        if self.unit == "share":
            return from_rounded_share(printed, n)
        value, half = float(printed), half_a_unit(printed)
        if isinstance(self.measure, Mean):
            return from_sample_mean(value, n, measured, half)
        if isinstance(self.measure, SurvivalQuantile):
            return from_sample_quantile(value, n, self.measure.survival_quantile, measured, half)
        if isinstance(self.measure, Quantile):
            finer = self.unit != "days" and in_days(self.measure.quantile)
            return from_sample_quantile(value, n, self.measure.q, measured, half if finer else 0.0)
        return Known(value, value - half, value + half, ROUNDING, n)

    def _sample(self, people: SimulatedPeople) -> int | None:
        """The people behind the printed number; where only those of a larger set are known, the simulated part of them."""
        if self.published.n is None or self.published.of is None:
            return self.published.n
        everyone, part = people.members(self.published.of), people.members(self.measure.among)
        return max(1, round(self.published.n * float((everyone & part).sum() / max(1, everyone.sum()))))


class Targets(BaseModel):
    """The file of targets: sets of people and columns of days that it names (as in `SimulatedPeople`), and the targets."""

    model_config = ConfigDict(extra="forbid")

    people: dict[Text, Text] = {}
    days: dict[Annotated[str, Field(pattern=r"_days$")], tuple[Text, Text]] = {}
    targets: Annotated[list[Target], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_known_and_used_once(self) -> "Targets":
        ids = [target.id for target in self.targets]
        problems = [
            f"the id {name!r} is used {ids.count(name)} times" for name in dict.fromkeys(ids) if ids.count(name) > 1
        ]
        known = [*self.people, *named_people()["name"]]
        for target in self.targets:
            asked = {*_sets(target.measure), target.published.of} - {None, *known}
            # A query has signs that a name has not.
            unknown = sorted(name for name in asked if name and re.fullmatch(r"[\w]+[ \-][\w \-]+", name))
            problems += [
                f"{target.id}: no set of people is called {name!r}{did_you_mean(name, known)}" for name in unknown
            ]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _sets(measure: Any) -> list[str]:
    """The sets of people that a measure speaks of."""
    given = [getattr(measure, name, []) for name in ("among", "share", "difference", "minus")]
    return [name for sets in given for name in ([sets] if isinstance(sets, str) else sets)]


def targets() -> Targets:
    """The checked targets of all scenarios, read once."""
    return read_targets(data_folder() / "simulated" / "targets.yml")


@cache
def read_targets(path: Path) -> Targets:
    """The targets of a file. Raises ValueError naming every problem, each with the target it is in."""
    raw = read_yaml(path)
    try:
        return Targets.model_validate(raw)
    except ValidationError as error:
        listed = raw.get("targets") if isinstance(raw, dict) else None
        lines = [_with_id(line, listed) for line in said_plainly(error)]
        raise ValueError(f"{path.name} has {len(lines)} problem(s): " + "; ".join(lines) + ".") from None


def _with_id(line: str, listed: Any) -> str:
    """A problem's line with the target's id in the place of its number."""
    found = re.match(r"targets\.(\d+)\.?", line)
    if not found or not isinstance(listed, list):
        return line
    item = listed[int(found[1])]
    label = item.get("id", f"target {int(found[1]) + 1}") if isinstance(item, dict) else f"target {int(found[1]) + 1}"
    return f"{label}: {line[found.end() :]}"
