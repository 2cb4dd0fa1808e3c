"""Accounts: made by the operator or the command line, described by their owner, suspended."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from django.db import IntegrityError, transaction

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import policy
from yangbanjian.ground.people.actions.memberships import check_role, grant
from yangbanjian.ground.people.actions.organisations import reason_or_refuse, write_organisation
from yangbanjian.ground.people.actions.sessions import end_all_sessions
from yangbanjian.ground.people.credentials import LOCK_OPERATORS, check_new_password, lock
from yangbanjian.ground.people.models import Organisation, Person
from yangbanjian.ground.people.rules import HOME_OF_ROLE, LANGUAGES, MAIL_CHOICES
from yangbanjian.ground.people.rules.typed import LONGEST_EMAIL, LONGEST_NAME, Typed
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem
from yangbanjian.kernel.words import gettext_noop


class Created(NamedTuple):
    """A new account, with the password to hand over once."""

    person: Person
    password: str


def _home(actor: Actor, role: Role, organisation_id: int | None, called: str) -> Organisation:
    """Where the new person belongs: the named organisation; for operators and auditors the
    authority that runs the site; else a new organisation of the kind that is the role's home."""
    if organisation_id is not None:
        found = Organisation.objects.filter(pk=organisation_id).first()
        if found is None:
            raise NotFound("people.no_organisation", gettext_noop("没有这个单位。"))
        return found
    kind = HOME_OF_ROLE[role]
    if kind == "authority":
        running = Organisation.objects.filter(kind=kind).exclude(state="suspended")
        first = running.order_by("id").first()
        if first is not None:
            return first
    return write_organisation(actor=actor, kind=kind, values={"name": called}, state="verified")


def create_user(
    *,
    actor: Actor,
    role: str,
    name: str,
    username: str = "",
    email: str = "",
    password: str = "",
    organisation_id: int | None = None,
    organisation_name: str = "",
    is_demo: bool = False,
    can_sign_in: bool = True,
) -> Created:
    """Make an account with a role; returns it with a password (a random one unless given).

    Without `can_sign_in` there is none, and nobody can sign in until one is set.

    `username` is what they sign in with (the e-mail address, or the name). Raises Invalid where
    it is taken or unusable.
    """
    policy.may_operate(actor).or_refuse()
    typed = Typed()
    called = typed.line("name", name, cap=LONGEST_NAME, required=True)
    address = typed.email("email", email, required=False)
    sign_in_name = typed.line("username", username or address or name, cap=LONGEST_EMAIL)
    given = typed.one_of("role", role, [r.value for r in Role])
    draft = Person(username=sign_in_name, name=called, email=address or None, is_demo=is_demo)
    secret = password or secrets.token_urlsafe(15)
    check_new_password(typed, "password", secret, draft)
    typed.or_refuse()
    with acting(actor):
        draft.created_at = clock.now()
        draft.email_verified_at = draft.created_at if address else None
        draft.set_password(secret if can_sign_in else None)
        try:
            with transaction.atomic():
                draft.save()
        except IntegrityError:
            sentence = gettext_noop("这个登录名或邮箱已有账号，请换一个。")
            raise Invalid(
                "people.name_taken", sentence, [Problem("username", "taken", sentence)]
            ) from None
        journal.record(actor=actor, fact=journal.Fact("people.user_made", "person", draft.pk))
        home = _home(actor, Role(given), organisation_id, organisation_name or called)
        check_role(home, given)
        grant(actor=actor, person=draft, organisation=home, role=Role(given))
    return Created(draft, secret)


def _locked_self(actor: Actor, person_id: int) -> Person:
    policy.may_be(actor, person_id).or_refuse()
    person = Person.objects.select_for_update().filter(pk=person_id, erased_at=None).first()
    if person is None:
        raise NotFound("people.no_person", gettext_noop("没有这个人。"))
    return person


def change_profile(*, actor: Actor, person_id: int, name: str, phone: str = "") -> Person:
    """Change one's name and telephone number."""
    typed = Typed()
    called = typed.line("name", name, cap=LONGEST_NAME, required=True)
    number = typed.phone("phone", phone)
    typed.or_refuse()
    with acting(actor):
        person = _locked_self(actor, person_id)
        changed = [
            field
            for field, value in (("name", called), ("phone", number))
            if getattr(person, field) != value
        ]
        if changed:
            person.name, person.phone = called, number
            person.save(update_fields=changed)
            journal.record(
                actor=actor,
                fact=journal.Fact(
                    "people.profile_changed", "person", person_id, payload={"fields": changed}
                ),
            )
        return person


def set_preferences(
    *,
    actor: Actor,
    person_id: int,
    language: str | None = None,
    mail: str | None = None,
) -> Person:
    """Set language and what to be told by e-mail (a key of MAIL_CHOICES); what is absent stays."""
    typed = Typed()
    if language is not None:
        typed.one_of("language", language, LANGUAGES)
    if mail is not None:
        typed.one_of("mail", mail, MAIL_CHOICES)
    typed.or_refuse()
    with acting(actor):
        person = _locked_self(actor, person_id)
        if language is not None:
            person.language = language
        if mail is not None:
            person.preferences = {**person.preferences, "mail": mail}
        person.save(update_fields=["language", "preferences"])
        journal.record(
            actor=actor, fact=journal.Fact("people.preferences_set", "person", person_id)
        )
        return person


def _locked_other(person_id: int) -> Person:
    person = Person.objects.select_for_update().filter(pk=person_id, erased_at=None).first()
    if person is None:
        raise NotFound("people.no_person", gettext_noop("没有这个人。"))
    return person


def suspend_person(*, actor: Actor, person_id: int, reason: str) -> Person:
    """Keep somebody out until they are reinstated; their sessions end and tokens rest."""
    policy.may_operate(actor).or_refuse()
    kept = reason_or_refuse(reason)
    with acting(actor):
        lock(LOCK_OPERATORS)
        person = _locked_other(person_id)
        if policy.is_last_operator(person_id):
            raise Conflict(policy.LAST_OPERATOR.code, policy.LAST_OPERATOR.reason)
        if not person.is_active:
            raise Conflict("people.suspended_already", gettext_noop("账号已经停用。"))
        person.is_active = False
        # Told apart from an address that was never confirmed, which a letter could revive.
        person.email_verified_at = person.email_verified_at or clock.now()
        person.save(update_fields=["is_active", "email_verified_at"])
        end_all_sessions(actor=actor, person_id=person_id)
        journal.record(
            actor=actor,
            fact=journal.Fact("people.person_suspended", "person", person_id, remark=kept),
        )
        return person


def reinstate_person(*, actor: Actor, person_id: int) -> Person:
    """Let a suspended person in again."""
    policy.may_operate(actor).or_refuse()
    with acting(actor):
        person = _locked_other(person_id)
        if person.is_active:
            raise Conflict("people.active_already", gettext_noop("账号已经可以使用。"))
        if person.email_verified_at is None:
            raise Conflict(
                "people.email_not_confirmed_yet", gettext_noop("邮箱还没有确认，要由本人确认。")
            )
        person.is_active = True
        person.save(update_fields=["is_active"])
        journal.record(
            actor=actor, fact=journal.Fact("people.person_reinstated", "person", person_id)
        )
        return person
