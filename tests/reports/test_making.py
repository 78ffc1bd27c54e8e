"""Reports made whole: published, reused, failed, and the same twice."""

import json
import re
from pathlib import Path

import pytest

from firstsign.reports import make_report
from firstsign.reports.making import ReportError, make
from firstsign.reports.planning import plan
from firstsign.reports.versions import same_inputs, versions

TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d{4}-[0-9a-f]{6}(-\d+)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d[0-9:.+]*( UTC)?|\d+\.\d+ s")


def files_of(version: Path) -> dict[str, str]:
    paths = [path for path in version.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {path.relative_to(version).as_posix(): TIMES.sub("…", path.read_text()) for path in paths}


def test_the_shape_of_a_version(toy_report):
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{4}-[0-9a-f]{6}", toy_report.name)
    assert sorted(files_of(toy_report)) == [
        "01_counting.html", "01_counting.ipynb", "02_adding.html", "02_adding.ipynb",
        "figures/01_counting-1.svg", "index.html", "results.json",
    ]  # fmt: skip
    results = json.loads((toy_report / "results.json").read_text())["results"]
    assert [(row["notebook"], row["name"], row["value"]) for row in results] == [
        ("01_counting", "share.lump", 0.096),
        ("02_adding", "sum.people", 2001),
    ]


def test_two_runs_differ_only_in_their_times(toy_report, toy_folder, tmp_path):
    again = make(plan("main", {"people": 2000}, tmp_path, toy_folder)).version
    assert files_of(again) == files_of(toy_report)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "main"]


def test_nothing_changed_means_nothing_runs(toys, tmp_path, instant):
    first = make_report("adding", {"people": 50}, tmp_path, executor=instant)
    before = (tmp_path / "index.html").stat().st_mtime_ns
    assert make_report("adding", {"people": 50}, tmp_path, executor=instant) == first
    assert (tmp_path / "index.html").stat().st_mtime_ns == before
    assert make_report("adding", {"people": 51}, tmp_path, executor=instant) != first
    assert make_report("adding", {"people": 50}, tmp_path, force=True, executor=instant) != first


def test_the_manifest_could_make_it_again(toy_report):
    manifest = json.loads((toy_report / "manifest.json").read_text())
    assert manifest["status"] == "complete"
    assert manifest["version"] == toy_report.name
    assert manifest["inputs"]["parameters"]["02_adding"] == {"people": 2000}
    assert manifest["defaults"]["02_adding"] == {"people": 5}
    assert manifest["inputs"]["packages"]["papermill"]
    assert set(manifest["times"]["seconds"]) == {"01_counting", "02_adding"}


def test_a_failing_notebook_fails_after_the_others_and_is_no_cache(toy_report, toy_folder):
    failed = next(version for version in versions(toy_report.parent) if version.folder != toy_report)
    assert failed.manifest["status"] == "failed"
    (failure,) = failed.manifest["failures"]
    assert (failure["notebook"], failure["kind"], failure["message"]) == (
        "01_counting",
        "RuntimeError",
        "no <b>luck</b> today",
    )
    assert [row["name"] for row in failed.results()] == ["share.lump", "sum.people"]
    assert same_inputs(toy_report.parent, failed.manifest["inputs_hash"]) is None


def test_a_place_taken_meanwhile_is_left_to_the_other_run(toys, tmp_path, instant, monkeypatch):
    first = make_report("adding", {"people": 1}, tmp_path, executor=instant)
    names = iter([first.name, f"{first.name}-2"])
    monkeypatch.setattr("firstsign.reports.making.free_name", lambda report, name: next(names))
    second = make_report("adding", {"people": 2}, tmp_path, executor=instant)
    assert json.loads((second / "manifest.json").read_text())["version"] == second.name == f"{first.name}-2"
    assert json.loads((first / "manifest.json").read_text())["inputs"]["parameters"]["02_adding"] == {"people": 1}


def test_from_python_a_failure_is_an_error_that_knows_its_version(toys, tmp_path, write_notebook):
    write_notebook(toys / "02_adding.ipynb", ("markdown", "# B"), ("code", "raise KeyError('gone')"))
    with pytest.raises(ReportError, match="02_adding: KeyError") as slip:
        make_report("adding", out=tmp_path / "out")
    assert (slip.value.version / "02_adding.html").is_file()


def test_two_results_of_one_name_fail_the_notebook(toys, tmp_path, write_notebook):
    twice = "from firstsign.results import record\nrecord('a', 1)\nrecord('a', 2)"
    write_notebook(toys / "02_adding.ipynb", ("markdown", "# B"), ("code", twice))
    with pytest.raises(ReportError, match="records a more than once"):
        make_report("adding", out=tmp_path / "out")


def test_a_users_folder_is_in_no_published_file(toys, tmp_path, write_notebook):
    secret = tmp_path / "secret-clinic"
    secret.mkdir()
    path = secret / "mine.csv"
    path.write_text("person,first_symptom,diagnosis\n1,2024-01-01,2024-02-01\n2,2024-01-03,2024-03-01\n")
    reading = (
        "import os, pandas as pd\nprint(os.path.realpath(cohort), os.getcwd())\npd.read_csv(cohort).explode('gone')"
    )
    write_notebook(
        toys / "02_adding.ipynb", ("markdown", "# B"), ("parameters", "cohort: str = 'simulated'"), ("code", reading)
    )
    made = make(plan("adding", {"cohort": str(path)}, tmp_path / "out"))
    assert list(made.failures) == ["02_adding"]
    published = {file: file.read_text() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    assert len(published) == 6
    for words in ("secret-clinic", str(tmp_path), str(Path.home()) + "/", "/room"):
        assert [str(file) for file, text in published.items() if words in text] == []
    assert "mine.csv" in (made.version / "02_adding.html").read_text()
