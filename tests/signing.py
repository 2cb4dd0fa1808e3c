"""Signing in within tests, through the real verbs."""

from __future__ import annotations

from datetime import timedelta

import pyotp
from django.test import Client

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import actions
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import ANONYMOUS

PASSWORD = "wanli-chunfeng-71"
FAST = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def with_password(person: Person, password: str = PASSWORD) -> Person:
    person.set_password(password)
    person.save(update_fields=["password"])
    return person


def code_of(secret: str, steps: int = 0) -> str:
    """The code that a phone shows now (or some steps away)."""
    return pyotp.TOTP(secret).at(clock.recorded_now() + timedelta(seconds=30 * steps))


def come_in(client: Client, person: Person, *, has_second_factor: bool = True) -> Person:
    """A browser in which the person is signed in, with the second factor unless told otherwise."""
    client.force_login(person)
    session_key = client.session.session_key
    assert session_key
    actions.open_session(
        actor=ANONYMOUS,
        person_id=person.pk,
        session_key=session_key,
        has_second_factor=has_second_factor,
    )
    return person
