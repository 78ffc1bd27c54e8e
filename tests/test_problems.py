"""Problems: put in order, with the person and the line, and told in one paragraph."""

import numpy as np
import pandas as pd
import pytest

from firstsign.problems import PROBLEM_COLUMNS, CohortError, gather, problem_rows, refusal

PEOPLE = pd.Series(["a", "b", "c"])
LINES = np.array([2, 3, 6])


def test_rows_count_from_one_and_the_file_comes_first():
    parts = [problem_rows([2, 0], "age", ["x", 7], "a number"), problem_rows(None, "diagnosis", "", "a column")]
    got = gather(parts, PEOPLE, LINES)
    assert got.columns.tolist() == PROBLEM_COLUMNS
    assert got["row"].fillna(0).tolist() == [0, 1, 3]
    assert got["line"].fillna(0).tolist() == [0, 2, 6]
    assert got["person"].fillna("").tolist() == ["", "a", "c"]
    assert got["value"].tolist() == ["", "7", "x"]


def test_no_problem_is_an_empty_frame_of_the_same_columns():
    assert gather([], PEOPLE, LINES).columns.tolist() == PROBLEM_COLUMNS
    assert gather([problem_rows([], "age", [], "a number")], None, None).empty


def test_values_of_any_kind_are_shown_as_text():
    values = [pd.Timestamp("2024-03-12"), pd.Timestamp("2024-03-12 10:15"), None, np.nan, ["a", "b"], 3]
    shown = problem_rows(range(6), "x", values, "")["value"].tolist()
    assert shown == ["2024-03-12", "2024-03-12 10:15:00", "", "", "['a', 'b']", "3"]


def test_the_error_names_the_first_three_and_counts_the_rest():
    parts = [problem_rows([0, 1], "age", ["x", "y"], "a number"), problem_rows([2], "sex", ["z"], "a word", "warning"),
             problem_rows([0, 2], "stage", ["9", "8"], "1, 2, 3 or 4")]  # fmt: skip
    problems = gather(parts, PEOPLE, LINES)
    error = refusal("mine.csv", "check_cohort('mine.csv')", problems)
    assert isinstance(error, CohortError)
    assert isinstance(error, ValueError)
    assert error.problems is problems
    assert str(error) == (
        "mine.csv has 4 problems that stop loading: row 1 (line 2), column 'age': 'x', expected: a number; "
        "row 1 (line 2), column 'stage': '9', expected: 1, 2, 3 or 4; row 2 (line 3), column 'age': 'y', expected: a number; "
        "and 1 more. check_cohort('mine.csv') lists all."
    )


@pytest.mark.parametrize("backwards", [True, False])
def test_only_people_whose_dates_run_backwards_get_the_choice(backwards):
    expected = "a day not before 2024-03-01" if backwards else "a day before the death"
    error = refusal("mine.csv", "check", gather([problem_rows([0], "diagnosis", ["x"], expected)], PEOPLE, LINES))
    assert ("negative='exclude'" in str(error)) is backwards


def test_one_problem_of_the_whole_file():
    error = refusal(
        "mine.csv", "check_cohort('mine.csv')", gather([problem_rows(None, "", "", "a header")], None, None)
    )
    assert (
        str(error)
        == "mine.csv has 1 problem that stops loading: expected: a header. check_cohort('mine.csv') lists all."
    )
