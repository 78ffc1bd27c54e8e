import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference import inputs, read
from test_curves import any_spells, as_spells, counted

from firstsign.curves import kaplan_meier
from firstsign.interval_censoring import turnbull

EXACT = 1e-9
ITERATED = 1e-6


def bands(rows, **columns):
    frame = pd.DataFrame(rows, columns=["lower", "upper"]).astype(float)
    return frame.assign(**columns)


@pytest.mark.parametrize("data", ["lung", "lupus", "ties", "entry"])
def test_is_kaplan_meier_where_all_ends_are_known(data):
    s = counted(as_spells(getattr(inputs, data)()))
    got, expected = turnbull(s, by="group"), kaplan_meier(s, by="group")
    for column in ("group", "day", "at_risk", "events", "censored"):
        assert got[column].tolist() == expected[column].tolist()
    assert_allclose(got["estimate"], expected["estimate"], rtol=0, atol=EXACT)
    assert (got["drop_from"] == got["day"]).all()


@given(any_spells())
def test_is_kaplan_meier_for_any_spells_with_known_ends(s):
    got, expected = turnbull(s, by="group"), kaplan_meier(s, by="group")
    assert_allclose(got["day"], expected["day"])
    assert_allclose(got["estimate"], expected["estimate"], atol=EXACT)
    assert_allclose(got["at_risk"], expected["at_risk"], atol=1e-9)


def test_equals_r_turnbull():
    """R draws the drop in the middle of the innermost interval, we at its right end, where both curves have dropped."""
    expected, got = read("turnbull_visits"), turnbull(inputs.visits(), by="group")
    for group, one in got.groupby("group"):
        r = expected[expected["group"] == group]
        share = np.concatenate([[1], r["estimate"]])[np.searchsorted(r["day"], one["day"], side="right")]
        assert_allclose(one["estimate"], share, rtol=0, atol=ITERATED)
    assert len(got) > 60


def test_overlapping_bands_by_hand():
    """Of ten people four ended on day 8 or in (8, 10]; two tell which, one each, so the other two are shared out equally.

    The six after that: (17, inf) says nothing of where, and (37, 44] is one of the five whose place is known.
    """
    s = bands(
        [(1, 7), (8, 8), (8, 10), (7, 16), (7, 14), (17, np.inf), (37, 44), (46, np.inf), (46, np.inf), (45, np.inf)]
    )
    got = turnbull(s).set_index("day")
    assert_allclose(got.loc[[7, 8, 10, 44], "estimate"], [0.9, 0.7, 0.5, 0.375], atol=EXACT)
    assert_allclose(got.loc[[7, 8, 10, 44], "drop_from"], [1, 8, 8, 37])


def test_an_end_in_one_of_two_bands_goes_where_the_others_are():
    """Three in (0, 5], one in (5, 9], and one in (0, 9]: p / (1 - p) = (3 + p) / (1 + 1 - p), so p = 3/4."""
    got = turnbull(bands([(0, 5), (5, 9), (0, 9)], n=[3, 1, 1]))
    assert_allclose(got["estimate"], [1 / 4, 0], atol=EXACT)
    assert_allclose(got["events"], [3.75, 1.25], atol=1e-8)
    assert_allclose(got["at_risk"], [5, 1.25], atol=1e-8)


def test_left_censoring_is_a_band_from_day_0():
    """Two who had ended by day 3, one who had not, two seen to end on day 2 and day 6."""
    got = turnbull(bands([(0, 3), (0, 3), (3, np.inf), (2, 2), (6, 6)]))
    assert_allclose(got.set_index("day")["estimate"].loc[[2, 3, 6]], [2 / 5, 2 / 5, 0], atol=EXACT)


def test_who_enters_on_the_day_of_an_end_was_not_at_risk_that_day():
    """The tie case of SurPyval's issue 260, whose inclusive entry gave 0.833."""
    days = np.array([2.0, 3, 3, 4, 5, 6])
    got = turnbull(pd.DataFrame({"lower": days, "upper": days, "entry": [0.0, 0, 1, 1, 2, 2]}))
    assert_allclose(got["estimate"], [0.75, 0.45, 0.3, 0.15, 0], atol=EXACT)


