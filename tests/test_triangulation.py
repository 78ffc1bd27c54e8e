# ruff: noqa: PD011  -- `values` are the draws of a Triangulation here, not those of a frame
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import beta, norm

from firstsign.triangulation import between, counted, estimated, exactly, triangulate

THREE = {
    "b": between(0.005, 0.015, "koo-backpain"),
    "s": between(0.5, 1, "assumption"),
    "d": between(0.054, 0.085, "assumption"),
}


class TestInputs:
    def test_a_range_is_uniform(self):
        one = between(2, 6, "assumption")
        assert (one.middle, one.ends, one.source, one.note) == (4, (2, 6), "assumption", "")
        assert_allclose(one.quantile(np.array([0, 0.25, 1])), [2, 3, 6])

    def test_a_count_is_a_beta(self):
        one = counted(13, 1975, "deyo-prev")
        posterior = beta(13.5, 1962.5)
        assert_allclose([one.middle, *one.ends], posterior.ppf([0.5, 0.025, 0.975]), rtol=1e-12)
        assert_allclose(counted(13, 1975, "deyo-prev", level=0.8).ends, posterior.ppf([0.1, 0.9]), rtol=1e-12)

    @pytest.mark.parametrize(("x", "n"), [(0, 10), (10, 10)])
    def test_nobody_and_everybody_are_counts_too(self, x, n):
        low, high = counted(x, n, "assumption").ends
        assert 0 < low < high < 1

    @pytest.mark.parametrize(
        ("scale", "value", "low", "high"), [("log", 2, 1, 4), ("plain", 3, 1, 5), ("logit", 0.5, 0.2, 0.8)]
    )
    def test_an_estimate_goes_through_its_ends(self, scale, value, low, high):
        one = estimated(value, low, high, "somewhere-2020", scale=scale)
        assert_allclose(one.quantile([0.025, 0.5, 0.975]), [low, value, high], rtol=1e-12)
        assert not one.note
        assert_allclose(
            estimated(value, low, high, "x", level=0.8, scale=scale).quantile([0.1, 0.9]), [low, high], rtol=1e-12
        )

    def test_an_estimate_that_is_not_in_the_middle_is_told(self):
        one = estimated(3, 1, 5, "somewhere-2020", scale="log")
        assert_allclose([one.middle, *one.ends], [np.sqrt(5), 1, 5], rtol=1e-12)
        assert one.note == "the estimate 3 is not in the middle of 1 to 5 on the log scale, which is 2.236"

    def test_rounding_is_not_told(self):
        assert not estimated(56.4, 47.4, 67.1, "walker-lump").note

    def test_draws_follow_the_quantiles(self):
        one = estimated(2, 1, 4, "x")
        drawn = one.draw(np.random.default_rng(1), 1000)
        assert_allclose(drawn, one.quantile(np.random.default_rng(1).random(1000)))
        assert_allclose(exactly(3, "x").draw(np.random.default_rng(1), 4), [3, 3, 3, 3])

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: between(2, 1, "x"), "range from 2 to 1"),
            (lambda: between(0, np.inf, "x"), "range from 0 to inf"),
            (lambda: counted(5, 4, "x"), "5 of 4"),
            (lambda: counted(0, 0, "x"), "0 of 0"),
            (lambda: counted(1, 4, "x", level=95), "level is 95"),
            (lambda: estimated(5, 1, 4, "x"), "5 and its interval from 1 to 4"),
            (lambda: estimated(1, 1, 1, "x"), "do not go together"),
            (lambda: estimated(1, 0, 4, "x"), "has no log"),
            (lambda: estimated(0.5, 0.1, 1, "x", scale="logit"), "has no logit"),
            (lambda: estimated(2, 1, 4, "x", scale="probit"), "scale is 'probit'"),
            (lambda: estimated(2, 1, 4, "x", level=0), "level is 0"),
        ],
    )
    def test_slips_are_told(self, call, message):
        with pytest.raises(ValueError, match=message):
            call()


