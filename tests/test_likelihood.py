from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from firstsign.families import FAMILIES
from firstsign.likelihood import Likelihood, share_between, share_ended, share_waiting
from firstsign.risk_sets import check_spells

DAYS = np.array([0.01, 0.5, 1, 5, 20, 29, 31, 45, 59, 61, 100, 300, 400, 729, 731, 1500])
CASES = [
    ("exponential", (40.0,)),
    ("weibull", (0.3, 40.0)),
    ("weibull", (3.0, 40.0)),
    ("lognormal", (3.5, 0.3)),
    ("lognormal", (3.5, 2.0)),
    ("loglogistic", (0.5, 40.0)),
    ("loglogistic", (5.0, 40.0)),
    ("gamma", (0.3, 60.0)),
    ("gamma", (20.0, 3.0)),
    ("generalized_gamma", (3.5, 1.0, -1.0)),
    ("generalized_gamma", (3.5, 3.0, 2.0)),
]


def average(function, distribution, day, window):
    """Of a function of the delay over the window, by adaptive quadrature cut at the quantiles."""
    first = max(0.0, day - window)
    cuts = [cut for cut in distribution.ppf(np.array([0.001, 0.1, 0.5, 0.9, 0.999])) if first < cut < day]
    edges = [first, *cuts, day]
    total = sum(quad(function, a, b, epsabs=1e-13, epsrel=1e-12)[0] for a, b in pairwise(edges))
    return total, day - first


@pytest.mark.parametrize("window", [1.0, 30.0, 365.0])
@pytest.mark.parametrize(("family", "parameters"), CASES)
def test_average_over_a_window_equals_adaptive_quadrature(family, parameters, window):
    distribution = FAMILIES[family].distribution(*parameters)
    windows = np.full_like(DAYS, window)
    ended, waiting = share_ended(distribution, DAYS, windows), share_waiting(distribution, DAYS, windows)
    for i, day in enumerate(DAYS):
        total, _ = average(distribution.cdf, distribution, day, window)
        assert_allclose(ended[i], total / window, rtol=1e-6, atol=2e-9, err_msg=f"{day}")
        total, passed = average(distribution.sf, distribution, day, window)
        assert_allclose(waiting[i], (total + window - passed) / window, rtol=1e-6, atol=2e-9, err_msg=f"{day}")
    assert_allclose(ended + waiting, 1, rtol=1e-9)


def test_average_of_an_exponential_by_hand():
    """Onset uniform over 30 days, exponential of mean 40: 1 - 40 / 30 (e^(-(x-30)/40) - e^(-x/40)) after the window."""
    distribution, window = FAMILIES["exponential"].distribution(40.0), np.array([30.0, 30, 30])
    day = np.array([15.0, 30, 100])
    early = (15 - 40 * (1 - np.exp(-15 / 40))) / 30
    end = (30 - 40 * (1 - np.exp(-30 / 40))) / 30
    late = 1 - 40 / 30 * (np.exp(-70 / 40) - np.exp(-100 / 40))
    assert_allclose(share_ended(distribution, day, window), [early, end, late], rtol=1e-10)


@pytest.mark.parametrize("window", [0.0, 30.0])
def test_edges_of_time(window):
    distribution = FAMILIES["weibull"].distribution(0.5, 40.0)
    day, windows = np.array([-1.0, 0, np.inf]), np.full(3, window)
    assert_allclose(share_ended(distribution, day, windows), [0, 0, 1])
    assert_allclose(share_waiting(distribution, day, windows), [1, 1, 0])


def test_shares_far_out_keep_their_digits():
    distribution = FAMILIES["exponential"].distribution(1.0)
    lower, upper, none = np.array([60.0]), np.array([61.0]), np.zeros(1)
    assert_allclose(share_between(distribution, lower, upper, none), np.exp(-60) - np.exp(-61), rtol=1e-12)
    month = np.array([30.0])
    expected = (np.exp(-30) - np.exp(-31)) * (1 - np.exp(-30)) / 30
    assert_allclose(share_between(distribution, lower, upper, month), expected, rtol=1e-8)


def rows_of(**columns):
    return check_spells(pd.DataFrame(columns))


def log_likelihood(frame, family="weibull", parameters=(0.7, 40.0), never=None):
    """Of the rows alone; beside them stands one known end, for a search must have one to begin with."""
    natural = np.array([*parameters, *([never] if never is not None else [])])

    def of(rows):
        likelihood = Likelihood(FAMILIES[family], rows, never is not None, {})
        return -likelihood.loss(likelihood.scaled(natural))

    known = rows_of(lower=[10.0], upper=[10.0])
    return of(pd.concat([known, frame], ignore_index=True)) - of(known)


@pytest.mark.parametrize("window", [1.0, 30.0, 365.0])
@pytest.mark.parametrize(("family", "parameters"), CASES)
def test_density_is_the_slope_of_the_share_ended(family, parameters, window):
    """An end on a known day, against the share that ends in the ten-thousandth of a day around it."""
    day = np.array([12.0, 25, 47, 420])
    for x in day:
        known = log_likelihood(rows_of(lower=[x], upper=[x], window=[window]), family, parameters)
        around = rows_of(lower=[x - 0.005], upper=[x + 0.005], window=[window])
        near = log_likelihood(around, family, parameters) - np.log(0.01)
        if known > -15:  # farther out a share of a ten-thousandth of a day has no digits
            assert_allclose(known, near, atol=2e-4)


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


def test_scale_of_the_search_leads_back():
    frame = rows_of(lower=[10.0], upper=[10.0])
    likelihood = Likelihood(FAMILIES["generalized_gamma"], frame, True, {})
    natural = np.array([-0.5, 2.0, -1.5, 0.25])
    assert_allclose(likelihood.scaled(natural), [-0.5, np.log(2), -1.5, np.log(1 / 3)])
    assert_allclose(likelihood.natural(likelihood.scaled(natural)), natural, rtol=1e-14)


def test_held_parameters_stay_out_of_the_search():
    likelihood = Likelihood(FAMILIES["weibull"], rows_of(lower=[10.0], upper=[10.0]), False, {"shape": 2.0})
    assert likelihood.free.tolist() == [False, True]
    assert_allclose(likelihood.natural(likelihood.full(np.log([7.0]))), [2, 7])
