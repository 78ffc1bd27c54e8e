"""Covariates by a formula: its right-hand side, read by formulaic, as a matrix with one named column for each term."""

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from formulaic import Formula, ModelSpec, SimpleFormula
from formulaic.errors import DataMismatchWarning
from formulaic.transforms import TRANSFORMS
from formulaic.utils.variables import get_required_variables
from numpy.typing import NDArray

from .errors import did_you_mean

Array = NDArray[np.float64]
_OUTCOME = ("lower", "upper", "cause", "n")
_COLLINEAR = 1e-7  # length left of a column, as a share, once the others are taken from it; what R's lm calls aliased


class Design(NamedTuple):
    """The terms of a formula for some rows.

    names    of the terms, as formulaic writes them: `Intercept`, `sex[T.M]`, `age`
    matrix   shape (rows, terms)
    spec     formulaic's memory of the formula and its levels, from which `design_at` makes the same terms
    """

    names: list[str]
    matrix: Array
    spec: ModelSpec


def variables(formula: str, what: str = "formula") -> list[str]:
    """The columns that a formula needs, sorted. Raises ValueError for what is not the right-hand side of a formula."""
    parsed = _parse(formula, what)
    needed = {str(name) for name in parsed.required_variables}
    for factor in (factor for term in parsed for factor in term.factors):
        if factor.eval_method.value == "lookup":
            needed.add(factor.expr)
        elif factor.eval_method.value == "python":  # formulaic itself overlooks what is inside bs(), center() and such
            needed |= {str(name.root) for name in get_required_variables(factor.expr)} - set(TRANSFORMS)
    for name in sorted(needed.intersection(_OUTCOME)):
        raise ValueError(
            f"{what} is {formula!r}, but {name!r} is part of the outcome: it cannot explain it. Leave it out."
        )
    return sorted(needed)


def design(formula: str, frame: pd.DataFrame, what: str = "formula") -> Design:
    """The terms of a formula for each row of a frame, whose rows stand for people already (none with n = 0).

    formula   a right-hand side: "sex + age", "0 + sex", "C(stage) * log(age)"; it sees the columns, numpy as `np` and
              formulaic's functions, nothing of the caller's. It is code, so it must not come from strangers
    what      what the formula is called in errors: the name of the argument that it came by

    A term may depend on the row alone: center(), poly(), or bs() without knots would take rows for people, and are refused.
    Raises ValueError for an unknown column, missing values (with the number of people), values that are not finite, and
    collinear terms, which it names.
    """
    needed = variables(formula, what)
    for name in needed:
        if name not in frame.columns:
            raise ValueError(
                f"{what} is {formula!r}, but there is no column {name!r}{did_you_mean(name, frame.columns)}; there are "
                f"{', '.join(map(str, frame.columns))}."
            )
    rows, place = patterns(frame, needed)
    _refuse_missing(frame, needed, what)
    matrix, spec = _materialise(_parse(formula, what), rows, formula, what)
    _refuse_terms_of_other_rows(formula, rows, matrix, what)
    names = list(spec.column_names)
    refuse_collinear(names, _finite(matrix, names, what), what)
    return Design(names, matrix[place], spec)


