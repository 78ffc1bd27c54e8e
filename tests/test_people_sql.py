import duckdb
import pandas as pd
import pytest

from firstsign.people_sql import People, Window
from firstsign.spells import spells

# Days since 1970.
JAN_1, JAN_31, FEB_10, FEB_29, MAR_5 = 19723, 19753, 19763, 19782, 19787


def windows(people: People, milestone: str):
    """What SQL makes of a milestone: pairs of days, None where not known. A join keeps no order, so they are sorted."""
    window = people.window(milestone)
    frame = people.query(
        f"WITH {people.texts()} days AS (SELECT {window.earliest} AS a, {window.latest} AS b FROM people {people.joins()}) "
        "SELECT a, b FROM days"
    )
    rows = [tuple(None if pd.isna(day) else day for day in row) for row in frame.itertuples(index=False)]
    return sorted(rows, key=lambda row: (row[0] is None, row))


def test_a_pair_of_date_columns_is_read_as_days():
    frame = pd.DataFrame(
        {
            "diagnosis_earliest": pd.to_datetime(["2024-01-01", "2024-02-10", None]),
            "diagnosis_latest": pd.to_datetime(["2024-01-31", "2024-02-10", None]),
        }
    )
    assert windows(People(frame), "diagnosis") == [(JAN_1, JAN_31), (FEB_10, FEB_10), (None, None)]


def test_texts_are_windows():
    frame = pd.DataFrame({"diagnosis": ["2024-01-01", "2024-01", "2024-02-10/2024-02-29", None, "2024-01"]})
    expected = [(JAN_1, JAN_1), (JAN_1, JAN_31), (JAN_1, JAN_31), (FEB_10, FEB_29), (None, None)]
    assert windows(People(frame), "diagnosis") == expected


def test_years_may_be_numbers_and_dates_may_have_hours():
    assert windows(People(pd.DataFrame({"diagnosis": [2024]})), "diagnosis") == [(JAN_1, JAN_1 + 365)]
    hours = pd.DataFrame({"diagnosis": pd.to_datetime(["2024-01-31 23:59:59"])})
    assert windows(People(hours), "diagnosis") == [(JAN_31, JAN_31)]


def test_what_a_text_leaves_open_is_closed_by_its_neighbours():
    """XXXX: it happened, no day known; the first symptom comes before it and observation ends after it."""
    frame = pd.DataFrame(
        {
            "first_symptom": ["2024-01-01", "2024-01", "2024-01-01"],
            "diagnosis": ["XXXX", "XXXX", None],
            "treatment": ["2024-02-10", None, None],
            "observed_until": ["2024-02-29", "2024-02-29", "2024-02-29"],
        }
    )
    assert windows(People(frame), "diagnosis") == [(JAN_1, FEB_10), (JAN_1, FEB_29), (None, None)]


def test_what_nothing_closes_stays_open():
    assert windows(People(pd.DataFrame({"diagnosis": ["XXXX", "2024-01-01"]})), "diagnosis") == [
        (JAN_1, JAN_1),
        (None, None),
    ]


def test_apostrophes_and_commands_in_the_data_are_only_texts():
    frame = pd.DataFrame({"diagnosis": ["2024-01-01", "'); DROP TABLE people; --"]})
    with pytest.raises(ValueError, match=r"diagnosis .*DROP TABLE.* \(1 such texts\)"):
        People(frame).window("diagnosis")
    odd = '"; DROP TABLE people; --'
    people = People(pd.DataFrame({odd: ["O'Brien"], "diagnosis": ["2024-01-01"]}))
    assert people.column(odd) == '"""; DROP TABLE people; --"'
    assert people.query(f"SELECT {people.column(odd)} AS it FROM people")["it"].tolist() == ["O'Brien"]


def test_columns_that_are_not_there_are_named_with_their_nearest():
    people = People(pd.DataFrame({"route": ["a"], "diagnosis": ["2024"]}))
    with pytest.raises(
        ValueError, match=r"no column 'rute' \(did you mean 'route'\?\). The columns are: route, diagnosis"
    ):
        people.column("rute")
    with pytest.raises(ValueError, match="no 'treatment': neither a column of that name nor treatment_earliest"):
        people.window("treatment")
    assert people.has("diagnosis")
    assert not people.has("treatment")
    assert people.day("observed_until", "latest") is None


def test_half_a_pair_is_no_milestone():
    assert not People(pd.DataFrame({"diagnosis_earliest": ["2024"]})).has("diagnosis")


PEOPLE = pd.DataFrame(
    {
        "person": [1, 2, 3],
        "first_symptom": ["2024-01-01", "2024-01", "2024-01-31"],
        "diagnosis": ["2024-02-10", "2024-02-29", None],
        "observed_until": ["2024-03-05"] * 3,
    }
)


def test_every_source_gives_the_same_spells(tmp_path):
    expected = spells(PEOPLE, "total_diagnostic")
    assert expected["n"].sum() == 3
    PEOPLE.to_csv(tmp_path / "people.csv", index=False)
    PEOPLE.to_csv(tmp_path / "PEOPLE.CSV.GZ", index=False, compression="gzip")
    PEOPLE.to_parquet(tmp_path / "people.parquet")
    for half, rows in (("a", PEOPLE[:1]), ("b", PEOPLE[1:])):
        rows.to_parquet(tmp_path / f"part-{half}.parquet")
    connection = duckdb.connect()
    connection.register("mine", PEOPLE)
    sources = [
        tmp_path / "people.csv",
        str(tmp_path / "PEOPLE.CSV.GZ"),
        tmp_path / "people.parquet",
        str(tmp_path / "part-*.parquet"),
        connection.sql("SELECT * FROM mine"),
    ]
    for source in sources:
        pd.testing.assert_frame_equal(spells(source, "total_diagnostic"), expected, check_dtype=False, obj=str(source))


def test_time_zones_of_a_file_are_read_in_utc(tmp_path):
    frame = pd.DataFrame({"diagnosis": pd.to_datetime(["2024-01-31T23:30:00-05:00"], utc=True)})
    frame.to_parquet(tmp_path / "people.parquet")
    assert windows(People(tmp_path / "people.parquet"), "diagnosis") == [(JAN_31 + 1, JAN_31 + 1)]


def test_what_is_no_table_of_people_is_refused(tmp_path):
    with pytest.raises(ValueError, match="cannot be made from a list"):
        People([1, 2])
    with pytest.raises(ValueError, match="cohort is empty"):
        People(PEOPLE[:0])
    with pytest.raises(ValueError, match=r"'.*nobody\.parquet' could not be read"):
        People(tmp_path / "nobody.parquet")
    (tmp_path / "people.parquet").write_text("person,diagnosis")
    with pytest.raises(ValueError, match="could not be read as a Parquet file of people"):
        People(tmp_path / "people.parquet")


def test_a_window_names_its_two_sides():
    assert Window("a", "b").earliest == "a"
    assert Window("a", "b").latest == "b"
