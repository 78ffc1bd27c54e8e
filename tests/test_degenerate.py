"""What no estimator may do with odd spells: warn, or give a number that is none without having said so."""

import numpy as np
import pandas as pd
import pytest

import firstsign as fs

INF = np.inf


def spells(lower, upper, **columns):
    return pd.DataFrame({"lower": lower, "upper": upper, **columns})


SPELLS = {
    "nobody ended": spells([10.0, 20, 30], [INF] * 3),
    "all on one day": spells([10.0] * 4, [10.0] * 4),
    "one person who ended": spells([10.0], [10.0]),
    "one person who did not": spells([10.0], [INF]),
    "all on day 0": spells([0.0] * 3, [0.0] * 3),
    "some on day 0": spells([0.0, 0, 5, 9], [0.0, 0, 5, INF]),
    "censored on day 0": spells([0.0, 0, 5, 9], [INF, INF, 5, 9]),
    "one band for all": spells([0.0] * 3, [7.0] * 3),
    "two bands": spells([0.0, 7], [7.0, INF], n=[5, 5]),
    "a day apart": spells([10.0, 11], [10.0, 11]),
    "millions of years": spells([1e9, 2e9, 4e9], [1e9, 2e9, INF]),
    "seconds": spells([1e-5, 2e-5, 4e-5], [1e-5, 2e-5, INF]),
    "a hundred million alike": spells([10.0, 20, 30], [10.0, 20, INF], n=[1e8, 1e8, 1e8]),
    "late entries only": spells([30.0, 40, 60], [30.0, 40, INF], entry=[20.0, 20, 20]),
    "entered when the last had ended": spells([5.0, 30, 40], [5.0, 30, 40], entry=[0.0, 10, 10]),
    "limits at the ends": spells([5.0, 30, 40], [5.0, 30, 40], limit=[5.0, 30, 40]),
    "nobody in a row": spells([10.0, 20, 30], [10.0, 20, 30], n=[1, 0, 2]),
    "a group without ends": spells([10.0, 20, 30, 40], [10.0, 20, INF, INF], group=["a", "a", "b", "b"]),
    "a group of one": spells([10.0, 20, 30, 40], [10.0, 20, 30, 40], group=["a", "b", "b", "b"]),
    "a group of nobody": spells([10.0, 20, 30, 40], [10.0, 20, 30, INF], group=["a", "b", "b", "b"], n=[0, 2, 2, 2]),
    "two causes": spells([10.0, 20, 30, 40], [10.0, 20, 30, INF], cause=["diagnosis", "death", "death", "censored"]),
    "separated": spells([1.0, 2, 3, 10, 20, 30], [1.0, 2, 3, 10, 20, 30], group=list("aaabbb")),
}
IMPOSSIBLE = {
    "an end before its beginning": spells([10.0], [5.0]),
    "an end at its entry": spells([10.0], [10.0], entry=[10.0]),
    "an end after its limit": spells([10.0], [10.0], limit=[9.0]),
    "no day": spells([np.nan, 5], [5.0, 5]),
    "no rows": spells([], []),
    "rows of nobody": spells([10.0], [10.0], n=[0]),
    "fewer than nobody": spells([10.0], [10.0], n=[-1]),
    "dates": spells(pd.to_datetime(["2024-01-01"]), pd.to_datetime(["2024-01-02"])),
}

