import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference import inputs, read
from test_curves import as_spells, counted
from test_regression import patients

from firstsign.regression import cox
from firstsign.subdistribution import fine_gray

TOLERANCE = 1e-6  # both programs iterate


@pytest.mark.parametrize("case", list(read("fine_gray").groupby(["data", "cause"])), ids=lambda case: "-".join(case[0]))
def test_equals_r_crr(case):
    (data, cause), known = case
    if data == "patients":
        spells, formula = patients().assign(entry=0), "sex + stage + age"
    else:
        spells, formula = counted(as_spells(inputs.competing())), "group"
    got = fine_gray(spells, formula, cause)
    assert got["term"].tolist() == known["term"].tolist()
    assert_allclose(got["estimate"], known["estimate"], rtol=TOLERANCE)
    assert_allclose(got["se"], known["se"], rtol=TOLERANCE)
    for number in ("loglik", "loglik_null"):
        assert_allclose(got.attrs[number], known[number].iloc[0], rtol=1e-10)
    assert got.attrs["events"] == spells.loc[spells["cause"] == cause, "n"].sum()


@st.composite
def two_groups(draw, censored=True):
    causes = ["diagnosis", "death", *(["censored"] if censored else [])]
    row = st.tuples(st.integers(0, 6), st.sampled_from(causes), st.sampled_from("ab"), st.integers(1, 5))
    rows = draw(st.lists(row, min_size=2, max_size=20))
    s = pd.DataFrame(rows, columns=["lower", "cause", "group", "n"]).astype({"lower": float})
    return s.assign(upper=s["lower"].where(s["cause"] != "censored", np.inf))


def estimates(function, *arguments, **named):
    """The frame, or the first words of what was said instead."""
    try:
        return "estimated", function(*arguments, **named)
    except ValueError as error:
        return str(error).split()[0], None


@settings(max_examples=25)
@given(two_groups(), st.randoms(use_true_random=False))
def test_order_and_splitting_do_not_matter(s, random):
    said, one = estimates(fine_gray, s, "group")
    split = s.loc[s.index.repeat(s["n"])].assign(n=1)
    split = split.iloc[random.sample(range(len(split)), len(split))]
    said_of_split, other = estimates(fine_gray, split, "group")
    assert said == said_of_split
    if one is not None:
        assert_allclose(other[["estimate", "se"]], one[["estimate", "se"]], rtol=1e-6, atol=1e-8)
        assert np.isfinite(one.drop(columns="term").to_numpy(float)).all()


@settings(max_examples=25)
@given(two_groups(censored=False))
def test_without_censoring_who_ended_otherwise_is_at_risk_for_ever(s):
    """So the estimate is that of Cox's regression in which they are censored after all others."""
    for_ever = s.assign(
        lower=s["lower"].where(s["cause"] == "diagnosis", 99), upper=s["upper"].where(s["cause"] == "diagnosis", np.inf)
    ).assign(cause=s["cause"].replace("death", "censored"))
    if "diagnosis" not in set(s["cause"]):
        return
    said, one = estimates(fine_gray, s, "group")
    _, known = estimates(cox, for_ever, "group", "breslow")
    if one is None:
        assert known is None or said == "Nobody's"
    else:
        assert_allclose(one["estimate"], known["estimate"], rtol=1e-6, atol=1e-8)
        assert_allclose(one.attrs["loglik"], known.attrs["loglik"], rtol=1e-10)


def test_without_other_causes_it_is_cox():
    """Then only the standard error differs, which is robust; near the other where the model holds."""
    spells = patients().query("cause != 'death'").assign(entry=0)
    got, known = fine_gray(spells, "sex + age"), cox(spells, "sex + age", "breslow")
    assert_allclose(got["estimate"], known["estimate"], rtol=1e-9)
    assert_allclose(got["se"], known["se"], rtol=0.1)


def test_the_error_is_close_to_the_jackknifes():
    """Another route to the robust variance, the effect of the estimated censoring included."""
    people = patients().assign(entry=0).sample(120, random_state=1).assign(n=1)
    left_out = [fine_gray(people.drop(index=row), "sex")["estimate"].item() for row in people.index]
    jackknife = np.sqrt(119 / 120 * ((np.array(left_out) - np.mean(left_out)) ** 2).sum())
    assert_allclose(fine_gray(people, "sex")["se"].item(), jackknife, rtol=0.05)


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (
            {},
            {"cause": "deth"},
            r"Nobody's spell ended by 'deth' \(did you mean 'death'\?\); they end in: death, diagnosis",
        ),
        ({"entry": 0.5}, {}, r"come under observation late \(delayed entry\), which fine_gray cannot use"),
        ({"window": 2.0}, {}, "window, which fine_gray cannot use"),
        ({"group": [*"aaabb"]}, {}, "The effect of group.T.b. grows without end"),
        ({}, {"level": 0}, "level is 0"),
        ({"lower": 3.0, "upper": 3.0, "cause": "diagnosis"}, {}, r"No standard error of group\[T.b\] can be given"),
    ],
)
def test_what_cannot_be_is_said(change, arguments, message):
    s = pd.DataFrame(
        {
            "lower": [1.0, 2, 3, 4, 5],
            "cause": ["diagnosis", "death", "diagnosis", "death", "censored"],
            "group": [*"ababb"],
        }
    )
    s["upper"] = s["lower"].where(s["cause"] != "censored", np.inf)
    with pytest.raises(ValueError, match=message):
        fine_gray(s.assign(**change), "group", **arguments)


def test_intervals_cover_the_truth():
    """Subdistribution hazards proportional by construction (Fine & Gray 1999, section 5)."""
    rng = np.random.default_rng(5)
    covered, effect, share, people = 0, 0.5, 0.6, 400
    for _ in range(200):
        x = rng.integers(0, 2, people)
        ratio = np.exp(effect * x)
        ends_by_it = rng.random(people) < 1 - (1 - share) ** ratio
        u = rng.random(people) * (1 - (1 - share) ** ratio)
        own = -np.log(1 - (1 - (1 - u) ** (1 / ratio)) / share)
        days = np.ceil(40 * np.where(ends_by_it, own, rng.exponential(1, people)))
        gone = np.ceil(rng.uniform(0, 150, people))
        cause = np.where(days > gone, "censored", np.where(ends_by_it, "diagnosis", "death"))
        last = np.minimum(days, gone)
        s = pd.DataFrame({"x": x, "lower": last, "upper": np.where(cause == "censored", np.inf, last), "cause": cause})
        row = fine_gray(s, "x").iloc[0]
        covered += row["low"] <= effect <= row["high"]
    assert 0.95 - 3 * np.sqrt(0.05 * 0.95 / 200) <= covered / 200
