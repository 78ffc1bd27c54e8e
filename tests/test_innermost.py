import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal

from firstsign.innermost import covered, innermost
from firstsign.risk_sets import check_spells


def places(**columns):
    return innermost(check_spells(pd.DataFrame({name: np.asarray(values, float) for name, values in columns.items()})))


def test_overlapping_bands_by_hand():
    """(0, 7] and (6, 10] share (6, 7]; (7, 16] begins where another ends, after its last day."""
    found = places(lower=[0, 6, 7, 20], upper=[7, 10, 16, np.inf])
    assert_array_equal(found.start, [6, 7, 20])
    assert_array_equal(found.end, [7, 10, np.inf])
    assert_array_equal(found.ended, [[0, 1], [0, 2], [1, 2], [2, 3]])
    assert_array_equal(found.seen, [[0, 3]] * 4)


def test_day_0_lies_in_a_band_from_0_but_not_after_a_censoring_on_0():
    found = places(lower=[0, 0, 0], upper=[0, 5, np.inf])
    assert_array_equal(found.end, [0, 5])
    assert_array_equal(found.ended, [[0, 1], [0, 2], [1, 2]])


def test_a_known_day_is_inside_a_band_that_ends_on_it_and_outside_one_that_begins_on_it():
    found = places(lower=[5, 2, 5], upper=[5, 5, 9])
    assert_array_equal(found.end, [5, 9])
    assert_array_equal(found.ended, [[0, 1], [0, 1], [1, 2]])


def test_entries_and_limits_add_places_within_the_bands_they_cut():
    """(0, 10] alone would carry its probability anywhere; an entry on 4 makes (0, 4] and what follows differ (Frydman 1994)."""
    found = places(lower=[0, 6], upper=[10, 10], entry=[0, 4])
    assert_array_equal(np.column_stack([found.start, found.end]), [[0, 4], [6, 10]])
    assert_array_equal(found.seen, [[0, 2], [1, 2]])
    found = places(lower=[0, 0], upper=[10, 3], limit=[np.inf, 5])
    assert_array_equal(np.column_stack([found.start, found.end]), [[0, 3], [5, 10]])
    assert_array_equal(found.seen, [[0, 2], [0, 1]])


def test_where_nobody_ended_is_left_out():
    """Nobody was seen before the first entry, day 3: the curve is that of the longer delays."""
    found = places(lower=[4, 9], upper=[4, 9], entry=[3, 3])
    assert_array_equal(found.end, [4, 9])


def test_covered_adds_the_weights_of_ranges():
    assert_array_equal(covered(np.array([[0, 2], [1, 4], [3, 3]]), np.array([1.0, 5, 9]), 4), [1, 6, 5, 5])
