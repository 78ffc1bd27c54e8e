"""What a registry holds of a life: by hand for single lives, and against the truth for many."""

import numpy as np
import pandas as pd
import pytest
from mechanism_runs import ENGLAND, GROUPS, LUMP, england, every_group

import firstsign as fs
from firstsign.draws import NEVER
from firstsign.lives import MILESTONES, lives
from firstsign.registry import as_seen, dates, numbered, registered, site_names, true, with_benign_visit, words

CLOSES = ENGLAND["observed_until"]
BONE = GROUPS.index("back or bone pain")


def test_dates_are_midnights_and_never_is_missing():
    found = pd.DatetimeIndex(dates(np.array([0.0, 1, NEVER, -3653, 36_525]), np.array([0.0, 18_320, 18_320, 0, 0])))
    assert list(found[[0, 1, 3, 4]]) == [
        pd.Timestamp(day) for day in ("1970-01-01", "2020-02-29", "1960-01-01", "2070-01-01")
    ]
    assert pd.isna(found[2])


@pytest.mark.parametrize("day", [106_000.0, -106_000.0, 1e9, -1e9, 1e300])
def test_days_that_pandas_cannot_count_to_are_missing(day):
    assert np.isnat(dates(np.array([day]))).all()
    assert not np.isnat(dates(np.array([np.sign(day) * 105_999]))).any()


def test_words_and_sites():
    assert words(["a", None], np.array([1, 0, 1])).tolist() == [None, "a", None]
    found = site_names(ENGLAND, np.array([0, 1, 6, 9, 16], np.int16))
    assert found.tolist() == [None, "bone", "liver;lung", "bone;brain", "other"]


def one(**given):
    """A diseased person whose whole life is within the study, told in days since onset; some columns changed."""
    usual = {
        name: NEVER for name in (*MILESTONES, "benign_presentation", "benign_referral", "ruled_out", "false_diagnosis")
    }
    usual |= {"zero": CLOSES - 1000, "death": NEVER, "lost": NEVER, "group": LUMP, "symptom": 0, "gap": 10.0}
    usual |= {"consultations": 2.0, "screened": False, "emergency": False, "diseased": True, "benign_group": BONE}
    usual |= {"benign_symptom": 1, "benign_symptom_day": NEVER, "benign_first": False, "besides_0": np.int8(1)}
    usual |= {name: False for name in ("misclassified", "rounded", "missing", "to_month")}
    usual |= {
        "first_symptom": 100.0,
        "first_presentation": 110.0,
        "referral": 120.0,
        "diagnosis": 200.0,
        "treatment": 230.0,
    }
    return {name: np.array([value]) for name, value in (usual | given).items()}


@pytest.mark.parametrize(
    ("given", "known", "last_seen"),
    [
        ({}, {"first_symptom", "first_presentation", "referral", "diagnosis", "treatment"}, 1000),
        ({"zero": CLOSES - 200}, {"first_symptom", "first_presentation", "referral", "diagnosis"}, 200),
        ({"zero": CLOSES - 199}, {"first_symptom", "first_presentation", "referral"}, 199),
        ({"lost": 115.0}, {"first_symptom", "first_presentation"}, 115),
        (
            {"lost": 300.0, "death": 250.0},
            {"first_symptom", "first_presentation", "referral", "diagnosis", "treatment", "death"},
            250,
        ),
        (
            {"lost": 300.0, "death": 301.0},
            {"first_symptom", "first_presentation", "referral", "diagnosis", "treatment"},
            300,
        ),
        ({"zero": CLOSES - 99}, set(), 99),
    ],
)
def test_milestones_are_seen_up_to_loss_death_and_the_close(given, known, last_seen):
    """On the last day too. The group of the first symptom is known once that has come."""
    seen = as_seen(ENGLAND, one(**given))
    assert {name for name in (*MILESTONES, "death") if seen[name][0] < NEVER} == known
    assert seen["last_seen"][0] == last_seen
    assert seen["shown_group"][0] == (LUMP if known else len(GROUPS))


