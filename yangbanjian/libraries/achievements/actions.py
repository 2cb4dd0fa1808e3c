"""The verbs of this library; the shared ones do the work."""

from __future__ import annotations

from typing import Any

from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Invalid
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.achievements import policy
from yangbanjian.libraries.achievements.queries import LIBRARY
from yangbanjian.libraries.records import actions as records
from yangbanjian.libraries.records.actions import Origin, Values
from yangbanjian.libraries.records.policy import may_revise


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


def give_custody(*, actor: Actor, record_id: int, broker_id: int | None) -> Any:
    """Put an achievement into a broker's custody (成果托管), or take it back with None."""
    with acting(actor):
        record = records.locked(actor, LIBRARY, record_id)
        may_revise(actor, LIBRARY, record).or_refuse()
        if broker_id is not None and not people.is_verified_broker(broker_id):
            raise Invalid("achievements.not_a_broker", gettext_noop("只能托管给已核验的技术券商。"))
        if record.custody_broker_id != broker_id:
            record.custody_broker_id = broker_id
            # A broker who gives it back loses sight of it in the same moment.
            with acting(SYSTEM):
                record.save(update_fields=["custody_broker"])
            payload = {"broker": broker_id}
            journal.record(
                actor=actor,
                fact=records.fact_of(LIBRARY, record, "custody_changed", "public", payload),
            )
        return record
