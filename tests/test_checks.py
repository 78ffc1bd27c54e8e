"""What must hold between columns, each rule by hand: broken, and only just kept."""

import numpy as np
import pandas as pd
import pytest

from firstsign.checks import (
    BY_CHANCE,
    heaping_problems,
    lifetime_problems,
    observation_problems,
    order_problems,
    stage_problems,
    symptom_problems,
    unbounded_problems,
    zone_problems,
)
from firstsign.columns import read_columns
from firstsign.dates import widen


def columns(**texts):
    """A cohort of one or more people, all columns optional."""
    rows = max(len(value) if isinstance(value, list) else 1 for value in texts.values())
    table = {name: value if isinstance(value, list) else [value] * rows for name, value in texts.items()}
    return read_columns(pd.DataFrame({"person": range(rows), **table}), made_here=True)


def told(parts):
    return [tuple(row) for part in parts for row in part[["severity", "position", "column"]].to_numpy()]


@pytest.mark.parametrize(
    ("dates", "blamed"),
    [
        ({"first_symptom": "2024-02-02", "diagnosis": "2024-02-01"}, ["diagnosis"]),
        ({"first_symptom": "2024-02-01", "diagnosis": "2024-02-01"}, []),
        ({"first_symptom": "2024-02-15", "diagnosis": "2024-02"}, []),
        ({"first_symptom": "2024-03", "diagnosis": "2024-02"}, ["diagnosis"]),
        ({"first_symptom": "2024-03", "diagnosis": "XXXX"}, []),
        ({"first_symptom": "2024-03", "diagnosis": "../2024-02"}, ["diagnosis"]),
        ({"first_symptom": "2024-03", "diagnosis": ""}, []),
        ({"first_symptom": "2024-01", "first_presentation": "2024-04", "referral": "2024-03", "treatment": "2024-02"},
         ["referral", "treatment"]),
        ({"diagnosis": "2024-02-02", "death": "2024-02-01"}, ["diagnosis"]),
        ({"diagnosis": "2024-02-02", "death": "2024-02"}, []),
        ({"metastasis": "2024-02-02", "last_seen": "2024-02-01"}, ["metastasis"]),
        ({"last_seen": "2024-02-02", "death": "2024-02-01"}, ["last_seen"]),
        ({"last_seen": "2024-02-01", "death": "2024-02-02"}, []),
        ({"screening_test": "2024-05", "first_symptom": "2024-01", "diagnosis": "2024-02"}, []),
        ({"metastasis": "2024-01", "diagnosis": "2024-02"}, []),
    ],
)  # fmt: skip
def test_order(dates, blamed):
    assert told(order_problems(columns(**dates).windows)) == [("error", 0, name) for name in blamed]


def test_order_names_both_days():
    (found,) = order_problems(columns(first_symptom="2024-02-02", diagnosis="2024-02-01").windows)
    assert found["value"].tolist() == ["2024-02-01"]
    assert found["expected"].tolist() == ["a day not before first_symptom (2024-02-02)"]
    (found,) = order_problems(columns(diagnosis="2024-02-02", death="2024-02-01").windows)
    assert found["expected"].tolist() == ["a day not after death (2024-02-01)"]


@pytest.mark.parametrize(
    ("given", "unbounded"),
    [
        ({"first_symptom": "XXXX"}, ["first_symptom"]),
        ({"first_symptom": "XXXX", "diagnosis": "2024-02"}, []),
        ({"first_symptom": "2024-01", "diagnosis": "XXXX"}, ["diagnosis"]),
        ({"first_symptom": "2024-01", "diagnosis": "XXXX", "observed_until": "2024-12-31"}, []),
        ({"first_symptom": "2024-01", "diagnosis": "2024-02-01/.."}, ["diagnosis"]),
        ({"first_symptom": "2024-01", "diagnosis": "", "observed_until": "2024-12-31"}, []),
    ],
)
def test_unbounded(given, unbounded):
    got = columns(**given)
    assert told(unbounded_problems(widen(got.windows, got.plain.get("observed_until")))) == [
        ("error", 0, name) for name in unbounded
    ]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"diagnosis": "2025-01-01", "observed_until": "2024-12-31"}, [("warning", 0, "diagnosis")]),
        ({"diagnosis": "2024-12", "observed_until": "2024-12-01"}, []),
        ({"diagnosis": "2023-12-31", "observed_from": "2024-01-01"}, [("warning", 0, "diagnosis")]),
        ({"diagnosis": "2023-12", "observed_from": "2023-12-31"}, []),
        ({"first_symptom": "1999", "observed_from": "2024-01-01"}, []),
        ({"first_symptom": "2025", "observed_until": "2024-12-31"}, [("warning", 0, "first_symptom")]),
        ({"observed_from": "2024-02-01", "observed_until": "2024-01-31"}, [("error", 0, "observed_until")]),
    ],
)
def test_observation(given, found):
    got = columns(**given)
    assert told(observation_problems(got.plain, got.windows)) == found


def test_more_than_a_lifetime():
    kept = columns(first_symptom="1900-01-02", diagnosis="2020-01-03")
    long = columns(first_symptom="1900-01-02", diagnosis="2020-01-04")
    assert lifetime_problems(kept.windows) == []
    assert told(lifetime_problems(long.windows)) == [("warning", 0, "diagnosis")]
    assert lifetime_problems(columns(diagnosis="2020-01-04").windows) == []


