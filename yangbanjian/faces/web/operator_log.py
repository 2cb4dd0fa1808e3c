"""The journal, for those who answer for it: read, filtered, taken away as CSV."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yangbanjian.faces.web.libraries import page_of
from yangbanjian.faces.web.operator import staff
from yangbanjian.faces.web.timelines import PAST
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal import queries as journal
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.text import clean_line

SIZE, MOST_EXPORTED = 50, 50_000
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
ROOMS = ("achievement", "demand", "expert", "match", "organisation", "person", "edition")


def neutral(text: str) -> str:
    """Text that a spreadsheet will not take for a formula."""
    return "'" + text if text.startswith(RISKY) else text


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _date(text: str) -> datetime | None:
    try:
        day = parse_date(text.strip())
    except ValueError:
        return None
    if day is None:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=clock.site_zone())


def _asked(request: HttpRequest) -> dict[str, str]:
    names = ("verb", "kind", "subject", "organisation", "since", "until")
    return {name: clean_line(request.GET.get(name, ""), cap=100) for name in names}


def _found(actor: Actor, asked: dict[str, str]) -> Any:
    until = _date(asked["until"])
    return journal.entries(
        actor, verb=asked["verb"], kind=asked["kind"], subject_id=_number(asked["subject"]),
        organisation_id=_number(asked["organisation"]), since=_date(asked["since"]),
        until=until + timedelta(days=1) if until and until.year < 9999 else until,
    )  # fmt: skip


def _wrong(asked: dict[str, str]) -> list[str]:
    """What was typed that can't be used: those filters are left out."""
    wrong = []
    for name, label in (("subject", _("编号")), ("organisation", _("单位编号"))):
        if asked[name] and _number(asked[name]) is None:
            wrong.append(_("%(what)s请填数字，已略过这个条件。") % {"what": label})
    for name, label in (("since", _("开始日期")), ("until", _("结束日期"))):
        if asked[name] and _date(asked[name]) is None:
            wrong.append(_("%(what)s请写成 2026-11-22，已略过这个条件。") % {"what": label})
    return wrong


def verb_label(verb: str) -> str:
    """What was done, in words where we have them."""
    past = verb.rpartition(".")[2]
    return translated(PAST[past][0]) if past in PAST else past


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """/desk/log"""
    actor = staff(request)
    asked = _asked(request)
    found = _found(actor, asked)
    page = page_of(request)
    entries = list(found[(page - 1) * SIZE : page * SIZE])
    names = _names({e.organisation_id for e in entries} | {e.owner_id for e in entries})
    rows = [
        {"entry": e, "what": verb_label(e.verb), "by": names.get(e.organisation_id, ""),
         "owner": names.get(e.owner_id, ""), "url": address_of(e),
         "remark": getattr(getattr(e, "remark", None), "text", "")}
        for e in entries
    ]  # fmt: skip
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "rows": rows, "asked": asked, "wrong": _wrong(asked), "kinds": ROOMS, "page": page,
        "size": SIZE, "count": found.count(), "query": query.urlencode(),
        "page_title": _("日志"), "section": "desk",
    }  # fmt: skip
    return render(request, "operator/log.html", context)


def _names(ids: set[int | None]) -> dict[int | None, str]:
    known = people.organisations().filter(pk__in=[i for i in ids if i is not None])
    return dict(known.values_list("pk", "name"))


def address_of(entry: Any) -> str:
    """The page of what an entry is about, where it has one."""
    pages = {"achievement": "/achievements/", "demand": "/demands/", "expert": "/experts/",
             "match": "/matches/", "organisation": "/desk/organisations/", "edition": "/desk/rules/editions/"}  # fmt: skip
    start = pages.get(entry.subject_kind, "")
    return f"{start}{entry.subject_id}" if start and entry.subject_id else ""


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """/desk/log.csv: what the filters leave, at most 50,000 entries, newest first."""
    actor = staff(request)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [_("序号"), _("业务时间"), _("记录时间"), _("动作"), _("对象"), _("编号"), _("归属单位"),
         _("经办单位"), _("经办人"), _("公开范围"), _("内容"), _("说明")]
    )  # fmt: skip
    for e in _found(actor, _asked(request))[:MOST_EXPORTED].iterator(chunk_size=2000):
        remark = getattr(getattr(e, "remark", None), "text", "")
        cells = [
            e.pk, e.at_business.isoformat(), e.at_recorded.isoformat(), e.verb, e.subject_kind,
            e.subject_id, e.owner_id or "", e.organisation_id or "", e.person_id or "", e.audience,
            json.dumps(e.payload, ensure_ascii=False), remark,
        ]  # fmt: skip
        writer.writerow([neutral(str(cell)) for cell in cells])
    answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="log.csv"'
    return answer
