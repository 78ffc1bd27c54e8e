import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from firstsign.covariates import read, refuse_unknown_days, tidy, without_baseline

SPELLS = pd.DataFrame(
    {
        "lower": [1.0, 2, 3, 4],
        "upper": [1.0, 2, np.inf, 4],
        "sex": ["F", "M", "F", "M"],
        "stage": [1, 2, 1, 3],
        "n": [1, 2, 3, 0],
    }
)


def test_a_level_that_nobody_has_makes_no_term():
    frame, covariates = read(SPELLS, "C(stage)")
    assert len(frame) == 3
    assert covariates.names == ["Intercept", "C(stage)[T.2]"]


def test_patterns_parts_and_places():
    frame, covariates = read(SPELLS, "sex")
    assert covariates.matrix.tolist() == [[1, 0], [1, 1]]
    assert covariates.place.tolist() == [0, 1, 0]
    assert len(frame) == len(covariates.place)
    contrasts = without_baseline(covariates, "sex")
    assert contrasts.names == ["sex[T.M]"]
    assert contrasts.matrix.tolist() == [[0], [1]]
    assert contrasts.parts == {"sex": [0]}


def test_a_baseline_takes_what_all_share():
    for formula, message in (("1", "has no covariate"), ("0 + sex", r"told apart: the baseline, sex\[F\], sex\[M\]")):
        with pytest.raises(ValueError, match=message):
            without_baseline(read(SPELLS, formula)[1], formula)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"window": 3.0},
            "6 people have a time zero known only to a window, which cox cannot use.*fit_delay.*midpoint",
        ),
        ({"upper": [1.0, 2.5, np.inf, 4]}, "2 people ended in a band of days"),
        ({"entry": [0.5, 0, 1, 0]}, "4 people come under observation late"),
    ],
)
def test_unknown_days_are_refused_with_what_can_use_them(change, message):
    frame, _ = read(SPELLS.assign(**change), "sex")
    with pytest.raises(ValueError, match=message):
        refuse_unknown_days(frame, "cox", entries=False)


def test_limits_are_refused_and_entries_only_where_asked():
    frame, _ = read(SPELLS.iloc[:2].assign(limit=9.0), "sex")
    with pytest.raises(ValueError, match=r"3 people are in the data because they ended within a limit.*Use fit_delay"):
        refuse_unknown_days(frame, "cox")
    refuse_unknown_days(read(SPELLS.assign(entry=[0.5, 0, 1, 0]), "sex")[0], "cox")


def test_wald_intervals_and_tests():
    frame = tidy(["a", "b", "c"], np.array([1.0, 2.0, 0.0]), np.array([1.0, 0.0, 0.0]), 0.9)
    assert list(frame.columns) == ["term", "estimate", "se", "low", "high", "p"]
    assert_allclose(frame["low"], [1 - norm.isf(0.05), 2, 0])
    assert_allclose(frame["high"], [1 + norm.isf(0.05), 2, 0])
    assert_allclose(frame["p"], [2 * norm.sf(1), 0, 1])  # without any error


def test_more_people_than_can_be_counted_are_refused():
    with pytest.raises(ValueError, match=r"n adds up to 4e\+300 people, more than can be counted"):
        read(SPELLS.assign(n=1e300), "sex")


def test_a_covariate_that_is_there_twice_is_refused():
    with pytest.raises(ValueError, match=r"several columns 'sex'|2 columns 'sex'"):
        read(pd.concat([SPELLS, SPELLS[["sex"]]], axis=1), "sex")
