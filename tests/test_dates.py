"""Dates as people give them, read one by one, in columns, and widened by their neighbours."""

import datetime as dt
import itertools
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstsign.dates import date_window, date_windows, stamp_offsets, widen
from firstsign.vocabulary import MILESTONES, PATHWAY

READ = {
    "2024-03-12": ("2024-03-12", "2024-03-12"),
    " 2024-03-12 ": ("2024-03-12", "2024-03-12"),
    "20240312": ("2024-03-12", "2024-03-12"),
    "2024-03": ("2024-03-01", "2024-03-31"),
    "2024-02": ("2024-02-01", "2024-02-29"),
    "2023-02": ("2023-02-01", "2023-02-28"),
    "2024": ("2024-01-01", "2024-12-31"),
    "2024-03-XX": ("2024-03-01", "2024-03-31"),
    "2024-XX": ("2024-01-01", "2024-12-31"),
    "2024-XX-XX": ("2024-01-01", "2024-12-31"),
    "202X": ("2020-01-01", "2029-12-31"),
    "19XX": ("1900-01-01", "1999-12-31"),
    "2024-03-01/2024-03-20": ("2024-03-01", "2024-03-20"),
    "2024-02/2024-03-05": ("2024-02-01", "2024-03-05"),
    "2023/2024": ("2023-01-01", "2024-12-31"),
    "2024-03-01 / 2024-03-20": ("2024-03-01", "2024-03-20"),
    "2024-03-01/2024-03-01": ("2024-03-01", "2024-03-01"),
    "2024-03-01/..": ("2024-03-01", None),
    "../2024-03": (None, "2024-03-31"),
    "XXXX": (None, None),
    "XXXX-XX-XX": (None, None),
    "2024-03-12T10:15": ("2024-03-12", "2024-03-12"),
    "2024-03-12T10:15:30Z": ("2024-03-12", "2024-03-12"),
    "2024-03-12T23:30:00.123+01:00": ("2024-03-12", "2024-03-12"),
    "2024-03-12 10:15:00": ("2024-03-12", "2024-03-12"),
    "20240312T101530Z": ("2024-03-12", "2024-03-12"),
    "9999-12-31": ("9999-12-31", "9999-12-31"),
}
REFUSED = {
    "12/03/2024": "ambiguous",
    "12.03.2024": "ambiguous",
    "12-03-24": "ambiguous",
    "2024-02-30": "February 2024 has 29 days",
    "2023-02-29": "February 2023 has 28 days",
    "2024-13-01": "no month 13",
    "2024-21": "no month 21",
    "2024-00": "no month 00",
    "2024-03-00": "March 2024 has 31 days",
    "0000": "no year 0000",
    "2024-03-20/2024-03-01": "write the earlier date first: 2024-03-01/2024-03-20",
    "2024-03?": "uncertain",
    "2024-03-12~": "uncertain",
    "2024%": "uncertain",
    "2024-3-5": "two digits",
    "2024/03/12": "2024-03-12",
    "2024-03-01/": "both sides",
    "../..": "XXXX",
    "2024/XXXX": "a date or ..",
    "12 March 2024": "write 2024-03-12",
    "yesterday": "not a date that can be read",
    "unknown": "XXXX if the day is not known",
    "2024-03-12T25:00": "no such time of day",
    "2024-03-12T10:75": "no such time of day",
    "45363": "not a date",
    "٢٠٢٤": "not a date",
}


def day(text):
    return None if text is None else dt.date.fromisoformat(text)


@pytest.mark.parametrize("text", READ)
def test_read(text):
    assert date_window(text) == tuple(map(day, READ[text]))


@pytest.mark.parametrize("text", REFUSED)
def test_refused_with_what_to_write_instead(text):
    with pytest.raises(ValueError, match=r"^[^\n]{20,250}$") as told:
        date_window(text)
    assert REFUSED[text] in str(told.value)


@pytest.mark.parametrize(
    "value",
    [
        dt.date(2024, 3, 12),
        dt.datetime(2024, 3, 12, 23, 59),
        pd.Timestamp("2024-03-12 08:00"),
        np.datetime64("2024-03-12"),
        20240312,
        pd.Timestamp("2024-03-12 23:30", tz="America/New_York"),
    ],
)
def test_days_of_any_kind(value):
    assert date_window(value) == (dt.date(2024, 3, 12), dt.date(2024, 3, 12))


@pytest.mark.parametrize("value", [2024, 2024.0, np.int64(2024), np.float64(2024)])
def test_whole_years_as_numbers(value):
    assert date_window(value) == (dt.date(2024, 1, 1), dt.date(2024, 12, 31))


@pytest.mark.parametrize(
    ("value", "said"), [(45363, "spreadsheet"), (2024.5, "fraction"), (True, "bool"), (["2024"], "list")]
)
def test_other_things_are_refused(value, said):
    with pytest.raises(ValueError, match=said):
        date_window(value)


