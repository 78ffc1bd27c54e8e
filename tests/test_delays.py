import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference import inputs, read
from scipy import stats

import firstsign as fs
from firstsign.delays import fit_delay
from firstsign.families import FAMILIES

INF = np.inf
OF_A_MAXIMUM = 1e-6  # both programs iterate

# A sharp, a blunt and a typical delay.
PARAMETERS = {
    "exponential": (40.0,),
    "weibull": (0.8, 40.0),
    "lognormal": (3.3, 0.9),
    "loglogistic": (1.8, 30.0),
    "gamma": (0.7, 60.0),
    "generalized_gamma": (3.5, 1.0, 0.5),
}


def spells_of(frame):
    return frame.groupby(list(frame.columns), as_index=False).size().rename(columns={"size": "n"})


@pytest.fixture(scope="module")
def delays():
    return spells_of(inputs.delays())


@pytest.fixture(scope="module")
def observed():
    return spells_of(inputs.observed())


@pytest.fixture(scope="module")
def widest(observed):
    """The richest family fitted to them."""
    return fit_delay(observed, "generalized_gamma")


# Another program


@pytest.mark.parametrize("family", ["exponential", "weibull", "lognormal", "loglogistic"])
def test_equals_r_survreg(delays, family):
    expected = read("delays_survreg").set_index("family").loc[family]
    fit = fit_delay(delays, family)
    count = len(fit.params)
    assert_allclose(fit.params, expected[["first", "second"]][:count], rtol=OF_A_MAXIMUM)
    assert_allclose(fit.loglik, expected["loglik"], rtol=1e-10)
    covariance = np.array([[expected["var_first"], expected["cov"]], [expected["cov"], expected["var_second"]]])
    error = np.sqrt(np.diag(covariance))
    # Each entry on the scale of its two errors: R differentiates exactly, we numerically.
    assert_allclose((fit.covariance / np.outer(error, error)[:count, :count]).to_numpy(),
                    (covariance / np.outer(error, error))[:count, :count], atol=1e-5)  # fmt: skip
    assert fit.people == 600
    assert fit.aic == 2 * count - 2 * fit.loglik


def test_the_log_likelihood_is_that_of_the_days_not_of_their_logs():
    """One known day under an exponential: log(1 / 10) - 1. The density of its log would give log(10) more."""
    fit = fit_delay(pd.DataFrame({"lower": [10.0], "upper": [10.0]}), "exponential")
    assert_allclose(fit.params["scale"], 10, rtol=OF_A_MAXIMUM)
    assert_allclose(fit.loglik, -np.log(10) - 1, rtol=1e-12)


@pytest.mark.parametrize("row", read("delays_direct").to_dict("records"), ids=lambda r: f"{r['data']} {r['family']}")
def test_equals_the_likelihood_written_out_in_r(row, delays, observed):
    fit = fit_delay({"delays": delays, "observed": observed}[row["data"]], row["family"])
    assert_allclose(fit.loglik, row["loglik"], rtol=1e-10)
    expected = [row[name] for name in ("first", "second", "third")][: len(fit.params)]
    assert_allclose(fit.params, expected, rtol=1e-4)  # nlminb stops where the log-likelihood is flat to 1e-14 of itself


@pytest.mark.parametrize("row", read("delays_loglik").to_dict("records"), ids=lambda r: r["family"])
def test_likelihood_at_given_parameters_equals_r(row, observed):
    """Every censoring and truncation at once; with all parameters held, the fit only computes."""
    names = FAMILIES[row["family"]].parameters
    fixed = dict(zip(names, (row["first"], row["second"], row["third"]), strict=False))
    fit = fit_delay(observed, row["family"], fixed=fixed)
    assert_allclose(fit.loglik, row["loglik"], rtol=1e-9)
    assert fit.params.to_dict() == pytest.approx(fixed, rel=1e-14)
    assert (fit.covariance == 0).all(axis=None)
    assert fit.aic == -2 * fit.loglik


@pytest.fixture(scope="module")
def covariates():
    return inputs.counted(inputs.covariates())


