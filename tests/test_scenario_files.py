"""Scenario files: a file with a slip is refused, and every slip is named; another disease and a variant need no code."""

import copy
import shutil
from datetime import date

import numpy as np
import pytest
import yaml

import firstsign as fs
from firstsign.evidence import read_yaml
from firstsign.lives import lives
from firstsign.places import data_folder
from firstsign.scenario_files import ALONE, BY_STAGE, WAITS, Parameter, impossible, read_scenario, solve_waits
from firstsign.scenarios import load_scenario

SCENARIOS = data_folder() / "simulated"
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
ENGLAND = read_yaml(SCENARIOS / "england.yml")


def written(folder, change, name="mine"):
    """The path of a copy of England's file in which something is changed."""
    raw = copy.deepcopy(ENGLAND)
    change(raw)
    path = folder / f"{name}.yml"
    path.write_text(yaml.dump(raw, Dumper=DUMPER, sort_keys=False), encoding="utf-8")
    return path


def leaf(field, value, name="onset_age_mean"):
    def change(raw):
        raw["parameters"][name][field] = value

    return change


def without(*path):
    """Takes out one entry of nested ones."""

    def change(raw):
        *above, last = path
        for key in above:
            raw = raw[key]
        raw.pop(last)

    return change


def group(name, **fields):
    return lambda raw: raw["symptom_groups"][name].update(fields)


def weights(symptoms, value):
    return lambda raw: [raw["parameters"]["symptom_weight"][name].update(value=value) for name in symptoms]


def test_england_is_sound():
    words, parameters = read_scenario(SCENARIOS / "england.yml")
    assert words.name == "england"
    assert set(ALONE) <= set(parameters)
    assert all(f"{name}.{stage}" in parameters for name in BY_STAGE for stage in "1234")
    assert all(f"{name}.same_day" in parameters for name in WAITS)
    assert parameters["first_sign_from"].value == date(2014, 1, 1)
    assert len(words.extents) == 4
    chosen = {name: parameter.value for name, parameter in parameters.items()}
    waits, problems = solve_waits(words, chosen)
    assert problems == impossible(words, chosen) == []
    assert len(waits) == len(WAITS) + 3 * len(words.symptom_groups)


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yml")), ids=lambda path: path.stem)
def test_every_shipped_scenario_is_called_as_its_file(path):
    if path.stem != "targets":
        assert read_scenario(path)[0].name == path.stem


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("parameters", "onset_age_mean", "source"), "onset_age_mean: source: Field required"),
        (leaf("source", "koo-lumb"), r"no evidence entry \(did you mean 'koo-lump'\?\) and not the word 'assumption'"),
        (leaf("source", "R-myers"), "'R-myers' is recalled, not verified, and carries no weight"),
        (leaf("value", 300), "onset_age_mean: 300.0 is outside 10.0 to 110.0"),
        (leaf("value", float("nan")), "onset_age_mean: nan is outside"),
        (leaf("value", date(2020, 1, 1)), "10.0 bounds 2020-01-01; days are bounded by days"),
        (leaf("low", date(2020, 1, 1)), r"2020-01-01 bounds \d+.\d; days are bounded by days, numbers by numbers"),
        (leaf("note", ""), "onset_age_mean: note"),
        (leaf("colour", "red"), "onset_age_mean: colour"),
        (lambda raw: raw["parameters"].update(urgency=0.3), "urgency: "),
        (without("parameters", "onset_age_sd"), "onset_age_sd: missing"),
        (lambda raw: raw["parameters"].update(hair=raw["parameters"]["urgency"]), "hair: nothing uses this parameter"),
        (without("parameters", "seeding_per_year", 4), "seeding_per_year.4: missing"),
        (lambda raw: raw["extents"].append({"stage": 3, "spread": "far"}), "growth_per_year.4: missing"),
        (lambda raw: raw["extents"].pop(), r"seeding_per_year.4: nothing uses this"),
        (without("parameters", "test", "MRI"), "test.MRI.sensitivity: missing"),
        (lambda raw: raw["other_sites"].append("skin"), "metastatic_site.instead.skin: missing"),
        (
            without("parameters", "patient_interval", "breast lump", "p90"),
            "patient_interval.breast lump: 1 percentiles are given",
        ),
        (group("other symptom", symptoms=["hiccups"]), "symptom_weight.hiccups: missing"),
        (group("back or bone pain", site="liver"), "it can be 'bone' or 'any'"),
        (without("symptom_groups", "back or bone pain", "site"), "back or bone pain.site: Field required"),
        (group("back or bone pain", of_part=["back ache"]), "must name some, but not all"),
        (group("breast lump", of_part=["breast lump"]), "must name some, but not all"),
        (group("breast lump", tests=["CT", "MRI", "CT"]), "symptom_groups.breast lump.tests"),
        (weights(["breast lump"], 0), "one of 'breast lump' that can come anywhere must weigh more than 0"),
        (weights(["bone pain", "hip pain", "rib pain"], 0), "one of 'back or bone pain' that can come anywhere"),
        (without("key_site"), "key_site: Field required"),
        (lambda raw: raw["extents"].reverse(), r"stages \[3, 2, 2, 1\]; they must not fall"),
        (lambda raw: raw.update(extents=[]), "extents: "),
        (lambda raw: raw["extents"][0].update(stage=4), "extents.0.stage: "),
        (
            leaf("value", date(2013, 12, 31), "first_sign_until"),
            r"first_sign_from \(2014-01-01\) is after first_sign_until",
        ),
        (
            lambda raw: raw["parameters"]["first_sign_from"].update(value=9, low=0, high=9),
            "first_sign_from: 9.0 is no day",
        ),
        (
            lambda raw: raw["parameters"]["urgency"].update(
                {key: date(2020, 1, 1) for key in ("value", "low", "high")}
            ),
            "urgency: 2020-01-01 is a day",
        ),
    ],
)
def test_slips_are_named(tmp_path, change, message):
    path = written(tmp_path, change)
    with pytest.raises(ValueError, match=message) as caught:
        read_scenario(path)
    assert str(caught.value).startswith("mine.yml")


