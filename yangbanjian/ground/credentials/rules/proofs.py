"""Data Integrity proofs with the cryptosuite eddsa-jcs-2022 (W3C, Data Integrity EdDSA 1.0, 3.3).

The signature is Ed25519 over SHA-256(JCS(proof without its value)) followed by
SHA-256(JCS(document without its proof)). Nothing is fetched, no context is resolved: who has the
document and the public key can check it.

Narrower than the standard, so that two readers never read two things: one proof, times in UTC, no
fractions among the numbers, the key is named by what it is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

import rfc8785

from yangbanjian.ground.keys.rules import ED25519, P256, Signer, is_signed

SUITE, TYPE, PURPOSE = "eddsa-jcs-2022", "DataIntegrityProof", "assertionMethod"
# Multicodec: what kind of key follows, as an unsigned varint.
CODECS = {ED25519: b"\xed\x01", P256: b"\x80\x24"}
LENGTHS = {ED25519: 32, P256: 33}
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LARGEST, DEEPEST = 256 * 1024, 32
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
_PROOF = {
    "@context", "created", "cryptosuite", "proofPurpose", "proofValue", "type",
    "verificationMethod",
}  # fmt: skip


class Broken(ValueError):
    """The document does not hold; `check` names the first check that failed."""

    def __init__(self, check: str) -> None:
        super().__init__(check)
        self.check = check


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that a reader trusts, whose it is, and when it was at work (half-open)."""

    controller: str
    public: bytes
    made_at: datetime
    retired_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def method(self) -> str:
        return method_of(self.controller, ED25519, self.public)


def base58(raw: bytes) -> str:
    """Base58 with Bitcoin's alphabet; a leading zero byte is a leading 1."""
    number, text = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def from_base58(text: str) -> bytes:
    """Raises ValueError for a character outside the alphabet."""
    number = 0
    for letter in text:
        number = number * 58 + ALPHABET.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def multikey(algorithm: str, public: bytes) -> str:
    """A public key as Multikey writes it: `z`, base58 of the codec and the key."""
    return "z" + base58(CODECS[algorithm] + public)


def from_multikey(text: str, algorithm: str = ED25519) -> bytes:
    """The public key. Raises Broken for another base, codec or length."""
    codec = CODECS[algorithm]
    raw = _from_multibase(text, len(codec) + LENGTHS[algorithm], "key")
    if not raw.startswith(codec):
        raise Broken("key")
    return raw[len(codec) :]


def _from_multibase(text: Any, length: int, check: str) -> bytes:
    # Bounded before it is decoded: base58 takes the square of the length.
    if not isinstance(text, str) or not text.startswith("z") or len(text) > 2 * length:
        raise Broken(check)
    try:
        raw = from_base58(text[1:])
    except ValueError:
        raise Broken(check) from None
    if len(raw) != length or "z" + base58(raw) != text:
        raise Broken(check)
    return raw


def method_of(controller: str, algorithm: str, public: bytes) -> str:
    """The key's address: its controller, and the key itself as the fragment."""
    return f"{controller}#{multikey(algorithm, public)}"


def moment(at: datetime) -> str:
    """RFC 3339 in UTC, whole seconds: one way of writing each moment."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_moment(text: Any, check: str) -> datetime:
    """Raises Broken for what is no moment in UTC."""
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        raise Broken(check)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Broken(check) from None


def canonical(value: Any) -> bytes:
    """RFC 8785. Raises Broken for what has no place in a credential (see `check_values`)."""
    check_values(value)
    return rfc8785.dumps(value)


def check_values(value: Any, depth: int = 0) -> None:
    """Strings, whole numbers below 2 ** 53, true, false, null, lists and objects of these.

    Fractions are refused: how many digits of them are signed depends on who writes them.
    """
    if depth > DEEPEST:
        raise Broken("depth")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int):
        if abs(value) >= 2**53:
            raise Broken("number")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            _check_text(name)
            check_values(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            check_values(inner, depth + 1)
    elif value is not None:
        raise Broken("number" if isinstance(value, float) else "json")


def _check_text(text: Any) -> None:
    try:
        text.encode()
    except (AttributeError, UnicodeEncodeError):
        raise Broken("json") from None


def read(content: bytes) -> dict[str, Any]:
    """A document from outside. Raises Broken: too large, no JSON object, a key twice, a number
    that is not whole."""
    if len(content) > LARGEST:
        raise Broken("size")
    try:
        value = json.loads(
            content.decode(), object_pairs_hook=_once, parse_constant=_refuse, parse_float=_refuse
        )
    except Broken:
        raise
    except (ValueError, RecursionError):
        raise Broken("json") from None
    if not isinstance(value, dict):
        raise Broken("json")
    check_values(value)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Broken("duplicate")
    return found


def _refuse(_text: str) -> NoReturn:
    raise Broken("number")


def hashed(document: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """What is signed: the digest of the proof's options, then that of the unsecured document."""
    return (
        hashlib.sha256(canonical(options)).digest() + hashlib.sha256(canonical(document)).digest()
    )


def secured(
    document: Mapping[str, Any], signer: Signer, controller: str, created: datetime
) -> dict[str, Any]:
    """The document with its proof. It must say in which context it speaks and carry no proof."""
    if signer.algorithm != ED25519 or "proof" in document or "@context" not in document:
        raise ValueError("not to be signed with this suite")
    options = {
        "@context": document["@context"],
        "type": TYPE,
        "cryptosuite": SUITE,
        "created": moment(created),
        "verificationMethod": method_of(controller, signer.algorithm, signer.public),
        "proofPurpose": PURPOSE,
    }
    value = "z" + base58(signer.sign(hashed(document, options)))
    return {**document, "proof": {**options, "proofValue": value}}


def check(document: Mapping[str, Any], keys: Iterable[KnownKey]) -> KnownKey:
    """The trusted key that signed the document. Raises Broken with the first check that fails:
    context, type, purpose, time, encoding, key, signature, issuer, trust, created, revoked."""
    proof = document.get("proof")
    if not isinstance(proof, Mapping) or set(proof) != _PROOF:
        raise Broken("proof")
    if proof["type"] != TYPE or proof["cryptosuite"] != SUITE:
        raise Broken("suite")
    if proof["proofPurpose"] != PURPOSE:
        raise Broken("purpose")
    if proof["@context"] != document.get("@context"):
        raise Broken("context")
    created = read_moment(proof["created"], "created")
    controller, public = _named(proof["verificationMethod"])
    signature = _from_multibase(proof["proofValue"], 64, "signature")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    if not is_signed(ED25519, public, hashed(unsecured, options), signature):
        raise Broken("signature")
    issuer = document.get("issuer")
    if (issuer.get("id") if isinstance(issuer, Mapping) else issuer) != controller:
        raise Broken("issuer")
    for key in keys:
        if key.public == public and key.controller == controller:
            return _at_work(key, created)
    raise Broken("trust")


def _named(method: Any) -> tuple[str, bytes]:
    if not isinstance(method, str):
        raise Broken("key")
    controller, _, fragment = method.partition("#")
    return controller, from_multikey(fragment)


def _at_work(key: KnownKey, created: datetime) -> KnownKey:
    """A key that got into wrong hands can write any date: what it signed is not to be told apart."""
    if key.revoked_at is not None:
        raise Broken("revoked")
    is_early = created < key.made_at.replace(microsecond=0)
    if is_early or (key.retired_at is not None and created > key.retired_at):
        raise Broken("created")
    return key
