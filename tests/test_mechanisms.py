"""Each mechanism against the distribution its parameters describe, on one large set of even draws or random ones."""

import numpy as np
import pytest
from scipy.stats import kstest, truncnorm

from firstsign import mechanisms
from firstsign.mechanisms import MECHANISMS, NEVER
from firstsign.scenarios import load_scenario

ENGLAND = load_scenario("england", {})
SIZE = 200_000


def run(*names, scenario=ENGLAND, seed=1, **given):
    """The people after these mechanisms, starting from the given columns."""
    rng = np.random.default_rng(seed)
    people = {key: np.full(SIZE, value) if np.isscalar(value) else value for key, value in given.items()}
    for name in names:
        people |= getattr(mechanisms, name)(scenario, lambda: rng.random(SIZE), people)
    return people


def close(share, expected, n=SIZE):
    """Within four binomial standard errors."""
    return abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / n) + 1e-12


def test_numbers_of_mechanisms_are_fixed():
    """Renumbering would change everybody: this table may only grow."""
    fixed = {
        1: "age",
        2: "first_sign",
        3: "screening",
        4: "stage",
        5: "sites_at_diagnosis",
        6: "first_symptom",
        7: "symptoms_besides",
        8: "emergency",
        9: "first_presentation",
        10: "referral",
        11: "diagnosis",
        12: "treatment",
        13: "recurrence",
        14: "death_from_disease",
        15: "death_from_other_causes",
        16: "observation",
    }
    assert {key: mechanism.__name__ for key, mechanism in MECHANISMS.items()} == fixed


def test_every_mechanism_draws_as_often_whatever_the_numbers():
    """Two scenarios that differ in nearly every share draw the same number of times."""
    extreme = load_scenario(
        "england",
        {
            "screening_share_of_eligible": 0,
            "bone_pain_first_with_bone_metastases": 1,
            "lost_per_year": 0,
            "onset_known_to_month": 1,
            "metastatic_site.at_diagnosis": 0,
            "treated_share": {"1": 0, "4": 1},
        },
    )
    counts = []
    for scenario in (ENGLAND, extreme):
        people, rng, calls = {}, np.random.default_rng(3), []
        for mechanism in MECHANISMS.values():
            calls.append(0)

            def draw(calls=calls, rng=rng):
                calls[-1] += 1
                return rng.random(500)

            people |= mechanism(scenario, draw, people)
        counts.append(calls)
    assert counts[0] == counts[1]
    assert min(counts[0]) >= 1


def test_age_is_the_truncated_normal():
    mean, sd = ENGLAND["age_mean"], ENGLAND["age_sd"]
    expected = truncnorm((25 - mean) / sd, (100 - mean) / sd, loc=mean, scale=sd)
    ages = run("age")["age"]
    assert (ages.min(), ages.max()) >= (25, 90)
    for year in (30, 50, 63, 71, 90):
        assert close((ages < year).mean(), expected.cdf(year))


def test_first_sign_is_even_over_the_calendar():
    days = run("first_sign")["first_sign"]
    start, end = ENGLAND["first_sign_from"], ENGLAND["first_sign_until"]
    assert (days.min(), days.max()) == (start, end)
    assert kstest((days - start + 0.5) / (end - start + 1), "uniform").pvalue > 1e-4


def test_screening_finds_only_the_invited():
    people = run("screening", age=np.arange(SIZE) % 100)
    invited = (people["age"] >= 50) & (people["age"] < 71)
    assert not people["screened"][~invited].any()
    assert close(people["screened"][invited].mean(), 0.6, invited.sum())


@pytest.mark.parametrize(("screened", "weights"), [(True, [56, 37, 6.5, 0.5]), (False, [18.5, 46.7, 25.9, 8.9])])
def test_stage_follows_its_weights(screened, weights):
    stage = run("stage", screened=screened)["stage"]
    for number, weight in enumerate(weights, start=1):
        assert close((stage == number).mean(), weight / 100)


def test_sites_of_metastases():
    """Bits: bone 1, liver 2, lung 4, brain 8, other 16; bone only as the published share of stage 4, roughly."""
    sites = run("sites_at_diagnosis", stage=4)["sites"]
    assert close((sites & 1).mean(), 0.651)
    assert (sites > 0).all()
    assert ((sites & 16 > 0) == (sites == 16)).all()
    assert close((sites == 1).mean(), 0.651 * 0.8 * 0.78 * 0.96)
    assert (run("sites_at_diagnosis", stage=3)["sites"] == 0).all()


@pytest.mark.parametrize(("sites", "bone_first", "other_first"), [(1, 0.19, 0.12), (2, 0.001, 0.12), (0, 0.001, 0.03)])
def test_first_symptom_given_where_the_disease_is(sites, bone_first, other_first):
    group = run("first_symptom", age=60, sites=sites, screened=False)["group"]
    left = (1 - bone_first) * (1 - other_first)
    expected = [bone_first, (1 - bone_first) * other_first, left * 0.13, left * 0.87]
    for number, share in enumerate(expected):
        assert close((group == number).mean(), share)


