"""What a registry makes of a life: each rule by hand, and what memory rounds undone by the function for it."""

import numpy as np
import pandas as pd
import pytest
from mechanism_runs import close, england, run

import firstsign as fs
from firstsign.benign import EPISODES
from firstsign.draws import NEVER
from firstsign.observation import recorded, recording
from firstsign.recalled import widen_recalled

PLAIN = {"misclassified": False, "rounded": False, "missing": False, "to_month": False, "gap": 1.0}


def as_recorded(scenario, **given):
    """First symptom and first presentation of one person, as recorded."""
    usual = PLAIN | {"diagnosis": NEVER, "referral": given.get("first_presentation", NEVER)} | given
    people = {name: np.array([value]) for name, value in usual.items()}
    found = recorded(scenario, people)
    return found["first_symptom"][0], found["first_presentation"][0]


def test_shares_of_what_is_recorded_how():
    scenario = england(
        onset_known_to_month=0.1, recall_rounded_share=0.2, misclassified_share=0.4, missing_onset_share=0.7
    )
    people = run(scenario, recording)
    for name, share in (("to_month", 0.1), ("rounded", 0.2), ("misclassified", 0.4), ("missing", 0.7)):
        assert close(people[name].mean(), share)
    assert close((people["rounded"] & people["missing"]).mean(), 0.14)


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        *[(0, 0), (3, 3)],  # days are counted up to three
        *[(4, 7), (10, 7), (11, 14), (59, 56)],  # then the nearest week, at least one, up to eight
        *[(60, 60), (75, 60), (76, 90), (105, 120), (344, 330)],  # then the nearest month, up to eleven
        *[(345, 365), (547, 365), (548, 730), (3650, 3650)],  # then the nearest year
    ],
)
def test_what_is_told_of_days_ago(ago, told):
    scenario = england(recall_rounded_share=1)
    day = 5000
    found = as_recorded(scenario, rounded=True, first_symptom=float(day - ago), first_presentation=float(day))
    assert found == (day - told, day)
    assert as_recorded(scenario, first_symptom=float(day - ago), first_presentation=float(day)) == (day - ago, day)


@pytest.mark.parametrize("visit", ["2023-02-28", "2023-03-28", "2024-02-29", "2024-03-31", "2024-07-15"])
def test_widening_undoes_every_rounding(visit):
    """Whatever was told, from today to ten years ago: the true day lies within the window that `widen_recalled` makes of it."""
    ago = np.arange(3660.0)
    day = float((pd.Timestamp(visit) - pd.Timestamp(0)).days)
    people = {name: np.full(len(ago), value) for name, value in (PLAIN | {"rounded": True, "diagnosis": NEVER}).items()}
    people |= {
        "first_symptom": day - ago,
        "first_presentation": np.full(len(ago), day),
        "referral": np.full(len(ago), day),
    }
    told = recorded(england(recall_rounded_share=1), people)
    dates = {
        f"{name}_{edge}": pd.to_datetime(days, unit="D")
        for name, days in told.items()
        for edge in ("earliest", "latest")
    }
    wide = widen_recalled(pd.DataFrame(dates))
    true = pd.Timestamp(visit) - pd.to_timedelta(ago, unit="D")
    outside = (true < wide["first_symptom_earliest"]) | (true > wide["first_symptom_latest"])
    assert not outside.any(), ago[outside]


def test_widening_undoes_it_in_a_cohort():
    cohort, truth = fs.simulate(20_000, seed=4, truth=True, recall_rounded_share=0.6)
    wide = widen_recalled(cohort)
    true = truth["true_first_symptom"]
    known = cohort["first_symptom_earliest"].notna() & cohort["first_presentation_earliest"].notna()
    inside = (wide["first_symptom_earliest"] <= true) & (true <= wide["first_symptom_latest"])
    assert inside[known].all()
    moved = (cohort["first_symptom_earliest"] != true)[known & ((truth["true_first_presentation"] - true).dt.days > 3)]
    assert 0.4 < moved.mean() < 0.6  # some days are round numbers as they are


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"first_symptom": 140.0, "first_presentation": 150.0}, (140, 150)),  # on the first day that is looked at
        ({"first_symptom": 139.0, "first_presentation": 150.0}, (150, 150)),  # the visit stands for the symptom
        (
            {"first_symptom": 90.0, "first_presentation": 120.0, "gap": 15.0, "referral": 165.0},
            (150, 150),
        ),  # the third visit
        ({"first_symptom": 90.0, "first_presentation": 120.0, "gap": 10.0, "referral": 140.0}, (140, 140)),
        ({"first_symptom": 90.0, "first_presentation": 120.0, "gap": 15.0, "referral": 135.0}, (NEVER, NEVER)),
        ({"first_symptom": 90.0, "first_presentation": 120.0, "gap": 0.0, "referral": 120.0}, (NEVER, NEVER)),
        ({"first_symptom": 90.0, "first_presentation": 150.0, "missing": True}, (NEVER, 150)),
        ({"first_symptom": 90.0, "first_presentation": 120.0, "missing": True}, (NEVER, NEVER)),
        ({"first_symptom": NEVER, "first_presentation": NEVER}, (NEVER, NEVER)),  # found by screening
        (
            {"first_symptom": 90.0, "first_presentation": 120.0, "diagnosis": NEVER},
            (90, 120),
        ),  # nothing to look back from
    ],
)
def test_look_back_of_sixty_days_from_a_diagnosis_on_day_200(given, expected):
    assert as_recorded(england(look_back_days=60), **({"diagnosis": 200.0} | given)) == expected


