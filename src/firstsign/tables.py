"""Frames as tables for people: an estimate and its interval in one cell, counts with thousands, nothing to decode."""

from collections.abc import Mapping
from numbers import Real as Number
from typing import Any

import pandas as pd

from .results import in_parts, show


def table(
    frame: pd.DataFrame,
    value: str | None = None,
    unit: str | None = None,
    across: str | None = None,
    level: float = 0.95,
    headings: Mapping[Any, str] | None = None,
) -> None:
    """Show a frame as a table.

    value     a column of estimates, which is put into one cell with the columns low and high, if there are any
    unit      "share" (as per cent), "days", or any other word for the unit of `value`
    across    a column whose values become columns, each with the cells of `value`
    level     coverage of the interval, for the heading
    headings  other words for column names

    Returns nothing. What is missing is shown as a dash.
    """
    words = in_words(frame, value, unit, across)
    if value is not None and across is None and "low" in frame:
        words = words.rename(columns={value: f"{value} ({100 * level:g} % interval)"})
    words = words.rename(columns={name: str(name).replace("_", " ") for name in words.columns} | dict(headings or {}))
    show(words.to_string(index=False), words.to_html(index=False, border=0))


def in_words(
    frame: pd.DataFrame, value: str | None = None, unit: str | None = None, across: str | None = None
) -> pd.DataFrame:
    """The frame that `table` shows: every cell a text."""
    words = frame.copy()
    if value is not None:
        bounds = [
            frame[side] if side in frame else pd.Series(float("nan"), index=frame.index) for side in ("low", "high")
        ]
        words[value] = [_estimate(*numbers, unit) for numbers in zip(frame[value].astype(float), *bounds, strict=True)]
        words = words.drop(columns=[name for name in ("low", "high", "se") if name in words])
    if across is not None and value is not None:
        keys = [name for name in words.columns if name not in (across, value)]
        order = list(dict.fromkeys(words[across]))
        words = words.set_index([*keys, across])[value].unstack(across, sort=False)[order].reset_index()
        words.columns.name = None
    words.columns = pd.Index(
        [_cell(name) if isinstance(name, Number) and name not in frame else name for name in words.columns]
    )
    for name in words.columns:
        words[name] = [_cell(cell) for cell in words[name]]
    return words


def _estimate(value: float, low: float, high: float, unit: str | None) -> str:
    """ "9.6 % (7.9–11.6)"; "not reached" where there is no estimate."""
    known = [None if pd.isna(number) else float(number) for number in (value, low, high)]
    level = None if known[1:] == [None, None] else 0.95
    shown = in_parts({"value": known[0], "low": known[1], "high": known[2], "level": level, "n": None, "unit": unit})
    text = f"{shown['estimate']} ({shown['interval']})" if shown["interval"] else shown["estimate"]
    return text.replace(" ", "\N{NO-BREAK SPACE}").replace("–", "\N{WORD JOINER}–\N{WORD JOINER}")


def _cell(cell: Any) -> str:
    if isinstance(cell, str | bool):
        return str(cell)
    if pd.isna(cell):
        return "–"
    if isinstance(cell, Number) and float(cell).is_integer():
        return f"{int(cell):,}"
    if isinstance(cell, Number):
        return f"{cell:,.2f}".rstrip("0").rstrip(".") if abs(cell) >= 1 else f"{cell:.2g}"
    return str(cell)
