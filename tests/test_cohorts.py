"""Loading, checking and describing cohorts: from a name, a file, a frame."""

import gzip
import re
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import firstsign as fs
from firstsign.cohorts import REVERSED, CohortError, check_cohort, describe_cohort, load_cohort
from firstsign.dates import date_window
from firstsign.vocabulary import MILESTONES

THREE = "person,first_symptom,diagnosis\na,2024-01-05,2024-02-01\nb,2024-01,\nc,XXXX,2024-03-02\n"
REVERSED_FILE = (
    "person,first_symptom,diagnosis,death\n"
    "a,2024-01-05,2024-02-01,\nb,2024-03-01,2024-02-01,\nc,2024-01-01,2024-02,2024-01-31\n"
)


@pytest.fixture
def write(tmp_path):
    def to(name, text):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return to


def problems_of(source, **options):
    found = check_cohort(source, **options)
    return [(row.severity, None if pd.isna(row.row) else row.row, row.column) for row in found.itertuples()]


def test_three_columns_load(write):
    cohort = load_cohort(write("mine.csv", THREE))
    expected = pd.DataFrame(
        {
            "person": ["a", "b", "c"],
            "first_symptom_earliest": pd.to_datetime(["2024-01-05", "2024-01-01", None]),
            "first_symptom_latest": pd.to_datetime(["2024-01-05", "2024-01-31", "2024-03-02"]),
            "diagnosis_earliest": pd.to_datetime(["2024-02-01", None, "2024-03-02"]),
            "diagnosis_latest": pd.to_datetime(["2024-02-01", None, "2024-03-02"]),
        }
    )
    pd.testing.assert_frame_equal(cohort, expected)
    assert isinstance(cohort.index, pd.RangeIndex)
    assert cohort.attrs == {
        "name": "mine.csv",
        "simulated": False,
        "own": True,
        "source": "the file mine.csv",
        "left_out": {},
    }


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ";"), ("a.csv.gz", ","), ("a.tsv", "\t"), ("a.txt", "|")])
def test_every_kind_of_file_holds_the_same_people(write, name, delimiter):
    plain = load_cohort(write("plain.csv", THREE))
    pd.testing.assert_frame_equal(load_cohort(str(write(name, THREE.replace(",", delimiter)))), plain)


def test_parquet_and_memory_hold_the_same_people(tmp_path, write):
    plain = load_cohort(write("plain.csv", THREE))
    texts = pd.read_csv(write("again.csv", THREE), dtype=str)
    texts.to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(load_cohort(tmp_path / "a.parquet"), plain)
    before = texts.copy()
    pd.testing.assert_frame_equal(load_cohort(texts), plain)
    pd.testing.assert_frame_equal(texts, before)
    plain.to_parquet(tmp_path / "windows.parquet")
    pd.testing.assert_frame_equal(load_cohort(tmp_path / "windows.parquet"), plain)


def test_parquet_with_its_own_types(tmp_path):
    path = tmp_path / "a.parquet"
    days = pd.to_datetime(["2024-01-05", "2024-02-07"])
    pd.DataFrame({"person": [1, 2], "first_symptom": days.date, "diagnosis": days + pd.Timedelta(days=30, hours=5),
                  "symptoms": [["back pain"], ["fatigue", "back pain"]]}).to_parquet(path)  # fmt: skip
    cohort = load_cohort(path)
    assert cohort["diagnosis_latest"].tolist() == [pd.Timestamp("2024-02-04"), pd.Timestamp("2024-03-08")]
    assert cohort["symptoms"].tolist() == ["back pain", "fatigue;back pain"]
    assert cohort["first_symptom_group"].tolist() == ["back or bone pain", "other symptom"]
    assert cohort["person"].tolist() == [1, 2]


def test_a_loaded_cohort_is_sound_and_loads_to_itself(write):
    cohort = load_cohort(write("mine.csv", THREE))
    assert check_cohort(cohort).empty
    again = load_cohort(cohort)
    pd.testing.assert_frame_equal(again, cohort)
    assert again.attrs == cohort.attrs


texts = st.sampled_from(
    ["", "XXXX", "2024-02", "2024-03-05", "2024-04-01/2024-04-09", "../2024-05-05", "2023", "2024-06-01"]
)


