"""Simulated cohorts: what a registry sees follows from the truth, and a seed is a promise."""

import datetime
import hashlib

import numpy as np
import pandas as pd
import pytest

import firstsign as fs
from firstsign.lives import BLOCK, WHO
from firstsign.places import data_folder
from firstsign.scenarios import scenario_parameters
from firstsign.simulate import as_user_file, simulate
from firstsign.vocabulary import symptoms

PATHWAY = ["first_symptom", "first_presentation", "referral", "diagnosis", "treatment"]
MONTHS = 0.25
GROUPS = ["back or bone pain", "other symptom", "other breast symptom", "breast lump"]
DIGEST = "286ea067f4c294a60e9d9994e97a944831415455ee89f61bfaaee2744d6d53f0"
COHORT, TRUTH = simulate(60_000, seed=11, truth=True, onset_known_to_month=MONTHS)
SYMPTOMATIC = COHORT["first_symptom_group"] != "no symptom"


def close(share, expected, n):
    """Within four binomial standard errors."""
    return abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / n)


def test_columns_and_types():
    cohort = simulate(2_000, seed=1)
    assert cohort["person"].tolist() == list(range(1, 2_001))
    assert isinstance(cohort.index, pd.RangeIndex)
    windows = [name for name in cohort if name.endswith(("_earliest", "_latest"))]
    assert len(windows) == 18
    assert set(cohort[[*windows, "observed_from", "observed_until"]].dtypes.astype(str)) == {"datetime64[ns]"}
    assert cohort["stage"].dtype == "Int64"
    assert cohort["consultations"].dtype == "Int64"
    assert cohort["metastatic_at_diagnosis"].dtype == "boolean"
    assert set(cohort["sex"]) == {"female"}
    assert "ruled_out" not in cohort
    assert "ruled_out" in simulate(2_000, seed=1, who="population")


def test_attrs_can_be_saved(tmp_path):
    cohort = simulate(50, seed=5, first_sign_from=datetime.date(2015, 1, 1), lost_per_year=np.float32(0.25))
    cohort.to_parquet(tmp_path / "saved.parquet")
    assert pd.read_parquet(tmp_path / "saved.parquet").attrs["overrides"] == {
        "first_sign_from": "2015-01-01",
        "lost_per_year": 0.25,
    }


def test_attrs():
    attrs = simulate(1_234, seed=5, lost_per_year=0.1).attrs
    assert (attrs["simulated"], attrs["own"], attrs["left_out"]) == (True, False, {})
    assert (attrs["scenario"], attrs["seed"], attrs["people"]) == ("england", 5, 1_234)
    assert attrs["overrides"] == {"lost_per_year": 0.1}
    assert attrs["name"] == "simulated england, 1,234 people"
    assert "No person is in it" in attrs["source"]
    assert attrs["who"] == "diseased"


@pytest.mark.parametrize(
    "cohort",
    [
        COHORT,
        simulate(3_000, seed=2),
        simulate(1, seed=0),
        simulate(20_000, seed=3, who="symptomatic"),
        simulate(20_000, seed=4, who="population"),
        simulate(
            8_000, seed=5, recall_rounded_share=0.5, misclassified_share=1, look_back_days=60, missing_onset_share=0.1
        ),
    ],
    ids=["months", "days", "one", "symptomatic", "population", "badly recorded"],
)
def test_cohort_is_sound(cohort):
    assert fs.check_cohort(cohort).empty


@pytest.mark.parametrize("who", WHO)
def test_fewer_people_are_the_first_of_more(who):
    """Within a block, at its border, and beyond."""
    many, truth = simulate(2 * BLOCK + 5, seed=3, who=who, truth=True)
    for people in (1, 100, BLOCK, BLOCK + 1):
        few, true = simulate(people, seed=3, who=who, truth=True)
        pd.testing.assert_frame_equal(few, many.head(people)[list(few)])
        assert not many.head(people)[[name for name in many if name not in few]].notna().any().any()
        pd.testing.assert_frame_equal(true, truth.head(people)[list(true)])


def test_same_seed_same_people_other_seed_others():
    pd.testing.assert_frame_equal(simulate(500, seed=8), simulate(500, seed=8))
    assert (simulate(500, seed=8)["age"] != simulate(500, seed=9)["age"]).mean() > 0.9


def test_truth_is_a_second_frame_and_changes_nothing():
    pd.testing.assert_frame_equal(simulate(60_000, seed=11, onset_known_to_month=MONTHS), COHORT)
    assert set(COHORT) & set(TRUTH) == {"person"}
    assert TRUTH["person"].equals(COHORT["person"])


