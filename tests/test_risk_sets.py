import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from firstsign.risk_sets import (
    check_spells,
    groups_of,
    people_at_risk,
    refuse_what_needs_more,
    risk_sets,
    single_event,
)

INF = np.inf


def spells(**columns):
    return pd.DataFrame(columns)


def test_what_is_not_given_is_filled_in():
    frame = check_spells(spells(lower=[3, 5], upper=[3, INF]))
    assert frame.iloc[0].to_dict() == {
        "lower": 3, "upper": 3, "window": 0, "entry": 0, "limit": INF, "n": 1, "cause": "diagnosis",
    }  # fmt: skip
    assert frame["cause"].tolist() == ["diagnosis", "censored"]
    assert {str(kind) for kind in frame[["lower", "upper", "window", "entry", "limit", "n"]].dtypes} == {"float64"}


def test_numbers_may_come_in_any_dress():
    """Texts, pandas' integers, numpy's, and an index that repeats itself."""
    given_rows = pd.DataFrame(
        {"lower": ["3", "5"], "upper": ["3", "inf"], "n": pd.array([2, 1], dtype="Int64")}, index=[7, 7]
    )
    frame = check_spells(given_rows)
    assert frame.index.tolist() == [0, 1]
    assert frame[["lower", "upper", "n"]].to_numpy().tolist() == [[3, 3, 2], [5, INF, 1]]


def test_rows_that_stand_for_nobody_are_left_out_even_if_impossible():
    frame = check_spells(spells(lower=[3, 9], upper=[3, 1], n=[1, 0]))
    assert len(frame) == 1


def test_only_the_columns_asked_for_are_kept():
    frame = check_spells(spells(lower=[3], upper=[3], route=["a"], stage=[np.nan]), ["route"])
    assert "route" in frame
    assert "stage" not in frame


def test_the_given_frame_is_not_changed():
    given_rows = spells(lower=[3, 5], upper=[3, INF])
    before = given_rows.copy()
    check_spells(given_rows)
    pd.testing.assert_frame_equal(given_rows, before)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"lower": "three"}, "missing or not a number"),
        ({"n": pd.NA}, "missing or not a number"),
        ({"limit": np.nan}, "missing or not a number"),
        ({"cause": None}, "has no cause"),
        ({"n": -2}, "negative number of people"),
        ({"n": INF}, "negative or infinite"),
        ({"lower": INF, "upper": INF}, "negative or infinite"),
        ({"lower": -1, "upper": -1}, "negative or infinite"),
        ({"window": -30}, "negative or infinite"),
        ({"window": INF}, "negative or infinite"),
        ({"entry": INF}, "negative or infinite"),
        ({"upper": 4}, r"ends before it begins"),
        ({"cause": "censored"}, "called censored, but has an end"),
        ({"upper": INF, "cause": "death"}, "call it censored"),
        ({"entry": 5}, "ends at or before its entry"),
        ({"upper": INF, "entry": 5, "cause": "censored"}, "is censored at or before its entry"),
        ({"upper": 9, "entry": 6}, r"may have ended before its entry \(lower < entry\)"),
        ({"limit": 4.5}, "ends after its limit"),
        ({"upper": 9, "limit": 8}, "ends after its limit"),
        ({"upper": INF, "limit": 9, "cause": "censored"}, "finite limit but no end"),
    ],
)
def test_an_impossible_row_is_named(row, message):
    good = {"lower": 5, "upper": 5, "window": 0, "entry": 0, "limit": INF, "cause": "diagnosis", "n": 1}
    with pytest.raises(ValueError, match=message) as slip:
        check_spells(pd.DataFrame([good, good | row, good | row], index=[10, 20, 30]))
    assert "2 of the spells cannot be" in str(slip.value)
    assert "row 20" in str(slip.value)


@pytest.mark.parametrize(
    "row",
    [
        {"entry": 4.9},
        {"limit": 5},
        {"lower": 0, "upper": 0},
        {"upper": 9, "entry": 5, "limit": 9},
        {"upper": INF, "cause": "censored", "entry": 4},
        {"n": 0.5},
    ],
)
def test_what_lies_on_the_edge_is_possible(row):
    good = {"lower": 5, "upper": 5, "window": 0, "entry": 0, "limit": INF, "cause": "diagnosis", "n": 1}
    assert len(check_spells(pd.DataFrame([good | row]))) == 1


