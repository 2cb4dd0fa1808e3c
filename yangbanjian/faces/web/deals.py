"""Pages of deals: results for everybody, one deal for its parties, a certificate by its number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from yangbanjian.faces.deals_shown import certificate_shown, moves_of
from yangbanjian.faces.web import deals_forms as forms
from yangbanjian.faces.web import payouts, uses
from yangbanjian.faces.web.deals_course import course_of, facts_of
from yangbanjian.faces.web.floor_forms import NothingForm
from yangbanjian.faces.web.forms_on_pages import Act, actor_of, answer_acts
from yangbanjian.faces.web.risks import told as risk_told
from yangbanjian.faces.web.timelines import timeline_of
from yangbanjian.faces.web.words import Words, state_tag, translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.credentials import actions as credential_actions
from yangbanjian.ground.journal import queries as journal
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import NotAllowed
from yangbanjian.market.certificates import actions as certificate_actions
from yangbanjian.market.certificates import policy as certificate_policy
from yangbanjian.market.certificates import queries as certificates
from yangbanjian.market.certificates.rules import form as certificate_form
from yangbanjian.market.openness import queries as openness
from yangbanjian.market.openness import sales
from yangbanjian.market.trading import actions, policy, queries
from yangbanjian.market.trading.rules import closing, contracts, deal_states, payments, splits

HIGHEST_ID = 2**63 - 1
PAGE = 20
KEPT_S = 30
STANDING = {"valid": "ok", "expired": "warn", "superseded": "bad", "revoked": "bad"}


def _local(at: datetime, form: str) -> str:
    """An instant in the site's zone."""
    return localtime(at).strftime(form)


def _card(one: Any, words: Words) -> dict[str, Any]:
    premium = closing.premium_percent(one.lot.start_fen, one.price_fen)
    return {
        "url": f"/deals/{one.pk}", "title": one.listing.title,
        "state": state_tag(deal_states.TABLE, one.state, public=True),
        "tags": [{"text": words.label("deal_modes", one.deal_mode)}],
        "meta": [
            {"icon": "building", "text": f"{one.owner.name} → {one.buyer.name}"},
            {"icon": "clock", "text": _local(one.awarded_at, "%Y-%m-%d")},
        ],
        "price": {"fen": one.price_fen, "note": _("溢价 %(p)s%%") % {"p": premium}},
    }  # fmt: skip


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """/deals: what has been sold, to whom, for how much (成交公示)."""
    pages = Paginator(queries.deals(actor_of(request)), PAGE)
    page = pages.get_page(request.GET.get("page"))
    words = Words()
    context = {
        "page_title": _("成交公示"), "section": "floor", "count": pages.count,
        "page": page.number, "size": PAGE, "deals": [_card(one, words) for one in page],
        "totals": queries.totals(),
    }  # fmt: skip
    return render(request, "floor/deals.html", context)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """/desk/deals: the deals of the seller's or the buyer's unit, for exchange and auditor all."""
    actor = actor_of(request)
    if actor.is_anonymous:
        raise NotAllowed("people.sign_in_first", "请先登录。")
    is_all = policy.is_exchange(actor) or actor.has_any(Role.AUDITOR)
    pages = Paginator(queries.deals(actor, only_own=not is_all), PAGE)
    page, now = pages.get_page(request.GET.get("page")), clock.now()
    context = {
        "page_title": _("交易"), "section": "desk", "count": pages.count, "page": page.number,
        "size": PAGE,
        "table": {
            "caption": _("交易"),
            "columns": [{"text": _("标的")}, {"text": _("状态")}, {"text": _("轮到我办")}],
            "rows": [
                {
                    "cells": [
                        {"text": one.listing.title, "url": f"/deals/{one.pk}",
                         "sub": f"{one.owner.name} → {one.buyer.name}"},
                        {"text": state_tag(deal_states.TABLE, one.state)["text"], "label": _("状态")},
                        {**_turn(actor, one, now), "label": _("轮到我办")},
                    ]
                }
                for one in page
            ],
            "empty": {
                "title": _("还没有交易"), "text": _("竞价或协议成交以后，会出现在这里。"),
                "actions": [{"text": _("看成交公示"), "url": "/deals"}],
            },
        },
    }  # fmt: skip
    return render(request, "floor/my_deals.html", context)


def _turn(actor: Actor, one: Any, now: datetime) -> dict[str, str]:
    """What the actor has to do with a deal; of a default that is not due yet, from when it will be."""
    moves, waits = moves_of(actor, one), ""
    late_at = queries.default_at(one)
    if late_at is not None and now < late_at and any(m["move"] == "default" for m in moves):
        moves = [m for m in moves if m["move"] != "default"]
        waits = _("%(at)s 起可认定逾期违约") % {"at": _local(late_at, "%Y-%m-%d %H:%M")}
    return {"text": _("、").join(m["label"] for m in moves) or "—", "sub": waits}


