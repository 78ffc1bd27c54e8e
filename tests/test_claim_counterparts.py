"""Simulated counterparts: each measure against plain counting in the same people."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import firstsign as fs
from firstsign.claim_counterparts import COLUMNS, counterpart
from firstsign.claim_files import Counterpart, claim_files

LIVES = (4000, 3, "england")


def asked(**fields) -> Counterpart:
    return Counterpart.model_validate({"what": "x", **fields})


@pytest.fixture(scope="module")
def diseased():
    cohort, truth = fs.simulate(*LIVES, truth=True)
    return cohort.merge(truth, on="person")


def test_share(diseased):
    found = counterpart(
        asked(
            measure="share", numerator=["back or bone pain first"], denominator=["everyone", "metastatic at diagnosis"]
        ),
        *LIVES,
    )
    first = diseased["first_symptom_group"].eq("back or bone pain")
    de_novo = diseased["metastatic_at_diagnosis"].fillna(False).astype(bool)
    assert list(found.columns) == COLUMNS
    assert_allclose(found["estimate"], [first.mean(), first[de_novo].mean()])
    assert found["n"].tolist() == [len(diseased), de_novo.sum()]


def test_contrast():
    found = counterpart(
        asked(
            measure="contrast",
            who="population",
            numerator=['first_symptom_group == "back or bone pain"'] * 2,
            denominator=["has_disease", "not has_disease"],
        ),
        *LIVES,
    )
    cohort, truth = fs.simulate(*LIVES, who="population", truth=True)
    first = cohort["first_symptom_group"].eq("back or bone pain").to_numpy()
    ill = truth["has_disease"].to_numpy(bool)
    a, c = first[ill].sum(), first[~ill].sum()
    b, d = ill.sum() - a, (~ill).sum() - c
    assert_allclose(found["estimate"][:2], [first[ill].mean(), first[~ill].mean()])
    assert_allclose(found["estimate"][2], a * d / (b * c), rtol=0.02)  # the conditional estimate where cells are few
    assert found["unit"].tolist() == ["share", "share", "odds ratio"]
    assert (found["low"] <= found["estimate"]).all()
    assert (found["estimate"] <= found["high"]).all()


def test_more_people_where_what_is_counted_is_rare():
    found = counterpart(asked(measure="share", times=3, numerator="diagnosed", denominator="everyone"), *LIVES)
    assert found["n"][0] == 3 * LIVES[0]


def test_trend(diseased):
    found = counterpart(asked(measure="trend", numerator="back or bone pain first", over="stage"), *LIVES)
    by_hand = diseased.groupby("stage")["first_symptom_group"].agg(lambda groups: groups.eq("back or bone pain").mean())
    assert_allclose(found["estimate"], by_hand)
    assert found["among"].tolist() == ["stage 1", "stage 2", "stage 3", "stage 4"]


def test_quantiles(diseased):
    groups = ["breast lump", "back or bone pain"]
    found = counterpart(asked(measure="quantiles", interval="patient", by="first_symptom_group", groups=groups), *LIVES)
    days = (diseased["first_presentation_earliest"] - diseased["first_symptom_earliest"]).dt.days
    lump = days[diseased["first_symptom_group"].eq("breast lump")]
    middle = found[(found["among"] == "breast lump") & (found["of"] == "50 % within")].iloc[0]
    assert abs(middle["estimate"] - lump.median()) <= 1
    assert set(found["among"]) == set(groups)
    assert set(found["of"]) == {"50 % within", "90 % within"}


def test_within(diseased):
    one = asked(
        measure="within",
        interval="total_diagnostic",
        among='first_symptom_group == "breast lump" and stage == 1',
        days=[28, 84],
    )
    found = counterpart(one, *LIVES)
    like = diseased[diseased["first_symptom_group"].eq("breast lump") & diseased["stage"].eq(1)]
    days = (like["diagnosis_earliest"] - like["first_symptom_earliest"]).dt.days
    assert_allclose(found["estimate"], [(days <= 28).mean(), (days <= 84).mean()], atol=0.02)
    assert (found["low"] < found["high"]).all()


def test_paired():
    (one,) = claim_files()["screening-saves"].simulated
    found = counterpart(one, *LIVES)
    dead = []
    for coverage in (0, 1):
        _, truth = fs.simulate(*LIVES, truth=True, screening_coverage=coverage)
        days = (truth["death_from_disease"] - truth["true_onset"]).dt.days
        dead.append((days.le(7305) & (truth["death_from_disease"] <= truth["death_from_other_causes"])).to_numpy(float))
    assert_allclose(found["estimate"], [dead[0].mean(), dead[1].mean(), (dead[1] - dead[0]).mean()])
    half = 1.959964 * (dead[1] - dead[0]).std(ddof=1) / np.sqrt(LIVES[0])
    assert_allclose(found["high"][2] - found["estimate"][2], half, rtol=1e-6)
    assert found["unit"].tolist()[2] == "share, difference"


@pytest.mark.parametrize(
    "claim", [claim for claim in claim_files().values() if claim.simulated], ids=lambda claim: claim.letter
)
def test_every_recorded_one_gives_numbers(claim):
    for one in claim.simulated:
        found = counterpart(one, 6000, 1, "england")
        assert found["estimate"].notna().any()
        assert (found["low"].le(found["estimate"]) | found["low"].isna() | found["estimate"].isna()).all()
