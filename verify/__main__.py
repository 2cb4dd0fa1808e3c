"""Checks what a technology market has handed out, without the market and without a network.

    python -m verify FILE --trust KEYS.json [--seen CHECKPOINT]... [--status LIST.json] [--json]

FILE is an evidence packet (of one entry), a checkpoint (the signed head of the log), a proof of
consistency (of two heads), the log of a lot (its bidding is recounted by rules written a second
time), a certificate (a Verifiable Credential, or the text of the code on its page) or a status
list. KEYS.json is what the market publishes at /log/keys, which you should
have kept since you first dealt with it: a file fetched today proves what is said today. --seen
names checkpoints that came into your hands earlier (by mail, on paper): one of them still counts
when its key has been revoked since, and a head that contradicts it is refused.

Exit code 0 holds, 1 a check fails (the first is named), 2 unreadable, 3 intact but the signer is
not trusted. Needs Python 3.11 and the package `cryptography`.

In this order: the file is canonical (RFC 8785), so that no byte can change without changing what
is said; payload, remark and files are those that the leaf names; the leaf stands in the tree
(RFC 9162 section 2.1); the tree's head is signed (C2SP signed-note); the key is one you trust, or
was endorsed by one you trust. Of a certificate: context, proof, key, signature (W3C eddsa-jcs-2022),
issuer, the key's time, its own time, and with --status its bit in the list that it names. It may be
laid out anew: what counts is what it says.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from verify.auction import Recount, recount
from verify.lot_log import LOT_LOG, Mismatch

HOLDS, FAILS, UNREADABLE, UNTRUSTED = 0, 1, 2, 3
LARGEST = 64 * 2**20
DEEPEST = 64


class Verdict(Exception):
    """What came out: an exit code, the check that decided, a sentence, and what is proven."""

    def __init__(self, code: int, check: str, sentence: str, proven: Any = None) -> None:
        super().__init__(sentence)
        self.code, self.check, self.sentence, self.proven = code, check, sentence, proven


def fail(check: str, sentence: str) -> NoReturn:
    raise Verdict(FAILS, check, sentence)


def unreadable(sentence: str) -> NoReturn:
    raise Verdict(UNREADABLE, "file", sentence)


# --- canonical JSON, RFC 8785 ---------------------------------------------------------------------


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        unreadable("同一个对象里有重复的键。A key stands twice in one object.")
    return found


def _constant(_word: str) -> NoReturn:
    unreadable("不是规范的 JSON 数字。Not a number of JSON.")


def read_json(text: str) -> Any:
    """Strict: no duplicate keys, no NaN, no half surrogates, no bottomless nesting."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_constant)
        text.encode()
    except (ValueError, RecursionError):
        unreadable("不是 JSON 文件。Not a JSON file.")
    return value


def number(value: float) -> str:
    """A double as ECMAScript writes it."""
    if value != value or value in (float("inf"), float("-inf")):
        unreadable("不是规范的 JSON 数字。Not a number of JSON.")
    if value == 0:
        return "0"
    sign, (mantissa, _, power) = "-" if value < 0 else "", f"{abs(value)!r}e0".partition("e")
    whole, _, fraction = mantissa.partition(".")
    exponent = int(power.partition("e")[0]) + len(whole)
    digits = whole + fraction
    exponent -= len(digits) - len(digits.lstrip("0"))
    digits = digits.strip("0")
    if 0 < exponent <= 21:
        if len(digits) <= exponent:
            return sign + digits.ljust(exponent, "0")
        return f"{sign}{digits[:exponent]}.{digits[exponent:]}"
    if -6 < exponent <= 0:
        return f"{sign}0.{'0' * -exponent}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{'+' if exponent > 0 else '-'}{abs(exponent - 1)}"


