"""The pandera model: what it lets through, what it refuses, and the dictionary written from it."""

import pandas as pd
import pytest

from firstsign.places import data_folder
from firstsign.schema import KNOWN_COLUMNS, SCHEMA, dictionary, expected, schema_problems
from firstsign.vocabulary import DETECTIONS, MILESTONES, SEXES, STAGES


def test_the_dictionary_in_data_is_the_one_of_the_schema():
    committed = (data_folder() / "DICTIONARY.md").read_text(encoding="utf-8")
    assert committed == dictionary(), (
        "write it again: python -c 'from firstsign.schema import dictionary; print(dictionary(), end=\"\")'"
    )


def test_the_dictionary_names_every_column_and_milestone():
    text = dictionary()
    for name in (*[name for name in SCHEMA.columns if not name.startswith("^")], *MILESTONES):
        assert f"| `{name}` |" in text


def test_every_column_says_what_it_is_and_what_is_expected():
    for name, column in SCHEMA.columns.items():
        assert column.title, name
        assert column.description.endswith("."), name
        assert expected(name), name


def test_words_for_people_and_rules_for_pandera_agree():
    assert all(word in expected("detection") for word in DETECTIONS)
    assert all(word in expected("sex") for word in SEXES)
    assert all(str(stage) in expected("stage") for stage in STAGES)


def test_milestones_are_windows():
    assert {"diagnosis", "diagnosis_earliest", "diagnosis_latest", "age"} <= set(KNOWN_COLUMNS)
    assert len(KNOWN_COLUMNS) == len(set(KNOWN_COLUMNS))


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("age", [0.0, 120.0, None], [-0.5, 120.5]),
        ("sex", ["female", "other", None], ["f", ""]),
        ("detection", ["symptom", "emergency", None], ["chance"]),
        ("stage", pd.array([1, 4, None], dtype="Int64"), pd.array([0, 5], dtype="Int64")),
        ("person", ["a", "b"], ["c", "c", None]),
    ],
)
def test_column_rules(column, good, bad):
    def frame(values):
        table = pd.DataFrame({column: values})
        return table if column == "person" else table.assign(person=range(len(values)))

    assert schema_problems(frame(good), frame(good)) == []
    found = pd.concat(schema_problems(frame(bad), frame(bad)))
    assert found["position"].tolist() == list(range(len(bad)))
    assert (found["column"] == column).all()
    assert (found["expected"] == expected(column)).all()


def test_values_are_shown_as_they_were_written():
    typed, raw = pd.DataFrame({"person": ["a"], "age": [130.0]}), pd.DataFrame({"person": ["a"], "age": ["130"]})
    assert schema_problems(typed, raw)[0]["value"].tolist() == ["130"]


def test_further_columns_pass():
    assert schema_problems(table := pd.DataFrame({"person": [1], "bmi": ["x"]}), table) == []
