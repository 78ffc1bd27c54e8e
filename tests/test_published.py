"""Published tables: the numbers as printed, in long form, with sources; and a wrong table is refused by name."""

import numpy as np
import pytest
import yaml

from firstsign.published import published, read_tables

NAMES = published()["name"].tolist()
BANDS = {
    "what": "a test",
    "kind": "bands",
    "caution": "none",
    "source": "made up",
    "verified": "summed from the producer's files",
    "totals": {"a": 3},
    "columns": ["route", "from_day", "to_day", "people"],
    "rows": [["a", 0, 7, 1], ["a", 8, float("inf"), 2]],
}


def written(folder, **fields):
    path = folder / "tables.yml"
    path.write_text(yaml.safe_dump({"mine": BANDS | fields}), encoding="utf-8")
    return path


def test_list_of_tables():
    tables = published()
    assert list(tables.columns) == ["name", "what", "kind", "n", "interval", "source"]
    assert tables["name"].is_unique
    assert set(tables["kind"]) == {"bands", "percentiles", "shares", "counts"}


@pytest.mark.parametrize("name", NAMES)
def test_every_table_is_whole(name):
    table = published(name)
    assert len(table) > 0
    assert not table.isna().any().any()
    assert not table.duplicated().any()
    needed = {"name", "what", "kind", "caution", "source", "licence", "interval", "verified", "n", "evidence"}
    assert set(table.attrs) == needed | ({"event"} if table.attrs["kind"] == "bands" else set())
    assert table.attrs["verified"] != "recalled, not verified"
    assert "register entry" not in table.attrs["source"]


def test_nhs_faster_diagnosis_as_printed():
    """Typed again from the printed row of one route, and the totals of all four."""
    table = published("nhs-faster-diagnosis-2023-24")
    screening = table[table["route"] == "breast screening programme"]
    assert screening["people"].tolist() == [24683, 20750, 5332, 2274, 1286]
    assert screening["from_day"].tolist() == [0, 15, 29, 43, 63]
    assert screening["to_day"].tolist() == [14, 28, 42, 62, np.inf]
    totals = table.groupby("route")["people"].sum().to_dict()
    assert totals == {
        "urgent suspected breast cancer": 524976,
        "breast symptomatic, cancer not suspected": 118140,
        "breast screening programme": 54325,
        "urgent suspected cancer, non-specific symptoms": 43670,
    }
    assert table.attrs["n"] == 741_111


def test_nhs_62_day_totals():
    totals = published("nhs-62-day-breast-2023-24").groupby("route")["people"].sum().to_dict()
    assert totals == {
        "urgent suspected cancer": 27603,
        "breast symptomatic": 1403,
        "screening": 16550,
        "consultant upgrade": 3913,
    }


@pytest.mark.parametrize("name", [name for name in NAMES if published(name).attrs["kind"] == "bands"])
def test_bands_meet(name):
    table = published(name)
    for _, rows in table.groupby("route"):
        starts, ends = rows["from_day"].to_numpy(), rows["to_day"].to_numpy()
        assert starts[0] == 0
        assert ends[-1] == np.inf
        np.testing.assert_array_equal(starts[1:], ends[:-1] + 1)


@pytest.mark.parametrize("name", [name for name in NAMES if published(name).attrs["kind"] == "percentiles"])
def test_percentiles_rise(name):
    table = published(name)
    assert table["quantile"].between(0, 1, inclusive="neither").all()
    groups = [column for column in table if column not in ("quantile", "days")]
    for _, rows in table.groupby(groups):
        assert rows["quantile"].is_monotonic_increasing
        assert rows["days"].is_monotonic_increasing


def test_aarhus_as_printed():
    quartiles = published("aarhus-delays-2004-05").pivot(index="delay", columns="quantile", values="days")
    assert quartiles.loc["total"].tolist() == [57, 98, 168]
    assert quartiles.loc["doctor"].tolist() == [0, 0, 2]
    tails = published("aarhus-delays-2004-05-tails").pivot(index="delay", columns="months", values="percent_longer")
    assert tails.loc["total"].tolist() == [53.7, 21.5, 8.7]
    assert tails.loc["patient"].tolist() == [15.3, 6.8, 2.8]


def test_smaller_tables_as_printed():
    days = published("northern-ireland-diagnosis-to-treatment").query("patients == 'private'")
    assert days["days"].tolist() == [3, 6.5, 12, 18, 28, 33]
    assert published("northern-ireland-stage-at-diagnosis")["people"].tolist() == [258, 370, 166, 54]
    assert published("lyratzopoulos-consultations-before-referral")["percent"].sum() == 101
    more = published("lyratzopoulos-three-or-more-consultations").set_index("cancer")
    assert tuple(more.loc["breast"]) == (625, 8408)
    assert published("koo-2017-intervals").iloc[-1].tolist() == ["primary_care", "non-breast symptom", 0.9, 105]


def test_verified_is_that_of_the_weakest_entry():
    """MRI and CT were seen in an abstract, the radiograph only in a commentary."""
    assert published("imaging-accuracy-bone-metastasis").attrs["verified"] == "secondary source"
    assert published("northern-ireland-stage-at-diagnosis").attrs["verified"] == "full text seen"


def test_a_change_to_a_table_stays_with_its_owner():
    mine = published("koo-2017-presenting-symptoms")
    mine.loc[0, "percent"] = 0
    mine.attrs["source"] = "me"
    again = published("koo-2017-presenting-symptoms")
    assert again.loc[0, "percent"] == 83
    assert again.attrs["source"].startswith("Koo")


def test_unknown_name():
    with pytest.raises(
        ValueError, match=r"'aarhus-delays-2004' \(did you mean 'aarhus-delays-2004-05'\?\).*nhs-62-day"
    ):
        published("aarhus-delays-2004")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"totals": {"a": 4}}, "mine: the bands of a add up to 3, its printed total is 4"),
        ({"rows": [["a", 0, 7, 1], ["a", 9, float("inf"), 2]]}, "do not follow each other"),
        ({"rows": [["a", 0, 7, 1], ["a", 8, 20, 2]]}, "do not follow each other"),
        ({"rows": [["a", 0, 7]]}, "4 columns, but the row .* has 3 values"),
        ({"columns": ["route", "from", "to_day", "people"]}, "needs the columns from_day"),
        ({"evidence": ["koo-lumb"]}, "no evidence entry koo-lumb"),
        ({"source": None}, "needs `evidence`, or both"),
        ({"kind": "graph"}, "kind: Input should be"),
    ],
)
def test_wrong_table_is_refused(tmp_path, fields, message):
    with pytest.raises(ValueError, match=message):
        read_tables(written(tmp_path, **fields))


def test_good_table_is_taken(tmp_path):
    assert read_tables(written(tmp_path))["mine"].people() == 3
