import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import beta, binom, binomtest, norm

import firstsign as fs
from firstsign.shares import METHODS, chance_to_tell, exact, interval, jeffreys, people_to_tell, share, wilson
from firstsign.vocabulary import NO_SYMPTOM, symptoms

DAY = pd.Timestamp("2024-03-01")


@pytest.fixture
def cohort():
    """Eight people. The last three: found by screening; diagnosed, stage and spread not recorded; not diagnosed."""
    return pd.DataFrame(
        {
            "person": range(1, 9),
            "age": [50, 60, 70, 80, 55, 65, 75, 45],
            "stage": pd.array([4, 4, 2, 1, 4, 1, None, None], dtype="Int64"),
            "metastatic_at_diagnosis": pd.array([True, True, False, False, True, False, None, None], dtype="boolean"),
            "symptoms": [
                "back pain; breast lump",
                "breast lump",
                "back pain",
                "breast lump;nipple abnormality",
                None,
                None,
                "nipple abnormality",
                None,
            ],
            "first_symptom_group": [
                "back or bone pain", "breast lump", "back or bone pain", "breast lump", None, NO_SYMPTOM,
                "other breast symptom", None,
            ],
            "detection": ["symptom", "symptom", "emergency", "symptom", "symptom", "screening", None, None],
            "diagnosis_earliest": [DAY] * 7 + [pd.NaT],
            "diagnosis_latest": [DAY] * 7 + [pd.NaT],
            "last seen": [1.0, 2, 3, 4, 5, 6, np.nan, 8],
        }
    )  # fmt: skip


def counts(cohort, numerator, denominator="everyone"):
    row = share(cohort, numerator, denominator).iloc[0]
    return int(row["x"]), int(row["n"]), int(row["unknown"])


# Intervals


@pytest.mark.parametrize(("x", "n"), [(0, 1), (1, 1), (0, 20), (6, 100), (3, 7), (97, 100), (100, 100), (2, 5000)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_and_exact_equal_scipy_binomtest(x, n, level):
    for method in ("wilson", "exact"):
        expected = binomtest(x, n).proportion_ci(level, method=method)
        # scipy searches for the exact bounds and stops at 1e-12
        assert_allclose(interval(x, n, level, method), (expected.low, expected.high), rtol=1e-9, atol=2e-12)


def test_jeffreys_by_its_definition():
    assert_allclose(jeffreys(6, 100), beta.ppf([0.025, 0.975], 6.5, 94.5), rtol=1e-12)
    assert jeffreys(0, 10)[0] == 0
    assert jeffreys(10, 10)[1] == 1
    assert_allclose(jeffreys(0, 10)[1], beta.ppf(0.975, 0.5, 10.5), rtol=1e-12)


def test_wilson_by_hand():
    """6 of 100, z = 1.96: (6 + z^2/2 +- z sqrt(6 * 94 / 100 + z^2/4)) / (100 + z^2)."""
    assert_allclose(wilson(6, 100), (0.0278, 0.1248), atol=5e-5)
    assert_allclose(exact(6, 100), (0.0223, 0.1260), atol=5e-5)
    assert_allclose(
        wilson(1, 4, level=2 * norm.cdf(1) - 1), [(1.5 - 1) / 5, (1.5 + 1) / 5]
    )  # z = 1: sqrt(3/4 + 1/4) = 1


@given(st.integers(1, 300), st.floats(0, 1), st.sampled_from(METHODS), st.floats(0.5, 0.99))
def test_intervals_hold_their_share_mirror_and_nest(n, part, method, level):
    x = int(part * n)
    low, high = interval(x, n, level, method)
    assert 0 <= low <= x / n + 1e-12
    assert x / n - 1e-12 <= high <= 1
    other_low, other_high = interval(n - x, n, level, method)
    assert_allclose([low, high], [1 - other_high, 1 - other_low], atol=1e-9)
    wide = interval(x, n, (1 + level) / 2, method)
    assert wide[0] <= low + 1e-12
    assert high <= wide[1] + 1e-12


def test_exact_covers_at_least_its_level():
    x = np.arange(31)
    bounds = np.array([exact(int(one), 30) for one in x])
    for truth in np.linspace(0.01, 0.99, 50):
        covered = (bounds[:, 0] <= truth) & (truth <= bounds[:, 1])
        assert binom.pmf(x, 30, truth)[covered].sum() >= 0.95


@pytest.mark.parametrize("method", METHODS)
def test_nobody_tells_nothing(method):
    assert interval(0, 0, 0.95, method) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((7, 6), "7 of 6 is no share"),
        ((-1, 6), "-1 of 6 is no share"),
        ((0, -1), "no share"),
        ((1, 2, 95), "level is 95"),
        ((1, 2, 0.95, "wald"), "method is 'wald'; it can be 'wilson', 'exact', 'jeffreys'"),
    ],
)
def test_impossible_intervals_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        interval(*arguments)


