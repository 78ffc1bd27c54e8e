"""The same symptoms from benign causes: a Poisson process against its counts, its gaps and the time since the last."""

import numpy as np
import pytest
from mechanism_runs import (
    ENGLAND,
    GROUPS,
    SIZE,
    YEAR,
    close,
    england,
    every_group,
    exponential,
    follows,
    lognormal,
    run,
)
from scipy.stats import gamma, poisson

from firstsign.benign import EPISODES, benign_symptoms, benign_visit, last_before
from firstsign.draws import NEVER

START = ENGLAND["first_sign_from"]
RATES = dict(zip(GROUPS, (0.05, 0.3, 0.1, 0), strict=True))
EPISODE = GROUPS.index("other symptom")


@pytest.fixture(scope="module")
def episodes():
    """Two years before the study the disease began in everybody: days count from there."""
    return run(england(benign_per_year=RATES), benign_symptoms, age_at_zero=50.0, zero=START - 730)


def days_of(episodes, group=EPISODE):
    return np.stack([episodes[f"benign_{group}_{episode}"] for episode in range(EPISODES)])


def test_counts_are_poisson(episodes):
    """In the first four years: as many episodes as Poisson(1.2) has, up to the number kept."""
    count = (days_of(episodes) <= 730 + 4 * YEAR).sum(axis=0)
    for number in range(EPISODES):
        assert close((count == number).mean(), poisson(1.2).pmf(number))
    assert close((count == EPISODES).mean(), poisson(1.2).sf(EPISODES - 1))


def test_gaps_are_exponential_and_the_last_kept_is_gamma(episodes):
    days = days_of(episodes)
    assert follows(days[0] - 730, exponential(0.3))
    assert follows(days[-1] - 730, gamma(EPISODES, scale=YEAR / 0.3).cdf)
    assert np.corrcoef(days[1] - days[0], days[0])[0, 1] == pytest.approx(0, abs=4 / np.sqrt(SIZE))


def test_an_episode_comes_on_the_day_on_which_its_time_is_over():
    """At 0.3 a year the median gap is ln 2 / 0.3 years, 843.9 days: on the 844th day of the study, then on the 1688th."""
    scenario = england(benign_per_year=RATES)
    people = benign_symptoms(
        scenario, lambda: np.full(2, 0.5), {"zero": np.array([START, START - 100]), "age_at_zero": np.full(2, 50.0)}
    )
    np.testing.assert_array_equal(people[f"benign_{EPISODE}_0"], [844, 944])
    np.testing.assert_array_equal(people[f"benign_{EPISODE}_1"], [1688, 1788])


def test_nobody_has_an_episode_before_the_lowest_age():
    """Eighteen years old at day 0, twenty 731 days later: the 844th day from there."""
    given = {"zero": np.array([START]), "age_at_zero": np.array([18.0])}
    people = benign_symptoms(england(benign_per_year=RATES), lambda: np.full(1, 0.5), given)
    assert people[f"benign_{EPISODE}_0"] == 731 + 844


def test_a_rate_of_nothing_gives_none(episodes):
    assert (days_of(episodes, GROUPS.index("breast lump")) == NEVER).all()


@pytest.mark.parametrize("group", ["back or bone pain", "other breast symptom"])
def test_stationary_recurrence(episodes, group):
    """On a day six years into the study the time since the last episode is exponential, as is the time to the next one."""
    number, rate = GROUPS.index(group), RATES[group]
    day = np.full(SIZE, 730 + np.floor(6 * YEAR))
    days = days_of(episodes, number)
    only = {f"benign_0_{episode}": days[episode] for episode in range(EPISODES)}
    last = last_before(only, 1, day + 1, NEVER)  # strictly before: the day itself counts here
    since = np.where(last < NEVER, day - last, NEVER)
    assert follows(since, lambda ago: exponential(rate)(ago + 1))
    following = np.where(days > day, days, NEVER).min(axis=0)
    assert follows(following - day, exponential(rate))


