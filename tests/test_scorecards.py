"""Scorecards: marks by hand, estimators known to be right and wrong, the same whoever works; and the committed table."""

import numpy as np
import pandas as pd
import pytest
from calibration.scorecard import PEOPLE, REPLICATES, SEED, read, rounded

import firstsign as fs
from firstsign import scorecards
from firstsign.biases import BIASES
from firstsign.estimands import ESTIMANDS, Estimand
from firstsign.scorecards import checked_estimators, marks, scorecard
from firstsign.usual_estimators import Estimator, diagnosed_share, usual_estimators, waiting_share

COMMITTED = read()
KEYS = ["under", "estimator", "estimand", "unit"]


def entered_late(cohort: pd.DataFrame) -> tuple[float, float, float]:
    """Kaplan-Meier of the usual kind."""
    return waiting_share(cohort, level=0.95)


def mean_age(cohort: pd.DataFrame) -> tuple[float, float, float]:
    """A number of the cohort, with an interval that is far too narrow."""
    age = float(cohort["age"].mean())
    return age, age - 1e-9, age + 1e-9


def refuses_the_odd(cohort: pd.DataFrame) -> tuple[float, float, float]:
    """Refuses where the first person's age is odd."""
    if cohort["age"].iloc[0] % 2:
        raise ValueError("odd")
    return entered_late(cohort)


SMALL = {"replicates": 6, "people": 100, "seed": 5}


class TestMarks:
    def test_by_hand(self):
        """Estimates 1, 2, 3 and a refusal; the truth 2.5 lies in two of three intervals."""
        numbers = np.array([[1, 0, 2], [2, 1, 3], [3, 2, 4], [np.nan] * 3])
        found = marks(numbers, 2.5, error=0.0)
        assert (found["replicates"], found["refused"], found["truth"]) == (4, 1, 2.5)
        assert (found["mean_estimate"], found["bias"]) == (2, -0.5)
        half = 1.959964 / np.sqrt(3)
        assert (found["bias_low"], found["bias_high"]) == pytest.approx((-0.5 - half, -0.5 + half), rel=1e-6)
        assert (found["coverage"], found["coverage_low"], found["coverage_high"]) == (2 / 3, *fs.wilson(2, 3))

    def test_the_error_of_the_truth_is_in_the_interval(self):
        numbers = np.array([[1, 0, 2], [3, 2, 4]], float)
        found = marks(numbers, 2.0, error=1.0, level=0.8)
        assert found["bias_high"] == pytest.approx(1.281552 * np.sqrt(1 + 1), rel=1e-6)

    def test_no_interval_is_no_answer(self):
        assert marks(np.array([[1, np.nan, 2], [1, 0, 2], [1, 0, 2]]), 1.0, 0.0)["refused"] == 1

    @pytest.mark.parametrize("numbers", [np.full((3, 3), np.nan), np.array([[1.0, 0, 2], [np.nan] * 3])])
    def test_too_few_answers(self, numbers):
        found = marks(numbers, 1.0, 0.0)
        assert np.isnan([found["bias"], found["bias_low"], found["mean_estimate"]]).all()

    def test_without_a_truth_there_is_no_coverage(self):
        found = marks(np.array([[1, 0, 2], [1.5, 0, 2]]), np.nan, np.nan)
        assert found["mean_estimate"] == 1.25
        assert np.isnan([found["bias"], found["coverage"], found["coverage_low"]]).all()


GIVEN = {
    "naive": ("waiting after 60 days", mean_age),
    "right": Estimator("waiting after 60 days", entered_late),
    "choosy": (ESTIMANDS["waiting after 60 days"], refuses_the_odd),
}


@pytest.fixture(scope="class")
def fewer_lives():
    """The truth of few enough lives for a test; what is remembered of it goes before and after."""
    scorecards._truths.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scorecards, "TRUTH_PEOPLE", 40_000)
        yield
    scorecards._truths.cache_clear()


@pytest.fixture(scope="class")
def card(fewer_lives):
    return scorecard(GIVEN, biases=["misclassified first symptom", "left truncation", "all"], **SMALL)


