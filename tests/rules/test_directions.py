"""What lies in the direction of an enterprise's tags, and how much of it is told."""

from __future__ import annotations

import pytest

from yangbanjian.engines.matching.rules import directions as rules
from yangbanjian.engines.matching.rules.directions import Chains, Offer, Supply, Tag

PRESS = Supply(
    field="printing",
    industries=frozenset({"26"}),
    head="水性油墨 预处理液",
    text="水性油墨 预处理液\n用于薄膜印刷的水性油墨，附着力提高一倍。",
)


def tags(source: str = "stated") -> list[Tag]:
    return [
        Tag("field", "printing", source),
        Tag("industry", "26", source, ("化学原料和制品",), frozenset({"C"})),
        Tag("chain", "油墨", source, ("油墨",)),
    ]


def test_the_score_can_be_recounted_by_hand() -> None:
    met = rules.meetings(tags("stated"), PRESS)
    assert [(m.tag.kind, m.weight) for m in met] == [
        ("chain", 0.325), ("industry", 0.2275), ("field", 0.195),
    ]  # fmt: skip
    assert rules.score_of(met) == 0.7475
    assert rules.parts_of(met) == {"tag_chain": 0.325, "tag_industry": 0.2275, "tag_field": 0.195}
    assert rules.percent_of(0.7475) == 75
    assert rules.percent_of(1.15) == rules.HIGHEST_PERCENT


def test_who_says_a_tag_weighs() -> None:
    scores = [
        rules.score_of(rules.meetings(tags(s), PRESS)) for s in ("broker", "demands", "stated")
    ]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 3
    both = rules.meetings([*tags("stated"), *tags("broker")], PRESS)
    assert {m.tag.source for m in both} == {"broker"}
    assert rules.score_of(both) == scores[0]


@pytest.mark.parametrize("source", rules.SOURCE_WEIGHTS)
def test_a_field_alone_never_suffices(source: str) -> None:
    met = rules.meetings([Tag("field", "printing", source)], PRESS)
    assert 0 < rules.score_of(met) < rules.LEAST


def test_a_chain_alone_suffices_only_when_somebody_else_says_so() -> None:
    score = {s: rules.score_of(rules.meetings([tags(s)[2]], PRESS)) for s in rules.SOURCE_WEIGHTS}
    assert score["broker"] >= rules.LEAST
    assert score["demands"] >= rules.LEAST
    assert score["stated"] < rules.LEAST


def test_the_strength_of_a_meeting() -> None:
    def how(tag: Tag, supply: Supply = PRESS) -> str:
        met = rules.meetings([tag], supply)
        return met[0].how if met else ""

    assert how(Tag("industry", "26", "stated")) == "same"
    assert how(Tag("industry", "C", "stated", (), frozenset({"26"}))) == "near"
    assert how(Tag("industry", "17", "stated", ("油墨",))) == ""
    assert how(Tag("chain", "薄膜", "stated", ("薄膜",))) == "words"
    assert how(Tag("chain", "油", "stated", ("油",))) == ""
    assert how(Tag("field", "other", "stated"), Supply("other", frozenset(), "", "")) == ""
    bare = Supply("", frozenset(), "", "化学原料和制品的中间体", guessed_field="printing")
    assert how(Tag("field", "printing", "stated"), bare) == "words"
    assert how(tags()[1], bare) == "words"


def test_further_tags_of_a_kind_count_half_and_three_at_most() -> None:
    many = [Tag("chain", c, "broker", (c,)) for c in ("油墨", "水性", "预处理", "性油")]
    met = rules.meetings(many, PRESS)
    assert [m.weight for m in met] == [0.5, 0.25, 0.25]


def test_names_are_found_wherever_they_stand_and_one_sign_is_none() -> None:
    chains = Chains({"油墨": "油墨", "水性油墨": "水性墨", "墨": "墨", "cnn": "卷积"})
    assert chains.within(PRESS.text) == {"油墨", "水性墨"}
    assert chains.within("用cnn识别") == {"卷积"}
    assert chains.within("") == set()


def test_the_best_are_told_within_the_caps() -> None:
    offers = [Offer(seeker, supply, supply / 10) for seeker in (1, 2, 3) for supply in range(1, 6)]
    kept = rules.within_caps(offers, given_today={3: 2}, a_day=3, a_supply=2)
    by_seeker = {s: [o.supply_id for o in kept if o.seeker_id == s] for s in (1, 2, 3)}
    assert by_seeker == {1: [5, 4, 3], 2: [5, 4, 3], 3: [2]}
    assert rules.within_caps(offers, given_today={1: 9, 2: 9, 3: 9}, a_day=3, a_supply=2) == []
