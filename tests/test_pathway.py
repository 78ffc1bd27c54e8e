"""The way to the diagnosis: waits against their percentiles, tries against the geometric, and what delay can and cannot do."""

import numpy as np
import pytest
from mechanism_runs import (
    ENGLAND,
    GROUPS,
    LUMP,
    SIZE,
    YEAR,
    close,
    england,
    every_group,
    every_stage,
    exponential,
    follows,
    lognormal,
    run,
    stretched,
)
from scipy.integrate import quad
from scipy.stats import spearmanr

from firstsign import disease, pathway
from firstsign.draws import NEVER
from firstsign.lives import block

CALM = {"urgency": 0, "awareness": 1}  # waits go by nothing but their own percentiles
BONE = GROUPS.index("back or bone pain")
LOCAL = {"extent_2": NEVER, "extent_3": NEVER, "extent_4": NEVER, "natural_metastasis": NEVER}
SYMPTOM = {"sign": 0.0, "screened": False, "pace_score": 0.0}


@pytest.mark.parametrize("group", range(len(GROUPS)))
def test_every_wait_has_the_percentiles_of_its_group(group):
    """Each group's own numbers come out of the patient interval and of the days from referral to diagnosis."""
    scenario = england(
        CALM, {"test": {name: {"sensitivity": 1} for name in ("radiograph", "MRI", "CT", "breast imaging", "biopsy")}}
    )
    people = run(scenario, pathway.first_presentation, group=group, **SYMPTOM)
    people |= {"emergency": np.zeros(SIZE, bool), "referral": people["first_presentation"]}
    people |= run(scenario, pathway.diagnosis, seed=2, **people)
    intervals = {
        "patient_interval": people["first_presentation"],
        "referral_to_diagnosis": people["diagnosis"] - people["referral"],
    }
    for interval, days in intervals.items():
        given = {
            key.rpartition(".")[2]: value
            for key, value in scenario.values.items()
            if key.startswith(f"{interval}.{GROUPS[group]}.")
        }
        same_day = given.pop("same_day")
        ranks = [int(percentile[1:]) / 100 for percentile in given]
        assert follows(days, lognormal(same_day, *given.values(), ranks))


def test_the_misread_wait_longer():
    """A share m waits three times as long: P(days <= d) = (1 - m) F(d) + m F(d / 3). Awareness prevents a quarter of it."""
    scenario = england(
        waits={"patient_interval": (0.1, 8, 70)},
        misread_share=every_group(0.4),
        misread_factor=3,
        awareness=0.25,
        urgency=0,
    )
    people = run(scenario, pathway.first_presentation, group=LUMP, **SYMPTOM)
    assert close(people["misread"].mean(), 0.3)
    plain = lognormal(0.1, 8, 70)
    assert follows(people["first_presentation"], lambda days: 0.7 * plain(days) + 0.3 * plain(days / 3))


def test_urgency_hurries_fast_disease_and_leaves_each_wait_as_it_is():
    """Ranks of wait and pace correlate by (6 / pi) asin(-u / 2), nearly: ties of whole days take a little away."""
    scenario = england(CALM | {"urgency": 0.5}, waits={"patient_interval": (0, 400, 4000)})
    pace_score = np.random.default_rng(3).standard_normal(SIZE)
    people = run(scenario, pathway.first_presentation, group=LUMP, **(SYMPTOM | {"pace_score": pace_score}))
    expected = 6 / np.pi * np.arcsin(-0.25)
    assert spearmanr(people["first_presentation"], pace_score).statistic == pytest.approx(expected, abs=0.012)
    assert follows(people["first_presentation"], lognormal(0, 400, 4000))


def test_who_is_found_by_screening_has_no_visit():
    chain = pathway.first_presentation, pathway.symptoms_besides, pathway.referral, pathway.diagnosis
    scenario = england(urgency=0, waits={"screening_to_diagnosis": (0.2, 20, 60)})
    people = run(scenario, *chain, sites=0, group=len(GROUPS), **(LOCAL | SYMPTOM | {"sign": 50.0, "screened": True}))
    assert not people["emergency"].any()
    assert not people["misread"].any()
    assert sum(people[f"besides_{number}"].sum() for number in range(len(GROUPS))) == 0
    assert (people["first_presentation"] == NEVER).all()
    assert (people["referral"] == NEVER).all()
    assert (people["missed_tests"] == 0).all()
    assert follows(people["diagnosis"] - 50, lognormal(0.2, 20, 60))


