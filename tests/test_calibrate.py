"""Calibration: each row against another route, the rule of the verdicts, and what is refused."""

import importlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import firstsign as fs
from firstsign.places import data_folder
from firstsign.targets import Target, targets

calibration = importlib.import_module("firstsign.calibrate")
COLUMNS = [
    "target",
    "source",
    "unit",
    "published",
    "low",
    "high",
    "simulated",
    "simulated_low",
    "simulated_high",
    "verdict",
]
PEOPLE = 4000


@pytest.fixture(scope="module")
def england():
    return fs.calibrate("england", people=PEOPLE, seed=5)


@pytest.fixture(scope="module")
def cohort():
    return fs.simulate(PEOPLE, seed=5, scenario="england")


def made(id, same_as=None, source="lyr12-breast", context=False):
    return Target.model_validate(
        {
            "id": id,
            "name": id,
            "scenarios": ["england"],
            "source": source,
            "how": "emergent",
            "unit": "share",
            "published": {"printed": "5"},
            "measure": {"share": "diagnosed", "among": "diagnosed"},
            "same_as": same_as,
            "context": context,
        }
    )


def verdicts(rows, listed):
    """rows: published low and high, simulated low and high."""
    frame = pd.DataFrame(rows, columns=["low", "high", "simulated_low", "simulated_high"], dtype=float)
    frame["simulated"] = (frame["simulated_low"] + frame["simulated_high"]) / 2
    return calibration.judged(frame.assign(n=None, people=1), listed)["verdict"].tolist()


class TestFrame:
    def test_one_row_a_target_in_the_order_of_the_file(self, england):
        assert england.columns[: len(COLUMNS)].tolist() == COLUMNS
        assert england["id"].tolist() == [one.id for one in targets().targets if "england" in one.scenarios]
        assert set(england["verdict"]) <= {"met", "missed", "conflicting", "context"}
        assert set(england["how"]) == {"input", "fitted", "emergent"}
        assert (england["verdict"] == "context").sum() == sum(
            one.context for one in targets().targets if "england" in one.scenarios
        )

    def test_estimates_lie_in_their_intervals(self, england):
        for middle, low, high in (("published", "low", "high"), ("simulated", "simulated_low", "simulated_high")):
            known = england[england[middle].notna()]
            assert (known[low] <= known[middle]).all()
            assert (known[middle] <= known[high]).all()

    def test_published_numbers_do_not_depend_on_the_people(self, england):
        other = fs.calibrate("england", people=300, seed=6)
        pd.testing.assert_series_equal(england["published"], other["published"])

    def test_the_same_seed_gives_the_same_table(self, england):
        pd.testing.assert_frame_equal(england, fs.calibrate("england", people=PEOPLE, seed=5))

    def test_says_what_was_simulated(self, england):
        assert england.attrs == {"scenario": "england", "people": PEOPLE, "seed": 5, "overrides": {}}

    def test_overrides_reach_the_simulation(self, england):
        changed = fs.calibrate("england", people=PEOPLE, seed=5, treated_share={"1": 0.5, "2": 0.5, "3": 0.5, "4": 0.5})
        before, after = (frame.set_index("id").loc["treatment-median", "people"] for frame in (england, changed))
        assert after < 0.7 * before

    def test_parameters_are_shown_as_they_were_given(self, england):
        changed = fs.calibrate("england", people=100, seed=5, test={"MRI": {"sensitivity": 0.5}})
        shown = [frame.set_index("id").loc["mri-sensitivity"] for frame in (england, changed)]
        assert [(row["simulated"], row["verdict"]) for row in shown] == [(0.906, "met"), (0.5, "missed")]

    @pytest.mark.parametrize("people", [1, 3, 30])
    def test_few_people_leave_gaps_not_errors(self, people):
        frame = fs.calibrate("england", people=people, seed=2)
        assert (frame.loc[frame["simulated"].isna(), "verdict"] != "met").all()


