"""What people submitted and what others reported: decided one by one or in bulk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from yangbanjian.engines.matching.figures import REVIEW_DAYS
from yangbanjian.faces.web.details import panel
from yangbanjian.faces.web.libraries import NAMES, library_of, page_of
from yangbanjian.faces.web.operator import staff
from yangbanjian.faces.web.refusing import is_fragment, say
from yangbanjian.faces.web.words import Words, of_refusal, translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, NotFound, Problem, Refusal
from yangbanjian.kernel.text import clean_text, hints
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records import actions, beside
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.fields import completeness
from yangbanjian.libraries.records.rules.reports import WHYS

SIZE, MOST_AT_ONCE = 30, 200
REASONS = {
    "numbers": gettext_noop("请补充实测结果或指标，说明测试条件"),
    "vague": gettext_noop("描述太笼统，请写清解决什么问题、用什么办法"),
    "claims": gettext_noop("「国际领先」等说法请给出依据，或改写成数字"),
    "contact": gettext_noop("正文里有电话、邮箱或微信，请删去，双方同意后系统会互开"),
    "duplicate": gettext_noop("与已有条目重复，请在原条目上修改"),
    "rights": gettext_noop("权属或单位同意情况不清，请补充"),
    "secret": gettext_noop("可能涉及秘密或出口管制，请先由单位审查"),
    "wrong_place": gettext_noop("不属于本库，请改发到合适的库"),
}
DUPLICATE_WHY = {
    "number": gettext_noop("编号相同"), "title_and_owner": gettext_noop("同单位同名"),
    "text": gettext_noop("文字几乎相同"),
}  # fmt: skip


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """/desk/moderation: the queue, the reports; ?show=achievements-12 previews one."""
    actor = staff(request)
    now = clock.now()
    kind = request.GET.get("library", "")
    chosen = [kind] if kind in records.LIBRARIES else list(records.LIBRARIES)
    counts = {room: records.waiting(records.LIBRARIES[room]).count() for room in records.LIBRARIES}
    page = page_of(request)
    rows = _page_of_rows(chosen, page)
    return render(
        request,
        "operator/moderation.html",
        {
            "rows": [_row(library, record, now) for library, record in rows],
            "tabs": _tabs(counts, kind), "count": sum(counts[r] for r in chosen), "page": page,
            "size": SIZE, "reasons": _reasons(), "may_decide": actor.is_operator,
            "reports": [_report(r) for r in records.reports(actor)[:50]],
            "claims": people.claims().count(), "page_title": _("审核"), "section": "desk",
        },
    )  # fmt: skip


def _page_of_rows(rooms: list[str], page: int) -> list[tuple[Library, Any]]:
    """One page over several libraries, the longest waiting first."""
    found: list[tuple[Library, Any]] = []
    for room in rooms:
        library = records.LIBRARIES[room]
        found += [(library, record) for record in records.waiting(library)[: page * SIZE]]
    found.sort(key=lambda pair: (pair[1].state_since, pair[0].room, pair[1].pk))
    return found[(page - 1) * SIZE : page * SIZE]


def _tabs(counts: dict[str, int], kind: str) -> list[dict[str, Any]]:
    tabs = [{"text": _("全部"), "url": "/desk/moderation", "n": sum(counts.values()),
             "current": kind not in counts}]  # fmt: skip
    for room, n in counts.items():
        url = f"/desk/moderation?library={room}"
        tabs.append({"text": NAMES[room]["title"], "url": url, "n": n, "current": room == kind})
    return tabs


def _reasons() -> list[dict[str, str]]:
    return [{"code": code, "text": translated(text)} for code, text in REASONS.items()]


def _row(library: Library, record: Any, now: datetime) -> dict[str, Any]:
    days = (now - record.state_since).days
    age = ngettext("%(n)d 天", "%(n)d 天", days) % {"n": days} if days else _("今天")
    return {
        "pick": f"{library.room}-{record.pk}", "title": record.title, "owner": record.owner.name,
        "url": f"/desk/moderation/{library.room}/{record.pk}", "library": NAMES[library.room]["title"],
        "age": age, "is_late": days >= REVIEW_DAYS, "completeness": record.completeness,
        "hints": len(_hints(record)),
    }  # fmt: skip


def _hints(record: Any) -> list[str]:
    found = hints(record.title, "title") + hints(record.abstract, "abstract")
    return [translated(h.message) % h.params if h.params else translated(h.message) for h in found]


def _report(report: Any) -> dict[str, Any]:
    return {
        "pk": report.pk, "why": translated(WHYS.get(report.why, report.why)), "text": report.text,
        "contact": report.contact, "made_at": report.made_at, "owner": report.owner.name,
        "url": f"/{report.library}/{report.record_id}",
        "name": f"{NAMES[report.library]['title']} {report.record_id}",
    }  # fmt: skip


@require_safe
def look(request: HttpRequest, room: str, number: int) -> HttpResponse:
    """/desk/moderation/{library}/{id}: what was submitted, with duplicates, hints and moves."""
    actor = staff(request)
    library = library_of(room)
    record = records.get(library, actor, number)
    values = {f.name: getattr(record, f.name) for f in library.fields}
    advice = completeness(library.fields, values)
    context = {
        "record": panel(library, record, Words(), actor), "number": number, "room": room,
        "pick": f"{room}-{number}", "hints": _hints(record), "reasons": _reasons(),
        "owner": record.owner, "since": record.state_since,
        "completeness": {
            "percent": advice.percent,
            "advice": [{"text": translated(text)} for _name, text in advice.advice[:4]],
        },
        "duplicates": [
            {"title": d.title, "url": f"/{room}/{d.record_id}", "why": translated(DUPLICATE_WHY[d.why])}
            for d in records.duplicates(library, actor, record)
        ],
        "may_decide": actor.is_operator and record.state == "submitted",
        "page_title": _("审核"), "section": "desk",
    }  # fmt: skip
    template = (
        "operator/submission_part.html" if is_fragment(request) else "operator/submission.html"
    )
    return render(request, template, context)


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Approve or return what was picked; each item is done or told why not."""
    actor = staff(request, writes=True)
    name = request.POST.get("do", "")
    picked = list(dict.fromkeys(request.POST.getlist("pick")))[:MOST_AT_ONCE]
    if name not in ("approve", "return") or not picked:
        sentence = gettext_noop("请先勾选条目，再点「通过」或「退回」。")
        raise Invalid("records.nothing_picked", sentence, [Problem("pick", "required", sentence)])
    reason = _reason(request)
    if name == "return" and not reason:
        sentence = gettext_noop("请写明理由，对方会看到。")
        raise Invalid("records.reason_needed", sentence, [Problem("reason", "required", sentence)])
    done = 0
    for pick in picked:
        why = _decide_one(actor, pick, name, reason)
        done += not why
        if why:
            say(request, f"{pick}：{why}", "warning")
    if done:
        text = (
            _("已通过 %(n)d 条。") if name == "approve" else _("已退回 %(n)d 条，理由已告诉对方。")
        )
        say(request, text % {"n": done})
    return redirect("/desk/moderation")


