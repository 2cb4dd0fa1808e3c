"""Deadlines: 明年 6 月前, 三个月内, 年底前, 2027-03-01, within 6 months -> the last day in time."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from .numerals import CHINESE, number
from .offsets import Folded
from .shapes import Deadline, Guess

_N = rf"(?:\d{{1,2}}|{CHINESE}(?<=[一二三四五六七八九十两]))"
_YEAR_WORD = r"(?:今年|明年|后年|本年度?|当年|来年)"
_BEFORE = r"(?:之前|以前|前)"
_MAKERS: list[tuple[re.Pattern[str], Callable[[re.Match[str], date], date | None]]] = []
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_SOON = re.compile(
    r"见效|交付|上线|完成|完工|落地|投产|投用|投入使用|做完|拿出|出样|交样|验收|搞定|解决|"
    r"用上|装好|改完|交货|建成|达产"
)
_NO_RUSH = re.compile(r"不急|时间不限|不限时间|时间充裕|长期有效|no rush|no hurry")


def read_deadline(folded: Folded, today: date) -> tuple[Deadline | None, tuple[Guess, ...]]:
    """The last day that is still in time, relative to `today`; None when nothing is said.

    A plain duration (半年) counts only beside a word of delivery; impossible dates (2024.2.30) and
    dates long past are left out and reported as a guess with confidence 0.
    """
    doubts: list[Guess] = []
    for pattern, make in _MAKERS:
        for found in pattern.finditer(folded.lower):
            if _is_history(folded.lower, found):
                continue
            day = _safe(make, found, today)
            span = folded.span(*found.span())
            if day is None or day < today:
                doubts.append(Guess("deadline", folded.text[slice(*found.span())], span, 0.0))
                continue
            return Deadline(day, span), ()
    calm = _NO_RUSH.search(folded.lower)
    if calm:
        return Deadline(None, folded.span(*calm.span()), no_rush=True), tuple(doubts[:1])
    return None, tuple(doubts[:1])


def _safe(
    make: Callable[[re.Match[str], date], date | None], found: re.Match[str], today: date
) -> date | None:
    try:
        return make(found, today)
    except (ValueError, OverflowError):  # 2 月 30 日, year 12000
        return None


def _is_history(text: str, found: re.Match[str]) -> bool:
    """成立于 2015 年, 自 2019 年 3 月起, 2024 年引进 are the past of the company, not a wish."""
    before, after = text[max(0, found.start() - 6) : found.start()], text[found.end() :][:4]
    return bool(
        re.search(
            r"成立|创立|创建|始于|建于|自从?$|于$|截至|近$|过去|最近|拥有|持续|运行|回收期|质保期?|保修期?|寿命|保质期|保鲜期|货架期|续航|延长到?|since",
            before,
        )
        or re.match(r"(?:年?(?:成立|以来|起|引进|建成|质保|来|开始)|[的]?经验)", after)
    )


def _last(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _shift(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _year(word: str | None, today: date) -> int:
    if not word:
        return today.year
    if word[0].isdigit():
        return int(word[:4])
    return today.year + {"今": 0, "本": 0, "当": 0, "明": 1, "来": 1, "后": 2}[word[0]]


def _count(text: str) -> Decimal:
    value = Decimal("0.5") if text == "半" else number(text)
    if value is None:
        raise ValueError(text)
    return value


def _maker(
    pattern: str,
) -> Callable[[Callable[[re.Match[str], date], date | None]], Callable[..., date | None]]:
    def keep(make: Callable[[re.Match[str], date], date | None]) -> Callable[..., date | None]:
        _MAKERS.append((re.compile(pattern), make))
        return make

    return keep


@_maker(
    rf"(?<![\d.a-z])(?P<y>20\d\d)(?P<s>[-./])(?P<m>\d{{1,2}})(?:(?P=s)(?P<d>\d{{1,2}}))?(?![\d%])"
    rf"(?:[日号])?(?P<before>{_BEFORE})?"
)
def _numeric(found: re.Match[str], today: date) -> date | None:
    return _calendar(int(found["y"]), int(found["m"]), found["d"], bool(found["before"]))


def _calendar(year: int, month: int, day: str | None, before: bool) -> date:
    """A month named with 前 ends the day before it begins; named alone it counts to its end."""
    if day:
        value = number(day)
        return date(year, month, int(value or 0))
    if before:
        return date(year, month, 1) - timedelta(days=1)
    return _last(year, month)


@_maker(
    rf"(?:(?P<y>20\d\d年|{_YEAR_WORD})的?)?(?P<m>{_N})月(?:份)?"
    rf"(?:(?P<d>{_N})[日号]|(?P<part>底|末|初|中旬?|上旬|下旬))?(?P<before>{_BEFORE}|为止)?(?!内)"
)
def _month(found: re.Match[str], today: date) -> date | None:
    if not (found["y"] or found["before"] or found["part"] or found["d"]):
        return None
    month = int(_count(found["m"]))
    year = _year(found["y"], today)
    part = found["part"]
    if part and part[0] in "初上":
        day = date(year, month, 10)
    elif part and part[0] == "中":
        day = date(year, month, 20)
    else:
        before = found["before"] in {"前", "之前", "以前"} and not part
        day = _calendar(year, month, found["d"], before)
    return _shift(day, 12) if day < today and not found["y"] else day


@_maker(
    rf"(?P<y>20\d\d年|{_YEAR_WORD})?(?:的)?第?(?P<q>[一二三四1-4])季度(?P<before>末|底|"
    rf"结束)?(?:{_BEFORE}|内)?"
)
def _quarter(found: re.Match[str], today: date) -> date | None:
    year = _year(found["y"], today)
    day = _last(year, int(_count(found["q"])) * 3)
    return _shift(day, 12) if day < today and not found["y"] else day


@_maker(rf"(?P<y>20\d\d年|{_YEAR_WORD})?(?P<half>上|下)半年(?:底|末)?(?:{_BEFORE}|内)?")
def _half(found: re.Match[str], today: date) -> date | None:
    year = _year(found["y"], today)
    day = _last(year, 6 if found["half"] == "上" else 12)
    return _shift(day, 12) if day < today and not found["y"] else day


@_maker(
    rf"(?P<y>20\d\d|{_YEAR_WORD}|(?<![\d月半明今后每近去])年)(?:年)?(?P<end>底|末|终|年底|"
    rf"年末)(?:{_BEFORE}|内)?"
)
def _year_end(found: re.Match[str], today: date) -> date | None:
    return date(today.year if found["y"] == "年" else _year(found["y"], today), 12, 31)


@_maker(
    r"(?P<which>本|这个?|下个?|下下个?)(?P<unit>季度|月|周|星期)(?P<end>底|末|初)?(?:之前|"
    r"以前|前|内)?"
)
def _coming(found: re.Match[str], today: date) -> date | None:
    step = {"本": 0, "这": 0}.get(found["which"][0], 2 if found["which"].startswith("下下") else 1)
    if found["unit"] == "月":
        later = _shift(today.replace(day=1), step)
        return _last(later.year, later.month)
    if found["unit"] == "季度":
        later = _shift(today.replace(day=1, month=(today.month - 1) // 3 * 3 + 1), 3 * step + 2)
        return _last(later.year, later.month)
    return today + timedelta(days=7 * step + 6 - today.weekday())


@_maker(r"(?<![上下每个])(?:月底|月末)(?:之前|以前|前|内)?")
def _month_end(found: re.Match[str], today: date) -> date | None:
    return _last(today.year, today.month)


_HOLIDAYS = {
    "元旦": (1, 1),
    "五一": (5, 1),
    "十一": (10, 1),
    "国庆": (10, 1),
    "双十一": (11, 11),
    "双11": (11, 11),
    "618": (6, 18),
}


@_maker(rf"(?P<y>{_YEAR_WORD})?(?P<name>元旦|五一|国庆|双十一|双11|十一|618)(?:节|假期)?{_BEFORE}")
def _holiday(found: re.Match[str], today: date) -> date | None:
    day = date(_year(found["y"], today), *_HOLIDAYS[found["name"]]) - timedelta(days=1)
    return _shift(day, 12) if day < today and not found["y"] else day


_UNIT = r"(?P<unit>个?工作日|天|日|周|个?星期|个?月|个?季度|年半?)"


@_maker(
    rf"(?<![\d.第到至-])(?P<n>半|\d{{1,4}}|"
    rf"{CHINESE})(?P<half>个半)?{_UNIT}(?:时间)?(?P<mark>以内|之内|内|之后|以后|后)"
)
def _duration(found: re.Match[str], today: date) -> date | None:
    return _after(found["n"], found["unit"], bool(found["half"]), today)


@_maker(
    rf"(?<![\d.第到至每近-])(?P<n>半|\d{{1,3}}|{CHINESE})(?P<half>个半)?{_UNIT}(?:时间|"
    rf"左右|就|要|得|能|可以|必须|就要|就得)*"
    rf"(?:{_SOON.pattern})"
)
def _duration_then(found: re.Match[str], today: date) -> date | None:
    return _after(found["n"], found["unit"], bool(found["half"]), today)


@_maker(
    rf"(?:在|工期|周期|期限|{_SOON.pattern}|要求|最好|时间)[是为:：]?(?P<n>半|\d{{1,3}}|"
    rf"{CHINESE})(?P<half>个半)?"
    r"(?P<unit>个?工作日|天|周|个?星期|个月|个?季度|年半?)(?=$|[，。；;,！!?？\n左])"
)
def _duration_last(found: re.Match[str], today: date) -> date | None:
    return _after(found["n"], found["unit"], bool(found["half"]), today)


def _after(count: str, unit: str, and_half: bool, today: date) -> date | None:
    amount = _count(count) + (Decimal("0.5") if and_half else 0)
    unit = unit.removeprefix("个")
    if unit == "年半":
        amount, unit = amount + Decimal("0.5"), "年"
    months = {"月": 1, "季度": 3, "年": 12}.get(unit)
    if months is None:
        days = amount * {"周": 7, "星期": 7}.get(unit, 1)
        return today + timedelta(days=int(days)) if days < 36600 else None
    whole, part = divmod(amount * months, 1)
    return _shift(today, int(whole)) + timedelta(days=int(part * 30)) if whole < 600 else None


_EN_N = r"(?P<n>\d{1,3}|half a|an?|one|two|three|four|six|nine|twelve|eighteen)"
_EN = {"half a": Decimal("0.5"), "a": Decimal(1), "an": Decimal(1), "eighteen": Decimal(18)}


@_maker(rf"(?:within|in|in under) (?:the next )?{_EN_N} (?P<unit>day|week|month|quarter|year)s?")
def _english_duration(found: re.Match[str], today: date) -> date | None:
    amount = _EN.get(found["n"]) or _count(found["n"])
    unit = {"day": "天", "week": "周", "month": "月", "quarter": "季度", "year": "年"}[
        found["unit"]
    ]
    return _after(format(amount, "f") if amount != Decimal("0.5") else "半", unit, False, today)


@_maker(
    rf"(?P<how>by|before|until) (?:the end of )?(?P<m>{'|'.join(_MONTHS)})[a-z]{{0,6}}\.? "
    rf"?(?P<d>\d{{1,2}}(?!\d)(?:st|nd|rd|th)?)?,? ?(?P<y>20\d\d)?"
)
def _english_month(found: re.Match[str], today: date) -> date | None:
    month = _MONTHS.index(found["m"]) + 1
    before = found["how"] == "before"
    day = re.sub(r"\D", "", found["d"] or "") or None
    made = _calendar(int(found["y"] or today.year), month, day, before)
    return _shift(made, 12) if made < today and not found["y"] else made


@_maker(r"(?:by|before) (?:the )?(?:end of (?:the |this )?year|year end|year-end)")
def _english_year_end(found: re.Match[str], today: date) -> date | None:
    return date(today.year, 12, 31)


@_maker(r"by (?:the )?(?:end of )?next year")
def _english_next_year(found: re.Match[str], today: date) -> date | None:
    return date(today.year + 1, 12, 31)


@_maker(rf"(?P<y>20\d\d)年(?P<before>{_BEFORE})?(?!\d|[一二三四上下底末第])")
def _whole_year(found: re.Match[str], today: date) -> date | None:
    year = int(found["y"])
    return date(year - 1, 12, 31) if found["before"] else date(year, 12, 31)


@_maker(
    rf"(?P<y>明年|后年|今年)(?:(?P<before>之前|以前|前)|(?:内|就要|就|要|之内|能|"
    rf"必须)*(?:{_SOON.pattern}))"
)
def _word_year(found: re.Match[str], today: date) -> date | None:
    year = _year(found["y"], today)
    return date(year - 1, 12, 31) if found["before"] else date(year, 12, 31)
