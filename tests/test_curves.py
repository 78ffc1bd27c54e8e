import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from numpy.testing import assert_allclose
from reference import inputs, read

from firstsign.bands import BANDS
from firstsign.curves import at_risk, cumulative_incidence, kaplan_meier

TOLERANCE = 1e-9  # both programs compute a product and a sum in double precision


def as_spells(people: pd.DataFrame) -> pd.DataFrame:
    """People of tests/reference/inputs.py, one row each, as spells that are not yet counted."""
    ended = people["cause"] != "censored" if "cause" in people else people["ended"] == 1
    cause = people.get("cause", pd.Series("diagnosis", index=people.index)).where(ended, "censored")
    end = people["end"].astype(float)
    return pd.DataFrame(
        {
            "group": people["group"],
            "lower": end,
            "upper": end.where(ended, np.inf),
            "entry": people.get("entry", pd.Series(0, index=people.index)).astype(float),
            "cause": cause,
            "n": 1,
        }
    )


def counted(spells: pd.DataFrame) -> pd.DataFrame:
    return spells.groupby([name for name in spells.columns if name != "n"], as_index=False)["n"].sum()


@st.composite
def any_spells(draw, delayed_entry=True):
    """Up to 30 distinct spells in two groups with few distinct days, so that ties, early censoring and entries occur."""
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 5), st.integers(1, 4), st.sampled_from("ab")),
            min_size=1,
            max_size=30,
        )
    )
    frame = pd.DataFrame(rows, columns=["lower", "ended", "entry", "n", "group"]).astype(
        {"lower": float, "entry": float}
    )
    frame["entry"] = frame["entry"].where((frame["entry"] < frame["lower"]) & delayed_entry, 0.0)
    frame["upper"] = frame["lower"].where(frame["ended"], np.inf)
    return frame.drop(columns="ended")


def test_five_people_by_hand():
    """One of five leaves without a diagnosis on day 20, after another's diagnosis of the same day."""
    s = pd.DataFrame({"lower": [10.0, 20, 20, 30], "upper": [10.0, 20, np.inf, 30], "n": [1, 1, 1, 2]})
    curve = kaplan_meier(s)
    assert_allclose(curve["day"], [10, 20, 30])
    assert_allclose(curve["at_risk"], [5, 4, 2])
    assert_allclose(curve["events"], [1, 1, 2])
    assert_allclose(curve["censored"], [0, 1, 0])
    assert_allclose(curve["estimate"], [4 / 5, 4 / 5 * 3 / 4, 0], rtol=1e-15)
    greenwood = [1 / (5 * 4), 1 / (5 * 4) + 1 / (4 * 3)]
    assert_allclose(curve["se"][:2], np.sqrt(greenwood) * [4 / 5, 3 / 5], rtol=1e-15)
    assert curve["se"][2:].isna().all()
    assert curve[["low", "high"]].iloc[2].isna().all()


def test_day_zero_counts_and_has_a_row():
    curve = kaplan_meier(pd.DataFrame({"lower": [0.0, 5], "upper": [0.0, 5], "n": [3, 1]}))
    assert_allclose(curve["day"], [0, 5])
    assert_allclose(curve["estimate"], [1 / 4, 0])


def test_delayed_entry_by_hand():
    """Who enters on day 4 is not at risk on day 4, but is on day 5."""
    s = pd.DataFrame({"lower": [4.0, 5, 6], "upper": [4.0, 5, 6], "entry": [0.0, 4, 0]})
    curve = kaplan_meier(s)
    assert_allclose(curve["at_risk"], [2, 2, 1])
    assert_allclose(curve["estimate"], [1 / 2, 1 / 4, 0])


@pytest.mark.parametrize("data", ["lung", "lupus", "ties", "entry"])
def test_kaplan_meier_equals_r_survfit(data):
    expected = read(f"km_{data}_log-log")
    got = kaplan_meier(counted(as_spells(getattr(inputs, data)())), by="group")
    assert len(got) == len(expected) > 30
    for column in ("day", "at_risk", "events", "estimate", "se", "low", "high"):
        assert_allclose(got[column], expected[column], rtol=TOLERANCE, atol=1e-12, err_msg=column)


@pytest.mark.parametrize("band", list(BANDS))
def test_bands_equal_r_survfit(band):
    expected = read(f"km_lung_{band}")
    got = kaplan_meier(counted(as_spells(inputs.lung())), by="group", band=band)
    inside = (got["estimate"] > 0) & (got["estimate"] < 1)  # at 0 and 1 R's plain band has no width; ours has no bounds
    for column in ("low", "high"):
        assert_allclose(got.loc[inside, column], expected.loc[inside, column], rtol=TOLERANCE, err_msg=column)
        assert got.loc[~inside, column].isna().all()


