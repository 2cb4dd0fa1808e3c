"""About, privacy, accessibility, site map; languages; stored files; robots."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from yangbanjian.faces.web.forms_on_pages import path_here
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.people.rules.personal import PERSONAL_DATA, PersonalField
from yangbanjian.ground.site import queries as site
from yangbanjian.libraries.records import queries as records

YEAR_S = 365 * 86_400
PAGES = {"about": "about", "accessibility": "accessibility"}


@require_safe
def plain(request: HttpRequest, name: str) -> HttpResponse:
    """A page of text."""
    titles = {"about": _("关于"), "accessibility": _("无障碍声明")}
    context = {"page_title": titles[name], "counters": counters()}
    return render(request, f"misc/{PAGES[name]}.html", context)


def counters() -> list[dict[str, Any]]:
    """Each library: what it is called, how many records are public, how many percent are stale."""
    counted = records.counters()
    named = (("achievements", _("成果")), ("demands", _("需求")), ("experts", _("专家")))
    return [
        {"text": text, "n": counted[room][0], "stale": counted[room][1], "room": room}
        for room, text in named
        if room in counted
    ]


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What personal data is held, why, on what basis and how long."""
    return render(
        request, "misc/privacy.html", {"page_title": _("隐私政策"), "register": register()}
    )


def register() -> list[dict[str, str]]:
    """The register of personal data that the people room keeps, in the reader's language."""
    return [
        {
            "what": translated(kind.label),
            "purpose": translated(kind.purpose),
            "basis": translated(kind.basis),
            "retention": _kept_for(days_kept(kind)),
        }
        for kind in PERSONAL_DATA
    ]


def days_kept(kind: PersonalField) -> int | None:
    """How long, as the operator has set it where they may."""
    if kind.setting:
        return int(getattr(site.settings(), kind.setting))
    return kind.retention_days


def _kept_for(days: int | None) -> str:
    if days is None:
        return _("到您注销为止")
    return ngettext("%(n)d 天", "%(n)d 天", days) % {"n": days}


@require_safe
def site_map(request: HttpRequest) -> HttpResponse:
    """Every public place, in words."""
    return render(request, "misc/sitemap.html", {"page_title": _("网站地图")})


@require_safe
@cache_control(max_age=3600, public=True)
def robots(request: HttpRequest) -> HttpResponse:
    """Public pages may be indexed; workspaces and forms need not be asked for."""
    lines = ["User-agent: *", "Disallow: /desk/", "Disallow: /publish", "Disallow: /ask/",
             "Disallow: /api/", "Disallow: /login", "Disallow: /*?", ""]  # fmt: skip
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keeps the language in a cookie and comes back."""
    target = path_here(request, request.POST.get("next", "/"), "/")
    response = redirect(target)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR_S, samesite="Lax",
            secure=request.is_secure(), httponly=True,
        )  # fmt: skip
    return response


@require_safe
def stored_file(request: HttpRequest, sha256: str) -> HttpResponse:
    """A stored file; its address is its content, so it never changes."""
    stored, content = files.read(actor=request.actor, sha256=sha256)  # type: ignore[attr-defined]
    response = HttpResponse(content, content_type=stored.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    scope = "public" if stored.is_public else "private"
    response["Cache-Control"] = f"{scope}, max-age={YEAR_S}, immutable"
    if not stored.is_inline:
        name = quote(stored.name or sha256[:12])
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


urls: list[URLPattern] = [
    *(path(name, plain, {"name": name}, name=PAGES[name]) for name in PAGES),
    path("privacy", privacy, name="privacy"),
    path("sitemap", site_map, name="sitemap"),
    path("robots.txt", robots, name="robots"),
    path("language", set_language, name="set_language"),
    path("files/<str:sha256>", stored_file, name="file"),
]
