"""python -m calibration.scorecard [--only PATTERN] [--table FILE]: mark naive and right estimators under each bias.

Writes data/simulated/scorecard-england.csv, the scorecard of scenario england, unless a pattern is given that is not in the word
"scorecard".
"""

import argparse
import re
from pathlib import Path
from time import perf_counter

import pandas as pd

from firstsign import scorecard
from firstsign.places import data_folder

PATH = data_folder() / "simulated" / "scorecard-england.csv"
REPLICATES, PEOPLE, SEED = 100, 1_000, 20_261_123
NUMBERS = ["truth", "mean_estimate", "bias", "bias_low", "bias_high", "coverage", "coverage_low", "coverage_high"]


def rounded(card: pd.DataFrame) -> pd.DataFrame:
    """A scorecard with as many digits as mean something."""
    return card.assign(**{name: card[name].map(lambda value: float(f"{value:.4g}")) for name in NUMBERS})


def read(path: Path = PATH) -> pd.DataFrame:
    return pd.read_csv(path)


def main() -> None:
    asked = argparse.ArgumentParser(prog="calibration.scorecard", description="Estimators under each bias.")
    asked.add_argument(
        "--only", default="", help="nothing is done unless this (a regular expression) is in the word scorecard"
    )
    asked.add_argument("--table", type=Path, default=PATH, help="the file to write")
    asked.add_argument("--workers", type=int, default=2)
    options = asked.parse_args()
    if not re.search(options.only, "scorecard"):
        return
    start = perf_counter()
    card = scorecard(scenario="england", replicates=REPLICATES, people=PEOPLE, seed=SEED, workers=options.workers)
    rounded(card).to_csv(options.table, index=False, lineterminator="\n")
    print(f"{(perf_counter() - start) / 60:5.1f} min  {options.table.name}, {len(card)} rows", flush=True)


if __name__ == "__main__":
    main()
