"""What a registry holds of simulated lives: the cohort, and the truth that no registry can see."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from firstsign.draws import DAYS_PER_YEAR, NEVER, Array, People
from firstsign.lives import MILESTONES
from firstsign.observation import recorded
from firstsign.scenarios import Scenario

Columns = dict[str, Any]
NANOSECONDS_PER_DAY = 86_400_000_000_000
NAT = np.iinfo(np.int64).min
LAST_DAY = 106_000  # in 2260, and as many before 1970 in 1679: pandas cannot count nanoseconds much further


def registered(scenario: Scenario, lives: People, who: str) -> Columns:
    """The columns of the cohort's rows of these lives, not numbered: what came before death, loss and the end of observation."""
    seen = as_seen(scenario, lives if who == "diseased" else with_benign_visit(scenario, lives))
    groups = [*scenario.words.symptom_groups, scenario.words.no_symptom_group]
    size = len(seen["zero"])
    frame: Columns = {
        "age": _age_at_index(lives, seen),
        "sex": words([scenario.words.sex], np.zeros(size, np.int8)),
        "detection": _detection(seen),
        "symptoms": _symptoms(scenario, seen),
        "first_symptom_group": words(groups, seen["shown_group"]),
    }
    for name in (*MILESTONES, "death", "last_seen"):
        frame |= _window(name, seen[name], seen["zero"], seen["to_month"] if name == "first_symptom" else None)
    frame |= _stage_and_spread(scenario, seen)
    frame["consultations"] = _integers(seen["consultations"], seen["referral"] < NEVER)
    if who != "diseased":
        frame["ruled_out"] = dates(seen["ruled_out"], seen["zero"])
    begins = lives["zero"] + lives["observed_from"] if scenario.sampling else np.full(size, scenario["first_sign_from"])
    frame["observed_from"] = dates(begins)
    frame["observed_until"] = dates(np.full(size, scenario["observed_until"]))
    return frame


def true(scenario: Scenario, lives: People) -> Columns:
    """What is true of them, without numbers, in life and beyond the end of observation."""
    zero = lives["zero"]
    staged = lives["planned_diagnosis"] < NEVER
    metastatic = staged & (lives["stage"] == 4)
    later = np.where(lives["metastasis"] < NEVER, lives["later_sites"], 0)
    frame: Columns = {
        "life": lives["life"],
        "has_disease": lives["diseased"],
        "overdiagnosed": lives["overdiagnosed"] & (lives["diagnosis"] < NEVER),
        "pace": np.where(lives["diseased"], lives["pace"], np.nan),
        "misread": lives["misread"],
        "true_consultations": _integers(lives["consultations"], lives["referral"] < NEVER),
        "missed_tests": _integers(lives["missed_tests"], lives["referral"] < NEVER),
        "true_stage_at_first_sign": _integers(lives["stage_at_sign"], lives["sign"] < NEVER),
        "true_stage": _integers(lives["stage"], staged),
        "true_metastatic_at_diagnosis": metastatic,
        "true_sites": site_names(scenario, np.where(metastatic, lives["sites"], 0) | later),
        "first_symptom_from": words([None, "disease", "benign"], _symptom_from(lives)),
        "died_from": words([None, "disease", "other causes"], _cause_of_death(lives)),
        "diagnosis_had_they_lived": dates(lives["planned_diagnosis"], zero),
        "symptom_without_screening": dates(lives["symptom_day"], zero),
        "death_from_disease": dates(lives["disease_death"], zero),
        "death_from_other_causes": dates(lives["other_death"], zero),
        "true_onset": dates(np.where(lives["diseased"], 0.0, NEVER), zero),
        "true_seeding": dates(lives["seeded"], zero),
        "metastases_present": dates(lives["metastasis_there"], zero),
    }
    for name in (*MILESTONES, "death"):
        frame[f"true_{name}"] = dates(lives[name], zero)
    return frame


