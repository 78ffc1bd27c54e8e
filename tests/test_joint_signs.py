import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal, norm

from firstsign.joint_signs import joint_likelihoods, joint_probabilities, simulate_signs
from firstsign.redflags import accuracy, post_test

TWO = {"pain": (0.6, 0.96), "loss": (0.4, 0.9)}
THREE = {**TWO, "night": (0.7, 0.5)}


def people_of(counts):
    """counts: (disease, pain, loss) -> people."""
    rows = [key for key, count in counts.items() for _ in range(count)]
    return pd.DataFrame(rows, columns=["disease", "pain", "loss"]).astype(bool)


class TestCounted:
    def test_by_hand(self):
        """10 with the disease, of whom 4 have both signs, 2 pain alone, 1 loss alone; 20 without: 1, 3, 1."""
        people = people_of(
            {
                (1, 1, 1): 4,
                (1, 1, 0): 2,
                (1, 0, 1): 1,
                (1, 0, 0): 3,
                (0, 1, 1): 1,
                (0, 1, 0): 3,
                (0, 0, 1): 1,
                (0, 0, 0): 15,
            }
        )
        got = joint_likelihoods(people, ["pain", "loss"], "disease")
        assert got[["pain", "loss"]].to_numpy().tolist() == [[True, True], [True, False], [False, True], [False, False]]
        assert got["with_disease"].tolist() == [4, 2, 1, 3]
        assert got["without"].tolist() == [1, 3, 1, 15]
        assert (got["n_with"].eq(10) & got["n_without"].eq(20)).all()
        assert_allclose(got["lr"], [8, 4 / 3, 2, 0.4], rtol=1e-14)
        alone = [0.6 / 0.2 * 0.5 / 0.1, 0.6 / 0.2 * 0.5 / 0.9, 0.4 / 0.8 * 0.5 / 0.1, 0.4 / 0.8 * 0.5 / 0.9]
        assert_allclose(got["lr_if_independent"], alone, rtol=1e-14)
        assert_allclose(got["ratio"], got["lr"] / alone, rtol=1e-14)

    def test_one_sign_is_its_accuracy(self):
        people = people_of({(1, 1, 0): 8, (1, 0, 0): 2, (0, 1, 0): 3, (0, 0, 0): 27})
        got = joint_likelihoods(people, "pain")
        expected = accuracy(8, 3, 2, 27).set_index("measure").loc[["lr_positive", "lr_negative"]]
        for name in ("estimate", "low", "high"):
            assert_allclose(got["lr" if name == "estimate" else name], expected[name], rtol=1e-12)
        assert_allclose(got["ratio"], 1, rtol=1e-12)

    def test_patterns_that_nobody_has(self):
        people = people_of({(1, 1, 1): 5, (1, 0, 0): 5, (0, 0, 0): 9, (0, 1, 0): 1})
        got = joint_likelihoods(people, ["pain", "loss"])
        assert got["lr"].tolist()[:2] == [np.inf, 0]
        assert np.isnan(got["lr"][2])
        assert (got["low"][2], got["high"][2]) == (0, np.inf)
        assert (got["low"] <= got["high"]).all()

    def test_without_people_with_the_disease(self):
        got = joint_likelihoods(people_of({(0, 1, 1): 3, (0, 0, 1): 3}), ["pain", "loss"])
        assert got["lr"].isna().all()
        assert got["n_with"].eq(0).all()

    @given(st.lists(st.tuples(*[st.booleans()] * 3), min_size=1, max_size=40))
    def test_everybody_has_one_pattern(self, rows):
        people = pd.DataFrame(rows, columns=["disease", "pain", "loss"])
        got = joint_likelihoods(people, ["pain", "loss"])
        assert got["with_disease"].sum() == people["disease"].sum() == got["n_with"][0]
        assert got["without"].sum() == (~people["disease"]).sum() == got["n_without"][0]

    def test_nullable_columns_will_do(self):
        people = people_of({(1, 1, 1): 4, (0, 1, 0): 2, (0, 0, 0): 7})
        pd.testing.assert_frame_equal(
            joint_likelihoods(people.astype("boolean"), ["pain", "loss"]), joint_likelihoods(people, ["pain", "loss"])
        )

    def test_slips_are_told_at_once(self):
        people = people_of({(1, 1, 1): 2}).assign(age=50, night=pd.array([True, None], dtype="boolean"))
        message = (
            r"no column 'pains' \(did you mean 'pain'\?\); 'age' is not true or false.*'night' is missing of 1 people"
        )
        with pytest.raises(ValueError, match=message):
            joint_likelihoods(people, ["pains", "age", "night"])

    @pytest.mark.parametrize("signs", [[], ["pain", "pain"], [f"sign {place}" for place in range(11)]])
    def test_signs_are_different_and_few(self, signs):
        with pytest.raises(ValueError, match="give 1 to 10 different ones"):
            joint_likelihoods(people_of({(1, 1, 1): 2}), signs)


