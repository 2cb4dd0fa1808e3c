"""The auction room: price, time left, one's own state in words; for the exchange its console."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yangbanjian.faces.web import lot_forms as forms
from yangbanjian.faces.web import lot_sealing, lot_waiting
from yangbanjian.faces.web.forms_on_pages import Act, actor_of, answer_acts
from yangbanjian.faces.web.lot_rules import rules_of
from yangbanjian.faces.web.words import state_tag, translated
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.rules import lot_states
from yangbanjian.market.trading.rules.listings import METHODS
from yangbanjian.market.trading.rules.lots import Method

HIGHEST_ID = 2**63 - 1
LATEST = 50
STEPS = (1, 2, 5)
LIVE = ("waiting", "open", "paused", "opening", "priority")
VERDICTS = {
    "accepted": gettext_noop("报价有效。"),
    "too_low": gettext_noop("报价低于现在需要的金额，没有计入。"),
    "off_step": gettext_noop("报价不在加价幅度上，没有计入。"),
    "closed": gettext_noop("不在竞价时间内，没有计入。"),
    "not_qualified": gettext_noop("您现在没有这个标的的竞买资格，没有计入。"),
    "own_top": gettext_noop("您已经领先，不用再加价。"),
    "paused": gettext_noop("竞价暂停中，没有计入。"),
    "conflict": gettext_noop("这个编号已经用过，或者您已经报过价，没有计入。"),
}
STANDINGS = {
    "unqualified": gettext_noop("资格还没有确认"), "no_deposit": gettext_noop("保证金没有冻结"),
    "seller": gettext_noop("转让方不能报价"), "related": gettext_noop("关联方不能报价"),
    "operator": gettext_noop("平台人员不能报价"), "defaulted": gettext_noop("已违约，不能再报价"),
}  # fmt: skip
OUTCOMES = {
    "sold": gettext_noop("已成交"), "no_bid": gettext_noop("无人报价，未成交"),
    "reserve_not_met": gettext_noop("未达到保留价，未成交"),
}  # fmt: skip


def _told(told: Any) -> str:
    """A verdict as a sentence; one that was not accepted is an error of the form."""
    if told.verdict.value != "accepted":
        raise Invalid(f"bids.{told.verdict.value}", VERDICTS[told.verdict.value])
    return translated(VERDICTS["accepted"])


CONFIRM = gettext_noop("比现在需要的金额高出 10% 以上。确认无误，请再按一次「出价」。")


def _confirmed(needed: int | None, values: dict[str, Any], sentence: str) -> None:
    """More than a tenth above what is needed is asked about once more."""
    amount = values["amount_fen"]
    if needed is None or amount * 10 <= needed * 11 or values["confirmed"] == str(amount):
        return
    raise Invalid("bids.confirm", sentence)


@require_http_methods(["GET", "HEAD", "POST"])
def room(request: HttpRequest, lot_id: int) -> HttpResponse:
    """/lots/N: the room; everybody may watch."""
    actor = actor_of(request)
    number = min(lot_id, HIGHEST_ID)
    one = queries.lot(actor, number)

    def bid(values: dict[str, Any]) -> str:
        _confirmed(queries.board(one).next_fen, values, CONFIRM)
        key = values["bid_id"] or secrets.token_hex(16)
        return _told(
            actions.place_bid(
                actor=actor, lot_id=number, bid_id=key, amount_fen=values["amount_fen"]
            )
        )

    def ceiling(values: dict[str, Any]) -> str:
        return _told(actions.set_ceiling(actor=actor, lot_id=number, max_fen=values["max_fen"]))

    def claim(values: dict[str, Any]) -> str:
        return _told(
            actions.claim_priority(actor=actor, lot_id=number, match=values["match"] == "yes")
        )

    def pause(values: dict[str, Any]) -> str:
        actions.pause_lot(actor=actor, lot_id=number, reason=values["reason"])
        return _("竞价已暂停。")

    def resume(_values: dict[str, Any]) -> str:
        actions.resume_lot(actor=actor, lot_id=number)
        return _("竞价已恢复，结束时间顺延。")

    acts = {
        "bid": Act(forms.BidForm, bid), **lot_waiting.acts(actor, one, _confirmed), "ceiling": Act(forms.CeilingForm, ceiling),
        "claim": Act(forms.ClaimForm, claim), **lot_sealing.acts(request, actor, one, _told),
        "pause": Act(forms.PauseForm, pause), "resume": Act(forms.NothingForm, resume),
    }  # fmt: skip
    return answer_acts(request, "floor/lot.html", acts, lambda: _context(request, actor, number))


def _context(request: HttpRequest, actor: Actor, number: int) -> dict[str, Any]:
    one = queries.lot(actor, number)
    board, mine = queries.board(one), queries.mine(one, actor)
    waiting = lot_waiting.shown(one, mine)
    is_running = one.state == "open"
    sent = request.POST.get("do") if request.method == "POST" else ""
    deal = queries.last_deal(one)
    may_sign = deal is not None and deal.state == "awarded"
    is_winner = deal is not None and may_sign and deal.buyer_id == actor.organisation_id
    return {
        "one": one, "board": board, "mine": mine, "page_title": one.listing.title,
        "section": "floor", "method": translated(METHODS[Method(one.method)]),
        "state": state_tag(lot_states.TABLE, one.state, public=True),
        "left": _left(one, board), "my_state": _my_state(one, mine, deal), "latest": _latest(one),
        "steps": _steps(one, board) if mine and is_running else [], "waiting": waiting, "rules": rules_of(one),
        "trials": _steps(one, board, one.start_fen) if waiting and waiting["may_try"] else [],
        "may_bid": mine is not None and mine.standing == "ok" and is_running,
        "is_live": one.state in LIVE, "starts": one.opens_at or one.listing.disclosure_ends_at, "deal_url": f"/deals/{deal.pk}" if deal else "",
        "is_passed_on": deal is not None and deal.follows_id is not None, "is_winner": is_winner, "confirming": sent in ("bid", "trial"),
        "key": secrets.token_hex(16), "moves": {m.name for m in queries.lot_moves(one, actor)},
        "outcome": translated(OUTCOMES[board.result["outcome"]]) if board.result else "",
        "sealing": lot_sealing.shown(actor, one, mine) if one.method == "sealed" else None,
        "texts": {
            "ahead": _("您领先"), "behind": _("您被超过了，可以再报"), "left": _("剩余"),
            "over": _("时间到，正在确认结果"), "lost": _("连接断了，正在重连；请不要以这里的时间为准"),
            "full": _("暂时不能实时更新（看的人太多或正在维护），现在每 10 到 20 秒更新一次"),
        },
    }  # fmt: skip


def _left(one: Any, board: Any) -> str:
    """Time left by the server's clock, as of this answer."""
    if one.state != "open" or one.closes_at is None:
        return ""
    if one.opens_at is not None and board.now < one.opens_at:
        return _("还没有开始")
    seconds = max(int((one.closes_at - board.now) / timedelta(seconds=1)), 0)
    hours, rest = divmod(seconds, 3600)
    minutes = f"{rest // 60:02}:{rest % 60:02}"
    return f"{hours}:{minutes}" if hours else minutes


