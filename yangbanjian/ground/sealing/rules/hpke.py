"""Hybrid public key encryption, RFC 9180: base mode, single shot, one suite.

The suite is what every browser's WebCrypto can do as well. Curve, HMAC and AES-GCM are those of
`cryptography`; its own HPKE has no place for additional data, which binds a ciphertext to what it
is for, so the few lines of the key schedule stand here and are held to the RFC's vectors.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SUITE = "DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM"
KEM_ID, KDF_ID, AEAD_ID = 0x0010, 0x0001, 0x0001
SECRET_BYTES, PUBLIC_BYTES, TAG_BYTES = 32, 65, 16
KEY_BYTES, NONCE_BYTES = 16, 12
_KEM = b"KEM" + KEM_ID.to_bytes(2, "big")
_HPKE = b"HPKE" + b"".join(i.to_bytes(2, "big") for i in (KEM_ID, KDF_ID, AEAD_ID))
_P256 = ec.SECP256R1()


class Unopened(Exception):
    """A ciphertext that this key does not open for this additional data."""


class Schedule(NamedTuple):
    """The keys of one message."""

    key: bytes
    nonce: bytes
    exporter: bytes


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + suite + label + material, "sha256")


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    # One block of HKDF-Expand is enough: nothing here is longer than a hash.
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, labelled + b"\x01", "sha256")[:length]


def private_key(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The key of 32 bytes. Raises ValueError for 0 and for what is not below the group's order."""
    if len(secret) != SECRET_BYTES:
        raise ValueError("a private key has 32 bytes")
    return ec.derive_private_key(int.from_bytes(secret, "big"), _P256)


def public_of(secret: bytes) -> bytes:
    """The public key, 65 bytes, uncompressed."""
    return _point(private_key(secret).public_key())


def is_key_of(secret: bytes, public: bytes) -> bool:
    """Do they belong together? What shares gave back is asked so."""
    try:
        return public_of(secret) == public
    except ValueError:
        return False


def _point(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _read_point(raw: bytes) -> ec.EllipticCurvePublicKey:
    if len(raw) != PUBLIC_BYTES or raw[0] != 4:
        raise ValueError("a public key has 65 bytes, uncompressed")
    return ec.EllipticCurvePublicKey.from_encoded_point(_P256, raw)  # refuses points off the curve


def shared_secret(own: bytes, other: bytes, context: bytes) -> bytes:
    """DHKEM's secret of a private key and a public one; `context` is enc and the recipient's."""
    exchanged = private_key(own).exchange(ec.ECDH(), _read_point(other))
    return _expand(
        _KEM, _extract(_KEM, b"", b"eae_prk", exchanged), b"shared_secret", context, SECRET_BYTES
    )


def schedule(shared: bytes, info: bytes) -> Schedule:
    """The key schedule of base mode, section 5.1."""
    context = b"\x00" + b"".join(
        _extract(_HPKE, b"", label, said)
        for label, said in ((b"psk_id_hash", b""), (b"info_hash", info))
    )
    secret = _extract(_HPKE, shared, b"secret", b"")
    return Schedule(
        _expand(_HPKE, secret, b"key", context, KEY_BYTES),
        _expand(_HPKE, secret, b"base_nonce", context, NONCE_BYTES),
        _expand(_HPKE, secret, b"exp", context, SECRET_BYTES),
    )


def seal(
    public: bytes, plaintext: bytes, *, aad: bytes, ephemeral: bytes, info: bytes = b""
) -> bytes:
    """Encrypt to a public key: 65 bytes `enc`, then the ciphertext with its tag. `ephemeral` are
    32 random bytes below the group's order, used once and forgotten."""
    enc = public_of(ephemeral)
    keys = schedule(shared_secret(ephemeral, public, enc + public), info)
    return enc + AESGCM(keys.key).encrypt(keys.nonce, plaintext, aad)


def open_sealed(secret: bytes, sealed: bytes, *, aad: bytes, info: bytes = b"") -> bytes:
    """What was sealed. Raises Unopened whatever is wrong with it: the reason would help only
    somebody who tries."""
    enc, ciphertext = sealed[:PUBLIC_BYTES], sealed[PUBLIC_BYTES:]
    try:
        keys = schedule(shared_secret(secret, enc, enc + public_of(secret)), info)
        return AESGCM(keys.key).decrypt(keys.nonce, ciphertext, aad)
    except (ValueError, InvalidTag) as odd:
        raise Unopened from odd


def sealed_length(plaintext_length: int) -> int:
    """How long a sealed text of this length is."""
    return PUBLIC_BYTES + plaintext_length + TAG_BYTES
