"""Events against the cohort of the same people: the same days, seen from the other side."""

import numpy as np
import pandas as pd
import pytest

import firstsign as fs
from firstsign.event_tables import EVENTS, simulate_events
from firstsign.scenarios import scenario_parameters

PEOPLE = 20_000
MILESTONES = ("screening_test", "diagnosis", "treatment", "metastasis", "death")


@pytest.fixture(scope="module", params=["diseased", "symptomatic", "population"])
def both(request):
    """The cohort, its truth and its events."""
    given = {"people": PEOPLE, "seed": 21, "who": request.param}
    return *fs.simulate(**given, truth=True), simulate_events(**given)


def first_day(events, event):
    """The first day of an event by person."""
    return events[events["event"] == event].groupby("person")["date"].min()


def test_columns_and_order(both):
    _, _, events = both
    assert list(events) == ["person", "date", "event", "code"]
    assert set(events["event"]) <= set(EVENTS)
    rank = events["event"].map(EVENTS.index)
    in_order = events.assign(rank=rank).sort_values(["person", "date", "rank"], kind="stable")
    pd.testing.assert_frame_equal(in_order.drop(columns="rank"), events)
    assert events["person"].between(1, PEOPLE).all()


def test_milestones_are_the_cohorts(both):
    cohort, _, events = both
    known = cohort.set_index("person")
    for name in MILESTONES:
        days = known[f"{name}_latest"].dropna()
        pd.testing.assert_series_equal(first_day(events, name), days, check_names=False)
        assert (events.loc[events["event"] == name, "person"].value_counts() == 1).all()


def test_nothing_happens_outside_observation(both):
    cohort, _, events = both
    seen = events.merge(cohort[["person", "observed_from", "last_seen_latest"]], on="person")
    assert (seen["date"] >= seen["observed_from"]).all()
    assert (seen["date"] <= seen["last_seen_latest"]).all()


def test_visits_up_to_referral_are_as_many_as_the_cohort_says(both):
    """Of the disease's own pathway, in people who were referred: the visits with that symptom from the first to the referral."""
    cohort, truth, events = both
    own = cohort["referral_latest"].notna() & truth["true_referral"].eq(cohort["referral_latest"])
    own &= truth["first_symptom_from"].eq("disease")
    people = cohort[own].assign(symptom=cohort["symptoms"].str.split(";").str[0]).set_index("person")
    visits = events[(events["event"] == "consultation") & events["person"].isin(people.index)].set_index("person")
    visits = visits[visits["code"] == people["symptom"].reindex(visits.index)]
    between = (visits["date"] >= people["first_presentation_latest"].reindex(visits.index)) & (
        visits["date"] <= people["referral_latest"].reindex(visits.index)
    )
    counted = between.groupby(level=0).sum()
    same = counted.reindex(people.index) == people["consultations"]
    assert len(people) > 50
    assert same.mean() > 0.97, "a benign episode of the same symptom may fall between"
    assert (counted.reindex(people.index) >= people["consultations"]).all()
    assert (first_day(events, "referral").reindex(people.index) <= people["referral_latest"]).all()


def test_tests_end_in_an_answer(both):
    """Everyone tested is told: by a diagnosis with a biopsy on the day, or by being ruled out."""
    _, truth, events = both
    days = events.pivot_table(index="person", columns="event", values="date", aggfunc="max", observed=True)
    diagnosed = days["diagnosis"].dropna()
    biopsies = events[events["event"] == "biopsy"]
    assert set(biopsies["code"]) <= {"positive", "negative"}
    on_the_day = biopsies[biopsies["code"] == "positive"].set_index("person")["date"]
    pd.testing.assert_series_equal(on_the_day.sort_index(), diagnosed, check_names=False)
    missed = events[events["code"].str.endswith(" negative", na=False) & events["person"].isin(diagnosed.index)]
    known = truth.set_index("person")["missed_tests"].dropna()
    found = missed.groupby("person").size().reindex(diagnosed.index, fill_value=0)
    least = known.reindex(diagnosed.index).fillna(0).astype(int)
    if "ruled_out" in set(events["event"]):
        assert (found >= 0).all()
        told = events[events["event"] == "ruled_out"].merge(events[events["event"] == "test"], on=["person", "date"])
        assert set(told["person"]) == set(events.loc[events["event"] == "ruled_out", "person"])
    assert (found >= least).all()


def test_codes():
    events = simulate_events(5_000, seed=2, who="symptomatic")
    by_event = events.groupby("event")["code"].agg(lambda codes: set(codes.dropna()))
    symptoms = set(fs.symptoms()["name"])
    assert by_event["consultation"] <= symptoms
    assert by_event["diagnosis"] <= {f"stage {stage}" for stage in (1, 2, 3, 4)}
    assert by_event["referral"] == {"radiograph", "CT", "breast imaging"}
    assert by_event["test"] >= {"CT negative", "breast imaging positive"}
    for event in ("ruled_out", "treatment", "death"):
        assert not by_event[event]


def test_benign_visits_come_at_their_rate():
    """In people without the disease, per year watched: the rates of the scenario, as a Poisson process has them."""
    cohort, truth = fs.simulate(PEOPLE, seed=3, who="population", truth=True)
    events = simulate_events(PEOPLE, seed=3, who="population")
    healthy = cohort[~truth["has_disease"]]
    years = (healthy["last_seen_latest"] - healthy["observed_from"]).dt.days.sum() / 365.25
    groups = fs.symptoms().set_index("name")["group"]
    visits = events[(events["event"] == "consultation") & events["person"].isin(healthy["person"])]
    found = visits["code"].map(groups).value_counts()
    given = scenario_parameters("england").set_index("name")["value"]
    for group, count in found.items():
        rate = given[f"benign_per_year.{group}"]
        assert count / years == pytest.approx(rate, rel=0.03 + 4 / np.sqrt(count))


def test_fewer_people_are_the_first_of_more():
    many, few = (simulate_events(people, seed=4) for people in (20_000, 700))
    pd.testing.assert_frame_equal(many[many["person"] <= 700].reset_index(drop=True), few, check_like=True)


def test_nobody_has_a_benign_symptom():
    groups = fs.symptom_groups()["name"].drop_duplicates()
    none = {name: 0 for name in groups if name != "no symptom"}
    events = simulate_events(500, seed=5, benign_per_year=none)
    assert len(events) > 500


def test_under_a_bias_the_people_are_those_of_the_cohort():
    given = {"people": 2_000, "seed": 6, "biases": ["right truncation"]}
    cohort, events = fs.simulate(**given), simulate_events(**given)
    found = first_day(events, "diagnosis")
    pd.testing.assert_series_equal(found, cohort.set_index("person")["diagnosis_latest"], check_names=False)


def test_slips_are_told():
    for given, message in (({"people": 0}, "people=0"), ({"who": "x"}, "who='x'"), ({"scenario": "englnd"}, "england")):
        with pytest.raises(ValueError, match=message):
            simulate_events(**given)
