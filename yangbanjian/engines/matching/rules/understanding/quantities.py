"""Finds quantities in a folded text: number or range, unit, and the words that bound them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from .numerals import ARABIC, CHINESE, ENGLISH, MAGNITUDE, chinese, number
from .units import PATTERN, Unit, quotient, unit_of

_SIGNED = rf"(?:(?:\u2212|负|零下)?(?:{ARABIC}{MAGNITUDE}?|{CHINESE}|{ENGLISH}{MAGNITUDE}?))"
_MORE = rf"(?:多|余|几)?{MAGNITUDE}?(?:多|余)?"
_LARGE = rf"{CHINESE}(?:多|余)?(?:万|亿)?(?<=[万亿])(?:多|余)?"
_DASH = r"(?:-{1,2}|~{1,2}|至|到| to )"
_QUANTITY = re.compile(
    rf"(?P<of>百|千|万|十?[二三四五六七八九十])分之(?P<parts>{ARABIC}|{CHINESE})"
    rf"(?:{_DASH}(?:百分之|千分之)?(?P<parts2>{ARABIC}|{CHINESE})(?![万亿年月日天个件台元]))?"
    rf"|(?<![\d.])(?P<cheng>[一二两三四五六七八九]|\d)(?:(?P<cheng2>[二三四五六七八九])"
    rf"|[到至-](?P<cheng3>[二三四五六七八九]|\d))?成(?P<half>半)?"
    rf"(?!本|功|果|立|熟|型|效|为|员|分|品)"
    rf"|(?P<low>{_SIGNED})(?P<unit1> ?{PATTERN})?{_DASH}(?P<high>{_SIGNED}) ?(?P<unit2>{PATTERN})?"
    rf"|(?P<num>{_SIGNED})(?P<more>{_MORE}) ?(?P<unit>{PATTERN})"
    rf"|(?P<halfof>一半|减半|半数)"
    rf"|(?P<double>翻一番|翻番|翻倍|翻一倍|翻两番)"
    rf"|半(?P<halfunit>个?(?:年|月|小时|天|分钟|秒))"
    rf"|(?P<large>{_LARGE})"
    rf"|(?P<bare>(?:\u2212|负)?(?:{ARABIC}{MAGNITUDE}?|{ENGLISH}{MAGNITUDE}))",
    re.IGNORECASE,
)
_EACH = re.compile(
    r"每一?个?(小时|天|日|分钟|秒|周|月|年|吨|件|台|平方米|公斤)"
    r"(?P<verb>(?:要|能|得|需|可|必须)?(?:做到|达到|至少|不低于|不少于|不超过|处理|生产|检测|印|做)?)$"
)
_PERCENT = unit_of("%")
_TIMES = unit_of("倍")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number found at folded positions `start`..`end`; `high` differs from `low` in a range.

    `more` says the text itself says more (四百多万); `unit` is None for a bare number.
    """

    start: int
    end: int
    low: Decimal
    high: Decimal
    unit: Unit | None
    unit_text: str = ""
    more: bool = False

    @property
    def is_range(self) -> bool:
        return self.low != self.high


def _tail(base: str, more: str) -> Decimal | None:
    """A number whose magnitude stands after 多: 四百多万 -> 4000000."""
    plain = re.sub("[多余几]", "", more)
    value = number(base + plain)
    if value is not None or not plain or plain.isascii():
        return value
    head, scale = number(base), chinese("一" + plain)
    return None if head is None or scale is None else head * scale


def _range(found: re.Match[str]) -> Quantity | None:
    text = (found["unit2"] or found["unit1"] or "").strip()
    low, high = number(found["low"]), number(found["high"])
    if low is None or high is None:
        return None
    low = _same_magnitude(low, found["low"], found["high"])
    first = unit_of(found["unit1"].strip()) if found["unit1"] else None
    unit = unit_of(text) if text else None
    if first and unit and first.dimension == unit.dimension and first.factor != unit.factor:
        low = low * first.factor / unit.factor
    return Quantity(found.start(), found.end(), min(low, high), max(low, high), unit, text)


