"""Frames to draw, and what can be read back from a figure: lines, bands, dots, words and where they stand."""

import numpy as np
import pandas as pd
from matplotlib.container import ErrorbarContainer

CURVE = pd.DataFrame(
    {
        "day": [10.0, 20.0, 40.0],
        "estimate": [1.0, 0.5, 0.0],
        "low": [np.nan, 0.2, np.nan],
        "high": [np.nan, 0.7, np.nan],
    }
)
AT_RISK = pd.DataFrame({"day": [0.0, 20.0, 40.0], "at_risk": [1200, 600, 0]})
SPELLS = pd.DataFrame(
    {
        "sign": ["lump", "lump", "lump", "pain", "pain", "pain"],
        "lower": [5.0, 30, 60, 20, 90, 200],
        "upper": [5.0, 30, 60, 20, 90, np.inf],
        "n": [40, 30, 10, 5, 5, 2],
    }
)


def steps(ax):
    """Label -> (days, shares) of every step line."""
    return {
        line.get_label(): (list(line.get_xdata()), list(line.get_ydata()))
        for line in ax.lines
        if line.get_drawstyle() == "steps-post"
    }


def band_at(filled, day):
    """Lowest and highest edge of a filled band on a day inside a step."""
    corners = filled.get_paths()[0].vertices
    left = corners[corners[:, 0] <= day][:, 0].max()
    right = corners[corners[:, 0] > day][:, 0].min()
    level = {tuple(corner) for corner in corners[corners[:, 0] == left]} & {
        (left, y) for y in corners[corners[:, 0] == right][:, 1]
    }
    return sorted(y for _, y in level)


def dots(ax):
    """Label -> the error bars of that label: (x, y) of the dots and the segments of the whiskers."""
    return {
        one.get_label(): (
            np.column_stack(one.lines[0].get_data()).tolist(),
            [segment.tolist() for bars in one.lines[2] for segment in bars.get_segments()],
        )
        for one in ax.containers
        if isinstance(one, ErrorbarContainer)
    }


def written(ax):
    """Every annotation with text: (text, x, y of the middle, colour), x and y in pixels."""
    ax.figure.canvas.draw()
    found = []
    for text in ax.texts:
        box = text.get_window_extent()
        found.append((text.get_text(), (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, text.get_color()))
    return found
