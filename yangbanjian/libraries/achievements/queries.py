"""Reading achievements."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.achievements import rules
from yangbanjian.libraries.achievements.models import Achievement, AchievementVersion
from yangbanjian.libraries.records.queries import Library, in_office, register
from yangbanjian.libraries.records.rules.states import SHOWN


def visible_to(actor: Actor) -> Q:
    """Shown ones to everybody; the rest to their owner, their custody broker and the auditor, to
    the operator what the office needs."""
    if actor.has_any(Role.AUDITOR):
        return Q()
    mine = sorted(actor.mandates)
    shown = Q(state__in=SHOWN) | Q(owner_id__in=mine) | Q(custody_broker_id__in=mine)
    return in_office(actor, shown)


def may_write(actor: Actor, record: Any) -> bool:
    """The owner's people, the broker in whose custody it is, the operator."""
    if actor.is_operator or actor.acts_for(record.owner_id):
        return True
    return actor.is_broker and actor.acts_for(record.custody_broker_id)


LIBRARY = register(
    Library(
        kind="achievement",
        room="achievements",
        label=gettext_noop("成果"),
        model=Achievement,
        versions=AchievementVersion,
        fields=rules.FIELDS,
        table=rules.TABLE,
        text_fields=rules.TEXT_FIELDS,
        visible_to=visible_to,
        may_write=may_write,
        identify=rules.numbers_of,
        check=rules.problems_of,
        keeps_in=lambda record: rules.keeps_in(record.secrecy, record.state),
    )
)
