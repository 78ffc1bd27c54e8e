"""Our notebooks, run as the report: with simulated people, with a user's file of three columns, with the lupus cohort."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from scipy.stats import norm

import firstsign as fs
from firstsign.claim_files import claim_files
from firstsign.places import PACKAGE, REPOSITORY
from firstsign.reports.executed import figures_of
from firstsign.reports.making import make
from firstsign.reports.planning import plan

NAMES = (
    "01_first_sign",
    "02_intervals",
    "03_delay_curves",
    "04_what_the_data_hide",
    "05_does_delay_matter",
    "06_claims_on_trial",
    "07_red_flags",
    "08_the_model_on_trial",
)
FIGURES = {
    "simulated": (3, 1, 6, 8, 10, 10, 10, 2),
    "own": (1, 0, 4, 8, 10, 10, 10, 2),
    "lupus": (1, 0, 4, 8, 10, 10, 10, 2),
}
LONGEST = 60  # seconds a notebook may take
PEOPLE = 4000  # enough to have ten with back or bone pain first
MISTAKES = (
    "days.censoring_ignored",
    "days.right_truncation",
    "share.delayed_entry",
    "share.onset_to_the_month",
    "share.competing_death",
)
RUNGS = ("delay_alone", "registry", "with_stage", "with_pace", "with_first_stage", "with_undiagnosed")
PARTS = ("overdiagnosis", "real", "lead_time", "silence", "length")
SWAPPED = ("lead_time_taken_first", "real_taken_second")
OWN = """\
person,first_symptom,diagnosis
ada,2023-01-10,2023-02-14
ben,2023-01,2023-03-01
cyd,2023-02-03/2023-02-20,2023-04
dan,2023-03-01,
eva,2023-03,2023-03-28
fay,2023-04-11,2023-04-11
gus,2023-05-02,2023-09-15
hal,2023-06,
ida,2023-06-20,2023-08-01
jon,2022,2023-07-07
"""
UNTIL = "2023-12-31"


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One worker at a time."""
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            time.sleep(0.2)
    try:
        yield
    finally:
        lock.rmdir()


def _version(tmp_path_factory, request, **parameters) -> Path:
    """The folder of a version of the main report, made by the first of pytest's workers that asks for it."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if hasattr(request.config, "workerinput") else shared
    out = shared / f"report-{request.fixturename}"
    with _alone(out.with_suffix(".lock")):
        if str(parameters.get("cohort")).endswith(".csv"):
            parameters["cohort"] = str(shared / parameters["cohort"])
            Path(parameters["cohort"]).write_text(OWN)
        made = make(plan("main", parameters, out), timeout=10 * LONGEST)
    assert made.failures == {}
    return made.version


@pytest.fixture(scope="session")
def simulated(tmp_path_factory, request):
    """The report with all its defaults but fewer people."""
    return _version(tmp_path_factory, request, people=PEOPLE)


@pytest.fixture(scope="session")
def own(tmp_path_factory, request):
    """The report on a user's file: three columns, months and ranges among the dates, two people not diagnosed."""
    return _version(tmp_path_factory, request, cohort="mine.csv", until=UNTIL)


@pytest.fixture(scope="session")
def lupus(tmp_path_factory, request):
    """The report on the lupus cohort."""
    return _version(tmp_path_factory, request, cohort="lupus")


@pytest.fixture(
    params=["simulated", "own", pytest.param("lupus", marks=pytest.mark.slow)],
)
def version(request):
    """Each of the three, with its name."""
    return request.param, request.getfixturevalue(request.param)


def results_of(version: Path) -> pd.DataFrame:
    return pd.DataFrame(json.loads((version / "results.json").read_text())["results"]).set_index(["notebook", "name"])


def executed(version: Path, name: str) -> dict:
    return json.loads((version / f"{name}.ipynb").read_text())


def lines(version: Path, name: str, kind: str) -> list[str]:
    """The sentences of a kind ("said", "skipped") on a notebook's page."""
    page = BeautifulSoup((version / f"{name}.html").read_text(), "html.parser")
    return [found.get_text() for found in page.find_all("p", class_=kind)]


class TestEveryVersion:
    def test_is_complete_and_quick(self, version):
        manifest = json.loads((version[1] / "manifest.json").read_text())
        assert manifest["status"] == "complete"
        assert manifest["failures"] == []
        assert set(manifest["times"]["seconds"]) == set(NAMES)
        assert max(manifest["times"]["seconds"].values()) < LONGEST

    @pytest.mark.parametrize("name", NAMES)
    def test_pages_show_no_leavings(self, version, name):
        markup = (version[1] / f"{name}.html").read_text()
        for leaving in ("Text(0", "&lt;Axes", "&lt;Figure", "Warning:", "Traceback", "&lt;NA&gt;", "nan%", "nan days"):
            assert leaving not in markup, leaving
        page = BeautifulSoup(re.sub(r'src="data:[^"]*"', "", markup), "html.parser")
        for code in page.find_all("details", class_="code"):
            code.decompose()
        words = page.get_text()
        assert words.count("Not medical advice") == 1
        assert not re.search(r"\bnan\b", words)
        sentences = lines(version[1], name, "said") + lines(version[1], name, "skipped")
        assert [line for line in sentences if re.search(r"\d%|\{|\}", line) and "://" not in line] == []

    @pytest.mark.parametrize("name", NAMES)
    def test_no_cell_warns(self, version, name):
        outputs = [output for cell in executed(version[1], name)["cells"] for output in cell.get("outputs", [])]
        assert ["".join(output["text"]) for output in outputs if output.get("name") == "stderr"] == []

    def test_nothing_names_a_folder_of_this_machine(self, version, tmp_path):
        folders = {str(REPOSITORY), str(PACKAGE.parent), str(Path.home()), str(tmp_path.parent.parent), "/tmp/"}
        for path in sorted(version[1].rglob("*")):
            if path.is_file():
                written = path.read_text(errors="ignore")
                assert [folder for folder in folders if len(folder) > 1 and f"{folder}" in written] == [], path.name

    def test_every_figure_is_there_and_says_what_it_shows(self, version):
        kind, folder = version
        for name, count in zip(NAMES, FIGURES[kind], strict=True):
            drawn = list(figures_of(executed(folder, name)))
            page = BeautifulSoup((folder / f"{name}.html").read_text(), "html.parser")
            alts = [image.get("alt", "") for image in page.find_all("img")]
            assert len(drawn) == len(alts) == count, name
            assert {figure.kind for figure in drawn} <= {"svg"}
            assert [figure.alt for figure in drawn] == alts
            assert len(set(alts)) == len(alts)
            assert all(len(alt) > 20 and "nan" not in alt.split() for alt in alts), alts

    def test_every_table_that_was_made_has_rows(self, version):
        for name in NAMES:
            page = BeautifulSoup((version[1] / f"{name}.html").read_text(), "html.parser")
            assert page.find_all("table")
            assert [table for table in page.find_all("table") if not table.find_all("td")] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_notebooks_themselves_have_no_outputs(name):
    notebook = json.loads((REPOSITORY / "notebooks" / f"{name}.ipynb").read_text())
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def matches(recorded: pd.Series, *numbers: float) -> None:
    """Value, low and high of a recorded result are these numbers, which another call gave."""
    held = pd.to_numeric(recorded[["value", "low", "high"]]).to_numpy(float)
    np.testing.assert_allclose(held, numbers, rtol=1e-12)


