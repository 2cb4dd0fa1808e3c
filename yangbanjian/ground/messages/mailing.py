"""Sending people their messages by e-mail, each at most once.

A person's messages are marked as mailed in a transaction of its own, then the mail is handed over:
two workers can't take the same ones, and a worker that dies in between loses a mail, which still
stands in the inbox, rather than sending it twice. Only where the server says itself that it did
not take the mail, they wait for another turn.
"""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Exists, Min, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.messages import letters, rules
from yangbanjian.ground.messages.models import Notice
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.people.actions.mail_choices import mail_choice_path
from yangbanjian.ground.people.letters import can_send
from yangbanjian.ground.people.models import Membership, Person
from yangbanjian.ground.people.rules import DEFAULT_MAIL
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import SYSTEM

log = logging.getLogger(__name__)
PEOPLE_AT_ONCE = 50
MOST_IN_ONE = 500


def is_configured() -> bool:
    """A way out, and an address of this site that a link can lead to from elsewhere."""
    return can_send() and bool(settings.YBJ_PUBLIC_URL or clock.is_sandbox())


def mail_due(now: datetime) -> int:
    """Send what is due to some people; returns how many mails went out."""
    if not is_configured():
        return 0
    digest_at = rules.last_digest(now, clock.site_zone(), site.settings().digest_hour)
    person_ids = _whom(now, digest_at)
    if not person_ids:
        return 0
    way_out = get_connection()
    try:
        way_out.open()
    except (OSError, smtplib.SMTPException) as error:
        log.warning("mail server can't be reached: %s", error)
        return 0
    try:
        return _send_all(way_out, person_ids, now, digest_at)
    finally:
        way_out.close()


def _waiting(now: datetime) -> QuerySet[Notice]:
    """What nobody has read or mailed, for people whose address is verified; of an organisation
    only while they belong to it."""
    member = Membership.objects.filter(
        person_id=OuterRef("person_id"),
        organisation_id=OuterRef("organisation_id"),
        period__contains=now,
    ).exclude(organisation__state="suspended")
    reached = Q(
        person__is_active=True,
        person__erased_at=None,
        person__email__isnull=False,
        person__email_verified_at__isnull=False,
    )
    if not clock.is_sandbox():
        reached &= Q(person__is_demo=False)
    return Notice.objects.filter(
        reached,
        Q(organisation_id=None) | Exists(member),
        Q(mail_after=None) | Q(mail_after__lte=now),
        read_at=None,
        mailed_at=None,
        made_at__gt=now - rules.NEWS_FOR,
        made_at__lte=now,
    )


def _whom(now: datetime, digest_at: datetime) -> list[int]:
    """Who has something due, longest waiting first: what `rules.to_mail` says, for many."""
    chosen = Coalesce(
        KeyTextTransform("mail", "person__preferences"), Value(DEFAULT_MAIL, TextField())
    )
    ripe = Q(made_at__lte=now - rules.PATIENCE)
    due = (
        Q(chosen="at_once") & ripe
        | Q(chosen__in=("answer", "daily"), needs_action=True) & ripe
        | Q(chosen="daily", needs_action=False, made_at__lt=digest_at)
    )
    found = _waiting(now).annotate(chosen=chosen).filter(due).values("person_id")
    ranked = found.annotate(first=Min("made_at")).order_by("first", "person_id")
    return list(ranked.values_list("person_id", flat=True)[:PEOPLE_AT_ONCE])


def _send_all(
    way_out: BaseEmailBackend, person_ids: list[int], now: datetime, digest_at: datetime
) -> int:
    sent = 0
    for person_id in person_ids:
        taken = _take(person_id, now, digest_at)
        if taken is None:
            continue
        message, notice_ids = taken
        try:
            sent += way_out.send_messages([message]) or 0
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
            _refused(error, person_id, notice_ids, now)
        except (OSError, smtplib.SMTPException) as error:
            # It may have been taken: better one mail too few than the same one twice.
            log.warning("mail to person %s broke off: %s", person_id, type(error).__name__)
            break
    return sent


def _take(
    person_id: int, now: datetime, digest_at: datetime
) -> tuple[EmailMessage, list[int]] | None:
    """Mark a person's messages as mailed, for good, and write the mail; None when others did."""
    # Durable: were it part of a greater transaction, undoing that would send them again.
    with transaction.atomic(durable=True), acting(SYSTEM):
        person = (
            Person.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(pk=person_id)
            .first()
        )
        if person is None:
            return None
        waiting = list(_waiting(now).filter(person_id=person_id).order_by("id")[:MOST_IN_ONE])
        notices = rules.to_mail(people.mail_choice(person), waiting, now, digest_at)
        if not notices:
            return None
        message = letters.write(person, notices, mail_choice_path(person))
        ids = [n.pk for n in notices]
        Notice.objects.filter(pk__in=ids).update(mailed_at=now)
        return message, ids


def _refused(
    error: smtplib.SMTPException, person_id: int, notice_ids: list[int], now: datetime
) -> None:
    """The server did not take it. For now only: they wait; for good: the inbox has them."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
    else:
        codes = [int(getattr(error, "smtp_code", 0))]
    log.warning("mail to person %s was refused: %s", person_id, codes)
    if all(400 <= code < 500 for code in codes):
        with acting(SYSTEM):
            Notice.objects.filter(pk__in=notice_ids).update(
                mailed_at=None, mail_after=now + rules.NEXT_TRY
            )
