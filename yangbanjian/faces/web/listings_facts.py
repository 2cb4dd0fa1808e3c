"""What a listing and a registration say, as facts for a page."""

from __future__ import annotations

from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yangbanjian.faces.telling import amount
from yangbanjian.faces.web.lot_rules import duration
from yangbanjian.faces.web.words import state_tag, translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.market.trading import queries
from yangbanjian.market.trading.rules import periods, registration_states
from yangbanjian.market.trading.rules.deposits import FORFEITURES, OUTCOME_LABELS
from yangbanjian.market.trading.rules.listings import METHODS, PAYMENTS, Rung, rung
from yangbanjian.market.trading.rules.lots import Method


def instant(at: Any) -> str:
    return format(localtime(at), "%Y-%m-%d %H:%M") if at else "—"


def left_of(one: Any) -> str:
    """「还剩 3 天」, of a running disclosure; "" of any other."""
    left = queries.left(one, clock.now())
    if left is None:
        return ""
    if left.days:
        told = ngettext("还剩 %(n)d 天", "还剩 %(n)d 天", left.days)
        return told % {"n": left.days}
    hours = left.seconds // 3600
    return ngettext("还剩 %(n)d 小时", "还剩 %(n)d 小时", hours) % {"n": hours}


def span_of(one: Any) -> str:
    """So many days of a kind, of a listing or of a rule."""
    days = _("%(n)d 个工作日") if one.unit == "working" else _("%(n)d 个自然日")
    return days % {"n": one.days}


def _bidding(one: Any) -> list[dict[str, Any]]:
    method = Method(one.method)
    facts = [{"term": _("报价方式"), "text": translated(METHODS[method])}]
    if method in (Method.RISING, Method.DYNAMIC, Method.NEGOTIATED):
        facts += [
            {"term": _("加价幅度"), "text": amount(one.step_fen)},
            {"term": _("自由报价期"), "text": duration(one.free_s)},
            {"term": _("限时周期"), "text": duration(one.cycle_s)},
            {"term": _("最迟结束"), "text": duration(one.hard_close_s)},
        ]
    elif method is Method.DUTCH:
        facts += [
            {"term": _("每次降价"), "text": amount(one.step_fen)},
            {"term": _("降价周期"), "text": duration(one.cycle_s)},
            {"term": _("公开的底价"), "text": amount(one.floor_fen or 0)},
        ]
    else:
        facts.append({"term": _("投标时间"), "text": duration(one.free_s)})
    return facts


def _round(one: Any, number: int, step: dict[str, Any]) -> str:
    if rung(step) is Rung.EXTEND:
        return _("第 %(n)d 轮：条件不变，延期") % {"n": number}
    said = [translated(METHODS[Method(step["method"])])] if step.get("method") else []
    if step.get("start_fen"):
        said.append(amount(step["start_fen"]))
    return _("第 %(n)d 轮：%(what)s") % {"n": number, "what": _("、").join(said)}


def facts_of(one: Any, showroom: Any, sold_fen: int | None) -> list[dict[str, Any]]:
    """What a reader of a listing asks first: who sells, under which showroom, until when, what must
    be paid and how; of one that is sold, where it started."""
    calendar, zone = clock.calendar(), clock.site_zone()
    begun = one.published_at or clock.now()
    exact = periods.is_exact(calendar, begun.astimezone(zone).date(), queries.span(one))
    ends = instant(queries.planned_end(one))
    facts: list[dict[str, Any]] = [
        {"term": _("转让方"), "text": one.owner.name},
        {"term": _("披露至"), "text": ends if exact else _("%(day)s（节假日未公布，按最晚算）") % {"day": ends}},
        {"term": _("保证金"), "text": amount(one.deposit_fen) if one.deposit_fen else _("不收")},
        {"term": _("付款方式"), "text": translated(PAYMENTS[one.payment.get("kind", "once")])},
        {"term": _("编号"), "text": str(one.pk), "mono": True},
    ]  # fmt: skip
    if showroom is not None:
        under = {"text": showroom.name, "url": f"/floor?showroom={showroom.pk}"}
        facts.insert(1, {"term": _("样板间"), **under})
    if sold_fen is not None:
        facts.insert(2, {"term": _("起始价"), "text": amount(one.start_fen)})
    if one.notice_id:
        facts.append({"term": _("公示"), "text": _("看公示"), "url": f"/notices/{one.notice_id}"})
    return facts


def rules_of(one: Any, lot: Any) -> list[dict[str, Any]]:
    """How bidding runs, what becomes of deposits, what comes if nobody buys."""
    adopted = [translated(f.label) for f in FORFEITURES if f.code in one.forfeitures]
    return [
        *_bidding(one),
        {"term": _("保留价"), "text": _("有，保密") if lot.reserve_commitment else _("没有")},
        {"term": _("优先权行使"), "text": duration(one.priority_s)},
        {"term": _("披露期"), "text": span_of(one)},
        {"term": _("到期无人受让"), "text": _("；").join(
            _round(one, n, step) for n, step in enumerate(one.ladder, 2)
        ) or _("终结")},
        {"term": _("扣除保证金的情形"), "text": _("；").join(adopted) or _("没有")},
        {"term": _("依据"), "text": f"{one.edition.document} {one.edition.clause}".strip()},
    ]  # fmt: skip


def registration_of(one: Any) -> dict[str, Any]:
    """One's own registration: where it stands, how to pay, where the deposit goes."""
    refund = queries.refund_state(one)
    is_waiting = one.state == "applied" and one.deposit_fen > 0
    if refund is not None:
        day = refund["promised_on"].isoformat()
        deposit = (
            _("没有退成，请登记能收款的账户") if refund["failure"]
            else _("已退回 %(sum)s") % {"sum": amount(refund["amount_fen"])} if refund["paid_at"]
            else _("退款中，%(day)s 前到账") % {"day": day}
        )  # fmt: skip
    elif one.outcome:
        deposit = translated(OUTCOME_LABELS[one.outcome])
    elif not one.deposit_fen:
        deposit = _("不收")
    else:
        sums = {"sum": amount(one.deposit_fen)}
        deposit = (_("待交 %(sum)s") if is_waiting else _("已到账 %(sum)s")) % sums
    return {
        "plate": one.plate, "state": state_tag(registration_states.TABLE, one.state),
        "deposit": deposit, "is_waiting": is_waiting, "fen": one.deposit_fen,
        "account": queries.house_account() if is_waiting else "",
        "reference": one.expectation.reference if one.expectation else "",
        "payer": one.bank_account, "due": instant(one.due_at), "due_at": one.due_at,
    }  # fmt: skip
