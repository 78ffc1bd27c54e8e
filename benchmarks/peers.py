"""The same estimates in other packages: lifelines, scikit-survival, SurPyval and R. Those that are not there are passed over."""

import re
import shutil
import subprocess
import warnings
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from .timing import Timed, timed

SCRIPT = Path(__file__).with_name("peers.R")
R_MISSING = -(2**31)
PYTHON_PEERS = {"lifelines": "lifelines", "scikit-survival": "sksurv", "SurPyval": "surpyval"}


def present() -> dict[str, bool]:
    """Which peers can be compared with here."""
    found = {name: find_spec(module) is not None for name, module in PYTHON_PEERS.items()}
    return found | {f"R {package}": _r_has(package) for package in ("survival", "cmprsk")}


def _r_has(package: str) -> bool:
    return _in_r(f"quit(status = !requireNamespace('{package}', quietly = TRUE))") is not None


def r_versions() -> list[str]:
    """R and its packages, as they name their versions."""
    asked = 'cat(paste("R", getRversion()), sapply(c("survival", "cmprsk"), function(p) paste(p, packageVersion(p))), sep = "; ")'
    said = _in_r(asked)
    return said.split("; ") if said else []


def _in_r(expression: str) -> str | None:
    """What R prints; None if there is no R, or it fails."""
    if shutil.which("Rscript") is None:
        return None
    done = subprocess.run(["Rscript", "--vanilla", "-e", expression], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def in_r(comparison: str, people: pd.DataFrame, runs: int = 3) -> Timed:
    """What peers.R makes of the columns, and the seconds that R says it took; categories go as whole numbers from 1."""
    with TemporaryDirectory() as folder:
        for name, column in people.items():
            values = column.cat.codes + 1 if isinstance(column.dtype, pd.CategoricalDtype) else column
            whole = values.dtype.kind in "iub"
            values.to_numpy("int32" if whole else "float64").tofile(Path(folder, f"{name}.{'int' if whole else 'dbl'}"))
        command = ["Rscript", "--vanilla", str(SCRIPT), comparison, folder, str(runs)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"R could not do {comparison}: {done.stderr.strip()}")
        said = re.search(r"^seconds (\S+)", done.stdout, re.MULTILINE)
        assert said is not None, done.stdout
        return Timed(float(said[1]), pd.read_csv(Path(folder, "answer.csv")))


DATES = {
    "first_symptom_earliest": "symptom",
    "diagnosis_earliest": "diagnosis",
    "last_seen_earliest": "last_seen",
    "observed_until": "until",
}


def dates_for_r(path: Path) -> pd.DataFrame:
    """Of the Parquet file the columns needed, for peers.R: days since 1970, R's own NA where there is none."""
    people = pd.read_parquet(path, columns=["region", *DATES]).rename(columns=DATES)
    for name in DATES.values():
        days = people[name].astype("datetime64[s]").astype("int64") // 86_400
        people[name] = days.where(people[name].notna(), R_MISSING).astype("int32")
    return people.assign(region=people["region"].astype("category"))


def read_waits(path: Path) -> pd.DataFrame:
    """From the Parquet file what a survival library needs: region, days, ended. Only the columns needed are read."""
    people = pd.read_parquet(path, columns=["region", *DATES]).rename(columns=DATES).dropna(subset=["symptom"])
    ended = people["diagnosis"].notna()
    end = people["diagnosis"].where(ended, people[["last_seen", "until"]].min(axis=1))
    region = people["region"].astype("category")
    return pd.DataFrame({"region": region, "days": (end - people["symptom"]).dt.days, "ended": ended})


def lifelines_kaplan_meier(path: Path) -> Timed:
    from lifelines import KaplanMeierFitter

    def task() -> pd.DataFrame:
        curves = []
        for region, group in read_waits(path).groupby("region", observed=True):
            fitted = KaplanMeierFitter().fit(group["days"], group["ended"])
            low, high = fitted.confidence_interval_.to_numpy().T
            curve = {"day": fitted.timeline, "estimate": fitted.survival_function_.iloc[:, 0], "low": low, "high": high}
            curves.append(pd.DataFrame({"region": region, **curve}))
        return pd.concat(curves, ignore_index=True)

    return timed(task)


def sksurv_kaplan_meier(path: Path) -> Timed:
    from sksurv.nonparametric import kaplan_meier_estimator

    def task() -> pd.DataFrame:
        curves = []
        for region, group in read_waits(path).groupby("region", observed=True):
            day, share, (low, high) = kaplan_meier_estimator(
                group["ended"].to_numpy(), group["days"].to_numpy(), conf_type="log-log"
            )
            curves.append(pd.DataFrame({"region": region, "day": day, "estimate": share, "low": low, "high": high}))
        return pd.concat(curves, ignore_index=True)

    return timed(task)


def lifelines_incidence(people: pd.DataFrame) -> Timed:
    from lifelines import AalenJohansenFitter

    def task() -> pd.DataFrame:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that it moves tied days apart
            fitted = AalenJohansenFitter(calculate_variance=True, seed=1).fit(people["days"], people["cause"], 1)
        share, variance = fitted.cumulative_density_.iloc[:, 0], fitted.variance_
        return pd.DataFrame({"day": share.index, "estimate": share.to_numpy(), "se": np.sqrt(variance.to_numpy())})

    return timed(task)


def sksurv_incidence(people: pd.DataFrame) -> Timed:
    from sksurv.nonparametric import cumulative_incidence_competing_risks

    def task() -> pd.DataFrame:
        day, shares, _ = cumulative_incidence_competing_risks(
            people["cause"].to_numpy(), people["days"].to_numpy(), conf_type="log-log", var_type="Aalen"
        )
        return pd.DataFrame({"day": day, "estimate": shares[1]})

    return timed(task)


def lifelines_interval(people: pd.DataFrame) -> Timed:
    from lifelines import LogNormalFitter

    lower = people["lower"].clip(lower=1e-10)  # it takes no 0
    found = timed(lambda: LogNormalFitter().fit_interval_censoring(lower, people["upper"]))
    return Timed(found.seconds, pd.Series({"mu": found.answer.mu_, "sigma": found.answer.sigma_}))


def surpyval_interval(people: pd.DataFrame) -> Timed:
    import surpyval

    left, right = people["lower"].to_numpy(), people["upper"].to_numpy()
    found = timed(lambda: surpyval.LogNormal.fit(xl=left, xr=right))
    return Timed(found.seconds, pd.Series(dict(zip(("mu", "sigma"), found.answer.params, strict=True))))


def lifelines_aft(people: pd.DataFrame) -> Timed:
    from lifelines import LogNormalAFTFitter

    def task() -> Any:
        return LogNormalAFTFitter().fit(people, "days", "ended", formula="symptom")

    found = timed(task)
    return Timed(found.seconds, found.answer.params_.loc["mu_"])


def lifelines_cox(people: pd.DataFrame) -> Timed:
    from lifelines import CoxPHFitter

    formula = "stage + detection + decade"
    found = timed(lambda: CoxPHFitter().fit(people, "days", "ended", formula=formula))
    return Timed(found.seconds, found.answer.params_)


def sksurv_cox(people: pd.DataFrame) -> Timed:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    terms = pd.get_dummies(people[["stage", "detection", "decade"]], drop_first=True, dtype=float)
    ends = Surv.from_arrays(people["ended"].to_numpy(bool), people["days"].to_numpy())
    found = timed(lambda: CoxPHSurvivalAnalysis(ties="efron").fit(terms, ends))
    return Timed(found.seconds, pd.Series(found.answer.coef_, terms.columns))
