"""What the room shows of sealed bids: sealing one's own, its receipt, shares of the key, the opening."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yangbanjian.faces.web import lot_forms as forms
from yangbanjian.faces.web.forms_on_pages import Act, actor_of
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.log import queries as evidence
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import actions, policy, queries

HIGHEST_ID = 2**63 - 1
HOUSES = {
    "exchange": gettext_noop("交易机构"), "seller": gettext_noop("转让方"),
    "auditor": gettext_noop("审计人员"),
}  # fmt: skip
VOIDS = {
    "unreadable": gettext_noop("打不开"), "other_commitment": gettext_noop("与承诺值不符"),
    "other_bid": gettext_noop("不是这次报价"), "below_start": gettext_noop("低于起始价"),
}  # fmt: skip


def acts(
    request: HttpRequest, actor: Actor, one: Any, told_as: Callable[[Any], str]
) -> dict[str, Act]:
    """What can be done with sealed bids in the room; `told_as` says a verdict as a sentence."""

    def seal(values: dict[str, Any]) -> str:
        told, _receipt = actions.place_sealed(actor=actor, lot_id=one.pk, **values["sealed"])
        return told_as(told)

    def keep(_values: dict[str, Any]) -> HttpResponse:
        share = actions.keep_share(actor=actor, lot_id=one.pk).share
        context = {
            "one": one, "share": share, "parts": parts_of(share), "page_title": _("您的密钥份额"),
        }  # fmt: skip
        answer = render(request, "floor/share.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    def hand_in(values: dict[str, Any]) -> str:
        count = actions.hand_in_share(actor=actor, lot_id=one.pk, share=values["share"])
        if count >= actions.NEEDED:
            return _("密钥已到齐，已经开标。")
        return _("已收到 %(n)d 份密钥。") % {"n": count}

    def stop(values: dict[str, Any]) -> str:
        actions.stop_lot(actor=actor, lot_id=one.pk, reason=values["reason"])
        return _("已终结，保证金原路退回。")

    return {
        "seal": Act(forms.SealedForm, seal), "keep": Act(forms.NothingForm, keep),
        "hand_in": Act(forms.ShareForm, hand_in), "stop": Act(forms.StopForm, stop),
    }  # fmt: skip


def shown(actor: Actor, one: Any, mine: Any) -> dict[str, Any]:
    """The part of the room that only a lot of sealed bids has."""
    role, held = policy.holder_role(actor, one), queries.holders(one)
    is_ready, places = queries.is_sealing_ready(one), queries.places_in(one)
    kept_by_me = [h["place"] for h in held if h["person"] == actor.person_id]
    is_holder = bool(kept_by_me) and actor.person_id is not None
    has_given = any(place in places for place in kept_by_me)
    may_seal = (
        mine is not None and mine.standing == "ok" and one.state == "open" and not mine.has_sealed
    )
    return {
        "is_ready": is_ready, "held": len(held), "holders": len(policy.HOLDERS),
        "houses": [
            {
                "name": translated(HOUSES[name]),
                "has": any(h["role"] == name for h in held),
                "gave": any(h["role"] == name and h["place"] in places for h in held),
            }
            for name in policy.HOLDERS
        ],
        "needed": actions.NEEDED, "given": len(places),
        "may_keep": bool(role) and not is_holder and all(h["role"] != role for h in held)
        and one.state in ("waiting", "open", "paused"),
        "is_holder": is_holder, "has_given": has_given,
        "is_asked": is_holder and one.state == "opening" and not has_given,
        "may_hand_in": is_holder and not has_given and queries.takes_shares(one),
        "may_seal": may_seal and is_ready,
        "how": _how(actor, one) if may_seal and is_ready else None,
        "receipt": _receipt(actor, one) if mine is not None and mine.has_sealed else None,
        "void": [
            {"plate": plate, "why": translated(VOIDS[why])} for plate, why in queries.void_bids(one)
        ],
    }  # fmt: skip


def parts_of(share: str) -> list[str]:
    """A share in pieces that an eye can follow on paper; the blanks between them are for looks."""
    place, body, check = share.split("-")
    fours = [body[at : at + 4] for at in range(0, len(body), 4)]
    return [f"{place}-", *fours, f"-{check}"]


def _how(actor: Actor, one: Any) -> dict[str, Any]:
    """What the page's script seals with."""
    said = queries.sealing(actor, one.pk)
    names = ("suite", "public_key", "pad_to", "aad", "lot", "plate")
    return {**{name: said[name] for name in names}, "start_fen": one.start_fen}


def _receipt(actor: Actor, one: Any) -> dict[str, Any] | None:
    bid = queries.own_sealed_bid(actor, one)
    if bid is None or bid.seq is None:
        return None
    entry = queries.sealed_entry(one.pk, bid.seq)
    return {
        "seq": bid.seq, "at": bid.at, "bid_id": bid.key, "commitment": bid.content["commitment"],
        "entry": entry, "index": evidence.position_of(entry) if entry is not None else None,
    }  # fmt: skip


@require_safe
def receipt(request: HttpRequest, lot_id: int) -> HttpResponse:
    """/lots/N/receipt: the signed receipt of one's own sealed bid, as the verifier takes it."""
    number = min(lot_id, HIGHEST_ID)
    said = actions.receipt(actor=actor_of(request), lot_id=number)
    if said is None:
        raise NotFound("sealing.no_receipt", gettext_noop("您在这个标的没有交过密封报价。"))
    answer = HttpResponse(evidence.canonical(said), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="receipt-lot-{number}.json"'
    answer["Cache-Control"] = "private, no-store"
    return answer


urls: list[URLPattern] = [path("lots/<int:lot_id>/receipt", receipt, name="lot-receipt")]
