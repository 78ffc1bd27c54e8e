"""Conditions behind a parameter's help."""

import pytest

from firstsign.reports.conditions import holds, is_condition, names_in


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("0 < level < 1", {"level": 0.95}, True),
        ("0 < level < 1", {"level": 1}, False),
        ('band in ("log-log", "log")', {"band": "log"}, True),
        ('band not in ["plain"]', {"band": "plain"}, False),
        ("people is None or people >= 1", {"people": None}, True),
        ("people >= 1", {"people": None}, False),
        ("low < high and not low == 0", {"low": 1, "high": 2}, True),
        ("growth > -1", {"growth": -0.5}, True),
        ("len(days) > 1", {"days": [28]}, False),
    ],
)
def test_by_hand(condition, values, expected):
    assert holds(condition, values) is expected


def test_names():
    assert names_in("0 < len(days) < limit") == {"days", "limit"}


@pytest.mark.parametrize(
    "condition",
    [
        "__import__('os').getcwd() == 1",
        "(lambda: 1)() == 1",
        "people.real > 0",
        "days[0] > 1",
        "10 ** people > 1",
        "len(a, b) > 1",
    ],
)
def test_refuses_everything_but_comparisons(condition):
    with pytest.raises(ValueError, match="only comparisons"):
        names_in(condition)


def test_a_unit_is_no_condition():
    assert not is_condition("days")
    assert not is_condition("per 100 people")
    assert is_condition("people >= 1")
