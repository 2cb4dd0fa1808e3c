"""What a sealed bid says, and how it is bound: canonical text, commitment, fixed length.

The bid is {"amount_fen","bid_id","lot","plate"} as canonical JSON (RFC 8785). Its commitment is
SHA-256 of a tag, that text and 32 random bytes. What is encrypted is {"bid","nonce"}, canonical
too, padded with blanks to one length for all bids of a lot: the length of a ciphertext would tell
how many digits the amount has. Encryption itself is `ground.sealing`, which knows no bid.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

import rfc8785

from yangbanjian.market.trading.rules.lots import MOST_FEN, SealedBid

COMMITMENT_TAG = b"yangbanjian-sealed-bid/1\n"
NONCE_BYTES = 32
_NONCE = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Content:
    """What was found inside a ciphertext: the bid's text, its nonce in hex, and what the text
    says where it is a bid at all."""

    text: str
    nonce: str
    said: dict[str, Any]

    @property
    def amount_fen(self) -> int:
        return int(self.said["amount_fen"])


def text_of(*, lot: str, plate: str, bid_id: str, amount_fen: int) -> str:
    """The bid as canonical JSON. Raises ValueError for an amount that JSON can't keep exactly."""
    if not 1 <= amount_fen <= MOST_FEN:
        raise ValueError("an amount from 1 fen to 2^53-1")
    return rfc8785.dumps(
        {"amount_fen": amount_fen, "bid_id": bid_id, "lot": lot, "plate": plate}
    ).decode()


def commitment(text: str, nonce: bytes) -> str:
    """What the bidder hands in before the deadline: SHA-256, hex."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError("32 bytes of randomness")
    return hashlib.sha256(COMMITMENT_TAG + text.encode() + nonce).hexdigest()


def padded(text: str, nonce: bytes, pad_to: int) -> bytes:
    """What is encrypted: always `pad_to` bytes. Raises ValueError where that is too short."""
    said = rfc8785.dumps({"bid": json.loads(text), "nonce": nonce.hex()})
    if len(said) > pad_to:
        raise ValueError("longer than the fixed length")
    return said.ljust(pad_to, b" ")


def bound_to(*, lot: str, plate: str, bid_id: str) -> bytes:
    """The additional data of the encryption: a ciphertext opens for this bid of this bidder on
    this lot, and for nothing else."""
    return f"{lot}|{plate}|{bid_id}".encode()


def read(plaintext: bytes | None) -> Content | None:
    """What a plaintext holds; None where it is not what `padded` makes, to the byte."""
    if plaintext is None:
        return None
    body = plaintext.rstrip(b" ")
    try:
        outer = json.loads(body)
        if not isinstance(outer, dict) or set(outer) != {"bid", "nonce"}:
            return None
        bid, nonce = outer["bid"], outer["nonce"]
        is_canonical = rfc8785.dumps(outer) == body
    except (ValueError, RecursionError):  # rfc8785's refusals are ValueErrors
        return None
    if not is_canonical or not isinstance(bid, dict) or not _is_bid(bid):
        return None
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        return None
    return Content(rfc8785.dumps(bid).decode(), nonce, bid)


def _is_bid(said: dict[str, Any]) -> bool:
    amount = said.get("amount_fen")
    return (
        set(said) == {"amount_fen", "bid_id", "lot", "plate"}
        and all(isinstance(said[name], str) for name in ("bid_id", "lot", "plate"))
        and isinstance(amount, int)
        and not isinstance(amount, bool)
        and 1 <= amount <= MOST_FEN
    )


def fault(lot: str, bid: SealedBid, found: Content | None) -> str:
    """Why an opened bid is void, or "": unreadable, other_commitment, other_bid (S3)."""
    if found is None:
        return "unreadable"
    if commitment(found.text, bytes.fromhex(found.nonce)) != bid.commitment:
        return "other_commitment"
    named = (found.said["lot"], found.said["plate"], found.said["bid_id"])
    return "" if named == (lot, bid.plate, bid.id) else "other_bid"