def _same_magnitude(low: Decimal, low_text: str, high_text: str) -> Decimal:
    """10-20 万 means 100,000 to 200,000: the first number borrows the second's magnitude."""
    scale = re.search(rf"{MAGNITUDE}$", high_text)
    if scale and not re.search(r"[百千万亿]$", low_text) and high_text[:1].isdigit():
        value = number("1" + scale[0])
        return low * value if value else low
    if low_text[-1] not in "万亿" and high_text[-1] in "万亿":
        return low * (10**4 if high_text[-1] == "万" else 10**8)
    return low


def _words(found: re.Match[str]) -> tuple[Decimal, Unit | None, str] | None:
    """Quantities that are words: 百分之八, 三成半, 一半, 翻番, 半年."""
    if found["of"]:
        return _fraction(found["of"], found["parts"])
    if found["cheng"]:
        tenths = number(found["cheng"]) or Decimal(0)
        return (tenths * 10 + (5 if found["half"] else 0), _PERCENT, "成")
    if found["halfof"]:
        return (Decimal(50), _PERCENT, "一半")
    if found["double"]:
        return (Decimal(3 if "两" in found["double"] else 1), _TIMES, found["double"])
    if found["halfunit"]:
        name = found["halfunit"]
        return (Decimal("0.5"), unit_of(name) or unit_of(name.lstrip("个")), name)
    return None


def _upper(found: re.Match[str]) -> Decimal | None:
    """The upper end of 百分之十到十五 and 三到五成."""
    tenths = found["cheng2"] or found["cheng3"]
    if tenths:
        return (number(tenths) or Decimal(0)) * 10
    return number(found["parts2"]) if found["parts2"] else None


def _fraction(of: str, parts: str) -> tuple[Decimal, Unit | None, str] | None:
    value, whole = number(parts), {"百": 100, "千": 1000, "万": 10000}.get(of)
    if value is None:
        return None
    if whole in {100, 1000}:
        return (value, unit_of("%" if whole == 100 else "‰"), of + "分之")
    divisor = Decimal(whole) if whole else chinese(of)
    if not divisor:
        return None
    return (round(value * 100 / divisor, 4), _PERCENT, of + "分之")


def _single(found: re.Match[str]) -> Quantity | None:
    words = _words(found)
    if words:
        top = max(words[0], _upper(found) or words[0])
        return Quantity(found.start(), found.end(), words[0], top, words[1], words[2])
    text = (found["unit"] or "").strip()
    more = found["more"] or ""
    base = found["num"] or found["bare"] or ""
    if found["large"]:
        base, mark, rest = re.split("([多余]|$)", found["large"], maxsplit=1)
        more = mark + rest
    value = _tail(base, more)
    if value is None:
        return None
    unit = unit_of(text) if text else None
    return Quantity(
        found.start(), found.end(), value, value, unit, text, bool(re.search("[多余]", more))
    )


def quantities(text: str) -> tuple[Quantity, ...]:
    """All quantities of a folded text, left to right, none overlapping."""
    out = []
    for found in _QUANTITY.finditer(text):
        one = _range(found) if found["low"] else _single(found)
        if one and _stands_alone(text, one):
            out.append(_per(text, one))
    return tuple(out)


def _per(text: str, one: Quantity) -> Quantity:
    """每小时 50 吨 is 50 t/h, found from 每 on."""
    before = _EACH.search(text, max(0, one.start - 12), one.start)
    under = unit_of(before[1]) if before else None
    joined = quotient(one.unit, under)
    if before is None or joined is None:
        return one
    start = one.start if before["verb"] else before.start()
    return replace(one, start=start, unit=joined, unit_text=joined.symbol)


def _stands_alone(text: str, one: Quantity) -> bool:
    """Digits inside a model name or a code (GB50072, IP67, R404A, CO2) are not quantities."""
    before = text[one.start - 1] if one.start else ""
    return not (
        text[one.start].isdigit() and before.isascii() and (before.isalpha() or before == ".")
    )
