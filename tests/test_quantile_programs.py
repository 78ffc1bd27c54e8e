from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import OptimizeResult

from firstsign import quantile_programs
from firstsign.quantile_programs import Rows, best_line, quantile_fits

RANDOM = np.random.default_rng(1)


def rows_of(x, day, ended=None, n=None) -> Rows:
    day = np.asarray(day, float)
    ended = np.ones(len(day), bool) if ended is None else np.asarray(ended, bool)
    n = np.ones(len(day)) if n is None else np.asarray(n, float)
    return Rows(np.asarray(x, float).reshape(len(day), -1), day, ended, n)


def loss(rows: Rows, q: float, line) -> float:
    off = rows.day - rows.x @ line
    return float(rows.n @ np.where(off > 0, q * off, (q - 1) * off))


def test_the_median_of_counted_days():
    """Of 9 people the fifth; of 8 the middle between the fourth and the fifth."""
    one = np.ones((3, 1))
    assert_allclose(quantile_fits(rows_of(one, [1, 5, 9], n=[3, 2, 4]), [0.5]), [[5]])
    assert_allclose(quantile_fits(rows_of(one, [1, 5, 9], n=[3, 1, 4]), [0.5]), [[7]])
    assert_allclose(quantile_fits(rows_of(one, [1, 5, 9], n=[3, 2, 4]), [0.2, 0.6]), [[1], [9]])


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(1, 4)), min_size=3, max_size=8),
    st.sampled_from([0.2, 0.5, 0.81]),
)
@settings(max_examples=30)
def test_no_line_through_two_people_is_better(people, q):
    """A best line goes through as many rows as it has terms, so that all such lines can be tried."""
    age, day, n = np.array(people, float).T
    rows = rows_of(np.column_stack([np.ones(len(age)), age]), day, n=n)
    if len(set(age)) < 2:
        return
    least = min(
        loss(rows, q, np.linalg.solve(rows.x[list(two)], rows.day[list(two)]))
        for two in combinations(range(len(age)), 2)
        if age[two[0]] != age[two[1]]
    )
    assert_allclose(loss(rows, q, quantile_fits(rows, [q])[0]), least, rtol=1e-9, atol=1e-9)


def test_rows_far_away_keep_their_side_or_are_looked_at_again():
    """With a start near and far from the answer, more rows than are left open at first."""
    x = np.column_stack([np.ones(3000), RANDOM.normal(size=(3000, 2))])
    day = x @ [50, 3, -2] + RANDOM.exponential(20, 3000)
    n = RANDOM.integers(1, 9, 3000).astype(float)
    above = 0.2503 * (n @ x)
    known = best_line(x, day, n, above)
    for start in ([50.0, 3, -2], [0.0, 0, 0], [-1e4, 0, 50]):
        assert_allclose(best_line(x, day, n, above, np.array(start)), known, rtol=1e-9)


def test_more_people_than_there_are_cannot_be_above():
    assert best_line(np.ones((2, 1)), np.array([1.0, 2]), np.ones(2), np.array([3.0])) is None


def test_nobody_censored_is_the_ordinary_program():
    x = np.column_stack([np.ones(300), RANDOM.normal(size=300)])
    rows = rows_of(x, x @ [40, 5] + RANDOM.exponential(20, 300))
    late = rows._replace(
        x=np.vstack([rows.x, [1, 0]]),
        day=np.append(rows.day, 1e4),
        ended=np.append(rows.ended, False),
        n=np.append(rows.n, 1e-9),
    )
    assert_allclose(quantile_fits(late, [0.3, 0.7]), quantile_fits(rows, [0.3, 0.7]), rtol=1e-6)


def test_one_group_follows_kaplan_meier_by_hand():
    """Ends on 1, 3, 5 and 7, one censored on 2 and 4: shares gone 1/6, 1/6 + 5/24 = 3/8, 3/8 + 5/16 = 11/16, 1."""
    rows = rows_of(np.ones((6, 1)), [1, 2, 3, 4, 5, 7], [1, 0, 1, 0, 1, 1])
    shares = [0.1, 0.15, 0.2, 0.36, 0.4, 0.66, 0.71, 0.95]
    assert_allclose(quantile_fits(rows, shares)[:, 0], [1, 1, 3, 3, 5, 5, 7, 7])


def test_what_is_not_reached_is_unknown_from_there_on():
    rows = rows_of(np.ones((4, 1)), [1, 2, 3, 4], [1, 1, 0, 0])
    got = quantile_fits(rows, [0.2, 0.4, 0.6, 0.8])[:, 0]
    assert_allclose(got[:2], [1, 2])
    assert np.isnan(got[2:]).all()


@pytest.mark.parametrize("step", [0.02, 0.003])
def test_the_grid_hardly_matters(monkeypatch, step):
    x = np.column_stack([np.ones(800), RANDOM.integers(0, 2, 800), RANDOM.normal(size=800)])
    day = x @ [40, 8, 3] + RANDOM.exponential(25, 800)
    gone = RANDOM.uniform(20, 140, 800)
    rows = rows_of(x, np.minimum(day, gone), day <= gone)
    known = quantile_fits(rows, [0.25, 0.6])
    monkeypatch.setattr(quantile_programs, "_STEP", step)
    assert_allclose(quantile_fits(rows, [0.25, 0.6]), known, atol=0.3)  # errors are 1 to 3 days


def test_a_program_that_the_solver_gives_up_is_not_called_out_of_reach(monkeypatch):
    monkeypatch.setattr(
        quantile_programs, "linprog", lambda *_, **__: OptimizeResult(status=4, message="Numerical difficulties.")
    )
    rows = Rows(np.ones((3, 1)), np.array([1.0, 2, 3]), np.ones(3, bool), np.ones(3))
    with pytest.raises(ValueError, match=r"not solved \(Numerical difficulties\.\)\. Put the days"):
        quantile_fits(rows, [0.5])


def test_a_line_through_a_censored_day_has_not_passed_it():
    """All lie on one line, the last censored: nothing is known beyond it, whatever the unit's rounding."""
    for unit in (1.0, 1 / 3, 1e10):
        x = np.column_stack([np.ones(6), np.arange(1, 7)])
        rows = Rows(x, unit * np.arange(1.0, 7), np.arange(1, 7) < 6, np.full(6, 5.0))
        fits = quantile_fits(rows, [0.5, 0.95])
        assert_allclose(fits[0], [0, unit], atol=1e-9 * unit)
        assert np.isnan(fits[1]).all()
