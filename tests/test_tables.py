"""Frames as tables: what stands in each cell, each heading, and in the HTML."""

import math

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from firstsign.tables import as_words, table

QUANTILES = pd.DataFrame(
    {
        "group": ["lump", "lump", "pain", "pain"],
        "q": [0.5, 0.9, 0.5, 0.9],
        "days": [7.0, 80.5, 19.0, np.nan],
        "low": [7.0, 66.0, 4.0, 30.0],
        "high": [8.0, 95.0, 134.0, np.nan],
        "se": [0.1, 0.2, 0.3, 0.4],
    }
)


def plain(text):
    """A cell without the characters that only keep its parts on one line."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")


def cells(frame, **how):
    words = as_words(frame, **how)
    return {name: [plain(cell) for cell in words[name]] for name in words}


@pytest.fixture
def shown(monkeypatch):
    """What appeared, as (text, markup)."""
    seen = []
    monkeypatch.setattr("firstsign.tables.show", lambda text, markup: seen.append((plain(text), plain(markup))))
    return seen


class TestCells:
    @pytest.mark.parametrize(
        ("held", "words"),
        [
            (1234567, "1,234,567"),
            (12.0, "12"),
            (-3.0, "-3"),
            (1234.5678, "1,234.57"),
            (99.999, "100"),
            (2.5, "2.5"),
            (0.0312, "0.031"),
            (0, "0"),
            (np.nan, "–"),
            (math.inf, "inf"),
            (True, "True"),
            ("nan", "nan"),
            ("1,000", "1,000"),
            (np.int64(4100), "4,100"),
            (np.float32(0.5), "0.5"),
        ],
    )
    def test_by_hand(self, held, words):
        assert cells(pd.DataFrame({"x": pd.Series([held, "."], dtype=object)}))["x"] == [words, "."]

    def test_of_every_kind_of_column(self):
        frame = pd.DataFrame(
            {
                "stage": pd.array([4, None], dtype="Int64"),
                "known": pd.array([True, None], dtype="boolean"),
                "day": pd.to_datetime(["2024-03-12", None]),
                "moment": pd.to_datetime(["2024-03-12 10:30", None]),
                "route": pd.Categorical(["slow", None]),
                "sure": [True, False],
            }
        )
        assert cells(frame) == {
            "stage": ["4", "–"],
            "known": ["True", "–"],
            "day": ["2024-03-12", "–"],
            "moment": ["2024-03-12 10:30:00", "–"],
            "route": ["slow", "–"],
            "sure": ["True", "False"],
        }

    def test_the_frame_is_left_as_it_was(self):
        before = QUANTILES.copy(deep=True)
        as_words(QUANTILES, "days", "days", "q")
        pd.testing.assert_frame_equal(QUANTILES, before)


class TestEstimates:
    def test_with_their_intervals_in_one_cell(self):
        assert cells(QUANTILES, value="days", unit="days") == {
            "group": ["lump", "lump", "pain", "pain"],
            "q": ["0.5", "0.9", "0.5", "0.9"],
            "days": ["7 days (7–8)", "80.5 days (66.0–95.0)", "19 days (4–134)", "not reached (30 to …)"],
        }

    def test_shares_and_a_share_of_nobody(self):
        frame = pd.DataFrame({"share": [0.096, np.nan], "low": [0.0786, 0.0], "high": [0.1164, 1.0], "n": [1000, 0]})
        assert cells(frame, value="share", unit="share") == {
            "share": ["9.6 % (7.9–11.6)", "not known (0.0–100.0)"],
            "n": ["1,000", "0"],
        }

    def test_without_bounds(self):
        assert cells(pd.DataFrame({"days": [62, 1.5]}), value="days", unit="days")["days"] == ["62 days", "1.5 days"]

    def test_bounds_below_zero_are_not_joined_by_a_dash(self):
        frame = pd.DataFrame({"x": [-0.5], "low": [-1.25], "high": [0.25]})
        assert cells(frame, value="x")["x"] == ["-0.500 (-1.250 to 0.250)"]

    def test_a_cell_is_never_broken_in_two(self):
        assert " " not in as_words(QUANTILES, "days", "days")["days"][0]

    @given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
    def test_a_share_can_be_read_back(self, shares):
        low, share, high = sorted(shares)
        frame = pd.DataFrame({"share": [share], "low": [low], "high": [high]})
        (cell,) = cells(frame, value="share", unit="share")["share"]
        estimate, interval = cell.removesuffix(")").split(" % (")
        assert float(estimate) == pytest.approx(100 * share, abs=0.051)
        assert [float(end) for end in interval.split("–")] == pytest.approx([100 * low, 100 * high], abs=0.051)


class TestAcross:
    def test_values_become_columns_in_their_order(self):
        assert cells(QUANTILES.iloc[[1, 0, 3, 2]], value="days", unit="days", across="q") == {
            "group": ["lump", "pain"],
            "0.9": ["80.5 days (66.0–95.0)", "not reached (30 to …)"],
            "0.5": ["7 days (7–8)", "19 days (4–134)"],
        }

    def test_what_is_not_there_is_a_dash(self):
        assert cells(QUANTILES.iloc[:3], value="days", unit="days", across="q")["0.9"] == ["80.5 days (66.0–95.0)", "–"]

    def test_a_group_whose_name_is_missing(self):
        frame = QUANTILES.replace({"group": {"pain": None}})
        assert cells(frame, value="days", unit="days", across="q")["group"] == ["lump", "–"]

    def test_texts_become_columns_too(self):
        frame = pd.DataFrame({"q": [0.5, 0.5], "days": [1.0, 2.0], "dates": ["earliest", "latest"]})
        assert cells(frame, value="days", across="dates") == {"q": ["0.5"], "earliest": ["1"], "latest": ["2"]}


class TestHeadings:
    def heads(self, shown, frame, **how):
        table(frame, **how)
        head = BeautifulSoup(shown[-1][1], "html.parser").find("thead")
        return [cell.get_text() for cell in head.find_all("th")]

    def test_name_the_interval(self, shown):
        assert self.heads(shown, QUANTILES, value="days", unit="days", level=0.9) == [
            "group",
            "q",
            "days (90 % interval)",
        ]

    def test_other_words(self, shown):
        headings = {"group": "first sign", "days": "wait"}
        found = self.heads(shown, QUANTILES, value="days", unit="days", headings=headings)
        assert found == ["first sign", "q", "wait (95 % interval)"]

    def test_other_words_for_what_became_a_column(self, shown):
        headings = {0.5: "median", 0.9: "90th centile"}
        assert self.heads(shown, QUANTILES, value="days", across="q", headings=headings) == [
            "group",
            "median",
            "90th centile",
        ]

    def test_underscores_are_not_for_people(self, shown):
        assert self.heads(shown, pd.DataFrame({"presenting_with": ["a"]})) == ["presenting with"]

    def test_no_interval_is_named_where_there_is_none(self, shown):
        assert self.heads(shown, pd.DataFrame({"days": [62]}), value="days") == ["days"]


class TestShown:
    def test_every_word_and_every_row(self, shown):
        long = "a definition of " + "many " * 100 + "words."
        table(pd.DataFrame({"definition": [long] * 200}))
        text, markup = shown[0]
        assert text.count(long) == 200
        assert markup.count(long) == 200

    def test_what_stands_in_the_data_is_text(self, shown):
        table(pd.DataFrame({"<b>route</b>": ["<script>alert(1)</script>", "a & b"]}))
        assert "<script>" not in shown[0][1]
        assert "<b>" not in shown[0][1]
        page = BeautifulSoup(shown[0][1], "html.parser")
        assert [cell.get_text() for cell in page.find_all("td")] == ["<script>alert(1)</script>", "a & b"]

    def test_prints_where_there_is_no_notebook(self, capsys):
        table(pd.DataFrame({"people": [1234]}))
        assert capsys.readouterr().out.split() == ["people", "1,234"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"value": "day"}, r"no column 'day'.*'days'"),
        ({"value": "days", "across": "quantile"}, r"no column 'quantile'"),
        ({"across": "q"}, r"'q' become columns of what\? Name .* value="),
    ],
)
def test_refuses(how, said):
    with pytest.raises(ValueError, match=said):
        as_words(QUANTILES, **how)


def test_two_numbers_for_one_cell_are_refused():
    with pytest.raises(ValueError, match="Several rows have the same group, q"):
        as_words(pd.concat([QUANTILES, QUANTILES]).assign(days=range(8)), "days", across="q")


class TestAcrossInAnyOrder:
    """A cell stands under the value of its own row, whatever the order of the rows."""

    def test_by_hand(self):
        frame = pd.DataFrame(
            [
                ("weibull", "p90", 169.0),
                ("weibull", "median", 62.0),
                ("truth", "median", 62.5),
                ("truth", "p90", 245.0),
            ],
            columns=["family", "centile", "days"],
        )
        assert cells(frame, value="days", across="centile") == {
            "family": ["weibull", "truth"],
            "p90": ["169", "245"],
            "median": ["62", "62.5"],
        }

    @given(st.permutations(range(9)), st.integers(5, 9), st.sampled_from([None, "c"]))
    def test_each_cell_holds_its_own_number(self, order, kept, missing):
        rows = [(key, name) for key in ("a", "b", missing) for name in ("x", "y", "z")]
        frame = pd.DataFrame([(*rows[i], float(i + 1)) for i in order[:kept]], columns=["key", "name", "days"])
        wide = as_words(frame, "days", None, "name").set_index("key")
        for i in range(9):
            key, name = rows[i]
            cell = wide.loc[key if key else "–", name] if name in wide and (key or "–") in wide.index else "–"
            assert cell == (f"{i + 1}" if i in order[:kept] else "–")

    def test_without_other_columns(self):
        frame = pd.DataFrame({"centile": ["median", "p90"], "days": [7.0, 30.0]})
        assert cells(frame, value="days", across="centile") == {"median": ["7"], "p90": ["30"]}
