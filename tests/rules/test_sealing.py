"""Sealing and sharing: the RFC's and the draft's numbers, a second implementation, every slip."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.ground.sealing import fresh
from yangbanjian.ground.sealing.rules import hpke, sharing
from yangbanjian.ground.sealing.rules.sharing import Share

FILE = Path(__file__).parents[1] / "vectors" / "hpke" / "p256-sha256-aes128gcm-base.json"
VECTOR = json.loads(FILE.read_text(encoding="utf-8"))
INFO, SECRET = bytes.fromhex(VECTOR["info"]), bytes.fromhex(VECTOR["skRm"])
PUBLIC, ENC = bytes.fromhex(VECTOR["pkRm"]), bytes.fromhex(VECTOR["enc"])


def test_the_key_schedule_is_that_of_rfc_9180() -> None:
    ids = (hpke.KEM_ID, hpke.KDF_ID, hpke.AEAD_ID)
    assert ids == tuple(int(VECTOR[k]) for k in ("kem_id", "kdf_id", "aead_id"))
    shared = hpke.shared_secret(SECRET, ENC, ENC + PUBLIC)
    assert shared.hex() == VECTOR["shared_secret"]
    keys = hpke.schedule(shared, INFO)
    told = (VECTOR["key"], VECTOR["base_nonce"], VECTOR["exporter_secret"])
    assert tuple(k.hex() for k in keys) == told
    assert hpke.public_of(SECRET) == PUBLIC


@pytest.mark.parametrize("row", VECTOR["encryptions"], ids=lambda r: r["sequence number"])
def test_every_encryption_of_the_vector_comes_out(row: dict[str, str]) -> None:
    """A single shot is number 0; the others show that key and nonce are right all the same."""
    keys = hpke.schedule(hpke.shared_secret(SECRET, ENC, ENC + PUBLIC), INFO)
    number = int(row["sequence number"]) ^ int.from_bytes(keys.nonce, "big")
    nonce = number.to_bytes(hpke.NONCE_BYTES, "big")
    plain, aad = bytes.fromhex(row["pt"]), bytes.fromhex(row["aad"])
    assert (nonce.hex(), AESGCM(keys.key).encrypt(nonce, plain, aad).hex()) == (
        row["nonce"],
        row["ct"],
    )
    if row["sequence number"] == "0":
        ephemeral = bytes.fromhex(VECTOR["skEm"])
        made = hpke.seal(PUBLIC, plain, aad=aad, ephemeral=ephemeral, info=INFO)
        assert made.hex() == VECTOR["enc"] + row["ct"]
        assert hpke.open_sealed(SECRET, made, aad=aad, info=INFO) == plain


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_the_library_s_own_hpke_opens_ours_and_the_other_way_round(
    text: bytes, info: bytes
) -> None:
    suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    key = hpke.private_key(SECRET)
    ours = hpke.seal(PUBLIC, text, aad=b"", ephemeral=fresh.fresh_secret(), info=info)
    assert suite.decrypt(ours, key, info) == text
    theirs = suite.encrypt(text, key.public_key(), info)
    assert hpke.open_sealed(SECRET, theirs, aad=b"", info=info) == text
    assert len(ours) == len(theirs) == hpke.sealed_length(len(text))


def test_nothing_opens_that_was_changed_moved_or_meant_for_another() -> None:
    secret = fresh.fresh_secret()
    sealed = fresh.seal(hpke.public_of(secret), b"x" * 64, aad=b"lot|A3|b1")
    assert hpke.open_sealed(secret, sealed, aad=b"lot|A3|b1") == b"x" * 64
    wrong = [(fresh.fresh_secret(), sealed, b"lot|A3|b1"), (secret, sealed, b"lot|K7|b1")]
    for place in range(len(sealed)):
        spoiled = bytearray(sealed)
        spoiled[place] ^= 1
        wrong.append((secret, bytes(spoiled), b"lot|A3|b1"))
    wrong += [(secret, sealed[:n], b"lot|A3|b1") for n in (0, 1, 64, 65, len(sealed) - 1)]
    compressed = (Encoding.X962, PublicFormat.CompressedPoint)
    short = hpke.private_key(secret).public_key().public_bytes(*compressed)
    wrong.append((secret, short + sealed[65:], b"lot|A3|b1"))
    for key, body, aad in wrong:
        with pytest.raises(hpke.Unopened):
            hpke.open_sealed(key, body, aad=aad)


def test_the_same_text_sealed_twice_is_another_ciphertext() -> None:
    assert fresh.seal(PUBLIC, b"same", aad=b"") != fresh.seal(PUBLIC, b"same", aad=b"")


# --- sharing --------------------------------------------------------------------------------------


def test_the_vector_of_draft_mcgrew_tss() -> None:
    shares = [Share(1, bytes.fromhex("b9fa07e185")), Share(2, bytes.fromhex("f5409b4511"))]
    secret = bytes.fromhex("7465737400")
    assert sharing.combine(shares) == secret
    drawn = bytes(a ^ b for a, b in zip(secret, shares[0].body, strict=True))
    assert sharing.split(secret, holders=2, needed=2, coefficients=drawn) == shares


def test_the_field_is_that_of_aes() -> None:
    """FIPS 197, section 4.2: {57} x {83} = {c1}, {57} x {13} = {fe}."""
    assert sharing._times(0x57, 0x83) == 0xC1
    assert sharing._times(0x57, 0x13) == 0xFE
    assert all(sharing._times(a, sharing._inverse(a)) == 1 for a in range(1, 256))


@given(st.binary(min_size=1, max_size=40), st.integers(2, 4), st.integers(0, 2))
def test_any_as_many_as_needed_give_the_secret(secret: bytes, needed: int, more: int) -> None:
    shares = fresh.split(secret, holders=needed + more, needed=needed)
    for chosen in combinations(shares, needed):
        assert sharing.combine(chosen) == secret


def test_s5_one_share_of_three_tells_nothing() -> None:
    """For every secret there is a polynomial through the one share: all are equally likely."""
    share = sharing.split(b"\x42", holders=3, needed=2, coefficients=b"\x99")[0]
    found = set()
    for drawn in range(256):
        for byte in range(256):
            made = sharing.split(bytes([byte]), holders=3, needed=2, coefficients=bytes([drawn]))
            if made[0] == share:
                found.add(byte)
    assert found == set(range(256))


def test_s5_two_of_three_open_and_a_false_share_is_named() -> None:
    secret = fresh.fresh_secret()
    public = hpke.public_of(secret)
    shares = fresh.split(secret, holders=3, needed=2)

    def fits(candidate: bytes) -> bool:
        return hpke.is_key_of(candidate, public)

    for pair in combinations(shares, 2):
        assert sharing.recovered(pair, 2, fits) == (secret, ())
    assert sharing.recovered(shares[:1], 2, fits) == (None, ())
    false = Share(2, bytes(32))
    assert sharing.recovered([shares[0], false], 2, fits) == (None, ())
    assert sharing.recovered([shares[0], false, shares[2]], 2, fits) == (secret, (2,))


def test_a_share_on_paper_is_read_back_and_slips_are_found() -> None:
    share = fresh.split(fresh.fresh_secret(), holders=3, needed=2)[1]
    text = sharing.written(share)
    assert sharing.read_share(f" {text.upper()} ") == share
    for place, letter in enumerate(text):
        other = "0" if letter != "0" else "1"
        with pytest.raises(ValueError, match="share"):
            sharing.read_share(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize(
    "ask",
    [
        lambda: sharing.split(b"ab", holders=3, needed=1, coefficients=b""),
        lambda: sharing.split(b"ab", holders=2, needed=3, coefficients=b"abcd"),
        lambda: sharing.split(b"ab", holders=3, needed=2, coefficients=b"a"),
        lambda: sharing.combine([]),
        lambda: sharing.combine([Share(1, b"a"), Share(1, b"b")]),
        lambda: sharing.combine([Share(1, b"a"), Share(2, b"bc")]),
        lambda: sharing.combine([Share(0, b"a"), Share(2, b"b")]),
        lambda: hpke.private_key(b"short"),
        lambda: hpke.private_key(bytes(32)),
    ],
)
def test_senseless_numbers_are_refused(ask: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ask()  # type: ignore[operator]
