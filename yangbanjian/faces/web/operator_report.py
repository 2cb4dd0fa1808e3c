"""The month report: a page to print, and a workbook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import xlsxwriter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from yangbanjian.engines.matching import figures
from yangbanjian.engines.matching import queries as matching
from yangbanjian.engines.matching.figures import Figures
from yangbanjian.engines.matching.rules import figures as rules
from yangbanjian.engines.matching.rules.figures import Span
from yangbanjian.engines.matching.rules.introductions import TABLE
from yangbanjian.faces.web.operator import staff
from yangbanjian.faces.web.operator_log import neutral
from yangbanjian.faces.web.words import Words, translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.kernel.refusals import Invalid, Problem
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records import queries as records
from yangbanjian.market.trading import queries as trading
from yangbanjian.market.trading.queries.totals import Totals

ON_PAGE, IN_WORKBOOK = 200, 20_000
Cell = str | int | float
Rows = Sequence[Sequence[Cell]]


def month_of(text: str, today: date) -> Span:
    """The month written as 2026-11; without one the month of today. Days to come are left out."""
    if not text:
        return rules.span_of("month", today)
    year, _dash, month = text.partition("-")
    is_written = len(year) == 4 and (year + month).isascii() and (year + month).isdigit()
    if not is_written or not 1 <= int(month) <= 12 or not 1970 <= int(year) <= today.year:
        sentence = gettext_noop("月份请写成 2026-11 这样。")
        raise Invalid("desk.unknown_month", sentence, [Problem("month", "unknown", sentence)])
    start = date(int(year), int(month), 1)
    if start > today:
        sentence = gettext_noop("这个月还没有到，请选以前的月份。")
        raise Invalid("desk.month_to_come", sentence, [Problem("month", "to_come", sentence)])
    if (start.year, start.month) == (today.year, today.month):
        return rules.span_of("month", today)
    return Span(start, rules.months_on(start, 1))


def _traded(span: Span, was: Span) -> list[tuple[str, Cell, Cell, str]]:
    """What the floor has listed and sold; in a sandbox each row says what it is."""

    def asked(days: Span) -> Totals:
        zone = clock.site_zone()
        return trading.totals(*(datetime.combine(d, time(), zone) for d in (days.start, days.end)))

    now, before = asked(span), asked(was)
    rows: list[tuple[str, Cell, Cell, str]] = [
        (_("新增挂牌"), now.listings, before.listings, _("项")),
        (_("成交"), now.deals, before.deals, _("笔")),
        (_("成交额"), now.price_fen // 100, before.price_fen // 100, _("元")),
    ]
    if not clock.is_sandbox():
        return rows
    text = _("%(name)s（演示数据）")
    return [(text % {"name": name}, now, was, unit) for name, now, was, unit in rows]


def _summary(f: Figures) -> list[tuple[str, Cell, Cell, str]]:
    """(number, this month, the month before up to the same day, unit)."""

    def said(value: Any) -> Cell:
        return "—" if value is None else float(value)

    names = {d.code: translated(d.name) for d in rules.DEFINITIONS}
    stale = rules.percent(*f.stale)
    return [
        (names["library"], f.in_library, "—", _("项（现在）")),
        (_("新增成果"), f.added, "—", _("项")),
        (_("新增需求"), f.answered[1], f.answered_before[1], _("条")),
        (names["answered"], said(rules.percent(*f.answered)),
         said(rules.percent(*f.answered_before)), "%"),
        (names["response"], said(f.response), said(f.response_before), _("天")),
        (names["agreed"], f.agreed, f.agreed_before, _("次")),
        (names["stale"], said(stale), "—", _("%（现在）")),
        (names["waiting"], f.waiting, "—", _("条（现在）")),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of the report; `more` rows were left out because it would grow too long."""

    name: str
    heads: list[str]
    rows: Rows
    more: int = 0


