"""The operator's rules: tables, editions, drafts, who would change, publishing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from yangbanjian.faces.telling import counted
from yangbanjian.faces.web import rulebook_words as told
from yangbanjian.faces.web.forms_on_pages import Act, answer_acts
from yangbanjian.faces.web.operator import staff
from yangbanjian.faces.web.refusing import say
from yangbanjian.faces.web.rulebook_forms import DraftForm
from yangbanjian.faces.web.words import Words, sentence, translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.rulebook import actions, cases, policy, queries
from yangbanjian.ground.rulebook.rules import editions as lives
from yangbanjian.ground.rulebook.rules.shapes import COMMON, SHAPES, Shape
from yangbanjian.kernel.calendar import LONGEST_DAYS, Calendar
from yangbanjian.kernel.flaws import FlawError
from yangbanjian.kernel.refusals import Invalid
from yangbanjian.kernel.text import clean_line

MOVERS_A_PAGE = 50
OF_A_DOCUMENT = frozenset(column.name for column in COMMON)


class DeadlineForm(forms.Form):
    """How a period is counted."""

    start = forms.DateField(
        label=gettext_lazy("从哪天"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    days = forms.IntegerField(label=gettext_lazy("几天"), min_value=1, max_value=LONGEST_DAYS)
    unit = forms.ChoiceField(
        label=gettext_lazy("日的算法"),
        choices=[("calendar", gettext_lazy("自然日")), ("working", gettext_lazy("工作日"))],
    )
    first_day = forms.ChoiceField(
        label=gettext_lazy("首日"),
        choices=[("counted", gettext_lazy("当天计入")), ("next", gettext_lazy("次日起算"))],
    )


class PublishForm(forms.Form):
    """Publishing cannot be taken back: it wants a word and a tick."""

    reason = forms.CharField(label=gettext_lazy("核对意见"), max_length=500, required=False)
    is_checked = forms.BooleanField(
        label=gettext_lazy("已对照原文核对，知道发布后不能修改"),
        error_messages={"required": gettext_lazy("请先核对，再勾选这一项。")},
    )


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("作废原因"), max_length=500, required=False)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """/desk/rules: every table with what holds today, drafts, and the counting of days."""
    actor = staff(request)
    today, words = clock.today(), Words()
    tables: dict[str, dict[str, Any]] = {
        of.name: {
            "name": of.name, "label": translated(of.label), "about": translated(of.about),
            "held": [], "drafts": 0,
        }
        for of in SHAPES.values()
    }  # fmt: skip
    for one in queries.editions(actor).order_by("jurisdiction", "-number"):
        if one.table not in tables:
            continue
        if one.state == "draft":
            tables[one.table]["drafts"] += 1
        elif one.state in lives.IN_PRINT and (one.ends is None or today < one.ends):
            tables[one.table]["held"].append(told.shown(one, today, words))
    context = {
        "tables": list(tables.values()), "counting": _counting(request),
        "page_title": _("规则"), "section": "desk",
    }  # fmt: skip
    return render(request, "rulebook/overview.html", context)


def _counting(request: HttpRequest) -> dict[str, Any]:
    """The form that counts days, and what came of it."""
    calendar = clock.calendar()
    if "start" not in request.GET:
        initial = {"start": clock.today(), "days": 15}
        return {"form": DeadlineForm(initial=initial), "edition": calendar.edition}
    form = DeadlineForm(request.GET)
    found = {"form": form, "edition": calendar.edition}
    return {**found, "text": _counted(form, calendar)} if form.is_valid() else found


def _counted(form: DeadlineForm, calendar: Calendar) -> str:
    given = form.cleaned_data
    try:
        deadline = calendar.add_days(
            given["start"], given["days"], unit=given["unit"], first_day=given["first_day"]
        )
    except FlawError as error:
        form.add_error("start", sentence(error.problem.message, error.problem.params))
        return ""
    return counted(deadline)


@require_safe
def table(request: HttpRequest, name: str) -> HttpResponse:
    """/desk/rules/TABLE: its editions, and two of them side by side."""
    actor = staff(request)
    of = queries.shape(name)
    today, words = clock.today(), Words()
    found = list(queries.editions(actor, name)[:200])
    places = list(dict.fromkeys(e.jurisdiction for e in found))
    by_id = {str(e.pk): e for e in found}
    left, right = (by_id.get(request.GET.get(side, "")) for side in ("left", "right"))
    context = {
        "of": of, "about": translated(of.about), "may_write": policy.may_write(actor).allowed,
        "editions": [told.shown(e, today, words) for e in found],
        "places": [{"code": p, "name": told.place_name(p, words)} for p in places],
        "left": left, "right": right,
        "diff": told.difference(of, left, right, words) if left and right else None,
        "page_title": translated(of.label), "section": "desk",
    }  # fmt: skip
    return render(request, "rulebook/table.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, name: str) -> HttpResponse:
    """/desk/rules/TABLE/new?jurisdiction=: a draft, begun from what holds there."""
    actor = staff(request, writes=True)
    of = queries.shape(name)
    asked = request.POST if request.method == "POST" else request.GET
    place = clean_line(asked.get("jurisdiction", ""), cap=20) or queries.default_jurisdiction(of)
    if request.method == "POST":
        form = DraftForm(of, sent=request.POST)
        if form.is_valid():
            try:
                made = actions.draft(
                    actor=actor, table=name, jurisdiction=place, values=form.values()
                )
            except Invalid as refusal:
                form.add_invalid(refusal)
            else:
                say(request, _("草稿已保存。可以先试算，再请另一位运营人员发布。"))
                return redirect(f"/desk/rules/editions/{made.pk}")
    else:
        held = queries.in_force(name, place, clock.today())
        tomorrow = clock.today() + timedelta(days=1)
        initial = {"begins": tomorrow, "unit": held.unit if held else ""}
        rows = held.rows if held else []
        if held and held.jurisdiction != place:
            # Where a wider rule stands comes from another document than what is being drafted.
            rows = [{k: v for k, v in row.items() if k not in OF_A_DOCUMENT} for row in rows]
        form = DraftForm(of, rows, initial=initial)
    return _draft_page(request, of, form, place, f"/desk/rules/{name}/new")


def _draft_page(
    request: HttpRequest, of: Shape, form: DraftForm, place: str, action: str
) -> HttpResponse:
    context = {
        "of": of, "form": form, "place": place, "place_name": told.place_name(place, Words()),
        "action": action, "is_new": action.endswith("/new"), "section": "desk",
        "page_title": _("起草：%(table)s") % {"table": translated(of.label)},
    }  # fmt: skip
    return render(request, "rulebook/draft.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, number: int) -> HttpResponse:
    """/desk/rules/editions/N/edit"""
    actor = staff(request, writes=True)
    one = queries.edition(actor, number)
    of = queries.shape(one.table)
    here = f"/desk/rules/editions/{number}"
    if one.state != "draft":
        say(request, _("已经发布或作废的版次不能修改，请另起草一版。"), "warning")
        return redirect(here)
    if request.method == "POST":
        form = DraftForm(of, sent=request.POST)
        if form.is_valid():
            try:
                actions.change(actor=actor, edition_id=number, values=form.values())
            except Invalid as refusal:
                form.add_invalid(refusal)
            else:
                say(request, _("草稿已保存。"))
                return redirect(here)
    else:
        names = ("document", "clause", "unit", "source", "begins", "ends", "is_provisional", "note")
        form = DraftForm(of, one.rows, initial={name: getattr(one, name) for name in names})
    return _draft_page(request, of, form, one.jurisdiction, f"{here}/edit")


@require_http_methods(["GET", "HEAD", "POST"])
def edition(request: HttpRequest, number: int) -> HttpResponse:
    """/desk/rules/editions/N: what it says, what it changes, whom it would move; publishing."""
    actor = staff(request, writes=request.method == "POST")
    one = queries.edition(actor, number)

    def publish(values: dict[str, Any]) -> str:
        actions.publish(actor=actor, edition_id=number, reason=values["reason"])
        return _("已发布。")

    def withdraw(values: dict[str, Any]) -> str:
        actions.withdraw(actor=actor, edition_id=number, reason=values["reason"])
        return _("草稿已作废。")

    acts = {"publish": Act(PublishForm, publish), "withdraw": Act(WithdrawForm, withdraw)}
    return answer_acts(request, "rulebook/edition.html", acts, lambda: _about(request, one))


def _about(request: HttpRequest, one: Any) -> dict[str, Any]:
    actor = staff(request)
    of, words, today = queries.shape(one.table), Words(), clock.today()
    before = queries.before(one)
    may_publish = policy.may_publish(actor, one)
    return {
        "of": of, "label": translated(of.label), "one": one,
        "shown": told.shown(one, today, words), "facts": _facts(one, words),
        "rows": told.rows_table(of, one.rows),
        "before": before,
        "diff": told.difference(of, before, one, words) if before else None,
        "trial": _trial(request, one) if one.state == "draft" else None,
        "may_write": policy.may_write(actor).allowed, "may_publish": may_publish.allowed,
        "why_not": translated(may_publish.reason), "is_alone": one.author_id == actor.person_id,
        "page_title": f"{translated(of.label)} · {told.place_name(one.jurisdiction, words)}",
        "section": "desk",
    }  # fmt: skip


def _trial(request: HttpRequest, one: Any) -> dict[str, Any]:
    """Whom a draft would move, a page at a time."""
    if not cases.is_supplied(one.table):
        return {"is_supplied": False}
    found = queries.movers(staff(request), one.pk)
    pages = Paginator(found.movers, MOVERS_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    return {
        "is_supplied": True, "tried": found.tried, "count": len(found.movers),
        "is_partial": found.is_partial, "movers": list(page), "page": page.number,
        "size": MOVERS_A_PAGE,
    }  # fmt: skip


def _facts(one: Any, words: Words) -> list[dict[str, Any]]:
    tag = told.state_tag(one, clock.today())
    facts: list[dict[str, Any]] = [
        {"term": _("状态"), "tags": [tag, *_provisional(one)]},
        {"term": _("地区"), "text": told.place_name(one.jurisdiction, words)},
        {"term": _("出处"), "text": one.document},
        {"term": _("条款"), "text": one.clause},
        {"term": _("来源"), "text": one.source},
        {"term": _("计量单位"), "text": one.unit},
        {"term": _("有效期"), "text": told.effect_text(one.begins, one.ends)},
        {"term": _("版次"), "text": one.label, "mono": True},
        {"term": _("起草"), "text": told.person_name(one.author_id) or _("随产品提供")},
        {"term": _("发布"), "text": _published(one)},
        _follower(one),
        {"term": _("说明"), "text": one.note},
    ]
    return [fact for fact in facts if fact.get("text") or fact.get("tags")]


def _follower(one: Any) -> dict[str, Any]:
    """The edition that took over, where there is one."""
    later = one.superseded_by
    address = f"/desk/rules/editions/{later.pk}" if later else ""
    return {"term": _("后续版次"), "text": later.label if later else "", "url": address}


def _provisional(one: Any) -> list[dict[str, str]]:
    return [{"text": _("暂定"), "tone": "warn"}] if one.is_provisional else []


def _published(one: Any) -> str:
    if one.published_at is None:
        return ""
    day = one.published_at.astimezone(clock.site_zone()).date().isoformat()
    name = told.person_name(one.published_by)
    if name and one.was_alone:
        name = _("%(name)s（当时只有一位运营人员）") % {"name": name}
    return f"{name} {day}".strip()


urls: list[URLPattern] = [
    path("desk/rules", overview, name="rules"),
    path("desk/rules/editions/<int:number>", edition),
    path("desk/rules/editions/<int:number>/edit", change),
    path("desk/rules/<str:name>", table),
    path("desk/rules/<str:name>/new", new),
]
