"""The variance between studies: its estimators by their definitions, and the binomial-normal likelihood by other routes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference import read
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import binom, chi2, norm

from firstsign.heterogeneity import (
    ESTIMATORS,
    binomial_normal,
    cochran_q,
    dersimonian_laird,
    likelihood_ratio,
    paule_mandel,
    q_profile,
    restricted_likelihood,
    typical_variance,
)

EXACT = read("pooling_exact").drop_duplicates("set").set_index("set")
STUDIES = read("pooling_studies")


def counts(name):
    rows = STUDIES[STUDIES["set"] == name]
    return rows["x"].to_numpy(float), rows["n"].to_numpy(float)


logits = st.lists(st.floats(-4, 4), min_size=2, max_size=12)


@st.composite
def studies(draw):
    effect = np.array(draw(logits))
    variance = np.array(draw(st.lists(st.floats(0.001, 2), min_size=len(effect), max_size=len(effect))))
    return effect, variance


# Normal studies


def test_by_hand():
    """Logits 0 and 2, both with variance 1: mean 1, Q = 1 + 1, typical variance 1, and tau2 = sample variance 2 - 1."""
    effect, variance = np.array([0.0, 2.0]), np.ones(2)
    assert cochran_q(effect, variance) == 2
    assert typical_variance(variance) == 1
    for estimator in ESTIMATORS.values():
        assert_allclose(estimator(effect, variance), 1, rtol=1e-12)


@given(logits, st.floats(0.01, 2))
def test_with_equal_variances_every_estimator_is_the_sample_variance_less_the_chance(effect, variance):
    effect, each = np.array(effect), np.full(len(effect), variance)
    expected = max(0.0, effect.var(ddof=1) - variance)
    for estimator in ESTIMATORS.values():
        assert_allclose(estimator(effect, each), expected, rtol=1e-9, atol=1e-12)


@given(studies(), st.floats(0.5, 0.99))
def test_paule_mandel_and_q_profile_solve_their_equations(given_studies, level):
    effect, variance = given_studies
    df = len(effect) - 1
    low, high = q_profile(effect, variance, level)
    assert 0 <= low <= high
    for tau2, wanted in (
        (paule_mandel(effect, variance), df),
        (low, chi2.ppf((1 + level) / 2, df)),
        (high, chi2.ppf((1 - level) / 2, df)),
    ):
        if tau2 > 0:
            assert_allclose(cochran_q(effect, variance, tau2), wanted, rtol=1e-8)
        else:
            assert cochran_q(effect, variance) <= wanted * (1 + 1e-12)


def restricted(tau2, effect, variance):
    """The density of the studies' differences from the first: what is left of them when their common level is taken away."""
    covariance = np.diag(variance[1:] + tau2) + variance[0] + tau2
    apart = effect[1:] - effect[0]
    return -np.linalg.slogdet(covariance)[1] / 2 - apart @ np.linalg.solve(covariance, apart) / 2


@given(studies())
@settings(max_examples=50)
def test_restricted_likelihood_is_highest_there(given_studies):
    effect, variance = given_studies
    found = restricted_likelihood(effect, variance)
    here = restricted(found, effect, variance)
    for other in np.concatenate([[0], np.geomspace(1e-4, 100, 40), found * np.array([0.99, 1.01])]):
        assert restricted(other, effect, variance) <= here + 1e-9


@given(studies(), st.floats(-3, 3), st.floats(0.1, 5))
def test_the_level_does_not_matter_and_the_scale_is_that_of_a_variance(given_studies, shift, scale):
    effect, variance = given_studies
    for estimator in (dersimonian_laird, paule_mandel):
        before, after = estimator(effect, variance), estimator(shift + scale * effect, scale**2 * variance)
        assert_allclose(after, scale**2 * before, rtol=1e-6, atol=1e-9)


def test_studies_nearer_than_chance_have_an_interval_of_nothing():
    assert q_profile(np.array([1.0, 1.0, 1.0]), np.ones(3), 0.95) == (0, 0)


def test_q_profile_covers():
    """400 draws of 8 studies with tau2 = 0.3: within 3 binomial standard errors of 95 %."""
    rng, covered = np.random.default_rng(3), 0
    for _ in range(400):
        variance = rng.uniform(0.05, 0.5, 8)
        low, high = q_profile(rng.normal(0, np.sqrt(variance + 0.3)), variance, 0.95)
        covered += low <= 0.3 <= high
    assert abs(covered / 400 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 400)


# Binomial studies


