from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from firstsign.formulas import design, design_at, patterns, refuse_collinear, variables

PEOPLE = pd.DataFrame(
    {
        "sex": ["M", "F", "F", "M", "F"],
        "age": [50.0, 61, 47, 50, 70],
        "clinic": [1, 2, 3, 1, 2],
        "first sign": [1.0, 0, 0, 1, 1],
        "n": [1, 2, 3, 4, 5],
    }
)


def test_terms_have_formulaics_names_and_one_row_each():
    made = design("sex + age", PEOPLE)
    assert made.names == ["Intercept", "sex[T.M]", "age"]
    assert_allclose(made.matrix, np.column_stack([np.ones(5), [1, 0, 0, 1, 0], PEOPLE["age"]]))


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("1", ["Intercept"]),
        ("0 + sex", ["sex[F]", "sex[M]"]),
        ("C(clinic)", ["Intercept", "C(clinic)[T.2]", "C(clinic)[T.3]"]),
        ("C(clinic, contr.treatment(base=2))", ["Intercept", *(f"C(clinic, contr.treatment(base=2))[T.{i}]" for i in "13")]),
        ("log(age)", ["Intercept", "log(age)"]),
        ("np.sqrt(age) + `first sign`", ["Intercept", "np.sqrt(age)", "first sign"]),
        ("bs(age, knots=[60], lower_bound=40, upper_bound=80, degree=1)", ["Intercept", *(
            f"bs(age, knots=[60], lower_bound=40, upper_bound=80, degree=1)[{i}]" for i in "12")]),
    ],
)  # fmt: skip
def test_what_a_formula_can_say(formula, names):
    assert design(formula, PEOPLE).names == names


def test_variables_are_found_inside_functions():
    assert variables("sex * log(age) + C(`first sign`)") == ["age", "first sign", "sex"]
    assert variables("center(age) + bs(clinic, df=4) + {days / 7}") == ["age", "clinic", "days"]
    assert variables("1") == []


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("delay ~ sex", r"right-hand side only \('sex'\)"),
        ("sex + aeg", r"no column 'aeg' \(did you mean 'age'\?\); there are sex, age, clinic"),
        ("sex +", "cannot be read"),
        ("sex | age", "several parts"),
        ("", "give the right-hand side"),
        (None, "give the right-hand side"),
        ("lower", "part of the outcome"),
        ("os.getcwd()", "no column 'os'"),
        ("PEOPLE", "no column 'PEOPLE'"),
        ("log(age - 50)", r"log\(age - 50\) is infinite or not a number"),
        ("age + I(2 * age) + sex", r"collinear.*: age, I\(2 \* age\)\. Leave one"),
        ("C(clinic):sex", r"0 for everybody: C\(clinic\)\[T\.2\]:sex\[M\]"),
        ("center(age)", "depends on other rows"),
        ("scale(age) + sex", "depends on other rows"),
        ("poly(age, 2)", "depends on other rows"),
        ("bs(age, df=4)", "depends on other rows"),
        ("bs(age)", r"depends on other rows.*for bs\(\), give the knots and both bounds"),
        ("bs(age, knots=[60])", "depends on other rows"),
        ("I(age - age.min())", "depends on other rows"),
        ("I(age / age.max())", "depends on other rows"),
        ("np.minimum(age, age.max() - 1)", "depends on other rows"),
        ("C(age > age.min())", "depends on other rows"),
        ("entry + sex", "'entry' is part of the outcome"),
        ("window", "'window' is part of the outcome"),
        ("limit", "'limit' is part of the outcome"),
        ("Intercept", "the name of the intercept.*Rename"),
        ("0 + `1`", "the name of the intercept.*Rename"),
        ("lag(age)", "depends on other rows"),
        ("age.cumsum()", "depends on other rows"),
        ("I(sex + 1)", "cannot be made"),
    ],
)
def test_what_a_formula_cannot_say(formula, message):
    with pytest.raises(ValueError, match=message):
        design(formula, PEOPLE)


def test_the_argument_is_called_by_its_name():
    with pytest.raises(ValueError, match=r"^scale_formula is 'aeg'"):
        design("aeg", PEOPLE, "scale_formula")


def test_missing_values_are_counted_in_people_and_not_dropped():
    with pytest.raises(ValueError, match=r"missing \(age of 5 people, sex of 2 people\)"):
        design("sex + age", PEOPLE.assign(age=[50, 61, 47, 50, None], sex=["M", None, "F", "M", "F"]))
    with pytest.raises(ValueError, match="sex of 1 people"):
        design("sex", pd.DataFrame({"sex": ["M", None, "F"]}))
    assert design("age", PEOPLE.assign(sex=None)).names == ["Intercept", "age"]