def test_one_knob_leaves_the_rest_alone():
    """Twice the bone pain from metastases: whoever keeps the first symptom keeps the whole life."""
    knob = "symptom_per_year.back or bone pain.metastatic"
    rate = scenario_parameters("england").set_index("name").loc[knob, "value"]
    plain, more = (simulate(20_000, seed=4, truth=True, **{knob: times * rate}) for times in (1, 2))
    plain, more = (pd.concat(pair, axis=1).iloc[:, 1:] for pair in (plain, more))
    both = plain.merge(more, on="life", suffixes=("", "_2"))
    kept = both["first_symptom_group"] == both["first_symptom_group_2"]
    assert 0.97 < kept.mean() < 1
    changed = both.loc[~kept & both["first_symptom_group"].ne("no symptom"), "first_symptom_group_2"]
    assert set(changed) == {"back or bone pain"}
    other = both[kept & both["first_symptom_group"].ne("back or bone pain")]
    assert len(other) > 18_000
    kept_too = ("age", "symptoms", "last_seen_latest")
    for name in (*kept_too, "true_onset", "true_diagnosis", "true_stage", "true_sites", "true_death"):
        pd.testing.assert_series_equal(other[name], other[f"{name}_2"], check_names=False)


def test_a_longer_wait_is_longer_for_everyone():
    """Each wait is one rank: with all its percentiles doubled nobody waits less, and other people wait as before."""
    doubled = {"patient_interval": {"breast lump": {"p50": 20, "p90": 200}}}
    plain, longer = (simulate(5_000, seed=6, truth=True, **change)[1] for change in ({}, doubled))
    assert plain["life"].equals(longer["life"])
    gap = (longer["diagnosis_had_they_lived"] - plain["diagnosis_had_they_lived"]).dt.days
    assert gap.min() == 0
    assert 0.4 < (gap > 0).mean() < 0.6
    assert gap[plain["true_screening_test"].notna()].eq(0).all()


def test_no_column_of_the_truth_is_in_the_cohort_nor_under_a_mask():
    """Nothing that reads a cohort can find what a registry cannot see: not in columns, attrs or under a mask."""
    for who in WHO:
        cohort, truth = simulate(6_000, seed=12, who=who, truth=True)
        assert set(cohort) & set(truth) == {"person"}
        assert not {"truth", "true"} & {word for key in cohort.attrs for word in key.split("_")}
        assert not any(isinstance(value, pd.DataFrame | np.ndarray) for value in cohort.attrs.values())
        for name in cohort.columns[[isinstance(kind, pd.api.extensions.ExtensionDtype) for kind in cohort.dtypes]]:
            hidden = cohort[name].array._data[cohort[name].isna().to_numpy()]
            assert not hidden.any(), name
        unseen = cohort["diagnosis_latest"].isna()
        for name in ("stage", "spread", "metastatic_at_diagnosis", "detection"):
            assert cohort.loc[unseen, name].isna().all()


def test_nothing_after_the_end_of_observation_changes_the_cohort():
    """The same lives with another future: the disease kills twice as slowly after the data close, and no registry can tell."""
    closes = pd.Timestamp("2024-12-31")
    cohort, truth = simulate(8_000, seed=13, truth=True)
    other, later = simulate(8_000, seed=13, truth=True, other_death_growth_per_year=0.1050001)
    same = (truth["true_death"] > closes) & (later["true_death"] > closes) & (truth["life"] == later["life"])
    assert same.sum() > 3_000
    assert (truth["death_from_other_causes"] != later["death_from_other_causes"])[same].any()
    pd.testing.assert_frame_equal(cohort[same], other[same])


def test_what_is_seen_is_true():
    """Every day in the cohort is the true day, or a month that holds it."""
    for name in [*PATHWAY, "screening_test", "metastasis", "death"]:
        earliest, latest, true = COHORT[f"{name}_earliest"], COHORT[f"{name}_latest"], TRUTH[f"true_{name}"]
        seen = latest.notna()
        assert ((earliest <= true) & (true <= latest))[seen].all()
        assert not (true.isna() & seen).any()
        if name != "first_symptom":
            assert (earliest == latest)[seen].all()


def test_what_is_not_seen_came_after_the_last_day_in_observation():
    last = COHORT["last_seen_latest"]
    for name in [*PATHWAY, "screening_test", "metastasis", "death"]:
        unseen = COHORT[f"{name}_latest"].isna() & TRUTH[f"true_{name}"].notna()
        assert (TRUTH[f"true_{name}"][unseen] > last[unseen]).all()
    assert (last <= COHORT["observed_until"]).all()


def test_milestones_are_in_order_and_end_with_death():
    days = TRUTH[[f"true_{name}" for name in PATHWAY]]
    for earlier, later in zip(days, days.columns[1:], strict=False):
        both = days[earlier].notna() & days[later].notna()
        assert (days[earlier] <= days[later])[both].all()
    for name in [*PATHWAY, "metastasis"]:
        assert not (TRUTH[f"true_{name}"] > TRUTH["true_death"]).any()
    assert not (TRUTH["true_metastasis"] <= TRUTH["true_diagnosis"]).any()