class TestAgainstAnotherRoute:
    def test_shares(self, england, cohort):
        found = england.set_index("id")
        for id, numerator, denominator in [
            ("back-pain", "back pain", "symptomatic"),
            ("weight-loss", "weight loss", "symptomatic"),
            ("metastatic-northern-ireland", "metastatic at diagnosis", "diagnosed"),
            ("bone-seer-2010-14", "bone metastases", "metastatic at diagnosis"),
            ("stage-2", "stage == 2", "diagnosed"),
        ]:
            row = fs.share(cohort, numerator, denominator).iloc[0]
            assert found.loc[id, "simulated"] == row["share"], id
            assert found.loc[id, "people"] == row["n"], id

    def test_quantiles_of_finished_intervals(self, england, cohort):
        days = fs.interval_days(cohort)["treatment"].dropna()
        row = england.set_index("id").loc["treatment-90"]
        assert row["simulated"] == np.quantile(days, 0.9, method="inverted_cdf")
        assert row["people"] == len(days)

    def test_survival(self, england, cohort):
        """Kaplan-Meier by hand, person by person."""
        here = cohort[cohort["metastatic_at_diagnosis"].fillna(False).astype(bool)]
        here = here[here["metastatic_sites"].str.contains("bone", na=False)]
        last = here["death_earliest"].fillna(here["last_seen_earliest"])
        days = (last - here["diagnosis_earliest"]).dt.days.to_numpy()
        died, alive = here["death_earliest"].notna().to_numpy(), 1.0
        for day in np.unique(days[died & (days <= 1826)]):
            alive *= 1 - (died & (days == day)).sum() / (days >= day).sum()
        assert england.set_index("id").loc["bone-alive", "simulated"] == pytest.approx(alive)


class TestVerdict:
    def test_met_where_the_intervals_overlap_else_missed(self):
        rows = [(1, 2, 1.5, 1.6), (1, 2, 1.9, 3), (1, 2, 2, 3), (1, 2, 2.1, 3), (1, 2, 0, 0.9), (1, 2, 0, 5)]
        listed = [made(f"t{place}") for place in range(len(rows))]
        assert verdicts(rows, listed) == ["met", "met", "met", "missed", "missed", "met"]

    def test_nobody_to_measure_is_a_miss(self):
        assert verdicts([(0, 1, np.nan, np.nan)], [made("t")]) == ["missed"]

    def test_disjoint_sources_of_one_quantity_conflict_if_one_is_met(self):
        rows = [(1, 2, 1, 2), (3, 4, 1, 2)]
        assert verdicts(rows, [made("a", "q", "dn-ni"), made("b", "q", "dn-munich")]) == ["conflicting"] * 2
        assert verdicts(rows, [made("a", "q", "dn-ni"), made("b", "r", "dn-munich")]) == ["met", "missed"]
        neither = [(1, 2, 5, 6), (3, 4, 5, 6)]
        assert verdicts(neither, [made("a", "q", "dn-ni"), made("b", "q", "dn-munich")]) == ["missed"] * 2
        assert verdicts(rows, [made("a", None, "dn-ni"), made("b", None, "dn-munich")]) == ["met", "missed"]

    def test_a_source_that_overlaps_with_both_is_judged(self):
        rows = [(1, 2, 1.5, 1.6), (3, 4, 1.5, 1.6), (1.5, 3.5, 1.5, 1.6)]
        listed = [made("a", "q", "dn-ni"), made("b", "q", "dn-munich"), made("c", "q", "bone-gong")]
        assert verdicts(rows, listed) == ["conflicting", "conflicting", "met"]

    def test_one_source_cannot_conflict_with_itself(self):
        assert verdicts([(1, 2, 1, 2), (3, 4, 1, 2)], [made("a", "q"), made("b", "q")]) == ["met", "missed"]

    def test_context_is_never_judged_and_makes_no_conflict(self):
        rows = [(1, 2, 1, 2), (3, 4, 3, 4)]
        listed = [made("a", "q", "dn-ni"), made("b", "q", "dn-munich", context=True)]
        assert verdicts(rows, listed) == ["met", "context"]

    @given(
        st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5)
    )
    def test_met_and_conflicting_exclude_what_they_must(self, drawn):
        rows = [(*sorted(row[:2]), *sorted(row[2:])) for row in drawn]
        listed = [made(f"t{place}", "q", source) for place, source in zip(range(5), SOURCES, strict=True)][: len(rows)]
        meets = [
            max(low, simulated_low) <= min(high, simulated_high) for low, high, simulated_low, simulated_high in rows
        ]
        for place, (verdict, (low, high, *_)) in enumerate(zip(verdicts(rows, listed), rows, strict=True)):
            apart = any(other[0] > high or other[1] < low for other in rows[:place] + rows[place + 1 :])
            assert (verdict == "conflicting") == (apart and any(meets))
            assert verdict == "conflicting" or (verdict == "met") == meets[place]