@pytest.fixture(scope="module")
def results(simulated):
    return results_of(simulated)


@pytest.fixture(scope="module")
def people():
    return fs.simulate(PEOPLE, 20260101, "england")


class TestSimulated:
    """What the report recorded, computed again from the same people."""

    def test_expected_numbers_are_there_and_finite(self, results):
        groups, ends = ("breast_lump", "back_or_bone_pain"), ("median", "p90")
        intervals = ("patient", "primary_care", "referral_to_diagnosis", "treatment", "total_diagnostic", "total")
        symptoms = ("breast_lump", "nipple_abnormality", "breast_pain", "back_pain", "weight_loss")
        below = ("everyone", "diagnosed", "metastatic_at_diagnosis", "ever_metastatic", "bone_metastases")
        beyond = ("28.referral_to_diagnosis", "60.diagnostic", "62.secondary_care", "89.patient", "90.total_diagnostic")
        expected = {
            "01_first_sign": {f"share.{symptom}.symptomatic" for symptom in symptoms}
            | {f"share.bone_pain_first.{name}" for name in below}
            | {f"people_to_tell.6_from_{rival}_percent" for rival in (3, 12)},
            "02_intervals": {f"days.{name}.{group}.{end}" for name in intervals for group in groups for end in ends}
            | {"days.total.sum_of_medians", "days.total.median_of_complete"}
            | {f"share.longer_than_{name}" for name in beyond},
            "03_delay_curves": {f"days.total_diagnostic.{end}" for end in ends}
            | {f"days.total_diagnostic.{group}.median" for group in groups}
            | {"share.waiting_after_90_days", "share.waiting_after_365_days", "share.dead_before_diagnosis"}
            | {"log_rank.bone_pain_against_lump.p", "aic_difference.weibull_minus_lognormal"}
            | {"days.lupus.onset_to_diagnosis.median"}
            | {f"days.lupus.within_five_years.median_{how}" for how in ("uncorrected", "corrected")},
            "04_what_the_data_hide": {f"{name}.{how}" for name in MISTAKES for how in ("naive", "corrected", "truth")}
            | {f"days.lupus_right_truncation.{how}" for how in ("naive", "corrected", "corrected_with_death")}
            | {f"share.lupus_alive_after_five_years.{how}" for how in ("naive", "corrected")}
            | {"days.right_truncation.fitted", "share.onset_to_the_month.turnbull"},
            "05_does_delay_matter": {f"per_1000.deaths.england.{rung}" for rung in (*RUNGS, "truth")}
            | {f"per_1000.deaths.null.{rung}" for rung in (RUNGS[0], RUNGS[-1], "truth")}
            | {f"points.screening.{part}" for part in (*PARTS, "naive")}
            | {f"hazard_ratio.waited_90_or_more.{how}" for how in ("alone", "at_the_same_pace")}
            | {"points.lead_time.symptomatic", "years.lead_time.screening", "years.sojourn.mean"},
            "06_claims_on_trial": {f"verdict.{letter}" for letter in "abcdefghijk"}
            | {
                f"share.triangulated.{reading.key}"
                for reading in claim_files()["bone-pain-6-percent"].parts[0].readings
            }
            | {"share.metastatic_at_diagnosis.pooled", "odds_ratio.simulated.diagnosed_after_back_pain"},
            "07_red_flags": {"share.cancer_in_back_pain", "lr_positive.breast_lump", "lr.two_signs_tied"}
            | {f"mri_per_cancer_found.{who}" for who in ("everybody", "cancer_before")}
            | {
                f"share.cancer_after_{days}_days_of_pain.{prior}"
                for days in (14, 42, 182)
                for prior in ("prior_of_the_waiting_room", "prior_at_its_beginning")
            },
        }
        for notebook, names in expected.items():
            assert names - set(results.loc[notebook].index) == set()
            assert np.isfinite(results.loc[notebook].loc[sorted(names), "value"].astype(float)).all()

    def test_every_interval_holds_its_estimate(self, results):
        bounded = results.dropna(subset=["low", "high"])
        assert len(bounded) > 30
        assert (bounded["low"] <= bounded["value"]).all()
        assert (bounded["value"] <= bounded["high"]).all()
        shares = results[results["unit"] == "share"]
        assert shares["value"].between(0, 1).all()

    def test_nothing_was_skipped(self, simulated):
        assert [line for name in NAMES for line in lines(simulated, name, "skipped")] == []
        assert [line for name in NAMES for line in lines(simulated, name, "said") if "Skipped" in line] == []

    def test_shares(self, results, people):
        for notebook_name, numerator, denominator in (
            ("share.back_pain.symptomatic", "back pain", "symptomatic"),
            ("share.bone_pain_first.ever_metastatic", "back or bone pain first", "ever metastatic"),
            ("share.bone_pain_first.bone_metastases", "back or bone pain first", "bone metastases"),
        ):
            row = fs.share(people, numerator, denominator).iloc[0]
            recorded = results.loc[("01_first_sign", notebook_name)]
            matches(recorded, row["share"], row["low"], row["high"])
            assert recorded["n"] == row["n"]

    def test_a_share_by_counting(self, results, people):
        """Another route: no firstsign between the people and the number."""
        found = people[people["detection"].isin(["symptom", "emergency"])]
        lump = found["symptoms"].str.split(";").map(lambda listed: "breast lump" in [one.strip() for one in listed])
        recorded = results.loc[("01_first_sign", "share.breast_lump.symptomatic")]
        assert recorded["value"] == lump.mean()
        assert recorded["n"] == len(found)

    @pytest.mark.parametrize("interval", ["patient", "referral_to_diagnosis", "total"])
    def test_quantiles(self, results, people, interval):
        by = "first_symptom_group"
        spells = fs.spells(people, interval, by=by, imprecise="midpoint", endless="exclude")
        found = fs.quantiles(spells, [0.5, 0.9], by=by).set_index([by, "q"])
        for group in ("breast lump", "back or bone pain"):
            for q, end in ((0.5, "median"), (0.9, "p90")):
                recorded = results.loc[("02_intervals", f"days.{interval}.{group.replace(' ', '_')}.{end}")]
                matches(recorded, *found.loc[(group, q), ["days", "low", "high"]])
                assert recorded["n"] == spells.loc[spells[by] == group, "n"].sum()

    def test_what_adds_up(self, results, people):
        days = fs.interval_days(people).dropna()
        parts = ["patient", "primary_care", "referral_to_diagnosis", "treatment"]
        kept = results.loc["02_intervals"]
        assert kept.loc["days.total.sum_of_medians", "value"] == days[parts].median().sum()
        assert kept.loc["days.total.median_of_complete", "value"] == days["total"].median()
        assert kept.loc["days.total.median_of_complete", "n"] == len(days)

    def test_curves_and_tests(self, results, people):
        spells = fs.spells(people, "total_diagnostic", imprecise="midpoint", endless="exclude")
        kept = results.loc["03_delay_curves"]
        for day in (90, 365):
            row = fs.share_longer_than(spells, day).iloc[0]
            matches(kept.loc[f"share.waiting_after_{day}_days"], row["share"], row["low"], row["high"])
        two = people[people["first_symptom_group"].isin(["breast lump", "back or bone pain"])]
        by = "first_symptom_group"
        grouped = fs.spells(two, "total_diagnostic", by=by, imprecise="midpoint", endless="exclude")
        p = fs.log_rank(grouped, by=by)["p"][0]
        assert kept.loc["log_rank.bone_pain_against_lump.p", "value"] == pytest.approx(p, rel=1e-9)

    def test_the_published_table_by_counting(self, results):
        """Another route: the shares beyond 28 days as plain quotients of the printed counts."""
        told = fs.published("nhs-faster-diagnosis-2023-24")
        after = told[told["from_day"] > 28].groupby("route")["people"].sum() / told.groupby("route")["people"].sum()
        kept = results.loc["03_delay_curves"]
        recorded = kept[kept.index.str.startswith("share.longer_than_28.nhs.")]["value"]
        assert len(recorded) == 4
        np.testing.assert_allclose(sorted(recorded.astype(float)), sorted(after), rtol=1e-12)

    def test_the_same_number_is_the_same_in_two_notebooks(self, results):
        for group in ("breast_lump", "back_or_bone_pain"):
            name = f"days.total_diagnostic.{group}.median"
            assert results.loc[("02_intervals", name), "value"] == results.loc[("03_delay_curves", name), "value"]


