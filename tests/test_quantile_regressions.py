import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference import inputs, read
from scipy.stats import gamma
from test_curves import any_spells, as_spells, counted
from test_regression import patients

from firstsign.covariates import read as read_covariates
from firstsign.quantile_programs import quantile_fits
from firstsign.quantile_regressions import _rows, quantile_regression
from firstsign.summaries import quantiles

TOLERANCE = 1e-6  # both programs solve a linear program


def diagnosed() -> pd.DataFrame:
    return patients("exact").query("cause == 'diagnosis'")


def test_equals_r_rq_and_its_kernel_errors():
    known = read("quantile_regression")
    got = quantile_regression(diagnosed(), "sex + stage + age", [0.26, 0.51, 0.9], seed=None)
    assert got[["q", "term"]].to_numpy().tolist() == known[["q", "term"]].to_numpy().tolist()
    assert_allclose(got["estimate"], known["estimate"], rtol=TOLERANCE, atol=1e-9)
    assert_allclose(got["se"], known["se"], rtol=TOLERANCE)


def test_equals_r_crq_with_censoring():
    known = read("quantile_regression_censored")
    got = quantile_regression(
        patients("exact"), "sex + stage + age", [0.25, 0.5, 0.7], replicates=2, seed=1, event="diagnosis"
    )
    assert_allclose(got["estimate"], known["estimate"], rtol=TOLERANCE)
    assert got.attrs == {"people": len(inputs.patients()), "events": (inputs.patients()["cause"] == "diagnosis").sum()}


def test_two_groups_by_hand():
    """Medians 4 and 9: the intercept is the first group's, the other term their difference."""
    s = pd.DataFrame({"lower": [2.0, 4, 6, 8, 9, 30], "sex": list("FFFMMM"), "n": [2, 1, 2, 1, 3, 1]})
    s["upper"] = s["lower"]
    got = quantile_regression(s, "sex")
    assert_allclose(got["estimate"], [4, 5])
    assert got["q"].tolist() == [0.5, 0.5]
    assert_allclose(quantile_regression(s, "0 + sex")["estimate"], [4, 9])
    assert_allclose(quantile_regression(s, "1")["estimate"], [7])


@given(any_spells(delayed_entry=False), st.sampled_from([0.25, 0.5, 0.6]))
@settings(max_examples=25)
def test_a_formula_that_sets_groups_apart_gives_their_quantiles(s, q):
    days = quantiles(s, q, by="group")["days"]
    if days.isna().any():
        with pytest.raises(ValueError, match=r"out of reach|too close|Nobody's spell ended"):
            quantile_regression(s, "0 + group", q, replicates=2, seed=1)
        return
    try:
        got = quantile_regression(s, "0 + group", q, replicates=20, seed=1)
    except ValueError as error:
        assert "draws of the bootstrap did not reach it" in str(error)  # noqa: PT017
        return
    assert_allclose(got["estimate"], days, atol=1e-9)


def test_the_program_and_the_quantiles_of_groups_agree():
    """Without censoring, on heaped days, where many lines are equally good."""
    s = counted(as_spells(inputs.ties())).query("cause == 'diagnosis'")
    frame, covariates = read_covariates(s, "group")
    rows, _ = _rows(frame, covariates, "diagnosis")
    shares = [0.1, 0.25, 0.5, 0.75, 0.9]
    got = quantile_regression(s, "group", shares, replicates=2, seed=1).pivot(
        index="q", columns="term", values="estimate"
    )
    assert_allclose(got[covariates.names], quantile_fits(rows, shares), atol=1e-7)


def test_the_grid_and_kaplan_meier_agree():
    s = counted(as_spells(inputs.ties()))
    frame, covariates = read_covariates(s, "group")
    rows, _ = _rows(frame, covariates, "diagnosis")
    shares = [0.113, 0.251, 0.472, 0.7]
    got = quantile_regression(s, "group", shares, replicates=2, seed=1).pivot(
        index="q", columns="term", values="estimate"
    )
    assert_allclose(got[covariates.names], quantile_fits(rows, shares), atol=1e-7)


@given(st.randoms(use_true_random=False), st.floats(0.1, 100), st.integers(-20, 20))
@settings(max_examples=5)
def test_order_splitting_and_scales(random, scale, shift):
    s = diagnosed().assign(n=lambda people: 1 + people["age"] % 3)
    known = quantile_regression(s, "sex + age", [0.3, 0.8], seed=None)
    split = s.loc[s.index.repeat(s["n"])].assign(n=1)
    split = split.iloc[random.sample(range(len(split)), len(split))]
    pd.testing.assert_frame_equal(quantile_regression(split, "sex + age", [0.8, 0.3], seed=None), known, rtol=1e-6)
    scaled = quantile_regression(s.assign(age=s["age"] * scale), "sex + age", [0.3, 0.8], seed=None)
    factor = known["term"].map({"age": scale}).fillna(1)
    assert_allclose(scaled["estimate"] * factor, known["estimate"], rtol=1e-6)
    assert_allclose(scaled["se"] * factor, known["se"], rtol=1e-6)
    later = quantile_regression(
        s.assign(lower=s["lower"] + 30 + shift, upper=s["upper"] + 30 + shift), "sex + age", [0.3, 0.8], seed=None
    )
    moved = known["term"].map({"Intercept": 30 + shift}).fillna(0)
    assert_allclose(later["estimate"] - moved, known["estimate"], rtol=1e-6, atol=1e-6)


