"""Bias switches: each changes what it says and nothing else, on the same lives."""

import numpy as np
import pandas as pd
import pytest

import firstsign as fs
from firstsign.biases import BIASES, CONVENTION, DATA, RECORD, WORLD, checked_biases, switched
from firstsign.sampling import SAMPLINGS
from firstsign.scenarios import load_scenario

ENGLAND = load_scenario("england", {})
PEOPLE = 8_000
OF_KIND = {kind: [name for name, bias in BIASES.items() if bias.kind == kind] for kind in (WORLD, DATA, RECORD)}


def both(names, people=PEOPLE, **overrides):
    """Cohort and truth side by side, by life."""
    cohort, truth = fs.simulate(people, seed=4, truth=True, biases=names, **overrides)
    return cohort.merge(truth, on="person").set_index("life").drop(columns="person")


NONE = both([])


def days(frame, end="diagnosis", start="first_symptom"):
    return (frame[f"{end}_latest"] - frame[f"{start}_latest"]).dt.days


def since_onset(frame):
    """Every day as days since the onset of the disease, so that lives can be compared whatever the calendar."""
    columns = frame.select_dtypes("datetime").drop(columns=["observed_from", "observed_until"])
    return columns.apply(lambda column: (column - frame["true_onset"]).dt.days)


class TestTable:
    def test_has_the_ten_biases_of_the_field(self):
        assert list(fs.biases()["name"]) == list(BIASES)
        assert len(BIASES) == 10
        assert fs.biases().notna().all(axis=None)

    def test_sources_are_in_the_register(self):
        for source in fs.biases()["source"]:
            assert source == CONVENTION or fs.evidence_entry(source).id == source

    @pytest.mark.parametrize("name", BIASES)
    def test_says_what_it_changes(self, name):
        bias = BIASES[name]
        for parameter, _ in (*bias.on, *bias.off):
            assert parameter in bias.changes
        assert ("sampling" in bias.changes) == (name in SAMPLINGS)
        assert (bias.kind == DATA) == (name in SAMPLINGS)


class TestSwitches:
    def test_none_is_the_scenario_as_it_is(self):
        assert switched(ENGLAND, None, {}) is ENGLAND
        plain = fs.simulate(50, seed=3)
        pd.testing.assert_frame_equal(plain, fs.simulate(50, seed=3, biases=None))
        assert plain.attrs["biases"] is None

    def test_cohort_says_what_is_on_in_the_order_of_the_table(self):
        cohort = fs.simulate(50, biases=["lead time", "left truncation", "lead time"])
        assert cohort.attrs["biases"] == ["left truncation", "lead time"]

    def test_off_is_off(self):
        """The scenario has some of them on of its own accord."""
        off = switched(ENGLAND, [], {})
        for name in ("urgency", "indolent_share", "screening_coverage", "recall_rounded_share", "misclassified_share"):
            assert off[name] == 0
        assert off["observed_until"] - off["first_sign_until"] >= 365
        assert off.sampling == ()

    def test_what_one_needs_another_does_not_take_away(self):
        """Nobody is overdiagnosed where nobody is screened."""
        assert switched(ENGLAND, ["overdiagnosis"], {})["screening_coverage"] >= 0.7
        assert switched(ENGLAND, ["lead time"], {})["indolent_share"] == 0

    def test_a_scenario_that_has_it_stronger_keeps_it(self):
        assert switched(load_scenario("england", {"urgency": 0.9}), ["confounding by urgency"], {})["urgency"] == 0.9

    @pytest.mark.parametrize("names", [[], ["recall heaping"], list(BIASES)], ids=["none", "one", "all"])
    def test_what_the_user_sets_wins(self, names):
        overrides = {
            "recall_rounded_share": 0.1,
            "urgency": 0.2,
            "treated_share": {"4": 0.5},
            "diagnosis_to_treatment": {"p50": 20},
            "first_sign_until": "2021-06-30",
        }
        found, asked = (
            switched(load_scenario("england", overrides), names, overrides),
            load_scenario("england", overrides),
        )
        for name in ("recall_rounded_share", "urgency", "treated_share.4", "first_sign_until"):
            assert found[name] == asked[name]
        assert found.waits["diagnosis_to_treatment"] == asked.waits["diagnosis_to_treatment"]

    @pytest.mark.parametrize(
        ("names", "message"),
        [
            (
                ["recal heaping", "x"],
                r"'recal heaping' \(did you mean 'recall heaping'\?\), 'x'. There are: left truncation",
            ),
            ("lead time", r"one word; give a list, such as \['lead time'\]"),
            ([3], "No bias 3"),
        ],
    )
    def test_slips_are_told(self, names, message):
        with pytest.raises(ValueError, match=message):
            checked_biases(names)

    def test_sampling_is_of_the_diseased(self):
        with pytest.raises(ValueError, match="Left truncation and right truncation is how people with the disease"):
            fs.simulate(5, who="population", biases=["right truncation", "left truncation"])
        assert len(fs.simulate(5, who="population", biases=["recall heaping"])) == 5


