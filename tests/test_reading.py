"""Files as people save them: delimiters, encodings, quotation marks, and files that are none."""

import gzip

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstsign.reading import _read_text, read_table

ROWS = [["person", "first_symptom", "diagnosis"], ["1", "2024-01-05", "2024-02-01"], ["2", "2024-01", ""]]


def told(reading):
    return [(part["value"].iloc[0], part["expected"].iloc[0]) for part in reading.problems]


def write(path, text, encoding="utf-8"):
    content = text.encode(encoding)
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("name", ["a.csv", "a.CSV.gz"])
def test_the_same_table_however_it_was_saved(tmp_path, delimiter, newline, encoding, name):
    if name.endswith("gz"):
        name = name.lower()
    path = write(tmp_path / name, newline.join(map(delimiter.join, ROWS)) + newline, encoding)
    reading = read_table(path)
    assert reading.problems == []
    assert reading.frame.columns.tolist() == ROWS[0]
    assert reading.frame.fillna("").to_numpy().tolist() == ROWS[1:]
    assert reading.lines.tolist() == [2, 3]


def test_names_and_cells_lose_the_space_before_them(tmp_path):
    reading = read_table(write(tmp_path / "a.csv", " person , first_symptom\n 1, 2024-01-05\n"))
    assert reading.frame.columns.tolist() == ["person", "first_symptom"]
    assert reading.frame.to_numpy().tolist() == [["1", "2024-01-05"]]


@pytest.mark.parametrize("word", ["", "NA", "N/A", "nan", "NULL", ".", "None", "NaT"])
def test_words_for_missing(tmp_path, word):
    assert read_table(write(tmp_path / "a.csv", f"person,age\n1,{word}\n")).frame["age"].isna().all()


def test_quoted_cells_hold_delimiters_and_lines_and_blank_lines_do_not_count(tmp_path):
    reading = read_table(write(tmp_path / "a.csv", 'person,symptoms\n1,"a, ""b""\nc"\n\n  \n2,d\n'))
    assert reading.problems == []
    assert reading.frame["symptoms"].tolist() == ['a, "b"\nc', "d"]
    assert reading.lines.tolist() == [2, 6]


def test_ragged_rows_are_all_named_and_the_rest_is_read(tmp_path):
    reading = read_table(write(tmp_path / "a.csv", "person,age\n1,40\n2\n3,50,60\n4,70\n"))
    assert reading.problems[0]["position"].tolist() == [1, 2]
    assert reading.problems[0]["value"].tolist() == ["1 cells", "3 cells"]
    assert reading.ragged == {1, 2}
    assert reading.frame.fillna("").to_numpy().tolist() == [["1", "40"], ["2", ""], ["3", "50"], ["4", "70"]]
    assert reading.lines.tolist() == [2, 3, 4, 5]


def test_numbers_of_people_stay_as_written(tmp_path):
    assert read_table(write(tmp_path / "a.csv", "person,age\n007,40\n1e5,41\n")).frame["person"].tolist() == [
        "007",
        "1e5",
    ]


@pytest.mark.parametrize(
    ("name", "content", "value", "expected"),
    [
        ("a.csv", b"", "an empty file", "a header line"),
        ("a.csv", b" \n\n", "an empty file", "a header line"),
        ("a.csv", b"person,age\n", "a header and no rows", "a row for each person"),
        ("a.csv", "person,name\n1,Zoë\n".encode("latin-1"), "byte 0xeb on line 2", "UTF-8"),
        ("a.csv", "person,name\n1,a\n".encode("utf-16"), "byte 0xff on line 1", "UTF-8"),
        ("a.csv", b"a,b\n\0,2\n", "a file with zero bytes", "a file of text"),
        ("a.csv", b"person,age,age\n1,2,3\n", "2 columns of this name", "each column once"),
        ("a.csv", b'person,age\n1,"2\n', "unexpected end of data", "quotation mark left open"),
        ("a.csv.gz", b"person,age\n", "Not a gzipped file", "opened and unpacked"),
        ("a.xlsx", b"PK", ".xlsx", "a file that ends in .csv"),
        ("a.parquet", b"person,age\n", "", "a Parquet file"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, value, expected):
    (tmp_path / name).write_bytes(content)
    reading = read_table(tmp_path / name)
    assert not len(reading.frame)
    ((found, wanted),) = told(reading)
    assert value in found
    assert expected in wanted


def test_parquet_keeps_its_types(tmp_path):
    pd.DataFrame({"person": [1, 2], " age ": [40.5, None]}, index=[7, 8]).to_parquet(tmp_path / "a.parquet")
    reading = read_table(tmp_path / "a.parquet")
    assert reading.problems == []
    assert reading.lines is None
    assert reading.frame.dtypes.astype(str).to_dict() == {"person": "int64", "age": "float64"}
    assert reading.frame.index.tolist() == [0, 1]


cells = st.text("ab ,;\n\"'", min_size=1, max_size=6).map(lambda text: f"x{text}x")


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_what_pandas_writes_is_read_back(rows):
    table = pd.DataFrame(rows, columns=["person", "note"])
    reading = _read_text(table.to_csv(index=False))
    assert reading.problems == []
    pd.testing.assert_frame_equal(reading.frame, table)
    text_lines = table.to_csv(index=False).split("\n")
    for line, person in zip(reading.lines, table["person"], strict=True):
        assert text_lines[line - 1].lstrip('"').startswith(person.replace('"', '""').split("\n")[0])
