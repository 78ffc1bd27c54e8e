import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from firstsign.decision_curves import ALL, NONE, decision_curve, net_benefit_of_test

PROBABILITY = [0.9, 0.6, 0.4, 0.2, 0.1]
OUTCOME = [True, False, True, False, False]
shares = st.floats(0, 1)


def of_model(frame, name="model"):
    return frame[frame["model"] == name].reset_index(drop=True)


# By hand


def test_by_hand():
    """At 0.5 one of two treated has the disease: 1/5 - 1/5. At 0.2 two of four have: 2/5 - 2/5 * 1/4 = 0.3."""
    found = decision_curve(PROBABILITY, OUTCOME, [0.2, 0.5])
    own = of_model(found)
    assert own[["tp", "fp", "n"]].to_numpy().tolist() == [[2, 2, 5], [1, 1, 5]]
    assert_allclose(own["net_benefit"], [0.3, 0], atol=1e-15)
    assert_allclose(of_model(found, ALL)["net_benefit"], [2 / 5 - 3 / 5 / 4, 2 / 5 - 3 / 5], rtol=1e-14)
    assert of_model(found, NONE)[["net_benefit", "low", "high", "tp", "fp"]].eq(0).all(axis=None)
    # 0.3 against 0.25 is worth 0.05 / (1 / 4) people spared: one false positive of five people
    assert_allclose(own["tests_avoided_per_100"], [20, 20], rtol=1e-13)
    assert found["model"].unique().tolist() == ["model", ALL, NONE]


def test_thresholds_without_odds():
    own = of_model(decision_curve(PROBABILITY, OUTCOME, 0))
    assert own["net_benefit"].tolist() == [0.4]
    assert own["tests_avoided_per_100"].isna().all()
    assert_allclose(of_model(decision_curve(PROBABILITY, OUTCOME))["threshold"], np.arange(1, 100) / 100, rtol=1e-15)


def test_the_interval_is_that_of_a_mean():
    found = decision_curve(PROBABILITY, OUTCOME, [0.2, 0.5])
    for row in of_model(found).itertuples():
        weight = row.threshold / (1 - row.threshold)
        terms = np.where(np.array(PROBABILITY) >= row.threshold, np.where(OUTCOME, 1, -weight), 0)
        half = 1.959963984540054 * terms.std() / np.sqrt(5)
        assert_allclose([row.net_benefit, row.low, row.high], terms.mean() + np.array([0, -half, half]), atol=1e-14)


def test_the_interval_covers():
    """In 95 of 100 samples of 400 people, within three binomial standard errors."""
    random, inside, runs = np.random.default_rng(3), 0, 600
    truth = net_benefit_of_test(0.3, 0.8, 0.7, 0.25).loc[0, "net_benefit"]
    for _ in range(runs):
        ill = random.random(400) < 0.3
        positive = random.random(400) < np.where(ill, 0.8, 0.3)
        row = decision_curve(positive.astype(float), ill, 0.25).iloc[0]
        inside += row["low"] <= truth <= row["high"]
    assert abs(inside / runs - 0.95) < 3 * np.sqrt(0.95 * 0.05 / runs)


def test_the_closed_form_by_hand():
    """Sensitivity 0.5, specificity 0.9, prior 0.2, threshold 0.2: 0.1 - 0.08 / 4."""
    found = net_benefit_of_test(0.2, 0.5, 0.9, 0.2, name="night pain")
    assert found["model"].tolist() == ["night pain", ALL, NONE]
    assert_allclose(found["net_benefit"], [0.08, 0, 0], atol=1e-15)
    assert_allclose(found["tests_avoided_per_100"], [32, 0, 0], atol=1e-12)


# Against each other


def test_both_agree_on_simulated_people():
    random, cut = np.random.default_rng(4), [0.01, 0.05, 0.2]
    ill = random.random(300_000) < 0.1
    positive = random.random(len(ill)) < np.where(ill, 0.31, 0.02)
    counted = decision_curve(pd.Series(positive.astype(float), name="test"), ill, cut, level=0.9999)
    closed = net_benefit_of_test(0.1, 0.31, 0.98, cut)
    assert_array_equal(counted["model"], closed["model"])
    assert (
        (counted["low"] <= closed["net_benefit"] + 1e-12) & (closed["net_benefit"] <= counted["high"] + 1e-12)
    ).all()
    observed = net_benefit_of_test(ill.mean(), positive[ill].mean(), 1 - positive[~ill].mean(), cut)
    for column in ("net_benefit", "tests_avoided_per_100"):
        assert_allclose(counted[column], observed[column], atol=1e-10)


