"""降价报价: the price falls step by step; who first takes it has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

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


def price_at(lot: Terms, state: State, at: datetime) -> int:
    """The price on the clock: it stands still while the lot is paused, and never below the floor."""
    ran = (state.paused_at or at) - lot.opens_at - state.held
    falls = max(ran // timedelta(seconds=lot.cycle_s), 0)
    floor = lot.floor_fen if lot.floor_fen is not None else lot.start_fen
    return max(lot.start_fen - falls * lot.step_fen, floor)


def decide(lot: Terms, state: State, bid: Bid, now: datetime) -> tuple[State, Answer]:
    """Who offers at least the price on the clock has it at that price, never at more: a request
    that was sent before the price fell must not cost its sender the difference."""
    at = timing.guarded(state, now)
    state = replace(state, last_at=at)
    verdict = _judge(lot, state, bid, at)
    if verdict is not Verdict.ACCEPTED:
        return state, Answer(verdict, at, state.closes_at)
    taken = Placed(state.seq + 1, bid.plate, price_at(lot, state, at), at, state.closes_at)
    state = replace(state, seq=taken.seq, best=(taken,), stage=Stage.TAKEN)
    return state, Answer(verdict, at, state.closes_at, (taken,))


def _judge(lot: Terms, state: State, bid: Bid, at: datetime) -> Verdict:
    if state.paused_at is not None:
        return Verdict.PAUSED
    if not timing.is_open(lot, state, at):
        return Verdict.CLOSED
    if bid.standing is not Standing.OK:
        return Verdict.NOT_QUALIFIED
    return Verdict.ACCEPTED if bid.amount_fen >= price_at(lot, state, at) else Verdict.TOO_LOW
