"""What surrounds every page: chosen look, app manifest, offline page, service worker.

Nothing here reads a table. The look (larger text, high contrast, night) lives in one cookie
per choice, so that the server can render it before any script runs.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from yangbanjian.faces.web.forms_on_pages import path_here

LOOKS: Final = {"size": ("xl", "lg"), "contrast": ("high",), "theme": ("night",)}
COOKIE_PREFIX: Final = "look_"
YEAR_S: Final = 365 * 86_400


def look(request: HttpRequest) -> dict[str, dict[str, str]]:
    """Context processor: `look.size`, `look.contrast`, `look.theme`, each a known value or ""."""
    chosen = {name: request.COOKIES.get(COOKIE_PREFIX + name, "") for name in LOOKS}
    return {"look": {name: v if v in LOOKS[name] else "" for name, v in chosen.items()}}


@require_POST
def set_look(request: HttpRequest) -> HttpResponse:
    """Keeps a choice for a year without script: form fields size, contrast or theme, and next."""
    answer = redirect(path_here(request, request.POST.get("next", "/"), "/"))
    for name, values in LOOKS.items():
        if name not in request.POST:
            continue
        if request.POST[name] in values:
            # prefs.js reads it before the first paint: not HttpOnly. It says nothing personal.
            answer.set_cookie(
                COOKIE_PREFIX + name,
                request.POST[name],
                max_age=YEAR_S,
                samesite="Lax",
                secure=request.is_secure(),
            )
        else:
            answer.delete_cookie(COOKIE_PREFIX + name, samesite="Lax")
    return answer


@require_GET
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """The app manifest, with the site's own name."""
    return render(
        request, "manifest.webmanifest", content_type="application/manifest+json; charset=utf-8"
    )


@require_GET
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker, served from the root so that its scope is the whole site."""
    return render(request, "sw.js", content_type="text/javascript; charset=utf-8")


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """What the installed app shows without a network; holds nothing of the visitor."""
    return render(request, "offline.html")


shell_urls: list[URLPattern] = [
    path("look", set_look, name="set_look"),
    path("manifest.webmanifest", manifest, name="manifest"),
    path("sw.js", service_worker, name="service_worker"),
    path("offline", offline, name="offline"),
]