def test_a_frame_has_a_model_in_each_column():
    people = pd.Index(["a", "b", "c", "d", "e"])
    models = pd.DataFrame({"good": PROBABILITY, "bad": PROBABILITY[::-1]}, index=people)
    found = decision_curve(models, pd.Series(OUTCOME, index=people, dtype="boolean"), [0.2, 0.3])
    assert found["model"].tolist() == ["good", "good", "bad", "bad", ALL, ALL, NONE, NONE]
    alone = decision_curve(PROBABILITY[::-1], OUTCOME, [0.2, 0.3])
    pd.testing.assert_frame_equal(of_model(found, "bad").drop(columns="model"), of_model(alone).drop(columns="model"))


# Properties


@given(st.lists(st.tuples(shares, st.booleans()), min_size=1, max_size=30), st.floats(0, 0.99))
def test_counts_are_those_of_a_plain_count(people, threshold):
    probability, outcome = map(np.array, zip(*people, strict=True))
    row = decision_curve(probability, outcome, threshold).iloc[0]
    assert row["tp"] == np.sum((probability >= threshold) & outcome)
    assert row["fp"] == np.sum((probability >= threshold) & ~outcome)
    assert row["low"] <= row["net_benefit"] <= row["high"]
    assert row["net_benefit"] <= outcome.mean() + 1e-12


@given(shares, shares, shares, st.floats(0, 0.99))
def test_a_perfect_test_is_never_worse(prior, sensitivity, specificity, threshold):
    own = net_benefit_of_test(prior, sensitivity, specificity, threshold).loc[0, "net_benefit"]
    perfect = net_benefit_of_test(prior, 1, 1, threshold)["net_benefit"]
    assert_allclose(perfect[0], prior, atol=1e-15)
    assert (perfect[0] >= perfect - 1e-12).all()
    assert own <= prior + 1e-12


@given(shares, st.floats(0.01, 0.99))
def test_all_and_none_change_places_at_the_prior(prior, threshold):
    benefit = net_benefit_of_test(prior, 0.5, 0.5, threshold).set_index("model")["net_benefit"]
    assert benefit[ALL] * np.sign(prior - threshold) >= -1e-12


# Slips


@pytest.mark.parametrize(
    ("probability", "outcome", "thresholds", "message"),
    [
        ([0.1, 0.2], [True], 0.1, r"shape \(2,\) and the outcomes \(1,\)"),
        ([], [], 0.1, "at least one person"),
        (0.5, True, 0.1, "one of each for every person"),
        (np.ones((2, 2)), [True, False], 0.1, "a frame of probabilities"),
        ([0.1, np.nan], [True, False], 0.1, "model is nan; it is a share"),
        (pd.Series([10, 20], name="score"), [True, False], 0.1, "score is 10"),
        (pd.array([0.1, None], dtype="Float64"), [True, False], 0.1, "model is nan"),
        ([0.1, 0.2], [True, None], 0.1, "outcome has None in it"),
        ([0.1, 0.2], pd.array([True, None], dtype="boolean"), 0.1, "outcome has <NA> in it"),
        ([0.1, 0.2], ["yes", "no"], 0.1, "outcome has 'yes' in it"),
        ([0.1, 0.2], [True, False], 1, "thresholds is 1; .* below 1"),
        ([0.1, 0.2], [True, False], [], "thresholds"),
        ([0.1, 0.2], [True, False], [0.1, np.nan], "thresholds"),
        (pd.Series([0.1, 0.2], index=[1, 2]), pd.Series([True, False], index=[2, 1]), 0.1, "by different people"),
        (pd.Series([0.1, 0.2], name="treat all"), [True, False], 0.1, "called 'treat all'"),
        (pd.DataFrame([[0.1, 0.2]], columns=["a", "a"]), [True], 0.1, "same name: a, a"),
    ],
)
def test_slips_are_told(probability, outcome, thresholds, message):
    with pytest.raises(ValueError, match=message):
        decision_curve(probability, outcome, thresholds)


def test_slips_of_the_closed_form_are_told_at_once():
    with pytest.raises(ValueError, match=r"prior is 2;.* specificity is nan;"):
        net_benefit_of_test(2, 0.5, np.nan, 0.1)
    with pytest.raises(ValueError, match="called 'treat none'"):
        net_benefit_of_test(0.2, 0.5, 0.5, 0.1, name="treat none")
    with pytest.raises(ValueError, match="level is 95"):
        decision_curve(PROBABILITY, OUTCOME, level=95)
