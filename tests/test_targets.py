"""The targets: what may stand in their file, what is said of slips, and that their numbers are those of the register."""

import re
from decimal import Decimal

import numpy as np
import pytest
import yaml
from handmade_people import counted

import firstsign as fs
from firstsign.evidence import register
from firstsign.published import published
from firstsign.shares import wilson
from firstsign.target_intervals import EXACT, PRINTED, RANGE, ROUNDED, ROUNDING, WILSON
from firstsign.target_measures import Measured, Parameter
from firstsign.targets import DEFINITION, Target, read_targets, targets

ALL = targets().targets
PLAIN = {
    "id": "consultations",
    "name": "Three or more consultations",
    "scenarios": ["england"],
    "source": "lyr12-breast",
    "how": "emergent",
    "unit": "share",
    "published": {"x": 625, "n": 8408},
    "measure": {"share": "consultations >= 3", "among": "diagnosed"},
}


def target(**changes):
    return Target.model_validate(PLAIN | changes)


def written(tmp_path, *items, **more):
    path = tmp_path / "targets.yml"
    path.write_text(yaml.safe_dump({"targets": list(items), **more}), encoding="utf-8")
    return path


class TestKnown:
    """The published number and its interval, by the way in which it is given."""

    PEOPLE = counted(lump=[1] * 25 + [0] * 75, wait_days=[float(wait) for wait in range(100)])

    def known(self, published, **changes):
        changed = target(published=published, **changes)
        return changed.known(changed.measure.of(self.PEOPLE, changed.unit), self.PEOPLE)

    def test_counts(self):
        found = self.known({"x": 6, "n": 100}, measure={"share": "lump == 1", "among": "person >= 0"})
        assert found == (0.06, *wilson(6, 100), WILSON, 100)

    def test_printed_per_cent_of_known_people(self):
        found = self.known({"printed": "50", "n": 10}, measure={"share": "lump == 1", "among": "person >= 0"})
        assert found == (0.5, *wilson(5, 10), ROUNDED, 10)

    def test_of_a_part_whose_size_is_not_printed_the_simulated_part_is_taken(self):
        """A quarter of the simulated people have a lump, so a quarter of the 40."""
        measure = {"share": "wait_days > 3", "among": "lump == 1"}
        found = self.known({"printed": "50", "n": 40, "of": "person >= 0"}, measure=measure)
        assert found == (0.5, *wilson(5, 10), ROUNDED, 10)

    def test_printed_alone_is_known_to_its_last_digit(self):
        found = self.known({"printed": "98.1"}, measure={"share": "lump == 1", "among": "person >= 0"})
        np.testing.assert_allclose(found[:3], [0.981, 0.9805, 0.9815])
        assert found[3:] == (ROUNDING, None)

    def test_range_interval_and_definition(self):
        measure = {"share": "lump == 1", "among": "person >= 0"}
        found = self.known({"range": [20, 50]}, measure=measure)
        assert np.isnan(found.value)
        assert found[1:] == (0.2, 0.5, RANGE, None)
        assert self.known({"printed": "20", "interval": [15, 30], "n": 9}, measure=measure) == (
            0.2,
            0.15,
            0.3,
            PRINTED,
            9,
        )
        assert self.known({"printed": "6", "exactly": True}, measure=measure) == (0.06, 0.06, 0.06, EXACT, None)

    def test_whole_days_have_no_rounding_and_months_have(self):
        """With a quantile function of one value there is nothing else."""
        measure = {"quantile": "wait_days", "q": 0.5, "among": "person >= 0"}
        certain = Measured(49.0, 49.0, 49.0, 100, quantile=lambda shares: np.full(len(shares), 49.0))
        for unit, low, high in (("days", 50, 50), ("months", 49.5, 50.5)):
            changed = target(published={"printed": "50", "n": 100}, measure=measure, unit=unit)
            assert changed.known(certain, self.PEOPLE)[1:3] == (low, high)

    def test_a_mean_is_known_by_its_spread(self):
        found = self.known(
            {"printed": "50.0", "n": 100}, measure={"mean": "wait_days", "among": "person >= 0"}, unit="days"
        )
        half = 1.959964 * np.std(range(100), ddof=1) / 10 + 0.05
        np.testing.assert_allclose(found[1:3], [50 - half, 50 + half], rtol=1e-6)