PLAIN = {
    "kaplan_meier": lambda s: fs.kaplan_meier(s),
    "nelson_aalen": lambda s: fs.nelson_aalen(s),
    "cumulative_incidence": lambda s: fs.cumulative_incidence(s),
    "turnbull": lambda s: fs.turnbull(s),
    "turnbull, bootstrapped": lambda s: fs.turnbull(s, bootstrap=20, seed=1),
    "right_truncated": lambda s: fs.right_truncated(s),
    "quantiles": lambda s: fs.quantiles(s, [0.25, 0.5, 0.9]),
    "share_longer_than": lambda s: fs.share_longer_than(s, [0, 10, 28]),
    "restricted_mean": lambda s: fs.restricted_mean(s, until=10),
    "bootstrap": lambda s: fs.bootstrap(s, fs.quantiles, replicates=20, seed=1, q=[0.5]),
    "compare_fits": lambda s: fs.compare_fits(s, ["exponential", "weibull"]),
    **{
        f"fit_delay {family}": lambda s, family=family: fs.fit_delay(s, family).summary
        for family in ("exponential", "weibull", "lognormal", "loglogistic", "gamma", "generalized_gamma")
    },
}
BY_GROUP = {
    "kaplan_meier": lambda s: fs.kaplan_meier(s, by="group"),
    "log_rank": lambda s: fs.log_rank(s, by="group"),
    "gray_test": lambda s: fs.gray_test(s, by="group"),
    "restricted_mean_difference": lambda s: fs.restricted_mean_difference(s, until=10, by="group"),
    "fit_delay": lambda s: fs.fit_delay(s, "weibull", formula="group").summary,
    "aft": lambda s: fs.aft(s, "group"),
    "cox": lambda s: fs.cox(s, "group"),
    "proportional_hazards": lambda s: fs.proportional_hazards(s, "group"),
    "fine_gray": lambda s: fs.fine_gray(s, "group"),
    "quantile_regression": lambda s: fs.quantile_regression(s, "group", 0.5, replicates=20, seed=1),
}
GROUPED = {name: frame for name, frame in SPELLS.items() if "group" in frame}
# Where NaN is the documented answer: no spread to tell, a bound where the share is 0 or 1, a quantile not reached.
MAY_BE_MISSING = {"se", "low", "high", "days", "share", "distance"}


def check(answer):
    """A frame with estimates in it, and no infinite or missing number where none is promised."""
    assert isinstance(answer, pd.DataFrame)
    assert len(answer)
    known = answer[answer["problem"].isna()] if "problem" in answer else answer
    for name, column in known.items():
        if name in MAY_BE_MISSING or column.dtype == object:
            continue
        if name == "p" and "se" in known:
            column = column[known["se"] > 0]  # without an error there is no test
        assert column.notna().all(), name
    if {"low", "high"} <= set(answer):
        known = answer.dropna(subset=["low", "high"])
        assert (known["low"] <= known["high"]).all()


def answers(estimator, frame):
    """Whether there was an answer; a refusal has to be a sentence that says more than that something is wrong."""
    refused = None
    try:
        check(estimator(frame))
    except ValueError as refusal:
        refused = str(refusal)
    assert refused is None or len(refused.split()) > 7, refused
    return refused is None


@pytest.mark.parametrize("name", list(PLAIN))
def test_odd_spells_have_an_answer_or_a_refusal_that_explains(name):
    answered = [what for what, frame in SPELLS.items() if answers(PLAIN[name], frame)]
    assert len(answered) >= (1 if "generalized" in name else 3), (
        answered
    )  # three parameters ask for more than three days


@pytest.mark.parametrize("name", list(BY_GROUP))
def test_odd_groups_have_an_answer_or_a_refusal_that_explains(name):
    for frame in GROUPED.values():
        answers(BY_GROUP[name], frame)
    both = pd.concat([SPELLS["a day apart"].assign(group="a"), SPELLS["one person who ended"].assign(group="b")])
    answers(BY_GROUP[name], both)
    ordinary = pd.DataFrame({"lower": np.arange(1.0, 41), "upper": np.arange(1.0, 41), "group": list("abbaabab") * 5})
    assert answers(BY_GROUP[name], ordinary)


@pytest.mark.parametrize("what", list(IMPOSSIBLE))
@pytest.mark.parametrize("name", list(PLAIN))
def test_impossible_spells_are_refused_with_the_row(name, what):
    with pytest.raises(ValueError, match=r"cannot be: the first|hold nobody|count in days"):
        PLAIN[name](IMPOSSIBLE[what])
