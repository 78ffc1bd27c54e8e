"""The command line, run as a person runs it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from firstsign import __version__, cli

COMMAND = [sys.executable, "-c", "from firstsign.cli import main; main()"]
SOUND = "person,first_symptom,diagnosis\n1,2024-01-01,2024-02-01\n2,2024-01-03,2024-03-01\n"


@pytest.fixture
def called(toys, capsys, monkeypatch):
    """Calls `firstsign`; what comes back is exit code, stdout, stderr. The current folder is an empty one."""
    monkeypatch.setenv("COLUMNS", "100")

    def call(*words):
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        shown = capsys.readouterr()
        return ended.value.code or 0, shown.out, shown.err

    return call


def test_version(called):
    assert called("--version") == (0, f"firstsign {__version__}\n", "")


def test_help_answers_at_once():
    began = time.monotonic()
    done = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "report" in done.stdout
    check = "import sys, firstsign.cli; print([m for m in ('pandas', 'papermill', 'nbconvert', 'matplotlib') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True).stdout == "[]\n"
    assert time.monotonic() - began < 20  # only a stall: the modules above are the true measure on a busy machine


def test_describe(called):
    code, told, _ = called("describe", "01")
    assert code == 0
    assert "people: int = 10000  cohort size [people >= 1]" in told


class TestRefusals:
    """Each bad input is told in one paragraph that names the thing; nothing is left behind."""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "mine.csv"),
            ("person,diagnosis,first_symptom\n", "mine.csv"),
            ("name,diagnosis\n1,2024-01-01\n", "person"),
            (SOUND + "3,soon,2024-03-01\n", "soon"),
            (SOUND + "3,2024-05-01,2024-03-01\n", "diagnosis"),
            (SOUND + "2,2024-01-01,2024-03-01\n", "person"),
        ],
        ids=["empty", "no rows", "missing column", "text in a date", "diagnosis before symptom", "duplicate person"],
    )
    def test_a_bad_cohort(self, called, text, said):
        Path("mine.csv").write_text(text)
        self.refused(called("report", "-p", "cohort=mine.csv"), said, left=["mine.csv"])

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["-p", "peple=3"], "did you mean 'people'"),
            (["-p", "people=abc"], "'abc'"),
            (["-p", "people=1.5"], "a whole number"),
            (["-p", "level=1"], "0 < level < 1"),
            (["-p", "people"], "-p people=2000"),
            (["-p", "cohort=gone.csv"], "gone.csv"),
            (["-p", "cohort=lupos"], "lupos"),
            (["mian"], "did you mean 'main'"),
            (["../main"], "'../main'"),
            (["--params", "gone.yml"], "gone.yml"),
            (["adding", "-p", "level=0.9"], "level"),
        ],
    )
    def test_a_bad_call(self, called, words, said):
        self.refused(called("report", *words), said)

    def test_a_folder_that_cannot_be_written(self, called):
        Path("reports").touch()
        self.refused(called("report", "adding"), "reports", left=["reports"])

    def refused(self, ended, said, left=()):
        code, out, err = ended
        assert code == 2
        assert out == ""
        assert said in " ".join(err.split())
        assert err.startswith("firstsign: ")
        assert "\n\n" not in err.strip()
        assert "Traceback" not in err
        assert max(map(len, err.splitlines())) <= 100
        assert os.listdir() == list(left)


def test_report_with_the_stated_order_of_parameters(called, tmp_path):
    (tmp_path / "given.yml").write_text("people: 30\n")
    code, out, err = called("report", "adding", "--params", str(tmp_path / "given.yml"), "-p", "people=40")
    assert (code, out.split()[0]) == (0, "Published")
    assert "02_adding" in err
    assert "Traceback" not in err
    assert "people = 40" in Path("reports/index.html").read_text().replace("</code>", "")
    code, out, err = called("report", "adding", "-p", "people=40")
    assert (code, err) == (0, "")
    assert out.startswith("Nothing changed since reports/adding/")


def test_a_failing_notebook_is_published_and_the_exit_code_is_1(called, toys, write_notebook):
    write_notebook(toys / "02_adding.ipynb", ("markdown", "# B"), ("code", "raise KeyError('gone')"))
    code, out, err = called("report", "adding")
    assert code == 1
    assert "failed: KeyError" in err
    assert "Published" in out


def test_check(called):
    Path("mine.csv").write_text(SOUND)
    assert called("check", "mine.csv")[0] == 0
    Path("mine.csv").write_text(SOUND + "3,2024-05-01,2024-03-01\n")
    code, out, _ = called("check", "mine.csv")
    assert code == 1
    assert "mine.csv is not sound: 1 error" in out


def test_ctrl_c_ends_it_all(toys, write_notebook, tmp_path):
    marker = tmp_path / "began"
    write_notebook(
        toys / "02_adding.ipynb",
        (
            "code",
            f"import os, pathlib, time\npathlib.Path({str(marker)!r}).write_text(str(os.getpid()))\ntime.sleep(60)",
        ),
    )
    command = subprocess.Popen(
        [*COMMAND, "report", "adding"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until = time.monotonic() + 60
    while not (marker.exists() and marker.read_text()) and time.monotonic() < until:
        time.sleep(0.1)
    os.killpg(command.pid, signal.SIGINT)
    assert "nothing of 'adding' was published" in command.communicate(timeout=90)[1]
    assert command.returncode == 130
    assert list(os.scandir("reports")) == []
    psutil.wait_procs(
        [process for process in psutil.process_iter() if process.pid == int(marker.read_text())], timeout=10
    )
    assert not psutil.pid_exists(int(marker.read_text()))
