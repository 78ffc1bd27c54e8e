from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter
from numpy.testing import assert_allclose
from reference import inputs, read
from test_curves import any_spells, as_spells, counted

from firstsign.delays import fit_delay
from firstsign.partial_likelihood import moments
from firstsign.regression import _table, aft, cox, proportional_hazards

TOLERANCE = 1e-6  # both programs iterate


def patients(day: str = "end") -> pd.DataFrame:
    """`inputs.patients` as counted spells; `day` is "end" (whole days, with entries) or "exact" (without)."""
    people = inputs.patients()
    ended = people["cause"] != "censored"
    last = people[day].astype(float)
    spells = people[["sex", "stage", "age", "cause"]].assign(
        lower=last, upper=last.where(ended, np.inf), entry=people["entry"].astype(float) * (day == "end"), n=1
    )
    return counted(spells)


def spells_of(data: str) -> tuple[pd.DataFrame, str]:
    if data == "patients":
        return patients(), "sex + stage + age"
    return counted(as_spells(getattr(inputs, data)())), "group"


@pytest.mark.parametrize("case", list(read("cox").groupby(["data", "ties"])), ids=lambda case: "-".join(case[0]))
def test_equals_r_coxph(case):
    (data, ties), known = case
    spells, formula = spells_of(data)
    got = cox(spells, formula, ties, event="diagnosis")
    assert got["term"].tolist() == known["term"].tolist()
    for column in ("estimate", "se", "p"):
        assert_allclose(got[column], known[column], rtol=TOLERANCE)
    for number in ("loglik", "loglik_null"):
        assert_allclose(got.attrs[number], known[number].iloc[0], rtol=1e-12)
    assert got.attrs["people"] == spells["n"].sum()
    assert got.attrs["events"] == spells.loc[spells["cause"] == "diagnosis", "n"].sum()


@pytest.mark.parametrize(
    "case", list(read("cox_zph").groupby(["data", "ties", "transform"])), ids=lambda case: "-".join(case[0])
)
def test_equals_r_cox_zph(case):
    (data, ties, transform), known = case
    spells, formula = spells_of(data)
    got = proportional_hazards(spells, formula, ties, transform, event="diagnosis")
    assert got["term"].tolist() == known["term"].tolist()
    assert got["df"].tolist() == known["df"].tolist()
    assert_allclose(got[["statistic", "p"]], known[["statistic", "p"]], rtol=TOLERANCE)


def test_agrees_with_lifelines_on_replicated_people():
    people = patients()
    rows = people.loc[people.index.repeat(people["n"])]
    table = pd.DataFrame(
        {
            "end": rows["lower"],
            "entry": rows["entry"],
            "ended": rows["cause"] == "diagnosis",
            "age": rows["age"],
            "sex": rows["sex"],
        }
    )
    peer = CoxPHFitter().fit(table, "end", "ended", entry_col="entry", formula="sex + age").summary
    got = cox(people, "sex + age", event="diagnosis").set_index("term")
    assert_allclose(got.loc[peer.index, "estimate"], peer["coef"], rtol=1e-4)
    assert_allclose(got.loc[peer.index, "se"], peer["se(coef)"], rtol=1e-4)


def test_the_check_is_a_score_test_of_slopes_in_time():
    """Another route: each person's time is cut at every end, and the terms times the clock are covariates of the pieces."""
    spells = patients().query("cause != 'death'").drop(columns="stage")
    days = np.unique(spells["lower"])
    edges = np.concatenate([[0], days])
    pieces = []
    for first, last in pairwise(edges):
        piece = spells[(spells["lower"] > first) & (spells["entry"] < last)]
        goes_on = piece["lower"] > last
        pieces.append(
            piece.assign(
                entry=piece["entry"].clip(lower=first),
                lower=piece["lower"].clip(upper=last),
                upper=piece["upper"].where(~goes_on, np.inf),
                cause=piece["cause"].where(~goes_on, "censored"),
                sloped=last * piece["age"],
            )
        )
    table, covariates, _ = _table(pd.concat(pieces), "age + sloped", "efron", None, "cox")
    at = cox(spells, "age")["estimate"].item()
    here = moments(table._replace(x=table.x - table.x.mean(axis=0)), np.array([at, 0]))
    assert covariates.names == ["age", "sloped"]
    score = here.score
    assert_allclose(score[0], 0, atol=1e-6)
    statistic = score @ np.linalg.solve(here.information, score)
    assert_allclose(proportional_hazards(spells, "age", transform="identity")["statistic"], statistic, rtol=1e-6)


