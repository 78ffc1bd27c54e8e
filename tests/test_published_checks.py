"""What the published figures say of each other: shares from their counts, tails from quartiles, ratios from tables.

A number of a publication is read from the register or from a published table. What the register notes as computed is
computed again here.
"""

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import logistic, norm

import firstsign as fs
from firstsign.pooling import pool_shares

MONTH = 365.25 / 12
COUNTS = re.compile(r"([\d,]+)/([\d,]+) \((\d+(?:\.\d+)?)%?\)")  # 113/1124 (10.1%)
NUMBER = r"(\d+(?:\.\d+)?)"


def numbers(pattern, text):
    """The numbers that a pattern finds in a text, which has to be there."""
    found = re.search(pattern, text)
    assert found, f"{pattern!r} is not in {text!r}"
    return [float(number) for number in found.groups()]


def digits(printed):
    return len(str(printed).partition(".")[2])


def percent(x, n):
    return 100 * x / n


def line(quantiles, days, family):
    """Least squares through the logarithms of the days at the quantiles: place and spread of the family on that scale."""
    spread, place = np.polyfit(family.ppf(quantiles), np.log(days), 1)
    return place, spread


class TestAarhus:
    """1. Quartiles and tails of the same delays, all cancers, Aarhus County 2004-05 (Olesen)."""

    @pytest.fixture
    def quartiles(self):
        return fs.published("aarhus-delays-2004-05").query("delay == 'total'")

    @pytest.fixture
    def tails(self):
        return (
            fs.published("aarhus-delays-2004-05-tails").query("delay == 'total'").set_index("months")["percent_longer"]
        )

    def test_a_lognormal_through_the_quartiles_holds_for_half_a_year_and_misses_the_year(self, quartiles, tails):
        mu, sigma = line(quartiles["quantile"], quartiles["days"], norm)
        found = 100 * norm.sf((np.log(tails.index * MONTH) - mu) / sigma)
        # The length of a month is not stated; with 30 days the first would be 54.2.
        assert_allclose(found, [53.7, 21.8, 5.0], atol=0.3)
        assert_allclose(found[:2], tails.loc[[3, 6]], atol=0.5)
        assert tails.loc[12] - found[2] > 3.5

    def test_likelihood_of_the_quartiles_as_bands_says_the_same(self, quartiles, tails):
        """Another route: a quarter of the people in each band between quartiles."""
        days = quartiles["days"].to_list()
        people = fs.published("aarhus-delays-2004-05").attrs["n"] // 4
        bands = pd.DataFrame({"lower": [0, *days], "upper": [*days, np.inf], "n": people})
        fitted = fs.fit_delay(bands, "lognormal").survival((tails.index * MONTH).to_list())
        mu, sigma = line(quartiles["quantile"], quartiles["days"], norm)
        assert_allclose(fitted["estimate"], norm.sf((np.log(tails.index * MONTH) - mu) / sigma), atol=0.002)
        inside = fitted["low"].le(tails.to_numpy() / 100) & fitted["high"].ge(tails.to_numpy() / 100)
        assert inside.tolist() == [True, True, False]

    def test_a_heavier_tail_comes_nearer_to_the_year_and_does_not_reach_it(self, quartiles, tails):
        place, spread = line(quartiles["quantile"], quartiles["days"], logistic)
        found = 100 * logistic.sf((np.log(tails.index * MONTH) - place) / spread)
        assert_allclose(found[:2], tails.loc[[3, 6]], atol=0.5)
        assert 6 < found[2] < tails.loc[12]

    @pytest.mark.parametrize("delay", ["patient", "doctor", "system", "total"])
    def test_tails_and_quartiles_do_not_contradict_each_other(self, delay):
        quartiles = fs.published("aarhus-delays-2004-05").query("delay == @delay").set_index("quantile")["days"]
        tails = fs.published("aarhus-delays-2004-05-tails").query("delay == @delay")
        assert (np.diff(tails["percent_longer"]) < 0).all()
        for row in tails.itertuples():
            for quantile, days in quartiles.items():
                above = 100 * (1 - quantile)
                assert row.percent_longer <= above if row.months * MONTH > days else row.percent_longer >= above

    def test_the_two_papers_print_the_same_quartiles(self):
        """The abstract of the one, "Total 98 (57-168); patient 21 (7-56); ...", against the table of the other."""
        text = fs.evidence_entry("hansen-all").quantity.lower()
        table = fs.published("aarhus-delays-2004-05").pivot(index="delay", columns="quantile", values="days")
        for word, delay in {"total": "total", "patient": "patient", "gp": "doctor", "system": "system"}.items():
            middle, low, high = numbers(rf"{word} (\d+) \((\d+)-(\d+)\)", text)
            assert table.loc[delay].tolist() == [low, middle, high]


