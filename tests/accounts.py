"""Accounts within tests, made and used by the real verbs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail

from tests import make, signing
from yangbanjian.ground.people import actions, queries
from yangbanjian.ground.people.models import Claim, Invitation, Person
from yangbanjian.kernel.actor import ANONYMOUS, Actor
from yangbanjian.kernel.identifiers import make_uscc
from yangbanjian.kernel.refusals import Refusal

EMAIL, PASSWORD = "lin@example.com", signing.PASSWORD
Capture = Any


def refusal_of(do: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        do()
    return refused.value


def code_of(do: Any) -> str:
    return refusal_of(do).code


def register(**values: str) -> None:
    given = {"email": EMAIL, "name": "林知远", "password": PASSWORD, **values}
    actions.register(actor=ANONYMOUS, **given)  # type: ignore[arg-type]


def letter(capture: Capture, do: Any) -> str:
    """What the one letter says that `do` sends."""
    mail.outbox.clear()
    with capture(execute=True):
        do()
    assert len(mail.outbox) == 1
    return str(mail.outbox[0].body)


def link(text: str, prefix: str) -> str:
    found = re.search(re.escape(prefix) + r"(\S+)", text)
    assert found is not None, text
    return found[1]


def attempt(username: str = "zhao", password: str = PASSWORD, address: str = "") -> Any:
    return actions.sign_in(
        actor=ANONYMOUS, username=username, password=password, client_address=address
    )


def person(**values: Any) -> Person:
    return signing.with_password(make.person(username="zhao", **values))


def with_second_factor(who: Person) -> tuple[Person, str, list[str]]:
    actor = Actor(person_id=who.pk)
    setup = actions.begin_second_factor(actor=actor, person_id=who.pk, issuer="技术大市场")
    assert "<svg" in setup.svg
    assert setup.uri.startswith("otpauth://totp/")
    codes = actions.confirm_second_factor(
        actor=actor, person_id=who.pk, code=signing.code_of(setup.secret, -1)
    )
    return who, setup.secret, codes


def as_actor(person: Person) -> Actor:
    """A person with or without an organisation, signed in."""
    return queries.actor_of(person)


def claim_new(actor: Actor, **more: Any) -> Claim:
    given = {"kind": "enterprise", "role": "enterprise", "name": "青桥冷链", "uscc": make_uscc(1)}
    given |= more
    return actions.claim_organisation(
        actor=actor,
        role=given.pop("role"),
        kind=given.pop("kind"),
        values=given,
        evidence="生产部",
    )


def invite(actor: Actor, email: str = "qian@example.com", role: str = "enterprise") -> Invitation:
    assert actor.organisation_id is not None
    return actions.invite(
        actor=actor, organisation_id=actor.organisation_id, email=email, role=role
    )
