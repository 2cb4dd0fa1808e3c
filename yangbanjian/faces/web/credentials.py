"""Credentials for programs and for people: the issuer's identity, status lists, and the page on
which anyone who has the address sees what was signed and how it stands."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from yangbanjian.ground.credentials import actions, printing, queries
from yangbanjian.ground.credentials.rules.documents import LIST_KEPT

# The list is signed for moments ten seconds apart and kept for thirty: a revocation is seen
# within a minute everywhere.
KEPT_S = int(LIST_KEPT.total_seconds())
HIGHEST_ID = 2**63 - 1
VC = "application/vc"


@require_safe
@cache_control(public=True, max_age=KEPT_S)
def identity(request: HttpRequest) -> HttpResponse:
    """did:web: who issues here, and with which keys."""
    return JsonResponse(queries.identity())


@require_safe
@cache_control(public=True, max_age=KEPT_S)
def status(request: HttpRequest, list_id: int) -> HttpResponse:
    """A status list as a signed credential."""
    return HttpResponse(queries.status_list(min(list_id, HIGHEST_ID)), content_type=VC)


@require_safe
@cache_control(no_cache=True)
def show(request: HttpRequest, token: str) -> HttpResponse:
    """The same fields as in the document and on paper, and how it stands now."""
    found = queries.by_token(token)
    shown = queries.shown(found)
    address = queries.address_of(found)
    context = {
        "page_title": shown.title, "shown": shown, "rows": printing.rows_of(shown),
        "standing": queries.status_of(found), "token": token, "address": address,
        "host": queries.host_of(address), "list_id": found.status_list_id,
    }  # fmt: skip
    return render(request, "evidence/credential.html", context)


@require_safe
@cache_control(public=True, max_age=3600)
def document(request: HttpRequest, token: str) -> HttpResponse:
    """The signed document, byte for byte as it was issued."""
    answer = HttpResponse(queries.by_token(token).document, content_type=VC)
    answer.headers["Content-Disposition"] = f'attachment; filename="{token}.vc.json"'
    return answer


@require_safe
@cache_control(public=True, max_age=3600)
def paper(request: HttpRequest, token: str) -> HttpResponse:
    """The sealed PDF."""
    content = actions.page(credential=queries.by_token(token))
    answer = HttpResponse(content, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{token}.pdf"'
    return answer


urls: list[URLPattern] = [
    path(".well-known/did.json", identity),
    path("status/<int:list_id>", status),
    path("credentials/<str:token>.vc.json", document),
    path("credentials/<str:token>.pdf", paper),
    path("credentials/<str:token>", show, name="credential"),
]
