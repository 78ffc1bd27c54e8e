"""Changes of a scenario that a switch makes: parameters set, raised, lowered, or put so many days from one another."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

import numpy as np

from firstsign.scenarios import Scenario
from firstsign.waits import Wait

Rule = Callable[[Scenario, str], float | Wait]
Changes = tuple[tuple[str, Rule], ...]


def to(value: float | Wait) -> Rule:
    """A parameter set to this."""
    return lambda scenario, name: value


def at_least(value: float) -> Rule:
    """A parameter raised to this, unless it is higher."""
    return lambda scenario, name: max(scenario[name], value)


def at_most(value: float) -> Rule:
    """A parameter lowered to this, unless it is lower."""
    return lambda scenario, name: min(scenario[name], value)


def after(other: str, days: float) -> Rule:
    """A day set to so many days after another (before it, if negative)."""
    return lambda scenario, name: scenario[other] + days


def not_before(other: str, days: float) -> Rule:
    """A day moved to so many days after another, unless it is later."""
    return lambda scenario, name: max(scenario[name], scenario[other] + days)


def not_after(other: str, days: float) -> Rule:
    """A day moved to so many days after another, unless it is earlier."""
    return lambda scenario, name: min(scenario[name], scenario[other] + days)


def times(factor: float) -> Rule:
    """A wait made so many times as long for everybody."""

    def longer(scenario: Scenario, name: str) -> Wait:
        wait = scenario.waits[name]
        return replace(wait, mu=wait.mu + np.log(factor))

    return longer


def changed(scenario: Scenario, changes: Iterable[tuple[str, Rule]], kept: Collection[str] = ()) -> Scenario:
    """The scenario after some changes, one after the other.

    changes  the name of a parameter or a wait, or of a level for all that are under it, and the rule
    kept     names of parameters that no change touches; a wait of which one is kept stays whole
    """
    for name, rule in changes:
        found = [wait for wait in scenario.waits if _under(wait, name)]
        waits = {wait: rule(scenario, wait) for wait in found if not any(_under(key, wait) for key in kept)}
        alone = [key for key in scenario.values if _under(key, name) and not any(_under(key, wait) for wait in found)]
        values = {key: rule(scenario, key) for key in alone if key not in kept}
        scenario = replace(scenario, values=scenario.values | values, waits=scenario.waits | waits)  # type: ignore[arg-type]
    return scenario


def _under(name: str, level: str) -> bool:
    return name == level or name.startswith(f"{level}.")
