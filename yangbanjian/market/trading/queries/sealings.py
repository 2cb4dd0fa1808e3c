"""Reading what belongs to sealed bids: what one has handed in, and the proof that it was there before
anybody could open it."""

from __future__ import annotations

from typing import Any

from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.log import queries as evidence
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.market.trading.models import Lot, Received
from yangbanjian.market.trading.queries import lots


def own_sealed_bid(actor: Actor, lot: Lot) -> Received | None:
    """The sealed bid that the actor's organisation has handed in, as the platform has it."""
    if actor.organisation_id is None:
        return None
    found = Received.objects.filter(lot=lot, owner_id=actor.organisation_id)
    return found.filter(kind="sealed", verdict="accepted").first()


def deadline_proof(lot: Lot) -> dict[str, Any] | None:
    """The head that was signed after the deadline and before a share was used, and for each bid
    that its commitment stands in that very head (S4). None for a lot that was not opened. Raises
    Conflict while the log has not come so far."""
    one = lots.sealing_of(lot.pk)
    if one is None or one.deadline_packet is None:
        return None
    size = one.deadline_packet["proof"]["size"]
    told = Entry.objects.filter(
        subject_kind="lot", subject_id=lot.pk, verb="trading.bid_sealed"
    ).order_by("id")  # fmt: skip
    entries = [evidence.entry_for(SYSTEM, pk) for pk in told.values_list("pk", flat=True)]
    return {
        "checkpoint": one.deadline_packet["checkpoint"],
        "proofs": [{"entry": e.pk, **evidence.proof_in(e, size)} for e in entries],
    }


def takes_shares(lot: Lot) -> bool:
    """Has the deadline passed, and does what was received stand in a signed head?"""
    one = lots.sealing_of(lot.pk)
    if lot.state != "opening" or one is None or one.deadline_entry_id is None:
        return False
    place, head = evidence.position_of(one.deadline_entry_id), evidence.head()
    return place is not None and head is not None and place < head.size


def places_in(lot: Lot) -> set[int]:
    """The places of the shares that holders have handed in."""
    one = lots.sealing_of(lot.pk)
    return {int(place) for place in one.shares} if one else set()


def void_bids(lot: Lot) -> list[tuple[str, str]]:
    """(plate, why) of the opened bids that did not count, once the lot is over (S3)."""
    if lot.result is None:
        return []
    plates = {kept.bid.id: kept.bid.plate for kept in lots.kept_bids(lot)}
    opened = [line for line in lots.lot_lines(lot) if line["kind"] == "opened" and line["void"]]
    return [(plates[line["id"]], line["void"]) for line in opened]
