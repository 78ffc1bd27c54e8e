"""reports.yml, and notebooks by number."""

import pytest

from firstsign.places import REPOSITORY
from firstsign.reports.catalogue import Notebook, find_report, reports


def test_reports_in_their_order(toys):
    assert {name: [notebook.name for notebook in found.notebooks] for name, found in reports().items()} == {
        "main": ["01_counting", "02_adding"],
        "adding": ["02_adding"],
    }


@pytest.mark.parametrize("name", ["02", "02_adding"])
def test_a_notebook_is_a_report_of_one(toys, name):
    found = find_report(name)
    assert (found.name, found.title, len(found.notebooks)) == ("02_adding", "What adds up?", 1)


def test_an_unknown_name_gets_the_nearest(toys):
    with pytest.raises(ValueError, match=r"'mian'.*'main'.*02_adding"):
        find_report("mian")


@pytest.mark.parametrize("name", ["../main", "/etc/passwd", "0*", ""])
def test_names_are_no_paths(toys, name):
    with pytest.raises(ValueError, match="no report or notebook"):
        find_report(name)


@pytest.mark.parametrize("entry", ["{notebooks: [../01_counting]}", "{notebooks: [03_gone]}", "{title: none}", "[a]"])
def test_a_wrong_entry_is_named(toys, entry):
    (toys / "reports.yml").write_text(f"main: {entry}\n")
    with pytest.raises(ValueError, match=r"reports\.yml: the report 'main'"):
        find_report("main")


def test_what_is_no_notebook_is_named(toys):
    (toys / "01_counting.ipynb").write_text("{")
    with pytest.raises(ValueError, match=r"01_counting\.ipynb is not a notebook"):
        Notebook(toys / "01_counting.ipynb").read()


def test_a_folder_without_reports_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"reports\.yml"):
        reports(tmp_path)


def test_our_own_report_is_every_notebook_in_order(monkeypatch):
    monkeypatch.delenv("FIRSTSIGN_NOTEBOOKS", raising=False)
    main = find_report("main")
    files = sorted((REPOSITORY / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    assert [notebook.path.resolve() for notebook in main.notebooks] == files
    numbers = [notebook.name[:2] for notebook in main.notebooks]
    assert len(set(numbers)) == len(numbers), "a number is a report's name"
    assert "first sign" in main.title
    assert main.description
    for notebook in main.notebooks:
        assert find_report(notebook.name[:2]).notebooks == (notebook,)