def heaped(of_twelve, dates=120):
    """So many of every twelve first symptoms on the 15th, the others on days 2 to 13."""
    days = [15 if number % 12 < of_twelve else 2 + number % 12 for number in range(dates)]
    return columns(first_symptom=[f"2024-{1 + number % 12:02d}-{day:02d}" for number, day in enumerate(days)])


def test_heaping():
    (found,) = heaping_problems(heaped(of_twelve=3).windows)
    assert found["severity"].tolist() == ["warning"]
    assert found["value"].tolist() == ["30 of 120 exact dates (25%) are day 1 or 15 of a month"]
    assert heaping_problems(heaped(of_twelve=1).windows) == []  # 8 %: less than twice the share by chance
    assert heaping_problems(heaped(of_twelve=3, dates=12).windows) == []  # too few dates to tell


def test_heaping_needs_more_than_chance_explains():
    # 4 of 24 is 2.5 times what is expected; P(X >= 4) for Binomial(24, 24/365.25) is 0.07
    few = columns(first_symptom=["2024-01-01"] * 4 + [f"2024-01-{day:02d}" for day in range(2, 12)] * 2)
    assert heaping_problems(few.windows) == []


def test_every_day_of_years_is_not_heaped():
    days = pd.date_range("2020-01-01", "2023-12-31").strftime("%Y-%m-%d").tolist()
    share = np.mean([day.endswith(("-01", "-15")) for day in days])
    assert share == pytest.approx(BY_CHANCE, rel=1e-3)
    assert heaping_problems(columns(first_symptom=days).windows) == []


def test_months_are_not_heaped_days():
    assert heaping_problems(columns(first_symptom=["2024-01"] * 100).windows) == []


def test_stage_and_spread():
    got = columns(stage=["4", "4", "3", "3", "", "4"], metastatic_at_diagnosis=["no", "yes", "yes", "no", "yes", ""])
    assert told(stage_problems(got.plain)) == [
        ("warning", 0, "metastatic_at_diagnosis"),
        ("warning", 2, "metastatic_at_diagnosis"),
    ]


GROUPS = {"back pain": "back or bone pain", "fatigue": "other symptom"}
KNOWN = ["back or bone pain", "other symptom"]


def words(**texts):
    return symptom_problems(columns(**texts).plain, GROUPS, KNOWN)


def test_unknown_symptoms_with_the_nearest_name():
    (found,) = words(symptoms=["back pain", "bak pain;fatigue", "fatigue;tiredness", ""])
    assert found["position"].tolist() == [1, 2]
    assert found["value"].tolist() == ["bak pain", "tiredness"]
    assert "is 'back pain' meant?" in found["expected"][0]
    assert "back pain, fatigue" in found["expected"][1]


def test_unknown_group():
    assert words(first_symptom_group=["back or bone pain", "no symptom", ""]) == []
    (found,) = words(first_symptom_group=["back or bone pains", "other symptom"])
    assert "is 'back or bone pain' meant?" in found["expected"][0]


@pytest.mark.parametrize("column", ["symptoms", "first_symptom_group"])
def test_another_disease_is_told_how_to_bring_its_words(column):
    (found,) = words(**{column: ["butterfly rash", "fever", ""]})
    assert found["position"].isna().tolist() == [True]
    assert found["value"][0] == "butterfly rash, fever (no value of the column is known)"
    assert "vocabulary='symptoms.yml'" in found["expected"][0]


def test_a_group_that_does_not_hold_the_first_symptom():
    (found,) = words(symptoms=["back pain;fatigue", "fatigue"], first_symptom_group=["other symptom", "other symptom"])
    assert told([found]) == [("warning", 0, "first_symptom_group")]
    assert "'back or bone pain'" in found["expected"][0]


@pytest.mark.parametrize(
    ("stamps", "value"),
    [
        (["2024-03-12T10:15Z", "2024-03-13T10:15", "2024-03-14T10:15Z"], "2024-03-13T10:15"),
        (["2024-03-12T10:15", "2024-03-13T10:15Z", "2024-03-14T10:15"], "2024-03-13T10:15Z"),
        (["2024-03-12T10:15+01:00", "2024-03-13T10:15+01:00", "2024-03-14T10:15-05:00"], "2024-03-14T10:15-05:00"),
        (["2024-03-12T10:15+01:00", "2024-07-13T10:15+02:00", "2024-07-13"], None),
        (["2024-03-12T10:15", "2024-07-13T10:15", "2024-07-13"], None),
        (["2024-03-12T10:15Z", "2024-07-13 00:00:00", "2024-07-13"], None),
        (["2024", "XXXX", ""], None),
    ],
)
def test_time_zones(stamps, value):
    found = zone_problems(pd.DataFrame({"person": range(3), "diagnosis": stamps, "note": "2024-03-12T10:15+09:00"}))
    assert [part["value"].tolist() for part in found] == ([] if value is None else [[value]])


def test_time_zones_across_columns():
    table = pd.DataFrame({"first_symptom": ["2024-03-12T10:15"], "diagnosis_earliest": ["2024-03-13T10:15Z"]})
    assert len(zone_problems(table)) == 1
    assert zone_problems(pd.DataFrame({"person": [1]})) == []