def _records(name: str, room: str, span: Span, most: int) -> Sheet:
    words, library = Words(), records.LIBRARIES[room]
    found = figures.published_in(room, span)
    heads = [_("编号"), _("名称"), _("单位"), _("领域"), _("状态"), _("完整度"), _("公开日期")]
    rows: list[list[Cell]] = [
        [
            r.pk, r.title, r.owner.name, words.label("field", r.field),
            translated(library.table.state(r.state).label), r.completeness,
            f"{localtime(r.published_at):%Y-%m-%d}",
        ]
        for r in found[:most].iterator(chunk_size=2000)
    ]  # fmt: skip
    return Sheet(name, heads, rows, figures.counted(found) - len(rows))


def _introductions(span: Span, most: int) -> Sheet:
    found = figures.moved_in(span)
    heads = [_("编号"), _("需求"), _("成果或专家"), _("需求方"), _("供给方"), _("匹配度"),
             _("状态"), _("日期")]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            m.pk, m.demand.title if m.demand else _("按单位标签推荐"),
            matching.supply_of(m).title, m.seeker.name, m.provider.name, m.percent,
            translated(TABLE.state(m.state).label), f"{localtime(m.state_since):%Y-%m-%d}",
        ]
        for m in found[:most]
    ]  # fmt: skip
    return Sheet(_("对接"), heads, rows, figures.counted(found) - len(rows))


def _sheets(span: Span, most: int) -> list[Sheet]:
    """The report's tables, of each at most so many rows."""
    f = figures.figures(span, rules.before(span, "month"))
    return [
        Sheet(_("总览"), [_("指标"), _("本月"), _("上月同期"), _("计量单位")], [*_summary(f), *_traded(span, rules.before(span, "month"))]),
        _records(_("成果"), "achievements", span, most),
        _records(_("需求"), "demands", span, most),
        _introductions(span, most),
        _records(_("专家"), "experts", span, most),
        Sheet(
            _("口径"), [_("指标"), _("怎样计算"), _("数据来源")],
            [[translated(d.name), translated(d.formula), translated(d.source)]
             for d in rules.DEFINITIONS],
        ),
    ]  # fmt: skip


def more_text(more: int) -> str:
    """What is said under a table that was cut."""
    text = ngettext("还有 %(n)s 条没有列出。", "还有 %(n)s 条没有列出。", more)
    return text % {"n": f"{more:,}"}


def build(sheets: Sequence[Sheet]) -> bytes:
    """An .xlsx of the sheets; no cell is ever a formula or a link."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bg_color": "#e8f0fe", "bottom": 1})
        for told in sheets:
            sheet = book.add_worksheet(told.name)
            sheet.freeze_panes(1, 0)
            for column, text in enumerate(told.heads):
                sheet.write_string(0, column, text, head)
                sheet.set_column(column, column, 40 if column in (1, 2) else 16)
            for at, row in enumerate(told.rows, 1):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(at, column, neutral(cell)[:32_000])
                    else:
                        sheet.write_number(at, column, cell)
            if told.more:
                sheet.write_string(len(told.rows) + 1, 1, more_text(told.more))
    return out.getvalue()


@require_safe
def workbook(request: HttpRequest) -> HttpResponse:
    """/desk/report.xlsx?month=2026-11"""
    staff(request)
    span = month_of(request.GET.get("month", ""), clock.today())
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer = HttpResponse(build(_sheets(span, IN_WORKBOOK)), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="report-{span.start:%Y-%m}.xlsx"'
    return answer


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """/desk/report?month=2026-11: the same, to read and print."""
    staff(request)
    today = clock.today()
    span = month_of(request.GET.get("month", ""), today)
    sheets = [(sheet, more_text(sheet.more)) for sheet in _sheets(span, ON_PAGE)]
    context = {
        "sheets": sheets, "month": f"{span.start:%Y-%m}",
        "months": [f"{m:%Y-%m}" for m in reversed(rules.months_back(today))],
        "page_title": _("%(month)s 月报") % {"month": f"{span.start:%Y-%m}"}, "section": "desk",
    }  # fmt: skip
    return render(request, "operator/report.html", context)
