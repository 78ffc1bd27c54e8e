"""Pooled shares: the numbers of R's metafor, cases by hand, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference import read
from scipy.special import expit, logit
from scipy.stats import norm, t

from firstsign.pooling import INTERVALS, METHODS, leave_one_out, pool_shares, study_shares
from firstsign.shares import share, wilson

TOLERANCE = 1e-9
STUDIES = read("pooling_studies")
TAU2 = {"REML": "reml", "PM": "paule-mandel", "DL": "dersimonian-laird"}
TEST = {"z": "wald", "knha": "hartung-knapp", "adhoc": "modified-hartung-knapp"}
NUMBERS = [
    "share",
    "low",
    "high",
    "tau2",
    "tau2_low",
    "tau2_high",
    "i2",
    "q",
    "df",
    "p",
    "prediction_low",
    "prediction_high",
]
COLUMNS = ["studies", "x", "n", *NUMBERS, "method"]


def studies(name):
    return STUDIES[STUDIES["set"] == name].drop(columns="set")


def frame(*pairs, **columns):
    return pd.DataFrame(pairs, columns=["x", "n"]).assign(**columns)


def pooled(*pairs, **options):
    return pool_shares(frame(*pairs), **options).iloc[0]


# R's metafor


@pytest.mark.parametrize("name", STUDIES["set"].unique())
@pytest.mark.parametrize("level", [0.95, 0.9])
def test_equals_metafor_rma(name, level):
    expected = read("pooling").query("set == @name and level == @level")
    assert len(expected) == 10
    for row in expected.to_dict("records"):
        how = row["tau2_method"]
        options = {"method": "fixed"} if how == "EE" else {"tau2": TAU2[how], "interval": TEST[row["test"]]}
        found = pool_shares(studies(name), level=level, zero=0.5, **options).iloc[0]
        wanted = [row[number] for number in NUMBERS]
        assert_allclose(found[NUMBERS].astype(float), wanted, rtol=TOLERANCE, atol=1e-12, err_msg=str(options))


@pytest.mark.parametrize(
    "row", read("pooling_exact").to_dict("records"), ids=lambda row: f"{row['set']}-{row['test']}-{row['level']}"
)
def test_exact_equals_r(row):
    """The likelihood integrated in R; test_heterogeneity.py says how far glmer is from it."""
    interval = "wald" if row["test"] == "z" else "hartung-knapp"
    found = pool_shares(studies(row["set"]), "exact", row["level"], interval=interval).iloc[0]
    known = [number for number in NUMBERS if number not in ("tau2_low", "tau2_high", "i2")]
    assert_allclose(found[known].astype(float), [row[number] for number in known], rtol=1e-7, atol=1e-12)
    assert found[["tau2_low", "tau2_high", "i2"]].isna().all()


def test_weights_equal_metafor():
    for name, expected in read("pooling_weights").groupby("set"):
        assert_allclose(study_shares(studies(name), zero=0.5)["weight"], expected["weight"], rtol=TOLERANCE)


def test_leave_one_out_equals_metafor():
    expected = read("pooling_leave1out")
    found = leave_one_out(studies("ordinary"))
    assert found.columns.tolist() == ["left_out", *COLUMNS]
    for number in ("left_out", "share", "low", "high", "tau2", "q"):
        assert_allclose(found[number], expected[number], rtol=TOLERANCE)


# By hand


def test_two_studies_by_hand():
    """10 of 20 and 80 of 100: logits 0 and log 4, variances 1/5 and 1/16; weights 5 and 16."""
    middle = 16 * np.log(4) / 21
    q = 5 * middle**2 + 16 * (np.log(4) - middle) ** 2
    fixed = pooled((10, 20), (80, 100), method="fixed")
    assert_allclose(fixed["share"], expit(middle))
    assert_allclose([fixed["low"], fixed["high"]], expit(middle + norm.ppf([0.025, 0.975]) / np.sqrt(21)))
    assert_allclose([fixed["q"], fixed["i2"], fixed["tau2"]], [q, 1 - 1 / q, 0])
    assert fixed[["studies", "x", "n", "df", "method"]].tolist() == [2, 90, 120, 1, "fixed"]
    random = pooled((10, 20), (80, 100), tau2="dersimonian-laird", interval="wald")
    between = (q - 1) / (21 - (25 + 256) / 21)
    weight = 1 / (np.array([1 / 5, 1 / 16]) + between)
    assert_allclose(random["tau2"], between)
    assert_allclose(random["share"], expit(weight[1] * np.log(4) / weight.sum()))


def test_studies_of_one_size_by_hand():
    """Logits -1, 0, 1 about a share of one half: the t interval of their mean, and what a fourth may be."""
    n = 1_000_000_000
    found = pooled(*[(round(n * expit(value)), n) for value in (-1, 0, 1)])
    assert_allclose(found["share"], 0.5, atol=1e-6)
    assert_allclose(found["tau2"], 1, rtol=1e-6)
    assert_allclose([found["low"], found["high"]], expit(t.ppf([0.025, 0.975], 2) / np.sqrt(3)), rtol=1e-5)
    assert_allclose(
        [found["prediction_low"], found["prediction_high"]], expit(t.ppf([0.025, 0.975], 1) * np.sqrt(4 / 3)), rtol=1e-4
    )


def test_the_pooled_share_is_the_median_and_not_the_mean():
    """Shares of 1, 10 and 53 % (logits 2.4 apart): the middle one, though their mean is above 20 %."""
    n = 10**8
    found = pooled(*[(round(n * expit(logit(0.1) + move)), n) for move in (-2.4, 0, 2.4)])
    assert_allclose(found["share"], 0.1, rtol=1e-4)
    assert found["x"] / found["n"] > 0.2


def test_zero_is_added_to_both_counts_of_bare_studies_only():
    found = pooled((0, 20), (7, 60), (5, 5), method="fixed", zero=0.5)
    x, y = np.array([0.5, 7, 5.5]), np.array([20.5, 53, 0.5])
    assert_allclose(found["share"], expit(np.average(np.log(x / y), weights=1 / (1 / x + 1 / y))))
    assert found[["x", "n"]].tolist() == [12, 85]


def test_fixed_foretells_no_further_study_and_two_studies_foretell_none():
    assert np.isnan(pool_shares(studies("ordinary"), "fixed").iloc[0]["prediction_low"])
    assert np.isnan(pool_shares(studies("two")).iloc[0]["prediction_high"])
    assert np.isnan(pool_shares(studies("two"), "exact").iloc[0]["prediction_high"])


def test_modified_interval_is_never_narrower_than_chance():
    alike = studies("alike")
    narrow, modified, fixed = (
        pool_shares(alike, interval=name).iloc[0] for name in ("hartung-knapp", "modified-hartung-knapp", "wald")
    )
    assert narrow["high"] - narrow["low"] < fixed["high"] - fixed["low"] < modified["high"] - modified["low"]
    equal = pooled((10, 40), (20, 80), interval="hartung-knapp")
    assert_allclose(equal[["share", "low", "high"]].astype(float), 0.25)


def test_study_shares_by_hand():
    found = study_shares(frame((10, 20), (80, 100), study=["Aarhus", "Bergen"]), level=0.9, method="fixed")
    assert found.columns.tolist() == ["study", "x", "n", "share", "low", "high", "weight"]
    assert found["study"].tolist() == ["Aarhus", "Bergen"]
    assert found["share"].tolist() == [0.5, 0.8]
    assert (found["low"][1], found["high"][1]) == wilson(80, 100, 0.9)
    assert_allclose(found["weight"], [100 * 5 / 21, 100 * 16 / 21])
    bare = study_shares(frame((0, 20), (80, 100)), method="exact")
    assert bare["low"][0] == 0
    assert bare["weight"].isna().all()
    assert bare["study"].tolist() == [1, 2]


# Properties

PAIRS = st.lists(st.tuples(st.integers(1, 200), st.integers(1, 200)), min_size=2, max_size=8)


@given(
    PAIRS,
    st.sampled_from(["random", "fixed"]),
    st.sampled_from(sorted(TAU2.values())),
    st.sampled_from(INTERVALS),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60)
def test_orders_and_bounds(pairs, method, tau2, interval, random):
    rows = [(x, x + rest) for x, rest in pairs]
    options = {"method": method, "tau2": tau2, "interval": interval}
    found = pooled(*rows, **options)
    assert found.index.tolist() == COLUMNS
    shares = [x / n for x, n in rows]
    assert min(shares) - 1e-9 <= found["share"] <= max(shares) + 1e-9
    assert 0 <= found["low"] <= found["share"] <= found["high"] <= 1
    assert 0 <= found["i2"] < 1
    assert 0 <= found["p"] <= 1
    if len(rows) > 2 and method == "random":
        assert found["prediction_low"] <= found["low"] + 1e-9 or found["tau2"] == 0
        assert 0 <= found["tau2_low"] <= found["tau2_high"]
    turned = pooled(*random.sample(rows, len(rows)), **options)
    other = pooled(*[(n - x, n) for x, n in rows], **options)
    assert_allclose(turned[NUMBERS].astype(float), found[NUMBERS].astype(float), rtol=1e-6, atol=1e-9)
    assert_allclose(
        [1 - other["high"], 1 - other["share"], 1 - other["low"]],
        found[["low", "share", "high"]].astype(float),
        rtol=1e-6,
        atol=1e-9,
    )


@given(PAIRS)
@settings(max_examples=40)
def test_weights_add_up_and_pool_the_logits(pairs):
    rows = frame(*[(x, x + rest) for x, rest in pairs])
    lines, one = study_shares(rows), pool_shares(rows).iloc[0]
    assert_allclose(lines["weight"].sum(), 100)
    assert_allclose(expit(lines["weight"] @ logit(lines["share"]) / 100), one["share"], rtol=1e-9)
    assert (lines["x"].sum(), lines["n"].sum()) == (one["x"], one["n"])


def test_hartung_knapp_covers_the_median():
    """300 times 8 studies of 80 to 400 people about a median share of 20 %, tau = 0.5: within 3 binomial standard errors."""
    rng, covered, foretold, times = np.random.default_rng(11), 0, 0, 300
    for _ in range(times):
        n = rng.integers(80, 400, 8)
        x = rng.binomial(n, expit(rng.normal(logit(0.2), 0.5, 8)))
        found = pooled(*zip(x, n, strict=True), zero=0.5)
        covered += found["low"] <= 0.2 <= found["high"]
        foretold += found["prediction_low"] <= expit(rng.normal(logit(0.2), 0.5)) <= found["prediction_high"]
    assert abs(covered / times - 0.95) < 3 * np.sqrt(0.95 * 0.05 / times)
    assert (
        abs(foretold / times - 0.95) < 3 * np.sqrt(0.95 * 0.05 / times) + 0.01
    )  # right only as the studies become many


# What is refused


class TestDifferentEstimands:
    def test_are_listed(self):
        mixed = frame((1, 9), (2, 9), (3, 9), estimand=["a of b", "a of c", "a of b"])
        for call in (pool_shares, study_shares):
            with pytest.raises(ValueError, match=r"2 different estimands \('a of b', 'a of c'\).*mixed=True"):
                call(mixed)
        with pytest.raises(ValueError, match=r"These studies.*2 different estimands"):
            leave_one_out(mixed)

    def test_numerator_and_denominator_count_together(self):
        same = frame((1, 9), (2, 9), numerator="back pain", denominator="diagnosed")
        assert pool_shares(same).iloc[0]["studies"] == 2
        other = same.assign(denominator=["diagnosed", "metastatic at diagnosis"])
        with pytest.raises(ValueError, match=r"'back pain' of 'diagnosed', 'back pain' of 'metastatic at diagnosis'"):
            pool_shares(other)

    def test_one_that_is_not_named_is_another(self):
        with pytest.raises(ValueError, match=r"'a', 'not named'"):
            pool_shares(frame((1, 9), (2, 9), estimand=["a", None]))

    def test_may_be_pooled_when_told(self):
        mixed = frame((1, 9), (2, 9), (4, 11), estimand=["a", "b", "c"])
        pd.testing.assert_frame_equal(pool_shares(mixed, mixed=True), pool_shares(mixed.drop(columns="estimand")))
        assert len(leave_one_out(mixed, mixed=True)) == 3
        assert len(study_shares(mixed, mixed=True)) == 3

    def test_what_share_returns_is_taken(self):
        people = pd.DataFrame({"stage": [1, 4, 4, 2, 2, 4]})
        one, two = (share(part, "stage == 4", "stage > 0") for part in (people[:3], people[3:]))
        assert pool_shares(pd.concat([one, two])).iloc[0]["x"] == 3


def test_logits_that_do_not_exist_name_the_way_out():
    bare = frame((0, 12), (3, 40), (9, 9))
    for method in ("random", "fixed"):
        with pytest.raises(ValueError, match=r"2 of 3 studies have one \(0 of 12, 9 of 9\): method='exact'.*zero=0.5"):
            pool_shares(bare, method)
    assert 0 < pool_shares(bare, "exact").iloc[0]["share"] < 1


def test_every_wrong_count_is_listed():
    wrong = pd.DataFrame({"x": [1, -1, 5, 2.5, None], "n": [10, 10, 4, 10, 10], "study": list("abcde")})
    with pytest.raises(
        ValueError, match=r"'b' counts -1.0 of 10.*'c' counts 5.0 of 4.*'d' counts 2.5.*'e' counts nan"
    ) as caught:
        pool_shares(wrong)
    assert "'a'" not in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (frame((1, 9)), {}, "at least two studies, and the number given is 1"),
        (frame((1, 9))[:0], {}, "the number given is 0"),
        (frame((1, 9), (0, 0)), {}, "study 2 counts 0 of 0"),
        (frame((1, 9), ("two", 9)), {}, "counts 'two' of 9"),
        (frame((1, 9), (2, 9))[["x"]], {}, "no column n"),
        (frame((1, 9), (2, 9))[[]], {}, "no column x and no column n"),
        (frame((1, 9), (2, 9)), {"level": 95}, "level is 95"),
        (frame((1, 9), (2, 9)), {"method": "randm"}, r"method is 'randm' \(did you mean 'random'\?\)"),
        (frame((1, 9), (2, 9)), {"tau2": "dl", "interval": "t"}, "tau2 is 'dl'.*interval is 't'"),
        (frame((1, 9), (2, 9)), {"zero": 0}, "zero is 0"),
        (frame((1, 9), (2, 9)), {"method": "exact", "zero": 0.5}, "leave out zero"),
        (frame((0, 9), (0, 9)), {"method": "exact"}, "0 of 18 people"),
    ],
)
def test_what_cannot_be_pooled_is_said(rows, options, message):
    with pytest.raises(ValueError, match=message):
        pool_shares(rows, **options)


def test_leave_one_out_says_which_study_was_gone():
    with pytest.raises(ValueError, match="give at least three"):
        leave_one_out(frame((1, 9), (2, 9)))
    with pytest.raises(ValueError, match=r"Without study 'c': .* 0 of 18 people|Without study 'c': 0 of 18 people"):
        leave_one_out(frame((0, 9), (0, 9), (2, 9), study=list("abc")), method="exact")


@pytest.mark.parametrize("method", METHODS)
def test_neither_index_nor_kind_of_number_matters_and_the_frame_stays(method):
    rows = studies("ordinary").set_axis([7] * 8).astype({"x": "Int64", "n": float})
    before = rows.copy(deep=True)
    pd.testing.assert_frame_equal(pool_shares(rows, method), pool_shares(studies("ordinary"), method))
    if method != "exact":
        assert_allclose(leave_one_out(rows, method=method)["q"], leave_one_out(studies("ordinary"), method=method)["q"])
    pd.testing.assert_frame_equal(rows, before)
