"""python -m calibration [--only PATTERN] [--missing] [--cohorts N] [--table FILE]: simulate, estimate, write the table."""

import argparse
import re
from pathlib import Path
from time import perf_counter

from . import table
from .running import run
from .studies import STUDIES


def main() -> None:
    asked = argparse.ArgumentParser(prog="calibration", description="Bias and coverage of every estimator.")
    asked.add_argument("--only", default="", help="studies whose name has this (a regular expression); others stay")
    asked.add_argument(
        "--missing", action="store_true", help="studies that are not in the table yet with all their cohorts"
    )
    asked.add_argument("--cohorts", type=int, help="at most so many of each study")
    asked.add_argument("--table", type=Path, default=table.PATH, help="the file to write")
    asked.add_argument("--workers", type=int, default=2)
    options = asked.parse_args()
    done = set(table.done(options.table)) if options.missing else set()
    chosen = [study for name, study in STUDIES.items() if re.search(options.only, name) and name not in done]
    start = perf_counter()
    for place, (rows, seconds) in enumerate(run(chosen, options.workers, options.cohorts), 1):
        table.write([rows], options.table)
        outside = ", ".join(f"{row.number} {row.coverage:.3f}" for row in rows.itertuples() if row.verdict == "outside")
        print(
            f"{(perf_counter() - start) / 60:5.1f} min  {place:3} of {len(chosen)}  {seconds:6.1f} s  {chosen[place - 1].name}"
            f"{'  OUTSIDE: ' + outside if outside else ''}",
            flush=True,
        )


if __name__ == "__main__":
    main()