def test_nothing_happens_without_a_first_sign():
    chain = (
        pathway.first_presentation,
        pathway.symptoms_besides,
        pathway.referral,
        pathway.diagnosis,
        pathway.staging,
        pathway.treatment,
    )
    people = run(ENGLAND, *chain, sites=0, group=len(GROUPS), **(LOCAL | SYMPTOM | {"sign": NEVER}))
    for name in ("first_presentation", "referral", "diagnosis", "treatment"):
        assert (people[name] == NEVER).all()


def besides(waited, speed=1, **given):
    shares = {"local": 0.1, "metastatic": 0.3, "added_per_year": 0.4}
    scenario = england(besides=every_group(shares), progression_after_first_sign=speed)
    usual = {"sign": 10.0, "first_presentation": 10.0 + waited, "group": LUMP, "sites": 2, "natural_metastasis": NEVER}
    return run(scenario, pathway.symptoms_besides, **(usual | given))


def test_symptoms_besides_add_up_while_people_wait():
    """A share has one at once, and they are added at a steady hazard: 1 - (1 - 0.1) exp(-0.4 years)."""
    for waited in (0, 365, 1000):
        people = besides(waited)
        expected = 1 - 0.9 * np.exp(-0.4 * waited / YEAR)
        for number, name in enumerate(GROUPS):
            found = people[f"besides_{number}"]
            if number == LUMP:
                assert (found == 0).all()
                continue
            assert close((found > 0).mean(), expected)
            symptoms = ENGLAND.words.symptom_groups[name].symptoms
            weights = np.array(ENGLAND.under("symptom_weight", symptoms))
            for which, weight in enumerate(weights, start=1):
                assert close((found == which).mean(), expected * weight / weights.sum())


@pytest.mark.parametrize(
    ("natural", "speed", "there"),
    [(100, 1, True), (110, 1, True), (111, 1, False), (60, 0.5, True), (61, 0.5, False), (11, 0, False)],
)
def test_metastases_give_more_if_they_are_there_at_the_visit(natural, speed, there):
    """At the group's site only, and by the disease's clock: at half speed, 100 days after the first sign count as 50."""
    people = besides(100, speed, natural_metastasis=float(natural))
    share = 1 - (0.7 if there else 0.9) * np.exp(-0.4 * 100 / YEAR)
    assert close((people[f"besides_{GROUPS.index('other symptom')}"] > 0).mean(), share)
    assert close((people[f"besides_{BONE}"] > 0).mean(), 1 - 0.9 * np.exp(-0.4 * 100 / YEAR))


def primary_care(gap=(0, 10, 40), **changes):
    scenario = england(
        {
            "urgency": 0,
            "emergency_share": every_stage(0),
            "referral_chance": {"first": every_group(0.6), "later": every_group(0.25)},
        },
        changes,
        waits={"gap_between_visits": gap},
    )
    return run(scenario, pathway.referral, group=BONE, first_presentation=7.0, **(LOCAL | SYMPTOM))


def test_visits_are_geometric_after_the_first():
    people = primary_care()
    visits = people["consultations"]
    assert close((visits == 1).mean(), 0.6)
    assert close((visits == 2).mean(), 0.4 * 0.25)
    assert close((visits >= 3).mean(), 0.4 * 0.75)
    assert visits.mean() == pytest.approx(0.6 + 0.4 * (1 + 4), rel=0.02)


def test_primary_care_interval():
    """None at the first visit; else k gaps, all as long: P(days <= d) sums P(1 + k visits) F(d / k) over k."""
    people = primary_care()
    gap = lognormal(0, 10, 40)

    def distribution(days):
        several = np.arange(1, 80)[:, None]
        chances = 0.4 * 0.75 ** (several - 1) * 0.25
        return np.where(days < 0, 0, 0.6 + (chances * gap(np.floor(days / several))).sum(axis=0))

    assert follows(people["referral"] - 7, distribution)


@pytest.mark.parametrize("threshold", [0.01, 0.5, 4, 100])
def test_the_threshold_divides_the_odds(threshold):
    """Odds of 3 to 2 and of 1 to 3."""
    visits = primary_care(referral_threshold=threshold)["consultations"]
    first, later = 1.5 / threshold / (1 + 1.5 / threshold), 1 / 3 / threshold / (1 + 1 / 3 / threshold)
    assert close((visits == 1).mean(), first)
    assert close((visits == 2).mean(), (1 - first) * later)


