import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference import inputs, read
from test_curves import as_spells, counted

from firstsign.gray import gray_test
from firstsign.summaries import log_rank

TOLERANCE = 1e-9


@pytest.mark.parametrize("row", read("gray").to_dict("records"), ids=lambda row: f"{row['data']}-{row['cause']}")
def test_equals_r_cuminc(row):
    got = gray_test(counted(as_spells(getattr(inputs, row["data"])())), by="group", cause=row["cause"]).iloc[0]
    assert_allclose([got["statistic"], got["p"]], [row["statistic"], row["p"]], rtol=TOLERANCE)
    assert got["df"] == row["df"]


def test_without_competing_ends_and_ties_the_score_is_the_log_ranks():
    """Then a group's weight is its people at risk. The variance is of another form, close to the log-rank test's."""
    rng = np.random.default_rng(5)
    days = rng.permutation(400) + 1.0
    s = pd.DataFrame({"g": np.repeat(["a", "b"], 200), "lower": days, "upper": days})
    got, known = gray_test(s, "g").iloc[0], log_rank(s, "g").iloc[0]
    assert_allclose(got["statistic"], known["statistic"], rtol=0.05)


@st.composite
def two_groups(draw):
    row = st.tuples(st.integers(0, 6), st.sampled_from(["diagnosis", "death", "censored"]), st.integers(1, 5))
    parts = []
    for name in "ab":
        rows = draw(st.lists(row, min_size=1, max_size=12))
        parts.append(pd.DataFrame(rows, columns=["lower", "cause", "n"]).assign(group=name))
    s = pd.concat(parts, ignore_index=True).astype({"lower": float})
    return s.assign(upper=s["lower"].where(s["cause"] != "censored", np.inf))


@given(two_groups(), st.randoms(use_true_random=False))
def test_order_splitting_and_names_do_not_matter(s, random):
    if "diagnosis" not in set(s["cause"]):
        with pytest.raises(ValueError, match="Nobody's spell ended"):
            gray_test(s, "group")
        return
    one = gray_test(s, "group").iloc[0]
    split = s.loc[s.index.repeat(s["n"])].assign(n=1)
    split = split.iloc[random.sample(range(len(split)), len(split))].replace({"group": {"a": "z", "b": "y"}})
    assert_allclose(gray_test(split, "group").iloc[0].astype(float), one.astype(float), rtol=1e-7, atol=1e-9)
    assert 0 <= one["p"] <= 1


def test_has_its_level_under_no_difference():
    rng = np.random.default_rng(8)
    rejected = 0
    for _ in range(500):
        days, cause = (
            np.ceil(rng.exponential(20, 120)),
            rng.choice(["diagnosis", "death", "censored"], 120, p=[0.5, 0.3, 0.2]),
        )
        s = pd.DataFrame({"g": np.repeat(["a", "b"], 60), "lower": days, "cause": cause})
        s["upper"] = s["lower"].where(s["cause"] != "censored", np.inf)
        rejected += gray_test(s, "g")["p"].iloc[0] < 0.05
    assert abs(rejected / 500 - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 500)


def test_everybody_on_one_day_shows_no_difference_only_if_there_is_none():
    s = pd.DataFrame({"g": list("aabb"), "cause": ["diagnosis", "death"] * 2, "n": [8, 2, 2, 8]}).assign(
        lower=3.0, upper=3.0
    )
    assert gray_test(s, "g")["p"].iloc[0] < 0.05
    assert_allclose(gray_test(s.assign(n=5), "g")["p"], 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entry": 0.5}, "log_rank"),
        ({"limit": 9.0}, "right_truncated"),
        ({"window": 3.0}, "fit_delay"),
        ({"g": "a"}, "one group"),
        ({"cause": "death"}, "Nobody's spell ended by 'diagnosis'"),
    ],
)
def test_what_it_cannot_use_is_refused(change, message):
    s = pd.DataFrame({"g": ["a", "b"], "lower": [1.0, 2], "upper": [1.0, 2], "cause": "diagnosis"}).assign(**change)
    with pytest.raises(ValueError, match=message):
        gray_test(s, "g")


def test_the_advice_for_delayed_entry_can_be_followed():
    s = pd.DataFrame(
        {"g": ["a", "b"], "lower": [1.0, 2], "upper": [1.0, 2], "entry": 0.5, "cause": ["diagnosis", "death"]}
    )
    assert log_rank(s, "g", event="diagnosis")["df"].iloc[0] == 1
