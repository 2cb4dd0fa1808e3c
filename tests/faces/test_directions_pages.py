"""Suggestions by tags as an enterprise, its broker and a program see them."""

from __future__ import annotations

import pytest

from tests import make
from tests.faces.calling import client_of
from tests.faces.matching import direction_between
from tests.faces.pages import Visitor, publish, text_of
from yangbanjian.engines.matching import queries
from yangbanjian.engines.matching.models import Feedback, Match
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def ink(monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """An enterprise with tags and no demand, and an achievement that fits them."""
    monkeypatch.setattr(queries, "encoder", lambda: None)
    visitor = Visitor(Role.ENTERPRISE)
    assert visitor.actor.organisation_id is not None
    for kind, code in (("industry", "26"), ("chain", "油墨")):
        people.set_stated_tags(
            actor=visitor.actor, organisation_id=visitor.actor.organisation_id, kind=kind,
            codes=[code],
        )  # fmt: skip
    made = make.achievement(
        make.actor(Role.TTO), title="耐高温水性油墨", keywords=["油墨"], industry_codes=["26"]
    )
    publish(made, "achievements")
    return visitor


def test_the_desk_the_inbox_and_the_list_show_it_with_its_reasons(ink: Visitor) -> None:
    match = Match.objects.get()
    desk = text_of(ink.get("/desk/"))
    assert "与贵单位方向相符的成果" in desk
    assert "产业链标签相符" in desk
    assert f'action="/matches/{match.pk}/moves/interested"' in desk
    assert "与贵单位方向相符的成果：「耐高温水性油墨」" in text_of(ink.get("/desk/inbox"))
    listed = text_of(ink.get("/desk/matches?show=directions"))
    assert "耐高温水性油墨" in listed
    assert "耐高温水性油墨" not in text_of(ink.get("/desk/matches?show=suggested"))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-hant", ("行業標籤相符：化學原料和製品", "與貴單位方向相符的成果")),
        ("en", ("Matches the industry tag: Chemicals", "A technology in your organisation’s")),
    ],
)
def test_it_is_told_in_the_language_of_its_reader(
    ink: Visitor, language: str, said: tuple[str, str]
) -> None:
    ink.client.cookies["lang"] = language
    assert said[0] in text_of(ink.get("/desk/matches?show=directions"))
    assert said[1] in text_of(ink.get("/desk/inbox"))


def test_interest_begins_an_introduction_without_a_demand(ink: Visitor) -> None:
    match = Match.objects.get()
    page = text_of(ink.get(f"/matches/{match.pk}"))
    assert "按标签推荐" in page
    assert "对方会看到贵单位名称" in page
    answer = ink.post(f"/matches/{match.pk}/moves/interested")
    assert answer.status_code == 302
    match.refresh_from_db()
    assert (match.state, match.turn, match.demand_id) == ("interested", "provider", None)
    assert "等对方回应" in text_of(ink.get(f"/matches/{match.pk}"))


def test_no_is_one_step_with_a_reason_from_the_list(ink: Visitor) -> None:
    match = Match.objects.get()
    assert ink.post(f"/matches/{match.pk}/moves/decline", {"why": "nonsense"}).status_code == 422
    assert ink.post(f"/matches/{match.pk}/moves/decline", {"why": "too_early"}).status_code == 302
    assert Feedback.objects.get().why == "too_early"
    assert "耐高温水性油墨" not in text_of(ink.get("/desk/matches?show=directions"))


def test_a_party_that_asks_for_the_end_is_refused(ink: Visitor) -> None:
    match = Match.objects.get()
    ink.post(f"/matches/{match.pk}/moves/interested")
    assert ink.post(f"/matches/{match.pk}/moves/lapse").status_code == 403
    match.refresh_from_db()
    assert match.state == "interested"


def test_the_broker_sees_for_whom_it_is(ink: Visitor) -> None:
    broker = Visitor(Role.BROKER)
    organisation_id = ink.actor.organisation_id
    assert organisation_id is not None
    Match.objects.update(broker_id=broker.actor.organisation_id)
    said = text_of(broker.get("/desk/"))
    assert "可以推荐给企业的成果" in said
    assert f"推荐给{Match.objects.get().seeker.name}" in said
    assert "感兴趣" not in said


def test_programs_read_it_in_the_inbox_and_among_the_matches() -> None:
    seeker = make.person(Role.ENTERPRISE)
    match = direction_between(actor_of(seeker), make.actor(Role.TTO))
    client = client_of(seeker)
    body = client.get("/api/v1/matches").json()["items"][0]
    assert (body["id"], body["demand"], body["side"]) == (match.pk, None, "seeker")
    assert [m["move"] for m in body["moves"]] == ["see", "interested", "decline"]
