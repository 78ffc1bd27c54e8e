"""What a notebook takes: its cell tagged `parameters`, where each line gives a name, a type, a default and a help.

    people: int = 10_000   # cohort size [people >= 1]
    level: float = 0.95    # coverage of the intervals [0 < level < 1]

That cell is the only schema: a pydantic model is derived from it, and a value that does not fit is refused before any
kernel starts.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from firstsign.errors import did_you_mean

from .catalogue import Notebook, text_of
from .conditions import holds, is_condition, names_in

TYPES: dict[str, Any] = {"int": int, "float": float, "str": str, "bool": bool, "None": None}
WORDS = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "None": "none"}
HELP = re.compile(r"(?P<help>.*?)\s*\[(?P<condition>.+)\]\s*")


class Text(str):
    """A value as typed on the command line, still to be read as the type that a notebook declares."""


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell; `type` as written ("int | None"), `condition` without its brackets or ""."""

    name: str
    type: str
    default: Any
    help: str
    condition: str = ""

    @property
    def kind(self) -> Any:
        """The type as Python understands it."""
        return _kind(ast.parse(self.type, mode="eval").body)


def declared(notebook: Notebook) -> dict[str, Parameter]:
    """The parameters a notebook takes, by name, in the order of its tagged cell; empty if no cell is tagged.

    Raises ValueError, naming the notebook and the line, where the cell cannot be read: no type, a type we do not know,
    a default that is no plain value or breaks its own condition.
    """
    cells = [cell for cell in notebook.read()["cells"] if "parameters" in cell["metadata"].get("tags", [])]
    if not cells:
        return {}
    try:
        found = {parameter.name: parameter for parameter in _lines(text_of(cells[0]))}
        _settled(found, {})
    except (ValueError, SyntaxError) as slip:
        raise ValueError(f"{notebook.name}, the cell tagged 'parameters': {slip}") from slip
    return found


def settle(notebooks: Iterable[Notebook], given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The value of every parameter of every notebook: its default, or what was given.

    given  by parameter; a `Text` is read as the declared type, any other value must already have it

    A parameter goes to the notebooks that declare it. Raises ValueError for one that none declares, with the nearest
    name and the list of what each takes, and for a value of the wrong type or outside its condition.
    """
    schemas = {notebook.name: declared(notebook) for notebook in notebooks}
    _refuse_unknown(schemas, given)
    return {name: _settled(schema, given) for name, schema in schemas.items()}


def read_assignments(assignments: Iterable[str]) -> dict[str, Text]:
    """`key=value` words of the command line. Raises ValueError for one without `=` and for a key given twice."""
    given: dict[str, Text] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"-p {assignment!r} is not a parameter: write -p name=value, such as -p people=2000.")
        if name.strip() in given:
            raise ValueError(f"The parameter {name.strip()!r} is given twice with -p. Give it once.")
        given[name.strip()] = Text(value)
    return given


def read_file(path: Path) -> dict[str, Any]:
    """Parameters from a YAML file of `name: value` lines. Raises ValueError if it is anything else."""
    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as slip:
        raise ValueError(f"The parameter file {str(path)!r} is not YAML: {' '.join(str(slip).split())}.") from slip
    if not isinstance(held, dict) or not all(isinstance(name, str) for name in held):
        raise ValueError(f"The parameter file {str(path)!r} must hold lines of the form 'name: value'.")
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in held.items()}


def _lines(source: str) -> Iterable[Parameter]:
    words = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {word.start[0]: word.string.lstrip("# ") for word in words if word.type == tokenize.COMMENT}
    for line in ast.parse(source).body:
        if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name) or line.value is None:
            raise ValueError(f"{ast.unparse(line)!r} needs a name, a type and a default, as in 'people: int = 1_000'.")
        try:
            default = ast.literal_eval(line.value)
        except ValueError:
            raise ValueError(f"the default of {line.target.id!r} must be a plain value.") from None
        yield _parameter(line.target.id, line.annotation, default, comments.get(line.end_lineno or 0, ""))


def _parameter(name: str, annotation: ast.expr, default: Any, comment: str) -> Parameter:
    _kind(annotation)
    parts = HELP.fullmatch(comment)
    if parts is None or not is_condition(parts["condition"]):
        return Parameter(name, ast.unparse(annotation), default, comment.strip())
    return Parameter(name, ast.unparse(annotation), default, parts["help"].strip(), parts["condition"].strip())


def _kind(annotation: ast.expr) -> Any:
    match annotation:
        case ast.Name() | ast.Constant() if ast.unparse(annotation) in TYPES:
            return TYPES[ast.unparse(annotation)]
        case ast.Subscript(value=ast.Name(id="list")):
            return list[_kind(annotation.slice)]  # type: ignore[misc]
        case ast.BinOp(op=ast.BitOr()):
            return _kind(annotation.left) | _kind(annotation.right)
    raise ValueError(
        f"the type {ast.unparse(annotation)!r} is not one of int, float, str, bool, list[...] or X | None."
    )


def _model(schema: Mapping[str, Parameter]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        parameter.name: (parameter.kind, Field(parameter.default, description=parameter.help))
        for parameter in schema.values()
    }
    config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, validate_default=True, protected_namespaces=()
    )
    return create_model("Parameters", __config__=config, **fields)


def _settled(schema: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {name: _read(schema[name], value) for name, value in given.items() if name in schema}
    try:
        values = {name: value for name, value in _model(schema)(**wanted)}
    except ValidationError as slip:
        name = str(slip.errors()[0]["loc"][0])
        raise ValueError(_unfit(schema[name], wanted.get(name, schema[name].default))) from None
    _check(schema, values)
    return values


def _read(parameter: Parameter, value: Any) -> Any:
    """A `Text` as the declared type; everything else as it is."""
    if not isinstance(value, Text):
        return value
    if "None" in parameter.type and value.strip().lower() in ("none", "null", ""):
        return None
    listed = "list" in parameter.type
    words: Any = [word.strip() for word in value.strip("[] ").split(",") if word.strip()] if listed else str(value)
    try:
        return TypeAdapter(parameter.kind, config=ConfigDict(allow_inf_nan=False)).validate_python(words)
    except ValidationError:
        raise ValueError(_unfit(parameter, str(value))) from None


def _unfit(parameter: Parameter, value: Any) -> str:
    words = " or ".join(WORDS.get(part.strip(), f"a {part.strip()}") for part in parameter.type.split("|"))
    helped = f" ({parameter.help})" if parameter.help else ""
    return f"{parameter.name}{helped} must be {words}, and {value!r} is not. Its default is {parameter.default!r}."


def _check(schema: Mapping[str, Parameter], values: Mapping[str, Any]) -> None:
    for parameter in schema.values():
        if not parameter.condition:
            continue
        strange = names_in(parameter.condition) - set(schema)
        if strange:
            raise ValueError(
                f"the condition [{parameter.condition}] speaks of {min(strange)!r}, which is not declared."
            )
        if not holds(parameter.condition, values):
            value = values[parameter.name]
            raise ValueError(f"{parameter.name} = {value!r} is not possible: {parameter.condition} must hold.")


def _refuse_unknown(schemas: Mapping[str, Mapping[str, Parameter]], given: Mapping[str, Any]) -> None:
    known: list[str] = reduce(
        lambda names, schema: names + [name for name in schema if name not in names], schemas.values(), []
    )
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known)
            lists = "; ".join(f"{notebook} takes {', '.join(schema) or 'none'}" for notebook, schema in schemas.items())
            raise ValueError(f"No notebook of this report takes a parameter {name!r}{hint}. {lists}.")
