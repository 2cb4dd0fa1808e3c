"""The receipt of a sealed bid: who handed in keeps it, and needs nothing else to prove it."""

from __future__ import annotations

from typing import Any

from verify.canonical_json import canonical
from verify.heads import holds
from verify.shapes import exactly, from_hex
from verify.trust import Trust
from verify.verdicts import UNTRUSTED, Verdict, fail

RECEIPT = "yangbanjian-receipt/1"


def check_receipt(said: dict[str, Any], trust: Trust) -> dict[str, Any]:
    """Signed with a key of the log over lot, bid, commitment, instant and entry."""
    named = {"lot", "bid_id", "commitment", "ciphertext_sha256", "seq", "at", "entry_id"}
    exactly(said, named | {"type", "key", "signature"}, "receipt")
    public = from_hex(said["key"], "receipt")
    text = canonical({k: v for k, v in said.items() if k != "signature"}).encode()
    if not holds(public, text, from_hex(said["signature"], "receipt")):
        fail("signature", "回执的签名不符。The receipt's signature does not hold.")
    if public not in trust.keys or trust.keys[public].is_revoked:
        sentence = "内容完整，但签名的密钥不在信任清单里。Intact, but the signer is unknown."
        raise Verdict(UNTRUSTED, "trust", sentence)
    return {"kind": "receipt", **{n: said[n] for n in sorted(named)}, "key": said["key"]}