def test_look_back_past_a_first_visit_for_something_else():
    """A benign symptom on day 80, seen on day 90; visits for the disease on days 130, 150 and 170; diagnosed on day 200."""
    given = {"first_symptom": 80.0, "first_presentation": 90.0, "own_presentation": 130.0, "gap": 20.0}
    for look_back, expected in (
        (120, (80, 90)),
        (115, (90, 90)),
        (110, (90, 90)),
        (100, (130, 130)),
        (60, (150, 150)),
        (29, (NEVER, NEVER)),
    ):
        scenario = england(look_back_days=look_back)
        assert as_recorded(scenario, diagnosis=200.0, referral=170.0, **given) == expected


def test_nothing_older_than_the_look_back_is_in_a_cohort():
    cohort = fs.simulate(20_000, seed=4, look_back_days=30)
    whole = fs.simulate(20_000, seed=4)
    horizon = cohort["diagnosis_earliest"] - pd.Timedelta(days=30)
    for name in ("first_symptom_earliest", "first_presentation_earliest"):
        assert not (cohort[name] < horizon).any()
        kept = whole[name] >= horizon
        assert (cohort[name] == whole[name])[kept].all()
    diagnosed = cohort["diagnosis_earliest"].notna()
    undiagnosed = [name for name in cohort if name.startswith(("first_symptom_", "first_presentation_"))]
    pd.testing.assert_frame_equal(cohort.loc[~diagnosed, undiagnosed], whole.loc[~diagnosed, undiagnosed])


def with_episodes(*days):
    """Benign episodes of the first group; the others have none."""
    words = england().words.symptom_groups
    episodes = {f"benign_{group}_{episode}": NEVER for group in range(len(words)) for episode in range(EPISODES)}
    return episodes | {f"benign_0_{episode}": float(day) for episode, day in enumerate(days)}


@pytest.mark.parametrize(
    ("episodes", "expected"),
    [((100, 250), 250), ((100, 350), 100), ((99, 350), 300), ((300, 301), 300), ((), 300)],
)
def test_an_earlier_benign_symptom_is_taken_for_the_first(episodes, expected):
    """The last one in the 200 days before day 300; none on the day itself."""
    scenario = england(misclassified_share=0.5, misclassified_within_days=200)
    given = with_episodes(*episodes) | {"first_symptom": 300.0, "first_presentation": 310.0}
    assert as_recorded(scenario, misclassified=True, **given) == (expected, 310)
    assert as_recorded(scenario, misclassified=False, **given) == (300, 310)


def test_the_rules_follow_one_another():
    """A benign symptom 100 days before the visit is told as three months; the look-back of 95 days cuts it off."""
    scenario = england(misclassified_share=1, recall_rounded_share=1, look_back_days=95)
    given = with_episodes(210) | {
        "first_symptom": 300.0,
        "first_presentation": 310.0,
        "misclassified": True,
        "rounded": True,
    }
    assert as_recorded(scenario, **given) == (220, 310)
    assert as_recorded(scenario, diagnosis=315.0, **given) == (220, 310)
    assert as_recorded(scenario, diagnosis=316.0, **given) == (310, 310)
    assert as_recorded(scenario, missing=True, **given) == (NEVER, 310)


def test_screened_people_have_no_symptom_to_mistake():
    scenario = england(misclassified_share=1, recall_rounded_share=1)
    given = with_episodes(210) | {
        "first_symptom": NEVER,
        "first_presentation": NEVER,
        "misclassified": True,
        "rounded": True,
    }
    assert as_recorded(scenario, diagnosis=300.0, **given) == (NEVER, NEVER)
