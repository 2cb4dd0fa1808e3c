"""Lots: laid out when a listing is drafted, opened when bidding begins."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.market.trading import queries
from yangbanjian.market.trading.actions.decisions import fact
from yangbanjian.market.trading.models import Listing, Lot, LotLine, Reserve
from yangbanjian.market.trading.rules import closing, logs, lot_states, timing


def lay_out(*, actor: Actor, listing: Listing, reserve_fen: int | None = None) -> Lot:
    """The lot that this round of a listing sells, with the listing's terms; not open yet. Laid out
    again while it waits, it takes the terms as they stand now. The house writes lots: their seller
    and the exchange say what they are, and nobody ever reads a reserve."""
    with acting(SYSTEM):
        now = clock.now()
        lot = Lot.objects.select_for_update().filter(listing=listing, round=listing.round).first()
        lot = lot or Lot(
            listing=listing, owner_id=listing.owner_id, round=listing.round, made_at=now
        )
        assert lot.state == lot_states.TABLE.start
        for name in (
            "edition_id", "method", "start_fen", "step_fen", "floor_fen", "free_s", "cycle_s",
            "hard_close_s", "priority_s", "shows_losing",
        ):  # fmt: skip
            setattr(lot, name, getattr(listing, name))
        figures = queries.figures(listing.achievement)
        lot.resume_s, lot.outage_s = figures.resume_s, figures.outage_s
        secret = None
        if reserve_fen is not None:
            secret = closing.Reserve(fen=reserve_fen, nonce=secrets.token_hex(32))
        lot.reserve_commitment = secret.commitment if secret else ""
        lot.save()
        Reserve.objects.filter(lot=lot).delete()
        if secret:
            Reserve.objects.create(lot=lot, fen=secret.fen, nonce=secret.nonce)
        return lot


def open_lot(
    *, actor: Actor, listing: Listing, opens_at: datetime | None = None,
    priority_plates: Collection[str] = (),
) -> Lot:  # fmt: skip
    """Begin the bidding of a listing's round, now or at a later instant that is told in advance."""
    with acting(SYSTEM):
        lot = Lot.objects.select_for_update().get(listing=listing, round=listing.round)
        lot.state = lot_states.TABLE.advance(lot.state, "open")
        lot.opens_at = opens_at or clock.now()
        lot.priority_plates = sorted(priority_plates)
        first = timing.opening(queries.terms(lot))
        lot.free_until, lot.closes_at = first.free_until, first.closes_at
        lot.hard_close_at = first.hard_close_at
        lot.lines = 1
        lot.save()
        LotLine.objects.create(lot=lot, n=0, line=logs.terms_line(queries.terms(lot)))
        payload = {"listing": listing.pk, "round": lot.round, "opens_at": lot.opens_at.isoformat()}
        journal.record(actor=actor, fact=fact(lot, "lot_opened", "lot", payload, audience="public"))
        return lot
