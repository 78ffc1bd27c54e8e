"""The checkout itself: what is committed, what the README promises, and that the same thing is said everywhere."""

import ast
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parent.parent
PACKAGE = REPOSITORY / "src" / "firstsign"


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def committed() -> list[Path]:
    """Files that are in the repository, or would be with the next commit."""
    if shutil.which("git") is None or not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout, so what is committed is not known")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := REPOSITORY / name).is_file()]


def notebooks() -> list[Path]:
    return [
        path for path in sorted((REPOSITORY / "notebooks").rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts
    ]


def cells(notebook: Path) -> list[dict]:
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]


def test_there_are_notebooks():
    assert notebooks(), "none in notebooks/: the tests below would pass on nothing"


@pytest.mark.parametrize("notebook", notebooks(), ids=lambda path: path.stem)
class TestNotebook:
    def test_has_no_outputs(self, notebook):
        code = [cell for cell in cells(notebook) if cell["cell_type"] == "code"]
        assert [cell["outputs"] for cell in code if cell["outputs"]] == []
        assert {cell["execution_count"] for cell in code} == {None}

    def test_has_one_parameters_cell(self, notebook):
        tags = [tag for cell in cells(notebook) for tag in cell["metadata"].get("tags", [])]
        assert tags.count("parameters") == 1
        assert "injected-parameters" not in tags

    def test_asks_for_the_kernel_that_comes_with_us(self, notebook):
        assert json.loads(notebook.read_text(encoding="utf-8"))["metadata"]["kernelspec"]["name"] == "python3"

    def test_begins_with_a_title(self, notebook):
        first = cells(notebook)[0]
        assert first["cell_type"] == "markdown"
        assert "".join(first["source"]).startswith("# ")


ADDRESSES = {
    "a package index": r"https?://[^\s\"'<>)]*/(?:simple|packages|pkgs)\b|index-url[\s=]+['\"]?\w+:/",
    "a folder of one machine": r"(?<![\w.~-])/(?:home|Users|root|work|opt)/\w|[A-Z]:\\+Users\b",
}


@pytest.mark.parametrize("what", ADDRESSES)
def test_no_committed_file_names(what):
    pattern = re.compile(ADDRESSES[what])
    named = {}
    for path in committed():
        if found := pattern.search(path.read_text(encoding="utf-8", errors="ignore")):
            named[str(path.relative_to(REPOSITORY))] = found[0]
    assert named == {}


def test_address_patterns_find_what_they_are_for():
    index, machine = ADDRESSES.values()
    assert re.search(index, "https://packages.example/" + "simple")
    assert re.search(index, "--extra-index-url " + "file:///wheels")
    assert not re.search(index, "uv pip compile --no-emit-index-url -o constraints.txt")
    assert re.search(machine, "open('" + "/home" + "/ada/cohort.csv')")
    assert not re.search(machine, "see https://example.org/home/page")


def test_nothing_made_is_committed():
    names = [path.relative_to(REPOSITORY).as_posix() for path in committed()]
    assert [
        name
        for name in names
        if re.fullmatch(r"(.*/)?uv\.lock|reports/(?!README\.md|example\.png$).*|.*\.(pyc|egg-info)", name)
    ] == []


def test_every_module_has_its_tests():
    tests = {path.stem for path in (REPOSITORY / "tests").rglob("test_*.py")}
    modules = [path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py") if path.stem != "__init__"]
    untested = [
        str(module) for module in modules if not tests & {f"test_{module.stem}", "test_" + "_".join(module.parts)}
    ]
    assert untested == []


def public_names() -> list[str]:
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    return [name.asname or name.name for node in imports for name in node.names]


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*##", text_of("Makefile"), flags=re.MULTILINE))


def test_readme_lists_every_public_name():
    rows = "\n".join(line for line in text_of("README.md").splitlines() if line.startswith("|"))
    listed = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", rows))))
    assert [name for name in public_names() if name not in listed] == []


def test_readme_names_the_two_commands():
    commands = set(re.findall(r"\bmake ([a-z]+)\b", code_of(text_of("README.md"))))
    assert commands >= {"report", "test"}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_page_names_only_targets_that_exist(page):
    assert set(re.findall(r"\bmake ([a-z]+)\b", code_of(text_of(page)))) <= makefile_targets()


def code_of(page: str) -> str:
    """The fenced blocks and the `spans` of a Markdown page, where "make" is the command and not the verb."""
    fenced = re.findall(r"^```.*?^```", page, flags=re.MULTILINE | re.DOTALL)
    return "\n".join(fenced + re.findall(r"`([^`\n]+)`", page))


def test_makefile_has_the_promised_targets():
    assert makefile_targets() >= {"report", "test", "lab", "lint", "clean", "help"}


def test_hooks_fetch_nothing():
    configured = yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
    assert [repository["repo"] for repository in configured] == ["local"]
    assert {hook["language"] for hook in configured[0]["hooks"]} == {"system"}
    assert {hook["entry"].split()[0].rpartition("/")[2] for hook in configured[0]["hooks"]} == {
        "ruff",
        "mypy",
        "nbstripout",
    }


def test_versions_agree():
    project = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    stated = re.search(r'^__version__ = "(.+)"$', (PACKAGE / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert stated is not None
    assert {project, stated[1], yaml.safe_load(text_of("CITATION.cff"))["version"]} == {project}


def test_citation_is_a_citation():
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == [{"name": "firstsign developers"}]
    assert {"message", "title", "date-released"} <= citation.keys()


@pytest.mark.parametrize("licence", ["MIT License", "CC0 1.0", "Open Government Licence", "firstsign developers"])
def test_licence_names(licence):
    assert licence in " ".join(text_of("LICENSE").split())
