"""Accounts and tokens from the command line."""

from __future__ import annotations

from datetime import timedelta

from yangbanjian.ground.people import actions, queries
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop


def create_user(*, role: str, name: str, organisation: str) -> str:
    """Make an account; returns the line to print, with the password that is shown only here."""
    made = actions.create_user(actor=SYSTEM, role=role, name=name, organisation_name=organisation)
    return f"user={made.person.username} password={made.password}"


def create_token(*, user: str, expires: timedelta | None) -> str:
    """Make a token for a user, acting for their first organisation; returns it alone."""
    person = queries.person_by_username(user)
    if person is None:
        raise NotFound("people.no_person", gettext_noop("没有这个用户，请检查登录名。"))
    actor = queries.actor_of(person)
    days = max(1, round(expires / timedelta(days=1))) if expires else None
    _, secret = actions.create_token(
        actor=SYSTEM, person_id=person.pk, name="command line",
        organisation_id=actor.organisation_id, expires_days=days,
    )  # fmt: skip
    return secret
