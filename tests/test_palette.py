"""Colours: told apart with any colour vision, words readable beside them, groups refused when they cannot be."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from firstsign.palette import COLOURS, DASHES, LEGIBLE, QUIET, groups, ink, readable_on, words

# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "full": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
CURVE = pd.DataFrame({"route": ["slow", "slow", "fast"], "day": [1.0, 2.0, 1.0], "estimate": [0.5, 0.2, 0.1]})


def linear(colour):
    return np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)])


def seen(colour, vision):
    """L*a*b* of a colour as it is seen."""
    ratio = XYZ @ np.clip(np.array(VISION[vision]) @ linear(colour), 0, 1) / XYZ.sum(axis=1)
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def nearest(colours, vision):
    return min(np.linalg.norm(seen(a, vision) - seen(b, vision)) for a, b in itertools.combinations(colours, 2))


def contrast(one, other):
    light, dark = sorted((float(linear(colour) @ XYZ[1]) + 0.05 for colour in (one, other)), reverse=True)
    return light / dark


@pytest.mark.parametrize("vision", VISION)
def test_colours_are_told_apart(vision):
    assert nearest(COLOURS, vision) > 12


def test_the_test_above_would_find_red_and_green():
    assert nearest(["#A05A2C", "#5A7A2C"], "full") > 35
    assert nearest(["#A05A2C", "#5A7A2C"], "deuteranopia") < 12


def test_there_is_a_dash_for_each_colour():
    assert len(COLOURS) == len(set(COLOURS)) == len(DASHES) == len(set(map(str, DASHES)))


def test_contrast_by_hand():
    """The two greys between which the limit lies are known from WCAG: #767676 has 4.54, #777777 has 4.48."""
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert ink("#767676") == "#767676"
    assert ink("#777777") != "#777777"
    assert contrast(QUIET, "#FFFFFF") > LEGIBLE


@pytest.mark.parametrize("colour", [*COLOURS, "white", "yellow"])
def test_words_can_be_read_on_white_and_keep_their_colour(colour):
    written = ink(colour)
    assert contrast(written, "#FFFFFF") >= LEGIBLE
    if contrast(colour, "#FFFFFF") < LEGIBLE:
        assert contrast(written, "#FFFFFF") < LEGIBLE + 0.5, "no darker than need be"
        hue = np.array(to_rgb(colour)) / max(to_rgb(colour))
        np.testing.assert_allclose(np.array(to_rgb(written)) / max(to_rgb(written)), hue, atol=0.06)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_words_on_a_colour_can_be_read(channels):
    colour = "#{:02x}{:02x}{:02x}".format(*channels)
    chosen = readable_on(colour)
    assert contrast(chosen, colour) >= LEGIBLE
    assert contrast(chosen, colour) + 0.02 >= contrast({"black": "white", "white": "black"}[chosen], colour)


class TestGroups:
    def test_in_the_order_of_the_frame(self):
        assert [(one.name, one.rows["day"].tolist(), one.colour, one.dashes) for one in groups(CURVE, "route")] == [
            ("slow", [1, 2], COLOURS[0], DASHES[0]),
            ("fast", [1], COLOURS[1], DASHES[1]),
        ]

    def test_a_chosen_colour_brings_its_dashes(self):
        chosen = groups(CURVE, "route", {"fast": COLOURS[4], "slow": "black"})
        assert [(one.colour, one.dashes) for one in chosen] == [("black", DASHES[0]), (COLOURS[4], DASHES[4])]

    def test_missing_names_and_dollars(self):
        frame = pd.DataFrame({"route": [None, "$5 and $6"], "day": [1, 1]})
        assert [one.name for one in groups(frame, "route")] == ["not known", r"\$5 and \$6"]
        assert words(4) == "4"

    def test_one_group_without_a_name(self):
        (one,) = groups(CURVE.iloc[:2], None)
        assert (one.name, len(one.rows)) == ("", 2)

    def test_as_many_as_there_are_colours(self):
        frame = pd.DataFrame({"route": range(8), "day": 1.0})
        assert len(groups(frame.iloc[:7], "route")) == 7
        with pytest.raises(ValueError, match=r"^8 groups cannot be told apart in one figure; show at most 7\.$"):
            groups(frame, "route")

    def test_an_unknown_column_gets_the_nearest(self):
        with pytest.raises(ValueError, match=r"no column 'rout'.*'route'"):
            groups(CURVE, "rout")

    def test_two_curves_are_not_drawn_as_one(self):
        with pytest.raises(ValueError, match="by="):
            groups(CURVE, None)