class TestExact:
    def test_independent_signs_multiply(self):
        got = joint_probabilities(THREE, 0)
        for shares, column in (([0.6, 0.4, 0.7], "share_with"), ([0.04, 0.1, 0.5], "share_without")):
            products = [np.prod(pattern) for pattern in itertools.product(*[(p, 1 - p) for p in shares])]
            assert_allclose(got[column], products, rtol=1e-13)
        assert_allclose(got["ratio"], 1, rtol=1e-12)

    @pytest.mark.parametrize("tie", [0.01, 0.3, 0.6, 0.95])
    def test_two_signs_are_a_bivariate_normal(self, tie):
        got = joint_probabilities(TWO, tie)
        limits = norm.ppf([0.6, 0.4]), norm.ppf([0.04, 0.1])
        both = [multivariate_normal(cov=[[1, tie], [tie, 1]]).cdf(limit) for limit in limits]
        assert_allclose(got.loc[0, ["share_with", "share_without"]].astype(float), both, atol=1e-9)

    @pytest.mark.parametrize("tie", [0.5, 0.999, 0.999999])
    def test_quadrants_by_sheppard(self, tie):
        """Signs of half the people: both present in 1/4 + arcsin(r) / (2 pi) (Sheppard 1899)."""
        got = joint_probabilities({"a": (0.5, 0.5), "b": (0.5, 0.5)}, tie)
        assert_allclose(got["share_with"][0], 0.25 + np.arcsin(tie) / (2 * np.pi), atol=1e-12)

    def test_one_cause_alone_is_nested(self):
        got = joint_probabilities(THREE, 1).set_index(list(THREE))["share_with"]
        expected = {
            (True, True, True): 0.4,
            (True, False, True): 0.2,
            (False, False, True): 0.1,
            (False, False, False): 0.3,
        }
        for pattern, share in got.items():
            assert_allclose(share, expected.get(pattern, 0), atol=1e-14)

    def test_near_one_cause_is_near_one_cause(self):
        near, at = (joint_probabilities(THREE, tie)["share_with"] for tie in (1 - 1e-10, 1))
        assert_allclose(near, at, atol=1e-5)

    @given(
        st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4), st.floats(0, 1), st.floats(0, 1)
    )
    @settings(max_examples=60)
    def test_each_sign_keeps_its_accuracy(self, pairs, one, other):
        signs = {f"s{place}": pair for place, pair in enumerate(pairs)}
        got = joint_probabilities(signs, (one, other))
        assert_allclose(got[["share_with", "share_without"]].sum(), 1, atol=1e-10)
        for name, (sensitivity, specificity) in signs.items():
            kept = got.loc[got[name], ["share_with", "share_without"]].sum()
            assert_allclose(kept, [sensitivity, 1 - specificity], atol=1e-10)

    def test_the_weakest_ties_are_none(self):
        for tie in (5e-324, 1e-15, 1e-13):
            assert_allclose(
                joint_probabilities(THREE, tie)["share_with"], joint_probabilities(THREE, 0)["share_with"], rtol=1e-9
            )

    def test_signs_that_come_together_prove_less(self):
        both = [joint_probabilities(TWO, tie)["lr"][0] for tie in (0, 0.3, 0.6, 0.9)]
        assert both == sorted(both, reverse=True)
        assert_allclose(both[0], 0.6 / 0.04 * 0.4 / 0.1, rtol=1e-12)
        assert_allclose(post_test(0.01, both[0]), post_test(0.01, [15, 4]), rtol=1e-12)

    def test_a_tie_in_the_diseased_alone_proves_more(self):
        assert joint_probabilities(TWO, (0.6, 0))["ratio"][0] > 1 > joint_probabilities(TWO, (0, 0.6))["ratio"][0]

    def test_slips_are_told(self):
        with pytest.raises(ValueError, match=r"not so: a \(60, 0\.9\), b \(0\.5,\)"):
            joint_probabilities({"a": (60, 0.9), "b": (0.5,)})
        with pytest.raises(ValueError, match=r"together is -0\.1"):
            joint_probabilities(TWO, -0.1)
        with pytest.raises(ValueError, match=r"together is \(0\.1, 0\.2, 0\.3\)"):
            joint_probabilities(TWO, (0.1, 0.2, 0.3))
        with pytest.raises(ValueError, match="called 'lr', 'disease'"):
            joint_probabilities({"lr": (0.5, 0.5), "disease": (0.5, 0.5)})


