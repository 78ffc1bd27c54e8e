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
        "SELECT a - DATE '1970-01-01' AS a, b - DATE '1970-01-01' AS b FROM days"
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


def test_the_days_of_a_frame_with_a_time_zone_are_those_of_the_place():
    frame = pd.DataFrame({"diagnosis": pd.to_datetime(["2024-01-31"]).tz_localize("Europe/Berlin")})
    assert windows(People(frame), "diagnosis") == [(JAN_31, JAN_31)]


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


def on_disk(tmp_path, frame: pd.DataFrame, **options) -> People:
    """The people as a Parquet file that has been looked over."""
    frame.to_parquet(tmp_path / "people.parquet", **options)
    people = People(tmp_path / "people.parquet")
    people.refuse_days_that_stand_for_none()
    people.refuse_people_named_twice()
    return people


def dated(**columns) -> pd.DataFrame:
    return pd.DataFrame({name: pd.to_datetime(pd.Series(days)) for name, days in columns.items()})


@pytest.mark.parametrize("person", [[1, 2, 4], [4, 1, 2], ["a", "b", "ba"], [3, None, None], [None, 1, 2], [2.5, 1, 9]])
def test_nobody_is_named_twice_in_whatever_order(tmp_path, person):
    on_disk(tmp_path, pd.DataFrame({"person": person}))


@pytest.mark.parametrize(
    ("person", "twice"),
    [([1, 1, 2], 1), ([1, 2, 1, 2], 2), ([5, None, 5], 1), (["a", "b", "b", "b"], 2), ([None, 3, None, 3], 1)],
)
def test_people_named_twice_are_found_wherever_they_stand(tmp_path, person, twice):
    with pytest.raises(ValueError, match=f"{twice} rows name a person"):
        on_disk(tmp_path, pd.DataFrame({"person": person}), row_group_size=2)


@pytest.mark.parametrize("day", ["1753-01-01", "1899-12-31", "1900-01-01", "2099-12-31", "2101-01-01", "1849-12-31"])
@pytest.mark.parametrize("write_statistics", [True, False])
def test_days_that_stand_for_none_are_found_with_and_without_statistics(tmp_path, day, write_statistics):
    frame = dated(diagnosis_earliest=["2024-01-01", day, None], diagnosis_latest=["2024-01-01"] * 3)
    with pytest.raises(ValueError, match="diagnosis_earliest holds 1 days"):
        on_disk(tmp_path, frame, write_statistics=write_statistics)


def test_days_of_long_ago_are_days(tmp_path):
    people = on_disk(tmp_path, dated(first_symptom=["1889-04-20", "1899-12-29", "2024-01-01"]))
    assert len(windows(people, "first_symptom")) == 3


def test_columns_that_hold_one_day_or_none_for_everybody_are_not_asked_of_each(tmp_path):
    frame = dated(observed_until=["2024-01-31"] * 2, observed_from=["2024-01-31", None], diagnosis=["2024-01-01"] * 2)
    people = on_disk(tmp_path, frame.assign(treatment=pd.Series([pd.NaT, pd.NaT])))
    assert people.day("observed_until", "earliest") == f"DATE '1970-01-01' + {JAN_31}"
    assert people.day("observed_from", "earliest") == 'people."observed_from"::DATE'
    assert windows(people, "diagnosis") == [(JAN_1, JAN_1)] * 2
    assert windows(people, "treatment") == [(None, None)] * 2


def test_a_window_is_one_day_where_that_can_be_told(tmp_path):
    days = ["2024-01-01", None, "2024-02-10"]
    frame = dated(
        diagnosis_earliest=days, diagnosis_latest=days, death_earliest=days, death_latest=["2024-01-31", None, None]
    ).assign(first_symptom=days, treatment=["2024-01-01", "2024-02", None])
    people = on_disk(tmp_path, frame)
    one_day = {name: people.window(name).one_day for name in ("diagnosis", "death", "first_symptom", "treatment")}
    assert one_day == {"diagnosis": True, "death": False, "first_symptom": True, "treatment": False}
    assert windows(people, "diagnosis") == [(JAN_1, JAN_1), (FEB_10, FEB_10), (None, None)]
    assert not People(frame).window("diagnosis").one_day  # a frame has no bytes to compare


def test_who_enters_late_is_told_from_first_and_last_days(tmp_path):
    frame = dated(
        observed_from=["2023-01-01", "2024-01-01"],
        first_symptom_earliest=["2024-01-01", "2024-02-10"],
        diagnosis=["2023-12-31", "2024-01-31"],
    )
    people = on_disk(tmp_path, frame)
    assert people.never_after("observed_from", "first_symptom")
    assert not people.never_after("observed_from", "diagnosis")
    assert not people.never_after("observed_until", "first_symptom")
    assert not People(frame).never_after("observed_from", "first_symptom")


def test_whether_everybody_is_seen_last_by_a_day(tmp_path):
    frame = dated(last_seen=["2024-01-31", "2024-02-10"], death=["2024-01-31", None]).assign(
        diagnosis=["2024-01-01"] * 2
    )
    people = on_disk(tmp_path, frame)
    assert people.everybody_by("last_seen", "DATE '2024-02-10'")
    assert not people.everybody_by("last_seen", "DATE '2024-02-09'")
    assert not people.everybody_by("death", "DATE '2024-02-10'")
    assert not people.everybody_by(
        "diagnosis", "DATE '2024-02-10'"
    )  # a text, of which a file keeps no first and last day
    assert not people.everybody_by("last_seen", 'people."observed_until"::DATE')
    assert not People(frame).everybody_by("last_seen", "DATE '2024-02-10'")


def test_plain_days_are_read_where_they_lie_and_only_others_joined():
    people = People(pd.DataFrame({"diagnosis": ["2024-01-01", "2024-02-10", None]}))
    assert windows(people, "diagnosis") == [(JAN_1, JAN_1), (FEB_10, FEB_10), (None, None)]
    assert people.texts() == people.joins() == ""
    mixed = People(pd.DataFrame({"diagnosis": ["2024-01-01", "2024-02-10/2024-02-29", "2024-01-31T10:00"]}))
    assert windows(mixed, "diagnosis") == [(JAN_1, JAN_1), (JAN_31, JAN_31), (FEB_10, FEB_29)]
    assert mixed.texts().count("DATE '") == 4