# Who is counted


def test_named_sets(cohort):
    assert counts(cohort, "metastatic at diagnosis") == (3, 6, 2)
    assert counts(cohort, "diagnosed") == (7, 8, 0)
    assert counts(cohort, "metastatic at diagnosis", "diagnosed") == (3, 6, 1)
    assert counts(cohort, "found by screening", "diagnosed") == (1, 6, 1)
    assert counts(cohort, "back or bone pain first", "metastatic at diagnosis") == (1, 2, 3)


def test_the_unknown_are_in_neither_numerator_nor_denominator(cohort):
    """Of 3 metastatic people one has no symptoms recorded; of 2 it is not known whether they are metastatic."""
    row = share(cohort, "back pain", "metastatic at diagnosis").iloc[0]
    assert row[["numerator", "denominator", "x", "n", "unknown"]].tolist() == [
        "back pain", "metastatic at diagnosis", 1, 2, 3,
    ]  # fmt: skip
    assert row["share"] == 0.5
    assert (row["low"], row["high"]) == wilson(1, 2)


def test_people_found_by_screening_count_as_without_the_symptom(cohort):
    """Person 6 has no symptoms listed, but is known to have had none; persons 5 and 8 are not known."""
    assert counts(cohort, "back pain") == (2, 6, 2)
    without = cohort.drop(columns="first_symptom_group")
    assert counts(without, "back pain") == (2, 5, 3)


def test_groups_of_symptoms_hold_their_symptoms(cohort):
    group = "other breast symptom"
    assert "nipple abnormality" in set(symptoms().query("group == @group")["name"])
    assert counts(cohort, group) == (2, 6, 2)


def test_a_symptom_is_found_whole_and_in_any_case(cohort):
    people = cohort.assign(
        symptoms=["BACK PAIN", "lower back pain", "back pain ; x", "back painful", "", None, "x", None]
    )
    x, n, _ = counts(people, "back pain")
    assert (x, n) == (2, 7)  # no text at all is a list without entries; None is not known, save for person 6


def test_several_numerators_give_a_row_each(cohort):
    table = share(cohort, ["back pain", "breast lump", "stage == 4"], "diagnosed", level=0.9, method="exact")
    assert table["numerator"].tolist() == ["back pain", "breast lump", "stage == 4"]
    assert table["x"].tolist() == [2, 3, 3]
    assert table["n"].tolist() == [6, 6, 6]
    for row in table.itertuples():
        assert (row.low, row.high) == exact(row.x, row.n, 0.9)


def test_query_strings_take_missing_values_for_unknown(cohort):
    assert counts(cohort, "stage == 4") == (3, 6, 2)
    assert counts(cohort, "stage >= 2 and age < 65") == (3, 6, 2)
    assert counts(cohort, "stage in [1, 2]") == (3, 6, 2)
    assert counts(cohort, "detection == 'screening'") == (1, 6, 2)
    assert counts(cohort, "age > 60", "stage == 4") == (0, 3, 2)
    assert counts(cohort.astype({"stage": float}), "stage == 4") == (3, 6, 2)
    assert counts(cohort, "`last seen` > 3") == (4, 7, 1)


def test_a_query_may_ask_what_is_missing(cohort):
    assert counts(cohort, "stage.isna()", "diagnosed") == (1, 7, 0)
    assert counts(cohort, "`last seen`.notna()") == (7, 8, 0)
    assert counts(cohort, "stage.notna() and stage == 4") == (3, 6, 2)
    assert counts(cohort, "diagnosis_latest.isna()") == (1, 8, 0)


