"""Matches and introductions: where each stands, whose turn it is, and the moves."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from yangbanjian.engines.matching import actions, policy
from yangbanjian.engines.matching import queries as matching
from yangbanjian.engines.matching.rules.introductions import TABLE
from yangbanjian.faces.introductions_shown import contact_of
from yangbanjian.faces.web.libraries import page_of
from yangbanjian.faces.web.matching_cards import kept_card, whys
from yangbanjian.faces.web.refusing import is_fragment, say, sign_in
from yangbanjian.faces.web.timelines import timeline_of
from yangbanjian.faces.web.words import Words, state_tag, translated
from yangbanjian.ground.journal import queries as journal
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.libraries.records.queries import library_of_kind

SIZE = 20
STEPS = ("suggested", "seen", "interested", "agreed")
GROUPS = ("turn", "suggested", "directions", "waiting", "agreed", "closed")


def group_of(actor: Actor, group: str) -> Q:
    """Which matches are in a group, as seen from the actor's side."""
    mine = sorted(actor.mandates)
    to_move = Q(turn="seeker", seeker_id__in=mine) | Q(turn="provider", provider_id__in=mine)
    return {
        "turn": Q(state="interested") & to_move,
        "suggested": Q(state__in=["suggested", "seen"], demand__isnull=False),
        "directions": Q(state__in=["suggested", "seen"], demand__isnull=True),
        "waiting": Q(state="interested") & ~to_move,
        "agreed": Q(state="agreed"),
        "closed": Q(state__in=["declined", "lapsed"]),
    }[group]


def group_names(actor: Actor) -> dict[str, str]:
    own = actor.has_any(Role.ENTERPRISE)
    return {
        "turn": _("轮到我"), "suggested": _("新推荐"),
        "directions": _("方向相符") if own else _("按标签推荐"),
        "waiting": _("等对方"), "agreed": _("已约谈"), "closed": _("已结束"),
    }  # fmt: skip


def counted(actor: Actor) -> dict[str, int]:
    """How many matches are in each group."""
    found = matching.matches(actor).order_by()
    counts = {f"n_{g}": Count("pk", filter=group_of(actor, g)) for g in GROUPS}
    return {name.removeprefix("n_"): n for name, n in found.aggregate(**counts).items()}


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """/desk/matches: mine, or for a broker all that are open to brokers."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.is_anonymous:
        return sign_in(request)
    counts = counted(actor)
    first = next((g for g in GROUPS if counts[g]), "suggested")
    group = request.GET.get("show", first)
    group = group if group in GROUPS else first
    found: QuerySet[Any] = matching.matches(actor).filter(group_of(actor, group))
    page = page_of(request)
    rows = found[(page - 1) * SIZE : page * SIZE]
    words = Words()
    return render(
        request,
        "desk/matches.html",
        {
            "cards": [listed_card(actor, m, words) for m in rows],
            "groups": [
                {"name": g, "text": text, "n": counts[g], "current": g == group}
                for g, text in group_names(actor).items()
            ],
            "count": counts[group],
            "page": page,
            "size": SIZE,
            "page_title": _("匹配"),
            "section": "desk",
            "empty": _empty(actor),
        },
    )


def _empty(actor: Actor) -> dict[str, Any]:
    if actor.has_any(Role.TTO, Role.EXPERT) and not actor.has_any(Role.ENTERPRISE):
        way = {"text": _("补全成果"), "url": "/desk/achievements"}
        text = _("成果写明实测数字和解决的问题，更容易被需求找到。")
    else:
        way = {"text": _("发布需求"), "url": "/publish/demand"}
        text = _("说一句难题，系统会一直替您找。")
    return {"title": _("这里还没有匹配"), "text": text, "icon": "sparkles", "actions": [way]}


def directions_of(actor: Actor) -> QuerySet[Any]:
    """What is suggested by tags to the actor's enterprises, or to those they look after."""
    mine = sorted(actor.mandates)
    concerned = Q(seeker_id__in=mine) | Q(broker_id__in=mine)
    found = matching.matches(actor).filter(group_of(actor, "directions"), concerned)
    return found.order_by("-made_at", "-score", "-pk")


def listed_card(actor: Actor, match: Any, words: Words) -> dict[str, Any]:
    """A match in a list, with what the actor's side can do at once."""
    side = policy.side_of(actor, match)
    made = kept_card(match, words, as_provider=side == "provider")
    if match.demand_id is None and side == "seeker" and match.state in ("suggested", "seen"):
        url = f"/matches/{match.pk}/moves"
        made["decline"] = {"url": f"{url}/decline", "whys": whys(), "title": made["title"]}
        interest = {
            "text": _("感兴趣"), "url": f"{url}/interested", "method": "post", "tone": "primary",
            "icon": "heart-handshake",
        }  # fmt: skip
        made["actions"] = [{**made["actions"][0], "tone": ""}, interest]
    elif match.demand_id is None and side != "seeker":
        made["subtitle"] = [_("推荐给%(name)s") % {"name": match.seeker.name}, *made["subtitle"]]
    made["subtitle"] = [*made["subtitle"], _turn_text(match, side)]
    made["subtitle"] = [t for t in made["subtitle"] if t]
    return made


def _turn_text(match: Any, side: str) -> str:
    if match.state != "interested":
        return ""
    if not side:
        return _("轮到需求方") if match.turn == "seeker" else _("轮到供给方")
    return _("轮到您") if match.turn == side else _("等对方回应")


