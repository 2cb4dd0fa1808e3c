"""Dates as people type them or as a sheet's cell holds them."""

import re
import unicodedata
from datetime import date, datetime, timedelta

from yangbanjian.kernel.flaws import Flaw, gettext_noop

FIRST_YEAR = 1900
LAST_YEAR = 2199
# Day 0 of the serial numbers of spreadsheets. They count a 29 February 1900 that never was, so
# serials are read from 1 March 1900 on only.
_SERIAL_ZERO = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 61, 109_574
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?$")
_PARTS = re.compile(r"^(\d{4})(?:[-./年])(\d{1,2})(?:[-./月])(\d{1,2})[日号號]?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_MONTH_ONLY = re.compile(r"^(\d{4})[-./年](\d{1,2})月?$")
_YEAR_LAST = re.compile(
    r"^\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})$|^\d{2}[-./]\d{1,2}[-./]\d{1,2}$"
)
_NUMERALS = re.compile(
    r"^([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十廿]{1,3})[日号]?$"
)
_DIGIT = {c: str(i) for i, c in enumerate("〇一二三四五六七八九")} | {"零": "0", "○": "0"}


def read_date(value: object) -> date | Flaw:
    """A date from text, a cell's date, or a spreadsheet's serial number (61..109574)."""
    if isinstance(value, datetime):
        return _dated(value.year, value.month, value.day)
    if isinstance(value, date):
        return _dated(value.year, value.month, value.day)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _serial(value)
    text = unicodedata.normalize("NFKC", str(value)[:100]).strip()
    if not text or value is None:
        return Flaw("date.empty", gettext_noop("还没有填写，请填写日期，例如 2024-02-03。"))
    return _from_text(text)


def _serial(value: float) -> date | Flaw:
    if value == value and _FIRST_SERIAL <= value <= _LAST_SERIAL:
        return _SERIAL_ZERO + timedelta(days=int(value))
    if value == value and 19_000_101 <= value <= 21_991_231:
        return _from_text(str(int(value)))
    return _not_a_date(str(value))


def _from_text(text: str) -> date | Flaw:
    bare = "".join(_TIME.sub("", text).split())
    match = _PARTS.match(bare) or _COMPACT.match(bare)
    if match:
        return _dated(int(match[1]), int(match[2]), int(match[3]))
    numerals = _NUMERALS.match(bare)
    if numerals:
        year = int("".join(_DIGIT[c] for c in numerals[1]))
        return _dated(year, _small(numerals[2]), _small(numerals[3]))
    if re.fullmatch(r"\d{5}(?:\.\d+)?", bare):
        return _serial(float(bare))
    return _half_a_date(bare)


def _half_a_date(text: str) -> Flaw:
    if _MONTH_ONLY.match(text):
        return Flaw(
            "date.no_day",
            gettext_noop("“%(text)s”缺少日，请补全，例如 2024-02-03。"),
            {"text": text},
        )
    if _YEAR_LAST.match(text):
        return Flaw(
            "date.ambiguous",
            gettext_noop("“%(text)s”看不出哪个是月、哪个是日，请写成 2024-02-03 的样子。"),
            {"text": text},
        )
    return _not_a_date(text)


def _small(numeral: str) -> int:
    """十二 -> 12, 二十 -> 20, 廿三 -> 23; nonsense gives a day that doesn't exist."""
    tens, _, ones = numeral.replace("廿", "二十").rpartition("十")
    if "十" not in numeral.replace("廿", "二十"):
        return int(_DIGIT[ones]) if len(ones) == 1 else 99
    if len(tens) > 1 or len(ones) > 1 or "十" in tens:
        return 99
    return int(_DIGIT[tens] if tens else "1") * 10 + int(_DIGIT[ones] if ones else "0")


def _dated(year: int, month: int, day: int) -> date | Flaw:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return Flaw(
            "date.year",
            gettext_noop("年份 %(year)s 不合理，请填写 %(first)s 到 %(last)s 之间的年份。"),
            {"year": year, "first": FIRST_YEAR, "last": LAST_YEAR},
        )
    try:
        return date(year, month, day)
    except ValueError:
        return _no_such_day(year, month, day)


def _no_such_day(year: int, month: int, day: int) -> Flaw:
    if not 1 <= month <= 12:
        return Flaw(
            "date.no_such_month",
            gettext_noop("一年没有 %(month)s 月，请改成 1 到 12 月。"),
            {"month": month},
        )
    return Flaw(
        "date.no_such_day",
        gettext_noop("%(year)s 年 %(month)s 月没有 %(day)s 日，请改成存在的日期。"),
        {"year": year, "month": month, "day": day},
    )


def _not_a_date(text: str) -> Flaw:
    return Flaw(
        "date.not_a_date",
        gettext_noop("“%(text)s”不是日期，请写成 2024-02-03 的样子。"),
        {"text": text[:40]},
    )
