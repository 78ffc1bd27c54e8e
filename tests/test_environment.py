"""The environment is said once: pyproject.toml what, constraints.txt which, environment.yml only how to begin."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

REPOSITORY = Path(__file__).parent.parent
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONSTRAINTS = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINNED = {canonicalize_name(name): pinned for name, _, pinned in (line.partition("==") for line in CONSTRAINTS)}
DIRECT = [Requirement(line) for line in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]]


def environment_yml() -> dict:
    return yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))


def pip_section() -> list[str]:
    """What conda hands to pip, line by line."""
    sections = [entry["pip"] for entry in environment_yml()["dependencies"] if isinstance(entry, dict)]
    assert len(sections) == 1
    return sections[0]


def test_conda_supplies_python_and_pip_only():
    supplied = [entry for entry in environment_yml()["dependencies"] if isinstance(entry, str)]
    assert [re.split("[=<> ]", entry)[0] for entry in supplied] == ["python", "pip"]
    assert environment_yml()["channels"] == ["conda-forge", "nodefaults"]


def test_pip_section_names_no_second_list():
    assert pip_section() == ["-c constraints.txt", "-e .[dev]"]


def test_condas_python_is_one_we_support():
    python = environment_yml()["dependencies"][0]
    minor = re.fullmatch(r"python=(3\.\d+)", python)
    assert minor, f"environment.yml asks for {python!r}; write it as python=3.11"
    assert Version(minor[1]) in SpecifierSet(PROJECT["requires-python"])


def test_supported_pythons_are_the_classified_ones():
    classified = {line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line}
    supported = SpecifierSet(PROJECT["requires-python"])
    assert classified == {f"3.{minor}" for minor in range(30) if f"3.{minor}" in supported}


@pytest.mark.parametrize("requirement", DIRECT, ids=lambda requirement: requirement.name)
def test_direct_dependency_is_pinned_within_its_range(requirement):
    pinned = PINNED.get(canonicalize_name(requirement.name))
    assert pinned, f"{requirement.name} is in pyproject.toml and not in constraints.txt: run `make constraints`"
    assert Version(pinned) in requirement.specifier


def test_constraints_are_plain_pins_in_order():
    assert [line for line in CONSTRAINTS if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*==\d[0-9a-z.+]*", line)] == []
    assert len(PINNED) == len(CONSTRAINTS)
    assert sorted(CONSTRAINTS, key=lambda line: line.partition("==")[0]) == CONSTRAINTS


def test_installed_versions_are_the_pinned_ones():
    other = {
        name: (installed, pinned) for name, pinned in PINNED.items() if (installed := installed_version(name)) != pinned
    }
    assert {name: pair for name, pair in other.items() if pair[0] is not None} == {}, "installed, pinned"


def installed_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@pytest.mark.skipif(
    sys.platform != "linux" or "python={}.{}".format(*sys.version_info) not in environment_yml()["dependencies"],
    reason="constraints.txt is made for Linux and the Python of environment.yml; others need a few packages more",
)
def test_nothing_we_need_is_left_unpinned():
    assert sorted(needed("firstsign", {"dev"}) - {"firstsign"} - set(PINNED)) == []


def needed(name: str, extras: set[str], seen: set[tuple[str, str]] | None = None) -> set[str]:
    """All distributions that installing `name[extras]` here brings, by their own metadata."""
    seen = set() if seen is None else seen
    for extra in ["", *extras]:
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for line in distribution(name).requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                needed(canonicalize_name(requirement.name), requirement.extras, seen)
    return {found for found, _ in seen}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="looks for the interpreter where Linux and macOS put it")
@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="not a git checkout, so what a clone has is not known")
def test_condas_way_of_installing_works(tmp_path):
    """conda writes the pip section beside environment.yml and runs `pip install -U -r` on it there; so do we."""
    checkout = copy_of_checkout(tmp_path / "checkout")
    python = fresh_python(tmp_path / "environment")
    requirements = checkout / "condaenv.requirements.txt"
    requirements.write_text("\n".join(pip_section()), encoding="utf-8")
    run([python, "-m", "pip", "install", "--quiet", "-U", "-r", requirements], checkout)
    where = run([python, "-c", "import firstsign; print(firstsign.__file__)"], tmp_path)
    assert Path(where.strip()).is_relative_to(checkout / "src")
    assert PROJECT["version"] in run([python.with_name("firstsign"), "--version"], tmp_path)
    run([python, "-m", "pip", "check"], tmp_path)


def copy_of_checkout(folder: Path) -> Path:
    """The files a clone would have, as they are now, and none of the ignored ones."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], REPOSITORY)
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    return folder


def fresh_python(folder: Path) -> Path:
    """The interpreter of a new virtual environment, which sees nothing of ours."""
    venv.create(folder, with_pip=True, symlinks=True)
    return folder / "bin" / "python"


def run(command: list, folder: Path) -> str:
    """What the command prints; variables that lead Python or firstsign elsewhere are not handed on."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("FIRSTSIGN_", "PYTHON"))}
    done = subprocess.run(list(map(str, command)), cwd=folder, env=outside, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
