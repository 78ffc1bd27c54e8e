"""Shares of people: no numerator without a named denominator, no share without its counts and its interval."""

import re
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta, binom, norm

from .bands import check_level
from .errors import did_you_mean
from .vocabulary import NO_SYMPTOM, named_people, symptoms

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
METHODS = ("wilson", "exact", "jeffreys")
_QUOTED = re.compile(r"(\"[^\"]*\"|'[^']*')")


def share(
    cohort: pd.DataFrame,
    numerator: str | Sequence[str],
    denominator: str,
    level: float = 0.95,
    method: str = "wilson",
) -> pd.DataFrame:
    """What share of the people of the denominator belong to the numerator.

    numerator, denominator  a named set of people (`named_people()`, such as "metastatic at diagnosis"), a symptom or a
                            group of symptoms (people who have it among their symptoms), or a pandas query string; several
                            numerators give a row each
    method                  "wilson", "exact" (Clopper-Pearson) or "jeffreys"

    Returns numerator, denominator, x (people of the denominator who are in the numerator), n (people of the denominator
    of whom that is known), unknown (those of whom it is not known: they are in neither), share = x / n, low, high; with
    n = 0 the share is NaN. In a query string a person is unknown if a column that it names is missing, except where it
    asks for just that (`stage.isna()`) and for dates (a missing date says that something has not happened). Raises
    ValueError for unknown names and columns.
    """
    below = _members(cohort, denominator)
    rows = []
    for name in [numerator] if isinstance(numerator, str) else numerator:
        above = _members(cohort, name)
        inside = below.fillna(False).astype(bool)
        known = inside & above.notna()
        x, n = int((above.fillna(False).astype(bool) & inside).sum()), int(known.sum())
        low, high = interval(x, n, level, method)
        unknown = int((inside & above.isna()).sum() + below.isna().sum())
        rows.append((name, denominator, x, n, unknown, x / n if n else np.nan, low, high))
    return pd.DataFrame(rows, columns=["numerator", "denominator", "x", "n", "unknown", "share", "low", "high"])


def interval(x: int, n: int, level: float = 0.95, method: str = "wilson") -> tuple[float, float]:
    """The interval of a share of x in n people by one of METHODS; (0, 1) when there is nobody."""
    check_level(level)
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; it can be {', '.join(map(repr, METHODS))}.")
    if not 0 <= x <= n:
        raise ValueError(
            f"{x} of {n} is no share: the people counted in the numerator are among those of the denominator."
        )
    low, high = _bounds(np.array([x]), n, level, method) if n else (np.array([0.0]), np.array([1.0]))
    return float(low[0]), float(high[0])


def _bounds(x: Counts, n: int | Counts, level: float, method: str) -> tuple[Array, Array]:
    """The intervals of several counts, out of the same n or each out of its own, which is above 0; shape of x."""
    tail = (1 - level) / 2
    if method == "wilson":
        z = norm.isf(tail)
        middle, half = x + z**2 / 2, z * np.sqrt(x * (n - x) / n + z**2 / 4)
        low, high = (middle - half) / (n + z**2), (middle + half) / (n + z**2)
    else:
        less = 1.0 if method == "exact" else 0.5
        with np.errstate(invalid="ignore"):
            low, high = beta.ppf(tail, x + 1 - less, n - x + less), beta.isf(tail, x + less, n - x + 1 - less)
    return np.where(x == 0, 0.0, low), np.where(x == n, 1.0, high)


