"""Days of each interval, person by person."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import firstsign as fs
from firstsign.vocabulary import INTERVALS, PATHWAY

WINDOWS = {
    "first_symptom": [("2024-01-01", "2024-01-01"), ("2024-01-01", "2024-01-31"), (None, None)],
    "first_presentation": [("2024-01-11", "2024-01-11"), ("2024-02-01", "2024-02-01"), (None, "2024-02-01")],
    "referral": [("2024-01-08", "2024-01-08"), ("2024-03-01", "2024-03-01"), ("2024-03-03", "2024-03-03")],
    "diagnosis": [("2024-02-29", "2024-02-29"), ("2024-03-01", "2024-03-01"), ("2024-03-05", "2024-03-05")],
}


def cohort_of(windows, index=None):
    columns = {}
    for name, rows in windows.items():
        for side, at in (("earliest", 0), ("latest", 1)):
            columns[f"{name}_{side}"] = pd.to_datetime([row[at] for row in rows]).astype("datetime64[ns]")
    people = pd.DataFrame(columns)
    return people if index is None else people.set_axis(index)


def test_by_hand():
    """The second's first symptom is known to the month, the third's visit is open on one side; the first's is negative."""
    days = fs.interval_days(cohort_of(WINDOWS, index=["a", "b", "c"]))
    expected = pd.DataFrame(
        {
            "patient": [10, np.nan, np.nan],
            "primary_care": [-3, 29, np.nan],
            "referral_to_diagnosis": [52.0, 0, 2],
            "diagnostic": [49, 29, np.nan],
            "total_diagnostic": [59, np.nan, np.nan],
        },
        index=["a", "b", "c"],
    )
    pd.testing.assert_frame_equal(days[expected.columns], expected)
    assert set(days) == set(expected), "nobody has a treatment, so nothing that ends there has a column"


def test_of_nobody_and_of_nothing():
    assert list(fs.interval_days(pd.DataFrame({"person": [1, 2]}))) == []
    none = fs.interval_days(cohort_of({name: [] for name in PATHWAY}))
    assert set(none) == set(INTERVALS)
    assert len(none) == 0


def test_a_cohort_is_left_as_it_was():
    people = cohort_of(WINDOWS)
    before = people.copy(deep=True)
    fs.interval_days(people)
    pd.testing.assert_frame_equal(people, before)


steps = st.lists(st.tuples(*[st.integers(-40, 4000)] * len(PATHWAY)), min_size=1, max_size=20)


@given(steps)
def test_parts_add_up_for_everyone(people):
    """Whatever the order of the days: an interval is the sum of its parts, for each way of taking it apart."""
    day = pd.Timestamp("2000-01-01") + pd.to_timedelta(np.array(people).cumsum(axis=1).ravel(), unit="D")
    columns = day.to_numpy().reshape(len(people), len(PATHWAY))
    windows = {name: [(one, one) for one in columns[:, at]] for at, name in enumerate(PATHWAY)}
    days = fs.interval_days(cohort_of(windows))
    assert set(days) == set(INTERVALS)
    for name, interval in INTERVALS.items():
        for parts in filter(None, (interval.parts, *interval.also_parts)):
            np.testing.assert_array_equal(days[name], days[list(parts)].sum(axis=1))


@pytest.mark.parametrize("interval", ["patient", "total_diagnostic", "total"])
def test_where_all_days_are_known_it_agrees_with_the_counted_spells(interval):
    """Another route: the days of `spells`, which counts in SQL."""
    people = fs.simulate(600, seed=3)
    days = fs.interval_days(people)[interval].dropna()
    known = people.loc[days.index]
    counted = fs.spells(known, interval, until="2100-01-01")
    ended = counted[(counted["lower"] == counted["upper"])]
    assert len(days) > 100
    assert ended.groupby("lower")["n"].sum().to_dict() == days.value_counts().to_dict()
