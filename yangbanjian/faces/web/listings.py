"""Pages of the floor: what is offered, one listing with its questions and registrations, the desks
of seller, exchange and buyer."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yangbanjian.faces.telling import amount
from yangbanjian.faces.web import listings_forms as forms
from yangbanjian.faces.web.forms_on_pages import Act, actor_of, answer_acts
from yangbanjian.faces.web.listings_acts import acts_of
from yangbanjian.faces.web.listings_facts import (
    facts_of,
    left_of,
    registration_of,
    rules_of,
    span_of,
)
from yangbanjian.faces.web.refusing import say
from yangbanjian.faces.web.timelines import timeline_of
from yangbanjian.faces.web.words import Words, state_tag, translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal import queries as journal
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotAllowed
from yangbanjian.market.openness import queries as openness
from yangbanjian.market.trading import actions, policy, queries
from yangbanjian.market.trading.rules import listing_states, registration_states
from yangbanjian.market.trading.rules.listings import METHODS

HIGHEST_ID = 2**63 - 1
PAGE = 20
# How the public list is cut: what can still be joined, what is being sold, what is over.
SHOWN = {
    "open": ("disclosed", "paused"),
    "selling": ("expired", "qualifying", "nobody", "negotiating", "bidding"),
    "sold": ("confirmed", "announced", "signed", "paid", "certified", "handed_over", "archived"),
    "over": ("withdrawn", "ended", "defaulted", "relisted"),
}
BEFORE = ("draft", "submitted", "returned", "accepted")


def _method(code: str) -> str:
    return translated(METHODS[code])  # type: ignore[index]


def _card(one: Any, words: Words, showroom: Any, sold_fen: int | None) -> dict[str, Any]:
    meta = [{"icon": "building", "text": one.owner.name}]
    if showroom is not None:
        meta.append({"icon": "presentation", "text": showroom.name})
    left = left_of(one)
    if left:
        meta.append({"icon": "hourglass", "text": left})
    return {
        "url": f"/listings/{one.pk}", "title": one.title,
        "state": state_tag(listing_states.TABLE, one.state, public=True),
        "tags": [{"text": _method(one.method)}, {"text": words.label("deal_modes", one.deal_mode)}],
        "meta": meta, "price": {"fen": sold_fen or one.start_fen, "note": _price(sold_fen)},
    }  # fmt: skip


def _price(sold_fen: int | None) -> str:
    """What the price of a listing is: until it is sold, where it starts."""
    return _("起始价") if sold_fen is None else _("成交价")


@require_safe
def floor(request: HttpRequest) -> HttpResponse:
    """/floor: what is offered, the latest first; by what can be done with it, by words, by the
    showroom under which it stands."""
    wanted, asked = request.GET.get("state", ""), request.GET.get("q", "").strip()[:200]
    asked = asked.replace("\0", "")
    under = _showroom(request.GET.get("showroom", ""))
    found = queries.listings(actor_of(request)).filter(published_at__isnull=False)
    if wanted in SHOWN:
        found = found.filter(state__in=SHOWN[wanted])
    if asked:
        found = found.filter(title__icontains=asked)
    if under is not None:
        found = queries.listed_under(found, under.pk)
    pages = Paginator(found, PAGE)
    page = pages.get_page(request.GET.get("page"))
    words, rows = Words(), list(page)
    showrooms, prices = queries.showrooms(rows), queries.prices(rows)
    labels = {"open": _("可报名"), "selling": _("交易中"), "sold": _("已成交"), "over": _("已结束")}
    context = {
        "page_title": _("交易大厅"), "section": "floor", "count": pages.count, "page": page.number,
        "size": PAGE, "wanted": wanted, "q": asked, "states": list(labels.items()),
        "listings": [
            _card(one, words, showrooms.get(one.pk), prices.get(one.pk)) for one in rows
        ],
        "totals": queries.totals(), "under": under,
    }  # fmt: skip
    return render(request, "floor/listings.html", context)


def _showroom(asked: str) -> Any:
    """The brokerage that is asked for by its number; None: nobody, or no brokerage."""
    if not asked.isascii() or not asked.isdigit() or len(asked) > 18:
        return None
    one = people.organisation(int(asked))
    return one if one is not None and one.kind == "broker" else None


def _questions(actor: Actor, one: Any) -> list[dict[str, Any]]:
    may = policy.may_answer(actor, one).allowed
    return [
        {
            "id": q.pk, "text": q.text, "answer": q.answer, "at": q.made_at,
            "may_answer": may and not q.answer,
        }
        for q in queries.questions(actor, one)[:100]
    ]  # fmt: skip


def _buyers(actor: Actor, one: Any) -> list[dict[str, Any]]:
    """The registrations, for the exchange."""
    if not policy.is_exchange(actor):
        return []
    rows = queries.registrations(actor).filter(listing=one)[:200]
    return [
        {
            "id": r.pk, "plate": r.plate, "who": r.owner.name, "statement": r.statement,
            "state": state_tag(registration_states.TABLE, r.state),
            "is_priority": r.is_priority, "is_related": r.is_related, "fen": r.deposit_fen,
            "may": policy.may_qualify(actor, r).allowed,
            "moves": [m.name for m in registration_states.TABLE.moves_from(r.state, ("exchange",))],
        }
        for r in rows
    ]  # fmt: skip


def _moves(actor: Actor, one: Any) -> set[str]:
    who = policy.moves_of(actor, one.owner_id)
    found = {m.name for m in listing_states.TABLE.moves_from(one.state, who)}
    if one.state == "accepted" and one.confirmed_by is None:
        found |= {"accept"} if policy.may_confirm(actor, one).allowed else set()
    if one.state in ("draft", "returned") and policy.may_prepare(actor, one.owner_id).allowed:
        found.add("revise")
    if not policy.may_accept(actor, one).allowed:
        found -= {"accept", "return", "publish", "change", "pause", "resume", "end"}
    if "publish" in found and not policy.may_publish(actor, one).allowed:
        found.remove("publish")
    return found


def _has_room(lot: Any) -> bool:
    """Is there something to see in the lot's room? From the notice on one may wait in it."""
    return lot.opens_at is not None or queries.is_before_bidding(lot)


