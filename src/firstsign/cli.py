"""`firstsign report`, `describe`, `check`, `simulate`, `claims`: the command line."""

import shutil
import sys
import textwrap
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from firstsign import __version__

if TYPE_CHECKING:
    from firstsign.claims import Appraisal
    from firstsign.reports.running import Outcome

REFUSED, FAILED, STOPPED = 2, 1, 130
app = typer.Typer(
    name="firstsign",
    help="How long from the first sign to the diagnosis: reports from notebooks, with your own parameters and data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Reports, or notebooks by number: main, 03.")
]
Given = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Set a parameter; repeatable.")
]


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"firstsign {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Options before any command."""


@app.command()
def report(
    names: Names = None,
    parameter: Given = None,
    params: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A YAML file of parameters; -p goes before it.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Notebooks at a time.")] = 2,
    force: Annotated[bool, typer.Option("--force", help="Run even if nothing changed.")] = False,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where reports are published.")] = Path("reports"),
    timeout: Annotated[
        float | None, typer.Option(min=1, metavar="SECONDS", help="Longest a notebook may take.")
    ] = None,
) -> None:
    """Run notebooks and publish a version of their report.

    A parameter is what -p says, else what the --params file says, else the notebook's default.
    """
    from firstsign.reports.making import make
    from firstsign.reports.planning import plan_all

    plans = plan_all(names or ["main"], _parameters(params, parameter or []), out, force=force)
    failed = False
    for planned in plans:
        try:
            with _progress(planned.report.name, len(planned.report.notebooks)) as bar:
                made = make(planned, workers, force, timeout, tell=partial(_tell, bar))
        except KeyboardInterrupt:
            print(f"Stopped; nothing of {planned.report.name!r} was published.", file=sys.stderr)
            raise typer.Exit(STOPPED) from None
        page = _short(made.version / "index.html")
        print(f"Nothing changed since {page} was made; --force runs it anew." if made.reused else f"Published {page}")
        failed = failed or bool(made.failures)
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def describe(names: Names = None) -> None:
    """Show what reports there are, and what their notebooks take."""
    from firstsign.reports.catalogue import find_report, reports
    from firstsign.reports.parameters import declared

    for name in names or reports():
        found = find_report(name)
        print(f"{found.name}: {found.title}")
        for notebook in found.notebooks:
            print(f"\n  {notebook.name}  {notebook.title}")
            for taken in declared(notebook).values():
                bound = f" [{taken.condition}]" if taken.condition else ""
                print(f"    {taken.name}: {taken.type} = {taken.default!r}  {taken.help}{bound}")


@app.command()
def check(file: Annotated[Path, typer.Argument(help="A cohort: CSV or Parquet, one row per person.")]) -> None:
    """Check a cohort's file and list every problem in it."""
    from firstsign.cohorts import check_cohort

    problems = check_cohort(str(file))
    errors = int((problems["severity"] == "error").sum())
    warnings = len(problems) - errors
    for problem in problems.to_dict("records"):
        print(_problem(problem))
    print(
        f"{file.name} is {'not sound' if errors else 'sound'}: {_counted(errors, 'error')}, {_counted(warnings, 'warning')}."
    )
    if errors:
        raise typer.Exit(FAILED)


@app.command("simulate")
def simulate_people(
    out: Annotated[Path, typer.Option(metavar="FILE", help="people.parquet, or people.csv.")],
    people: Annotated[int, typer.Option(help="How many; 10_000_000 can be written like this.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 1,
    scenario: Annotated[str, typer.Option(help="england, late-presenting, ...")] = "england",
    who: Annotated[str, typer.Option(help="diseased, symptomatic or population.")] = "diseased",
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Change a parameter of the scenario; repeatable."),
    ] = None,
    bias: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Turn a bias on and the others off; repeatable.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; the people do not depend on it.")] = 1,
) -> None:
    """Simulate a cohort into a file, of any size. No person is in it."""
    from firstsign.reports.parameters import read_assignments
    from firstsign.simulated_files import simulate_file

    overrides = {name: _number(text) for name, text in read_assignments(parameter or []).items()}
    if own := {"people", "seed", "scenario", "who", "workers", "biases", "path"} & set(overrides):
        raise ValueError(
            f"{', '.join(sorted(own))}: no parameter of a scenario; use the option, such as --people 2000."
        )
    written = simulate_file(out, people, seed, scenario, who, workers, bias, **overrides)
    print(f"Wrote {people:,} people to {_short(written)}")


@app.command("claims")
def claims_on_trial(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CLAIM]...", help="Claims by id or letter; without one, all are listed."),
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Add what simulated people show; no evidence about patients.")
    ] = False,
) -> None:
    """List the claims on trial with their verdicts, or tell how the verdict on one came about."""
    from firstsign.claims import appraise, claims

    for name in names or []:
        _tell_appraisal(appraise(name), simulated)
    if names:
        return
    for row in claims().to_dict("records"):
        found = appraise(row["id"])
        print(f"{row['letter']}  {row['id']:<32} {found.verdict}")
        print(textwrap.fill(found.plain, _width(), initial_indent=" " * 3, subsequent_indent=" " * 3))


