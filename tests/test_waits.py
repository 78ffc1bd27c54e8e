"""Waits solved from percentiles: the percentiles come out again, the same day exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import lognorm

from firstsign.waits import Wait, solve_wait

RANKS = (np.arange(1_000_000) + 0.5) / 1_000_000


def test_percentiles_come_out():
    """Half wait 0 days, three quarters at most 5, nine in ten at most 14: counted over a million even ranks."""
    days = solve_wait(0.5, {0.75: 5, 0.9: 14}).days(RANKS)
    assert (days == 0).mean() == 0.5
    assert (days <= 5).mean() == pytest.approx(0.75, abs=2e-6)
    assert (days <= 14).mean() == pytest.approx(0.90, abs=2e-6)


def test_without_a_same_day_it_is_scipys_lognormal():
    wait = solve_wait(0, {0.5: 7, 0.9: 80})
    assert np.exp(wait.mu) == pytest.approx(7, rel=1e-12)
    assert lognorm(s=wait.sigma, scale=np.exp(wait.mu)).ppf(0.9) == pytest.approx(80, rel=1e-12)
    whole = np.arange(1, 200)
    share = (wait.days(RANKS)[:, None][::100] <= whole).mean(axis=0)
    np.testing.assert_allclose(share, lognorm(s=wait.sigma, scale=7).cdf(whole), atol=2e-4)


@given(
    same_day=st.floats(0, 0.6),
    ranks=st.tuples(st.floats(0.65, 0.8), st.floats(0.85, 0.99)),
    days=st.tuples(st.integers(1, 50), st.integers(51, 2000)),
)
def test_days_are_whole_rise_with_rank_and_meet_both_percentiles(same_day, ranks, days):
    wait = solve_wait(same_day, dict(zip(ranks, days, strict=True)))
    grid = np.linspace(0, 1, 2001, endpoint=False)
    waited = wait.days(grid)
    assert (np.diff(waited) >= 0).all()
    assert (waited == np.floor(waited)).all()
    np.testing.assert_allclose((waited == 0).mean(), same_day, atol=1 / 2000)
    for rank, day in zip(ranks, days, strict=True):
        assert wait.days(np.array([rank - 1e-6]))[0] <= day < wait.days(np.array([rank + 1e-6]))[0] + 1


def test_one_wait_a_person():
    slow, fast = solve_wait(0, {0.5: 100, 0.9: 200}), solve_wait(0.5, {0.75: 2, 0.9: 4})
    both = type(slow)(*(np.array([getattr(w, part) for w in (slow, fast)]) for part in ("same_day", "mu", "sigma")))
    np.testing.assert_array_equal(both.days(np.array([0.5, 0.4])), [slow.days(np.array([0.5]))[0], 0])


@pytest.mark.parametrize(
    ("same_day", "percentiles", "message"),
    [
        (1.0, {0.5: 1, 0.9: 2}, "at least 0 and below 1"),
        (0.6, {0.5: 1, 0.9: 2}, "percentile 50 lies within the 60 % who wait 0 days"),
        (0.0, {0.5: 9, 0.9: 9}, "percentile 50 is 9 days and percentile 90 is 9 days"),
        (0.0, {0.5: 0, 0.9: 9}, "both must be above 0"),
        (0.0, {0.5: 9}, "1 percentiles are given"),
    ],
)
def test_no_such_wait(same_day, percentiles, message):
    with pytest.raises(ValueError, match=message):
        solve_wait(same_day, percentiles)


def test_the_wait_of_some_is_that_which_they_have_among_all():
    """Alone or among others, with one number for all or one a person; nobody else waits."""
    rank, who = np.array([0.05, 0.4, 0.7, 0.99]), np.array([True, False, True, True])
    for wait in (Wait(0.1, 2.0, 0.8), Wait(np.array([0.1, 0, 0.3, 0.2]), np.arange(4.0), np.full(4, 0.5))):
        everybody = wait.days(rank)
        np.testing.assert_array_equal(wait.of(who).days(rank[who]), everybody[who])
        np.testing.assert_array_equal(wait.days_of(who, rank), np.where(who, everybody, 0))
        np.testing.assert_array_equal(np.ceil(wait.time(rank)), everybody)
