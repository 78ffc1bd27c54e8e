"""How exactly a published figure is known: worked by hand, and against what samples do."""

import numpy as np
import pytest
from handmade_people import counted
from hypothesis import given
from hypothesis import strategies as st

from firstsign.shares import wilson
from firstsign.target_intervals import (
    MEAN,
    QUANTILE,
    ROUNDED,
    ROUNDING,
    WILSON,
    from_counts,
    from_rounded_share,
    from_sample_mean,
    from_sample_quantile,
    half_a_unit,
)
from firstsign.target_measures import Measured, Quantile, order_statistic

WAITS = np.ceil(np.random.default_rng(8).lognormal(2, 1.5, 5000) - 3).clip(0)


def measured(values, q):
    return Quantile(quantile="wait", q=q, among="person >= 0").of(counted(wait=list(values)), "days")


def test_counts():
    assert from_counts(625, 8408) == (625 / 8408, *wilson(625, 8408), WILSON, 8408)


class TestRoundedShare:
    def test_one_per_cent_of_2316_is_any_count_from_12_to_34(self):
        found = from_rounded_share("1", 2316)
        assert (found.low, found.high) == (wilson(12, 2316)[0], wilson(34, 2316)[1])
        assert (found.value, found.basis, found.n) == (0.01, ROUNDED, 2316)
        assert (round(found.low, 4), round(found.high, 4)) == (0.0030, 0.0204)

    def test_more_digits_say_more(self):
        coarse, fine = from_rounded_share("34", 3384), from_rounded_share("33.9", 3384)
        assert coarse.low < fine.low < fine.high < coarse.high

    def test_where_no_count_rounds_to_it_the_nearest_does(self):
        """Of three people none, one, two or three are 0, 33, 67 or 100 %."""
        found = from_rounded_share("40", 3)
        assert (found.low, found.high) == wilson(1, 3)

    @given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.integers(0, 2))
    def test_holds_the_interval_of_the_count_that_was_rounded(self, counts, digits):
        x, n = counts
        found = from_rounded_share(f"{100 * x / n:.{digits}f}", n)
        assert found.low <= wilson(x, n)[0]
        assert wilson(x, n)[1] <= found.high


class TestSampleQuantile:
    def test_by_hand(self):
        """Days 1 to 1,000, one person each: the median of 99 people is the 50th, days 403 to 598 in 95 %."""
        values = np.arange(1.0, 1001)
        found = from_sample_quantile(480, 99, 0.5, measured(values, 0.5))
        lower, upper = np.ceil(order_statistic(0.5, 99) * 1000)
        assert (lower, upper) == (403, 598)
        assert (found.low, found.high) == (480 - (598 - 500), 480 + (500 - 403))
        assert (found.value, found.basis, found.n) == (480, QUANTILE, 99)

    @given(st.integers(0, 400), st.integers(1, 3000), st.sampled_from([0.1, 0.25, 0.5, 0.9, 0.95]), st.floats(0.01, 20))
    def test_holds_the_simulated_one_exactly_if_samples_hold_the_published_one(self, published, n, q, stretch):
        simulated = measured(np.floor(WAITS * stretch), q)
        lower, upper = simulated.quantile(order_statistic(q, n))
        found = from_sample_quantile(published, n, q, simulated)
        assert (found.low <= simulated.value <= found.high) == (lower <= published <= upper)

    def test_in_95_of_100_samples_the_truth_is_inside(self):
        """Samples of 117 from whole days with many zeros, their 90th centile as it would be published."""
        simulated, rng = measured(WAITS, 0.9), np.random.default_rng(30)
        samples = np.quantile(rng.choice(WAITS, (2000, 117)), 0.9, axis=1, method="inverted_cdf")
        bounds = [from_sample_quantile(value, 117, 0.9, simulated) for value in samples]
        inside = np.mean([known.low <= simulated.value <= known.high for known in bounds])
        assert 0.95 - 3 * (0.05 * 0.95 / 2000) ** 0.5 < inside < 0.975

    def test_a_median_of_nothing_stays_nothing(self):
        found = from_sample_quantile(0, 1760, 0.5, measured([0] * 80 + [5] * 20, 0.5))
        assert (found.low, found.high) == (0, 0)

    def test_rounded_units_are_wider_by_half_of_one(self):
        plain, rounded = (from_sample_quantile(38, 500, 0.5, measured(WAITS, 0.5), rounding) for rounding in (0, 0.5))
        assert (rounded.low, rounded.high) == (plain.low - 0.5, plain.high + 0.5)

    def test_more_people_leave_less_open(self):
        few, many = (from_sample_quantile(60, n, 0.9, measured(WAITS, 0.9)) for n in (50, 5000))
        assert few.low < many.low < many.high < few.high

    def test_a_simulated_quantile_that_is_never_reached_bounds_nothing(self):
        simulated = Measured(20.0, 18.0, np.inf, 100, quantile=lambda shares: np.where(shares < 0.5, 15.0, np.nan))
        found = from_sample_quantile(30, 40, 0.5, simulated)
        assert (found.low, found.high) == (0, 35)

    def test_of_nobody_there_is_rounding_only(self):
        found = from_sample_quantile(7, 100, 0.5, Measured(np.nan, np.nan, np.nan, 0), 0.5)
        assert found[:4] == (7, 6.5, 7.5, ROUNDING)


def test_sample_mean_by_hand():
    found = from_sample_mean(6.6, 32, Measured(5.0, 4.9, 5.1, 9999, spread=8.0), 0.05)
    np.testing.assert_allclose([found.low, found.high], [6.6 - 2.7718 - 0.05, 6.6 + 2.7718 + 0.05], atol=1e-4)
    assert (found.basis, found.n) == (MEAN, 32)


@pytest.mark.parametrize(("printed", "half"), [("83", 0.5), ("26.0", 0.05), ("0.3", 0.05), ("40", 0.5)])
def test_half_a_unit_of_the_last_digit_printed(printed, half):
    assert half_a_unit(printed) == half
