"""Pages of the way to the floor: public notices, the unit's checklist, the register of rights."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yangbanjian.faces.telling import counted, day_told
from yangbanjian.faces.web import floor_forms as forms
from yangbanjian.faces.web.forms_on_pages import Act, actor_of, answer_acts
from yangbanjian.faces.web.refusing import say
from yangbanjian.faces.web.timelines import timeline_of
from yangbanjian.faces.web.words import Words, state_tag, translated
from yangbanjian.ground.journal import queries as journal
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotAllowed
from yangbanjian.market.trading import actions, policy, queries
from yangbanjian.market.trading.rules import duties as duty_rules
from yangbanjian.market.trading.rules import notices as rules
from yangbanjian.market.trading.rules import rights as right_rules

HIGHEST_ID = 2**63 - 1
PAGE = 20
OVER = ("withdrawn", "ended", "relisted")
VERDICTS = {"met": "ok", "missing": "warn", "not_required": ""}


def _mode(code: str) -> str:
    return translated(rules.PRICE_MODES[code])


def _facts(one: Any, words: Words) -> list[dict[str, Any]]:
    """What a notice says, as a list of facts."""
    related = one.related_statement if one.is_related else _("不是完成人或关联方")
    deadline = queries.counted(one)
    facts: list[dict[str, Any]] = [
        {"term": _("单位"), "text": one.owner.name},
        {"term": _("合作方式"), "text": words.label("deal_modes", one.deal_mode)},
        {"term": _("定价方式"), "text": _mode(one.price_mode)},
        {"term": _("受让方"), "text": related},
        {"term": _("公示期"), "text": counted(deadline)},
        {"term": _("依据"), "text": f"{one.edition.document} {one.edition.clause}".strip()},
    ]
    if one.version > 1:
        facts.append({"term": _("第几次公示"), "text": str(one.version)})
    return facts


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """/notices: what stands in public notice, the latest first."""
    actor = actor_of(request)
    wanted = request.GET.get("state", "")
    found = queries.notices(actor)
    if wanted in policy.SHOWN:
        found = found.filter(state=wanted)
    pages = Paginator(found, PAGE)
    page = pages.get_page(request.GET.get("page"))
    words = Words()
    context = {
        "page_title": _("成果公示"), "section": "floor", "count": pages.count,
        "page": page.number, "size": PAGE, "wanted": wanted,
        "states": [(code, state_tag(rules.TABLE, code, public=True)["text"]) for code in policy.SHOWN],
        "notices": [
            {
                "url": f"/notices/{one.pk}", "title": one.title,
                "state": state_tag(rules.TABLE, one.state, public=True),
                "tags": [{"text": _mode(one.price_mode)}, {"text": words.label("deal_modes", one.deal_mode)}],
                "meta": [{"icon": "building", "text": one.owner.name}],
                "price": {"fen": one.price_fen, "note": _until(one)},
            }
            for one in page
        ],
    }  # fmt: skip
    return render(request, "floor/notices.html", context)


def _until(one: Any) -> str:
    deadline = queries.counted(one)
    return _("至 %(day)s") % {"day": day_told(deadline, "last")}


def _objection_tag(state: str) -> dict[str, str]:
    """What waits for somebody is told as such."""
    told = state_tag(rules.OBJECTIONS, state)
    return {**told, "tone": "warn"} if state in rules.WAITING else told


def _objections(actor: Actor, one: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": o.pk, "text": o.text, "state": _objection_tag(o.state),
            "made_at": o.made_at, "ruling": o.ruling, "appeal": o.appeal,
            "final_ruling": o.final_ruling, "who": o.name, "contact": o.contact,
            "may_rule": o.state in rules.WAITING and policy.may_rule(actor, o).allowed,
            "may_appeal": o.state == "dismissed" and policy.may_appeal(actor, o).allowed,
        }
        for o in queries.objections(actor, one.pk)[:100]
    ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """/notices/N: what it says, how its days run, objecting; for the unit and the exchange, what
    they may do."""
    actor = actor_of(request)
    number = min(notice_id, HIGHEST_ID)
    one = queries.notice(actor, number)

    def object_to(values: dict[str, Any]) -> str:
        actions.object_to(actor=actor, notice_id=number, **values)
        return _("异议已收到，公示暂停计时，处理结果会告诉您。")

    def rule(values: dict[str, Any]) -> str:
        actions.rule(
            actor=actor, objection_id=values["objection"], outcome=values["outcome"],
            reason=values["reason"],
        )  # fmt: skip
        return _("已裁定。")

    def appeal(values: dict[str, Any]) -> str:
        actions.appeal(actor=actor, objection_id=values["objection"], reason=values["reason"])
        return _("申诉已提交，由交易机构的另一人裁定。")

    def opens(_values: dict[str, Any]) -> str:
        actions.open_notice(actor=actor, notice_id=number)
        return _("已开始公示。")

    def change(values: dict[str, Any]) -> str:
        reason = values.pop("reason")
        actions.change_notice(
            actor=actor, notice_id=number, reason=reason, values=forms.said(values)
        )
        return _("已变更，公示期重新计算。")

    def withdraw(values: dict[str, Any]) -> str:
        actions.withdraw_notice(actor=actor, notice_id=number, reason=values["reason"])
        return _("公示已撤回。")

    said = {
        "deal_mode": one.deal_mode, "price_mode": one.price_mode, "days": one.days,
        "price_fen": format(one.price_fen / 100, ".2f"),
        "related_party": "yes" if one.is_related else "no",
        "related_statement": one.related_statement,
    }  # fmt: skip
    acts = {
        "object": Act(
            forms.ObjectionForm, object_to, options={"is_signed_in": not actor.is_anonymous}
        ),
        "rule": Act(forms.RulingForm, rule),
        "appeal": Act(forms.AppealForm, appeal),
        "open": Act(forms.NothingForm, opens),
        "change": Act(forms.ChangeForm, change, initial=said),
        "withdraw": Act(forms.ReasonForm, withdraw),
    }

    def context() -> dict[str, Any]:
        now = queries.notice(actor, number)
        moves = rules.TABLE.moves_from(now.state, policy.moves_of(actor, now.owner_id))
        counts = queries.objection_counts(number)
        return {
            "one": now, "facts": _facts(now, Words()), "page_title": now.title,
            "state": state_tag(rules.TABLE, now.state, public=True), "section": "floor", "moves": {m.name for m in moves if "owner" in m.who},
            "may_object": now.state in ("open", "paused") and policy.may_object(actor, now).allowed,
            "objections": _objections(actor, now), "count": sum(counts.values()),
            "waiting": sum(counts.get(state, 0) for state in rules.WAITING),
            "entries": timeline_of(journal.timeline(actor=actor, kind="notice", subject_id=number)[:50]),
        }  # fmt: skip

    return answer_acts(request, "floor/notice.html", acts, context)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """/desk/floor: the unit's notices, for the exchange all."""
    actor = actor_of(request)
    if actor.is_anonymous:
        raise NotAllowed("people.sign_in_first", "请先登录。")
    found = queries.notices(actor)
    if not policy.is_exchange(actor):
        found = found.filter(owner_id__in=sorted(actor.mandates))
    pages = Paginator(found, PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "page_title": _("进场"), "section": "desk", "count": pages.count, "page": page.number,
        "size": PAGE, "share": queries.floor_share(),
        "table": {
            "caption": _("公示"),
            "columns": [{"text": _("成果")}, {"text": _("状态")}, {"text": _("公示期")}],
            "rows": [
                {
                    "cells": [
                        {"text": one.title, "url": f"/notices/{one.pk}", "sub": one.owner.name},
                        {"text": state_tag(rules.TABLE, one.state)["text"], "label": _("状态")},
                        {"text": _until(one), "label": _("公示期")},
                    ]
                }
                for one in page
            ],
            "empty": {
                "title": _("还没有公示"),
                "text": _("在成果页选「进场」，先记下集体决策，再起草公示。"),
                "actions": [{"text": _("看我的成果"), "url": "/desk/achievements"}],
            },
        },
    }  # fmt: skip
    return render(request, "floor/mine.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def achievement(request: HttpRequest, achievement_id: int) -> HttpResponse:
    """/desk/floor/N: the duty checklist of an achievement, and each step that fills it."""
    actor = actor_of(request)
    record = queries.achievement(actor, min(achievement_id, HIGHEST_ID))
    if not policy.may_see_inside(actor, record.owner_id):
        policy.may_prepare(actor, record.owner_id).or_refuse()

    def decide(values: dict[str, Any]) -> str:
        actions.decide(
            actor=actor, achievement_id=record.pk, kind=values["kind"],
            price_mode=values["price_mode"], price_fen=values["price_fen"],
            decided_on=values["on"], note=values["note"],
        )  # fmt: skip
        return _("决策已记下。")

    def draft(values: dict[str, Any]) -> HttpResponse:
        made = actions.draft_notice(
            actor=actor, achievement_id=record.pk, values=forms.said(values)
        )
        say(request, _("公示已起草，核对后开始公示。"))
        return redirect(f"/notices/{made.pk}")

    def state(values: dict[str, Any]) -> str:
        actions.state(actor=actor, achievement_id=record.pk, **values)
        return _("核对结果已记下。")

    def way(values: dict[str, Any]) -> str:
        actions.choose_way(
            actor=actor, achievement_id=record.pk, is_floor=values["way"] == "floor",
            reason=values["reason"],
        )  # fmt: skip
        return _("已记下。")

    acts = {
        "decide": Act(forms.DecisionForm, decide, initial={"on": queries.today()}),
        "notice": Act(forms.NoticeForm, draft),
        "state": Act(forms.StatementForm, state),
        "way": Act(forms.WayForm, way),
    }

    def context() -> dict[str, Any]:
        found = queries.duties(record)
        notices = list(queries.notices(actor).filter(achievement=record)[:10])
        decided = list(queries.decisions(actor, record)[:10])
        listing = queries.listings(actor).filter(achievement=record).first()
        is_standing = listing is not None and listing.state not in OVER
        return {
            "step": _next_step(record, decided, notices), "sent": request.POST.get("do", ""),
            "listing_url": f"/listings/{listing.pk}" if listing and is_standing else "",
            "record": record, "page_title": record.title, "section": "desk",
            "may_prepare": policy.may_prepare(actor, record.owner_id).allowed,
            "edition": found.edition, "missing": len(found.missing),
            "duties": [_duty(d) for d in found.items],
            "notices": [
                {"url": f"/notices/{n.pk}", "state": state_tag(rules.TABLE, n.state), "until": _until(n)}
                for n in notices
            ],
            "decisions": [
                {"on": d.decided_on, "mode": _mode(d.price_mode), "fen": d.price_fen, "note": d.note}
                for d in decided
            ],
            "right": queries.right_of(record), "is_funded": record.is_fiscally_funded,
        }  # fmt: skip

    return answer_acts(request, "floor/achievement.html", acts, context)


def _next_step(record: Any, decided: list[Any], notices: list[Any]) -> str:
    """What the unit does next on the way to a listing."""
    if not notices and not queries.is_public_unit(record):
        return "free"
    if not decided:
        return "decide"
    last = notices[0].state if notices else ""
    steps = {"draft": "open", "open": "wait", "paused": "wait", "ended": "listing"}
    return steps.get(last, "notice")


def _duty(duty: duty_rules.Duty) -> dict[str, Any]:
    texts = {"met": _("满足"), "missing": _("缺项"), "not_required": _("不要求")}
    return {
        "text": translated(queries.duty_label(duty.duty)),
        "source": f"{duty.document} {duty.clause}".strip(),
        "tag": {"text": texts[duty.verdict], "tone": VERDICTS[duty.verdict]},
        "entries": [f"/log/entries/{number}" for number in duty.entries[:5]],
        "ball": translated(duty_rules.BALLS[duty.ball]) if duty.ball else "",
    }


@require_safe
def right(request: HttpRequest, no: str) -> HttpResponse:
    """/rights/NO?on=DAY: the register's state on a day."""
    one = queries.right(no)
    try:
        day = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        day = queries.today()
    state = queries.standing(one, day)
    context = {
        "page_title": _("技术权益登记 %(no)s") % {"no": one.no}, "one": one, "day": day,
        "state": state, "section": "floor",
        "holders": [
            {"name": h["name"], "percent": format(h["share_bp"] / 100, "g")} for h in state.holders
        ],
        "entries": [
            {
                "seq": e["seq"], "kind": translated(right_rules.KINDS[e["kind"]]),
                "holds_from": e["holds_from"], "entered_at": e["entered_at"],
                "is_in_force": e["seq"] in state.entries,
                "url": f"/log/entries/{e['entry_id']}",
            }
            for e in queries.right_entries(one)
        ],
    }  # fmt: skip
    return render(request, "floor/right.html", context)


urls: list[URLPattern] = [
    path("notices", notices, name="notices"),
    path("notices/<int:notice_id>", notice),
    path("desk/floor", mine, name="floor-desk"),
    path("desk/floor/<int:achievement_id>", achievement),
    path("rights/<str:no>", right),
]
