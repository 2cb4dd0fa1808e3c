"""Changing one's own e-mail address: asked with the password, effective by the new mailbox's link."""

from __future__ import annotations

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import letters
from yangbanjian.ground.people.actions.passwords import confirm_password
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.people.rules.typed import Typed
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, Problem
from yangbanjian.kernel.words import gettext_noop

SALT = "yangbanjian.people.email"
HOURS = 24
_BROKEN = gettext_noop("链接不完整或已失效。请从信里整段复制，或在账号设置里重新填写新邮箱。")


def _is_taken(address: str, person_id: int) -> bool:
    """By somebody's address, or by a name to sign in with that reads the same."""
    known = Person.objects.filter(Q(email__iexact=address) | Q(username__iexact=address))
    return known.exclude(pk=person_id).exists()


def ask_email_change(
    *, actor: Actor, person_id: int, email: str, password: str, client_address: str = ""
) -> None:
    """Send a link to the new address and word of it to the old one; nothing else changes yet.

    The answer is the same whether or not the new address belongs to another account: only who
    reads that mailbox learns it.
    """
    letters.or_refuse()
    typed = Typed()
    address = typed.email("email", email)
    typed.or_refuse()
    confirm_password(
        actor=actor, person_id=person_id, password=password, client_address=client_address
    )
    with acting(actor):
        letters.refuse_flood(client_address)
        person = Person.objects.select_for_update().get(pk=person_id)
        if address == (person.email or "").lower():
            sentence = gettext_noop("这就是您现在的邮箱，请填另一个。")
            raise Invalid("people.same_email", sentence, [Problem("email", "same", sentence)])
        person.email_wanted, person.email_asked_at = address, clock.recorded_now()
        person.save(update_fields=["email_wanted", "email_asked_at"])
        if person.email:
            letters.send(
                "email_asked", to=person.email, language=person.language,
                client_address=client_address,
            )  # fmt: skip
        if _is_taken(address, person_id):
            letters.send(
                "email_taken", to=address, language=person.language, client_address=client_address
            )
        else:
            signed = signing.dumps({"p": person_id, "e": address}, salt=SALT, compress=True)
            letters.send(
                "email_new", to=address, language=person.language,
                path="/email/confirm/" + signed.replace(":", "."),
                client_address=client_address, name=person.display_name, hours=HOURS,
            )  # fmt: skip
        fact = journal.Fact("people.email_change_asked", "person", person_id)
        journal.record(actor=actor, fact=fact)


def read_email_change(signed: str) -> tuple[int, str]:
    """(person, new address) of a link; refuses one that is changed or too old."""
    try:
        said = signing.loads(signed[:2000].replace(".", ":"), salt=SALT, max_age=HOURS * 3600)
        return int(said["p"]), str(said["e"])
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        raise Invalid("people.email_link_broken", _BROKEN) from None


def confirm_email_change(*, actor: Actor, signed: str) -> Person:
    """Let the new address hold. Whoever has the link reads the new mailbox and is let in by it
    alone; only the newest link works, and only once."""
    person_id, address = read_email_change(signed)
    with acting(actor):
        person = (
            Person.objects.select_for_update()
            .filter(pk=person_id, is_active=True, erased_at=None, email_wanted=address)
            .first()
        )
        if person is None or _is_taken(address, person_id):
            raise Invalid("people.email_link_broken", _BROKEN)
        before = person.email or ""
        # Who registered signs in by the address: the old one must not stay a key to the account.
        if person.username.lower() == before.lower() and before:
            person.username = address
        person.email, person.email_verified_at = address, clock.now()
        person.email_wanted, person.email_asked_at = "", None
        try:
            with transaction.atomic():
                person.save()
        except IntegrityError:
            # The same address at the same moment.
            raise Invalid("people.email_link_broken", _BROKEN) from None
        if before:
            letters.send("email_changed", to=before, language=person.language)
        fact = journal.Fact("people.email_changed", "person", person_id)
        journal.record(actor=actor, fact=fact)
    return person
