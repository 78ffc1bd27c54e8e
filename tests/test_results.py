"""`record`, `can_show` and what reads results back."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import firstsign as fs
from firstsign.results import (
    ENDLESS,
    RESULT_TYPE,
    can_show,
    in_parts,
    in_words,
    read_results,
    record,
    say,
    say_left_out,
    sentence,
)


@pytest.fixture
def shown(monkeypatch):
    """What would appear in a notebook, as MIME bundles."""
    bundles: list[dict] = []
    monkeypatch.setattr("IPython.get_ipython", lambda: object())
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: bundles.append(bundle))
    return bundles


def result(value, low=None, high=None, n=None, unit=None, level=0.95):
    level = level if low is not None else None
    return {"name": "a", "value": value, "low": low, "high": high, "n": n, "unit": unit, "level": level}


class TestSentence:
    @pytest.mark.parametrize(
        ("held", "words"),
        [
            (result(0.096, 0.079, 0.116, 1000, "share"), "9.6 % (95 % interval 7.9–11.6; n = 1,000)"),
            (result(88.0, 71.5, 102.25, None, "days"), "88 days (95 % interval 72–102)"),
            (result(12.5, 11.0, 14.0, 40, "days"), "12.5 days (95 % interval 11.0–14.0; n = 40)"),
            (result(62.0, unit="days"), "62 days"),
            (result(-0.5, -1.25, 0.25), "-0.500 (95 % interval -1.250 to 0.250)"),
            (result(None, 30.0, None, 12, "days"), "not reached (95 % interval 30 to …; n = 12)"),
            (result(None, 0.0, 1.0, 0, "share"), "not known (95 % interval 0.0–100.0; n = 0)"),
            (result(1234567.0, unit="people"), "1,234,567 people"),
            (result(0.05, 0.04, 0.06, unit="share", level=0.9), "5.0 % (90 % interval 4.0–6.0)"),
        ],
    )
    def test_by_hand(self, held, words):
        assert sentence(held) == words

    @given(st.floats(1e-4, 1e6), st.sampled_from(["days", None, "people"]))
    def test_keeps_three_figures_or_a_tenth_of_a_day(self, value, unit):
        said = float(in_parts(result(value, unit=unit))["estimate"].split()[0].replace(",", ""))
        assert said == pytest.approx(value, rel=0.0051, abs=0.051 if unit == "days" else 5e-7)


class TestInWords:
    def test_by_hand(self):
        assert in_words(np.float64(0.096), 0.079, 0.116, 1000, "share") == "9.6 % (95 % interval 7.9–11.6; n = 1,000)"
        assert in_words(7, 6.0, math.nan, unit="days", level=0.9) == "7 days (90 % interval 6 to …)"
        assert in_words(math.nan, math.nan, math.nan, unit="days") == "not reached"
        assert in_words(None, unit="share") == "not known"

    def test_says_what_record_shows(self, shown):
        record("a", 12.345, 11.0, 14.0, 40, "days", 0.9)
        assert shown[0]["text/plain"] == f"a  {in_words(12.345, 11.0, 14.0, 40, 'days', 0.9)}"


class TestRecord:
    def test_carries_the_number_and_shows_it(self, shown):
        record("share.bone_pain", np.float64(0.5), 0.4, 0.6, n=np.int64(10), unit="share")
        (bundle,) = shown
        assert bundle["text/plain"] == "share.bone_pain  50.0 % (95 % interval 40.0–60.0; n = 10)"
        assert json.loads(json.dumps(bundle[RESULT_TYPE])) == {
            "name": "share.bone_pain", "value": 0.5, "low": 0.4, "high": 0.6, "level": 0.95, "n": 10, "unit": "share",
        }  # fmt: skip

    def test_nan_becomes_null(self, shown):
        record("delay.median", math.nan, pd.NA, None)  # type: ignore[arg-type]
        assert [shown[0][RESULT_TYPE][part] for part in ("value", "low", "high", "level")] == [None] * 4

    def test_prints_outside_a_notebook(self, capsys):
        record("delay.median", 62, unit="days")
        assert capsys.readouterr().out == "delay.median  62 days\n"

    def test_escapes_the_unit(self, shown):
        record("a", 1.0, unit="<b>")
        assert "<b>" not in shown[0]["text/html"]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"name": "Share", "value": 1}, "lowercase"),
            ({"name": "a..b", "value": 1}, "'a..b'"),
            ({"name": "a", "value": math.inf}, "inf"),
            ({"name": "a", "value": 1, "low": 2, "high": 1}, "low 2 is above high 1"),
            ({"name": "a", "value": 1, "n": -3}, "-3"),
            ({"name": "a", "value": 1, "n": 2.5}, "2.5"),
            ({"name": "a", "value": 1, "low": 0, "high": 2, "level": 95}, "95"),
        ],
    )
    def test_refuses(self, arguments, said, shown):
        with pytest.raises(ValueError, match=r"^[^\n]+$") as slip:
            record(**arguments)
        assert said in str(slip.value)
        assert shown == []


class TestReadResults:
    def notebook(self, *names):
        outputs = [
            {"output_type": "display_data", "data": {RESULT_TYPE: result(1.0) | {"name": name}}} for name in names
        ]
        return {"cells": [{"cell_type": "markdown"}, {"outputs": [{"output_type": "stream"}, *outputs]}]}

    def test_in_order(self):
        assert [row["name"] for row in read_results(self.notebook("b", "a"))] == ["b", "a"]

    def test_refuses_the_same_name_twice(self):
        with pytest.raises(ValueError, match="records a more than once"):
            read_results(self.notebook("a", "b", "a"))


class TestCanShow:
    cohort = pd.DataFrame(
        {
            "diagnosis_earliest": pd.to_datetime(["2024-01-05", None]),
            "diagnosis_latest": pd.to_datetime(["2024-01-05", None]),
            "referral_earliest": pd.to_datetime([None, None]),
            "referral_latest": pd.to_datetime([None, None]),
            "symptoms": ["", ""],
            "stage": pd.array([None, 4], dtype="Int64"),
        }
    )

    def test_says_nothing_when_all_is_there(self, shown):
        assert can_show(self.cohort, "diagnosis", "stage", what="the delay by stage")
        assert shown == []

    def test_names_only_what_is_missing(self, shown):
        assert not can_show(self.cohort, "stage", "referral", "symptoms", "age", what="the <i>picture</i>")
        assert shown[0]["text/plain"] == (
            "Skipped: the <i>picture</i> needs referral, symptoms and age, which this cohort does not have."
        )
        assert "<i>" not in shown[0]["text/html"]

    def test_a_milestone_open_on_one_side_is_known(self):
        cohort = self.cohort.assign(referral_latest=pd.Timestamp("2024-01-01"))
        assert can_show(cohort, "referral", what="referral")


class TestSay:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (f"{0.096:.1%} of {1000:,}", "9.6 % of 1,000"),
            ("5% (4% to 6%), 12 % already apart", "5 % (4 % to 6 %), 12 % already apart"),
            (f"{math.nan:.1%} ({math.nan:.0f} to {0.5:.1%})", "not known (not known to 50.0 %)"),
            (f"{math.nan:.0f} % and {np.float64('nan'):,.2f}", "not known and not known"),
            ("Nan Hai, banana, finance", "Nan Hai, banana, finance"),
            ("https://example.org/a%20b/2024%2Fq", "https://example.org/a%20b/2024%2Fq"),
            ("", ""),
        ],
    )
    def test_by_hand(self, text, said, shown):
        say(text)
        assert shown[0]["text/plain"] == said
        assert shown[0]["text/html"] == f'<p class="said">{said}</p>'

    def test_escapes(self, shown):
        say("<script>alert('5%')</script> & more")
        assert shown[0]["text/plain"] == "<script>alert('5 %')</script> & more"
        assert shown[0]["text/html"] == (
            '<p class="said">&lt;script&gt;alert(&#x27;5 %&#x27;)&lt;/script&gt; &amp; more</p>'
        )

    def test_carries_no_result(self, shown):
        say("9.6%")
        assert set(shown[0]) == {"text/plain", "text/html"}

    def test_prints_outside_a_notebook(self, capsys):
        say("9.6% of 1,000")
        assert capsys.readouterr().out == "9.6 % of 1,000\n"


class TestSayLeftOut:
    def spells(self, people=(1200, 34), **attrs):
        frame = pd.DataFrame({"lower": 1.0, "upper": 2.0, "n": people}, index=range(len(people)))
        frame.attrs = {"interval": "first_symptom to diagnosis", **attrs}
        return frame

    def test_nobody(self, capsys):
        say_left_out(self.spells(left_out={}, dates_set=0))
        assert capsys.readouterr().out == "From first symptom to diagnosis: 1,234 people. Left out: nobody.\n"

    def test_whom_why_and_how_many_dates_were_set(self, capsys):
        say_left_out(self.spells(left_out={"first_symptom missing": 1001, "negative interval": 2}, dates_set=4000))
        assert capsys.readouterr().out == (
            "From first symptom to diagnosis: 1,234 people. Left out: first symptom missing (1,001); negative interval (2). "
            "Dates set to one day: those of 4,000.\n"
        )

    def test_people_without_an_end_of_observation_get_advice(self, capsys):
        say_left_out(self.spells(left_out={ENDLESS: 2}))
        said = capsys.readouterr().out
        assert "no end of observation the delays look shorter than they are" in said
        assert "until=2024-12-31" in said

    def test_of_nobody_and_of_spells_made_by_hand(self, capsys):
        say_left_out(self.spells(people=()))
        say_left_out(pd.DataFrame({"lower": [1.0, 2], "upper": [1.0, 2]}))
        assert capsys.readouterr().out == (
            "From first symptom to diagnosis: 0 people. Left out: nobody.\nFrom interval: 2 people. Left out: nobody.\n"
        )

    def test_of_real_spells(self, capsys):
        people = pd.DataFrame(
            {
                "person": range(5),
                "first_symptom": ["2024-01-01", "2024-01", "2024-01-05", None, "2024-02-01"],
                "diagnosis": ["2024-02-01", "2024-03-01", None, "2024-03-01", "2024-02-01"],
            }
        )
        cohort = fs.load_cohort(people)
        say_left_out(fs.spells(cohort, "total_diagnostic", imprecise="midpoint", endless="exclude"))
        said = capsys.readouterr().out
        assert said.startswith("From first symptom to diagnosis: 3 people. Left out: ")
        assert "first symptom missing (1)" in said
        assert f"{ENDLESS} (1)" in said
        assert "Dates set to one day: those of 1." in said
