"""Reading demands. Who sees a demand, and whether with its owner's name, is its owner's choice."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.demands import rules
from yangbanjian.libraries.demands.models import Demand, DemandVersion
from yangbanjian.libraries.records.queries import Library, in_office, register
from yangbanjian.libraries.records.rules.states import SHOWN


def visible_to(actor: Actor) -> Q:
    """`brokers`: brokers and the owner; `anonymous` and `named`: everybody once shown; auditors
    all, operators also what the office needs."""
    if actor.has_any(Role.AUDITOR):
        return Q()
    shown = Q(state__in=SHOWN)
    if not actor.is_broker:
        shown &= Q(visibility__in=["anonymous", "named"])
    return in_office(actor, shown | Q(owner_id__in=sorted(actor.mandates)))


def may_write(actor: Actor, record: Any) -> bool:
    return actor.is_operator or actor.acts_for(record.owner_id)


def may_see_owner(actor: Actor, record: Any) -> bool:
    """May the actor read whose demand it is? Brokers may: it is theirs to introduce."""
    if record.visibility == "named" or actor.acts_for(record.owner_id):
        return True
    return actor.has_any(Role.OPERATOR, Role.AUDITOR, Role.BROKER)


LIBRARY = register(
    Library(
        kind="demand",
        room="demands",
        label=gettext_noop("需求"),
        model=Demand,
        versions=DemandVersion,
        fields=rules.FIELDS,
        table=rules.TABLE,
        text_fields=rules.TEXT_FIELDS,
        visible_to=visible_to,
        may_write=may_write,
        is_owner_searchable=False,
    )
)
