"""What is measured in simulated people: by hand, and by another route."""

import numpy as np
import pytest
from handmade_people import counted, made
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy.stats import binom

import firstsign as fs
from firstsign.target_measures import (
    DAYS_PER_YEAR,
    AnyMeasure,
    Difference,
    Mean,
    Parameter,
    Quantile,
    RelativeSurvival,
    Share,
    Survival,
    SurvivalQuantile,
    kind,
    order_statistic,
)
from firstsign.target_people import SimulatedPeople


class TestShare:
    def test_by_hand_with_wilson(self):
        people = counted(stage=[4] * 6 + [1] * 94 + [4] * 50, sex=["f"] * 100 + ["m"] * 50)
        found = Share(share="stage == 4", among='sex == "f"').of(people, "share")
        assert (found.value, found.n) == (0.06, 100)
        assert (found.low, found.high) == fs.wilson(6, 100)

    def test_several_sets(self):
        people = counted(stage=[4, 4, 1, 1], age=[40, 70, 70, 40])
        assert Share(share=["stage == 4", "age > 50"], among="stage > 0").of(people, "share").value == 0.25

    def test_of_nobody(self):
        found = Share(share="stage == 4", among="stage == 9").of(counted(stage=[1]), "share")
        assert np.isnan(found.value)
        assert (found.low, found.high, found.n) == (0, 1, 0)


def test_difference_is_newcombes():
    """56 of 70 and 48 of 80: 0.2, from 0.0524 to 0.3339 (Newcombe 1998, Stat Med 17:873, table II a, method 10)."""
    people = counted(well=[1] * 56 + [0] * 14 + [1] * 48 + [0] * 32, arm=["a"] * 70 + ["b"] * 80)
    found = Difference(difference="well == 1", among='arm == "a"', minus='arm == "b"').of(people, "share")
    assert found.n == 150
    np.testing.assert_allclose([found.value, found.low, found.high], [0.2, 0.0524, 0.3339], atol=5e-5)


class TestQuantile:
    def test_by_hand(self):
        """The third smallest of five is the median; two people who have none do not count."""
        people = counted(wait_days=[9.0, 0, 2, np.nan, 5, 30, np.nan])
        found = Quantile(quantile="wait_days", q=0.5, among="person >= 0").of(people, "days")
        assert (found.value, found.n) == (5, 5)

    @given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.floats(0.01, 0.99))
    def test_is_the_inverse_of_the_empirical_distribution(self, waits, q):
        found = Quantile(quantile="waits", q=q, among="person >= 0").of(counted(waits=waits), "days")
        assert found.value == np.quantile(waits, q, method="inverted_cdf")
        assert found.low <= found.value <= found.high
        assert found.quantile(np.array([0.0, 1.0])).tolist() == [min(waits), max(waits)]

    def test_days_in_the_unit_asked_for_and_other_columns_as_they_are(self):
        people = counted(wait_days=[DAYS_PER_YEAR] * 3, age=[60.0] * 3)
        units = {"years": 1, "months": 12, "days": DAYS_PER_YEAR}
        for unit, value in units.items():
            assert Quantile(quantile="wait_days", q=0.5, among="person >= 0").of(people, unit).value == pytest.approx(
                value
            )
        assert Quantile(quantile="age", q=0.5, among="person >= 0").of(people, "years").value == 60

    def test_of_nobody(self):
        found = Quantile(quantile="age", q=0.5, among="age > 99").of(counted(age=[50]), "years")
        assert np.isnan(found.value)
        assert found.n == 0


@pytest.mark.parametrize(("q", "n"), [(0.5, 1), (0.5, 10), (0.9, 117), (0.1, 759), (0.3, 10)])
def test_order_statistic_leaves_the_tails_that_the_binomial_says(q, n):
    """The k-th smallest is below a point exactly if at least k of n are."""
    low, high = order_statistic(q, n)
    k = int(np.ceil(q * n))
    np.testing.assert_allclose([binom.sf(k - 1, n, low), binom.cdf(k - 1, n, high)], 0.025, rtol=1e-9)


class TestMean:
    def test_by_hand(self):
        found = Mean(mean="wait_days", among="person >= 0").of(counted(wait_days=[1.0, 2, 3, np.nan]), "days")
        assert (found.value, found.spread, found.n) == (2, 1, 3)
        np.testing.assert_allclose([found.low, found.high], [2 - 1.959964 / 3**0.5, 2 + 1.959964 / 3**0.5], rtol=1e-6)

    def test_of_fewer_than_two_is_not_known(self):
        assert np.isnan(Mean(mean="wait_days", among="person >= 0").of(counted(wait_days=[1.0]), "days").value)


