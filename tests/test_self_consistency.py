import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from firstsign.self_consistency import People, gains, masses, self_consistent, within


def people(ended, seen, n=None, size=None):
    ended, seen = np.asarray(ended), np.asarray(seen)
    return People(ended, seen, np.ones(len(ended)) if n is None else np.asarray(n, float), size or int(seen.max()))


@st.composite
def any_people(draw, entry=True, limit=True):
    """Ranges in a few places; without truncation in both ways at once, under which a maximum need not exist."""
    size = draw(st.integers(2, 7))
    ended, seen = [], []
    for i in range(draw(st.integers(1, 14))):
        first = i if i < size else draw(st.integers(0, size - 1))
        first = min(first, size - 1)
        last = draw(st.integers(first + 1, size))
        ended.append((first, last))
        seen.append((draw(st.integers(0, first)) if entry else 0, draw(st.integers(last, size)) if limit else size))
    covered = {place for first, last in ended for place in range(first, last)}
    if len(covered) < size:
        ended, seen = [*ended, (0, size)], [*seen, (0, size)]
    n = draw(st.lists(st.integers(1, 9), min_size=len(ended), max_size=len(ended)))
    return people(ended, seen, n, size)


def log_likelihood(p, probability):
    with np.errstate(divide="ignore", invalid="ignore"):
        return p.n @ np.log(within(p.ended, probability) / within(p.seen, probability))


def dense_gains(p, probability):
    """The same sum written out person by person and place by place (Gentleman & Geyer 1994)."""
    place = np.arange(p.size)
    inside = [(place >= ranges[:, :1]) & (place < ranges[:, 1:]) for ranges in (p.ended, p.seen)]
    terms = [p.n[:, None] * member / (member @ probability)[:, None] for member in inside]
    return (terms[0] - terms[1]).sum(axis=0) / p.n.sum()


@given(any_people(entry=False, limit=False))
def test_nothing_is_gained_by_moving_probability(p):
    """The Kuhn-Tucker conditions, which without truncation are met at the maximum only."""
    found = masses(p)
    assert_allclose(found.sum(), 1, rtol=1e-12)
    assert (found >= 0).all()
    gain = dense_gains(p, found)
    assert_allclose(gain, gains(p, found), rtol=1e-9, atol=1e-12)
    assert gain.max() <= 2e-9
    assert abs(found * gain).max() <= 2e-9


@given(
    st.sampled_from(["entry", "limit"]).flatmap(lambda kind: any_people(**{"entry": False, "limit": False, kind: True}))
)
def test_with_truncation_on_one_side_no_other_curve_is_likelier(p):
    """People whom the curve says nothing of aside: they could only have been seen where it leaves nobody."""
    found = masses(p)
    assert_allclose(found.sum(), 1, rtol=1e-9)
    told = within(p.seen, found) > 1e-9
    kept = People(p.ended[told], p.seen[told], p.n[told], p.size)
    best = log_likelihood(kept, found)
    assert dense_gains(kept, found).max() <= 2e-9
    rng = np.random.default_rng(3)
    for other in rng.dirichlet(np.full(p.size, 0.4), 20):
        assert not log_likelihood(kept, other) > best + 1e-7


def test_equals_a_general_optimiser_with_entries_and_limits_at_once():
    rng = np.random.default_rng(12)
    ended, seen = [], []
    for _ in range(150):
        first, last = np.sort(rng.choice(9, 2, replace=False))
        ended.append((first, last))
        seen.append((rng.integers(0, first + 1), rng.integers(last, 9)))
    p = people(ended, seen, size=8)
    found = masses(p)
    starts = [np.zeros(8), *rng.normal(size=(4, 8))]

    def loss(x):
        return -log_likelihood(p, np.exp(x - np.logaddexp.reduce(x)))

    best = min((minimize(loss, start, method="BFGS") for start in starts), key=lambda result: result.fun)
    assert_allclose(log_likelihood(p, found), -best.fun, atol=1e-6)
    assert_allclose(found, np.exp(best.x - np.logaddexp.reduce(best.x)), atol=2e-4)


def test_a_step_of_self_consistency_is_the_product_limit_where_all_places_are_known():
    """Ends at places 0 and 2, one leaving before place 1, one coming at it."""
    p = people([(0, 1), (1, 4), (2, 3), (2, 3)], [(0, 4), (0, 4), (0, 4), (1, 4)], size=4)
    waiting = np.array([2 / 3, 2 / 3, 0])
    got = self_consistent(p, np.full(4, 0.25))
    assert_allclose(1 - np.cumsum(got)[:3], waiting, atol=1e-15)
    assert_allclose(masses(p), got, atol=1e-15)


def test_reversing_time_reverses_the_curve():
    p = people([(0, 2), (1, 3), (2, 5), (4, 5)], [(0, 3), (0, 4), (0, 5), (0, 5)], n=[3, 1, 2, 5])
    turned = People(5 - p.ended[:, ::-1], 5 - p.seen[:, ::-1], p.n, 5)
    assert_allclose(masses(turned)[::-1], masses(p), atol=1e-9)


def test_people_of_whom_the_curve_says_nothing_are_passed_over():
    """The only person at risk at the first place ends there: nobody is left, as in Kaplan-Meier's curve."""
    p = people([(0, 1), (1, 2), (2, 3)], [(0, 3), (1, 3), (1, 3)])
    assert_allclose(masses(p), [1, 0, 0], atol=1e-12)


def test_of_people_adrift_only_their_order_is_known():
    """p0 / (p0 + p1) and p1 + p2 are both 1 when nobody is left at the first two places, and more so at the second."""
    assert_allclose(masses(people([(0, 1), (1, 3)], [(0, 2), (0, 3)], size=3)), [0, 0, 1], atol=1e-9)


def test_a_maximum_that_does_not_exist_is_said():
    """Entries and limits at once: the likelihood climbs for ever as ever fewer are left where one person could be seen."""
    ended = [(1, 3), (3, 4), (0, 3), (0, 3), (0, 1)]
    seen = [(0, 4), (2, 4), (0, 3), (0, 4), (0, 2)]
    with pytest.raises(ValueError, match="tie its parts together"):
        masses(people(ended, seen, size=4))


def test_thousands_of_places_are_fast_enough():
    rng = np.random.default_rng(4)
    first = rng.integers(0, 2000, 6000)
    ended = np.column_stack([first, np.minimum(first + rng.integers(1, 30, 6000), 2000)])
    p = people(ended, np.tile([0, 2000], (6000, 1)))
    covered_places = np.zeros(2000, bool)
    for a, b in ended:
        covered_places[a:b] = True
    assert covered_places.all()
    assert gains(p, masses(p)).max() <= 1e-8
