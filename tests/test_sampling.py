"""Ways of getting into the data, against their closed forms, on delays made here."""

from dataclasses import replace

import numpy as np
import pytest

from firstsign.draws import NEVER
from firstsign.sampling import (
    LATE_MEAN_DAYS,
    LATE_SHARE,
    SAMPLINGS,
    diagnosed_in_time,
    registered_late,
    sampled,
    waiting_on_a_day,
)
from firstsign.scenarios import load_scenario

SIZE = 200_000
DAYS = 1_000
SCENARIO = load_scenario("england", {})
SCENARIO = replace(
    SCENARIO, values=SCENARIO.values | {"first_sign_from": 0.0, "first_sign_until": DAYS, "observed_until": 2 * DAYS}
)


def people(delay, sign=None, **others):
    """People whose day 0 is the calendar's, waiting so long from a first sign that is even over the calendar."""
    rng = np.random.default_rng(5)
    sign = np.floor(rng.uniform(0, DAYS + 1, len(delay))) if sign is None else sign
    never = np.full(len(delay), NEVER)
    columns = {"zero": np.zeros(len(delay)), "life": np.arange(len(delay)), "sign": sign, "diagnosis": sign + delay}
    return columns | {"death": never, "lost": never} | others


def draw(seed=1):
    rng = np.random.default_rng(seed)
    return lambda: rng.random(SIZE)


def whole(mean, seed=2):
    return np.ceil(np.random.default_rng(seed).exponential(mean, SIZE))


def test_a_survey_finds_delays_in_proportion_to_their_length():
    """Mean E[X^2] / E[X]; the part gone by on the day of the survey is even over each delay."""
    delay = whole(40)
    everyone = people(delay)
    survey, found = waiting_on_a_day(SCENARIO, draw(), everyone)
    assert (survey == DAYS / 2).all()
    mean, expected = delay[found].mean(), (delay**2).mean() / delay.mean()
    assert abs(mean - expected) < 4 * delay[found].std() / np.sqrt(found.sum())
    gone = (survey - everyone["sign"])[found]
    assert abs((gone + 0.5).mean() - expected / 2) < 4 * gone.std() / np.sqrt(found.sum())
    assert (gone >= 0).all()
    assert (gone < delay[found]).all()


def test_who_has_died_or_left_waits_no_more():
    sign = np.array([490.0, 490, 490, 490, 490, 501])
    ends = {
        "death": np.array([NEVER, 499, 500, 501, NEVER, NEVER]),
        "lost": np.array([NEVER, NEVER, NEVER, NEVER, 495, NEVER]),
    }
    found = waiting_on_a_day(SCENARIO, draw(), people(np.full(6, 30.0), sign, **ends))[1]
    assert found.tolist() == [True, False, False, True, False, False]


def test_registered_late_as_often_as_the_rates_say():
    """Half at once; of the others those who wait longer. Delay exponential, registration on whole days and so geometric:
    the sum over k of P(registered on day k) P(delay > k)."""
    rng = np.random.default_rng(3)
    everyone = people(rng.exponential(40, SIZE), np.zeros(SIZE))
    start, found = registered_late(SCENARIO, draw(), everyone)
    late, stays, waits = start > 0, np.exp(-1 / LATE_MEAN_DAYS), np.exp(-1 / 40)
    assert abs(late.mean() - LATE_SHARE) < 4 * np.sqrt(0.25 / SIZE)
    assert found[~late].all()
    expected = (1 - stays) * waits / (1 - stays * waits)
    assert abs(found[late].mean() - expected) < 4 * np.sqrt(0.25 / late.sum())
    assert (everyone["diagnosis"][found & late] > start[found & late]).all()


def test_in_time_means_by_the_closing_day_and_before_being_lost():
    everyone = people(
        np.array([100.0, 100, 101, NEVER, 10]), np.full(5, 1900.0), lost=np.array([NEVER, 1950, NEVER, NEVER, 1910])
    )
    assert diagnosed_in_time(SCENARIO, draw(), everyone)[1].tolist() == [True, False, False, False, True]


def test_together_they_are_stricter_and_the_latest_start_counts():
    everyone = people(whole(40))
    parts = {name: sampled(replace(SCENARIO, sampling=(name,)), draw(), everyone) for name in SAMPLINGS}
    both = sampled(replace(SCENARIO, sampling=tuple(SAMPLINGS)), draw(), everyone)
    assert set(both["life"]) == set.intersection(*(set(part["life"]) for part in parts.values()))
    starts = [dict(zip(part["life"], part["observed_from"], strict=True)) for part in parts.values()]
    latest = [max(start[life] for start in starts) for life in both["life"]]
    assert both["observed_from"].tolist() == latest
    assert (both["diagnosis"] > both["observed_from"]).all()


@pytest.mark.parametrize("name", SAMPLINGS)
def test_every_column_is_cut_alike(name):
    found = sampled(replace(SCENARIO, sampling=(name,)), draw(), people(whole(40)))
    assert len({len(values) for values in found.values()}) == 1
    np.testing.assert_array_equal(found["sign"], people(whole(40))["sign"][found["life"]])


def test_nobody_is_left_out_without_a_way_of_sampling():
    found = sampled(SCENARIO, draw(), people(whole(40)))
    assert len(found["life"]) == SIZE
    assert (found["observed_from"] == 0).all()
