"""The lists of the three libraries: facets with counts, filters as chips, preview, subscription."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from yangbanjian.faces.web.cards import cards
from yangbanjian.faces.web.details import panel
from yangbanjian.faces.web.refusing import is_fragment, say, sign_in
from yangbanjian.faces.web.words import Words
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.libraries.records import beside
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.facets import Facets, facets
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.filters import Filters, filters_from
from yangbanjian.libraries.records.rules.states import LIVE

SIZE = 20
DEEPEST_PAGE = 500


def library_of(room: str) -> Library:
    """A library by the word in the address."""
    library = records.LIBRARIES.get(room)
    if library is None:
        raise NotFound("web.no_such_library", _("没有这个库。"))
    return library


def page_of(request: HttpRequest) -> int:
    """The page asked for; 1 for what makes no sense."""
    asked = request.GET.get("page", "1")
    return min(DEEPEST_PAGE, max(1, int(asked))) if asked.isdecimal() and len(asked) < 6 else 1


def query_of(given: QueryDict) -> dict[str, list[str]]:
    return {name: given.getlist(name) for name in given if name != "page"}


@require_GET
def listing(request: HttpRequest, room: str) -> HttpResponse:
    """A library with what the address narrows it to; the list alone for htmx."""
    library = library_of(room)
    filters = filters_from(query_of(request.GET))
    # Only live records are listed here: what is closed is reached by its own address.
    filters = replace(filters, state=tuple(s for s in filters.state if s in LIVE))
    context = list_context(request, library, filters)
    if is_fragment(request):
        return render(request, "parts/results.html", context)
    return render(request, "list.html", context)


def list_context(request: HttpRequest, library: Library, filters: Filters) -> dict[str, Any]:
    actor = request.actor  # type: ignore[attr-defined]
    words = Words()
    found = records.listed(library, actor, filters)
    counted = None if is_fragment(request) else facets(library, actor, filters)
    count, page = counted.total if counted else found.count(), page_of(request)
    rows = list(records.part(found, (page - 1) * SIZE, page * SIZE))
    room = library.room
    items = cards(library, rows, words, actor, preview=True)
    query = urlencode(filters.as_query(), doseq=True)
    return {
        "section": room,
        "room": room,
        "title": NAMES[room]["title"],
        "page_title": NAMES[room]["title"],
        "names": NAMES[room],
        "filters": filters,
        "items": items,
        "count": count,
        "page": page,
        "size": SIZE,
        "facets": _facets(library, counted, filters, words) if counted else {},
        "kept": _kept(filters),
        "active": _active(library, filters, words),
        "clear_url": f"/{room}",
        "subscribe_url": f"/{room}/subscribe" + (f"?{query}" if query else ""),
        "sorts": _sorts(library),
        "record": None if is_fragment(request) else _first(library, rows, words, actor),
        "empty": _empty(library, filters),
    }  # fmt: skip


def _first(library: Library, rows: list[Any], words: Words, actor: Any) -> dict[str, Any] | None:
    """The preview of the first record, shown until another is chosen."""
    return with_open(panel(library, rows[0], words, actor)) if rows else None


class _Names(dict[str, dict[str, str]]):
    """Names of the rooms in the reader's language, looked up when they are shown."""

    def __missing__(self, room: str) -> dict[str, str]:
        return {
            "achievements": {
                "title": _("成果"), "legend": _("筛选成果"), "publish": "/publish/achievement",
                "verb": _("发布成果"), "whole": _("成果库"),
            },
            "demands": {
                "title": _("需求"), "legend": _("筛选需求"), "publish": "/publish/demand",
                "verb": _("发布需求"), "whole": _("需求大厅"),
            },
            "experts": {
                "title": _("专家"), "legend": _("筛选专家"), "publish": "/publish/expert",
                "verb": _("登记专家"), "whole": _("专家库"),
            },
        }[room]  # fmt: skip


NAMES = _Names()
ROOMS = ("achievements", "demands", "experts")
_TABLES = {"field": "field", "mode": "deal_modes", "availability": "availability"}


def _facet_titles() -> dict[str, str]:
    return {
        "field": _("技术领域"), "trl": _("成熟度"), "mode": _("合作方式"), "region": _("地区"),
        "availability": _("可服务状态"),
    }  # fmt: skip


def value_label(name: str, value: str, words: Words) -> str:
    """What a value of a filter is called."""
    if name == "trl":
        bands = {"1-4": _("1–4 级 原理与实验"), "5-6": _("5–6 级 样机"), "7-9": _("7–9 级 可落地")}
        return bands.get(value, value)
    if name == "region":
        return words.region(value)
    return words.label(_TABLES[name], value) if name in _TABLES else value


