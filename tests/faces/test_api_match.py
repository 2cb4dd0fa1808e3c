"""Asking over HTTP, stored matches, introductions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests import make
from tests.faces.calling import client_as, client_of, get, is_problem, post
from tests.faces.matching import match_between, published
from yangbanjian.engines.matching import queries
from yangbanjian.engines.matching.models import Match
from yangbanjian.ground.journal.jobs import deliver
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.people.models import Organisation, Person
from yangbanjian.kernel.actor import Role
from yangbanjian.libraries.achievements import actions as achievements

pytestmark = pytest.mark.django_db
SENTENCE = "两座冷库电费太高，想把电耗降 25% 以上，不停库，预算 200 万以内"


@pytest.fixture
def words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No vector is asked for: the ranking has its own tests."""
    monkeypatch.setattr(queries, "encoder", lambda: None)


def parties(**demand: Any) -> tuple[Match, Client, Client]:
    """A match, its seeker's client and its provider's."""
    seeker, provider = make.person(Role.ENTERPRISE), make.person(Role.TTO)
    match = match_between(people.actor_of(seeker), people.actor_of(provider), **demand)
    return match, client_of(seeker), client_of(provider)


@pytest.mark.usefixtures("words_alone")
def test_a_sentence_finds_its_achievement_with_reasons_that_point_into_the_texts() -> None:
    tto = make.actor(Role.TTO)
    record = published(achievements, make.achievement(tto), tto)
    deliver(include_own=True)
    answer = post(Client(), "/match", {"text": SENTENCE, "kinds": ["achievement"], "limit": 5})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    said = body["understanding"]
    assert said["budget_fen"] == 200_0000_00
    target = said["targets"][0]
    assert (target["op"], target["value"], target["unit"]) == (">=", 25, "%")
    assert "25%" in SENTENCE[slice(*target["span"])].replace(" ", "")
    assert [i["id"] for i in body["items"]] == [record.pk]
    item = body["items"][0]
    assert (item["kind"], item["title"], item["url"]) == (
        "achievement", record.title, f"/achievements/{record.pk}",
    )  # fmt: skip
    assert round(sum(item["parts"].values()), 6) == item["score"]
    assert item["reasons"]
    for reason in item["reasons"]:
        if reason["record_span"]:
            assert getattr(record, reason["record_field"])[slice(*reason["record_span"])]
    assert (body["nothing_here"], body["took_ms"] >= 0) == (False, True)


@pytest.mark.usefixtures("words_alone")
def test_what_nobody_offers_is_nothing_here() -> None:
    body = post(Client(), "/match", {"text": SENTENCE}).json()
    assert (body["nothing_here"], body["items"]) == (True, [])