BENIGN = {"benign_first": True, "benign_symptom_day": 50.0, "benign_presentation": 60.0}


def first_visit(**given):
    found = with_benign_visit(ENGLAND, one(**(BENIGN | given)))
    names = (
        "first_symptom",
        "first_presentation",
        "referral",
        "diagnosis",
        "ruled_out",
        "consultations",
        "group",
        "besides_0",
    )
    return {name: found[name][0] for name in names}


def test_a_benign_visit_before_a_diagnosis():
    """The first symptom is the benign one; the referral that led to the diagnosis stays, after three visits in all."""
    found = first_visit(benign_referral=60.0, ruled_out=90.0)
    expected = {"first_symptom": 50, "first_presentation": 60, "referral": 120, "diagnosis": 200, "ruled_out": 90}
    assert found == expected | {"consultations": 3, "group": BONE, "besides_0": 0}
    assert first_visit(benign_referral=60.0, ruled_out=200.0)["ruled_out"] == NEVER  # by then it is known


def test_a_benign_visit_and_no_diagnosis_that_the_registry_sees():
    """Referred for the benign symptom, at the first visit; what would come after the loss changes nothing."""
    for given in ({"diagnosis": NEVER}, {"lost": 150.0}):
        found = first_visit(benign_referral=60.0, ruled_out=90.0, **given)
        assert (found["referral"], found["ruled_out"], found["consultations"]) == (60, 90, 1)
    healthy = {name: NEVER for name in ("first_symptom", "first_presentation", "referral", "diagnosis", "treatment")}
    found = first_visit(diseased=False, benign_referral=60.0, false_diagnosis=95.0, **healthy)
    assert (found["diagnosis"], found["ruled_out"], found["consultations"]) == (95, NEVER, 1)
    assert first_visit(diseased=False, **healthy)["referral"] == NEVER


def test_a_benign_visit_before_a_screening_test():
    """There is no referral for the disease then, and one visit."""
    screened = {
        "first_symptom": NEVER,
        "first_presentation": NEVER,
        "referral": NEVER,
        "screened": True,
        "screening_test": 150.0,
    }
    found = first_visit(benign_referral=60.0, consultations=9.0, **screened)
    assert (found["referral"], found["consultations"], found["first_presentation"]) == (60, 1, 60)


def test_without_one_nothing_changes_but_what_is_ruled_out():
    before = one(ruled_out=90.0)
    after = with_benign_visit(ENGLAND, before)
    for name in set(before) - {"ruled_out"}:
        np.testing.assert_array_equal(after[name], before[name])
    assert after["ruled_out"][0] == NEVER


@pytest.fixture(scope="module", params=["diseased", "symptomatic", "population"])
def simulated(request):
    shares = {"disease_share": 0.3, "onset_known_to_month": 0.3, "emergency_share": dict.fromkeys("1234", 0.2)}
    scenario = england(shares, {"test.biopsy.specificity": 0.5, "test.CT.specificity": 0.5}, lost_per_year=0.05)
    people = lives(scenario, 3, request.param, 0)
    size = len(people["life"])
    cohort = numbered([registered(scenario, people, request.param)], size)
    return request.param, people, cohort, numbered([true(scenario, people)], size)


def test_columns_of_the_truth_are_not_in_the_cohort(simulated):
    _, _, cohort, truth = simulated
    assert set(cohort) & set(truth) == {"person"}
    assert ("ruled_out" in cohort) == (simulated[0] != "diseased")


def test_the_cohort_is_sound(simulated):
    assert fs.check_cohort(simulated[2]).empty


