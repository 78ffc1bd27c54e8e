import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference import read
from scipy.stats import binom

from firstsign.redflags import accuracy, likelihood_ratio, natural_frequencies, post_test, post_test_range
from firstsign.shares import exact
from firstsign.triangulation import between, counted, exactly

TOLERANCE = 1e-8
MEASURES = ["sensitivity", "specificity", "lr_positive", "lr_negative", "ppv", "npv"]
CELLS = ["tp", "fp", "fn", "tn"]


class TestAccuracy:
    @pytest.mark.parametrize(
        ("cells", "table"),
        list(read("accuracy").groupby([*CELLS, "level"], sort=False)),
        ids=lambda part: "-".join(map(str, part)) if isinstance(part, tuple) else "",
    )
    def test_equals_r_epi_tests(self, cells, table):
        *counts, level = cells
        got = accuracy(*counts, level=level)
        assert got["measure"].tolist() == table["measure"].tolist() == MEASURES
        for end in ("estimate", "low", "high"):
            assert_allclose(got[end], table[end], rtol=TOLERANCE, err_msg=end)

    def test_by_hand(self):
        """100 people with the disease and 200 without: sensitivity 0.8, specificity 0.9, hence 0.8 / 0.1 and 0.2 / 0.9."""
        got = accuracy(80, 20, 20, 180).set_index("measure")
        assert_allclose(got["estimate"], [0.8, 0.9, 8, 2 / 9, 0.8, 0.9], rtol=1e-14)
        assert got["x"].tolist() == [80, 180, pd.NA, pd.NA, 80, 180]
        assert got["n"].tolist() == [100, 200, pd.NA, pd.NA, 100, 200]
        assert tuple(got.loc["ppv", ["low", "high"]]) == exact(80, 100)
        half = 1.959963984540054 * np.sqrt(1 / 80 - 1 / 100 + 1 / 20 - 1 / 200)
        assert_allclose(got.loc["lr_positive", ["low", "high"]].astype(float), 8 * np.exp([-half, half]), rtol=1e-12)
        assert got["method"].tolist() == ["exact", "exact", "log", "log", "exact", "exact"]

    def test_nobody_has_the_sign(self):
        got = accuracy(0, 0, 10, 20).set_index("measure")
        assert np.isnan(got.loc["lr_positive", "estimate"])
        assert tuple(got.loc["lr_positive", ["low", "high"]]) == (0, np.inf)
        assert np.isnan(got.loc["ppv", "estimate"])
        assert tuple(got.loc["ppv", ["low", "high"]]) == (0, 1)
        assert got.loc["lr_negative", "estimate"] == 1
        assert got.loc["lr_negative", "low"] < 1 < got.loc["lr_negative", "high"]

    def test_no_false_positive(self):
        got = accuracy(5, 0, 5, 20).set_index("measure").loc["lr_positive"]
        stricter = 0.975
        assert got["estimate"] == np.inf
        assert_allclose(got["low"], exact(5, 10, stricter)[0] / exact(0, 20, stricter)[1], rtol=1e-14)
        assert got["high"] == np.inf
        assert got["method"] == "exact bounds"

    @given(st.tuples(*[st.integers(0, 12)] * 4), st.sampled_from([0.5, 0.9, 0.95]))
    def test_every_table_has_its_bounds(self, cells, level):
        tp, fp, fn, tn = cells
        got = accuracy(*cells, level=level)
        assert (got["low"] <= got["high"]).all()
        assert got["low"].ge(0).all()
        known = got["estimate"].notna()
        assert (got["low"][known] <= got["estimate"][known] * (1 + 1e-12)).all()
        assert (got["estimate"][known] <= got["high"][known] * (1 + 1e-12)).all()
        sides = {"sensitivity": tp + fn, "specificity": fp + tn, "ppv": tp + fp, "npv": fn + tn}
        unknown = {measure for measure, people in sides.items() if not people}
        found = got.set_index("measure")["estimate"]
        assert {measure for measure in sides if np.isnan(found[measure])} == unknown
        mirrored = accuracy(tn, fn, fp, tp, level=level).set_index("measure")
        assert_allclose(mirrored.loc["specificity", "low"], got.set_index("measure").loc["sensitivity", "low"])
        assert_allclose(mirrored.loc["npv", "high"], got.set_index("measure").loc["ppv", "high"])

    @pytest.mark.parametrize(("p", "q"), [(0.9, 0.05), (0.5, 0.02), (0.95, 0.9), (0.2, 0.6), (0.02, 0.02)])
    def test_ratios_are_covered(self, p, q):
        """Coverage counted over all tables of 15 people with and 20 without the disease, most with an empty cell."""
        chances = np.outer(binom.pmf(range(16), 15, p), binom.pmf(range(21), 20, q))
        for x, y in np.ndindex(chances.shape):
            _, low, high, _ = likelihood_ratio(x, 15, y, 20, 0.9)
            chances[x, y] *= low <= p / q <= high
        assert chances.sum() > 0.9

    def test_whole_numbers_of_any_kind(self):
        expected = accuracy(3, 4, 5, 6)
        pd.testing.assert_frame_equal(accuracy(np.int64(3), 4.0, np.float64(5), 6), expected)

    def test_slips_are_told_at_once(self):
        with pytest.raises(ValueError, match=r"whole numbers.*tp is -1, fp is 0\.5, fn is nan, tn is None"):
            accuracy(-1, 0.5, np.nan, None)
        with pytest.raises(ValueError, match="level is 95"):
            accuracy(1, 1, 1, 1, level=95)


