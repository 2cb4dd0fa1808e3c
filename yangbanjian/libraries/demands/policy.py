"""Who may publish here."""

from __future__ import annotations

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import Answer
from yangbanjian.libraries.records.policy import may_add as _may_add

WRITERS = frozenset({Role.ENTERPRISE, Role.BROKER, Role.TTO})


def may_add(actor: Actor, owner_id: int | None) -> Answer:
    """May the actor add a record for this owner?"""
    return _may_add(actor, owner_id, WRITERS)