@pytest.mark.parametrize("same_day", [0, 0.4])
def test_a_chance_of_nothing_never_comes_and_a_sure_one_at_once(same_day):
    chances = {"first": every_group(0.3), "later": every_group(0)}
    people = primary_care((same_day, 10, 40), referral_chance=chances)
    assert close((people["referral"] == 7).mean(), 0.3)
    assert close((people["referral"] == NEVER).mean(), 0.7)
    sure = primary_care(referral_chance={"first": every_group(1), "later": every_group(1)}, referral_threshold=100)
    assert (sure["consultations"] == 1).all()


def test_emergencies_by_stage_at_the_visit_are_referred_there_and_soon_diagnosed():
    scenario = england(
        urgency=0,
        emergency_share={"1": 0.1, "2": 0.2, "3": 0.3, "4": 0.6},
        waits={"emergency_to_diagnosis": (0.3, 4, 15)},
    )
    entered = {"extent_2": 100.0, "extent_3": 200.0, "extent_4": 300.0}
    for visit, natural, share in ((50, NEVER, 0.1), (250, NEVER, 0.2), (300, NEVER, 0.3), (250, 250, 0.6)):
        given = entered | SYMPTOM | {"natural_metastasis": natural, "first_presentation": float(visit), "group": LUMP}
        people = run(scenario, pathway.referral, pathway.diagnosis, **given)
        found = people["emergency"]
        assert close(found.mean(), share)
        assert (people["consultations"][found] == 1).all()
        assert (people["referral"][found] == visit).all()
        assert (people["missed_tests"][found] == 0).all()
        assert follows(people["diagnosis"][found] - visit, lognormal(0.3, 4, 15))


def after_tests(again=(0, 30, 90), **sensitivities):
    scenario = england(
        {"test": {name: {"sensitivity": share} for name, share in sensitivities.items()}},
        urgency=0,
        waits={"referral_to_diagnosis": (0, 20, 70), "after_missed_test": again},
    )
    return run(scenario, pathway.diagnosis, group=BONE, emergency=False, referral=3.0, **SYMPTOM)


def test_missed_tests_are_geometric_after_the_first_and_each_costs_a_wait():
    """A radiograph that finds 0.5, then MRI 0.8 each time; a biopsy confirms 0.9 of what either finds."""
    people = after_tests(radiograph=0.5, MRI=0.8, biopsy=0.9)
    missed = people["missed_tests"]
    assert close((missed == 0).mean(), 0.45)
    for number in (1, 2, 3):
        assert close((missed == number).mean(), 0.55 * 0.28 ** (number - 1) * 0.72)
    at_once = people["diagnosis"][missed == 0] - 3
    assert follows(at_once, lognormal(0, 20, 70))
    np.testing.assert_array_equal(
        people["diagnosis"][:5],
        (after_tests(radiograph=1, MRI=1, biopsy=1)["diagnosis"] + missed * people["retest"])[:5],
    )


@pytest.mark.parametrize("again", [(0, 30, 90), (0.4, 30, 90)])
def test_a_test_that_finds_nothing_never_ends(again):
    people = after_tests(again, radiograph=0.5, MRI=0, biopsy=1)
    assert close((people["diagnosis"] == NEVER).mean(), 0.5)
    assert (after_tests(radiograph=0, MRI=0)["missed_tests"] == NEVER).all()


@pytest.mark.parametrize(("speed", "extent", "stage"), [(0, 1, 1), (0.25, 2, 2), (0.5, 3, 2), (0.9, 3, 4), (1, 4, 4)])
def test_staging_goes_by_the_disease_s_own_clock(speed, extent, stage):
    """First sign on day 100, diagnosis on day 300; extents entered on days 110, 200 and 290, metastases on day 280."""
    scenario = england(progression_after_first_sign=speed)
    given = {"extent_2": 110.0, "extent_3": 200.0, "extent_4": 290.0, "natural_metastasis": 280.0}
    people = run(scenario, pathway.staging, size=1, sign=100.0, diagnosis=300.0, **given)
    assert (people["extent"][0], people["stage"][0], people["stage_at_sign"][0]) == (extent, stage, 1)


