"""Makers for tests of the pages: people who are signed in, records that are public."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests import make
from tests.signing import come_in
from yangbanjian.engines.matching import jobs as matching_jobs
from yangbanjian.ground.journal import jobs as journal
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.libraries.records import actions
from yangbanjian.libraries.records import queries as records

assert matching_jobs  # its subscriptions must be known before the journal is delivered

COLD = "两座低温冷库电费太高，想在不停库的前提下把电耗降 25% 以上，预算 200 万以内"


class Visitor:
    """Somebody at a browser, signed in or not."""

    def __init__(self, role: Role | None = None, of: Any = None) -> None:
        self.client = Client()
        self.actor = Actor()
        if role is not None:
            person = make.person(role, of)
            self.actor = people.actor_of(person)
            come_in(self.client, person)

    def get(self, path: str, **headers: Any) -> Any:
        return self.client.get(path, headers=headers or None)

    def post(self, path: str, given: dict[str, Any] | None = None, **headers: Any) -> Any:
        return self.client.post(path, given or {}, headers=headers or None)


def text_of(response: Any) -> str:
    return str(response.content.decode())


def publish(record: Any, room: str) -> Any:
    """Through moderation; the matcher learns of it."""
    library = records.LIBRARIES[room]
    actions.move(actor=SYSTEM, library=library, record_id=record.pk, name="submit")
    made = actions.move(actor=SYSTEM, library=library, record_id=record.pk, name="approve")
    journal.deliver(include_own=True)
    return made