class TestNorthernIreland:
    """2. Days from diagnosis to treatment, and stages, of the same people."""

    TABLE = fs.published("northern-ireland-diagnosis-to-treatment")

    def test_stages_add_up_to_the_people_of_both_kinds_of_care(self):
        stages = fs.published("northern-ireland-stage-at-diagnosis")
        by_care = self.TABLE.groupby("patients")["n"].first()
        assert stages["people"].sum() == by_care.sum() == stages.attrs["n"] == fs.evidence_entry("ni-stage").n
        assert by_care["public"] == fs.evidence_entry("ni-dx-tx").n
        printed = [float(part) for part in str(fs.evidence_entry("ni-stage").estimate).split("/")]
        assert_allclose(percent(stages["people"], stages["people"].sum()), printed, atol=0.06)

    def test_the_register_prints_the_tables_percentiles(self):
        entry = fs.evidence_entry("ni-dx-tx")
        public, private = (self.TABLE.query("patients == @kind") for kind in ("public", "private"))
        for row in public.itertuples():
            assert numbers(rf"p{100 * row.quantile:.0f} {NUMBER}", entry.quantity) == [row.days]
        wanted = numbers(r"N=(\d+): " + ", ".join([NUMBER] * 6) + rf"; mean {NUMBER}", entry.note)
        assert [private["n"].iloc[0], *private["days"], private["mean_days"].iloc[0]] == wanted
        assert public["days"].iloc[2] == entry.estimate

    @pytest.mark.parametrize("patients", ["public", "private"])
    def test_the_printed_mean_is_that_of_a_lognormal_through_the_percentiles(self, patients):
        rows = self.TABLE.query("patients == @patients")
        assert rows["days"].is_monotonic_increasing
        mu, sigma = line(rows["quantile"], rows["days"], norm)
        printed = rows["mean_days"].iloc[0]
        assert round(np.exp(mu + sigma**2 / 2)) == printed
        assert_allclose(np.exp(mu + sigma * norm.ppf(rows["quantile"])), rows["days"], rtol=0.22)
        least = np.diff([*rows["quantile"], 1]) @ rows["days"]  # everybody at the lower end of the band
        assert least < printed
        assert rows["days"].iloc[2] < printed  # a long right tail: the mean is above the median

    def test_private_patients_wait_less_all_the_way_up(self):
        wide = self.TABLE.pivot(index="quantile", columns="patients", values="days")
        assert (wide["private"] < wide["public"]).all()


class TestKoo:
    """3. Stage IV by presenting symptom: percentages and intervals are Wilson's."""

    @pytest.mark.parametrize(("id", "computed"), [("koo20-neck", (71.4, 86.5)), ("koo20-mole", (0.7, 2.7))])
    def test_printed_interval_is_wilsons(self, id, computed):
        entry = fs.evidence_entry(id)
        bounds = 100 * np.array(fs.wilson(entry.numerator, entry.denominator))
        assert tuple(bounds.round(1)) == computed
        assert bounds.round().tolist() == entry.interval
        assert round(percent(entry.numerator, entry.denominator)) == entry.estimate

    def test_percentages_of_the_others(self):
        found = COUNTS.findall(fs.evidence_entry("koo20-others").quantity)
        assert len(found) == 4
        for x, n, printed in found:
            assert round(percent(int(x), int(n))) == int(printed)

    def test_the_symptoms_have_no_share_in_common(self):
        """Stage IV of each symptom is a share of its own: pooled all the same, next to nothing of their variance is chance."""
        found = COUNTS.findall(fs.evidence_entry("koo20-others").quantity)
        pooled = pool_shares(pd.DataFrame([(int(x), int(n)) for x, n, _ in found], columns=["x", "n"])).iloc[0]
        assert pooled["p"] < 1e-20
        assert pooled["i2"] > 0.95