class TestClaimsAndSigns:
    """Numbers of notebooks 06 and 07 by another route."""

    def test_verdicts_are_those_of_appraise(self, results):
        order = list(fs.verdict_scale())
        for letter in "ABCDEFGHIJK":
            recorded = results.loc[("06_claims_on_trial", f"verdict.{letter.lower()}")]
            assert order[int(recorded["value"]) - 1] == fs.appraise(letter).verdict

    def test_the_pooled_share_lies_among_the_registries(self, results):
        pooled = results.loc[("06_claims_on_trial", "share.metastatic_at_diagnosis.pooled")]
        assert 4756 / 88759 < pooled["value"] < 54 / 848
        assert pooled["n"] == 88759 + 848 + 229195

    def test_signs_by_hand(self, results):
        kept = results.loc["07_red_flags"]["value"].astype(float)
        prior = 13 / 1975
        assert kept["share.cancer_in_back_pain"] == prior
        assert kept["lr_positive.breast_lump"] == pytest.approx(1762 / 3994 / (132 / 16873))
        odds = prior / (1 - prior) * 23.7
        assert kept["share.cancer_after_history"] == pytest.approx(odds / (1 + odds))
        assert kept["mri_per_cancer_found.everybody"] == pytest.approx(1 / (prior * 0.906))
        assert kept["threshold.history_useful_to"] < prior * 0.31 / (prior * 0.31 + (1 - prior) * 0.02) < 0.1

    def test_weeks_of_pain_by_bayes(self, results):
        sigma = np.log(6) / norm.isf(0.1)
        lasting = norm.sf(np.log(42 / 14) / sigma)
        waiting_room = 13 / (1975 - 13)
        beginning = waiting_room * 40 / 200  # met in proportion to its length
        for odds, name in ((waiting_room, "prior_of_the_waiting_room"), (beginning, "prior_at_its_beginning")):
            found = results.loc[("07_red_flags", f"share.cancer_after_42_days_of_pain.{name}"), "value"]
            assert found == pytest.approx(odds / (odds + lasting), rel=1e-6)

    def test_no_widget_is_left_in_a_report(self, simulated):
        for name in ("06_claims_on_trial", "07_red_flags"):
            notebook = executed(simulated, name)
            assert "widgets" not in notebook["metadata"]
            kinds = {
                kind
                for cell in notebook["cells"]
                for output in cell.get("outputs", [])
                for kind in output.get("data", {})
            }
            assert not [kind for kind in kinds if "widget" in kind]