def test_every_slip_at_once(tmp_path):
    def change(raw):
        raw["parameters"]["onset_age_mean"]["source"] = "nobody"
        raw["parameters"].pop("onset_age_sd")
        raw["parameters"]["lost_per_year"]["value"] = -1
        raw["parameters"]["hair"] = raw["parameters"]["urgency"]

    with pytest.raises(ValueError, match=r"4 problem\(s\)") as caught:
        read_scenario(written(tmp_path, change))
    told = str(caught.value)
    assert all(name in told for name in ("onset_age_mean", "onset_age_sd: missing", "lost_per_year", "hair: nothing"))


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "parameters: 3\n", "based_on: england\n"])
def test_a_file_that_is_no_scenario(tmp_path, text):
    path = tmp_path / "mine.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine\.yml: "):
        read_scenario(path)


def test_a_value_that_an_override_may_have():
    parameter = Parameter(value=1, unit="days", source="assumption", low=0, high=2, note="why not")
    assert parameter.problem_with(np.int64(2)) is None
    assert parameter.problem_with(np.float32(0.5)) is None
    assert parameter.problem_with(True) == "True is not a number"
    assert parameter.problem_with(2.5) == "2.5 is outside 0.0 to 2.0 (days)"


def variant(folder, parameters, based_on="england", name="mine", **more):
    shutil.copy(SCENARIOS / "england.yml", folder)
    path = folder / f"{name}.yml"
    raw = {"name": name, "what": "a world of its own", "based_on": based_on, "parameters": parameters} | more
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return path


def changed(value, source="assumption", name="urgency"):
    return ENGLAND["parameters"][name] | {"value": value, "source": source}


def test_a_variant_changes_what_it_names_and_keeps_the_rest(tmp_path):
    path = variant(
        tmp_path,
        {"urgency": changed(0.7), "treated_share": {4: ENGLAND["parameters"]["treated_share"][4] | {"value": 0.1}}},
    )
    words, parameters = read_scenario(path)
    base, before = read_scenario(SCENARIOS / "england.yml")
    assert (words.name, words.what) == ("mine", "a world of its own")
    assert words.symptom_groups == base.symptom_groups
    assert list(parameters) == list(before)
    assert {name for name in parameters if parameters[name] != before[name]} == {"urgency", "treated_share.4"}
    assert parameters["urgency"].value == 0.7


def test_a_variant_of_a_variant(tmp_path):
    variant(tmp_path, {"urgency": changed(0.7)}, name="first")
    path = variant(tmp_path, {"awareness": changed(0.5, name="awareness")}, name="second", based_on="first")
    _, parameters = read_scenario(path)
    assert (parameters["urgency"].value, parameters["awareness"].value) == (0.7, 0.5)


