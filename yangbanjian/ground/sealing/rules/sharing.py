"""Shamir's secret sharing over GF(256), byte by byte: any `needed` of the shares give the secret,
fewer tell nothing about it.

The field is that of AES (x^8 + x^4 + x^3 + x + 1), as in draft-mcgrew-tss-03, whose vector the
tests ask; the share at x holds for each byte the value at x of a polynomial with the secret's byte
as its constant. Forty lines of ours: the packages of the index are either for wallets' words, or
years old, or print, store and encrypt besides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

_WRITTEN = re.compile(r"([1-9]\d{0,2})-([0-9a-f]+)-([0-9a-f]{8})")


class Share(NamedTuple):
    """One holder's part; `place` from 1 to 255."""

    place: int
    body: bytes


def _times(a: int, b: int) -> int:
    """In the field; no branch and no table depends on the values."""
    product = 0
    for _ in range(8):
        product ^= a & -(b & 1)
        a = (a << 1) ^ (0x11B & -(a >> 7))
        b >>= 1
    return product


def _inverse(a: int) -> int:
    """a^254."""
    result, power = 1, a
    for bit in (0, 1, 1, 1, 1, 1, 1, 1):
        if bit:
            result = _times(result, power)
        power = _times(power, power)
    return result


def split(secret: bytes, *, holders: int, needed: int, coefficients: bytes) -> list[Share]:
    """The shares of a secret. `coefficients` are `needed - 1` random bytes for each byte of it,
    used once and forgotten. Raises ValueError for numbers that make no sense."""
    if not 1 < needed <= holders <= 255 or len(coefficients) != len(secret) * (needed - 1):
        raise ValueError("2 <= needed <= holders <= 255, and needed - 1 random bytes for each byte")
    shares = []
    for place in range(1, holders + 1):
        body = bytearray()
        for at, byte in enumerate(secret):
            value = 0
            for power in range(needed - 1):
                value = _times(value ^ coefficients[at * (needed - 1) + power], place)
            body.append(value ^ byte)
        shares.append(Share(place, bytes(body)))
    return shares


def combine(shares: Sequence[Share]) -> bytes:
    """The secret from as many shares as are needed. False shares, or too few, give something
    else: see `recovered`. Raises ValueError where two are of one place or of other lengths."""
    places = [s.place for s in shares]
    if len(set(places)) != len(places) or not shares or not all(0 < p < 256 for p in places):
        raise ValueError("shares of different places")
    if len({len(s.body) for s in shares}) != 1:
        raise ValueError("shares of one length")
    secret = bytearray(len(shares[0].body))
    for share in shares:
        weight = 1
        for other in places:
            if other != share.place:
                weight = _times(weight, _times(other, _inverse(other ^ share.place)))
        for at, byte in enumerate(share.body):
            secret[at] ^= _times(weight, byte)
    return bytes(secret)


def recovered(
    shares: Iterable[Share], needed: int, fits: Callable[[bytes], bool]
) -> tuple[bytes | None, tuple[int, ...]]:
    """The secret that `fits`, and the places of shares that are false; None: no such secret yet.

    `fits` compares with what is public, as the public key: a holder who hands in something else
    is found out as soon as enough others are honest.
    """
    known = {s.place: s for s in shares}
    for chosen in combinations(sorted(known), needed):
        secret = combine([known[p] for p in chosen])
        if fits(secret):
            base = [known[p] for p in chosen]
            return secret, tuple(p for p in known if not _agrees(base, known[p]))
    return None, ()


def _agrees(base: Sequence[Share], other: Share) -> bool:
    """Does a share lie on the polynomial of the others? Their value at its place decides."""
    if any(s.place == other.place for s in base):
        return True
    moved = [Share(s.place ^ other.place, s.body) for s in base]
    return combine(moved) == other.body


def written(share: Share) -> str:
    """For paper and a form: place, body, and eight digits against slips of the pen."""
    return f"{share.place}-{share.body.hex()}-{_check(share)}"


def _check(share: Share) -> str:
    return hashlib.sha256(bytes([share.place]) + share.body).hexdigest()[:8]


def read_share(text: str) -> Share:
    """A share as it was written. Raises ValueError for a slip."""
    found = _WRITTEN.fullmatch(text.strip().lower())
    if found is None or int(found[1]) > 255 or len(found[2]) % 2:
        raise ValueError("not a share")
    share = Share(int(found[1]), bytes.fromhex(found[2]))
    if _check(share) != found[3]:
        raise ValueError("a share with a slip in it")
    return share