def wilson(x: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's (1927) score interval of a share; 6 of 100 gives 0.0278 to 0.1248."""
    return interval(x, n, level, "wilson")


def exact(x: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper & Pearson's (1934) interval of a share: coverage never below `level`; 6 of 100 gives 0.0223 to 0.1260."""
    return interval(x, n, level, "exact")


def jeffreys(x: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The equal-tailed interval under Jeffreys' prior (Brown, Cai & DasGupta 2001), 0 and 1 kept at the edges."""
    return interval(x, n, level, "jeffreys")


def chance_to_tell(people: int, share: float, other: float, level: float = 0.95, method: str = "wilson") -> float:
    """How often a sample of so many people, of whom truly `share` belong, has an interval that leaves `other` out on the
    right side: wholly above it where `share` is the greater, wholly below it where it is the smaller.

    Exact: the binomial chances of all the counts whose interval does so, added up. Raises ValueError for fewer than one
    person and for shares outside 0 to 1.
    """
    interval(0, 0, level, method)
    if people < 1 or people != int(people):
        raise ValueError(f"people is {people!r}; it is how many people the sample has, 1 or more.")
    for value in (share, other):
        if not 0 <= value <= 1:
            raise ValueError(f"{value!r} is no share; a share lies between 0 and 1.")
    return float(_chances(np.array([int(people)]), share, other, level, method)[0])


def _chances(people: Counts, share: float, other: float, level: float, method: str) -> Array:
    """`chance_to_tell` of each number of people. Intervals rise with the count, so that those above `other` belong to the
    counts from a first one upwards, and those below it to the counts before one."""
    if share > other:
        above = _first(lambda x: _bounds(x, people, level, method)[0] > other, people)
        return binom.sf(above - 1, people, share)
    return binom.cdf(_first(lambda x: _bounds(x, people, level, method)[1] >= other, people) - 1, people, share)


def _first(holds: Callable[[Counts], NDArray[np.bool_]], people: Counts) -> Counts:
    """The first count out of each number of people for which it holds, as it then does for all after it; else people + 1."""
    low, high = np.zeros_like(people), people + 1
    while (searching := low < high).any():
        middle = (low + high) // 2
        yes = holds(np.minimum(middle, people))
        low, high = np.where(searching & ~yes, middle + 1, low), np.where(searching & yes, middle, high)
    return low


def people_to_tell(
    share: float, other: float, chance: float = 0.8, level: float = 0.95, method: str = "wilson", most: int = 20_000
) -> int:
    """How many people are needed to tell one share from another: exact, not by a normal approximation.

    The smallest number whose `chance_to_tell` is at least `chance` and stays so for the next tenth of people; for counts
    are whole, so that the chance goes up in a sawtooth. Raises ValueError if the shares are equal or not inside (0, 1), and
    if `most` people do not suffice.
    """
    if not (0 < share < 1 and 0 < other < 1 and share != other):
        raise ValueError(
            f"The shares {share} and {other} cannot be told apart: give two different ones between 0 and 1."
        )
    if not 0 < chance < 1:
        raise ValueError(f"chance is {chance!r}; it is how often one wants to succeed, between 0 and 1, such as 0.8.")
    interval(0, 0, level, method)
    enough_since, last = 0, int(most * 1.1) + 1
    for first in range(1, last + 1, 500):
        numbers = np.arange(first, min(first + 500, last + 1))
        for people, told in zip(numbers.tolist(), _chances(numbers, share, other, level, method), strict=True):
            if told < chance:
                enough_since = 0
            elif not enough_since:
                enough_since = people
            if enough_since and people >= 1.1 * enough_since:
                return enough_since
    raise ValueError(
        f"More than {most:,} people would be needed to tell {share} from {other}; raise `most` to search on."
    )


def _members(cohort: pd.DataFrame, name: str) -> pd.Series:
    """Who belongs to a set: True, False, or missing where it is not known."""
    named = named_people().set_index("name")["query"]
    known = symptoms()
    if name in named.index:
        return _evaluate(cohort, name, named[name])
    if name in set(known["name"]) | set(known["group"]):
        wanted = known.loc[
            (known["name"] == name) | ((known["group"] == name) & (name not in set(known["name"]))), "name"
        ]
        if "symptoms" not in cohort.columns:
            raise ValueError(f"{name!r} is a symptom, and the cohort has no column 'symptoms' to look it up in.")
        have = _have(cohort["symptoms"], list(wanted))
        return have.mask(
            have.isna() & cohort.get("first_symptom_group", have.isna()).eq(NO_SYMPTOM).fillna(False), False
        )
    if re.fullmatch(r"[\w \-]+", name) and not _is_condition(name, cohort):
        everything = [*named.index, *known["name"], *known["group"]]
        raise ValueError(
            f"No set of people is called {name!r}{did_you_mean(name, everything)}. named_people() and symptoms() list the names; "
            "a query string such as 'stage == 4' works too."
        )
    return _ask(cohort, name)


def _is_condition(words: str, cohort: pd.DataFrame) -> bool:
    """Whether plain words are a column, or columns joined by and, or, not, rather than a name."""
    return words in cohort.columns or any(
        word in cohort.columns and set(words.split()) & {"and", "or", "not"} for word in words.split()
    )


def _have(listed: pd.Series, wanted: list[str]) -> pd.Series:
    """Whether one of the wanted symptoms stands in the ;-separated list."""
    pattern = rf"(?:^|;)\s*(?:{'|'.join(map(re.escape, wanted))})\s*(?:;|$)"
    return listed.astype("string").str.contains(pattern, case=False, regex=True).astype("boolean")


def _evaluate(cohort: pd.DataFrame, name: str, query: str) -> pd.Series:
    """The answer to a query, person by person; `name` is what to call it in an error."""
    if "@" in _QUOTED.sub("", query):
        raise ValueError(f"The query {query!r} asks for a variable with @; write its value into the query instead.")
    try:
        result = cohort.eval(query, engine="python")
    except pd.errors.UndefinedVariableError as problem:
        missing = re.findall(r"'([^']+)'", str(problem))[0].removeprefix("BACKTICK_QUOTED_STRING_")
        raise ValueError(
            f"{name!r} cannot be counted in this cohort: it has no column {missing}{did_you_mean(missing, cohort.columns)}. "
            f"The columns are: {', '.join(map(str, cohort.columns))}."
        ) from None
    except Exception as problem:
        raise ValueError(f"The query {query!r} cannot be read: {str(problem).splitlines()[0]}") from None
    if not isinstance(result, pd.Series) or not pd.api.types.is_bool_dtype(result.convert_dtypes()):
        raise ValueError(
            f"The query {query!r} does not say of each person whether they belong; write a condition such as 'stage == 4'."
        )
    return result.astype("boolean")


def _ask(cohort: pd.DataFrame, query: str) -> pd.Series:
    """A query string; whoever lacks a value that it asks for is unknown."""
    for name, text in re.findall(r"(\w+)\s*[=!<>]=?\s*[\"']([^\"']*)[\"']", query):
        if name in cohort.columns and pd.api.types.is_numeric_dtype(cohort[name]):
            raise ValueError(
                f"{query!r} compares the numbers of {name!r} with the text {text!r}: write it without quotation marks."
            )
    result = _evaluate(cohort, query, query)
    plain = re.sub(r"[\w`]+\.(isna|notna|isnull|notnull)\(\)", "", _QUOTED.sub("", query))
    words = {*re.findall(r"[^\W\d]\w*", plain), *re.findall(r"`([^`]+)`", plain)}
    asked = [
        name for name in cohort.columns if name in words and not pd.api.types.is_datetime64_any_dtype(cohort[name])
    ]
    return result.mask(cohort[asked].isna().any(axis=1)) if asked else result
