"""Changes of a scenario: what each rule does to a parameter, a level, a wait, and what the user's word keeps."""

import numpy as np
import pytest

from firstsign.scenarios import load_scenario
from firstsign.switches import after, at_least, at_most, changed, not_after, not_before, times, to
from firstsign.waits import Wait

ENGLAND = load_scenario("england", {})
DAYS = np.linspace(0.01, 0.99, 99)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (to(0.25), 0.25),
        (at_least(0.2), 0.5),
        (at_least(0.8), 0.8),
        (at_most(0.2), 0.2),
        (at_most(0.8), 0.5),
        (after("first_sign_until", -10), 90),
        (not_before("first_sign_until", -99.75), 0.5),
        (not_before("first_sign_until", 30), 130),
        (not_after("first_sign_until", -99.75), 0.25),
        (not_after("first_sign_until", 30), 0.5),
    ],
)
def test_a_rule_by_hand(rule, expected):
    """The parameter is 0.5, the other day 100."""
    start = changed(ENGLAND, [("urgency", to(0.5)), ("first_sign_until", to(100.0))])
    assert changed(start, [("urgency", rule)])["urgency"] == expected


def test_the_scenario_itself_stays():
    before = dict(ENGLAND.values)
    changed(ENGLAND, [("urgency", to(0.9)), ("patient_interval", times(2))])
    assert ENGLAND.values == before


def test_a_level_is_all_that_is_under_it():
    found = changed(ENGLAND, [("treated_share", to(0.9))])
    moved = {name for name in ENGLAND.values if found[name] != ENGLAND[name]}
    assert moved == {f"treated_share.{stage}" for stage in "1234"}


def test_waits_of_a_level_are_longer_and_its_numbers_stay():
    found = changed(ENGLAND, [("patient_interval", times(3))])
    assert found.values == ENGLAND.values
    for name, wait in ENGLAND.waits.items():
        expected = wait.time(DAYS) * (3 if name.startswith("patient_interval.") else 1)
        np.testing.assert_allclose(found.waits[name].time(DAYS), expected, rtol=1e-12)


def test_changes_follow_one_another():
    found = changed(ENGLAND, [("first_sign_until", to(500.0)), ("first_sign_from", after("first_sign_until", -100))])
    assert found["first_sign_from"] == 400


def test_what_the_user_has_set_stays():
    kept = {"treated_share.4", "diagnosis_to_treatment.p50"}
    found = changed(ENGLAND, [("treated_share", to(0.9)), ("diagnosis_to_treatment", to(Wait(0.0, 0.0, 0.0)))], kept)
    assert found["treated_share.4"] == ENGLAND["treated_share.4"]
    assert found["treated_share.1"] == 0.9
    assert found.waits == ENGLAND.waits