class TestClosedForms:
    def test_three_ranges(self):
        """E[b s / d] = E[b] E[s] E[1 / d], and E[1 / d] = log(d2 / d1) / (d2 - d1); corners are the ends multiplied out."""
        found = triangulate("b * s / d", THREE, draws=200_000, seed=3).result.iloc[0]
        one_over = np.log(0.085 / 0.054) / (0.085 - 0.054)
        mean = 0.01 * 0.75 * one_over
        square = (0.01**2 + 0.01**2 / 12) * (0.75**2 + 0.5**2 / 12) / (0.054 * 0.085)
        assert abs(found["mean"] - mean) < 4 * np.sqrt((square - mean**2) / 200_000)
        assert_allclose(found[["least", "most"]].astype(float), [0.005 * 0.5 / 0.085, 0.015 / 0.054], rtol=1e-12)
        assert_allclose(found[["least", "most"]].astype(float), [0.029, 0.278], atol=5e-4)
        assert_allclose(found["at_middles"], 0.01 * 0.75 / 0.0695, rtol=1e-12)

    def test_variance_of_three_ranges(self):
        """For independent factors 1 + V / m² = product of 1 + v / m², so that each index follows from squared variations."""
        drivers = triangulate("b * s / d", THREE, draws=200_000, seed=3).drivers.set_index("input")
        one_over, one_over_square = np.log(0.085 / 0.054) / 0.031, 1 / (0.054 * 0.085)
        squared = pd.Series(
            {"b": 0.01**2 / 12 / 0.01**2, "s": 0.25 / 12 / 0.75**2, "d": one_over_square / one_over**2 - 1}
        )
        whole = (1 + squared).prod() - 1
        assert_allclose(drivers["share_of_variance"], (squared / whole)[drivers.index], atol=0.01)
        total = 1 - ((1 + squared).prod() / (1 + squared) - 1) / whole
        assert_allclose(drivers["total_share"], total[drivers.index], atol=0.01)
        assert list(drivers.index) == list(total.sort_values(ascending=False).index)

    def test_product_of_lognormals(self):
        """On the log scale it is a sum of normals: medians multiply, standard deviations add as squares."""
        inputs = {"a": estimated(2, 1, 4, "x"), "b": estimated(10, 5, 20, "x"), "c": estimated(3, 2.5, 3.6, "x")}
        z = norm.isf(0.025)
        sd = np.log([2, 2, np.sqrt(3.6 / 2.5)]) / z
        found = triangulate("a * b / c", inputs, draws=200_000, seed=5, level=0.9)
        middle = np.log(2 * 10 / 3)
        half = norm.isf(0.05) * np.sqrt((sd**2).sum())
        got = np.log(found.result[["estimate", "low", "high"]].iloc[0].astype(float))
        assert_allclose(got, [middle, middle - half, middle + half], atol=0.01)
        drivers = found.drivers.set_index("input").loc[list("abc")]
        spread = np.expm1((sd**2).sum())
        assert_allclose(drivers["share_of_variance"], np.expm1(sd**2) / spread, atol=0.03)
        assert_allclose(drivers["total_share"], 1 - np.expm1((sd**2).sum() - sd**2) / spread, atol=0.03)
        without = np.sqrt((sd**2).sum() - sd**2)
        widths = 2 * np.exp(middle) * np.sinh(norm.isf(0.05) * without)
        assert_allclose(drivers["width_without"], widths, rtol=0.02)

    def test_a_sum_has_no_interplay(self):
        inputs = {"a": between(0, 1, "x"), "b": between(0, 1, "x"), "c": exactly(7, "x")}
        drivers = triangulate("a + 2 * b + c", inputs, seed=2).drivers
        assert drivers["input"].tolist() == ["b", "a", "c"]
        assert_allclose(drivers["share_of_variance"], [0.8, 0.2, 0], atol=0.01)
        assert_allclose(drivers["total_share"], [0.8, 0.2, 0], atol=0.01)
        assert_allclose(drivers[["low_if", "high_if"]], [[7.5, 9.5], [8, 9], [8.5, 8.5]], rtol=1e-12)
        assert_allclose(drivers["width_without"].iloc[:2], [0.95, 1.9], atol=0.01)

    def test_pure_interplay_has_no_first_order(self):
        inputs = {"a": between(-1, 1, "x"), "b": between(-1, 1, "x")}
        drivers = triangulate("a * b", inputs, seed=2).drivers
        assert_allclose(drivers["share_of_variance"], [0, 0], atol=0.01)
        assert_allclose(drivers["total_share"], [1, 1], atol=0.01)


class TestStreams:
    def test_same_seed_same_numbers(self):
        one, again, other = (triangulate("b * s / d", THREE, draws=1000, seed=seed) for seed in (4, 4, 5))
        pd.testing.assert_frame_equal(one.result, again.result)
        pd.testing.assert_frame_equal(one.drivers, again.drivers)
        assert (one.values == again.values).all()
        assert not np.isin(one.values, other.values).any()

    def test_another_input_leaves_the_draws_of_the_others(self):
        small = triangulate("b * s", {name: THREE[name] for name in "bs"}, draws=1000)
        large = triangulate("b * s + 0 * d", THREE, draws=1000)
        turned = triangulate("b * s", {name: THREE[name] for name in "sb"}, draws=1000)
        assert (small.values == large.values).all()
        assert (small.values == turned.values).all()

    def test_more_draws_begin_with_fewer(self):
        few, more = (triangulate("b * s / d", THREE, draws=draws).values for draws in (500, 900))
        assert (few == more[:500]).all()

    def test_inputs_of_the_same_range_are_independent(self):
        found = triangulate("a - b", {"a": between(0, 1, "x"), "b": between(0, 1, "x")})
        assert_allclose(found.values.var(), 1 / 6, rtol=0.02)


