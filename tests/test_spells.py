from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from firstsign.cohorts import load_cohort
from firstsign.published import published
from firstsign.spells import COLUMNS, spells

START = date(2020, 1, 1)


def cohort(**columns):
    """People with exact dates, from lists of ISO texts (None = did not happen)."""
    frame = pd.DataFrame({"person": range(1, len(next(iter(columns.values()))) + 1)})
    for name, values in columns.items():
        if name in ("observed_from", "observed_until"):
            frame[name] = pd.to_datetime(pd.Series(values))
        elif name in ("route", "sex"):
            frame[name] = values
        else:
            both = [value if isinstance(value, tuple) else (value, value) for value in values]
            frame[f"{name}_earliest"] = pd.to_datetime(pd.Series([one[0] for one in both]))
            frame[f"{name}_latest"] = pd.to_datetime(pd.Series([one[1] for one in both]))
    return frame


def rows(s):
    return [
        tuple(row) for row in s[["lower", "upper", "window", "entry", "limit", "cause", "n"]].itertuples(index=False)
    ]


INF = float("inf")


def test_exact_dates_are_counted_by_length():
    people = cohort(
        first_symptom=["2024-01-01", "2024-02-01", "2024-02-01"], diagnosis=["2024-01-11", "2024-02-11", "2024-03-01"]
    )
    s = spells(people, "total_diagnostic")
    assert rows(s) == [(10, 10, 0, 0, INF, "diagnosis", 2), (29, 29, 0, 0, INF, "diagnosis", 1)]
    assert list(s.columns) == COLUMNS


def test_who_is_not_diagnosed_is_censored_at_the_first_end_of_observation():
    people = cohort(
        first_symptom=["2024-01-01"] * 4,
        diagnosis=[None, None, None, "2024-06-01"],
        last_seen=["2024-02-10", None, None, None],
        death=[None, "2024-01-21", None, None],
        observed_until=["2024-12-31"] * 4,
    )
    s = spells(people, "total_diagnostic", until="2024-05-30")
    assert rows(s) == [
        (20, INF, 0, 0, INF, "censored", 1),
        (40, INF, 0, 0, INF, "censored", 1),
        (150, INF, 0, 0, INF, "censored", 2),  # the diagnosis of June lies after `until`
    ]


def test_death_is_an_end_when_it_competes_and_the_diagnosis_comes_first_on_the_same_day():
    people = cohort(
        first_symptom=["2024-01-01"] * 3,
        diagnosis=[None, "2024-01-11", "2024-01-05"],
        death=["2024-01-21", "2024-01-11", "2024-01-21"],
    )
    s = spells(people, "total_diagnostic", competing=["death"])
    assert rows(s) == [
        (4, 4, 0, 0, INF, "diagnosis", 1),
        (10, 10, 0, 0, INF, "diagnosis", 1),
        (20, 20, 0, 0, INF, "death", 1),
    ]


def test_nobody_without_an_end_of_observation():
    people = cohort(first_symptom=["2024-01-01"] * 2, diagnosis=["2024-01-11", None])
    with pytest.raises(ValueError, match=r"1 people have neither a?.*diagnosis nor an end of observation.*until="):
        spells(people, "total_diagnostic")
    assert spells(people, "total_diagnostic", until="2024-03-01")["n"].sum() == 2


def test_windows_are_kept_counted_from_the_start_of_time_zeros_window():
    people = cohort(first_symptom=[("2024-01-01", "2024-01-31")], diagnosis=[("2024-03-01", "2024-03-31")])
    assert rows(spells(people, "total_diagnostic")) == [(60, 90, 30, 0, INF, "diagnosis", 1)]
    assert rows(spells(people, "total_diagnostic", whole_days=True)) == [(60, 91, 31, 0, INF, "diagnosis", 1)]


@pytest.mark.parametrize(("imprecise", "days"), [("earliest", 60), ("latest", 60), ("midpoint", 60)])
def test_uncertain_dates_set_to_one_day(imprecise, days):
    people = cohort(first_symptom=[("2024-01-01", "2024-01-31")], diagnosis=[("2024-03-01", "2024-03-31")])
    s = spells(people, "total_diagnostic", imprecise=imprecise)
    assert rows(s) == [(days, days, 0, 0, INF, "diagnosis", 1)]
    assert s.attrs["dates_set"] == 1


