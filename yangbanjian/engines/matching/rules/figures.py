"""The numbers of the cockpit: what each means, and how it is counted from facts. Pure.

A span is half-open, in days of the site's zone. A number is compared with as many days of the
span before, so that a month that has just begun is not held against a whole one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from yangbanjian.kernel.words import gettext_noop as _

MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Definition:
    """What a number says, its formula in words, and where the facts come from."""

    code: str
    name: str
    formula: str
    source: str


DEFINITIONS = (
    Definition("library", _("在库成果"), _("现在公开（含即将到期）的成果条数；「新增」为时段内首次公开的条数。"),
               _("成果库的状态与首次公开时间")),
    Definition("answered", _("需求响应率"), _("时段内首次公开的需求中，已有至少一方表示有意向的条数 ÷ 全部条数。"),
               _("需求库的首次公开时间；日志中第一次「有意向」")),
    Definition("response", _("首次响应"), _("时段内首次公开且已有响应的需求，从公开到第一次「有意向」的天数，取中位数。"),
               _("需求库的首次公开时间；日志中第一次「有意向」")),
    Definition("agreed", _("达成约谈"), _("时段内双方都同意、互开联系方式的对接数。"), _("日志中的「同意约谈」")),
    Definition("stale", _("过期占比"), _("三库中已到期未续的条数 ÷ 公开、即将到期与已到期条数之和，取现在的值。"),
               _("三库的状态")),
    Definition("streets", _("街道需求热度"), _("时段内首次公开的需求条数，按发布单位填写的街道计。"),
               _("需求库的首次公开时间；单位资料里的街道；街道名单在站点设置")),
    Definition("waiting", _("待审核"), _("三库中已提交、还没有审核的条数，取现在的值。"), _("三库的状态")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `start` up to, not including, `end`."""

    start: date
    end: date

    def __contains__(self, day: date | None) -> bool:
        return day is not None and self.start <= day < self.end


def months_on(day: date, months: int) -> date:
    """The first day of the month that lies `months` after the month of `day`."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def span_of(period: str, today: date) -> Span:
    """The month, quarter or year that holds today, up to and including today."""
    length = MONTHS[period]
    start = months_on(today, -((today.month - 1) % length))
    return Span(start, today + timedelta(days=1))


def before(span: Span, period: str) -> Span:
    """As many days of the month, quarter or year before; never reaching into `span`."""
    start = months_on(span.start, -MONTHS[period])
    return Span(start, min(span.start, start + (span.end - span.start)))


@dataclass(frozen=True, slots=True)
class DemandFact:
    """The days on which a demand went through the funnel; None where it has not."""

    published: date
    matched: date | None = None
    interested: date | None = None
    agreed: date | None = None
    field: str = ""
    region: str = ""
    response_days: Decimal | None = None
    demand_id: int = 0
    street: str = ""


def percent(part: int, whole: int) -> Decimal | None:
    """part of whole in percent, one decimal, half up; None when there is no whole."""
    if not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)


def middle(values: Iterable[Decimal]) -> Decimal | None:
    """The median, one decimal; None of nothing."""
    listed = sorted(values)
    return median(listed).quantize(Decimal("0.1"), ROUND_HALF_UP) if listed else None


def answered(demands: Iterable[DemandFact], span: Span) -> tuple[int, int]:
    """(answered, all) of the demands published in the span."""
    mine = [d for d in demands if d.published in span]
    return sum(d.interested is not None for d in mine), len(mine)


def response(demands: Iterable[DemandFact], span: Span) -> Decimal | None:
    """Median days from publication to the first interest, of those published in the span."""
    mine = [d for d in demands if d.published in span]
    return middle(d.response_days for d in mine if d.response_days is not None)


def funnel(demands: Iterable[DemandFact], span: Span) -> tuple[int, int, int, int]:
    """Of the demands published in the span: all, matched, with interest, agreed. Each step holds
    the later ones, so that it never widens."""
    mine = [d for d in demands if d.published in span]
    agreed = sum(d.agreed is not None for d in mine)
    interested = sum(d.interested is not None or d.agreed is not None for d in mine)
    matched = sum(any((d.matched, d.interested, d.agreed)) for d in mine)
    return len(mine), matched, interested, agreed


def by_month(days: Mapping[date, int], last: date, months: int = 12) -> list[int]:
    """How many fall into each of the `months` that end with the month of `last`."""
    counted: Counter[tuple[int, int]] = Counter()
    for day, count in days.items():
        counted[day.year, day.month] += count
    return [counted[(m.year, m.month)] for m in months_back(last, months)]


def months_back(last: date, months: int = 12) -> list[date]:
    """The first days of the `months` that end with the month of `last`, oldest first."""
    return [months_on(last, n) for n in range(1 - months, 1)]


def ranked(values: Iterable[str], most: int = 8) -> list[tuple[str, int]]:
    """The commonest values with their counts; empty ones are not counted."""
    counted = Counter(v for v in values if v)
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:most]


def change(now: Decimal | int | None, then: Decimal | int | None) -> Decimal | None:
    """The difference, or None when either is not known."""
    return None if now is None or then is None else Decimal(now) - Decimal(then)


def definition(code: str) -> Definition:
    """The definition of a number."""
    return next(d for d in DEFINITIONS if d.code == code)


def within(days: Mapping[date, int], span: Span) -> int:
    """How many fall into the span, of a count for each day."""
    return sum(count for day, count in days.items() if day in span)
