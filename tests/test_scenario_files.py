"""Scenario files: a file with a slip is refused, and every slip is named."""

import copy

import pytest
import yaml

from firstsign.places import data_folder
from firstsign.scenario_files import ALONE, BY_STAGE, read_scenario

ENGLAND = yaml.safe_load((data_folder() / "simulated" / "england.yml").read_text(encoding="utf-8"))


def written(folder, change):
    raw = copy.deepcopy(ENGLAND)
    change(raw)
    path = folder / "mine.yml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
    return path


def leaf(field, value, name="age_mean"):
    def change(raw):
        raw["parameters"][name][field] = value

    return change


def test_shipped_file_is_sound():
    words, parameters = read_scenario(data_folder() / "simulated" / "england.yml")
    assert words.name == "england"
    assert set(ALONE) <= set(parameters)
    assert all(f"{name}.{stage}" in parameters for name in BY_STAGE for stage in "1234")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw["parameters"]["age_mean"].pop("source"), "age_mean: source: Field required"),
        (leaf("source", "koo-lumb"), r"no evidence entry \(did you mean 'koo-lump'\?\) and not the word 'assumption'"),
        (leaf("source", "R-myers"), "'R-myers' is recalled, not verified, and carries no weight"),
        (leaf("value", 300), "age_mean: 300.0 is outside 20.0 to 100.0"),
        (leaf("note", ""), "age_mean: note"),
        (lambda raw: raw["parameters"].pop("age_sd"), "age_sd: missing"),
        (lambda raw: raw["parameters"].update(hair=raw["parameters"]["age_sd"]), "hair: nothing uses this parameter"),
        (
            lambda raw: raw["parameters"]["patient_interval"]["breast lump"].pop("p90"),
            "patient_interval.breast lump: 1 percentiles are given",
        ),
        (
            lambda raw: raw["symptom_groups"]["other symptom"].update(first=["nothing_here"]),
            "nothing_here: missing",
        ),
        (lambda raw: raw["symptom_groups"]["back or bone pain"].update(site="liver"), "it can be 'bone' or 'any'"),
        (lambda raw: raw["symptom_groups"]["back or bone pain"].pop("site"), "need a `site`"),
        (lambda raw: raw["symptom_groups"]["breast lump"].update(first=["lost_per_year"]), "takes whoever is left"),
        (lambda raw: raw.pop("key_site"), "key_site: Field required"),
    ],
)
def test_slips_are_named(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        read_scenario(written(tmp_path, change))


def test_every_slip_at_once(tmp_path):
    def change(raw):
        raw["parameters"]["age_mean"]["source"] = "nobody"
        raw["parameters"].pop("age_sd")
        raw["parameters"]["lost_per_year"]["value"] = -1

    with pytest.raises(ValueError, match=r"3 problem\(s\)") as caught:
        read_scenario(written(tmp_path, change))
    assert all(name in str(caught.value) for name in ("age_mean", "age_sd: missing", "lost_per_year"))


def renamed(node, words):
    """The same file with other words for its groups, symptoms and sites; parameter names and sources stay."""
    if isinstance(node, dict):
        return {words.get(key, key): renamed(value, words) for key, value in node.items()}
    return [renamed(item, words) for item in node] if isinstance(node, list) else words.get(node, node)


def test_another_disease_needs_no_code(tmp_path):
    """The words are the file's own: nothing is looked up by the name of a symptom, a group or a site."""
    words = {"breast lump": "cough", "back or bone pain": "pain in the head", "back pain": "headache", "bone": "skull"}
    path = written(tmp_path, lambda raw: raw.update(renamed(copy.deepcopy(raw), words)))
    scenario, parameters = read_scenario(path)
    assert next(iter(scenario.symptom_groups)) == "pain in the head"
    assert parameters["patient_interval.cough.p90"].value == 80
