"""How long a listing is disclosed, and other spans of working days on the floor.

Days, their kind and the first day's convention are rows of the rulebook (`disclosure_periods`,
`deposit_rules`). A listing may stand longer than its row asks, never shorter. Where the holidays of
a year have not been announced yet, a span ends on the latest day that it could: nobody is given
less than the rule says, and the day is not called exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from yangbanjian.kernel.calendar import Calendar
from yangbanjian.kernel.flaws import FlawError
from yangbanjian.kernel.refusals import Conflict, Problem
from yangbanjian.kernel.words import gettext_noop as _
from yangbanjian.market.trading.rules.lots import Method

UNITS: Mapping[str, str] = {"calendar": _("自然日"), "working": _("工作日")}
LONGEST = 365
# No stretch of national holidays, with the weekends that touch it, has been longer than nine days;
# three such stretches begin within any hundred days.
_LONGEST_REST, _RESTS_PER_DAYS = 9, 34
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """`days` of a `unit` (calendar, working), the first day counted or the next one."""

    days: int
    unit: str
    first_day: str


def case_of(method: Method, price_mode: str) -> str:
    """Which row of `disclosure_periods` a listing stands under."""
    if method is Method.DYNAMIC:
        return "dynamic_bid"
    return "auction" if price_mode == "auction" else "achievement"


def least(rows: Sequence[Mapping[str, Any]], case: str) -> Span:
    """The shortest disclosure that an edition allows; the one for achievements where it has no row
    for the case. Refuses where it has neither."""
    by_case = {row["case"]: row for row in rows}
    row = by_case.get(case) or by_case.get("achievement")
    if row is None:
        raise Conflict("listings.no_rule", _("规则里没有信息披露期，请先由运营人员补上。"))
    return Span(int(row["days"]), row["unit"], row["first_day"])


def last_day(calendar: Calendar, first: date, span: Span) -> date:
    """The last day of a span that begins on `first`: the exact one, or where a year's holidays are
    unknown the latest that it could be."""
    try:
        return calendar.add_days(
            first, span.days, unit=span.unit, first_day=span.first_day  # type: ignore[arg-type]
        ).last  # fmt: skip
    except FlawError:
        return _latest(first if span.first_day == "counted" else first + _DAY, span.days)


def is_exact(calendar: Calendar, first: date, span: Span) -> bool:
    """Is the last day the one that the announced holidays give?"""
    return span.unit == "calendar" or last_day(calendar, first, span).year in calendar.covered_years


def _latest(day: date, days: int) -> date:
    """The latest day on which so many working days can be over: weekends and every stretch of
    holidays that may fall between are off."""
    begun = day
    while True:
        days -= day.weekday() < 5
        if days < 1:
            break
        day += _DAY
    rests = 1 + (day - begun).days // _RESTS_PER_DAYS
    return day + rests * _LONGEST_REST * _DAY


def closing(calendar: Calendar, opened: datetime, span: Span, zone: tzinfo) -> datetime:
    """The first instant at which the span is over: midnight after its last day."""
    last = last_day(calendar, opened.astimezone(zone).date(), span)
    return datetime.combine(last + _DAY, time(), zone).astimezone(UTC)


def disclosed_until(
    calendar: Calendar, opened: datetime, asked: Span, shortest: Span, zone: tzinfo
) -> datetime:
    """When a disclosure that begins now is over: as asked, and never before the rule's own end."""
    return max(
        closing(calendar, opened, asked, zone), closing(calendar, opened, shortest, zone)
    )  # fmt: skip


_SHORT = {
    "working": _("信息披露至少 %(least)d 个工作日，请延长。"),
    "calendar": _("信息披露至少 %(least)d 个自然日，请延长。"),
}
_RANGE = _("披露天数要填 1 到 %(most)d 之间的整数。")
_UNIT = _("天数的算法选自然日（calendar）或工作日（working）。")


def asked_span(
    days: int | None, unit: str | None, shortest: Span, calendar: Calendar, today: date
) -> Span | Problem:
    """The span that a listing asks for, or what is wrong with it; nothing said is the shortest.
    Two kinds of days are compared by where they end when counted from today."""
    if days is None:
        return shortest
    if unit is not None and unit not in UNITS:
        return Problem("disclosure", "unknown", _UNIT)
    if not 1 <= days <= LONGEST:
        return Problem("disclosure", "out_of_range", _RANGE, {"most": LONGEST})
    asked = Span(days, unit or shortest.unit, shortest.first_day)
    if asked.unit == shortest.unit:
        is_short = asked.days < shortest.days
    else:
        is_short = last_day(calendar, today, asked) < last_day(calendar, today, shortest)
    if is_short:
        told = _SHORT[shortest.unit]
        return Problem("disclosure", "too_short", told, {"least": shortest.days})
    return asked
