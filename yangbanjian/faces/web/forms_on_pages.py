"""Forms on pages: several on one page, told apart by the field `do`; refusals become errors.

A refused form comes back with status 422 and all that was typed; a done one redirects, so that
reloading repeats nothing. All of it works without script.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from yangbanjian.kernel.actor import ANONYMOUS, Actor
from yangbanjian.kernel.refusals import Invalid, NotAllowed, Problem, Refusal, TooMany

Answer = HttpResponse | str
LONGEST_PATH = 500
WAYS_IN = frozenset({
    "/login", "/login/second", "/login/provider", "/login/provider/back", "/logout", "/register",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """A form and what it does with cleaned values: a sentence to show after the redirect, or a
    whole response."""

    form: type[forms.Form]
    run: Callable[[dict[str, Any]], Answer]
    initial: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


def actor_of(request: HttpRequest) -> Actor:
    """Who acts, as the middleware found out."""
    found = getattr(request, "actor", ANONYMOUS)
    return found if isinstance(found, Actor) else ANONYMOUS


def client_address(request: HttpRequest) -> str:
    """The network address of the visitor; behind our own proxy, the one that it names."""
    direct = str(request.META.get("REMOTE_ADDR") or "")
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR") or "")
    if settings.YBJ_PUBLIC_URL and forwarded and direct in {"", "127.0.0.1", "::1"}:
        # The last one was added by the proxy; those before it are what the visitor claims.
        return forwarded.rsplit(",", 1)[-1].strip()[:64]
    return direct[:64]


def safe_next(request: HttpRequest, default: str = "/desk/") -> str:
    """The page of this site that was wanted; never another site's, never the way in itself."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return checked_path(request, wanted, default)


def checked_path(request: HttpRequest, wanted: str, default: str = "/desk/") -> str:
    is_way_in = wanted.split("?")[0] in WAYS_IN
    return default if is_way_in else path_here(request, wanted, default)


def path_here(request: HttpRequest, wanted: str, default: str) -> str:
    """The path if it is one of this site, else the default: never another site, nor a name."""
    is_ours = (
        wanted.startswith("/")
        and len(wanted) <= LONGEST_PATH
        and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    )
    return wanted if is_ours else default


def said(refusal: Refusal | Problem) -> str:
    """The sentence in the reader's language."""
    return (
        gettext(refusal.sentence) % refusal.params if refusal.params else gettext(refusal.sentence)
    )


def add_refusal(form: forms.Form, refusal: Refusal) -> None:
    """Put each problem under its field, the rest above the form."""
    problems = refusal.problems if isinstance(refusal, Invalid) else ()
    for problem in problems:
        form.add_error(problem.field if problem.field in form.fields else None, said(problem))
    if not problems:
        form.add_error(None, said(refusal))


def answer_acts(
    request: HttpRequest,
    template: str,
    acts: Mapping[str, Act],
    context: Callable[[], dict[str, Any]],
    status: int = 200,
) -> HttpResponse:
    """The page with its forms, or what a sent form did. `context` is asked after the act."""
    sent = request.POST.get("do", next(iter(acts))) if request.method == "POST" else ""
    bound: dict[str, forms.Form] = {}
    headers: dict[str, str] = {}
    if sent in acts:
        act = acts[sent]
        form = act.form(request.POST, request.FILES, auto_id=f"{sent}_%s", **act.options)
        bound[sent] = form
        status = 422
        if form.is_valid():
            try:
                answer = act.run(form.cleaned_data)
            except Refusal as refusal:
                add_refusal(form, refusal)
                status, headers = _refused(refusal)
            else:
                if isinstance(answer, HttpResponse):
                    return answer
                if answer:
                    messages.success(request, answer)
                return redirect(request.get_full_path())
    elif sent:
        status = 422
        messages.error(request, gettext("没有这个操作，请刷新页面再试。"))
    shown = {
        name: bound.get(name)
        or act.form(initial=dict(act.initial), auto_id=f"{name}_%s", **act.options)
        for name, act in acts.items()
    }
    refused = next(iter(bound.values()), None)
    filled = {"forms": shown, "refused": refused, "next": safe_next(request, ""), **context()}
    answer = render(request, template, filled, status=status)
    for name, value in headers.items():
        answer[name] = value
    return answer


def _refused(refusal: Refusal) -> tuple[int, dict[str, str]]:
    if isinstance(refusal, TooMany):
        return 429, {"Retry-After": str(refusal.params.get("retry_after_seconds", 60))}
    is_forbidden = isinstance(refusal, NotAllowed) and refusal.code.endswith(
        ("_only", "not_yours", "not_your_organisation")
    )
    return (403 if is_forbidden else 422), {}