def test_undiagnosed_people_hide_what_only_a_diagnosis_tells():
    undiagnosed = COHORT["diagnosis_latest"].isna()
    assert 0.005 < undiagnosed.mean() < 0.05
    for name in ("stage", "metastatic_at_diagnosis", "metastatic_sites", "detection"):
        assert COHORT.loc[undiagnosed, name].isna().all()
    for name in ("stage", "metastatic_at_diagnosis", "detection"):
        assert COHORT.loc[~undiagnosed, name].notna().all()
    assert COHORT["stage"].array._data[undiagnosed.to_numpy()].sum() == 0, "the true stage lies under the mask"
    assert TRUTH["true_stage"].between(1, 4).all()


def test_people_found_by_screening():
    found = COHORT[COHORT["detection"] == "screening"]
    assert set(found["first_symptom_group"]) == {"no symptom"}
    assert (
        found[["first_symptom_latest", "first_presentation_latest", "referral_latest", "symptoms"]].isna().all().all()
    )
    assert found["screening_test_latest"].notna().all()
    assert COHORT.loc[SYMPTOMATIC, "screening_test_latest"].isna().all()
    assert COHORT.loc[SYMPTOMATIC, "first_symptom_latest"].notna().all()


def test_emergencies_are_referred_on_the_day():
    found = COHORT[COHORT["detection"] == "emergency"]
    assert len(found) > 100
    assert (found["referral_latest"] == found["first_presentation_latest"]).all()


def test_metastases_are_known_when_they_are_seen():
    spread = COHORT["metastatic_at_diagnosis"].fillna(False) | COHORT["metastasis_latest"].notna()
    assert (COHORT["metastatic_sites"].notna() == spread).all()
    assert (COHORT["stage"].eq(4) == COHORT["metastatic_at_diagnosis"]).dropna().all()


def test_months_are_whole_and_as_many_as_asked_for():
    earliest, latest = COHORT["first_symptom_earliest"], COHORT["first_symptom_latest"]
    month = (earliest != latest) & latest.notna()
    assert close(month.sum() / SYMPTOMATIC.sum(), MONTHS, SYMPTOMATIC.sum())
    assert earliest[month].dt.is_month_start.all()
    assert latest[month].dt.is_month_end.all()
    assert (earliest[month].dt.to_period("M") == latest[month].dt.to_period("M")).all()


def test_first_symptom_leads_the_list():
    groups = symptoms().set_index("name")["group"]
    first = COHORT.loc[SYMPTOMATIC, "symptoms"].str.split(";").str[0]
    assert (first.map(groups) == COHORT.loc[SYMPTOMATIC, "first_symptom_group"]).all()
    every = COHORT.loc[SYMPTOMATIC, "symptoms"].str.split(";").explode()
    assert not pd.DataFrame({"person": every.index, "symptom": every.to_numpy()}).duplicated().any()


def test_death_before_diagnosis_is_commoner_where_the_way_is_longer():
    died = COHORT["death_latest"].notna() & COHORT["diagnosis_latest"].isna()
    share = died.groupby(COHORT["first_symptom_group"]).mean()
    assert share["back or bone pain"] > share["breast lump"] > share["no symptom"]


def test_milestones_that_nobody_has_are_no_columns():
    cohort = simulate(500, seed=1, screening_coverage=0)
    assert not [name for name in cohort if name.startswith("screening_test")]
    assert "screening_test_latest" in simulate(500, seed=1)


def test_changing_a_cohort_changes_no_other_column():
    for mode in (True, False):
        with pd.option_context("mode.copy_on_write", mode):
            cohort = simulate(50, seed=1)
            before = cohort["diagnosis_latest"].copy()
            cohort.loc[:, "diagnosis_earliest"] = pd.NaT
            pd.testing.assert_series_equal(cohort["diagnosis_latest"], before)


