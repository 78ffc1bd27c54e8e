"""Covariates by a formula: its right-hand side, read by formulaic, as a matrix with one named column for each term."""

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from formulaic import Formula, ModelSpec, SimpleFormula
from formulaic.errors import DataMismatchWarning
from formulaic.parser.types import Factor
from formulaic.transforms import TRANSFORMS
from formulaic.utils.variables import get_required_variables
from numpy.typing import NDArray

from .errors import did_you_mean

Array = NDArray[np.float64]
_OUTCOME = ("lower", "upper", "cause", "n", "window", "entry", "limit")
_COLLINEAR = 1e-7  # length left of a column, as a share, once the others are taken from it; what R's lm calls aliased
_LARGE = 1e100  # beyond it, and below its inverse, squares and their products leave the range of floats
_ALONE = 12  # rows whose terms are made from nothing else
_TIMES = ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period")


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
    needed = _looked_up(parsed)
    for factor in (factor for term in parsed for factor in term.factors):
        if factor.eval_method.value == "python":  # formulaic itself overlooks what is inside bs(), center() and such
            quoted = re.findall("`([^`]+)`", factor.expr)
            inside = get_required_variables(factor.expr)
            needed |= {str(name if str(name) in quoted else name.root) for name in inside} - set(TRANSFORMS)
    for name in sorted(needed.intersection(_OUTCOME)):
        raise ValueError(
            f"{what} is {formula!r}, but {name!r} is part of the outcome: it cannot explain it. Leave it out."
        )
    if "Intercept" in needed or re.search(r"`\s*\d+\s*`", formula):
        raise ValueError(
            f"{what} is {formula!r}, in which a column has the name of the intercept: 'Intercept', or a number like the 1 that "
            "stands for it. Rename the column."
        )
    return sorted(needed)


def design(formula: str, frame: pd.DataFrame, what: str = "formula") -> Design:
    """The terms of a formula for each row of a frame, whose rows stand for people already (none with n = 0).

    formula   a right-hand side: "sex + age", "0 + sex", "C(stage) * log(age)"; it sees the columns, numpy as `np` and
              formulaic's functions, nothing of the caller's. It is code, so it must not come from strangers
    what      what the formula is called in errors: the name of the argument that it came by

    A term may depend on the row alone: center(), poly(), bs() without knots and bounds, or a distance to the youngest would take
    rows for people, and are refused. Raises ValueError for a column that is unknown or there twice, missing values (with the
    number of people), dates, values that are not finite, two terms of one name, and collinear terms, which it names.
    """
    needed = variables(formula, what)
    _refuse_doubles(frame, needed, what)
    for name in needed:
        if name not in frame.columns:
            raise ValueError(
                f"{what} is {formula!r}, but there is no column {name!r}{did_you_mean(name, frame.columns)}; there are "
                f"{', '.join(map(str, frame.columns))}."
            )
    rows, place = patterns(frame, needed)
    _refuse_missing(frame, needed, what)
    _refuse_times(rows, _looked_up(_parse(formula, what)), what)
    matrix, spec = _materialise(_parse(formula, what), rows, formula, what)
    _refuse_terms_of_other_rows(formula, rows, matrix, spec, what)
    names = list(spec.column_names)
    _refuse_one_name_for_two(spec, formula, what)
    refuse_collinear(names, _finite(matrix, names, what), what)
    return Design(names, matrix[place], spec)