def _reason(request: HttpRequest) -> str:
    canned = translated(REASONS.get(request.POST.get("reason", ""), ""))
    own = clean_text(request.POST.get("text", ""), cap=800)
    return "；".join(part for part in (canned, own) if part)


def _decide_one(actor: Actor, pick: str, name: str, reason: str) -> str:
    """Why it could not be done; "" when it was."""
    room, _dash, number = pick.rpartition("-")
    try:
        if (
            room not in records.LIBRARIES
            or not (number.isascii() and number.isdigit())
            or len(number) > 18
        ):
            raise NotFound("records.not_found", gettext_noop("没有找到这条记录。"))
        library = records.LIBRARIES[room]
        said = reason if name == "return" else ""
        actions.move(actor=actor, library=library, record_id=int(number), name=name, reason=said)
    except Refusal as refusal:
        return of_refusal(refusal)
    return ""


@require_POST
def decide_report(request: HttpRequest, number: int) -> HttpResponse:
    """Uphold a report (the item is withdrawn) or dismiss it."""
    actor = staff(request, writes=True)
    beside.decide_report(
        actor=actor, report_id=number, outcome=request.POST.get("outcome", ""),
        answer=request.POST.get("answer", ""),
    )  # fmt: skip
    say(request, _("举报已处理。"))
    return redirect("/desk/moderation#reports")
