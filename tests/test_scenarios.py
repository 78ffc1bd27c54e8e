"""Scenarios: what is listed, what an override may be, and how slips are told."""

from datetime import date

import pandas as pd
import pytest

from firstsign import vocabulary
from firstsign.evidence import evidence
from firstsign.published import published
from firstsign.scenarios import flatten, load_scenario, scenario_parameters, scenarios


def test_england_is_listed():
    table = scenarios().set_index("name")
    assert "england" in table.index
    assert table.loc["england", "parameters"] == len(scenario_parameters("england"))


def test_parameters_of_england():
    table = scenario_parameters("england")
    assert list(table.columns) == ["name", "value", "unit", "source", "low", "high", "note"]
    assert table["name"].is_unique
    assert (table["note"].str.len() > 5).all()
    values = table.set_index("name")["value"]
    assert values["bone_pain_first_with_bone_metastases"] == 0.19
    assert values["metastatic_site.at_diagnosis"] == 0.651
    assert values["patient_interval.breast lump.p90"] == 80
    assert values["first_sign_from"] == date(2014, 1, 1)


def test_every_value_has_a_source_that_counts():
    known = {"assumption", *evidence()["id"], *published()["name"]}
    assert set(scenario_parameters("england")["source"]) <= known


def test_words_of_england_are_in_the_vocabulary():
    words = load_scenario("england", {}).words
    groups = vocabulary.symptoms().set_index("name")["group"]
    for name, group in words.symptom_groups.items():
        assert set(groups[group.symptoms]) == {name}
    assert words.no_symptom_group in set(vocabulary.symptom_groups()["name"])


def test_overrides_by_dots_or_levels_are_the_same():
    dotted = load_scenario("england", {"patient_interval.breast lump.p50": 14})
    nested = load_scenario("england", {"patient_interval": {"breast lump": {"p50": 14}}})
    assert dotted == nested
    assert dotted != load_scenario("england", {})


@pytest.mark.parametrize("day", ["2020-02-29", date(2020, 2, 29), pd.Timestamp("2020-02-29 10:15")])
def test_days_as_people_give_them(day):
    scenario = load_scenario("england", {"first_sign_from": day})
    assert scenario["first_sign_from"] == pd.Timestamp("2020-02-29").value // 86_400_000_000_000


def test_unknown_scenario():
    with pytest.raises(ValueError, match=r"'englund' \(did you mean 'england'\?\). There are: england"):
        scenario_parameters("englund")


def test_unknown_override_names_the_nearest_and_lists_all():
    with pytest.raises(
        ValueError, match=r"age_meen is not a parameter \(did you mean 'age_mean'\?\).*lost_per_year, onset_known"
    ):
        load_scenario("england", {"age_meen": 60})


def test_every_wrong_override_is_listed_at_once():
    with pytest.raises(ValueError, match="cannot be simulated like this") as caught:
        load_scenario(
            "england", {"age_mean": 300, "lost_per_year": "x", "first_sign_from": "2020-02-30", "age_sd": True}
        )
    told = str(caught.value)
    assert "age_mean: 300 is outside 20.0 to 100.0 (years)" in told
    assert "lost_per_year: 'x' is not a number" in told
    assert "first_sign_from: '2020-02-30' is not a day" in told
    assert "age_sd: True is not a number" in told


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, [0.1]])
def test_numbers_that_are_none(value):
    with pytest.raises(ValueError, match="bone_pain_first_with_bone_metastases"):
        load_scenario("england", {"bone_pain_first_with_bone_metastases": value})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"patient_interval.breast lump.p50": 90}, "patient_interval.breast lump: percentile 50 is 90 days"),
        ({"first_sign_until": "2025-06-01"}, r"first_sign_until \(2025-06-01\) is after observed_until"),
        ({"stage_weight": {"symptom": {"1": 0, "2": 0, "3": 0, "4": 0}}}, "one of the four weights"),
    ],
)
def test_overrides_that_cannot_be_together(overrides, message):
    with pytest.raises(ValueError, match=message):
        load_scenario("england", overrides)


def test_flatten():
    assert flatten({"a": {"b": {"c": 1}}, "d": 2}) == {"a.b.c": 1, "d": 2}
