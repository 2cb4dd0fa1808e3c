"""成果名片 and the code that leads to a record's page."""

from __future__ import annotations

import io
from typing import Any

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from yangbanjian.faces.web.cards import amount_of, content_language, owner_name
from yangbanjian.faces.web.details import kpis, panel
from yangbanjian.faces.web.libraries import ROOMS
from yangbanjian.faces.web.record_pages import loaded
from yangbanjian.faces.web.words import Words
from yangbanjian.ground.site import queries as site


@require_safe
def name_card(request: HttpRequest, record_id: int) -> HttpResponse:
    """成果名片: one A4 page, the same on screen."""
    library, record, actor = loaded(request, "achievements", record_id)
    words = Words()
    made = panel(library, record, words, actor)
    named = [f for f in made["facts"] if f["term"] in _card_terms() and f.get("text")]
    rights = [
        {"term": _("知识产权"), "text": _("%(n)d 件") % {"n": len(record.rights)}}
    ] if record.rights else []  # fmt: skip
    said = site.settings()
    value = made["trl"]
    context = {
        "card": {
            "kicker": _("成果名片　编号 %(no)s") % {"no": f"A-{record.pk:06d}"},
            "title": record.title,
            "lang": content_language(record.title),
            "line": record.value_line or owner_name(record),
            "qr_url": f"/achievements/{record.pk}/qr.svg",
            "qr_note": _("扫码看详情"),
            "kpis": kpis(record.results, 4),
            "problem": (record.problem or record.abstract)[:260],
            "uses": list(record.keywords[:5]),
            "comparison": _card_comparison(record),
            "facts": [*named, *rights],
            "trl": value,
            "contact": {"name": said.operator, "phone": said.contact},
            "foot_left": request.build_absolute_uri(f"/achievements/{record.pk}"),
            "foot_right": _("信息由成果方提供并对真实性负责"),
        },
        "room": "achievements",
        "item": record,
        "page_title": _("成果名片：%(title)s") % {"title": record.title},
        "section": "achievements",
    }
    return render(request, "card.html", context)


def _card_terms() -> set[str]:
    return {_("合作方式"), _("参考价格"), _("持有单位"), _("完成人"), _("所在地区")}


def _card_comparison(record: Any) -> dict[str, Any] | None:
    rows = [
        [r.get("metric") or "", amount_of(r), r.get("conditions") or r.get("evidence") or "—"]
        for r in record.results[:5]
        if amount_of(r)
    ]
    if not rows:
        return None
    heads = [_("指标"), _("实测"), _("条件")]
    return {"title": _("实测结果"), "head": heads, "rows": rows}


@require_safe
@cache_control(max_age=3600, public=True)
def qr(request: HttpRequest, room: str, record_id: int) -> HttpResponse:
    """The QR code of a public record's page, as SVG."""
    _library, record, _actor = loaded(request, room, record_id)
    code = segno.make(request.build_absolute_uri(f"/{room}/{record.pk}"), error="m")
    drawn = io.BytesIO()
    code.save(
        drawn, kind="svg", scale=4, border=2, dark="#0a1730", light="#ffffff", omitsize=True,
        xmldecl=False, nl=False,
    )  # fmt: skip
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


urls: list[URLPattern] = [
    path("achievements/<int:record_id>/card", name_card, name="name_card"),
    *(path(f"{_room}/<int:record_id>/qr.svg", qr, {"room": _room}) for _room in ROOMS),
]