def _facets(library: Library, found: Facets, filters: Filters, words: Words) -> dict[str, Any]:
    titles, groups = _facet_titles(), []
    for name, counted in found.values.items():
        chosen = getattr(filters, name)
        values = [v for v, _n in counted]
        options = [
            {"value": v, "text": value_label(name, v, words), "count": n, "checked": v in chosen}
            for v, n in counted
        ]
        # A chosen value that leaves nothing stays, so that it can be taken away.
        options += [
            {"value": v, "text": value_label(name, v, words), "count": 0, "checked": True}
            for v in chosen
            if v not in values
        ]
        if name == "trl":
            options.sort(key=lambda o: str(o["value"]))
        if options:
            shown = name in ("field", "trl", "mode", "availability") or bool(chosen)
            groups.append({"name": name, "title": titles[name], "open": shown, "options": options})
    keep = [{"name": "q", "value": filters.q}] if filters.q else []
    if filters.sort != "latest":
        keep.append({"name": "sort", "value": filters.sort})
    return {
        "action": f"/{library.room}", "legend": NAMES[library.room]["legend"], "count": found.total,
        "groups": groups, "keep": keep,
    }  # fmt: skip


def _kept(filters: Filters) -> list[tuple[str, str]]:
    """What the search field must carry along: the filters chosen at the side."""
    found: list[tuple[str, str]] = []
    for name, value in filters.as_query().items():
        if name not in ("q", "sort"):
            listed = [value] if isinstance(value, str) else value
            found += [(name, v) for v in listed]
    return found


def _active(library: Library, filters: Filters, words: Words) -> list[dict[str, str]]:
    chips = []

    def without(**changes: Any) -> str:
        rest = urlencode(replace(filters, **changes).as_query(), doseq=True)
        return f"/{library.room}" + (f"?{rest}" if rest else "")

    if filters.q:
        chips.append({"text": f"「{filters.q[:20]}」", "remove_url": without(q="")})
    for name in ("field", "trl", "mode", "region", "availability"):
        for value in getattr(filters, name):
            rest = tuple(v for v in getattr(filters, name) if v != value)
            text = value_label(name, value, words)
            chips.append({"text": text, "remove_url": without(**{name: rest})})
    return chips


def _sorts(library: Library) -> list[tuple[str, str]]:
    found = [("latest", _("最新更新")), ("complete", _("信息最全"))]
    if library.kind == "achievement":
        found.append(("price", _("价格从低到高")))
    return found


def _empty(library: Library, filters: Filters) -> dict[str, Any]:
    names = NAMES[library.room]
    if filters == Filters(sort=filters.sort):
        text = {"title": _("这里还没有公开的条目"), "text": "", "icon": "inbox"}
        return {**text, "actions": [{"text": names["verb"], "url": names["publish"]}]}
    narrowed = replace(filters, region=()) if filters.region else replace(Filters(), q=filters.q)
    if filters.q and narrowed == filters:
        way = {"text": _("用这句话匹配"), "url": "/?" + urlencode({"q": filters.q})}
    elif filters.region:
        rest = urlencode(narrowed.as_query(), doseq=True)
        way = {"text": _("放宽地区"), "url": f"/{library.room}?{rest}"}
    else:
        rest = urlencode(narrowed.as_query(), doseq=True)
        way = {"text": _("清空条件"), "url": f"/{library.room}?{rest}"}
    return {
        "title": _("没有符合的条目"), "text": _("条件之间是“并且”的关系，放宽一个再看。"),
        "icon": "search", "actions": [way],
    }  # fmt: skip


@require_GET
def preview(request: HttpRequest, room: str, record_id: int) -> HttpResponse:
    """The right column: a record in short. Its own page is one click further."""
    library = library_of(room)
    actor = request.actor  # type: ignore[attr-defined]
    record = records.get(library, actor, record_id)
    if not is_fragment(request):
        return redirect(f"/{room}/{record_id}")
    made = panel(library, record, Words(), actor)
    return render(request, "components/detail_panel.html", {"record": with_open(made)})


def with_open(made: dict[str, Any]) -> dict[str, Any]:
    """The preview's one action: open the page."""
    action = {"text": _("查看全部"), "url": made["url"], "method": "get", "tone": "primary"}
    return {**made, "actions": [action]}


@require_POST
def subscribe(request: HttpRequest, room: str) -> HttpResponse:
    """Keep this filter and be told of what is new."""
    library = library_of(room)
    actor = request.actor  # type: ignore[attr-defined]
    filters = filters_from(query_of(request.GET))
    back = f"/{room}" + (f"?{request.GET.urlencode()}" if request.GET else "")
    if actor.is_anonymous:
        return sign_in(request, back)
    chips = _active(library, filters, Words())
    name = _("、").join(c["text"] for c in chips) or NAMES[room]["whole"]
    beside.save_search(actor=actor, library=library, filters=filters, name=name)
    say(request, _("已订阅。有新条目时会在消息里告诉您。"))
    return redirect(back)


urls: list[URLPattern] = [
    *(path(room, listing, {"room": room}, name=room) for room in ROOMS),
    *(path(f"{room}/subscribe", subscribe, {"room": room}) for room in ROOMS),
    *(path(f"{room}/<int:record_id>/preview", preview, {"room": room}) for room in ROOMS),
]