class TestWalker:
    """4. Breast lump in cases and matched controls: the crude odds ratio is not the conditional one."""

    def test_crude_and_conditional(self):
        entry = fs.evidence_entry("walker-lump")
        shares = [(int(x), int(n), printed) for x, n, printed in COUNTS.findall(entry.quantity)]
        (a, cases, _), (c, controls, _) = shares
        assert (a, cases) == (entry.numerator, entry.denominator)
        assert cases + controls == fs.evidence_entry("walker-n").n
        for x, n, printed in shares:
            assert round(percent(x, n), digits(printed)) == float(printed)
        crude, ratio = (a / (cases - a)) / (c / (controls - c)), (a / cases) / (c / controls)
        assert [round(crude, 1), round(ratio, 1)] == numbers(rf"OR {NUMBER} and LR\+ {NUMBER}", entry.note)
        conditional, low, high = numbers(rf"OR {NUMBER} \({NUMBER}-{NUMBER}\)", entry.quantity)
        assert low < crude < high
        assert abs(crude - conditional) > 5


class TestLyratzopoulos:
    """5. Consultations before referral."""

    def test_three_or_more(self):
        table = fs.published("lyratzopoulos-three-or-more-consultations").set_index("cancer")
        shares = percent(table["x"], table["n"]).round(1)
        breast, others = fs.evidence_entry("lyr12-breast"), fs.evidence_entry("lyr12-others").quantity
        assert shares["breast"] == breast.estimate
        for cancer in table.index.drop("breast"):
            x, n, printed = numbers(rf"{cancer} (\d+)/(\d+) \({NUMBER}%\)", others)
            assert table.loc[cancer].tolist() == [x, n]
            assert shares[cancer] == printed

    def test_visits_add_up_but_for_rounding_and_each_more_takes_longer(self):
        table = fs.published("lyratzopoulos-consultations-before-referral")
        assert 0 < table["percent"].sum() - 100 <= 0.5 * len(table)  # what rounding five numbers can do
        assert (np.diff(table["median_days"]) > 0).all()
        text = fs.evidence_entry("lyr13-consults").quantity
        assert table["percent"].tolist() == numbers(r"(\d+)/(\d+)/(\d+)/(\d+)/(\d+)%", text)
        assert table["median_days"].tolist() == numbers(r"intervals (\d+)/(\d+)/(\d+)/(\d+)/(\d+) days", text)


def test_seer_overall_survival_is_that_of_the_stages_put_together():
    """6. Each stage's survival weighted by its share, within 0.5 points of the printed overall (stages are whole per cent)."""
    entry, stages = fs.evidence_entry("seer-stage-surv"), fs.evidence_entry("dn-historic-seer")
    names = ["localized", "regional", "distant", "unstaged"]
    survival = np.array([numbers(rf"{name} {NUMBER}", entry.quantity)[0] for name in names])
    weight = np.array([numbers(rf"{name} {NUMBER}", stages.note)[0] for name in names])
    (overall,) = numbers(rf"overall {NUMBER}", entry.quantity)
    assert weight.sum() == 100
    assert [round(weight @ survival / 100, 1)] == numbers(rf"= {NUMBER}\.", entry.note)
    assert 0 < overall - weight @ survival / 100 < 0.5


def test_hanna_a_hazard_ratio_of_four_weeks_taken_two_and_three_times():
    """7. Reported for breast cancer: 17 and 26 % higher mortality with 8 and 12 weeks."""
    entry = fs.evidence_entry("hanna-surg")
    high = entry.interval[1]
    for weeks in (8, 12):
        (printed,) = numbers(rf"{weeks} weeks \+(\d+)%", entry.note)
        assert round(100 * (high ** (weeks / 4) - 1)) == printed
        assert round(100 * (entry.interval[0] ** (weeks / 4) - 1)) < printed