def test_what_the_registry_dates_is_true_of_the_disease(simulated):
    """Where the first symptom is not benign every date is the true one, or within its month, or not yet known."""
    _, _, cohort, truth = simulated
    own = truth["first_symptom_from"] != "benign"
    for name in MILESTONES:
        told, real = cohort[f"{name}_earliest"], truth[f"true_{name}"]
        latest = cohort[f"{name}_latest"]
        mistaken = ~truth["has_disease"] if name == "diagnosis" else pd.Series(False, index=own.index)
        known = own & told.notna() & ~mistaken
        assert known.any() or name == "screening_test"  # who is found by screening presents nothing
        assert ((told <= real) & (real <= latest))[known].all()
        if name != "first_symptom":
            assert (told == latest)[known].all()
        unseen = own & told.isna() & real.notna()
        assert (real > cohort["last_seen_latest"])[unseen].all()


def test_stage_spread_and_sites_are_known_from_the_diagnosis_on(simulated):
    _, _, cohort, truth = simulated
    diagnosed = cohort["diagnosis_earliest"].notna() & truth["has_disease"]
    assert (cohort["stage"].notna() == diagnosed).all()
    assert (cohort["stage"] == truth["true_stage"])[diagnosed].all()
    assert (cohort["spread"].notna() == diagnosed).all()
    metastatic = (cohort["stage"] == 4).fillna(False).astype(bool)
    assert ((cohort["spread"] == "distant") == metastatic).all()
    assert (cohort["metastatic_at_diagnosis"].fillna(False).astype(bool) == metastatic).all()
    expected = {1: {"localized"}, 2: {"localized", "regional"}, 3: {"regional"}, 4: {"distant"}}
    assert {stage: set(spread) for stage, spread in cohort[diagnosed].groupby("stage")["spread"]} == expected
    assert (cohort["metastatic_sites"].notna() == (metastatic | cohort["metastasis_earliest"].notna())).all()


def test_detection(simulated):
    _, people, cohort, _ = simulated
    diagnosed = cohort["diagnosis_earliest"].notna()
    assert (cohort["detection"].notna() == diagnosed).all()
    assert ((cohort["detection"] == "screening") == (diagnosed & cohort["screening_test_earliest"].notna())).all()
    emergency = cohort["detection"] == "emergency"
    assert (emergency == (diagnosed & people["emergency"])).all()
    assert emergency.any()


def test_people_without_the_disease_are_told_so_or_wrongly_diagnosed(simulated):
    who, _, cohort, truth = simulated
    healthy = ~truth["has_disease"]
    if who == "diseased":
        assert not healthy.any()
        return
    wrong = healthy & cohort["diagnosis_earliest"].notna()
    assert wrong.any()
    assert cohort["stage"][wrong].isna().all()
    assert cohort["spread"][wrong].isna().all()
    assert cohort["ruled_out"][wrong].isna().all()
    assert truth["true_diagnosis"][wrong].isna().all()
    out = cohort["ruled_out"].notna()
    assert (cohort["ruled_out"] >= cohort["referral_earliest"])[out & cohort["diagnosis_earliest"].isna()].all()
    assert not (cohort["ruled_out"] >= cohort["diagnosis_earliest"]).any()
    nowhere = truth.loc[
        healthy, ["true_sites", "true_stage", "true_onset", "true_seeding", "pace", "true_first_symptom"]
    ]
    assert nowhere.isna().all().all()
    assert not truth.loc[healthy, "true_metastatic_at_diagnosis"].any()


def test_symptoms_lead_with_the_first(simulated):
    _, _, cohort, _ = simulated
    group_of = {symptom: name for name, group in ENGLAND.words.symptom_groups.items() for symptom in group.symptoms}
    shows = cohort["first_symptom_group"] != ENGLAND.words.no_symptom_group
    assert (cohort["symptoms"].notna() == shows).all()
    listed = cohort.loc[shows, "symptoms"].str.split(";")
    assert (listed.str[0].map(group_of) == cohort.loc[shows, "first_symptom_group"]).all()
    groups = listed.explode().map(group_of).rename("group").reset_index()
    assert not groups.duplicated().any()  # at most one symptom of each group
    assert listed.str.len().max() > 1