def test_column_of_everything():
    values = pd.Series(
        [*READ, *REFUSED, "", "  ", None, np.nan, pd.NaT], index=range(100, 105 + len(READ) + len(REFUSED))
    )
    got = date_windows(values)
    assert got.index.equals(values.index)
    assert got.columns.tolist() == ["earliest", "latest", "happened", "problem"]
    assert [str(got[side].dtype) for side in ("earliest", "latest", "happened")] == [
        "datetime64[s]",
        "datetime64[s]",
        "bool",
    ]
    good, bad = got.iloc[: len(READ)], got.iloc[len(READ) : -5]
    for (earliest, latest), (_, row) in zip(READ.values(), good.iterrows(), strict=True):
        assert (None if pd.isna(row["earliest"]) else row["earliest"].date()) == day(earliest)
        assert (None if pd.isna(row["latest"]) else row["latest"].date()) == day(latest)
    assert good["happened"].all()
    assert good["problem"].isna().all()
    assert not bad["happened"].any()
    assert bad["problem"].str.len().gt(20).all()
    assert got.iloc[-5:][["earliest", "latest", "problem"]].isna().all(axis=None)
    assert not got["happened"].iloc[-5:].any()


@pytest.mark.parametrize(
    "kind",
    ["datetime64[ns]", "datetime64[s]", "date", "date32[pyarrow]", "timestamp[us][pyarrow]", "string", "category"],
)
def test_columns_of_every_type_read_alike(kind):
    texts = pd.Series(["2024-03-12", None, "2024-02-29"])
    if kind in ("string", "category"):
        values = texts.astype(kind)
    else:
        dates = pd.to_datetime(texts)
        values = dates.dt.date if kind == "date" else dates.astype(kind)
    pd.testing.assert_frame_equal(date_windows(values), date_windows(texts))


def test_the_calendar_day_is_the_one_written():
    zoned = pd.Series(pd.to_datetime(["2024-03-12 23:30", "2024-03-13 00:30"]).tz_localize("America/New_York"))
    assert date_windows(zoned)["earliest"].dt.day.tolist() == [12, 13]


def test_an_empty_column():
    assert date_windows(pd.Series([], dtype=object)).empty
    assert date_windows(pd.Series([None, None], dtype=object))["happened"].tolist() == [False, False]
    assert date_windows(pd.Series([2024.0, np.nan]))["happened"].tolist() == [True, False]


days = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))


@given(days)
def test_a_day_comes_back_however_it_is_written(one):
    for text in (one.isoformat(), one.strftime("%Y").zfill(4) + f"{one:%m%d}", f"{one.isoformat()}/{one.isoformat()}"):
        assert date_window(text) == (one, one)


@given(days)
def test_coarser_dates_hold_finer_ones(one):
    """day within month within year within decade within century"""
    text = one.isoformat()
    windows = [date_window(part) for part in (text, text[:7], text[:4])]
    if one.year > 9:
        windows.append(date_window(text[:3] + "X"))
    if one.year > 99:
        windows.append(date_window(text[:2] + "XX"))
    for (finer_from, finer_to), (from_, to) in itertools.pairwise(windows):
        assert from_ <= finer_from <= finer_to <= to


@given(days, days)
def test_ranges_run_forward_or_are_refused(start, end):
    text = f"{start.isoformat()}/{end.isoformat()}"
    if start <= end:
        assert date_window(text) == (start, end)
    else:
        with pytest.raises(ValueError, match="ends before it starts"):
            date_window(text)


@given(st.text("0123456789-/.XT:Z ?", max_size=24))
def test_never_anything_but_a_window_or_a_sentence(text):
    read = date_windows(pd.Series([text], dtype=object)).iloc[0]
    assert not (read["happened"] and isinstance(read["problem"], str))
    assert read["happened"] or isinstance(read["problem"], str) or not text.strip()
    assert pd.isna(read["earliest"]) or pd.isna(read["latest"]) or read["earliest"] <= read["latest"]


def test_a_million_dates_are_read_by_their_distinct_texts():
    texts = pd.Series(
        np.random.default_rng(1).choice(pd.date_range("2015-01-01", "2024-12-31").strftime("%Y-%m-%d"), 1_000_000)
    )
    start = time.process_time()
    windows = date_windows(texts)
    assert time.process_time() - start < 3
    assert (windows["earliest"] == pd.to_datetime(texts)).all()


def test_offsets_of_stamps():
    values = pd.Series(["2024-03-12", "2024-03-12T10:15Z", "2024-03-12T10:15+05:30", "2024-03-12 10:15:00-0800", "2024-03-12T10:15",
                        "2024-03-12 00:00:00", "2024-03-12T00:00:00+01:00", None])  # fmt: skip
    got = stamp_offsets(values)
    assert got.index.tolist() == [1, 2, 3, 4, 6]
    np.testing.assert_array_equal(got, [0, 330, -480, np.nan, 60])


