"""The committed table of calibration: that it is whole, that it says what its numbers say, and that it can be had again."""

from fnmatch import fnmatch

import numpy as np
import pandas as pd
import pytest
from calibration import table
from calibration.reasons import REASONS, reason_for
from calibration.running import cohorts, judged, run, summarise
from calibration.schemes import FAMILIES, incidence
from calibration.studies import STUDIES
from calibration.study import Interval, Study
from scipy.stats import expon

from firstsign import delay_distribution

COMMITTED = table.read()
ANY = Study("estimator", "scheme", lambda rng: None, lambda spells, rng: {}, {"median": 10.0}, people=5)


class TestTable:
    def test_has_the_rows_that_are_defined(self):
        assert table.keys(COMMITTED) == table.defined()

    def test_comes_from_as_many_cohorts_as_promised(self):
        promised = [study.cohorts for study in STUDIES.values() for _ in study.truth]
        assert COMMITTED["cohorts"].tolist() == promised
        assert min(promised) >= 400

    def test_says_what_its_numbers_say(self):
        pd.testing.assert_frame_equal(judged(COMMITTED), COMMITTED)

    def test_gives_a_reason_for_what_is_outside(self):
        outside = COMMITTED[COMMITTED["verdict"] == "outside"]
        assert outside.loc[outside["reason"] == "", list(table.KEYS)].to_numpy().tolist() == []

    def test_knows_nearly_every_estimate(self):
        assert (COMMITTED["unknown"] <= 0.01 * COMMITTED["cohorts"]).all()


@pytest.mark.parametrize("patterns", REASONS, ids=", ".join)
def test_reason_is_for_a_row_that_there_is(patterns):
    assert any(all(map(fnmatch, key, patterns)) for key in table.defined())


def test_reason_is_the_first_that_fits(monkeypatch):
    monkeypatch.setattr("calibration.reasons.REASONS", {("cox", "*", "age"): "a", ("*", "ties", "*"): "b"})
    assert [reason_for("cox", "ties", number) for number in ("age", "sex")] == ["a", "b"]
    assert reason_for("cox", "none", "sex") == ""


def test_a_study_is_summed_up():
    """Three intervals hold the truth, 10, one does not, and one is not known."""
    found = np.array([[[9, 8, 10]], [[10, 9, 11]], [[11, 10, np.inf]], [[14, 11, 15]], [[12, np.nan, 13]]])
    row = summarise(ANY, found).iloc[0]
    assert row[["people", "cohorts", "unknown", "truth", "mean_estimate", "bias", "coverage"]].tolist() == [
        *(5, 5, 1, 10, 11, 1, 0.75)
    ]
    assert row["bias_in_se"] == pytest.approx(1 / np.std([9, 10, 11, 14], ddof=1), rel=1e-3)
    assert (row["lowest"], row["verdict"]) == (pytest.approx(0.95 - 3 * np.sqrt(0.95 * 0.05 / 4), abs=1e-4), "outside")


def test_a_refusal_is_unknown():
    def refuses(spells: pd.DataFrame, rng: np.random.Generator) -> dict[str, Interval]:
        raise ValueError("too few")

    STUDIES["refused"] = ANY._replace(estimate=refuses)
    try:
        assert np.isnan(cohorts("refused", range(2))).all()
    finally:
        del STUDIES["refused"]


class TestRun:
    NAME = "cumulative_incidence log-log, competing death and entry"

    def test_is_the_same_in_other_processes_and_chunks(self):
        here = summarise(STUDIES[self.NAME], cohorts(self.NAME, range(30)))
        ((elsewhere, seconds),) = run([STUDIES[self.NAME]], workers=2, most=30)
        assert seconds > 0
        pd.testing.assert_frame_equal(here, elsewhere)

    def test_holds_the_truth_as_often_as_it_says(self):
        """One study of the table, a tenth as long."""
        name = "fit_delay lognormal, months and limit"
        rows = summarise(STUDIES[name], cohorts(name, range(100)))
        assert rows["verdict"].tolist() == ["within"] * 4


class TestTruth:
    @pytest.mark.parametrize("family", FAMILIES)
    def test_scipy_knows_the_families_under_our_parameters(self, family):
        known, days = FAMILIES[family], np.array([1.0, 20, 90])
        np.testing.assert_allclose(
            delay_distribution(family, known.params).cdf(days), known.delays.cdf(days), rtol=1e-9
        )

    def test_incidence_of_exponential_delays(self):
        """Both at constant rates: 1 / 40 a day and 1 / 60."""
        rate = 1 / 40 + 1 / 60
        assert incidence(expon(scale=40), 50) == pytest.approx((1 / 40) / rate * (1 - np.exp(-50 * rate)), rel=1e-9)


def test_what_is_done_has_all_its_cohorts(tmp_path):
    path = tmp_path / "table.csv"
    assert table.done(path) == []
    two = COMMITTED[COMMITTED["estimator"].isin(["cox efron", "cox breslow"])]
    two.assign(cohorts=np.where(two["estimator"] == "cox efron", 1000, 20)).to_csv(path, index=False)
    assert {name.partition(",")[0] for name in table.done(path)} == {"cox efron"}


def test_a_part_is_put_in_its_place(tmp_path):
    """Rows done again replace the old ones; the others, and the order, stay."""
    path = tmp_path / "table.csv"
    table.write([COMMITTED.sample(frac=1, random_state=1)], path)
    again = COMMITTED[COMMITTED["estimator"] == "cox efron"].assign(people=7)
    table.write([again], path)
    written = table.read(path)
    assert table.keys(written) == table.keys(COMMITTED)
    assert set(written.loc[written["people"] == 7, "estimator"]) == {"cox efron"}