def test_cumulative_incidence_equals_r_multistate_survfit():
    expected = read("cif_competing").sort_values(["group", "cause", "day"], ignore_index=True)
    got = cumulative_incidence(counted(as_spells(inputs.competing())), by="group")
    assert len(got) == len(expected)
    assert got["cause"].tolist() == expected["cause"].tolist()
    for column in ("day", "at_risk", "estimate", "se"):
        assert_allclose(got[column], expected[column], rtol=TOLERANCE, err_msg=column)
    known = expected["low"].notna() & got["low"].notna()
    assert known.sum() > 100
    assert_allclose(got.loc[known, "low"], expected.loc[known, "low"], rtol=TOLERANCE)
    assert_allclose(got.loc[known, "high"], expected.loc[known, "high"], rtol=TOLERANCE)


@pytest.mark.parametrize("data", ["lung", "ties", "entry"])
def test_counted_people_equal_repeated_rows_exactly(data):
    people = as_spells(getattr(inputs, data)())
    pd.testing.assert_frame_equal(
        kaplan_meier(counted(people), by="group"), kaplan_meier(people, by="group"), rtol=0, atol=0
    )


def test_agrees_with_lifelines_on_weighted_rows():
    s = counted(as_spells(inputs.ties()))
    days, ended = s["lower"], np.isfinite(s["upper"])
    fitter = KaplanMeierFitter().fit(days, ended, weights=s["n"])
    got = kaplan_meier(s).set_index("day")["estimate"]
    assert_allclose(got, fitter.survival_function_["KM_estimate"].reindex(got.index), rtol=TOLERANCE)


@given(any_spells())
def test_curve_never_rises_and_lies_inside_its_band(s):
    curve = kaplan_meier(s, by="group")
    for _, one in curve.groupby("group"):
        assert (np.diff(one["estimate"]) <= 0).all()
        assert one["estimate"].between(0, 1).all()
        inside = one.dropna(subset=["low"])
        assert (inside["low"] <= inside["estimate"]).all()
        assert (inside["estimate"] <= inside["high"]).all()
        assert ((one["low"].isna()) == one["estimate"].isin([0, 1])).all()


@given(any_spells(), st.randoms(use_true_random=False))
def test_order_and_splitting_of_rows_do_not_matter(s, random):
    split = pd.concat([s.assign(n=s["n"] * 0.25), s.assign(n=s["n"] * 0.75)])
    shuffled = split.iloc[random.sample(range(len(split)), len(split))]
    a, b = kaplan_meier(s, by="group"), kaplan_meier(shuffled, by="group")
    pd.testing.assert_frame_equal(a, b, check_dtype=False, rtol=1e-12)


@given(any_spells(delayed_entry=False), st.data())
def test_causes_and_waiting_sum_to_one(s, data):
    ended = np.isfinite(s["upper"])
    causes = data.draw(st.lists(st.sampled_from(["diagnosis", "death"]), min_size=len(s), max_size=len(s)))
    s = s.assign(cause=np.where(ended, causes, "censored"))
    incidence = cumulative_incidence(s)
    waiting = kaplan_meier(s.assign(cause=np.where(ended, "diagnosis", "censored")))
    total = incidence.groupby("day")["estimate"].sum() + waiting.set_index("day")["estimate"]
    assert_allclose(total, 1, rtol=1e-12)


def test_one_cause_is_one_minus_kaplan_meier_with_the_same_error():
    s = counted(as_spells(inputs.ties()))
    one, waiting = cumulative_incidence(s, by="group"), kaplan_meier(s, by="group")
    assert_allclose(one["estimate"], 1 - waiting["estimate"], rtol=1e-12, atol=1e-15)
    known = waiting["se"].notna()
    assert_allclose(one.loc[known, "se"], waiting.loc[known, "se"], rtol=1e-9)


def test_bands_of_a_published_table_report_at_their_edges():
    s = pd.DataFrame({"lower": [0.0, 14, 28], "upper": [14.0, 28, np.inf], "n": [50, 30, 20]})
    curve = kaplan_meier(s)
    assert_allclose(curve["day"], [14, 28])
    assert_allclose(curve["estimate"], [0.5, 0.2])
    assert_allclose(curve["at_risk"], [100, 50])
    assert curve["censored"].tolist() == [0, 20]


