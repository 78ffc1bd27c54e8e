import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from reference import inputs, read
from test_curves import any_spells, as_spells, counted

from firstsign.curves import kaplan_meier
from firstsign.hazards import nelson_aalen

TOLERANCE = 1e-9


@pytest.mark.parametrize("data", ["lung", "ties", "entry"])
def test_equals_r_survfit_cumhaz(data):
    expected = read(f"cumhaz_{data}")
    got = nelson_aalen(counted(as_spells(getattr(inputs, data)())), by="group")
    assert len(got) == len(expected) > 30
    assert got["group"].tolist() == expected["group"].tolist()
    for column in ("day", "at_risk", "events", "estimate", "se"):
        assert_allclose(got[column], expected[column], rtol=TOLERANCE, atol=1e-15, err_msg=column)


def test_by_hand_with_both_bands():
    """One of four, two of three, the last one leaves."""
    s = pd.DataFrame({"lower": [1.0, 2, 5], "upper": [1.0, 2, np.inf], "n": [1, 2, 1]})
    log, plain = nelson_aalen(s, level=0.9), nelson_aalen(s, level=0.9, band="plain")
    hazard, se = 1 / 4 + 2 / 3, np.sqrt(1 / 16 + 2 / 9)
    assert_allclose(log["estimate"], [1 / 4, hazard, hazard])
    assert_allclose(log["se"][1], se)
    z = 1.6448536269514722
    assert_allclose(
        log.loc[1, ["low", "high"]].astype(float), [hazard / np.exp(z * se / hazard), hazard * np.exp(z * se / hazard)]
    )
    assert_allclose(plain.loc[1, ["low", "high"]].astype(float), [hazard - z * se, hazard + z * se])
    assert plain["low"][0] == 0


def test_before_the_first_end_there_is_no_interval():
    got = nelson_aalen(pd.DataFrame({"lower": [3.0, 9.0], "upper": [np.inf, np.inf]}))
    assert (got["estimate"] == 0).all()
    assert got[["low", "high"]].isna().all(axis=None)


@given(any_spells())
def test_never_falls_and_is_above_minus_log_of_what_kaplan_meier_leaves_out(s):
    """Each factor 1 - h of the product is below exp(-h)."""
    hazard, waiting = nelson_aalen(s, by="group"), kaplan_meier(s, by="group")
    assert (np.exp(-hazard["estimate"]) >= waiting["estimate"] - 1e-12).all()
    for _, one in hazard.groupby("group"):
        assert (np.diff(one["estimate"]) >= 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"), [({"band": "log-log"}, "'log' or 'plain'"), ({"level": 1.0}, "level is 1.0")]
)
def test_band_and_level_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        nelson_aalen(pd.DataFrame({"lower": [1.0], "upper": [1.0]}), **arguments)


def test_limits_and_several_causes_are_refused():
    with pytest.raises(ValueError, match="right_truncated"):
        nelson_aalen(pd.DataFrame({"lower": [1.0], "upper": [1.0], "limit": [9.0]}))
    s = pd.DataFrame({"lower": [1.0, 2], "upper": [1.0, 2], "cause": ["diagnosis", "death"]})
    with pytest.raises(ValueError, match="cumulative_incidence"):
        nelson_aalen(s)
    assert_allclose(nelson_aalen(s, event="death")["estimate"], [0, 1])


def test_the_band_covers_the_truth():
    rng = np.random.default_rng(20260201)
    covered = 0
    for _ in range(400):
        delay, leaves = rng.exponential(40, 150), rng.exponential(80, 150)
        lower = np.minimum(delay, leaves)
        curve = nelson_aalen(pd.DataFrame({"lower": lower, "upper": np.where(delay <= leaves, lower, np.inf)}))
        row = curve[curve["day"] <= 30].iloc[-1]
        covered += row["low"] <= 30 / 40 <= row["high"]
    assert abs(covered / 400 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 400)
