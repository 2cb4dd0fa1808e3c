"""The rules of a lot in plain words, one sentence each: what a bidder has to know before it begins."""

from __future__ import annotations

from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yangbanjian.kernel.amounts import format_fen_full
from yangbanjian.market.trading.rules.lots import Method

DAY_S, HOUR_S, MINUTE_S = 86400, 3600, 60


def duration(seconds: int) -> str:
    """So many days, hours, minutes or seconds, in the largest unit that says it exactly."""
    if seconds >= 2 * DAY_S and seconds % DAY_S == 0:
        days = seconds // DAY_S
        return ngettext("%(n)s 天", "%(n)s 天", days) % {"n": days}
    if seconds >= 2 * HOUR_S and seconds % HOUR_S == 0:
        return _("%(n)s 小时") % {"n": seconds // HOUR_S}
    if seconds >= MINUTE_S and (seconds % MINUTE_S == 0 or seconds > HOUR_S):
        return _("%(n)s 分钟") % {"n": format(seconds / MINUTE_S, "g")}
    return _("%(n)s 秒") % {"n": seconds}


def rules_of(lot: Any) -> list[str]:
    """What holds for this lot: its own figures, and those of the edition that it was laid out under."""
    method = Method(lot.method)
    own = {
        Method.RISING: _rising, Method.DYNAMIC: _rising, Method.DUTCH: _dutch,
        Method.SEALED: _sealed, Method.NEGOTIATED: _negotiated,
    }[method](lot, _figures(lot))  # fmt: skip
    return [*own, *_common(lot, _figures(lot))]


def _figures(lot: Any) -> dict[str, str]:
    seconds = ("free", "cycle", "hard_close", "resume", "outage", "priority")
    return {
        "start": format_fen_full(lot.start_fen), "step": format_fen_full(lot.step_fen),
        "floor": format_fen_full(lot.floor_fen or lot.start_fen),
        **{name: duration(getattr(lot, f"{name}_s")) for name in seconds},
        "free_until": localtime(lot.free_until).strftime("%Y-%m-%d %H:%M") if lot.free_until else "",
    }  # fmt: skip


def _rising(lot: Any, said: dict[str, str]) -> list[str]:
    first = _(
        "可以多次报价，最高的竞得。第一次不低于起始价 %(start)s，以后每次比当前价至少高 %(step)s，高出的要是它的整数倍。"
    )
    if lot.needs_free_bid and lot.free_until:
        times = _(
            "信息发布期内（到 %(free_until)s）自由报价；有人报价的，此后每 %(cycle)s一个周期，每次有效报价重新计时，一个周期里没有人再报，就结束。"
        )
    else:
        times = _(
            "开始后 %(free)s内自由报价；此后每 %(cycle)s一个周期，每次有效报价重新计时，一个周期里没有人再报，就结束。"
        )
    return [
        first % said, times % said,
        _("最迟在开始后 %(hard_close)s结束，到那时不再延时。") % said,
        _("金额相同的，只有先收到的有效。委托的最高价相同，先委托的领先。"),
    ]  # fmt: skip


def _dutch(_lot: Any, said: dict[str, str]) -> list[str]:
    return [
        _("价格从 %(start)s 开始，每 %(cycle)s降 %(step)s，最低到 %(floor)s。") % said,
        _("谁先报出不低于当时价格的数，就按当时的价格竞得，不会多付。先后按服务器收到的次序。"),
    ]  # fmt: skip


def _sealed(_lot: Any, said: dict[str, str]) -> list[str]:
    return [
        _("每家只报一次，不低于起始价 %(start)s；在自己的设备上封存后提交，不能改、不能撤。") % said,
        _("收报价的时间是 %(free)s。截止后，交易机构、转让方、审计人员中的两方交来密钥才能开标。") % said,
        _("金额最高的竞得；金额相同的，先收到的在前。"),
    ]  # fmt: skip


def _negotiated(_lot: Any, said: dict[str, str]) -> list[str]:
    return [
        _("只有一家取得资格时，在 %(free)s内报不低于 %(start)s 的数，第一次有效的报价就是成交价。") % said,
        _("有两家以上取得资格的，改为多次报价：每次至少高 %(step)s，最高的竞得。") % said,
    ]  # fmt: skip


def _common(lot: Any, said: dict[str, str]) -> list[str]:
    found = [
        _("时间以服务器为准：到截止那一刻才收到的，不算。"),
        _("交易机构暂停，或者平台中断超过 %(outage)s的，截止时间顺延同样长，恢复后至少还有 %(resume)s。") % said,
        _("结束以前只显示竞买号，看不到是哪个单位。"),
    ]  # fmt: skip
    if lot.reserve_commitment:
        found.append(_("有保密的保留价：最高报价没有达到的不成交，结束后公布它是多少。"))
    elif lot.method != Method.DUTCH:
        found.append(_("没有保留价。"))
    if lot.priority_s and (lot.priority_plates or lot.opens_at is None):
        found.append(_("有优先购买权的人，结束后 %(priority)s内可以按同等价格受让。") % said)
    edition = lot.listing.edition
    source = f"{edition.document} {edition.clause}".strip()
    found.append(
        _("竞得以后不签约、不付款的，按规则扣除保证金。依据：%(source)s") % {"source": source}
    )
    return found
