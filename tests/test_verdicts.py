"""Verdicts: which side a number is on, what is counted, and which rule decides; worked by hand and as properties."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstsign.claim_files import AtLeast, Bearing, Claimed, Part, claim_files, rules
from firstsign.shares import wilson
from firstsign.verdicts import NO_INTERVAL, SECOND_HAND, decide, facts, holds, limits_of, weakest, weigh

NOTHING = {
    "appraised": True, "story": False, "sign": False, "accuracy_known": False, "source_named": False, "source_found": False,
    "direct_for": 0, "direct_against": 0, "reviews_for": 0, "reviews_against": 0, "indirect_for": 0, "indirect_against": 0,
    "readings": 0, "readings_open": 0, "limits": 0,
}  # fmt: skip
ABOVE_ONE = {"words": "above 1", "low": 1, "high": math.inf, "unit": "ratio"}
CLAIM = claim_files()["more-back-pain-with-cancer"]


def part(*evidence, claimed=ABOVE_ONE, **more) -> Part:
    listed = [{"entry": "koo-lump", "bears": "direct", "because": "x", **item} for item in evidence]
    return Part.model_validate({"name": "x", "kind": "difference", "claimed": claimed, "evidence": listed, **more})


def sides(*evidence, **more) -> list[str]:
    return [one.side for one in weigh(part(*evidence, **more))]


class TestSides:
    @pytest.mark.parametrize(
        ("numbers", "side"),
        [
            ({"estimate": 1.5, "low": 1.1, "high": 2.0}, "for"),
            ({"estimate": 1.5, "low": 0.9, "high": 2.0}, "open"),
            ({"estimate": 0.5, "low": 0.2, "high": 0.9}, "against"),
            ({"estimate": 0.5}, "against"),
            ({"estimate": 1.5}, "for"),
            ({"low": 1.0, "high": 2.0}, "for"),
            ({"says": "neither"}, "neither"),
            ({"says": "against"}, "against"),
        ],
    )
    def test_by_the_interval(self, numbers, side):
        assert sides(numbers) == [side]

    def test_from_counts_by_wilson(self):
        few = {"words": "few", "low": 0, "high": 0.05, "unit": "share"}
        (found,) = weigh(part({"entry": "deyo-prev"}, claimed=few))
        assert (found.low, found.high) == wilson(13, 1975)
        assert (found.x, found.n, found.side) == (13, 1975, "for")

    def test_counts_of_the_record_go_before_those_of_the_entry(self):
        (found,) = weigh(
            part({"entry": "deyo-prev", "counts": (600, 1975)}, claimed={**ABOVE_ONE, "low": 0, "high": 0.05})
        )
        assert (found.estimate, found.side) == (600 / 1975, "against")

    def test_per_cent(self):
        (found,) = weigh(
            part({"estimate": 60, "percent": True}, claimed={**ABOVE_ONE, "low": 0.5, "high": 1, "clearly": 0.8})
        )
        assert (found.estimate, found.side) == (0.6, "partly")
        assert math.isnan(found.low)

    def test_what_is_only_context_takes_no_side(self):
        assert sides({"estimate": 1.5, "bears": "context"}) == ["neither"]


class TestLimits:
    def test_one_source_with_an_interval_is_enough(self):
        both = part({"estimate": 1.5}, {"estimate": 1.5, "low": 1.2, "high": 2})
        assert limits_of(both, weigh(both)) == []
        bare = part({"estimate": 1.5})
        assert limits_of(bare, weigh(bare)) == [f"{NO_INTERVAL} (koo-lump)"]

    def test_second_hand(self):
        told = part({"entry": "jarvik-xr2", "estimate": 1.5, "low": 1.2, "high": 2})
        assert limits_of(told, weigh(told)) == [f"{SECOND_HAND} (jarvik-xr2)"]

    def test_partly_counts_only_where_nothing_agrees_fully(self):
        claimed = {**ABOVE_ONE, "clearly": 2, "partly": "a little"}
        small = part({"low": 1.2, "high": 1.4}, claimed=claimed)
        assert limits_of(small, weigh(small)) == ["a little (koo-lump)"]
        with_large = part({"low": 1.2, "high": 1.4}, {"low": 3, "high": 4}, claimed=claimed)
        assert limits_of(with_large, weigh(with_large)) == []

    def test_nothing_agrees_nothing_is_limited(self):
        against = part({"estimate": 0.5})
        assert limits_of(against, weigh(against)) == []


class TestFacts:
    def test_counted_by_hand(self):
        mixed = part(
            {"low": 1.2, "high": 2, "review": True},
            {"says": "against"},
            {"says": "neither"},
            {"low": 0.5, "high": 2},
            {"says": "for", "bears": "indirect"},
            {"says": "for", "bears": "context"},
            limits=["small"],
        )
        found = facts(CLAIM, mixed, weigh(mixed), [(0.5, 0.9), (0.9, 1.2)])
        expected = {
            "direct_for": 1,
            "direct_against": 1,
            "reviews_for": 1,
            "indirect_for": 1,
            "readings": 2,
            "readings_open": 1,
            "limits": 1,
        }
        assert found == {**NOTHING, **expected}

    def test_accuracy_needs_both_halves(self):
        one = part({"estimate": 0.9}, kind="sign")
        both = part({"estimate": 0.9, "specificity": 0.8}, kind="sign")
        assert [facts(CLAIM, each, weigh(each))["accuracy_known"] for each in (one, both)] == [False, True]

    def test_a_named_source(self):
        claim = claim_files()["bone-pain-6-percent"]
        known = facts(claim, claim.parts[0], [])
        assert (known["source_named"], known["source_found"]) == (True, False)


class TestRules:
    @pytest.mark.parametrize(
        ("known", "rule", "verdict"),
        [
            ({}, "no-evidence", "not testable here"),
            ({"appraised": False, "direct_for": 3}, "another-subject", "not testable here"),
            ({"story": True, "direct_for": 1}, "one-person", "not testable here"),
            ({"sign": True, "direct_for": 1}, "sign-without-accuracy", "not testable here"),
            ({"sign": True, "accuracy_known": True, "direct_for": 1}, "measured-so", "supported"),
            ({"source_named": True, "indirect_for": 2, "readings": 3, "readings_open": 3}, "untraced", "not traceable"),
            ({"source_named": True, "direct_against": 1}, "measured-otherwise", "refuted"),
            ({"source_named": True, "source_found": True, "direct_for": 1}, "measured-so", "supported"),
            ({"direct_for": 2, "indirect_against": 1}, "measured-so", "supported"),
            ({"direct_for": 2, "limits": 1}, "measured-so-with-limits", "supported with limits"),
            ({"direct_for": 2, "direct_against": 1}, "studies-disagree", "not supported"),
            ({"direct_for": 2, "direct_against": 1, "reviews_for": 1}, "reviews-outweigh", "supported with limits"),
            (
                {"direct_for": 2, "direct_against": 1, "reviews_for": 1, "reviews_against": 1},
                "studies-disagree",
                "not supported",
            ),
            ({"direct_against": 1, "indirect_for": 5}, "measured-otherwise", "refuted"),
            ({"indirect_for": 1, "limits": 2}, "only-near", "supported with limits"),
            ({"indirect_for": 1, "indirect_against": 1}, "not-borne-out", "not supported"),
            ({"indirect_against": 1}, "not-borne-out", "not supported"),
            ({"readings": 2, "readings_open": 1}, "possible-only", "not supported"),
            ({"readings": 2}, "beside-the-range", "refuted"),
        ],
    )
    def test_the_first_that_holds(self, known, rule, verdict):
        found = decide({**NOTHING, **known})
        assert (found.id, found.verdict) == (rule, verdict)

    def test_every_rule_can_decide_and_every_verdict_can_be_reached(self):
        """None stands in the shadow of those before it."""
        counts = (
            "direct_for",
            "direct_against",
            "reviews_for",
            "reviews_against",
            "indirect_for",
            "indirect_against",
            "readings",
            "readings_open",
            "limits",
        )
        flags = ("story", "sign", "source_named")
        reached = [decide(NOTHING), decide({**NOTHING, "appraised": False})]
        for flag in [{}] + [{one: True} for one in flags]:
            for bits in range(2 ** len(counts)):
                chosen = {name: bits >> place & 1 for place, name in enumerate(counts)}
                reached.append(decide({**NOTHING, **chosen, **flag}))
        assert {rule.id for rule in reached} == {rule.id for rule in rules().rules}
        assert {rule.verdict for rule in reached} == set(rules().scale)

    @given(
        st.fixed_dictionaries(
            {name: st.booleans() if isinstance(value, bool) else st.integers(0, 3) for name, value in NOTHING.items()}
        )
    )
    def test_some_rule_always_decides(self, known):
        rule = decide(known)
        earlier = rules().rules[: rules().rules.index(rule)]
        assert holds(rule, known)
        assert not any(holds(one, known) for one in earlier)

    @given(st.integers(0, 5), st.integers(0, 5))
    def test_more_for_it_never_makes_it_worse(self, count, limits):
        order = rules().weakest_first
        known = {**NOTHING, "direct_for": count, "limits": limits}
        assert order.index(decide({**known, "direct_for": count + 1}).verdict) >= order.index(decide(known).verdict)

    def test_a_condition_in_both_directions(self):
        rule = rules().rules[0].model_copy(update={"when": {"limits": AtLeast(at_least=2)}})
        assert [holds(rule, {**NOTHING, "limits": count}) for count in (1, 2, 3)] == [False, True, True]


def test_a_claim_is_as_good_as_its_weakest_part():
    assert weakest(["supported", "not testable here", "supported with limits"]) == "not testable here"
    assert weakest(["supported", "refuted", "not traceable"]) == "refuted"
    assert weakest(["supported"]) == "supported"


def test_claimed_and_bearing_are_plain_records():
    assert Claimed.model_validate(ABOVE_ONE).clearly is None
    assert Bearing.model_validate({"entry": "koo-lump", "bears": "context", "because": "x"}).review is False
