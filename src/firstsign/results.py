"""Numbers that leave a notebook: `record` shows one and carries it into the report; `read_results` takes them out again."""

import html
import math
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

RESULT_TYPE = "application/vnd.firstsign.result+json"
ENDLESS = "neither an end nor an end of observation"
NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


def record(
    name: str,
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    n: int | None = None,
    unit: str | None = None,
    level: float = 0.95,
) -> None:
    """Show a number with its interval, and carry it into the report's `results.json`.

    name        lowercase words joined by dots, the widest first: "share.bone_pain.metastatic"; once per notebook
    value       the estimate; None or NaN where there is none, as for a quantile that was not reached
    low, high   the ends of its interval, in the same unit; None or NaN where there is none
    n           the people it was counted from
    unit        "share" (shown as a percentage), "days", or any other word to stand behind the number
    level       coverage of the interval, in (0, 1)

    Returns nothing: in a notebook the number appears as an output, elsewhere it is printed. Raises ValueError for a name
    with other characters, for infinite numbers, a low above its high, or a negative or fractional n.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            f"A result cannot be called {name!r}: use lowercase letters, digits and underscores, joined by dots, "
            'as in "share.bone_pain.metastatic".'
        )
    result: dict[str, Any] = {"name": name, "value": _finite(name, "value", value)}
    result |= {"low": _finite(name, "low", low), "high": _finite(name, "high", high)}
    bounded = result["low"] is not None or result["high"] is not None
    result |= {"level": _coverage(name, level) if bounded else None, "n": _count(name, n), "unit": unit}
    if result["low"] is not None and result["high"] is not None and result["low"] > result["high"]:
        raise ValueError(f"{name}: low {low} is above high {high}. Give the lower end of the interval first.")
    estimate, *besides = html.escape(sentence(result)).split(" (", 1)
    number = " (".join([f"<strong>{estimate}</strong>", *besides])
    markup = f'<p class="result"><code>{name}</code> {number}</p>'
    show(f"{name}  {sentence(result)}", markup, {RESULT_TYPE: result})


def can_show(cohort: pd.DataFrame, *columns: str, what: str) -> bool:
    """Whether a cohort has what a section of a notebook needs; if not, says so in one line.

    cohort   one row per person, as `load_cohort` returns it
    columns  names of columns, or of milestones (`referral` stands for its earliest and latest day)
    what     what cannot be shown without them: "the delay by stage"

    True if each of them holds at least one known value. Otherwise the line "Skipped: ..." appears, and False comes back.
    """
    missing = [column for column in columns if not _known(cohort, column)]
    if not missing:
        return True
    line = f"Skipped: {what} needs {_listed(missing)}, which this cohort does not have."
    show(line, f'<p class="skipped">{html.escape(line)}</p>')
    return False


def say(text: str) -> None:
    """Show a sentence whose numbers were just computed: what a figure or a table says, read aloud.

    However the text was formatted, a per cent sign stands apart from its number, and a number that is NaN is "not known".
    """
    text = re.sub(r"\bnan\b(?: ?%)?", "not known", re.sub(r"(?<=\d)%(?![0-9A-F]{2})", " %", text))
    show(text, f'<p class="said">{html.escape(text)}</p>')


def say_left_out(spells: pd.DataFrame) -> None:
    """Say how many people a spells frame counts, whom it leaves out and why, and how many dates were set to one day."""
    left_out: dict[str, int] = spells.attrs.get("left_out", {})
    reasons = "; ".join(f"{reason.replace('_', ' ')} ({people:,})" for reason, people in left_out.items()) or "nobody"
    interval = str(spells.attrs.get("interval", "interval")).replace("_", " ")
    people_in = spells["n"].sum() if "n" in spells else len(spells)
    text = f"From {interval}: {people_in:,.0f} people. Left out: {reasons}."
    if spells.attrs.get("dates_set"):
        text += f" Dates set to one day: those of {spells.attrs['dates_set']:,}."
    if ENDLESS in left_out:
        text += (
            " Without the people who have no end of observation the delays look shorter than they are: give the last day on"
            " which a diagnosis would have been recorded (until=2024-12-31) to keep them."
        )
    say(text)


def in_words(
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    n: int | None = None,
    unit: str | None = None,
    level: float = 0.95,
) -> str:
    """An estimate as it is said: "9.6 % (95 % interval 7.9–11.6; n = 1,000)". Arguments as in `record`."""
    numbers = [None if number is None or pd.isna(number) else float(number) for number in (value, low, high)]
    bounded = numbers[1] is not None or numbers[2] is not None
    known = dict(zip(("value", "low", "high"), numbers, strict=True))
    return sentence({**known, "level": level if bounded else None, "n": n, "unit": unit})


def show(text: str, markup: str, more: Mapping[str, Any] | None = None) -> None:
    """Show an output as HTML inside a notebook, as plain text where there is none; `more` adds further MIME types."""
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is None:
        print(text)
    else:
        display({"text/plain": text, "text/html": markup, **(more or {})}, raw=True)


def read_results(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The recorded results in an executed notebook (an nbformat node or its JSON), in the order of its cells.

    Each is a dictionary with name, value, low, high, level, n and unit. Raises ValueError if two have the same name:
    a report could not tell them apart.
    """
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", []))
    results = [dict(output["data"][RESULT_TYPE]) for output in outputs if RESULT_TYPE in output.get("data", {})]
    names = [result["name"] for result in results]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"This notebook records {_listed(twice)} more than once. Each result of a notebook needs a name of its own."
        )
    return results


