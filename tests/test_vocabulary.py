"""The words of the field: complete, consistent, sourced; and their files refused when they are not."""

import itertools
import re

import pandas as pd
import pytest

from firstsign.vocabulary import (
    AARHUS,
    BESIDES,
    INTERVALS,
    MILESTONES,
    NO_SYMPTOM,
    PATHWAY,
    intervals,
    milestones,
    named_people,
    symptom_groups,
    symptoms,
)

PEOPLE = pd.DataFrame(
    {
        "person": ["a", "b", "c", "d", "e", "f"],
        "first_presentation_latest": pd.to_datetime(["2024-01-05"] * 3 + [None] * 3),
        "diagnosis_latest": pd.to_datetime(["2024-02-01"] * 5 + [None]),
        "metastasis_latest": pd.to_datetime([None, "2025-01-01", None, "2025-02-01", None, None]),
        "metastatic_at_diagnosis": pd.array([True, False, False, None, True, None], dtype="boolean"),
        "metastatic_sites": ["liver; Bone", "bone marrow", None, None, None, None],
        "detection": ["symptom", "screening", "emergency", "symptom", None, None],
        "symptoms": ["Back pain; hip pain", None, "breast lump;back pain", None, None, "breast pain"],
        "first_symptom_group": [
            "back or bone pain",
            "no symptom",
            "breast lump",
            "other symptom",
            None,
            "other breast symptom",
        ],
    }
)


def counted(name):
    """people in the set, people of whom it is not known"""
    query = named_people().set_index("name")["query"][name]
    answer = PEOPLE.eval(query, engine="python").astype("boolean")
    return "".join(PEOPLE["person"][answer.fillna(False)]), "".join(PEOPLE["person"][answer.isna()])


def test_every_milestone_is_in_its_place_once():
    assert tuple(MILESTONES) == PATHWAY + BESIDES
    assert milestones()["name"].tolist() == list(MILESTONES)
    assert all(name == one.name for name, one in MILESTONES.items())


def test_intervals_run_forward_along_the_pathway():
    for one in INTERVALS.values():
        assert PATHWAY.index(one.start) < PATHWAY.index(one.end), one.name


def test_intervals_are_those_of_the_aarhus_statement():
    ends = {name: (one.start, one.end) for name, one in INTERVALS.items()}
    assert ends == {
        "patient": ("first_symptom", "first_presentation"),
        "primary_care": ("first_presentation", "referral"),
        "secondary_care": ("referral", "treatment"),
        "referral_to_diagnosis": ("referral", "diagnosis"),
        "diagnostic": ("first_presentation", "diagnosis"),
        "treatment": ("diagnosis", "treatment"),
        "total_diagnostic": ("first_symptom", "diagnosis"),
        "total": ("first_symptom", "treatment"),
    }
    assert intervals().set_index("name").loc["total", "parts"] == "patient + primary_care + secondary_care"


def test_parts_join_end_to_start_and_cover_the_whole():
    sums = [(one, parts) for one in INTERVALS.values() for parts in (one.parts, *one.also_parts) if parts]
    assert len(sums) == 6
    for whole, names in sums:
        parts = [INTERVALS[name] for name in names]
        assert parts[0].start == whole.start
        assert parts[-1].end == whole.end
        assert all(a.end == b.start for a, b in itertools.pairwise(parts)), whole.name


@pytest.mark.parametrize("table", [milestones, intervals, symptom_groups, symptoms])
def test_every_word_has_one_sentence_and_a_source(table):
    words = table()
    assert not words["name"].duplicated().any()
    assert words["definition"].str.fullmatch(r"[A-Z].{15,}\.").all()
    assert (words["source"].str.len() > 8).all()


def test_aarhus_is_cited_with_its_identifier():
    assert "10.1038/bjc.2012.68" in AARHUS
    assert intervals()["source"].str.contains("Weller").all()


def test_symptoms_belong_to_groups_and_sources_are_written_out():
    words, groups = symptoms(), symptom_groups()["name"].tolist()
    assert groups == ["breast lump", "other breast symptom", "back or bone pain", "other symptom", NO_SYMPTOM]
    assert set(words["group"]) == set(groups) - {NO_SYMPTOM}
    assert {"back pain", "bone pain", "hip pain", "rib pain"} == set(
        words["name"][words["group"] == "back or bone pain"]
    )
    assert words.set_index("name")["source"]["weight loss"].startswith("Koo MM")