@pytest.mark.parametrize("name", EXACT.index)
def test_equals_the_likelihood_integrated_in_r(name):
    found, expected = binomial_normal(*counts(name)), EXACT.loc[name]
    assert_allclose(found.mu, expected["logit"], rtol=1e-8)
    assert_allclose(found.se, expected["se"], rtol=1e-8)
    assert_allclose(found.tau**2, expected["tau2"], rtol=1e-8)
    assert_allclose(found.loglik, expected["loglik"], atol=1e-8)
    assert_allclose(likelihood_ratio(*counts(name)), expected["glmm_q"], rtol=1e-6)  # it iterates for its two shares


@pytest.mark.parametrize("name", EXACT.index)
def test_glmer_arrives_at_the_same_within_its_own_steps(name):
    """It stops on a narrow bobyqa, and takes its standard errors from differences."""
    found, expected = binomial_normal(*counts(name)), EXACT.loc[name]
    assert_allclose(expit(found.mu), expected["glmer_share"], rtol=1e-6)
    assert_allclose(found.tau**2, expected["glmer_tau2"], rtol=1e-5)
    assert_allclose(found.se, expected["glmer_se"], rtol=1e-5)


@pytest.mark.parametrize(
    ("x", "n"),
    [([0, 2, 9, 1], [14, 20, 31, 30]), ([0, 0, 0, 21, 17, 1], [53, 7, 7, 95, 18, 52])],
    ids=["near", "far apart"],
)
def test_likelihood_by_an_even_grid_and_a_search(x, n):
    z = np.linspace(-12, 12, 4001)

    def loss(at):
        chance = binom.pmf(np.c_[x], np.c_[n], expit(at[0] + at[1] * z)) * norm.pdf(z)
        return -np.log(chance.sum(axis=1) * (z[1] - z[0])).sum()

    search = minimize(loss, [-2, 2], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11, "maxiter": 1000})
    found = binomial_normal(np.array(x, float), np.array(n, float))
    assert_allclose([found.mu, found.tau], [search.x[0], abs(search.x[1])], rtol=1e-5)
    assert_allclose(found.loglik, -search.fun, atol=1e-8)


def test_equal_shares_are_one_binomial():
    x, n = np.array([5.0, 10, 20]), np.array([50.0, 100, 200])
    found = binomial_normal(x, n)
    assert found.tau == 0
    assert_allclose(found.mu, logit(0.1))
    assert_allclose(found.se, (350 * 0.1 * 0.9) ** -0.5)
    assert_allclose(found.loglik, binom.logpmf(x, n, 0.1).sum())
    assert_allclose(likelihood_ratio(x, n), 0, atol=1e-12)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=2, max_size=6))
@settings(max_examples=25, deadline=None)
def test_the_other_half_of_the_people_mirrors_and_order_does_not_matter(pairs):
    n = np.array([max(pair) for pair in pairs], float)
    x = np.array([min(pair) for pair in pairs], float)
    try:
        found = binomial_normal(x, n)
    except ValueError:  # nobody, everybody, or studies too far apart: so it is for the other half
        with pytest.raises(ValueError, match=r"no pooled share|a pooled share|no end"):
            binomial_normal(n - x, n)
        return
    mirrored, turned = binomial_normal(n - x, n), binomial_normal(x[::-1], n[::-1])
    assert_allclose([-mirrored.mu, mirrored.tau, mirrored.se], [found.mu, found.tau, found.se], rtol=1e-5, atol=1e-5)
    assert_allclose(turned, found, rtol=1e-5, atol=1e-5)


def test_large_studies_are_normal_ones():
    rng = np.random.default_rng(2)
    n = np.full(12, 4e6)
    x = np.round(n * expit(rng.normal(-2, 0.4, 12)))
    effect = logit(x / n)
    found = binomial_normal(x, n)
    assert_allclose(found.mu, effect.mean(), atol=1e-4)
    assert_allclose(found.tau, effect.std(), rtol=1e-3)


@pytest.mark.parametrize(
    ("x", "n", "message"),
    [
        ([0, 0], [5, 9], r"0 of 14 people .* exact\(0, 14\)"),
        ([5, 9], [5, 9], r"14 of 14 people"),
        ([0, 9, 7], [5, 9, 7], "either nobody or everybody"),
        ([0, 10**6, 1], [10**6, 10**6, 2], "too far apart"),
    ],
)
def test_no_highest_point_is_said(x, n, message):
    with pytest.raises(ValueError, match=message):
        binomial_normal(np.array(x, float), np.array(n, float))
