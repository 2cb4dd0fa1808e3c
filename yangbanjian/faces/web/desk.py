"""The workspace of enterprises, technology transfer offices, brokers and experts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from yangbanjian.engines.matching import queries as matching
from yangbanjian.faces.web.inbox import letter
from yangbanjian.faces.web.introductions import (
    counted,
    directions_of,
    group_of,
    listed_card,
)
from yangbanjian.faces.web.libraries import NAMES, library_of, page_of
from yangbanjian.faces.web.refusing import sign_in
from yangbanjian.faces.web.templatetags.ui import money
from yangbanjian.faces.web.words import Words, state_tag, translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.messages import queries as inbox
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.queries import Library

SIZE = 30
STALE_DAYS = 90
MOST_TODOS = 8
MOST_SHOWN = 2


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """/desk/: who has the ball, and how my records stand."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.is_anonymous:
        return sign_in(request)
    now = clock.now()
    groups = counted(actor)
    rooms = _rooms(actor)
    words = Words()
    return render(
        request,
        "desk/home.html",
        {
            "todos": _todos(actor, now),
            "tiles": _tiles(actor, groups, rooms, now),
            "letters": [letter(n) for n in inbox.inbox(actor)[:5]],
            "ways": _ways(actor),
            "directions": [listed_card(actor, m, words) for m in directions_of(actor)[:MOST_SHOWN]],
            "is_for_own": actor.has_any(Role.ENTERPRISE),
            "has_organisation": actor.organisation_id is not None,
            "page_title": _("工作台"),
            "section": "desk",
        },
    )


def _rooms(actor: Actor) -> list[str]:
    rooms = []
    if actor.has_any(Role.TTO, Role.BROKER, Role.ENTERPRISE, Role.EXPERT):
        rooms.append("achievements")
    if actor.has_any(Role.ENTERPRISE, Role.BROKER, Role.TTO):
        rooms.append("demands")
    if actor.has_any(Role.TTO, Role.EXPERT, Role.BROKER):
        rooms.append("experts")
    return rooms


def _ways(actor: Actor) -> list[dict[str, str]]:
    ways = {
        "demands": {"text": _("发布需求"), "url": "/publish/demand", "icon": "target-arrow"},
        "achievements": {"text": _("发布成果"), "url": "/publish/achievement", "icon": "bulb"},
    }
    order = ["demands", "achievements"]
    if actor.has_any(Role.TTO, Role.EXPERT):
        order.reverse()
    return [ways[room] for room in order if room in _rooms(actor)]


def _tiles(
    actor: Actor, groups: dict[str, int], rooms: list[str], now: datetime
) -> list[dict[str, Any]]:
    tiles = [
        _tile(_("轮到我回应"), groups["turn"], "/desk/matches?show=turn", "demand"),
        _tile(_("新推荐"), groups["suggested"], "/desk/matches?show=suggested", "match"),
        _tile(_("已约谈"), groups["agreed"], "/desk/matches?show=agreed", "gold"),
    ]
    tones = {"achievements": "brand", "demands": "demand", "experts": "expert"}
    for room in rooms:
        library = records.LIBRARIES[room]
        mine = records.owned(library, actor)
        tile = _tile(NAMES[room]["title"], mine.count(), f"/desk/{room}", tones[room])
        stale = mine.filter(updated_at__lt=now - timedelta(days=STALE_DAYS)).count()
        if stale:
            text = ngettext("%(n)d 项 90 天未更新", "%(n)d 项 90 天未更新", stale) % {"n": stale}
            tile["delta"] = {"text": text, "direction": "time", "good": False}
        tiles.append(tile)
    return tiles


def _tile(name: str, value: int, url: str, tone: str) -> dict[str, Any]:
    return {"name": name, "value": f"{value:,}", "unit": "", "url": url, "tone": tone}