@pytest.mark.parametrize(
    ("name", "members", "unknown"),
    [
        ("everyone", "abcdef", ""),
        ("diagnosed", "abcde", ""),
        ("not diagnosed", "f", ""),
        ("presented", "abc", ""),
        ("found by symptom", "ad", "ef"),
        ("symptomatic", "acd", "ef"),
        ("found by screening", "b", "ef"),
        ("found as an emergency", "c", "ef"),
        ("metastatic at diagnosis", "ae", "df"),
        ("ever metastatic", "abde", "f"),
        ("bone metastases", "a", "def"),  # b's is bone marrow; c has no spread; of d and e the sites are not recorded
        ("breast lump first", "c", "e"),
        ("other breast symptom first", "f", "e"),
        ("back or bone pain first", "a", "e"),
        ("other symptom first", "d", "e"),
        ("no symptom first", "b", "e"),
        ("back pain first", "a", "e"),
        ("bone pain first", "", "e"),
    ],
)
def test_named_people_by_hand(name, members, unknown):
    assert counted(name) == (members, unknown)


def test_the_first_of_several_pains_counts():
    pain = "back or bone pain"
    people = pd.DataFrame(
        [
            ("back pain;hip pain", pain),
            ("hip pain;back pain", pain),
            (None, pain),
            (None, "breast lump"),
            ("back pain", None),
        ],
        columns=["symptoms", "first_symptom_group"],
    )
    queries = named_people().set_index("name")["query"]
    back, bone = (people.eval(queries[f"{where} pain first"], engine="python") for where in ("back", "bone"))
    assert back.astype("boolean").tolist() == [True, False, pd.NA, False, pd.NA]
    assert bone.astype("boolean").tolist() == [False, True, pd.NA, False, False]


def test_all_named_people_are_tested_above():
    marks = test_named_people_by_hand.pytestmark[0].args[1]
    assert {mark[0] for mark in marks} == set(named_people()["name"])


OTHER_DISEASE = """
sources: {smith: Smith 1999}
groups:
  - {name: cough, definition: A cough., source: smith}
symptoms:
  - {name: dry cough, group: cough, definition: A cough without phlegm., source: convention of this project}
"""


def test_a_vocabulary_of_another_disease(tmp_path):
    path = tmp_path / "lung.yml"
    path.write_text(OTHER_DISEASE)
    assert symptoms(path)["name"].tolist() == ["dry cough"]
    assert symptom_groups(str(path)).loc[0, "source"] == "Smith 1999"


def test_a_changed_file_is_read_again(tmp_path):
    path = tmp_path / "lung.yml"
    path.write_text(OTHER_DISEASE)
    symptoms(path)
    path.write_text(OTHER_DISEASE.replace("dry cough", "wet cough "))
    assert symptoms(path)["name"].tolist() == ["wet cough"]


def test_every_mistake_of_a_vocabulary_is_listed_at_once(tmp_path):
    path = tmp_path / "bad.yml"
    path.write_text("""
groups:
  - {name: cough, definition: A cough., source: somebody}
  - {name: Cough;, definition: A cough., source: assumption}
symptoms:
  - {name: dry cough, group: caugh, definition: A dry one., source: assumption}
  - {name: dry cough, group: cough, definition: "", source: assumption}
  - {name: wet cough, group: cough, definition: A wet one.}
  - wet
""")
    with pytest.raises(ValueError, match=r"'bad.yml' has 7 mistake") as told:
        symptoms(path)
    for said in (
        "'cough' has the unknown source 'somebody'",
        "'Cough;' must be in small letters",
        "unknown group 'caugh'",
        "'dry cough' is there twice",
        "'dry cough' has no text as 'definition'",
        "'wet cough' has no text as 'source'",
        "'wet' must be a mapping",
    ):
        assert re.search(re.escape(said), str(told.value)), said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("- a\n- b", "expected a mapping"),
        ("a: [", "not a YAML file"),
        ("groups: []\nsymptoms: 3", "at least one entry"),
    ],
)
def test_a_file_that_is_no_vocabulary(tmp_path, content, said):
    path = tmp_path / "bad.yml"
    path.write_text(content)
    with pytest.raises(ValueError, match=said):
        symptom_groups(path)


def test_no_such_vocabulary():
    with pytest.raises(ValueError, match=r"No vocabulary file 'nowhere.yml'"):
        symptoms("nowhere.yml")
