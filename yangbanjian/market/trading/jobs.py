"""Work of this room that falls due, and news that it follows: notices whose days are over, money of
deals, signatures and payments that are late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.journal.jobs import subscribe
from yangbanjian.ground.journal.models import Entry
from yangbanjian.market.trading import actions, queries

BATCH = 200


@due("trading.notices")
def end_notices(now: datetime) -> int:
    """End the notices whose period has run out."""
    return actions.end_due(now=now, most=BATCH)


@subscribe("trading.payments", "bank.matched")
def payments_came(entries: Sequence[Entry]) -> None:
    """Lines that were matched to what deals wait for."""
    actions.take_payments(expectation_ids=_expectations(entries))


@subscribe("trading.payments_undone", "bank.unmatched")
def payments_undone(entries: Sequence[Entry]) -> None:
    """Matches that were taken back."""
    actions.take_back_payments(expectation_ids=_expectations(entries))


def _expectations(entries: Sequence[Entry]) -> set[int]:
    found = (entry.payload.get("expectation") for entry in entries)
    return {int(pk) for pk in found if pk is not None}


@due("trading.deals")
def remind_of_deals(now: datetime) -> int:
    """Signatures and payments that are late: each side is told once."""
    return sum(actions.remind(deal_id=pk) for pk in queries.due_deals(now, BATCH))
