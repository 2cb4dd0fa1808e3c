"""Signing a contract electronically, behind an interface.

A supplier of reliable electronic signatures (电子签名法第十三条) stands behind `Signing`; our own
implementation, for the sandbox and for markets that have none, lets the house witness with its own
key who of which side signed which text and when. It says so in `scheme`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from yangbanjian.ground.keys import actions as keys
from yangbanjian.ground.keys import queries as key_queries
from yangbanjian.kernel.actor import SYSTEM

PURPOSE = "contract"


@dataclass(frozen=True, slots=True)
class Will:
    """What is signed: the digest of the contract (SHA-256, hex), by which side, organisation and
    person (ids), at which business time (RFC 3339)."""

    contract_sha256: str
    side: str
    organisation: int
    person: int | None
    at: str


class Signing(Protocol):
    """Something that signs for a person, after whatever it asks of them."""

    scheme: str

    def sign(self, will: Will) -> dict[str, Any]:
        """The signature as it is kept: `scheme`, what was signed, and what proves it."""
        ...


class HouseSigning:
    """The house's key witnesses the will of a person who is signed in."""

    scheme = "house-ed25519/1"

    def sign(self, will: Will) -> dict[str, Any]:
        key = keys.ensure(actor=SYSTEM, purpose=PURPOSE)
        said = asdict(will)
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        signature = key_queries.signer_of(key).sign(text.encode())
        return {
            "scheme": self.scheme, **said, "public": bytes(key.public).hex(),
            "signature": signature.hex(),
        }  # fmt: skip


def signing() -> Signing:
    """Who signs here."""
    return HouseSigning()
