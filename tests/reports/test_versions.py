"""Versions appear whole or not at all."""

import json
import os
from datetime import UTC, datetime, timedelta, timezone

import pytest

from firstsign.reports.versions import free_name, publish, same_inputs, staging, version_name, versions, write_whole

NAME = "2026-11-23T0915-3f9a2c"


def put(report, name, status="complete", inputs_hash="aa", finished="2026-11-23T09:15:00"):
    folder = report / name
    folder.mkdir(parents=True)
    manifest = {"status": status, "inputs_hash": inputs_hash, "times": {"finished": finished}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_the_name_is_the_utc_minute_and_the_hash():
    east = datetime(2026, 11, 23, 10, 15, 59, tzinfo=timezone(timedelta(hours=1)))
    assert version_name(east, "3f9a2c77aa") == version_name(east.astimezone(UTC), "3f9a2c77aa") == NAME


def test_newest_first_and_nothing_else(tmp_path):
    put(tmp_path, NAME, finished="2026-11-23T09:15:10")
    put(tmp_path, f"{NAME}-2", finished="2026-11-23T09:15:40")
    put(tmp_path, f"{NAME}-10", finished="2026-11-23T09:15:50")
    (tmp_path / "notes").mkdir()
    (tmp_path / "2026-11-23T0915-000000").mkdir()
    assert [version.name for version in versions(tmp_path)] == [f"{NAME}-10", f"{NAME}-2", NAME]
    assert versions(tmp_path / "gone") == []


def test_a_failed_version_is_never_an_answer(tmp_path):
    put(tmp_path, NAME, status="failed")
    assert same_inputs(tmp_path, "aa") is None
    put(tmp_path, f"{NAME}-2")
    assert same_inputs(tmp_path, "aa").name == f"{NAME}-2"
    assert same_inputs(tmp_path, "bb") is None


def test_published_at_one_stroke_with_twins(tmp_path):
    report = tmp_path / "main"
    for expected in (NAME, f"{NAME}-2", f"{NAME}-3"):
        assert free_name(report, NAME) == expected
        with staging(tmp_path, "main") as folder:
            (folder / "index.html").write_text("page")
            assert publish(folder, report / expected) == report / expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["main"]


def test_a_version_is_never_overwritten(tmp_path):
    put(tmp_path / "main", NAME)
    with staging(tmp_path, "main") as folder, pytest.raises(FileExistsError, match=NAME):
        publish(folder, tmp_path / "main" / NAME)
    assert (tmp_path / "main" / NAME / "manifest.json").is_file()


def test_a_run_that_breaks_off_leaves_nothing(tmp_path):
    def broken_off():
        with staging(tmp_path, "main") as folder:
            (folder / "part").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert list(tmp_path.iterdir()) == []


def test_folders_of_dead_runs_are_removed_and_of_living_ones_are_not(tmp_path):
    dead, living = tmp_path / ".making-2147483646-main", tmp_path / f".making-{os.getppid()}-main"
    for folder in (dead, living):
        folder.mkdir()
    with staging(tmp_path, "main"):
        assert (dead.exists(), living.exists()) == (False, True)


def test_a_file_is_written_whole(tmp_path):
    for text in ("one", "two"):
        write_whole(tmp_path / "index.html", text)
        assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("index.html", text)]
