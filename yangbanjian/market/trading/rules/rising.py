"""多次报价: rising bids, one by one; the highest wins. Also what ceilings do, to the fen.

A free period, then timed cycles: a valid bid gives everybody one whole cycle anew, and the bid
that stands when a cycle ends unanswered wins.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from yangbanjian.market.trading.rules import timing
from yangbanjian.market.trading.rules.lots import (
    Answer,
    Bid,
    Ceiling,
    Placed,
    Standing,
    State,
    Terms,
    Verdict,
)


def next_fen(lot: Terms, state: State) -> int:
    """The least that the next bid must be."""
    return state.best[0].amount_fen + lot.step_fen if state.best else lot.start_fen


def decide(lot: Terms, state: State, bid: Bid, now: datetime) -> tuple[State, Answer]:
    """The state after a bid that is received at `now`, and its verdict.

    Whatever the verdict, the time of the decision is kept: no later one is earlier. An accepted
    bid may be answered at once by the ceiling of who was on top before.
    """
    at = timing.guarded(state, now)
    state = replace(state, last_at=at)
    verdict = _gate(lot, state, bid.standing, at) or _judge(lot, state, bid)
    if verdict is not Verdict.ACCEPTED:
        return state, Answer(verdict, at, state.closes_at)
    defender = state.best[0].plate if state.best else None
    limit = _limit(state)
    state = place(lot, state, bid.plate, bid.amount_fen, at)
    own = state.best[0]
    placed = [own]
    if defender is not None and limit >= next_fen(lot, state):
        state = _placed_by_ceiling(lot, state, defender, next_fen(lot, state), placed)
    return state, Answer(Verdict.ACCEPTED, at, own.closes_at, tuple(placed))


def set_ceiling(lot: Terms, state: State, ceiling: Ceiling, now: datetime) -> tuple[State, Answer]:
    """The state after a plate has set, raised or lowered its standing maximum.

    Who is on top may set any ceiling from their own bid upwards, and nothing else happens. Of
    anybody else it must reach the next step; then it bids. Where two ceilings meet, the higher
    one stands one step above the other, and of two equal ones the earlier.
    """
    at = timing.guarded(state, now)
    state = replace(state, last_at=at)
    is_top = bool(state.best) and state.best[0].plate == ceiling.plate
    least = state.best[0].amount_fen if is_top else next_fen(lot, state)
    verdict = _gate(lot, state, ceiling.standing, at) or _amount(lot, least, ceiling.max_fen)
    if verdict is not Verdict.ACCEPTED:
        return state, Answer(verdict, at, state.closes_at)
    limit, defender = _limit(state), state.best[0].plate if state.best else None
    others = tuple(c for c in state.ceilings if c.plate != ceiling.plate)
    state = replace(state, ceilings=(*others, ceiling))
    closes_at = state.closes_at
    placed: list[Placed] = []
    for plate, amount in () if is_top else _duel(lot, state, defender, limit, ceiling):
        state = _placed_by_ceiling(lot, state, plate, amount, placed)
    return state, Answer(Verdict.ACCEPTED, at, closes_at, tuple(placed))


def _gate(lot: Terms, state: State, standing: Standing, at: datetime) -> Verdict | None:
    """What is asked before any amount is looked at: who may not bid learns nothing from it."""
    if state.paused_at is not None:
        return Verdict.PAUSED
    if not timing.is_open(lot, state, at):
        return Verdict.CLOSED
    return None if standing is Standing.OK else Verdict.NOT_QUALIFIED


def _judge(lot: Terms, state: State, bid: Bid) -> Verdict:
    if state.best and state.best[0].plate == bid.plate:
        return Verdict.OWN_TOP
    return _amount(lot, next_fen(lot, state), bid.amount_fen)


def _amount(lot: Terms, least: int, amount_fen: int) -> Verdict:
    if amount_fen < least:
        return Verdict.TOO_LOW
    is_on_step = (amount_fen - lot.start_fen) % lot.step_fen == 0
    return Verdict.ACCEPTED if is_on_step else Verdict.OFF_STEP


def _limit(state: State) -> int:
    """How far the top's owner goes without being asked; 0 where there is no top."""
    if not state.best:
        return 0
    top = state.best[0]
    return max(top.amount_fen, *(c.max_fen for c in state.ceilings if c.plate == top.plate), 0)


def _duel(
    lot: Terms, state: State, defender: str | None, limit: int, ceiling: Ceiling
) -> list[tuple[str, int]]:
    """The bids that a new ceiling brings about: (plate, amount), in order.

    `limit` is how far the defender goes. A defender's ceiling is always the earlier one, so it
    wins a tie; the challenger then stands one step below it where there is room.
    """
    least, step = next_fen(lot, state), lot.step_fen
    if defender is None or limit < least:
        return [(ceiling.plate, least)]
    if ceiling.max_fen > limit:
        return [(defender, limit), (ceiling.plate, limit + step)]
    if ceiling.max_fen < limit:
        return [(ceiling.plate, ceiling.max_fen), (defender, ceiling.max_fen + step)]
    below = [(ceiling.plate, limit - step)] if limit - step >= least else []
    return [*below, (defender, limit)]


def _placed_by_ceiling(
    lot: Terms, state: State, plate: str, amount: int, placed: list[Placed]
) -> State:
    """Place a bid for an absent owner just after the last one; none falls on or past the close."""
    at = state.last_at if not placed else placed[-1].at + timing.TICK
    if at is None or at >= state.closes_at:
        return state
    state = place(lot, state, plate, amount, at, is_auto=True)
    placed.append(state.best[0])
    return state


def place(
    lot: Terms, state: State, plate: str, amount: int, at: datetime, *, is_auto: bool = False
) -> State:
    """The state with one more accepted bid, which is the highest by construction."""
    closes_at = timing.closes_after(lot, state, at)
    bid = Placed(state.seq + 1, plate, amount, at, closes_at, is_auto)
    return replace(
        state,
        seq=bid.seq,
        last_at=at,
        closes_at=closes_at,
        extensions=state.extensions + (closes_at > state.closes_at),
        best=(bid, *(b for b in state.best if b.plate != plate)),
    )