@pytest.mark.parametrize("times", [pd.to_timedelta([3, 5], "D"), pd.to_datetime(["2024-01-01", "2024-01-05"])])
def test_spans_and_dates_are_not_taken_for_days(times):
    with pytest.raises(ValueError, match=r"'lower' holds .*; spells count in days, as numbers"):
        check_spells(spells(lower=times, upper=times))


def test_missing_columns_and_empty_frames_are_refused():
    with pytest.raises(ValueError, match=r"no column 'upper' \(did you mean 'uper'\?\); they have lower, uper"):
        check_spells(spells(lower=[1], uper=[1]))
    with pytest.raises(ValueError, match="no column 'lower'; they have 0, 1"):
        check_spells(pd.DataFrame([[1, 2]]))
    with pytest.raises(ValueError, match="hold nobody"):
        check_spells(spells(lower=[], upper=[]))


# Causes and groups


def test_the_only_cause_counts():
    assert single_event(check_spells(spells(lower=[1, 2], upper=[1, INF])), None, "x") == "diagnosis"
    assert single_event(check_spells(spells(lower=[1], upper=[1], cause=["death"])), None, "x") == "death"
    nobody = check_spells(spells(lower=[1], upper=[INF]))
    assert single_event(nobody, None, "x") == "diagnosis"
    assert single_event(nobody, "treatment", "x") == "treatment"


def test_of_several_causes_one_must_be_named():
    frame = check_spells(spells(lower=[1, 2], upper=[1, 2], cause=["diagnosis", "death"]))
    assert single_event(frame, "death", "x") == "death"
    with pytest.raises(ValueError, match=r"\(death, diagnosis\), and kaplan_meier knows one.*cumulative_incidence"):
        single_event(frame, None, "kaplan_meier")
    with pytest.raises(ValueError, match=r"event is 'deth'.*did you mean 'death'"):
        single_event(frame, "deth", "x")


@pytest.mark.parametrize("upper", [1, INF])
def test_censoring_is_no_event(upper):
    with pytest.raises(ValueError, match="event is 'censored'"):
        single_event(check_spells(spells(lower=[1], upper=[upper])), "censored", "x")


def test_groups_come_in_order_with_missing_ones_last():
    frame = check_spells(
        spells(lower=[1, 2, 3], upper=[1, 2, 3], route=["b", None, "a"], sex=["f", "f", "f"]), ["route", "sex"]
    )
    keys = [key for key, _ in groups_of(frame, ["route"])]
    assert keys[:2] == [("a",), ("b",)]
    assert pd.isna(keys[2][0])
    assert next(groups_of(frame, ["route", "sex"]))[0] == ("a", "f")
    assert [(key, len(group)) for key, group in groups_of(frame, [])] == [((), 3)]


def test_categories_that_nobody_has_make_no_group():
    route = pd.Categorical(["a", "a"], categories=["a", "b"])
    frame = check_spells(spells(lower=[1, 2], upper=[1, 2], route=route), ["route"])
    assert [key for key, _ in groups_of(frame, ["route"])] == [("a",)]


def test_windows_and_limits_are_refused_with_the_way_on():
    with pytest.raises(ValueError, match=r"7 people .* to a window, which kaplan_meier.*imprecise='midpoint'"):
        refuse_what_needs_more(
            check_spells(spells(lower=[1, 2], upper=[1, 2], window=[30, 0], n=[7, 1])), "kaplan_meier"
        )
    with pytest.raises(ValueError, match="right_truncated"):
        refuse_what_needs_more(check_spells(spells(lower=[1], upper=[1], limit=[9])), "kaplan_meier")
    refuse_what_needs_more(check_spells(spells(lower=[1], upper=[1])), "kaplan_meier")


# Counting


