"""Scenarios: what is listed, what an override may be, and how slips are told."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
import yaml

from firstsign import vocabulary
from firstsign.evidence import evidence
from firstsign.places import data_folder
from firstsign.published import published
from firstsign.scenarios import flatten, load_scenario, scenario_parameters, scenarios

NAMES = sorted(path.stem for path in (data_folder() / "simulated").glob("*.yml") if path.stem != "targets")


def test_the_promised_scenarios_are_listed():
    table = scenarios().set_index("name")
    assert {"england", "late-presenting", "claim", "null", "growing"} <= set(NAMES) == set(table.index)
    for name in NAMES:
        parameters = scenario_parameters(name)
        assert table.loc[name, "parameters"] == len(parameters)
        assert table.loc[name, "assumptions"] == (parameters["source"] == "assumption").sum()
        assert len(table.loc[name, "what"]) > 20


@pytest.mark.parametrize("name", NAMES)
def test_every_value_has_a_unit_a_note_and_a_source_that_counts(name):
    table = scenario_parameters(name)
    assert list(table.columns) == ["name", "value", "unit", "source", "low", "high", "note"]
    assert table["name"].is_unique
    assert (table["note"].str.len() > 5).all()
    assert (table["unit"].str.len() > 0).all()
    assert set(table["source"]) <= {"assumption", *evidence()["id"], *published()["name"]}
    assert (table["source"] != "assumption").sum() >= 20


def test_values_are_those_of_the_file():
    """Read by hand: nested names are joined by dots, days stay days."""
    raw = yaml.safe_load((data_folder() / "simulated" / "england.yml").read_text(encoding="utf-8"))["parameters"]
    values = scenario_parameters("england").set_index("name")["value"]
    assert values["first_sign_from"] == raw["first_sign_from"]["value"] == date(2014, 1, 1)
    assert values["metastatic_site.at_diagnosis"] == raw["metastatic_site"]["at_diagnosis"]["value"]
    assert values["patient_interval.breast lump.p50"] == raw["patient_interval"]["breast lump"]["p50"]["value"]
    assert values["symptom_per_year.back or bone pain.4"] == raw["symptom_per_year"]["back or bone pain"][4]["value"]
    scenario = load_scenario("england", {})
    assert scenario["symptom_per_year.back or bone pain.4"] == values["symptom_per_year.back or bone pain.4"]
    assert scenario.under("treated_share", "14") == [values["treated_share.1"], values["treated_share.4"]]
    assert scenario.extents == ["1", "2", "3", "4"]


@pytest.mark.parametrize("name", NAMES)
def test_words_are_in_the_vocabulary(name):
    words = load_scenario(name, {}).words
    groups = vocabulary.symptoms().set_index("name")["group"]
    for group_name, group in words.symptom_groups.items():
        assert set(groups[group.symptoms]) == {group_name}
    assert words.no_symptom_group in set(vocabulary.symptom_groups()["name"])


def test_the_null_takes_every_effect_of_delay_and_every_meaning_of_back_pain_away():
    scenario = load_scenario("null", {})
    assert scenario["progression_after_first_sign"] == 0
    assert scenario["urgency"] > 0
    rates = scenario.under("symptom_per_year.back or bone pain", [*scenario.extents, "metastatic"])
    assert set(rates) == {0}
    assert scenario["besides.back or bone pain.metastatic"] == scenario["besides.back or bone pain.local"]


def test_growing_incidence_grows():
    assert load_scenario("growing", {})["incidence_growth_per_year"] > 0.5


def test_overrides_by_dots_or_levels_are_the_same():
    dotted = load_scenario("england", {"patient_interval.breast lump.p50": 14})
    nested = load_scenario("england", {"patient_interval": {"breast lump": {"p50": 14}}})
    assert dotted == nested
    assert dotted != load_scenario("england", {})
    by_number = load_scenario("england", {"treated_share": {4: 0.5}})
    assert by_number == load_scenario("england", {"treated_share.4": 0.5})


@pytest.mark.parametrize(
    "day", ["2020-02-29", date(2020, 2, 29), datetime(2020, 2, 29, 23), pd.Timestamp("2020-02-29 10:15")]
)
def test_days_as_people_give_them(day):
    scenario = load_scenario("england", {"first_sign_from": day})
    assert scenario["first_sign_from"] == pd.Timestamp("2020-02-29").value // 86_400_000_000_000


@pytest.mark.parametrize("number", [1, 1.0, np.int64(1), np.float32(1)])
def test_numbers_as_libraries_give_them(number):
    assert load_scenario("england", {"disease_share": number}) == load_scenario("england", {"disease_share": 1})


def test_unknown_scenario():
    with pytest.raises(ValueError, match=r"'englund' \(did you mean 'england'\?\). There are: claim, england"):
        scenario_parameters("englund")
    with pytest.raises(ValueError, match="No scenario 'targets'"):
        load_scenario("targets", {})


def test_unknown_override_names_the_nearest_and_lists_all():
    nearest = r"onset_age_meen is not a parameter \(did you mean 'onset_age_mean'\?\)"
    with pytest.raises(ValueError, match=rf"{nearest}.*treated_share\.\*.*lost_per_year, onset_known"):
        load_scenario("england", {"onset_age_meen": 60})


def test_a_level_is_no_parameter():
    with pytest.raises(ValueError, match="treated_share is not a parameter"):
        load_scenario("england", {"treated_share": 0.5})
    with pytest.raises(ValueError, match=r"urgency\.low is not a parameter"):
        load_scenario("england", {"urgency": {"low": 0.5}})


def test_every_wrong_override_is_listed_at_once():
    wrong = {"onset_age_mean": 300, "lost_per_year": "x", "first_sign_from": "2020-02-30", "urgency": True, "hair": 3}
    with pytest.raises(ValueError, match="cannot be simulated like this") as caught:
        load_scenario("england", wrong)
    told = str(caught.value)
    assert "onset_age_mean: 300 is outside 10.0 to 110.0 (years)" in told
    assert "lost_per_year: 'x' is not a number" in told
    assert "first_sign_from: '2020-02-30' is not a day" in told
    assert "urgency: True is not a number" in told
    assert "hair is not a parameter" in told


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, [0.1], pd.NaT, date(2020, 1, 1), "0.3", 1 + 0j])
def test_numbers_that_are_none(value):
    with pytest.raises(ValueError, match="urgency: "):
        load_scenario("england", {"urgency": value})


@pytest.mark.parametrize(
    "value", [pd.NaT, None, 20_000, 2020.5, float("nan"), "yesterday", "2020-13-01", date(1949, 12, 31)]
)
def test_days_that_are_none(value):
    with pytest.raises(ValueError, match="first_sign_from: "):
        load_scenario("england", {"first_sign_from": value})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"patient_interval.breast lump.p50": 190}, "patient_interval.breast lump: percentile 50 is 190 days"),
        ({"patient_interval.breast lump.same_day": 0.5}, "percentile 50 lies within the 50 % who wait 0 days"),
        ({"first_sign_until": "2025-06-01"}, r"first_sign_until \(2025-06-01\) is after observed_until \(2024-12-31\)"),
        ({"screening_from_age": 80}, r"screening_from_age \(80\) is after screening_until_age"),
        ({"age_lowest": 90, "age_highest": 80}, r"age_lowest \(90\) is after age_highest \(80\)"),
        ({"symptom_weight": {"breast lump": 0}}, "one of 'breast lump' that can come anywhere must weigh more than 0"),
    ],
)
def test_overrides_that_cannot_be_together(overrides, message):
    with pytest.raises(ValueError, match=message):
        load_scenario("england", overrides)


def test_all_that_cannot_be_together_is_listed():
    slips = {"symptom_weight.breast lump": 0, "screening_from_age": 80, "emergency_to_diagnosis.p50": 9000}
    with pytest.raises(ValueError, match="cannot be simulated") as caught:
        load_scenario("england", slips)
    assert all(
        word in str(caught.value) for word in ("'breast lump'", "screening_from_age (80)", "emergency_to_diagnosis:")
    )


def test_flatten():
    assert flatten({"a": {"b": {"c": 1}}, "d": 2}) == {"a.b.c": 1, "d": 2}
    assert flatten({"a": {}}) == {}
