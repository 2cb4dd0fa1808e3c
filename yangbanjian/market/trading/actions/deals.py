"""Deals: what a lot's result makes of seller and buyer."""

from __future__ import annotations

from datetime import timedelta

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.kernel.actor import Actor
from yangbanjian.market.trading.actions.decisions import fact
from yangbanjian.market.trading.models import Deal, Lot, Registration


def award(*, actor: Actor, lot: Lot, plate: str, price_fen: int) -> Deal:
    """The lot is the plate's at this price: the deal begins. Called with the lot's row locked."""
    with acting(actor):
        winner = Registration.objects.select_for_update(no_key=True).get(
            listing_id=lot.listing_id, plate=plate
        )
        now = clock.now()
        made = Deal.objects.create(
            lot=lot, listing_id=lot.listing_id, achievement_id=lot.listing.achievement_id,
            registration=winner, owner_id=lot.owner_id, buyer_id=winner.owner_id,
            edition_id=lot.edition_id, price_fen=price_fen, deal_mode=lot.listing.deal_mode,
            payment=lot.listing.payment, awarded_at=now, sign_by=now + timedelta(days=3),
        )  # fmt: skip
        payload = {"lot": lot.pk, "price_fen": price_fen}
        journal.record(actor=actor, fact=fact(made, "awarded", "deal", payload, audience="public"))
        return made
