"""Whom the reader trusts: keys and heads of their own, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from verify.canonical_json import read_json
from verify.heads import Head, read_head, signer_of
from verify.shapes import moment
from verify.verdicts import UNTRUSTED, Verdict, fail, unreadable


class Key(NamedTuple):
    public: bytes
    is_revoked: bool


class IssuerKey(NamedTuple):
    """A key that signs certificates: whose it is, and when it was at work."""

    controller: str
    public: bytes
    made_at: datetime
    retired_at: datetime | None
    is_revoked: bool


class Trust(NamedTuple):
    """What the reader knows of their own: keys, and heads that they have seen earlier."""

    keys: Mapping[bytes, Key]
    seen: Sequence[Head]
    # For certificates: who issues, the status list at hand, and the time to judge by.
    issuers: Sequence[IssuerKey] = ()
    status: str | None = None
    at: datetime | None = None  # none: the moment in which it is asked

    def judge(self, head: Head, chain: Sequence[bytes]) -> str:
        """The signing key in hex; refuses a bad signature, raises Verdict 3 for a strange one."""
        public = signer_of(head, dict.fromkeys([*chain, *self.keys]))
        if public is None:
            if chain:
                fail("signature", "树头不是所附密钥签的。None of the keys given has signed.")
            raise Verdict(
                UNTRUSTED, "trust", "签名的密钥不在信任清单里。The signer is not among your keys."
            )
        if chain and public != chain[-1]:
            fail("keys", "所附密钥多于所需。Keys are attached that have nothing to say.")
        for other in self.seen:
            if other.origin == head.origin and other.size == head.size and other.root != head.root:
                fail("seen", "与您先前见过的树头矛盾。A head that you have seen says otherwise.")
        self._check_trusted(public, head, chain)
        return public.hex()

    def _check_trusted(self, public: bytes, head: Head, chain: Sequence[bytes]) -> None:
        trusted = [k for k in dict.fromkeys([*chain, public]) if k in self.keys]
        was_seen = any(other.text == head.text for other in self.seen)
        if any(self.keys[k].is_revoked for k in trusted) and not was_seen:
            sentence = "签名的密钥已作废，又没有先前见过的树头。The key was revoked since."
            raise Verdict(UNTRUSTED, "revoked", sentence)
        if not trusted:
            sentence = "内容完整，但签名的密钥不在信任清单里。Intact, but the signer is unknown."
            raise Verdict(UNTRUSTED, "trust", sentence)


def read_issuer(row: Mapping[str, Any]) -> IssuerKey:
    """A row of the list of keys whose purpose is `credential`."""
    retired = row.get("retired_at")
    return IssuerKey(
        row["controller"], bytes.fromhex(row["public"]), moment(row["made_at"], "trust"),
        moment(retired, "trust") if retired is not None else None,
        row.get("revoked_at") is not None,
    )  # fmt: skip


def read_trust(
    path: str | None, seen: Iterable[str], status: str | None = None, at: str | None = None
) -> Trust:
    """The reader's own keys and heads, the status list at hand, the time to judge by. A key that
    signs certificates has nothing to say about the log, nor the other way round."""
    found: dict[bytes, Key] = {}
    issuers: list[IssuerKey] = []
    said = read_json(Path(path).read_text(encoding="utf-8")) if path else {"keys": []}
    try:
        for row in said["keys"]:
            if row["algorithm"] == "ed25519" and row.get("purpose") == "credential":
                issuers.append(read_issuer(row))
            elif row["algorithm"] == "ed25519" and row.get("purpose", "log") == "log":
                public = bytes.fromhex(row["public"])
                found[public] = Key(public, row.get("revoked_at") is not None)
    except (KeyError, TypeError, ValueError, AttributeError):
        unreadable("信任清单的格式有误。The list of trusted keys is not one.")
    heads = [read_head(Path(name).read_text(encoding="utf-8")) for name in seen]
    listed = Path(status).read_text(encoding="utf-8") if status else None
    return Trust(found, heads, issuers, listed, moment(at, "at") if at else datetime.now(UTC))
