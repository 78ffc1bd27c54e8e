"""The evidence register: what it holds, and that a wrong entry is refused by name."""

import copy

import pytest
import yaml

from firstsign.evidence import RECALLED, Entry, evidence, evidence_entry, read_register
from firstsign.places import data_folder

GOOD = {
    "id": "made-up",
    "topic": "1 test",
    "quantity": "Share with a lump",
    "population": "people of a test",
    "n": 3,
    "numerator": 1,
    "denominator": 3,
    "estimate": 33.3,
    "interval": [6.1, 79.2],
    "unit": "%",
    "source": {"authors": "A B", "title": "T", "journal": "J", "year": 2020, "doi": "10.1000/x", "url": None},
    "verified": "abstract seen",
    "note": None,
}


def written(folder, entries):
    path = folder / "register.yml"
    path.write_text(yaml.safe_dump(entries), encoding="utf-8")
    return path


def changed(**fields):
    return copy.deepcopy(GOOD) | fields


def test_recalled_entries_are_left_out_unless_asked_for():
    verified, everything = evidence(), evidence(recalled=True)
    assert (len(verified), len(everything)) == (166, 174)
    assert RECALLED not in set(verified["verified"])
    assert (everything["verified"].tail(8) == RECALLED).all()
    assert verified["id"].is_unique


def test_known_figures_by_hand():
    """Three entries typed again from their published pages."""
    entries = evidence().set_index("id")
    assert entries.loc["koo-lump", "estimate"] == 83
    assert tuple(entries.loc["mbc-dn-sweden", ["numerator", "denominator"]]) == (2528, 13832)
    assert tuple(entries.loc["hansen-breast-total", ["estimate", "low", "high"]]) == (65, 39, 106)


def test_percentages_are_those_of_their_counts():
    """Another route than the schema's: all shares at once, from the frame."""
    table = evidence(recalled=True).dropna(subset=["numerator", "denominator", "estimate"])
    table = table[table["unit"].fillna("").str.startswith("%")]
    gap = (100 * table["numerator"] / table["denominator"]).astype(float) - table["estimate"].astype(float)
    assert len(table) > 20
    assert gap.abs().max() < 1


def test_every_entry_has_a_source_that_can_be_found():
    table = evidence()
    assert table["source"].str.len().min() > 10
    assert (table["doi"].notna() | table["url"].notna()).all()


def test_no_population_points_at_its_neighbour():
    assert not evidence(recalled=True)["population"].fillna("").str.contains("as above").any()


def test_entry_and_its_citation():
    entry = evidence_entry("koo-lump")
    assert entry.n == 2316
    assert "Koo MM" in str(entry.source)
    assert "doi 10.1016/j.canep.2017.04.010" in str(entry.source)


def test_unknown_entry_names_the_nearest():
    with pytest.raises(ValueError, match=r"'koo-lumb'.*did you mean 'koo-lump'"):
        evidence_entry("koo-lumb")


def test_good_entry_is_taken(tmp_path):
    assert read_register(written(tmp_path, [GOOD]))["made-up"] == Entry.model_validate(GOOD)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"numerator": 4}, "numerator 4 is larger than denominator 3"),
        ({"estimate": 34.4}, "estimate 34.4 % is not 1 of 3, which is 33.33 %"),
        ({"estimate": 80.0, "numerator": None}, "estimate 80 lies outside its interval"),
        ({"interval": [79.2, 6.1]}, "ends before it starts"),
        ({"verified": "looked fine"}, "verified: Input should be .*'looked fine'"),
        ({"surprise": 1}, "surprise: Extra inputs"),
        ({"denominator": 0}, "denominator: .*greater than or equal to 1"),
        ({"source": GOOD["source"] | {"doi": "doi:10.1"}}, "source.doi"),
        ({"id": "two words"}, "two words: id"),
    ],
)
def test_wrong_entry_is_refused(tmp_path, fields, message):
    with pytest.raises(ValueError, match=message):
        read_register(written(tmp_path, [changed(**fields)]))


@pytest.mark.parametrize("estimate", [33, 33.3, 33.33, 34, "33 / 34", None])
def test_rounding_and_text_are_allowed(tmp_path, estimate):
    assert read_register(written(tmp_path, [changed(estimate=estimate)]))


def test_every_problem_is_listed_at_once(tmp_path):
    entries = [changed(id="first", numerator=9), changed(id="second", unit=7), changed(id="third"), changed(id="third")]
    with pytest.raises(ValueError, match=r"3 problem\(s\).*first.*second.*third: this id is used twice"):
        read_register(written(tmp_path, entries))


def test_recalled_entries_stand_last(tmp_path):
    with pytest.raises(ValueError, match="b: verified entries stand before the recalled ones"):
        read_register(written(tmp_path, [changed(id="a", verified=RECALLED), changed(id="b")]))


def test_not_a_list(tmp_path):
    with pytest.raises(ValueError, match="should be a list of entries"):
        read_register(written(tmp_path, {"id": 1}))


def test_not_yaml(tmp_path):
    path = tmp_path / "register.yml"
    path.write_text("- id: [open", encoding="utf-8")
    with pytest.raises(ValueError, match=r"register.yml cannot be read as YAML: .* line 1"):
        read_register(path)


def test_shipped_file_is_what_the_frame_shows():
    raw = yaml.safe_load((data_folder() / "evidence" / "register.yml").read_text(encoding="utf-8"))
    assert [entry["id"] for entry in raw] == evidence(recalled=True)["id"].tolist()
