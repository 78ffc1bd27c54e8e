"""Does a simulated scenario look like what is published? Each target beside the number that came out, and a verdict."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .places import data_folder
from .scenarios import load_scenario
from .simulate import simulate
from .target_people import SimulatedPeople
from .targets import Target, targets

CONTEXT = "context"


def calibrate(scenario: str = "england", people: int = 200_000, seed: int = 1, **overrides: Any) -> pd.DataFrame:
    """Published figures, each beside the same number of a simulated scenario, and whether the scenario meets it.

    scenario   one that has targets in data/simulated/targets.yml
    people     how many to simulate; more make the simulated intervals narrower
    overrides  as in `simulate`: what would come out with another knob

    Returns one row a target, in the order of the file: target, source (evidence entry or published table), unit, published,
    low, high (its 95 % interval, or what `basis` says it is), simulated, simulated_low, simulated_high (95 % Monte-Carlo
    interval), verdict, how ("input": a parameter is this number; "fitted": parameters were chosen with it in view; "emergent": it
    came out), basis, n (people behind
    the published figure; missing where not printed), people (simulated ones it was counted in), verified, note, id. Shares
    are in 0 to 1.

    A target is *met* where the two intervals overlap. With many people the simulated one is no more than an allowance for
    chance, so that "met" says: the scenario's true value is one that the publication leaves open. It is *conflicting* where
    another source of the same quantity has an interval that is disjoint from its own, and the scenario meets one of the
    sources: both rows stand, and no scenario could meet both. Otherwise it is *missed*, by all sources if there are several.
    Rows of *context* are shown and never judged: another country's, another estimand's.

    Raises ValueError for a scenario that does not exist or has no targets, and as `simulate` does.
    """
    ready = load_scenario(scenario, overrides)
    file = targets()
    chosen = [target for target in file.targets if scenario in target.scenarios]
    if not chosen:
        have = sorted({name for target in file.targets for name in target.scenarios})
        raise ValueError(
            f"Scenario {scenario!r} has no targets to be held against. There are some for: {', '.join(have)}."
        )
    rows: dict[str, dict[str, Any]] = {}
    for who in dict.fromkeys(target.who for target in chosen):
        cohort, truth = simulate(people, seed, scenario, who=who, truth=True, **overrides)
        simulated = SimulatedPeople(cohort, truth, file.people, file.days, ready.values)
        rows |= {target.id: beside(target, simulated) for target in chosen if target.who == who}
    frame = judged(pd.DataFrame([rows[target.id] for target in chosen]), chosen)
    frame.attrs = {"scenario": scenario, "people": people, "seed": seed, "overrides": dict(overrides)}
    return frame


def write_tables(folder: Path | None = None) -> list[Path]:
    """Write the table of every scenario that has targets, as it is committed: data/simulated/calibration-<scenario>.csv.

    To be done anew after a change to a scenario, to the targets or to the simulator. Returns the files.
    """
    folder = folder or data_folder() / "simulated"
    written = []
    for scenario in sorted({name for target in targets().targets for name in target.scenarios}):
        written.append(folder / f"calibration-{scenario}.csv")
        calibrate(scenario).to_csv(written[-1], index=False, float_format="%.6g", lineterminator="\n")
    return written


def beside(target: Target, people: SimulatedPeople) -> dict[str, Any]:
    """One row of the table, without its verdict."""
    try:
        measured = target.measure.of(people, target.unit)
        known = target.known(measured, people)
    except ValueError as problem:
        raise ValueError(f"Target {target.id!r}: {problem}") from None
    return {
        "target": target.name,
        "source": target.source,
        "unit": target.unit,
        "published": known.value,
        "low": known.low,
        "high": known.high,
        "simulated": measured.value,
        "simulated_low": measured.low,
        "simulated_high": measured.high,
        "how": target.how,
        "basis": known.basis,
        "n": known.n,
        "people": measured.n,
        "verified": target.verified(),
        "note": target.note,
        "id": target.id,
    }


def judged(frame: pd.DataFrame, listed: Sequence[Target]) -> pd.DataFrame:
    """The rows with the column verdict; `listed` their targets in the same order."""
    overlap = (frame["simulated_low"] <= frame["high"]) & (frame["low"] <= frame["simulated_high"])
    meets = (overlap & frame["simulated"].notna()).to_numpy(bool)
    apart = np.array(_disjoint(frame, listed)) & _met_by_any(meets, listed)
    verdict = np.where(apart, "conflicting", np.where(meets, "met", "missed"))
    verdict = np.where([target.context for target in listed], CONTEXT, verdict)
    frame = frame.astype({"n": "Int64", "people": "Int64"})
    frame.insert(list(frame.columns).index("simulated_high") + 1, "verdict", verdict)
    return frame


def _met_by_any(meets: NDArray[np.bool_], listed: Sequence[Target]) -> NDArray[np.bool_]:
    """Whether the target, or another source of the same quantity, is met."""
    met = {target.same_as for target, meets_it in zip(listed, meets, strict=True) if meets_it and not target.context}
    return np.array([target.same_as is not None and target.same_as in met for target in listed])


def _disjoint(frame: pd.DataFrame, listed: Sequence[Target]) -> list[bool]:
    """Whether another source of the same quantity, not mere context, has an interval with no point in common."""
    low, high = frame["low"].to_numpy(float), frame["high"].to_numpy(float)
    return [
        any(
            other.same_as == one.same_as is not None
            and other.source != one.source
            and not other.context
            and (low[there] > high[here] or high[there] < low[here])
            for there, other in enumerate(listed)
        )
        for here, one in enumerate(listed)
    ]


if __name__ == "__main__":
    write_tables()
