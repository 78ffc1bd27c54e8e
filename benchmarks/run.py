"""Run every comparison once, print the ratios and write them to RESULTS.md: `make bench`."""

import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]

from . import compare, peers
from .growth import measured
from .people import people_file
from .timing import Comparison, Peer

RESULTS = Path(__file__).with_name("RESULTS.md")
PACKAGES = ("firstsign", "duckdb", "numpy", "pandas", "pyarrow", "scipy", "lifelines", "scikit-survival", "surpyval")
COMPARISONS = {
    compare.kaplan_meier: 10_000_000,
    compare.cumulative_incidence: 1_000_000,
    compare.interval_censored: 100_000,
    compare.accelerated_failure: 1_000_000,
    compare.cox: 1_000_000,
}
GROWTH = [10**power for power in range(3, 9)]
DISTINCT = 10_000


def main() -> None:
    most = int(os.environ.get("BENCH_PEOPLE", GROWTH[-1]))
    has = peers.present()
    lines = []
    with TemporaryDirectory(dir=RESULTS.parent, prefix="made-") as made:
        folder = Path(made)
        for line in _page(folder, most, has):
            print(line, flush=True)
            lines.append(line)
    if most >= GROWTH[-1]:
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"Written to {RESULTS}.", file=sys.stderr)
    else:
        print(
            f"Not written to {RESULTS.name}: with BENCH_PEOPLE the sizes are not those that are promised.",
            file=sys.stderr,
        )


def _page(folder: Path, most: int, has: dict[str, bool]) -> Iterator[str]:
    yield "# What was measured"
    yield ""
    yield f"{datetime.now(UTC):%d %B %Y}, `make bench`, one run. {machine()} {versions()}"
    if absent := [name for name, there in has.items() if not there]:
        yield f"Not there, and so not compared: {', '.join(absent)}."
    yield ""
    yield "| what | people | firstsign | peer | its time | peer / ours | asked for | |"
    yield "|---|--:|--:|---|--:|--:|--:|---|"
    notes = []
    for comparison, people in COMPARISONS.items():
        found = comparison(folder, min(people, most), has)
        yield from (_row(found, peer) for peer in found.peers)
        notes += [f"- {found.what}: {note}." for note in found.notes]
    yield ""
    yield from notes
    yield ""
    yield from _right_truncated(min(DISTINCT, most))
    yield ""
    yield from _growth(folder, [people for people in GROWTH if people <= most])


def _row(found: Comparison, peer: Peer) -> str:
    asked, met = "", ""
    if peer.target is not None:
        asked, met = f"{peer.target:g}", "met" if peer.ratio >= peer.target else "**missed**"
    times = f"{seconds(peer.ours)} | {peer.name} ({peer.agrees}) | {seconds(peer.seconds)} | {peer.ratio:.3g}"
    return f"| {found.what} | {peer.people:,} | {times} | {asked} | {met} |"


def _right_truncated(rows: int) -> Iterator[str]:
    yield f"Doubly censored, right-truncated fits, {rows:,} distinct rows:"
    yield ""
    yield "| family | seconds | allowed | |"
    yield "|---|--:|--:|---|"
    for family, took, allowed in compare.right_truncated_fits(rows):
        yield f"| {family} | {took:.2f} | {allowed} | {'met' if took <= allowed else '**missed**'} |"


def _growth(folder: Path, sizes: list[int]) -> Iterator[str]:
    yield "Growth: the same six curves, each size in a fresh process (imports not timed; peak memory of the whole process)."
    yield ""
    yield "| people | counting the file | the curves | distinct spells | peak memory |"
    yield "|--:|--:|--:|--:|--:|"
    for people in sizes:
        path = people_file(folder, people)
        took = measured(path)
        times = f"{seconds(took['count'])} | {seconds(took['curve'])}"
        yield f"| {people:,} | {times} | {took['distinct']:,.0f} | {took['peak']:,.0f} MB |"
        if people > max(COMPARISONS.values()):
            path.unlink()


def seconds(took: float) -> str:
    """Seconds, or milliseconds below one, as a reader wants them."""
    return f"{took:.2f} s" if took >= 1 else f"{took * 1000:.0f} ms"


def machine() -> str:
    """What the times were taken on."""
    memory = psutil.virtual_memory().total / 1e9
    return f"{platform.system()}, {os.cpu_count()} cores, {memory:.0f} GB of memory."


def versions() -> str:
    """Python, the packages and R, with their versions."""
    named = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            named.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join([*named, *peers.r_versions()]) + "."


if __name__ == "__main__":
    main()
