"""Colours and dashes that tell the groups of a figure apart, and words that can be read beside them.

The colours are those of Okabe & Ito (2008), told apart by people with any colour vision; lines differ in dashes too.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex, to_rgb

from .errors import did_you_mean

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
QUIET = "#5A5A5A"
LEGIBLE = 4.5  # contrast that text needs with what is behind it (WCAG 2, level AA)


class Group(NamedTuple):
    """One group of a frame, and how it is drawn."""

    name: str
    rows: pd.DataFrame
    colour: str
    dashes: Any


def groups(frame: pd.DataFrame, by: str | None, colours: Mapping[Any, str] | None = None) -> list[Group]:
    """The groups of a frame of curves, in the order in which they stand in it; one without a name if `by` is None.

    Raises ValueError for an unknown column, for more groups than can be told apart, and where one group would hold more
    than one curve.
    """
    if by is not None and by not in frame.columns:
        raise ValueError(f"The frame to be drawn has no column {by!r}{did_you_mean(by, frame.columns)}.")
    parts: list[tuple[Any, pd.DataFrame]] = [("", frame)]
    if by is not None:  # not list(groupby): pandas cannot count groups of which one has no name
        parts = [(name, rows) for name, rows in frame.groupby(by, sort=False, dropna=False, observed=True)]
    refuse_too_many(len(parts), "groups")
    for _, rows in parts:
        if not (rows["day"].is_monotonic_increasing and rows["day"].is_unique):
            raise ValueError(
                "The days of a line do not rise, as when the curves of several groups follow each other in a frame: say "
                "with by= which column tells them apart, or choose the rows of one."
            )
    drawn = [(colours or {}).get(name, COLOURS[place]) for place, (name, _) in enumerate(parts)]
    dashes = [DASHES[COLOURS.index(colour) if colour in COLOURS else place] for place, colour in enumerate(drawn)]
    return [
        Group(words(name), rows, colour, dash) for (name, rows), colour, dash in zip(parts, drawn, dashes, strict=True)
    ]


def refuse_too_many(count: int, what: str) -> None:
    """Raise ValueError for more of something than there are colours."""
    if count > len(COLOURS):
        raise ValueError(f"{count} {what} cannot be told apart in one figure; show at most {len(COLOURS)}.")


def words(name: Any) -> str:
    """A group's name as it is written in a figure: missing is "not known", and a dollar sign begins no formula."""
    return "not known" if pd.isna(name) else str(name).replace("$", r"\$")


def ink(colour: str) -> str:
    """A colour for words on white: itself, or so much darker that they can be read."""
    while 1.05 / (_luminance(to_rgb(colour)) + 0.05) < LEGIBLE:
        red, green, blue = to_rgb(colour)
        colour = to_hex((0.97 * red, 0.97 * green, 0.97 * blue))
    return colour


def readable_on(colour: str) -> str:
    """Black or white, whichever stands out more from a colour."""
    return "black" if _luminance(to_rgb(colour)) > 0.179 else "white"


def _luminance(colour: tuple[float, float, float]) -> float:
    """Relative luminance (WCAG 2) of red, green and blue in 0 to 1."""
    channels = np.array(colour)
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