def test_last_before_by_hand():
    """Episodes on days 10 and 50 of one group, on day 30 of another, and none."""
    people = {f"benign_{group}_{episode}": np.full(6, NEVER) for group in (0, 1) for episode in range(EPISODES)}
    people["benign_0_0"], people["benign_0_1"], people["benign_1_0"] = (
        np.full(6, 10.0),
        np.full(6, 50.0),
        np.full(6, 30.0),
    )
    day = np.array([51, 50, 31, 10, 51, NEVER])
    found = last_before(people, 2, day, 30)
    np.testing.assert_array_equal(found, [50, 30, 30, NEVER, 50, NEVER])
    np.testing.assert_array_equal(last_before(people, 2, np.full(6, 80.0), 30), 50)
    np.testing.assert_array_equal(last_before(people, 2, np.full(6, 81.0), 30), NEVER)


def visits(specificity=0.9, biopsy=0.8, size=4 * SIZE):
    scenario = england(
        {"test": {name: {"specificity": specificity} for name in ("radiograph", "MRI", "CT", "breast imaging")}},
        {"test.biopsy.specificity": biopsy},
        benign_per_year=RATES,
        benign_referral_share=dict(zip(GROUPS, (0.1, 0.4, 0.8, 1), strict=True)),
        waits={"patient_interval": (0.1, 6, 60), "referral_to_diagnosis": (0, 20, 70)},
    )
    return run(scenario, benign_symptoms, benign_visit, age_at_zero=50.0, zero=START, size=size)


def test_the_first_episode_of_any_group_is_presented():
    """Superposed Poisson processes: the first comes at the sum of the rates, of each group in proportion to its own."""
    people = visits()
    assert follows(people["benign_symptom_day"], exponential(0.45))
    for number, share in enumerate((1 / 9, 2 / 3, 2 / 9)):
        here = people["benign_group"] == number
        assert here.mean() == pytest.approx(share, abs=3e-3)
        assert follows(people["benign_symptom_day"][here], exponential(0.45))
    assert not (people["benign_group"] == 3).any()
    assert follows(people["benign_presentation"] - people["benign_symptom_day"], lognormal(0.1, 6, 60))


def test_what_becomes_of_it():
    """Referred by group; the test is falsely positive in 0.1 of them, the biopsy then in 0.2."""
    people = visits()
    for number, share in enumerate((0.1, 0.4, 0.8)):
        here = people["benign_group"] == number
        referred = here & (people["benign_referral"] < NEVER)
        n = referred.sum()
        assert close(referred.sum() / here.sum(), share, here.sum())
        np.testing.assert_array_equal(people["benign_referral"][referred], people["benign_presentation"][referred])
        assert close(people["biopsied"][referred].mean(), 0.1, n)
        assert close((people["false_diagnosis"][referred] < NEVER).mean(), 0.1 * 0.2, n)
        told = np.minimum(people["ruled_out"], people["false_diagnosis"])[referred]
        assert follows(told - people["benign_referral"][referred], lognormal(0, 20, 70))
    not_referred = people["benign_referral"] == NEVER
    for name in ("ruled_out", "false_diagnosis"):
        assert (people[name][not_referred] == NEVER).all()
    both = (people["ruled_out"] < NEVER) & (people["false_diagnosis"] < NEVER)
    assert not both.any()


def test_perfect_tests_rule_everybody_out():
    people = visits(specificity=1, biopsy=0, size=1000)
    assert not people["biopsied"].any()
    assert (people["false_diagnosis"] == NEVER).all()
    people = visits(specificity=0, biopsy=0, size=1000)
    assert (people["ruled_out"] == NEVER).all()


def test_symptoms_of_a_benign_visit_follow_their_weights():
    people = visits()
    here = people["benign_group"] == EPISODE
    names = ENGLAND.words.symptom_groups["other symptom"].symptoms
    weights = np.array(ENGLAND.under("symptom_weight", names))
    for number, weight in enumerate(weights):
        assert close((people["benign_symptom"][here] == number).mean(), weight / weights.sum(), here.sum())


def test_nobody_without_episodes_has_a_visit():
    people = run(
        england(benign_per_year=every_group(0)), benign_symptoms, benign_visit, age_at_zero=50.0, zero=START, size=1000
    )
    for name in ("benign_symptom_day", "benign_presentation", "benign_referral", "ruled_out", "false_diagnosis"):
        assert (people[name] == NEVER).all()
