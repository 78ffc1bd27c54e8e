"""The pages: what they say, and that they ask for nothing."""

import re

import pytest
from bs4 import BeautifulSoup

from firstsign.reports import make_report
from firstsign.reports.pages import breakable, plainly


@pytest.fixture(scope="module")
def pages(toy_report):
    out = toy_report.parent.parent
    return {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*.html")}


@pytest.fixture(scope="module")
def page(toy_report):
    return BeautifulSoup((toy_report / "01_counting.html").read_text(), "html.parser")


def failed_version(toy_report):
    return next(folder for folder in toy_report.parent.iterdir() if folder != toy_report)


def test_every_page_stands_alone(pages):
    assert len(pages) == 7
    for text in pages.values():
        soup = BeautifulSoup(text, "html.parser")
        assert soup.find_all(["script", "iframe", "object"]) == []
        assert all(image["src"].startswith("data:") and image["alt"] for image in soup.find_all("img"))
        assert all(link["href"].startswith("data:") for link in soup.find_all("link"))
        assert "default-src 'none'" in soup.find("meta", {"http-equiv": True})["content"]
        assert "url(" not in soup.style.string
        assert text.count("Not medical advice") == 1


def test_every_link_arrives(toy_report):
    for path in toy_report.parent.parent.rglob("*.html"):
        for link in BeautifulSoup(path.read_text(), "html.parser").find_all("a", href=True):
            file, _, anchor = link["href"].partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.is_file(), link
            assert not anchor or f'id="{anchor}"' in target.read_text()


def test_a_notebooks_page(page, toy_report):
    assert page.h1.get_text() == "What is counted?"
    assert [link.get_text() for link in page.select("nav.wide a")] == ["The curve", "The number", "After it"]
    assert len(page.select("details.code:not([open])")) == 3
    assert [row.get_text(" ", strip=True) for row in page.select("table.parameters tr.changed")] == [
        "people 2000 instead of 10,000 cohort size"
    ]
    assert page.select_one("p.result").get_text() == "share.lump 9.6 % (95 % interval 7.9–11.6; n = 2,000)"
    assert "noise" not in [shown.get_text() for shown in page.select("pre.shown")]
    assert toy_report.name in page.footer.get_text()


def test_what_stands_in_the_data_is_text(page):
    assert "<script>document.title" in page.select_one("main").get_text()


def test_a_failed_notebooks_page_ends_at_the_cell_and_says_why(toy_report):
    page = BeautifulSoup((failed_version(toy_report) / "01_counting.html").read_text(), "html.parser")
    failed = page.select_one("#failed")
    assert "if boom" in failed.pre.get_text()
    assert "RuntimeError: no <b>luck</b> today" in failed.get_text()
    assert "After it" not in page.get_text()
    assert "Traceback" not in page.get_text()


def test_a_versions_page(toy_report):
    page = BeautifulSoup((toy_report / "index.html").read_text(), "html.parser")
    assert page.h1.get_text() == "A toy report"
    assert "One sentence about counting." in page.select_one(".cards").get_text()
    rows = [row.get_text("|", strip=True) for row in page.select("table.numbers tbody tr")]
    assert rows == ["share.|lump|9.6 %|7.9–11.6|2,000", "sum.|people|2,001"]


def test_all_versions_newest_first_with_what_differs(toy_report):
    page = BeautifulSoup((toy_report.parent.parent / "index.html").read_text(), "html.parser")
    cards = [re.sub(r"\s+", " ", card.get_text()) for card in page.select(".cards > li")]
    assert "complete" in cards[0]
    assert "people = 2000" in cards[0]
    assert "failed" in cards[1]
    assert "01_counting: RuntimeError: no <b>luck</b> today" in cards[1]
    assert "boom = yes" in cards[1]


def test_all_versions_say_what_moved(toys, tmp_path, instant):
    for people in (40, 50, 50):
        make_report("adding", {"people": people}, tmp_path, force=True, executor=instant)
    page = BeautifulSoup((tmp_path / "index.html").read_text(), "html.parser")
    newest, middle, oldest = [card.get_text() for card in page.select(".cards > li")]
    assert "no number moved" in newest
    assert "1 of 1 numbers moved" in middle
    assert "Since" not in oldest
    assert [cell.get_text() for cell in page.select("tbody td")] == ["toy.people", "40", "50"]


def test_contrast_of_every_text_colour(toy_report):
    """WCAG AA asks for 4.5 between text and its ground, in light and in dark."""
    css = BeautifulSoup((toy_report / "index.html").read_text(), "html.parser").style.string
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{[^}]*\}", css)[:2]
    )
    for colours in (light, light | dark):
        for name in ("ink", "quiet", "link", "good", "bad", "keyword", "string", "comment", "figure"):
            for ground in ("paper", "wash"):
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        assert contrast(colours["bad"], colours["bad-wash"]) >= 4.5


def contrast(one, other):
    def luminance(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (10_000, "10,000"),
        (20260101, "20260101"),
        (0.95, "0.95"),
        (None, "none"),
        (True, "yes"),
        ([28, 62], "28, 62"),
        (1, "1"),
    ],
)
def test_values_as_a_person_writes_them(value, words):
    assert plainly(value) == words


def test_names_break_behind_dots():
    assert breakable("a.<b") == "a.<wbr>&lt;b"
