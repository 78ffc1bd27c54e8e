"""Whole lives: what death ends, who is asked for, what people found on one day tell of everybody, and lives paired across knobs."""

import numpy as np
import pytest
from mechanism_runs import (
    ENGLAND,
    NO_GROWTH,
    NO_SEEDING,
    YEAR,
    close,
    england,
    every_group,
    exponential,
    follows,
    steady_symptoms,
)
from scipy.stats import chi2_contingency, gamma, ks_2samp

from firstsign import lives as lives_module
from firstsign.draws import NEVER
from firstsign.lives import BLOCK, INNER, as_lived, block, lives
from firstsign.registry import registered, true
from firstsign.scenarios import scenario_parameters

IMMORTAL = {"other_death_hazard_at_60": 0, "screening_coverage": 0, "indolent_share": 0}


def several(scenario, who="population", blocks=8, seed=1):
    found = [lives(scenario, seed, who, number) for number in range(blocks)]
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def present_on(scenario, day):
    """People in the preclinical state on one day of the calendar: their sojourns, the part gone by and the part to come."""
    people = several(scenario, who="diseased", blocks=12)
    onset, sign = people["zero"], people["zero"] + people["sign"]
    present = (onset <= day) & (sign > day)
    return people["sign"][present], (day - onset)[present], (sign - day)[present], people["sign"]


def test_prevalent_cases_under_exponential_sojourn():
    """They have twice the mean: length-biased, density t r^2 exp(-r t). What has gone and what is to come are both exponential."""
    scenario = england(IMMORTAL, NO_GROWTH, NO_SEEDING, steady_symptoms(0.2, 0.3, 0.5, 0))
    sojourn, gone, to_come, everybody = present_on(scenario, scenario["first_sign_from"] + 30)
    assert follows(everybody, exponential(1))
    assert sojourn.mean() / everybody.mean() == pytest.approx(2, rel=0.03)
    assert follows(sojourn, gamma(2, scale=YEAR).cdf)
    assert follows(gone, lambda days: exponential(1)(days + 1))  # from the beginning of the day on which it began
    assert follows(to_come, exponential(1))
    assert np.corrcoef(gone, to_come)[0, 1] == pytest.approx(0, abs=4 / np.sqrt(len(gone)))


def test_prevalent_cases_under_another_sojourn():
    """Growth at 1 a year, then a symptom at 2 a year: mean 1.5, variance 1.25; prevalent cases have (1.25 + 1.5^2) / 1.5."""
    scenario = england(
        IMMORTAL,
        {"growth_per_year": {"1": 1, "2": 0, "3": 0}, "pace_spread": 0},
        steady_symptoms(0, 0, 0, 0),
        {"symptom_per_year.breast lump.2": 2},
        NO_SEEDING,
    )
    sojourn, gone, to_come, everybody = present_on(scenario, scenario["first_sign_from"] + 30)
    assert everybody.mean() == pytest.approx(1.5 * YEAR, rel=0.01)
    assert sojourn.mean() == pytest.approx(3.5 / 1.5 * YEAR, rel=0.03)
    assert gone.mean() == pytest.approx(to_come.mean(), rel=0.05)


