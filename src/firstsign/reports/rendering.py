"""The cells of an executed notebook as HTML: prose as prose, code folded away, figures and tables made to be read."""

import base64
import html
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import mistune
from bs4 import BeautifulSoup, Tag
from markupsafe import Markup
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

from .catalogue import text_of
from ..results import RESULT_TYPE
from .executed import Figure, figure_in

NUMBER = re.compile(r"[-+−–<>≤≥]?\s*[\d.,]*\d[\d.,]*(e[-+]?\d+)?\s*%?|NaN|NaT|<NA>|None|inf|–|\s*", re.IGNORECASE)
SHOWN_RESULTS = 3
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Heading:
    """A heading of a page, as the table of contents needs it; `text` is HTML."""

    level: int
    text: Markup
    anchor: str


class Prose(mistune.HTMLRenderer):
    """Markdown as HTML, its headings with anchors and kept for the table of contents, its tables able to scroll."""

    def __init__(self) -> None:
        super().__init__(escape=False)
        self.headings: list[Heading] = []

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        plain = re.sub(r"<[^>]+>", "", text)
        slug = re.sub(r"[^\w]+", "-", html.unescape(plain).lower()).strip("-") or "section"
        taken = [heading.anchor for heading in self.headings]
        anchor = next(name for name in (slug, *(f"{slug}-{at}" for at in range(2, 999))) if name not in taken)
        self.headings.append(Heading(level, Markup(re.sub(r"</?a[^>]*>", "", text)), anchor))
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'


@dataclass
class Renderer:
    """Renders the cells of one page; `prose.headings` fills as it goes."""

    prose: Prose = field(default_factory=Prose)

    def markdown(self, text: str) -> Markup:
        """Markdown as HTML."""
        made = mistune.create_markdown(renderer=self.prose, plugins=["table", "strikethrough"])(text)
        return Markup(_tables(str(made)))

    def code(self, source: str) -> Markup:
        """Python with its words marked for colouring."""
        return Markup(highlight(source.strip("\n"), PythonLexer(), HtmlFormatter(nowrap=True)))

    def outputs(self, cell: Mapping[str, Any]) -> Iterator[Markup]:
        """What a cell showed, without what it wrote to stderr; many recorded numbers in a row are folded."""
        runs = itertools.groupby(cell.get("outputs", []), lambda output: RESULT_TYPE in output.get("data", {}))
        for results, run in runs:
            shown = [text for text in map(self._output, run) if text]
            if results and len(shown) > SHOWN_RESULTS:
                head = f"<summary>{len(shown)} numbers recorded for the report</summary>"
                yield Markup(f'<details class="results">{head}{"".join(shown)}</details>')
            else:
                yield from map(Markup, shown)

    def _output(self, output: Mapping[str, Any]) -> str:
        if output["output_type"] == "stream":
            return _plain(output["text"]) if output["name"] == "stdout" else ""
        figure = figure_in(output)
        if figure is not None:
            return self._figure(figure)
        data = output.get("data", {})
        if "text/html" in data:
            return f'<div class="shown">{_tables("".join(data["text/html"]))}</div>'
        if "text/markdown" in data:
            return f'<div class="shown">{self.markdown("".join(data["text/markdown"]))}</div>'
        return _plain(data["text/plain"]) if "text/plain" in data else ""

    def _figure(self, figure: Figure) -> str:
        section = BeautifulSoup(self.prose.headings[-1].text, "html.parser").get_text() if self.prose.headings else ""
        alt = html.escape(figure.alt or (f"Figure: {section}" if section else "Figure"))
        mime = {"svg": "svg+xml", "png": "png"}[figure.kind]
        content = base64.b64encode(figure.content).decode()
        return f'<figure><img alt="{alt}" src="data:image/{mime};base64,{content}"></figure>'


def first_paragraph(notebook: Mapping[str, Any]) -> Markup:
    """The first paragraph of prose in a notebook, as HTML; empty if it has none."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            found = BeautifulSoup(Renderer().markdown(text_of(cell)), "html.parser").find("p")
            if found is not None:
                return Markup(found.decode_contents())
    return Markup("")


def without_colours(text: str) -> str:
    """A message without the colour codes that tracebacks carry."""
    return ANSI.sub("", text)


def _plain(text: str | list[str]) -> str:
    written = without_colours("".join(text)).strip("\n")
    return f'<pre class="shown" tabindex="0">{html.escape(written)}</pre>' if written.strip() else ""


def _tables(markup: str) -> str:
    """HTML with each table in a box that scrolls by itself, and its columns of numbers marked."""
    if "<table" not in markup:
        return markup
    soup = BeautifulSoup(markup, "html.parser")
    for style in soup.find_all("style"):
        style.decompose()
    for table in soup.find_all("table"):
        _mark_numbers(table)
        table.attrs.pop("border", None)
        table.wrap(soup.new_tag("div", attrs={"class": "table", "tabindex": "0"}))
    return str(soup)


def _mark_numbers(table: Tag) -> None:
    """Columns all of whose cells are numbers get the class "number", head and body alike."""
    rows = [row.find_all(["td", "th"]) for row in table.find_all("tr")]
    body = [row for row in rows if any(cell.name == "td" for cell in row)]
    if not body or len({len(row) for row in body}) != 1 or any(cell.get("rowspan") for row in body for cell in row):
        return
    for at in range(len(body[0])):
        cells = [row[at] for row in body]
        if all(NUMBER.fullmatch(cell.get_text()) for cell in cells) and any(cell.get_text().strip() for cell in cells):
            heads = [row[at] for row in rows if row not in body and len(row) == len(body[0])]
            for cell in cells + heads:
                cell["class"] = "number"