def test_treatment():
    scenario = england(
        CALM,
        treated_share={"1": 0.9, "2": 0.8, "3": 0.5, "4": 0.3},
        waits={"diagnosis_to_treatment": (0, 15, 36)},
        unseen_removed_share=0.4,
    )
    for stage, share in ((1, 0.9), (2, 0.8), (3, 0.5), (4, 0.3)):
        people = run(scenario, pathway.treatment, stage=stage, diagnosis=90.0, pace_score=0.0)
        treated = people["treatment"] < NEVER
        assert close(treated.mean(), share)
        assert follows(people["treatment"][treated] - 90, lognormal(0, 15, 36))
        assert close(people["removes_unseen"].mean(), share * 0.4)
        assert not people["removes_unseen"][~treated].any()


# seeded, seen by nature, treatment, whether that removes it; when there are metastases (slowing by 2), death by nature, death
FATES = [
    ("seeded after treatment began", 500, 900, 400, False, NEVER, 1500, NEVER),
    ("seeded, unseen, slowed", 300, 900, 400, False, 1400, 1500, 1750),
    ("seeded on the day of treatment", 400, 900, 400, False, 1400, 1500, 1750),
    ("seeded, unseen, removed", 300, 900, 400, True, NEVER, 1500, NEVER),
    ("seen before treatment, which lengthens", 300, 350, 400, True, 350, 600, 800),
    ("seen on the day of treatment", 300, 400, 400, True, 400, 600, 800),
    ("dead before treatment", 100, 200, 400, False, 200, 390, 390),
    ("never treated", 300, 900, NEVER, False, 900, 1500.5, 1501),
    ("never seeded", NEVER, NEVER, 400, False, NEVER, NEVER, NEVER),
    ("never seeded, never treated", NEVER, NEVER, NEVER, False, NEVER, NEVER, NEVER),
]


@pytest.mark.parametrize(
    ("seeded", "natural", "treated", "removed", "there", "untreated", "death"),
    [fate[1:] for fate in FATES],
    ids=[fate[0] for fate in FATES],
)
def test_metastases_and_death_by_hand(seeded, natural, treated, removed, there, untreated, death):
    """Recurrences are fatal after 700 days at pace 1, half of that at pace 2; treatment doubles the rest of life."""
    scenario = england(
        waits={"metastasis_to_death.recurrent": (0, 700, 2600)},
        unseen_slowed_factor=2,
        treatment_lengthens_factor=2,
        progression_after_first_sign=1,
    )
    people = run(
        scenario,
        pathway.metastasis,
        pathway.death_from_disease,
        size=1,
        sign=0.0,
        seeded=float(seeded),
        natural_metastasis=float(natural),
        natural_death=float(untreated),
        treatment=float(treated),
        removes_unseen=removed,
        death_rank=0.5,
        pace=2.0,
    )
    assert people["metastasis_there"][0] == there
    assert people["disease_death"][0] == death


@pytest.mark.parametrize("removed", [0, 0.4])
def test_seeding_competes_with_treatment(removed):
    """Seeding at 0.7 a year until treatment on day 400: exp(-0.7 t) escape it, and a share of the others is cured too."""
    scenario = england(
        {"seeding_per_year.1": 0.7},
        waits={"seeding_to_metastasis": (0, 15_000, 19_000)},
        treated_share=every_stage(1),
        unseen_removed_share=removed,
        progression_after_first_sign=1,
    )
    given = LOCAL | {"pace": 1.0, "indolent": False, "diseased": True, "sign": 0.0, "pace_score": 0.0, "stage": 1}
    people = run(scenario, disease.spread, pathway.treatment, diagnosis=400.0, **given) | {
        "treatment": np.full(SIZE, 400.0)
    }
    people |= run(scenario, pathway.metastasis, **people)
    escape = np.exp(-0.7 * 400 / YEAR)
    assert close((people["metastasis_there"] == NEVER).mean(), escape + (1 - escape) * removed)


