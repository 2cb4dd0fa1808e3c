"""Certificates: Verifiable Credentials 2.0, eddsa-jcs-2022, Bitstring Status List."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from verify.canonical_json import canonical, read_json
from verify.codes import base58, inflated
from verify.heads import holds
from verify.shapes import exactly, list_of, moment
from verify.trust import IssuerKey, Trust
from verify.verdicts import UNTRUSTED, Verdict, fail, unreadable

FEWEST_BITS, MOST_BITS = 131_072, 2**23
SKEW = timedelta(minutes=10)


def is_certificate(said: Any) -> bool:
    kinds = said.get("type") if isinstance(said, dict) else None
    return isinstance(kinds, list) and "VerifiableCredential" in kinds


def _no_fractions(value: Any) -> None:
    """How many digits of a fraction are signed depends on who writes it: there are none here."""
    if isinstance(value, float):
        fail("number", "凭证里不应有小数。A certificate holds no fractions.")
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list | float):
            _no_fractions(inner)


def check_proof(said: Mapping[str, Any], issuers: Sequence[IssuerKey]) -> IssuerKey:
    """Data Integrity EdDSA 1.0, section 3.3: Ed25519 over two digests, that of the proof without
    its value and that of the document without its proof. Returns the trusted key."""
    canonical(said)
    _no_fractions(said)
    proof = said.get("proof")
    names = {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}
    exactly(proof, names | {"@context"}, "proof")
    assert isinstance(proof, dict)
    named = (proof["type"], proof["cryptosuite"], proof["proofPurpose"])
    if named != ("DataIntegrityProof", "eddsa-jcs-2022", "assertionMethod"):
        fail("proof", "不认识的签名方式或用途。A proof of an unknown kind or purpose.")
    if proof["@context"] != said.get("@context"):
        fail("context", "签名的语境与文件不同。The proof speaks in another context.")
    created = moment(proof["created"], "created")
    method = proof["verificationMethod"]
    controller, _, fragment = method.partition("#") if isinstance(method, str) else ("", "", "")
    coded = base58(fragment, 34, "key")
    if coded[:2] != b"\xed\x01":
        fail("key", "不是 Ed25519 公钥。Not a key of Ed25519.")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    document = {name: value for name, value in said.items() if name != "proof"}
    digests = [hashlib.sha256(canonical(v).encode()).digest() for v in (options, document)]
    if not holds(coded[2:], b"".join(digests), base58(proof["proofValue"], 64, "signature")):
        fail("signature", "签名不符，内容被改过。The signature does not hold.")
    if _issuer_of(said) != controller:
        fail("issuer", "签名的不是签发者。Signed by somebody who is not the issuer.")
    return _trusted(issuers, controller, coded[2:], created)


def _issuer_of(said: Mapping[str, Any]) -> Any:
    issuer = said.get("issuer")
    return issuer.get("id") if isinstance(issuer, dict) else issuer


def _trusted(
    issuers: Sequence[IssuerKey], controller: str, public: bytes, created: datetime
) -> IssuerKey:
    for key in issuers:
        if (key.controller, key.public) == (controller, public):
            if key.is_revoked:
                sentence = "签名的密钥已作废。The key was revoked since."
                raise Verdict(UNTRUSTED, "revoked", sentence)
            is_early = created < key.made_at.replace(microsecond=0)
            if is_early or (key.retired_at is not None and created > key.retired_at):
                fail("created", "签名时间不在密钥的使用期内。Signed when the key was not at work.")
            return key
    sentence = "内容完整，但签名的密钥不在信任清单里。Intact, but the signer is unknown."
    raise Verdict(UNTRUSTED, "trust", sentence)


def _in_time(said: Mapping[str, Any], judged: datetime | None, check: str) -> None:
    at = judged or datetime.now(UTC)
    if moment(said.get("validFrom"), check) > at + SKEW:
        fail(check, "还没有生效。It is not valid yet.")
    if "validUntil" in said and moment(said["validUntil"], check) <= at:
        fail(check, "已过有效期。It is valid no longer.")


def check_certificate(said: dict[str, Any], trust: Trust) -> dict[str, Any]:
    """A certificate, or a status list by itself: signed, by a key that is trusted, in its time;
    with a status list also: not revoked."""
    key = check_proof(said, trust.issuers)
    _in_time(said, trust.at, "validity")
    proven: dict[str, Any] = {
        "kind": "certificate", "id": said.get("id"), "type": said["type"][-1],
        "name": said.get("name"), "issuer": key.controller, "key": key.public.hex(),
        "created": said["proof"]["created"], "valid_from": said["validFrom"],
    }  # fmt: skip
    if "BitstringStatusListCredential" in said["type"]:
        return {
            **proven,
            "kind": "status list",
            "revoked": int.from_bytes(_bits(said), "big").bit_count(),
        }
    proven["status"] = "not checked: give --status"
    if trust.status is not None:
        since = _check_status(said, read_json(trust.status), trust)
        proven |= {"status": "valid", "status_at": since}
    if "notice" in said:
        proven["notice"] = said["notice"]
    return {**proven, "fields": _fields(said)}


def _fields(said: Mapping[str, Any]) -> dict[str, Any]:
    """What the certificate says, by the names that were signed with it."""
    subject, layout = said.get("credentialSubject"), list_of(said.get("layout"), "layout")
    pairs = [pair for pair in layout if isinstance(pair, list) and len(pair) == 2]
    names = [name for name, _ in pairs]
    is_whole = isinstance(subject, dict) and sorted(subject) == sorted(map(str, names))
    if len(pairs) != len(layout) or not is_whole:
        fail("layout", "版式与内容不符。The layout names other fields than there are.")
    assert isinstance(subject, dict)
    return {str(label): subject[name] for name, label in pairs}


def _check_status(said: Mapping[str, Any], listed: Any, trust: Trust) -> str:
    """The certificate's bit in the list that it names; since when the list speaks."""
    if not is_certificate(listed):
        unreadable("状态列表不是凭证文件。The status list is not one.")
    if check_proof(listed, trust.issuers).controller != _issuer_of(said):
        fail("status", "状态列表不是签发者的。The status list is somebody else's.")
    _in_time(listed, trust.at, "status_stale")
    entry = said.get("credentialStatus")
    subject = listed.get("credentialSubject")
    if not isinstance(entry, dict) or not isinstance(subject, dict):
        fail("status", "凭证没有状态一项。The certificate names no status list.")
    purposes = {entry.get("statusPurpose"), subject.get("statusPurpose")}
    is_same = entry.get("statusListCredential") == listed.get("id") is not None
    if purposes != {"revocation"} or not is_same:
        fail("status", "不是这份凭证的状态列表。Not the list that the certificate names.")
    index = entry.get("statusListIndex")
    bits = _bits(listed)
    is_index = isinstance(index, str) and re.fullmatch("0|[1-9][0-9]{0,6}", index)
    if not is_index or int(str(index)) >= 8 * len(bits):
        fail("status", "状态列表的位置有误。Not a position in the list.")
    byte, bit = divmod(int(str(index)), 8)
    # The first bit is the leftmost of the first byte.
    if bits[byte] >> (7 - bit) & 1:
        fail("revoked", "这份凭证已撤销。The certificate has been revoked.")
    return str(listed["validFrom"])


def _bits(listed: Mapping[str, Any]) -> bytes:
    subject = listed.get("credentialSubject")
    text = subject.get("encodedList") if isinstance(subject, dict) else None
    if isinstance(text, str) and re.fullmatch(r"u[A-Za-z0-9_-]+", text):
        try:
            raw = base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4))
        except binascii.Error:
            raw = b""
        found = inflated(raw, 31, MOST_BITS // 8)
        if found is not None and len(found) >= FEWEST_BITS // 8:
            return found
    fail("status", "状态列表的内容有误。The bits of the status list cannot be read.")
