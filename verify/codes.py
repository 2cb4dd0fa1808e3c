"""The text of a scanned code, and bits that were packed."""

from __future__ import annotations

import re
import zlib
from typing import Any

from verify.verdicts import fail, unreadable

LETTERS58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LETTERS45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


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


def inflated(raw: bytes, window: int, most: int) -> bytes | None:
    """What was compressed, if it is whole, alone, and at most so many bytes."""
    stream = zlib.decompressobj(window)
    try:
        found = stream.decompress(raw, most + 1)
    except zlib.error:
        return None
    return found if stream.eof and not stream.unused_data and len(found) <= most else None


def scanned(text: str) -> str:
    """The document in the text of a scanned code, `YBJ1:…`."""
    found = inflated(base45(text.strip("\r\n")[5:]), -15, 2**16)
    if found is None:
        unreadable("二维码内容有误。The code cannot be read.")
    try:
        return found.decode()
    except UnicodeDecodeError:
        unreadable("不是 UTF-8 文本。Not a text in UTF-8.")
