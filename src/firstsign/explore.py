"""Turning knobs: a figure with sliders where somebody can move them, and the same figure once where nobody can (a report)."""

import inspect
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import matplotlib.pyplot as plt

from .errors import did_you_mean

UNATTENDED = "FIRSTSIGN_REPORT"  # set in the kernel of a report: a widget's random ids would differ from run to run


@dataclass(frozen=True)
class Knob:
    """A number that can be turned between two others; made by `knob`."""

    value: float
    low: float
    high: float
    step: float
    what: str
    unit: str = ""

    def __post_init__(self) -> None:
        numbers = (self.value, self.low, self.high, self.step)
        if not all(map(math.isfinite, numbers)):
            slip = f"its numbers have to be finite, not {', '.join(f'{number:g}' for number in numbers)}"
        elif not self.low < self.high:
            slip = f"it turns from {self.low:g} to {self.high:g}; give the lower end first"
        elif not self.low <= self.value <= self.high:
            slip = f"it begins at {self.value:g}, outside of {self.low:g} to {self.high:g}"
        elif not 0 < self.step <= self.high - self.low:
            slip = f"its step is {self.step:g}; give one above 0 and at most {self.high - self.low:g}"
        else:
            return
        raise ValueError(f"The knob {self.what!r} cannot be turned: {slip}.")

    def _control(self) -> Any:
        """A slider that reports when it is let go: a figure for every place on the way would come too late."""
        import ipywidgets

        whole = all(isinstance(number, int) for number in (self.value, self.low, self.high, self.step))
        decimals = max(-int(Decimal(str(number)).as_tuple().exponent) for number in (self.low, self.step))
        return (ipywidgets.IntSlider if whole else ipywidgets.FloatSlider)(
            value=self.value,
            min=self.low,
            max=self.high,
            step=self.step,
            readout_format="d" if whole else f".{max(decimals, 0)}f",
            continuous_update=False,
            **_labelled(f"{self.what} ({self.unit})" if self.unit else self.what),
        )


@dataclass(frozen=True)
class Choice:
    """One of several values; made by `choice`."""

    value: Any
    options: tuple[Any, ...]
    what: str

    def __post_init__(self) -> None:
        if self.value not in self.options:
            offered = ", ".join(map(repr, self.options)) or "nothing"
            hint = did_you_mean(str(self.value), map(str, self.options))
            raise ValueError(
                f"{self.what!r} offers {offered}, and begins at {self.value!r}{hint}; begin at one of these."
            )

    def _control(self) -> Any:
        import ipywidgets

        return ipywidgets.Dropdown(value=self.value, options=self.options, **_labelled(self.what))


def knob(value: float, low: float, high: float, step: float, what: str, unit: str = "") -> Knob:
    """A number to be turned, for `turn`: where it begins, from where to where it goes, in which steps; whole if all four are.

    what  it is, in the words that stand beside the slider
    unit  of the number, written behind them: "%", "days"

    Raises ValueError for a beginning outside the ends, ends that do not rise, and a step that leads nowhere.
    """
    return Knob(value, low, high, step, what, unit)


def choice(value: Any, options: Sequence[Any], what: str) -> Choice:
    """A choice among values, for `turn`: where it begins, what is offered, and the words beside it.

    Raises ValueError for a beginning that is not offered.
    """
    return Choice(value, tuple(options), what)


def turn(draw: Callable[..., Any], /, **knobs: Knob | Choice) -> None:
    """Show what `draw` draws for the values of some knobs: to be turned in JupyterLab, once in a report or outside of it.

    draw   takes the values by name and draws a figure, or returns what it has to say; other arguments need a default
    knobs  one `knob` or `choice` for each argument that can be turned

    A report's kernel has FIRSTSIGN_REPORT set; there, and where no notebook is, the figure is drawn at the knobs' own values
    and nothing of a widget is made. Raises ValueError for knobs that `draw` does not take, and arguments left without a value.
    """
    _refuse_misfits(draw, knobs)
    if _attended():
        from IPython.display import display

        display(_board(draw, knobs))
    else:
        _show(draw, {name: one.value for name, one in knobs.items()})


def _refuse_misfits(draw: Callable[..., Any], knobs: Mapping[str, Any]) -> None:
    """ValueError that names every knob without an argument, and every argument without a value."""
    arguments = inspect.signature(draw).parameters.values()
    by_name = [one.name for one in arguments if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    takes_any = any(one.kind is one.VAR_KEYWORD for one in arguments)
    slips = [f"{name!r} is no knob; make it with knob() or choice()" for name in knobs if not _is_knob(knobs[name])]
    slips += [
        f"it takes no {name!r}{did_you_mean(name, by_name)}" for name in knobs if name not in by_name and not takes_any
    ]
    named = (one for one in arguments if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD))
    slips += [
        f"its argument {one.name!r} has neither a knob nor a default"
        for one in named
        if one.default is one.empty and one.name not in knobs
    ]
    if slips:
        raise ValueError(f"The knobs do not fit {getattr(draw, '__name__', 'what is drawn')!r}: {'; '.join(slips)}.")


def _is_knob(one: Any) -> bool:
    return isinstance(one, Knob | Choice)


def _attended() -> bool:
    """Whether this runs in a notebook's kernel, and not in that of a report."""
    return not os.environ.get(UNATTENDED) and hasattr(_shell(), "kernel")


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _board(draw: Callable[..., Any], knobs: Mapping[str, Knob | Choice]) -> Any:
    """The controls, one under the other, and beneath them what is drawn for where they stand."""
    import ipywidgets

    controls = {name: one._control() for name, one in knobs.items()}
    below = ipywidgets.Output()

    def redraw(_: object = None) -> None:
        with below:
            below.clear_output(wait=True)
            _show(draw, {name: control.value for name, control in controls.items()})

    for control in controls.values():
        control.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([*controls.values(), below])


def _labelled(what: str) -> dict[str, Any]:
    return {"description": what, "style": {"description_width": "initial"}, "layout": {"width": "min(100%, 42em)"}}


def _show(draw: Callable[..., Any], values: Mapping[str, Any]) -> None:
    """What is drawn and said for some values; in a notebook its figures are shown at once and closed, or they would pile up."""
    already = set(plt.get_fignums())
    said = None
    try:
        said = draw(**values)
    finally:
        if _shell() is not None:
            _show_and_close(sorted(set(plt.get_fignums()) - already))
    if isinstance(said, str):
        print(said)


def _show_and_close(numbers: Sequence[int]) -> None:
    from IPython.display import display

    for figure in map(plt.figure, numbers):
        display(figure)
        plt.close(figure)