@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest, listing_id: int) -> HttpResponse:
    """/listings/N: the notice of a listing, signing up for it, questions; for the seller and the
    exchange what they may do."""
    actor = actor_of(request)
    number = min(listing_id, HIGHEST_ID)
    one = queries.listing(actor, number)

    def context() -> dict[str, Any]:
        now = queries.listing(actor, number)
        mine = queries.own_registration(actor, now)
        lot = queries.lot_of(now)
        deal, sold_fen = queries.last_deal(lot), queries.prices([now]).get(now.pk)
        may_look = policy.may_see_inside(actor, now.owner_id)
        lacks = queries.missing(now.achievement, now) if may_look and now.state in BEFORE else ()
        answer = policy.may_sign_up(actor, now)
        entries = journal.timeline(actor=actor, kind="listing", subject_id=number)
        return {
            "one": now, "page_title": now.title, "section": "floor", "now": clock.now(),
            "facts": facts_of(now, queries.showrooms([now]).get(now.pk), sold_fen),
            "price_fen": sold_fen or now.start_fen, "price_name": _price(sold_fen), "rules": rules_of(now, lot), "left": left_of(now),
            "state": state_tag(listing_states.TABLE, now.state, public=not may_look),
            "method": _method(now.method), "deal_mode": Words().label("deal_modes", now.deal_mode),
            "deal_url": f"/deals/{deal.pk}" if deal else "",
            "ocid": openness.published_ocid(number),
            "moves": _moves(actor, now), "lacks": len(lacks),
            "mine": registration_of(mine) if mine else None,
            "may_leave": mine is not None and mine.state == "applied",
            "may_sign_up": now.state == "disclosed" and mine is None
            and (answer.allowed or actor.is_anonymous),
            "is_nobody": actor.is_anonymous,
            "may_ask": now.state in ("disclosed", "paused") and policy.may_ask(actor, now).allowed,
            "questions": _questions(actor, now), "buyers": _buyers(actor, now),
            "lot_url": f"/lots/{lot.pk}" if _has_room(lot) else "",
            "may_look": may_look, "versions": list(queries.versions(now)[:20]),
            "entries": timeline_of(entries[:50]),
        }  # fmt: skip

    return answer_acts(request, "floor/listing.html", acts_of(actor, one), context)


@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest, achievement_id: int) -> HttpResponse:
    """/desk/floor/N/listing: a new listing of an achievement, on the strength of its last notice."""
    actor = actor_of(request)
    record = queries.achievement(actor, min(achievement_id, HIGHEST_ID))
    policy.may_prepare(actor, record.owner_id).or_refuse()
    notice = queries.notices(actor).filter(
        achievement=record, state__in=["open", "paused", "ended"]
    ).first()  # fmt: skip

    def run(values: dict[str, Any]) -> HttpResponse:
        made = actions.draft_listing(
            actor=actor, achievement_id=record.pk, values=forms.said(values),
            notice_id=notice.pk if notice else None,
        )  # fmt: skip
        say(request, _("挂牌已起草，核对后提交。"))
        return redirect(f"/listings/{made.pk}")

    initial: dict[str, Any] = {"deal_mode": next(iter(record.modes), "transfer")}
    if notice is not None:
        initial = {
            "deal_mode": notice.deal_mode, "start_fen": format(notice.price_fen / 100, ".2f")
        }  # fmt: skip
    # What most listings say; the rules' own least would end before anybody has thought.
    initial |= {"free_s": 60, "cycle_s": 5}
    least = queries.shortest(record, next(iter(METHODS)))

    def context() -> dict[str, Any]:
        return {
            "record": record, "page_title": _("挂牌：%(title)s") % {"title": record.title},
            "section": "desk", "least": span_of(least), "lacks": len(queries.missing(record)),
            "cap": queries.deposit_figure(record, "deposit_cap")[0],
        }  # fmt: skip

    acts = {"draft": Act(forms.ListingForm, run, initial=initial)}
    return answer_acts(request, "floor/draft.html", acts, context)


