"""The page of one record, its moves and reports of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from yangbanjian.engines.matching import queries as asking
from yangbanjian.faces.web import limits
from yangbanjian.faces.web.cards import cards, stars_of
from yangbanjian.faces.web.details import advice_for, panel
from yangbanjian.faces.web.forms_on_pages import path_here
from yangbanjian.faces.web.home import STRONG
from yangbanjian.faces.web.libraries import NAMES, ROOMS, library_of
from yangbanjian.faces.web.matching_cards import kept_card
from yangbanjian.faces.web.refusing import say
from yangbanjian.faces.web.timelines import timeline_of
from yangbanjian.faces.web.words import Words, translated
from yangbanjian.ground.journal import queries as journal
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.libraries.demands.queries import may_see_owner
from yangbanjian.libraries.records import actions, beside, policy
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.reports import WHYS
from yangbanjian.libraries.records.rules.states import LIVE

MOST_SIMILAR = 4
MOST_ENTRIES = 30
MOVE_LOOKS = {
    "submit": ("primary", "send"), "approve": ("primary", "check"), "return": ("", "arrow-back-up"),
    "renew": ("primary", "refresh"), "withdraw": ("bad", "ban"), "reopen": ("", "edit"),
    "close": ("", "trophy"),
}  # fmt: skip


def loaded(request: HttpRequest, room: str, record_id: int) -> tuple[Library, Any, Actor]:
    library = library_of(room)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return library, records.get(library, actor, record_id), actor


@require_safe
def detail(request: HttpRequest, room: str, record_id: int) -> HttpResponse:
    """A record as its readers may see it; owners see more."""
    library, record, actor = loaded(request, room, record_id)
    words = Words()
    may_write = library.may_write(actor, record)
    is_staff = actor.has_any(Role.OPERATOR, Role.AUDITOR)
    made = panel(library, record, words, actor)
    made["actions"] = _main_actions(library, record, actor)
    made["star"] = stars_of(library, [record], actor).get(record.pk)
    if may_write or is_staff:
        made["completeness"] = advice_for(library, record)
    context: dict[str, Any] = {
        "library": library,
        "room": room,
        "item": record,
        "record": made,
        "section": room,
        "crumbs": [
            {"text": NAMES[room]["whole"], "url": f"/{room}"},
            {"text": record.title[:30]},
        ],
        "page_title": record.title,
        "may_write": may_write,
        "moves": _moves(library, record, actor),
        "entries": _timeline(library, record, actor),
        "duplicates": _duplicates(library, record, actor) if may_write or is_staff else [],
        "complaints": asking.complaints(library.kind, record.pk)
        if may_write and library.kind in asking.SUPPLY
        else [],
        "similar": _similar(library, record, actor, words),
        "matches": _matches(library, record, actor, words),
        "report_whys": [(code, translated(text)) for code, text in WHYS.items()],
        "share_text": _share_text(record),
        "share_url": request.build_absolute_uri(f"/{room}/{record.pk}"),
        "share_picture": request.build_absolute_uri(f"/files/{record.cover}")
        if record.cover
        else "",
        "version_count": record.version,
    }
    return render(request, "record.html", context)


def _share_text(record: Any) -> str:
    text = getattr(record, "value_line", "") or record.abstract
    return text.replace("\n", " ")[:120]


def _main_actions(library: Library, record: Any, actor: Actor) -> list[dict[str, Any]]:
    url = f"/{library.room}/{record.pk}"
    found: list[dict[str, Any]] = []
    if library.kind == "achievement":
        found.append({"text": _("名片"), "url": f"{url}/card", "method": "get", "icon": "qrcode"})
    if library.may_write(actor, record):
        found.append({"text": _("修改"), "url": f"{url}/edit", "method": "get", "icon": "edit"})
        if library.kind == "achievement" and record.state in LIVE:
            floor = f"/desk/floor/{record.pk}"
            found.append({"text": _("进场"), "url": floor, "method": "get", "icon": "scale"})
    elif record.state in LIVE and library.kind in asking.SUPPLY:
        found.append(
            {
                "text": _("我有意向"), "url": "/ask/meet", "method": "post", "tone": "primary",
                "icon": "message-plus",
                "fields": {"kind": library.kind, "id": record.pk, "q": ""},
            }
        )  # fmt: skip
    elif record.state in LIVE:
        found.append(
            {
                "text": _("我能解决"), "url": "/publish/achievement", "method": "get",
                "tone": "primary", "icon": "bulb",
            }
        )  # fmt: skip
    return found


def _moves(library: Library, record: Any, actor: Actor) -> list[dict[str, Any]]:
    """The moves that the table has here for this actor, as buttons or with a field for why."""
    found = []
    for move in library.table.moves_from(record.state, policy.kinds_of(actor, library, record)):
        if "system" in move.who:
            continue
        tone, icon = MOVE_LOOKS.get(move.name, ("", "arrow-right"))
        label = translated(move.label)
        confirm = ""
        if move.name == "withdraw":
            confirm = _("撤回「%(title)s」？") % {"title": record.title}
        found.append(
            {
                "name": move.name, "text": label, "tone": tone, "icon": icon, "confirm": confirm,
                "confirm_note": _("撤回后不再公开，可以重新编辑后再提交。") if confirm else "",
                "url": f"/{library.room}/{record.pk}/moves/{move.name}", "method": "post",
                "needs_reason": move.needs_reason, "asks_changed": move.name == "renew",
            }
        )  # fmt: skip
    return found


def _timeline(library: Library, record: Any, actor: Actor) -> list[dict[str, Any]]:
    entries = journal.timeline(actor=actor, kind=library.kind, subject_id=record.pk)[:MOST_ENTRIES]
    names = {f.name: f.label for f in library.fields}
    return timeline_of(entries, names)


def _duplicates(library: Library, record: Any, actor: Actor) -> list[dict[str, str]]:
    whys = {"number": _("号码相同"), "title_and_owner": _("名称和单位相同"), "text": _("文字很像")}
    return [
        {
            "url": f"/{library.room}/{d.record_id}", "title": d.title, "why": whys[d.why],
            "state": translated(library.table.state(d.state).label),
        }
        for d in records.duplicates(library, actor, record)
    ]  # fmt: skip


def _similar(library: Library, record: Any, actor: Actor, words: Words) -> list[dict[str, Any]]:
    """What else is like this one: the record's own words are asked, itself left out."""
    text = f"{record.title} {record.abstract}"[:400]
    answer = asking.ask(
        actor=actor, text=text, kinds=(library.kind,), limit=MOST_SIMILAR + 1, with_encoder=False
    )
    others = [i.record for i in answer.items if i.record.pk != record.pk and i.percent >= STRONG][
        :MOST_SIMILAR
    ]
    return cards(library, others, words, actor)