class TestLikelihoodRatio:
    def test_none_with_the_disease_has_the_finding(self):
        """0 of 40 against 10 of 40: from 0 to the most the one can be over the least the other can be, 97.5 % each."""
        estimate, low, high, method = likelihood_ratio(0, 40, 10, 40)
        assert (estimate, low, method) == (0, 0, "exact bounds")
        most = 1 - 0.0125 ** (1 / 40)
        assert_allclose(high, most / exact(10, 40, 0.975)[0], rtol=1e-12)

    @given(st.integers(1, 29), st.integers(1, 29))
    def test_upside_down_is_one_over_it(self, x, y):
        (estimate, low, high, _), turned = likelihood_ratio(x, 30, y, 30), likelihood_ratio(y, 30, x, 30)
        assert_allclose(turned[:3], [1 / estimate, 1 / high, 1 / low], rtol=1e-12)

    def test_more_than_all_is_refused(self):
        with pytest.raises(ValueError, match="5 of 4"):
            likelihood_ratio(5, 4, 1, 4)


class TestPostTest:
    def test_by_hand(self):
        """1 in 100 and a ratio of 11: odds 11 / 99, hence 0.1."""
        assert_allclose(post_test(0.01, 11), 0.1, rtol=1e-14)
        assert isinstance(post_test(0.01, 11), float)

    def test_several_signs_multiply(self):
        assert_allclose(post_test(0.01, [2, 5.5]), 0.1, rtol=1e-14)
        assert_allclose(post_test(0.01, (2, 5.5)), post_test(post_test(0.01, 2), 5.5), rtol=1e-14)
        assert post_test(0.3, []) == 0.3
        assert [post_test(0.3, signs) for signs in ([1e200, 1e200], [1e200, 1e200, 0])] == [1, 0]
        assert_allclose(post_test(0.5, [np.array([0, 2]), np.array([3, 4])]), [0, 8 / 9], rtol=1e-14)

    def test_arrays_go_one_by_one(self):
        assert_allclose(post_test(0.01, np.array([1, 11, 99])), [0.01, 0.1, 0.5], rtol=1e-14)
        assert_allclose(post_test(np.array([[0.01], [0.5]]), np.array([1, 99])), [[0.01, 0.5], [0.5, 0.99]], rtol=1e-14)

    def test_series_keep_their_rows(self):
        ratios = pd.Series([1, 11], index=["none", "pain"])
        pd.testing.assert_series_equal(post_test(0.01, ratios), pd.Series([0.01, 0.1], index=["none", "pain"]))
        with pytest.raises(ValueError, match="different rows"):
            post_test(pd.Series([0.1, 0.2]), ratios)

    @pytest.mark.parametrize(
        ("prior", "lr", "after"),
        [
            (0.2, 0, 0),
            (0.2, np.inf, 1),
            (0, np.inf, 0),
            (1, 0, 1),
            (0, 5, 0),
            (1, 5, 1),
            (1e-300, 1e300, 0.5),
            (0.99, 1.7e308, 1),
        ],
    )
    def test_ends(self, prior, lr, after):
        assert_allclose(post_test(prior, lr), after)

    def test_missing_stays_missing(self):
        assert np.isnan(post_test(np.nan, 5))
        assert np.isnan(post_test(np.array([0.2, 0, 1]), np.nan)).all()
        assert np.isnan(post_test(0.2, [np.nan, 5]))

    @given(st.floats(1e-6, 1 - 1e-6), st.floats(1e-4, 1e4), st.floats(1e-4, 1e4))
    def test_order_and_inverse(self, prior, one, other):
        assert_allclose(post_test(prior, [one, other]), post_test(post_test(prior, other), one), rtol=1e-6)
        assert_allclose(post_test(post_test(prior, one), 1 / one), prior, rtol=1e-6)
        assert (post_test(prior, one) >= prior) == (one >= 1) or abs(one - 1) < 1e-9

    def test_slips_are_told_at_once(self):
        with pytest.raises(ValueError, match=r"prior 6\.0 is no probability, 0 to 1; lr -1\.0 is no ratio"):
            post_test(6, -1)
        with pytest.raises(ValueError, match=r"contradict each other"):
            post_test(0.1, [0, np.inf])


