"""Promises T5 and T6: what others have leaves no trace in counts and answers; a broker acts for a
client while it has been entrusted with the thing, and not a moment longer."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from tests import make
from tests.faces.calling import client_of
from tests.faces.pages import publish
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import NotAllowed, NotFound
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.libraries.achievements.queries import LIBRARY
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.facets import facets
from yangbanjian.libraries.records.rules.filters import filters_from

pytestmark = pytest.mark.django_db
WORD = "玄冥石"
ASKED = (
    "/api/v1/achievements", f"/api/v1/achievements?q={WORD}", "/api/v1/achievements?state=draft",
    "/api/v1/demands", "/api/v1/organisations",
)  # fmt: skip


def told(client: Client, stranger: Actor) -> list[Any]:
    """Everything that could count another's drafts: lists, search, facets, the matcher, a miss."""
    said: list[Any] = []
    for path in ASKED:
        answer = client.get(path)
        assert answer.status_code == 200, path
        said.append(answer.json())
    with acting(stranger):
        for asked in ({}, {"q": WORD}, {"state": ["draft", "submitted"]}):
            said.append(facets(LIBRARY, stranger, filters_from(asked)))
    body = {"text": f"{WORD}提纯", "limit": 20}
    answer = client.post("/api/v1/match", body, content_type="application/json").json()
    said.append((answer["items"], answer["compared"]))
    return said


def test_T5_counts_search_and_facets_do_not_tell_of_anothers_drafts() -> None:
    owner, person = make.actor(Role.TTO), make.person(Role.TTO)
    publish(make.achievement(owner), "achievements")
    client, stranger = client_of(person), people.actor_of(person)
    before = told(client, stranger)
    made = make.achievement(
        owner, title=f"{WORD}提纯", abstract=f"{WORD}提纯的一种办法。", field="it"
    )
    achievements.move(actor=owner, record_id=make.achievement(owner).pk, name="submit")
    assert told(client, stranger) == before
    # What is another's and what is not at all are told alike.
    there, nowhere = (client.get(f"/api/v1/achievements/{pk}") for pk in (made.pk, 10**15))
    assert (there.status_code, there.json()["code"]) == (
        nowhere.status_code,
        nowhere.json()["code"],
    )
    refused = [
        client.post(f"/api/v1/achievements/{pk}/submit", {}, content_type="application/json")
        for pk in (made.pk, 10**15)
    ]
    assert refused[0].status_code == refused[1].status_code


def test_T5_duplicates_are_looked_for_among_what_one_may_see() -> None:
    owner, stranger = make.actor(Role.TTO), make.actor(Role.TTO)
    make.achievement(owner)
    mine = make.achievement(stranger)
    with acting(stranger):
        assert records.duplicates(LIBRARY, stranger, mine) == []
    publish(make.achievement(owner), "achievements")
    with acting(stranger):
        assert len(records.duplicates(LIBRARY, stranger, mine)) == 1


def _forced(broker: Actor, record: Any) -> int:
    """The row changed by SQL of the product's login, past every rule of the program."""
    with acting(broker), connection.cursor() as cursor:
        cursor.execute("UPDATE achievements_achievement SET team = 'x' WHERE id = %s", [record.pk])
        return int(cursor.rowcount)


def test_T6_a_broker_acts_for_a_client_only_while_entrusted() -> None:
    owner, broker = make.actor(Role.TTO), make.actor(Role.BROKER)
    record = make.achievement(owner)
    values = {"team": "托管期间改的"}
    assert _forced(broker, record) == 0
    with pytest.raises(NotFound):
        achievements.revise(actor=broker, record_id=record.pk, values=values)

    achievements.give_custody(actor=owner, record_id=record.pk, broker_id=broker.organisation_id)
    assert _forced(broker, record) == 1
    achievements.revise(actor=broker, record_id=record.pk, values=values)
    last = Entry.objects.filter(verb="achievements.revised").latest("id")
    # Evidence: who did it, for whom, under which trust.
    assert (last.person_id, last.organisation_id) == (broker.person_id, broker.organisation_id)
    assert last.owner_id == owner.organisation_id
    given = Entry.objects.filter(verb="achievements.custody_changed").latest("id")
    assert given.payload == {"version": 1, "broker": broker.organisation_id}
    assert given.id < last.id

    # The same actor, still signed in, a moment after the trust has ended.
    achievements.give_custody(actor=owner, record_id=record.pk, broker_id=None)
    assert _forced(broker, record) == 0
    with pytest.raises((NotAllowed, NotFound)):
        achievements.revise(actor=broker, record_id=record.pk, values={"team": "晚了"})


def test_T6_a_broker_cannot_take_a_record_nor_its_owner() -> None:
    """T3 with one foot in the door: entrusted with a record is not owning it."""
    owner, broker = make.actor(Role.TTO), make.actor(Role.BROKER)
    record = make.achievement(owner)
    achievements.give_custody(actor=owner, record_id=record.pk, broker_id=broker.organisation_id)
    statement = "UPDATE achievements_achievement SET owner_id = %s WHERE id = %s"
    with (
        pytest.raises(IntegrityError, match="keeps its owner"),
        acting(broker),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [broker.organisation_id, record.pk])
    assert Achievement.objects.get(pk=record.pk).owner_id == owner.organisation_id


def test_a_broker_gives_custody_back() -> None:
    owner, broker = make.actor(Role.TTO), make.actor(Role.BROKER)
    record = make.achievement(owner)
    achievements.give_custody(actor=owner, record_id=record.pk, broker_id=broker.organisation_id)
    achievements.give_custody(actor=broker, record_id=record.pk, broker_id=None)
    assert Achievement.objects.get(pk=record.pk).custody_broker_id is None
