"""Appraisals: every claim's verdict and how it follows, the readings by hand, and what a reader is told."""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import firstsign as fs
from firstsign.claim_files import claim_files, rules
from firstsign.claims import appraise, claims, verdict_scale
from firstsign.verdicts import decide

EXPECTED = {
    "A": "not traceable",
    "B": "supported with limits",
    "C": "supported with limits",
    "D": "not testable here",
    "E": "not supported",
    "F": "not testable here",
    "G": "not testable here",
    "H": "supported with limits",
    "I": "not testable here",
    "J": "not supported",
    "K": "not testable here",
}
LETTERS = list(EXPECTED)
B1, B2 = 0.0029, 0.0205  # the ends of the input b


@pytest.fixture(scope="module")
def trial():
    return {letter: appraise(letter, people=3000) for letter in LETTERS}


@pytest.fixture(scope="module")
def ranges():
    found = appraise("A").estimates
    return found[found["kind"] == "triangulated"].set_index("name")


class TestList:
    def test_one_row_a_claim(self):
        found = claims()
        assert found["letter"].tolist() == LETTERS
        asked = {"id", "words", "article", "population", "numerator", "denominator", "time", "refuted_by"}
        assert asked <= set(found.columns)
        assert found.notna().all(axis=None)

    def test_the_fixed_id(self):
        assert claims().loc[0, "id"] == "bone-pain-6-percent"
        assert fs.appraise("bone-pain-6-percent").verdict == "not traceable"

    def test_a_misspelt_claim(self):
        with pytest.raises(ValueError, match="did you mean 'bone-pain-6-percent'"):
            appraise("bone-pain-6-per-cent")


class TestVerdicts:
    @pytest.mark.parametrize("letter", LETTERS)
    def test_as_things_stand(self, trial, letter):
        """These change when the evidence does; a change should be seen."""
        assert trial[letter].verdict == EXPECTED[letter]

    @pytest.mark.parametrize("letter", LETTERS)
    def test_each_follows_from_the_facts_by_the_rules(self, trial, letter):
        for one in trial[letter].judged:
            assert decide(one.facts) is one.rule
        order = rules().weakest_first
        ranks = [order.index(one.rule.verdict) for one in trial[letter].judged]
        assert trial[letter].verdict == order[min(ranks)]
        assert trial[letter].verdict in verdict_scale()

    def test_no_sentence_is_kept_for_a_verdict_that_was_not_reached(self, trial):
        """A sentence written for one verdict is not shown with another."""
        for found in trial.values():
            for one in found.judged:
                own = one.part.plain.get(one.rule.verdict)
                shown = own if own is not None else one.rule.plain
                assert one.plain.split("{")[0].startswith(shown.split("{")[0])

    def test_if_a_study_were_found_the_verdict_would_move(self):
        record = claim_files()["bone-pain-6-percent"].model_dump()
        record["parts"][0]["evidence"].append(
            {"entry": "bone-pain-recurrent", "bears": "direct", "because": "as if", "counts": (600, 10_000)}
        )
        from firstsign.claim_files import Claim
        from firstsign.claims import _judge as judge

        changed = Claim.model_validate(record)
        (one,) = [judge(changed, part) for part in changed.parts]
        assert one.rule.verdict == "supported with limits" or one.rule.verdict == "supported"

    def test_signs_without_accuracy_are_never_more_than_untestable(self, trial):
        assert {one.rule.id for one in trial["F"].judged} == {"sign-without-accuracy"}

    def test_the_tests_of_h_differ(self, trial):
        by_part = trial["H"].parts.set_index("part")["verdict"]
        assert by_part["MRI"] == by_part["bone scan"] == "supported"
        assert by_part["X-ray"] == by_part["CT"] == "supported with limits"


