"""Bitstring Status List 1.0: one bit for each credential, the first at the left of the first byte."""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from collections.abc import Iterable
from typing import Any

from yangbanjian.ground.credentials.rules.proofs import Broken

# As many as the standard asks for at least, so that one bit tells little of whose it is.
SIZE = 131_072
# What a list of somebody else's may unpack to.
LARGEST = 1 << 20


def packed(positions: Iterable[int], size: int = SIZE) -> str:
    """Multibase base64url of the gzipped bits. The same positions give the same text."""
    bits = bytearray(size // 8)
    for position in positions:
        if not 0 <= position < size:
            raise ValueError("no such position")
        bits[position // 8] |= 0x80 >> position % 8
    # Time 0: gzip would otherwise write when it was packed.
    return "u" + base64.urlsafe_b64encode(gzip.compress(bytes(bits), 9, mtime=0)).decode().rstrip(
        "="
    )


def unpacked(text: Any) -> bytes:
    """The bits. Raises Broken: another base, no gzip, too short, or more than LARGEST bytes."""
    if not isinstance(text, str) or not text.startswith("u") or len(text) > 2 * LARGEST:
        raise Broken("list")
    try:
        raw = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), b"-_", validate=True)
        stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
        bits = stream.decompress(raw, LARGEST + 1)
    except (binascii.Error, ValueError, zlib.error):
        raise Broken("list") from None
    if not stream.eof or stream.unused_data or not SIZE // 8 <= len(bits) <= LARGEST:
        raise Broken("list")
    return bits


def is_set(bits: bytes, position: int) -> bool:
    """Raises Broken for a position beyond the end."""
    if not 0 <= position < 8 * len(bits):
        raise Broken("position")
    return bool(bits[position // 8] & 0x80 >> position % 8)