def _inside(actor: Actor, one: Any) -> dict[str, Any]:
    """What parties, exchange and auditor see beside the result."""
    found, edition = queries.split(one)
    check = queries.registry_check(one)
    dossiers = one.dossiers.order_by("-id")[:5]
    may_dossier = certificate_policy.may_dossier(actor, one).allowed
    plan = queries.instalments(one)
    is_due = one.state not in ("awarded", "defaulted") and any(
        i.amount_fen > i.paid_fen and i.expectation for i in plan
    )
    return {
        "pay_to": {"account": queries.house_account(), "payer": one.registration.bank_account}
        if is_due and {"buyer", "exchange"} & set(policy.sides_of(actor, one)) else None,
        "deposit_fen": sum(i.from_deposit_fen for i in plan),
        "instalments": [
            {
                "seq": i.seq, "due_at": i.due_at, "fen": i.amount_fen, "paid_fen": i.paid_fen,
                "open_fen": i.amount_fen - i.paid_fen,
                "reference": i.expectation.reference if i.expectation else "",
            }
            for i in plan
        ],
        "clauses": [
            {"title": translated(contracts.FIELDS[c["name"]][0]), "text": c["text"]}
            for c in one.contract.get("clauses", ())
        ],
        "digest": one.contract.get("sha256", ""),
        "signed": [
            {"side": side, "at": at}
            for side, at in (
                (_("转让方"), one.seller_signed_at), (_("受让方"), one.buyer_signed_at),
            )
        ],
        "split": {
            "gross": found.gross_fen, "net": found.net_fen,
            "costs": [{"text": translated(splits.COSTS[c]), "fen": fen} for c, fen in found.costs],
            "percent": format(found.floor_permille / 10, "g"),
            "source": f"{edition.document} {edition.clause}".strip(),
            "shares": [{"to": s.to, "fen": s.fen} for s in found.shares],
        },
        "registry": {
            "label": translated(check.label), "technical": check.technical_fen,
            "missing": [translated(contracts.FIELDS[n][0]) for n in check.missing],
        },
        "dossiers": [
            {"id": d.pk, "state": d.state, "failure": d.failure, "at": d.asked_at}
            for d in (dossiers if may_dossier else [])
        ],
        "may_dossier": may_dossier,
        "is_assembling": may_dossier and any(d.state not in ("done", "failed") for d in dossiers),
    }  # fmt: skip


