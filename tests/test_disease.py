"""The disease before anybody knows of it, each clock against its closed form. Days are whole: P(days <= d) is exact for whole d."""

import numpy as np
import pytest
from mechanism_runs import (
    ENGLAND,
    GROUPS,
    LUMP,
    NO_GROWTH,
    NO_SEEDING,
    SIZE,
    YEAR,
    close,
    england,
    even,
    exponential,
    follows,
    run,
    steady_symptoms,
)
from scipy.stats import gamma, lognorm, truncnorm

from firstsign import disease
from firstsign.draws import NEVER

ALL_LOCAL = {"extent_2": NEVER, "extent_3": NEVER, "extent_4": NEVER}
SILENT = {"indolent": False, "diseased": True, "natural_metastasis": NEVER, "sites": 0}
BORN = {"pace": 1.0, "indolent": False, "diseased": True}


def test_who():
    """Age at onset of the diseased, at the start of the study of the others: normals cut off at both ends."""
    scenario = england(disease_share=0.4)
    people = run(scenario, disease.who, size=2 * SIZE)
    assert close(people["diseased"].mean(), 0.4, 2 * SIZE)
    for name, chosen in (("onset_age", people["diseased"]), ("population_age", ~people["diseased"])):
        mean, sd, low, high = (scenario[key] for key in (f"{name}_mean", f"{name}_sd", "age_lowest", "age_highest"))
        ages = people["age_at_zero"][chosen]
        expected = truncnorm((low - mean) / sd, (high - mean) / sd, loc=mean, scale=sd)
        assert low <= ages.min() <= ages.max() <= high
        assert follows(np.ceil(ages), expected.cdf)


@pytest.mark.parametrize(("low", "high"), [(96, 99), (30, 40), (100, 100)])
def test_ages_in_a_far_tail_are_still_the_normal_s(low, high):
    """Thirteen standard deviations from the mean and more: among them the nearest are by far the most common."""
    scenario = england(disease_share=1, onset_age_mean=70, onset_age_sd=2, age_lowest=low, age_highest=high)
    ages = run(scenario, disease.who)["age_at_zero"]
    assert low <= ages.min() <= ages.max() <= high
    near = low if low > 70 else high
    expected = truncnorm((low - 70) / 2, (high - 70) / 2, loc=70, scale=2)
    assert low == high or np.median(ages) == pytest.approx(expected.median(), abs=0.005)
    assert abs(np.median(ages) - near) < 0.2


def test_biology():
    scenario = england(pace_spread=0.5, indolent_share=0.1)
    people = run(scenario, disease.biology)
    assert follows(np.ceil(100 * people["pace"]), lambda hundredths: lognorm(0.5, scale=100).cdf(hundredths))
    assert close(people["indolent"].mean(), 0.1)
    assert (run(england(pace_spread=0), disease.biology)["pace"] == 1).all()


def chain(rates, years):
    """P(all stays are over) of a chain of exponential stays with different rates: the hypoexponential distribution."""
    weights = [np.prod([other / (other - rate) for other in rates if other != rate]) for rate in rates]
    return 1 - sum(weight * np.exp(-rate * years) for weight, rate in zip(weights, rates, strict=True))


@pytest.mark.parametrize("pace", [1, 2.5, 60])
def test_growth_is_a_chain_of_exponential_stays(pace):
    rates = [0.5, 1.2, 2.0]
    scenario = england(growth_per_year=dict(zip("123", rates, strict=True)))
    people = run(scenario, disease.growth, pace=pace, indolent=False)
    for number in (1, 2, 3):
        assert follows(
            people[f"extent_{number + 1}"],
            lambda days, done=rates[:number]: chain(done, np.maximum(days, 0) * pace / YEAR),
        )
    for year in (1, 3):
        extent = disease.extent_at(scenario, people | SILENT, np.full(SIZE, year * 365.0))
        reached = [1, *(chain(rates[:number], year * 365 * pace / YEAR) for number in (1, 2, 3)), 0]
        for number in (1, 2, 3, 4):
            assert close((extent == number).mean(), reached[number - 1] - reached[number])