def _my_state(one: Any, mine: Any, deal: Any) -> dict[str, str] | None:
    """One's own state in words, with a tone and an icon beside them; `other` is the icon for when
    one does not lead."""
    if mine is None:
        return None
    tone, text = _standing(one, mine, deal)
    other = "alert-triangle" if tone == "warn" else "info-circle"
    return {"tone": tone, "icon": "check" if tone == "ok" else other, "other": other, "text": text}


def _standing(one: Any, mine: Any, deal: Any) -> tuple[str, str]:
    """(tone, sentence) of where a bidder stands."""
    if one.result is not None:
        return _ended(one, mine, deal)
    if mine.standing != "ok" and one.state in ("waiting", "open", "paused"):
        return "warn", translated(STANDINGS[mine.standing])
    if one.state == "waiting":
        return "", _("您已取得资格，到时间就能报价")
    if one.method == "sealed":
        return ("ok", _("您的报价已封存")) if mine.has_sealed else ("", _("您还没有报价"))
    if mine.is_top:
        return "ok", _("您领先")
    return ("warn", _("您被超过了，可以再报")) if mine.last_fen else ("", _("您还没有报价"))


def _ended(one: Any, mine: Any, deal: Any) -> tuple[str, str]:
    """The same after the end: who won may have defaulted, and another may have come in."""
    is_first = one.result["winner"] == mine.plate
    is_mine = deal is not None and deal.registration.plate == mine.plate
    if (is_mine and deal.state == "defaulted") or (is_first and not is_mine):
        return "warn", _("您没有按期履约，已认定违约")
    if is_mine and not is_first:
        return "ok", _("竞得人违约，由您递补受让，请按期签约")
    if is_first:
        return "ok", _("您竞得这个标的，请按通知签约")
    return "", _("您没有竞得，保证金按规定退回")


def _latest(one: Any) -> list[dict[str, Any]]:
    if one.method == "sealed":  # told at the end, as the terms let them be
        result = queries.board(one).result
        order = result["order"] if result else []
        return [{"plate": b["plate"], "fen": b["amount_fen"], "seq": b["seq"]} for b in order]
    return [
        {"plate": bid.plate, "fen": bid.amount_fen, "at": bid.at, "seq": bid.seq}
        for bid in queries.latest_bids(one, LATEST)
    ]


def _steps(one: Any, board: Any, first: int | None = None) -> list[dict[str, Any]]:
    """What the buttons bid: so many steps above the top; the first where there is none. `first`: the
    least, where nothing counts yet."""
    least = first or board.next_fen
    if least is None or one.method not in ("rising", "dynamic"):
        return []
    found = [(n, least + (n - 1) * one.step_fen) for n in STEPS]
    return [
        {"n": n, "fen": fen, "yuan": format(fen / 100, ".2f"), "name": _step(n, board.top is None)}
        for n, fen in found
    ]


def _step(n: int, is_first: bool) -> str:
    """What a button says; before anybody has bid, the first bids the start."""
    if not is_first:
        return _("加 %(n)s 步") % {"n": n}
    return _("起始价") if n == 1 else _("起始价加 %(n)s 步") % {"n": n - 1}


urls: list[URLPattern] = [path("lots/<int:lot_id>", room, name="lot"), *lot_sealing.urls]