def test_death_ends_what_it_ends():
    """By hand: a whole life; death before the diagnosis; death on its day; overdiagnosed by screening; screened in time."""
    people = as_lived(
        {
            "disease_death": np.array([900.0, 150, NEVER, NEVER, 600]),
            "other_death": np.array([NEVER, 400, 200, 500, 700]),
            "natural_death": np.array([800.0, 150, NEVER, NEVER, 600]),
            "screened": np.array([False, False, False, True, True]),
            "sign": np.array([100.0, 100, 100, 100, 100]),
            "symptom_day": np.array([100.0, 100, 100, 501, 800]),
            "screening_test": np.array([NEVER, NEVER, NEVER, 100, 100]),
            "first_presentation": np.array([120.0, 120, 120, NEVER, NEVER]),
            "referral": np.array([130.0, 150, 130, NEVER, NEVER]),
            "diagnosis": np.array([200.0, 200, 200, 150, 150]),
            "treatment": np.array([230.0, 230, 230, 160, NEVER]),
            "stage": np.array([1, 1, 1, 1, 4]),
            "metastasis_there": np.array([190.0, 140, NEVER, NEVER, 90]),
            "benign_presentation": np.array([119.0, 120, 500, 101, 99]),
        }
    )
    expected = {
        "death": [900, 150, 200, 500, 600],
        "first_symptom": [100, 100, 100, NEVER, NEVER],
        "screening_test": [NEVER, NEVER, NEVER, 100, 100],
        "referral": [130, 150, 130, NEVER, NEVER],
        "diagnosis": [200, NEVER, 200, 150, 150],
        "planned_diagnosis": [200, 200, 200, 150, 150],
        "treatment": [230, NEVER, NEVER, 160, NEVER],
        "metastasis": [201, NEVER, NEVER, NEVER, NEVER],  # found after the diagnosis, not there at it
        "overdiagnosed": [False, False, False, True, False],  # the last would have died of it without a symptom
        "benign_first": [True, False, False, False, True],
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(people[name], values, err_msg=name)


def test_overdiagnosis_is_finding_what_would_never_have_shown():
    """Without screening nobody is overdiagnosed, and of the overdiagnosed none ever has a symptom or dies of the disease."""
    scenario = england(screening_coverage=1, screening_until_age=100, indolent_share=0.3)
    people = several(scenario, who="diseased", blocks=2)
    over = people["overdiagnosed"]
    assert 0.05 < over.mean() < 0.9
    assert (people["symptom_day"][over] > people["other_death"][over]).all()
    assert (people["disease_death"][over] >= people["other_death"][over]).all()
    without = block(england(screening_coverage=0, indolent_share=0.3), 1, 0, benign=False)
    assert not without["overdiagnosed"].any()
    shows = without["first_symptom"] < NEVER
    assert not np.isin(people["life"][over & (people["life"] < BLOCK)], without["life"][shows]).any()


def test_a_block_does_not_depend_on_who_is_asked_for():
    everybody = block(ENGLAND, 3, 2, benign=True)
    assert everybody["life"][0] == 2 * BLOCK
    without = block(ENGLAND, 3, 2, benign=False)
    for name, values in without.items():
        np.testing.assert_array_equal(everybody[name], values)
    symptomatic = lives(ENGLAND, 3, "symptomatic", 2)
    chosen = symptomatic["life"] - 2 * BLOCK
    for name, values in symptomatic.items():
        np.testing.assert_array_equal(values, everybody[name][chosen])
    assert not [name for name in symptomatic if name.startswith(INNER)]
    population = lives(ENGLAND, 3, "population", 2)
    assert len(population["life"]) == BLOCK
    assert (lives(ENGLAND, 3, "population", 1)["other_death"] != population["other_death"]).mean() > 0.9
    assert (lives(ENGLAND, 4, "population", 2)["other_death"] != population["other_death"]).mean() > 0.9


BEFORE_SYMPTOMS = ("diseased", "pace", "extent_2", "extent_4", "seeded", "natural_metastasis", "sites", "other_death")
PATIENT = ("onset_0", "onset_3", "symptom_day", "symptom", "key_part", "natural_death")
DOCTOR = ("first_presentation", "misread", "emergency", "consultations", "gap", "missed_tests", "removes_unseen")


@pytest.mark.parametrize(
    ("knob", "same"),
    [
        ({"referral_threshold": 30}, (*BEFORE_SYMPTOMS, *PATIENT, "first_presentation", "misread", "emergency", "gap")),
        ({"screening_coverage": 0.1}, (*BEFORE_SYMPTOMS, *PATIENT)),
        ({"misread_factor": 50}, (*BEFORE_SYMPTOMS, *PATIENT, "misread", "consultations", "gap", "missed_tests")),
        ({"diagnosis_to_treatment.p90": 400}, (*BEFORE_SYMPTOMS, *PATIENT, *DOCTOR, "diagnosis", "stage")),
        (
            {"benign_per_year": every_group(0.3)},
            (*BEFORE_SYMPTOMS, *PATIENT, *DOCTOR, "diagnosis", "stage", "disease_death"),
        ),
        (
            {"lost_per_year": 3, "onset_known_to_month": 1},
            (*BEFORE_SYMPTOMS, *PATIENT, *DOCTOR, "diagnosis", "disease_death"),
        ),
        ({"other_death_hazard_at_60": 0.2}, ("pace", "extent_2", "seeded", "sites", "onset_0", "symptom_day")),
        ({"pace_spread": 0}, ("diseased", "age_at_zero", "pace_score", "sites", "other_death")),
    ],
)
def test_one_knob_leaves_every_other_draw_where_it_was(knob, same):
    """Emergencies, the stage at the first visit and what follows from them may move with what moves them; nothing else does."""
    scenario = england(urgency=0, emergency_share=dict.fromkeys("1234", 0.1), unseen_removed_share=0.5)
    before = block(scenario, 5, 0, benign=True)
    changed = england(urgency=0, emergency_share=dict.fromkeys("1234", 0.1), unseen_removed_share=0.5, **knob)
    after = block(changed, 5, 0, benign=True)
    for name in same:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)
    assert any((before[name] != after[name]).any() for name in before if name not in ("life", *same))