def test_equal_stays_are_a_gamma_distribution():
    people = run(england(growth_per_year={"1": 0.8, "2": 0.8, "3": 0.8}), disease.growth, pace=1, indolent=False)
    assert follows(people["extent_4"], gamma(3, scale=YEAR / 0.8).cdf)


def test_indolent_disease_does_nothing():
    people = run(
        ENGLAND, disease.growth, disease.spread, disease.sites, disease.symptom_onsets, **(BORN | {"indolent": True})
    )
    for name in ("extent_2", "seeded", "natural_metastasis", *(f"onset_{number}" for number in range(len(GROUPS)))):
        assert (people[name] == NEVER).all()
    healthy = run(ENGLAND, disease.growth, disease.spread, **(BORN | {"diseased": False}))
    assert (healthy["natural_metastasis"] == NEVER).all()


@pytest.mark.parametrize("pace", [0.5, 3, 200])
def test_seeding_at_a_hazard_that_changes_with_the_extent(pace):
    """0.1 a year for a year, 0.4 for two, then 1: the hazard integrated by hand, times the pace."""
    scenario = england(seeding_per_year={"1": 0.1, "2": 0.4, "3": 1, "4": 50})
    people = run(
        scenario, disease.spread, **(BORN | {"pace": pace, "extent_2": 365, "extent_3": 1095, "extent_4": NEVER})
    )

    def distribution(days):
        parts = 0.1 * np.clip(days, 0, 365) + 0.4 * np.clip(days - 365, 0, 730) + np.maximum(days - 1095, 0)
        return -np.expm1(-pace * parts / YEAR)

    assert follows(people["seeded"], distribution)


def test_seeding_while_it_grows():
    """Seeding at 0.2, at 0.9 once it has grown (rate 0.6).

    P(not yet) = exp(-0.8 t) + 0.6 (exp(-0.9 t) - exp(-0.8 t)) / (0.8 - 0.9): not grown, or grown and not seeded since.
    """
    scenario = england(
        growth_per_year={"1": 0.6, "2": 0, "3": 0}, seeding_per_year={"1": 0.2, "2": 0.9, "3": 0, "4": 0}
    )
    people = run(scenario, disease.growth, disease.spread, **BORN)

    def distribution(days):
        years = np.maximum(days, 0) / YEAR
        return 1 - np.exp(-0.8 * years) - 0.6 * (np.exp(-0.9 * years) - np.exp(-0.8 * years)) / (0.8 - 0.9)

    assert follows(people["seeded"], distribution)