def test_overrides_reach_the_people():
    cohort = simulate(
        3_000,
        seed=2,
        observed_until="2020-12-31",
        first_sign_until="2019-12-31",
        **{"metastatic_site.at_diagnosis": 1},
    )
    assert cohort["observed_until"].eq(pd.Timestamp("2020-12-31")).all()
    assert cohort["first_symptom_latest"].max() <= pd.Timestamp("2019-12-31")
    metastatic = cohort["metastatic_at_diagnosis"].fillna(False).astype(bool)
    assert cohort.loc[metastatic, "metastatic_sites"].str.contains("bone").all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"people": 0}, "people=0 is not possible; give a whole number from 1 up"),
        ({"people": 2.5}, r"people=2\.5"),
        ({"people": True}, "people=True"),
        ({"seed": -1}, "seed=-1 is not possible; give a whole number from 0 up"),
        ({"seed": "1"}, "seed='1'"),
        ({"who": "disease"}, "who='disease' cannot be simulated.*did you mean 'diseased'"),
        ({"who": None}, "who=None cannot be simulated"),
        ({"scenario": "englnd"}, "did you mean 'england'"),
        ({"urgencey": 0.1}, "did you mean 'urgency'"),
        ({"urgency": 1.4}, r"1\.4 is outside 0\.0 to 0\.99"),
        ({"urgency": "much", "awareness": 2}, "urgency: 'much' is not a number; awareness: 2 is outside"),
        (
            {"disease_share": 0, "who": "symptomatic", "benign_per_year": dict.fromkeys(GROUPS, 0)},
            "none can be in the cohort",
        ),
    ],
)
def test_slips_are_told(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate(**{"people": 5} | arguments)


def test_cause_of_death_and_people_who_never_die():
    share = TRUTH["died_from"].value_counts(normalize=True)
    assert set(share.index) == {"disease", "other causes"}
    assert 0.2 < share["disease"] < 0.5
    nobody = simulate(3_000, seed=1, truth=True, other_death_hazard_at_60=0)[1]
    assert set(nobody["died_from"].dropna()) == {"disease"}
    assert (nobody["died_from"].isna() == nobody["true_death"].isna()).mean() > 0.99


def test_a_wait_beyond_the_calendar_is_a_day_that_never_comes():
    """A median wait of 15,000 days with a wide tail reaches past the year 2262, where pandas' calendar ends."""
    waits = {"patient_interval": {"breast lump": {"p50": 15_000, "p90": 20_000 * 0.999}}}
    truth = simulate(3_000, seed=1, truth=True, **waits)[1]
    first, late = truth["true_first_symptom"], truth["diagnosis_had_they_lived"]
    assert (late >= first)[late.notna() & first.notna()].all()
    tail = {"patient_interval": {"breast lump": {"p50": 500, "p90": 20_000}}}
    cut = simulate(3_000, seed=1, truth=True, **tail)[1]
    assert cut["diagnosis_had_they_lived"].isna().sum() > 0
    assert cut["diagnosis_had_they_lived"].max() < pd.Timestamp("2261-01-01")
    assert cut["diagnosis_had_they_lived"].min() >= pd.Timestamp("2014-01-01")


def test_whole_numbers_of_numpy_are_whole_numbers():
    pd.testing.assert_frame_equal(simulate(np.int64(5), seed=np.int32(3)), simulate(5, seed=3))


def test_same_people_for_ever():
    """The digest of 20,000 lives and of what was seen; it changes only with the model, its numbers or NumPy's streams."""
    cohort, truth = simulate(20_000, seed=2026, truth=True)
    text = as_user_file(cohort).to_csv(index=False) + truth.to_csv(index=False)
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST


def test_teaching_file_is_made_from_the_scenario():
    made = as_user_file(simulate(400, seed=2026, scenario="england", onset_known_to_month=0.25))
    text = made.to_csv(index=False, lineterminator="\n")
    assert (data_folder() / "simulated" / "teaching.csv").read_bytes() == text.encode()


def test_teaching_file_loads_as_the_cohort_it_was():
    loaded, made = fs.load_cohort("teaching"), simulate(400, seed=2026, onset_known_to_month=0.25)
    assert set(loaded) == set(made)
    extra = ["spread", "consultations"]  # columns of no meaning to the schema come back as they were read
    for name in made.columns.drop(["person", "age", *extra]):
        pd.testing.assert_series_equal(loaded[name], made[name], check_names=False)
    assert loaded["spread"].fillna("").eq(made["spread"].fillna("")).all()
    assert loaded["consultations"].fillna(0).eq(made["consultations"].fillna(0)).all()
    assert (loaded["age"] == made["age"]).all()
    assert (loaded["person"].astype(int) == made["person"]).all()


def test_user_file_by_hand():
    days = {
        "person": [1, 2, 3, 4],
        "first_symptom_earliest": ["2024-03-12", "2024-02-01", "2024-02-01", None],
        "first_symptom_latest": ["2024-03-12", "2024-02-29", "2024-03-31", None],
        "observed_until": ["2024-12-31"] * 4,
    }
    cohort = pd.DataFrame(days).apply(lambda column: column if column.name == "person" else pd.to_datetime(column))
    made = as_user_file(cohort)
    assert list(made) == ["person", "first_symptom", "observed_until"]
    assert made["first_symptom"].tolist()[:3] == ["2024-03-12", "2024-02", "2024-02-01/2024-03-31"]
    assert pd.isna(made["first_symptom"][3])
    assert made["observed_until"].tolist() == ["2024-12-31"] * 4
