"""Importing on the desk: send a file, confirm what its columns mean, see what would be left out,
let it run; and sheets to take away: templates and filtered lists."""

from __future__ import annotations

import io
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yangbanjian.engines.matching.queries import vectors_made
from yangbanjian.faces.api.imports import report_of
from yangbanjian.faces.sheets import columns, importing, mapping, templates, writing
from yangbanjian.faces.sheets.cells import as_text
from yangbanjian.faces.sheets.jobs import planned_for, say
from yangbanjian.faces.telling import vectors_told
from yangbanjian.faces.web.middleware import own_transactions
from yangbanjian.ground.intake import imports
from yangbanjian.ground.people import owners
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.answers import SIGN_IN
from yangbanjian.kernel.refusals import Invalid, NotFound, Refusal, TooMany
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.demands.queries import may_see_owner
from yangbanjian.libraries.records import queries
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.filters import filters_from

SHOWN_JOBS, MOST_EXPORTED = 30, 20_000
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATES = {
    "uploaded": (_("待确认"), "brand"),
    "queued": (_("排队中"), "brand"),
    "running": (_("导入中"), "brand"),
    "done": (_("已完成"), "ok"),
    "failed": (_("没有导入"), "bad"),
}


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.is_anonymous:
        SIGN_IN.or_refuse()
    return actor


def _library(kind: str) -> Library:
    library = columns.library_of(kind)
    if library is None:
        raise NotFound("sheets.kind", gettext_noop("没有这个库。"))
    return library


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, f"imports/{template}.html", context, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def board(request: HttpRequest) -> HttpResponse:
    """Earlier imports, and the form to send another file."""
    actor = _actor(request)
    if request.method == "POST":
        try:
            return redirect(f"/desk/imports/{_begin(request, actor).pk}")
        except Invalid as refusal:
            return _board(request, actor, say(refusal), 422)
    return _board(request, actor, "", 200)


def _board(request: HttpRequest, actor: Actor, refused: str, status: int) -> HttpResponse:
    jobs = [
        _shown(job) for job in imports.visible(actor).filter(kind__in=importing.KINDS)[:SHOWN_JOBS]
    ]
    kinds = [{"value": k, "text": gettext(_library(k).label)} for k in importing.KINDS]
    context = {
        "page_title": gettext(gettext_noop("导入表格")), "jobs": jobs, "kinds": kinds,
        "section": "desk",
        "refused": refused, "chosen_kind": request.POST.get("kind", "achievements"),
        "days_kept": site.settings().import_file_days,
        "is_operator": actor.is_operator, "owner": request.POST.get("owner", ""),
    }  # fmt: skip
    return _page(request, "board", context, status)


def _begin(request: HttpRequest, actor: Actor) -> Any:
    file = request.FILES.get("file")
    if file is None:
        raise Invalid("imports.no_file", gettext_noop("请先选一个文件。"))
    library = _library(request.POST.get("kind", ""))
    said = request.POST.get("owner", "").strip()
    owner_id = owners.find(said) if said else actor.organisation_id
    importing.may_import(actor, library, owner_id)
    assert owner_id is not None or actor.is_operator
    if owner_id is None:
        owner_id = owners.of_operator()
    return imports.begin(
        actor=actor, kind=library.room, owner_id=owner_id, name=file.name or "",
        pieces=file.chunks(), as_state=request.POST.get("state", "public"),
        language=get_language() or "zh-hans",
    )  # fmt: skip


