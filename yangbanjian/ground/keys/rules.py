"""Keys without a database: identifiers, statements of rotation, signatures.

An algorithm is a row of `SIGNERS` and of `is_signed`; another one (SM2) is another row and a signer.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any, Protocol

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, P256 = "ed25519", "p256"
# The order of the group of P-256 (SEC 2, 2.4.2).
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# C2SP signed-note: the byte that stands for the algorithm in the key's id.
SIGNATURE_TYPES = {ED25519: b"\x01"}
ROTATION = "yangbanjian-key-rotation/1"


class Signer(Protocol):
    """Something that signs with one key."""

    @property
    def algorithm(self) -> str: ...

    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


class Ed25519Signer:
    """A key in memory (RFC 8032)."""

    algorithm = ED25519

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"Ed25519Signer(public={self.public.hex()})"


class P256Signer:
    """ECDSA with SHA-256 on P-256, which readers of PDF files know; signatures in DER, without
    randomness (RFC 6979). The public key is the compressed point."""

    algorithm = P256

    def __init__(self, seed: bytes) -> None:
        secret = int.from_bytes(seed) % (P256_ORDER - 1) + 1
        self._key = ec.derive_private_key(secret, ec.SECP256R1())
        self.public = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
        )

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))

    def __repr__(self) -> str:
        return f"P256Signer(public={self.public.hex()})"


SIGNERS: dict[str, Callable[[bytes], Signer]] = {ED25519: Ed25519Signer, P256: P256Signer}


def note_id(name: str, algorithm: str, public: bytes) -> bytes:
    """Four bytes that name a key inside a signed note."""
    said = name.encode() + b"\n" + SIGNATURE_TYPES[algorithm] + public
    return hashlib.sha256(said).digest()[:4]


def verifier_key(name: str, algorithm: str, public: bytes) -> str:
    """`name+id+base64`, as witnesses and other tools of C2SP logs read a key."""
    encoded = base64.b64encode(SIGNATURE_TYPES[algorithm] + public).decode()
    return f"{name}+{note_id(name, algorithm, public).hex()}+{encoded}"


def is_signed(algorithm: str, public: bytes, message: bytes, signature: bytes) -> bool:
    """Does the signature hold?"""
    try:
        if algorithm == ED25519:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        elif algorithm == P256:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
            point.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True


def rotation_statement(purpose: str, old: bytes, new: bytes, algorithm: str, at: str) -> bytes:
    """What the old key signs when it hands over; canonical JSON (RFC 8785)."""
    said: dict[str, Any] = {
        "algorithm": algorithm, "at": at, "new": new.hex(), "old": old.hex(),
        "purpose": purpose, "type": ROTATION,
    }  # fmt: skip
    return rfc8785.dumps(said)