class TestCommittedTables:
    """After a change to a scenario, the targets or the simulator, `firstsign.calibrate.write_tables()` makes them anew."""

    FILES = sorted((data_folder() / "simulated").glob("calibration-*.csv"))

    def test_there_is_one_for_every_scenario_with_targets(self):
        named = {name for one in targets().targets for name in one.scenarios}
        assert {path.stem.removeprefix("calibration-") for path in self.FILES} == named

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
    def test_what_is_published_is_what_the_targets_say(self, path):
        """All but the simulated numbers, and the intervals that rest on them, must come out of few people too."""
        committed, now = pd.read_csv(path), fs.calibrate(path.stem.removeprefix("calibration-"), people=500)
        same = ["target", "source", "unit", "how", "verified", "note", "id"]
        pd.testing.assert_frame_equal(committed[same].fillna(""), now[same].fillna(""), check_dtype=False)
        np.testing.assert_allclose(committed["published"], now["published"], rtol=1e-5)

    @pytest.mark.slow
    def test_they_are_what_calibrate_gives(self, tmp_path):
        for path in calibration.write_tables(tmp_path):
            committed = data_folder() / "simulated" / path.name
            assert path.read_text(encoding="utf-8") == committed.read_text(encoding="utf-8"), path.name


SOURCES = ["dn-ni", "dn-munich", "bone-gong", "lyr12-breast", "koo-lump"]


class TestRefusals:
    def test_a_scenario_that_does_not_exist(self):
        with pytest.raises(ValueError, match=r"No scenario 'englnd' .did you mean 'england'"):
            fs.calibrate("englnd")

    def test_a_scenario_without_targets(self, monkeypatch):
        monkeypatch.setattr(calibration, "load_scenario", lambda name, overrides: None)
        with pytest.raises(ValueError, match=r"'somewhere' has no targets .* There are some for: .*england"):
            fs.calibrate("somewhere")

    def test_a_slip_in_the_arguments_of_the_simulation(self):
        with pytest.raises(ValueError, match="biases is not a parameter"):
            fs.calibrate("england", people=10, biases=[])
        with pytest.raises(ValueError, match="people=0"):
            fs.calibrate("england", people=0)
        with pytest.raises(ValueError, match="treated_shar is not a parameter"):
            fs.calibrate("england", people=10, treated_shar=0.5)

    def test_a_target_that_cannot_be_measured_is_named(self):
        one = made("odd").model_copy(
            update={"measure": made("odd").measure.model_copy(update={"share": "no_such == 1"})}
        )
        cohort, truth = fs.simulate(50, truth=True)
        with pytest.raises(ValueError, match="Target 'odd': The set of people 'no_such == 1' cannot be counted"):
            calibration.beside(one, calibration.SimulatedPeople(cohort, truth, {}))
