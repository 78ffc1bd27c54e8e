"""The parameters cell as a schema, and what is refused."""

import pytest

from firstsign.reports.catalogue import Notebook
from firstsign.reports.parameters import Text, declared, read_assignments, read_file, settle

CELL = """\
# who is looked at
people: int = 1_000  # cohort size [people >= 1]
level: float = 0.95  # coverage [0 < level < 1]
since: str | None = None  # first day [ISO]
days: list[int] = [28, 62]  # limits
whole: bool = False"""


@pytest.fixture
def notebook(tmp_path, write_notebook):
    return Notebook(write_notebook(tmp_path / "01_a.ipynb", ("markdown", "# A"), ("parameters", CELL)))


@pytest.fixture
def other(tmp_path, write_notebook):
    return Notebook(write_notebook(tmp_path / "02_b.ipynb", ("parameters", "people: int = 7\nseed: int = 1")))


class TestDeclared:
    def test_name_type_default_help_and_condition(self, notebook):
        told = {name: (p.type, p.default, p.help, p.condition) for name, p in declared(notebook).items()}
        assert told == {
            "people": ("int", 1000, "cohort size", "people >= 1"),
            "level": ("float", 0.95, "coverage", "0 < level < 1"),
            "since": ("str | None", None, "first day [ISO]", ""),
            "days": ("list[int]", [28, 62], "limits", ""),
            "whole": ("bool", False, "", ""),
        }

    def test_a_notebook_without_the_cell_takes_none(self, tmp_path, write_notebook):
        assert declared(Notebook(write_notebook(tmp_path / "03_c.ipynb", ("code", "people = 1")))) == {}

    @pytest.mark.parametrize(
        ("cell", "said"),
        [
            ("people = 1", "needs a name, a type and a default"),
            ("people: int = 1 + n", "plain value"),
            ("people: dict = {}", "'dict'"),
            ("people: int = 0  # size [people >= 1]", "people = 0 is not possible"),
            ("people: int = 'a'", "people"),
            ("people: int = 1  # size [peple >= 1]", "'peple'"),
            ("people: int =", "invalid syntax"),
        ],
    )
    def test_a_cell_that_is_no_schema_is_named(self, cell, said, tmp_path, write_notebook):
        with pytest.raises(ValueError, match=r"^04_d, the cell tagged 'parameters'") as slip:
            declared(Notebook(write_notebook(tmp_path / "04_d.ipynb", ("parameters", cell))))
        assert said in str(slip.value)


class TestSettle:
    def test_defaults(self, notebook):
        values = {"people": 1000, "level": 0.95, "since": None, "days": [28, 62], "whole": False}
        assert settle([notebook], {}) == {"01_a": values}

    def test_goes_to_every_notebook_that_declares_it(self, notebook, other):
        settled = settle([notebook, other], {"people": Text("20"), "seed": 3})
        assert (settled["01_a"]["people"], settled["02_b"]) == (20, {"people": 20, "seed": 3})
        assert "seed" not in settled["01_a"]

    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("people", "10000", 10_000),
            ("people", "10_000", 10_000),
            ("level", "0.9", 0.9),
            ("since", "none", None),
            ("since", "2020-01-01", "2020-01-01"),
            ("days", "28, 60,90", [28, 60, 90]),
            ("days", "[28]", [28]),
            ("whole", "true", True),
        ],
    )
    def test_text_is_read_as_the_declared_type(self, notebook, name, text, value):
        assert settle([notebook], {name: Text(text)})["01_a"][name] == value

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("people", Text("abc")),
            ("people", Text("1.5")),
            ("people", 1.5),
            ("people", "10"),
            ("people", True),
            ("level", Text("nan")),
            ("level", float("inf")),
            ("since", 2020),
            ("days", Text("28,soon")),
            ("days", 28),
            ("whole", Text("perhaps")),
            ("people", None),
        ],
    )
    def test_refuses_another_type(self, notebook, name, value):
        with pytest.raises(ValueError, match=f"^{name} .*must be[^\n]*$"):
            settle([notebook], {name: value})

    @pytest.mark.parametrize(("name", "value"), [("people", 0), ("level", Text("1")), ("level", Text("95"))])
    def test_refuses_the_impossible(self, notebook, name, value):
        with pytest.raises(ValueError, match=f"^{name} = .* is not possible"):
            settle([notebook], {name: value})

    def test_an_unknown_name_gets_the_nearest_and_the_lists(self, notebook, other):
        with pytest.raises(ValueError, match=r"'peple'.*'people'.*01_a takes people, level.*02_b takes people, seed"):
            settle([notebook, other], {"peple": 3})


class TestReading:
    def test_assignments(self):
        assert read_assignments(["people=3", "cohort=a=b.csv"]) == {"people": "3", "cohort": "a=b.csv"}

    @pytest.mark.parametrize("words", [["people"], ["=3"], ["people=3", "people=4"]])
    def test_refuses_what_is_no_assignment(self, words):
        with pytest.raises(ValueError, match="-p"):
            read_assignments(words)

    def test_file(self, tmp_path):
        path = tmp_path / "given.yml"
        path.write_text("people: 12\nlevel: 0.9\n")
        assert read_file(path) == {"people": 12, "level": 0.9}

    @pytest.mark.parametrize("text", ["- people", "a: [", "", "1: 2"])
    def test_refuses_another_file(self, text, tmp_path):
        path = tmp_path / "given.yml"
        path.write_text(text)
        with pytest.raises(ValueError, match=r"given\.yml"):
            read_file(path)
