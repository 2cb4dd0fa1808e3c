"""«存证»: the log's head, tiles and keys for programs, and the proof of one entry for people."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from yangbanjian.faces.verifier import verifier_source
from yangbanjian.faces.web.libraries import ROOMS, library_of
from yangbanjian.faces.web.timelines import timeline_of
from yangbanjian.ground.credentials import queries as credentials
from yangbanjian.ground.log import queries
from yangbanjian.ground.log.rules.tiles import read_address
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Refusal

YEAR_S = 365 * 86_400
HIGHEST_ID = 2**63 - 1


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What the log is, its newest head, and what an auditor needs."""
    head = queries.head()
    return render(request, "evidence/log.html", {"page_title": _("存证日志"), "head": head})


@require_safe
@cache_control(public=True, max_age=1)
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed head, as C2SP tlog-tiles has it."""
    return _text(queries.head_or_refuse().note)


@require_safe
def tile(request: HttpRequest, level: int, address: str) -> HttpResponse:
    """Hashes of one tile. A full one never changes; what is asked for by a short number may be
    given incomplete, and is then not kept."""
    wanted = read_address(level, address)
    found = queries.tile(wanted, is_lenient=len(address) < 3) if wanted is not None else None
    if wanted is None or not found:
        raise Http404
    answer = HttpResponse(found, content_type="application/octet-stream")
    is_whole = len(found) == 32 * wanted.width
    answer.headers["Cache-Control"] = (
        f"public, max-age={YEAR_S}, immutable" if is_whole else "no-store"
    )
    return answer


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The public keys and how each followed another: to be kept by whoever wants to check."""
    said = queries.published_keys()
    return JsonResponse({**said, "keys": [*said["keys"], *credentials.published_keys()]})


@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    """The verifier in one file."""
    answer = _text(verifier_source())
    answer.headers["Content-Disposition"] = 'attachment; filename="verify.py"'
    return answer


@require_safe
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """The proof of one entry, explained."""
    found = queries.entry_for(_actor(request), min(entry_id, HIGHEST_ID))
    context: dict[str, Any] = {
        "page_title": _("存证"), "entry": found, "told": timeline_of([found])[0],
        "subject": _subject(found), "proof": None, "waits": "",
    }  # fmt: skip
    try:
        leaf, head = queries.place_of(found)
    except Refusal as refusal:
        context["waits"] = _(refusal.sentence)
    else:
        context |= {"leaf": leaf, "number": leaf.position + 1, "head": head}
        context["proof"] = queries.proof(found)
    return render(request, "evidence/entry.html", context)


@require_safe
def packet(request: HttpRequest, entry_id: int) -> HttpResponse:
    """The packet of one entry, to take away."""
    actor = _actor(request)
    found = queries.entry_for(actor, min(entry_id, HIGHEST_ID))
    answer = HttpResponse(queries.packet(actor, found), content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="packet-{entry_id}.json"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


def _text(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _subject(found: Any) -> dict[str, str]:
    """What the entry is about, with its page where it has one."""
    text = f"{found.subject_kind}:{found.subject_id}"
    for room in ROOMS:
        if library_of(room).kind == found.subject_kind:
            return {"text": text, "url": f"/{room}/{found.subject_id}"}
    return {"text": text, "url": ""}


urls: list[URLPattern] = [
    path("log", about, name="evidence"),
    path("log/checkpoint", checkpoint),
    path("log/tile/<int:level>/<path:address>", tile),
    path("log/keys", keys),
    path("log/verify.py", verifier),
    path("log/entries/<int:entry_id>", entry),
    path("log/entries/<int:entry_id>/packet", packet),
]
