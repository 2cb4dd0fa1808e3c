"""What stands behind a number of the cockpit: exactly the records that it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yangbanjian.engines.matching import figures
from yangbanjian.engines.matching import queries as matching
from yangbanjian.engines.matching.rules import figures as rules
from yangbanjian.engines.matching.rules.figures import DemandFact, Span
from yangbanjian.faces.web.libraries import page_of
from yangbanjian.faces.web.operator import PERIODS, staff
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records import queries as records

SIZE = 50
Rows = list[dict[str, Any]]


def _day(at: Any) -> str:
    return f"{at if isinstance(at, date) else localtime(at):%Y-%m-%d}"


def _answer(fact: DemandFact) -> str:
    if fact.interested is None:
        return _("还没有响应")
    return _("%(day)s 有意向") % {"day": _day(fact.interested)}


def _wait(fact: DemandFact) -> str:
    assert fact.response_days is not None
    return _("%(days)s 天") % {"days": f"{fact.response_days:.1f}"}


def _kept(url: str, day: str, said: str) -> dict[str, Any]:
    """What is counted and not open to who looks: its page says how it is opened."""
    return {"url": url, "title": _("不公开，需查阅"), "owner": "—", "day": day, "said": said}


def _demands(
    facts: Sequence[DemandFact], said: Callable[[DemandFact], str]
) -> tuple[Sequence[Any], Callable[[Sequence[Any]], Rows]]:
    def shown(few: Sequence[DemandFact]) -> Rows:
        model = records.LIBRARIES["demands"].model
        known = model.objects.select_related("owner").in_bulk([f.demand_id for f in few])
        rows = []
        for f in few:
            said_of, day, one = said(f), _day(f.published), known.get(f.demand_id)
            if one is None:
                rows.append(_kept(f"/demands/{f.demand_id}", day, said_of))
                continue
            rows.append({
                "url": f"/demands/{f.demand_id}", "title": one.title, "owner": one.owner.name,
                "day": day, "said": said_of,
            })  # fmt: skip
        return rows

    return facts, shown


def _answered(span: Span) -> Any:
    facts = [f for f in figures.demand_facts() if f.published in span]
    facts.sort(key=lambda f: (f.interested is not None, f.published, f.demand_id))
    return _demands(facts, _answer)


def _response(span: Span) -> Any:
    facts = [f for f in figures.demand_facts() if f.published in span]
    facts = [f for f in facts if f.response_days is not None]
    facts.sort(key=lambda f: (-(f.response_days or 0), f.demand_id))
    return _demands(facts, _wait)


def _streets(span: Span) -> Any:
    facts = [f for f in figures.demand_facts() if f.published in span]
    facts.sort(key=lambda f: (not f.street, f.street, f.published, f.demand_id))
    return _demands(facts, lambda fact: fact.street or _("没有填街道"))


def _agreed(span: Span) -> Any:
    def shown(few: Sequence[Any]) -> Rows:
        known = matching.known([pk for pk, _at in few])
        rows = []
        for pk, at in few:
            one = known.get(pk)
            if one is None:
                rows.append(_kept(f"/matches/{pk}", _day(at), "—"))
                continue
            rows.append({
                "url": f"/matches/{pk}", "title": matching.supply_of(one).title,
                "owner": f"{one.seeker.name} · {one.provider.name}", "day": _day(at),
                "said": one.demand.title if one.demand else _("按单位标签推荐"),
            })  # fmt: skip
        return rows

    return figures.agreed_in(span), shown


def _stale(span: Span) -> Any:
    found = [
        (library, pk)
        for library in records.LIBRARIES.values()
        for pk in library.model.objects.filter(state="expired")
        .order_by("valid_until", "pk")
        .values_list("pk", flat=True)
    ]

    def shown(few: Sequence[Any]) -> Rows:
        rows = []
        for library, pk in few:
            record = library.model.objects.select_related("owner").defer(*records.UNREAD).get(pk=pk)
            rows.append({
                "url": f"/{library.room}/{pk}", "title": record.title, "owner": record.owner.name,
                "day": _day(record.valid_until) if record.valid_until else "—",
                "said": translated(library.label),
            })  # fmt: skip
        return rows

    return found, shown


# code -> (what is listed, what the day and the last column say)
BEHIND: dict[str, tuple[Callable[[Span], Any], str, str]] = {
    "answered": (_answered, gettext_noop("公开日期"), gettext_noop("响应")),
    "response": (_response, gettext_noop("公开日期"), gettext_noop("等了多久")),
    "streets": (_streets, gettext_noop("公开日期"), gettext_noop("街道")),
    "agreed": (_agreed, gettext_noop("日期"), gettext_noop("需求")),
    "stale": (_stale, gettext_noop("到期日期"), gettext_noop("哪个库")),
}


@require_safe
def behind(request: HttpRequest, code: str) -> HttpResponse:
    """/desk/figures/answered?period=month: the records that the number counts."""
    staff(request)
    if code not in BEHIND:
        raise NotFound("desk.no_such_figure", gettext_noop("没有这个指标。"))
    asked = request.GET.get("period", "")
    period = asked if asked in PERIODS else "month"
    listed, day, said = BEHIND[code]
    found, shown = listed(rules.span_of(period, clock.today()))
    pages = Paginator(found, SIZE)
    part = pages.get_page(page_of(request))
    definition = rules.definition(code)
    context = {
        "rows": shown(list(part)), "count": pages.count, "page": part.number, "size": SIZE,
        "heads": (_("名称"), _("单位"), translated(day), translated(said)), "period": period,
        "period_text": "" if code == "stale" else translated(PERIODS[period]),
        "definition": {"code": code, "formula": translated(definition.formula)},
        "page_title": translated(definition.name), "section": "desk",
    }  # fmt: skip
    return render(request, "operator/behind.html", context)
