import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime

from firstsign.partial_likelihood import RiskTable, by_day, maximise, moments
from firstsign.ties import breslow, efron


def table_of(last, ended, x, n, ties=efron) -> RiskTable:
    """People one by one, each a pattern of their own."""
    last, ended, n = np.asarray(last, float), np.asarray(ended, bool), np.asarray(n, float)
    day = np.unique(last[ended])
    who = np.arange(len(last))
    shape = (len(day), len(last))
    ends = by_day(np.searchsorted(day, last[ended]), who[ended], n[ended], shape)
    leaving = by_day(np.searchsorted(day, last, side="right") - 1, who, n, shape)
    return RiskTable(
        day, np.asarray(x, float).reshape(len(last), -1), leaving, ends, ties(np.asarray(ends.sum(axis=1)))
    )


RANDOM = np.random.default_rng(1)
PEOPLE = table_of(
    RANDOM.integers(1, 6, 40), RANDOM.random(40) < 0.7, RANDOM.normal(size=(40, 2)), RANDOM.integers(1, 60, 40)
)


def test_three_people_by_hand():
    """1 ends, then 0, then 1: the likelihood is r / (2 r + 1) * 1 / (r + 1), highest at r = sqrt(1/2)."""
    table = table_of([1, 2, 3], [1, 1, 1], [1, 0, 1], [1, 1, 1])
    fit = maximise(table, ["x"], "cox")
    assert_allclose(fit.estimate, -np.log(2) / 2, rtol=1e-12)
    r = np.sqrt(0.5)
    assert_allclose(fit.moments.loglik, np.log(r / (2 * r + 1) / (r + 1)), rtol=1e-12)
    assert_allclose(fit.loglik_null, np.log(1 / 6), rtol=1e-12)


@pytest.mark.parametrize(("ties", "ratio"), [(efron, 6**0.5), (breslow, 2)])
def test_two_ends_on_one_day_by_hand(ties, ratio):
    """1 and 0 end together, 0 later: r / (r + 2) times 2 / (r + 3) (Efron), or 1 / (r + 2) (Breslow)."""
    fit = maximise(table_of([1, 1, 2], [1, 1, 1], [1, 0, 0], [1, 1, 1], ties), ["x"], "cox")
    assert_allclose(fit.estimate, np.log(ratio), rtol=1e-12)


@pytest.mark.parametrize("at", [[0, 0], [0.5, -0.3]])
@pytest.mark.parametrize("ties", [efron, breslow])
def test_slope_and_information_are_the_derivatives(at, ties):
    table = PEOPLE._replace(ties=ties(np.asarray(PEOPLE.ended.sum(axis=1))))
    weight = np.linspace(-1, 2, len(table.day))
    for of_day in (None, weight):
        got = moments(table, np.array(at), of_day)
        slope = approx_fprime(at, lambda b, w=of_day: moments(table, b, w).loglik, 1e-6)
        bend = approx_fprime(at, lambda b, w=of_day: moments(table, b, w).score, 1e-6)
        assert_allclose(got.score, slope, rtol=1e-3, atol=1e-2)
        assert_allclose(got.information, -bend, rtol=1e-3, atol=1e-2)


def test_the_second_sum_is_the_transpose_of_the_first():
    fading = np.linspace(1, 0.2, len(PEOPLE.day))
    table = PEOPLE._replace(stayed=PEOPLE.leaving, fading=fading)
    days, people = RANDOM.normal(size=len(PEOPLE.day)), RANDOM.normal(size=(40, 1))
    assert_allclose(days @ table.at_risk(people), table.exposure(days) @ people)


def test_an_effect_without_bounds_is_named():
    table = table_of([1, 1, 2, 2, 3, 4], [1, 1, 1, 1, 0, 0], [[1, 3], [1, 1], [1, 3], [1, 1], [0, 1], [0, 3]], [5] * 6)
    with pytest.raises(ValueError, match="The effect of a grows without end in cox"):
        maximise(table, ["a", "b"], "cox")


def test_an_effect_of_which_nothing_is_known_is_named():
    """Who differs in a is gone before anybody ends."""
    table = table_of([1, 2, 3, 4], [0, 1, 1, 0], [[1, 3], [0, 1], [0, 2], [0, 4]], [5, 5, 5, 5])
    for x in (table.x, 0.1 + table.x / 3):  # also where the mean of equal values is rounded
        with pytest.raises(ValueError, match="cox can say nothing of a:"):
            maximise(table._replace(x=x), ["a", "b"], "cox")


def test_a_rare_end_among_many_is_no_effect_without_bounds():
    table = table_of([1, 2, 1, 3], [1, 0, 1, 0], [0, 0, 1, 1], [1, 1e7, 1e7, 1e7])
    fit = maximise(table, ["x"], "cox")
    assert_allclose(1 / np.sqrt(fit.moments.information), [[1]], rtol=1e-3)  # that of one end
