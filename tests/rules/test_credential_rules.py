"""Proofs, status bits and codes without a database: published vectors, and every pitfall."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.ground.credentials import printing
from yangbanjian.ground.credentials.rules import bits, codes, documents, proofs
from yangbanjian.ground.credentials.rules.documents import Field, Form, Issuer, Place
from yangbanjian.ground.keys.rules import ED25519, P256, Ed25519Signer, P256Signer, is_signed

VECTORS = Path(__file__).parents[1] / "vectors" / "eddsa-jcs-2022"
AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
SIGNER = Ed25519Signer(bytes(range(32)))
WHO = Issuer("did:web:market.example", "https://market.example", "某交易所")
KNOWN = proofs.KnownKey(WHO.did, SIGNER.public, AT - timedelta(days=1))
FORM = Form("ThingCertificate", "某凭证", (Field("no", "编号"), Field("parts", "组成")))
VALUES: dict[str, documents.Value] = {"no": "A-1", "parts": ["一", "二"]}


def document(**more: Any) -> dict[str, Any]:
    made = documents.credential(WHO, "0" * 32, FORM, VALUES, Place(1, 5), AT, None)
    return {**made, **more}


def signed(**more: Any) -> dict[str, Any]:
    return proofs.secured(document(**more), SIGNER, WHO.did, AT)


def resigned(options: dict[str, Any], said: dict[str, Any] | None = None) -> dict[str, Any]:
    """A proof with other options, rightly signed: what is refused is what it says."""
    said = said or document()
    proof = {name: v for name, v in signed()["proof"].items() if name != "proofValue"} | options
    value = "z" + proofs.base58(SIGNER.sign(proofs.hashed(said, proof)))
    return {**said, "proof": {**proof, "proofValue": value}}


def check_of(said: dict[str, Any], *keys: proofs.KnownKey) -> str:
    """The first check that fails; "" when it holds."""
    try:
        proofs.check(said, keys or (KNOWN,))
    except proofs.Broken as broken:
        return broken.check
    return ""


def vector(name: str) -> str:
    return (VECTORS / name).read_text(encoding="utf-8").strip()


def test_the_published_vector_byte_for_byte() -> None:
    """W3C, Data Integrity EdDSA 1.0, the example of eddsa-jcs-2022, step by step."""
    whole = proofs.read((VECTORS / "signedJCS.json").read_bytes())
    options = {n: v for n, v in whole["proof"].items() if n != "proofValue"}
    unsecured = {n: v for n, v in whole.items() if n != "proof"}
    assert proofs.canonical(unsecured).decode() == vector("canonDocJCS.txt")
    assert proofs.canonical(options).decode() == vector("proofCanonJCS.txt")
    assert options == json.loads(vector("proofConfigJCS.json"))
    both = proofs.hashed(unsecured, options)
    assert both.hex() == vector("combinedHashJCS.txt")
    assert (both[:32].hex(), both[32:].hex()) == (
        vector("proofHashJCS.txt"), vector("docHashJCS.txt"),
    )  # fmt: skip
    pair = json.loads(vector("keyPair.json"))
    seed = proofs.from_base58(pair["privateKeyMultibase"][1:])[2:]
    signer = Ed25519Signer(seed)
    assert proofs.multikey(ED25519, signer.public) == pair["publicKeyMultibase"]
    assert proofs.from_multikey(pair["publicKeyMultibase"]) == signer.public
    signature = signer.sign(both)
    assert signature.hex() == vector("sigHexJCS.txt")
    value = "z" + proofs.base58(signature)
    assert value == vector("sigBTC58JCS.txt") == whole["proof"]["proofValue"]
    # Held by its key; its issuer is another name than the key's, which we do not accept.
    assert is_signed(ED25519, signer.public, both, proofs.from_base58(value[1:]))
    key = proofs.KnownKey(options["verificationMethod"].partition("#")[0], signer.public, AT)
    assert check_of(whole, key) == "issuer"
    whole["credentialSubject"]["alumniOf"] = "Another School"
    assert check_of(whole, key) == "signature"


def test_what_we_sign_holds() -> None:
    assert check_of(signed()) == ""
    assert proofs.check(signed(), [KNOWN]) is KNOWN


def test_context_of_the_proof_is_the_documents() -> None:
    assert check_of(resigned({"@context": [documents.CONTEXT]})) == "context"
    assert check_of(resigned({"@context": document()["@context"][::-1]})) == "context"
    without = {name: v for name, v in signed()["proof"].items() if name != "@context"}
    assert check_of({**document(), "proof": without}) == "proof"


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"type": "Ed25519Signature2020"}, "suite"),
        ({"cryptosuite": "eddsa-rdfc-2022"}, "suite"),
        ({"proofPurpose": "authentication"}, "purpose"),
        ({"created": "2026-03-01T08:00:00+00:00"}, "created"),
        ({"created": "2026-02-30T08:00:00Z"}, "created"),
        ({"created": 5}, "created"),
        ({"verificationMethod": "did:web:other.example#" + KNOWN.method.partition("#")[2]}, "issuer"),
        ({"verificationMethod": WHO.did}, "key"),
        ({"verificationMethod": None}, "key"),
        ({"expires": "2027-01-01T00:00:00Z"}, "proof"),
    ],
)  # fmt: skip
def test_a_proof_that_says_something_else(options: dict[str, Any], wrong: str) -> None:
    assert check_of(resigned(options)) == wrong


def test_whose_key_and_when() -> None:
    """The issuer is who controls the key; a proof is dated within the key's time; a lost key
    proves nothing."""
    assert check_of(resigned({}, document(issuer="did:web:other.example"))) == "issuer"
    assert check_of(resigned({}, document(issuer=WHO.did))) == ""
    other = replace(KNOWN, public=Ed25519Signer(bytes(32)).public)
    assert check_of(signed(), other) == "trust"
    assert check_of(signed(), other, KNOWN) == ""
    assert check_of(signed(), replace(KNOWN, controller="did:web:x")) == "trust"
    late = replace(KNOWN, made_at=AT + timedelta(seconds=1))
    assert check_of(signed(), late) == "created"
    assert check_of(signed(), replace(KNOWN, made_at=AT.replace(microsecond=9))) == ""
    retired = replace(KNOWN, retired_at=AT + timedelta(days=1))
    assert check_of(signed(), retired) == ""
    assert check_of(signed(), replace(KNOWN, retired_at=AT - timedelta(seconds=1))) == "created"
    assert check_of(signed(), replace(retired, revoked_at=AT + timedelta(days=1))) == "revoked"


@pytest.mark.parametrize(
    "text",
    [
        "", "z", "u" + "1" * 40, "zz", proofs.multikey(ED25519, SIGNER.public)[1:],
        "z1" + proofs.multikey(ED25519, SIGNER.public)[1:],
        "z" + proofs.base58(b"\xec\x01" + SIGNER.public),
        "z" + proofs.base58(SIGNER.public),
        proofs.multikey(P256, P256Signer(bytes(32)).public),
        "z" + "0" * 40, "z" + "1" * 100_000,
    ],
)  # fmt: skip
def test_a_key_is_written_in_one_way(text: str) -> None:
    """Base, codec, length: anything else is no key of Ed25519."""
    with pytest.raises(proofs.Broken) as broken:
        proofs.from_multikey(text)
    assert broken.value.check == "key"


def test_a_signature_is_written_in_one_way() -> None:
    said = signed()
    value = said["proof"]["proofValue"]
    for other in (value[1:], "z1" + value[1:], "z" + value, value + "1", "m" + value[1:], 7):
        assert check_of({**said, "proof": {**said["proof"], "proofValue": other}}) == "signature"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{"a":1,"a":1}', "duplicate"), ('{"a":{"b":1,"b":2}}', "duplicate"),
        ('{"a":1.0}', "number"), ('{"a":1e3}', "number"), ('{"a":NaN}', "number"),
        ('{"a":-Infinity}', "number"), ('{"a":9007199254740992}', "number"),
        ('{"a":-9007199254740992}', "number"), ('{"a":"\\ud800"}', "json"), ("[]", "json"),
        ("1", "json"), ("{", "json"), ('{"a":' * 40 + "1" + "}" * 40, "depth"),
        ('{"a":"' + "x" * proofs.LARGEST + '"}', "size"), ('{"\\udc00":1}', "json"),
    ],
)  # fmt: skip
def test_what_two_readers_could_read_differently_is_not_read(text: str, wrong: str) -> None:
    with pytest.raises(proofs.Broken) as broken:
        proofs.read(text.encode())
    assert broken.value.check == wrong


def test_bottomless_nesting_and_odd_bytes_are_refused() -> None:
    for content in (b"[" * 100_000, b"\xff", b'{"a":"\xed\xa0\x80"}'):
        with pytest.raises(proofs.Broken):
            proofs.read(content)
    assert proofs.read(b'{"a":9007199254740991,"b":null,"c":[true]}')["a"] == 2**53 - 1


@given(st.binary(max_size=80))
def test_base58_and_base45_come_back(raw: bytes) -> None:
    assert proofs.from_base58(proofs.base58(raw)) == raw
    assert codes.from_base45(codes.base45(raw)) == raw
    assert codes.from_code(codes.to_code(raw)) == raw


def test_base45_of_the_standard() -> None:
    """RFC 9285, sections 4.3 and 4.4."""
    assert codes.base45(b"AB") == "BB8"
    assert codes.base45(b"Hello!!") == "%69 VD92EX0"
    assert codes.base45(b"base-45") == "UJCLQE7W581"
    assert codes.from_base45("QED8WEX0") == b"ietf!"
    for bad in ("GGW", "A", "BB8a", ":::", "::"):
        with pytest.raises(proofs.Broken):
            codes.from_base45(bad)


def test_a_code_that_unpacks_to_too_much_is_refused() -> None:
    for bad in (codes.to_code(b"\0" * (codes.LARGEST + 1)), "YBJ1:", "http://x", "YBJ1:BB8"):
        with pytest.raises(proofs.Broken):
            codes.from_code(bad)
    with pytest.raises(proofs.Broken):
        codes.from_code(codes.to_code(b"x") + "00")


def test_the_first_bit_is_the_leftmost() -> None:
    text = bits.packed([0, 9, bits.SIZE - 1])
    raw = gzip.decompress(base64.urlsafe_b64decode(text[1:] + "=="))
    assert (raw[0], raw[1], raw[-1], len(raw)) == (0x80, 0x40, 0x01, 16 * 1024)
    found = bits.unpacked(text)
    assert [n for n in range(bits.SIZE) if bits.is_set(found, n)] == [0, 9, bits.SIZE - 1]
    assert bits.packed([9, 0, bits.SIZE - 1]) == text, "the same bits, the same bytes"
    with pytest.raises(ValueError, match="position"):
        bits.packed([bits.SIZE])
    with pytest.raises(proofs.Broken):
        bits.is_set(found, bits.SIZE)


def listed_as(raw: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def zipped(raw: bytes) -> str:
    """As a list is written. Without a time: a case must have one name, whoever collects it."""
    return listed_as(gzip.compress(raw, mtime=0))


NO_LISTS: dict[str, Any] = {
    "a bomb: 1 KB that unpacks to 1 MB": zipped(bytes(bits.LARGEST + 1)),
    "a byte short": zipped(bytes(bits.SIZE // 8 - 1)),
    "empty": zipped(b""),
    "cut off": listed_as(gzip.compress(bytes(bits.SIZE // 8), mtime=0)[:-9]),
    "more behind it": listed_as(gzip.compress(bytes(bits.SIZE // 8), mtime=0) + b"more"),
    "not zipped": listed_as(b"x"),
    "no text": "u",
    "half a letter": "uA",
    "no letter": "u!",
    "none": None,
    "another base": "z" + bits.packed([])[1:],
}


@pytest.mark.parametrize("text", NO_LISTS.values(), ids=NO_LISTS.keys())
def test_a_list_that_is_none(text: Any) -> None:
    with pytest.raises(proofs.Broken) as broken:
        bits.unpacked(text)
    assert broken.value.check == "list"


def test_a_bomb_of_a_gigabyte_takes_no_memory() -> None:
    packer, head = __import__("zlib").compressobj(9, 8, 31), b""
    for _ in range(64):
        head += packer.compress(bytes(1 << 20))
    with pytest.raises(proofs.Broken):
        bits.unpacked(listed_as(head + packer.flush()))


def test_which_list_speaks_and_for_how_long() -> None:
    listed = documents.status_list(WHO, 1, [5], AT)
    assert documents.is_revoked(document(), listed, AT)
    assert not documents.is_revoked(document(), documents.status_list(WHO, 1, [4, 6], AT), AT)
    wrong = {
        "status": [
            documents.status_list(WHO, 2, [], AT),
            documents.status_list(replace(WHO, did="did:web:other"), 1, [], AT),
            {**listed, "type": [documents.CREDENTIAL]}, {**listed, "credentialSubject": []},
        ],
        "stale": [
            documents.status_list(WHO, 1, [], AT + timedelta(seconds=1)),
            documents.status_list(WHO, 1, [], AT - documents.LIST_LASTS),
        ],
    }  # fmt: skip
    for check, lists in wrong.items():
        for one in lists:
            with pytest.raises(proofs.Broken) as broken:
                documents.is_revoked(document(), one, AT)
            assert broken.value.check == check
    for index in ("131072", "-1", "05", 5, "５"):
        said = document()
        said["credentialStatus"]["statusListIndex"] = index
        with pytest.raises(proofs.Broken):
            documents.is_revoked(said, listed, AT)


def test_a_form_and_its_values() -> None:
    assert FORM.problem() == ""
    assert documents.wrong_values(FORM, VALUES) == {}
    odd: list[Any] = [1.5, True, "", " x", "a\nb", "\u200b", [], [""], "x" * 601, 2**53, None, [1]]
    for value in odd:
        assert documents.wrong_values(FORM, {**VALUES, "no": value}), value
    assert documents.wrong_values(FORM, {"no": "1", "more": "1"}) == {
        "parts": "missing", "more": "unknown",
    }  # fmt: skip
    one = FORM.fields[:1]
    for bad in (
        replace(FORM, type="thing"), replace(FORM, type=documents.CREDENTIAL),
        replace(FORM, fields=()), replace(FORM, fields=one * 2),
        replace(FORM, fields=(Field("id", "x"),)), replace(FORM, fields=(Field("no", ""),)),
    ):  # fmt: skip
        assert bad.problem()


def test_what_is_shown_is_what_was_signed() -> None:
    shown = documents.shown(signed())
    assert shown.rows == (("编号", "A-1"), ("组成", "一、二"))
    assert (shown.title, shown.issuer, shown.valid_from) == (
        "某凭证", "某交易所", "2026-03-01T08:00:00Z",
    )  # fmt: skip


def test_the_identity_lists_all_keys_and_lets_no_lost_one_assert() -> None:
    rows = [
        documents.KeyRow("d#1", "z1", AT, None), documents.KeyRow("d#2", "z2", AT, AT),
        documents.KeyRow("d#3", "z3", None, None),
    ]  # fmt: skip
    said = documents.identity(WHO, rows)
    assert said["assertionMethod"] == ["d#1", "d#3"]
    assert [m.get("revoked") for m in said["verificationMethod"]] == [None, proofs.moment(AT), None]
    assert documents.did_of("https://a.example:8443") == "did:web:a.example%3A8443"


def test_p256_signs_and_is_checked() -> None:
    signer = P256Signer(bytes(range(32)))
    assert signer.sign(b"x") == signer.sign(b"x"), "RFC 6979: nothing random to get wrong"
    assert is_signed(P256, signer.public, b"x", signer.sign(b"x"))
    assert not is_signed(P256, signer.public, b"y", signer.sign(b"x"))
    assert not is_signed(P256, b"\x02" + bytes(32), b"x", signer.sign(b"x"))
    assert not is_signed("rsa", signer.public, b"x", signer.sign(b"x"))


def test_the_font_has_the_letters_of_the_field() -> None:
    assert printing.unprintable("喆犇堃㑇𫖮 ZL2021×10³ ℃ ㎡ Ａ～“”—…·①") == ""
    assert printing.unprintable("a😀b") == "😀"