class TestWithin:
    def test_what_contradicts_its_inputs_is_left_out_and_counted(self):
        """a uniform to 2, and results above 1 refused: what remains is uniform to 1."""
        found = triangulate("a", {"a": between(0, 2, "x")}, draws=20_000, within=(0, 1))
        row = found.result.iloc[0]
        assert row["draws"] + row["refused"] == 20_000
        assert abs(row["refused"] - 10_000) < 4 * np.sqrt(20_000 / 4)
        assert_allclose(row[["low", "estimate", "high"]].astype(float), [0.025, 0.5, 0.975], atol=0.02)
        assert (row["least"], row["most"]) == (0, 1)
        assert len(found.values) == row["draws"]
        assert found.values.max() <= 1

    def test_nothing_left_is_refused(self):
        with pytest.raises(ValueError, match=r"No draw gives a result from \(0, 1\) .* contradict each other"):
            triangulate("a", {"a": between(2, 3, "x")}, draws=100, within=(0, 1))

    def test_a_middle_that_is_not_allowed_has_no_width(self):
        """With a at its middle, 1, no result is below 0.2; the interval is still told."""
        found = triangulate(
            "a + 0 * b", {"a": between(0, 2, "x"), "b": between(0, 1, "x")}, draws=2000, within=(0, 0.2)
        )
        assert np.isnan(found.drivers.set_index("input").loc["a", "width_without"])
        assert found.result["high"][0] <= 0.2

    def test_indices_are_missing_where_hardly_a_draw_is_left(self):
        drivers = triangulate("a", {"a": between(0, 1000, "x")}, draws=2000, within=(0, 1)).drivers
        assert drivers[["share_of_variance", "total_share"]].isna().all(axis=None)


class TestFormulas:
    def test_a_function_equals_the_text(self):
        text = triangulate("b * s / d", THREE, draws=1000)
        work = triangulate(lambda b, s, d: b * s / d, THREE, draws=1000)
        pd.testing.assert_frame_equal(text.drivers, work.drivers)
        assert (text.formula, work.formula) == ("b * s / d", "<lambda>")

    def test_known_inputs_have_no_width(self):
        row = triangulate("a / b", {"a": exactly(1, "x"), "b": exactly(4, "x")}, draws=10).result.iloc[0]
        assert row[["estimate", "low", "high", "mean", "least", "most"]].eq(0.25).all()

    @pytest.mark.parametrize(
        ("formula", "inputs", "options", "message"),
        [
            ("b * t", THREE, {}, "uses 't'"),
            ("b * s", THREE, {}, "does not use 'd'"),
            ("b.real * s * d", THREE, {}, "may hold"),
            ("log(a)", {"a": between(-1, 1, "x")}, {}, "not finite"),
            ("a", {"a": estimated(1, 1e-300, 1e300, "x")}, {}, "not finite"),
            ("1 / (a - a)", {"a": between(0, 1, "x")}, {}, "not finite"),
            ("a", {"a": 0.3}, {}, "a is 0.3, not an input"),
            ("1", {}, {}, "there are 0 inputs"),
            ("a", {"a": exactly(1, "x")}, {"draws": 1}, "draws is 1"),
            ("a", {"a": 2}, {"draws": 0, "within": (1, 0)}, r"a is 2.*draws is 0.*within is \(1, 0\)"),
            ("a", {"a": exactly(1, "x")}, {"level": 95}, "level is 95"),
        ],
    )
    def test_slips_are_told(self, formula, inputs, options, message):
        with pytest.raises(ValueError, match=message):
            triangulate(formula, inputs, **options)

    def test_too_many_inputs_are_refused(self):
        with pytest.raises(ValueError, match="there are 17 inputs"):
            triangulate("a", {f"a{place}": exactly(1, "x") for place in range(17)})


ranges = st.tuples(st.floats(0.01, 10), st.floats(0, 5)).map(lambda pair: between(pair[0], sum(pair), "x"))


@given(ranges, ranges, ranges)
@settings(max_examples=30)
def test_ranges_hold_what_they_lead_to(a, b, c):
    found = triangulate("a * b / c", {"a": a, "b": b, "c": c}, draws=200)
    row = found.result.iloc[0].astype(float)
    slack = 1e-9 * row["most"]
    assert row["least"] - slack <= row["low"] <= row["estimate"] <= row["high"] <= row["most"] + slack
    assert row["least"] - slack <= row["at_middles"] <= row["most"] + slack
    for end in ("low_if", "high_if"):
        assert found.drivers[end].between(row["least"] - slack, row["most"] + slack).all()
    assert found.drivers["share_of_variance"].between(0, 1).all()
    assert found.drivers["total_share"].ge(0).all()
