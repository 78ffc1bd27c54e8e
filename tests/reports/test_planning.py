"""Everything that can be refused is refused before anything runs or is written."""

import pytest

from firstsign.reports.inputs import digest
from firstsign.reports.planning import plan, plan_all


def test_settles_and_hashes(toys, tmp_path):
    planned = plan("main", {"people": 20}, tmp_path / "out")
    assert planned.settled["01_counting"]["people"] == planned.settled["02_adding"]["people"] == 20
    assert digest(planned.inputs) == digest(plan("main", {"people": 20}, tmp_path / "elsewhere").inputs)
    assert planned.folder == tmp_path / "out" / "main"
    assert not (tmp_path / "out").exists()


def test_several_reports_share_what_was_given(toys, tmp_path):
    first, second = plan_all(["adding", "01"], {"level": 0.9, "people": 3}, tmp_path)
    assert first.settled == {"02_adding": {"people": 3}}
    assert second.settled["01_counting"]["level"] == 0.9


def test_a_users_file_is_called_by_its_name_and_its_folder_is_not_told(toys, tmp_path):
    path = tmp_path / "caller" / "mine.csv"
    path.write_text("person,first_symptom,diagnosis\n1,2024-01-01,2024-02-01\n2,2024-01-03,2024-03-01\n")
    planned = plan("main", {"cohort": str(path)}, tmp_path / "out")
    assert planned.own == path
    assert planned.inputs["cohort"]["name"] == planned.settled["01_counting"]["cohort"] == "mine.csv"
    assert str(tmp_path) not in str(planned.inputs)


def test_an_unsound_cohort_is_refused_with_its_problem(toys, tmp_path):
    path = tmp_path / "caller" / "mine.csv"
    path.write_text("person,first_symptom,diagnosis\n1,2024-02-01,2024-01-01\n")
    with pytest.raises(ValueError, match="diagnosis"):
        plan("main", {"cohort": "mine.csv"}, tmp_path / "out")