@pytest.mark.parametrize("family", ["exponential", "weibull", "lognormal", "loglogistic"])
def test_equals_r_survreg(family):
    known = read("aft").query("family == @family")
    got = aft(patients("exact"), "sex + stage + age", family, event="diagnosis")
    assert got["term"].tolist() == known["term"].tolist()
    assert_allclose(got["estimate"], known["estimate"], rtol=TOLERANCE)
    assert_allclose(got["se"], known["se"], rtol=TOLERANCE)
    assert_allclose(got.attrs["loglik"], known["loglik"].iloc[0], rtol=1e-9)


def test_aft_lists_the_location_of_fit_delay():
    spells = patients("exact")
    fit = fit_delay(spells, "gamma", formula="sex", event="diagnosis")
    got = aft(spells, "sex", "gamma", level=0.9, event="diagnosis")
    assert got["term"].tolist() == list(fit.location) == ["Intercept", "sex[T.M]"]
    assert_allclose(got["estimate"], fit.params[fit.location])
    assert_allclose(got["high"] - got["low"], 2 * 1.6448536 * got["se"], rtol=1e-6)


@st.composite
def two_or_more_ends(draw):
    s = draw(any_spells())
    s["age"] = draw(st.lists(st.integers(0, 4), min_size=len(s), max_size=len(s)))
    return s


def estimates(spells, formula="group + age", **arguments):
    """The estimates, or the first words of what was said instead."""
    try:
        frame = cox(spells, formula, **arguments)
    except ValueError as error:
        return str(error).split()[0], None
    return "estimated", frame


@settings(max_examples=25)
@given(two_or_more_ends(), st.randoms(use_true_random=False), st.sampled_from(["efron", "breslow"]))
def test_order_and_splitting_do_not_matter(s, random, ties):
    said, one = estimates(s, ties=ties)
    split = s.loc[s.index.repeat(s["n"])].assign(n=1)
    split = split.iloc[random.sample(range(len(split)), len(split))]
    said_of_split, other = estimates(split, ties=ties)
    assert said == said_of_split
    if one is not None:
        assert_allclose(other["estimate"], one["estimate"], rtol=1e-6, atol=1e-8)
        assert_allclose(other["se"], one["se"], rtol=1e-6)
        assert np.isfinite(one.drop(columns="term").to_numpy(float)).all()
        assert one.attrs["loglik"] >= one.attrs["loglik_null"] - 1e-9


@settings(max_examples=25)
@given(two_or_more_ends(), st.floats(0.01, 1000), st.floats(-1000, 1000))
def test_a_covariate_on_another_scale_has_its_effect_on_that_scale(s, scale, shift):
    said, one = estimates(s)
    said_of_scaled, other = estimates(s.assign(age=s["age"] * scale + shift))
    assert said == said_of_scaled
    if one is not None:
        factor = one["term"].map({"age": scale}).fillna(1)
        assert_allclose(other["estimate"] * factor, one["estimate"], rtol=1e-5, atol=1e-7)
        assert_allclose(other["se"] * factor, one["se"], rtol=1e-5)


@settings(max_examples=25)
@given(two_or_more_ends())
def test_only_the_order_of_days_matters(s):
    said, one = estimates(s)
    said_of_other, other = estimates(
        s.assign(lower=s["lower"] ** 2 / 3, upper=s["upper"] ** 2 / 3, entry=s["entry"] ** 2 / 3)
    )
    assert said == said_of_other
    if one is not None:
        pd.testing.assert_frame_equal(one, other, rtol=1e-9)


def test_the_check_does_not_hang_on_the_scale_of_a_covariate():
    """A calendar year, say, whose effect times its size is far beyond what exp can hold."""
    s = patients()
    known = proportional_hazards(s, "sex + age", event="diagnosis")
    got = proportional_hazards(s.assign(age=1e5 + s["age"]), "sex + age", event="diagnosis")
    pd.testing.assert_frame_equal(got, known, rtol=1e-6)


def test_a_billion_people_cost_no_more_and_are_as_precise():
    spells = patients()
    one, many = (cox(spells.assign(n=spells["n"] * times), "sex", "breslow", event="diagnosis") for times in (1, 10**6))
    assert_allclose(many["estimate"], one["estimate"], rtol=1e-9)
    assert_allclose(many["se"] * 1000, one["se"], rtol=1e-9)
    efron = cox(spells.assign(n=spells["n"] * 10**6), "sex", event="diagnosis")
    assert 0 < abs(efron["estimate"].item() - many["estimate"].item()) < 0.1