@settings(max_examples=20)  # each loads a cohort three times
@given(st.lists(st.fixed_dictionaries({name: texts for name in MILESTONES}), min_size=1, max_size=4))
def test_whatever_loads_keeps_the_promises_of_a_cohort(people):
    table = pd.DataFrame(people).assign(person=range(len(people)), observed_until="2024-12-31")
    cohort = load_cohort(table, negative="exclude")
    reversed_people = check_cohort(table).query("severity == 'error'")["row"].nunique()
    assert len(cohort) == len(people) - cohort.attrs["left_out"].get(REVERSED, 0) == len(people) - reversed_people
    kept = table.set_index("person").loc[cohort["person"]].reset_index()
    for name in MILESTONES:
        earliest, latest = cohort[f"{name}_earliest"], cohort[f"{name}_latest"]
        assert (latest.notna() == kept[name].ne("")).all()  # what happened has a latest day, what did not has none
        assert (earliest.isna() | (earliest <= latest)).all()
        assert (earliest.isna() | latest.notna()).all()
        for text, first, last in zip(kept[name], earliest, latest, strict=True):
            if text:
                known = date_window(text)
                assert known[0] is None or first.date() == known[0]
                assert known[1] is None or last.date() == known[1]
    if len(cohort):
        pd.testing.assert_frame_equal(load_cohort(cohort), cohort)


BAD = """person;first_symptom;diagnosis;death;age;stage;symptoms;note
1;2024-03-12;2024-03-01;;45;2;back pain;
2;12/03/2024;1900-01-01;;130;9;bak pain;
2;XXXX;;;old;IV;;
;2024-02-30;2024-05;2024-04;;;;"two
lines"

6;2024-01-05;2024-02-01;;50;1
7;2024-01-06;2024-02-01;2024-03;50;1;fatigue;
"""


def test_every_problem_at_once(write):
    path = write("bad.csv", BAD)
    found = check_cohort(path)
    assert set(found["severity"]) == {"error"}
    assert [(row.row, row.line, row.column, row.value) for row in found.itertuples()] == [
        (1, 2, "diagnosis", "2024-03-01"),
        (2, 3, "first_symptom", "12/03/2024"),
        (2, 3, "diagnosis", "1900-01-01"),
        (2, 3, "person", "2"),
        (2, 3, "age", "130"),
        (2, 3, "stage", "9"),
        (2, 3, "symptoms", "bak pain"),
        (3, 4, "age", "old"),
        (3, 4, "stage", "IV"),
        (3, 4, "person", "2"),
        (3, 4, "first_symptom", "XXXX or a range open to the right"),
        (4, 5, "first_symptom", "2024-02-30"),
        (4, 5, "person", ""),
        (4, 5, "diagnosis", "2024-05-01"),
        (5, 8, "", "6 cells"),
    ]
    with pytest.raises(CohortError) as told:
        load_cohort(path)
    pd.testing.assert_frame_equal(told.value.problems, found)
    message = str(told.value)
    assert "\n" not in message
    assert (
        "bad.csv has 15 problems that stop loading: row 1 (line 2), column 'diagnosis': '2024-03-01', expected: a day not"
        in message
    )
    assert "and 12 more. People whose dates run backwards are" in message
    assert message.endswith(f"or kept as they are (negative='keep'). check_cohort({str(path)!r}) lists all.")


def test_a_warning_does_not_stop(write):
    path = write("a.csv", "person,first_symptom,diagnosis,observed_until\na,2024-01-05,2024-02-01,2024-01-31\n")
    assert problems_of(path) == [("warning", 1, "diagnosis")]
    assert load_cohort(path)["diagnosis_latest"].tolist() == [pd.Timestamp("2024-02-01")]


def test_reversed_milestones_stop_are_left_out_or_are_kept(write):
    path = write("reversed.csv", REVERSED_FILE)
    with pytest.raises(CohortError, match="2 problems"):
        load_cohort(path)
    without = load_cohort(path, negative="exclude")
    assert without["person"].tolist() == ["a"]
    assert without.attrs["left_out"] == {REVERSED: 2}
    assert load_cohort(without).attrs["left_out"] == {REVERSED: 2}
    kept = load_cohort(path, negative="keep")
    assert kept["person"].tolist() == ["a", "b", "c"]
    assert kept.attrs["left_out"] == {}
    assert (kept["diagnosis_latest"] - kept["first_symptom_latest"]).dt.days[1] == -29