def test_latency_of_metastases():
    """Its percentiles are the scenario's, divided by the pace."""
    scenario = england({"seeding_per_year.1": 1000}, waits={"seeding_to_metastasis": (0, 900, 3000)})
    for pace in (1, 2):
        people = run(scenario, disease.spread, **(BORN | ALL_LOCAL | {"pace": pace}))
        waited = people["natural_metastasis"] - people["seeded"]
        for share, days in ((0.5, 900), (0.9, 3000)):
            assert close((waited <= days // pace).mean(), share)


def test_metastases_are_there_on_the_day_on_which_the_latency_is_over():
    """Seeding at 1 a year: ln 2 years are 253.2 days, so the 254th; then the median latency, 901 days. At pace 2 both halve."""
    scenario = england({"seeding_per_year.1": 1}, waits={"seeding_to_metastasis": (0, 901, 3000)})
    people = {name: np.full(1, value) for name, value in (BORN | ALL_LOCAL).items()}
    slow = disease.spread(scenario, lambda: np.full(1, 0.5), people)
    assert (slow["seeded"][0], slow["natural_metastasis"][0]) == (254, 254 + 901)
    fast = disease.spread(scenario, lambda: np.full(1, 0.5), people | {"pace": np.full(1, 2.0)})
    assert (fast["seeded"][0], fast["natural_metastasis"][0]) == (127, 127 + 451)


def test_sites():
    """Bits: key site 1, the others by order, the last where there is none of these."""
    scenario = england(
        metastatic_site={
            "at_diagnosis": 0.6,
            "at_recurrence": 0.3,
            "key_part": 0.7,
            "besides": {"liver": 0.2, "lung": 0.1, "brain": 0.05},
            "instead": {"liver": 0.5, "lung": 0.4, "brain": 0.2},
        }
    )
    people = run(scenario, disease.sites)
    assert close(people["key_part"].mean(), 0.7)
    for name, key in (("sites", 0.6), ("later_sites", 0.3)):
        found = people[name]
        assert close((found == 1).mean(), key * 0.8 * 0.9 * 0.95)
        assert close((found == 1 + 2 + 4).mean(), key * 0.2 * 0.1 * 0.95)
        assert close((found == 8).mean(), (1 - key) * 0.5 * 0.6 * 0.2)
        assert close((found == 16).mean(), (1 - key) * 0.5 * 0.6 * 0.8)
        assert ((found & 16 > 0) == (found == 16)).all()


def first_of(rates):
    """P(each group comes first) when the days are whole and the first of the file wins a tie."""
    daily = np.array(rates) / YEAR
    earlier = np.concatenate([[0], np.cumsum(daily)[:-1]])
    return np.exp(-earlier) * -np.expm1(-daily) / -np.expm1(-daily.sum())


@pytest.mark.parametrize("times", [1, 100])  # so fast that a day more or less would show
def test_competing_exponentials(times):
    """Hazards that never change: the first symptom comes at their sum, each group's as often as its own; both independent."""
    rates = np.array([0.2, 0.5, 0, 1.3]) * times
    scenario = england(NO_GROWTH, steady_symptoms(*rates))
    people = run(scenario, disease.symptom_onsets, disease.first_symptom, key_part=False, **(ALL_LOCAL | SILENT))
    assert follows(people["symptom_day"], exponential(2 * times))
    shares = first_of(rates)
    assert times > 1 or shares == pytest.approx(rates / 2, abs=2e-3)
    for number, share in enumerate(shares):
        assert close((people["group"] == number).mean(), share)
        if share:
            assert follows(people["symptom_day"][people["group"] == number], exponential(2 * times))


def test_symptoms_at_a_hazard_that_changes_with_the_extent():
    """Nothing for a year, 0.5 for a year, then 2, in one group; the extents' days are the same for all."""
    scenario = england(
        steady_symptoms(0, 0, 0, 0),
        {"symptom_per_year.breast lump": {"1": 0, "2": 0.5, "3": 2, "4": 0, "metastatic": 9}},
    )
    entered = {"extent_2": 365, "extent_3": 730, "extent_4": NEVER}
    people = run(scenario, disease.symptom_onsets, **(SILENT | entered))

    def distribution(days):
        return -np.expm1(-(0.5 * np.clip(days - 365, 0, 365) + 2 * np.maximum(days - 730, 0)) / YEAR)

    assert follows(people[f"onset_{LUMP}"], distribution)
    assert (people["onset_0"] == NEVER).all()


def test_sojourn_through_growing_extents():
    """Grows at 1 a year, a symptom at 2 a year only then: the sojourn is the sum of two exponential times."""
    scenario = england(
        {"growth_per_year": {"1": 1, "2": 0, "3": 0}},
        steady_symptoms(0, 0, 0, 0),
        {"symptom_per_year.breast lump.2": 2},
        NO_SEEDING,
    )
    people = run(
        scenario, disease.growth, disease.spread, disease.sites, disease.symptom_onsets, disease.first_symptom, **BORN
    )
    assert follows(people["symptom_day"], lambda days: chain([1, 2], np.maximum(days, 0) / YEAR))
    assert people["symptom_day"].mean() == pytest.approx(1.5 * YEAR, rel=0.02)


@pytest.mark.parametrize(("sites", "bone"), [(1, True), (2, False), (3, True)])
def test_symptoms_of_metastases_begin_with_them_and_go_by_site(sites, bone):
    """The group of the key site only where that has them; the group of any site wherever they are."""
    scenario = england(steady_symptoms(0, 0, 0, 0, metastatic=2))
    given = ALL_LOCAL | SILENT | {"sites": sites, "natural_metastasis": 400}
    people = run(scenario, disease.symptom_onsets, **given)
    anywhere = people[f"onset_{GROUPS.index('other symptom')}"]
    assert follows(anywhere - 400, exponential(2))
    at_bone = people[f"onset_{GROUPS.index('back or bone pain')}"]
    assert follows(at_bone - 400, exponential(2)) if bone else (at_bone == NEVER).all()


def test_which_symptom_of_the_group():
    """By weight; those of a part of the key site only where metastases are in that part when the symptom comes."""
    words = ENGLAND.words.symptom_groups["back or bone pain"]
    weights = np.array(ENGLAND.under("symptom_weight", words.symptoms))
    of_part = np.isin(words.symptoms, words.of_part)
    onsets = {f"onset_{number}": 500.0 if number == 0 else NEVER for number in range(len(GROUPS))}
    for natural, sites, part, there in ((500, 1, True, 1), (501, 1, True, 0), (1, 2, True, 0), (1, 3, False, 0)):
        given = {"natural_metastasis": natural, "sites": sites, "key_part": part}
        people = run(ENGLAND, disease.first_symptom, **(onsets | given))
        assert (people["group"] == 0).all()
        left = np.where(of_part & (not there), 0, weights)
        for number, weight in enumerate(left):
            assert close((people["symptom"] == number).mean(), weight / left.sum())


def test_on_the_same_day_the_first_group_of_the_file_leads():
    onsets = {f"onset_{number}": day for number, day in enumerate([NEVER, 9, 9, 9])}
    people = run(ENGLAND, disease.first_symptom, size=9, natural_metastasis=NEVER, sites=0, key_part=False, **onsets)
    assert set(people["group"]) == {1}
    assert set(people["symptom_day"]) == {9}


SCREENED = {"screening_coverage": 1, "screening_from_age": 40, "screening_until_age": 120, "screening_every": 2}


def screened(sensitivity, symptom_day, years=2, **more):
    given = {"age_at_zero": 50.0, "diseased": True, "symptom_day": symptom_day} | more
    return run(england(SCREENED, screening_sensitivity=sensitivity, screening_every=years), disease.screening, **given)[
        "screening_test"
    ]


def test_the_next_round_is_uniform_and_rounds_are_geometric():
    """A test that never misses finds it at a uniform time of the two years between rounds; one that misses, rounds later."""
    every = 2 * YEAR
    assert follows(screened(1, NEVER), lambda days: np.clip(days / every, 0, 1))
    found = screened(0.6, NEVER)
    rounds = np.ceil(found / every)
    for number in (1, 2, 3, 4):
        assert close((rounds == number).mean(), 0.6 * 0.4 ** (number - 1))
    assert (screened(0, NEVER) == NEVER).all()


@pytest.mark.parametrize(("sensitivity", "rate", "years"), [(1, 0.5, 2), (0.6, 0.5, 2), (0.6, 2, 1)])
def test_screen_detected_share_and_lead_time_under_exponential_sojourn(sensitivity, rate, years):
    """With sojourn rate r, rounds every D and sensitivity s, the share found before a symptom is the sum over rounds k of
    s (1 - s)^k exp(-r k D) (1 - exp(-r D)) / (r D); the lead time has no memory: exponential with the sojourn's own rate."""
    every = years * YEAR
    sojourn = np.ceil(np.random.default_rng(9).exponential(YEAR / rate, SIZE))
    found = screened(sensitivity, sojourn, years)
    early = found < NEVER
    decay = np.exp(-rate * years)
    expected = sensitivity / (1 - (1 - sensitivity) * decay) * (1 - decay) / (rate * years)
    assert close(early.mean(), expected)
    assert follows((sojourn - found)[early], exponential(rate))

    def distribution(days):
        rounds = np.arange(30)[:, None]
        since = np.clip(days / every - rounds, 0, 1) * every
        shares = (sensitivity * (1 - sensitivity) ** rounds) * np.exp(-rate * rounds * every / YEAR)
        return (shares * -np.expm1(-rate * since / YEAR)).sum(axis=0) / (rate * every / YEAR) / expected

    assert follows(found[early], distribution)


def test_lead_time_of_fast_disease():
    """Forty a year, so that a day more or less would show, and a round every month or so."""
    sojourn = np.ceil(np.random.default_rng(9).exponential(YEAR / 40, SIZE))
    found = screened(0.6, sojourn, years=0.1)
    assert follows((sojourn - found)[found < NEVER], exponential(40))


def test_screening_within_the_ages_invited():
    """Who is too young at onset is invited within one interval of the first age; nobody is at the last age or older."""
    age = np.random.default_rng(2).uniform(20, 90, SIZE)
    scenario = england(SCREENED, screening_sensitivity=1, screening_from_age=50, screening_until_age=71)
    found = run(scenario, disease.screening, age_at_zero=age, diseased=True, symptom_day=NEVER)["screening_test"]
    at_test = age + found / YEAR
    seen = found < NEVER
    assert at_test[seen].min() >= 50
    assert at_test[seen].max() < 71
    young = age < 50
    assert seen[young].all()
    assert follows(np.ceil((at_test[young] - 50) * 100), lambda hundredths: np.clip(hundredths / 200, 0, 1))
    assert not seen[age >= 71].any()
    assert seen[(age > 52) & (age < 69)].all()


def test_only_who_attends_and_has_the_disease():
    assert close((screened_by(0.3) < NEVER).mean(), 0.3)
    assert (screened(1, NEVER, diseased=False) == NEVER).all()
    assert (screened(1, 0.0) == NEVER).all()


def screened_by(coverage):
    scenario = england(SCREENED, screening_sensitivity=1, screening_coverage=coverage)
    return run(scenario, disease.screening, age_at_zero=50.0, diseased=True, symptom_day=NEVER)["screening_test"]


@pytest.mark.parametrize("age", [40, 60, 85, 125])
def test_death_from_other_causes_is_gompertz(age):
    """P(alive after t years) = exp(-(h / g) exp(g (age - 60)) (exp(g t) - 1)), by hand from the hazard."""
    hazard, growth = 0.01, 0.1
    scenario = england(other_death_hazard_at_60=hazard, other_death_growth_per_year=growth)
    days = run(scenario, disease.death_from_other_causes, age_at_zero=float(age))["other_death"]
    start = hazard * np.exp(growth * (age - 60)) / growth
    assert follows(days, lambda day: -np.expm1(-start * np.expm1(growth * np.maximum(day, 0) / YEAR)))
    nobody = run(england(other_death_hazard_at_60=0), disease.death_from_other_causes, age_at_zero=60.0)
    assert (nobody["other_death"] == NEVER).all()


def test_natural_death_is_a_wait_after_metastases_divided_by_the_pace():
    scenario = england(waits={"metastasis_to_death.untreated": (0, 500, 2000)})
    people = even(disease.natural_death, scenario, pace=2.0, natural_metastasis=100.0)
    assert (people["natural_death"] <= 350).mean() == pytest.approx(0.5, abs=1e-4)
    assert (people["natural_death"] <= 1100).mean() == pytest.approx(0.9, abs=1e-4)
    assert (run(ENGLAND, disease.natural_death, pace=1.0, natural_metastasis=NEVER)["natural_death"] == NEVER).all()


def signs(scenario, **given):
    usual = {"screening_test": NEVER, "symptom_day": 700.0, "other_death": NEVER, "natural_death": NEVER}
    return run(scenario, disease.first_sign, **(usual | {"diseased": True, "group": 2} | given))


def test_first_signs_are_even_over_the_calendar():
    people = signs(ENGLAND)
    day = people["zero"] + people["sign"] - ENGLAND["first_sign_from"]
    days = ENGLAND["first_sign_until"] - ENGLAND["first_sign_from"] + 1
    assert (day.min(), day.max()) == (0, days - 1)
    assert follows(day, lambda whole: np.clip((whole + 1) / days, 0, 1))


@pytest.mark.parametrize("growth", [0.4, -1.5, 3])
def test_growing_incidence_is_a_truncated_exponential(growth):
    """The density is proportional to exp(growth t) between the first day and the last."""
    scenario = england(incidence_growth_per_year=growth)
    people = signs(scenario)
    day = people["zero"] + people["sign"] - scenario["first_sign_from"]
    years = (scenario["first_sign_until"] - scenario["first_sign_from"] + 1) / YEAR
    assert follows(
        day, lambda whole: np.expm1(growth * np.clip((whole + 1) / YEAR, 0, years)) / np.expm1(growth * years)
    )


def test_first_sign_is_the_earliest_and_death_comes_before_some():
    """A symptom, a test before it, death on its day, death the day before, disease that kills unnoticed, a healthy person."""
    people = signs(
        ENGLAND,
        size=6,
        diseased=np.array([True] * 5 + [False]),
        symptom_day=np.array([700.0, 700, 700, 700, 700, NEVER]),
        screening_test=np.array([NEVER, 300, NEVER, NEVER, NEVER, NEVER]),
        other_death=np.array([NEVER, NEVER, 700, 699, NEVER, 50]),
        natural_death=np.array([NEVER, NEVER, NEVER, NEVER, 650, NEVER]),
    )
    np.testing.assert_array_equal(people["sign"], [700, 300, 700, NEVER, NEVER, NEVER])
    np.testing.assert_array_equal(people["screened"], [False, True, False, False, False, False])
    np.testing.assert_array_equal(people["group"], [2, 4, 2, 4, 4, 4])
    ends = people["zero"] + [700, 300, 700, 699, 650, 0]
    assert ((ends >= ENGLAND["first_sign_from"]) & (ends <= ENGLAND["first_sign_until"])).all()
    assert people["zero"][5] == ENGLAND["first_sign_from"]


def test_a_symptom_or_death_whichever_comes_first():
    """Two constant hazards, 0.5 each: half have a symptom, and the time to the first of the two goes by their sum."""
    scenario = england(
        NO_GROWTH,
        steady_symptoms(0, 0, 0, 0.5),
        other_death_hazard_at_60=0.5,
        other_death_growth_per_year=0.001,
        screening_coverage=0,
    )
    given = ALL_LOCAL | SILENT | {"age_at_zero": 60.0, "key_part": False, "natural_death": NEVER}
    chain = (
        disease.symptom_onsets,
        disease.first_symptom,
        disease.screening,
        disease.death_from_other_causes,
        disease.first_sign,
    )
    people = run(scenario, *chain, **given)
    shows = people["sign"] < NEVER
    assert close(shows.mean(), 0.5)
    assert follows(people["sign"][shows], exponential(1))


def test_extent_and_stage_by_hand():
    """Extents with stages 1, 2, 2, 3 entered on days 10, 20 and 30; metastases on day 25."""
    people = {name: np.full(6, day) for name, day in (("extent_2", 10), ("extent_3", 20), ("extent_4", 30))}
    day = np.array([9, 10, 20, 24, 25, NEVER])
    found = disease.extent_at(ENGLAND, people, day)
    np.testing.assert_array_equal(found, [1, 2, 3, 3, 3, 4])
    assert found.dtype == np.int8
    np.testing.assert_array_equal(
        disease.stage_at(ENGLAND, people | {"natural_metastasis": np.full(6, 25.0)}, day), [1, 2, 2, 2, 4, 4]
    )
    never = people | {"natural_metastasis": np.full(6, NEVER)}
    np.testing.assert_array_equal(disease.stage_at(ENGLAND, never, day), [1, 2, 2, 2, 2, 3])


def test_at_site():
    found = np.array([0, 1, 2, 3])
    np.testing.assert_array_equal(disease.at_site(ENGLAND, "bone", found), [False, True, False, True])
    np.testing.assert_array_equal(disease.at_site(ENGLAND, "any", found), [False, True, True, True])


def test_symptoms_do_not_go_by_the_pace():
    """Fast disease grows, seeds and kills sooner; a symptom's hazard in a given state is the same."""
    fast, slow = (
        run(
            england(NO_GROWTH, NO_SEEDING),
            disease.growth,
            disease.spread,
            disease.sites,
            disease.symptom_onsets,
            **(BORN | {"pace": pace}),
        )
        for pace in (5, 0.2)
    )
    for number in range(len(GROUPS)):
        np.testing.assert_array_equal(fast[f"onset_{number}"], slow[f"onset_{number}"])