@pytest.mark.parametrize(
    "extra",
    [
        {"lower": 7.0, "upper": 21.0},  # another band
        {"lower": 7.0, "upper": 7.0},  # a known day
        {"lower": 7.0, "upper": np.inf},  # a censoring
        {"lower": 20.0, "upper": 20.0, "entry": 10.0},  # an entry
        {"lower": 0.0, "upper": 0.0},  # day 0 lies in a band that starts at 0
    ],
)
def test_what_falls_inside_a_band_is_refused_with_the_name_of_turnbull(extra):
    s = pd.DataFrame([{"lower": 0.0, "upper": 14.0}, extra]).fillna({"entry": 0.0})
    with pytest.raises(ValueError, match="turnbull"):
        kaplan_meier(s)


def test_several_causes_are_refused_unless_one_is_named():
    s = pd.DataFrame({"lower": [1.0, 2, 3], "upper": [1.0, 2, 3], "cause": ["diagnosis", "death", "diagnosis"]})
    with pytest.raises(ValueError, match="cumulative_incidence"):
        kaplan_meier(s)
    assert_allclose(kaplan_meier(s, event="diagnosis")["estimate"], [2 / 3, 2 / 3, 0])
    with pytest.raises(ValueError, match="did you mean 'diagnosis'"):
        kaplan_meier(s, event="diagnoses")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"window": 30.0}, "imprecise='midpoint'"),
        ({"limit": 100.0}, "right truncation"),
        ({"entry": 5.0}, "at or before its entry"),
        ({"upper": 3.0}, "ends before it begins"),
        ({"limit": 4.0}, "ends after its limit"),
        ({"upper": np.inf, "limit": 9.0, "cause": "censored"}, "finite limit but no end"),
        ({"n": -1}, "negative number of people"),
        ({"lower": np.nan}, "missing or not a number"),
        ({"cause": "censored"}, "has an end"),
        ({"upper": np.inf, "cause": "diagnosis"}, "call it censored"),
        ({"lower": -1.0, "upper": -1.0}, "negative or infinite"),
        ({"n": 0}, "hold nobody"),
    ],
)
def test_impossible_spells_are_refused_in_words(row, message):
    with pytest.raises(ValueError, match=message):
        kaplan_meier(pd.DataFrame([{"lower": 5.0, "upper": 5.0} | row]))


def test_a_missing_column_is_named_with_its_nearest():
    with pytest.raises(ValueError, match=r"'rout'.*'route'"):
        kaplan_meier(pd.DataFrame({"lower": [1.0], "upper": [1.0], "route": ["x"]}), by="rout")


def test_columns_that_are_not_named_are_ignored_with_their_missing_values():
    s = pd.DataFrame({"lower": [1.0, 2], "upper": [1.0, 2], "stage": [np.nan, 1]})
    assert_allclose(kaplan_meier(s)["estimate"], [0.5, 0])


@pytest.mark.parametrize(("level", "band"), [(0, "log"), (1, "log"), (95, "log"), (0.95, "loglog")])
def test_level_and_band_are_checked(level, band):
    with pytest.raises(ValueError, match=r"level|band"):
        kaplan_meier(pd.DataFrame({"lower": [1.0], "upper": [1.0]}), level=level, band=band)


@given(any_spells())
def test_at_risk_counts_people_one_by_one(s):
    days = [0, 1, 3.5, 6, 7]
    got = at_risk(s, days, by="group")
    for row in got.itertuples():
        mine = s[s["group"] == row.group]
        end = np.where(np.isfinite(mine["upper"]), mine["upper"], mine["lower"])
        present = (end >= row.day) & ((mine["entry"] == 0) | (mine["entry"] < row.day))
        assert row.at_risk == mine.loc[present, "n"].sum()
        assert row.ended + row.censored == mine.loc[end < row.day, "n"].sum()


def test_the_band_covers_the_truth():
    """Exponential delays, a third censored: over 600 cohorts the 95 % band at day 30 covers within 3 binomial errors."""
    rng = np.random.default_rng(20260101)
    covered = 0
    for _ in range(600):
        delay, leaves = rng.exponential(40, 150), rng.exponential(80, 150)
        ended = delay <= leaves
        lower = np.minimum(delay, leaves)
        curve = kaplan_meier(pd.DataFrame({"lower": lower, "upper": np.where(ended, lower, np.inf)}))
        row = curve[curve["day"] <= 30].iloc[-1]
        covered += row["low"] <= np.exp(-30 / 40) <= row["high"]
    assert abs(covered / 600 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 600)
