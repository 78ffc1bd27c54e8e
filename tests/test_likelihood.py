import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from firstsign.families import FAMILIES
from firstsign.likelihood import NEVER, Likelihood, Part
from firstsign.risk_sets import check_spells
from firstsign.windows import Onset


def rows_of(**columns):
    return check_spells(pd.DataFrame(columns))


def likelihood_of(frame, family="weibull", never=False, fixed=None, matrices=None, **how):
    """Parts as `fit_delay` makes them; `matrices` gives the terms of a parameter."""
    one = FAMILIES[family]
    links = {
        name: "log" if positive else "identity" for name, positive in zip(one.parameters, one.positive, strict=True)
    }
    parts = []
    for name, link in (links | ({NEVER: "logit"} if never else {})).items():
        matrix = (matrices or {}).get(name)
        names = [name] if matrix is None else [f"{name}{i}" for i in range(matrix.shape[1])]
        parts.append(Part(name, link, names, matrix))
    return Likelihood(one, frame, parts, fixed, **how)


def log_likelihood(frame, family="weibull", parameters=(0.7, 40.0), never=None):
    """Of the rows alone; beside them stands one known end, for a search must have one to begin with."""
    natural = np.array([*parameters, *([never] if never is not None else [])])

    def of(rows):
        likelihood = likelihood_of(rows, family, never is not None)
        return -likelihood.loss(likelihood.searched(natural))

    known = rows_of(lower=[10.0], upper=[10.0])
    return of(pd.concat([known, frame], ignore_index=True)) - of(known)


def test_each_kind_of_row_by_hand():
    """Weibull of shape 1, scale 40: every share is an exponential, so each term can be written down."""

    def s(day):
        return np.exp(-day / 40)

    kinds = {
        "known": (rows_of(lower=[10.0], upper=[10.0]), s(10) / 40),
        "banded": (rows_of(lower=[10.0], upper=[20.0]), s(10) - s(20)),
        "censored": (rows_of(lower=[10.0], upper=[np.inf]), s(10)),
        "entered": (rows_of(lower=[10.0], upper=[10.0], entry=[4.0]), s(6) / 40),
        "limited": (rows_of(lower=[10.0], upper=[20.0], limit=[50.0]), (s(10) - s(20)) / (1 - s(50))),
        "both": (rows_of(lower=[10.0], upper=[10.0], entry=[4.0], limit=[50.0]), s(10) / 40 / (s(4) - s(50))),
        "window": (rows_of(lower=[35.0], upper=[35.0], window=[30.0]), (s(5) - s(35)) / 30),
    }
    for name, (frame, expected) in kinds.items():
        assert_allclose(log_likelihood(frame, parameters=(1.0, 40.0)), np.log(expected), rtol=1e-10, err_msg=name)


def test_people_who_never_end_by_hand():
    def s(day):
        return np.exp(-day / 40)

    kinds = [
        (rows_of(lower=[10.0], upper=[10.0]), 0.8 * s(10) / 40),
        (rows_of(lower=[10.0], upper=[20.0]), 0.8 * (s(10) - s(20))),
        (rows_of(lower=[10.0], upper=[np.inf]), 0.2 + 0.8 * s(10)),
        (rows_of(lower=[10.0], upper=[np.inf], entry=[4.0]), (0.2 + 0.8 * s(10)) / (0.2 + 0.8 * s(4))),
    ]
    for frame, expected in kinds:
        assert_allclose(log_likelihood(frame, parameters=(1.0, 40.0), never=0.2), np.log(expected), rtol=1e-12)


def test_is_the_sum_over_rows_and_people():
    frame = pd.DataFrame(
        {
            "lower": [10.0, 14, 60, 30, 8, 33],
            "upper": [10.0, 28, np.inf, 30, 15, 34],
            "window": [0.0, 0, 0, 0, 0, 30],
            "entry": [0.0, 0, 20, 12, 0, 0],
            "limit": [np.inf, np.inf, np.inf, 50, 40, 100],
            "n": [1, 5, 2, 3, 4, 2],
        }
    )
    alone = sum(
        n * log_likelihood(check_spells(frame.iloc[[i]].assign(n=1)))
        for i, n in zip(frame.index, frame["n"], strict=True)
    )
    assert_allclose(log_likelihood(check_spells(frame)), alone, rtol=1e-13)