def test_offsets_of_columns_with_a_zone():
    values = pd.Series(pd.to_datetime(["2024-01-12", "2024-07-12"]).tz_localize("Europe/Berlin"))
    assert stamp_offsets(values).tolist() == [60, 120]
    assert stamp_offsets(pd.Series([pd.Timestamp("2024-01-12"), pd.Timestamp("2024-07-12 10:00")])).index.tolist() == [
        1
    ]


def windows(**texts):
    return {name: date_windows(pd.Series([text], dtype=object)) for name, text in texts.items()}


def shown(wide, name):
    row = wide[name].iloc[0]
    return "/".join(".." if pd.isna(row[side]) else f"{row[side]:%Y-%m-%d}" for side in ("earliest", "latest"))


@pytest.mark.parametrize(
    ("given_", "until", "name", "expected"),
    [
        ({"first_symptom": "2024-01", "diagnosis": "XXXX", "treatment": "2024-05"}, None, "diagnosis", "2024-01-01/2024-05-31"),
        ({"first_symptom": "XXXX", "diagnosis": "2024-03-12"}, None, "first_symptom", "../2024-03-12"),
        ({"first_symptom": "2024-01-05", "first_presentation": "2024-02-01", "diagnosis": "XXXX"}, "2024-12-31", "diagnosis",
         "2024-02-01/2024-12-31"),
        ({"first_symptom": "2024-01-05", "diagnosis": "XXXX", "death": "2024-06", "last_seen": "2024-05-03"}, "2024-12-31",
         "diagnosis", "2024-01-05/2024-05-03"),
        ({"first_symptom": "2024-01-05", "diagnosis": "XXXX", "death": "2024-06"}, None, "diagnosis", "2024-01-05/2024-06-30"),
        ({"first_symptom": "2024-01-05", "diagnosis": "2024-02-01/.."}, "2024-12-31", "diagnosis", "2024-02-01/2024-12-31"),
        ({"first_symptom": "2024-01-05", "diagnosis": "../2024-02-01"}, None, "diagnosis", "2024-01-05/2024-02-01"),
        ({"first_symptom": "2024-01-05", "diagnosis": "XXXX"}, None, "diagnosis", "2024-01-05/.."),
        ({"first_symptom": "XXXX", "diagnosis": "XXXX", "treatment": "2024-05-02"}, None, "first_symptom", "../2024-05-02"),
        ({"diagnosis": "2024-01-05", "metastasis": "XXXX"}, "2024-12-31", "metastasis", "../2024-12-31"),
        ({"diagnosis": "2024-01-05", "death": "XXXX"}, "2024-12-31", "death", "2024-01-05/2024-12-31"),
        ({"diagnosis": "2024-01-05", "last_seen": "XXXX", "death": "2024-03-01"}, None, "last_seen", "2024-01-05/2024-03-01"),
        # a bound that contradicts the side that is known is not used
        ({"first_symptom": "2024-05-01", "diagnosis": "../2024-02-01"}, None, "diagnosis", "../2024-02-01"),
        ({"diagnosis": "2025-02-01/.."}, "2024-12-31", "diagnosis", "2025-02-01/.."),
    ],
)  # fmt: skip
def test_widen_by_hand(given_, until, name, expected):
    observed = None if until is None else pd.Series(pd.to_datetime([until]))
    assert shown(widen(windows(**given_), observed), name) == expected


def test_widen_leaves_what_is_known_and_its_input_alone():
    before = windows(first_symptom="2024-01-05", diagnosis="", treatment="XXXX", death="2024-09")
    kept = {name: frame.copy() for name, frame in before.items()}
    wide = widen(before)
    for name in before:
        pd.testing.assert_frame_equal(before[name], kept[name])
    assert shown(wide, "diagnosis") == "../.."
    assert shown(wide, "death") == "2024-09-01/2024-09-30"


texts = st.sampled_from(["", "XXXX", "2024-02", "2024-03-05", "2024-04-01/..", "../2024-05-05", "2023"])


@given(st.fixed_dictionaries({name: texts for name in MILESTONES}))
def test_widen_only_fills_open_sides_and_never_crosses(given_):
    before = windows(**given_)
    wide = widen(before, pd.Series(pd.to_datetime(["2024-12-31"])))
    for name in (*PATHWAY, "death"):
        was, now = before[name].iloc[0], wide[name].iloc[0]
        for side in ("earliest", "latest"):
            assert pd.isna(was[side]) or was[side] == now[side]
            assert was["happened"] or pd.isna(now[side])
        assert pd.isna(now["earliest"]) or pd.isna(now["latest"]) or now["earliest"] <= now["latest"]
