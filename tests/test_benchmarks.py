"""The comparisons run, and the answers agree; how long they take is looked at by `make bench` only."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).parent.parent
sys.path.insert(0, str(REPOSITORY))

from benchmarks import compare, peers, simulation  # noqa: E402
from benchmarks.growth import measured  # noqa: E402
from benchmarks.people import counted, doubly_censored, people_file, visits  # noqa: E402

ABSENT = dict.fromkeys(peers.present(), False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("people")


@pytest.mark.parametrize(
    "comparison", [compare.kaplan_meier, compare.interval_censored, compare.accelerated_failure, compare.cox]
)
def test_lifelines_gives_our_answer(comparison, folder):
    found = comparison(folder, 2_000, ABSENT | {"lifelines": True})
    assert found.peers[-1].name == "lifelines"
    assert found.peers[-1].people == 2_000


def test_an_answer_that_differs_stops_the_comparison(folder, monkeypatch):
    def shifted(path):
        theirs = genuine(path)
        theirs.answer["estimate"] += 1e-6
        return theirs

    genuine = peers.lifelines_kaplan_meier
    monkeypatch.setattr(peers, "lifelines_kaplan_meier", shifted)
    with pytest.raises(AssertionError, match="lifelines differs by 1e-06"):
        compare.kaplan_meier(folder, 2_000, ABSENT | {"lifelines": True})


def test_a_file_of_people_has_that_many_and_six_regions(folder, monkeypatch):
    import pandas as pd

    monkeypatch.setattr("benchmarks.people.PIECE", 400)
    monkeypatch.setattr("benchmarks.people.SIMULATED", 1_000)
    few, many = (pd.read_parquet(people_file(folder, people)) for people in (900, 2_500))
    assert (len(few), len(many)) == (900, 2_500)
    assert many["person"].is_unique
    assert many["region"].nunique() == 6
    assert many.columns.tolist() == few.columns.tolist()
    assert len(few.columns) == 32


def test_growth_is_measured_in_a_process_of_its_own(folder):
    found = measured(people_file(folder, 2_000))
    assert found["distinct"] > 100
    assert found["peak"] > 10


def test_simulated_spells_are_what_they_are_called():
    spells = doubly_censored(500)
    assert len(spells) == len(spells.drop(columns="n").drop_duplicates()) == 500
    assert (spells["upper"] <= spells["limit"]).all()
    people = visits(500)
    assert (people["lower"] < people["upper"]).all()
    assert counted(people)["n"].sum() == 500


def test_the_packages_compared_with_are_pinned_beside_ours():
    ours, theirs = (
        [line.partition("==")[0] for line in (REPOSITORY / name).read_text(encoding="utf-8").splitlines()]
        for name in ("constraints.txt", "benchmarks/constraints.txt")
    )
    assert not set(ours) & set(theirs)
    assert theirs == sorted(theirs)
    lines = (REPOSITORY / "benchmarks/constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*==\d[0-9a-z.+]*", line)] == []
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {Requirement(line).name for line in project["optional-dependencies"]["bench"]}
    assert asked <= set(theirs)


def test_simulation_is_measured():
    found = simulation.in_memory(300, "symptomatic")
    assert found["all"] > 0
    assert found["draws"] > 0
    written = simulation.to_a_file(300, 1)
    assert written["size"] > 0
    assert written["peak"] > 50
