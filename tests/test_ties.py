import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from firstsign.ties import breslow, efron


def test_few_ends_are_counted_one_by_one():
    ties = efron(np.array([1.0, 3.0]))
    assert ties.place.tolist() == [0, 1, 1, 1]
    assert_allclose(ties.gone, [0, 0, 1 / 3, 2 / 3])
    assert_allclose(ties.weight, 1)


def test_breslow_has_one_point_a_day():
    ties = breslow(np.array([2.0, 5.0]))
    assert ties.place.tolist() == [0, 1]
    assert ties.gone.tolist() == [0, 0]
    assert ties.weight.tolist() == [2, 5]


@pytest.mark.parametrize("ends", [1, 32, 33, 64, 100, 12_345, 1_000_003])
@pytest.mark.parametrize("at_risk", [1.0, 1.0001, 1.3, 1000.0])
def test_sums_over_many_ends_are_exact(ends, at_risk):
    """Against all terms, also where everybody ends (S = D, a pole just behind the last term)."""
    ties, each = efron(np.array([float(ends)])), np.arange(ends) / ends
    assert len(ties.gone) <= 200
    for function in (
        lambda left: 1 / left,
        lambda left: 1 / left**2,
        np.log,
        lambda left: ((at_risk - left) / left) ** 2,
    ):
        assert_allclose(
            ties.weight @ function(at_risk - ties.gone), function(at_risk - each).sum(), rtol=1e-12, atol=1e-12
        )


@given(st.lists(st.floats(0.01, 1e5), min_size=1, max_size=5))
def test_weights_add_up_to_the_ends_whole_or_not(ends):
    ties = efron(np.array(ends))
    assert_allclose(np.bincount(ties.place, ties.weight), ends, rtol=1e-12)
    assert ((ties.gone >= 0) & (ties.gone < 1)).all()
