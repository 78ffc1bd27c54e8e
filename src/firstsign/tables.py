"""Frames as tables for people: an estimate and its interval in one cell, counts with thousands, nothing to decode."""

from collections.abc import Mapping
from numbers import Real as Number
from typing import Any

import pandas as pd

from .errors import did_you_mean
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

    Returns nothing. What is missing is shown as a dash. Raises ValueError for columns that the frame does not have, and for
    cells that fall together: `value` needs a row of its own for each value of `across`.
    """
    words = as_words(frame, value, unit, across)
    given = {_heading(name, frame): heading for name, heading in (headings or {}).items()}
    shown = {name: given.get(name, str(name).replace("_", " ")) for name in words.columns}
    if value in shown and "low" in frame:
        shown[value] += f" ({100 * level:g} % interval)"
    words = words.rename(columns=shown)
    show(words.to_string(index=False), words.to_html(index=False, border=0))


def as_words(
    frame: pd.DataFrame, value: str | None = None, unit: str | None = None, across: str | None = None
) -> pd.DataFrame:
    """The frame that `table` shows: every cell a text."""
    _check(frame, value, across)
    words = frame.copy()
    if value is not None:
        missing = pd.Series(float("nan"), index=frame.index)
        numbers = [frame[value].astype(float), frame.get("low", missing), frame.get("high", missing)]
        words[value] = [_estimate(number, low, high, unit) for number, low, high in zip(*numbers, strict=True)]
        words = words.drop(columns=[name for name in ("low", "high", "se") if name in words])
    if across is not None and value is not None:
        words = _wide(words, value, across)
    words.columns = pd.Index([_heading(name, frame) for name in words.columns])
    for name in words.columns:
        words[name] = [_cell(cell) for cell in words[name]]
    return words


def _wide(words: pd.DataFrame, value: str, across: str) -> pd.DataFrame:
    """A column for each value of `across` and a row for each of the rest, both in the order in which they first come."""
    keys = [name for name in words.columns if name not in (across, value)]
    if not keys:
        return words.set_index(across)[[value]].T.reset_index(drop=True).rename_axis(columns=None)
    wide = words[keys].drop_duplicates(ignore_index=True)
    # Not by unstack(sort=False): pandas then puts cells under wrong headings unless the frame is in their order already.
    for name, rows in words.groupby(across, sort=False, dropna=False, observed=True):
        wide = wide.merge(rows[[*keys, value]].rename(columns={value: name}), on=keys, how="left")
    return wide


def _check(frame: pd.DataFrame, value: str | None, across: str | None) -> None:
    for name in (value, across):
        if name is not None and name not in frame.columns:
            raise ValueError(f"The frame has no column {name!r}{did_you_mean(name, frame.columns)} to show.")
    if across is None:
        return
    if value is None:
        raise ValueError(f"The values of {across!r} become columns of what? Name the column of estimates with value=.")
    keys = [name for name in frame.columns if name not in (value, "low", "high", "se")]
    if frame.duplicated(keys).any():
        raise ValueError(f"Several rows have the same {', '.join(map(str, keys))}: one cell cannot hold them.")


def _heading(name: Any, frame: pd.DataFrame) -> Any:
    """A column's name, as text if it is a number that `across` made a column of."""
    return _cell(name) if isinstance(name, Number) and name not in frame else name


def _estimate(value: float, low: float, high: float, unit: str | None) -> str:
    """ "9.6 % (7.9–11.6)"; "not known" where there is no estimate, of days "not reached"."""
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
    if isinstance(cell, Number):
        return _number(float(cell))
    midnight = isinstance(cell, pd.Timestamp) and cell == cell.normalize()
    return f"{cell:%Y-%m-%d}" if midnight else str(cell)


def _number(number: float) -> str:
    if number.is_integer():
        return f"{number:,.0f}"
    return f"{number:,.2f}".rstrip("0").rstrip(".") if abs(number) >= 1 else f"{number:.2g}"