class TestSurvival:
    def test_by_hand(self):
        """Four people: one dies in the first year, one is lost in the third, one dies in the fourth: 3/4 x 1/2."""
        people = made([200, np.nan, 1300, np.nan], [200, 1000, 1300, 3000])
        assert Survival(survival=5, among="person >= 0").of(people, "share").value == pytest.approx(0.375)
        assert Survival(survival=1, among="person >= 0").of(people, "share").value == 0.75

    def test_nobody_died(self):
        found = Survival(survival=5, among="person >= 0").of(made([np.nan] * 3, [4000] * 3), "share")
        assert (found.value, found.low, found.high) == (1, 1, 1)

    def test_nobody_was_seen_so_long(self):
        assert np.isnan(Survival(survival=5, among="person >= 0").of(made([np.nan, 3], [100, 3]), "share").value)

    def test_of_nobody(self):
        for measure in (
            Survival(survival=5, among="person > 9"),
            RelativeSurvival(relative_survival=5, among="person > 9"),
            SurvivalQuantile(survival_quantile=0.5, among="person > 9"),
        ):
            found = measure.of(made([np.nan], [9]), "share" if "share" in type(measure).__name__ else "months")
            assert np.isnan(found.value)
            assert found.n == 0


class TestRelativeSurvival:
    def test_by_hand(self):
        """Of ten, other causes would kill two within five years, and do; the disease kills two more: 6/10 over 8/10."""
        others = [400.0, 500, 9000, np.nan, 9000, 9000, 9000, 9000, 9000, 9000]
        death = [400.0, 500, 600, 700] + [np.nan] * 6
        people = made(death, [400, 500, 600, 700] + [3000] * 6, others)
        found = RelativeSurvival(relative_survival=5, among="person >= 0").of(people, "share")
        observed = Survival(survival=5, among="person >= 0").of(people, "share")
        assert found.value == pytest.approx(0.6 / 0.8)
        assert (found.low, found.high) == pytest.approx((observed.low / 0.8, observed.high / 0.8))

    def test_is_one_where_nobody_dies_of_the_disease(self):
        """Everyone dies of something else, followed to the end: what is seen is what is expected."""
        days = np.random.default_rng(5).exponential(3000, 400).round().tolist()
        found = RelativeSurvival(relative_survival=5, among="person >= 0").of(made(days, days, days), "share")
        assert found.value == pytest.approx(1)

    def test_finds_the_net_survival_that_was_put_in(self):
        """Hazards 0.1 a year of the disease and 0.05 of other causes, followed for eight years: exp(-0.5)."""
        rng = np.random.default_rng(20)
        disease, others = (np.ceil(rng.exponential(DAYS_PER_YEAR / rate, 20_000)) for rate in (0.1, 0.05))
        both, end = np.minimum(disease, others), 8 * 365.0
        death = np.where(both <= end, both, np.nan)
        people = made(death.tolist(), np.minimum(both, end).tolist(), others.tolist())
        found = RelativeSurvival(relative_survival=5, among="person >= 0").of(people, "share")
        assert found.low < np.exp(-0.5) < found.high
        assert found.value == pytest.approx(np.exp(-0.5), abs=0.01)

    def test_where_everyone_would_be_dead_it_is_not_known(self):
        people = made([10.0, 20], [10, 20], [10.0, 20])
        assert np.isnan(RelativeSurvival(relative_survival=5, among="person >= 0").of(people, "share").value)


class TestSurvivalQuantile:
    def test_by_hand_in_months(self):
        days = [100.0, 200, 300, 400, 500]
        found = SurvivalQuantile(survival_quantile=0.5, among="person >= 0").of(made(days, days), "months")
        assert found.value == pytest.approx(300 * 12 / DAYS_PER_YEAR)
        assert found.quantile(np.array([0.1, 0.9])) == pytest.approx(np.array([100, 500]) * 12 / DAYS_PER_YEAR)

    def test_a_bound_that_is_not_reached_is_infinite(self):
        found = SurvivalQuantile(survival_quantile=0.5, among="person >= 0").of(
            made([100.0, 200, np.nan], [100, 200, 300]), "days"
        )
        assert found.high == np.inf


def test_a_parameter_is_what_it_was_given():
    frame = counted(age=[50]).frame
    people = SimulatedPeople(frame[["person"]], frame[["person"]], {}, None, {"test.MRI": 0.9})
    found = Parameter(parameter="test.MRI").of(people, "share")
    assert (found.value, found.low, found.high) == (0.9, 0.9, 0.9)
    with pytest.raises(ValueError, match=r"no parameter 'test.MR' \(did you mean 'test.MRI'"):
        Parameter(parameter="test.MR").of(people, "share")


class TestKind:
    ADAPTER = TypeAdapter(AnyMeasure)

    def test_the_key_says_which(self):
        measure = self.ADAPTER.validate_python({"quantile": "age", "q": 0.5, "among": ["diagnosed"]})
        assert isinstance(measure, Quantile)
        assert kind(measure) == kind({"quantile": "age"}) == "quantile"

    @pytest.mark.parametrize("given", [{"median": "age"}, {"share": "x", "mean": "y"}, {}, "share", None])
    def test_none_or_two_are_refused_with_the_list(self, given):
        with pytest.raises(ValidationError, match="one key that names a measure: share, difference"):
            self.ADAPTER.validate_python(given)

    @pytest.mark.parametrize("q", [0, 1, 50])
    def test_a_quantile_lies_between_0_and_1(self, q):
        with pytest.raises(ValidationError):
            self.ADAPTER.validate_python({"quantile": "age", "q": q, "among": "diagnosed"})
