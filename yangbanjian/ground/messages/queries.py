"""Reading the inbox."""

from __future__ import annotations

from django.db.models import QuerySet

from yangbanjian.ground.messages.models import Notice
from yangbanjian.kernel.actor import Actor


def inbox(actor: Actor, *, topic: str = "", unread: bool = False) -> QuerySet[Notice]:
    """One's own messages, newest first."""
    if actor.person_id is None:
        return Notice.objects.none()
    found = Notice.objects.filter(person_id=actor.person_id)
    if topic:
        found = found.filter(topic=topic)
    if unread:
        found = found.filter(read_at__isnull=True)
    return found.order_by("-id")


def unread_count(actor: Actor) -> int:
    return inbox(actor, unread=True).count()
