"""Naive and right estimators: by hand on a few people; on many, whether the naive one is wrong and the right one right."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

import firstsign as fs
from firstsign import usual_estimators as usual
from firstsign.biases import BIASES, WORLD, switched
from firstsign.estimands import ESTIMANDS, truths
from firstsign.scenarios import load_scenario
from firstsign.usual_estimators import USUAL, usual_estimators

PEOPLE, LIVES = 10_000, 100_000
START = pd.Timestamp("2010-01-01")


def people(rows, **others):
    """One person a row: days of first symptom, diagnosis, treatment, death, all followed to day 3000 or death."""
    names = ("first_symptom", "diagnosis", "treatment", "death")
    dates = {
        name: START + pd.to_timedelta([row[place] if row[place] is not None else np.nan for row in rows], unit="D")
        for place, name in enumerate(names)
    }
    last = dates["death"].fillna(START + pd.Timedelta(days=3000))
    frame = {f"{name}_{edge}": days for name, days in dates.items() for edge in ("earliest", "latest")}
    frame |= {f"last_seen_{edge}": last for edge in ("earliest", "latest")}
    return pd.DataFrame({"person": range(len(rows)), **frame, **others})


class TestByHand:
    FEW = people(
        [(0, 30, 40, None), (0, 60, None, 2100), (0, 61, 100, None), (0, 90, None, None), (0, None, None, 50)],
        first_symptom_group="lump",
        detection="symptom",
    )

    def test_share_and_delays_of_the_diagnosed(self):
        """Of delays 30, 60, 61, 90 two are longer than 60."""
        share, low, high = usual.diagnosed_share(self.FEW, level=0.9)
        assert (share, low, high) == (0.5, *fs.wilson(2, 4, 0.9))
        assert usual.diagnosed_median(self.FEW, level=0.95)[0] == 60.5
        mean, low, high = usual.diagnosed_mean(self.FEW, level=0.95)
        assert mean == pytest.approx(60.25, rel=1e-12)
        se = np.std([30, 60, 61, 90], ddof=1) / 2
        assert (low, high) == pytest.approx((mean - 1.959964 * se, mean + 1.959964 * se), rel=1e-6)

    def test_kaplan_meier_counts_who_died_waiting(self):
        """4 / 5, then the person who died leaves, then 2 / 3 after day 60."""
        assert usual.waiting_share(self.FEW, level=0.95)[0] == pytest.approx(4 / 5 * 2 / 3, rel=1e-12)

    def test_entries(self):
        """Nobody is followed before day 40 but the last: the first ended before, the others are at risk from then on."""
        begins = START + pd.to_timedelta([40, 40, 40, 40, 0], unit="D")
        late = self.FEW.assign(observed_from=begins)
        assert usual.waiting_share(late, level=0.95)[0] == pytest.approx(2 / 3, rel=1e-12)
        assert usual.waiting_share(late, level=0.95, entries=False)[0] == pytest.approx(2 / 3, rel=1e-12)
        assert usual.diagnosed_share(late, level=0.95)[0] == pytest.approx(2 / 3, rel=1e-12)

    def test_treated_by_then(self):
        """Six treated on day 100 after the diagnosis, one of them dead on day 400; six untreated, two dead on days 50 and 400.

        Naive: 5 / 6 against 4 / 6. Each counted while they are so: treated 5 / 6; untreated 11 / 12, then 4 / 5.
        """
        treated = [(0, 10, 110, 410 if number == 0 else None) for number in range(6)]
        never = [(0, 10, None, {0: 60, 1: 410}.get(number)) for number in range(6)]
        cohort = people(treated + never)
        assert usual.ever_treated(cohort, level=0.95)[0] == pytest.approx(5 / 6 - 4 / 6, rel=1e-12)
        found, low, high = usual.treated_by_then(cohort, level=0.95)
        assert found == pytest.approx(5 / 6 - 11 / 12 * 4 / 5, rel=1e-12)
        variances = (5 / 6) ** 2 / (6 * 5), (11 / 12 * 4 / 5) ** 2 * (1 / (12 * 11) + 1 / (5 * 4))
        assert (high - low) / 2 == pytest.approx(1.959964 * np.sqrt(sum(variances)), rel=1e-6)

    def test_by_delay(self):
        """Six diagnosed on day 30, six on day 90 of whom one dies on day 1900, 1810 days later; one dies undiagnosed on day 50."""
        soon = [(0, 30, None, None)] * 6
        late = [(0, 90, None, 1900 if number == 0 else None) for number in range(6)]
        cohort = people([*soon, *late, (0, None, None, 50)], first_symptom_group="lump")
        assert usual.by_delay_from_diagnosis(cohort, level=0.95)[0] == pytest.approx(5 / 6 - 1, rel=1e-12)
        assert usual.by_delay_from_landmark(cohort, level=0.95)[0] == 0
        earlier = people([*soon, *late[1:], (0, 90, None, 1800), (0, None, None, 50)], first_symptom_group="lump")
        assert usual.by_delay_from_landmark(earlier, level=0.95)[0] == pytest.approx(5 / 6 - 1, rel=1e-12)

    def test_only_the_commonest_kind_of_symptom_is_compared(self):
        rows = [(0, 30, None, None)] * 6 + [(0, 90, None, None)] * 6
        cohort = people([*rows, *[(0, 90, None, 300)] * 5], first_symptom_group=["lump"] * 12 + ["pain"] * 5)
        assert usual.by_delay_from_diagnosis(cohort, level=0.95)[0] == 0

    def test_where_nobody_died_there_is_no_interval(self):
        rows = [(0, 10, 20, None)] * 6 + [(0, 10, None, 700 if number == 0 else None) for number in range(6)]
        found, low, high = usual.ever_treated(people(rows), level=0.95)
        assert found == pytest.approx(1 / 6, rel=1e-12)
        assert np.isnan([low, high]).all()

    @pytest.mark.parametrize("few", [0, 4])
    def test_small_groups_are_not_compared(self, few):
        rows = [(0, 10, 20, None)] * 10 + [(0, 10, None, None)] * few
        with pytest.raises(ValueError, match=f"has {few} people; compare groups of at least 5"):
            usual.ever_treated(people(rows), level=0.95)

    def test_five_years_must_have_been_seen(self):
        rows = [(2000, 2010, 2020, None)] * 10 + [(2000, 2010, None, None)] * 10
        with pytest.raises(ValueError, match="followed for five years"):
            usual.ever_treated(people(rows), level=0.95)


def test_each_has_its_estimand_and_level():
    found = usual_estimators(0.8)
    assert list(USUAL) == list(ESTIMANDS)
    assert {one.estimand for one in found.values()} == set(ESTIMANDS)
    assert len(found) == sum(map(len, USUAL.values()))
    cohort = observed("none")
    narrow, wide = (usual_estimators(level)["Kaplan-Meier"].estimate(cohort) for level in (0.8, 0.99))
    assert wide[1] < narrow[1] < narrow[0] == wide[0] < narrow[2] < wide[2]


@cache
def observed(bias):
    return fs.simulate(PEOPLE, seed=21, biases=[] if bias == "none" else [bias])


@cache
def true(estimand, bias):
    world = [bias] if bias != "none" and BIASES[bias].kind == WORLD else []
    scenario = switched(load_scenario("england", {}), world, {})
    return truths([ESTIMANDS[estimand]], scenario, LIVES, seed=22)[ESTIMANDS[estimand]]


def distance(name, bias):
    """How many standard errors, the truth's included, an estimate is away from the truth."""
    one = usual_estimators()[name]
    estimate, low, high = one.estimate(observed(bias))
    value, error = true(one.estimand, bias)
    return (estimate - value) / np.hypot((high - low) / (2 * 1.959964), error)