class TestSlips:
    @pytest.mark.parametrize(
        ("published", "said"),
        [
            ({"x": 5}, "x needs an n"),
            ({"x": 9, "n": 5}, "x is 9, of n 5"),
            ({"x": 5, "n": 9, "printed": "56"}, "not x and printed"),
            ({"n": 9}, "not none"),
            ({"range": [8, 3]}, r"\[8.0, 3.0\] ends before it starts"),
            ({"printed": "7", "of": "diagnosed"}, "there is no n"),
            ({"printed": 7}, "string"),
            ({"printed": "about 7"}, "pattern"),
            ({"x": 5, "n": 9, "exactly": True}, "belongs to a printed number"),
        ],
    )
    def test_of_the_published_figure(self, tmp_path, published, said):
        with pytest.raises(ValueError, match=said):
            read_targets(written(tmp_path, PLAIN | {"published": published}))

    def test_recalled_figures_are_nothing_to_hold_against(self, tmp_path):
        with pytest.raises(ValueError, match="consultations: source: 'R-myers' is recalled"):
            read_targets(written(tmp_path, PLAIN | {"source": "R-myers"}))

    def test_unknown_sources_have_the_nearest(self, tmp_path):
        with pytest.raises(ValueError, match="did you mean 'lyr12-breast'"):
            read_targets(written(tmp_path, PLAIN | {"source": "lyr12-brest"}))

    def test_a_set_of_people_that_has_no_name(self, tmp_path):
        path = written(tmp_path, PLAIN | {"measure": {"share": "found by screning", "among": ["diagnosed"]}})
        with pytest.raises(ValueError, match=r"called 'found by screning' .did you mean 'found by screening'"):
            read_targets(path)

    def test_all_are_listed_with_their_targets(self, tmp_path):
        bad = PLAIN | {"id": "bad", "unit": "weeks", "how": "guessed", "measure": {"share": "x"}}
        with pytest.raises(ValueError, match=r"targets.yml has 5 problem\(s\)") as problem:
            read_targets(written(tmp_path, PLAIN, bad, PLAIN | {"id": "Other id"}, "text"))
        said = str(problem.value)
        for part in ("bad: unit", "bad: how", "bad: measure", "Other id: id", "target 4: "):
            assert part in said

    def test_an_id_stands_for_one_target(self, tmp_path):
        with pytest.raises(ValueError, match="'consultations' is used 2 times"):
            read_targets(written(tmp_path, PLAIN, PLAIN))

    def test_a_file_that_is_no_mapping(self, tmp_path):
        path = tmp_path / "targets.yml"
        path.write_text("- a list", encoding="utf-8")
        with pytest.raises(ValueError, match=r"targets.yml has 1 problem"):
            read_targets(path)


# Their entry bone-gong-dn holds the share of bone metastases, which is put in, and a survival, which is not.
NUMBERS_OF_ANOTHER = ("bone-median-2010-14", "bone-median-2012-16")


class TestTheFile:
    def test_england_is_held_against_enough_that_was_not_put_in(self):
        judged = [target for target in ALL if "england" in target.scenarios and not target.context]
        assert len(judged) >= 20
        assert sum(target.how == "emergent" for target in judged) >= 12

    @pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
    def test_what_came_out_was_not_put_in(self, one):
        """A parameter's source and note say what it was chosen by: such a figure, or another source of it, is fitted."""
        for scenario in one.scenarios:
            parameters = fs.scenario_parameters(scenario)
            chosen = parameters[parameters["note"].str.contains(r"^Derived|[Ff]itted|between the ratios")]
            named = set(re.findall(r"entry ([\w-]+)", " ".join(chosen["note"])))
            put_in = set(parameters["source"]) | named
            same = {other.source for other in ALL if one.same_as and other.same_as == one.same_as}
            if one.how == "emergent" and not one.context and one.id not in NUMBERS_OF_ANOTHER:
                assert not put_in & ({one.source} | same), "a figure that parameters were chosen by did not come out"
        assert (one.how == "input") == (isinstance(one.measure, Parameter) or one.source == DEFINITION)

    def test_scenarios_exist(self):
        assert {name for target in ALL for name in target.scenarios} <= set(fs.scenarios()["name"])

    def test_other_sources_of_a_quantity_are_other_sources(self):
        for name in {target.same_as for target in ALL} - {None}:
            sources = [target.source for target in ALL if target.same_as == name]
            assert len(sources) > 1
            assert len(set(sources)) == len(sources), name

    def test_sets_are_used_and_days_too(self):
        text = str([target.model_dump() for target in ALL])
        file = targets()
        assert [name for name in (*file.people, *file.days) if f"'{name}'" not in text] == []

    @pytest.mark.parametrize("one", [one for one in ALL if one.source in register()], ids=lambda one: one.id)
    def test_numbers_are_those_of_the_register(self, one):
        """Every number stands in the entry, or the note says which are derived, or in which entry it stands."""
        also = re.findall(r"entry ([\w-]+)", one.note or "")
        told = {number for name in (one.source, *also) for number in numbers(register()[name].model_dump_json())}
        figure = one.published
        given = [figure.x, figure.printed, *(figure.range or [])]
        if "Derived" not in (one.note or ""):
            assert {Decimal(str(number)) for number in given if number} <= told
        if figure.n and "n derived" not in (one.note or ""):
            assert Decimal(figure.n) in told

    def test_derived_numbers(self):
        """What no publication prints is arithmetic with what it does."""
        by_id = {one.id: one.published for one in ALL}
        assert by_id["diagnostic-symptom-median"].n == round(0.62 * 12373)
        assert by_id["diagnostic-screening-median"].n == round(0.38 * 12373)
        for place, (lump_only, waiting, others) in enumerate([(75.5, 6.5, 0), (75.5, 7.5, 20.5)]):
            least_or_most = (lump_only * waiting + (100 - lump_only) * others) / 100
            assert by_id["three-months-england"].range[place] == round(least_or_most, 1)

    def test_the_nhs_numbers_are_those_of_its_table(self):
        table = published("nhs-62-day-breast-2023-24")
        urgent = table[table["route"] == "urgent suspected cancer"]
        by_id = {one.id: one.published for one in ALL}
        within = by_id["treated-within-62-days"]
        assert (within.x, within.n) == (urgent.loc[urgent["to_day"] <= 62, "people"].sum(), urgent["people"].sum())
        screened = by_id["screening-share"]
        assert screened.x == table.loc[table["route"] == "screening", "people"].sum()
        assert screened.n == table["people"].sum()

    def test_verified_is_that_of_the_source(self):
        by_id = {one.id: one for one in ALL}
        assert by_id["lump"].verified() == "abstract seen"
        assert by_id["lump-only"].verified() == "secondary source"
        assert by_id["screening-share"].verified() == "summed from the producer's files"
        assert by_id["null-stage"].verified() == "definition"


def numbers(text: str) -> set[Decimal]:
    return {Decimal(number.replace(",", "")) for number in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)}
