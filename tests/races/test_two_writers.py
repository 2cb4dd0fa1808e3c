"""Two writers who read the same version and write at the same moment: one is done, the other is
told that it has moved on, and nothing is written twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from tests import make
from tests.faces.calling import client_as, client_of, get, patch, post
from tests.faces.matching import match_between, published
from yangbanjian.engines.matching import actions
from yangbanjian.faces.api import introductions
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.people.models import Organisation
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.libraries.achievements import actions as achievements

WRITERS = 4
pytestmark = pytest.mark.usefixtures("own_database")


def at_once(write: Callable[[int], Any]) -> list[int]:
    """The statuses of the same write by several at once."""
    gate = threading.Barrier(WRITERS)
    statuses: list[int] = []

    def run(number: int) -> None:
        try:
            gate.wait(timeout=30)
            statuses.append(write(number).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(statuses)


ONE_WINS = [200] + [412] * (WRITERS - 1)


def _seen(client: Client, path: str) -> dict[str, str]:
    return {"If-Match": get(client, path).headers["ETag"]}


def test_a_profile() -> None:
    operator, organisation = client_as(Role.OPERATOR), make.organisation()
    path = f"/organisations/{organisation.pk}"
    seen = _seen(operator, path)
    statuses = at_once(lambda n: patch(operator, path, {"intro": f"第{n}种说法"}, **seen))
    assert statuses == ONE_WINS


def test_a_judgement_of_an_organisation() -> None:
    operator, organisation = client_as(Role.OPERATOR), make.organisation(state="claimed")
    path = f"/organisations/{organisation.pk}"
    seen = _seen(operator, path)
    assert at_once(lambda _: post(operator, f"{path}/moves/verify", {}, **seen)) == ONE_WINS
    assert Organisation.objects.get(pk=organisation.pk).state == "verified"
    assert patch(operator, path, {"intro": "再说一句"}, **seen).status_code == 412


def test_a_move_of_an_introduction() -> None:
    seeker = make.person(Role.ENTERPRISE)
    match = match_between(_actor(seeker), make.actor(Role.TTO))
    client, path = client_of(seeker), f"/matches/{match.pk}"
    seen = _seen(client, path)
    statuses = at_once(
        lambda n: post(client, f"{path}/moves/interested", {"note": f"第{n}句"}, **seen)
    )
    assert statuses == ONE_WINS
    told = get(client, path).json()
    assert (told["state"], told["version"]) == ("interested", 2)


def test_a_move_of_a_record() -> None:
    owner = make.person(Role.TTO)
    record = published(achievements, make.achievement(_actor(owner)), _actor(owner))
    client, path = client_of(owner), f"/achievements/{record.pk}"
    seen = _seen(client, path)
    assert at_once(lambda _: post(client, f"{path}/moves/withdraw", {}, **seen)) == ONE_WINS


def test_a_change_of_a_record() -> None:
    owner = make.person(Role.TTO)
    record = make.achievement(_actor(owner))
    client, path = client_of(owner), f"/achievements/{record.pk}"
    seen = _seen(client, path)
    statuses = at_once(lambda n: patch(client, path, {"title": f"余热回收系统第{n}版"}, **seen))
    assert statuses == ONE_WINS
    assert get(client, path).json()["version"] == 2


def test_every_move_of_an_introduction_counts_as_a_version() -> None:
    assert {f"matches.{past}" for past in actions._PAST.values()} == set(introductions.MOVED)


def _actor(person: Any) -> Actor:
    return people.actor_of(person)