@pytest.mark.parametrize(
    ("family", "scale"),
    [("exponential", "one"), *((f, s) for f in ("weibull", "lognormal", "loglogistic") for s in ("one", "by sex"))],
)
def test_covariates_equal_r_survreg(covariates, family, scale):
    """Coefficients of the location, and of log sigma where R has strata; R's sigma is 1 / shape."""
    table = read("delays_covariates").query("family == @family and scale == @scale")
    fit = fit_delay(covariates, family, formula="sex + age", scale_formula="sex" if scale == "by sex" else None)
    assert fit.location == ["Intercept", "sex[T.M]", "age"]
    assert_allclose(fit.params[fit.location], table["estimate"], rtol=OF_A_MAXIMUM)
    error = np.sqrt(np.diag(fit.covariance.loc[fit.location, fit.location]))
    assert_allclose(error, table["se"], rtol=1e-5)
    assert_allclose(fit.loglik, table["loglik"].iloc[0], rtol=1e-10)
    rest, sign = fit.params.drop(fit.location), 1 if family == "lognormal" else -1
    if scale == "by sex":
        sigma = np.exp(sign * np.array([rest.iloc[0], rest.sum()]))
        assert_allclose(sigma, table[["sigma_first", "sigma_last"]].iloc[0].astype(float), rtol=OF_A_MAXIMUM)
    elif len(rest):
        assert_allclose(rest.iloc[0] ** sign, table["sigma_first"].iloc[0], rtol=OF_A_MAXIMUM)


# By hand


def test_a_formula_with_one_group_each_is_a_fit_of_each(covariates):
    """Location and spread by sex and nothing shared: the log-likelihoods of two fits add up."""
    both = fit_delay(covariates, "gamma", formula="0 + sex", scale_formula="0 + sex")
    alone = {sex: fit_delay(group, "gamma") for sex, group in covariates.groupby("sex")}
    assert_allclose(both.loglik, sum(fit.loglik for fit in alone.values()), rtol=1e-12)
    for sex, fit in alone.items():
        assert_allclose(np.exp(both.params[f"sex[{sex}]"]), fit.params["scale"], rtol=OF_A_MAXIMUM)
        assert_allclose(np.exp(both.params[f"log shape: sex[{sex}]"]), fit.params["shape"], rtol=OF_A_MAXIMUM)
        mine, theirs = both.quantiles([0.5, 0.9], at={"sex": sex}), fit.quantiles([0.5, 0.9])
        assert_allclose(mine[["days", "low", "high"]], theirs[["days", "low", "high"]], rtol=1e-5)


def test_a_formula_of_a_constant_is_none(delays):
    plain, term = fit_delay(delays, "weibull"), fit_delay(delays, "weibull", formula="1")
    assert_allclose(np.exp(term.params["Intercept"]), plain.params["scale"], rtol=1e-7)
    assert_allclose(term.loglik, plain.loglik, rtol=1e-13)
    assert list(term.params.index) == ["Intercept", "shape"]


def test_a_covariate_in_another_unit_has_another_coefficient(covariates):
    fit = fit_delay(covariates, "lognormal", formula="age")
    days = fit_delay(covariates.assign(age=covariates["age"] * 365.25), "lognormal", formula="age")
    assert_allclose(days.params["age"] * 365.25, fit.params["age"], rtol=1e-6)
    assert_allclose(days.loglik, fit.loglik, rtol=1e-12)


def test_a_level_at_which_nobody_ended_is_said(covariates):
    spells = covariates.assign(sex=covariates["sex"].where(np.isfinite(covariates["upper"]), "X"))
    with pytest.raises(ValueError, match=r"could not be fitted.*sex\[T.X\].*at one level of a covariate"):
        fit_delay(spells, "lognormal", formula="sex")