def _signed_in(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if actor.is_anonymous:
        raise NotAllowed("people.sign_in_first", "请先登录。")
    return actor


@require_safe
def desk_listings(request: HttpRequest) -> HttpResponse:
    """/desk/listings: the unit's own listings; for the exchange all, what waits for it first."""
    actor = _signed_in(request)
    found = queries.listings(actor)
    if not policy.is_exchange(actor):
        found = found.filter(owner_id__in=sorted(actor.mandates))
    wanted = request.GET.get("state", "")
    if wanted in listing_states.TABLE.codes:
        found = found.filter(state=wanted)
    pages = Paginator(found, PAGE)
    page = pages.get_page(request.GET.get("page"))
    waiting = ("submitted", "accepted", "disclosed", "qualifying")
    prices = queries.prices(list(page))
    table = {
        "caption": _("挂牌"),
        "columns": [{"text": _("成果")}, {"text": _("状态")}, {"text": _("价格")}, {"text": _("披露至")}],
        "rows": [
            {
                "cells": [
                    {"text": one.title, "url": f"/listings/{one.pk}", "sub": one.owner.name},
                    {
                        "text": state_tag(listing_states.TABLE, one.state)["text"],
                        "label": _("状态"),
                    },
                    {
                        "text": amount(prices.get(one.pk) or one.start_fen), "label": _("价格"),
                        "sub": _price(prices.get(one.pk)),
                    },
                    {"text": _day(one.disclosure_ends_at), "label": _("披露至")},
                ]
            }
            for one in page
        ],
        "empty": {
            "title": _("还没有挂牌"), "text": _("在「进场」里选一项成果，公示期满后起草挂牌。"),
            "actions": [{"text": _("进场"), "url": "/desk/floor"}],
        },
    }  # fmt: skip
    context = {
        "page_title": _("挂牌"), "section": "desk", "count": pages.count, "page": page.number,
        "size": PAGE, "wanted": wanted, "table": table,
        "states": [(code, state_tag(listing_states.TABLE, code)["text"]) for code in waiting],
    }  # fmt: skip
    return render(request, "floor/desk_listings.html", context)


def _day(at: Any) -> str:
    return format(localtime(at), "%Y-%m-%d %H:%M") if at else "—"


@require_safe
def desk_registrations(request: HttpRequest) -> HttpResponse:
    """/desk/registrations: what the organisation has signed up for, and where its deposits are."""
    actor = _signed_in(request)
    found = queries.registrations(actor).filter(owner_id__in=sorted(actor.mandates))
    pages = Paginator(found, PAGE)
    page = pages.get_page(request.GET.get("page"))
    table = {
        "caption": _("我的报名"),
        "columns": [{"text": _("成果")}, {"text": _("竞买号")}, {"text": _("状态")}, {"text": _("保证金")}],
        "rows": [
            {
                "cells": [
                    {"text": r.listing.title, "url": f"/listings/{r.listing_id}", "sub": r.listing.owner.name},
                    {"text": r.plate, "label": _("竞买号")},
                    {"text": state_tag(registration_states.TABLE, r.state)["text"], "label": _("状态")},
                    {"text": registration_of(r)["deposit"], "label": _("保证金")},
                ]
            }
            for r in page
        ],
        "empty": {
            "title": _("还没有报名"), "text": _("在交易大厅选一项挂牌，报名并交保证金后可以报价。"),
            "actions": [{"text": _("去交易大厅"), "url": "/floor"}],
        },
    }  # fmt: skip
    context = {
        "page_title": _("我的报名"), "section": "desk", "count": pages.count, "page": page.number,
        "size": PAGE, "table": table,
    }  # fmt: skip
    return render(request, "floor/desk_registrations.html", context)


urls: list[URLPattern] = [
    path("floor", floor, name="floor"),
    path("listings/<int:listing_id>", listing),
    path("desk/floor/<int:achievement_id>/listing", draft),
    path("desk/listings", desk_listings),
    path("desk/registrations", desk_registrations),
]
