"""Work of this room that falls due, and news that it follows: notices whose days are over, listings
whose disclosure is, money that the bank has brought, lots that may be closed, deals that are late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.clock.jobs import Unfinished, due, each
from yangbanjian.ground.journal.jobs import subscribe
from yangbanjian.ground.journal.models import Entry
from yangbanjian.market.trading import actions, queries

BATCH = 200


@due("trading.notices")
def end_notices(now: datetime) -> int:
    """End the notices whose period has run out."""
    return actions.end_due(now=now, most=BATCH)


@due("trading.deposits")
def look_at_deposits(now: datetime) -> int:
    """Hold what has been paid in time, send back what came late."""
    return actions.look_at_waiting(now=now, most=BATCH)


@due("trading.listings")
def end_disclosures(now: datetime) -> int:
    """Let the listings whose disclosure is over go on."""
    return actions.end_disclosures(now=now, most=BATCH)


@subscribe("trading.paid", "bank.matched")
def deposits_have_come(news: Sequence[Entry]) -> None:
    """The bank has brought what was expected."""
    told = [entry.payload.get("expectation") for entry in news]
    actions.take_matched([int(number) for number in told if number is not None])


@due("trading.lots")
def close_lots(now: datetime) -> int:
    """Close the lots whose time is up; failed as long as one is stuck, after the others are done."""
    moved = actions.close_due(now=now, most=BATCH)
    stuck = queries.stuck_lots()
    if stuck and not moved:
        raise Unfinished(", ".join(f"lot {lot_id}" for lot_id, _since in stuck[:5]))
    return moved


@due("trading.verdicts")
def forget_verdicts(_now: datetime) -> int:
    """Empty the inbox of what was decided long ago."""
    return actions.forget_verdicts(most=BATCH * 10)


def look_after_lots() -> int:
    """Between two rounds of due work: a lot is closed within a second of its time."""
    return actions.look_after()


@subscribe("trading.payments", "bank.matched")
def payments_came(entries: Sequence[Entry]) -> None:
    """Lines that were matched to what deals wait for."""
    actions.take_payments(expectation_ids=_expectations(entries))


@subscribe("trading.payments_undone", "bank.unmatched")
def payments_undone(entries: Sequence[Entry]) -> None:
    """Matches that were taken back."""
    actions.take_back_payments(expectation_ids=_expectations(entries))


@subscribe("trading.payouts", "bank.matched", "bank.unmatched", "bank.returned")
def payouts_moved(entries: Sequence[Entry]) -> None:
    """Lines that carried an order out, no longer do, or brought the money back."""
    actions.follow_payouts(expectation_ids=_expectations(entries))


@subscribe("trading.payouts_over", "bank.failed", "bank.withdraw")
def payouts_over(entries: Sequence[Entry]) -> None:
    """Orders that the bank did not carry out, or that were taken back."""
    actions.follow_payouts(expectation_ids={entry.subject_id for entry in entries})


def _expectations(entries: Sequence[Entry]) -> set[int]:
    found = (entry.payload.get("expectation") for entry in entries)
    return {int(pk) for pk in found if pk is not None}


@due("trading.deals")
def remind_of_deals(now: datetime) -> int:
    """Signatures that are late: each side is told once."""

    def reminded(deal_id: int) -> bool:
        return actions.remind(deal_id=deal_id)

    return each(queries.due_deals(now, BATCH), reminded)


@due("trading.follow_up")
def follow_deals(_now: datetime) -> int:
    """Payments, royalties and the use of what was bought: told beforehand, and when they are late."""
    today = clock.today()

    def followed(deal_id: int) -> bool:
        return actions.follow_deal(deal_id=deal_id, today=today)

    return each(queries.followed(today, BATCH), followed)
