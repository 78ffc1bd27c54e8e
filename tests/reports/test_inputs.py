"""What a version is made from."""

import json

import nbformat
import pytest

from firstsign.reports.catalogue import find_report
from firstsign.reports.inputs import check_words, digest, gather, own_cohort


def inputs(settled=None, own=None):
    notebooks = find_report("main").notebooks
    return gather(notebooks, settled or {notebook.name: {} for notebook in notebooks}, own)


def test_the_same_twice(toys):
    assert digest(inputs()) == digest(inputs())


def test_saving_a_notebook_with_outputs_changes_nothing(toys):
    before = digest(inputs())
    path = toys / "01_counting.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="seen")]
    notebook.cells[2].execution_count = 3
    nbformat.write(notebook, path)
    assert digest(inputs()) == before


def test_a_word_in_a_notebook_changes_it(toys):
    before = digest(inputs())
    path = toys / "01_counting.ipynb"
    path.write_text(path.read_text().replace("One sentence", "A sentence"))
    assert digest(inputs()) != before


def test_a_parameter_changes_it(toys):
    assert digest(inputs({"01_counting": {"people": 1}})) != digest(inputs({"01_counting": {"people": 2}}))


def test_the_contents_of_a_cohort_change_it_and_its_folder_does_not(toys, tmp_path):
    hashes = []
    for folder, text in (("a", "person\n1\n"), ("b", "person\n1\n"), ("c", "person\n2\n")):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "mine.csv"
        path.write_text(text)
        hashes.append(digest(inputs(own=path)))
    assert hashes[0] == hashes[1] != hashes[2]


def test_holds_code_packages_and_no_path(toys, tmp_path):
    held = inputs()
    assert "reports/inputs.py" in held["code"]
    assert held["packages"]["papermill"]
    assert not [name for name in held["code"] if "__pycache__" in name]
    assert str(tmp_path) not in json.dumps(held)


class TestOwnCohort:
    @pytest.mark.parametrize("name", ["simulated", "lupus", "teaching"])
    def test_a_name_is_no_file(self, name, tmp_path):
        (tmp_path / name).write_text("")
        assert own_cohort({"01": {"cohort": name}}, tmp_path) is None

    def test_seen_from_the_caller(self, tmp_path):
        (tmp_path / "mine.csv").write_text("person\n")
        assert own_cohort({"01": {"people": 1}, "02": {"cohort": "mine.csv"}}, tmp_path) == tmp_path / "mine.csv"

    def test_a_file_without_ending(self, tmp_path):
        (tmp_path / "mine").write_text("person\n")
        assert own_cohort({"01": {"cohort": "mine"}}, tmp_path) == tmp_path / "mine"

    @pytest.mark.parametrize("name", ["mine.csv", "gone/mine", "."])
    def test_missing(self, name, tmp_path):
        with pytest.raises(ValueError, match="no such file"):
            own_cohort({"01": {"cohort": f"./{name}"}}, tmp_path)


def test_an_unknown_scenario_gets_the_nearest():
    with pytest.raises(ValueError, match=r"no scenario 'englnd'.*'england'"):
        check_words({"01": {"scenario": "englnd"}}, None)


def test_an_unknown_cohort_is_refused():
    with pytest.raises(ValueError, match="lupos"):
        check_words({"01": {"cohort": "lupos"}}, None)


def test_a_last_day_that_is_no_day_is_refused_before_anything_runs():
    check_words({"02": {"until": "2024-12-31"}, "03": {"until": ""}}, None)
    with pytest.raises(ValueError, match=r"until is 'soon'.*calendar day"):
        check_words({"02": {"until": "soon"}}, None)
