"""Whether the intervals of `firstsign.delays` hold what they promise, under every scheme of observation."""

import numpy as np
import pandas as pd
import pytest
from reference.inputs import counted

from firstsign.delays import fit_delay

INF = np.inf


def cohort_of(scheme, rng):
    """120 lognormal delays (mu 3.3, sigma 0.9) as a scheme of observation lets them be seen."""
    days = rng.lognormal(3.3, 0.9, 2000)
    if scheme == "right censoring":
        days = days[:120]
        leaves = rng.exponential(60, 120)
        lower, seen = np.minimum(days, leaves), days <= leaves
        return pd.DataFrame({"lower": lower, "upper": np.where(seen, lower, INF)})
    if scheme == "delayed entry":
        entry = rng.uniform(0, 40, 2000)
        kept = np.flatnonzero(days > entry)[:120]
        return pd.DataFrame({"lower": days[kept], "upper": days[kept], "entry": entry[kept]})
    if scheme == "right truncation":
        limit = rng.uniform(20, 200, 2000)
        kept = np.flatnonzero(days <= limit)[:120]
        return pd.DataFrame({"lower": days[kept], "upper": days[kept], "limit": limit[kept]})
    since = days[:120] + rng.uniform(0, 30, 120)  # a first symptom in a month, a diagnosis in a month
    lower = np.floor(since / 30) * 30
    return counted(pd.DataFrame({"lower": lower, "upper": lower + 30, "window": 30.0}))


@pytest.mark.parametrize("scheme", ["right censoring", "delayed entry", "right truncation", "months"])
def test_intervals_cover_the_truth(scheme):
    """Of 150 cohorts, 95 % within three binomial errors, for both parameters and the median."""
    rng = np.random.default_rng([20260102, len(scheme)])
    truth = {"mu": 3.3, "sigma": 0.9}
    covered = {"mu": 0, "sigma": 0, "median": 0}
    for _ in range(150):
        fit = fit_delay(cohort_of(scheme, rng), "lognormal")
        table = fit.summary.set_index("parameter")
        for name, value in truth.items():
            covered[name] += table.loc[name, "low"] <= value <= table.loc[name, "high"]
        median = fit.quantiles(0.5).iloc[0]
        covered["median"] += median["low"] <= np.exp(3.3) <= median["high"]
    for name, count in covered.items():
        assert abs(count / 150 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 150), name