def test_late_entry_that_hides_nothing_changes_nothing():
    """SurPyval's issue 308: left censoring with entries at 0 and before all ends."""
    s = bands([(0, 2), (3, 3), (4, 4), (0, 5), (6, 6), (7, 7)])
    plain = turnbull(s)
    pd.testing.assert_frame_equal(turnbull(s.assign(entry=0.0, limit=np.inf)), plain)
    assert_allclose(turnbull(s.assign(limit=7.0))["estimate"], plain["estimate"], atol=EXACT)


def test_a_band_that_ends_on_a_known_day_includes_it():
    """SurPyval's issue 272: one on day 2, five on day 3, five in (1, 3]."""
    got = turnbull(bands([(2, 2), (3, 3), (1, 3)], n=[1, 5, 5])).set_index("day")
    assert_allclose(got["estimate"].loc[[2, 3]], [5 / 6, 0], atol=EXACT)


def test_entry_and_limit_at_once_by_hand():
    """Days 1, 2, 3. Between those seen on 1 or 2 there are 2 to 1, between those seen on 2 or 3 there are 1 to 3."""
    s = bands([(1, 1), (2, 2), (2, 2), (3, 3)], n=[2, 1, 1, 3], entry=[0.0, 0, 1, 1], limit=[2.0, 2, 3, 3])
    got = turnbull(s)
    assert_allclose(1 - got["estimate"], np.cumsum([2, 1, 3]) / 6, atol=1e-8)
    assert (got["given_within"] == 3).all()


def test_published_bands_give_the_curve_at_their_edges():
    s = bands([(0, 14), (14, 28), (28, np.inf)], n=[50, 30, 20])
    got, expected = turnbull(s), kaplan_meier(s)
    for column in ("day", "at_risk", "events", "censored", "estimate"):
        assert_allclose(got[column], expected[column])
    assert_allclose(got["drop_from"], [0, 14])


@st.composite
def any_bands(draw):
    row = st.tuples(
        st.integers(0, 8),
        st.sampled_from([0, 1, 2, 4, np.inf]),
        st.integers(0, 8),
        st.integers(1, 4),
        st.sampled_from("ab"),
    )
    rows = draw(st.lists(row, min_size=1, max_size=20))
    s = pd.DataFrame(rows, columns=["lower", "width", "entry", "n", "group"]).astype({"lower": float, "entry": float})
    s["upper"] = s["lower"] + s.pop("width")
    last = s["lower"].where(s["upper"] > s["lower"], s["lower"] - 1)
    s["entry"] = s["entry"].where((s["entry"] <= last) & ~(np.isinf(s["upper"]) & (s["entry"] >= s["lower"])), 0.0)
    return s


@given(any_bands())
def test_never_rises_and_stays_in_0_and_1(s):
    for _, one in turnbull(s, by="group").groupby("group"):
        assert (np.diff(one["estimate"]) <= 1e-12).all()
        assert one["estimate"].between(0, 1).all()
        assert (one["drop_from"] <= one["day"]).all()
        assert_allclose(
            one["events"].sum() + one["censored"].sum(), s.loc[s["group"] == one["group"].iloc[0], "n"].sum()
        )


@given(any_bands(), st.randoms(use_true_random=False), st.floats(0.1, 30))
def test_order_splitting_and_units_of_time_do_not_matter(s, random, scale):
    one = turnbull(s)
    split = s.loc[s.index.repeat(s["n"])].assign(n=1)
    split = split.iloc[random.sample(range(len(split)), len(split))]
    assert_allclose(turnbull(split)["estimate"], one["estimate"], atol=ITERATED)
    stretched = s.assign(**{name: s[name] * scale for name in ("lower", "upper", "entry")})
    got = turnbull(stretched)
    assume(len(got) == len(one))  # two days a rounding apart would be two
    assert_allclose(got["day"], one["day"] * scale)
    assert_allclose(got["estimate"], one["estimate"], atol=ITERATED)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(5, np.inf)], {5: 1.0}),  # nobody ended
        ([(5, 5)], {5: 0.0}),  # one person
        ([(0, 0)], {0: 0.0}),  # of zero length
        ([(0, 0), (0, np.inf)], {0: 0.5}),  # ends come before censorings
        ([(3, 3), (3, 3), (3, 3)], {3: 0.0}),  # all tied
        ([(2, 9), (2, 9)], {9: 0.0}),  # one band
    ],
)
def test_degenerate_spells_have_a_defined_answer(rows, expected):
    got = turnbull(bands(rows))
    assert dict(zip(got["day"], got["estimate"], strict=True)) == expected


