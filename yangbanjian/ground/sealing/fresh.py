"""What needs the machine's randomness: new keys, sealing, sharing."""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives.asymmetric import ec

from yangbanjian.ground.sealing.rules import hpke, sharing


def fresh_secret() -> bytes:
    """A new private key, 32 bytes."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return number.to_bytes(hpke.SECRET_BYTES, "big")


def seal(public: bytes, plaintext: bytes, *, aad: bytes) -> bytes:
    """Seal to a public key; the same text sealed twice gives different bytes."""
    return hpke.seal(public, plaintext, aad=aad, ephemeral=fresh_secret())


def split(secret: bytes, *, holders: int, needed: int) -> list[sharing.Share]:
    """Share a secret among holders of whom `needed` must come together."""
    drawn = secrets.token_bytes(len(secret) * (needed - 1))
    return sharing.split(secret, holders=holders, needed=needed, coefficients=drawn)
