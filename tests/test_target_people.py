"""Simulated people in one frame: columns of days, sets by name, by query and several at once."""

import numpy as np
import pandas as pd
import pytest

import firstsign as fs
from firstsign.target_people import SimulatedPeople


def day(*days: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(list(days)))


def window(name: str, *days: str | None) -> dict[str, pd.Series]:
    return {f"{name}_earliest": day(*days), f"{name}_latest": day(*days)}


COHORT = pd.DataFrame(
    {
        "person": [1, 2, 3],
        "stage": pd.array([1, 4, None], dtype="Int64"),
        "symptoms": ["breast lump", "back pain;breast lump", None],
        **window("first_symptom", "2020-01-01", "2020-01-01", "2020-01-01"),
        **window("first_presentation", "2020-01-08", "2020-03-01", None),
    }
)
TRUTH = pd.DataFrame({"person": [1, 2, 3], "true_onset": day("2018-01-01", "2019-01-01", "2019-01-01")})
PEOPLE = SimulatedPeople(
    COHORT,
    TRUTH,
    {"with back pain": 'symptoms.str.contains("back pain")'},
    {"sojourn_days": ("true_onset", "first_symptom")},
)


def test_days_of_intervals_and_those_added():
    assert PEOPLE.frame["patient_days"].tolist()[:2] == [7, 60]
    assert np.isnan(PEOPLE.frame["patient_days"][2])
    assert PEOPLE.column("sojourn_days").tolist() == [730, 365, 365]


def test_milestones_that_nobody_reached_are_there_and_empty():
    assert PEOPLE.frame["treatment_latest"].isna().all()
    assert PEOPLE.frame["total_days"].isna().all()
    assert not PEOPLE.members("treatment_days > 3").any()


def test_sets_by_name_by_query_and_from_the_vocabulary():
    assert PEOPLE.members("with back pain").tolist() == [False, True, False]
    assert PEOPLE.members("stage >= 2").tolist() == [False, True, False]
    assert PEOPLE.members("presented").tolist() == [True, True, False]


def test_who_is_not_known_to_be_in_a_set_is_not():
    assert PEOPLE.members("stage < 9").tolist() == [True, True, False]


def test_several_sets_are_those_in_all_of_them():
    assert PEOPLE.members(["presented", "stage == 1"]).tolist() == [True, False, False]
    assert PEOPLE.members(["stage == 1", "stage == 4"]).tolist() == [False] * 3


def test_the_same_people_as_a_share_counts():
    cohort = fs.simulate(500, seed=3)
    people = SimulatedPeople(cohort, cohort[["person"]], {})
    for name in ("diagnosed", "metastatic at diagnosis", "bone metastases", "found by screening", "breast lump first"):
        assert people.members(name).sum() == fs.share(cohort, name, "everyone")["x"].item(), name


@pytest.mark.parametrize("query", ["stages == 4", "stage ==", "person.str.len() > 2", "with back pains"])
def test_what_cannot_be_counted_is_named(query):
    with pytest.raises(ValueError, match=f"set of people '{query[:5]}"):
        PEOPLE.members(query)


def test_an_unknown_column_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"no column 'patient_day' \(did you mean 'patient_days'\?\)"):
        PEOPLE.column("patient_day")
