"""Reading lots."""

from __future__ import annotations

from yangbanjian.market.trading.models import Lot
from yangbanjian.market.trading.rules.lots import Method, Terms


def terms(lot: Lot) -> Terms:
    """The rules of an open lot, as the pure rules take them."""
    assert lot.opens_at is not None
    return Terms(
        lot=str(lot.pk), edition=lot.edition.label, method=Method(lot.method),
        start_fen=lot.start_fen, step_fen=lot.step_fen, opens_at=lot.opens_at, free_s=lot.free_s,
        cycle_s=lot.cycle_s, hard_close_s=lot.hard_close_s, resume_s=lot.resume_s,
        outage_s=lot.outage_s, needs_free_bid=lot.needs_free_bid, floor_fen=lot.floor_fen,
        priority_s=lot.priority_s, priority_plates=tuple(lot.priority_plates),
        reserve_commitment=lot.reserve_commitment or None, shows_losing=lot.shows_losing,
    )  # fmt: skip