def _todos(actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """What waits for this actor: answers that are due, records sent back or about to end."""
    todos: list[dict[str, Any]] = []
    waiting = matching.matches(actor).filter(group_of(actor, "turn")).order_by("turn_until")
    for match in waiting[:MOST_TODOS]:
        supply = matching.supply_of(match)
        until = match.turn_until or now
        days = max(0, (until - now).days)
        text = ngettext("剩 %(n)d 天", "剩 %(n)d 天", days) % {"n": days}
        todos.append(
            {
                "text": supply.title, "url": f"/matches/{match.pk}", "verb": _("回应"),
                "tag": {"text": text, "tone": "bad" if days <= 2 else "warn"},
            }
        )  # fmt: skip
    for room in _rooms(actor):
        library = records.LIBRARIES[room]
        for record in records.owned(library, actor, ("expiring", "expired"))[:MOST_TODOS]:
            tag = state_tag(library.table, record.state)
            url = f"/{room}/{record.pk}"
            todos.append({"text": record.title, "url": url, "verb": _("续期"), "tag": tag})
        returned = records.owned(library, actor, ("draft",)).exclude(state_reason="")
        for record in returned[:MOST_TODOS]:
            tag = {"text": _("被退回"), "tone": "bad"}
            url = f"/{room}/{record.pk}"
            todos.append({"text": record.title, "url": url, "verb": _("修改"), "tag": tag})
    return todos[:MOST_TODOS]


@require_safe
def portfolio(request: HttpRequest, room: str) -> HttpResponse:
    """/desk/achievements, /desk/demands, /desk/experts: mine, with state and freshness."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.is_anonymous:
        return sign_in(request)
    library = library_of(room)
    state = request.GET.get("state", "")
    chosen = (state,) if state in library.table.codes else ()
    found = records.owned(library, actor, chosen)
    q = request.GET.get("q", "")[:200].replace("\x00", "")
    found = records.matching_text(found, q)
    page = page_of(request)
    rows = list(found[(page - 1) * SIZE : page * SIZE])
    states = [
        {"code": s.code, "text": translated(s.label), "current": s.code == state}
        for s in library.table.states
    ]
    return render(
        request,
        "desk/portfolio.html",
        {
            "room": room, "names": NAMES[room], "table": _table(library, rows, clock.now()),
            "states": states, "state": state, "q": q, "count": found.count(), "page": page,
            "size": SIZE, "page_title": _("我的%(what)s") % {"what": NAMES[room]["title"]},
            "section": "desk",
        },
    )  # fmt: skip


def _table(library: Library, rows: list[Any], now: datetime) -> dict[str, Any]:
    words = Words()
    is_expert = library.kind == "expert"
    heads = [_("名称"), _("状态"), _("完整度"), _("领域")]
    heads += [] if is_expert else [_("价格") if library.kind == "achievement" else _("预算")]
    heads += [_("更新")]
    numeric = {_("完整度"), _("价格"), _("预算")}
    return {
        "caption": NAMES[library.room]["title"],
        "columns": [{"text": h, "numeric": h in numeric} for h in heads],
        "rows": [{"cells": _cells(library, r, words, now, heads)} for r in rows],
        "empty": {
            "title": _("还没有条目"), "text": "", "icon": "inbox",
            "actions": [
                {"text": NAMES[library.room]["verb"], "url": NAMES[library.room]["publish"]}
            ],
        },
    }  # fmt: skip


def _cells(
    library: Library, record: Any, words: Words, now: datetime, heads: list[str]
) -> list[dict[str, Any]]:
    age = (now - record.updated_at).days
    fresh = ngettext("%(n)d 天前", "%(n)d 天前", age) % {"n": age} if age else _("今天")
    stale = _("90 天未更新") if age >= STALE_DAYS else ""
    cells: list[dict[str, Any]] = [
        {
            "text": record.title, "url": f"/{library.room}/{record.pk}",
            "sub": record.state_reason if record.state == "draft" else "",
        },
        state_tag(library.table, record.state),
        {"text": f"{record.completeness}%", "numeric": True},
        {"text": words.label("field", record.field) or "—"},
    ]  # fmt: skip
    if library.kind == "achievement":
        cells.append({"text": money(record.price_fen), "numeric": True})
    elif library.kind == "demand":
        cells.append({"text": money(record.budget_fen), "numeric": True})
    cells.append({"text": fresh, "sub": stale})
    return [{**cell, "label": head} for cell, head in zip(cells, heads, strict=True)]


def bare(request: HttpRequest) -> HttpResponse:
    """/desk without its slash."""
    return redirect("/desk/")


urls: list[URLPattern] = [
    path("desk", bare),
    path("desk/", home, name="desk"),
    *(
        path(f"desk/{room}", portfolio, {"room": room}, name=f"desk_{room}")
        for room in ("achievements", "demands", "experts")
    ),
]
