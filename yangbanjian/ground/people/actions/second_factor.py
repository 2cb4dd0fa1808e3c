"""The second factor: time-based codes on a phone, and recovery codes on paper."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass

import pyotp
import segno

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import letters, policy, queries
from yangbanjian.ground.people.actions.signing_in import locked_out, may_come_in, remember
from yangbanjian.ground.people.credentials import (
    LOCK_SIGN_IN,
    digest_of,
    lock,
    name_digest,
)
from yangbanjian.ground.people.models import BrowserSession, Person, RecoveryCode
from yangbanjian.ground.people.rules.codes import (
    RECOVERY_ALPHABET,
    RECOVERY_CODES,
    RECOVERY_LENGTH,
    matching_step,
    shown_recovery,
    tidy_recovery,
)
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem, Refusal
from yangbanjian.kernel.words import gettext_noop


@dataclass(frozen=True, slots=True)
class Setup:
    """What a phone needs: the secret as text, as URI, and as a QR code (an SVG element)."""

    secret: str
    uri: str
    svg: str


def _wrong_code() -> Invalid:
    sentence = gettext_noop("动态口令不对或已用过。请等下一个口令，并检查手机时间。")
    return Invalid("people.wrong_code", sentence, [Problem("code", "wrong_code", sentence)])


def _locked_person(actor: Actor, person_id: int) -> Person:
    policy.may_be(actor, person_id).or_refuse()
    person = Person.objects.select_for_update().filter(pk=person_id, erased_at=None).first()
    if person is None:
        raise NotFound("people.no_person", gettext_noop("没有这个人。"))
    return person


def _shown(person: Person, issuer: str) -> Setup:
    maker = pyotp.TOTP(person.totp_secret, name=person.username, issuer=issuer)
    uri = maker.provisioning_uri()
    picture = io.BytesIO()
    segno.make(uri, error="m").save(
        picture, kind="svg", scale=4, border=2, xmldecl=False, light="#fff"
    )
    return Setup(person.totp_secret, uri, picture.getvalue().decode())


def begin_second_factor(*, actor: Actor, person_id: int, issuer: str) -> Setup:
    """Make a secret (once; the same until confirmed) and show it. `issuer` is the site's name."""
    with acting(actor):
        person = _locked_person(actor, person_id)
        if person.totp_confirmed_at is not None:
            raise Conflict("people.second_factor_on", gettext_noop("两步验证已经开启。"))
        if not person.totp_secret:
            person.totp_secret = pyotp.random_base32()
            person.save(update_fields=["totp_secret"])
        return _shown(person, issuer)


def _make_recovery_codes(person: Person) -> list[str]:
    RecoveryCode.objects.filter(person=person).delete()
    made = [
        "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create(RecoveryCode(person=person, digest=digest_of(c)) for c in made)
    return [shown_recovery(c) for c in made]


def _notify(person: Person, kind: str) -> None:
    if person.email:
        letters.send(kind, to=person.email, language=person.language)


def confirm_second_factor(
    *, actor: Actor, person_id: int, code: str, session_key: str = "", client_address: str = ""
) -> list[str]:
    """Switch it on with the first code; returns the recovery codes, shown this once. The session
    in which it happens counts as opened with it."""
    with acting(actor):
        person = _locked_person(actor, person_id)
        if person.totp_confirmed_at is not None or not person.totp_secret:
            raise Conflict("people.second_factor_on", gettext_noop("两步验证已经开启。"))
        outcome = _first_code(person, code, client_address)
        if not isinstance(outcome, Refusal):
            BrowserSession.objects.filter(person=person, session_key=session_key).update(
                has_second_factor=True
            )
            _notify(person, "second_factor_on")
            journal.record(
                actor=actor, fact=journal.Fact("people.second_factor_on", "person", person.pk)
            )
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _first_code(person: Person, code: str, client_address: str) -> list[str] | Refusal:
    digest, now = name_digest(person.username), clock.recorded_now()
    refusal = locked_out(digest, client_address, now)
    if refusal is not None:
        return refusal
    step = matching_step(person.totp_secret, code, now, person.totp_last_step)
    if step is None:
        remember(digest, client_address, now, succeeded=False)
        return _wrong_code()
    person.totp_last_step, person.totp_confirmed_at = step, now
    person.save(update_fields=["totp_last_step", "totp_confirmed_at"])
    return _make_recovery_codes(person)


def _use_recovery(person: Person, code: str) -> bool:
    tidied = tidy_recovery(code)
    if len(tidied) != RECOVERY_LENGTH:
        return False
    used = RecoveryCode.objects.filter(
        person=person, digest=digest_of(tidied), used_at=None
    ).update(used_at=clock.recorded_now())
    return used == 1


def _accepts(person: Person, code: str) -> bool:
    """True for a fresh code of the phone or an unused recovery code; both are then spent."""
    step = matching_step(person.totp_secret, code, clock.recorded_now(), person.totp_last_step)
    if step is not None:
        person.totp_last_step = step
        person.save(update_fields=["totp_last_step"])
        return True
    return _use_recovery(person, code)


def check_second_factor(
    *, actor: Actor, person_id: int, code: str, client_address: str = ""
) -> Person:
    """The second step of signing in. Failures count towards the same lock-out as passwords."""
    with acting(actor):
        person = _locked_person(actor, person_id)
        digest = name_digest(person.username)
        lock(LOCK_SIGN_IN, digest)
        now = clock.recorded_now()
        refusal = locked_out(digest, client_address, now) or may_come_in(person)
        if refusal is None and (person.totp_confirmed_at is None or not _accepts(person, code)):
            remember(digest, client_address, now, succeeded=False)
            refusal = _wrong_code()
        if refusal is None:
            remember(digest, client_address, now, succeeded=True)
            journal.record(actor=actor, fact=journal.Fact("people.signed_in", "person", person.pk))
    if refusal is not None:
        raise refusal
    return person


def _prove(actor: Actor, person_id: int, code: str) -> None:
    """Refuse unless a code is right. Its own block: the failure is remembered."""
    check_second_factor(actor=actor, person_id=person_id, code=code)


def end_second_factor(*, actor: Actor, person_id: int, code: str) -> None:
    """Switch it off with a last code; refused to those who must have it."""
    policy.may_be(actor, person_id).or_refuse()
    if queries.must_have_second_factor(person_id):
        raise Conflict(
            "people.second_factor_needed",
            gettext_noop("您的角色必须使用两步验证，不能关闭。"),
        )
    _prove(actor, person_id, code)
    with acting(actor):
        person = _locked_person(actor, person_id)
        person.totp_secret, person.totp_confirmed_at = "", None
        person.save(update_fields=["totp_secret", "totp_confirmed_at"])
        RecoveryCode.objects.filter(person=person).delete()
        BrowserSession.objects.filter(person=person).update(has_second_factor=False)
        _notify(person, "second_factor_off")
        journal.record(
            actor=actor, fact=journal.Fact("people.second_factor_off", "person", person.pk)
        )


def new_recovery_codes(*, actor: Actor, person_id: int, code: str) -> list[str]:
    """Replace all recovery codes, against a code of the phone."""
    _prove(actor, person_id, code)
    with acting(actor):
        person = _locked_person(actor, person_id)
        codes = _make_recovery_codes(person)
        journal.record(
            actor=actor, fact=journal.Fact("people.recovery_codes_made", "person", person.pk)
        )
        return codes