class TestRichards:
    """8. Negative control. "Survival lower by 12 %" with an odds ratio of death of 1.47 cannot mean 12 points."""

    BASELINES = np.linspace(0.0001, 0.9999, 99_999)
    CLAIMS = ("richards-3m", 12), ("richards-3-6", 7)

    def odds_ratio(self, baseline, later):
        return (1 - later) / later / ((1 - baseline) / baseline)

    def as_points(self, lower):
        """The odds ratio of death on a dense grid of the baseline survivals from which so many points can be taken."""
        baseline = lower / 100 + self.BASELINES * (1 - lower / 100)
        return self.odds_ratio(baseline, baseline - lower / 100)

    @pytest.mark.parametrize(("id", "lower"), CLAIMS)
    def test_taken_as_points_it_fits_no_baseline(self, id, lower):
        entry = fs.evidence_entry(id)
        assert f"{lower}%" in entry.quantity
        assert self.as_points(lower).min() > entry.interval[1] > entry.estimate

    def test_the_least_odds_ratio_of_twelve_points(self):
        """Where baseline and later survival lie evenly about one half: 0.56 and 0.44, (0.56 / 0.44)^2."""
        assert_allclose(self.as_points(12).min(), (0.56 / 0.44) ** 2, rtol=1e-6)
        assert numbers(r"needs OR >=(\d\.\d+)", fs.evidence_entry("richards-3m").note) == [1.62]
        assert round(self.as_points(12).min(), 2) == 1.62

    @pytest.mark.parametrize(("id", "lower"), CLAIMS)
    def test_taken_as_a_part_of_the_baseline_it_fits_about_seventy_per_cent(self, id, lower):
        entry = fs.evidence_entry(id)
        ratio = self.odds_ratio(self.BASELINES, self.BASELINES * (1 - lower / 100))
        assert (np.diff(ratio) > 0).all()
        fitting = 100 * np.interp([entry.estimate, *entry.interval], ratio, self.BASELINES)
        assert_allclose(fitting[0], 70, atol=2)
        if id == "richards-3m":
            assert numbers(r"from about (\d+)%", entry.note) == [round(fitting[0])]


# Wilson's intervals as the register notes them

NOTED = [
    (row.id, row.numerator, row.denominator, *found.groups())
    for row in fs.evidence().itertuples()
    if (found := re.search(rf"Wilson (?:95% )?CI {NUMBER}-{NUMBER}", row.note or ""))
]


def test_wilson_is_noted_where_it_bears_on_the_six_per_cent():
    wanted = {"mbc-dn-sweden", "mbc-dn-malm", "bone-pain-recurrent", "deyo-prev", "dn-ni", "dn-munich", "bone-gong"}
    assert wanted <= {id for id, *_ in NOTED}


@pytest.mark.parametrize(("id", "x", "n", "low", "high"), NOTED, ids=[row[0] for row in NOTED])
def test_noted_wilson_interval(id, x, n, low, high):
    found = 100 * np.array(fs.wilson(int(x), int(n)))
    assert [round(found[0], digits(low)), round(found[1], digits(high))] == [float(low), float(high)]


@pytest.mark.parametrize(
    ("id", "share", "low", "high"),
    [
        ("mbc-dn-sweden", 18.3, 17.6, 18.9),
        ("mbc-dn-malm", 21.3, 19.1, 23.8),
        ("bone-pain-recurrent", 40.5, 36.9, 44.3),
        ("smup", 10.8, 9.7, 12.1),
        ("deyo-prev", 0.66, 0.39, 1.12),
    ],
)
def test_pairs_that_bear_on_the_claim(id, share, low, high):
    entry = fs.evidence_entry(id)
    found = 100 * np.array(fs.wilson(entry.numerator, entry.denominator))
    assert [round(bound, digits(share)) for bound in found] == [low, high]
    assert round(percent(entry.numerator, entry.denominator), digits(share)) == share == entry.estimate


def test_first_sign_among_spinal_disease_by_turning_the_shares_round():
    """Breast and prostate among people whose spinal disease was the first sign, and among those with known cancer."""
    all_cases, entry = fs.evidence_entry("sem-imm"), fs.evidence_entry("sem-imm-breast-prostate")
    first = round(all_cases.n * all_cases.estimate / 100)
    (known,) = numbers(rf"\({NUMBER}% of known-cancer cases\)", entry.unit)
    x = round(first * entry.estimate / 100)
    n = round(x + (all_cases.n - first) * known / 100)
    assert (x, n) == (8, 146)
    share, low, high = numbers(rf"{NUMBER}% \(Wilson {NUMBER}-{NUMBER}\)", entry.note)
    assert [round(100 * bound, 1) for bound in fs.wilson(x, n)] == [low, high]
    assert round(percent(x, n), 1) == share
