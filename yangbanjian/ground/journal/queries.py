"""Reading the journal: a record's timeline, as this actor may see it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.models import Entry, Undelivered
from yangbanjian.kernel.actor import SYSTEM, Actor, Role


def readable_by(actor: Actor) -> Q:
    """The condition under which an entry may be read: public to all, parties' own, staff all."""
    if actor.has_any(Role.OPERATOR, Role.AUDITOR):
        return Q()
    mine = sorted(actor.mandates)
    readable = Q(audience="public")
    if mine:
        readable |= Q(audience="parties") & (Q(owner_id__in=mine) | Q(party_ids__overlap=mine))
    return readable


def timeline(*, actor: Actor, kind: str, subject_id: int) -> QuerySet[Entry]:
    """Entries about one thing, newest first."""
    return (
        Entry.objects.filter(readable_by(actor), subject_kind=kind, subject_id=subject_id)
        .select_related("remark")
        .order_by("-id")
    )


def written_by(person_id: int) -> QuerySet[Entry]:
    """What one person did, newest first: for their own export."""
    return Entry.objects.filter(person_id=person_id).select_related("remark").order_by("-id")


def undelivered_count() -> int:
    """Entries that some follower could not take after all its tries."""
    return Undelivered.objects.count()


def times(*, verbs: Collection[str], kind: str, subject_ids: Collection[int]) -> dict[int, int]:
    """How many entries of these verbs there are about each of these things."""
    rows = Entry.objects.filter(verb__in=verbs, subject_kind=kind, subject_id__in=subject_ids)
    counted = rows.values_list("subject_id").annotate(n=Count("pk")).order_by()
    with acting(SYSTEM):
        return dict(counted)


def verbs_about(*, kind: str, subject_id: int, verbs: Collection[str]) -> set[str]:
    """Which of these verbs have entries about one thing."""
    if not verbs:
        return set()
    found = Entry.objects.filter(subject_kind=kind, subject_id=subject_id, verb__in=verbs)
    with acting(SYSTEM):
        return set(found.values_list("verb", flat=True).distinct())


def times_of(verb: str) -> list[tuple[int, datetime]]:
    """(subject, business time) of every entry with this verb, oldest first: for figures."""
    found = Entry.objects.filter(verb=verb).order_by("at_business", "id")
    with acting(SYSTEM):
        return list(found.values_list("subject_id", "at_business"))


def entries(
    actor: Actor, *, verb: str = "", kind: str = "", subject_id: int | None = None,
    organisation_id: int | None = None, since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Entry]:  # fmt: skip
    """What the actor may read of the whole journal, newest first; `verb` may be its beginning."""
    found = Entry.objects.filter(readable_by(actor))
    if verb:
        found = found.filter(verb__startswith=verb)
    if kind:
        found = found.filter(subject_kind=kind)
    if subject_id is not None:
        found = found.filter(subject_id=subject_id)
    if organisation_id is not None:
        found = found.filter(Q(organisation_id=organisation_id) | Q(owner_id=organisation_id))
    if since is not None:
        found = found.filter(at_business__gte=since)
    if until is not None:
        found = found.filter(at_business__lt=until)
    return found.select_related("remark").order_by("-id")
