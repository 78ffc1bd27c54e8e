"""No bare percentage in notebooks 06 and 07: what is typed has a register id beside it, all else is computed."""

import ast
import json
import re

import pytest

from firstsign.evidence import register
from firstsign.places import REPOSITORY

NOTEBOOKS = ("06_claims_on_trial", "07_red_flags")
COUNTED = r"(?:\d[\d.,]*|half a|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|fifty)"
PERCENTAGE = re.compile(
    rf"(?<![\w.]){COUNTED}(?:\s*(?:to|-|–)\s*{COUNTED})?\s*(?:%|per\s*cent\b|percent\b)", re.IGNORECASE
)
INTERVALS = re.compile(r"95\s*%\s*(?=interval)")  # what an interval is called says nothing of patients
IDS = {found for found in register() if not found.startswith("R-")}
MARKED = re.compile(r"\((?:[^()]*\bassumption\b[^()]*)\)")


def paragraphs(name: str) -> list[str]:
    """Every paragraph of the text, and every string of the code with what is computed in it left out."""
    found: list[str] = []
    for cell in json.loads((REPOSITORY / "notebooks" / f"{name}.ipynb").read_text())["cells"]:
        text = "".join(cell["source"])
        found += re.split(r"\n\s*\n|\n(?=- )", text) if cell["cell_type"] == "markdown" else strings_of(text)
    return found


def strings_of(code: str) -> list[str]:
    """The literal text of each string: in an f-string a value stands as {}. What an `assert` compares is not printed."""
    found: list[str] = []
    waiting: list[ast.AST] = [ast.parse(code)]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.JoinedStr):
            found.append("".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values))
            waiting += [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif not isinstance(node, ast.Assert):
            waiting += ast.iter_child_nodes(node)
    return found


def bare(paragraph: str) -> list[str]:
    """The percentages typed in a paragraph that has neither a register id nor the word assumption in brackets."""
    if any(re.search(rf"\b{re.escape(entry)}\b", paragraph) for entry in IDS) or MARKED.search(paragraph):
        return []
    return PERCENTAGE.findall(INTERVALS.sub("", paragraph))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_percentage_is_typed_without_its_source(name):
    assert {paragraph: found for paragraph in paragraphs(name) if (found := bare(paragraph))} == {}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_ids_that_are_cited_exist(name):
    """A word in brackets that looks like an id is one, or is an ordinary word."""
    cited = set(re.findall(r"\(((?:[a-z]+[0-9]*-)+[a-z0-9]+)(?:[;,)])", " ".join(paragraphs(name))))
    assert cited - IDS == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("About 6 % of cases begin so.", ["6 %"]),
        ("About six per cent of cases.", ["six per cent"]),
        ("5.4 to 6.4 % of all", ["5.4 to 6.4 %"]),
        ("about 6% (claim-news-6pct)", []),
        ("a 95 % interval", []),
        ("a sensitivity of 60 % (assumption)", []),
        ("an assumption of 60 %", ["60 %"]),
        ("of {} %", []),
        ("no number, only percentages", []),
    ],
)
def test_the_test_sees_what_it_should(text, found):
    assert bare(text) == found


def test_the_test_looks_into_strings():
    assert strings_of('x = f"of {n} people 6 % were {y:.1%}"') == ["of {} people 6 % were {}"]
    assert [bare(one) for one in strings_of('say("about 6 %")')] == [["6 %"]]
    assert bare(strings_of('f"{share:.0%} of them"')[0]) == []