@pytest.fixture(scope="module")
def kept(results):
    return results.loc["04_what_the_data_hide"].astype({"value": float, "low": float, "high": float})


@pytest.fixture(scope="module")
def lives():
    at_once = {"p50": 0.2, "p90": 0.5}
    everybody = {
        "first_sign_until": "2014-12-31",
        "screening_coverage": 0,
        "seeding_per_year": {"1": 1000},
        "seeding_to_metastasis": at_once,
        "metastatic_site": {"at_diagnosis": 1},
        "symptom_per_year": {
            "back or bone pain": {"metastatic": 1000},
            "other symptom": {"1": 0, "metastatic": 0},
            "other breast symptom": {"1": 0},
            "breast lump": {"1": 0},
        },
        "metastasis_to_death": {"untreated": {"p50": 600, "p90": 2580}},
        "treatment_lengthens_factor": 1,
        "urgency": 0,
    }
    return fs.simulate(PEOPLE, 20260101, truth=True, **everybody)


class TestWhatTheDataHide:
    """The five mistakes of notebook 04, from the same simulated lives by plain counting."""

    @pytest.mark.parametrize("mistake", MISTAKES)
    def test_the_repair_meets_the_truth_and_the_naive_number_does_not(self, kept, mistake):
        naive, corrected, truth = (kept.loc[f"{mistake}.{how}"] for how in ("naive", "corrected", "truth"))
        assert corrected["low"] <= truth["value"] <= corrected["high"]
        assert not naive["low"] <= truth["value"] <= naive["high"]
        assert abs(np.log(naive["value"] / truth["value"])) > 0.1

    def test_truths_are_those_of_the_lives(self, kept, lives):
        _, truth = lives
        days = {
            name: (truth[name] - truth["true_first_symptom"]).dt.days
            for name in ("diagnosis_had_they_lived", "true_diagnosis", "true_death")
        }
        assert kept.loc["days.censoring_ignored.truth", "value"] == days["diagnosis_had_they_lived"].median()
        assert kept.loc["share.delayed_entry.truth", "value"] == (days["true_death"] <= 365).mean()
        undiagnosed = ~(days["true_diagnosis"] <= 365)
        assert kept.loc["share.competing_death.truth", "value"] == pytest.approx(undiagnosed.mean(), rel=1e-12)

    def test_naive_numbers_by_counting(self, kept, lives):
        patients, _ = lives
        onset, diagnosis, death = (patients[f"{name}_earliest"] for name in ("first_symptom", "diagnosis", "death"))
        early = (diagnosis - onset).dt.days[diagnosis <= "2014-12-31"]
        assert kept.loc["days.censoring_ignored.naive", "value"] == early.median()
        dead = ((death - onset).dt.days <= 365)[diagnosis.notna()]
        # Nearly: a few are lost within the year, so that the curve is not quite the plain share.
        assert kept.loc["share.delayed_entry.naive", "value"] == pytest.approx(dead.mean(), abs=0.005)
        first = onset.dt.to_period("M").dt.start_time
        waited = (patients["first_presentation_earliest"] - first).dt.days
        assert kept.loc["share.onset_to_the_month.naive", "value"] == pytest.approx((waited > 14).mean(), abs=0.03)

    def test_who_grows_is_drawn_with_the_seed(self, kept, lives):
        patients, _ = lives
        before = (patients["first_symptom_earliest"].max() - patients["first_symptom_earliest"]).dt.days / 365.25
        registry = patients[np.random.default_rng(20260101).random(PEOPLE) < np.exp(-before)]
        seen = registry["diagnosis_earliest"] <= "2014-12-31"
        assert kept.loc["days.right_truncation.corrected", "n"] == seen.sum()
        waited = (registry["diagnosis_earliest"] - registry["first_symptom_earliest"]).dt.days[seen]
        assert kept.loc["days.right_truncation.naive", "value"] == waited.median()

    def test_who_could_be_seen_is_counted_under_the_curve_in_reversed_time(self, simulated, lives):
        """Delay up to the day, and the books closed, death and the end of observation all on that day or later."""
        patients, _ = lives
        onset = patients["first_symptom_earliest"]
        before = (onset.max() - onset).dt.days / 365.25
        registry = np.random.default_rng(20260101).random(PEOPLE) < np.exp(-before)
        delay = (patients["diagnosis_earliest"] - onset).dt.days
        ends = patients[["death_earliest", "last_seen_earliest"]].assign(closed=pd.Timestamp("2014-12-31")).min(axis=1)
        limit = (ends - onset).dt.days
        people = [(registry & (delay <= day) & (day <= limit)).sum() for day in (0, 90, 180, 270, 360)]
        drawn = list(figures_of(executed(simulated, "04_what_the_data_hide")))[1]
        assert people[-1] > 0
        assert re.findall(r"<!-- ([\d,]+) -->", drawn.content.decode())[-5:] == [f"{count:,}" for count in people]

    def test_who_was_left_out_still_waited_or_had_died(self, simulated, lives):
        patients, _ = lives
        undiagnosed = ~(patients["diagnosis_earliest"] <= "2014-12-31")
        dead = (undiagnosed & (patients["death_earliest"] <= "2014-12-31")).sum()
        (said,) = (line for line in lines(simulated, "04_what_the_data_hide", "said") if "died waiting" in line)
        counts = [int(found.replace(",", "")) for found in re.findall(r"([\d,]+) (?:people|were still|had died)", said)]
        assert counts == [undiagnosed.sum(), undiagnosed.sum() - dead, dead]

    def test_turnbulls_interval_is_that_of_its_seed(self, kept):
        found = kept.loc["share.onset_to_the_month.turnbull"]
        assert 0.01 < found["high"] - found["low"] < 0.1
        assert found["low"] < kept.loc["share.onset_to_the_month.truth", "value"] < found["high"]

    def test_lupus_by_the_product_in_reversed_time(self, kept):
        """Another route: from the longest delay down, the share with a shorter one, in a loop over people."""
        people = fs.load_cohort("lupus")
        middle = {
            name: people[f"{name}_earliest"] + (people[f"{name}_latest"] - people[f"{name}_earliest"]) / 2
            for name in ("first_symptom", "diagnosis", "death")
        }
        delay = (middle["diagnosis"] - middle["first_symptom"]).dt.total_seconds() / 86400
        closed = pd.Timestamp("1954-02-28")
        for name, last in (("corrected", closed), ("corrected_with_death", middle["death"].fillna(closed))):
            limit = ((last - middle["first_symptom"]).dt.total_seconds() / 86400).clip(upper=5 * 365.25)
            within, shorter = delay[delay <= 5 * 365.25], 1.0
            for day in sorted(set(within), reverse=True):
                if 1 - shorter > 0.5:
                    break
                median = day
                shorter *= 1 - (within == day).sum() / ((within <= day) & (day <= limit[within.index])).sum()
            assert kept.loc[f"days.lupus_right_truncation.{name}", "value"] == pytest.approx(median, abs=1)

    def test_every_refusal_is_shown(self, simulated):
        refusals = [line for line in lines(simulated, "04_what_the_data_hide", "said") if " refuses: " in line]
        assert [line.split()[0] for line in refusals] == ["spells", *["kaplan_meier"] * 3]

    def test_lupus_is_the_same_as_in_the_notebook_before(self, results):
        numbers = {
            "days.lupus.within_five_years.median_uncorrected": "days.lupus_right_truncation.naive",
            "days.lupus.within_five_years.median_corrected": "days.lupus_right_truncation.corrected",
        }
        for before, here in numbers.items():
            assert (
                results.loc[("03_delay_curves", before), "value"]
                == results.loc[("04_what_the_data_hide", here), "value"]
            )