def test_a_missing_date_says_that_nothing_happened(cohort):
    assert counts(cohort, "diagnosis_latest <= '2024-12-31'") == (7, 8, 0)


def test_words_in_quotes_are_no_columns(cohort):
    assert counts(cohort.assign(stage=pd.NA), "detection == 'stage'")[1:] == (6, 2)


def test_columns_joined_by_words_are_a_query(cohort):
    assert counts(cohort, "not metastatic_at_diagnosis") == (3, 6, 2)
    assert counts(cohort, "metastatic_at_diagnosis") == (3, 6, 2)
    objects = cohort.astype({"metastatic_at_diagnosis": object})
    assert counts(objects, "metastatic_at_diagnosis") == (3, 6, 2)


def test_nobody_in_the_denominator(cohort):
    row = share(cohort, "diagnosed", "age > 200").iloc[0]
    assert (row["x"], row["n"], row["low"], row["high"]) == (0, 0, 0, 1)
    assert np.isnan(row["share"])
    empty = share(cohort[:0], "diagnosed", "everyone").iloc[0]
    assert (empty["n"], empty["unknown"]) == (0, 0)


def test_neither_order_nor_index_matter_and_the_cohort_stays_as_it_is(cohort):
    before = cohort.copy(deep=True)
    shuffled = cohort.sample(frac=1, random_state=3)
    for numerator in ("back pain", "stage == 4", "metastatic at diagnosis"):
        pd.testing.assert_frame_equal(share(cohort, numerator, "diagnosed"), share(shuffled, numerator, "diagnosed"))
    pd.testing.assert_frame_equal(cohort, before)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("metastatic at diagnoses", r"did you mean 'metastatic at diagnosis'"),
        ("bak pain", r"did you mean 'back pain'"),
        ("xyzzy", r"No set of people is called 'xyzzy'\. named_people"),
        ("True", "No set of people is called 'True'"),
        ("bone metastases", "no column metastatic_sites"),
        ("stag == 4", r"no column stag \(did you mean 'stage'\?\)"),
        ("`last sen` > 3", "no column last_sen"),
        ("age", "does not say of each person"),
        ("age + 1", "does not say of each person"),
        ("old = age > 60", "does not say of each person"),
        ("age.max() > 60", "does not say of each person"),
        ("age >", "cannot be read"),
        ("age > 60; age", "cannot be read"),
        ("age.nonsense() > 1", "cannot be read: .*nonsense"),
        ("detection > 3", "cannot be read"),
        ("", "cannot be read"),
        ("age > @wanted", "asks for a variable with @"),
        ("@pd.read_pickle('x')", "asks for a variable with @"),
        ("__import__('os').system('true')", "cannot be|cannot be read"),
        ("open('x')", "cannot be"),
    ],
)
def test_what_cannot_be_counted_is_said(cohort, name, message):
    for numerator, denominator in ((name, "everyone"), ("everyone", name)):
        with pytest.raises(ValueError, match=message):
            share(cohort, numerator, denominator)


def test_an_at_sign_in_quotes_is_only_a_text(cohort):
    assert counts(cohort, "detection == '@home'") == (0, 6, 2)


def test_symptoms_need_their_column(cohort):
    with pytest.raises(ValueError, match="'back pain' is a symptom, and the cohort has no column 'symptoms'"):
        share(cohort.drop(columns="symptoms"), "back pain", "everyone")


def test_on_a_simulated_cohort_the_counts_add_up():
    people = fs.simulate(3000, seed=5, scenario="england")
    groups = [
        f"{name} first"
        for name in ("breast lump", "other breast symptom", "back or bone pain", "other symptom", "no symptom")
    ]
    table = share(people, groups, "diagnosed")
    assert (table["n"] + table["unknown"] == share(people, "everyone", "diagnosed")["n"][0]).all()
    assert table["x"].sum() == table["n"][0]
    assert_allclose(table["share"], table["x"] / table["n"])


# How many people are needed


def brute_force(people, truth, other, level, method):
    bounds = [interval(x, people, level, method) for x in range(people + 1)]
    outside = [other < low if truth > other else other > high for low, high in bounds]
    return binom.pmf(np.arange(people + 1), people, truth)[outside].sum()


