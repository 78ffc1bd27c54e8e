"""The table of mechanisms: its numbers are for ever, and what a mechanism draws never depends on the scenario or the people."""

import numpy as np
import pytest
from mechanism_runs import ENGLAND, NO_GROWTH, england, every_group, every_stage

from firstsign.mechanisms import BENIGN, MECHANISMS

# One screened, treated and soon gone; one never ill, never lost, of whom everything is recorded: shares at either end.
NOTHING = england(
    NO_GROWTH,
    {
        "test": {
            name: {"sensitivity": 0, "specificity": 1}
            for name in ("radiograph", "MRI", "CT", "breast imaging", "biopsy")
        }
    },
    disease_share=0,
    indolent_share=1,
    pace_spread=0,
    urgency=0,
    screening_coverage=0,
    treated_share=every_stage(0),
    emergency_share=every_stage(0),
    misread_share=every_group(0),
    benign_per_year=every_group(0),
    other_death_hazard_at_60=0,
    lost_per_year=0,
    progression_after_first_sign=0,
)
EVERYTHING = england(
    {"metastatic_site.at_diagnosis": 1, "metastatic_site.at_recurrence": 0},
    disease_share=1,
    indolent_share=0,
    pace_spread=2,
    urgency=0.9,
    screening_coverage=1,
    screening_from_age=0,
    screening_every=0.1,
    treated_share=every_stage(1),
    emergency_share=every_stage(1),
    misread_share=every_group(1),
    benign_per_year=every_group(0.3),
    benign_referral_share=every_group(1),
    other_death_hazard_at_60=1,
    lost_per_year=10,
    onset_known_to_month=1,
    recall_rounded_share=1,
    misclassified_share=1,
    missing_onset_share=1,
)


def draws(scenario, size=500):
    """How often each mechanism draws, and the people in the end."""
    people, rng, calls = {}, np.random.default_rng(3), {}
    for key, mechanism in (MECHANISMS | BENIGN).items():
        calls[key] = 0

        def draw(key=key):
            calls[key] += 1
            return rng.random(size)

        people |= mechanism(scenario, draw, people)
    return calls, people


def test_numbers_of_mechanisms_are_fixed():
    """A number is part of a random stream, so renumbering would change everybody: this table may only grow."""
    fixed = {
        1: "who",
        2: "biology",
        3: "growth",
        4: "spread",
        5: "sites",
        6: "symptom_onsets",
        7: "first_symptom",
        8: "screening",
        9: "death_from_other_causes",
        18: "natural_death",
        10: "first_sign",
        11: "first_presentation",
        12: "symptoms_besides",
        13: "referral",
        14: "diagnosis",
        15: "staging",
        16: "treatment",
        17: "metastasis",
        23: "death_from_disease",
        19: "lost",
        20: "recording",
        21: "benign_symptoms",
        22: "benign_visit",
    }
    table = MECHANISMS | BENIGN
    assert {key: mechanism.__name__ for key, mechanism in table.items()} == fixed
    assert len(table) == len(MECHANISMS) + len(BENIGN)


def test_every_mechanism_draws_as_often_whatever_the_numbers():
    """Two scenarios that differ in nearly every share draw the same number of times as England."""
    usual, _ = draws(ENGLAND)
    assert draws(NOTHING)[0] == usual
    assert draws(EVERYTHING)[0] == usual


def test_mechanisms_that_follow_from_others_draw_nothing():
    table = MECHANISMS | BENIGN
    counts, _ = draws(ENGLAND)
    assert {table[key].__name__ for key, count in counts.items() if not count} == {
        "staging",
        "metastasis",
        "death_from_disease",
    }


@pytest.mark.parametrize("scenario", [ENGLAND, NOTHING, EVERYTHING], ids=["england", "nothing", "everything"])
def test_every_column_has_a_value_a_person_and_only_the_group_is_made_twice(scenario):
    _, people = draws(scenario, size=77)
    assert {len(values) for values in people.values()} == {77}
    assert not [name for name, values in people.items() if np.isnan(values).any()]
    made, again = set(), set()
    for mechanism in (MECHANISMS | BENIGN).values():
        found = mechanism(scenario, lambda: np.full(77, 0.5), dict(people))
        again |= made & set(found)
        made |= set(found)
    assert again == {"group"}  # of the first symptom, then of the first sign: none for who is found by screening


def test_days_are_whole_or_never():
    """Whatever is counted from is a day; only ranks, paces, ages and what death would have been by nature are not."""
    _, people = draws(ENGLAND, size=2_000)
    parts = {"age_at_zero", "pace", "pace_score", "death_rank", "natural_death", "benign_rank"}
    for name, values in people.items():
        if values.dtype == float and name not in parts:
            days = values[np.isfinite(values)]
            assert (days == np.floor(days)).all(), name
