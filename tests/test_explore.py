"""Knobs: sliders where somebody can move them, one figure where nobody can, and no widget in a report."""

import json

import matplotlib.pyplot as plt
import nbformat
import pytest

from firstsign import explore
from firstsign.explore import choice, knob, turn
from firstsign.reports.running import Job, run_notebook


@pytest.fixture(autouse=True)
def no_figures():
    yield
    plt.close("all")


class TestKnobs:
    def test_a_knob_is_what_was_said(self):
        made = knob(14, 3, 60, 1, "half is gone after", "days")
        assert (made.value, made.low, made.high, made.step) == (14, 3, 60, 1)
        assert (made.what, made.unit) == ("half is gone after", "days")

    @pytest.mark.parametrize(
        ("numbers", "slip"),
        [
            ((61, 3, 60, 1), "begins at 61, outside of 3 to 60"),
            ((2.9, 3, 60, 1), "begins at 2.9, outside of 3 to 60"),
            ((5, 60, 3, 1), "from 60 to 3; give the lower end first"),
            ((5, 5, 5, 1), "from 5 to 5;"),
            ((5, 3, 60, 0), "step is 0; give one above 0 and at most 57"),
            ((5, 3, 60, 58), "step is 58;"),
            ((float("nan"), 3, 60, 1), "have to be finite, not nan, 3, 60, 1"),
            ((5, 3, float("inf"), 1), "have to be finite, not 5, 3, inf, 1"),
        ],
    )
    def test_a_knob_that_cannot_be_turned_is_refused(self, numbers, slip):
        with pytest.raises(ValueError, match=f"The knob 'weeks of pain' cannot be turned: .*{slip}"):
            knob(*numbers, "weeks of pain")

    def test_either_end_can_be_the_beginning(self):
        assert (knob(3, 3, 60, 57, "days").value, knob(60, 3, 60, 57, "days").value) == (3, 60)

    def test_a_choice_begins_at_one_of_its_options(self):
        assert choice("MRI", ["X-ray", "MRI"], "first test").options == ("X-ray", "MRI")
        with pytest.raises(
            ValueError, match=r"'first test' offers 'X-ray', 'MRI', and begins at 'MR' \(did you mean 'MRI'\?\)"
        ):
            choice("MR", ["X-ray", "MRI"], "first test")
        with pytest.raises(ValueError, match="offers nothing"):
            choice(1, [], "first test")


class TestOutsideOfANotebook:
    def test_drawn_once_at_the_knobs_own_values(self):
        seen = []

        def draw(share, test, level=0.95):
            plt.figure()
            seen.append((share, test, level))

        assert turn(draw, share=knob(0.5, 0.1, 1.0, 0.1, "share"), test=choice("MRI", ["MRI", "CT"], "test")) is None
        assert seen == [(0.5, "MRI", 0.95)]
        assert len(plt.get_fignums()) == 1  # a script shows or saves it

    def test_a_sentence_is_said_and_other_results_are_not(self, capsys):
        turn(lambda weeks: f"{weeks} weeks", weeks=knob(6, 1, 9, 1, "weeks"))
        turn(lambda weeks: [weeks], weeks=knob(6, 1, 9, 1, "weeks"))
        assert capsys.readouterr().out == "6 weeks\n"

    def test_any_argument_goes_where_draw_takes_any(self):
        seen = {}
        turn(lambda **values: seen.update(values), draw=knob(6, 1, 9, 1, "weeks"))
        assert seen == {"draw": 6}

    def test_all_misfits_are_named_at_once(self):
        def by_weeks(weeks, share, *, level=0.95):
            raise AssertionError("not to be drawn")

        one = knob(6, 1, 9, 1, "weeks")
        with pytest.raises(ValueError, match="do not fit 'by_weeks'") as caught:
            turn(by_weeks, week=one, level=0.9)
        text = str(caught.value)
        assert "takes no 'week' (did you mean 'weeks'?)" in text
        assert "'level' is no knob; make it with knob() or choice()" in text
        assert "'weeks' has neither a knob nor a default" in text
        assert "'share' has neither a knob nor a default" in text

    def test_an_argument_without_a_name_cannot_have_a_knob(self):
        with pytest.raises(ValueError, match="takes no 'x'"):
            turn(lambda x, /: x, x=knob(6, 1, 9, 1, "weeks"))


