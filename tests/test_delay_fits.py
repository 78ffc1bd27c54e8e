import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference import inputs
from scipy import stats

import firstsign as fs
from firstsign.delay_fits import DelayFit

INF = np.inf


@pytest.fixture(scope="module")
def fit():
    return fs.fit_delay(inputs.counted(inputs.covariates()), "lognormal", formula="sex + age", scale_formula="sex")


def test_quantiles_at_covariates_by_hand(fit):
    """The log of a lognormal's quantile is mu + z sigma, linear in mu's coefficients: its variance can be written down."""
    at = {"sex": "M", "age": 60}
    row = fit.quantiles(0.9, at=at).iloc[0]
    mu = fit.params["Intercept"] + fit.params["sex[T.M]"] + 60 * fit.params["age"]
    sigma = np.exp(fit.params["log sigma: Intercept"] + fit.params["log sigma: sex[T.M]"])
    z = stats.norm.ppf(0.9)
    assert_allclose(np.log(row["days"]), mu + z * sigma, rtol=1e-12)
    slope = np.array([1, 1, 60, z * sigma, z * sigma])
    half = stats.norm.isf(0.025) * np.sqrt(slope @ fit.covariance.to_numpy() @ slope)
    assert_allclose(np.log([row["low"], row["high"]]), [mu + z * sigma - half, mu + z * sigma + half], rtol=1e-7)


def test_a_row_for_each_of_at_with_its_values_first(fit):
    people = pd.DataFrame({"sex": ["F", "M"], "age": [50, 70]})
    table = fit.survival([0, 30, INF], at=people)
    assert list(table.columns) == ["sex", "age", "day", "estimate", "se", "low", "high"]
    assert table["age"].tolist() == [50, 50, 50, 70, 70, 70]
    assert table["estimate"].iloc[[0, 2, 3, 5]].tolist() == [1, 0, 1, 0]
    same = fit.survival([0, 30, INF], at=people.to_dict("records"))
    pd.testing.assert_frame_equal(table, same)
    assert (table.groupby("sex")["estimate"].diff().dropna() < 0).all()


def test_the_intervals_of_coefficients_are_plain_those_of_parameters_are_not():
    table = fs.fit_delay(inputs.counted(inputs.covariates()), "weibull", formula="sex").summary.set_index("parameter")
    sex, shape = table.loc["sex[T.M]"], table.loc["shape"]
    assert_allclose(sex["high"] - sex["estimate"], sex["estimate"] - sex["low"])
    assert_allclose(shape["high"] / shape["estimate"], shape["estimate"] / shape["low"])


def test_bic_counts_people():
    s = pd.DataFrame({"lower": [10.0, 30], "upper": [10.0, 30], "n": [8, 8]})
    fit = fs.fit_delay(s, "exponential")
    assert_allclose(fit.bic, np.log(16) - 2 * fit.loglik)
    assert_allclose(fit.aic, 2 - 2 * fit.loglik)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_errors_do_not_depend_on_the_unit_of_a_covariate(unit):
    spells = inputs.counted(inputs.covariates())
    one, other = (
        fs.fit_delay(spells.assign(age=spells["age"] * k), "weibull", formula="age").quantiles(0.5, at={"age": 50 * k})
        for k in (1, unit)
    )
    assert_allclose(other[["days", "low", "high"]], one[["days", "low", "high"]], rtol=1e-4)


def test_far_beyond_all_days_is_said():
    fit = fs.fit_delay(inputs.counted(inputs.covariates()), "weibull", formula="age")
    with pytest.raises(ValueError, match="far beyond any number of days"):
        fit.quantiles(0.5, at={"age": 1e9})


def test_refusals_say_what_is_wrong(fit):
    plain = fs.fit_delay(pd.DataFrame({"lower": [10.0, 30], "upper": [10.0, 30]}), "exponential")
    with pytest.raises(ValueError, match=r"say for whom with at=.*age, sex"):
        fit.quantiles(0.5)
    with pytest.raises(ValueError, match="at lacks 'age'"):
        fit.survival(10, at={"sex": "M"})
    with pytest.raises(ValueError, match="at has a level that is not among those of the fit"):
        fit.survival(10, at={"sex": "X", "age": 50})
    with pytest.raises(ValueError, match="leave at= out"):
        plain.quantiles(0.5, at={"sex": "M"})
    with pytest.raises(ValueError, match=r"no parameter 'scal' \(did you mean|no parameter 'scal'"):
        plain.profile("scal")
    with pytest.raises(ValueError, match="level"):
        plain.profile(level=95)
    assert fs.DelayFit is DelayFit