def _shown(job: Any) -> dict[str, Any]:
    text, tone = STATES[job.state]
    percent = 100 if job.state == "done" else (100 * job.read // job.total if job.total else 0)
    return {
        "id": job.pk, "name": job.name, "kind": gettext(_library(job.kind).label), "job": job,
        "owner": job.owner.name, "state": text, "tone": tone, "percent": percent,
        "is_moving": job.state in ("queued", "running"),
    }  # fmt: skip


@never_cache
@require_GET
def detail(request: HttpRequest, job_id: int) -> HttpResponse:
    """One import: its columns to confirm, how far it is, or how it ended."""
    job = imports.get(_actor(request), job_id)
    if job.kind not in importing.KINDS:
        return redirect(f"/desk/ledger/statements/{job_id}")
    if job.state == "uploaded":
        return _confirming(request, job, None)
    template = "progress" if request.headers.get("HX-Request") else "detail"
    response = _page(
        request, template, {"page_title": job.name, "section": "desk", **_outcome(job)}
    )
    response["Vary"] = "HX-Request"
    return response


def _outcome(job: Any) -> dict[str, Any]:
    figures = [
        (gettext(gettext_noop("新增")), job.created), (gettext(gettext_noop("更新")), job.updated),
        (gettext(gettext_noop("没变")), job.unchanged),
        (gettext(gettext_noop("未收")), job.rejected),
    ]  # fmt: skip
    return {
        "shown": _shown(job), "figures": figures, "problems": _problems(job.problems),
        "vectors": vectors_told(*vectors_made()) if job.state == "done" else "",
        "left": max(job.rejected - len(job.problems), 0), "library_url": f"/{job.kind}",
    }  # fmt: skip


def _problems(found: list[dict[str, Any]]) -> dict[str, Any]:
    row, column, reason = (
        gettext(gettext_noop("行")), gettext(gettext_noop("列")), gettext(gettext_noop("原因"))
    )  # fmt: skip
    return {
        "caption": gettext(gettext_noop("未收的行")),
        "columns": [{"text": row, "numeric": True}, {"text": column}, {"text": reason}],
        "rows": [
            {"cells": [{"text": p["row"]}, {"text": p["column"], "label": column},
                       {"text": p["reason"], "label": reason}]}
            for p in found
        ],
    }  # fmt: skip


def _confirming(
    request: HttpRequest, job: Any, chosen: dict[str, str] | None, refused: str = ""
) -> HttpResponse:
    """The step between sending and running; a file that can't be used says so here."""
    try:
        job.columns = chosen
        planned = planned_for(job)
    except Refusal as refusal:
        context = {
            "page_title": job.name,
            "section": "desk",
            "unusable": say(refusal),
            "shown": _shown(job),
        }
        return _page(request, "unusable", context, 422)
    problems, first = importing.preview(planned, job.owner_id)
    if not refused:
        try:
            mapping.check(job.kind, planned.table.headings, planned.meanings)
        except Refusal as refusal:
            refused, problems = say(refusal), []
    meant = {h: m.column for h, m in planned.meanings.items()}
    rows = [
        {
            "place": place, "heading": heading, "column": meant.get(heading, ""),
            "samples": [as_text(r.cells.get(heading))[:60] for r in first[:3]],
        }
        for place, heading in enumerate(planned.table.headings) if heading
    ]  # fmt: skip
    options = [
        {"value": c.name, "text": gettext(c.heading), "must": c.is_required}
        for c in columns.columns_of(job.kind)
    ]
    context = {
        "page_title": job.name, "section": "desk", "shown": _shown(job), "rows": rows,
        "options": options, "total": planned.table.total, "problems": _problems(problems),
        "bad": len(problems), "refused": refused, "looked_at": importing.PREVIEWED,
    }  # fmt: skip
    return _page(request, "confirm", context, 422 if refused and chosen is not None else 200)


@never_cache
@require_POST
def confirm(request: HttpRequest, job_id: int) -> HttpResponse:
    """Look again with other columns, or let it run."""
    actor = _actor(request)
    job = imports.get(actor, job_id)
    if job.state != "uploaded" or job.kind not in importing.KINDS:
        return redirect(f"/desk/imports/{job_id}")
    headings = importing.plan(imports.path_of(job.file), job.kind, columns={}).table.headings
    chosen = {h: request.POST.get(f"column-{at}", "") for at, h in enumerate(headings) if h}
    twice = {c for c in chosen.values() if c and list(chosen.values()).count(c) > 1}
    if twice:
        names = mapping.columns_by_name(job.kind)
        told = "、".join(gettext(names[c].heading) if c in names else c for c in sorted(twice))
        sentence = gettext(gettext_noop("有两列都选了「%(columns)s」，请改掉一列。")) % {
            "columns": told
        }
        return _confirming(request, job, chosen, sentence)
    if "look" in request.POST:
        return _confirming(request, job, chosen)
    try:
        mapping.check(job.kind, headings, mapping.chosen(headings, chosen))
    except Refusal as refusal:
        return _confirming(request, job, chosen, say(refusal))
    imports.confirm(
        actor=actor, job_id=job_id, columns=chosen, signature=mapping.signature(headings),
        as_state=request.POST.get("state", ""),
    )  # fmt: skip
    return redirect(f"/desk/imports/{job_id}")


@never_cache
@require_GET
def errors(request: HttpRequest, job_id: int) -> HttpResponse:
    """The rows that were left out, to be put right and sent again."""
    return report_of(imports.get(_actor(request), job_id))


@require_GET
def template_file(request: HttpRequest, kind: str) -> HttpResponse:
    """The template workbook of a library."""
    library = _library(kind)
    out = io.BytesIO()
    templates.template(library, out)
    out.seek(0)
    return _download(out, f"{library.room}-template.xlsx")


@never_cache
@require_GET
@own_transactions
def export(request: HttpRequest, room: str) -> HttpResponse:
    """The list as filtered, as a workbook; at most MOST_EXPORTED rows."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    library = _library(room)
    said = {k: request.GET.getlist(k) if k not in ("q", "owner", "sort") else request.GET.get(k, "")
            for k in request.GET if k not in ("page", "size")}  # fmt: skip
    found = queries.listed(library, actor, filters_from(said))
    if found.count() > MOST_EXPORTED:
        raise TooMany(
            "imports.too_many_rows",
            gettext_noop("符合条件的超过 %(most)d 条，请先缩小范围再导出。"),
            most=MOST_EXPORTED,
            retry_after_seconds=1,
        )
    rows = writing.rows_for(
        library,
        found.iterator(chunk_size=1000),
        lambda record: library.may_write(actor, record),
        lambda record: library.room != "demands" or may_see_owner(actor, record),
    )
    out = io.BytesIO()
    writing.export_workbook(library, rows, out)
    out.seek(0)
    return _download(out, f"{library.room}.xlsx")


def _download(out: io.BytesIO, name: str) -> HttpResponse:
    response = FileResponse(out, as_attachment=True, filename=name, content_type=WORKBOOK)
    response["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]


urls: list[URLPattern] = [
    path("desk/imports", board, name="imports"),
    path("desk/imports/template/<str:kind>.xlsx", template_file, name="import_template"),
    path("desk/imports/<int:job_id>", detail, name="import_detail"),
    path("desk/imports/<int:job_id>/confirm", confirm, name="import_confirm"),
    path("desk/imports/<int:job_id>/errors", errors, name="import_errors"),
    *(
        path(f"{room}.xlsx", export, {"room": room}, name=f"{room}_export")
        for room in importing.KINDS
    ),
]
