"""Telling people, and their reading it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.messages.models import Notice
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import NotAllowed
from yangbanjian.kernel.words import gettext_noop


@dataclass(frozen=True, slots=True)
class Word:
    """What is to be told: a sentence (catalogue key) with parameters, and where it leads.

    `once` names the fact: the same person is told the same fact one time only."""

    topic: str
    sentence: str
    params: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""
    needs_action: bool = False
    once: str = ""


def tell(person_ids: Iterable[int], word: Word, organisation_id: int | None = None) -> int:
    """Put a word in each inbox; returns how many were new. Call inside an action or a job."""
    with acting(SYSTEM):
        return _put(person_ids, word, organisation_id)


def _put(person_ids: Iterable[int], word: Word, organisation_id: int | None) -> int:
    now = clock.now()
    rows = [
        Notice(
            person_id=person_id,
            organisation_id=organisation_id,
            topic=word.topic,
            sentence=word.sentence,
            params=dict(word.params),
            url=word.url,
            needs_action=word.needs_action,
            once=word.once,
            made_at=now,
        )
        for person_id in sorted(set(person_ids))
    ]
    if word.once:
        told = Notice.objects.filter(once=word.once, person_id__in=[r.person_id for r in rows])
        known = set(told.values_list("person_id", flat=True))
        rows = [r for r in rows if r.person_id not in known]
    # Two workers may tell the same fact at once: the unique key lets one of them win.
    Notice.objects.bulk_create(rows, ignore_conflicts=bool(word.once))
    return len(rows)


def tell_organisation(organisation_id: int, word: Word, *roles: Role) -> int:
    """Tell everybody who has one of the roles in the organisation (all members by default)."""
    found = people.people_with_roles(roles or tuple(Role), [organisation_id])
    return tell(found.values_list("pk", flat=True), word, organisation_id)


def tell_role(role: Role, word: Word) -> int:
    """Tell everybody who has the role anywhere (operators, say)."""
    return tell(people.people_with_role(role).values_list("pk", flat=True), word)


def read(*, actor: Actor, notice_ids: Iterable[int] | None = None) -> int:
    """Mark one's own messages (all by default) as read; returns how many were unread."""
    if actor.person_id is None:
        raise NotAllowed("people.sign_in_first", gettext_noop("请先登录。"))
    with acting(actor):
        mine = Notice.objects.filter(person_id=actor.person_id, read_at__isnull=True)
        if notice_ids is not None:
            mine = mine.filter(pk__in=list(notice_ids))
        return mine.update(read_at=clock.now())
