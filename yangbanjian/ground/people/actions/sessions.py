"""Where a person is signed in: seen, chosen for, and ended."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models import F

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import policy, queries
from yangbanjian.ground.people.models import BrowserSession, Organisation, Person
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotAllowed, NotFound
from yangbanjian.kernel.words import gettext_noop

LONGEST_AGENT = 200
MOST_SESSIONS = 50
SEEN_EVERY = timedelta(minutes=5)


def open_session(
    *,
    actor: Actor,
    person_id: int,
    session_key: str,
    client_address: str = "",
    agent: str = "",
    has_second_factor: bool = False,
) -> BrowserSession:
    """Note a session that has just been opened; the oldest of too many are ended."""
    with acting(actor):
        now = clock.recorded_now()
        opened, _ = BrowserSession.objects.update_or_create(
            session_key=session_key,
            defaults={
                "person_id": person_id,
                "address": client_address,
                "agent": agent.replace("\x00", "")[:LONGEST_AGENT],
                "has_second_factor": has_second_factor,
                "made_at": now,
                "seen_at": now,
            },
        )
        _end(list(queries.sessions_of(person_id)[MOST_SESSIONS:]))
        return opened


def see_session(session: BrowserSession) -> None:
    """Note that a session is in use; writes at most every five minutes."""
    now = clock.recorded_now()
    if now - session.seen_at >= SEEN_EVERY:
        BrowserSession.objects.filter(pk=session.pk).update(seen_at=now)


def _end(sessions: list[BrowserSession]) -> int:
    keys = [s.session_key for s in sessions]
    Session.objects.filter(session_key__in=keys).delete()
    BrowserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


def end_session(*, actor: Actor, session_id: int) -> None:
    """End one of one's sessions, wherever it is open."""
    with acting(actor):
        session = BrowserSession.objects.filter(pk=session_id).first()
        if session is None:
            raise NotFound("people.no_session", gettext_noop("这个登录已经退出了。"))
        policy.END_SESSION.may(actor, session).or_refuse()
        _end([session])
        journal.record(
            actor=actor, fact=journal.Fact("people.session_ended", "person", session.person_id)
        )


def end_all_sessions(*, actor: Actor, person_id: int, but_key: str = "") -> int:
    """End all sessions of a person (but one); returns how many. Without `but_key`, also those
    that are just being opened."""
    if not actor.is_operator:
        policy.may_be(actor, person_id).or_refuse()
    with acting(actor):
        if not but_key:
            Person.objects.filter(pk=person_id).update(session_epoch=F("session_epoch") + 1)
        sessions = BrowserSession.objects.filter(person_id=person_id).exclude(session_key=but_key)
        ended = _end(list(sessions))
        journal.record(
            actor=actor,
            fact=journal.Fact("people.sessions_ended", "person", person_id, payload={"n": ended}),
        )
        return ended


def sign_out(*, actor: Actor, session_key: str) -> None:
    """Forget the session; the caller flushes its cookie."""
    with acting(actor):
        if actor.person_id is not None:
            BrowserSession.objects.filter(
                session_key=session_key, person_id=actor.person_id
            ).delete()
            journal.record(
                actor=actor, fact=journal.Fact("people.signed_out", "person", actor.person_id)
            )


def choose_organisation(
    *, actor: Actor, organisation_id: int, session_key: str = ""
) -> Organisation:
    """Act for another of one's organisations from now on, in this session."""
    with acting(actor):
        found = Organisation.objects.filter(pk=organisation_id, pk__in=actor.mandates).first()
        if found is None:
            raise NotAllowed(policy.NOT_YOUR_ORGANISATION.code, policy.NOT_YOUR_ORGANISATION.reason)
        BrowserSession.objects.filter(
            session_key=session_key, person_id=actor.person_id or 0
        ).update(organisation_id=organisation_id)
        return found
