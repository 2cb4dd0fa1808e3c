"""Numbers as people write them: 1,200 · 3.5 万 · 三百万 · 百分之二十五 · 三成半."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}

ARABIC = r"(?:\d{1,3}(?:,\d{3}){1,5}(?!\d)(?:\.\d{1,8})?|\d{1,15}(?:\.\d{1,8})?)"
CHINESE = (
    r"(?:[一二两三四五六七八九零〇十][零〇一二两三四五六七八九十百千万亿]{0,14}+"
    r"(?:点[零〇一二三四五六七八九]{1,6})?)"
)
# 千 before a unit's first character belongs to the unit: 5 千瓦 is not five thousand watts' worth
# of doubt, but 5 千 元 is five thousand.
MAGNITUDE = (
    r"(?:[十百千]?万亿?|亿|百(?!分|米|帕)|千(?![瓦米克帕赫卡伏焦安牛分])|十"
    r"| ?(?:million|billion|thousand)(?![A-Za-z])|k(?= ?(?:rmb|yuan|cny)))"
)
ENGLISH = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|fifty)(?= )"
_ENGLISH = dict(
    zip(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "twelve",
            "twenty",
            "thirty",
            "fifty",
        ],
        (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 20, 30, 50),
        strict=True,
    )
)
_LATIN_MAGNITUDES = {"k": 10**3, "thousand": 10**3, "million": 10**6, "billion": 10**9}


def chinese(text: str) -> Decimal | None:
    """The value of a Chinese numeral, or None: 一百二十万 is 1200000, 两千三 is 2300."""
    whole, _, fraction = text.partition("点")
    if not whole or whole[0] in "百千万亿":
        return None
    value = _whole(whole)
    if fraction:
        value += Decimal("0." + "".join(str(_DIGITS.get(c, 0)) for c in fraction))
    return value


def _whole(text: str) -> Decimal:
    if all(c in _DIGITS for c in text):  # a year or a house number: 二〇二七
        return Decimal("".join(str(_DIGITS[c]) for c in text))
    total = section = digit = 0
    last = 1
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
            last = 10 if char in "零〇" else last
        elif char in _TENS:
            last = _TENS[char]
            section, digit = section + (digit or 1) * last, 0
        elif char in _MYRIADS:
            last = _MYRIADS[char]
            total, section, digit = (total + section + digit) * last, 0, 0
    # 两千三 is 2300: a last digit counts in tenths of the unit before it, unless 零 says otherwise
    tail = (
        digit * (last // 10) if last >= 100 and text[-1] in _DIGITS and "零" not in text else digit
    )
    return Decimal(total + section + tail)


def arabic(text: str) -> Decimal:
    """The value of digits with optional thousands commas."""
    return Decimal(text.replace(",", ""))


def magnitude(text: str) -> int:
    """十 10, 万 10**4, 百万 10**6, 万亿 10**12; empty is 1."""
    if text.isascii() and text:
        return _LATIN_MAGNITUDES[text.strip().lower()]
    value = 1
    for char in text:
        value *= _TENS.get(char) or _MYRIADS.get(char, 1)
    return value


_SPLIT = re.compile(rf"^({ARABIC}|[A-Za-z]{{3,6}})({MAGNITUDE})?$", re.IGNORECASE)


def number(text: str) -> Decimal | None:
    """The value of a numeral of either kind, sign included; None when it is none."""
    sign = -1 if text.startswith(("\u2212", "负", "零下")) else 1
    bare = text.removeprefix("零下").lstrip("\u2212负").strip()
    thousand = 1000 if bare[-1:].lower() == "k" else 1
    found = _SPLIT.match(bare.rstrip("kK"))
    if found:
        word = _ENGLISH.get(found[1].lower())
        if word is None and found[1][0].isalpha():
            return None
        value = arabic(found[1]) if word is None else Decimal(word)
        return sign * value * magnitude(found[2] or "") * thousand
    if bare and all(c in _DIGITS or c in _TENS or c in _MYRIADS or c == "点" for c in bare):
        han = chinese(bare)
        return None if han is None else sign * han
    return None