@given(st.integers(1, 60), st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.sampled_from(METHODS))
@settings(max_examples=40)
def test_chance_to_tell_adds_up_the_counts_one_by_one(people, truth, other, method):
    expected = brute_force(people, truth, other, 0.9, method)
    assert_allclose(chance_to_tell(people, truth, other, 0.9, method), expected, atol=1e-12)


def test_chance_to_tell_equals_a_simulation():
    x = np.random.default_rng(7).binomial(300, 0.06, 4000)
    told = np.mean([low > 0.03 for low, _ in (wilson(int(one), 300) for one in x)])
    chance = chance_to_tell(300, 0.06, 0.03)
    assert abs(told - chance) < 3 * np.sqrt(chance * (1 - chance) / 4000)


def test_an_interval_on_the_wrong_side_tells_nothing():
    """At a level of one half, 0 of 15 has an interval below 3 %: it leaves 3 % out, but says less than 3 %, not 6 %."""
    assert wilson(0, 15, 0.5)[1] < 0.03
    assert chance_to_tell(15, 0.06, 0.03, 0.5) < 1 - binom.pmf(0, 15, 0.06) + 1e-12
    assert_allclose(chance_to_tell(15, 0.06, 0.03, 0.5), brute_force(15, 0.06, 0.03, 0.5, "wilson"), atol=1e-12)


@pytest.mark.parametrize(
    ("truth", "other", "chance", "method"),
    [(0.1, 0.4, 0.8, "wilson"), (0.5, 0.2, 0.7, "exact"), (0.9, 0.6, 0.5, "jeffreys"), (0.3, 0.6, 0.6, "wilson")],
)
def test_people_to_tell_equals_a_search_from_above(truth, other, chance, method):
    """The last number whose next tenth holds a failure, plus one; found by trying them all."""
    chances = np.array([np.nan] + [brute_force(n, truth, other, 0.95, method) for n in range(1, 61)])
    stays = [n for n in range(1, 55) if (chances[n : int(np.ceil(1.1 * n)) + 1] >= chance).all()]
    assert people_to_tell(truth, other, chance, method=method) == stays[0]


def test_more_is_needed_for_closer_shares_surer_answers_and_wider_intervals():
    base = people_to_tell(0.06, 0.03)
    assert people_to_tell(0.06, 0.04) > base
    assert people_to_tell(0.06, 0.03, chance=0.95) > base
    assert people_to_tell(0.06, 0.03, level=0.99) > base
    assert people_to_tell(0.06, 0.03, method="exact") >= base
    assert people_to_tell(0.94, 0.97) == base


def test_people_to_tell_says_when_most_does_not_suffice():
    needed = people_to_tell(0.06, 0.03)
    assert people_to_tell(0.06, 0.03, most=needed) == needed
    with pytest.raises(ValueError, match=rf"More than {needed - 1} people .* raise `most`"):
        people_to_tell(0.06, 0.03, most=needed - 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: people_to_tell(0.06, 0.06), "cannot be told apart"),
        (lambda: people_to_tell(0, 0.06), "cannot be told apart"),
        (lambda: people_to_tell(0.06, 1), "cannot be told apart"),
        (lambda: people_to_tell(0.06, 0.03, chance=1), "chance is 1"),
        (lambda: people_to_tell(0.06, 0.03, level=95), "level is 95"),
        (lambda: people_to_tell(0.06, 0.03, method="wald"), "method is 'wald'"),
        (lambda: chance_to_tell(0, 0.06, 0.03), "people is 0"),
        (lambda: chance_to_tell(-5, 0.06, 0.03), "people is -5"),
        (lambda: chance_to_tell(10.5, 0.06, 0.03), "people is 10.5"),
        (lambda: chance_to_tell(10, 6, 0.03), "6 is no share"),
        (lambda: chance_to_tell(10, 0.06, 1.03), "1.03 is no share"),
        (lambda: chance_to_tell(10, np.nan, 0.03), "nan is no share"),
    ],
)
def test_what_nobody_could_tell_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_is_public():
    assert fs.share is share
    assert fs.wilson is wilson
    assert fs.exact is exact
    assert fs.people_to_tell is people_to_tell