@pytest.mark.parametrize(
    "values",
    [
        pd.array([1, 2, 3, 2, 1], "Int64"),
        pd.Categorical(list("abaab"), ["c", "b", "a"]),
        pd.array(list("abaab"), "string"),
        [True, False, True, False, True],
        pd.array(list("abaab"), pd.ArrowDtype(pa.string())),
        pd.array([1, 2, 3, 2, 1], pd.ArrowDtype(pa.int64())),
        pd.array([True, False, True, False, True], pd.ArrowDtype(pa.bool_())),
        pd.array([Decimal(1), Decimal(2), Decimal(3), Decimal(2), Decimal(1)], pd.ArrowDtype(pa.decimal128(5, 2))),
        pd.arrays.ArrowExtensionArray(pa.array(list("abaab")).dictionary_encode()),
    ],
)
def test_types_of_columns(values):
    made = design("x", PEOPLE.assign(x=values))
    assert made.matrix.dtype == float
    assert len(made.names) == 2  # a level that nobody has makes no term
    assert_allclose(design_at(made, PEOPLE.assign(x=values)), made.matrix)


def test_mixed_columns_and_dates_are_said():
    with pytest.raises(ValueError, match=r"cannot be told apart by x: a column mixes kinds of value|cannot be made"):
        design("x", PEOPLE.assign(x=[{}, 1, "a", 2, 3]))
    with pytest.raises(ValueError, match="complex numbers"):
        design("x", PEOPLE.assign(x=PEOPLE["age"] * 1j))
    for dates in (
        pd.to_datetime(["2024-01-01"] * 5),
        [date(2024, 1, 1)] * 5,
        pd.to_timedelta([1] * 5, unit="D"),
        pd.Series([date(2024, 1, 1)] * 5, dtype=pd.ArrowDtype(pa.date32())),
    ):
        with pytest.raises(ValueError, match=r"'x' holds dates or lengths of time \(.*Give a number of days or years"):
            design("x", PEOPLE.assign(x=dates))


def test_two_terms_of_one_name_are_refused():
    with pytest.raises(ValueError, match=r"called 'sex\[T.M\]': those of sex and sex\[T.M\]\. Rename"):
        design("sex + `sex[T.M]`", PEOPLE.assign(**{"sex[T.M]": range(5)}))
    with pytest.raises(ValueError, match=r"called 'sex\[T.M\]:age'"):
        design("sex * age + `sex[T.M]:age`", PEOPLE.assign(**{"sex[T.M]:age": range(5)}))


def test_columns_with_dots_are_columns():
    people = PEOPLE.assign(**{"a.b": PEOPLE["age"]})
    assert variables("`a.b` + C(`a.b` > 50)") == ["a.b"]
    assert_allclose(design("`a.b`", people).matrix, design("age", people).matrix)


def test_a_column_that_is_there_twice_is_refused():
    twice = pd.concat([PEOPLE, PEOPLE[["sex"]]], axis=1)
    with pytest.raises(ValueError, match="formula: there are 2 columns 'sex'"):
        design("sex", twice)
    with pytest.raises(ValueError, match="at: there are 2 columns 'sex'"):
        design_at(design("sex", PEOPLE), twice)
    assert design("age", twice).names == ["Intercept", "age"]


def test_magnitudes_that_cannot_be_reckoned_with():
    with pytest.raises(ValueError, match="too large to be reckoned with"):
        design("age", PEOPLE.assign(age=PEOPLE["age"] * 1e200))
    with pytest.raises(ValueError, match="0 for everybody"):
        design("age", PEOPLE.assign(age=PEOPLE["age"] * 1e-200))


