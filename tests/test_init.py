import importlib
import subprocess
import sys

import pytest

import firstsign as fs

# Names of a module and of the function that it is about.
SHARED = ["biases", "calibrate", "estimands", "evidence", "published", "simulate", "spells"]
MODULE_FIRST = """
import importlib
for name in {names}:
    importlib.import_module("firstsign." + name)
import firstsign as fs
"""
FUNCTION_FIRST = """
import importlib
import firstsign as fs
for name in {names}:
    getattr(fs, name)
    importlib.import_module("firstsign." + name)
"""
CHECK = """
for name in {names}:
    function = getattr(fs, name)
    assert callable(function), name
    assert function is vars(importlib.import_module("firstsign." + name))[name], name
"""


@pytest.mark.parametrize("order", [MODULE_FIRST, FUNCTION_FIRST], ids=["module first", "function first"])
def test_a_function_is_not_hidden_by_its_module(order):
    """In a process of its own, for here the modules are long imported."""
    done = subprocess.run(
        [sys.executable, "-c", (order + CHECK).format(names=SHARED)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SHARED)
def test_the_module_can_still_be_imported_by_its_name(name):
    assert importlib.import_module(f"firstsign.{name}").__name__ == f"firstsign.{name}"


def test_every_public_name_can_be_had():
    for name in fs.__all__:
        assert getattr(fs, name) is not None
    assert sorted(fs.__all__) == sorted(dir(fs))
    assert {"spells", "kaplan_meier", "fit_delay", "share", "simulate", "published"} <= set(fs.__all__)


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="kaplanmeier"):
        _ = fs.kaplanmeier