class TestSimulated:
    @pytest.mark.parametrize("together", [0, 0.6, 1, (0.8, 0.1)])
    def test_equals_the_quadrature(self, together):
        people = simulate_signs(200_000, 0.3, THREE, together, seed=11)
        counted, exact = joint_likelihoods(people, list(THREE)), joint_probabilities(THREE, together)
        for count, n, share in (("with_disease", "n_with", "share_with"), ("without", "n_without", "share_without")):
            found = counted[count] / counted[n]
            se = np.sqrt(exact[share] * (1 - exact[share]) / counted[n])
            assert ((found - exact[share]).abs() <= 4 * se + 1e-12).all()

    def test_the_disease_is_as_common_as_it_should_be(self):
        people = simulate_signs(100_000, 0.2, TWO, seed=2)
        assert abs(people["disease"].mean() - 0.2) < 4 * np.sqrt(0.16 / 100_000)
        assert people.columns.tolist() == ["disease", "pain", "loss"]
        assert people.dtypes.eq(bool).all()

    def test_fewer_are_the_first_of_more(self):
        few, more = (simulate_signs(people, 0.2, THREE, 0.5, seed=3) for people in (1000, 5000))
        pd.testing.assert_frame_equal(few, more.head(1000))

    def test_other_mechanisms_keep_their_draws(self):
        two, three = (simulate_signs(2000, 0.2, signs, 0.5, seed=3) for signs in (TWO, THREE))
        pd.testing.assert_frame_equal(two, three[two.columns])
        better = simulate_signs(2000, 0.2, {**TWO, "pain": (0.8, 0.96)}, 0.5, seed=3)
        assert (better["loss"] == two["loss"]).all()
        assert (better["pain"] >= two["pain"]).all()
        assert (simulate_signs(2000, 0.2, TWO, 0.9, seed=3)["disease"] == two["disease"]).all()

    def test_ends(self):
        people = simulate_signs(500, 0.5, {"always": (1, 0), "never": (0, 1), "perfect": (1, 1)}, 0.5)
        assert people["always"].all()
        assert not people["never"].any()
        assert (people["perfect"] == people["disease"]).all()
        assert len(simulate_signs(0, 0.5, TWO)) == 0
        assert simulate_signs(50, 1, TWO)["disease"].all()

    @pytest.mark.parametrize(("people", "prior"), [(-1, 0.5), (1.5, 0.5), (10, 50), (10, np.nan)])
    def test_slips_are_told(self, people, prior):
        with pytest.raises(ValueError, match=f"people is {people!r} and prior {prior!r}"):
            simulate_signs(people, prior, TWO)
