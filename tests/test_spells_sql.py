"""What is asked of each person is shorter where the dates allow it; the long way must count the same."""

import pandas as pd
import pytest

from firstsign.people_sql import People, Window
from firstsign.spells_sql import SET_DATES, Wish, count_spells

PEOPLE = pd.DataFrame(
    {
        "route": ["a", "a", "b", "b", "b", "a"],
        "first_symptom": ["2024-01-01", "2024-01-01", "2024-01-05", None, "2024-03-01", "2024-01-01"],
        "diagnosis": ["2024-01-11", None, "2024-02-01", "2024-02-01", "2024-02-01", "2024-12-01"],
        "death": ["2024-01-11", "2024-02-01", None, None, None, None],
        "observed_from": ["2023-01-01", "2024-01-10", "2024-01-10", "2023-01-01", "2023-01-01", "2023-01-01"],
        "observed_until": ["2024-06-30"] * 6,
    }
)
WISH = Wish("first_symptom", "diagnosis", ["route"], ["death"], None, "all", "keep", False, "error")


def test_by_hand():
    counted, reasons = count_spells(People(PEOPLE), WISH)
    assert reasons == {"first_symptom missing": 1, "negative interval": 1}
    kept = counted.sort_values(["group 0", "lower"])
    assert kept[["group 0", "lower", "upper", "entry", "cause", "n"]].to_numpy().tolist() == [
        ["a", 10, 10, 0, "diagnosis", 1],  # the death of the same day comes second
        ["a", 31, 31, 9, "death", 1],
        ["a", 181, float("inf"), 0, "censored", 1],  # the diagnosis of December lies after observation
        ["b", 27, 27, 5, "diagnosis", 1],
    ]
    assert kept["dates unsure"].sum() == 0


@pytest.mark.parametrize("imprecise", SET_DATES)
@pytest.mark.parametrize("seen", ["all", "diagnosed"])
@pytest.mark.parametrize("competing", [[], ["death"]])
def test_windows_of_one_day_are_counted_as_windows_are(monkeypatch, imprecise, seen, competing):
    wish = WISH._replace(imprecise=imprecise, seen=seen, competing=competing, whole_days=seen == "diagnosed")
    short, left_out = count_spells(People(PEOPLE), wish)
    assert People(PEOPLE).window("diagnosis").one_day
    monkeypatch.setattr(Window, "one_day", False)
    long, also_left_out = count_spells(People(PEOPLE), wish)
    pd.testing.assert_frame_equal(short, long, check_dtype=False)
    assert left_out == also_left_out
