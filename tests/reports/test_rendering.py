"""Cells as HTML."""

import base64

import pytest
from bs4 import BeautifulSoup

from firstsign.reports.rendering import Renderer, first_paragraph, without_colours


def outputs(*held):
    return "".join(Renderer().outputs({"outputs": held}))


def data(**held):
    return {"output_type": "display_data", "data": {name.replace("_", "/"): text for name, text in held.items()}}


def test_headings_get_anchors_of_their_own():
    renderer = Renderer()
    page = renderer.markdown("# A & *b*\n\n## Numbers\n\n## Numbers\n\n## Ärzte") + renderer.markdown("### Numbers")
    anchors = [heading["id"] for heading in BeautifulSoup(page, "html.parser").find_all(["h1", "h2", "h3"])]
    assert anchors == ["a-b", "numbers", "numbers-2", "ärzte", "numbers-3"]
    assert [(heading.level, heading.anchor) for heading in renderer.prose.headings][-1] == (3, "numbers-3")


def test_columns_of_numbers_are_marked_and_tables_scroll():
    table = "<table border='1'><tr><th></th><th>sign</th><th>n</th></tr><tr><th>0</th><td>lump</td><td>1,204</td></tr></table>"
    soup = BeautifulSoup(outputs(data(text_html=table)), "html.parser")
    assert [cell.get_text() for cell in soup.select(".number")] == ["", "n", "0", "1,204"]
    assert soup.table.parent["class"] == ["table"]
    assert "border" not in soup.table.attrs


@pytest.mark.parametrize(
    ("text", "number"), [("9.6 %", True), ("NaN", True), ("-0.5", True), ("1e-05", True), ("12 weeks", False)]
)
def test_what_a_number_is(text, number):
    soup = BeautifulSoup(outputs(data(text_html=f"<table><tr><td>{text}</td></tr></table>")), "html.parser")
    assert bool(soup.select("td.number")) is number


def test_stderr_is_not_shown_and_stdout_is_escaped():
    told = [{"output_type": "stream", "name": name, "text": f"<b>{name}</b>"} for name in ("stderr", "stdout")]
    assert outputs(*told) == '<pre class="shown" tabindex="0">&lt;b&gt;stdout&lt;/b&gt;</pre>'


def test_a_figure_is_a_picture_with_words():
    figure = data(**{"image_svg+xml": "<svg/>", "text_html": "<b>never</b>"}) | {
        "metadata": {"image/svg+xml": {"alt": 'A "b"'}}
    }
    image = BeautifulSoup(outputs(figure), "html.parser").img
    assert image["alt"] == 'A "b"'
    assert base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,")) == b"<svg/>"


def test_a_figure_without_words_is_called_after_its_section():
    renderer = Renderer()
    renderer.markdown("## Delays & more")
    page = "".join(renderer.outputs({"outputs": [data(image_png=base64.b64encode(b"x").decode())]}))
    assert BeautifulSoup(page, "html.parser").img["alt"] == "Figure: Delays & more"


def test_html_goes_before_plain_text():
    assert "<em>" in outputs(data(text_plain="plain", text_html="<em>rich</em>"))
    assert outputs(data(text_plain="a < b")) == '<pre class="shown" tabindex="0">a &lt; b</pre>'


def test_first_paragraph_passes_over_headings():
    cells = [
        {"cell_type": "code", "source": "x"},
        {"cell_type": "markdown", "source": ["# A\n", "\n", "One *word*.\n\nTwo."]},
    ]
    assert first_paragraph({"cells": cells}) == "One <em>word</em>."
    assert first_paragraph({"cells": []}) == ""


def test_colours_of_a_traceback_are_dropped():
    assert without_colours("\x1b[0;31mValueError\x1b[0m: no") == "ValueError: no"