class TestNaturalFrequencies:
    def test_by_hand(self):
        """Of 1,000, 10 have it and 8 of them the sign; of 990 others 99 have the sign: 8 of 107."""
        row = natural_frequencies(0.01, 0.8, 0.9).iloc[0]
        assert_allclose(row, [1000, 10, 990, 8, 2, 99, 891, 8 / 107, 891 / 893], rtol=1e-12)
        assert row.index.tolist() == ["people", "with_disease", "without", "tp", "fn", "fp", "tn", "ppv", "npv"]

    @given(st.floats(0.001, 0.999), st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.integers(1, 10**6))
    def test_bayes_and_counting_agree(self, prior, sensitivity, specificity, people):
        row = natural_frequencies(prior, sensitivity, specificity, people).iloc[0]
        assert_allclose(row["ppv"], post_test(prior, sensitivity / (1 - specificity)), rtol=1e-9)
        assert_allclose(1 - row["npv"], post_test(prior, (1 - sensitivity) / specificity), rtol=1e-6, atol=1e-12)
        assert_allclose(row[["tp", "fn", "fp", "tn"]].sum(), people, rtol=1e-12)

    def test_nobody_has_the_sign(self):
        row = natural_frequencies(0.1, 0, 1).iloc[0]
        assert np.isnan(row["ppv"])
        assert_allclose(row["npv"], 0.9)

    def test_slips_are_told_at_once(self):
        with pytest.raises(ValueError, match=r"prior 6, specificity nan\. Write 6 % as 0\.06"):
            natural_frequencies(6, 0.5, np.nan)
        with pytest.raises(ValueError, match="people is 0"):
            natural_frequencies(0.1, 0.5, 0.5, 0)


class TestPostTestRange:
    def test_without_uncertainty_it_is_bayes(self):
        found = post_test_range(exactly(0.01, "x"), exactly(0.8, "x"), exactly(0.9, "x"), draws=10)
        assert_allclose(found.result[["estimate", "low", "high"]], [[8 / 107] * 3], rtol=1e-12)

    def test_the_driver_is_what_is_known_least(self):
        found = post_test_range(
            between(0.001, 0.05, "assumption"), counted(1762, 3994, "x"), counted(16741, 16873, "x")
        )
        assert found.drivers["input"].tolist() == ["prior", "specificity", "sensitivity"]
        row = found.result.iloc[0]
        assert 0 < row["low"] < row["estimate"] < row["high"] < 1
