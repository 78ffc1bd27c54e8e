import shutil

import pytest

from firstsign import places
from firstsign.places import data_folder, notebooks_folder
from firstsign.vocabulary import symptoms


@pytest.fixture(autouse=True)
def no_folder_chosen(monkeypatch):
    monkeypatch.delenv("FIRSTSIGN_DATA", raising=False)


def test_a_checkout_reads_its_own_folders():
    assert data_folder() == places.REPOSITORY / "data"
    assert notebooks_folder() == places.REPOSITORY / "notebooks"


def test_an_empty_variable_chooses_nothing(monkeypatch):
    monkeypatch.setenv("FIRSTSIGN_DATA", "")
    assert data_folder() == places.REPOSITORY / "data"


def test_a_chosen_folder_comes_first(monkeypatch, tmp_path):
    shutil.copytree(data_folder() / "vocabulary", tmp_path / "vocabulary")
    text = (tmp_path / "vocabulary" / "symptoms.yml").read_text(encoding="utf-8")
    (tmp_path / "vocabulary" / "symptoms.yml").write_text(text.replace("nipple abnormality", "changed nipple"), "utf-8")
    before = set(symptoms()["name"])
    monkeypatch.setenv("FIRSTSIGN_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    assert set(symptoms()["name"]) ^ before == {"nipple abnormality", "changed nipple"}


def test_a_home_folder_may_be_short(monkeypatch, tmp_path):
    (tmp_path / "mine" / "vocabulary").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FIRSTSIGN_DATA", "~/mine")
    assert data_folder() == tmp_path / "mine"


def test_a_chosen_folder_without_a_vocabulary_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("FIRSTSIGN_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no folder 'vocabulary' lies in it"):
        data_folder()


def test_a_wheel_carries_the_folders_inside_the_package(monkeypatch, tmp_path):
    """Installed, the package has no checkout around it."""
    package = tmp_path / "site-packages" / "firstsign"
    (package / "data" / "vocabulary").mkdir(parents=True)
    (package / "notebooks").mkdir()
    (package / "notebooks" / "reports.yml").touch()
    monkeypatch.setattr(places, "PACKAGE", package)
    monkeypatch.setattr(places, "REPOSITORY", package.parent.parent)
    assert data_folder() == package / "data"
    assert notebooks_folder() == package / "notebooks"


def test_a_stranger_s_folder_of_the_same_name_is_not_taken(monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(places, "REPOSITORY", tmp_path)
    monkeypatch.setattr(places, "PACKAGE", tmp_path / "firstsign")
    for find, name in ((data_folder, "data"), (notebooks_folder, "notebooks")):
        with pytest.raises(FileNotFoundError, match=f"{name!r}.*Install firstsign again"):
            find()