def test_other_causes_are_censorings():
    spells = patients()
    as_censored = spells.assign(
        upper=spells["upper"].where(spells["cause"] != "death", np.inf),
        cause=spells["cause"].replace("death", "censored"),
    )
    pd.testing.assert_frame_equal(cox(spells, "sex", event="diagnosis"), cox(as_censored, "sex"))


BASE = pd.DataFrame(
    {"lower": [1.0, 2, 3, 4, 5], "upper": [1.0, 2, 3, 4, np.inf], "x": list("abbab"), "n": [5, 5, 5, 5, 5]}
)


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (
            {"window": 3.0},
            {},
            r"25 people have a time zero known only to a window, which cox cannot use\. Use fit_delay",
        ),
        ({"upper": BASE["upper"] + 1}, {}, "ended in a band of days, which cox cannot use"),
        ({"upper": BASE["lower"], "limit": 9.0}, {}, "within a limit, which cox cannot use"),
        ({"upper": np.inf}, {}, "Nobody's spell ended by 'diagnosis'"),
        ({"n": 0}, {}, "hold nobody"),
        ({"x": "a"}, {}, "no covariate|collinear|0 for everybody"),
        ({"x": [None, *"bbab"]}, {}, "missing .x of 5 people"),
        ({"upper": [1.0, np.inf, np.inf, 4, np.inf]}, {}, r"The effect of x\[T.b\] grows without end"),
        ({}, {"ties": "exact"}, "ties is 'exact'; it can be 'efron' or 'breslow'"),
        ({}, {"level": 1.5}, "level is 1.5"),
        ({}, {"formula": "y"}, "no column 'y'"),
        ({}, {"formula": "1"}, "no covariate"),
        ({"cause": ["diagnosis", "death", "death", "death", "censored"]}, {}, "end in several ways"),
        ({}, {"event": "deth"}, "event is 'deth'"),
    ],
)
def test_what_cannot_be_is_said(change, arguments, message):
    with pytest.raises(ValueError, match=message):
        cox(BASE.assign(**change), **{"formula": "x"} | arguments)


def test_degenerate_spells_have_an_answer():
    """All end on one day: nobody comes before anybody, so the ratio is 1, and there is no time for it to change in."""
    tied = BASE.assign(lower=1.0, upper=1.0)
    assert_allclose(cox(tied, "x")["estimate"], 0, atol=1e-12)
    with pytest.raises(ValueError, match="effect of x changes with time"):
        proportional_hazards(tied, "x")
    assert cox(BASE.assign(lower=[0.0, 0, 3, 4, 5], upper=[0.0, np.inf, 3, 4, np.inf]), "x").attrs["events"] == 15
    assert cox(BASE.assign(n=BASE["n"] / 8), "x").attrs["people"] == 25 / 8


def test_transform_is_checked():
    with pytest.raises(ValueError, match="transform is 'log'"):
        proportional_hazards(BASE, "x", transform="log")


def test_intervals_cover_the_truth():
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        x = rng.integers(0, 2, 300)
        days = np.ceil(rng.exponential(40 * np.exp(-0.5 * x)))
        gone = np.ceil(rng.uniform(0, 120, 300))
        last = np.minimum(days, gone)
        people = pd.DataFrame({"x": x, "lower": last, "upper": np.where(days <= gone, last, np.inf)})
        row = cox(people, "x").iloc[0]
        covered += row["low"] <= 0.5 <= row["high"]
    assert 0.95 - 3 * np.sqrt(0.05 * 0.95 / 200) <= covered / 200


@pytest.mark.parametrize("formula", [None, "0", "0 + Intercept"])
def test_an_accelerated_failure_time_model_needs_terms(formula):
    s = patients("exact").assign(Intercept=1.0)
    with pytest.raises(ValueError, match="formula is "):
        aft(s, formula, event="diagnosis")


@pytest.mark.parametrize("n", [1e-300, 1e-100, 1e10])
def test_effects_do_not_depend_on_how_much_each_person_counts(n):
    s = patients("exact")
    known = cox(s, "sex + age", ties="breslow", event="diagnosis")
    got = cox(s.assign(n=n), "sex + age", ties="breslow", event="diagnosis")
    assert_allclose(got["estimate"], known["estimate"], rtol=1e-6)
    assert_allclose(got["se"] * np.sqrt(n), known["se"], rtol=1e-6)