def numbered(blocks: Sequence[Columns], people: int, first: int = 1, empty: bool = False) -> pd.DataFrame:
    """So many rows of the blocks as a frame, each row one person, numbered from `first` on.

    empty  True keeps the columns of milestones that nobody in it has reached
    """
    frame: Columns = {"person": np.arange(first, first + people)}
    for name, part in blocks[0].items():
        parts = [block[name] for block in blocks]
        joined = np.concatenate(parts) if isinstance(part, np.ndarray) else type(part)._concat_same_type(parts)
        frame[name] = joined[:people]
    for name in () if empty else (*MILESTONES, "death"):
        if f"{name}_latest" in frame and np.isnat(frame[f"{name}_latest"]).all():
            del frame[f"{name}_earliest"], frame[f"{name}_latest"]
    return pd.DataFrame(frame, copy=False)


def as_seen(scenario: Scenario, lives: People) -> People:
    """Each milestone as far as someone is followed, and as the registry has it; `shown_group` is the first symptom's, if any."""
    followed = followed_until(scenario, lives)
    last_seen = np.minimum(lives["death"], followed)
    seen = {name: np.where(lives[name] <= last_seen, lives[name], NEVER) for name in MILESTONES}
    told = recorded(scenario, lives | seen)
    death = np.where(lives["death"] <= followed, lives["death"], NEVER)
    shows = lives["first_symptom"] <= last_seen
    group = np.where(shows, lives["group"], len(scenario.words.symptom_groups)).astype(np.int8)
    out = np.where(lives["ruled_out"] <= last_seen, lives["ruled_out"], NEVER) if "ruled_out" in lives else None
    shown = {"death": death, "last_seen": last_seen, "shown_group": group}
    return lives | seen | told | shown | ({} if out is None else {"ruled_out": out})


def followed_until(scenario: Scenario, lives: People) -> Array:
    """The day on which someone is lost, or the data close; death aside."""
    return np.minimum(lives["lost"], scenario["observed_until"] - lives["zero"])


def with_benign_visit(scenario: Scenario, lives: People) -> People:
    """Lives in which a benign symptom that was presented before any of the disease is the first symptom.

    A diagnosis that comes later keeps its own referral and its own visits, which are counted with the first.
    """
    first, diagnosed = lives["benign_first"], lives["diagnosis"] <= followed_until(scenario, lives)
    later = diagnosed & (lives["referral"] < NEVER)
    changed = {
        "first_symptom": lives["benign_symptom_day"],
        "first_presentation": lives["benign_presentation"],
        "group": lives["benign_group"],
        "symptom": lives["benign_symptom"],
        "referral": np.where(later, lives["referral"], lives["benign_referral"]),
        "consultations": np.where(later, 1 + lives["consultations"], 1.0),
        **{name: np.zeros_like(values) for name, values in lives.items() if name.startswith("besides_")},
    }
    before = {name: np.where(first, values, lives[name]) for name, values in changed.items()}
    before["own_presentation"] = lives["first_presentation"]
    before["diagnosis"] = np.where(lives["diseased"], lives["diagnosis"], lives["false_diagnosis"])
    told = first & (lives["ruled_out"] < lives["diagnosis"])
    before["ruled_out"] = np.where(told, lives["ruled_out"], NEVER)
    return lives | before


def dates(days: Array, zero: Array | float = 0.0) -> Array:
    """Days after `zero`, in days since 1970-01-01, as midnights; a day that never comes, or not between 1680 and 2260, is NaT."""
    day = days + zero
    comes = np.abs(day) < LAST_DAY
    whole = np.where(comes, day, 0).astype(np.int64) * NANOSECONDS_PER_DAY
    whole[~comes] = NAT
    return whole.view("datetime64[ns]")


def words(names: Sequence[str | None], numbers: Array) -> Array:
    """The word of each number."""
    return np.array(names, dtype=object)[numbers]


def site_names(scenario: Scenario, sites: Array) -> Array:
    """Sites as bits to their names, joined by semicolons; missing if there are none."""
    names = [scenario.words.key_site, *scenario.words.other_sites, scenario.words.unnamed_site]
    sets = [[name for bit, name in enumerate(names) if number >> bit & 1] for number in range(1 << len(names))]
    return words([";".join(found) or None for found in sets], sites)


