"""The style of the figures: panels, words for those who do not see them, and the same bytes every time."""

import base64
import json
import subprocess
import sys

import matplotlib.pyplot as plt
import nbformat
import pytest
from drawings import SPELLS

from firstsign import figures
from firstsign.reports.running import Job, run_notebook


def test_panels_share_their_scales_and_spare_ones_are_gone():
    figure, axes = figures.panels(3, columns=2)
    assert len(axes) == len(figure.axes) == 3
    axes[0].set_xlim(0, 7)
    assert axes[2].get_xlim() == (0, 7)
    plt.close(figure)
    figure, (one, other) = figures.panels(2, shared=False)
    one.set_xlim(0, 7)
    assert other.get_xlim() != (0, 7)
    plt.close(figure)


def test_alt_text_is_every_title_in_one_line():
    figure, axes = figures.panels(2)
    assert figures.alt_text(figure) == "Figure"
    figure.suptitle("Four\nroutes")
    axes[0].set_title("urgent  route", loc="left")
    axes[1].set_title("other", loc="center")
    assert figures.alt_text(figure) == "Four routes; urgent route; other"
    plt.close(figure)


def test_the_style_can_be_set_outside_a_notebook():
    with plt.rc_context():
        figures.use_style()
        ax = figures.new()
        ax.set_title("Left")
        assert ax.get_title("left") == "Left"
        assert not ax.spines["top"].get_visible()
        plt.close("all")


DRAW = """\
ax = fs.figures.new()
fs.figures.delay_curve(ax, curve, fs.at_risk(spells, [0, 50, 100], by="sign"), by="sign")
ax.set_title('A lump waits < "pain" & more');"""


@pytest.fixture(scope="module")
def in_a_kernel(tmp_path_factory):
    """The outputs of a notebook's cells: one that draws nothing, the same figure in two, and then as PNG."""
    folder = tmp_path_factory.mktemp("kernel")
    SPELLS.to_csv(folder / "spells.csv", index=False)
    begin = "import pandas as pd\nimport firstsign as fs\nfs.figures.use_style()\nspells = pd.read_csv('spells.csv')\n"
    png = "from matplotlib_inline.backend_inline import set_matplotlib_formats\nset_matplotlib_formats('png')\n"
    sources = [begin + "curve = fs.kaplan_meier(spells, by='sign')", DRAW, DRAW, png + DRAW]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(notebook, folder / "drawing.ipynb")
    files = {"spells.csv": folder / "spells.csv"}
    job = Job("drawing", folder / "drawing.ipynb", folder / "executed.ipynb", {}, folder, files, timeout=100)
    assert run_notebook(job).failure is None
    return [cell["outputs"] for cell in json.loads(job.output.read_text())["cells"]]


class TestInAKernel:
    def test_a_figure_is_svg_with_its_title_in_words(self, in_a_kernel):
        for outputs in in_a_kernel[1:3]:
            (output,) = outputs
            assert set(output["data"]) == {"image/svg+xml", "text/plain"}
            assert output["metadata"]["image/svg+xml"] == {"alt": 'A lump waits < "pain" & more'}
            assert "<dc:date>" not in "".join(output["data"]["image/svg+xml"])

    def test_the_same_figure_has_the_same_bytes(self, in_a_kernel):
        once, again = ("".join(outputs[0]["data"]["image/svg+xml"]) for outputs in in_a_kernel[1:3])
        assert once == again

    def test_png_works_too(self, in_a_kernel):
        (output,) = in_a_kernel[3]
        assert base64.b64decode(output["data"]["image/png"]).startswith(b"\x89PNG")

    def test_nothing_but_the_figures_appears(self, in_a_kernel):
        assert [len(outputs) for outputs in in_a_kernel] == [0, 1, 1, 1]


def test_another_process_draws_the_same_bytes():
    """Colours, paths and their names come from the frame and a fixed salt, not from the process."""
    code = (
        "import hashlib, pandas as pd, matplotlib; matplotlib.use('agg'); from firstsign import figures\n"
        "figures.use_style(); ax = figures.new()\n"
        "curve = pd.DataFrame({'day': [1.0, 2], 'estimate': [0.5, 0.2], 'low': 0.1, 'high': 0.6})\n"
        "figures.delay_curve(ax, curve)\n"
        "print(hashlib.sha256(figures._as_svg(ax.figure)[0].encode()).hexdigest())"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    hashes = {run.communicate(timeout=60)[0] for run in runs}
    assert len(hashes) == 1
    assert len(hashes.pop().strip()) == 64
