"""Signed heads of the log (C2SP signed notes) and the keys that hand over to each other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from verify.canonical_json import read_json
from verify.shapes import exactly, from_base64, from_hex, list_of
from verify.verdicts import fail


class Head(NamedTuple):
    """A checkpoint: the text that is signed, what it says, and (name, key id, signature)."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes, bytes]]


def read_head(note: Any) -> Head:
    """A checkpoint, nothing verified yet."""
    text, blank, lines = note.rpartition("\n\n") if isinstance(note, str) else ("", "", "")
    body = text.split("\n")
    if not blank or not lines.endswith("\n") or len(body) != 3 or not body[0]:
        fail("checkpoint", "不是签名的树头。Not a checkpoint.")
    if not re.fullmatch(r"0|[1-9][0-9]{0,15}", body[1]):
        fail("checkpoint", "树头的条数有误。Not a tree size.")
    found = []
    for line in lines[:-1].split("\n"):
        parts = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)", line)
        if parts is None:
            fail("checkpoint", "签名行有误。Not a signature line.")
        raw = from_base64(parts[2])
        found.append((parts[1], raw[:4], raw[4:]))
    root = from_base64(body[2])
    if len(root) != 32:
        fail("checkpoint", "根哈希长度有误。Not a root hash.")
    return Head(text + "\n", body[0], int(body[1]), root, found)


def key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519, RFC 8032."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signer_of(head: Head, publics: Iterable[bytes]) -> bytes | None:
    """The first of these keys that has signed; a signature by one of them that is bad refuses."""
    found = None
    for public in publics:
        known = key_id(head.origin, public)
        for name, given, signature in head.signatures:
            if name == head.origin and given == known:
                if not holds(public, head.text.encode(), signature):
                    fail("signature", "树头的签名不符。The checkpoint's signature does not hold.")
                found = found or public
    return found


def read_chain(rows: Any) -> list[bytes]:
    """The keys of a packet, each after the first endorsed by the one before."""
    chain: list[bytes] = []
    for row in list_of(rows, "keys"):
        exactly(row, {"algorithm", "public", "statement", "endorsement"}, "keys")
        public = from_hex(row["public"], "keys")
        if row["algorithm"] != "ed25519" or len(public) != 32:
            fail("keys", "不认识的密钥类型。A key of an unknown kind.")
        if not chain:
            if row["statement"] is not None or row["endorsement"] is not None:
                fail("keys", "第一个密钥不应有交接说明。The first key has no predecessor here.")
        else:
            _check_rotation(row, chain[-1], public)
        chain.append(public)
    return chain


def _check_rotation(row: Mapping[str, Any], old: bytes, new: bytes) -> None:
    text = row["statement"] if isinstance(row["statement"], str) else "null"
    said: Any = read_json(text)
    exactly(said, {"algorithm", "at", "new", "old", "purpose", "type"}, "keys")
    told = (said["type"], said["old"], said["new"], said["purpose"], said["algorithm"])
    if told != ("yangbanjian-key-rotation/1", old.hex(), new.hex(), "log", "ed25519"):
        fail("keys", "密钥交接说明与密钥不符。The rotation names other keys.")
    if not holds(old, text.encode(), from_hex(row["endorsement"], "keys")):
        fail("keys", "密钥交接的签名不符。The rotation's signature does not hold.")