def test_the_other_date_narrows_a_window_before_it_is_set():
    """Diagnosed on the 10th of the month of onset: the onset lies on the 1st to 10th, its middle is day 5.5."""
    people = cohort(first_symptom=[("2024-03-01", "2024-03-31")], diagnosis=["2024-03-10"])
    assert rows(spells(people, "total_diagnostic")) == [(9, 9, 30, 0, INF, "diagnosis", 1)]
    assert rows(spells(people, "total_diagnostic", imprecise="midpoint"))[0][0] == 4.5
    assert rows(spells(people, "total_diagnostic", imprecise="latest"))[0][0] == 0


def test_negative_intervals_and_missing_starts_are_left_out_and_counted():
    people = cohort(
        first_symptom=["2024-03-01", None, "2024-01-01", "2025-01-01"],
        diagnosis=["2024-02-01", "2024-02-01", "2024-02-01", None],
        last_seen=["2024-12-31"] * 4,
    )
    s = spells(people, "total_diagnostic")
    assert s["n"].sum() == 1
    assert s.attrs["left_out"] == {
        "first_symptom missing": 1,
        "negative interval": 1,
        "observation ended before first_symptom": 1,
    }


def test_delayed_entry_counts_from_time_zero():
    people = cohort(
        first_symptom=["2024-01-01"] * 3,
        diagnosis=["2024-03-01", "2024-01-15", None],
        observed_from=["2024-01-31", "2024-01-31", "2023-01-01"],
        observed_until=["2024-12-31"] * 3,
    )
    s = spells(people, "total_diagnostic")
    assert rows(s) == [(60, 60, 0, 30, INF, "diagnosis", 1), (365, INF, 0, 0, INF, "censored", 1)]
    assert s.attrs["left_out"] == {"ended before observation began": 1}


def test_only_the_diagnosed_are_seen_and_could_have_been_seen_up_to_the_limit():
    people = cohort(
        first_symptom=["2024-01-01", "2024-01-01", "2024-02-01"],
        diagnosis=["2024-01-11", None, "2024-02-11"],
        observed_until=["2024-12-31"] * 3,
    )
    s = spells(people, "total_diagnostic", seen="diagnosed")
    assert rows(s) == [(10, 10, 0, 0, 334, "diagnosis", 1), (10, 10, 0, 0, 365, "diagnosis", 1)]
    assert s.attrs["left_out"] == {"diagnosis not seen": 1}
    with pytest.raises(ValueError, match=r"no an end|end of observation"):
        spells(people.drop(columns="observed_until"), "total_diagnostic", seen="diagnosed")


def test_a_pair_of_milestones_is_an_interval():
    people = cohort(
        diagnosis=["2024-01-01", "2024-01-01"], death=["2024-01-31", None], last_seen=["2024-01-31", "2024-12-31"]
    )
    assert rows(spells(people, ("diagnosis", "death"))) == [
        (30, 30, 0, 0, INF, "death", 1),
        (365, INF, 0, 0, INF, "censored", 1),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"interval": "diagnostics"}, "did you mean 'diagnostic'"),
        ({"interval": None}, "patient"),
        ({"interval": ("diagnosis", "deth")}, "did you mean 'death'"),
        ({"interval": "patient"}, "no 'first_presentation'"),
        ({"by": "root"}, "no column 'root'.*'route'"),
        ({"by": "cause"}, "cannot be kept apart by 'cause'"),
        ({"seen": "some"}, "seen is 'some'"),
        ({"imprecise": "middle"}, "imprecise is 'middle'"),
        ({"until": "2024-13-01"}, "until is '2024-13-01'"),
        ({"until": "end of 2024"}, "one calendar day"),
        ({"until": "2024-W05"}, "one calendar day"),
        ({"until": pd.NaT}, "one calendar day"),
        ({"competing": ["death"]}, "no 'death'"),
    ],
)
def test_slips_are_named(arguments, message):
    people = cohort(first_symptom=["2024-01-01"], diagnosis=["2024-01-11"], route=["x"])
    with pytest.raises(ValueError, match=message):
        spells(people, **{"interval": "total_diagnostic"} | arguments)