def test_age_at_the_first_sign_or_when_the_study_starts(simulated):
    who, people, cohort, truth = simulated
    sign = truth[["true_first_symptom", "true_screening_test"]].min(axis=1)
    born = truth["true_onset"] - pd.to_timedelta(np.floor(people["age_at_zero"] * 365.25), unit="D")
    own = sign.notna() & (truth["first_symptom_from"] != "benign") & (cohort["first_symptom_earliest"] == sign)
    years = (sign - born).dt.days / 365.25
    assert (abs(cohort["age"] - np.floor(years))[own] <= 1).all()
    assert (cohort["age"] == np.floor(years))[own].mean() > 0.99
    if who == "population":
        well = ~truth["has_disease"] & (cohort["first_symptom_group"] == ENGLAND.words.no_symptom_group)
        np.testing.assert_array_equal(cohort["age"][well], np.floor(people["age_at_zero"])[well])


def test_months_are_whole(simulated):
    _, people, cohort, _ = simulated
    wide = cohort["first_symptom_earliest"] != cohort["first_symptom_latest"]
    wide &= cohort["first_symptom_earliest"].notna()
    assert (wide <= people["to_month"]).all()
    assert cohort.loc[wide, "first_symptom_earliest"].dt.is_month_start.all()
    assert cohort.loc[wide, "first_symptom_latest"].dt.is_month_end.all()
    assert (cohort["first_symptom_latest"] - cohort["first_symptom_earliest"]).dt.days.max() <= 30


def test_a_benign_symptom_can_be_the_first_of_the_symptomatic():
    cohort, truth = fs.simulate(20_000, seed=6, who="symptomatic", truth=True)
    benign = truth["first_symptom_from"] == "benign"
    assert 0.5 < benign.mean() < 1
    assert (cohort["first_symptom_earliest"].notna() & cohort["first_presentation_earliest"].notna())[benign].all()
    later = benign & truth["has_disease"] & truth["true_first_symptom"].notna()
    assert later.any()
    assert (cohort["first_presentation_earliest"] < truth["true_first_presentation"].fillna(pd.Timestamp.max))[
        later
    ].all()


def test_a_test_that_nothing_passes_gives_no_counts_that_are_not_numbers():
    """Infinitely many missed tests and visits are missing numbers, and there is no stage at a diagnosis that never comes."""
    changes = {
        "test": {"CT": {"sensitivity": 0}, "breast imaging": {"sensitivity": 0}},
        "referral_chance.later": every_group(0),
    }
    cohort, truth = fs.simulate(5_000, seed=6, truth=True, screening_coverage=0, **changes)
    assert fs.check_cohort(cohort).empty
    never = truth["diagnosis_had_they_lived"].isna()
    assert 0.5 < never.mean() < 1
    assert truth.loc[never, ["true_stage", "true_diagnosis"]].isna().all().all()
    assert not truth.loc[never, "true_metastatic_at_diagnosis"].any()
    unending = truth["true_referral"].notna() & (truth["true_consultations"].isna() | truth["missed_tests"].isna())
    assert unending.any()
    assert never[unending].all()


def test_rows_of_blocks_are_joined_and_numbered():
    """Types survive, rows are cut to what was asked for, and a milestone that nobody has reached is no column."""
    parts = [registered(ENGLAND, lives(ENGLAND, 1, "diseased", number), "diseased") for number in (0, 1)]
    size = len(parts[0]["age"])
    frame = numbered(parts, size + 10, first=101)
    assert frame["person"].tolist() == list(range(101, 111 + size))
    pd.testing.assert_frame_equal(frame.head(size), numbered(parts[:1], size, first=101))
    assert frame["stage"].dtype == "Int64"
    assert frame["metastatic_at_diagnosis"].dtype == "boolean"
    nobody = lives(england(treated_share=dict.fromkeys("1234", 0)), 1, "diseased", 0)
    untreated = [registered(ENGLAND, nobody, "diseased")]
    assert "treatment_earliest" not in numbered(untreated, 100)
    assert numbered(untreated, 100, empty=True)["treatment_latest"].isna().all()
