"""Registering with an e-mail address that is checked by a signed, expiring link."""

from __future__ import annotations

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import letters
from yangbanjian.ground.people.credentials import check_new_password, spend_time_on
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.people.rules import LANGUAGES
from yangbanjian.ground.people.rules.typed import LONGEST_NAME, Typed
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Conflict, Invalid
from yangbanjian.kernel.words import gettext_noop

SALT = "yangbanjian.people.confirm"
CONFIRM_HOURS = 48


def _state_of(person: Person) -> str:
    """Changes when the password is typed anew, so that only the newest link works."""
    return salted_hmac(SALT, person.password, algorithm="sha256").hexdigest()[:24]


def register(
    *,
    actor: Actor,
    email: str,
    name: str,
    password: str,
    language: str = "zh-hans",
    client_address: str = "",
    next_path: str = "",
) -> None:
    """Ask for an account; the letter's link makes it usable.

    The answer is the same whether or not the address is known: its owner alone learns that, by
    letter. `next_path` comes back with `confirm_email`; the caller checks it.
    """
    letters.or_refuse()
    typed = Typed()
    address = typed.email("email", email)
    called = typed.line("name", name, cap=LONGEST_NAME, required=True)
    draft = Person(username=address, email=address, name=called)
    secret = check_new_password(typed, "password", password, draft)
    spoken = typed.one_of("language", language, LANGUAGES)
    typed.or_refuse()
    with acting(actor):
        letters.refuse_flood(client_address)
        known = Person.objects.select_for_update().filter(email__iexact=address).first()
        if known is not None and (known.is_active or known.email_verified_at is not None):
            spend_time_on(secret)
            letters.send(
                "already",
                to=address,
                language=known.language,
                path="/password/forgot",
                client_address=client_address,
            )
            return
        person = known or draft
        person.name, person.language = called, spoken
        person.is_active = False
        person.created_at = clock.now()
        person.set_password(secret)
        try:
            with transaction.atomic():
                person.save()
        except IntegrityError:
            # The same address at the same moment, or a username that looks like this address.
            return
        signed = signing.dumps(
            {"p": person.pk, "s": _state_of(person), "n": next_path[:500]}, salt=SALT, compress=True
        )
        # A colon inside an address is where some mail programs end the link.
        letters.send(
            "confirm",
            to=address,
            language=spoken,
            path="/register/confirm/" + signed.replace(":", "."),
            client_address=client_address,
            name=called,
            hours=CONFIRM_HOURS,
        )
        if known is None:
            journal.record(actor=actor, fact=journal.Fact("people.registered", "person", person.pk))


def read_confirmation(signed: str) -> tuple[int, str, str]:
    """(person, state, next path) of a link; refuses one that is changed or too old."""
    try:
        said = signing.loads(
            signed[:2000].replace(".", ":"), salt=SALT, max_age=CONFIRM_HOURS * 3600
        )
        return int(said["p"]), str(said["s"]), str(said["n"])
    except signing.SignatureExpired:
        raise Invalid(
            "people.link_expired", gettext_noop("链接已过期。请重新注册，我们会再发一封信。")
        ) from None
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        raise Invalid(
            "people.link_broken",
            gettext_noop("链接不完整或已失效。请从信里整段复制，或重新注册。"),
        ) from None


def confirm_email(*, actor: Actor, signed: str) -> tuple[Person, str]:
    """Make the account usable; returns the person and where they were going."""
    person_id, state, next_path = read_confirmation(signed)
    with acting(actor):
        person = Person.objects.select_for_update().filter(pk=person_id, erased_at=None).first()
        if person is None or not constant_time_compare(state, _state_of(person)):
            sentence = gettext_noop("链接不完整或已失效。请从信里整段复制，或重新注册。")
            raise Invalid("people.link_broken", sentence)
        if person.email_verified_at is not None:
            raise Conflict("people.already_confirmed", gettext_noop("邮箱已经确认过，请直接登录。"))
        person.email_verified_at = clock.now()
        person.is_active = True
        person.save(update_fields=["email_verified_at", "is_active"])
        journal.record(
            actor=actor, fact=journal.Fact("people.email_confirmed", "person", person.pk)
        )
    return person, next_path
