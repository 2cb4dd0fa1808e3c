"""A whole credential in one code to scan: `YBJ1:`, then base45 (RFC 9285) of its deflated bytes.

What is scanned is the document itself with its signature: a phone without a network can check it,
and a code that leads to a look-alike site proves nothing. Base45 because a QR code holds its
letters in 5.5 bits each.
"""

from __future__ import annotations

import zlib

from yangbanjian.ground.credentials.rules.proofs import Broken

PREFIX = "YBJ1:"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
# Version 31 at the lowest correction: 141 modules, half a millimetre each on 7 cm.
LONGEST = 2_677
LARGEST = 64 * 1024


def to_code(document: bytes) -> str:
    """The text of the code."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return PREFIX + base45(packer.compress(document) + packer.flush())


def from_code(text: str) -> bytes:
    """The document's bytes. Raises Broken for what is no such code or unpacks to too much."""
    if not text.startswith(PREFIX) or len(text) > 2 * LONGEST:
        raise Broken("code")
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = stream.decompress(from_base45(text[len(PREFIX) :]), LARGEST)
    except zlib.error:
        raise Broken("code") from None
    if not stream.eof or stream.unused_data:
        raise Broken("code")
    return found


def base45(raw: bytes) -> str:
    """RFC 9285: two bytes in three letters, a last one in two."""
    text = ""
    for start in range(0, len(raw), 2):
        pair = raw[start : start + 2]
        number = int.from_bytes(pair)
        for _ in range(len(pair) + 1):
            number, digit = divmod(number, 45)
            text += LETTERS[digit]
    return text


def from_base45(text: str) -> bytes:
    """Raises Broken for other letters, a single one at the end, or a number too large."""
    raw = b""
    for start in range(0, len(text), 3):
        group = text[start : start + 3]
        number = 0
        for letter in reversed(group):
            digit = LETTERS.find(letter)
            if digit < 0:
                raise Broken("code")
            number = number * 45 + digit
        if len(group) == 1 or number >= 256 ** (len(group) - 1):
            raise Broken("code")
        raw += number.to_bytes(len(group) - 1)
    return raw
