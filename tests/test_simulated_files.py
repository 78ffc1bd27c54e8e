"""Cohorts written piece by piece: the same people as in memory, whatever the pieces and the workers."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

import firstsign as fs
from firstsign import simulated_files
from firstsign.cli import main
from firstsign.lives import BLOCK
from firstsign.simulated_files import simulate_file

NO_BENIGN = dict.fromkeys(["back or bone pain", "other symptom", "other breast symptom", "breast lump"], 0)


def read(path):
    """The file's people as `simulate` gives them: without milestones that nobody has reached."""
    found = pd.read_parquet(path)
    return found.dropna(axis="columns", how="all")


def same(found, cohort):
    """Whether a file's people are a cohort's."""
    for name in cohort.dropna(axis="columns", how="all"):
        left, right = found[name], cohort[name]
        assert (left.isna() == right.isna()).all(), name
        known = left.notna()
        assert (left[known].to_numpy() == right[known].to_numpy()).all(), name
    return set(found) == set(cohort.dropna(axis="columns", how="all"))


@pytest.mark.parametrize("who", ["diseased", "symptomatic"])
@pytest.mark.parametrize("blocks", [1, 3])
def test_pieces_do_not_matter(tmp_path, monkeypatch, who, blocks):
    people = 2 * BLOCK + 77
    monkeypatch.setattr(simulated_files, "BLOCKS_IN_A_PIECE", blocks)
    file = simulate_file(tmp_path / "people.parquet", people, seed=5, who=who)
    assert parquet.ParquetFile(file).num_row_groups > 1 or blocks > 1
    assert same(read(file), fs.simulate(people, seed=5, who=who))


def test_workers_do_not_matter(tmp_path):
    people = 9 * BLOCK
    one, two = (simulate_file(tmp_path / f"{workers}.parquet", people, seed=6, workers=workers) for workers in (1, 2))
    assert parquet.read_table(one).equals(parquet.read_table(two))


def test_overrides_reach_the_file(tmp_path):
    file = simulate_file(tmp_path / "people.parquet", 500, screening_coverage=0)
    found = pd.read_parquet(file)
    assert found["screening_test_latest"].isna().all(), "a milestone nobody has stays a column, empty"
    assert found["screening_test_latest"].dtype.kind == "M"
    assert same(read(file), fs.simulate(500, screening_coverage=0))


def test_spells_of_the_file_are_those_of_the_frame(tmp_path):
    file = simulate_file(tmp_path / "people.parquet", 5_000, seed=7)
    by = {"by": "first_symptom_group", "competing": "death"}
    from_file, from_frame = (
        fs.spells(what, "total_diagnostic", **by) for what in (str(file), fs.simulate(5_000, seed=7))
    )
    pd.testing.assert_frame_equal(from_file, from_frame, check_dtype=False)


def test_csv_is_a_users_file(tmp_path, monkeypatch):
    monkeypatch.setattr(simulated_files, "BLOCKS_IN_A_PIECE", 1)
    people = BLOCK + 10
    file = simulate_file(tmp_path / "people.csv", people, seed=8, onset_known_to_month=0.5)
    assert fs.check_cohort(str(file)).query("severity == 'error'").empty
    loaded, made = fs.load_cohort(str(file)), fs.simulate(people, seed=8, onset_known_to_month=0.5)
    for side in ("earliest", "latest"):
        pd.testing.assert_series_equal(loaded[f"first_symptom_{side}"], made[f"first_symptom_{side}"])


def test_biases_reach_the_file(tmp_path):
    given = {"people": 3_000, "seed": 9, "biases": ["left truncation", "recall heaping"]}
    assert same(read(simulate_file(tmp_path / "people.parquet", **given)), fs.simulate(**given))


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "people.csv").mkdir()
    with pytest.raises(ValueError, match="is a folder; name a file in it"):
        simulate_file(tmp_path / "people.csv", 5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"path": "people.xlsx"}, "neither a .parquet nor a .csv"),
        ({"people": 0}, "people=0"),
        ({"workers": 0}, "workers=0"),
        ({"who": "all"}, "who='all'"),
        ({"urgencey": 1}, "did you mean 'urgency'"),
        ({"disease_share": 0, "who": "symptomatic", "benign_per_year": NO_BENIGN}, "none can be"),
    ],
)
def test_slips_leave_no_file(tmp_path, given, message):
    given = {"path": "people.parquet", **given}
    with pytest.raises(ValueError, match=message):
        simulate_file(tmp_path / given.pop("path"), **given)
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path, monkeypatch):
    target = simulate_file(tmp_path / "people.csv", 5)
    before = target.read_bytes()
    monkeypatch.setattr(simulated_files, "as_user_file", lambda cohort: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        simulate_file(target, 5, seed=2)
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


def test_memory_does_not_grow_with_the_people(tmp_path, monkeypatch):
    monkeypatch.setattr(simulated_files, "BLOCKS_IN_A_PIECE", 1)
    simulate_file(tmp_path / "warm.parquet", 100)
    peaks = []
    for blocks in (2, 8):
        tracemalloc.start()
        simulate_file(tmp_path / "people.parquet", blocks * BLOCK)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["simulate", "--people", "1_000", "--out", "few.parquet", "--seed", "3", "-p", "urgency=0.5"])
    assert ended.value.code == 0
    assert "Wrote 1,000 people to few.parquet" in capsys.readouterr().out
    assert same(read("few.parquet"), fs.simulate(1_000, seed=3, urgency=0.5))
    with pytest.raises(SystemExit) as ended:
        main(["simulate", "--people", "1000", "--out", "few.parquet", "-p", "urgency=2"])
    assert ended.value.code == 2
    assert "urgency: 2" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["simulate", "--out", "few.parquet", "-p", "people=5"])
    assert ended.value.code == 2
    assert "use the option" in capsys.readouterr().err
    assert np.isclose(len(pd.read_parquet("few.parquet")), 1_000)