def test_other_errors_stop_whatever_is_said_of_reversed_ones(write):
    path = write("reversed.csv", REVERSED_FILE + "d,soon,,\n")
    for negative in ("exclude", "keep"):
        with pytest.raises(CohortError, match="1 problem that stops loading: row 4"):
            load_cohort(path, negative=negative)


@pytest.mark.parametrize("negative", ["clip", "", None, True])
def test_nothing_else_can_be_done_with_reversed_ones(write, negative):
    with pytest.raises(ValueError, match=f"negative={negative!r} is none of 'error', 'exclude', 'keep'"):
        load_cohort(write("a.csv", THREE), negative=negative)


def test_all_left_out_is_an_empty_cohort(write):
    path = write("a.csv", "person,first_symptom,diagnosis\na,2024-02-01,2024-01-01\n")
    cohort = load_cohort(path, negative="exclude")
    assert len(cohort) == 0
    assert cohort.attrs["left_out"] == {REVERSED: 1}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "lupsu",
            "No cohort 'lupsu': did you mean 'lupus'? It is neither a built-in cohort (lupus, teaching) nor a file in this folder.",
        ),
        ("xyz", "No cohort 'xyz'. It is neither a built-in cohort (lupus, teaching) nor a file in this folder."),
        ("nowhere/mine.csv", "nor a file in the folder 'nowhere', which does not exist."),
    ],
)
def test_no_such_cohort(tmp_path, monkeypatch, source, said):
    monkeypatch.chdir(tmp_path)
    for look in (load_cohort, check_cohort):
        with pytest.raises(CohortError, match=re.escape(said)):
            look(source)


def test_no_such_file_but_one_like_it(tmp_path, write):
    write("patients.csv", THREE)
    with pytest.raises(CohortError, match=r"did you mean 'patients.csv'\? .* nor a file in the folder"):
        load_cohort(tmp_path / "patient.csv")


def test_a_folder_and_other_things(tmp_path):
    with pytest.raises(CohortError, match="is a folder"):
        load_cohort(tmp_path)
    with pytest.raises(ValueError, match="cannot be loaded from int"):
        load_cohort(3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an empty file"),
        ("person,first_symptom,diagnosis\n", "a header and no rows"),
        (
            "person,first_symptom,diagnosed\na,2024,2024\n",
            "column 'diagnosis': expected: a column 'diagnosis'; is it 'diagnosed'?",
        ),
        ("first_symptom,diagnosis\n2024,2024\n", "expected: a column 'person'"),
        (
            "person,first_symptom,diagnosis\na,soon,2024\n",
            "row 1 (line 2), column 'first_symptom': 'soon', expected: a date",
        ),
        (
            "person,first_symptom,diagnosis\na,2024,2024\na,2024,2024\n",
            "row 1 (line 2), column 'person': 'a', expected: each person once",
        ),
    ],
)
def test_bad_files_are_told_in_one_paragraph(write, text, said):
    path = write("bad.csv", text)
    with pytest.raises(CohortError) as told:
        load_cohort(path)
    assert said in str(told.value)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
    assert (check_cohort(path)["severity"] == "error").any()


def test_frames_that_are_none():
    assert problems_of(pd.DataFrame()) == [("error", None, "")]
    assert problems_of(pd.DataFrame(columns=["person", "first_symptom", "diagnosis"])) == [("error", None, "")]
    twice = pd.DataFrame([["a", "2024", "2024", "2024"]], columns=["person", "first_symptom", "diagnosis", "diagnosis"])
    assert problems_of(twice) == [("error", None, "diagnosis")]


