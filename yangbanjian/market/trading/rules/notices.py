"""The public notice of a conversion (公示): how long it stands, and what an objection does to it.

Law: 促进科技成果转化法 art. 18 (协议定价: name and intended price are made public in the unit);
国发〔2016〕16号 (not less than 15 days); the days, their kind and the first day's convention are
rows of the rulebook's table `notice_days`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from yangbanjian.kernel.calendar import Calendar, Deadline
from yangbanjian.kernel.moves import Move, State, StateTable
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.words import gettext_noop as _

LONGEST_NOTICE = 365
# Agreed price must be made public; the other two are public by what they are.
PRICE_MODES = {
    "agreement": _("协议定价"),
    "listing": _("挂牌交易"),
    "auction": _("拍卖"),
}

TABLE = StateTable(
    name="notices",
    start="draft",
    states=(
        State("draft", _("草拟"), _("未公示")),
        State("open", _("公示中"), _("公示中")),
        State("paused", _("异议处理中，暂停计时"), _("异议处理中")),
        State("ended", _("公示期满"), _("公示期满")),
        State("stopped", _("异议成立，已终止"), _("已终止")),
        State("withdrawn", _("已撤回"), _("已撤回"), is_final=True),
    ),
    moves=(
        Move("open", ("draft",), "open", _("开始公示"), ("owner",)),
        Move("change", ("open", "ended", "stopped"), "open", _("变更，重新公示"), ("owner",), needs_reason=True),
        Move("pause", ("open",), "paused", _("收到异议"), ("system",)),
        Move("resume", ("paused",), "open", _("异议不成立，继续公示"), ("system",)),
        Move("stop", ("paused",), "stopped", _("异议成立"), ("system",)),
        Move("end", ("open",), "ended", _("期满"), ("system", "owner")),
        Move("withdraw", ("draft", "open", "stopped"), "withdrawn", _("撤回"), ("owner",), needs_reason=True),
    ),
)  # fmt: skip

OBJECTIONS = StateTable(
    name="objections",
    start="open",
    states=(
        State("open", _("待处理")),
        State("dismissed", _("不成立")),
        State("upheld", _("成立"), is_final=True),
        State("appealed", _("申诉中")),
        State("final", _("申诉后维持不成立"), is_final=True),
    ),
    moves=(
        Move("uphold", ("open",), "upheld", _("认定成立"), ("owner", "exchange"), needs_reason=True),
        Move("dismiss", ("open",), "dismissed", _("认定不成立"), ("owner", "exchange"), needs_reason=True),
        Move("appeal", ("dismissed",), "appealed", _("申诉"), ("objector",), needs_reason=True),
        # Who ruled first does not rule again.
        Move("uphold_appeal", ("appealed",), "upheld", _("申诉成立"), ("exchange",), needs_reason=True),
        Move("dismiss_appeal", ("appealed",), "final", _("申诉不成立"), ("exchange",), needs_reason=True),
    ),
)  # fmt: skip
WAITING = ("open", "appealed")


@dataclass(frozen=True, slots=True)
class Period:
    """How long a notice stands: `days` of a `unit` (calendar, working), the first day counted or
    not, under the row of an edition."""

    days: int
    unit: str
    first_day: str


def least(rows: Sequence[Mapping[str, Any]], case: str) -> Period | None:
    """The shortest notice that the rows of an edition of `notice_days` allow for a case."""
    row = next((r for r in rows if r["case"] == case), None)
    return Period(int(row["days"]), row["unit"], row["first_day"]) if row else None


def period(rows: Sequence[Mapping[str, Any]], asked: int | None) -> Period:
    """The notice's period: what was asked, not less than the law's; without a row, the one for an
    agreed price stands for all modes. Raises Invalid where too short or unreasonably long."""
    shortest = least(rows, "agreement_price")
    if shortest is None:
        raise Conflict("notices.no_rule", _("规则里没有公示期，请先由运营人员补上。"))
    if asked is None:
        return shortest
    if not shortest.days <= asked <= LONGEST_NOTICE:
        sentence = _("公示期应为 %(least)d 至 %(most)d 日。")
        told = Problem(
            "days", "out_of_range", sentence, {"least": shortest.days, "most": LONGEST_NOTICE}
        )
        raise Invalid("notices.invalid", _("公示内容需要修改，请看各栏的提示。"), [told])
    return Period(asked, shortest.unit, shortest.first_day)


def counted(calendar: Calendar, opened: datetime, stands: Period, zone: tzinfo) -> Deadline:
    """The last day of a notice that was opened then."""
    day = opened.astimezone(zone).date()
    return calendar.add_days(day, stands.days, unit=stands.unit, first_day=stands.first_day)  # type: ignore[arg-type]


def closing(calendar: Calendar, opened: datetime, stands: Period, zone: tzinfo) -> datetime:
    """The first instant at which the notice has stood for its days: midnight after the last."""
    last = counted(calendar, opened, stands, zone).last
    return datetime.combine(last + timedelta(days=1), time(), zone)


def resumed(closes: datetime, paused: datetime, now: datetime) -> datetime:
    """When a notice closes that stood still from `paused` until now: exactly so much later."""
    return closes + max(now - paused, timedelta())


def may_end(state: str, closes: datetime | None, now: datetime) -> None:
    """Refuses to end a notice before its days are over."""
    if state == "open" and (closes is None or now < closes):
        raise Conflict("notices.not_due", _("公示期还没满，期满后自动结束。"))


def after_rulings(states: Sequence[str]) -> str:
    """What a paused notice does once one of its objections has been ruled: stop as soon as one is
    upheld, resume when none waits any more, else wait ("")."""
    if "upheld" in states:
        return "stop"
    return "" if any(state in WAITING for state in states) else "resume"