@pytest.mark.parametrize(
    ("bias", "name", "sign"),
    [
        ("left truncation", "share of the diagnosed", 1),
        ("left truncation", "Kaplan-Meier, entries ignored", 1),
        ("left truncation", "median of the diagnosed", 1),
        ("right truncation", "share of the diagnosed", -1),
        ("right truncation", "Kaplan-Meier", -1),
        ("right truncation", "mean of the diagnosed", -1),
        ("length-biased sampling", "mean of the diagnosed", 1),
        ("length-biased sampling", "Kaplan-Meier, entries ignored", 1),
        ("recall heaping", "share as told", -1),
        ("look-back window", "restricted_mean", -1),
        ("misclassified first symptom", "restricted_mean", 1),
        ("misclassified first symptom", "Kaplan-Meier", 1),
        ("immortal time", "ever against never", 1),
        ("confounding by urgency", "by delay, from diagnosis", 1),
        ("confounding by urgency", "by delay, from day 60", 1),
        ("lead time", "screened against symptomatic", 1),
        ("overdiagnosis", "screened against symptomatic", 1),
    ],
)
def test_the_naive_is_wrong_under_its_bias(bias, name, sign):
    assert sign * distance(name, bias) > 4


@pytest.mark.parametrize(
    ("bias", "name"),
    [
        ("none", "Kaplan-Meier"),
        ("none", "median by Kaplan-Meier"),
        ("none", "restricted_mean"),
        ("none", "share as told"),
        ("none", "Kaplan-Meier from diagnosis"),
        ("none", "by delay, from day 60"),
        ("none", "ever against never"),
        ("none", "treated by then"),
        ("left truncation", "Kaplan-Meier"),
        ("left truncation", "median by Kaplan-Meier"),
        ("left truncation", "restricted_mean"),
        ("length-biased sampling", "Kaplan-Meier"),
        ("length-biased sampling", "restricted_mean"),
        ("immortal time", "treated by then"),
    ],
)
def test_the_right_one_is_right(bias, name):
    assert abs(distance(name, bias)) < 4


@pytest.mark.parametrize(
    ("bias", "naive", "repaired"),
    [
        ("right truncation", "share of the diagnosed", "right_truncated"),
        ("right truncation", "share of the diagnosed", "fit_delay generalized_gamma"),
        ("recall heaping", "share as told", "widen_recalled and fit_delay"),
    ],
)
def test_a_repair_that_leans_on_a_condition_takes_most_of_the_bias_away(bias, naive, repaired):
    """Reverse time leaves out delays beyond the window; a family is never quite the truth."""
    assert abs(distance(repaired, bias)) < abs(distance(naive, bias)) / 2


def test_waiting_looks_good_where_urgency_confounds():
    """The truth is below 0, the estimate and its whole interval above: the paradox."""
    value, error = true("effect of waiting", "confounding by urgency")
    assert value < -4 * error
    assert usual.by_delay_from_landmark(observed("confounding by urgency"), level=0.95)[1] > 0


@pytest.mark.parametrize("bias", ["left truncation", "length-biased sampling"])
def test_what_cannot_use_entries_refuses(bias):
    with pytest.raises(ValueError, match="both entries and limits"):
        usual.reverse_time_share(observed(bias), level=0.95)
