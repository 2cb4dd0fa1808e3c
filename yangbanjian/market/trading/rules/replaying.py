"""The same bid sent twice: the first verdict again, and nothing changes (A6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from yangbanjian.market.trading.rules import timing
from yangbanjian.market.trading.rules.lots import (
    Answer,
    Bid,
    Ceiling,
    Claim,
    SealedBid,
    Standing,
    State,
    Verdict,
)

Received = Bid | Ceiling | Claim | SealedBid


@dataclass(frozen=True, slots=True)
class Answered:
    """What was received under an id, and what was said to it: two rows of the lot."""

    received: Received
    answer: Answer


def again(state: State, received: Received, first: Answered, now: datetime) -> Answer:
    """The answer to an id that was used before on this lot: the first one, or `conflict` where
    the sender, the amount or the kind is another. The state stays as it is."""
    if _said(received) == _said(first.received):
        return first.answer
    return Answer(Verdict.CONFLICT, timing.guarded(state, now), state.closes_at)


def _said(received: Received) -> Received:
    # Whether somebody may bid is known by us at each instant; it is no part of what was sent.
    return replace(received, standing=Standing.OK)