@pytest.mark.parametrize(
    "names", [[], *([name] for name in BIASES), list(BIASES)], ids=lambda names: " and ".join(names)[:40]
)
class TestEveryWorld:
    def test_cohort_is_sound(self, names):
        problems = fs.check_cohort(fs.simulate(3_000, seed=2, biases=names))
        assert problems[problems["severity"] == "error"].empty

    def test_fewer_people_are_the_first_of_more(self, names):
        many, truth = fs.simulate(1_500, seed=3, truth=True, biases=names)
        few, true = fs.simulate(700, seed=3, truth=True, biases=names)
        columns = [name for name in many if name in few]
        pd.testing.assert_frame_equal(many[columns].head(700), few[columns], check_dtype=False)
        pd.testing.assert_frame_equal(truth.head(700), true)
        assert truth["life"].is_monotonic_increasing

    def test_fits_the_truth(self, names):
        """What is seen is true, but for first symptoms and visits, which records may have wrong."""
        cohort, truth = fs.simulate(2_000, seed=5, truth=True, biases=names)
        for name in ("diagnosis", "treatment", "death", "metastasis"):
            if f"{name}_latest" in cohort:
                seen = cohort[f"{name}_latest"].dropna()
                assert (seen == truth.loc[seen.index, f"true_{name}"]).all()


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("recall heaping", {"first_symptom"}),
        ("misclassified first symptom", {"first_symptom"}),
        ("look-back window", {"first_symptom", "first_presentation"}),
    ],
)
def test_a_wrong_record_changes_only_that_record(name, columns):
    found = both([name])
    changed = {str(column) for column in NONE if not found[column].equals(NONE[column])}
    assert {column.removesuffix("_earliest").removesuffix("_latest") for column in changed} - {"age"} == columns


@pytest.mark.parametrize("name", OF_KIND[DATA])
def test_sampling_changes_nobodys_life(name):
    found = both([name])
    lives = found.index.intersection(NONE.index)
    assert len(lives) > 200
    true = [column for column in NONE if str(column).startswith(("true_", "death_from", "diagnosis_had"))]
    dates = since_onset(found.loc[lives])[
        [column for column in true if "true_" in column and NONE[column].dtype.kind == "M"]
    ]
    pd.testing.assert_frame_equal(dates, since_onset(NONE.loc[lives])[list(dates)])


class TestLeftTruncation:
    FOUND = both(["left truncation"])

    def test_who_is_not_in_the_data_was_diagnosed_or_dead_early(self):
        found = self.FOUND
        entered = (found["observed_from"] - found["true_first_symptom"]).dt.days
        from_the_start = found["observed_from"] == found["observed_from"].min()
        assert (entered[~from_the_start] >= 0).all(), "a day of registration tells nobody when the first sign was"
        assert 0.3 < (entered > 0).mean() < 0.5
        waited = days(found).fillna(np.inf)
        assert (waited[entered > 0] > entered[entered > 0]).all()

    def test_entries_make_up_for_it(self):
        """The share waiting after 60 days: too large if the entries are ignored, right if they are used."""
        truth = (NONE["diagnosis_had_they_lived"] - NONE["true_first_symptom"]).dt.days.gt(60).mean()
        counted = fs.spells(self.FOUND.reset_index(), "total_diagnostic")
        right = fs.share_longer_than(counted, 60).iloc[0]
        wrong = fs.share_longer_than(counted.assign(entry=0.0), 60).iloc[0]
        se = (right["high"] - right["low"]) / 3.92
        assert abs(right["share"] - truth) < 4 * np.hypot(se, np.sqrt(0.25 / PEOPLE))
        assert wrong["share"] - truth > 6 * se


class TestRightTruncation:
    FOUND = both(["right truncation"])

    def test_all_are_diagnosed_by_the_closing_day(self):
        found = self.FOUND
        assert (found["diagnosis_latest"] <= found["observed_until"]).all()
        window = (found["observed_until"] - found["first_symptom_latest"]).dt.days
        assert window.max() <= 730
        assert window.min() < 10

    def test_long_delays_are_missing_and_limits_bring_them_back(self):
        """Reverse time is conditional on delays within the window of 730 days, and so is the truth it is held against."""
        delay = (NONE["diagnosis_had_they_lived"] - NONE["true_first_symptom"]).dt.days
        truth = (delay[delay <= 730] > 60).mean()
        curve = fs.right_truncated(fs.spells(self.FOUND.reset_index(), "total_diagnostic", seen="diagnosed"))
        right = curve[curve["day"] <= 60].iloc[-1]
        assert abs(right["estimate"] - truth) < 4 * np.hypot(right["se"], np.sqrt(0.25 / PEOPLE))
        assert truth - (days(self.FOUND) > 60).mean() > 6 * right["se"]


