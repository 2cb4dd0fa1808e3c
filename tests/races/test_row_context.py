"""A connection goes from actor to actor: what one may see is never left over for the next (T2)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client

from tests import make
from tests.signing import come_in
from yangbanjian.ground.database.transactions import acting, each_as
from yangbanjian.ground.people import queries
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.libraries.achievements.models import Achievement

pytestmark = pytest.mark.usefixtures("own_database")


def on_one_connection(work: Callable[[], Any]) -> Any:
    """The work in a thread with a connection that nobody has used: nobody is told there."""
    done: list[Any] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as problem:  # told to the test, which runs in another thread
            failed.append(problem)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


def two_owners() -> tuple[Actor, Actor, set[int]]:
    one, other = make.actor(Role.TTO), make.actor(Role.TTO)
    made = {make.achievement(one).pk, make.achievement(other).pk}
    return one, other, made


def seen(made: set[int]) -> set[int]:
    return set(Achievement.objects.filter(pk__in=made).values_list("owner_id", flat=True))


def owner(actor: Actor) -> set[int]:
    assert actor.organisation_id is not None
    return {actor.organisation_id}


def test_T2_what_one_may_see_ends_with_the_transaction() -> None:
    one, other, made = two_owners()

    def work() -> None:
        assert seen(made) == set()
        for actor in (one, other, one):
            with acting(actor):
                assert seen(made) == owner(actor)
            assert seen(made) == set()
        with acting(SYSTEM):
            assert seen(made) == owner(one) | owner(other)
        with acting(ANONYMOUS):
            assert seen(made) == set()

    on_one_connection(work)


def test_T2_an_abort_leaves_nothing_behind() -> None:
    one, other, made = two_owners()

    def work() -> None:
        with pytest.raises(DatabaseError), acting(one), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert seen(made) == set()
        with acting(other):
            # A savepoint of another that fails gives the first one back.
            with pytest.raises(DatabaseError), acting(one), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
            assert seen(made) == owner(other)
            with acting(SYSTEM):
                assert seen(made) == owner(one) | owner(other)
            assert seen(made) == owner(other)
        assert seen(made) == set()

    on_one_connection(work)


def test_T2_statements_outside_a_transaction_have_their_actor_and_no_other() -> None:
    one, other, made = two_owners()

    def work() -> None:
        with each_as(one):
            assert seen(made) == owner(one)
            with acting(other):
                assert seen(made) == owner(other)
            with each_as(SYSTEM):
                assert seen(made) == owner(one) | owner(other)
                # Read in pieces, by a cursor that outlives its statement.
                found = Achievement.objects.filter(pk__in=made).order_by("pk")
                assert len(list(found.iterator(chunk_size=1))) == 2
            assert seen(made) == owner(one)
        assert seen(made) == set()

    on_one_connection(work)


def test_T2_a_plain_transaction_has_the_actor_of_the_work_around_it() -> None:
    one, other, made = two_owners()

    def work() -> None:
        with each_as(one), transaction.atomic():
            assert seen(made) == owner(one)
            with acting(other):
                assert seen(made) == owner(other)
            assert seen(made) == owner(one)
            with pytest.raises(DatabaseError), transaction.atomic():
                connection.cursor().execute("SELECT 1 / 0")
            assert seen(made) == owner(one)
        with transaction.atomic():
            assert seen(made) == set()

    on_one_connection(work)


def test_T2_requests_of_two_owners_on_one_connection() -> None:
    """Interleaved, one of them failing midway: each meets its own drafts, nobody meets any."""
    people = [make.person(Role.TTO), make.person(Role.TTO)]
    titles = ["第一家的草稿离子泵", "第二家的草稿离子泵"]
    for person, title in zip(people, titles, strict=True):
        make.achievement(queries.actor_of(person), title=title)
    clients = [Client(raise_request_exception=False) for _ in people]
    for client, person in zip(clients, people, strict=True):
        come_in(client, person)

    def work() -> list[Any]:
        said = []
        for turn in range(3):
            for client in clients:
                said.append(client.get("/api/v1/achievements?state=draft").json())
                if turn == 1:
                    # Refused, or broken off: whatever happens, it is over.
                    client.post("/desk/imports", {})
            said.append(Client().get("/api/v1/achievements?state=draft").json())
        return said

    said = on_one_connection(work)
    for number, page in enumerate(said):
        mine = number % 3
        met = [title in str(page) for title in titles]
        assert met == [mine == 0, mine == 1], number