FEW = [
    {"people": 100},
    {"people": 100, "growth": 3.0, "closed": "2014-06-30", "level": 0.5},
    {"people": 300, "half_alive": 100, "seed": 5},
    {"people": 1000, "closed": "2024-12-31", "growth": 0.0, "half_alive": 3000},
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters", FEW, ids=lambda given: " ".join(f"{name}={value}" for name, value in given.items())
)
def test_what_the_data_hide_with_other_parameters(tmp_path, parameters):
    made = make(plan("04", parameters, tmp_path), timeout=10 * LONGEST)
    assert made.failures == {}
    said = " ".join(lines(made.version, "04_what_the_data_hide", "said"))
    assert "nan" not in said.split()


FIVE_YEARS = 1826
FOLLOWED = {"first_sign_until": "2014-12-31", "lost_per_year": 0}
WAITS = (
    "patient_interval",
    "gap_between_visits",
    "referral_to_diagnosis",
    "after_missed_test",
    "emergency_to_diagnosis",
)


def after(lives: pd.DataFrame, start: str, end: str) -> pd.Series:
    """Days from one milestone to another, missing where one never comes."""
    return (lives[end] - lives[start]).dt.days


def halved(scenario: str) -> dict:
    """Every wait up to the diagnosis at half its percentiles, written out from the list of parameters."""
    listed = fs.scenario_parameters(scenario)
    listed = listed[listed["name"].str.match(rf"({'|'.join(WAITS)})\..*\bp\d+$")]
    changes: dict = {wait: {} for wait in WAITS}
    for name, value in zip(listed["name"].str.split("."), listed["value"].astype(float), strict=True):
        wait, *group, percentile = name
        (changes[wait].setdefault(group[0], {}) if group else changes[wait])[percentile] = value / 2
    return changes


@pytest.fixture(scope="module")
def delays(results):
    return results.loc["05_does_delay_matter"].astype({"value": float, "low": float, "high": float})


@pytest.fixture(scope="module")
def lived():
    """People with a symptom, registry and truth in one frame, of both worlds as they are and with waits half as long."""
    found = {}
    for scenario in ("england", "null"):
        for how, changes in (("as it is", {}), ("sooner", halved(scenario))):
            cohort, truth = fs.simulate(PEOPLE, 20260101, scenario, truth=True, **FOLLOWED, **changes)
            both = cohort.merge(truth, on="person")
            found[scenario, how] = both[both["true_first_symptom"].notna()].set_index("life")
    return found


@pytest.fixture(scope="module")
def diagnosed(lived):
    """The registry of england, with the days waited and whether they were dead five years after the symptom."""
    people = lived["england", "as it is"]
    people = people[people["diagnosis_earliest"].notna()]
    waited = after(people, "first_symptom_earliest", "diagnosis_earliest")
    return people.assign(waited=waited, dead=after(people, "first_symptom_earliest", "death_earliest") <= FIVE_YEARS)