class TestLengthBias:
    FOUND = both(["length-biased sampling"], people=4_000)

    def test_who_is_found_waits_on_the_one_day_of_survey(self):
        survey = self.FOUND["observed_from"].unique()
        assert len(survey) == 1
        assert (self.FOUND["true_first_symptom"] <= survey[0]).all()
        waited = days(self.FOUND)
        assert (waited > (survey[0] - self.FOUND["true_first_symptom"]).dt.days)[waited.notna()].all()

    def test_mean_delay_is_the_mean_square_over_the_mean(self):
        """Of delays cut off at the days there are before the survey: who waits longer is not found more often."""
        before = (self.FOUND["observed_from"].iloc[0] - pd.Timestamp("2014-01-01")).days + 1
        delay = (NONE["diagnosis_had_they_lived"] - NONE["true_first_symptom"]).dt.days
        short = delay[(delay <= before) & NONE["true_diagnosis"].notna()]
        expected = (short**2).mean() / short.mean()
        found = days(self.FOUND)
        found = found[found <= before]
        spread = short.to_numpy(float)
        ratio_se = np.std(spread**2 - expected * spread) / spread.mean() / np.sqrt(len(spread))
        assert abs(found.mean() - expected) < 4 * np.hypot(found.std() / np.sqrt(len(found)), ratio_se)
        assert found.mean() > 2 * short.mean()


class TestRecords:
    def test_heaped_symptoms_are_round_times_before_the_visit(self):
        ago = days(both(["recall heaping"]), "first_presentation")
        told = ago != days(NONE, "first_presentation")
        told &= ago.notna()
        assert ((ago % 7 == 0) | (ago % 30 == 0) | (ago % 365 == 0))[told].all()
        whole = ago[ago > 3]
        assert ((whole % 7 == 0) | (whole % 30 == 0) | (whole % 365 == 0)).mean() > 0.7

    def test_look_back_finds_nothing_older_than_a_year(self):
        found = both(["look-back window"])
        assert days(found).max() <= 365
        recent = days(NONE) <= 365
        assert found.loc[recent, "first_symptom_latest"].equals(NONE.loc[recent, "first_symptom_latest"])
        assert days(NONE).max() > 365

    def test_misclassified_symptoms_are_earlier_by_a_year_at_most(self):
        earlier = (NONE["first_symptom_latest"] - both(["misclassified first symptom"])["first_symptom_latest"]).dt.days
        assert (earlier.min(), earlier.max()) >= (0, 300)
        assert earlier.max() <= 365
        assert 0.03 < (earlier > 0).mean() < 0.3


class TestWorlds:
    def test_immortal_time_moves_treatment_and_what_follows(self):
        late = both(["immortal time"])
        assert (days(NONE, "treatment", "diagnosis").dropna() == 1).all()
        assert 50 < days(late, "treatment", "diagnosis").median() < 70
        before = ["true_first_symptom", "true_diagnosis", "true_stage", "death_from_other_causes"]
        pd.testing.assert_frame_equal(late[before], NONE[before])

    def test_urgency_ties_waits_to_the_pace_and_treatment_to_the_stage(self):
        hurried = both(["confounding by urgency"])
        for found, tied in ((NONE, False), (hurried, True)):
            known = found["diagnosis_latest"].notna() & found["first_symptom_latest"].notna()
            rho = found["pace"][known].rank().corr(days(found)[known].rank())
            assert (rho < -0.2) == tied
            treated = found["treatment_latest"].notna().groupby(found["stage"].astype(float)).mean()
            assert (treated[4.0] < treated[1.0] - 0.05) == tied
        assert (NONE["detection"] == "emergency").sum() == 0

    def test_lead_time_is_screening(self):
        assert (NONE["detection"] == "screening").sum() == 0
        found = both(["lead time"])
        screened = found["true_screening_test"].notna()
        assert screened.mean() > 0.2
        lead = (found["symptom_without_screening"] - found["true_screening_test"]).dt.days
        assert (lead[screened].dropna() > 0).all()

    def test_overdiagnosis_needs_disease_that_never_shows(self):
        found = both(["overdiagnosis"])
        assert found["overdiagnosed"].sum() > 5 * both(["lead time"])["overdiagnosed"].sum()
        assert NONE["overdiagnosed"].sum() == 0
