"""Shares of several studies put together, with how far the studies lie apart; different things counted are not pooled."""

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import chi2, t

from .bands import check_level
from .errors import did_you_mean
from .heterogeneity import (
    ESTIMATORS,
    binomial_normal,
    cochran_q,
    likelihood_ratio,
    q_profile,
    typical_variance,
)
from .shares import wilson

Array = NDArray[np.float64]
METHODS = ("random", "fixed", "exact")
INTERVALS = ("hartung-knapp", "modified-hartung-knapp", "wald")
COUNTED = ("numerator", "denominator", "estimand")  # columns that say what was counted, of whom
NAN = float("nan")


def pool_shares(
    studies: pd.DataFrame,
    method: str = "random",
    level: float = 0.95,
    tau2: str = "reml",
    interval: str = "hartung-knapp",
    mixed: bool = False,
    zero: float | None = None,
) -> pd.DataFrame:
    """One share from several studies of the same thing, and how far the next study may lie from it.

    studies   one row a study, two or more: x of n people; `study` names it. Columns numerator and denominator (as `share`
              returns them) or estimand say what was counted
    method    "random": logits normal within and between studies, weights 1 / (variance + tau2); "fixed": the studies share one
              share; "exact": counts binomial, logits normal between studies (maximum likelihood), for which zero counts need
              no correction
    tau2      of "random": "reml", "paule-mandel" or "dersimonian-laird"
    interval  of "random": "hartung-knapp" (t with k - 1 degrees of freedom; of studies that agree better than chance would
              have it the interval is too narrow, of equal shares it has no width), "modified-hartung-knapp" (never narrower
              than chance within the studies allows) or "wald" (normal). "exact" takes Wald's standard error, with that t unless
              "wald" is asked for; "fixed" is always "wald"
    mixed     True pools studies that counted different things
    zero      of "random" and "fixed": added to both counts of a study that counted nobody or everybody, usually 0.5

    Returns one row: studies, x, n (totals), share, low, high, tau2 (variance between studies on the logit; 0 if fixed),
    tau2_low, tau2_high (Q-profile; of "random" only), i2 (part of the variance of a typical study that lies between studies,
    0 to 1; not for "exact"), q, df, p (test that there is one share: Cochran's Q, for "exact" the likelihood ratio of
    shares of their own over a common one), prediction_low, prediction_high (where the share of a further study lies; t with
    k - 2 degrees of freedom, from three studies on, not if fixed), method.

    The pooled share is the *median* of the shares between studies, half of them above and half below; it is neither
    their mean nor x / n. Hartung & Knapp (2001), Röver, Knapp & Friede (2015), Higgins, Thompson & Spiegelhalter (2009);
    rma and rma.glmm(measure = "PLO") of R's metafor. Raises ValueError for impossible counts, for different things counted
    unless mixed, and for logits that do not exist.
    """
    _check_options(method, level, tau2, interval, zero)
    x, n = _counts(studies, mixed)
    pooled = _exact(x, n, interval) if method == "exact" else _normal(x, n, method, tau2, interval, zero)
    k, half = len(x), (1 - level) / 2
    reach = t.isf(half, pooled.df) * pooled.se
    known = k > 2 and method != "fixed"
    further = t.isf(half, k - 2) * np.sqrt(pooled.tau2 + pooled.se**2) if known else NAN
    spread = q_profile(*_logits(x, n, zero), level) if method == "random" else (NAN, NAN)
    row = {
        "studies": k,
        "x": int(x.sum()),
        "n": int(n.sum()),
        "share": expit(pooled.logit),
        "low": expit(pooled.logit - reach),
        "high": expit(pooled.logit + reach),
        "tau2": pooled.tau2,
        "tau2_low": spread[0],
        "tau2_high": spread[1],
        "i2": pooled.i2,
        "q": pooled.q,
        "df": k - 1,
        "p": chi2.sf(pooled.q, k - 1),
        "prediction_low": expit(pooled.logit - further),
        "prediction_high": expit(pooled.logit + further),
        "method": method,
    }
    return pd.DataFrame([row])