def test_growth_of_onsets_in_their_windows_is_taken_back():
    """Onsets that grow by 8 % a day sit late in their months: with the growth the fit finds the delays, without it does not."""
    rng = np.random.default_rng(20260110)
    onset = 30 + np.log(rng.random(20_000) * (1 - np.exp(-0.08 * 30)) + np.exp(-0.08 * 30)) / 0.08
    day = np.floor(onset + rng.lognormal(2.5, 0.6, 20_000))
    s = pd.DataFrame({"lower": day, "upper": day + 1, "window": 30.0})
    grown, equal = (fit_delay(s, "lognormal", growth=growth).summary.set_index("parameter") for growth in (0.08, 0.0))
    assert abs(grown.loc["mu", "estimate"] - 2.5) < 3 * grown.loc["mu", "se"]
    assert abs(grown.loc["sigma", "estimate"] - 0.6) < 3 * grown.loc["sigma", "se"]
    assert equal.loc["mu", "estimate"] > 2.5 + 20 * equal.loc["mu", "se"]


@pytest.mark.parametrize(
    ("family", "truth"), [("weibull", (1.3, 50.0)), ("gamma", (2.0, 30.0)), ("lognormal", (3.5, 0.8))]
)
def test_people_sampled_by_diagnosis_while_incidence_grows(family, truth):
    """Delays weighted by exp(-0.02 t): the fit finds those of everybody who fell ill."""
    rng = np.random.default_rng(20260111)
    days = FAMILIES[family].distribution(*truth).ppf(rng.random(60_000))
    days = days[rng.random(60_000) < np.exp(-0.02 * days)]
    found = fit_delay(pd.DataFrame({"lower": days, "upper": days}), family, cohort_growth=0.02).summary
    assert (np.abs(found["estimate"] - truth) < 3 * found["se"]).all()


def test_cohort_growth_of_an_exponential_by_hand():
    """Observed mean 20 at growth r: rate 1 / 20 - r; falling incidence likewise."""
    s = pd.DataFrame({"lower": [10.0, 30], "upper": [10.0, 30]})
    assert_allclose(
        fit_delay(s, "exponential", cohort_growth=0.01).params["scale"], 1 / (1 / 20 - 0.01), rtol=OF_A_MAXIMUM
    )
    assert_allclose(
        fit_delay(s, "exponential", cohort_growth=-0.01).params["scale"], 1 / (1 / 20 + 0.01), rtol=OF_A_MAXIMUM
    )


def test_exponential_by_hand():
    """Three ends after 60 person-days in all: scale 20, its error 20 / sqrt(3)."""
    s = pd.DataFrame({"lower": [10.0, 15, 5, 30], "upper": [10.0, 15, 5, INF]})
    fit = fit_delay(s, "exponential")
    assert_allclose(fit.params["scale"], 20, rtol=OF_A_MAXIMUM)
    assert_allclose(np.sqrt(fit.covariance.loc["scale", "scale"]), 20 / np.sqrt(3), rtol=1e-5)
    assert_allclose(fit.loglik, -3 * np.log(20) - 60 / 20, rtol=1e-12)


def test_delayed_entry_of_an_exponential_subtracts_the_days_before_it():
    s = pd.DataFrame({"lower": [10.0, 15, 5, 30], "upper": [10.0, 15, 5, INF], "entry": [4.0, 0, 2, 12]})
    assert_allclose(fit_delay(s, "exponential").params["scale"], (60 - 18) / 3, rtol=OF_A_MAXIMUM)


def test_two_bands_of_an_exponential_by_hand():
    """3 of 4 end within 28 days: exp(-28 / scale) = 1/4."""
    s = pd.DataFrame({"lower": [0.0, 28], "upper": [28.0, INF], "n": [3, 1]})
    assert_allclose(fit_delay(s, "exponential").params["scale"], 28 / np.log(4), rtol=OF_A_MAXIMUM)


def test_never_diagnosed_by_hand():
    """Ends are over long before the censoring at day 10,000: the share never diagnosed is the share censored."""
    s = pd.DataFrame({"lower": [10.0, 20, 30, 10_000], "upper": [10.0, 20, 30, INF], "n": [10, 10, 10, 20]})
    fit = fit_delay(s, "exponential", never_diagnosed=True)
    assert_allclose(fit.params, [20, 0.4], rtol=OF_A_MAXIMUM)
    assert_allclose(fit.covariance.loc["never_diagnosed", "never_diagnosed"], 0.4 * 0.6 / 50, rtol=1e-5)
    summary = fit.summary.set_index("parameter").loc["never_diagnosed"]
    half = stats.norm.isf(0.025) * np.sqrt(0.4 * 0.6 / 50) / (0.4 * 0.6)
    assert_allclose([summary["low"], summary["high"]], 1 / (1 + np.exp(-np.log(0.4 / 0.6) + np.array([half, -half]))))