def test_symptoms_within_a_group_follow_their_weights():
    people = run("first_symptom", age=60, sites=0, screened=False)
    breast = people["symptom"][people["group"] == 2]
    weights = np.array([40, 36, 10, 4, 8])
    for number, weight in enumerate(weights):
        assert close((breast == number).mean(), weight / weights.sum(), len(breast))


def test_besides_are_of_other_groups():
    people = run("first_symptom", "symptoms_besides", age=60, sites=1, screened=False)
    for number in range(4):
        own = people["group"] == number
        assert (people[f"besides_{number}"][own] == 0).all()
    lump = people["group"] == 3
    assert close((people["besides_0"][lump] > 0).mean(), 0.12, lump.sum())


def test_people_found_by_screening_have_no_symptom_and_no_visit():
    people = run(
        "first_symptom",
        "symptoms_besides",
        "emergency",
        "first_presentation",
        age=60,
        sites=0,
        stage=4,
        first_sign=0.0,
        screened=True,
    )
    assert (people["group"] == 4).all()
    assert sum(people[f"besides_{number}"].sum() for number in range(4)) == 0
    assert not people["emergency"].any()
    assert (people["first_presentation"] == NEVER).all()


def test_published_percentiles_come_out():
    """Koo 2017: lump only 7 (80) and 0 (7) days; non-breast symptoms 4 (59) and 7 (105)."""
    for group, patient, primary in ((3, (7, 80), (0, 7)), (0, (4, 59), (7, 105))):
        people = run("first_presentation", "referral", group=group, first_sign=0.0, screened=False, emergency=False)
        waits = people["first_presentation"], people["referral"] - people["first_presentation"]
        for days, (median, ninetieth) in zip(waits, (patient, primary), strict=True):
            assert close((days <= ninetieth).mean(), 0.9)
            assert median == 0 or close((days <= median).mean(), 0.5)
    assert (run("referral", group=3, first_presentation=5.0, emergency=True)["referral"] == 5).all()


def test_diagnosis_to_treatment_fits_the_whole_published_table():
    """Two percentiles are put in; the other four of Northern Ireland's table come out within two days."""
    people = run("treatment", stage=1, diagnosis=0.0)
    days = people["treatment"][people["treatment"] < NEVER]
    found = np.quantile(days, [0.10, 0.25, 0.50, 0.75, 0.90, 0.95])
    np.testing.assert_allclose(found, [5, 9, 15, 24, 36, 48], atol=2)
    assert close((people["treatment"] == NEVER).mean(), 0.01)


def test_recurrence_counts_from_treatment_else_diagnosis():
    people = run("recurrence", stage=3, diagnosis=100.0, treatment=np.where(np.arange(SIZE) % 2, 200.0, NEVER))
    ever = people["metastasis"] < NEVER
    assert close(ever.mean(), 0.60)
    assert ((people["later_sites"] > 0) == ever).all()
    since = people["metastasis"] - np.where(np.arange(SIZE) % 2, 200, 100)
    assert since[ever].min() >= 1
    assert close((since[ever] <= 1826).mean(), 0.72, ever.sum())
    assert not (run("recurrence", stage=4, diagnosis=0.0, treatment=9.0)["metastasis"] < NEVER).any()


def test_death_from_other_causes_is_gompertz():
    """P(alive after t years) = exp(-(h / g) (exp(g t) - 1)) at age 60, by hand from the hazard."""
    days = run("death_from_other_causes", age=60, first_sign=0.0)["other_death"]
    h, g = ENGLAND["other_death_hazard_at_60"], ENGLAND["other_death_growth_per_year"]
    for years in (1, 10, 20, 30):
        assert close((days > years * 365.25).mean(), np.exp(-h / g * np.expm1(g * years)))
    assert close(
        (run("death_from_other_causes", age=70, first_sign=0.0)["other_death"] <= 365).mean(),
        1 - np.exp(-h * np.exp(10 * g) / g * np.expm1(g * 365 / 365.25)),
    )


def test_undiagnosed_disease_kills_only_before_the_diagnosis():
    people = run("death_from_disease", stage=2, first_sign=0.0, diagnosis=500.0, metastasis=NEVER)
    died = people["disease_death"] < NEVER
    assert (people["disease_death"][died] < 500).all()
    assert close(
        died.mean(), (ENGLAND.waits["death_without_diagnosis"].days((np.arange(SIZE) + 0.5) / SIZE) < 500).mean()
    )


def test_lost_to_follow_up_is_exponential():
    scenario = load_scenario("england", {"lost_per_year": 0.1})
    days = run("observation", scenario=scenario, first_sign=0.0)["lost"]
    assert close((days > 3653).mean(), np.exp(-0.1 * 3653 / 365.25))
    nobody = load_scenario("england", {"lost_per_year": 0})
    assert (run("observation", scenario=nobody, first_sign=0.0)["lost"] == NEVER).all()
