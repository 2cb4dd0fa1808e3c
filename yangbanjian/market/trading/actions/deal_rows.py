"""What every verb about a deal does with its rows: lock, save, tell, let the listing follow."""

from __future__ import annotations

from typing import Any

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.market.trading import queries
from yangbanjian.market.trading.models import Deal, Listing, Registration
from yangbanjian.market.trading.rules import listing_states, registration_states

# How a listing follows its deal, step by step; `certify` is told by the room above.
_FOLLOWS = ("confirm", "announce", "sign", "pay", "hand_over", "archive")


def locked_deal(actor: Actor, deal_id: int) -> Deal:
    """The deal with its row locked to the end of the transaction. Raises NotFound. The house locks:
    who may do what is asked afterwards, also of those who may do nothing."""
    queries.deal(actor, deal_id)
    found = Deal.objects.select_for_update(of=("self",), no_key=True)
    with acting(SYSTEM):
        return found.select_related(
            "owner", "buyer", "listing", "lot", "achievement__owner", "registration", "edition"
        ).get(pk=deal_id)


def save(deal: Deal) -> None:
    """Each act is a version, and may change what is still to come of the deal."""
    deal.version += 1
    keep_following(deal)
    deal.save()


def keep_following(deal: Deal) -> None:
    """The day on which the deal is looked at next; one that has come and was not yet is left."""
    today = clock.today()
    if deal.follow_on is None or deal.follow_on > today:
        found = queries.events_of(deal)
        deal.follow_on = next((e.on for e in found if e.on >= today), None)


def moved_registration(registration_id: int, name: str) -> None:
    """Take the registration along this move, where its table has it from here: the house does,
    whoever's act it follows from."""
    move = registration_states.TABLE.move(name)
    with acting(SYSTEM):
        one = Registration.objects.select_for_update(no_key=True).get(pk=registration_id)
        if move is not None and one.state in move.sources:
            one.state, one.version = move.target, one.version + 1
            one.save(update_fields=["state", "version"])


def _reached(deal: Deal, name: str) -> bool:
    return {
        "confirm": True, "announce": True, "sign": deal.signed_at is not None,
        "pay": deal.paid_at is not None, "hand_over": deal.handed_over_at is not None,
        "archive": deal.state == "archived",
    }.get(name, False)  # fmt: skip


def keep_listing(deal: Deal) -> None:
    """The listing takes the steps that its deal has reached; it waits where one is missing (the
    certificate, before the hand-over)."""
    for name in _FOLLOWS:
        if _reached(deal, name):
            move_listing(deal.listing_id, name)


def move_listing(listing_id: int, name: str) -> None:
    """Take the listing along this move, where its table has it from here: the house does, for it
    follows from a buyer's act as well."""
    move = listing_states.TABLE.move(name)
    with acting(SYSTEM):
        listing = Listing.objects.select_for_update(of=("self",), no_key=True).get(pk=listing_id)
        if move is not None and listing.state in move.sources:
            listing.state = move.target
            listing.save(update_fields=["state"])


def write_to(deal: Deal, sentence: str, step: str) -> int:
    """Tell everybody of both sides, once a step; how many were told."""
    word = Word(
        "trading", sentence, {"title": deal.listing.title}, f"/deals/{deal.pk}",
        needs_action=step not in ("paid", "defaulted"), once=f"deal.{step}.{deal.pk}",
    )  # fmt: skip
    return sum(messages.tell_organisation(one, word) for one in (deal.owner_id, deal.buyer_id))


def tell(
    actor: Actor, deal: Deal, past: str, *, audience: journal.Reader = "parties", remark: str = "",
    edition: str = "", **payload: Any,
) -> int:  # fmt: skip
    """Write an entry about a deal; both parties may read it."""
    said = journal.Fact(
        verb=f"trading.{past}", subject_kind="deal", subject_id=deal.pk, owner_id=deal.owner_id,
        party_ids=(deal.owner_id, deal.buyer_id), audience=audience, remark=remark, edition=edition,
        payload={"deal": deal.pk, "state": deal.state, **payload},
    )  # fmt: skip
    return journal.record(actor=actor, fact=said)
