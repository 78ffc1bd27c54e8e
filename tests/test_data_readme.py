"""data/README.md says what is there: counts are made again, every file is named, licences stand where they must."""

import re

import pandas as pd
import pytest
import yaml

import firstsign as fs
from firstsign import vocabulary
from firstsign.claim_files import rules
from firstsign.places import data_folder, notebooks_folder
from firstsign.published import published
from firstsign.scenario_files import leaves
from firstsign.targets import targets

README = (data_folder() / "README.md").read_text(encoding="utf-8")
ROWS = {
    cells[0]: cells[1:]
    for line in README.splitlines()
    if line.startswith("| ") and len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 6
}
VARIANTS = {"late-presenting", "claim", "null", "growing"}


def read_changes(path):
    """The parameters that a variant of england changes."""
    return leaves(yaml.safe_load(path.read_text(encoding="utf-8"))["parameters"])


COUNTS = {
    "evidence register": lambda: len(fs.evidence(recalled=True)),
    "published tables": lambda: len(published()),
    "claims": lambda: len(fs.claims()),
    "rules for verdicts": lambda: len(rules().rules),
    "NHS 28-day table": lambda: published("nhs-faster-diagnosis-2023-24")["people"].sum(),
    "NHS 62-day table": lambda: published("nhs-62-day-breast-2023-24")["people"].sum(),
    "scenario england": lambda: len(fs.scenario_parameters("england")),
    "scenario variants": lambda: sum(
        len(read_changes(path)) for path in (data_folder() / "simulated").glob("*.yml") if path.stem in VARIANTS
    ),
    "calibration targets": lambda: len(targets().targets),
    "calibration tables": lambda: sum(
        len(pd.read_csv(path)) for path in (data_folder() / "simulated").glob("calibration-*.csv")
    ),
    "scorecard": lambda: len(pd.read_csv(data_folder() / "simulated" / "scorecard-england.csv")),
    "teaching cohort": lambda: len(fs.load_cohort("teaching")),
    "lupus cohort": lambda: len(fs.load_cohort("lupus")),
    "symptoms": lambda: len(vocabulary.symptoms()),
    "named people": lambda: len(vocabulary.named_people()),
}


@pytest.mark.parametrize("name", [name for name in ROWS if name != "data set"])
def test_counts_are_true(name):
    printed = int(re.match(r"[\d,]+", ROWS[name][2]).group().replace(",", ""))
    assert printed == COUNTS[name]()


def test_every_data_set_has_a_line_and_every_line_a_data_set():
    assert set(ROWS) - {"data set"} == set(COUNTS)


def test_every_file_is_named():
    files = {path.relative_to(data_folder()).as_posix() for path in data_folder().rglob("*") if path.is_file()}
    named = {file for file in files if f"`{file}`" in README or f"`{file.split('/')[0]}/` holds" in README}
    readmes = {file for file in files if file.endswith("README.md")}
    assert files - named - readmes == set()


def test_named_files_exist():
    for file in re.findall(r"`((?:evidence|simulated|vocabulary)/[\w.]+)`", README):
        assert (data_folder() / file).is_file(), file


def test_licences():
    nhs = [name for name in ROWS if name.startswith("NHS")]
    assert [ROWS[name][3] for name in nhs] == ["Open Government Licence v3.0"] * 2
    for table in ("nhs-faster-diagnosis-2023-24", "nhs-62-day-breast-2023-24"):
        attrs = published(table).attrs
        assert attrs["licence"] == "Open Government Licence v3.0"
        assert "Contains public sector information licensed under the Open Government Licence v3.0" in attrs["source"]
        assert "NHS England, Cancer Waiting Times" in attrs["source"]
    assert ROWS["teaching cohort"][3] == ROWS["scenario england"][3] == "CC0"


def test_notebooks_named_are_those_of_the_main_report():
    known = set(yaml.safe_load((notebooks_folder() / "reports.yml").read_text(encoding="utf-8"))["main"]["notebooks"])
    named = set(re.findall(r"\b\d\d_\w+", " ".join(cells[4] for cells in ROWS.values())))
    assert named == known


def test_the_other_readmes_count_right():
    evidence = (data_folder() / "evidence" / "README.md").read_text(encoding="utf-8")
    everything, bands = fs.evidence(recalled=True), published().query("kind == 'bands'")["n"]
    recalled = (everything["verified"] == "recalled, not verified").sum()
    assert f"{len(everything)} published figures" in evidence
    assert f"{recalled} of them" in evidence
    assert f"the {len(everything) - recalled} others" in evidence
    assert f"{len(published())} published tables" in evidence
    assert f"({' and '.join(f'{people:,}' for people in bands)} people)" in evidence
    parameters = fs.scenario_parameters("england")
    simulated = (data_folder() / "simulated" / "README.md").read_text(encoding="utf-8")
    assumed = (parameters["source"] == "assumption").sum()
    assert f"{assumed} of its {len(parameters)} parameters are assumptions" in simulated
    levels = parameters["name"].str.split(".").str[0]
    unnamed = {
        name for name in levels if f"`{name}" not in simulated and not {"first", "besides"} & set(name.split("_"))
    }
    assert unnamed == set()


def test_simulated_readme_says_first_that_no_person_is_in_it():
    first = (data_folder() / "simulated" / "README.md").read_text(encoding="utf-8").splitlines()[0]
    assert "no person is in it" in first
