import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from firstsign.parquet_twins import are_twins

DAYS = pd.to_datetime(pd.Series(["2024-01-01", None, "2024-02-10", "2024-01-31"] * 500))


def written(path, one, other, **options):
    parquet.write_table(pa.table({"person": range(len(one)), "one": one, "other": other}), path, **options)
    return path


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_dictionary": False},
        {"compression": "zstd"},
        {"row_group_size": 300},
        {"data_page_version": "2.0"},
        {"write_statistics": False},
    ],
)
def test_what_was_written_twice_is_a_twin_however_it_was_written(tmp_path, options):
    assert are_twins([written(tmp_path / "same.parquet", DAYS, DAYS, **options)], "one", "other")


@pytest.mark.parametrize("row", [0, 1, 1999])
@pytest.mark.parametrize("options", [{}, {"use_dictionary": False, "compression": "none"}, {"row_group_size": 300}])
def test_one_row_that_differs_is_enough(tmp_path, row, options):
    other = DAYS.copy()
    other[row] = pd.Timestamp("2024-03-01")
    assert not are_twins([written(tmp_path / "differ.parquet", DAYS, other, **options)], "one", "other")


def test_a_value_that_is_missing_in_one_differs(tmp_path):
    other = DAYS.copy()
    other[2] = None
    assert not are_twins([written(tmp_path / "missing.parquet", DAYS, other)], "one", "other")


def test_the_same_bytes_mean_different_days_in_another_type(tmp_path):
    whole = pa.array(np.arange(1000, dtype="int64"))
    other = whole.cast(pa.timestamp("us"))
    assert not are_twins([written(tmp_path / "types.parquet", whole, other)], "one", "other")
    days = [whole.cast(pa.timestamp(unit)) for unit in ("ms", "us")]
    assert not are_twins([written(tmp_path / "units.parquet", *days)], "one", "other")


def test_every_file_counts(tmp_path):
    same = written(tmp_path / "same.parquet", DAYS, DAYS)
    other = written(tmp_path / "other.parquet", DAYS, DAYS[::-1].reset_index(drop=True))
    assert are_twins([same, same], "one", "other")
    assert not are_twins([same, other], "one", "other")


def test_what_cannot_be_told_is_no_twin(tmp_path):
    same = written(tmp_path / "same.parquet", DAYS, DAYS)
    assert not are_twins([same], "one", "another")
    assert not are_twins([], "one", "other")
    assert not are_twins([same, "s3://bucket/people.parquet"], "one", "other")
