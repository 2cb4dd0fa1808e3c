"""Reading experts."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.experts import rules
from yangbanjian.libraries.experts.models import Expert, ExpertVersion
from yangbanjian.libraries.records.queries import Library, in_office, register
from yangbanjian.libraries.records.rules.states import SHOWN


def visible_to(actor: Actor) -> Q:
    """Shown ones to everybody; the rest to their owner, to the person and to the auditor, to the
    operator what the office needs."""
    if actor.has_any(Role.AUDITOR):
        return Q()
    found = Q(state__in=SHOWN) | Q(owner_id__in=sorted(actor.mandates))
    if actor.person_id:
        found |= Q(person_id=actor.person_id)
    return in_office(actor, found)


def may_write(actor: Actor, record: Any) -> bool:
    if actor.is_operator or actor.acts_for(record.owner_id):
        return True
    return actor.person_id is not None and record.person_id == actor.person_id


LIBRARY = register(
    Library(
        kind="expert",
        room="experts",
        label=gettext_noop("专家"),
        model=Expert,
        versions=ExpertVersion,
        fields=rules.FIELDS,
        table=rules.TABLE,
        text_fields=rules.TEXT_FIELDS,
        visible_to=visible_to,
        may_write=may_write,
        identify=rules.numbers_of,
    )
)
