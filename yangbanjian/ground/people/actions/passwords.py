"""Passwords: changed with the old one, or set anew through a link in a letter."""

from __future__ import annotations

from django.contrib.auth.tokens import default_token_generator
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import letters, policy
from yangbanjian.ground.people.actions.sessions import end_all_sessions
from yangbanjian.ground.people.actions.signing_in import locked_out, remember
from yangbanjian.ground.people.credentials import check_new_password, name_digest, spend_time_on
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.people.rules.typed import LONGEST_PASSWORD, Typed
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, NotFound, Problem, Refusal
from yangbanjian.kernel.words import gettext_noop

RESET_HOURS = 24


def _set(actor: Actor, person: Person, password: str, *, but_key: str, verb: str) -> None:
    typed = Typed()
    secret = check_new_password(typed, "password", password, person)
    typed.or_refuse()
    person.set_password(secret)
    person.save(update_fields=["password"])
    owner = Actor(person_id=person.pk)
    end_all_sessions(actor=owner, person_id=person.pk, but_key=but_key)
    if person.email:
        letters.send("password_changed", to=person.email, language=person.language)
    journal.record(actor=actor, fact=journal.Fact(verb, "person", person.pk))


def confirm_password(
    *, actor: Actor, person_id: int, password: str, client_address: str = ""
) -> Person:
    """Refuse unless this is the person's password; failures count towards the lock-out."""
    policy.may_be(actor, person_id).or_refuse()
    with acting(actor):
        person = Person.objects.filter(pk=person_id, is_active=True).first()
        if person is None:
            raise NotFound("people.no_person", gettext_noop("没有这个人。"))
        digest, now = name_digest(person.username), clock.recorded_now()
        refusal: Refusal | None = locked_out(digest, client_address, now)
        if refusal is None and (
            len(password) > LONGEST_PASSWORD or not person.check_password(password)
        ):
            remember(digest, client_address, now, succeeded=False)
            sentence = gettext_noop("现在的密码不对。")
            refusal = Invalid(
                "people.wrong_password", sentence, [Problem("old_password", "wrong", sentence)]
            )
    if refusal is not None:
        raise refusal
    return person


def change_password(
    *, actor: Actor, person_id: int, old: str, new: str, session_key: str = ""
) -> Person:
    """Set a new password against the old one; all other sessions end."""
    person = confirm_password(actor=actor, person_id=person_id, password=old)
    with acting(actor):
        _set(actor, person, new, but_key=session_key, verb="people.password_changed")
    return person


def ask_reset(*, actor: Actor, email: str, client_address: str = "") -> None:
    """Ask for a link to set a new password; the answer is the same for unknown addresses."""
    letters.or_refuse()
    typed = Typed()
    address = typed.email("email", email)
    typed.or_refuse()
    with acting(actor):
        letters.refuse_flood(client_address)
        person = Person.objects.filter(email__iexact=address, erased_at=None).first()
        if person is None or (not person.is_active and person.email_verified_at is not None):
            letters.send(
                "no_account",
                to=address,
                language="zh-hans",
                path="/register",
                client_address=client_address,
            )
            return
        uid = urlsafe_base64_encode(str(person.pk).encode())
        letters.send(
            "reset",
            to=address,
            language=person.language,
            path=f"/password/reset/{uid}/{default_token_generator.make_token(person)}",
            client_address=client_address,
            hours=RESET_HOURS,
        )
        journal.record(actor=actor, fact=journal.Fact("people.reset_asked", "person", person.pk))


def _person_of(uid: str) -> Person | None:
    try:
        number = int(urlsafe_base64_decode(uid[:40]).decode())
    except (ValueError, UnicodeDecodeError):
        return None
    if not 0 < number < 2**63:
        return None
    return Person.objects.select_for_update().filter(pk=number, erased_at=None).first()


def reset_password(*, actor: Actor, uid: str, token: str, new: str) -> Person:
    """Set a new password through the letter's link, which works once. Who can read the mailbox
    has shown that the address is theirs, so an unconfirmed one counts as confirmed."""
    with acting(actor):
        person = _person_of(uid)
        if person is None or not default_token_generator.check_token(person, token[:200]):
            spend_time_on(new)
            raise Invalid(
                "people.link_expired_reset",
                gettext_noop("链接已失效或用过了。请重新找回密码，我们会再发一封信。"),
            )
        _set(actor, person, new, but_key="", verb="people.password_reset")
        if person.email_verified_at is None:
            person.email_verified_at, person.is_active = clock.now(), True
            person.save(update_fields=["email_verified_at", "is_active"])
        return person
