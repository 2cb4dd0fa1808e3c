"""Sealed bids in the demo district: three houses keep a share of the key each, buyers seal, two open."""

from __future__ import annotations

import base64
import secrets
import time

from yangbanjian.ground.log import actions as evidence
from yangbanjian.ground.sealing import fresh
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.rules import sealing

LONGEST_S = 20.0


class Holders:
    """The three holders of a lot's key and what was shown to them."""

    def __init__(self, *actors: Actor) -> None:
        self.actors = actors
        self.shares: list[str] = []

    def keep(self, lot_id: int) -> None:
        """Each takes a share; with the third the key is made."""
        self.shares = [actions.keep_share(actor=a, lot_id=lot_id).share for a in self.actors]

    def open(self, lot_id: int) -> None:
        """Two of them hand in theirs, as soon as the signed log has what was received."""
        given = list(zip(self.actors, self.shares, strict=True))
        for actor, share in (given[0], given[2]):
            _handed_in(actor, lot_id, share)


def _handed_in(actor: Actor, lot_id: int, share: str) -> None:
    ends = time.monotonic() + LONGEST_S
    while True:
        evidence.sequence_all()
        try:
            actions.hand_in_share(actor=actor, lot_id=lot_id, share=share)
            return
        except Conflict as refusal:
            # Another's open transaction keeps entries from settling for a moment.
            if refusal.code not in ("log.not_yet", "log.nothing_yet") or time.monotonic() > ends:
                raise
        time.sleep(0.1)


def place(buyer: Actor, lot_id: int, bid_id: str, amount_fen: int) -> None:
    """Seal a bid as `ybj seal` does, and hand it in."""
    how = queries.sealing(buyer, lot_id)
    nonce = secrets.token_bytes(sealing.NONCE_BYTES)
    text = sealing.text_of(lot=how["lot"], plate=how["plate"], bid_id=bid_id, amount_fen=amount_fen)
    inside = sealing.padded(text, nonce, how["pad_to"])
    aad = how["aad"].replace("{bid_id}", bid_id).encode()
    raw = fresh.seal(bytes.fromhex(how["public_key"]), inside, aad=aad)
    told, _ = actions.place_sealed(
        actor=buyer, lot_id=lot_id, bid_id=bid_id, commitment=sealing.commitment(text, nonce),
        ciphertext=base64.b64encode(raw).decode(),
    )  # fmt: skip
    assert told.verdict == "accepted", told
