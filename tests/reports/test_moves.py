"""What moved between two versions."""

import pytest

from firstsign.reports.moves import moves


def row(name, value, low=None, high=None, notebook="01", n=None):
    return {"notebook": notebook, "name": name, "value": value, "low": low, "high": high, "n": n, "unit": None}


def test_by_hand():
    before = [row("a", 10.0, 8.0, 12.0), row("b", 100.0), row("c", 1.0), row("gone", 1.0), row("same", 2.0)]
    after = [row("a", 13.0, 11.0, 15.0), row("b", 101.0), row("c", None), row("new", 1.0), row("same", 2.0)]
    found = moves(before, after)
    assert [(move.after["name"], move.size) for move in found.changed] == [
        ("c", float("inf")),
        ("a", pytest.approx(1.5)),  # three of a half-width of two
        ("b", pytest.approx(1.0)),  # one hundredth
    ]
    assert (found.same, found.added, found.removed) == (1, ["new"], ["gone"])


def test_the_same_name_in_two_notebooks_is_two_numbers():
    before = [row("a", 1.0, notebook="01"), row("a", 2.0, notebook="02")]
    after = [row("a", 1.0, notebook="01"), row("a", 3.0, notebook="02")]
    assert [(move.notebook, move.after["value"]) for move in moves(before, after).changed] == [("02", 3.0)]


def test_only_an_interval_or_an_n_that_changed_is_a_move_too():
    assert len(moves([row("a", 1.0, n=5)], [row("a", 1.0, n=6)]).changed) == 1
    assert moves([row("a", 0.0)], [row("a", 0.0)]).changed == []
