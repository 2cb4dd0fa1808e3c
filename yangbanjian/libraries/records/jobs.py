"""No dead listings: owners are reminded before a record's end, and at its end it leaves the list.

People are told what has been published under their saved searches. What they keep beside the
records is in their copy, and goes with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.journal.jobs import subscribe
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.people.actions.privacy import contribute_export
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records import actions
from yangbanjian.libraries.records.models import Draft, SavedSearch, Star
from yangbanjian.libraries.records.queries import LIBRARIES, Library, listed
from yangbanjian.libraries.records.rules.filters import filters_from
from yangbanjian.libraries.records.rules.searches import query_string

AT_ONCE = 200
ALERT_EVERY, ALERTS_AT_ONCE = timedelta(hours=1), 100


@due("records.expiring")
def warn_of_expiry(now: datetime) -> int:
    """Records within the notice period of their end: state expiring, owner told once."""
    soon = now + timedelta(days=site.settings().notice_days)
    return sum(
        _step(library, "warn", {"state": "public", "valid_until__lte": soon})
        for library in LIBRARIES.values()
    )


@due("records.expired")
def expire(now: datetime) -> int:
    """Records past their end: state expired, gone from the lists, owner told once."""
    return sum(
        _step(library, "expire", {"state": "expiring", "valid_until__lte": now})
        for library in LIBRARIES.values()
    )


_TOLD = {
    "warn": gettext_noop("「%(title)s」将于 %(until)s 到期，点「续期」说明有没有变化即可"),
    "expire": gettext_noop("「%(title)s」已到期，不再出现在列表里；续期后恢复"),
}


def _step(library: Library, name: str, condition: dict[str, Any]) -> int:
    rows = list(library.model.objects.filter(**condition).order_by("valid_until")[:AT_ONCE])
    for record in rows:
        try:
            actions.move(actor=SYSTEM, library=library, record_id=record.pk, name=name)
        except Conflict:
            continue  # somebody renewed or withdrew it a moment ago
        messages.tell_organisation(
            record.owner_id,
            Word(
                "expiry",
                _TOLD[name],
                {"title": record.title, "until": record.valid_until.date().isoformat()},
                url=f"/{library.room}/{record.pk}",
                needs_action=True,
                once=f"{name}:{library.kind}:{record.pk}:{record.valid_until.date()}",
            ),
        )
    return len(rows)


@due("records.alerts")
def tell_of_news(now: datetime) -> int:
    """At most once an hour each: what is new since the person was last told."""
    waiting = SavedSearch.objects.filter(seen_until__lte=now - ALERT_EVERY).select_related("person")
    found = list(waiting.order_by("seen_until", "pk")[:ALERTS_AT_ONCE])
    for search in found:
        _look(search, now)
    return len(found)


def _look(search: SavedSearch, now: datetime) -> None:
    library = LIBRARIES.get(search.library)
    if library is not None:
        actor = people.actor_of(search.person)
        news = listed(library, actor, filters_from(search.query))
        news = news.filter(published_at__gt=search.seen_until, published_at__lte=now)
        count = news.count()
        if count and not actor.is_anonymous:
            word = Word(
                "search",
                gettext_noop("您订阅的「%(name)s」新增 %(count)d 项"),
                {"name": search.name or library.label, "count": count},
                url=f"/{library.room}?{query_string(search.query)}",
                once=f"search:{search.pk}:{now.isoformat()}",
            )
            messages.tell([search.person_id], word)
    SavedSearch.objects.filter(pk=search.pk).update(seen_until=now)


_DECIDED = {
    "published": gettext_noop("「%(title)s」已通过审核，现在公开了"),
    "returned": gettext_noop("「%(title)s」被退回：%(reason)s"),
}
_VERBS = tuple(f"{r}.{v}" for r in ("achievements", "demands", "experts") for v in _DECIDED)


@subscribe("records.decisions", *_VERBS)
def tell_owners(news: Sequence[Entry]) -> None:
    """The owner learns what the operator decided about a submission, and why."""
    for entry in news:
        room, _, decided = entry.verb.partition(".")
        record = LIBRARIES[room].model.objects.filter(pk=entry.subject_id).first()
        if record is None:
            continue
        reason = entry.remark.text if hasattr(entry, "remark") else ""
        messages.tell_organisation(
            record.owner_id,
            Word(
                "moderation",
                _DECIDED[decided],
                {"title": record.title, "reason": reason},
                url=f"/{room}/{record.pk}",
                needs_action=decided == "returned",
                once=f"{entry.verb}:{entry.pk}",
            ),
        )


@subscribe("records.erased", "people.erased")
def forget_erased(news: Sequence[Entry]) -> None:
    """An erased person's drafts, saved searches and stars go with the rest."""
    erased = [e.subject_id for e in news]
    for table in (Draft, SavedSearch, Star):
        table.objects.filter(person_id__in=erased).delete()


@contribute_export("drafts")
def _drafts(person_id: int) -> list[dict[str, Any]]:
    kept = Draft.objects.filter(person_id=person_id).order_by("pk")
    return [
        {"form": d.form, "content": d.content, "saved_at": d.saved_at.isoformat()} for d in kept
    ]


@contribute_export("searches")
def _searches(person_id: int) -> list[dict[str, Any]]:
    kept = SavedSearch.objects.filter(person_id=person_id).order_by("pk")
    return [
        {
            "library": s.library,
            "name": s.name,
            "query": s.query,
            "made_at": s.made_at.isoformat(),
        }
        for s in kept
    ]


@contribute_export("stars")
def _stars(person_id: int) -> list[dict[str, Any]]:
    kept = Star.objects.filter(person_id=person_id).order_by("pk")
    return [
        {"library": s.library, "record": s.record_id, "made_at": s.made_at.isoformat()}
        for s in kept
    ]
