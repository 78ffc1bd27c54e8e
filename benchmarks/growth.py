"""Time and memory as the people grow: each size in a process of its own, which this file is."""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import firstsign as fs


def measured(path: Path) -> dict[str, float]:
    """Seconds and peak megabytes of counting a Parquet file and drawing its curves, in a fresh process."""
    done = subprocess.run([sys.executable, __file__, str(path)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main(path: str) -> None:
    import pyarrow.parquet  # noqa: F401 - imports are not timed, and firstsign imports when asked

    make, draw = fs.spells, fs.kaplan_meier
    begin = perf_counter()
    spells = make(path, "total_diagnostic", by="region")
    counted = perf_counter()
    draw(spells, by="region")
    ended = perf_counter()
    print(json.dumps({"count": counted - begin, "curve": ended - counted, "peak": peak(), "distinct": len(spells)}))


def peak() -> float:
    """The most memory this process has held, in megabytes.

    Linux carries getrusage's peak over from the process that started this one, but not VmHWM.
    """
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


if __name__ == "__main__":
    main(sys.argv[1])
