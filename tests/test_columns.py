"""Columns as they come, turned into a cohort's types; names that are missing or nearly right."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from firstsign.columns import SENTINELS, fill_symptom_group, first_listed, read_columns

THREE = {"person": ["a", "b"], "first_symptom": ["2024-01-05", "2024-01"], "diagnosis": ["2024-02-01", None]}


def read(made_here=False, **columns):
    return read_columns(pd.DataFrame({**THREE, **columns}), made_here)


def told(columns):
    return [
        tuple(row) for part in columns.problems for row in part[["severity", "column", "value", "expected"]].to_numpy()
    ]


def test_three_columns_are_enough():
    columns = read()
    assert columns.problems == []
    assert list(columns.windows) == ["first_symptom", "diagnosis"]
    assert columns.plain.columns.tolist() == ["person"]
    window = columns.windows["first_symptom"]
    assert [str(window[side].dtype) for side in ("earliest", "latest")] == ["datetime64[ns]"] * 2
    assert window["latest"].tolist() == [pd.Timestamp("2024-01-05"), pd.Timestamp("2024-01-31")]
    assert columns.windows["diagnosis"]["happened"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("name", "given_", "expected"),
    [
        ("age", ["40", None], [40.0, np.nan]),
        ("age", [40, 50], [40.0, 50.0]),
        ("stage", ["4", None], [4, pd.NA]),
        ("stage", [1.0, np.nan], [1, pd.NA]),
        ("metastatic_at_diagnosis", ["Yes", "n"], [True, False]),
        ("metastatic_at_diagnosis", [True, None], [True, pd.NA]),
        ("metastatic_at_diagnosis", [1, 0], [True, False]),
        ("metastatic_at_diagnosis", [1.0, np.nan], [True, pd.NA]),
        ("sex", ["Female", " male"], ["female", "male"]),
        ("sex", ["F", ""], ["female", None]),
        ("detection", ["SCREENING", None], ["screening", None]),
        ("symptoms", ["Back  Pain ; fatigue;", None], ["back pain;fatigue", None]),
        ("symptoms", [["back pain", "fatigue"], np.array(["fatigue"])], ["back pain;fatigue", "fatigue"]),
        ("metastatic_sites", ["Bone; liver", ""], ["bone;liver", None]),
        ("bmi", ["20.5", None], [20.5, np.nan]),
        ("clinic", ["007", "12"], ["007", "12"]),
        ("clinic", ["a", "12"], ["a", "12"]),
        ("clinic", [1, "a"], [1, "a"]),
        ("observed_until", ["2024-12-31", None], [pd.Timestamp("2024-12-31"), pd.NaT]),
    ],
)
def test_types(name, given_, expected):
    columns = read(**{name: given_})
    assert columns.problems == []
    got = columns.plain[name]
    assert [None if pd.isna(one) else one for one in got] == [None if pd.isna(one) else one for one in expected]
    kinds = {
        "age": "float64",
        "stage": "Int64",
        "metastatic_at_diagnosis": "boolean",
        "observed_until": "datetime64[ns]",
        "bmi": "float64",
    }
    assert str(got.dtype) == kinds.get(name, "object")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("age", "forty", "a number of years"),
        ("age", "inf", "a number of years"),
        ("stage", "IV", "1, 2, 3 or 4"),
        ("stage", "2.5", "1, 2, 3 or 4"),
        ("metastatic_at_diagnosis", "maybe", "true or false"),
        ("observed_until", "2024-12", "one day"),
        ("observed_from", "XXXX", "one day"),
        ("first_symptom", "12/03/2024", "ambiguous"),
    ],
)
def test_values_that_have_no_such_type(name, value, said):
    ((severity, column, shown, expected),) = told(read(**{name: [value, None]}))
    assert (severity, column, shown) == ("error", name, value)
    assert said in expected


@pytest.mark.parametrize("text", [*SENTINELS, "9999-12-31", "9999", "1849-12-31", "2101", "0001-01-01"])
def test_days_that_stand_for_no_date(text):
    columns = read(diagnosis=[text, "2024-02-01"])
    ((severity, column, shown, expected),) = told(columns)
    assert (severity, column, shown) == ("error", "diagnosis", text)
    assert "XXXX if the day is not known" in expected
    assert columns.windows["diagnosis"]["happened"].tolist() == [False, True]


@pytest.mark.parametrize("text", ["1900-01-02", "1900-01", "1900", "2099-12", "1850-01-01", "2100-12-31"])
def test_days_beside_them_are_dates(text):
    assert read(first_symptom=["1850", None], diagnosis=[text, None]).problems == []


def test_dates_of_any_type_become_the_same_windows():
    days = [dt.date(2024, 1, 5), None]
    expected = read(first_symptom=["2024-01-05", None]).windows["first_symptom"]
    for values in (
        days,
        pd.to_datetime(days),
        pd.Series(days, dtype="date32[pyarrow]"),
        pd.to_datetime(days).astype("datetime64[s]"),
    ):
        pd.testing.assert_frame_equal(read(first_symptom=values).windows["first_symptom"], expected)


def pair(earliest, latest, name="diagnosis"):
    table = pd.DataFrame({**THREE, f"{name}_earliest": earliest, f"{name}_latest": latest})
    return read_columns(table.drop(columns=name), made_here=False)


def test_pairs_of_columns():
    columns = pair(["2024-02-01", "2024-03"], ["2024-02-01", "2024-04"])
    assert columns.problems == []
    window = columns.windows["diagnosis"]
    assert window["earliest"].tolist() == [pd.Timestamp("2024-02-01"), pd.Timestamp("2024-03-01")]
    assert window["latest"].tolist() == [pd.Timestamp("2024-02-01"), pd.Timestamp("2024-04-30")]


def test_half_a_window_happened_and_is_open():
    window = pair([None, None], ["2024-02-01", None]).windows["diagnosis"]
    assert window["happened"].tolist() == [True, False]
    assert window["earliest"].isna().all()


def test_a_window_that_ends_before_it_starts():
    columns = pair(["2024-02-02", "2024-02-01"], ["2024-02-01", "2024-02-01"])
    assert told(columns) == [("error", "diagnosis_latest", "2024-02-01", "a day that is not before diagnosis_earliest")]
    window = columns.windows["diagnosis"]
    assert window["happened"].tolist() == [False, True]
    assert window["latest"].isna().tolist() == [True, False]


def test_one_of_a_pair_and_both_ways_at_once():
    table = pd.DataFrame(
        {**THREE, "referral_latest": [None, None], "diagnosis_earliest": [None, None], "diagnosis_latest": None}
    )
    found = {(column, expected) for _, column, _, expected in told(read_columns(table, made_here=False))}
    assert found == {
        ("referral_earliest", "this column beside 'referral_latest', or one column 'referral'"),
        ("diagnosis", "one column, or the pair, but not both"),
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("diagnosis_date", "diagnosis"),
        ("Diagnosis", "diagnosis"),
        ("date of diagnosis", "diagnosis"),
        ("diagnosys", "diagnosis"),
        ("dx_date", "diagnosis"),
        ("first_sympton", "first_symptom"),
        ("First Symptom", "first_symptom"),
        ("symptom_onset", "first_symptom"),
        ("patient_id", "person"),
        ("Person", "person"),
    ],
)
def test_a_needed_column_under_a_name_nearly_right(written, meant):
    table = pd.DataFrame(THREE).rename(columns={meant: written})
    ((severity, column, _, expected),) = told(read_columns(table, made_here=False))
    assert (severity, column) == ("error", meant)
    assert f"is it {written!r}?" in expected


def test_a_needed_column_that_is_nowhere():
    ((_, column, _, expected),) = told(
        read_columns(pd.DataFrame({"person": ["a"], "first_symptom": "2024", "bmi": 20}), False)
    )
    assert column == "diagnosis"
    assert "the columns are 'person', 'first_symptom', 'bmi'" in expected


def test_other_columns_nearly_right_are_a_warning():
    assert [row[:2] for row in told(read(detecton=["a", "b"], Age=[1, 2]))] == [
        ("warning", "detecton"),
        ("warning", "Age"),
    ]
    assert read(stage_group=["a", "b"], treatment_arm=["a", "b"], age=[1, 2], ages=[1, 2]).problems == []


def test_people_all_found_by_screening_need_no_first_symptom():
    table = pd.DataFrame(THREE).drop(columns="first_symptom")
    assert read_columns(table.assign(detection="Screening"), made_here=False).problems == []
    assert [
        row[1] for row in told(read_columns(table.assign(detection=["screening", "symptom"]), made_here=False))
    ] == ["first_symptom"]


def test_a_cohort_made_here_may_lack_what_nobody_reached():
    assert read_columns(pd.DataFrame({"person": ["a"]}), made_here=True).problems == []
    assert [row[1] for row in told(read_columns(pd.DataFrame({"age": [3]}), made_here=True))] == ["person"]


GROUPS = {"back pain": "back or bone pain", "fatigue": "other symptom"}


def filled(**columns):
    got = read(**columns)
    return fill_symptom_group(got.plain, got.windows, GROUPS)


def test_the_group_comes_from_the_symptom_listed_first():
    got = filled(symptoms=["back pain;fatigue", "fatigue;back pain"])["first_symptom_group"]
    assert got.tolist() == ["back or bone pain", "other symptom"]


def test_a_group_that_is_given_stays():
    got = filled(symptoms=["back pain", "back pain"], first_symptom_group=["Other symptom", None])[
        "first_symptom_group"
    ]
    assert got.tolist() == ["other symptom", "back or bone pain"]


def test_found_by_screening_without_a_symptom():
    got = filled(detection=["screening", "screening"], first_symptom=[None, "2024-01"])["first_symptom_group"]
    assert got[0] == "no symptom"
    assert pd.isna(got[1])


def test_no_group_is_made_of_nothing():
    assert "first_symptom_group" not in filled()
    assert "first_symptom_group" not in filled(detection=["symptom", None])


def test_first_listed():
    assert first_listed(pd.Series(["a;b", "c", None])).fillna("-").tolist() == ["a", "c", "-"]