def canonical(value: Any, depth: int = 0) -> str:
    """RFC 8785. Whole numbers beyond 2^53 have no exact meaning there and are refused."""
    if depth > DEEPEST:
        unreadable("层数太多。Nested too deeply.")
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        if abs(value) >= 2**53:
            unreadable("整数太大。A whole number is too large.")
        return str(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return "[" + ",".join(canonical(v, depth + 1) for v in value) + "]"
    keys = sorted(value, key=lambda k: k.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{canonical(k)}:{canonical(value[k], depth + 1)}" for k in keys) + "}"


# --- the tree, RFC 9162 section 2.1 ---------------------------------------------------------------


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def is_included(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """2.1.3.2: does the leaf with this hash stand at `index` of the tree with this root?"""
    if not 0 <= index < size or len(leaf) != 32:
        return False
    at, last, found = index, size - 1, leaf
    for other in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = _node(other, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = _node(found, other)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """2.1.4.2: is the tree of `old` leaves the beginning of that of `new`?"""
    if old == new:
        is_odd = old == 0 and old_root != hashlib.sha256(b"").digest()
        return not path and not is_odd and old_root == new_root
    if not 0 < old < new or not path:
        return False
    rest = list(path)
    if old & (old - 1) == 0:
        rest.insert(0, old_root)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = rest[0]
    for other in rest[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = _node(other, first), _node(other, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = _node(second, other)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


# --- signed notes and keys, C2SP ------------------------------------------------------------------


class Head(NamedTuple):
    """A checkpoint: the text that is signed, what it says, and (name, key id, signature)."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes, bytes]]


class Key(NamedTuple):
    public: bytes
    is_revoked: bool


def _base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        fail("encoding", "base64 编码有误。Not base64.")
    if base64.b64encode(raw).decode() != text:
        fail("encoding", "base64 编码不规范。Not canonical base64.")
    return raw


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
        raw = _base64(parts[2])
        found.append((parts[1], raw[:4], raw[4:]))
    root = _base64(body[2])
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
    for row in _list(rows, "keys"):
        _exactly(row, {"algorithm", "public", "statement", "endorsement"}, "keys")
        public = _hex(row["public"], "keys")
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
    _exactly(said, {"algorithm", "at", "new", "old", "purpose", "type"}, "keys")
    told = (said["type"], said["old"], said["new"], said["purpose"], said["algorithm"])
    if told != ("yangbanjian-key-rotation/1", old.hex(), new.hex(), "log", "ed25519"):
        fail("keys", "密钥交接说明与密钥不符。The rotation names other keys.")
    if not holds(old, text.encode(), _hex(row["endorsement"], "keys")):
        fail("keys", "密钥交接的签名不符。The rotation's signature does not hold.")


# --- certificates: Verifiable Credentials 2.0, eddsa-jcs-2022, Bitstring Status List --------------

LETTERS58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LETTERS45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
FEWEST_BITS, MOST_BITS = 131_072, 2**23
SKEW = timedelta(minutes=10)


class IssuerKey(NamedTuple):
    """A key that signs certificates: whose it is, and when it was at work."""

    controller: str
    public: bytes
    made_at: datetime
    retired_at: datetime | None
    is_revoked: bool


def read_issuer(row: Mapping[str, Any]) -> IssuerKey:
    """A row of the list of keys whose purpose is `credential`."""
    retired = row.get("retired_at")
    return IssuerKey(
        row["controller"], bytes.fromhex(row["public"]), moment(row["made_at"], "trust"),
        moment(retired, "trust") if retired is not None else None,
        row.get("revoked_at") is not None,
    )  # fmt: skip


def moment(text: Any, check: str) -> datetime:
    """A time in UTC, as `2026-03-01T08:00:00Z`."""
    shape = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"
    if isinstance(text, str) and re.fullmatch(shape, text, re.ASCII):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    fail(check, f"「{check}」里的时间有误。“{check}” holds what is not a time in UTC.")


def base58(text: Any, length: int, check: str) -> bytes:
    """Multibase base58 (`z…`) of so many bytes, written in the one way there is."""
    if isinstance(text, str) and re.fullmatch(f"z[{LETTERS58}]{{1,{2 * length}}}", text):
        number = 0
        for letter in text[1:]:
            number = 58 * number + LETTERS58.index(letter)
        zeros = re.match("z(1*)", text)
        head = len(zeros[1]) if zeros else 0
        raw = bytes(head) + number.to_bytes((number.bit_length() + 7) // 8, "big")
        if len(raw) == length:
            return raw
    fail(check, f"「{check}」的编码有误。“{check}” is not encoded as it should be.")


def base45(text: str) -> bytes:
    """RFC 9285."""
    digits = [LETTERS45.find(letter) for letter in text]
    found = bytearray()
    for group in (digits[n : n + 3] for n in range(0, len(digits), 3)):
        value = sum(digit * 45**place for place, digit in enumerate(group))
        if len(group) == 1 or min(group) < 0 or value >= 256 ** (len(group) - 1):
            unreadable("二维码内容有误。The code cannot be read.")
        found += value.to_bytes(len(group) - 1, "big")
    return bytes(found)


def _inflated(raw: bytes, window: int, most: int) -> bytes | None:
    """What was compressed, if it is whole, alone, and at most so many bytes."""
    stream = zlib.decompressobj(window)
    try:
        found = stream.decompress(raw, most + 1)
    except zlib.error:
        return None
    return found if stream.eof and not stream.unused_data and len(found) <= most else None


def scanned(text: str) -> str:
    """The document in the text of a scanned code, `YBJ1:…`."""
    found = _inflated(base45(text.strip("\r\n")[5:]), -15, 2**16)
    if found is None:
        unreadable("二维码内容有误。The code cannot be read.")
    try:
        return found.decode()
    except UnicodeDecodeError:
        unreadable("不是 UTF-8 文本。Not a text in UTF-8.")


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
    _exactly(proof, names | {"@context"}, "proof")
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


def _in_time(said: Mapping[str, Any], at: datetime, check: str) -> None:
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
    subject, layout = said.get("credentialSubject"), _list(said.get("layout"), "layout")
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
        found = _inflated(raw, 31, MOST_BITS // 8)
        if found is not None and len(found) >= FEWEST_BITS // 8:
            return found
    fail("status", "状态列表的内容有误。The bits of the status list cannot be read.")


# --- whom the reader trusts -----------------------------------------------------------------------


class Trust(NamedTuple):
    """What the reader knows of their own: keys, and heads that they have seen earlier."""

    keys: Mapping[bytes, Key]
    seen: Sequence[Head]
    # For certificates: who issues, the status list at hand, and the time to judge by.
    issuers: Sequence[IssuerKey] = ()
    status: str | None = None
    at: datetime = datetime.now(UTC)

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


# --- the kinds of file --------------------------------------------------------------------------


def _exactly(value: Any, names: set[str], check: str) -> None:
    if not isinstance(value, dict) or set(value) != names:
        fail(check, f"「{check}」的字段有误。“{check}” has other fields than it should.")


def _list(value: Any, check: str) -> list[Any]:
    if not isinstance(value, list):
        fail(check, f"「{check}」应是列表。“{check}” is not a list.")
    return value


def _hex(value: Any, check: str) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(r"(?:[0-9a-f]{2})*", value):
        fail(check, f"「{check}」里的十六进制有误。“{check}” holds what is not hexadecimal.")
    return bytes.fromhex(value)


def _whole(value: Any, check: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        fail(check, f"「{check}」里的数有误。“{check}” holds what is not a count.")
    return value


def _hashes(value: Any, check: str) -> list[bytes]:
    found = [_hex(h, check) for h in _list(value, check)]
    if any(len(h) != 32 for h in found):
        fail(check, f"「{check}」里的哈希长度有误。“{check}” holds what is not a hash.")
    return found


def check_packet(packet: dict[str, Any], trust: Trust) -> dict[str, Any]:
    """One entry, with all that belongs to it."""
    wanted = {"type", "leaf", "payload", "salt", "remark", "files", "proof", "checkpoint", "keys"}
    _exactly(packet, wanted, "packet")
    leaf = packet["leaf"]
    if not isinstance(leaf, dict) or leaf.get("v") != 1:
        fail("leaf", "不认识的记录格式。An entry of an unknown form.")
    salted = _hex(packet["salt"], "salt") + canonical(packet["payload"]).encode()
    if hashlib.sha256(salted).hexdigest() != leaf.get("payload_sha256"):
        fail("payload", "内容与记录不符。The payload is not the one that was recorded.")
    _check_remark(packet["remark"], leaf.get("remark_sha256"))
    _check_files(packet["files"], packet["payload"])
    proof = packet["proof"]
    _exactly(proof, {"index", "size", "leaf_hash", "hashes"}, "proof")
    index, size = _whole(proof["index"], "proof"), _whole(proof["size"], "proof")
    here = leaf_hash(canonical(leaf).encode())
    if here.hex() != proof["leaf_hash"]:
        fail("leaf", "记录与证明不符。The entry is not the one that the proof is about.")
    head = read_head(packet["checkpoint"])
    if head.size != size:
        fail("proof", "证明与树头的条数不符。The proof is for a tree of another size.")
    if not is_included(index, size, here, _hashes(proof["hashes"], "proof"), head.root):
        fail("inclusion", "记录不在这棵树里。The entry does not stand in this tree.")
    key = trust.judge(head, read_chain(packet["keys"]))
    return {
        "kind": "packet", "origin": head.origin, "index": index, "size": size, "key": key,
        "entry": leaf.get("id"), "verb": leaf.get("verb"), "subject": leaf.get("subject"),
        "recorded_at": leaf.get("at_recorded"),
    }  # fmt: skip


def _check_remark(remark: Any, digest: Any) -> None:
    if digest is None or remark == "erased":
        if (remark is None) != (digest is None):
            fail("remark", "说明与记录不符。The remark is not the one that was recorded.")
        return
    _exactly(remark, {"text", "salt"}, "remark")
    text = remark["text"] if isinstance(remark["text"], str) else ""
    if hashlib.sha256(_hex(remark["salt"], "remark") + text.encode()).hexdigest() != digest:
        fail("remark", "说明与记录不符。The remark is not the one that was recorded.")


def _check_files(rows: Any, payload: Any) -> None:
    for row in _list(rows, "files"):
        _exactly(row, {"sha256", "content"}, "files")
        content = _base64(row["content"] if isinstance(row["content"], str) else "-")
        is_named = isinstance(payload, dict) and payload.get("sha256") == row["sha256"]
        if not is_named or hashlib.sha256(content).hexdigest() != row["sha256"]:
            fail("files", "文件与记录不符。A file is not the one that was recorded.")


def check_consistency(proof: dict[str, Any], trust: Trust) -> dict[str, Any]:
    """The tree of the older checkpoint is the beginning of the newer one's."""
    _exactly(proof, {"type", "from", "to", "old", "new", "hashes", "keys"}, "consistency")
    chain = read_chain(proof["keys"])
    old, new = read_head(proof["old"]), read_head(proof["new"])
    hashes = _hashes(proof["hashes"], "consistency")
    if (proof["from"], proof["to"], old.origin) != (old.size, new.size, new.origin):
        fail("consistency", "证明与两个树头不符。The proof is about other heads.")
    if not is_consistent(old.size, new.size, old.root, new.root, hashes):
        fail("consistency", "新树不是旧树的延续。The newer tree does not continue the older.")
    key = trust.judge(new, chain)
    earlier = signer_of(old, dict.fromkeys([*chain, *trust.keys]))
    if earlier is None:
        fail("signature", "旧树头不是所附密钥签的。None of the keys has signed the older head.")
    return {
        "kind": "consistency",
        "origin": new.origin,
        "from": old.size,
        "to": new.size,
        "key": key,
    }


def check_checkpoint(note: str, trust: Trust) -> dict[str, Any]:
    """A signed head by itself."""
    head = read_head(note)
    key = trust.judge(head, [])
    return {"kind": "checkpoint", "origin": head.origin, "size": head.size, "key": key}


def check_lot_log(text: str, trust: Trust) -> dict[str, Any]:
    """The bidding of one lot: recounted, then held to the entry that vouches for the log."""
    *rows, rest = text.split("\n")
    lines = [read_json(row) for row in rows]
    if rest or any(not isinstance(line, dict) for line in lines):
        unreadable("日志不完整。The log is cut off, or holds what is not a line of it.")
    if any(canonical(line) != row for line, row in zip(lines, rows, strict=True)):
        fail("canonical", "日志不是规范形式，可能被改过。The log is not in canonical form.")
    evidence = lines.pop() if lines[1:] and lines[-1].get("kind") == "evidence" else None
    try:
        lot = recount(lines)
    except Mismatch as odd_line:
        fail(odd_line.check, odd_line.sentence)
    proven = {
        "kind": "lot-log", "lot": lot.terms["lot"], "lines": len(lines), "withheld": lot.withheld,
        "unreadable": lot.unreadable, **(lot.result or {"outcome": None}),
    }  # fmt: skip
    if evidence is None:
        sentence = "重算无误，但日志没有附上存证。Recounted, but nobody has vouched for the log."
        raise Verdict(UNTRUSTED, "trust", sentence, proven)
    digest = hashlib.sha256("".join(f"{row}\n" for row in rows[: len(lines)]).encode()).hexdigest()
    proven.update(
        _check_evidence(evidence, lot, {"log_sha256": digest, "lines": len(lines)}, trust)
    )
    return proven


def _check_evidence(
    evidence: dict[str, Any], lot: Recount, said: dict[str, Any], trust: Trust
) -> dict[str, Any]:
    _exactly(evidence, {"kind", "n", "deadline", "result"}, "evidence")
    found = _check_vouching(evidence["result"], lot, said, trust)
    if (evidence["n"], evidence["deadline"] is None) != (said["lines"], lot.digest is None):
        fail("evidence", "存证与日志不符。The evidence is not that of this log.")
    if lot.digest is not None:
        early = _check_vouching(evidence["deadline"], lot, {"sealed_sha256": lot.digest}, trust)
        if early["size"] > found["index"]:
            sentence = "开标以前没有公布已收报价。The bids received were in no head before opening."
            fail("deadline", sentence)
    return {"origin": found["origin"], "index": found["index"], "key": found["key"]}


def _check_vouching(
    packet: Any, lot: Recount, said: dict[str, Any], trust: Trust
) -> dict[str, Any]:
    if not isinstance(packet, dict) or packet.get("type") != "yangbanjian-packet/1":
        fail("evidence", "存证包的格式有误。What vouches for the log is no packet.")
    found = check_packet(packet, trust)
    payload = packet["payload"] if isinstance(packet["payload"], dict) else {}
    wanted = {"lot": lot.terms["lot"], **said}
    if canonical({k: payload.get(k) for k in wanted}) != canonical(wanted):
        fail("evidence", "存证与日志不符。The evidence is not that of this log.")
    return found


CHECKS: dict[str, Callable[[dict[str, Any], Trust], dict[str, Any]]] = {
    "yangbanjian-packet/1": check_packet,
    "yangbanjian-consistency/1": check_consistency,
}


def verify(content: bytes, trust: Trust) -> Verdict:
    """What is to be said of a file's bytes."""
    try:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            unreadable("不是 UTF-8 文本。Not a text in UTF-8.")
        if text.startswith("YBJ1:"):
            text = scanned(text)
        if not text.startswith("{"):
            return Verdict(HOLDS, "", SAID, check_checkpoint(text, trust))
        if text.partition("\n")[0].endswith(f'"type":"{LOT_LOG}"}}'):
            return Verdict(HOLDS, "", SAID, check_lot_log(text, trust))
        said = read_json(text)
        # Signed is what it says, not how it is laid out: wallets write it anew.
        if is_certificate(said):
            return Verdict(HOLDS, "", SAID, check_certificate(said, trust))
        check = CHECKS.get(said.get("type")) if isinstance(said.get("type"), str) else None
        if check is None:
            unreadable("不认识的文件类型。A file of an unknown type.")
        if canonical(said) != text:
            fail("canonical", "文件不是规范形式，可能被改过。The file is not in canonical form.")
        return Verdict(HOLDS, "", SAID, check(said, trust))
    except Verdict as verdict:
        return verdict


SAID = "属实：逐项核对无误。It holds."


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


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verify", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--trust", help="the keys you trust (kept from /log/keys)")
    parser.add_argument("--seen", action="append", default=[], help="a checkpoint seen earlier")
    parser.add_argument("--status", help="the status list that a certificate names")
    parser.add_argument("--at", help="judge as of this time, 2026-03-01T08:00:00Z (now)")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    asked = parser.parse_args(arguments)
    try:
        content = Path(asked.file).read_bytes()
        if len(content) > LARGEST:
            unreadable("文件太大。The file is too large.")
        verdict = verify(content, read_trust(asked.trust, asked.seen, asked.status, asked.at))
    except Verdict as stopped:
        verdict = stopped
    except (OSError, UnicodeDecodeError):
        verdict = Verdict(UNREADABLE, "file", "文件打不开。The file cannot be opened.")
    if asked.json:
        said = {"code": verdict.code, "check": verdict.check, "sentence": verdict.sentence}
        print(json.dumps({**said, "proven": verdict.proven}, ensure_ascii=False))
    else:
        print(verdict.sentence)
        for name, value in (verdict.proven or {}).items():
            if isinstance(value, dict):
                print(f"  {name}:")
                for label, said_there in value.items():
                    print(f"    {label}: {said_there}")
            else:
                print(f"  {name}: {value}")
        if verdict.code == FAILS:
            print(f"  check: {verdict.check}")
    return verdict.code


if __name__ == "__main__":
    sys.exit(main())
