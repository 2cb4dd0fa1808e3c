"""The number of a certificate: `2026-0000012-01-7KQ0…-X`.

Year, deal and which certificate of the deal it is, for people to speak of; 26 letters of Crockford's
base 32, 130 random bits, so that no number can be guessed (C7); a check character over all of it
(ISO 7064, modulus 37-2), which finds every single wrong letter and every swap of two neighbours.
"""

from __future__ import annotations

import re

LETTERS32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS37 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
RANDOM_LETTERS = 26
_NO = re.compile(
    rf"\d{{4}}-\d{{7,}}-\d{{2,}}-[{LETTERS32}]{{{RANDOM_LETTERS}}}-[0-9A-Z*]", re.ASCII
)
# What people read for what is not in the alphabet.
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})


def check_letter(text: str) -> str:
    """The check character over the letters and figures of a text; hyphens do not count."""
    total = 0
    for letter in text.replace("-", ""):
        total = (total + LETTERS37.index(letter)) * 2 % 37
    return LETTERS37[(1 - total) % 37]


def number(year: int, deal_id: int, count: int, random: int) -> str:
    """A number; `random` has 130 bits. Raises ValueError for one that has more, or is negative."""
    if not 0 <= random < 32**RANDOM_LETTERS:
        raise ValueError("130 random bits make a number")
    letters = ""
    for _ in range(RANDOM_LETTERS):
        random, place = divmod(random, 32)
        letters = LETTERS32[place] + letters
    said = f"{year:04d}-{deal_id:07d}-{count:02d}-{letters}"
    return f"{said}-{check_letter(said)}"


def read(text: str) -> str:
    """A number as it was typed or scanned, in its one form; "" where it is none or mistyped."""
    tidy = "".join(text.split()).upper()
    head, _, check = tidy.rpartition("-")
    tidy = f"{head.translate(_MISREAD)}-{check}"
    if not _NO.fullmatch(tidy):
        return ""
    return tidy if check_letter(tidy[:-2]) == tidy[-1] else ""
