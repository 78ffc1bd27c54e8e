"""The pages: one for each notebook, one for a version, one for all versions. Each is a single file that asks for nothing.

The pages run no script, and their content security policy forbids any: what stands in the data can be read, not run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from firstsign.results import in_parts, sentence

from .catalogue import Notebook, Report, text_of
from .executed import code_numbers
from .moves import moves
from .parameters import Parameter
from .rendering import Renderer, first_paragraph, without_colours
from .running import Failure
from .versions import Version, versions


@dataclass(frozen=True)
class Page:
    """A notebook ready for its page: the executed one, what it takes and got, and how it failed, if it did."""

    notebook: Notebook
    executed: Mapping[str, Any]
    schema: Mapping[str, Parameter]
    values: Mapping[str, Any]
    failure: Failure | None

    @property
    def title(self) -> str:
        return self.notebook.title


def notebook_page(page: Page, report: Report, version: str) -> str:
    """The HTML of one executed notebook."""
    renderer = Renderer()
    blocks = list(_blocks(page, renderer))
    contents = [heading for heading in renderer.prose.headings if heading.level in (2, 3)]
    return _template("notebook").render(
        page=page, blocks=blocks, contents=contents, report=report, version=version, changed=changed_parameters(page)
    )


def version_page(
    pages: Sequence[Page], report: Report, manifest: Mapping[str, Any], results: list[dict[str, Any]]
) -> str:
    """The HTML of a version's own index: its notebooks, its numbers, what it was made from."""
    return _template("version").render(
        report=report,
        manifest=manifest,
        pages=[(page, first_paragraph(page.executed)) for page in pages],
        numbers={
            page.notebook.name: [row for row in results if row["notebook"] == page.notebook.name] for page in pages
        },
        changed={page.notebook.name: changed_parameters(page) for page in pages},
    )


def all_versions_page(out: Path) -> str:
    """The HTML of `reports/index.html`: every version of every report, newest first, and what moved."""
    folders = sorted(folder for folder in out.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    shelves = [(folder, versions(folder)) for folder in folders]
    listed = [(folder, [_entry(found, at) for at in range(len(found))]) for folder, found in shelves if found]
    return _template("index").render(reports=listed)


def changed_parameters(page: Page) -> list[str]:
    """The parameters of a notebook that differ from their defaults."""
    return [name for name, value in page.values.items() if value != page.schema[name].default]


def _entry(found: list[Version], at: int) -> dict[str, Any]:
    version = found[at]
    before = next((older for older in found[at + 1 :] if older.complete), None) if version.complete else None
    moved = moves(before.results(), version.results()) if before else None
    return {"version": version, "before": before, "moved": moved, "count": len(version.results())}


def _blocks(page: Page, renderer: Renderer) -> Iterator[dict[str, Any]]:
    """What the template shows of each cell, down to the one that failed."""
    given = False
    numbers = code_numbers(page.executed)
    for at, cell in enumerate(page.executed["cells"]):
        tags = cell["metadata"].get("tags", [])
        failed = page.failure is not None and page.failure.cell == at
        if {"parameters", "injected-parameters"} & set(tags) and not failed:
            if not given:
                yield {"kind": "parameters"}
            given = True
        elif cell["cell_type"] == "markdown":
            yield {"kind": "prose", "html": renderer.markdown(text_of(cell))}
        elif at in numbers:
            shown = list(renderer.outputs(cell))
            yield {"kind": "code", "html": renderer.code(text_of(cell)), "outputs": shown, "failed": failed}
        if failed:
            return


def _template(name: str) -> Any:
    return _environment().get_template(f"{name}.html.j2")


@cache
def _environment() -> Environment:
    loader = PackageLoader("firstsign.reports", "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals["style"] = Markup(loader.get_source(made, "style.css")[0])
    made.filters |= {"sentence": sentence, "parts": in_parts, "breakable": breakable, "changed": changed_in}
    made.filters |= {"plainly": plainly, "without_colours": without_colours, "moment": moment}
    return made


def changed_in(manifest: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Each parameter of a version that differs from its default, once, with its value."""
    found = {
        name: value
        for notebook, values in manifest["inputs"]["parameters"].items()
        for name, value in values.items()
        if value != manifest["defaults"][notebook][name]
    }
    return list(found.items())


def breakable(name: str) -> Markup:
    """A dotted name that may be broken behind its dots, as phones need."""
    return Markup(".<wbr>").join(name.split("."))


def plainly(value: Any) -> str:
    """A parameter's value as a person writes it: 10,000 people, not 10000."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000 and value % 1000 == 0:
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(plainly, value))
    return {None: "none", True: "yes", False: "no"}[value] if value is None or isinstance(value, bool) else str(value)


def moment(stamp: str) -> str:
    """A manifest's time without its seconds: "2026-11-23 09:15 UTC"."""
    return f"{stamp[:10]} {stamp[11:16]} UTC"