def test_survival_and_quantiles_with_people_never_diagnosed():
    s = pd.DataFrame({"lower": [10.0, 20, 30, 10_000], "upper": [10.0, 20, 30, INF], "n": [10, 10, 10, 20]})
    fit = fit_delay(s, "exponential", never_diagnosed=True)
    waiting = fit.survival([0, 20, 1e5])
    assert_allclose(waiting["estimate"], [1, 0.4 + 0.6 * np.exp(-1), 0.4], rtol=1e-6)
    quantile = fit.quantiles([0.3, 0.7])
    assert_allclose(quantile["days"], [20 * np.log(2), INF], rtol=1e-6)
    assert quantile.loc[0, "low"] < quantile.loc[0, "days"] < quantile.loc[0, "high"]
    assert quantile.loc[1, ["low", "high"]].isna().all()


def test_quantiles_and_survival_of_an_exponential_by_hand():
    """Quantiles are the scale times a constant, so their logs have the error of the log scale: 1 / sqrt(ends)."""
    fit = fit_delay(pd.DataFrame({"lower": [10.0, 30], "upper": [10.0, 30], "n": [8, 8]}), "exponential")
    row = fit.quantiles(0.5, level=0.9).iloc[0]
    factor = np.exp(stats.norm.isf(0.05) / 4)
    middle = 20 * np.log(2)
    assert_allclose(row[["days", "low", "high"]].astype(float), [middle, middle / factor, middle * factor], rtol=1e-5)
    waiting = fit.survival(20, level=0.9, band="log-log").iloc[0]
    low, high = np.exp(-factor), np.exp(-1 / factor)
    assert_allclose(waiting[["estimate", "low", "high"]].astype(float), [np.exp(-1), low, high], rtol=1e-5)


def test_summary_is_symmetric_on_the_scale_of_the_search(delays):
    table = fit_delay(delays, "lognormal").summary.set_index("parameter")
    assert list(table.columns) == ["estimate", "se", "low", "high"]
    mu, sigma = table.loc["mu"], table.loc["sigma"]
    assert_allclose(mu["high"] - mu["estimate"], mu["estimate"] - mu["low"])
    assert_allclose(sigma["high"] / sigma["estimate"], sigma["estimate"] / sigma["low"])
    assert_allclose(mu["high"] - mu["estimate"], stats.norm.isf(0.025) * mu["se"])


# Nested families


@pytest.mark.parametrize(
    ("family", "nested", "translate"),
    [
        ("weibull", "weibull", lambda shape, scale: (np.log(scale), 1 / shape, 1.0)),
        ("gamma", "gamma", lambda shape, scale: (np.log(shape * scale), shape**-0.5, shape**-0.5)),
        ("lognormal", "lognormal", lambda mu, sigma: (mu, sigma, 0.0)),
    ],
)
def test_generalized_gamma_holds_the_others(observed, widest, family, nested, translate):
    fit = fit_delay(observed, family)
    names = ("mu", "sigma", "q")
    held = fit_delay(
        observed, "generalized_gamma", fixed=dict(zip(names, map(float, translate(*fit.params)), strict=True))
    )
    assert_allclose(held.loglik, fit.loglik, rtol=1e-11)
    assert widest.loglik >= fit.loglik


def test_weibull_of_shape_one_is_exponential(delays):
    held, exponential = fit_delay(delays, "weibull", fixed={"shape": 1.0}), fit_delay(delays, "exponential")
    assert_allclose(held.params["scale"], exponential.params["scale"], rtol=OF_A_MAXIMUM)
    assert_allclose(held.loglik, exponential.loglik, rtol=1e-12)
    assert_allclose(held.covariance.loc["scale", "scale"], exponential.covariance.loc["scale", "scale"], rtol=1e-5)
    assert held.covariance.loc["shape"].eq(0).all()
    assert held.aic == pytest.approx(exponential.aic, rel=1e-12)
    assert held.summary.loc[0, ["low", "high"]].tolist() == [1, 1]


