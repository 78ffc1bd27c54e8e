"""Odds and risk ratios against R, by hand, and by adding up every table there can be."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import binom

import firstsign as fs
from firstsign.ratios import odds_ratio, risk_ratio
from tests.reference import read

REFERENCE = read("ratios")
ROWS = REFERENCE.to_dict("records")
COUNTS = st.integers(0, 12)


def numbers(frame: pd.DataFrame, *names: str) -> list[float]:
    return [float(frame[name][0]) for name in names]


class TestAgainstR:
    @pytest.mark.parametrize("row", ROWS)
    def test_exact_odds_ratio_is_fisher_test(self, row):
        found = odds_ratio(*(int(row[cell]) for cell in "abcd"), level=row["level"], method="exact")
        expected = [row[name] for name in ("exact", "exact_low", "exact_high", "exact_p")]
        # R finds its ends by uniroot, to about five digits.
        assert_allclose(numbers(found, "estimate", "low", "high", "p"), expected, rtol=2e-3)

    @pytest.mark.parametrize("row", [row for row in ROWS if np.isfinite(row["risk"])])
    @pytest.mark.parametrize(("ratio", "name"), [(odds_ratio, "odds"), (risk_ratio, "risk")])
    def test_large_samples_are_epi_2by2(self, row, ratio, name):
        found = ratio(*(int(row[cell]) for cell in "abcd"), level=row["level"], method="large")
        expected = [row[name], row[f"{name}_low"], row[f"{name}_high"]]
        assert_allclose(numbers(found, "estimate", "low", "high"), expected, rtol=1e-9)


class TestByHand:
    def test_woolf_and_katz(self):
        found = odds_ratio(30, 70, 20, 80)
        spread = np.sqrt(1 / 30 + 1 / 70 + 1 / 20 + 1 / 80)
        expected = 12 / 7 * np.exp([0, -1.959963984540054 * spread, 1.959963984540054 * spread])
        assert_allclose(numbers(found, "estimate", "low", "high"), expected)
        assert found["method"][0] == "Woolf"
        assert_allclose(numbers(risk_ratio(30, 70, 20, 80), "estimate"), [1.5])

    def test_auto_is_exact_where_a_cell_is_expected_to_hold_fewer_than_five(self):
        assert odds_ratio(5, 5, 5, 5)["method"][0] == "Woolf"
        assert odds_ratio(4, 5, 5, 5)["method"][0] == "exact (conditional)"
        assert risk_ratio(4, 5, 5, 5)["method"][0] == "exact (unconditional score)"

    def test_zero_cells(self):
        none = odds_ratio(0, 10, 5, 5).iloc[0]
        assert (none["estimate"], none["low"]) == (0, 0)
        assert 0 < none["high"] < 1
        all_of_them = odds_ratio(10, 0, 5, 5).iloc[0]
        assert (all_of_them["estimate"], all_of_them["high"]) == (np.inf, np.inf)
        assert all_of_them["low"] > 1
        nobody = risk_ratio(0, 5, 0, 6).iloc[0]
        assert np.isnan(nobody["estimate"])
        assert (nobody["low"], nobody["high"], nobody["p"]) == (0, np.inf, 1)

    def test_public_names_and_counts_beside(self):
        assert fs.odds_ratio is odds_ratio
        assert fs.risk_ratio is risk_ratio
        assert odds_ratio(1, 2, 3, 4).loc[0, list("abcd")].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(("m", "n", "shares"), [(6, 7, (0.3, 0.15)), (5, 12, (0.5, 0.5)), (9, 4, (0.05, 0.2))])
def test_the_exact_interval_of_a_risk_ratio_covers_at_least_its_level(m, n, shares):
    """Every table there can be, with its chance: those whose interval holds the truth weigh at least 90 %."""
    truth, covered = shares[0] / shares[1], 0.0
    for x in range(m + 1):
        for y in range(n + 1):
            found = risk_ratio(x, m - x, y, n - y, level=0.9, method="exact").iloc[0]
            if found["low"] - 1e-9 <= truth <= found["high"] + 1e-9:
                covered += binom.pmf(x, m, shares[0]) * binom.pmf(y, n, shares[1])
    assert 0.9 <= covered <= 1


@given(COUNTS, COUNTS, COUNTS, COUNTS)
@settings(max_examples=40, deadline=None)
def test_turning_the_table_round_inverts_the_ratio(a, b, c, d):
    if a + b == 0 or c + d == 0:
        return
    one, other = odds_ratio(a, b, c, d).iloc[0], odds_ratio(c, d, a, b).iloc[0]
    assert_allclose(one["p"], other["p"])
    if np.isfinite(one["estimate"]) and one["estimate"] > 0:
        assert_allclose(
            [one["estimate"], one["low"], one["high"]],
            1 / np.array([other[name] for name in ("estimate", "high", "low")]),
            rtol=1e-4,
        )


@given(st.integers(0, 8), st.integers(1, 8), st.integers(0, 8), st.integers(1, 8))
@settings(max_examples=25, deadline=None)
def test_the_exact_risk_interval_holds_its_estimate_and_inverts(a, b, c, d):
    one, other = (risk_ratio(*table, method="exact").iloc[0] for table in ((a, b, c, d), (c, d, a, b)))
    if a + c:
        assert one["low"] <= one["estimate"] <= one["high"]
    if np.isfinite(one["high"]) and one["high"] > 0:
        assert_allclose(one["high"], 1 / other["low"] if other["low"] else np.inf, rtol=0.02)


@pytest.mark.parametrize(
    ("table", "options", "told"),
    [
        ((1, 2, 3, -4), {}, "d is -4"),
        ((1.5, 2, 3, 4), {}, r"whole numbers, 0 or more: a is 1\.5"),
        ((0, 0, 3, 4), {}, r"nobody among the exposed \(a \+ b\)"),
        ((1, 1, 0, 0), {}, r"nobody among the others \(c \+ d\)"),
        ((0, 2, 3, 4), {"method": "large"}, 'use method="exact"'),
        ((1, 2, 3, 4), {"method": "wald"}, "method is 'wald'; it can be 'auto', 'large', 'exact'"),
        ((1, 2, 3, 4), {"level": 95}, "level is 95"),
    ],
)
@pytest.mark.parametrize("ratio", [odds_ratio, risk_ratio])
def test_slips(ratio, table, options, told):
    with pytest.raises(ValueError, match=told):
        ratio(*table, **options)


def test_too_many_people_for_the_exact_risk_ratio():
    with pytest.raises(ValueError, match=r'takes too long .* use method="large"'):
        risk_ratio(3, 1000, 5, 20)