def test_the_words_of_another_disease(write, tmp_path):
    path = write(
        "rash.csv",
        "person,first_symptom,diagnosis,symptoms\na,2024,2024,butterfly rash\nb,2024,2024,fever;butterfly rash\n",
    )
    with pytest.raises(CohortError, match=r"vocabulary='symptoms.yml'"):
        load_cohort(path)
    words = tmp_path / "words.yml"
    words.write_text(
        "groups:\n- {name: skin, definition: Skin., source: assumption}\n- {name: general, definition: All., source: assumption}\n"
        "symptoms:\n- {name: butterfly rash, group: skin, definition: A rash., source: assumption}\n"
        "- {name: fever, group: general, definition: Heat., source: assumption}\n"
    )
    assert check_cohort(path, vocabulary=words).empty
    assert load_cohort(path, vocabulary=words)["first_symptom_group"].tolist() == ["skin", "general"]


def test_lupus():
    cohort = load_cohort("lupus")
    assert check_cohort("lupus").empty
    assert check_cohort(cohort).empty
    assert len(cohort) == 99
    assert (cohort.attrs["name"], cohort.attrs["simulated"], cohort.attrs["own"]) == ("lupus", False, False)
    assert "Merrell" in cohort.attrs["source"]
    windows = [
        cohort[f"{name}_latest"] - cohort[f"{name}_earliest"] for name in ("first_symptom", "diagnosis", "last_seen")
    ]
    assert all(window.dt.days.between(27, 30).all() for window in windows)
    assert (cohort["death_latest"].isna() | (cohort["death_latest"] == cohort["last_seen_latest"])).all()
    # lower and upper bounds of a window of months, on average the recorded 57.6 months
    days = (cohort["diagnosis_earliest"] - cohort["first_symptom_earliest"]).dt.days
    assert days.mean() / 30.4375 == pytest.approx(57.626, abs=0.01)


def test_teaching():
    cohort = load_cohort("teaching")
    assert not (check_cohort("teaching")["severity"] == "error").any()
    assert (cohort.attrs["name"], cohort.attrs["simulated"], cohort.attrs["own"]) == ("teaching", True, False)
    assert len(cohort) == 400


@pytest.mark.parametrize("people", [1, 5, 2_000])
def test_simulated_cohorts_are_sound(people):
    cohort = fs.simulate(people=people, seed=7)
    found = check_cohort(cohort)
    assert not (found["severity"] == "error").any(), found
    loaded = load_cohort(cohort)
    assert {name: loaded.attrs[name] for name in ("name", "simulated", "own")} == {
        name: cohort.attrs[name] for name in ("name", "simulated", "own")
    }
    for name in cohort.columns:
        assert loaded[name].isna().sum() == cohort[name].isna().sum(), name


def test_describe_by_hand(write):
    text = "person,first_symptom,diagnosis,age\na,2024-01-05,2024-02-01,50\nb,2024-01,,\nc,XXXX,2024-03-02,\n"
    got = describe_cohort(load_cohort(write("a.csv", text)))
    assert got.columns.tolist() == ["column", "exact", "month", "wider", "missing"]
    assert got.to_numpy().tolist() == [
        ["first_symptom", 1, 1, 1, 0],
        ["diagnosis", 2, 0, 0, 1],
        ["person", 3, 0, 0, 0],
        ["age", 1, 0, 0, 2],
    ]


def test_describe_accounts_for_everyone():
    got = describe_cohort(load_cohort("lupus")).set_index("column")
    assert (got.sum(axis=1) == 99).all()
    assert got.loc["first_symptom"].to_dict() == {"exact": 0, "month": 99, "wider": 0, "missing": 0}
    assert got.loc["death", "missing"] == 68


def test_many_people_are_read_by_their_distinct_dates(tmp_path):
    """Two hundred thousand in a second or two of work; a line-by-line reader would need a minute."""
    rng, people = np.random.default_rng(1), 200_000
    first = np.datetime64("2015-01-01") + rng.integers(0, 3_000, people)
    table = pd.DataFrame(
        {"person": np.arange(people), "first_symptom": first, "diagnosis": first + rng.integers(0, 300, people)}
    )
    table.to_csv(tmp_path / "many.csv", index=False)
    start = time.process_time()
    cohort = load_cohort(tmp_path / "many.csv")
    assert time.process_time() - start < 6
    assert (cohort["diagnosis_latest"] == table["diagnosis"]).all()
