"""The mark 「收藏」 on a record, and the list of what one has marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from yangbanjian.faces.web.cards import card, star_of
from yangbanjian.faces.web.libraries import NAMES, ROOMS, library_of, page_of
from yangbanjian.faces.web.refusing import came_to, is_fragment, say, sign_in
from yangbanjian.faces.web.words import Words
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.libraries.records import beside, policy
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.queries import Library

SIZE = 20


@require_POST
def mark(request: HttpRequest, room: str, record_id: int) -> HttpResponse:
    """Star it (`on=1`) or take the star away (`on=0`): what is wanted is said, so that a form
    sent twice does no harm. With htmx the star comes back, without it the page one came from."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    library = library_of(room)
    if not policy.may_star(actor).allowed:
        return sign_in(request)
    is_on = request.POST.get("on") != "0"
    verb = beside.star if is_on else beside.unstar
    verb(actor=actor, library=library, record_id=record_id)
    if is_fragment(request):
        title = request.POST.get("title", "")[:200]
        shown = star_of(library, record_id, title, is_on=is_on)
        return render(request, "components/star.html", {"star": shown})
    say(request, _("已收藏。在「我的收藏」里可以找到。") if is_on else _("已取消收藏。"))
    return redirect(f"{came_to(request)}#star-{library.kind}-{record_id}")


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """/desk/stars: what I marked, the latest first. Of what I may no longer see, only that."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.is_anonymous:
        return sign_in(request)
    found = records.stars(actor)
    page = page_of(request)
    return render(
        request,
        "desk/stars.html",
        {
            "rows": _rows(actor, list(found[(page - 1) * SIZE : page * SIZE])),
            "count": found.count(), "page": page, "size": SIZE,
            "page_title": _("我的收藏"), "section": "desk",
            "empty": {
                "title": _("还没有收藏"), "icon": "star",
                "text": _("看到合适的成果、需求或专家，点星标，就会收在这里，只有您自己看得到。"),
                "actions": [{"text": _("去看成果"), "url": "/achievements"}],
            },
        },
    )  # fmt: skip


def _is_taken_back(actor: Actor, library: Library, record: Any) -> bool:
    """A list that one keeps must not go on carrying what its owner took back."""
    is_inside = library.may_write(actor, record) or actor.has_any(Role.OPERATOR, Role.AUDITOR)
    return record.state == "withdrawn" and not is_inside


def _rows(actor: Actor, marks: Sequence[Any]) -> list[dict[str, Any]]:
    words, seen = Words(), {}
    for room, library in records.LIBRARIES.items():
        wanted = [m.record_id for m in marks if m.library == room]
        if wanted:
            seen[room] = records.among(library, actor, wanted)
    rows = []
    for m in marks:
        library, record = records.LIBRARIES[m.library], seen[m.library].get(m.record_id)
        if record is None or _is_taken_back(actor, library, record):
            title = NAMES[m.library]["title"]
            star = star_of(library, m.record_id, title, is_on=True)
            rows.append({"item": None, "star": star, "made_at": m.made_at, "library": title})
        else:
            star = star_of(library, m.record_id, record.title, is_on=True)
            rows.append({"item": card(library, record, words, actor, star=star)})
    return rows


urls: list[URLPattern] = [
    path("desk/stars", listing, name="stars"),
    *(path(f"{room}/<int:record_id>/star", mark, {"room": room}) for room in ROOMS),
]