@pytest.mark.usefixtures("fewer_lives")
class TestScorecard:
    def test_a_row_for_each_bias_and_estimator(self, card):
        assert card["under"].tolist() == [
            name for name in ("none", "left truncation", "misclassified first symptom", "all") for _ in GIVEN
        ]
        assert card["estimator"].tolist() == ["naive", "right", "choosy"] * 4
        assert set(card["estimand"]) == {"waiting after 60 days"}
        assert card.attrs == {"scenario": "england", "people": 100, "seed": 5, "level": 0.95, "overrides": {}}

    def test_numbers_are_those_of_the_cohorts(self, card):
        """Cohort by cohort, from the seeds that are promised."""
        seeds = [int(np.random.SeedSequence(5, spawn_key=(place,)).generate_state(1)[0]) for place in range(6)]
        cohorts = [fs.simulate(100, seed=seed, biases=["left truncation"]) for seed in seeds]
        row = card.set_index(["under", "estimator"]).loc["left truncation"]
        found = np.array([entered_late(cohort) for cohort in cohorts])
        assert row.loc["right", "mean_estimate"] == pytest.approx(found[:, 0].mean(), rel=1e-12)
        truth = row.loc["right", "truth"]
        assert row.loc["right", "coverage"] == ((found[:, 1] <= truth) & (truth <= found[:, 2])).mean()
        assert row.loc["choosy", "refused"] == sum(cohort["age"].iloc[0] % 2 for cohort in cohorts)
        assert row.loc["naive", "coverage"] == 0

    def test_the_truth_is_that_of_the_world(self, card):
        """Records and sampling do not change it; here nothing that people live changes, but with all."""
        truth = card.groupby("under", sort=False)["truth"].first()
        assert truth["none"] == truth["left truncation"] == truth["misclassified first symptom"] != truth["all"]

    def test_is_the_same_with_other_workers(self, card):
        again = scorecard(GIVEN, biases=["left truncation"], workers=2, **SMALL)
        expected = card[card["under"].isin(["none", "left truncation"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(again, expected)

    def test_an_overridden_parameter_reaches_cohort_and_truth(self, card):
        longer = {"patient_interval": {"breast lump": {"p50": 50}}}
        other = scorecard({"right": ("waiting after 60 days", entered_late)}, biases=[], **SMALL, **longer)
        assert other["truth"][0] > card["truth"][1] + 0.05
        assert other["mean_estimate"][0] > card["mean_estimate"][1] + 0.05

    def test_an_estimand_of_ones_own(self):
        ages = Estimand("group", "share", "mean number of the group", lambda lives: float(lives["group"].mean()))
        card = scorecard({"age": (ages, mean_age)}, biases=[], **SMALL)
        assert card.loc[0, "estimand"] == "group"
        assert card.loc[0, "bias"] == card.loc[0, "mean_estimate"] - card.loc[0, "truth"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (
                {"estimators": {"a": 3, "b": ("median dely", mean_age)}},
                "'a' is 3, not a pair.*'b' has the estimand 'median dely'",
            ),
            ({"estimators": {}}, "No estimator is given. Give each as name"),
            ({"biases": ["lead tim"]}, "did you mean 'lead time'"),
            ({"replicates": 1}, "replicates=1 is not possible; give a whole number from 2 up"),
            ({"level": 95}, "95"),
            ({"workers": 0}, "workers=0"),
            ({"urgency": 3}, "urgency: 3 is outside"),
            ({"scenario": "englnd"}, "did you mean 'england'"),
            (
                {"estimators": {"a": ("median delay", lambda cohort: (1, 1, 1))}, "workers": 2},
                "cannot be sent to another process",
            ),
        ],
    )
    def test_slips_are_told(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            scorecard(**{"estimators": {"a": ("median delay", mean_age)}, "biases": []} | SMALL | arguments)

    def test_an_estimator_that_gives_no_triple_ends_the_run(self):
        with pytest.raises(TypeError, match=r"gave 0\.5; it must give a tuple of three numbers"):
            scorecard({"a": ("median delay", lambda cohort: 0.5)}, biases=[], **SMALL)

    def test_one_bias_can_be_given_by_its_name(self):
        card = scorecard({"a": ("median delay", mean_age)}, biases="recall heaping", **SMALL)
        assert card["under"].tolist() == ["none", "recall heaping"]


def test_milestones_that_nobody_has_are_refusals_not_errors():
    card = scorecard(replicates=2, people=20, seed=5, biases=["right truncation"])
    assert (card["refused"] <= card["replicates"]).all()


class TestCommittedTable:
    def test_has_every_usual_estimator_under_every_bias(self):
        assert list(dict.fromkeys(COMMITTED["under"])) == ["none", *BIASES]
        usual = checked_estimators(usual_estimators())
        for _, rows in COMMITTED.groupby("under"):
            expected = [(name, one.name, one.unit) for name, (one, _) in usual.items()]
            assert rows[KEYS[1:]].to_numpy().tolist() == [list(row) for row in expected]
        assert (COMMITTED["replicates"] == REPLICATES).all()

    def test_says_what_its_numbers_say(self):
        pd.testing.assert_frame_equal(COMMITTED, rounded(COMMITTED))
        known = COMMITTED["coverage"].notna()
        card = COMMITTED[known]
        off = card["bias"] - (card["mean_estimate"] - card["truth"])
        assert (off.abs() <= 6e-4 * card[["bias", "mean_estimate", "truth"]].abs().sum(axis=1)).all(), (
            "four digits are kept"
        )
        assert ((card["bias_low"] < card["bias"]) & (card["bias"] < card["bias_high"])).all()
        answers = COMMITTED["replicates"] - COMMITTED["refused"]
        for row, n in zip(COMMITTED[known].itertuples(), answers[known], strict=True):
            bounds = fs.wilson(round(row.coverage * n), n)
            assert (row.coverage_low, row.coverage_high) == pytest.approx(bounds, rel=1e-3, abs=1e-12)

    def test_is_of_the_scenario_as_it_is_now(self):
        """The truths of three estimands, counted again; make calibrate ONLY=scorecard if this fails."""
        chosen = {
            name: one
            for name, one in usual_estimators().items()
            if one.estimand in ("help after two weeks", "median delay")
        }
        card = scorecard(chosen, biases=[], replicates=2, people=50)
        for name, truth in zip(card["estimator"], rounded(card)["truth"], strict=True):
            assert truth == COMMITTED.set_index(["under", "estimator"]).loc[("none", name), "truth"]

    @pytest.mark.slow
    def test_comes_out_again(self):
        one = {
            "share of the diagnosed": Estimator("waiting after 60 days", lambda cohort: diagnosed_share(cohort, 0.95))
        }
        card = rounded(scorecard(one, biases=[], replicates=REPLICATES, people=PEOPLE, seed=SEED))
        rows = COMMITTED[COMMITTED["estimator"].isin(one) & COMMITTED["under"].eq("none")]
        pd.testing.assert_frame_equal(card, rows.reset_index(drop=True))
