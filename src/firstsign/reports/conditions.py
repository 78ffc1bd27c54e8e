"""Conditions on a parameter, written behind its help: `[0 < level < 1]`.

They come from a notebook's own text and are evaluated on what a user gave. So only comparisons of names, constants and
lengths are understood; anything else is refused when the notebook is read.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


def holds(condition: str, values: Mapping[str, Any]) -> bool:
    """Whether a condition is true of the values; one that cannot be asked of them (None < 1) is not."""
    try:
        return bool(_value(ast.parse(condition, mode="eval").body, values))
    except TypeError:
        return False


def names_in(condition: str) -> set[str]:
    """The names a condition speaks of. Raises ValueError if it holds anything but comparisons of plain values."""
    tree = ast.parse(condition, mode="eval").body
    _refuse_others(tree, condition)
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - calls


def is_condition(text: str) -> bool:
    """Whether the text in brackets is a comparison, rather than a unit or a remark."""
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    return isinstance(tree, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Call)


def _refuse_others(node: ast.expr, condition: str) -> None:
    allowed = (ast.Compare, ast.BoolOp, ast.Name, ast.Constant, ast.Tuple, ast.List)
    minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub)
    length = (
        isinstance(node, ast.Call) and ast.unparse(node.func) == "len" and len(node.args) == 1 and not node.keywords
    )
    if not (isinstance(node, allowed) or minus or length):
        raise ValueError(f"The condition [{condition}] holds {ast.unparse(node)!r}: only comparisons are understood.")
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            _refuse_others(child, condition)


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return values[node.id]
        case ast.Tuple() | ast.List():
            return [_value(item, values) for item in node.elts]
        case ast.Call():
            return len(_value(node.args[0], values))
        case ast.UnaryOp():
            held = _value(node.operand, values)
            return not held if isinstance(node.op, ast.Not) else -held
        case ast.BoolOp():
            combine = all if isinstance(node.op, ast.And) else any
            return combine(_value(part, values) for part in node.values)
        case ast.Compare():
            return _chain(node, values)
    raise ValueError(f"Only comparisons are understood in a condition, not {ast.unparse(node)!r}.")


def _chain(node: ast.Compare, values: Mapping[str, Any]) -> bool:
    sides = [_value(side, values) for side in (node.left, *node.comparators)]
    steps = zip(node.ops, sides[:-1], sides[1:], strict=True)
    return all(COMPARISONS[type(comparison)](left, right) for comparison, left, right in steps)