class TestDoesDelayMatter:
    """Notebook 05 from the same simulated lives, by plain counting and other routes."""

    def test_survival_and_stage_by_delay(self, delays, diagnosed):
        for name, chosen in (("under_14", diagnosed["waited"] < 14), ("90_or_more", diagnosed["waited"] >= 90)):
            group = diagnosed[chosen]
            survived = ~(after(group, "diagnosis_earliest", "death_earliest") <= FIVE_YEARS)
            alive = delays.loc[f"share.alive_five_years_after_diagnosis.waited_{name}"]
            # Nearly: a few were diagnosed less than five years before the end of 2024.
            assert alive["value"] == pytest.approx(survived.mean(), abs=0.005)
            assert alive["n"] == len(group)
            late = delays.loc[f"share.stage_3_or_4.waited_{name}"]
            assert late["value"] == pytest.approx((group["stage"] >= 3).mean(), rel=1e-12)

    def test_hazard_ratios_by_lifelines(self, delays, diagnosed):
        lifelines = pytest.importorskip("lifelines", reason="lifelines is not installed")
        ended = diagnosed["death_earliest"].notna()
        last = diagnosed["death_earliest"].fillna(diagnosed["last_seen_earliest"])
        bands = pd.get_dummies(pd.cut(diagnosed["waited"], [-1, 13, 29, 59, 89, np.inf]), drop_first=True, dtype=float)
        bands.columns = ["a", "b", "c", "longest"]
        table = bands.assign(days=(last - diagnosed["diagnosis_earliest"]).dt.days, ended=ended)
        for name, more in (("alone", {}), ("at_the_same_pace", {"pace": np.log(diagnosed["pace"]).round(1)})):
            fit = lifelines.CoxPHFitter(alpha=0.05).fit(table.assign(**more), "days", "ended")
            found = fit.summary.loc["longest", ["exp(coef)", "exp(coef) lower 95%", "exp(coef) upper 95%"]]
            recorded = delays.loc[f"hazard_ratio.waited_90_or_more.{name}", ["value", "low", "high"]]
            np.testing.assert_allclose(recorded.astype(float), found, rtol=1e-3)

    def test_the_naive_prediction_is_a_difference_of_plain_shares(self, delays, diagnosed):
        """Everybody gets the share of dead in the class of half their delay instead of that in their own."""
        first_days = [0, 7, 14, 28, 56, 112, 224, np.inf]
        own, shorter = (
            pd.cut(days, first_days, right=False) for days in (diagnosed["waited"], diagnosed["waited"] / 2)
        )
        share = diagnosed["dead"].groupby(own, observed=True).mean()
        predicted = 1000 * (shorter.map(share).astype(float) - own.map(share).astype(float)).mean()
        assert delays.loc["per_1000.deaths.england.delay_alone", "value"] == pytest.approx(predicted, rel=1e-9)
        assert delays.loc["per_1000.deaths.england.delay_alone", "n"] == len(diagnosed)

    def test_an_adjusted_prediction_by_dense_least_squares(self, delays, diagnosed):
        """Dummies with a reference and numpy's lstsq; the interval from the sandwich written out."""
        first_days = [0, 7, 14, 28, 56, 112, 224, np.inf]
        own, shorter = (
            pd.get_dummies(pd.cut(days, first_days, right=False), dtype=float).to_numpy()
            for days in (diagnosed["waited"], diagnosed["waited"] / 2)
        )
        alike = diagnosed[["first_symptom_group", "detection"]].assign(
            age=pd.cut(diagnosed["age"], [0, 40, 50, 60, 70, 80, 200], right=False).astype(str),
            stage=diagnosed["stage"].astype(str),
        )
        x = np.hstack([own, pd.get_dummies(alike, drop_first=True, dtype=float).to_numpy()])
        dead = diagnosed["dead"].to_numpy(float)
        effect = np.linalg.lstsq(x, dead, rcond=None)[0]
        moved = np.append((shorter - own).mean(axis=0), np.zeros(x.shape[1] - own.shape[1]))
        bread = np.linalg.inv(x.T @ x)
        spread = bread @ (x.T * (dead - x @ effect) ** 2) @ x @ bread
        middle, half = 1000 * moved @ effect, 1000 * 1.959963984540054 * np.sqrt(moved @ spread @ moved)
        matches(delays.loc["per_1000.deaths.england.with_stage"], middle, middle - half, middle + half)

    def test_the_effect_that_was_put_in(self, delays, lived):
        dead, stage, found = {}, {}, {}
        for how in ("as it is", "sooner"):
            world = lived["england", how]
            dead[how] = after(world, "true_first_symptom", "true_death") <= FIVE_YEARS
            stage[how], found[how] = world["true_stage"], world["true_diagnosis"].notna()
        change = dead["sooner"].astype(int) - dead["as it is"].astype(int)
        truth = delays.loc["per_1000.deaths.england.truth"]
        assert truth["value"] == pytest.approx(1000 * change.mean(), rel=1e-9)
        assert truth["high"] < 0, "shorter waits save lives in england"
        assert truth["n"] == len(change)
        earlier = 1000 * ((stage["sooner"] < stage["as it is"]) & found["sooner"] & found["as it is"]).mean()
        assert delays.loc["per_1000.earlier_stage.england.truth", "value"] == pytest.approx(earlier, rel=1e-9)

    def test_treatment_four_weeks_later_does_less_harm_than_published(self, delays, lived):
        """The same wait as in hanna-surg, in a world of its own; rates of death by plain counting."""
        listed = fs.scenario_parameters("england").set_index("name")["value"]
        listed = listed[listed.index.str.match(r"diagnosis_to_treatment\..*p\d+$")].astype(float)
        waits = {name.split(".")[-1]: days + 28 for name, days in listed.items()}
        cohort, truth = fs.simulate(PEOPLE, 20260101, "england", truth=True, **FOLLOWED, diagnosis_to_treatment=waits)
        usual = lived["england", "as it is"]
        usual = usual[usual["true_treatment"].notna() & (usual["true_stage"] < 4)]
        later = cohort.merge(truth, on="person").set_index("life").loc[usual.index]
        added = (later["true_treatment"] - usual["true_treatment"]).dt.days.mean()
        assert 25 < added < 31
        for cause, day in (("any_cause", "true_death"), ("disease", "death_from_disease")):
            lasts = [after(one, "true_diagnosis", day) for one in (usual, later)]
            rates = [(one <= 3652).sum() / one.clip(upper=3652).fillna(3652).sum() for one in lasts]
            recorded = delays.loc[f"rate_ratio.treatment_four_weeks_later.{cause}"]
            assert recorded["value"] == pytest.approx((rates[1] / rates[0]) ** (28 / added), rel=1e-9)
            assert recorded["n"] == len(usual)
            assert 1 < recorded["low"] < recorded["value"] < recorded["high"]
        published = fs.evidence_entry("hanna-surg").interval[0]
        assert delays.loc["rate_ratio.treatment_four_weeks_later.any_cause", "high"] < published

    def test_from_day_90_on_the_answer_depends_on_the_urgency(self, delays):
        """All are followed for the five years, so that counting will do; those alive at the end of day 90 are counted."""
        for name, urgency in (("no_urgency", 0.0), ("most_urgency", 0.6)):
            cohort, truth = fs.simulate(PEOPLE, 20260101, "england", truth=True, **FOLLOWED, urgency=urgency)
            everyone = cohort.merge(truth, on="person")
            everyone = everyone[everyone["true_first_symptom"].notna()]
            death = after(everyone, "true_first_symptom", "true_death").fillna(np.inf)
            waits = ~(after(everyone, "true_first_symptom", "diagnosis_had_they_lived") < 90)
            alive = [(death[chosen & (death > 90)] > FIVE_YEARS).mean() for chosen in (waits, ~waits)]
            recorded = delays.loc[f"points.still_waiting_on_day_90.england.{name}"]
            assert recorded["value"] == pytest.approx(100 * (alive[0] - alive[1]), abs=1e-6)
        calm, hurried = (
            delays.loc[f"points.still_waiting_on_day_90.england.{name}"] for name in ("no_urgency", "most_urgency")
        )
        assert calm["value"] < hurried["value"], "the more fast disease hurries, the better waiting looks"

    def test_every_step_up_the_ladder_comes_nearer_to_the_truth(self, delays):
        truth = delays.loc["per_1000.deaths.england.truth", "value"]
        distance = [abs(delays.loc[f"per_1000.deaths.england.{rung}", "value"] - truth) for rung in RUNGS]
        assert distance == sorted(distance, reverse=True)
        naive, best = (delays.loc[f"per_1000.deaths.england.{RUNGS[place]}"] for place in (0, -1))
        assert naive["low"] > 0 > truth, "the registry says that shorter waits kill"
        assert best["low"] <= truth <= best["high"]

    def test_where_nothing_is_there_to_be_found_the_naive_analysis_finds_it(self, delays, lived):
        as_it_is, sooner = (lived["null", how] for how in ("as it is", "sooner"))
        assert after(as_it_is, "true_first_symptom", "true_diagnosis").gt(1).mean() > 0.9
        for column in ("true_death", "died_from", "true_stage", "metastases_present"):
            pd.testing.assert_series_equal(as_it_is[column], sooner[column])
        naive, best, truth = (delays.loc[f"per_1000.deaths.null.{rung}"] for rung in (RUNGS[0], RUNGS[-1], "truth"))
        assert list(truth[["value", "low", "high"]]) == [0, 0, 0]
        assert naive["low"] > 0
        assert best["low"] <= 0 <= best["high"]
        assert delays.loc["log_rank.null.p", "value"] < 1e-6

    def test_lead_time_makes_survival_out_of_nothing(self, delays, lived):
        as_it_is, sooner = (lived["null", how] for how in ("as it is", "sooner"))
        long = after(as_it_is, "true_first_symptom", "diagnosis_had_they_lived") >= 90
        long &= as_it_is["diagnosis_earliest"].notna() & sooner["diagnosis_earliest"].notna()
        alive = [(after(one[long], "true_diagnosis", "true_death") > FIVE_YEARS).mean() for one in (as_it_is, sooner)]
        gain = delays.loc["points.lead_time.symptomatic"]
        assert gain["n"] == long.sum()
        assert gain["value"] == pytest.approx(100 * (alive[1] - alive[0]), abs=0.5)
        assert gain["value"] > 0


