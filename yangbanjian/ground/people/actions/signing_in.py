"""Signing in: by password, and by another identity provider's word.

A failed attempt must be remembered although it is refused: it is written in a transaction of its
own block, and the refusal is raised after that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import queries
from yangbanjian.ground.people.credentials import (
    LOCK_SIGN_IN,
    lock,
    name_digest,
    spend_time_on,
)
from yangbanjian.ground.people.models import Identity, Person, SignIn
from yangbanjian.ground.people.rules.lockout import (
    MOST_FAILURES,
    MOST_FROM_ADDRESS,
    WINDOW,
    locked_until,
)
from yangbanjian.ground.people.rules.typed import LONGEST_EMAIL, LONGEST_PASSWORD
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotAllowed, Refusal, TooMany
from yangbanjian.kernel.words import gettext_noop

Step = Literal["in", "code", "set_up"]


@dataclass(frozen=True, slots=True)
class Opening:
    """Who it is, and what is still wanted: nothing, a code, or setting up the second factor."""

    person: Person
    step: Step


def wrong() -> NotAllowed:
    """One answer for an unknown name and a wrong password."""
    return NotAllowed(
        "people.wrong_credentials", gettext_noop("登录名或密码不对，请检查大小写和输入法。")
    )


def _locked_out(until: datetime, now: datetime) -> TooMany:
    seconds = max(1, int((until - now).total_seconds()) + 1)
    return TooMany(
        "people.locked_out",
        gettext_noop("尝试次数太多，请 %(minutes)d 分钟后再试，或者找回密码。"),
        retry_after_seconds=seconds,
        minutes=-(-seconds // 60),
    )


def locked_out(digest: str, client_address: str, now: datetime) -> TooMany | None:
    """The refusal, when this name or this address has failed too often. Reads at most as many
    rows as the limits: attempts made while locked are not stored."""
    recent = SignIn.objects.filter(at__gt=now - WINDOW)
    mine = recent.filter(username_digest=digest)
    last_good = mine.filter(succeeded=True).order_by("-at").values_list("at", flat=True).first()
    failures = mine.filter(succeeded=False)
    if last_good is not None:
        failures = failures.filter(at__gt=last_good)
    times = list(failures.order_by("-at").values_list("at", flat=True)[:MOST_FAILURES])
    until = locked_until(times, MOST_FAILURES, now)
    if until is None and client_address:
        there = recent.filter(address=client_address, succeeded=False).order_by("-at")
        times = list(there.values_list("at", flat=True)[:MOST_FROM_ADDRESS])
        until = locked_until(times, MOST_FROM_ADDRESS, now)
    return _locked_out(until, now) if until is not None else None


def remember(digest: str, client_address: str, now: datetime, *, succeeded: bool) -> None:
    SignIn.objects.create(
        username_digest=digest, address=client_address, succeeded=succeeded, at=now
    )


def _find(username: str) -> Person | None:
    found = Person.objects.filter(username=username, erased_at=None).first()
    if found is None and "@" in username:
        found = Person.objects.filter(email__iexact=username, erased_at=None).first()
    return found


def _refusal(person: Person | None, password: str) -> Refusal | None:
    """Why this person may not come in with this password."""
    if person is None or len(password) > LONGEST_PASSWORD or not person.has_usable_password():
        spend_time_on(password)
        return wrong()
    if not person.check_password(password):
        return wrong()
    return may_come_in(person)


def may_come_in(person: Person) -> Refusal | None:
    """What keeps out somebody who has proved who they are."""
    if person.is_demo and not clock.is_sandbox():
        return NotAllowed(
            "people.demo_only_in_sandbox", gettext_noop("演示账号只能在演示环境里登录。")
        )
    if person.is_active:
        return None
    if person.email_verified_at is None and person.email:
        return NotAllowed(
            "people.email_not_confirmed",
            gettext_noop("邮箱还没有确认。请打开注册时收到的信，或重新注册再收一封。"),
        )
    return NotAllowed("people.suspended", gettext_noop("账号已停用，请联系运营人员。"))


def step_of(person: Person) -> Step:
    if person.totp_confirmed_at is not None:
        return "code"
    return "set_up" if queries.must_have_second_factor(person.pk) else "in"


def sign_in(*, actor: Actor, username: str, password: str, client_address: str = "") -> Opening:
    """Check a password. Refuses with one answer for unknown names and wrong passwords, and with
    TooMany after five failures within fifteen minutes (thirty from one network address)."""
    typed = username.strip()[:LONGEST_EMAIL].replace("\x00", "")
    digest = name_digest(typed)
    with acting(actor):
        lock(LOCK_SIGN_IN, digest)
        now = clock.recorded_now()
        outcome = locked_out(digest, client_address, now) or _try(typed, password)
        if isinstance(outcome, Opening):
            _came_in(outcome, digest, client_address)
        elif outcome.code == "people.wrong_credentials":
            remember(digest, client_address, now, succeeded=False)
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _try(username: str, password: str) -> Opening | Refusal:
    person = _find(username)
    refusal = _refusal(person, password)
    if refusal is not None or person is None:
        return refusal or wrong()
    return Opening(person, step_of(person))


def _came_in(opening: Opening, digest: str, client_address: str) -> None:
    """Remember a finished sign-in; one that still wants a code is remembered with that."""
    if opening.step != "in":
        return
    remember(digest, client_address, clock.recorded_now(), succeeded=True)
    person_id = opening.person.pk
    journal.record(
        actor=Actor(person_id=person_id),
        fact=journal.Fact("people.signed_in", "person", person_id),
    )


def sign_in_by_identity(
    *, actor: Actor, issuer: str, subject: str, client_address: str = ""
) -> Opening:
    """Come in by another provider's word. The caller has verified the provider's signed token:
    `issuer` and `subject` are its claims. The second factor is asked for as after a password."""
    with acting(actor):
        known = (
            Identity.objects.filter(issuer=issuer, subject=subject).select_related("person").first()
        )
        if known is None:
            raise NotAllowed(
                "people.identity_unknown",
                gettext_noop("这个身份还没有和本站账号关联，请先用密码登录再关联。"),
            )
        refusal = may_come_in(known.person)
        if refusal is not None:
            raise refusal
        opening = Opening(known.person, step_of(known.person))
        _came_in(opening, name_digest(known.person.username), client_address)
        return opening