def test_the_bootstrap_is_repeatable_and_close_to_the_kernel():
    s = diagnosed()
    one, same, other = (quantile_regression(s, "sex", replicates=80, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not np.array_equal(one["se"], other["se"])
    assert_allclose(one["se"], quantile_regression(s, "sex", seed=None)["se"], rtol=0.35)


BASE = pd.DataFrame({"lower": [1.0, 2, 3, 4, 5, 6], "upper": [1.0, 2, 3, 4, 5, np.inf], "x": list("abbaba"), "n": 5})


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({}, {"seed": None}, r"5 people are censored, so .* give a seed=, such as seed=1"),
        ({}, {"q": 0.9, "seed": 1}, r"q=0.9 is out of reach: .* the data go up to q=0.66 for these covariates"),
        ({}, {"q": 0.66, "seed": 1, "formula": "x"}, r"q=0.66 is too close to where the data end: \d+ of 200 draws"),
        ({}, {"q": 1.0}, "q is 1.0; give one share inside"),
        ({}, {"q": []}, r"q is \[\]"),
        ({}, {"seed": 1, "replicates": 1}, "replicates is 1"),
        ({"n": 0.3}, {"seed": 1}, "of 1.8 people; the bootstrap draws whole people"),
        ({"upper": np.inf}, {"seed": 1}, "Nobody's spell ended"),
        ({"upper": BASE["lower"], "entry": 0.5}, {}, "come under observation late"),
        ({"window": 1.0}, {}, "window, which quantile_regression cannot use"),
        ({"upper": BASE["lower"]}, {"formula": "0"}, "has no term"),
        ({"lower": 3.0, "upper": 3.0}, {"seed": None}, "give every delay exactly"),
        ({"upper": BASE["lower"]}, {"level": 2}, "level is 2"),
        (
            {"upper": BASE["lower"], "n": 500},
            {"seed": None},
            r"error of 0\.\d+ days, and the days are 1 apart.* Give a seed=",
        ),
    ],
)
def test_what_cannot_be_is_said(change, arguments, message):
    with pytest.raises(ValueError, match=message):
        quantile_regression(BASE.assign(**change), **{"formula": "x"} | arguments)


@pytest.mark.parametrize(
    "arguments",
    [{"q": "a"}, {"q": [[0.5]]}, {"q": None}, {"q": [0.5, None]}]
    + [{"seed": seed} for seed in ("a", 1.5, -1)]
    + [{"replicates": replicates} for replicates in ("a", 2.5, None)],
)
def test_arguments_of_another_kind_are_named_with_their_value(arguments):
    ((name, value),) = arguments.items()
    with pytest.raises(ValueError, match=rf"^{name} is {re.escape(repr(value))}"):
        quantile_regression(BASE, "x", **arguments)


def test_an_estimate_that_no_draw_moves_has_no_interval():
    """Days are so coarse that the median of each group is the same day in every draw."""
    s = pd.DataFrame({"lower": [10.0, 20, 30] * 2, "x": list("aaabbb"), "n": [10, 500, 10] * 2})
    got = quantile_regression(s.assign(upper=s["lower"]), "x", replicates=20)
    assert got["estimate"].tolist() == [20, 0]
    assert got["se"].tolist() == [0, 0]
    assert got[["low", "high", "p"]].isna().all(axis=None)


@pytest.mark.parametrize("unit", [1e-10, 1e10, 1e150])
def test_the_unit_of_the_days_and_of_a_covariate_does_not_matter(unit):
    s = patients("exact").iloc[:80].assign(n=1)
    known = quantile_regression(s, "age", replicates=2, event="diagnosis")
    got = quantile_regression(
        s.assign(lower=s["lower"] * unit, upper=s["upper"] * unit), "age", replicates=2, event="diagnosis"
    )
    assert_allclose(got["estimate"] / unit, known["estimate"], rtol=1e-9)
    assert_allclose(got["se"] / unit, known["se"], rtol=1e-9)
    if unit < 1e100:
        got = quantile_regression(s.assign(age=s["age"] * unit), "age", replicates=2, event="diagnosis")
        assert_allclose(got["estimate"] * [1, unit], known["estimate"], rtol=1e-9)


def test_out_of_reach_on_the_grid():
    s = BASE.assign(age=[1, 2, 3, 4, 5, 6])
    with pytest.raises(
        ValueError, match=r"q=0.95 is out of reach: .* the data go up to q=0\.\d\d for these covariates"
    ):
        quantile_regression(s, "x + age", 0.95, seed=1)


@pytest.mark.parametrize("censored", [False, True])
def test_intervals_cover_the_truth(censored):
    """Delays on whole days, whose spread differs between the groups; kernel errors without censoring, a bootstrap with it."""
    rng = np.random.default_rng(6)
    covered, cohorts = 0, 40 if censored else 150
    truth = 15 + 0.3 * gamma(2, scale=12).ppf(0.5)
    for cohort in range(cohorts):
        x = rng.integers(0, 2, 300)
        days = np.ceil(40 + 15 * x + (1 + 0.3 * x) * rng.gamma(2, 12, 300))
        gone = np.ceil(rng.uniform(30, 200, 300)) if censored else np.inf
        last = np.minimum(days, gone)
        s = pd.DataFrame({"x": x, "lower": last, "upper": np.where(days <= gone, last, np.inf)})
        row = quantile_regression(s, "x", replicates=50, seed=cohort if censored else None).iloc[1]
        covered += row["low"] <= truth <= row["high"]
    assert abs(covered / cohorts - 0.95) <= 3 * np.sqrt(0.05 * 0.95 / cohorts)
