"""One qualified buyer: no bidding, a contract at the listed price or above (协议签约)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from yangbanjian.market.trading.rules import timing
from yangbanjian.market.trading.rules.lots import (
    Answer,
    Bid,
    Placed,
    Stage,
    Standing,
    State,
    Terms,
    Verdict,
)


class Way(StrEnum):
    """Where a listing goes when its disclosure is over."""

    NOBODY = "nobody"
    NEGOTIATED = "negotiated"
    BIDDING = "bidding"


def way_on(qualified: int) -> Way:
    """By the number of qualified buyers: nobody (extend, lower or end), one (a contract with the
    one), two or more (bidding)."""
    if qualified < 1:
        return Way.NOBODY
    return Way.NEGOTIATED if qualified == 1 else Way.BIDDING


def decide(lot: Terms, state: State, bid: Bid, now: datetime) -> tuple[State, Answer]:
    """The one buyer's offer: from the listed price upwards, no step; the first that counts is
    the price."""
    at = timing.guarded(state, now)
    state = replace(state, last_at=at)
    verdict = Verdict.ACCEPTED
    if state.paused_at is not None:
        verdict = Verdict.PAUSED
    elif not timing.is_open(lot, state, at):
        verdict = Verdict.CLOSED
    elif bid.standing is not Standing.OK:
        verdict = Verdict.NOT_QUALIFIED
    elif bid.amount_fen < lot.start_fen:
        verdict = Verdict.TOO_LOW
    if verdict is not Verdict.ACCEPTED:
        return state, Answer(verdict, at, state.closes_at)
    taken = Placed(state.seq + 1, bid.plate, bid.amount_fen, at, state.closes_at)
    state = replace(state, seq=taken.seq, best=(taken,), stage=Stage.TAKEN)
    return state, Answer(verdict, at, state.closes_at, (taken,))
