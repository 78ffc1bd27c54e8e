"""Truths: each measure by hand on lives that are known whole, and what the worlds beside the real one must give."""

import numpy as np
import pandas as pd
import pytest

import firstsign as fs
from firstsign.biases import switched
from firstsign.estimands import COLUMNS, ESTIMANDS, Estimand, known_lives, truths, with_shorter_waits, without_screening
from firstsign.lives import BLOCK
from firstsign.scenarios import load_scenario

INF = np.inf
NO_BIAS = switched(load_scenario("england", {}), [], {})
# First symptom, first presentation, screening test, planned diagnosis, diagnosis, treatment, death, group, death otherwise.
LIVES = pd.DataFrame(
    [
        (10.0, 20.0, INF, 40.0, 40.0, 50.0, 9000.0, 1, 9000.0),
        (10.0, 25.0, INF, 110.0, 110.0, INF, 500.0, 1, 5000.0),
        (10.0, INF, INF, 700.0, INF, INF, 60.0, 1, 60.0),
        (10.0, INF, INF, 400.0, INF, INF, 15.0, 1, 15.0),
        (10.0, 90.0, INF, 200.0, 200.0, 260.0, 1900.0, 2, 1900.0),
        (INF, INF, 0.0, 30.0, 30.0, 60.0, 2000.0, 3, 1000.0),
        (INF, INF, 5.0, 35.0, 35.0, INF, 1800.0, 3, 1800.0),
    ],
    columns=[
        *("first_symptom", "first_presentation", "screening_test", "planned_diagnosis", "diagnosis"),
        *("treatment", "death", "group", "death_otherwise"),
    ],
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("waiting after 60 days", 4 / 5),  # delays 30, 100, 690, 390, 190
        ("median delay", 190),
        ("mean delay within a year", (30 + 100 + 365 + 365 + 190) / 5),
        ("help after two weeks", 3 / 4),  # 10, 15, more than 50, unknown, 80
        ("five-year survival", 2 / 5),  # from diagnosis 8960, 390, 1700, 1970, 1765
        ("gain by screening", (1 - 0) / 2),  # alive on day 1826 and 1831: the first, and without screening neither
        ("effect of waiting", (0 - 1) / 1),  # group 1, alive and waiting on day 70: only the second
    ],
)
def test_measures_by_hand(name, expected):
    assert ESTIMANDS[name].measure(LIVES) == pytest.approx(expected, rel=1e-12)


def test_treated_and_untreated_by_hand():
    """Treated from day 10, 60 and 30 after diagnosis: dead on day 8960, 1700, 1970. At risk on day 1700 three: 2 / 3 live on.

    Untreated: dead on day 390 and 1765 untreated, three leave on days 10, 30, 60: 1 / 2, then 0.
    """
    assert ESTIMANDS["treated against untreated"].measure(LIVES) == pytest.approx(2 / 3 - 0, rel=1e-12)


def test_nobody_of_the_kind_has_no_truth():
    symptomatic = LIVES[np.isfinite(LIVES["first_symptom"])]
    assert np.isnan(ESTIMANDS["gain by screening"].measure(symptomatic))


def test_the_list_says_what_each_is():
    listed = fs.estimands()
    assert listed["name"].tolist() == list(ESTIMANDS)
    assert set(listed["unit"]) == {"share", "days"}
    assert listed["what"].is_unique


def test_known_lives_are_whole_blocks_and_the_truth_frame():
    lives = known_lives(NO_BIAS, BLOCK + 1, seed=3)
    assert lives.index.tolist() == list(range(2 * BLOCK))
    assert set(lives) == set(COLUMNS)
    truth = fs.simulate(1_000, seed=3, truth=True, biases=[])[1].set_index("life")
    for name in ("first_symptom", "diagnosis", "treatment", "death"):
        days = (truth[f"true_{name}"] - truth["true_onset"]).dt.days.fillna(np.inf)
        assert (days == lives.loc[days.index, name]).all()


def test_truths_are_those_of_the_truth_frame():
    wanted = ESTIMANDS["waiting after 60 days"]
    (value, error), *others = truths([wanted], NO_BIAS, 20_000, seed=3).values()
    assert others == []
    truth = fs.simulate(30_000, seed=3, truth=True, biases=[])[1]
    truth = truth[truth["life"] < 2 * BLOCK]
    delay = (truth["diagnosis_had_they_lived"] - truth["true_first_symptom"]).dt.days.fillna(np.inf)
    assert value == pytest.approx((delay[truth["true_first_symptom"].notna()] > 60).mean(), rel=1e-12)
    assert error == pytest.approx(np.sqrt(value * (1 - value) / len(delay)), rel=0.5)


def test_twenty_parts_give_the_error_of_a_mean():
    """Of ages that nothing depends on: the standard error of a mean is known."""
    group = Estimand("group", "share", "mean number of the group", lambda lives: float(lives["group"].mean()))
    values = known_lives(NO_BIAS, 30_000, seed=1)
    shown = values[np.isfinite(values["first_symptom"])]["group"]
    (mean, error), *_ = truths([group], NO_BIAS, 30_000, seed=1).values()
    assert mean == pytest.approx(shown.mean(), rel=1e-12)
    assert error == pytest.approx(shown.std() / np.sqrt(len(shown)), rel=0.5)


def test_shorter_waits_are_a_fifth_of_each_life():
    """The same lives, the same first symptom; the delay a fifth, but for days that are never less than one."""
    lives, sooner = known_lives(NO_BIAS, BLOCK, seed=2), known_lives(with_shorter_waits(NO_BIAS), BLOCK, seed=2)
    assert lives["first_symptom"].equals(sooner["first_symptom"])
    known = np.isfinite(lives["first_symptom"]) & np.isfinite(lives["planned_diagnosis"])
    delay, shorter = ((one["planned_diagnosis"] - one["first_symptom"])[known] for one in (lives, sooner))
    assert (shorter <= delay).all()
    assert ((shorter - delay / 5).abs() <= 4).mean() > 0.95


def test_waiting_costs_nothing_where_nothing_moves_on():
    """Whatever waiting does, it does by disease that moves on meanwhile: without that the effect is 0 exactly."""
    null = switched(load_scenario("null", {}), ["confounding by urgency"], {})
    wanted = ESTIMANDS["effect of waiting"]
    assert truths([wanted], null, 30_000, seed=5)[wanted] == (0, 0)
    value, error = truths([wanted], NO_BIAS, 30_000, seed=5)[wanted]
    assert value < -4 * error


def test_without_screening_nobody_is_screened():
    lives = known_lives(without_screening(switched(load_scenario("england", {}), ["lead time"], {})), BLOCK, seed=2)
    assert np.isinf(lives["screening_test"]).all()
