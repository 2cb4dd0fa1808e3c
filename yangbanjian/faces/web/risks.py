"""Risk indicators on the desk: which sales deserve a second look, why, and the figures beside them."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yangbanjian.faces.telling import amount
from yangbanjian.faces.web.forms_on_pages import actor_of
from yangbanjian.faces.web.words import sentence, translated
from yangbanjian.market.openness import sales
from yangbanjian.market.openness.rules import risks
from yangbanjian.market.trading.rules import closing

PAGE = 20


def told(verdict: risks.Verdict) -> dict[str, str]:
    """An indicator that fires: what it is called, why it does, what stands behind it."""
    of = risks.INDICATORS[verdict.indicator]
    return {
        "code": verdict.indicator, "label": translated(of.label), "ground": translated(of.ground),
        "reason": sentence(verdict.sentence, verdict.params),
    }  # fmt: skip


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """/desk/risks: sales with indicators, by indicator; each leads to its sale."""
    wanted = request.GET.get("indicator", "")
    wanted = wanted if wanted in risks.INDICATORS else ""
    every = sales.judged(actor_of(request))
    found = [s for s in every if not wanted or wanted in {v.indicator for v in s.verdicts}]
    pages = Paginator(found, PAGE)
    page = pages.get_page(request.GET.get("page"))
    counts, thresholds = sales.counted(every), sales.thresholds()
    context = {
        "page_title": _("风险提示"), "section": "desk", "count": pages.count, "page": page.number,
        "size": PAGE, "wanted": wanted,
        "tiles": [
            {
                "code": code, "name": translated(one.label), "n": counts.get(code, 0),
                "ground": translated(one.ground), "is_looked_for": code in thresholds,
                "is_public": one.is_public,
            }
            for code, one in risks.INDICATORS.items()
        ],
        "rows": [_row(one) for one in page],
    }  # fmt: skip
    return render(request, "operator/risks.html", context)


def _row(one: sales.Judged) -> dict[str, Any]:
    deal = one.deal
    return {
        "url": f"/deals/{deal.pk}", "title": deal.listing.title,
        "sides": f"{deal.owner.name} → {deal.buyer.name}",
        "on": localtime(deal.awarded_at).strftime("%Y-%m-%d"), "price": amount(deal.price_fen),
        "premium": closing.premium_percent(deal.lot.start_fen, deal.price_fen),
        "told": [told(v) for v in one.verdicts],
    }  # fmt: skip


urls: list[URLPattern] = [path("desk/risks", board, name="risks")]