def test_sources_that_cannot_be_read():
    with pytest.raises(ValueError, match=r"nowhere\.parquet"):
        spells("nowhere.parquet", "total_diagnostic")
    with pytest.raises(ValueError, match="from a int"):
        spells(3, "total_diagnostic")
    with pytest.raises(ValueError, match="empty"):
        spells(cohort(first_symptom=["2024-01-01"], diagnosis=["2024-01-11"]).iloc[:0], "total_diagnostic")


def test_a_published_table_with_bands_is_spells_as_it_stands():
    table = published("nhs-faster-diagnosis-2023-24")
    s = spells(table, by=["route"])
    one = s[s["route"] == "urgent suspected breast cancer"]
    assert one["lower"].tolist() == [0, 14, 28, 42, 62]
    assert one["upper"].tolist() == [14, 28, 42, 62, INF]
    assert one["cause"].tolist() == ["diagnosis"] * 4 + ["censored"]
    assert s["n"].sum() == table["people"].sum() == 741_111
    assert spells(table)["n"].tolist() == table.groupby("from_day")["people"].sum().tolist()
    assert set(spells(published("nhs-62-day-breast-2023-24"))["cause"]) == {"treatment", "censored"}


def test_tables_of_percentiles_and_unknown_groups_are_refused():
    with pytest.raises(ValueError, match="percentiles, not counts"):
        spells(published("northern-ireland-diagnosis-to-treatment"))
    with pytest.raises(ValueError, match=r"'rute'.*'route'"):
        spells(published("nhs-faster-diagnosis-2023-24"), by="rute")


# The same rules once more, person by person in plain Python.


def by_the_rules(person, competing, until, seen, imprecise, whole_days):
    """(reason) or (lower, upper, window, entry, limit, cause) of the interval from first symptom to diagnosis."""
    zero = person["first_symptom"]
    if zero is None:
        return ("first_symptom missing",)
    closings = [until, person["observed_until"]]
    windows = [person["last_seen"]] + ([] if competing else [person["death"]])
    closed_earliest = min([day for day in closings if day is not None] + [w[0] for w in windows if w], default=None)
    closed_latest = min([day for day in closings if day is not None] + [w[1] for w in windows if w], default=None)
    ends = [("diagnosis", person["diagnosis"])] + ([("death", person["death"])] if competing else [])
    reached = [
        (w[0], i, name, w) for i, (name, w) in enumerate(ends) if w and (closed_latest is None or w[0] <= closed_latest)
    ]
    cause, end = "censored", None
    if reached:
        _, _, cause, end = min(reached)
        end = (end[0], end[1] if closed_latest is None else min(end[1], closed_latest))
    if seen == "diagnosed" and cause != "diagnosis":
        return ("diagnosis not seen",)
    known_until = end[1] if end else closed_earliest
    if known_until is None or (seen == "diagnosed" and closed_latest is None):
        return ("no end",)
    if known_until < zero[0]:
        return ("negative interval" if end else "observation ended before first_symptom",)
    first, last = zero[0], min(zero[1], known_until)
    origin = {"keep": first, "earliest": first, "latest": last, "midpoint": (first + last) / 2}[imprecise]
    if end and imprecise != "keep":
        e = max(end[0], zero[0])
        e = {"earliest": e, "latest": end[1], "midpoint": (e + end[1]) / 2}[imprecise]
        end = (e, e)
    entry = 0 if person["observed_from"] is None else max(0, person["observed_from"] - origin)
    width = int(whole_days)
    lower = (end[0] if end else closed_earliest) - origin
    upper = end[1] - origin + width if end else INF
    if entry > 0 and (upper if end else lower) <= entry:
        return ("ended before observation began",)
    limit = closed_latest - origin + width if seen == "diagnosed" else INF
    return (max(lower, entry), upper, (zero[1] - zero[0] if imprecise == "keep" else 0) + width, entry, limit, cause)


day = st.integers(0, 60)
window = st.one_of(st.none(), st.tuples(day, st.sampled_from([0, 0, 3, 20])).map(lambda w: (w[0], w[0] + w[1])))
person = st.fixed_dictionaries(
    {
        "first_symptom": window,
        "diagnosis": window,
        "death": window,
        "last_seen": window,
        "observed_from": st.one_of(st.none(), day),
        "observed_until": st.one_of(st.none(), day.map(lambda x: x + 30)),
    }
)
options = st.fixed_dictionaries(
    {
        "competing": st.booleans(),
        "until": st.one_of(st.none(), day),
        "seen": st.sampled_from(["all", "diagnosed"]),
        "imprecise": st.sampled_from(["keep", "midpoint", "earliest", "latest"]),
        "whole_days": st.booleans(),
    }
)