def test_lognormal_delays_are_fitted_by_a_generalized_gamma_near_q_zero():
    """5,000 quantiles of a lognormal: the highest point lies where the family changes its formula."""
    days = stats.lognorm(0.8, scale=30).ppf((np.arange(5000) + 0.5) / 5000)
    fit = fit_delay(pd.DataFrame({"lower": days, "upper": days}), "generalized_gamma")
    assert abs(fit.params["q"]) < 0.01
    assert_allclose(fit.params[["mu", "sigma"]], [np.log(30), 0.8], atol=0.005)
    error = np.sqrt(fit.covariance.loc["q", "q"])
    assert 0.02 < error < 0.06
    assert_allclose(fit.covariance, fit.covariance.T)
    elsewhere = fit_delay(pd.DataFrame({"lower": days, "upper": days}), "generalized_gamma", fixed={"q": 0.0005})
    assert 0 <= fit.loglik - elsewhere.loglik < 0.01


# Properties


@st.composite
def some_spells(draw):
    """Ends of every kind: known, in bands, censored, after an entry, from a window."""
    rows = draw(
        st.lists(
            st.tuples(st.integers(1, 60), st.sampled_from(["known", "band", "late", "window"]), st.integers(1, 3)),
            min_size=6,
            max_size=15,
            unique=True,
        )
    )
    made = {
        "known": lambda day: (day, day, 0, 0),
        "band": lambda day: (day, day + 7, 0, 0),
        "late": lambda day: (day, INF, 0, day / 2),
        "window": lambda day: (day, day + 1, 10, 0),
    }
    frame = pd.DataFrame(
        [(*made[kind](day), n) for day, kind, n in rows], columns=["lower", "upper", "window", "entry", "n"]
    )
    spread = pd.DataFrame({"lower": [3.0, 21, 50], "upper": [3.0, 21, 50], "window": 0, "entry": 0, "n": 2})
    return pd.concat([frame, spread], ignore_index=True).astype(float)