def _tell_appraisal(found: "Appraisal", simulated: bool) -> None:
    """A claim, its verdict and the reasons, the sources and, if asked for, the simulated counterpart."""
    claim = found.claim
    print(f"{claim.letter}  {claim.title}\n")
    quoted = "In its words" if claim.verbatim else "In substance"
    for title, text in ((quoted, claim.words), ("Verdict", found.verdict), ("Refuted by", claim.refuted_by)):
        print(textwrap.fill(f"{title}: {text}", _width(), subsequent_indent="   "))
    print()
    for reason in found.reasons:
        print(textwrap.fill(f"- {reason}", _width(), subsequent_indent="  ", break_on_hyphens=False))
    for row in found.evidence.itertuples():
        side = f"{row.side!s} (judged)" if row.judged else str(row.side)
        told = f"[{row.id}] {row.bears}, {side}: {row.because}. {row.source} ({row.verified})"
        print(textwrap.fill(told, _width(), subsequent_indent="    ", break_long_words=False, break_on_hyphens=False))
    if simulated:
        print("\nSimulated people; no evidence about patients:")
        print(found.simulated.to_string(index=False, float_format=lambda number: f"{number:.4g}"))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point. A slip of the user's is told in one paragraph on stderr, and the exit code is 2."""
    try:
        app(args=arguments, prog_name="firstsign", standalone_mode=True)
    except (ValueError, OSError) as slip:
        _refuse(slip)
    sys.exit(0)


def _problem(problem: Mapping[Hashable, Any]) -> str:
    """One problem of a cohort's file as a line, longer ones indented: "error    row 1  diagnosis  '2024-02-01'"."""
    where = "file" if problem["row"] is None or problem["row"] != problem["row"] else f"row {problem['row']:.0f}"
    first = (
        f"{problem['severity']:<8} {where:<8} {problem['column']}: {problem['value']}; expected {problem['expected']}"
    )
    return textwrap.fill(first, _width(), subsequent_indent=" " * 18, break_on_hyphens=False)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _width() -> int:
    return min(shutil.get_terminal_size((100, 24)).columns, 100)


def _refuse(slip: ValueError | OSError) -> NoReturn:
    told = str(slip)
    if isinstance(slip, OSError) and slip.strerror:
        told = f"{slip.strerror}: {slip.filename}. Nothing was published." if slip.filename else f"{slip.strerror}."
    print(
        textwrap.fill(f"firstsign: {told}", _width(), break_long_words=False, break_on_hyphens=False), file=sys.stderr
    )
    sys.exit(REFUSED)


def _parameters(file: Path | None, assignments: Sequence[str]) -> dict[str, Any]:
    from firstsign.reports.parameters import read_assignments, read_file

    return {**(read_file(file) if file else {}), **read_assignments(assignments)}


def _number(text: str) -> float | str:
    """The number a text says, or the text."""
    try:
        return float(text)
    except ValueError:
        return str(text)


def _progress(report: str, notebooks: int) -> Any:
    from tqdm import tqdm

    shown = "{desc} {bar} {n_fmt} of {total_fmt} notebooks, {elapsed}"
    return tqdm(desc=report, total=notebooks, file=sys.stderr, disable=None, leave=False, bar_format=shown)


def _tell(bar: Any, outcome: "Outcome") -> None:
    """One line for a notebook that ended, above the bar if there is one."""
    ended = "failed: " + outcome.failure.kind if outcome.failure else "done"
    bar.write(f"{outcome.name:<24} {outcome.seconds:6.1f} s  {ended}", file=sys.stderr)
    bar.update()


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
