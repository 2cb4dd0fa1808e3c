"""Posting a demand: one sentence, matches beside it, chips to correct, who may see it, done."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from yangbanjian.engines.matching import queries as asking
from yangbanjian.engines.matching.prefilling import prefilled, title_of
from yangbanjian.faces.web.home import answered
from yangbanjian.faces.web.refusing import is_fragment, problems_by_field, say, sign_in
from yangbanjian.faces.web.sentences import rewritten, typed
from yangbanjian.faces.web.words import Words, of_refusal
from yangbanjian.kernel.refusals import Invalid
from yangbanjian.libraries.demands import actions as demands
from yangbanjian.libraries.demands import policy
from yangbanjian.libraries.records import actions
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.rules.states import LIVE

PENDING = "pending_demand"
VISIBILITIES = ("brokers", "anonymous", "named")
HERE = "/publish/demand"


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest) -> HttpResponse:
    """The sentence with what it finds. A POST corrects it and comes back to an address."""
    if request.method == "POST":
        text = typed(request.POST.get("text", ""))
        skipped = ("text", "csrfmiddlewaretoken")
        given = {k: str(v) for k, v in request.POST.items() if k not in skipped}
        kept = {"text": rewritten(text, given), "visibility": _visibility(request.POST)}
        request.session[PENDING] = kept
        return redirect(HERE + "?" + urlencode(kept))
    pending = request.session.get(PENDING) or {}
    source = request.GET if "text" in request.GET else pending
    context = _page(request, typed(source.get("text", "")), _visibility(source))
    if is_fragment(request):
        return render(request, "parts/demand_answer.html", context)
    return render(request, "publish/demand.html", context)


def _visibility(given: Any) -> str:
    chosen = given.get("visibility", "")
    return chosen if chosen in VISIBILITIES else "brokers"


def _page(
    request: HttpRequest, text: str, visibility: str, problems: list[str] | None = None
) -> dict[str, Any]:
    words = Words()
    context: dict[str, Any] = answered(request, text) if text else {}
    table = words.table("visibility").codes
    return {
        **context,
        "text": text,
        "title": title_of(text),
        "problems": problems or [],
        "visibilities": [
            {
                "code": code, "text": table[code].label(words.language),
                "note": table[code].note(words.language), "on": code == visibility,
            }
            for code in VISIBILITIES if code in table
        ],
        "page_title": _("发布需求"),
        "section": "publish",
        "crumbs": [{"text": _("需求大厅"), "url": "/demands"}, {"text": _("发布需求")}],
    }  # fmt: skip


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """「发布需求」: nobody has to sign in before this, and the sentence waits while they do."""
    actor = request.actor  # type: ignore[attr-defined]
    text, visibility = typed(request.POST.get("text", "")), _visibility(request.POST)
    if actor.is_anonymous:
        request.session[PENDING] = {"text": text, "visibility": visibility}
        return sign_in(request, HERE)
    policy.may_add(actor, actor.organisation_id).or_refuse()
    values = {**prefilled(asking.read(text)), "visibility": visibility}
    title = typed(request.POST.get("title", ""))
    if title:
        values["title"] = title
    try:
        with transaction.atomic():
            made = demands.add(actor=actor, owner_id=actor.organisation_id, values=values)
            if "draft" not in request.POST:
                library = records.LIBRARIES["demands"]
                made = actions.submit(actor=actor, library=library, record_id=made.pk)
    except Invalid as refusal:
        said = [s for listed in problems_by_field(refusal).values() for s in listed]
        context = _page(request, text, visibility, said or [of_refusal(refusal)])
        return render(request, "publish/demand.html", context, status=422)
    request.session.pop(PENDING, None)
    if made.state == "draft":
        say(request, _("草稿已保存，可以随时提交。"))
    elif made.state in LIVE:
        say(request, _("已发布，找到的匹配马上会出现在这里。"))
    else:
        say(request, _("已提交，运营人员审核后开始匹配，结果会在消息里告诉您。"))
    return redirect(f"/demands/{made.pk}")


urls: list[URLPattern] = [
    path("publish/demand", write, name="publish_demand"),
    path("publish/demand/save", save, name="save_demand"),
]
