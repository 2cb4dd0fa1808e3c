"""What is refused becomes a page that says why and what to do; it is never a bare error."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _

from yangbanjian.faces.web.words import of_problem, of_refusal
from yangbanjian.kernel.actor import ANONYMOUS
from yangbanjian.kernel.refusals import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    Refusal,
    TooMany,
)

Next = Callable[[HttpRequest], HttpResponseBase]
SIGN_IN_CODES = frozenset({"people.sign_in_first"})


class RefusalPages:
    """Turns refusals that a page view lets pass into pages. The API has its own way."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            # The same address answers with a page or a part of it, and to each reader their own.
            patch_vary_headers(response, ["HX-Request", "Cookie"])
            if not getattr(request, "actor", ANONYMOUS).is_anonymous:
                patch_cache_control(response, private=True)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, RequestDataTooBig | TooManyFieldsSent):
            return too_big(request)
        if not isinstance(error, Refusal) or request.path.startswith("/api/"):
            return None
        return answer(request, error)


def is_fragment(request: HttpRequest) -> bool:
    """Does htmx ask for a part of the page? Going back in history asks for the whole."""
    headers = request.headers
    return "HX-Request" in headers and headers.get("HX-History-Restore-Request") != "true"


def sign_in(request: HttpRequest, back: str = "") -> HttpResponse:
    """To the sign-in page, and back here afterwards."""
    target = "/login?" + urlencode({"next": back or came_to(request)})
    if is_fragment(request):
        response = HttpResponse(status=HTTPStatus.NO_CONTENT)
        response["HX-Redirect"] = target
        return response
    return redirect(target)


def came_to(request: HttpRequest) -> str:
    """Where to return: this page, or for a form the page that it stood on."""
    if request.method == "GET":
        return request.get_full_path()
    came = urlsplit(request.headers.get("Referer", ""))
    if came.netloc == request.get_host() and came.path:
        return came.path + (f"?{came.query}" if came.query else "")
    return "/desk/"


def answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The page for a refusal."""
    actor = getattr(request, "actor", ANONYMOUS)
    if isinstance(refusal, NotAllowed):
        if actor.is_anonymous or refusal.code in SIGN_IN_CODES:
            return sign_in(request)
        context = {"reason": of_refusal(refusal)}
        if refusal.code == "access.needed":
            # The way to what is an owner's stands on the page that refuses it.
            asked = {"owner": refusal.params["owner_id"], "next": came_to(request)}
            context["access_url"] = f"/desk/access?{urlencode(asked)}"
        return render(request, "403.html", context, status=403)
    if isinstance(refusal, NotFound):
        return render(request, "404.html", {"reason": of_refusal(refusal)}, status=404)
    if isinstance(refusal, TooMany):
        context = {"reason": of_refusal(refusal)}
        response = render(request, "429.html", context, status=429)
        response["Retry-After"] = str(refusal.params.get("retry_after_seconds", 60))
        return response
    return _cannot(request, refusal)


def _cannot(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    context: dict[str, Any] = {"said": of_refusal(refusal), "back": came_to(request)}
    if isinstance(refusal, Invalid):
        context["problems"] = [of_problem(p) for p in refusal.problems]
        return render(request, "refused.html", context, status=422)
    status = 409 if isinstance(refusal, Conflict) else 400
    return render(request, "refused.html", context, status=status)


def too_big(request: HttpRequest) -> HttpResponse:
    """More was sent than a form may hold."""
    context = {"said": _("内容太大了，请缩短后再提交。文字最多约 20 万字，图片最多 8 MB。")}
    return render(request, "refused.html", context, status=413)


def say(request: HttpRequest, text: str, tone: str = "success") -> None:
    """A note on top of the next page."""
    level = {"success": messages.SUCCESS, "warning": messages.WARNING, "info": messages.INFO}
    messages.add_message(request, level[tone], text)


def problems_by_field(refusal: Invalid) -> dict[str, list[str]]:
    """Sentences for each field, in the reader's language."""
    found: dict[str, list[str]] = {}
    for problem in refusal.problems:
        found.setdefault(problem.field, []).append(of_problem(problem))
    return found
