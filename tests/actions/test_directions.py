"""Enterprises without a demand hear what lies in their direction: in time, once, not too often."""

from __future__ import annotations

from typing import Any

import pytest

from tests import make
from tests.faces.matching import published
from yangbanjian.engines.matching import actions, jobs, keeping, live, queries
from yangbanjian.engines.matching.models import Feedback, Match
from yangbanjian.ground.journal import jobs as journal
from yangbanjian.ground.messages import queries as messages
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.people import queries as persons
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.demands import actions as demands

pytestmark = pytest.mark.django_db
assert jobs
INK = {
    "title": "耐高温水性油墨", "abstract": "用于薄膜印刷的水性油墨，附着力提高一倍。",
    "keywords": ["水性油墨", "附着力"], "field": "printing", "industry_codes": ["26"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "encoder", lambda: None)


def enterprise(*, chains: tuple[str, ...] = ("油墨",), industry: str = "26") -> Actor:
    actor = make.actor(Role.ENTERPRISE)
    assert actor.organisation_id is not None
    given = {"chain": chains, "industry": (industry,) if industry else ()}
    for kind, codes in given.items():
        people.set_stated_tags(
            actor=actor, organisation_id=actor.organisation_id, kind=kind, codes=codes
        )
    return actor


def offer(**values: Any) -> Any:
    tto = make.actor(Role.TTO)
    made = published(achievements, make.achievement(tto, **{**INK, **values}), tto)
    journal.deliver(include_own=True)
    return made


def told(actor: Actor) -> list[str]:
    return [n.sentence % n.params for n in messages.inbox(actor).filter(topic="direction")]


def test_a_new_achievement_reaches_the_enterprise_and_says_which_tags_met() -> None:
    ink, other = enterprise(), enterprise(chains=("验布",), industry="17")
    made = offer()
    match = Match.objects.get()
    assert (match.seeker_id, match.achievement_id, match.demand_id) == (
        ink.organisation_id, made.pk, None,
    )  # fmt: skip
    assert [r["text"] for r in match.reasons] == [
        "产业链标签相符：「油墨」", "行业标签相符：化学原料和制品",
    ]  # fmt: skip
    assert round(sum(match.parts.values()), 6) == float(match.score) == 0.5525
    assert match.percent == 55
    assert told(ink) == ["与贵单位方向相符的成果：「耐高温水性油墨」"]
    assert told(other) == []


def test_who_has_an_open_demand_is_not_told_by_tags() -> None:
    ink = enterprise()
    published(demands, make.demand(ink, visibility="named"), ink)
    offer()
    assert not Match.objects.filter(demand=None).exists()
    assert told(ink) == []


def test_news_delivered_again_changes_nothing() -> None:
    ink = enterprise()
    made = offer()
    entries = list(journal.Entry.objects.filter(verb="achievements.published", subject_id=made.pk))
    jobs.suggest_supply(entries)
    jobs.suggest_to_tagged(
        list(journal.Entry.objects.filter(verb="people.organisation_tagged").order_by("id"))
    )
    assert Match.objects.count() == 1
    assert len(told(ink)) == 1


def test_a_changed_achievement_is_suggested_when_it_comes_to_fit() -> None:
    ink = enterprise()
    made = offer(title="某种材料", abstract="附着力提高一倍。", keywords=[], industry_codes=[])
    assert told(ink) == []
    achievements.revise(
        actor=SYSTEM, record_id=made.pk, values={"keywords": ["油墨"], "industry_codes": ["26"]}
    )
    journal.deliver(include_own=True)
    assert len(told(ink)) == 1


def test_an_enterprise_that_tags_itself_hears_what_is_there_already() -> None:
    made = offer()
    ink = enterprise()
    journal.deliver(include_own=True)
    assert list(Match.objects.values_list("seeker_id", "achievement_id")) == [
        (ink.organisation_id, made.pk)
    ]
    assert told(ink) == ["与贵单位方向相符的成果：「耐高温水性油墨」"]


def test_nobody_is_flooded() -> None:
    ink = enterprise()
    for number in range(keeping.A_DAY + 2):
        offer(title=f"水性油墨第 {number} 号")
    assert Match.objects.filter(seeker_id=ink.organisation_id).count() == keeping.A_DAY
    assert len(told(ink)) == keeping.A_DAY
    late = enterprise()
    journal.deliver(include_own=True)
    assert Match.objects.filter(seeker_id=late.organisation_id).count() == keeping.A_DAY
    assert len(told(late)) == 1
    assert "新增 3 项" in told(late)[0]


def test_one_achievement_goes_to_so_many_enterprises_the_best_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "A_SUPPLY", 2)
    plain, broker = enterprise(), make.actor(Role.BROKER)
    better = [enterprise(), enterprise()]
    for actor in better:
        assert actor.organisation_id is not None
        people.confirm_tag(
            actor=broker, organisation_id=actor.organisation_id, kind="chain", code="油墨"
        )
    journal.deliver(include_own=True)
    offer()
    assert set(Match.objects.values_list("seeker_id", flat=True)) == {
        a.organisation_id for a in better
    }
    assert told(plain) == []