class TestReadings:
    """The triangulated ranges of A, by hand."""

    @pytest.mark.parametrize(
        ("key", "least", "most"),
        [
            ("back_of_symptomatic", B1 * 0.3, B2),
            ("back_of_de_novo", B1 * 0.3 * 0.5 / 0.085, B2 / 0.054),
            ("back_of_bone_metastases", B1 * 0.3 * 0.5 / (0.085 * 0.6515), B2 / (0.054 * 0.6505)),
            ("back_of_all_metastatic", B1 * 0.3 * 0.5 / 0.085 * 0.183, B2 / 0.054 * 0.25),
            ("bone_of_de_novo", B1 * 0.3 * 0.5 / 0.085, B2 * 1.5 / 0.054),
            ("bone_of_bone_metastases", B1 * 0.3 * 0.5 / (0.085 * 0.6515), B2 * 1.5 / (0.054 * 0.6505)),
            ("bone_of_all_metastatic", B1 * 0.3 * 0.5 / 0.085 * 0.183, B2 * 1.5 / 0.054 * 0.25),
        ],
    )
    def test_least_and_most(self, ranges, key, least, most):
        assert_allclose(ranges.loc[key, ["least", "most"]].astype(float), [least, most], rtol=1e-9)
        low, middle, high = ranges.loc[key, ["low", "estimate", "high"]].astype(float)
        assert least < low < middle < high < most

    def test_b_is_what_may_stand_behind_one_per_cent_of_the_audit(self, trial):
        """12 to 34 of 2,316 women print as 1 %; Wilson's interval of the fewest and of the most."""
        assert [round(100 * count / 2316) for count in (11, 12, 34, 35)] == [0, 1, 1, 2]
        assert_allclose([B1, B2], [fs.wilson(12, 2316)[0], fs.wilson(34, 2316)[1]], atol=1e-4)

    def test_with_rounding_alone_and_pain_always_first(self, trial):
        """By hand: 3 to 28 %, about 11 in the middle, of those metastatic at diagnosis; 0.5 to 7 % of all with metastases."""
        readings = {reading.key: reading for reading in trial["A"].claim.parts[0].readings}
        for key, least, most in (("back_of_de_novo", 2.94, 27.8), ("back_of_all_metastatic", 0.54, 6.94)):
            given = {name: fs.between(*one.between, "assumption") for name, one in readings[key].inputs.items()}
            given |= {"b": fs.between(0.005, 0.015, "koo-backpain"), "f": fs.exactly(1, "assumption")}
            found = fs.triangulate(readings[key].formula, given, draws=1000).result.iloc[0]
            assert_allclose([100 * found.least, 100 * found.most], [least, most], atol=0.05)

    def test_the_mean_in_closed_form(self, trial):
        mean = (B1 + B2) / 2 * 0.65 * 0.75 * np.log(0.085 / 0.054) / (0.085 - 0.054)
        assert_allclose(trial["A"].triangulated["back_of_de_novo"].result["mean"][0], mean, rtol=0.01)

    def test_the_claim_is_open_where_its_range_reaches_into_them(self, ranges):
        open_ones = (ranges["least"] <= 0.065) & (ranges["most"] >= 0.055)
        assert (ranges["side"].eq("open") == open_ones).all()
        assert ranges["side"].eq("against").any()

    def test_assumptions_are_named(self, ranges):
        assert ranges["source"].str.contains("koo-backpain").all()
        assert ranges.drop("back_of_symptomatic")["source"].str.contains("assumption").all()


class TestWhatIsTold:
    @pytest.mark.parametrize("letter", LETTERS)
    def test_two_sentences(self, trial, letter):
        """The first for everybody: no symbols, no jargon; the second says how."""
        plain, method = trial[letter].plain, trial[letter].method
        assert 40 < len(plain) < 330
        jargon = r"interval|sensitivity|specificity|likelihood|odds|confidence|Wilson|Monte|centile|median|hazard|[{}]"
        assert not re.search(jargon, plain), plain
        assert re.search(r"register|verified|abstract seen|full text|secondary", method), method
        assert plain.rstrip().endswith(".")
        assert method.rstrip().endswith(".")

    @pytest.mark.parametrize("letter", LETTERS)
    def test_reasons_begin_with_them(self, trial, letter):
        reasons = trial[letter].reasons
        assert reasons[:2] == [trial[letter].plain, trial[letter].method]
        assert len(reasons) >= 2 + len(trial[letter].judged)

    def test_numbers_in_sentences_are_those_worked_out(self, trial):
        ranges = trial["A"].triangulated
        low = ranges["back_of_all_metastatic"].result["low"][0]
        high = ranges["bone_of_de_novo"].result["high"][0]
        assert f"from {100 * low:.1f} % to {100 * high:.0f} %" in trial["A"].plain

    def test_the_rule_in_words(self, trial):
        assert trial["A"].rule.startswith("untraced: source named: yes; source found: no; direct for: 0")
        assert trial["E"].rule == "not-borne-out: nothing before it held"

    def test_evidence_says_how_it_was_verified(self, trial):
        for found in trial.values():
            assert found.evidence["verified"].isin(["full text seen", "abstract seen", "secondary source"]).all()
            assert found.evidence["source"].str.len().gt(5).all()

    def test_published_numbers_with_wilson(self, trial):
        found = trial["D"].estimates.set_index("name").loc["deyo-prev"]
        assert (found["x"], found["n"]) == (13, 1975)
        assert (found["low"], found["high"]) == fs.wilson(13, 1975)

    def test_printed_percentages_without_counts(self, trial):
        found = trial["A"].estimates.set_index("name").loc["dn-seer-6pct"]
        assert found["estimate"] == 0.06
        assert pd.isna(found["low"])


class TestSimulated:
    def test_it_takes_no_part_in_the_verdict(self):
        assert {
            appraise("A", people, scenario=scenario).verdict for people, scenario in ((200, "claim"), (3000, "null"))
        } == {"not traceable"}

    def test_made_once_and_with_the_seed(self):
        found = appraise("A", people=2000, seed=5)
        assert found.simulated is found.simulated
        pd.testing.assert_frame_equal(found.simulated, appraise("A", people=2000, seed=5).simulated)
        assert not found.simulated["estimate"].equals(appraise("A", people=2000, seed=6).simulated["estimate"])

    def test_none_where_none_is_asked_for(self, trial):
        assert trial["K"].simulated.empty
        assert "estimate" in trial["K"].simulated.columns


def test_public_names():
    assert fs.claims is claims
    assert fs.appraise is appraise
    assert fs.verdict_scale is verdict_scale