class TestBoard:
    @pytest.fixture
    def board(self):
        def made(draw, **knobs):
            return explore._board(draw, knobs)

        return made

    def test_turning_draws_again_with_all_values(self, board):
        seen = []
        box = board(
            lambda days, test, level=0.95: seen.append((days, test, level)),
            days=knob(14, 3, 60, 1, "half is gone after", "days"),
            test=choice("MRI", ["X-ray", "MRI"], "first test"),
        )
        slider, dropdown, _ = box.children
        assert seen == [(14, "MRI", 0.95)]
        slider.value = 21
        dropdown.value = "X-ray"
        assert seen[1:] == [(21, "MRI", 0.95), (21, "X-ray", 0.95)]

    def test_a_slider_says_what_it_turns_and_waits_until_it_is_let_go(self, board):
        whole, part, bare, _ = board(
            lambda a, b, c: None,
            a=knob(14, 3, 60, 1, "half is gone after", "days"),
            b=knob(1.0, 0.25, 20.0, 0.25, "have it", "%"),
            c=knob(1.0, 0.0, 20.0, 5.0, "ratio"),
        ).children
        assert [one.description for one in (whole, part, bare)] == ["half is gone after (days)", "have it (%)", "ratio"]
        assert [one.readout_format for one in (whole, part, bare)] == ["d", ".2f", ".1f"]
        assert not any(one.continuous_update for one in (whole, part, bare))
        assert (whole.min, whole.max, whole.step, part.min, part.max, part.step) == (3, 60, 1, 0.25, 20, 0.25)
        assert type(whole.value) is int

    def test_boards_do_not_know_of_each_other(self, board):
        seen = []
        one, other = (board(lambda x: seen.append(x), x=knob(start, 0, 9, 1, "x")) for start in (1, 2))
        one.children[0].value = 5
        assert (seen, other.children[0].value) == ([1, 2, 5], 2)


DRAW = """\
import os
import matplotlib.pyplot as plt
import firstsign.explore as explore
from firstsign import figures
figures.use_style()

def draw(share, level=0.95):
    ax = figures.new()
    ax.plot([0, 1], [0, share])
    ax.set_title("A share")
    return "said"
"""
TURN = 'explore.turn(draw, share=explore.knob(0.5, 0.1, 1.0, 0.1, "share"))\nprint(len(plt.get_fignums()), "open")'
BY_HAND = 'os.environ.pop("FIRSTSIGN_REPORT")\n' + TURN


@pytest.fixture
def ran(tmp_path):
    """A notebook as a report runs it."""

    def run(*sources):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in sources])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, tmp_path / "toy.ipynb")
        (tmp_path / "rooms").mkdir()
        job = Job("toy", tmp_path / "toy.ipynb", tmp_path / "ran.ipynb", {}, tmp_path / "rooms")
        assert run_notebook(job).failure is None
        return json.loads(job.output.read_text())

    return run


def test_a_report_has_the_figure_once_and_nothing_of_a_widget(ran):
    report = ran(DRAW, TURN)
    figure, said = report["cells"][-1]["outputs"]
    assert figure["metadata"]["image/svg+xml"] == {"alt": "A share"}
    assert set(figure["data"]) <= {"image/svg+xml", "text/plain"}
    assert "".join(said["text"]) == "said\n0 open\n"
    assert "widgets" not in report["metadata"]


def test_in_a_notebook_there_are_sliders_with_the_figure_below_and_none_stays_open(ran):
    notebook = ran(DRAW, BY_HAND)
    outputs = notebook["cells"][-1]["outputs"]
    assert [one for one in outputs if "application/vnd.jupyter.widget-view+json" in one.get("data", {})]
    assert not [one for one in outputs if "image/svg+xml" in one.get("data", {})]
    assert "".join(line for one in outputs for line in one.get("text", [])) == "0 open\n"
    (state,) = notebook["metadata"]["widgets"].values()
    (below,) = [one["state"] for one in state["state"].values() if one["model_name"] == "OutputModel"]
    assert [sorted(one.get("data", one)) for one in below["outputs"]] == [
        ["image/svg+xml", "text/plain"],
        ["name", "output_type", "text"],
    ]