@pytest.fixture(scope="module")
def screened():
    """Everybody with detectable disease, screened as in england and not at all, by life."""
    groups = [*fs.simulate(100)["first_symptom_group"].unique(), "other symptom", "back or bone pain"]
    harmless = {group: 0 for group in groups if group != "no symptom"}
    found = []
    for changes in ({}, {"screening_coverage": 0}):
        cohort, truth = fs.simulate(
            PEOPLE, 20260101, "england", who="population", truth=True, disease_share=1, benign_per_year=harmless,
            **FOLLOWED, **changes,
        )  # fmt: skip
        found.append(cohort.merge(truth, on="person").set_index("life"))
    return found


class TestScreeningInNotebook05:
    def test_the_parts_add_up(self, delays):
        parts = [delays.loc[f"points.screening.{part}", "value"] for part in PARTS]
        assert sum(parts) == pytest.approx(delays.loc["points.screening.naive", "value"], rel=1e-9)
        swapped = [delays.loc[f"points.screening.{part}", "value"] for part in SWAPPED]
        assert sum(swapped) == pytest.approx(sum(parts[1:3]), rel=1e-9)

    def test_parts_by_counting(self, delays, screened):
        with_it, without = screened
        of_age = with_it[with_it["age"].between(50, 70)]
        found = of_age[of_age["detection"] == "screening"]
        others = of_age[of_age["detection"].isin(["symptom", "emergency"])]
        lasts = {
            name: ~(after(one, "true_diagnosis", "death_from_disease") <= FIVE_YEARS)
            for name, one in {"found": found, "others": others, "shown": found[~found["overdiagnosed"]]}.items()
        }
        naive = 100 * (lasts["found"].mean() - lasts["others"].mean())
        assert delays.loc["points.screening.naive", "value"] == pytest.approx(naive, rel=1e-9)
        overdiagnosis = 100 * (lasts["found"].mean() - lasts["shown"].mean())
        assert delays.loc["points.screening.overdiagnosis", "value"] == pytest.approx(overdiagnosis, rel=1e-9)
        shown = found[~found["overdiagnosed"]]
        same = without.loc[shown.index]
        planned = after(same, "true_onset", "diagnosis_had_they_lived").fillna(np.inf)
        killed = after(same, "true_onset", "death_from_disease").fillna(np.inf)
        begins = np.minimum(planned, killed)
        test = after(shown, "true_onset", "true_diagnosis")
        relative = {
            (how, clock): ~(after(one, "true_onset", "death_from_disease").fillna(np.inf) <= start + FIVE_YEARS)
            for how, one in {"screened": shown, "unscreened": same}.items()
            for clock, start in {"soon": test, "late": begins}.items()
        }
        share = {key: 100 * alive.mean() for key, alive in relative.items()}
        by_hand = {
            "real": share["screened", "soon"] - share["unscreened", "soon"],
            "lead_time": share["unscreened", "soon"] - share["unscreened", "late"],
            "lead_time_taken_first": share["screened", "soon"] - share["screened", "late"],
            "real_taken_second": share["screened", "late"] - share["unscreened", "late"],
        }
        for name, points in by_hand.items():
            assert delays.loc[f"points.screening.{name}", "value"] == pytest.approx(points, rel=1e-9), name
        assert by_hand["real"] < by_hand["real_taken_second"], "where the order matters"

    def test_lead_times_overdiagnosis_and_deaths(self, delays, screened):
        with_it, without = screened
        found = with_it[with_it["detection"] == "screening"]
        lead = after(found, "true_screening_test", "symptom_without_screening").dropna() / 365.25
        assert delays.loc["years.lead_time.screening", "value"] == pytest.approx(lead.mean(), rel=1e-9)
        over = delays.loc["share.overdiagnosed.found_by_screening"]
        assert over["value"] == pytest.approx(found["overdiagnosed"].mean(), rel=1e-12)
        since_onset = after(found, "true_onset", "true_screening_test")
        for name, world in (("screened", found), ("not_screened", without.loc[found.index])):
            by_then = after(world, "true_onset", "true_death") - since_onset <= 5479
            dead = 1000 * ((world["died_from"] == "disease") & by_then).mean()
            recorded = delays.loc[f"per_1000.dead_of_it_within_15_years.{name}", "value"]
            assert recorded == pytest.approx(dead, rel=1e-9)