def sentence(result: Mapping[str, Any]) -> str:
    """A result in words: "9.6 % (95 % interval 7.9–11.6; n = 1,000)". Bounds have the decimals of the estimate."""
    shown = in_parts(result)
    besides = [f"{result['level'] * 100:g} % interval {shown['interval']}"] if shown["interval"] else []
    besides += [f"n = {shown['n']}"] if shown["n"] else []
    return f"{shown['estimate']} ({'; '.join(besides)})" if besides else shown["estimate"]


def in_parts(result: Mapping[str, Any]) -> dict[str, str]:
    """A result's estimate (with its unit), interval and n as text, for the cells of a table; "" where there is none."""
    numbers = [result["value"], result["low"], result["high"]]
    scale = 100 if result["unit"] == "share" else 1
    decimals = _decimals(numbers, result["unit"])
    value, low, high = ["…" if number is None else f"{number * scale:,.{decimals}f}" for number in numbers]
    none = "not reached" if result["unit"] == "days" else "not known"
    unit = {"share": " %", None: ""}.get(result["unit"], f" {result['unit']}")
    return {
        "estimate": none if result["value"] is None else value + unit,
        "interval": "" if result["level"] is None else _range(low, high),
        "n": "" if result["n"] is None else f"{result['n']:,}",
    }


def _range(low: str, high: str) -> str:
    """A dash between two numbers reads as minus before a negative one, so those get a word."""
    return f"{low} to {high}" if "-" in low + high or "…" in (low, high) else f"{low}–{high}"


def _decimals(numbers: list[float | None], unit: str | None) -> int:
    """Decimals that show a share to 0.1 %, days to a tenth below 100, anything else to three figures."""
    known = [abs(number) for number in numbers if number]
    if unit == "share":
        return 1 if not known or min(known) >= 0.001 else 2
    if not known or all(number.is_integer() for number in map(float, known)):
        return 0
    smallest = 100.0 if unit == "days" and max(known) >= 100 else min(known)
    figures = 2 - math.floor(math.log10(smallest))
    return min(max(figures, 0), 1 if unit == "days" else 6)


def _finite(name: str, part: str, number: float | None) -> float | None:
    if number is None or pd.isna(number):
        return None
    if isinstance(number, bool) or not math.isfinite(number):
        raise ValueError(f"{name}: {part} is {number!r}. Record a finite number, or None where there is none.")
    return float(number)


def _count(name: str, n: int | None) -> int | None:
    if n is None:
        return None
    if n < 0 or n != int(n):
        raise ValueError(f"{name}: n is {n!r}, and people come in whole numbers from 0 up.")
    return int(n)


def _coverage(name: str, level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"{name}: level is {level!r}. Give the coverage as a number between 0 and 1, such as 0.95.")
    return float(level)


def _known(cohort: pd.DataFrame, name: str) -> bool:
    held = cohort.get(name, cohort.get(f"{name}_latest"))
    return held is not None and bool((held.notna() & held.ne("")).any())


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
