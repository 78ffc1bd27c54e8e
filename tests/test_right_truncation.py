import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference import inputs, read

from firstsign.bands import BANDS, confidence_band
from firstsign.curves import kaplan_meier
from firstsign.interval_censoring import turnbull
from firstsign.right_truncation import right_truncated

TOLERANCE = 1e-9


def seen_only_if_ended(days, limits, n=1):
    days = np.asarray(days, float)
    return pd.DataFrame({"lower": days, "upper": days, "limit": np.asarray(limits, float), "n": n})


def retrospective():
    people = inputs.retrospective()
    s = seen_only_if_ended(people["end"], people["limit"]).assign(group=people["group"].to_numpy())
    return s.groupby(["group", "lower", "upper", "limit"], as_index=False)["n"].sum()


def test_equals_r_survfit_of_reversed_days():
    expected, got = read("reverse_retrospective"), right_truncated(retrospective(), by="group")
    assert len(got) == len(expected) > 80
    for column in ("day", "at_risk", "events"):
        assert_allclose(got[column], expected[column])
    for group, one in got.groupby("group"):
        r = expected[expected["group"] == group]
        for ours, theirs in (
            (1 - one["estimate"], "gone_before"),
            (one["se"], "se"),
            (1 - one["high"], "low"),
            (1 - one["low"], "high"),
        ):
            # R's row of a day is the share that ended before it, ours the share that ended by it
            assert_allclose(ours.iloc[:-1], r[theirs].iloc[1:], rtol=TOLERANCE, err_msg=theirs)
        assert one["estimate"].iloc[-1] == 0
    assert got["given_within"].nunique() >= 1


def test_four_people_by_hand():
    """Days 1, 2, 2, 4 with limits 3, 2, 5, 6. On day 4 two could have ended, but the one with limit 5 did earlier."""
    got = right_truncated(seen_only_if_ended([1, 2, 2, 4], [3, 2, 5, 6]))
    assert_allclose(got["day"], [1, 2, 4])
    assert_allclose(got["at_risk"], [1, 3, 2])
    assert_allclose(got["events"], [1, 2, 1])
    assert_allclose(got["estimate"], [1 - 1 / 2 * 1 / 3, 1 - 1 / 2, 0])
    greenwood = np.array([1 / (2 * 1) + 2 / (3 * 1), 1 / (2 * 1)])
    assert_allclose(got["se"][:2], [1 / 6, 1 / 2] * np.sqrt(greenwood))
    assert got[["se", "low", "high"]].iloc[2].isna().all()
    assert (got["given_within"] == 6).all()
    assert got.attrs["conditional"].startswith("Among delays within the largest limit of the group (6 days)")


def test_a_limit_on_the_day_of_the_end_is_still_seen():
    got = right_truncated(seen_only_if_ended([2, 5, 5], [2, 5, 9]))
    assert_allclose(got["at_risk"], [1, 2])


@pytest.mark.parametrize("band", list(BANDS))
def test_the_band_is_that_of_the_share_who_ended(band):
    got = right_truncated(seen_only_if_ended([1, 2, 2, 4], [3, 2, 5, 6]), level=0.8, band=band).iloc[0]
    low, high = confidence_band(np.array([1 - got["estimate"]]), np.array([got["se"]]), 0.8, band)
    assert_allclose([got["low"], got["high"]], [1 - high[0], 1 - low[0]])


@st.composite
def any_limited(draw):
    row = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 4))
    rows = pd.DataFrame(draw(st.lists(row, min_size=1, max_size=25)), columns=["lower", "more", "n"])
    return seen_only_if_ended(rows["lower"], rows["lower"] + rows["more"], rows["n"].to_numpy())


@given(any_limited(), st.randoms(use_true_random=False))
def test_stays_in_0_and_1_never_rises_and_ignores_order_and_splitting(s, random):
    got = right_truncated(s)
    assert got["estimate"].between(0, 1).all()
    assert (np.diff(got["estimate"]) <= 1e-15).all()
    assert got.loc[got["estimate"].between(1e-9, 1 - 1e-9), ["se", "low", "high"]].notna().all(axis=None)
    split = s.loc[s.index.repeat(s["n"])].assign(n=1)
    split = split.iloc[random.sample(range(len(split)), len(split))]
    pd.testing.assert_frame_equal(right_truncated(split), got)


@given(any_limited())
def test_limits_beyond_all_ends_change_nothing(s):
    plain = kaplan_meier(s.assign(limit=np.inf))
    for limit in (7.0, np.inf):
        got = right_truncated(s.assign(limit=limit))
        assert_allclose(got["estimate"], plain["estimate"], atol=1e-12)
        assert (got["given_within"] == limit).all()


@given(any_limited())
def test_is_turnbulls_curve(s):
    assert_allclose(turnbull(s)["estimate"], right_truncated(s)["estimate"], atol=1e-9)


def test_where_everybody_at_risk_ended_the_share_before_is_1():
    """Nobody who ended on day 1 could have been seen on day 5, so nothing compares the two."""
    got = right_truncated(seen_only_if_ended([1, 5], [2, 9]))
    assert_allclose(got["estimate"], [1, 0])
    assert got[["low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": 3.0}, "fit_delay"),
        ({"entry": 0.5}, "use turnbull"),
        ({"lower": 0.5}, "Use turnbull"),
        ({"upper": np.inf, "limit": np.inf}, "Use turnbull"),
        ({"cause": ["diagnosis", "death"]}, "keep the rows of one cause"),
    ],
)
def test_what_it_cannot_use_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        right_truncated(seen_only_if_ended([1, 5], [2, 9]).assign(**change))


@pytest.mark.parametrize("change", [{"entry": 0.5}, {"lower": 0.5}, {"upper": [1, np.inf], "limit": np.inf}])
def test_the_advice_to_use_turnbull_can_be_followed(change):
    got = turnbull(seen_only_if_ended([1, 5], [6, 9]).assign(**change))
    assert got["estimate"].between(0, 1).all()


def test_the_advice_of_kaplan_meier_can_be_followed():
    s = seen_only_if_ended([1, 5], [6, 9])
    with pytest.raises(ValueError, match="Use right_truncated"):
        kaplan_meier(s)
    assert len(right_truncated(s)) == 2


def test_the_band_covers_the_truth():
    """Exponential waits seen only if they end within a limit of 20 to 80 days; given that they are within 80."""
    rng = np.random.default_rng(17)
    truth = 1 - np.expm1(-25 / 30) / np.expm1(-80 / 30)
    covered = 0
    for _ in range(400):
        delay, limit = rng.exponential(30, 400), np.append(rng.uniform(20, 80, 399), 80)
        seen = delay <= limit
        s = seen_only_if_ended(delay[seen], limit[seen])
        row = right_truncated(s)[lambda curve: curve["day"] <= 25].iloc[-1]
        covered += row["low"] <= truth <= row["high"]
    assert abs(covered / 400 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 400)
