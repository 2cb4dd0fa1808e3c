"""The mail backend of a sandbox: letters go into a table, for `GET /api/v1/sandbox/mail`."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage, EmailMultiAlternatives
from django.db.models import QuerySet

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.messages.models import Mail
from yangbanjian.kernel.actor import SYSTEM

MOST_KEPT = 5000


class SandboxBackend(BaseEmailBackend):
    """Stores what would have been sent; does nothing outside a sandbox."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if not clock.is_sandbox():
            return 0
        with acting(SYSTEM):
            stored = Mail.objects.bulk_create(
                Mail(
                    recipients=list(message.recipients()),
                    sender=str(message.from_email),
                    subject=str(message.subject),
                    text=str(message.body),
                    html=_html(message),
                    headers=dict(message.extra_headers),
                )
                for message in email_messages
            )
            if stored:
                Mail.objects.filter(pk__lte=stored[-1].pk - MOST_KEPT).delete()
        return len(stored)


def _html(message: EmailMessage) -> str:
    shown = message.alternatives if isinstance(message, EmailMultiAlternatives) else ()
    return next((str(content) for content, kind in shown if kind == "text/html"), "")


def mails() -> QuerySet[Mail]:
    """What the sandbox has kept, newest first."""
    return Mail.objects.order_by("-id")