def test_a_limit_on_the_day_of_the_end_tells_nothing_of_longer_delays():
    got = turnbull(bands([(2, 2), (4, 4)], limit=[4.0, 4.0]))
    assert_allclose(got["estimate"], [0.5, 0], atol=EXACT)
    assert (got["given_within"] == 4).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": 30.0}, "fit_delay"),
        ({"window": 30.0}, "imprecise='midpoint'"),
        ({"cause": ["diagnosis", "death"]}, "cumulative_incidence"),
        ({"level": 0.0}, "level is 0.0"),
        ({"bootstrap": 10}, "seed=1"),
        ({"entry": [0.0, 4], "limit": [3.0, 9]}, "both by day 2 and after it"),
    ],
)
def test_what_it_cannot_use_is_refused(change, message):
    arguments = {name: change[name] for name in ("level", "bootstrap") if name in change}
    s = bands([(2, 2), (5, 5)]).assign(**{name: value for name, value in change.items() if name not in arguments})
    with pytest.raises(ValueError, match=message):
        turnbull(s, **arguments)


def test_other_causes_are_censorings_where_that_can_be():
    s = bands([(1, 3), (2, 2), (2, 5)], cause=["diagnosis", "death", "diagnosis"])
    censored = bands([(1, 3), (2, np.inf), (2, 5)])
    assert_allclose(turnbull(s, event="diagnosis")["estimate"], turnbull(censored)["estimate"])
    with pytest.raises(ValueError, match="imprecise='midpoint'"):
        turnbull(s, event="death")
    with pytest.raises(ValueError, match="Keep the rows of one cause"):
        turnbull(s.assign(limit=9.0), event="diagnosis")


@pytest.mark.parametrize("extra", [(7, 21), (7, 7), (7, np.inf), (0, 0)])
def test_the_advice_of_kaplan_meier_on_bands_can_be_followed(extra):
    s = bands([(0, 14), extra])
    with pytest.raises(ValueError, match="Use turnbull"):
        kaplan_meier(s)
    assert turnbull(s)["estimate"].notna().all()


def test_intervals_come_from_a_bootstrap_only():
    s = inputs.visits()
    assert turnbull(s)[["se", "low", "high"]].isna().all(axis=None)
    got = turnbull(s, by="group", bootstrap=30, seed=1)
    inside = got[(got["estimate"] > 0) & (got["estimate"] < 1)]
    assert (inside["low"] <= inside["high"]).all()
    assert (inside[["low", "high"]] >= 0).all(axis=None)
    assert got.loc[got["estimate"].isin([0, 1]), ["se", "low", "high"]].isna().all(axis=None)
    for _, one in got.groupby("group"):
        assert (np.diff(one["low"].dropna()) <= 1e-9).all()
    pd.testing.assert_frame_equal(got, turnbull(s, by="group", bootstrap=30, seed=1))


def test_the_interval_covers_the_truth_with_known_and_banded_ends():
    """Half known to the day, half to the week, on the edge of a week, where all say whether the end was before."""
    rng = np.random.default_rng(21)
    covered = 0
    for _ in range(20):
        days = rng.exponential(20, 120)
        week = 7 * np.floor(days / 7)
        known = rng.uniform(size=120) < 0.5
        s = pd.DataFrame({"lower": np.where(known, days, week), "upper": np.where(known, days, week + 7)})
        row = turnbull(s, bootstrap=25, seed=rng).set_index("day").loc[14.0]
        covered += row["low"] <= np.exp(-14 / 20) <= row["high"]
    assert abs(covered / 20 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 20)
