import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import firstsign as fs
from firstsign.recalled import widen_recalled


def cohort_of(began, told):
    began, told = pd.to_datetime(began), pd.to_datetime(told)
    frame = pd.DataFrame({"person": [f"p{i}" for i in range(len(began))]})
    for name, days in (("first_symptom", began), ("first_presentation", told)):
        frame[f"{name}_earliest"] = frame[f"{name}_latest"] = days
    frame.attrs = {"name": "a cohort"}
    return frame


@pytest.mark.parametrize(
    ("began", "told", "before", "after"),
    [
        ("2024-03-01", "2024-03-15", 3, 3),  # two weeks
        ("2024-03-01", "2024-03-13", 0, 0),  # twelve days are counted
        (
            "2024-03-01",
            "2024-05-01",
            15,
            2,
        ),  # two months of the calendar, not the eight weeks that would be told as such
        ("2024-03-01", "2024-05-30", 15, 15),  # ninety days
        ("2024-01-31", "2024-02-29", 15, 15),  # one month, which has no 31st; told so although four weeks could be
        ("2024-03-01", "2024-04-26", 3, 3),  # eight weeks
        ("2024-03-01", "2024-05-03", 0, 0),  # nine weeks are said as two months
        ("2023-03-01", "2024-03-01", 182, 21),  # a year, which is twelve months, not eleven and a half
        ("2021-03-01", "2024-03-01", 182, 182),
        ("2024-03-01", "2024-03-01", 0, 0),  # today
    ],
)
def test_round_lengths_become_windows(began, told, before, after):
    wide = widen_recalled(cohort_of([began], [told])).iloc[0]
    assert wide["first_symptom_earliest"] == pd.Timestamp(began) - pd.Timedelta(days=before)
    assert wide["first_symptom_latest"] == pd.Timestamp(began) + pd.Timedelta(days=after)
    assert wide["first_presentation_latest"] == pd.Timestamp(told)


def test_it_is_said_how_many_and_the_cohort_stays_as_it_was():
    cohort = cohort_of(["2024-03-01"] * 4, ["2024-03-08", "2024-03-22", "2024-04-01", "2024-03-05"])
    before = cohort.copy()
    wide = widen_recalled(cohort)
    assert wide.attrs == {"name": "a cohort", "widened": {"year": 0, "month": 1, "week": 2}}
    pd.testing.assert_frame_equal(cohort, before)


def test_months_known_already_and_unknown_days_stay():
    cohort = cohort_of(["2024-03-01", None, "2024-03-01"], ["2024-03-15", "2024-03-15", None])
    cohort.loc[0, "first_symptom_latest"] = pd.Timestamp("2024-03-31")
    pd.testing.assert_frame_equal(widen_recalled(cohort), cohort)


def test_other_units():
    cohort = cohort_of(["2024-03-01"], ["2024-03-15"])
    wide = widen_recalled(cohort, units={"week": (1, 7)})
    assert wide.attrs["widened"] == {"week": 0}
    wide = widen_recalled(cohort, units={"week": (4, 14)}).iloc[0]
    assert (wide["first_symptom_latest"] - wide["first_symptom_earliest"]).days == 14


def test_the_fit_takes_the_rounding_back():
    """Delays told in whole weeks up to eight, else in months: as days they give too little spread, as windows the truth."""
    rng = np.random.default_rng(20260113)
    days = rng.lognormal(2.2, 0.6, 4000)
    said = np.where(days < 3.5, np.floor(days), np.where(days < 59.5, 7 * np.round(days / 7), 30 * np.round(days / 30)))
    told = pd.Timestamp("2024-12-15")
    cohort = cohort_of(told - pd.to_timedelta(said, unit="D"), [told] * len(said))
    fits = [
        fs.fit_delay(fs.spells(one, "patient", whole_days=True), "lognormal").params
        for one in (widen_recalled(cohort), cohort)
    ]
    widened, taken_at_their_word = (fit - [2.2, 0.6] for fit in fits)
    assert abs(widened["sigma"]) < 0.03
    assert abs(widened["mu"]) < 0.03
    assert abs(taken_at_their_word["sigma"]) > abs(widened["sigma"])


def test_nobody_loses_by_it_who_changes_from_weeks_to_months_to_years():
    """Long delays told in weeks up to eight, months up to eleven, years beyond: the windows give the truth back."""
    rng = np.random.default_rng(20260114)
    days = rng.lognormal(5.2, 0.9, 20_000)
    units = np.select([days < 3.5, days < 59.5, days < 345.5], [1, 7, 30], 365)
    said = np.where(units == 1, np.floor(days), units * np.round(days / units))
    told = pd.Timestamp("2024-12-15")
    cohort = widen_recalled(cohort_of(told - pd.to_timedelta(said, unit="D"), [told] * len(said)))
    fit = fs.fit_delay(fs.spells(cohort, "patient", whole_days=True), "lognormal").summary
    assert (np.abs(fit["estimate"] - [5.2, 0.9]) < [0.02, 0.015]).all()


def test_refusals_say_what_is_wrong():
    cohort = cohort_of(["2024-03-01"], ["2024-03-15"])
    with pytest.raises(ValueError, match="did you mean 'first_symptom'"):
        widen_recalled(cohort, "first_sympton")
    with pytest.raises(ValueError, match="no dates of referral"):
        widen_recalled(cohort, told_at="referral")
    with pytest.raises(ValueError, match="No unit 'fortnight'"):
        widen_recalled(cohort, units={"fortnight": (4, 14)})
    with pytest.raises(ValueError, match="week is"):
        widen_recalled(cohort, units={"week": (0, 7)})
    assert fs.widen_recalled is widen_recalled


@pytest.mark.parametrize("pair", [7, (8,), ("a", 7), (8, np.inf), (8, 0), (8.5, 7), (8, 10**9)])
def test_a_unit_is_two_whole_numbers(pair):
    with pytest.raises(ValueError, match=r"week is .*whole numbers from 1 on"):
        widen_recalled(cohort_of(["2024-03-01"], ["2024-03-15"]), units={"week": pair})


def test_what_is_no_cohort_of_dates():
    cohort = cohort_of(["2024-03-01"], ["2024-03-15"])
    with pytest.raises(ValueError, match="The cohort is a NoneType"):
        widen_recalled(None)
    with pytest.raises(ValueError, match="units is 5"):
        widen_recalled(cohort, units=5)
    with pytest.raises(ValueError, match="no column 'first_symptom_latest'"):
        widen_recalled(cohort.drop(columns="first_symptom_latest"))
    for dates in (["2024-03-01"], pd.array(cohort["first_symptom_latest"], pd.ArrowDtype(pa.timestamp("ns")))):
        with pytest.raises(ValueError, match=r"'first_symptom_latest' holds .*; give one column of pandas' dates"):
            widen_recalled(cohort.assign(first_symptom_latest=dates))
    with pytest.raises(ValueError, match="time zone"):
        widen_recalled(cohort.assign(first_symptom_latest=cohort["first_symptom_latest"].dt.tz_localize("UTC")))
    with pytest.raises(ValueError, match="give one column"):
        widen_recalled(pd.concat([cohort, cohort], axis=1))
