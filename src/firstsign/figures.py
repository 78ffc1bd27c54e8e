"""The figures of firstsign, and their style: an Axes in, the Axes out, drawn from a finished frame. Nothing is estimated here."""

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .calibration_figures import calibration as calibration
from .claim_figures import published_forest as published_forest
from .claim_figures import ranges as ranges
from .claim_figures import tornado as tornado
from .claim_figures import verdicts as verdicts
from .comparison_figures import beside_truth as beside_truth
from .comparison_figures import naive_against_corrected as naive_against_corrected
from .curve_figures import banded_curve as banded_curve
from .curve_figures import cumulative_hazard as cumulative_hazard
from .curve_figures import delay_curve as delay_curve
from .curve_figures import fitted_curve as fitted_curve
from .curve_figures import incidence as incidence
from .curve_figures import right_truncated_curve as right_truncated_curve
from .curve_figures import turnbull_curve as turnbull_curve
from .effect_figures import across as across
from .effect_figures import ladder as ladder
from .estimate_figures import by_quantile as by_quantile
from .estimate_figures import forest as forest
from .estimate_figures import shares as shares
from .estimate_figures import stacked_intervals as stacked_intervals
from .palette import COLOURS as COLOURS
from .palette import DASHES as DASHES
from .palette import QUIET as QUIET
from .parts_figures import stacked_shares as stacked_shares
from .parts_figures import times_beside_rule as times_beside_rule
from .parts_figures import waterfall as waterfall
from .redflag_figures import cascades as cascades
from .redflag_figures import chance_over_days as chance_over_days
from .redflag_figures import decision_curves as decision_curves
from .redflag_figures import icon_array as icon_array
from .redflag_figures import post_test_curves as post_test_curves
from .redflag_figures import signs_together as signs_together
from .scorecard_figures import scorecard as scorecard

_STYLE: Any = {
    "figure.figsize": (8.0, 4.8),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "svg.hashsalt": "firstsign",
    "svg.fonttype": "path",
}


def use_style() -> None:
    """Set the house style for the figures that follow; in a notebook, show them as SVG with their title as alt text."""
    mpl.rcParams.update(_STYLE)
    shell = _shell()
    if shell is None:
        return
    from matplotlib_inline.backend_inline import configure_inline_support, set_matplotlib_formats

    configure_inline_support(shell, mpl.get_backend())
    set_matplotlib_formats("svg")
    shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, _as_svg)


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _as_svg(figure: Figure) -> tuple[str, dict[str, str]]:
    from io import StringIO

    text = StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
    return text.getvalue(), {"alt": alt_text(figure)}


def alt_text(figure: Figure) -> str:
    """The titles of a figure's parts in one line, for those who do not see it."""
    titles = [ax.get_title(location) for ax in figure.axes for location in ("left", "center", "right")]
    return "; ".join(" ".join(title.split()) for title in [figure.get_suptitle(), *titles] if title) or "Figure"


def new(width: float = 8.0, height: float = 4.8) -> Axes:
    """An empty Axes in a figure of its own, sizes in inches."""
    return plt.subplots(figsize=(width, height))[1]


def panels(
    count: int, columns: int = 2, width: float = 8.0, height: float = 2.9, shared: bool = True, gap: float = 0.02
) -> tuple[Figure, list[Axes]]:
    """A figure of equal Axes, `height` inches a row, with `shared` scales or each its own; those left over are removed.

    gap  space between columns, as a part of a column's width: numbers at risk need about 0.1
    """
    rows = -(-count // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(width, height * rows), sharex=shared, sharey=shared, squeeze=False
    )
    figure.set_layout_engine("constrained", wspace=gap)
    for spare in grid.flat[count:]:
        spare.remove()
    return figure, list(grid.flat[:count])