def design_at(design: Design, at: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Array:
    """The same terms for new values: a frame, {"sex": "M", "age": 50}, or a list of such; shape (rows, terms).

    Raises ValueError for a column that is not there, a missing value, and a level that the fit has not seen.
    """
    if isinstance(at, Mapping):
        several = any(pd.api.types.is_list_like(value) for value in at.values())
        new = pd.DataFrame(dict(at), index=None if several else [0])
    else:
        new = at if isinstance(at, pd.DataFrame) else pd.DataFrame(list(at))
    formula = str(design.spec.formula)
    needed = variables(formula, "the formula of the fit")
    for name in needed:
        if name not in new.columns:
            near = did_you_mean(name, new.columns)
            raise ValueError(f"at lacks {name!r}{near}, which the formula of the fit ({formula}) needs.")
    _refuse_missing(new, needed, "at")
    matrix, _ = _materialise(design.spec, new[needed].reset_index(drop=True), formula, "at")
    return _finite(matrix, design.names, "at")


def patterns(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, NDArray[np.int_]]:
    """The distinct rows of some columns, levels that nobody has left out, and which of them each row of the frame is."""
    if not columns:
        return pd.DataFrame(index=range(1)), np.zeros(len(frame), np.int_)
    try:
        groups = frame.groupby(list(columns), dropna=False, observed=True, sort=True)
        place = np.asarray(groups.ngroup(), np.int_)
    except TypeError as error:
        raise ValueError(
            f"The rows cannot be told apart by {', '.join(columns)}: a column mixes kinds of value ({error})."
        ) from None
    first = np.unique(place, return_index=True)[1]
    rows = frame[list(columns)].iloc[first].reset_index(drop=True)
    for name in columns:
        if isinstance(rows[name].dtype, pd.CategoricalDtype):
            rows[name] = rows[name].cat.remove_unused_categories()
    return rows, place


def refuse_collinear(names: Sequence[str], matrix: Array, what: str = "formula") -> None:
    """Refuse terms one of which the others give exactly, naming all that take part."""
    length = np.sqrt((matrix**2).sum(axis=0))
    constant = [name for name, size in zip(names, length, strict=True) if size == 0]
    if constant:
        raise ValueError(f"The {what} has a term that is 0 for everybody: {', '.join(constant)}. Leave it out.")
    triangle = np.linalg.qr(matrix / length, mode="r")
    _, size, direction = np.linalg.svd(triangle, full_matrices=True)
    sizes = np.concatenate([size, np.zeros(len(names) - len(size))])
    null = np.abs(direction[sizes < _COLLINEAR])
    if len(null):
        involved = [name for name, share in zip(names, null.max(axis=0), strict=True) if share > _COLLINEAR]
        raise ValueError(
            f"The terms of the {what} are collinear among these people, so that their effects cannot be told apart: "
            f"{', '.join(involved)}. Leave one of them out, or put levels together."
        )


def _parse(formula: str, what: str) -> SimpleFormula:
    if not isinstance(formula, str) or not formula.strip():
        raise ValueError(f"{what} is {formula!r}; give the right-hand side of a formula, such as 'sex + age'.")
    if "~" in formula:
        raise ValueError(
            f"{what} is {formula!r}; give the right-hand side only ({formula.split('~')[-1].strip()!r}): the delay is in the "
            "spells."
        )
    try:
        parsed = Formula(formula)
    except Exception as error:
        raise ValueError(f"{what} is {formula!r}, which cannot be read: {_plain(error)}") from None
    if not isinstance(parsed, SimpleFormula):
        raise ValueError(f"{what} is {formula!r}, which has several parts; give one, such as 'sex + age'.")
    return parsed


def _materialise(
    source: SimpleFormula | ModelSpec, rows: pd.DataFrame, formula: str, what: str
) -> tuple[Array, ModelSpec]:
    """formulaic's matrix and its memory of it, with what it raises or warns of turned into a ValueError."""
    words = {name: object for name in rows.columns if isinstance(rows[name].dtype, pd.StringDtype)}
    with warnings.catch_warnings(record=True) as said, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            made = source.get_model_matrix(rows.astype(words), context={}, output="numpy", na_action="ignore")
            matrix = np.asarray(made, np.float64).reshape(len(rows), len(made.model_spec.column_names))
        except Exception as error:
            raise ValueError(f"{what}: the terms of {formula!r} cannot be made: {_plain(error)}") from None
    if any(issubclass(one.category, DataMismatchWarning) for one in said):
        states = {name: state["categories"] for name, (_, state) in made.model_spec.encoder_state.items() if state}
        seen = "; ".join(f"{name}: {', '.join(map(str, levels))}" for name, levels in states.items())
        raise ValueError(f"{what} has a level that is not among those of the fit ({seen}).")
    return matrix, made.model_spec


def _plain(error: Exception) -> str:
    """What formulaic says, on one line and without its colours."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[⧛⧚]", "", str(error)).split()) or type(error).__name__


def _refuse_missing(frame: pd.DataFrame, needed: Sequence[str], what: str) -> None:
    missing = frame[list(needed)].isna()
    if missing.to_numpy().any():
        people = frame["n"] if "n" in frame.columns else pd.Series(1, index=frame.index)
        counts = [f"{name} of {people[gone].sum():,g} people" for name, gone in missing.items() if gone.any()]
        raise ValueError(
            f"{what}: values are missing ({', '.join(counts)}). Leave those rows out, and say so, or make a level of "
            "them (.fillna('unknown'))."
        )


def _refuse_terms_of_other_rows(formula: str, rows: pd.DataFrame, matrix: Array, what: str) -> None:
    """Refuse terms whose value changes when rows are repeated: rows stand for unlike numbers of people."""
    if all(factor.eval_method.value != "python" for term in _parse(formula, what) for factor in term.factors):
        return
    times = 1 + np.arange(len(rows)) % 3
    times[:1] += 2 * len(rows)
    again = rows.loc[rows.index.repeat(times)[::-1]]  # another order, mean, median and range of ranks
    repeated, _ = _materialise(_parse(formula, what), again, formula, what)
    first = (np.cumsum(times[::-1]) - 1)[::-1]
    if not np.allclose(repeated[first], matrix, rtol=1e-9, atol=1e-12, equal_nan=True):
        raise ValueError(
            f"{what} is {formula!r}, a term of which depends on other rows than its own (a mean, a range, an order). Rows stand "
            "for different numbers of people: make a column of it beforehand (for bs(), give the knots and both bounds)."
        )


def _finite(matrix: Array, names: Sequence[str], what: str) -> Array:
    finite = np.atleast_1d(np.isfinite(matrix).all(axis=0))
    wrong = [name for name, all_are in zip(names, finite, strict=True) if not all_are]
    if wrong:
        raise ValueError(f"{what}: {', '.join(wrong)} is infinite or not a number for some of the rows.")
    return matrix
