"""一次报价: one sealed bid each, received until the deadline, opened together; the highest wins.

Until the opening nothing here knows an amount. Opening is a pure function of what was received and
what the ciphertexts held: a bid that does not match its commitment is void, and the evidence stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop as _
from yangbanjian.market.trading.rules import sealing, timing
from yangbanjian.market.trading.rules.lots import (
    Answer,
    Placed,
    SealedBid,
    Stage,
    Standing,
    State,
    Terms,
    Verdict,
)


def decide(lot: Terms, state: State, bid: SealedBid, now: datetime) -> tuple[State, Answer]:
    """Receive a sealed bid, or refuse it. One each: a second one of a plate is a `conflict`,
    since what was promised before the deadline must stand at the opening."""
    at = timing.guarded(state, now)
    state = replace(state, last_at=at)
    verdict = _judge(lot, state, bid, at)
    if verdict is not Verdict.ACCEPTED:
        return state, Answer(verdict, at, state.closes_at)
    state = replace(state, sealed=(*state.sealed, bid.plate), seq=state.seq + 1)
    return state, Answer(verdict, at, state.closes_at, number=state.seq)


def _judge(lot: Terms, state: State, bid: SealedBid, at: datetime) -> Verdict:
    if state.paused_at is not None:
        return Verdict.PAUSED
    if not timing.is_open(lot, state, at):
        return Verdict.CLOSED
    if bid.standing is not Standing.OK:
        return Verdict.NOT_QUALIFIED
    return Verdict.CONFLICT if bid.plate in state.sealed else Verdict.ACCEPTED


@dataclass(frozen=True, slots=True)
class Kept:
    """A received bid with its place in the order of receipt, from 1."""

    seq: int
    bid: SealedBid


@dataclass(frozen=True, slots=True)
class Opened:
    """What one ciphertext held. `void` names why the bid does not count, or is empty; `text` and
    `nonce` are what was found inside: the evidence, whichever it is (S3)."""

    kept: Kept
    text: str | None
    nonce: str | None
    void: str
    amount_fen: int | None


def digest(received: Iterable[Kept]) -> str:
    """SHA-256 over all that was received, hex. It stands in the log, under a signed head, before
    any key is used: no bid is added, removed or replaced afterwards unseen (S4)."""
    lines = (
        f"{k.seq} {k.bid.id} {k.bid.plate} {k.bid.commitment} {k.bid.ciphertext_sha256}\n"
        for k in received
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def open_bids(
    lot: Terms,
    state: State,
    received: Sequence[Kept],
    plaintexts: Mapping[str, bytes | None],
    now: datetime,
) -> tuple[State, tuple[Opened, ...]]:
    """Open all bids at once. `plaintexts` has, by bid id, what a ciphertext held; None: it could
    not be opened. Ties break by the order of receipt (S6). Refuses before the deadline (S1)."""
    at = timing.guarded(state, now)
    if state.stage is not Stage.BIDDING or state.paused_at is not None or at < state.closes_at:
        raise Conflict(
            "trading.not_before_deadline", _("还没到开标时间，或者已经开过标，现在不能开标。")
        )
    opened = tuple(_opened(lot, kept, plaintexts.get(kept.bid.id)) for kept in received)
    best = sorted(
        (
            Placed(o.kept.seq, o.kept.bid.plate, o.amount_fen, at, state.closes_at)
            for o in opened
            if not o.void and o.amount_fen is not None
        ),
        key=lambda b: (-b.amount_fen, b.seq),
    )
    return replace(state, last_at=at, best=tuple(best), stage=Stage.TAKEN), opened


def _opened(lot: Terms, kept: Kept, plaintext: bytes | None) -> Opened:
    found = sealing.read(plaintext)
    void = sealing.fault(lot.lot, kept.bid, found)
    if found is None:
        return Opened(kept, None, None, void, None)
    if not void and found.amount_fen < lot.start_fen:
        void = "below_start"
    return Opened(kept, found.text, found.nonce, void, found.amount_fen)
