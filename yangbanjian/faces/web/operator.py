"""The operator's cockpit: are we on target, what is stuck, who must act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from yangbanjian.engines.matching import figures
from yangbanjian.engines.matching import queries as matching
from yangbanjian.engines.matching.figures import Figures
from yangbanjian.engines.matching.rules import figures as rules
from yangbanjian.faces.telling import vectors_told
from yangbanjian.faces.web import streets
from yangbanjian.faces.web.words import Words, translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import NotAllowed
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records import queries as records
from yangbanjian.market.trading import queries as trading

MOST_TODOS = 8
PERIODS = {
    "month": gettext_noop("本月"),
    "quarter": gettext_noop("本季"),
    "year": gettext_noop("本年"),
}


def staff(request: HttpRequest, *, writes: bool = False) -> Actor:
    """The operator, or the auditor where nothing is written; anybody else is refused."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.is_anonymous:
        raise NotAllowed("people.sign_in_first", gettext_noop("请先登录。"))
    if not (actor.is_operator or (not writes and actor.has_any(Role.AUDITOR))):
        raise NotAllowed(
            "desk.operators_only",
            gettext_noop("这一页只对运营人员开放。需要权限请联系本站运营单位。"),
        )
    return actor


@require_safe
def cockpit(request: HttpRequest) -> HttpResponse:
    """/desk/cockpit: six numbers, what is to be done today, and how demands fare."""
    actor = staff(request)
    asked = request.GET.get("period", "")
    period = asked if asked in PERIODS else "month"
    is_wall = request.GET.get("wall") == "1"
    now = clock.now()
    span = rules.span_of(period, clock.today())
    found = figures.figures(span, rules.before(span, period))
    todos = todos_of(actor, now)
    made, wanted = matching.vectors_made()
    context: dict[str, Any] = {
        "vectors": vectors_told(made, wanted) if made < wanted else "",
        "tiles": _tiles(found, period), "todos": todos[:MOST_TODOS], "todo_count": len(todos),
        "charts": _charts(found, now), "streets": streets.panel(found.streets, period, now),
        "is_wall": is_wall, "period": period, "as_of": now, "totals": trading.totals(),
        "periods": [
            {"code": code, "text": translated(text), "current": code == period}
            for code, text in PERIODS.items()
        ],
        "report_month": f"{span.end - timedelta(days=1):%Y-%m}",
        "page_title": _("驾驶舱"), "section": "desk",
    }  # fmt: skip
    if is_wall:
        context["look"] = {"theme": "night", "size": "", "contrast": ""}
    return render(request, "operator/cockpit.html", context)


@require_safe
def definitions(request: HttpRequest) -> HttpResponse:
    """/desk/figures: what each number means."""
    staff(request)
    rows = [
        {
            "code": d.code, "name": translated(d.name), "formula": translated(d.formula),
            "source": translated(d.source),
        }
        for d in rules.DEFINITIONS
    ]  # fmt: skip
    context = {"rows": rows, "page_title": _("指标口径"), "section": "desk"}
    return render(request, "operator/definitions.html", context)


def _said(value: Decimal | None) -> str:
    return "—" if value is None else f"{value.normalize():f}"


def _delta(
    change: Decimal | None, unit: str, *, less_is_better: bool = False
) -> dict[str, Any] | None:
    if change is None:
        return None
    if not change:
        return {"text": _("与上期持平"), "direction": "time", "good": True}
    good = (change < 0) if less_is_better else (change > 0)
    sign = "+" if change > 0 else "−"
    text = _("比上期 %(change)s") % {"change": f"{sign}{_said(abs(change))} {unit}".strip()}
    return {"text": text, "direction": "up" if change > 0 else "down", "good": good}


def _tiles(f: Figures, period: str) -> list[dict[str, Any]]:
    behind = "/desk/figures/{}?period=" + period
    share, share_before = rules.percent(*f.answered), rules.percent(*f.answered_before)
    added = {"text": _("新增 %(n)d") % {"n": f.added}, "direction": "up", "good": True}
    stale = {"text": _("%(n)d 条已到期") % {"n": f.stale[0]}, "direction": "time",
             "good": not f.stale[0]}  # fmt: skip
    return [
        _tile("library", f"{f.in_library:,}", _("项"), "/achievements", "brand", added),
        _tile("answered", _said(share), "%", behind.format("answered"), "demand",
              _delta(rules.change(share, share_before), _("点"))),
        _tile("response", _said(f.response), _("天"), behind.format("response"), "expert",
              _delta(rules.change(f.response, f.response_before), _("天"), less_is_better=True)),
        _tile("agreed", f"{f.agreed:,}", _("次"), behind.format("agreed"), "match",
              _delta(rules.change(f.agreed, f.agreed_before or None), "")),
        _tile("stale", _said(rules.percent(*f.stale)), "%", behind.format("stale"), "gold",
              stale),
        _tile("waiting", f"{f.waiting:,}", _("条"), "/desk/moderation", "demand", None),
    ]  # fmt: skip


