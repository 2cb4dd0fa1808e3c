"""Messages and saved searches."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from yangbanjian.faces.web.libraries import NAMES, page_of
from yangbanjian.faces.web.refusing import say, sign_in
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages import queries as inbox
from yangbanjian.ground.messages.letters import sentence
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.libraries.records import beside
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.rules.searches import query_string

SIZE = 30
LOOKS = {
    "match": ("sparkles", "match"), "direction": ("bulb", "brand"), "introduction": ("heart-handshake", "demand"),
    "search": ("bell", "brand"), "expiry": ("hourglass", "warn"), "moderation": ("checks", "ok"),
    "log": ("alert-triangle", "bad"), "access": ("eye", "warn"),
}  # fmt: skip


def letter(notice: Any) -> dict[str, Any]:
    """A message as inbox_row.html shows it."""
    icon, tone = LOOKS.get(notice.topic, ("mail", ""))
    needs = notice.needs_action and notice.read_at is None
    return {
        "url": f"/desk/inbox/{notice.pk}" if notice.url else "",
        "title": sentence(notice.sentence, notice.params), "at": notice.made_at,
        "unread": notice.read_at is None, "icon": icon, "tone": tone,
        "tag": {"text": _("要您处理"), "tone": "warn"} if needs else None,
    }  # fmt: skip


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """/desk/inbox: newest first."""
    actor = request.actor  # type: ignore[attr-defined]
    if actor.is_anonymous:
        return sign_in(request)
    unread_only = request.GET.get("show") == "unread"
    found = inbox.inbox(actor, unread=unread_only)
    page = page_of(request)
    return render(
        request,
        "desk/inbox.html",
        {
            "letters": [letter(n) for n in found[(page - 1) * SIZE : page * SIZE]],
            "count": found.count(), "page": page, "size": SIZE, "unread_only": unread_only,
            "page_title": _("消息"), "section": "inbox",
        },
    )  # fmt: skip


@require_safe
def opened(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Opening a message reads it and leads to what it is about."""
    actor = request.actor  # type: ignore[attr-defined]
    if actor.is_anonymous:
        return sign_in(request)
    notice = inbox.inbox(actor).filter(pk=notice_id).first()
    if notice is None:
        raise NotFound("inbox.not_found", _("没有找到这条消息。"))
    if request.method == "GET":
        messages.read(actor=actor, notice_ids=[notice_id])
    # Messages are written by our own rooms: their addresses are paths of this site.
    target = notice.url if notice.url.startswith("/") and not notice.url.startswith("//") else ""
    return redirect(target or "/desk/inbox")


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    messages.read(actor=request.actor)  # type: ignore[attr-defined]
    say(request, _("都标成已读了。"))
    return redirect("/desk/inbox")


@require_safe
def searches(request: HttpRequest) -> HttpResponse:
    """/desk/searches: what I am told about."""
    actor = request.actor  # type: ignore[attr-defined]
    if actor.is_anonymous:
        return sign_in(request)
    rows = [
        {
            "pk": s.pk, "name": s.name or s.library, "made_at": s.made_at,
            "library": NAMES[s.library]["whole"] if s.library in records.LIBRARIES else s.library,
            "url": f"/{s.library}?{query_string(s.query)}",
        }
        for s in records.searches(actor)
    ]  # fmt: skip
    return render(
        request, "desk/searches.html",
        {"rows": rows, "page_title": _("订阅"), "section": "desk"},
    )  # fmt: skip


@require_POST
def forget(request: HttpRequest, search_id: int) -> HttpResponse:
    beside.forget_search(actor=request.actor, search_id=search_id)  # type: ignore[attr-defined]
    say(request, _("已取消订阅。"))
    return redirect("/desk/searches")


urls: list[URLPattern] = [
    path("desk/inbox", listing, name="inbox"),
    path("desk/inbox/read", read_all, name="inbox_read"),
    path("desk/inbox/<int:notice_id>", opened, name="inbox_open"),
    path("desk/searches", searches, name="searches"),
    path("desk/searches/<int:search_id>/forget", forget, name="forget_search"),
]