def _integers(values: Array, known: Array) -> Any:
    known = known & (values < NEVER)
    return pd.arrays.IntegerArray(np.where(known, values, 0).astype(np.int64), ~known)


def _age_at_index(lives: People, seen: People) -> Array:
    """Whole years at the first sign; of people without one, at the start of observation."""
    day = np.minimum(seen["first_symptom"], seen["screening_test"])
    day = np.where(day < NEVER, day, np.where(lives["sign"] < NEVER, lives["sign"], 0))
    return np.floor(lives["age_at_zero"] + day / DAYS_PER_YEAR).astype(np.int64)


def _cause_of_death(lives: People) -> Array:
    """0 never dies (if a scenario says so), 1 of the disease, 2 of anything else."""
    disease, other = lives["disease_death"], lives["other_death"]
    return np.where(other < disease, 2, np.where(disease < NEVER, 1, 0))


def _symptom_from(lives: People) -> Array:
    """0 none, 1 the first symptom presented is of the disease, 2 it is benign."""
    own = np.where(lives["first_symptom"] < NEVER, 1, 0)
    return np.where(lives["benign_first"], 2, own) if "benign_first" in lives else own


def _window(name: str, days: Array, zero: Array, to_month: Array | None) -> dict[str, Array]:
    """The two columns of a milestone; separate arrays, so that changing one leaves the other."""
    earliest = dates(days, zero)
    latest = earliest.copy()
    if to_month is not None and to_month.any():
        month = earliest[to_month].astype("datetime64[M]")
        earliest[to_month] = month.astype("datetime64[ns]")
        latest[to_month] = (month + 1).astype("datetime64[ns]") - np.timedelta64(1, "D")
    return {f"{name}_earliest": earliest, f"{name}_latest": latest}


def _detection(seen: People) -> Array:
    how = np.where(seen["screened"], 2, np.where(seen["emergency"], 3, 1))
    return words([None, "symptom", "screening", "emergency"], np.where(seen["diagnosis"] < NEVER, how, 0))


def _stage_and_spread(scenario: Scenario, seen: People) -> dict[str, Any]:
    """Stage and metastases: known from the diagnosis on, those that came later from the day they were found."""
    diagnosed, later = seen["diagnosis"] < NEVER, seen["metastasis"] < NEVER
    diagnosed = diagnosed & seen["diseased"]
    metastatic = diagnosed & (seen["stage"] == 4)
    spreads = [None, "distant", *(extent.spread for extent in scenario.words.extents)]
    spread = np.where(metastatic, 1, np.where(diagnosed, seen["extent"] + 1, 0))
    sites = np.where(metastatic, seen["sites"], 0) | np.where(later, seen["later_sites"], 0)
    return {
        "stage": _integers(seen["stage"], diagnosed),
        "spread": words(spreads, spread),
        "metastatic_at_diagnosis": pd.arrays.BooleanArray(metastatic, ~diagnosed),
        "metastatic_sites": site_names(scenario, sites),
    }


def _symptoms(scenario: Scenario, seen: People) -> Array:
    """The first symptom, then those besides, joined by semicolons; missing for people without any."""
    lists = [group.symptoms for group in scenario.words.symptom_groups.values()]
    most = max(len(names) for names in lists) + 1
    code = seen["shown_group"].astype(np.int64) * most + seen["symptom"]
    for number in range(len(lists)):
        code = code * most + seen[f"besides_{number}"]
    named = np.full(most ** (len(lists) + 1) * (len(lists) + 1), None, dtype=object)
    for found in np.flatnonzero(np.bincount(code)):
        named[found] = _symptom_text(lists, int(found), most)
    return named[code]


def _symptom_text(lists: list[list[str]], code: int, most: int) -> str | None:
    digits = []
    for _ in range(len(lists) + 1):
        code, digit = divmod(code, most)
        digits.append(digit)
    first, *besides = reversed(digits)
    if code == len(lists):
        return None
    named = [names[digit - 1] for names, digit in zip(lists, besides, strict=True) if digit]
    return ";".join([lists[code][first], *named])