EVERY_KIND = pd.DataFrame(
    {
        "lower": [10.0, 14, 60, 30, 8, 33, 25],
        "upper": [10.0, 28, np.inf, 30, 15, 34, 25],
        "window": [0.0, 0, 0, 0, 0, 30, 30],
        "entry": [0.0, 0, 20, 12, 0, 0, 0],
        "limit": [np.inf, np.inf, np.inf, 50, 40, 100, 60],
        "n": [1.0, 5, 2, 3, 4, 2, 1],
    }
)


@pytest.mark.parametrize("family", list(FAMILIES))
@pytest.mark.parametrize("growth", [0.0, 0.02])
def test_derivatives_of_rows_and_chain_rule_equal_differences_of_the_loss(family, growth):
    """With a location and a spread that depend on covariates; the loss differenced coefficient by coefficient."""
    one = FAMILIES[family]
    terms = np.column_stack([np.ones(7), [0.0, 1, 0, 1, 1, 0, 1], np.arange(7) / 5])
    matrices = {one.location: terms} | ({one.spread: terms[:, :2]} if one.spread else {})
    likelihood = likelihood_of(check_spells(EVERY_KIND), family, matrices=matrices, onset=Onset(growth))
    at = likelihood.start + 0.1 * np.cos(np.arange(len(likelihood.start)))
    slope, bend = likelihood.derivatives(at, refined=True)
    ones = np.eye(len(at))

    def central(function, h):
        return np.array([(function(at + h * one) - function(at - h * one)) / (2 * h) for one in ones])

    def refined(function, h):
        return (4 * central(function, h) - central(function, 2 * h)) / 3

    assert_allclose(slope, refined(likelihood.loss, 1e-3), rtol=1e-6, atol=1e-6)
    slopes = refined(lambda x: likelihood.derivatives(x, refined=True)[0], 1e-3)
    assert_allclose(bend, slopes, rtol=1e-5, atol=1e-5)
    assert_allclose(bend, bend.T, atol=1e-9)


def test_a_constant_term_is_the_parameter_itself():
    frame = check_spells(EVERY_KIND)
    plain, term = likelihood_of(frame), likelihood_of(frame, matrices={"scale": np.ones((7, 1))})
    at = np.array([0.1, 3.2])
    assert_allclose(term.loss(at), plain.loss(at), rtol=1e-13)
    assert plain.natural(at)[1] == pytest.approx(np.exp(3.2))
    assert term.natural(at)[1] == 3.2


def test_sampling_by_diagnosis_weights_delays_by_hand():
    """Exponential delays of mean 40 while incidence grows by 1.5 % a day look like exponential ones of mean 25."""
    frame = rows_of(lower=[10.0, 20], upper=[10.0, 30])
    tilted = likelihood_of(frame, "exponential", cohort_growth=0.015).loss(np.log([40.0]))
    plain = likelihood_of(frame, "exponential").loss(np.log([25.0]))
    assert_allclose(tilted, plain, rtol=1e-12)


def test_where_long_delays_would_outweigh_all_there_is_no_likelihood():
    frame = rows_of(lower=[10.0], upper=[10.0])
    assert likelihood_of(frame, "exponential", cohort_growth=-0.03).loss(np.log([40.0])) == 1e300
    assert likelihood_of(frame, "exponential", cohort_growth=-0.02).loss(np.log([40.0])) < 100


def test_scale_of_the_search_leads_back():
    frame = rows_of(lower=[10.0], upper=[10.0])
    likelihood = likelihood_of(frame, "generalized_gamma", never=True)
    natural = np.array([-0.5, 2.0, -1.5, 0.25])
    assert_allclose(likelihood.searched(natural), [-0.5, np.log(2), -1.5, np.log(1 / 3)])
    assert_allclose(likelihood.natural(likelihood.searched(natural)), natural, rtol=1e-14)


def test_held_parameters_stay_out_of_the_search():
    likelihood = likelihood_of(rows_of(lower=[10.0], upper=[10.0]), fixed={"shape": 2.0})
    assert likelihood.free.tolist() == [False, True]
    assert_allclose(likelihood.natural(likelihood.full(np.log([7.0]))), [2, 7])


def test_the_search_starts_at_the_groups_own_log_delays():
    frame = rows_of(lower=[10.0, 20, 40, 80], upper=[10.0, 20, 40, 80], n=[1.0, 1, 3, 3])
    terms = np.column_stack([np.ones(4), [0.0, 0, 1, 1]])
    likelihood = likelihood_of(frame, "lognormal", matrices={"mu": terms})
    assert_allclose(likelihood.start[:2], [np.log(200) / 2, np.log(16) / 2], rtol=1e-12)