@require_safe
def page(request: HttpRequest, match_id: int) -> HttpResponse:
    """/matches/{id}: one introduction."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.is_anonymous:
        return sign_in(request)
    match = matching.match(actor, match_id)
    side = policy.side_of(actor, match)
    if match.state == "suggested" and side and request.method == "GET":
        # Opening it is what "seen" means: nothing is promised by it, and it happens once.
        match = actions.move(actor=actor, match_id=match_id, name="see")
        match = matching.match(actor, match_id)
    words = Words()
    supply = matching.supply_of(match)
    kind = "achievement" if match.achievement_id else "expert"
    shows_seeker = policy.may_see_seeker(actor, match)
    entries = list(journal.timeline(actor=actor, kind="match", subject_id=match.pk)[:30])
    card = kept_card(match, words)
    card["actions"] = []
    card["url"] = f"/{library_of_kind(kind).room}/{supply.pk}"
    card["feedback"] = {
        "url": f"/matches/{match.pk}/feedback", "given": matching.judgement(actor, match.pk),
        "title": card["title"], "whys": whys(),
    }  # fmt: skip
    return render(
        request,
        "desk/match.html",
        {
            "match": match, "card": card, "side": side, "shows_seeker": shows_seeker,
            "by_tags": match.demand_id is None,
            "supply_url": card["url"], "supply": supply,
            "demand_url": f"/demands/{match.demand_id}" if match.demand_id else "",
            "seeker_name": match.seeker.name if shows_seeker else _("匿名单位"),
            "state": state_tag(TABLE, match.state),
            "intro": _intro(actor, match, side, entries),
            "moves": _moves(actor, match, side),
            "whys": whys(), "why_text": _why_text(match), "entries": timeline_of(entries),
            "page_title": supply.title, "section": "desk",
        },
    )  # fmt: skip


def _why_text(match: Any) -> str:
    named = {w["code"]: w["text"] for w in whys()}
    return named.get(match.why, "")


def _intro(actor: Actor, match: Any, side: str, entries: list[Any]) -> dict[str, Any]:
    at = {e.verb.rpartition(".")[2]: e.at_business for e in reversed(entries)}
    reached = STEPS.index(match.state) if match.state in STEPS else -1
    stopped = match.state in ("declined", "lapsed")
    steps = []
    for number, code in enumerate(STEPS):
        done = number < reached or (stopped and code in at) or match.state == "agreed"
        state = "done" if done else "now" if number == reached else "next"
        steps.append(
            {"text": translated(TABLE.state(code).label), "state": state, "at": at.get(code)}
        )
    if stopped:
        steps = [s for s in steps if s["state"] == "done"]
        text = translated(TABLE.state(match.state).label)
        steps.append({"text": text, "state": "stopped", "at": match.state_since})
    turn = _turn_text(match, side)
    return {
        "steps": steps, "turn": turn, "since": match.turn_since if turn else None,
        "until": match.turn_until if turn else None,
        "contacts": _contacts(match) if policy.may_see_contacts(actor, match).allowed else [],
    }  # fmt: skip


def _contacts(match: Any) -> list[dict[str, str]]:
    """Both sides, and the broker where there is one: the organisation's contact, else a member."""
    found = []
    sides = [
        (match.seeker, _("需求方")),
        (match.provider, _("供给方")),
        (match.broker, _("技术经理人")),
    ]
    for organisation, role in sides:
        if organisation is None:
            continue
        who = contact_of(organisation)
        found.append(
            {
                "name": who.name or organisation.name, "role": f"{role} · {organisation.name}",
                "phone": who.phone, "email": who.email,
            }
        )  # fmt: skip
    return found


def _moves(actor: Actor, match: Any, side: str) -> list[dict[str, Any]]:
    if not side:
        return []
    found = []
    for move in TABLE.moves_from(match.state, (side,)):
        if move.name == "see" or (move.name == "agree" and match.first == side):
            continue
        label = translated(move.label)
        if move.name == "decline" and match.first == side:
            label = _("收回意向")
        found.append(
            {
                "name": move.name, "text": label, "needs_why": move.needs_reason,
                "url": f"/matches/{match.pk}/moves/{move.name}",
                "asks_note": move.name == "interested",
            }
        )  # fmt: skip
    return found


@require_POST
def move(request: HttpRequest, match_id: int, name: str) -> HttpResponse:
    """interested, agree or decline."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    match = actions.move(
        actor=actor, match_id=match_id, name=name, why=request.POST.get("why", ""),
        note=request.POST.get("note", ""),
    )  # fmt: skip
    said = {
        "interested": _("已告诉对方，14 天内会有回应。"),
        "agreed": _("双方都同意了，联系方式在下面。"),
        "declined": _("已婉拒，原因会帮对方改进。"),
    }
    say(request, said.get(match.state, _("已完成。")))
    return redirect(f"/matches/{match_id}")


@require_POST
def judge(request: HttpRequest, match_id: int) -> HttpResponse:
    """准 / 不准 of a kept match."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    why = request.POST.get("why", "")
    verdict = "bad" if why else request.POST.get("verdict", "")
    actions.judge(actor=actor, match_id=match_id, verdict=verdict, why=why)
    if is_fragment(request):
        match = matching.match(actor, match_id)
        title = matching.supply_of(match).title
        feedback = {"url": request.path, "given": verdict, "title": title, "whys": whys()}
        return render(request, "components/feedback.html", {"feedback": feedback})
    say(request, _("已记下，谢谢。"))
    return redirect(f"/matches/{match_id}")


urls: list[URLPattern] = [
    path("desk/matches", listing, name="desk_matches"),
    path("matches/<int:match_id>", page, name="match"),
    path("matches/<int:match_id>/moves/<str:name>", move, name="match_move"),
    path("matches/<int:match_id>/feedback", judge, name="match_feedback"),
]
