"""The end of a sale: who has won, at what price, who comes next, and who may step in.

The result is computed from the state alone. A timer only asks; whoever asks again gets the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from yangbanjian.market.trading.rules import timing
from yangbanjian.market.trading.rules.lots import (
    Answer,
    Claim,
    Method,
    Placed,
    Stage,
    Standing,
    State,
    Terms,
    Verdict,
)

RESERVE_TAG = b"yangbanjian-reserve/1\n"


class Outcome(StrEnum):
    """How a sale ended."""

    SOLD = "sold"
    NO_BID = "no_bid"
    RESERVE_NOT_MET = "reserve_not_met"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """The secret reserve (保留价) and the 32 random bytes, in hex, that hide it until the end."""

    fen: int
    nonce: str

    @property
    def commitment(self) -> str:
        """SHA-256, hex: what the terms say of the reserve."""
        said = RESERVE_TAG + str(self.fen).encode() + b"\n" + bytes.fromhex(self.nonce)
        return hashlib.sha256(said).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`order` has each plate's highest valid bid, best first, the winner's own included.

    `by` is "bid" or "priority"; `closed_at` is when bidding ended by rule, not when we looked.
    """

    outcome: Outcome
    closed_at: datetime
    order: tuple[Placed, ...]
    winner: str | None = None
    price_fen: int | None = None
    by: str = "bid"


def may_step_in(lot: Terms, state: State) -> tuple[str, ...]:
    """The priority holders (优先购买权人) who have not answered; none where one of them has won."""
    if not state.best or state.best[0].plate in lot.priority_plates:
        return ()
    return tuple(p for p in lot.priority_plates if p not in state.passed)


def priority_until(lot: Terms, state: State) -> datetime:
    """When the priority step ends: it lasts from the instant in which the holders were asked, not
    from the close, so that nobody loses time to a worker that was late."""
    return (state.asked_at or state.closes_at) + timedelta(seconds=lot.priority_s)


def closed_at(lot: Terms, state: State) -> datetime:
    """When bidding ended by rule: the close, or the instant in which a price was taken. Sealed
    bids are closed by their deadline, however much later they are opened."""
    is_taken = lot.method in (Method.DUTCH, Method.NEGOTIATED) and bool(state.best)
    return state.best[0].at if is_taken else state.closes_at


def close(
    lot: Terms, state: State, now: datetime, reserve: Reserve | None = None
) -> tuple[State, Result | None]:
    """Ask whether the sale is over; None: not yet. Asking again changes nothing.

    Where a priority holder may step in, the sale first goes into `PRIORITY` until they have
    answered or their time is up. Raises ValueError for another reserve than the one committed to.
    """
    if (reserve.commitment if reserve else None) != lot.reserve_commitment:
        raise ValueError("this is not the reserve that the terms commit to")
    if state.stage is Stage.OVER:
        return state, _result(lot, state, reserve)
    at = timing.guarded(state, now)
    if state.paused_at is not None or not _is_through(state, at):
        return state, None
    is_met = bool(state.best) and (reserve is None or state.best[0].amount_fen >= reserve.fen)
    if is_met and state.matched is None and may_step_in(lot, state):
        if state.asked_at is None:
            return replace(state, stage=Stage.PRIORITY, asked_at=at, last_at=at), None
        if at < priority_until(lot, state):
            return state, None
    state = replace(state, stage=Stage.OVER)
    return state, _result(lot, state, reserve)


def _is_through(state: State, at: datetime) -> bool:
    if state.stage is Stage.BIDDING:
        return at >= state.closes_at and not state.sealed  # sealed bids have to be opened first
    return True


def _result(lot: Terms, state: State, reserve: Reserve | None) -> Result:
    ended, top, order = closed_at(lot, state), state.top, state.best
    if top is None:
        return Result(outcome=Outcome.NO_BID, closed_at=ended, order=())
    if reserve is not None and top.amount_fen < reserve.fen:
        return Result(outcome=Outcome.RESERVE_NOT_MET, closed_at=ended, order=order)
    return Result(
        outcome=Outcome.SOLD,
        closed_at=ended,
        order=order,
        winner=state.matched or top.plate,
        price_fen=top.amount_fen,
        by="priority" if state.matched else "bid",
    )


def claim(lot: Terms, state: State, claim: Claim, now: datetime) -> tuple[State, Answer]:
    """A priority holder takes the lot at the top's price, or lets it pass; the first to take it
    has it (民法典第八百四十七条: on equal terms)."""
    at = timing.guarded(state, now)
    state = replace(state, last_at=at)
    verdict = _judge(lot, state, claim, at)
    if verdict is Verdict.ACCEPTED and claim.match:
        state = replace(state, matched=claim.plate)
    elif verdict is Verdict.ACCEPTED:
        state = replace(state, passed=(*state.passed, claim.plate))
    return state, Answer(verdict, at, priority_until(lot, state))


def _judge(lot: Terms, state: State, claim: Claim, at: datetime) -> Verdict:
    if state.stage is not Stage.PRIORITY or at >= priority_until(lot, state):
        return Verdict.CLOSED
    if claim.standing is not Standing.OK or claim.plate not in lot.priority_plates:
        return Verdict.NOT_QUALIFIED
    if state.best and state.best[0].plate == claim.plate:
        return Verdict.OWN_TOP
    if state.matched is not None or claim.plate not in may_step_in(lot, state):
        return Verdict.CLOSED
    return Verdict.ACCEPTED


def runner_up(
    result: Result, barred: Collection[str], reserve: Reserve | None = None
) -> Placed | None:
    """Who is asked when the winner defaults: the best bid of a plate that is not barred (whoever
    has defaulted is). A runner-up pays their own bid, not the defaulter's, and a bid below the
    secret reserve has no effect for them either (拍卖法第五十条)."""
    if result.outcome is not Outcome.SOLD:
        return None
    least = reserve.fen if reserve else 0
    return next((b for b in result.order if b.plate not in barred and b.amount_fen >= least), None)


def premium_percent(start_fen: int, price_fen: int) -> Decimal:
    """How far the price rose above the start, in percent, two places, half up."""
    ratio = Decimal(price_fen - start_fen) * 100 / Decimal(start_fen)
    return ratio.quantize(Decimal("0.01"), ROUND_HALF_UP)
