import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm

from firstsign.bands import BANDS, check_band, check_level, confidence_band

Z = norm.isf(0.025)


def one(share, se, level=0.95, band="log-log"):
    low, high = confidence_band(np.array([share]), np.array([se]), level, band)
    return low[0], high[0]


def test_each_band_by_hand():
    """A share of 0.64 with standard error 0.05, the delta method written out on each scale."""
    p, se = 0.64, 0.05
    theta = Z * se / (p * np.log(p))
    assert_allclose(one(p, se, band="log-log"), sorted([p ** np.exp(theta), p ** np.exp(-theta)]))
    assert_allclose(one(p, se, band="log"), [p * np.exp(-Z * se / p), p * np.exp(Z * se / p)])
    assert_allclose(one(p, se, band="plain"), [p - Z * se, p + Z * se])
    angle, half = np.arcsin(0.8), Z * se / (2 * 0.8 * 0.6)
    assert_allclose(one(p, se, band="arcsine-sqrt"), [np.sin(angle - half) ** 2, np.sin(angle + half) ** 2])
    logit, half = np.log(0.64 / 0.36), Z * se / (0.64 * 0.36)
    assert_allclose(one(p, se, band="logit"), 1 / (1 + np.exp(-np.array([logit - half, logit + half]))))


@pytest.mark.parametrize("band", list(BANDS))
def test_no_bounds_where_the_share_is_0_or_1(band):
    low, high = confidence_band(np.array([0.0, 0.5, 1]), np.array([0.0, 0.1, np.nan]), 0.95, band)
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, True]


@given(st.floats(0.001, 0.999), st.floats(1e-6, 2), st.floats(0.01, 0.999), st.sampled_from(list(BANDS)))
def test_lies_around_the_share_inside_0_and_1_and_widens_with_the_level(share, se, level, band):
    low, high = one(share, se, level, band)
    assert 0 <= low <= share * (1 + 1e-12)
    assert share * (1 - 1e-12) <= high <= 1
    wide = one(share, se, (1 + level) / 2, band)
    assert wide[0] <= low + 1e-12
    assert wide[1] >= high - 1e-12


@given(st.floats(0.01, 0.99), st.floats(1e-6, 0.5), st.sampled_from(["plain", "arcsine-sqrt", "logit"]))
def test_symmetric_bands_treat_waiting_and_ended_alike(share, se, band):
    low, high = one(share, se, band=band)
    other_low, other_high = one(1 - share, se, band=band)
    assert_allclose([low, high], [1 - other_high, 1 - other_low], atol=1e-9)


@pytest.mark.parametrize("band", list(BANDS))
def test_without_error_there_is_no_width(band):
    assert_allclose(one(0.3, 0.0, band=band), [0.3, 0.3], rtol=1e-12)


def test_bands_cap_at_0_and_1():
    assert one(0.9, 0.3, band="log")[1] == 1
    assert one(0.9, 0.3, band="plain")[1] == 1
    assert one(0.1, 0.3, band="plain")[0] == 0
    assert one(0.1, 0.5, band="arcsine-sqrt")[0] == 0


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, np.nan])
def test_levels_outside_0_and_1_are_refused(level):
    for check in (lambda: check_level(level), lambda: check_band("log", level)):
        with pytest.raises(ValueError, match=r"level is .* between 0 and 1"):
            check()


def test_an_unknown_band_is_refused_with_the_known_ones():
    with pytest.raises(
        ValueError, match="band is 'loglog'; it can be 'log-log', 'log', 'plain', 'arcsine-sqrt', 'logit'"
    ):
        check_band("loglog", 0.95)
    check_band("logit", 0.9)
