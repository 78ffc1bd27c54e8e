"""Claims and rules as files: what stands in them is checked, and every number in them stands in the register."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from firstsign.claim_files import Bearing, Claim, Counterpart, Input, Part, Rules, claim_files, rules
from firstsign.claim_files import _read as read
from firstsign.claim_files import _read_claims as read_claims
from firstsign.evidence import evidence_entry, register
from firstsign.places import data_folder

FOLDER = data_folder() / "claims"
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
STAGE = re.compile(r"stages? \d( to \d)?")


def numbers_in(text: str) -> set[str]:
    return {found.replace(",", "").rstrip(".") for found in NUMBER.findall(STAGE.sub("", text))}


def told_by(entry: str) -> set[str]:
    """Every number that an entry of the register prints, shares as per cent too."""
    found = evidence_entry(entry)
    fields = [
        found.quantity,
        found.population,
        found.estimate,
        found.unit,
        found.note,
        found.n,
        found.numerator,
        found.denominator,
    ]
    told = numbers_in(" ".join(str(field) for field in (*fields, *(found.interval or []))))
    return told | {f"{float(number):g}" for number in told}


ALL = [(claim, part) for claim in claim_files().values() for part in claim.parts]
BEARINGS = [(claim, part, item) for claim, part in ALL for item in part.evidence]


class TestWhatIsRecorded:
    def test_eleven_claims_in_the_order_of_their_letters(self):
        assert [claim.letter for claim in claim_files().values()] == list("ABCDEFGHIJK")
        assert "bone-pain-6-percent" in claim_files()

    @pytest.mark.parametrize(("claim", "part", "item"), BEARINGS, ids=lambda one: getattr(one, "entry", ""))
    def test_a_source_is_not_said_to_print_what_it_does_not(self, claim, part, item):
        cited = {item.entry, *re.findall(r"\(([a-z0-9-]+)\)", item.because)}
        told = set().union(*(told_by(entry) for entry in cited if entry in register()))
        said = numbers_in(item.because)
        assert {number for number in said if f"{float(number):g}" not in told} == set()

    @pytest.mark.parametrize(("claim", "part", "item"), BEARINGS, ids=lambda one: getattr(one, "entry", ""))
    def test_numbers_to_be_compared_stand_in_the_entry(self, claim, part, item):
        told = told_by(item.entry)
        for number in (item.estimate, item.low, item.high, item.specificity):
            assert number is None or f"{number:g}" in told or f"{number:.2f}" in told, (item.entry, number)

    def test_counts_that_differ_from_the_entry_are_explained_there(self):
        for _, _, item in BEARINGS:
            if item.counts:
                assert {str(count) for count in item.counts} <= told_by(item.entry)

    @pytest.mark.parametrize(("claim", "part"), ALL, ids=lambda one: getattr(one, "name", ""))
    def test_sentences_print_only_numbers_of_their_sources(self, claim, part):
        told = set().union({"1000", "100"}, *(told_by(item.entry) for item in part.evidence))
        for sentence in part.plain.values():
            said = {number for number in numbers_in(re.sub(r"\{[^}]*\}", "", sentence))}
            assert {number for number in said if f"{float(number):g}" not in told} == set()

    def test_sentences_on_whole_claims_too(self):
        for claim in claim_files().values():
            told = {"1000"}.union(*(told_by(item.entry) for part in claim.parts for item in part.evidence))
            said = numbers_in(re.sub(r"\{[^}]*\}", "", " ".join(claim.plain.values())))
            assert {number for number in said if f"{float(number):g}" not in told} == set()

    def test_cited_entries_of_limits_exist(self):
        for _, part in ALL:
            for limit in part.limits:
                cited = re.findall(r"\(([a-z0-9, -]+)\)$", limit)
                assert cited, limit
                assert set(cited[0].split(", ")) <= set(register())

    def test_a_sign_has_no_accuracy_only_where_the_register_has_none(self):
        """Night pain has none in the register; were one to come in, this test asks for it to be used."""
        verified = [entry for entry in register().values() if entry.verified != "recalled, not verified"]
        assert [entry.id for entry in verified if "night" in entry.quantity.lower()] == []

    def test_each_claim_says_what_would_refute_it(self):
        for claim in claim_files().values():
            assert len(claim.refuted_by) > 20

    def test_the_6_percent_names_a_source_that_was_not_found(self):
        found = claim_files()["bone-pain-6-percent"]
        assert found.cites.found is False
        assert evidence_entry(found.cites.instead).n == 984


def written(folder: Path, name: str = "a-claim.yml", **changes) -> Path:
    record = yaml.safe_load((FOLDER / "more-back-pain-with-cancer.yml").read_text())
    path = folder / name
    path.write_text(yaml.safe_dump({**record, "id": path.stem, **changes}))
    return path


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"refuted_by": ""}, "refuted_by"),
            ({"article": ["claim-nw42"]}, "no evidence entry claim-nw42"),
            ({"verdict": "supported"}, "verdict: Extra inputs are not permitted"),
            ({"parts": []}, "parts"),
        ],
    )
    def test_a_record_that_breaks_its_form(self, tmp_path, changes, told):
        with pytest.raises(ValueError, match=re.escape(told)):
            read_claims(written(tmp_path, **changes).parent)

    def test_a_file_not_called_by_its_id(self, tmp_path):
        written(tmp_path).rename(tmp_path / "another.yml")
        with pytest.raises(ValueError, match=r"called by its id: another\.yml \(id a-claim\)"):
            read_claims(tmp_path)

    def test_a_letter_used_twice(self, tmp_path):
        written(tmp_path)
        written(tmp_path, "b-claim.yml")
        with pytest.raises(ValueError, match="the same letter: B a-claim, B b-claim"):
            read_claims(tmp_path)

    @pytest.mark.parametrize(
        ("form", "given", "told"),
        [
            (Bearing, {"entry": "koo-lmup", "bears": "direct", "because": "x"}, "did you mean 'koo-lump'"),
            (Bearing, {"entry": "R-deyo-table", "bears": "direct", "because": "x"}, "recalled, not verified"),
            (Bearing, {"entry": "koo-lump", "bears": "direct", "because": "x", "says": "for", "low": 1}, "not both"),
            (Input, {"what": "x", "source": "assumption"}, "one of between, counted, estimated"),
            (Input, {"what": "x", "source": "a guess", "between": [0, 1]}, "neither the word assumption nor"),
            (Part, {"name": "x", "kind": "share", "appraised": False}, "why_not"),
            (
                Part,
                {"name": "x", "kind": "share", "evidence": [{"entry": "koo-lump", "bears": "direct", "because": "x"}]},
                "compared with nothing",
            ),
            (Counterpart, {"measure": "guess", "what": "x"}, "measure"),
        ],
    )
    def test_a_part_that_breaks_its_form(self, form, given, told):
        with pytest.raises(ValidationError, match=told):
            form.model_validate(given)

    def test_rules_without_a_last_word(self):
        whole = rules().model_dump()
        with pytest.raises(ValidationError, match="the last rule holds always"):
            Rules.model_validate({**whole, "rules": whole["rules"][:-1]})

    def test_rules_with_an_unknown_fact(self):
        whole = rules().model_dump()
        whole["rules"][0]["when"] = {"famous": True}
        with pytest.raises(ValidationError, match="famous"):
            Rules.model_validate(whole)

    def test_a_problem_names_the_file(self, tmp_path):
        path = written(tmp_path, title="")
        with pytest.raises(ValueError, match=r"a-claim\.yml has 1 problem\(s\): title"):
            read(path, Claim)
