"""What a deal's page tells of it: the facts of the result, and the way from the award to the seller's
money with whose turn it is."""

from __future__ import annotations

from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from yangbanjian.faces.web.words import Words, translated
from yangbanjian.market.trading import queries
from yangbanjian.market.trading.rules import closing, payments
from yangbanjian.market.trading.rules.listings import METHODS


def facts_of(one: Any, words: Words) -> list[dict[str, Any]]:
    """The result, for everybody."""
    premium = closing.premium_percent(one.lot.start_fen, one.price_fen)
    kind = payments.kind_of(one.payment)
    right = queries.right_of(one.achievement) if one.handed_over_at else None
    facts: list[dict[str, Any]] = [
        {"term": _("转让方"), "text": one.owner.name},
        {"term": _("受让方"), "text": one.buyer.name},
        {"term": _("合作方式"), "text": words.label("deal_modes", one.deal_mode)},
        {"term": _("交易方式"), "text": translated(METHODS[one.lot.method])},
        {"term": _("溢价"), "text": f"{premium}%"},
        {"term": _("付款方式"), "text": translated(payments.KINDS[kind])},
        {"term": _("成交时间"), "text": localtime(one.awarded_at).strftime("%Y-%m-%d %H:%M")},
        {"term": _("技术合同登记号"), "text": one.registered_no or _("尚未登记")},
    ]
    if right is not None:
        register = {"text": right.no, "url": f"/rights/{right.no}", "mono": True}
        facts.append({"term": _("技术权益登记"), **register})
    return facts


def course_of(one: Any, certificate: Any) -> list[dict[str, Any]]:
    """The steps of a deal for those inside: done with its time, the first open one with whose turn
    it is. A default stops the first open step."""
    found = [
        (_("成交"), one.awarded_at, ""),
        (_("双方签约"), one.signed_at, _signing(one)),
        (_("价款到账"), one.paid_at, _("受让方付款")),
        (_("出具凭证"), certificate.issued_at if certificate else None, _("交易机构出具")),
        (_("交割"), one.handed_over_at, _("转让方交割")),
        (_("结算"), one.settled_at, _("交易机构两人办理")),
    ]
    open_names = [name for name, at, _who in found if at is None]
    steps = []
    for name, at, who in found:
        is_next = bool(open_names) and name == open_names[0]
        state = "done" if at else "now" if is_next else "next"
        if is_next and one.state == "defaulted":
            state, who = "stopped", ""
        steps.append({"name": name, "state": state, "at": at, "by": who if state == "now" else ""})
    return steps


def _signing(one: Any) -> str:
    """Who has not signed yet."""
    if one.seller_signed_at:
        return _("等受让方签字")
    return _("等转让方签字") if one.buyer_signed_at else _("双方签字")