def _matches(library: Library, record: Any, actor: Actor, words: Words) -> list[dict[str, Any]]:
    if actor.is_anonymous:
        return []
    found = asking.matches(actor)
    if library.kind == "demand":
        if not may_see_owner(actor, record):
            return []
        found = found.filter(demand_id=record.pk)
    else:
        found = found.filter(**{f"{library.kind}_id": record.pk}, demand__isnull=False)
    as_provider = library.kind != "demand"
    return [kept_card(m, words, as_provider=as_provider) for m in found[:8]]


@require_POST
def move(request: HttpRequest, room: str, record_id: int, name: str) -> HttpResponse:
    """One move of the state table."""
    library, record, actor = loaded(request, room, record_id)
    reason = request.POST.get("reason", "")
    if name == "submit":
        moved = actions.submit(actor=actor, library=library, record_id=record.pk)
    else:
        moved = actions.move(
            actor=actor, library=library, record_id=record.pk, name=name, reason=reason
        )
    label = translated(library.table.state(moved.state).label)
    say(request, _("已完成，现在的状态是「%(state)s」。") % {"state": label})
    back = f"/{room}/{record_id}"
    if Role.OPERATOR in actor.roles and not records.among(library, actor, [record_id]):
        # What went back to its owner is the owner's to see.
        return redirect("/desk/moderation")
    return redirect(path_here(request, request.POST.get("next", back), back))


@require_POST
def report(request: HttpRequest, room: str, record_id: int) -> HttpResponse:
    """「举报」: anybody may, the operator decides."""
    limits.not_too_often(request, "report", 5)
    library, record, actor = loaded(request, room, record_id)
    beside.report(
        actor=actor, library=library, record_id=record.pk, why=request.POST.get("why", ""),
        text=request.POST.get("text", ""), contact=request.POST.get("contact", ""),
    )  # fmt: skip
    say(request, _("已收到举报，运营人员会核实处理。"))
    return redirect(f"/{room}/{record_id}")


urls: list[URLPattern] = []
for _room in ROOMS:
    urls += [
        path(f"{_room}/<int:record_id>", detail, {"room": _room}, name=f"{_room}_detail"),
        path(f"{_room}/<int:record_id>/report", report, {"room": _room}),
        path(f"{_room}/<int:record_id>/moves/<str:name>", move, {"room": _room}),
    ]