def design_at(design: Design, at: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Array:
    """The same terms for new values: a frame, {"sex": "M", "age": 50}, or a list of such; shape (rows, terms).

    Raises ValueError for what is no such thing or has no rows, a column that is not there or there twice, a missing value, text
    or a date where the fit has numbers, and a level that the fit has not seen.
    """
    new = new_rows(at)
    formula = str(design.spec.formula)
    needed = variables(formula, "the formula of the fit")
    for name in needed:
        if name not in new.columns:
            near = did_you_mean(name, new.columns)
            raise ValueError(f"at lacks {name!r}{near}, which the formula of the fit ({formula}) needs.")
    _refuse_doubles(new, needed, "at")
    _refuse_missing(new, needed, "at")
    rows = _of_the_fits_kinds(design.spec, _without_arrow(new[needed].reset_index(drop=True)))
    matrix, _ = _materialise(design.spec, rows, formula, "at")
    return _finite(matrix, design.names, "at")


def new_rows(at: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A frame, {"sex": "M", "age": 50}, one with lists of values, or a list of such, as a frame; ValueError for anything else."""
    if isinstance(at, pd.DataFrame):
        new = at
    elif isinstance(at, Mapping) and not any(isinstance(value, set | frozenset | Mapping) for value in at.values()):
        several = {name: list(value) for name, value in at.items() if pd.api.types.is_list_like(value)}
        if len({len(values) for values in several.values()}) > 1:
            lengths = ", ".join(f"{len(values)} of {name}" for name, values in several.items())
            raise ValueError(f"at has columns of unequal length ({lengths}).")
        new = pd.DataFrame({**at, **several}, index=None if several else [0])
    elif isinstance(at, list | tuple) and all(isinstance(row, Mapping) for row in at):
        new = pd.DataFrame([dict(row) for row in at])
    else:
        raise ValueError(
            f"at is {at!r}; give the covariates by name, {{'sex': 'M', 'age': 50}}, lists of such values, or a frame."
        )
    if not len(new):
        raise ValueError("at has no rows; give at least one, such as {'sex': 'M', 'age': 50}.")
    return new


def patterns(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, NDArray[np.int_]]:
    """The distinct rows of some columns, levels that nobody has left out, and which of them each row of the frame is."""
    if not columns:
        return pd.DataFrame(index=range(1)), np.zeros(len(frame), np.int_)
    frame = _without_arrow(frame[list(columns)])
    try:
        groups = frame.groupby(list(columns), dropna=False, observed=True, sort=True)
        place = np.asarray(groups.ngroup(), np.int_)
    except TypeError as error:
        raise ValueError(
            f"The rows cannot be told apart by {', '.join(columns)}: a column mixes kinds of value ({error})."
        ) from None
    first = np.unique(place, return_index=True)[1]
    rows = frame.iloc[first].reset_index(drop=True)
    for name in columns:
        if isinstance(rows[name].dtype, pd.CategoricalDtype):
            rows[name] = rows[name].cat.remove_unused_categories()
    return rows, place


def refuse_collinear(names: Sequence[str], matrix: Array, what: str = "formula") -> None:
    """Refuse terms one of which the others give exactly, naming all that take part."""
    most = np.abs(matrix).max(axis=0, initial=0.0)
    constant = [name for name, size in zip(names, most, strict=True) if size < 1 / _LARGE]
    if constant:
        raise ValueError(f"The {what} has a term that is 0 for everybody: {', '.join(constant)}. Leave it out.")
    matrix = matrix / most  # first, lest the squares overflow
    triangle = np.linalg.qr(matrix / np.sqrt((matrix**2).sum(axis=0)), mode="r")
    _, size, direction = np.linalg.svd(triangle, full_matrices=True)
    sizes = np.concatenate([size, np.zeros(len(names) - len(size))])
    null = np.abs(direction[sizes < _COLLINEAR])
    if len(null):
        involved = [name for name, share in zip(names, null.max(axis=0), strict=True) if share > _COLLINEAR]
        raise ValueError(
            f"The terms of the {what} are collinear among these people, so that their effects cannot be told apart: "
            f"{', '.join(involved)}. Leave one of them out, or put levels together."
        )


def _refuse_doubles(frame: pd.DataFrame, needed: Sequence[str], what: str = "formula") -> None:
    """Refuse a frame that has one of the columns several times."""
    for name in needed:
        if (frame.columns == name).sum() > 1:
            raise ValueError(
                f"{what}: there are {(frame.columns == name).sum()} columns {name!r}; keep one, or rename the others."
            )


def _looked_up(parsed: SimpleFormula) -> set[str]:
    """The columns that stand in a formula as they are, not inside a function."""
    factors = (factor for term in parsed for factor in term.factors)
    return {factor.expr for factor in factors if factor.eval_method.value == "lookup"}


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
            if np.iscomplexobj(made):
                raise TypeError("they are complex numbers")
            matrix = np.asarray(made, np.float64).reshape(len(rows), len(made.model_spec.column_names))
        except Exception as error:
            raise ValueError(f"{what}: the terms of {formula!r} cannot be made: {_plain(error)}") from None
    if any(issubclass(one.category, DataMismatchWarning) for one in said):
        raise ValueError(f"{what} has a level that is not among those of the fit, in one of the terms of {formula!r}.")
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


def _refuse_times(rows: pd.DataFrame, looked_up: set[str], what: str) -> None:
    """Refuse dates and lengths of time as covariates: which zero and which unit would be hidden."""
    for name in looked_up:
        if pd.api.types.infer_dtype(rows[name], skipna=True) in _TIMES:
            raise ValueError(
                f"{what}: {name!r} holds dates or lengths of time ({rows[name].iloc[0]!s}, say). Give a number of days or years, "
                "since a day of your choice."
            )


def _refuse_one_name_for_two(spec: ModelSpec, formula: str, what: str) -> None:
    """Refuse a column that is called as a level or a product of others is: `sex[T.M]`, `sex:age`."""
    names = list(spec.column_names)
    for name in names:
        if names.count(name) > 1:
            both = [str(term) for term, places in spec.term_indices.items() if name in [names[i] for i in places]]
            raise ValueError(
                f"{what} is {formula!r}, two of whose terms would be called {name!r}: those of {' and '.join(both)}. Rename a "
                "column."
            )


def _refuse_terms_of_other_rows(formula: str, rows: pd.DataFrame, matrix: Array, spec: ModelSpec, what: str) -> None:
    """Refuse terms whose value changes with the other rows: rows stand for unlike numbers of people.

    The terms are made again, with the levels of the fit, where rows are repeated and turned round (another order, mean, median
    and range of ranks), in halves of the rows, and in single rows (another least and most).
    """
    if all(factor.eval_method.value != "python" for term in _parse(formula, what) for factor in term.factors):
        return
    k = np.arange(len(rows))
    times = 1 + k % 3
    times[:1] += 2 * len(rows)
    alone = np.unique(np.linspace(0, len(rows) - 1, _ALONE).astype(int))[:, None]
    for some in (np.repeat(k, times)[::-1], k[: len(k) // 2], k[len(k) // 2 :], k[::2], k[1::2], *alone):
        try:
            fresh = spec.update(transform_state={})  # each time, for formulaic writes into it
            again = _materialise(fresh, rows.iloc[some], formula, what)[0] if len(some) else matrix[:0]
            same = np.allclose(again, matrix[some], rtol=1e-9, atol=1e-12, equal_nan=True)
        except ValueError:  # it cannot be made from these rows, though from all of them
            same = False
        if not same:
            raise ValueError(
                f"{what} is {formula!r}, a term of which depends on other rows than its own (a mean, a range, an order). Rows "
                "stand for different numbers of people: make a column of it beforehand (for bs(), give the knots and both bounds)."
            )


def _of_the_fits_kinds(spec: ModelSpec, rows: pd.DataFrame) -> pd.DataFrame:
    """New rows whose numbers are numbers; ValueError for text or dates instead of these, and for levels not in the fit."""
    for expression, (kind, state) in spec.encoder_state.items():
        called = re.match(r"C\(\s*`?([^`,()]+?)`?\s*[,)]", expression)  # C(clinic), C(clinic, contr.sum)
        name = called[1] if called else expression
        if name not in rows.columns:
            continue
        if kind is Factor.Kind.NUMERICAL and expression == name:
            values = rows[name].infer_objects()
            if values.dtype.kind not in "biuf":
                raise ValueError(f"at has {name!r} as {values.iloc[0]!r}, which is no number, as those of the fit are.")
            rows = rows.assign(**{name: values})
        elif "categories" in state:
            levels = list(state["categories"])
            for value in rows[name]:
                if pd.api.types.is_list_like(value) or value not in levels:
                    raise ValueError(
                        "at has a level that is not among those of the fit "
                        f"({expression}: {', '.join(map(str, levels))}): {name!r} is {value!r}."
                    )
    return rows


def _without_arrow(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns that Arrow holds, its dictionaries too, as numpy's, which formulaic knows."""
    known: dict[str, Any] = {}
    for name, dtype in frame.dtypes.items():
        if isinstance(dtype, pd.ArrowDtype):
            number = dtype.kind in "biuf" and not frame[name].isna().any()
            numbers = {"b": bool, "f": float}.get(dtype.kind, int)
            known[str(name)] = numbers if number else float if str(dtype).startswith("decimal") else object
    return frame.astype(known)


def _finite(matrix: Array, names: Sequence[str], what: str) -> Array:
    finite = np.atleast_1d((np.abs(matrix) < _LARGE).all(axis=0))
    wrong = [name for name, all_are in zip(names, finite, strict=True) if not all_are]
    if wrong:
        raise ValueError(
            f"{what}: {', '.join(wrong)} is infinite or not a number for some of the rows, or too large to be reckoned with."
        )
    return matrix