def on(number):
    return None if number is None else START + timedelta(days=number)


def frame_of(people):
    """The people as a cohort frame with windows."""
    columns = {}
    for name in ("first_symptom", "diagnosis", "death", "last_seen"):
        for side, place in (("earliest", 0), ("latest", 1)):
            columns[f"{name}_{side}"] = pd.to_datetime(
                pd.Series([on(p[name][place]) if p[name] else None for p in people])
            )
    for name in ("observed_from", "observed_until"):
        columns[name] = pd.to_datetime(pd.Series([on(p[name]) for p in people]))
    return pd.DataFrame(columns).assign(person=range(len(people)))


def text_of(people):
    """The people as a user would write them: one column a milestone, ranges as EDTF intervals."""

    def text(value):
        if value is None:
            return None
        return f"{on(value[0])}/{on(value[1])}" if value[0] < value[1] else on(value[0]).isoformat()

    frame = pd.DataFrame(
        {n: [text(p[n]) for p in people] for n in ("first_symptom", "diagnosis", "death", "last_seen")}
    )
    for name in ("observed_from", "observed_until"):
        frame[name] = [on(p[name]).isoformat() if p[name] is not None else None for p in people]
    return frame.astype("string")


def asked(option):
    return option | {"competing": ["death"] if option["competing"] else [], "until": on(option["until"])}


@settings(max_examples=150)
@given(st.lists(person, min_size=1, max_size=12), options)
def test_sql_follows_the_rules_person_by_person(people, option):
    wanted = [by_the_rules(one, **option) for one in people]
    if ("no end",) in wanted:
        with pytest.raises(ValueError, match="end of observation"):
            spells(frame_of(people), "total_diagnostic", **asked(option))
        return
    s = spells(frame_of(people), "total_diagnostic", **asked(option))
    found = sorted(row[:-1] for row in rows(s) for _ in range(row[-1]))
    assert found == sorted(row for row in wanted if len(row) > 1)
    reasons = [row[0] for row in wanted if len(row) == 1]
    assert s.attrs["left_out"] == {reason: reasons.count(reason) for reason in set(reasons)}


@settings(max_examples=25)
@given(
    st.lists(person, min_size=1, max_size=12),
    options,
    st.sets(st.sampled_from(["first_symptom", "diagnosis", "death"])),
)
def test_a_file_or_a_database_gives_the_same_spells_as_the_frame(tmp_path_factory, people, option, known_to_the_day):
    """Also where a milestone is one day for everybody, which a file's bytes tell and a frame's do not."""
    people = [one | {name: one[name] and (one[name][0],) * 2 for name in known_to_the_day} for one in people]
    option = asked(option | {"until": 60})
    folder = tmp_path_factory.mktemp("people")
    frame, text = frame_of(people), text_of(people)
    expected = spells(frame, "total_diagnostic", **option)
    frame.to_parquet(folder / "windows.parquet")
    text.to_parquet(folder / "text.parquet")
    with duckdb.connect() as connection:
        connection.register("people_table", text)
        relation = connection.sql("SELECT * FROM people_table")
        for source in (folder / "windows.parquet", str(folder / "text.parquet"), relation):
            got = spells(source, "total_diagnostic", **option)
            assert_frame_equal(got, expected)
            assert got.attrs["left_out"] == expected.attrs["left_out"]


def test_open_dates_mean_the_same_in_a_loaded_cohort_and_in_a_file(tmp_path):
    """XXXX and open ranges get their widest possible window from the neighbours on the pathway, on both ways."""
    path = tmp_path / "people.csv"
    path.write_text(
        "person,first_symptom,first_presentation,diagnosis,last_seen\n"
        "1,2024-01-01,XXXX,2024-03-01,2024-12-31\n"
        "2,2024-01-01,2024-02,XXXX,2024-12-31\n"
        "3,2024-01-01/..,2024-02-01,2024-03-01,2024-12-31\n"
        "4,XXXX,2024-02-01,2024-03-01,2024-12-31\n"
    )
    pd.read_csv(path, dtype=str).to_parquet(tmp_path / "people.parquet")
    for interval in ("patient", "diagnostic", "total_diagnostic"):
        loaded, direct = spells(load_cohort(path), interval), spells(tmp_path / "people.parquet", interval)
        assert_frame_equal(loaded, direct)
        assert loaded.attrs["left_out"] == direct.attrs["left_out"]
        assert_frame_equal(spells(path, interval), loaded)
    patient = spells(path, "patient")
    assert (0, 60, 0, 0, INF, "first_presentation", 1) in rows(patient)
    assert patient.attrs["left_out"] == {"first_symptom not bounded by any date": 1}