@pytest.mark.parametrize(
    ("parameters", "more", "message"),
    [
        ({}, {"based_on": "englund"}, "based_on 'englund', but there is no scenario of this name"),
        ({}, {"based_on": "mine"}, "based_on 'mine', which leads back to itself"),
        ({}, {"key_site": "liver"}, "key_site: Extra inputs"),
        ({"urgensy": changed(0.7)}, {}, r"urgensy: 'england' has no such parameter \(did you mean 'urgency'\?\)"),
        ({"urgency": {"value": 0.7}}, {}, "urgency: source: Field required"),
        ({"urgency": changed(0.7, "nobody")}, {}, "source 'nobody' is no evidence entry"),
        ({"urgency": changed(1.7)}, {}, "1.7 is outside"),
        ({"observed_until": changed(date(2020, 1, 1), name="observed_until")}, {}, "is after observed_until"),
        ({"symptom_weight": {"breast lump": changed(0)}}, {}, "must weigh more than 0"),
    ],
)
def test_slips_of_a_variant_are_named(tmp_path, parameters, more, message):
    path = variant(tmp_path, parameters, **more)
    with pytest.raises(ValueError, match=message) as caught:
        read_scenario(path)
    assert str(caught.value).startswith("mine.yml")


def test_slips_of_a_variant_are_all_listed(tmp_path):
    slips = {"urgensy": changed(0.7), "awareness": {"value": 2}, "urgency": changed(0.5, "nobody")}
    with pytest.raises(ValueError, match="urgensy") as caught:
        read_scenario(variant(tmp_path, slips))
    assert all(name in str(caught.value) for name in ("awareness: unit", "awareness: source", "nobody"))


def test_variants_that_lead_in_a_circle_are_refused(tmp_path):
    variant(tmp_path, {}, name="first", based_on="second")
    path = variant(tmp_path, {}, name="second", based_on="first")
    with pytest.raises(ValueError, match=r"first\.yml: based_on 'second', which leads back to itself"):
        read_scenario(path)


def test_a_slip_in_the_base_is_told_as_the_base_s(tmp_path):
    path = variant(tmp_path, {}, based_on="base")
    written(tmp_path, without("parameters", "urgency"), name="base")
    with pytest.raises(ValueError, match=r"base\.yml has 1 problem\(s\): urgency: missing"):
        read_scenario(path)


def renamed(node, words):
    """The same file with other words for its groups, symptoms and sites; parameter names and sources stay."""
    if isinstance(node, dict):
        return {words.get(key, key): renamed(value, words) for key, value in node.items()}
    return [renamed(item, words) for item in node] if isinstance(node, list) else words.get(node, node)


WORDS = {
    **{"breast lump": "cough", "back or bone pain": "pain in the head", "back pain": "headache", "bone": "skull"},
    **{"liver": "pleura", "breast imaging": "a look down the throat", "no symptom": "nothing"},
}


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A data folder of somebody else's, in which scenarios can be written."""
    folder = tmp_path / "data"
    shutil.copytree(data_folder(), folder)
    monkeypatch.setenv("FIRSTSIGN_DATA", str(folder))
    return folder / "simulated"


def test_other_words_give_the_same_people(elsewhere):
    """Nothing is looked up by the name of a symptom, a group, a site or a test: the same numbers make the same lives."""
    path = written(elsewhere, lambda raw: raw.update(renamed(copy.deepcopy(raw), WORDS)), name="throat")
    assert next(iter(read_scenario(path)[0].symptom_groups)) == "pain in the head"
    cohort, truth = fs.simulate(2_000, seed=5, scenario="throat", truth=True)
    usual, real = fs.simulate(2_000, seed=5, scenario="england", truth=True)
    for name in ("symptoms", "first_symptom_group", "metastatic_sites"):
        translated = (
            usual[name].fillna("").str.split(";").map(lambda words: ";".join(WORDS.get(word, word) for word in words))
        )
        assert (translated == cohort[name].fillna("")).all()
        assert (usual[name].fillna("") != cohort[name].fillna("")).any()
    same = [name for name in cohort if name not in ("symptoms", "first_symptom_group", "metastatic_sites")]
    assert cohort[same].equals(usual[same])
    assert truth.drop(columns="true_sites").equals(real.drop(columns="true_sites"))