def test_seeding_competes_with_a_wait_for_treatment():
    """The same with the wait itself drawn: the share that escapes is the wait's Laplace transform, integrated numerically."""
    scenario = england(
        CALM,
        {"seeding_per_year.1": 0.7},
        waits={"seeding_to_metastasis": (0, 15_000, 19_000), "diagnosis_to_treatment": (0, 200, 900)},
        treated_share=every_stage(1),
        unseen_removed_share=0,
        progression_after_first_sign=1,
    )
    given = LOCAL | {"pace": 1.0, "indolent": False, "diseased": True, "sign": 0.0, "pace_score": 0.0, "stage": 1}
    people = run(scenario, disease.spread, pathway.treatment, pathway.metastasis, diagnosis=0.0, **given)
    still, rate = lognormal(0, 200, 900), 0.7 / YEAR
    escape = quad(lambda day: rate * np.exp(-rate * day) * still(day), 0, 20_000, limit=500)[0]
    assert close((people["metastasis_there"] == NEVER).mean(), escape)


@pytest.mark.parametrize("rate", [0.3, 10])
def test_loss_is_exponential_from_the_first_sign_else_from_the_start_of_the_study(rate):
    scenario = england(lost_per_year=rate)
    start = scenario["first_sign_from"]
    for sign, zero, begins in ((200.0, start - 50, 200), (NEVER, start - 90, 90), (NEVER, start + 90, 0)):
        days = run(scenario, pathway.lost, sign=sign, zero=zero)["lost"]
        assert follows(days - begins, exponential(rate))
    nobody = england(lost_per_year=0)
    assert (run(nobody, pathway.lost, sign=0.0, zero=start)["lost"] == NEVER).all()


# What makes people wait longer: a change of parameters, and intervals that are made five times as long for everybody.
LONGER = {
    "help": ({}, "patient_interval"),
    "misreading": ({"misread_share": every_group(0.9), "misread_factor": 20}, ()),
    "between visits": ({}, "gap_between_visits"),
    "referral": ({"referral_threshold": 20}, ()),
    "missed tests": ({"test": {"CT": {"sensitivity": 0.1}, "breast imaging": {"sensitivity": 0.3}}}, ()),
    "between tests": ({}, "after_missed_test"),
    "diagnosis": ({}, "referral_to_diagnosis"),
    "after screening": ({}, "screening_to_diagnosis"),
    "treatment": ({}, "diagnosis_to_treatment"),
}


def sooner_and_later(reason, **settled):
    """The same lives twice, columns of everybody with a first sign: as the settings say, and with longer waits."""
    changes, intervals = LONGER[reason]
    lived = []
    for scenario in (england(**settled), stretched(england(**settled | changes), *np.atleast_1d(intervals))):
        people = block(scenario, 1, 0, benign=False)
        lived.append({name: values[people["sign"] < NEVER] for name, values in people.items()})
    return lived


@pytest.mark.parametrize("reason", LONGER)
def test_without_progression_after_the_first_sign_no_wait_moves_stage_metastasis_or_death(reason):
    """The null: person by person, exactly; while treatment does come later."""
    sooner, later = sooner_and_later(reason, progression_after_first_sign=0)
    for name in ("stage", "extent", "emergency", "metastasis_there", "disease_death", "death"):
        np.testing.assert_array_equal(sooner[name], later[name])
    assert (later["planned_diagnosis"] >= sooner["planned_diagnosis"]).all()
    assert (later["treatment"] > sooner["treatment"]).mean() > 0.01


@pytest.mark.parametrize("reason", LONGER)
def test_with_it_a_longer_wait_never_lowers_the_stage_and_never_lengthens_life(reason):
    """Person by person.

    The model implies it where emergencies do not go by the stage (a later visit can be an emergency, which is diagnosed
    sooner), and where people treated after their metastases came do not live longer with them than after a recurrence.
    """
    rest_of_life = {"untreated": {"p50": 500, "p90": 2000}, "recurrent": {"p50": 1000, "p90": 4000}}
    settled = {
        "metastasis_to_death": rest_of_life,
        "treatment_lengthens_factor": 2,
        "emergency_share": every_stage(0.1),
    }
    sooner, later = sooner_and_later(reason, progression_after_first_sign=1, **settled)
    assert (later["planned_diagnosis"] >= sooner["planned_diagnosis"]).all()
    assert (later["stage"] >= sooner["stage"]).all()
    assert (later["metastasis_there"] <= sooner["metastasis_there"]).all()
    assert (later["disease_death"] <= sooner["disease_death"]).all()
    assert (later["disease_death"] < sooner["disease_death"]).any()