@pytest.mark.usefixtures("words_alone")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "too_short"),
        ("冷", "too_short"),
        (" \n\t\u200b ", "too_short"),
        ("冷" * 20_001, "too_long"),
        ("冷库节能" * 80_000, "too_long"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_with_what_to_do(text: str, code: str) -> None:
    answer = post(Client(), "/match", {"text": text})
    assert is_problem(answer, 422, f"matches.text_{code}")
    assert answer.json()["errors"][0]["field"] == "text"


@pytest.mark.usefixtures("words_alone")
@pytest.mark.parametrize(
    "text",
    ["冷库\u202e节能🙂", "<script>alert(1)</script>", "=1+1|cmd", "冷庫\x07省電", "a" * 9000],
)
def test_odd_texts_are_answered(text: str) -> None:
    assert post(Client(), "/match", {"text": text}).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": SENTENCE, "kinds": ["patent"]}, "kinds.0"),
        ({"text": SENTENCE, "kinds": []}, "kinds"),
        ({"text": SENTENCE, "limit": 0}, "limit"),
        ({"text": SENTENCE, "limit": 10**30}, "limit"),
        ({"text": 5}, "text"),
        ({}, "text"),
    ],
)
def test_a_question_out_of_form_names_the_field(body: dict[str, Any], field: str) -> None:
    answer = post(Client(), "/match", body)
    assert is_problem(answer, 422, "api.invalid")
    assert [e["field"] for e in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("text", ["冷库\x00节能", "冷库\ud800节能"])
def test_text_that_the_database_cannot_hold_is_refused(text: str) -> None:
    answer = post(Client(), "/match", json.dumps({"text": text}))
    assert is_problem(answer, 422, "api.unusable_text")


def test_an_introduction_from_interest_to_contacts() -> None:
    match, seeker, provider = parties()
    path = f"/matches/{match.pk}"
    Organisation.objects.filter(pk=match.provider_id).update(contact_phone="010-5550100")
    first = get(seeker, path).json()
    assert (first["state"], first["side"], first["contacts"]) == ("suggested", "seeker", None)
    assert [m["move"] for m in first["moves"]] == ["see", "interested", "decline"]
    asked = post(seeker, f"{path}/moves/interested", {"note": "下周可以面谈"})
    assert (asked.json()["state"], asked.json()["turn"]) == ("interested", "provider")
    assert "agree" not in [m["move"] for m in asked.json()["moves"]]
    refused = post(seeker, f"{path}/moves/agree", {})
    assert is_problem(refused, 403, "matches.other_side_agrees")
    assert get(provider, "/matches", my_turn="true").json()["count"] == 1
    assert get(seeker, "/matches", my_turn="true").json()["count"] == 0
    agreed = post(provider, f"{path}/moves/agree", {}).json()
    assert (agreed["state"], agreed["note"]) == ("agreed", "下周可以面谈")
    contacts = get(seeker, path).json()["contacts"]
    assert "010-5550100" in [c["phone"] for c in contacts]


def test_contacts_that_open_are_never_empty() -> None:
    match, seeker, provider = parties()
    path = f"/matches/{match.pk}"
    Organisation.objects.update(contact_name="", contact_email="", contact_phone="")
    post(seeker, f"{path}/moves/interested", {})
    assert get(seeker, path).json()["contacts"] is None
    post(provider, f"{path}/moves/agree", {})
    for side in (seeker, provider):
        contacts = get(side, path).json()["contacts"]
        assert [c["organisation"]["id"] for c in contacts] == [match.seeker_id, match.provider_id]
        assert all(c["name"] for c in contacts)


def test_declining_needs_a_code_and_reason_may_be_it() -> None:
    match, seeker, _ = parties()
    path = f"/matches/{match.pk}/moves/decline"
    assert is_problem(post(seeker, path, {"reason": "不想要"}), 422, "matches.why_needed")
    declined = post(seeker, path, {"reason": "price"}).json()
    assert (declined["state"], declined["why"]) == ("declined", "price")


def test_a_party_cannot_lapse_an_introduction_before_its_time() -> None:
    match, seeker, _ = parties()
    post(seeker, f"/matches/{match.pk}/moves/interested", {})
    answer = post(seeker, f"/matches/{match.pk}/moves/lapse", {})
    assert is_problem(answer, 404, "matches.no_such_move")
    assert Match.objects.get(pk=match.pk).state == "interested"


def test_feedback_takes_a_closed_list_of_reasons() -> None:
    match, seeker, provider = parties(visibility="named")
    path = f"/matches/{match.pk}/feedback"
    assert is_problem(post(seeker, path, {"verdict": "bad"}), 422, "matches.why_needed")
    assert is_problem(post(seeker, path, {"verdict": "so-so"}), 422, "api.invalid")
    said = post(seeker, path, {"verdict": "bad", "why": "price"}).json()
    assert (said["match"], said["verdict"], said["why"]) == (match.pk, "bad", "price")
    assert post(provider, path, {"verdict": "good"}).status_code == 200


def test_others_see_no_match_and_an_anonymous_seeker_has_no_name() -> None:
    match, seeker, provider = parties(visibility="anonymous")
    assert get(provider, f"/matches/{match.pk}").json()["seeker"] is None
    assert get(seeker, f"/matches/{match.pk}").json()["seeker"]["id"] == match.seeker_id
    stranger = client_as(Role.ENTERPRISE)
    assert is_problem(get(stranger, f"/matches/{match.pk}"), 404, "matches.not_found")
    assert is_problem(get(Client(), "/matches"), 401, "people.sign_in_first")
    path = f"/demands/{match.demand_id}/matches"
    assert get(seeker, path).json()["count"] == 1
    assert get(Client(), path).json()["count"] == 0
    assert get(stranger, "/matches").json()["items"] == []
    post(provider, f"/matches/{match.pk}/moves/interested", {})
    post(seeker, f"/matches/{match.pk}/moves/agree", {})
    assert get(provider, f"/matches/{match.pk}").json()["seeker"]["id"] == match.seeker_id


def test_a_refused_move_changes_nothing() -> None:
    match, _, _ = parties()
    entries = Entry.objects.count()
    broker: Person = make.person(Role.BROKER)
    answer = post(client_of(broker), f"/matches/{match.pk}/moves/interested", {})
    assert is_problem(answer, 403, "matches.not_a_party")
    assert Match.objects.get(pk=match.pk).state == "suggested"
    assert Entry.objects.filter(subject_kind="match").count() == 1
    assert Entry.objects.count() == entries + 1  # the broker's token
