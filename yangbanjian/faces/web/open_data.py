"""Open data of the floor: what there is, the feed of notices and results, our own extension."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from yangbanjian.faces.web.misc import counters
from yangbanjian.faces.web.timelines import PAST
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.market.openness import queries

NEWEST = 5


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """/open-data: the libraries and the floor, how to fetch them, under which licence."""
    by = queries.publisher()
    context: dict[str, Any] = {
        "page_title": _("开放数据"), "floor": queries.counts(), "publisher": by,
        "is_sandbox": clock.is_sandbox(), "is_registered": queries.is_prefix_registered(),
        "newest": [_told(one) for one in queries.feed(NEWEST)],
        "counters": counters(),
    }  # fmt: skip
    return render(request, "misc/open_data.html", context)


def _told(one: Any) -> dict[str, Any]:
    return {
        "title": one.listing.title, "what": translated(PAST[one.kind][0]), "at": one.date,
        "url": f"/listings/{one.listing_id}", "ocid": one.ocid, "id": f"{one.ocid}-{one.entry_id}",
    }  # fmt: skip


@require_safe
@cache_control(public=True, max_age=60)
def feed(request: HttpRequest) -> HttpResponse:
    """/open-data/feed.atom: notices and results of the floor, the latest first."""
    by = queries.publisher()
    told = Atom1Feed(
        title=_("%(name)s：挂牌和成交") % {"name": by.name}, link=f"{by.base}/open-data",
        description="", language=request.LANGUAGE_CODE,
        feed_url=f"{by.base}/open-data/feed.atom", feed_copyright=by.licence,
    )  # fmt: skip
    for one in queries.feed():
        said = _told(one)
        told.add_item(
            title=_("%(what)s：%(title)s") % said, link=by.base + said["url"], description=said["ocid"],
            unique_id=f"{by.base}/api/v1/ocds/releases/{said['id']}", pubdate=one.date,
            updateddate=one.date,
        )  # fmt: skip
    answer = HttpResponse(told.writeString("utf-8"), content_type="application/atom+xml")
    answer["Vary"] = "Accept-Language, Cookie"
    return answer


@require_safe
@cache_control(public=True, max_age=3600)
def extension(request: HttpRequest, name: str) -> HttpResponse:
    """/ocds/extensions/auctions/…: our own extension of the standard, at a stable address."""
    text, kind = queries.extension_file(name)
    answer = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


urls: list[URLPattern] = [
    path("open-data", page, name="open_data"),
    path("open-data/feed.atom", feed),
    path("ocds/extensions/auctions/<path:name>", extension),
]
