"""Many at once, with real commits: the lock-out counts every attempt, and no more than it needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests import make, signing
from yangbanjian.ground.people import actions
from yangbanjian.ground.people.credentials import name_digest
from yangbanjian.ground.people.models import Person, SignIn
from yangbanjian.kernel.actor import ANONYMOUS
from yangbanjian.kernel.refusals import Refusal

THREADS = 8
NAME = "race-of-sign-ins"


@pytest.fixture
def person(django_db_setup: None, django_db_blocker: Any, settings: Any) -> Iterator[Person]:
    """A committed person, taken away afterwards. Failed attempts write no journal entry, so
    nothing stays behind."""
    settings.PASSWORD_HASHERS = signing.FAST
    with django_db_blocker.unblock():
        made = signing.with_password(make.person(username=NAME))
        yield made
        SignIn.objects.filter(username_digest=name_digest(NAME)).delete()
        made.delete()
        connection.close()


def test_attempts_at_once_do_not_slip_past_the_limit(person: Person) -> None:
    gate = threading.Barrier(THREADS)
    answers: list[str] = []

    def attempt() -> None:
        try:
            gate.wait(timeout=20)
            actions.sign_in(actor=ANONYMOUS, username=NAME, password="wrong")
        except Refusal as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(answers) == ["people.locked_out"] * 3 + ["people.wrong_credentials"] * 5
    assert SignIn.objects.filter(username_digest=name_digest(NAME)).count() == 5