def test_twice_the_symptoms_of_one_group_change_nobody_who_keeps_their_first():
    hazard = ENGLAND["symptom_per_year.back or bone pain.metastatic"]
    before = block(ENGLAND, 5, 0, benign=True)
    after = block(england({"symptom_per_year.back or bone pain.metastatic": 2 * hazard}), 5, 0, benign=True)
    kept = (before["group"] == after["group"]) & (before["symptom_day"] == after["symptom_day"])
    assert 0.9 < kept.mean() < 1
    for name in before:
        if name != "onset_0":
            np.testing.assert_array_equal(before[name][kept], after[name][kept], err_msg=name)


def test_diseased_people_are_those_of_the_population():
    """Drawn apart, they agree: ages and pace by Kolmogorov and Smirnov, groups, stages and sites by chi-square."""
    scenario = england(disease_share=0.3)
    alone = several(scenario, who="diseased", blocks=3, seed=1)
    among = several(scenario, who="population", blocks=9, seed=2)
    shows = among["diseased"] & ((among["first_symptom"] < NEVER) | (among["screening_test"] < NEVER))
    among = {name: values[shows] for name, values in among.items()}
    for name in ("age_at_zero", "pace", "sign"):
        assert ks_2samp(alone[name], among[name]).pvalue > 1e-3
    for name in ("group", "stage", "sites", "consultations", "missed_tests"):
        values = np.unique(np.minimum(np.concatenate([alone[name], among[name]]), 8))
        counts = [[(np.minimum(people[name], 8) == value).sum() for value in values] for people in (alone, among)]
        assert chi2_contingency([[n + 1 for n in row] for row in counts]).pvalue > 1e-3, name


def test_how_many_of_the_symptomatic_have_the_disease_by_bayes():
    """P(disease | consults) from its parts: without the disease people consult if a benign episode comes, 1 - exp(-rate years)."""
    settings = {
        "benign_per_year": every_group(0.02),
        "lost_per_year": 0,
        "waits": {"patient_interval": (0, 0.01, 0.02)},
    }
    scenario = england(disease_share=0.05, **(settings | {"other_death_hazard_at_60": 0}))
    population = several(england(disease_share=1, **(settings | {"other_death_hazard_at_60": 0})), blocks=4, seed=8)
    closes = scenario["observed_until"] - population["zero"]
    visit = np.where(population["benign_first"], population["benign_presentation"], population["first_presentation"])
    consults_if_diseased = (visit <= closes).mean()
    years = (scenario["observed_until"] - scenario["first_sign_from"] - 1) / YEAR  # help is sought on the next day
    consults_if_not = -np.expm1(-4 * 0.02 * years)
    symptomatic = several(scenario, who="symptomatic", blocks=16)
    both = 0.05 * consults_if_diseased
    expected = both / (both + 0.95 * consults_if_not)
    assert close(symptomatic["diseased"].mean(), expected, len(symptomatic["life"]))
    assert close(len(symptomatic["life"]) / (16 * BLOCK), both + 0.95 * consults_if_not, 16 * BLOCK)


def test_symptomatic_people_present_within_the_study():
    people = lives(ENGLAND, 1, "symptomatic", 0)
    visit = (
        np.where(people["benign_first"], people["benign_presentation"], people["first_presentation"]) + people["zero"]
    )
    assert visit.min() >= ENGLAND["first_sign_from"]
    assert visit.max() <= ENGLAND["observed_until"]
    assert (visit <= people["zero"] + people["death"]).all()
    assert (visit <= people["zero"] + people["lost"]).all()
    assert 0 < people["diseased"].mean() < 0.5


def test_no_parameter_at_the_end_of_its_range_gives_anything_but_numbers(monkeypatch):
    """No warning, nothing that is not a number, nobody followed to before the study. What cannot be is refused."""
    monkeypatch.setattr(lives_module, "BLOCK", 200)
    refused = []
    for parameter in scenario_parameters("england").itertuples():
        for value in (parameter.low, parameter.high):
            try:
                scenario = england({"disease_share": 0.5}, {parameter.name: value})
            except ValueError:
                refused.append(parameter.name)
                continue
            people = lives(scenario, 1, "population", 0)
            for column, values in people.items():
                assert not np.isnan(values).any(), (parameter.name, value, column)
            registered(scenario, people, "population")
            true(scenario, people)
            last = people["zero"] + np.minimum(people["death"], people["lost"])
            assert (last >= scenario["first_sign_from"]).all(), (parameter.name, value)
    impossible = ("same_day", "p50", "p66", "p85", "p90", "from", "until", "lowest", "highest", "breast lump", "age")
    assert [name for name in refused if not name.endswith(impossible)] == []
