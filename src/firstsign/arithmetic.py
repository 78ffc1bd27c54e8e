"""Arithmetic in text, such as "b * s / d", read safely: names, numbers and a few functions, nothing else is ever run."""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import did_you_mean

Array = NDArray[np.float64]
Work = Callable[[Mapping[str, Array]], Array]
LARGEST = 1e300  # a number of more digits has no place as a float
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type, Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"log": np.log, "exp": np.exp, "sqrt": np.sqrt}


def as_function(formula: str | Callable[..., Any], inputs: Sequence[str]) -> Work:
    """A formula of named inputs as a function: a mapping of name -> array (all of one shape) to an array of that shape.

    formula  text with the inputs' names, numbers, + - * / ** ( ), log, exp and sqrt, and nothing else; or a function that
             takes arrays by name, which is only wrapped

    What cannot be computed (1 / 0, log of 0) comes back infinite or NaN, without a warning. Raises ValueError for text that
    holds anything else, names that are no inputs, and inputs that it does not use.
    """
    if callable(formula):
        return _silent(lambda given: formula(**given))
    try:
        tree = ast.parse(formula.strip(), mode="eval").body
    except SyntaxError:
        raise ValueError(f"The formula {formula!r} cannot be read.") from None
    _refuse_parts(tree, formula)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - set(_FUNCTIONS)
    slips = [f"uses {name!r}{did_you_mean(name, inputs)}, which is no input" for name in sorted(used - set(inputs))]
    slips += [f"does not use {name!r}; leave out what does not count" for name in sorted(set(inputs) - used)]
    if slips:
        raise ValueError(f"The formula {formula!r} {', and '.join(slips)}. The inputs are: {', '.join(inputs)}.")
    return _silent(lambda given: _evaluate(tree, given))


def _silent(work: Callable[[Mapping[str, Array]], Any]) -> Work:
    """Without numpy's warnings, for what is not finite is refused in words; a constant is as long as its inputs."""

    def found(given: Mapping[str, Array]) -> Array:
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(work(given), float), next(iter(given.values())).shape)

    return found


def _refuse_parts(tree: ast.expr, formula: str) -> None:
    """Only arithmetic is let through: no attribute, no call but of a known function, no comparison."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        known = (
            isinstance(node, ast.operator | ast.unaryop | ast.expr_context)
            or (isinstance(node, ast.BinOp) and type(node.op) in _BINARY)
            or (isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY)
            or (isinstance(node, ast.Constant) and _is_number(node.value))
            or (isinstance(node, ast.Name) and (node.id in _FUNCTIONS) == (id(node) in called))
            or (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and len(node.args) == 1
                and not node.keywords
            )
        )
        if not known:
            raise ValueError(
                f"The formula {formula!r} may hold names, numbers, + - * / ** ( ), log, exp and sqrt; "
                f"not {ast.unparse(node)!r}."
            )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and value < LARGEST


def _evaluate(node: ast.expr, given: Mapping[str, Array]) -> Any:
    """The value of a formula that `_refuse_parts` has let through."""
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_evaluate(node.left, given), _evaluate(node.right, given))
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_evaluate(node.operand, given))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _FUNCTIONS[node.func.id](_evaluate(node.args[0], given))
    return given[node.id] if isinstance(node, ast.Name) else np.float64(ast.literal_eval(node))