def leave_one_out(studies: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The pooled share without each study in turn: does it hang on a single one?

    studies  as for `pool_shares`, three or more; the options are its own

    Returns one row a study: left_out (its name in `study`, else its number from 1), then the columns of `pool_shares`. Raises
    its ValueErrors, with the study that was left out when one came up.
    """
    _counts(studies, bool(options.get("mixed", False)))
    if len(studies) < 3:
        raise ValueError(
            "Of two studies one remains when one is left out, which cannot be pooled; give at least three."
        )
    rows = []
    for place, name in enumerate(_names(studies)):
        others = np.arange(len(studies)) != place
        try:
            rows.append(pool_shares(studies[others], **options).assign(left_out=name))
        except ValueError as problem:
            raise ValueError(f"Without study {name!r}: {problem}") from None
    frame = pd.concat(rows, ignore_index=True)
    return frame[["left_out", *frame.columns.drop("left_out")]]


def study_shares(
    studies: pd.DataFrame,
    level: float = 0.95,
    method: str = "random",
    tau2: str = "reml",
    mixed: bool = False,
    zero: float | None = None,
) -> pd.DataFrame:
    """Each study's own share and what it weighs in the pooled one: the lines of a forest plot.

    studies, method, tau2, mixed, zero  as for `pool_shares`

    Returns one row a study: study (its name, else its number from 1), x, n, share = x / n, low, high (Wilson's), weight (per
    cent of the pooled share; NaN for "exact", where the studies are not averaged). Raises the ValueErrors of `pool_shares`.
    """
    _check_options(method, level, tau2, "wald", zero)
    x, n = _counts(studies, mixed)
    bounds = np.array([wilson(int(one), int(all_), level) for one, all_ in zip(x, n, strict=True)])
    weight = np.full(len(x), NAN)
    if method != "exact":
        effect, variance = _logits(x, n, zero)
        weight = 1 / (variance + (ESTIMATORS[tau2](effect, variance) if method == "random" else 0))
    frame = {"study": _names(studies), "x": x.astype(int), "n": n.astype(int), "share": x / n}
    return pd.DataFrame({**frame, "low": bounds[:, 0], "high": bounds[:, 1], "weight": 100 * weight / weight.sum()})


class _Pooled(NamedTuple):
    """The pooled logit with its error, the degrees of freedom of its t (inf for the normal), and how far studies lie apart."""

    logit: float
    se: float
    df: float
    tau2: float
    i2: float
    q: float


def _normal(x: Array, n: Array, method: str, tau2: str, interval: str, zero: float | None) -> _Pooled:
    effect, variance = _logits(x, n, zero)
    df, q = len(x) - 1, cochran_q(effect, variance)
    if method == "fixed":
        between, wald, i2 = 0.0, True, max(0.0, q - df) / max(q, df)
    else:
        between, wald = ESTIMATORS[tau2](effect, variance), interval == "wald"
        i2 = between / (between + typical_variance(variance))
    weight = 1 / (variance + between)
    stretch = 1.0 if wald else cochran_q(effect, variance, between) / df
    if interval == "modified-hartung-knapp":
        stretch = max(1.0, stretch)
    se = float(np.sqrt(stretch / weight.sum()))
    return _Pooled(float(np.average(effect, weights=weight)), se, np.inf if wald else df, between, i2, q)


def _exact(x: Array, n: Array, interval: str) -> _Pooled:
    fit = binomial_normal(x, n)
    df = np.inf if interval == "wald" else len(x) - 1
    return _Pooled(fit.mu, fit.se, df, fit.tau**2, NAN, likelihood_ratio(x, n))


def _logits(x: Array, n: Array, zero: float | None) -> tuple[Array, Array]:
    """The studies' logits and their variances within the study."""
    bare = (x == 0) | (x == n)
    if bare.any() and zero is None:
        which = ", ".join(f"{one:.0f} of {all_:.0f}" for one, all_ in zip(x[bare], n[bare], strict=True))
        raise ValueError(
            f"The logit of a share of 0 or 1 does not exist, and {bare.sum()} of {len(x)} studies have one ({which}): "
            "method='exact' takes the counts as they are; zero=0.5 adds half a person to both sides of these studies."
        )
    added = np.where(bare, zero or 0.0, 0.0)
    inside, outside = x + added, n - x + added
    return np.log(inside / outside), 1 / inside + 1 / outside


def _names(studies: pd.DataFrame) -> list[Any]:
    return studies["study"].tolist() if "study" in studies else list(range(1, len(studies) + 1))


def _counts(studies: pd.DataFrame, mixed: bool) -> tuple[Array, Array]:
    """x and n of the studies, once they can be pooled."""
    lacking = [name for name in ("x", "n") if name not in studies]
    if lacking:
        raise ValueError(
            f"The studies have no column {' and no column '.join(lacking)}; pooling needs x, the people counted, and n, of "
            "how many, with one row a study."
        )
    x, n = (pd.to_numeric(studies[name], errors="coerce").to_numpy(float, na_value=np.nan) for name in ("x", "n"))
    with np.errstate(invalid="ignore"):
        wrong = ~((x >= 0) & (x <= n) & (n >= 1) & (x % 1 == 0) & (n % 1 == 0) & np.isfinite(n))
    slips = [
        f"study {name!r} counts {given.x!r} of {given.n!r}, where whole numbers with 0 <= x <= n and n >= 1 are needed"
        for name, given, bad in zip(
            _names(studies), studies[["x", "n"]].astype(object).itertuples(), wrong, strict=True
        )
        if bad
    ]
    if len(studies) < 2:
        slips.append(f"pooling takes at least two studies, and the number given is {len(studies)}")
    slips += [] if mixed else _different(studies)
    if slips:
        raise ValueError(f"These studies cannot be pooled: {'; '.join(slips)}.")
    return x, n


def _different(studies: pd.DataFrame) -> list[str]:
    """What to say of studies that counted different things."""
    columns = [name for name in COUNTED if name in studies]
    kinds = studies[columns].astype(object).where(studies[columns].notna(), "not named").drop_duplicates()
    if not columns or len(kinds) < 2:
        return []
    listed = ", ".join(" of ".join(map(repr, kind)) for kind in kinds.itertuples(index=False, name=None))
    return [
        f"they have {len(kinds)} different estimands ({listed}), and a mean over different things is the share of nothing: pool "
        "the rows of one of them, or say mixed=True if these are one thing under several names"
    ]


def _check_options(method: str, level: float, tau2: str, interval: str, zero: float | None) -> None:
    check_level(level)
    allowed = {"method": (method, METHODS), "tau2": (tau2, tuple(ESTIMATORS)), "interval": (interval, INTERVALS)}
    slips = [
        f"{name} is {given!r}{did_you_mean(given, known)}, it can be {', '.join(map(repr, known))}"
        for name, (given, known) in allowed.items()
        if given not in known
    ]
    if zero is not None and not (isinstance(zero, Real) and 0 < zero < np.inf):
        slips.append(f"zero is {zero!r}, it is what is added to empty counts, above 0, usually 0.5")
    if zero is not None and method == "exact":
        slips.append("method='exact' takes zero counts as they are, leave out zero")
    if slips:
        raise ValueError(f"{'; '.join(slips)}.")