def _tile(
    code: str, value: str, unit: str, url: str, tone: str, delta: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "name": translated(rules.definition(code).name), "value": value, "unit": unit, "url": url,
        "tone": tone, "delta": delta,
    }  # fmt: skip


def todos_of(actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """What the operator should do today, the most urgent first."""
    todos: list[dict[str, Any]] = []
    overdue = now - timedelta(days=figures.REVIEW_DAYS)
    late = sum(
        records.waiting(lib).filter(state_since__lte=overdue).count()
        for lib in records.LIBRARIES.values()
    )
    reports = records.reports(actor).count()
    claims = people.claims().count()
    if late:
        text = ngettext("%(n)d 条提交已超过 2 天没有审核", "%(n)d 条提交已超过 2 天没有审核", late)
        todos.append(_todo(_("超时"), "bad", text % {"n": late}, "/desk/moderation", _("审核")))
    if reports:
        text = ngettext("%(n)d 条举报等待处理", "%(n)d 条举报等待处理", reports) % {"n": reports}
        todos.append(_todo(_("举报"), "bad", text, "/desk/moderation#reports", _("处理")))
    if claims:
        text = ngettext("%(n)d 个单位认领等待核验", "%(n)d 个单位认领等待核验", claims)
        url = "/desk/organisations"
        todos.append(_todo(_("认领"), "warn", text % {"n": claims}, url, _("核验")))
    lapsing = figures.about_to_lapse(now)
    seen = list(lapsing[:3])
    unseen = figures.counted(lapsing) - lapsing.count()
    if unseen:
        text = ngettext(
            "%(n)d 次约谈快到期，双方已有提醒", "%(n)d 次约谈快到期，双方已有提醒", unseen
        )
        todos.append(_todo(_("将逾期"), "warn", text % {"n": unseen}, "/desk/access", _("查阅")))
    for match in seen:
        title = matching.supply_of(match).title
        text = _("「%(title)s」的约谈快到期") % {"title": title}
        todos.append(_todo(_("将逾期"), "warn", text, f"/matches/{match.pk}", _("催办")))
    for demand in figures.quiet_demands(now)[:4]:
        days = (now - demand.published_at).days
        text = _("需求「%(title)s」%(days)d 天无人接") % {"title": demand.title, "days": days}
        todos.append(_todo(_("没人接"), "demand", text, f"/demands/{demand.pk}", _("派单")))
    return todos


def _todo(tag: str, tone: str, text: str, url: str, verb: str) -> dict[str, Any]:
    return {"tag": {"text": tag, "tone": tone}, "text": text, "url": url, "verb": verb}


def _charts(f: Figures, now: datetime) -> list[dict[str, Any]]:
    words = Words()
    steps = [_("发布需求"), _("有匹配"), _("有意向"), _("已约谈")]
    tones = ["demand", "match", "brand", "gold"]
    field_rows = [(words.label("field", code), n) for code, n in f.fields]
    region_rows = [(words.region(code), n) for code, n in f.regions]
    return [
        _bars("c-funnel", _("需求走到了哪一步"), "funnel", list(zip(steps, f.funnel, strict=True)), tones, now),
        _bars("c-field", _("哪些领域在提需求"), "bars", field_rows, ["demand"], now),
        _bars("c-region", _("需求从哪里来"), "bars", region_rows, ["expert"], now),
        _trend(f, now),
    ]  # fmt: skip


def _bars(
    name: str, title: str, kind: str, rows: Sequence[tuple[str, int]], tones: list[str],
    now: datetime,
) -> dict[str, Any]:  # fmt: skip
    items = [
        {"name": text, "value": n, "tone": tones[i % len(tones)]}
        for i, (text, n) in enumerate(rows)
    ]
    told = "，".join(f"{text} {n}" for text, n in rows) or _("这段时间还没有需求")
    return {
        "id": name, "title": title, "unit": _("条"), "summary": f"{title}：{told}", "as_of": now,
        "spec": {"kind": kind, "items": items}, "is_empty": not rows,
        "table": {"head": [_("项目"), _("数量")], "rows": [[text, n] for text, n in rows]},
    }  # fmt: skip


def _trend(f: Figures, now: datetime) -> dict[str, Any]:
    x = [f"{m:%y-%m}" for m in f.months]
    series = [
        (_("新成果"), "bar", f.new_achievements, "brand"),
        (_("新需求"), "bar", f.new_demands, "demand"),
        (_("达成约谈"), "line", f.new_agreed, "match"),
    ]
    title = _("一年来每月的新成果、新需求与约谈")
    told = "，".join(f"{name} {sum(values)}" for name, _kind, values, _tone in series)
    rows = list(zip(x, f.new_achievements, f.new_demands, f.new_agreed, strict=True))
    return {
        "id": "c-trend", "title": title, "summary": f"{title}：{told}", "as_of": now, "wide": True,
        "spec": {"kind": "trend", "x": x, "series": [
            {"name": n, "type": k, "values": v, "tone": t} for n, k, v, t in series]},
        "table": {"head": [_("月份"), *(s[0] for s in series)], "rows": [list(r) for r in rows]},
    }  # fmt: skip