def test_counts_by_hand():
    """Two causes; one person enters on day 5 (at risk from day 6 on); censorings stay at risk on their day."""
    frame = check_spells(
        spells(
            lower=[5, 5, 7, 7, 9],
            upper=[5, 5, 7, INF, 9],
            entry=[0, 0, 5, 0, 0],
            cause=["diagnosis", "death", "diagnosis", "censored", "treatment"],
            n=[2, 1, 1, 4, 3],
        )
    )
    sets = risk_sets(frame, ["diagnosis", "death"], "x")
    assert sets.day.tolist() == [5, 7, 9]
    assert sets.at_risk.tolist() == [10, 8, 3]
    assert sets.ends.tolist() == [[2, 1], [1, 0], [0, 0]]
    assert sets.censored.tolist() == [0, 4, 3]  # treatment is none of the causes asked for
    assert sets.bands.shape == (0, 2)


def test_bands_end_on_their_upper_edge():
    frame = check_spells(spells(lower=[0, 14, 28, 28], upper=[14, 28, 28, INF], n=[5, 3, 1, 2]))
    sets = risk_sets(frame, ["diagnosis"], "x")
    assert sets.day.tolist() == [14, 28]
    assert sets.at_risk.tolist() == [11, 6]
    assert sets.ends[:, 0].tolist() == [5, 4]
    assert sets.censored.tolist() == [0, 2]
    assert sets.bands.tolist() == [[0, 14], [14, 28]]


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ({"lower": 20, "upper": 40}, "day 20"),
        ({"lower": 20, "upper": 20}, "day 20"),
        ({"lower": 20, "upper": INF}, "day 20"),
        ({"lower": 40, "upper": 40, "entry": 20}, "day 20"),
        ({"lower": 10, "upper": 20}, "day 14"),
    ],
)
def test_what_falls_inside_a_band_is_refused(row, where):
    frame = check_spells(pd.DataFrame([{"lower": 14, "upper": 28, "entry": 0}, {"entry": 0} | row]))
    with pytest.raises(ValueError, match=f"overlaps with something on {where}.*Use turnbull"):
        risk_sets(frame, ["diagnosis"], "kaplan_meier")


@pytest.mark.parametrize("upper", [0, INF])
def test_day_0_lies_inside_the_band_that_starts_there(upper):
    """Who ends or is censored on day 0 beside a band (0, 14], which includes day 0."""
    frame = check_spells(spells(lower=[0, 0], upper=[14, upper]))
    with pytest.raises(ValueError, match="from day 0 to day 14 overlaps with something on day 0"):
        risk_sets(frame, ["diagnosis"], "kaplan_meier")


def test_banded_competing_ends_are_refused():
    frame = check_spells(spells(lower=[1, 3], upper=[1, 9], cause=["diagnosis", "death"]))
    with pytest.raises(ValueError, match=r"competing ends are known only to a band.*cumulative_incidence would need"):
        risk_sets(frame, ["diagnosis"], "cumulative_incidence")


@given(
    st.lists(st.tuples(st.integers(0, 8), st.booleans(), st.integers(0, 7), st.integers(1, 3)), min_size=1, max_size=25)
)
def test_everybody_leaves_once_and_is_at_risk_until_then(rows):
    frame = pd.DataFrame(rows, columns=["lower", "ended", "entry", "n"])
    frame = frame.astype({"lower": float, "entry": float})
    frame["entry"] = frame["entry"].where(frame["entry"] < frame["lower"], 0)
    frame["upper"] = frame["lower"].where(frame["ended"], INF)
    frame = check_spells(frame)
    sets = risk_sets(frame, ["diagnosis"], "x")
    assert (np.diff(sets.day) > 0).all()
    assert_allclose(sets.ends.sum() + sets.censored.sum(), frame["n"].sum())
    end = np.where(np.isfinite(frame["upper"]), frame["upper"], frame["lower"])
    for day, at_risk in zip(sets.day, sets.at_risk, strict=True):
        present = (end >= day) & ((frame["entry"] == 0) | (frame["entry"] < day))
        assert at_risk == frame.loc[present, "n"].sum()
        assert people_at_risk(frame, np.array([day]))[0] == at_risk
