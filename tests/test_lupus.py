"""The 99 people of 1955 against the table that lifelines ships, worked the other way round."""

import pandas as pd
from lifelines.datasets import load_lupus

from firstsign.lupus import lupus_table

SHIPPED = load_lupus()


def test_everyone_is_there():
    table = lupus_table()
    assert len(table) == 99
    assert table["person"].is_unique
    assert table["death"].notna().sum() == SHIPPED["dead"].sum() == 31
    assert (table["sex"] == "male").sum() == SHIPPED["is_male"].sum()


def test_first_person_by_hand():
    """Diagnosed in February 1949, 47 months after the onset: March 1945."""
    first = lupus_table().iloc[0]
    assert (first["first_symptom"], first["diagnosis"], first["last_seen"]) == ("1945-03", "1949-02", "1949-11")
    assert pd.isna(first["death"])


def test_the_recorded_months_come_back():
    table = lupus_table()
    months = pd.PeriodIndex(table["diagnosis"], freq="M").astype("int64") - pd.PeriodIndex(
        table["first_symptom"], freq="M"
    ).astype("int64")
    recorded = SHIPPED["time_elapsed_between_estimated_onset_and_diagnosis_(months)"]
    assert months.tolist() == recorded.tolist()
    assert (recorded.min(), recorded.median(), recorded.max()) == (1, 31, 420)


def test_the_source_tells_what_is_odd():
    """Person 80: seen from 1952-12 to 1954-02, 14 months, with 0.17 years recorded."""
    source = lupus_table().attrs["source"]
    assert "J Chronic Dis 1:12-32" in source
    assert "In 1 row the recorded years" in source