def _acts(actor: Actor, number: int, one: Any) -> dict[str, Act]:
    """What can be sent from a deal's page; each verb asks its own policy."""

    def do(verb: Any, told: str, **fixed: Any) -> Any:
        def run(values: dict[str, Any]) -> str:
            verb(actor=actor, deal_id=number, **{**values, **fixed})
            return told

        return run

    def word(values: dict[str, Any]) -> str:
        other = values.pop("other_fen")
        actions.draft_contract(actor=actor, deal_id=number, fields=values, other_fen=other)
        return _("合同条款已保存。")

    def hand_over(values: dict[str, Any]) -> str:
        until = values["until"].isoformat() if values["until"] else ""
        actions.hand_over(actor=actor, deal_id=number, territory=values["territory"], until=until)
        return _("已交割，权益登记已更新。")

    def settle(_values: dict[str, Any]) -> str:
        is_first = queries.deal(actor, number).settle_proposed_at is None
        (actions.propose_settlement if is_first else actions.settle)(actor=actor, deal_id=number)
        return _("已提出，请另一人确认。") if is_first else _("已结算给转让方。")

    def issue(_values: dict[str, Any]) -> HttpResponse:
        made = certificate_actions.issue(actor=actor, deal_id=number)
        return redirect(f"/certificates/{made.no}")

    said = {c["name"]: c["text"] for c in one.contract.get("clauses", ())}
    return {
        "sign": Act(NothingForm, do(actions.sign, _("已签字。"))),
        "word": Act(forms.ContractForm, word, initial=said),
        "default": Act(forms.DefaultForm, do(actions.default, _("已认定违约。"))),
        "register": Act(forms.RegisterForm, do(actions.register, _("登记号已填写。"))),
        "hand_over": Act(forms.HandOverForm, hand_over),
        "secure": Act(forms.SecurityForm, do(actions.note_security, _("担保已登记。"))),
        "archive": Act(NothingForm, do(actions.archive, _("已归档。"))),
        "settle": Act(NothingForm, settle),
        "royalty": Act(forms.RoyaltyForm, do(actions.report_royalty, _("提成已申报。"))),
        "issue": Act(NothingForm, issue),
        **payouts.deal_acts(actor),
        **uses.use_acts(actor, number),
        "dossier": Act(
            NothingForm,
            do(certificate_actions.ask_for_dossier, _("正在整理，做好后出现在本页。")),
        ),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def deal(request: HttpRequest, deal_id: int) -> HttpResponse:
    """/deals/N: the result; for the parties the contract, the payments and what to do next."""
    actor = actor_of(request)
    number = min(deal_id, HIGHEST_ID)
    one = queries.deal(actor, number)

    def context() -> dict[str, Any]:
        now = queries.deal(actor, number)
        is_inside = policy.may_see_deal(actor, now).allowed
        live = certificates.live(now) if is_inside else None
        lacks = certificate_form.missing(certificates.facts(now)) if is_inside else ()
        return {
            "one": now, "facts": facts_of(now, Words()), "page_title": now.listing.title,
            "state": state_tag(deal_states.TABLE, now.state, public=not is_inside),
            "steps": course_of(now, live) if is_inside else [],
            "section": "floor", "is_inside": is_inside,
            "moves": {m["move"]: m["label"] for m in moves_of(actor, now)} if is_inside else {},
            "late_at": queries.default_at(now), "is_late": queries.overdue(now, clock.now()),
            "may_word": is_inside and now.state == "awarded" and not now.seller_signed_at
            and not now.buyer_signed_at and bool({"owner", "buyer"} & set(policy.sides_of(actor, now))),
            "may_royalty": "buyer" in policy.sides_of(actor, now) and now.paid_at is not None
            and payments.kind_of(now.payment) in payments.WITH_ROYALTY,
            "certificate": live, "ocid": openness.published_ocid(now.listing_id),
            "risks": [risk_told(v) for v in sales.of_deal(actor, now)],
            "may_issue": certificate_policy.may_issue(actor).allowed and live is None,
            "lacks": [_lack(name) for name in lacks],
            "entries": timeline_of(journal.timeline(actor=actor, kind="deal", subject_id=number)[:50]),
            "payouts": payouts.rows_of(actor, queries.payouts(actor).filter(deal=now)[:100]),
            "may_pay_out": policy.may_pay_out(actor).allowed,
            "may_payee": "owner" in policy.sides_of(actor, now),
            **(_inside(actor, now) if is_inside else {}),
            **(uses.uses_of(actor, now) if is_inside else {}),
        }  # fmt: skip

    return answer_acts(request, "floor/deal.html", _acts(actor, number, one), context)


def _lack(name: str) -> str:
    """What stands in the way of a certificate, in words."""
    if name.startswith("duty."):
        return translated(queries.duty_label(name.removeprefix("duty.")))
    return translated(certificate_form.MISSING[name])


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_cache=True)
def certificate(request: HttpRequest, no: str) -> HttpResponse:
    """/certificates/NO: what was signed, how it stands now, who takes it, how to check it."""
    actor = actor_of(request)
    one = certificates.certificate(no)

    def revoke(values: dict[str, Any]) -> str:
        certificate_actions.revoke(actor=actor, no=one.no, reason=values["reason"])
        return _("已撤销，状态列表随即更新。")

    def context() -> dict[str, Any]:
        now = certificates.certificate(no)
        told = certificate_shown(now)
        return {
            "page_title": told["title"], "one": now, "told": told, "section": "floor",
            "here": request.build_absolute_uri(f"/certificates/{now.no}"),
            "tone": STANDING[told["state"]], "token": now.credential.token,
            "uses": [
                {**u, "lacks": [translated(certificates.use_label("needs", n)) for n in u["lacks"]]}
                for u in told["uses"]
            ],
            "may_revoke": certificate_policy.may_revoke(actor, now).allowed
            and now.revoked_at is None,
        }  # fmt: skip

    acts = {"revoke": Act(forms.RevokeForm, revoke)}
    return answer_acts(request, "floor/certificate.html", acts, context)


@require_safe
def document(request: HttpRequest, no: str) -> HttpResponse:
    """/certificates/NO.vc.json: the signed document."""
    one = certificates.certificate(no)
    answer = HttpResponse(one.credential.document, content_type="application/vc")
    answer["Content-Disposition"] = f'attachment; filename="{one.no}.vc.json"'
    return answer


@require_safe
def paper(request: HttpRequest, no: str) -> HttpResponse:
    """/certificates/NO.pdf: the sealed page."""
    one = certificates.certificate(no)
    content = credential_actions.page(credential=one.credential)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{one.no}.pdf"'
    return answer


@require_safe
def dossier(request: HttpRequest, dossier_id: int, part: str) -> HttpResponse:
    """/desk/dossiers/N.json, .pdf: a dossier that is done, to take away."""
    number = min(dossier_id, HIGHEST_ID)
    wanted = "pdf" if part == "pdf" else "file"
    content = certificate_actions.content_of(
        actor=actor_of(request), dossier_id=number, part=wanted
    )
    kind = "application/pdf" if part == "pdf" else "application/json"
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="dossier-{number}.{part}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


urls: list[URLPattern] = [
    path("deals", results, name="deals"),
    path("deals/<int:deal_id>", deal),
    path("desk/deals", mine, name="deals-desk"),
    path("desk/dossiers/<int:dossier_id>.json", dossier, {"part": "json"}),
    path("desk/dossiers/<int:dossier_id>.pdf", dossier, {"part": "pdf"}),
    path("certificates/<str:no>.vc.json", document),
    path("certificates/<str:no>.pdf", paper),
    path("certificates/<str:no>", certificate, name="certificate"),
]
