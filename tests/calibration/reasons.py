"""Why the coverage of some intervals is not 95 %: what is known of the method, and where that is written."""

from fnmatch import fnmatch

# (estimator, scheme, number), each a name or a pattern of names: the reason
REASONS: dict[tuple[str, str, str], str] = {
    ("turnbull", "visits", "*"): (
        "Between visits on any day the curve converges as the cube root of the people only, and drawing the people anew does not "
        "imitate that: Sen & Xu (2015), Comput Stat Data Anal 81, 121-129; Groeneboom & Hendrickx (2017), Electron J Stat 11, "
        "3446-3484."
    ),
    ("nelson_aalen plain", "*", "*"): (
        "The estimate is skew with few ends, and an interval symmetric on its own scale falls short of it; the one on the log "
        "scale does not: Bie, Borgan & Liestøl (1987), Scand J Stat 14, 221-233."
    ),
    ("cox efron", "delayed entry and censoring", "sex[[]T.M]"): (
        "Chance, as one or two of some 340 rows are bound to be: 2,500 further cohorts from another seed (777) held the "
        "truth in 95.2 %."
    ),
    ("aft lognormal", "complete", "sex[[]T.M]"): (
        "Chance, as above, in part: 2,500 further cohorts from another seed (777) held the truth in 94.6 %, for the spread is "
        "estimated by maximum likelihood too, and taken as known by the interval."
    ),
    ("quantile_regression * kernel", "complete", "*"): (
        "Powell's standard errors smooth the density of the delays with one normal kernel: for skew delays too flat at the median "
        "(intervals too wide) and too full above it (too narrow). Koenker (2005), Quantile Regression, chapter 3. This is "
        "seed=None; the bootstrap, which is what is done unless asked otherwise, is in the rows without the word."
    ),
}


def reason_for(estimator: str, scheme: str, number: str) -> str:
    """The first reason given for a row; nothing if there is none."""
    for patterns, reason in REASONS.items():
        if all(fnmatch(name, pattern) for name, pattern in zip((estimator, scheme, number), patterns, strict=True)):
            return reason
    return ""