def test_the_same_terms_at_new_values():
    others = PEOPLE.assign(age=PEOPLE["age"] + [1, 2, 3, 5, 8], sex=["F", "F", "M", "M", "M"])
    made = design("sex * age + C(clinic)", pd.concat([PEOPLE, others]))
    assert_allclose(design_at(made, PEOPLE), made.matrix[:5])
    row = dict(zip(made.names, design_at(made, {"sex": "M", "age": 40, "clinic": 3})[0], strict=True))
    assert row == {
        "Intercept": 1,
        "sex[T.M]": 1,
        "age": 40,
        "C(clinic)[T.2]": 0,
        "C(clinic)[T.3]": 1,
        "sex[T.M]:age": 40,
    }
    assert design_at(made, {"sex": ["M", "F"], "age": 40, "clinic": 3}).shape == (2, 6)
    assert design_at(made, [{"sex": "M", "age": 40, "clinic": 3}] * 3).shape == (3, 6)
    assert_allclose(design_at(design("1", PEOPLE), {}), [[1]])


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ({"sex": "X", "clinic": 1}, r"not among those of the fit \(.*sex: F, M.*\)"),
        ({"sex": "M", "clinic": 9}, r"not among those of the fit \(.*C\(clinic\): 1, 2, 3.*\)"),
        ({"sx": "M", "clinic": 1}, r"at lacks 'sex' \(did you mean 'sx'\?\)"),
        ({"sex": None, "clinic": 1}, "missing"),
    ],
)
def test_new_values_that_the_fit_does_not_know(at, message):
    rows = pd.concat([PEOPLE, PEOPLE.assign(sex=PEOPLE["sex"].map({"M": "F", "F": "M"}))])
    with pytest.raises(ValueError, match=message):
        design_at(design("sex + C(clinic)", rows), at)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ({"sex": "M", "age": "50"}, "at has 'age' as '50', which is no number"),
        ({"sex": "M", "age": pd.Timestamp("2024-01-01")}, "at has 'age' as Timestamp.*no number"),
        ({"sex": "M", "age": [[1]]}, r"at has 'age' as \[1\], which is no number"),
        ({"sex": [["M"]], "age": 1}, r"at has a level .*: 'sex' is \['M'\]"),
        ({"sex": "M", "age": np.inf}, "infinite"),
        ({"sex": ["M", "F"], "age": [1, 2, 3]}, r"columns of unequal length \(2 of sex, 3 of age\)"),
        ({"sex": {"M"}, "age": 1}, "give the covariates by name"),
        ({"sex": {"a": "M"}, "age": 1}, "give the covariates by name"),
        (pd.DataFrame({"sex": [], "age": []}), "no rows"),
        ([], "no rows"),
        (5, "at is 5; give the covariates by name"),
        ("M", "at is 'M'; give"),
        (["M"], r"at is \['M'\]; give"),
    ],
)
def test_what_is_no_new_value(at, message):
    with pytest.raises(ValueError, match=message):
        design_at(design("sex + age", PEOPLE), at)


def test_an_unseen_level_lists_that_columns_levels_only():
    made = design("sex + C(clinic)", pd.concat([PEOPLE, PEOPLE.assign(sex=list("FFMFM"))]))
    with pytest.raises(ValueError, match=r"not among those of the fit \(C\(clinic\): 1, 2, 3\): 'clinic' is 9\.$"):
        design_at(made, {"sex": "M", "clinic": 9})


def test_an_unseen_level_that_a_function_makes():
    with pytest.raises(ValueError, match=r"at has a level that is not among those of the fit, in one of the terms"):
        design_at(design("C(clinic // 3)", PEOPLE), {"clinic": 9})


def test_numbers_that_a_frame_holds_as_objects_are_numbers():
    made = design("sex + age", PEOPLE)
    assert_allclose(design_at(made, pd.DataFrame({"sex": ["M"], "age": [50]}, dtype=object)), [[1, 1, 50]])


def test_patterns_are_the_distinct_rows():
    rows, place = patterns(PEOPLE, ["sex", "clinic"])
    assert rows.to_dict("list") == {"sex": ["F", "F", "M"], "clinic": [2, 3, 1]}
    assert place.tolist() == [2, 0, 1, 2, 0]
    assert patterns(PEOPLE, [])[1].tolist() == [0] * 5


def test_collinear_terms_are_all_named_and_others_are_not():
    x = np.random.default_rng(1).normal(size=(50, 4))
    x[:, 2] = x[:, 0] - x[:, 1]
    with pytest.raises(ValueError, match="told apart: a, b, c\\. Leave"):
        refuse_collinear(["a", "b", "c", "d"], x)
    refuse_collinear(["a", "b", "d"], x[:, [0, 1, 3]])
    with pytest.raises(ValueError, match="told apart: a, b, d"):
        refuse_collinear(["a", "b", "d"], x[:2, [0, 1, 3]])  # fewer rows than terms


@given(st.permutations(range(5)), st.floats(0.01, 1e6))
def test_order_does_not_matter_and_scale_is_no_collinearity(order, scale):
    made = design("sex + age", PEOPLE.assign(age=PEOPLE["age"] * scale).iloc[list(order)])
    assert_allclose(made.matrix[:, 2], PEOPLE["age"].to_numpy()[list(order)] * scale)