PEOPLE = "person,first_symptom,diagnosis\n1,2024-01-01,2024-02-01\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PEOPLE + "1,2024-01-01,2024-02-01\n", "person"),
        (PEOPLE + "2,1850-05-02,2024-02-01\n2,1900-01-01,2024-02-01\n", "1900-01-01|there before"),
        (PEOPLE + "2,2024-01-01,9999-12-31\n", "9999-12-31"),
        ("person,first_symptom,diagnosis\n", "."),
    ],
)
def test_a_file_that_no_cohort_may_be_is_refused_wherever_it_is_read(tmp_path, text, message):
    path = tmp_path / "people.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        spells(path, "total_diagnostic", until="2024-12-31")
    frame = pd.read_csv(path, dtype=str)
    if len(frame):
        frame.to_parquet(tmp_path / "text.parquet")
        with pytest.raises(ValueError, match=message):
            spells(tmp_path / "text.parquet", "total_diagnostic", until="2024-12-31")


def test_days_that_stand_for_no_date_and_people_named_twice_in_a_parquet(tmp_path):
    days = pd.to_datetime(pd.Series(["2024-01-01", "1900-01-01"]))
    frame = pd.DataFrame({"person": [1, 2], "first_symptom": days, "diagnosis": pd.to_datetime("2024-02-01")})
    frame.to_parquet(tmp_path / "odd.parquet")
    with pytest.raises(ValueError, match=r"first_symptom holds 1 days.*1900-01-01"):
        spells(tmp_path / "odd.parquet", "total_diagnostic")
    frame.assign(person=1, first_symptom=days[0]).to_parquet(tmp_path / "twice.parquet")
    with pytest.raises(ValueError, match="1 rows name a person"):
        spells(tmp_path / "twice.parquet", "total_diagnostic")


@pytest.mark.parametrize(
    "asked", [{"seen": "diagnosed"}, {"until": "2024-01-01"}, {"interval": "treatment"}, {"whole_days": True}]
)
def test_nothing_asked_of_a_published_table_is_ignored(asked):
    with pytest.raises(ValueError, match="can do nothing there"):
        spells(published("nhs-faster-diagnosis-2023-24"), **asked)


def test_names_of_groups_that_are_used_inside_do_no_harm():
    people = cohort(first_symptom=["2024-01-01"] * 2, diagnosis=["2024-01-11"] * 2, route=["x", "y"])
    s = spells(people.rename(columns={"route": "reason"}), "total_diagnostic", by="reason")
    assert s["reason"].tolist() == ["x", "y"]
    with pytest.raises(ValueError, match="different names"):
        spells(people, "total_diagnostic", by=["route", "route"])


def test_people_left_out_at_loading_stay_counted(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE + "2,2024-03-01,2024-02-01\n")
    s = spells(load_cohort(path, negative="exclude"), "total_diagnostic")
    assert sum(s.attrs["left_out"].values()) == 1


def test_unreadable_text_in_a_file_is_named(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("person,first_symptom,diagnosis\n1,12/03/2024,2024-04-01\n2,2024-03-12,2024-04-01\n")
    with pytest.raises(ValueError, match=r"first_symptom.*(12/03/2024|ambiguous)"):
        spells(path, "total_diagnostic")


def test_groups_with_quotes_and_missing_values_are_kept_apart(tmp_path):
    people = cohort(first_symptom=["2024-01-01"] * 3, diagnosis=["2024-01-11"] * 3, route=["o'clock", None, "o'clock"])
    people = people.rename(columns={"route": 'the "route"'})
    s = spells(people, "total_diagnostic", by='the "route"')
    assert s.groupby('the "route"', dropna=False)["n"].sum().to_dict() == {"o'clock": 2, np.nan: 1} or len(s) == 2