def smaller(raw):
    """A disease of one local extent, one group of symptoms, one test, and nowhere to spread to but one site."""
    parameters = raw["parameters"]
    only = raw["symptom_groups"]["breast lump"]
    raw.update(name="small", sex="male", extents=raw["extents"][2:3], other_sites=[], key_site="lung")
    raw["symptom_groups"] = {"breast lump": only | {"tests": ["CT"]}}
    parameters.pop("growth_per_year")
    parameters["seeding_per_year"] = {1: parameters["seeding_per_year"][4]}
    for level in ("besides", "instead"):
        parameters["metastatic_site"].pop(level)
    lump = parameters["symptom_per_year"]["breast lump"]
    parameters["symptom_per_year"] = {"breast lump": {1: lump[3], "metastatic": lump["metastatic"]}}
    parameters["symptom_weight"] = {"breast lump": parameters["symptom_weight"]["breast lump"]}
    parameters["test"] = {name: parameters["test"][name] for name in ("CT", "biopsy")}
    for level in (
        "besides",
        "misread_share",
        "patient_interval",
        "gap_between_visits",
        "referral_to_diagnosis",
        "benign_per_year",
        "benign_referral_share",
    ):
        parameters[level] = {"breast lump": parameters[level]["breast lump"]}
    for visit, chances in parameters["referral_chance"].items():
        parameters["referral_chance"][visit] = {"breast lump": chances["breast lump"]}


def larger(raw):
    """Six local extents, of which the last is given England's fourth again, and a fifth group of symptoms."""
    parameters = raw["parameters"]
    raw.update(name="large", other_sites=["liver", "lung", "brain", "skin", "eye"])
    raw["extents"] += [{"stage": 3, "spread": "regional"}, {"stage": 3, "spread": "invading"}]
    raw["symptom_groups"]["hoarseness"] = {
        "site": "any",
        "tests": ["laryngoscopy", "CT"],
        "symptoms": ["hoarseness", "lost voice"],
    }
    parameters["growth_per_year"] |= dict.fromkeys((4, 5), parameters["growth_per_year"][3])
    parameters["seeding_per_year"] |= dict.fromkeys((5, 6), parameters["seeding_per_year"][4])
    for level in parameters["metastatic_site"]:
        if level in ("besides", "instead"):
            parameters["metastatic_site"][level] |= dict.fromkeys(
                ("skin", "eye"), parameters["metastatic_site"][level]["brain"]
            )
    for hazards in parameters["symptom_per_year"].values():
        hazards |= dict.fromkeys((5, 6), hazards[4])
    parameters["symptom_weight"] |= dict.fromkeys(("hoarseness", "lost voice"), parameters["symptom_weight"]["fatigue"])
    parameters["test"]["laryngoscopy"] = parameters["test"]["CT"]
    levels = (
        "symptom_per_year",
        "besides",
        "misread_share",
        "patient_interval",
        "gap_between_visits",
        "referral_to_diagnosis",
    )
    for level in (*levels, "benign_per_year", "benign_referral_share"):
        parameters[level]["hoarseness"] = parameters[level]["other symptom"]
    for chances in parameters["referral_chance"].values():
        chances["hoarseness"] = chances["other symptom"]


def _say_hoarseness(vocabulary):
    """Adds a group and its symptoms to the vocabulary, as whoever has another disease would."""
    raw = read_yaml(vocabulary)
    entry = {"definition": "A voice that has changed.", "source": "assumption"}
    raw["groups"].append({"name": "hoarseness", **entry})
    raw["symptoms"] += [{"name": name, "group": "hoarseness", **entry} for name in ("hoarseness", "lost voice")]
    vocabulary.write_text(yaml.dump(raw, Dumper=DUMPER, sort_keys=False), encoding="utf-8")


@pytest.mark.parametrize("who", ["diseased", "population"])
@pytest.mark.parametrize("change", [smaller, larger])
def test_a_disease_of_another_shape_needs_no_code(elsewhere, change, who):
    """Other numbers of extents, groups, sites and tests: a sound cohort, from the words of the file alone."""
    _say_hoarseness(elsewhere.parent / "vocabulary" / "symptoms.yml")
    path = written(elsewhere, change, name=change.__name__[:5])
    words, _ = read_scenario(path)
    cohort, truth = fs.simulate(3_000, seed=2, scenario=path.stem, who=who, truth=True, disease_share=0.3)
    assert fs.check_cohort(cohort).empty
    assert set(cohort["first_symptom_group"]) <= {*words.symptom_groups, words.no_symptom_group}
    assert set(cohort["spread"].dropna()) <= {"distant", *(extent.spread for extent in words.extents)}
    found = {name for sites in cohort["metastatic_sites"].dropna() for name in sites.split(";")}
    assert found <= {words.key_site, *words.other_sites, words.unnamed_site}
    assert words.key_site in found
    assert truth["true_stage"].dropna().isin([*(extent.stage for extent in words.extents), 4]).all()
    if change is larger and who == "diseased":
        assert {"skin", "eye"} <= found
        assert {"hoarseness", "lost voice"} <= {
            name for names in cohort["symptoms"].dropna() for name in names.split(";")
        }
        assert set(lives(load_scenario("large", {}), 1, who, 0)["extent"]) == {1, 2, 3, 4, 5, 6}
