"""Work of this room that falls due: forgetting what is kept for a time only."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.people.models import BrowserSession, Invitation, Letter, Person, SignIn
from yangbanjian.ground.people.rules import personal
from yangbanjian.kernel.actor import SYSTEM

BATCH = 1000


def _delete_some(rows: QuerySet[SignIn] | QuerySet[Letter] | QuerySet[Invitation]) -> int:
    some = list(rows.values_list("pk", flat=True)[:BATCH])
    rows.model._default_manager.filter(pk__in=some).delete()
    return len(some)


@due("people.retention")
def forget_old(now: datetime) -> int:
    """Delete what has outlived its retention; returns how many rows. Goes by recorded time, which
    no sandbox can shift, because these rows carry it."""
    recorded = clock.recorded_now()
    with acting(SYSTEM):
        done = _delete_some(
            SignIn.objects.filter(at__lt=recorded - timedelta(days=personal.SIGN_IN_DAYS))
        )
        done += _delete_some(
            Letter.objects.filter(sent_at__lt=recorded - timedelta(days=personal.LETTER_DAYS))
        )
        done += _delete_some(
            Invitation.objects.filter(
                made_at__lt=recorded - timedelta(days=personal.INVITATION_DAYS)
            )
        )
        # The link has long died by then.
        done += Person.objects.filter(
            email_asked_at__lt=recorded - timedelta(days=personal.EMAIL_WANTED_DAYS)
        ).update(email_wanted="", email_asked_at=None)
        done += _forget_sessions(recorded)
        done += _forget_unconfirmed(now)
    return done


def _forget_sessions(recorded: datetime) -> int:
    oldest = recorded - timedelta(days=personal.SESSION_DAYS)
    keys = list(
        BrowserSession.objects.filter(seen_at__lt=oldest).values_list("session_key", flat=True)[
            :BATCH
        ]
    )
    BrowserSession.objects.filter(session_key__in=keys).delete()
    Session.objects.filter(session_key__in=keys).delete()
    stale = list(
        Session.objects.filter(expire_date__lt=recorded).values_list("pk", flat=True)[:BATCH]
    )
    Session.objects.filter(pk__in=stale).delete()
    return len(keys) + len(stale)


def _forget_unconfirmed(now: datetime) -> int:
    """Registrations that nobody confirmed: the row goes, nothing refers to it."""
    some = list(
        Person.objects.filter(
            is_active=False,
            email_verified_at=None,
            erased_at=None,
            email__isnull=False,
            memberships=None,
            created_at__lt=now - timedelta(days=personal.UNCONFIRMED_DAYS),
        ).values_list("pk", flat=True)[:BATCH]
    )
    Person.objects.filter(pk__in=some).delete()
    return len(some)