def test_the_broker_who_confirmed_a_tag_finds_it_on_the_desk_and_is_told_once_a_day() -> None:
    ink, broker = enterprise(industry=""), make.actor(Role.BROKER)
    offer()
    assert not Match.objects.exists()  # a chain that the enterprise alone names is not enough
    assert ink.organisation_id is not None
    people.confirm_tag(actor=broker, organisation_id=ink.organisation_id, kind="chain", code="油墨")
    journal.deliver(include_own=True)
    match = Match.objects.get()
    assert match.broker_id == broker.organisation_id
    assert match.reasons[0]["text"] == "产业链标签相符：「油墨」（经理人已确认）"
    assert list(queries.matches(broker)) == [match]
    offer(title="另一种水性油墨")
    assert messages.inbox(broker).filter(topic="match").count() == 1


def test_the_provider_learns_of_it_when_the_enterprise_has_shown_interest() -> None:
    ink = enterprise()
    made = offer()
    match = Match.objects.get()
    tto = persons.actor_of(make.person(Role.TTO, of=made.owner))
    assert not queries.matches(tto).exists()
    with pytest.raises(NotFound):
        actions.move(actor=tto, match_id=match.pk, name="interested")
    moved = actions.move(actor=ink, match_id=match.pk, name="interested", note="想看样品")
    assert (moved.state, moved.turn) == ("interested", "provider")
    assert list(queries.matches(tto)) == [match]
    assert actions.move(actor=tto, match_id=match.pk, name="agree").state == "agreed"


def test_no_with_its_reason_becomes_advice_to_the_owner() -> None:
    inks = [enterprise(), enterprise()]
    made = offer()
    for ink in inks:
        match = Match.objects.get(seeker_id=ink.organisation_id)
        with pytest.raises(Invalid):
            actions.move(actor=ink, match_id=match.pk, name="decline")
        actions.move(actor=ink, match_id=match.pk, name="decline", why="too_early")
    assert Feedback.objects.filter(verdict="bad", why="too_early").count() == 2
    assert [a.code for a in queries.complaints("achievement", made.pk)] == ["too_early"]
    # What was declined stays declined, whatever comes later.
    assert inks[0].organisation_id is not None
    people.set_stated_tags(
        actor=inks[0], organisation_id=inks[0].organisation_id, kind="field", codes=["printing"]
    )
    journal.deliver(include_own=True)
    assert set(Match.objects.values_list("state", flat=True)) == {"declined"}


def test_taking_back_an_interest_is_no_word_on_the_match() -> None:
    ink = enterprise()
    offer()
    match = Match.objects.get()
    actions.move(actor=ink, match_id=match.pk, name="interested")
    actions.move(actor=ink, match_id=match.pk, name="decline", why="timing")
    assert not Feedback.objects.exists()


def test_no_party_can_let_an_introduction_lapse() -> None:
    ink = enterprise()
    made = offer()
    match = Match.objects.get()
    actions.move(actor=ink, match_id=match.pk, name="interested")
    tto = persons.actor_of(make.person(Role.TTO, of=made.owner))
    for actor in (ink, tto):
        with pytest.raises(NotAllowed) as refused:
            actions.move(actor=actor, match_id=match.pk, name="lapse")
        assert refused.value.code == "matches.not_by_parties"
    with pytest.raises(Conflict):
        actions.lapse(match_id=match.pk)
    match.refresh_from_db()
    assert match.state == "interested"


def test_the_other_names_of_a_chain_come_from_the_corpus() -> None:
    tto = make.actor(Role.TTO)
    for number, use in enumerate(("轻量的", "我们训练")):
        text = f"{use}卷积神经网络（CNN）用于检测。"
        published(achievements, make.achievement(tto, title=f"检测{number}", abstract=text), tto)
    journal.deliver(include_own=True)
    live.live().catch_up()
    assert live.live().learn_names() > 0
    enterprise(chains=("CNN",), industry="38")
    made = offer(
        title="卷积神经网络芯片", abstract="低功耗。", keywords=[], field="it",
        industry_codes=["38"],
    )  # fmt: skip
    match = Match.objects.get(achievement_id=made.pk)
    assert "说明里提到「卷积神经网络」，与标签「CNN」有关" in [r["text"] for r in match.reasons]


def test_what_was_asked_by_name_becomes_a_tag_and_what_was_not_does_not() -> None:
    named, hidden = make.actor(Role.ENTERPRISE), make.actor(Role.ENTERPRISE)
    for actor, visibility in ((named, "named"), (hidden, "anonymous")):
        made = make.demand(actor, visibility=visibility, field="air", industry_codes=["26"])
        published(demands, made, actor)
    journal.deliver(include_own=True)
    assert named.organisation_id is not None
    assert hidden.organisation_id is not None
    held = persons.tags(named.organisation_id).values_list("kind", "code", "source")
    assert set(held) == {("field", "air", "demands"), ("industry", "26", "demands")}
    assert not persons.tags(hidden.organisation_id).exists()