OTHER_WORLDS = [
    {"people": 100},
    {"people": 300, "urgency": 0.0, "shorter": 0.9, "seed": 5},
    {"people": 1000, "urgency": 0.9, "shorter": 0.1, "level": 0.5},
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters", OTHER_WORLDS, ids=lambda given: " ".join(f"{name}={value}" for name, value in given.items())
)
def test_does_delay_matter_with_other_parameters(tmp_path, parameters):
    made = make(plan("05", parameters, tmp_path), timeout=10 * LONGEST)
    assert made.failures == {}
    said = " ".join(lines(made.version, "05_does_delay_matter", "said"))
    assert "nan" not in said.split()


class TestOwnFile:
    """Three columns still make a report."""

    def test_says_what_it_skips(self, own):
        assert lines(own, "01_first_sign", "skipped") == [
            "Skipped: the mix of presenting symptoms needs symptoms and detection, which this cohort does not have.",
            "Skipped: the claim about bone pain needs first_symptom_group, which this cohort does not have.",
        ]
        skipped = lines(own, "02_intervals", "skipped")
        assert any("a table by first symptom needs first_symptom_group" in line for line in skipped)
        assert any("the patient interval needs first_presentation" in line for line in skipped)
        assert any("competing death needs death" in line for line in lines(own, "03_delay_curves", "skipped"))

    def test_counts_everybody(self, own):
        for name in ("02_intervals", "03_delay_curves"):
            said = [line for line in lines(own, name, "said") if line.startswith("From first symptom to diagnosis: ")]
            assert any("10 people. Left out: nobody." in line for line in said)
            assert any("Dates set to one day: those of 5." in line for line in said)
        assert any(line.startswith("2 more (20.0 %)") for line in lines(own, "03_delay_curves", "said"))

    def test_numbers_are_those_of_the_file(self, own, tmp_path):
        path = tmp_path / "mine.csv"
        path.write_text(OWN)
        kept = results_of(own).loc["03_delay_curves"]
        spells = fs.spells(fs.load_cohort(path), "total_diagnostic", until=UNTIL, imprecise="midpoint")
        matches(kept.loc["days.total_diagnostic.median"], *fs.quantiles(spells, 0.5)[["days", "low", "high"]].iloc[0])
        row = fs.share_longer_than(spells, 90).iloc[0]
        matches(kept.loc["share.waiting_after_90_days"], row["share"], row["low"], row["high"])
        assert kept.loc["share.waiting_after_90_days", "n"] == 10

    def test_a_share_by_hand(self, own):
        """Longer than 90 days: Gus (136), Jon (whatever his day in 2022), Dan and Hal, who were never diagnosed: 4 of 10."""
        recorded = results_of(own).loc[("03_delay_curves", "share.waiting_after_90_days")]
        assert recorded["value"] == pytest.approx(0.4)

    def test_nobody_is_named(self, own):
        people = [line.split(",")[0] for line in OWN.splitlines()[1:]]
        for name in NAMES:
            words = BeautifulSoup((own / f"{name}.html").read_text(), "html.parser").get_text()
            assert [person for person in people if re.search(rf"\b{person}\b", words)] == []


@pytest.mark.slow
class TestLupus:
    def test_numbers_are_those_of_the_cohort(self, lupus):
        kept = results_of(lupus).loc["03_delay_curves"]
        spells = fs.spells(fs.load_cohort("lupus"), "total_diagnostic", imprecise="midpoint")
        median = fs.quantiles(spells, 0.5)[["days", "low", "high"]].iloc[0]
        matches(kept.loc["days.total_diagnostic.median"], *median)
        matches(kept.loc["days.lupus.onset_to_diagnosis.median"], *median)
        assert kept.loc["days.total_diagnostic.median", "n"] == 99

    def test_speaks_of_lupus_and_not_of_lumps(self, lupus):
        said = lines(lupus, "03_delay_curves", "said")
        assert said[0].startswith("99 people. Merrell")
        assert not [line for line in said if "lump" in line]


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_in_a_browser(browser, simulated, width):
    tab, wrong = browser.new_page(viewport={"width": width, "height": 844}), []
    tab.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or wrong.append(asked.url))
    tab.on("requestfailed", lambda asked: wrong.append(f"failed: {asked.url[:80]}"))
    tab.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    pages = [simulated.parent.parent / "index.html", simulated / "index.html"]
    for page in [*pages, *(simulated / f"{name}.html" for name in NAMES)]:
        tab.goto(page.as_uri())
        broken = "[...document.images].filter(image => !(image.complete && image.naturalWidth > 0)).length"
        assert tab.evaluate(broken) == 0, page.name
        assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.name
    tab.close()
    assert wrong == []
