"""The verbs of this library; the shared ones do the work."""

from __future__ import annotations

from typing import Any

from yangbanjian.kernel.actor import Actor
from yangbanjian.libraries.demands import policy
from yangbanjian.libraries.demands.queries import LIBRARY
from yangbanjian.libraries.records import actions as records
from yangbanjian.libraries.records.actions import Origin, Values


def add(*, actor: Actor, owner_id: int, values: Values, origin: Origin | None = None) -> Any:
    """A new draft for this owner."""
    policy.may_add(actor, owner_id).or_refuse()
    return records.add(
        actor=actor, library=LIBRARY, owner_id=owner_id, values=values, origin=origin
    )


def revise(
    *,
    actor: Actor,
    record_id: int,
    values: Values,
    expected_version: int | None = None,
    note: str = "",
) -> Any:
    """Change a record that the actor may change."""
    return records.revise(
        actor=actor,
        library=LIBRARY,
        record_id=record_id,
        values=values,
        expected_version=expected_version,
        note=note,
    )


def move(*, actor: Actor, record_id: int, name: str, reason: str = "") -> Any:
    """Advance the state by one move of the table."""
    return records.move(actor=actor, library=LIBRARY, record_id=record_id, name=name, reason=reason)
