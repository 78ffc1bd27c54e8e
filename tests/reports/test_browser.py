"""The pages in a browser: nothing leaves the machine, nothing is broken, nothing runs over the edge of a phone."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (360, "light")], ids=["wide", "dark", "phone"])
def tab(browser, request):
    """A tab, and what went wrong in it: requests that were not for a file, and errors on the console."""
    width, scheme = request.param
    opened = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    wrong: list[str] = []
    opened.on("request", lambda asked: None if asked.url.startswith(("file:", "data:")) else wrong.append(asked.url))
    opened.on("requestfailed", lambda asked: wrong.append(f"failed: {asked.url[:80]}"))
    opened.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened, wrong
    opened.close()


def test_every_page(tab, toy_report):
    page, wrong = tab
    for path in sorted(toy_report.parent.parent.rglob("*.html")):
        page.goto(path.as_uri())
        for summary in page.locator("summary:visible").all():
            summary.click()
        assert page.evaluate("[...document.images].filter(i => !(i.complete && i.naturalWidth > 0)).length") == 0
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    assert wrong == []


def test_code_unfolds(tab, toy_report):
    page, _ = tab
    page.goto((toy_report / "01_counting.html").as_uri())
    code = page.locator("details.code").first
    assert not code.locator("pre").is_visible()
    code.locator("summary").click()
    assert "plt.step" in code.locator("pre").inner_text()


def test_links_lead_from_the_first_page_to_a_figure_and_back(tab, toy_report):
    page, wrong = tab
    page.goto((toy_report.parent.parent / "index.html").as_uri())
    page.locator(".cards a").first.click()
    page.get_by_role("link", name="What is counted?").first.click()
    assert page.locator("figure img").is_visible()
    assert page.title().startswith("What is counted?")
    page.get_by_role("link", name="All reports").first.click()
    assert page.title() == "Reports"
    assert wrong == []


def test_the_contents_stay_in_view_on_a_wide_screen_and_fold_on_a_phone(tab, toy_report):
    page, _ = tab
    page.goto((toy_report / "01_counting.html").as_uri())
    wide = page.viewport_size["width"] > 1000
    assert page.locator(".contents .wide").is_visible() is wide
    assert page.locator(".contents .narrow").is_visible() is not wide
    page.evaluate("window.scrollTo({top: 300, behavior: 'instant'})")
    assert page.locator(".contents .wide").is_visible() is wide


def test_scripts_in_the_page_would_not_run(tab, toy_report, tmp_path):
    page, wrong = tab
    broken = tmp_path / "broken.html"
    text = (toy_report / "01_counting.html").read_text()
    broken.write_text(text.replace("</main>", "<script>document.title = 'ran'</script></main>"))
    page.goto(broken.as_uri())
    assert page.title() != "ran"
    assert any("Content Security Policy" in message for message in wrong)
