"""Numbers, percentages and money as people type them or as a sheet's cell holds them.

Each ``read_x(value)`` gives the value or a ``Flaw`` that says what to do, and never raises.
Blank cells are a problem too (``number.empty``): the caller knows whether a field may be empty.
"""

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Literal

import cn2an

from yangbanjian.kernel.flaws import Flaw, gettext_noop

LONGEST = 60
LARGEST = Decimal(10) ** 18
LARGEST_FEN = 10**16
MoneyUnit = Literal["yuan", "wan", "yi", "fen"]

_UNITS = {"十": 1, "百": 2, "佰": 2, "千": 3, "仟": 3, "万": 4, "萬": 4, "亿": 8, "億": 8}
_UNIT_FEN: dict[MoneyUnit, Decimal] = {
    "fen": Decimal(1),
    "yuan": Decimal(100),
    "wan": Decimal(1_000_000),
    "yi": Decimal(10_000_000_000),
}
_SPACE = re.compile(r"\s+")
# 50w is how 50万 is often typed.
_W = re.compile(r"(?<=\d)W(?=元?$)")
_ARABIC = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d{1,2})?)([十百佰千仟万萬亿億]{0,3})$")
_GROUPED = re.compile(r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?[十百佰千仟万萬亿億]{0,3}$")
_NUMERAL = re.compile(
    r"^[负負-]?[\d.零〇一二两兩三四五六七八九十百千万萬亿億点點壹贰貳叁參肆伍陆陸柒捌玖拾佰仟廿]+$"
)
_RANGE = re.compile(r"\d.*(?:~|至|到|—|-).*\d")
_MARKS = re.compile(r"^(?:人民币|人民幣|RMB|CNY|¥|￥)|(?:人民币|人民幣|RMB|CNY)$")
_YUAN = re.compile(r"(?:元整|元正|圆整|元|圆|块)$")
_FOREIGN = re.compile(r"[$€£]|USD|EUR|HKD|JPY|GBP|TWD|美元|欧元|港币|港元|日元|英镑|台币|新台币")
_TRADITIONAL = str.maketrans("兩點負", "两点负")


def read_number(value: object) -> Decimal | Flaw:
    """A number: 1,234.50 · １２３４ · 80万 · 三百万 · 1.2亿 · 1亿2000万 · a cell's own number."""
    if isinstance(value, bool):
        return _not_a_number(str(value))
    if isinstance(value, int | float | Decimal):
        return _own_number(value)
    text = _compact(value)
    if not text:
        return Flaw("number.empty", gettext_noop("还没有填写，请填写一个数字。"))
    if len(text) > LONGEST:
        return _not_a_number(text)
    return _from_text(text)


def read_integer(value: object, *, low: int, high: int) -> int | Flaw:
    """A whole number from ``low`` to ``high``, both included: TRL 11 is ``number.out_of_range``."""
    number = read_number(value)
    if isinstance(number, Flaw):
        return number
    if number != number.to_integral_value():
        return Flaw(
            "number.not_whole",
            gettext_noop("“%(text)s”不是整数，请填写整数。"),
            {"text": _shown(number)},
        )
    if not low <= number <= high:
        return Flaw(
            "number.out_of_range",
            gettext_noop("%(text)s 超出范围，请填写 %(low)s 到 %(high)s 之间的整数。"),
            {"text": _shown(number), "low": low, "high": high},
        )
    return int(number)


def read_percent(value: object) -> Decimal | Flaw:
    """A percentage as its number of per cent: "25%", "２５％", "百分之二十五", "两成五" -> 25.

    A bare number is taken as per cent; a sheet's cell with percent format holds 0.25, which the
    caller must multiply, because the bare number doesn't tell.
    """
    if not isinstance(value, str):
        return read_number(value)
    text = _compact(value).translate(_TRADITIONAL)
    if text.startswith("百分之"):
        return read_number(text.removeprefix("百分之"))
    tenths = re.fullmatch(r"([一二两三四五六七八九])成([一二三四五六七八九半])?", text)
    if tenths:
        digits = "零一二三四五六七八九"
        rest = "五" if tenths[2] == "半" else tenths[2] or "零"
        return Decimal(digits.index(tenths[1].replace("两", "二")) * 10 + digits.index(rest))
    return read_number(text.removesuffix("%"))


def read_fen(value: object, *, unit: MoneyUnit = "yuan") -> int | Flaw:
    """An amount of money in fen. ``unit`` is what a bare number means (a column headed 万元 is
    "wan"); a unit written in the text counts instead. Negative amounts, parts of a fen, other
    currencies and more than 10**16 fen are refused."""
    text = _compact(value) if isinstance(value, str) else None
    if text is None:
        return _fen(read_number(value), unit)
    if _FOREIGN.search(text):
        return Flaw(
            "money.foreign",
            gettext_noop("“%(text)s”不是人民币，请折算成人民币填写。"),
            {"text": text[:LONGEST]},
        )
    bare = _MARKS.sub("", text)
    amount = _YUAN.sub("", bare)
    spoken = amount != bare or bool(amount and amount[-1] in _UNITS)
    return _fen(read_number(amount), "yuan" if spoken else unit)


def _fen(number: Decimal | Flaw, unit: MoneyUnit) -> int | Flaw:
    if isinstance(number, Flaw):
        return number
    fen = number * _UNIT_FEN[unit]
    if fen < 0:
        return Flaw(
            "money.negative",
            gettext_noop("金额不能是负数，请填写 0 或更大的金额；价格面议请留空。"),
        )
    if fen > LARGEST_FEN:
        return Flaw("money.too_large", gettext_noop("金额太大，请核对是不是多写了万或亿。"))
    if fen != fen.to_integral_value():
        return Flaw("money.below_fen", gettext_noop("金额最小到分，请改成两位以内的小数。"))
    return int(fen)


def _compact(value: object) -> str:
    folded = unicodedata.normalize("NFKC", str(value)[:300])
    text = _SPACE.sub("", folded).replace("\u2212", "-").upper()
    return _W.sub("万", text)


def _own_number(value: int | float | Decimal) -> Decimal | Flaw:
    # repr of a float is the shortest text that gives it back: 0.1 stays 0.1.
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    return _bounded(number, str(value)[:LONGEST])


def _from_text(text: str) -> Decimal | Flaw:
    if "," in text:
        if not _GROUPED.match(text):
            return Flaw(
                "number.separators",
                gettext_noop("“%(text)s”里的逗号位置不对，请去掉逗号，小数点用“.”。"),
                {"text": text},
            )
        text = text.replace(",", "")
    arabic = _ARABIC.match(text)
    if arabic:
        number = _decimal(arabic[1])
        power = sum(_UNITS[unit] for unit in arabic[2])
        return _not_a_number(text) if number is None else _bounded(number.scaleb(power), text)
    if _NUMERAL.match(text):
        return _numeral(text)
    if _RANGE.search(text):
        return Flaw(
            "number.range",
            gettext_noop("“%(text)s”是一个范围，请只填一个数字。"),
            {"text": text},
        )
    return _not_a_number(text)


def _numeral(text: str) -> Decimal | Flaw:
    try:
        read = cn2an.cn2an(text.translate(_TRADITIONAL), "smart")
    except (ValueError, KeyError, IndexError, TypeError):
        return _not_a_number(text)
    return _bounded(Decimal(str(read)), text)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _bounded(number: Decimal, text: str) -> Decimal | Flaw:
    if not number.is_finite():
        return _not_a_number(text)
    if abs(number) > LARGEST:
        return Flaw("number.too_large", gettext_noop("数字太大，请核对有没有多写了零。"))
    return number


def _not_a_number(text: str) -> Flaw:
    return Flaw(
        "number.not_a_number",
        gettext_noop("“%(text)s”不是数字，请只填数字，例如 1200、80万、三百万。"),
        {"text": text[:LONGEST]},
    )


def _shown(number: Decimal) -> str:
    return f"{number.normalize():f}"[:LONGEST]