@given(some_spells(), st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_counting_and_order_do_not_matter(s, random):
    repeated = s.loc[s.index.repeat(s["n"].astype(int))].drop(columns="n")
    shuffled = repeated.iloc[random.sample(range(len(repeated)), len(repeated))]
    a, b = fit_delay(s, "weibull"), fit_delay(shuffled, "weibull")
    assert_allclose(a.params, b.params, rtol=1e-7)
    assert_allclose(a.loglik, b.loglik, rtol=1e-11)
    assert_allclose(a.covariance, b.covariance, rtol=1e-5)
    assert a.people == b.people


@given(some_spells(), st.sampled_from([1 / 7, 30.4375]))
@settings(max_examples=15)
def test_another_unit_of_time_scales_the_quantiles(s, unit):
    times = ["lower", "upper", "window", "entry"]
    a, b = fit_delay(s, "loglogistic"), fit_delay(s.assign(**{name: s[name] / unit for name in times}), "loglogistic")
    ours, theirs = a.quantiles([0.1, 0.5, 0.9]), b.quantiles([0.1, 0.5, 0.9])
    assert_allclose(ours[["days", "low", "high"]], theirs[["days", "low", "high"]] * unit, rtol=1e-5)
    known = s.loc[(s["lower"] == s["upper"]), "n"].sum()
    assert_allclose(b.loglik - a.loglik, known * np.log(unit), rtol=1e-6)


@given(some_spells())
@settings(max_examples=10)
def test_truncation_at_zero_and_far_away_changes_nothing(s):
    ended = s[np.isfinite(s["upper"])].assign(entry=0.0)
    plain = fit_delay(ended, "weibull")
    assert_allclose(fit_delay(ended.assign(limit=1e9), "weibull").params, plain.params, rtol=1e-6)
    assert_allclose(fit_delay(ended.assign(limit=INF, entry=0.0), "weibull").params, plain.params, rtol=1e-12)


@pytest.mark.parametrize("family", list(FAMILIES))
def test_a_hundred_million_people_have_the_same_delays_and_smaller_errors(delays, family):
    many = fit_delay(delays.assign(n=delays["n"] * 1e5), family)
    few = fit_delay(delays, family)
    error = np.sqrt(np.diag(few.covariance))
    assert_allclose(many.params / error, few.params / error, atol=1e-4)
    assert_allclose(np.sqrt(np.diag(many.covariance)) * np.sqrt(1e5), error, rtol=1e-3)


@pytest.mark.parametrize("family", list(FAMILIES))
def test_finds_the_parameters_of_its_own_quantiles(family):
    """4,000 evenly spread quantiles of a family bring its parameters back."""
    days = FAMILIES[family].distribution(*PARAMETERS[family]).ppf((np.arange(4000) + 0.5) / 4000)
    fit = fit_delay(pd.DataFrame({"lower": days, "upper": days}), family)
    assert_allclose(fit.params, PARAMETERS[family], rtol=0.01)
    share = fit.survival(days[[400, 2000, 3600]])["estimate"]
    assert_allclose(share, [0.9, 0.5, 0.1], atol=0.002)


@pytest.mark.parametrize(
    ("family", "of_scipy", "sigma"),
    [
        ("loglogistic", stats.fisk, 0.01),
        ("loglogistic", stats.fisk, 0.001),
        ("weibull", stats.weibull_min, 0.01),
        ("weibull", stats.weibull_min, 0.001),
        ("gamma", stats.gamma, 0.01),
    ],
)
def test_delays_nearly_alike_have_a_maximum_that_is_found(family, of_scipy, sigma):
    """Where a hundredth of a log day is farther than the delays are apart, other steps are needed."""
    days = np.random.default_rng(0).lognormal(4, sigma, 150)
    fit = fit_delay(pd.DataFrame({"lower": days, "upper": days}), family)
    shape, scale = fit.params
    here = of_scipy(shape, scale=scale).logpdf(days).sum()
    assert_allclose(fit.loglik, here, rtol=1e-8)
    for factor in (1 - sigma / 100, 1 + sigma / 100):
        assert of_scipy(shape, scale=scale * factor).logpdf(days).sum() < here
        assert of_scipy(shape * (1 + 100 * (factor - 1)), scale=scale).logpdf(days).sum() < here or family == "gamma"


def test_a_gamma_whose_shape_and_scale_cannot_be_told_apart_is_refused():
    """A shape of a million: in double precision only its product with the scale is known."""
    days = np.random.default_rng(0).lognormal(4, 0.001, 150)
    with pytest.raises(ValueError, match="could not be fitted"):
        fit_delay(pd.DataFrame({"lower": days, "upper": days}), "gamma")


# Several causes


def test_other_causes_are_censorings():
    s = pd.DataFrame(
        {
            "lower": [10.0, 20, 30, 14],
            "upper": [10.0, 20, 30, 28],
            "cause": ["diagnosis", "death", "diagnosis", "death"],
        }
    )
    with pytest.raises(ValueError, match="event='death'"):
        fit_delay(s, "exponential")
    fit = fit_delay(s, "exponential", event="diagnosis")  # the banded death was still waiting on day 14
    assert_allclose(fit.params["scale"], (10 + 20 + 30 + 14) / 2, rtol=OF_A_MAXIMUM)


# Refusals

TWO = pd.DataFrame({"lower": [10.0, 20], "upper": [10.0, 20]})


@pytest.mark.parametrize(
    ("spells", "asked", "message"),
    [
        (TWO, {"formula": "age"}, "no column 'age'"),
        (TWO, {"formula": "delay ~ age"}, "right-hand side only"),
        (TWO, {"family": "exponential", "scale_formula": "upper"}, "part of the outcome"),
        (TWO.assign(sex="F"), {"family": "exponential", "scale_formula": "sex"}, "no parameter but its scale"),
        (TWO, {"growth": 0.01}, "there is no window for onsets to grow in"),
        (TWO.assign(window=7.0), {"growth": np.inf}, "growth is inf; it is a rate per day"),
        (TWO.assign(limit=30.0), {"cohort_growth": 0.01}, "already absorb it"),
        (TWO.assign(upper=[10, INF]), {"cohort_growth": 0.01}, "spells without an end"),
        (TWO, {"cohort_growth": 0.01, "never_diagnosed": True}, "cannot go with never_diagnosed"),
        (TWO.assign(sex=["F", "M"]), {"cohort_growth": 0.01, "formula": "sex"}, "fit each group on its own"),
        (TWO.assign(window=7.0), {"cohort_growth": 0.01, "growth": 0.01}, "already in it"),
        (TWO.assign(sigma=["F", "M"]), {"formula": "sigma"}, "could not be fitted"),  # two people, and sigma[T.M]
        (TWO.assign(sigma=[1.0, 2]), {"formula": "sigma"}, "as is a parameter of the lognormal"),
        (TWO, {"formula": "0"}, "has no term; '1' gives everybody the same"),
        (
            TWO.assign(limit=30.0, cause=["diagnosis", "death"]),
            {"event": "diagnosis"},
            "end in several ways and have limits",
        ),
        (TWO, {"cohort_growth": -0.01}, "could not be fitted"),  # falling incidence has no integral under a lognormal
        (TWO, {"family": "weibul"}, r"did you mean 'weibull'"),
        (TWO, {"fixed": {"shape": 1.0}}, "lognormal has no parameter 'shape'"),
        (TWO, {"fixed": {"never_diagnosed": 0.5}}, "no parameter 'never_diagnosed'"),
        (TWO, {"fixed": {"sigma": 0.0}}, "sigma cannot be held at 0.0; it must be above 0"),
        (TWO, {"fixed": {"mu": np.nan}}, "mu cannot be held at nan; it must be a number"),
        (TWO, {"fixed": {"never_diagnosed": 0.0}, "never_diagnosed": True}, r"inside \(0, 1\)"),
        (TWO, {"event": "dignosis"}, "did you mean 'diagnosis'"),
        (TWO.assign(limit=30), {"never_diagnosed": True}, "nothing in them says how many"),
        (TWO.assign(upper=INF), {}, "Nobody's spell ended"),
        (TWO.assign(lower=[0, 20], upper=[0, 20]), {}, "1 people end on day 0 exactly.*whole_days=True"),
        (TWO.assign(lower=[0, 20], upper=[0, 20], window=30), {}, "1 people end on day 0 exactly"),
        (TWO[:1], {}, "All ends lie on day 10 exactly"),  # one person: the narrower the better
        (TWO.assign(lower=10.0, upper=10.0, n=50), {"family": "loglogistic"}, "All ends lie on day 10 exactly"),
        (TWO.assign(lower=0.0, upper=7.0), {"family": "gamma"}, "could not be fitted"),  # one band: any short delay
        (TWO.assign(lower=0.0, upper=7.0), {"family": "exponential"}, "could not be fitted"),
        (TWO, {"family": "generalized_gamma"}, "could not be fitted"),  # three parameters, two people
        (TWO.assign(limit=20.5), {"family": "exponential"}, "could not be fitted"),  # seen only while rising
        (TWO.drop(columns="upper"), {}, "no column 'upper'"),
    ],
)
def test_refusals_say_what_is_wrong(spells, asked, message):
    with pytest.raises(ValueError, match=message):
        fit_delay(spells, **asked)


def test_shares_and_levels_are_checked(delays):
    fit = fit_delay(delays, "exponential")
    for q in (0, 1, [0.5, 1.2], np.nan):
        with pytest.raises(ValueError, match="inside"):
            fit.quantiles(q)
    with pytest.raises(ValueError, match="level"):
        fit.quantiles(0.5, level=95)
    with pytest.raises(ValueError, match="level"):
        fit.survival([1], level=0)
    with pytest.raises(ValueError, match="band is 'loglog'"):
        fit.survival([1], band="loglog")


def test_is_public():
    assert fs.fit_delay is fit_delay
