"""/desk/access: who looked into what an organisation keeps to itself. Its people read of it; an
operator opens a look here, with a reason and for a time, and ends it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from yangbanjian.faces.web.forms_on_pages import Act, actor_of, answer_acts, safe_next
from yangbanjian.faces.web.libraries import page_of
from yangbanjian.faces.web.refusing import say, sign_in
from yangbanjian.ground.access import actions, policy, queries, rules
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import owners
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import Invalid, NotFound, Problem

SIZE = 30


class OpenForm(forms.Form):
    use_required_attribute = False
    owner = forms.CharField(
        label=gettext_lazy("查阅哪个单位"), max_length=200,
        help_text=gettext_lazy("单位全称、统一社会信用代码或编号"),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("为什么要查阅"), max_length=rules.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("该单位会看到这句话，如：处理第 12 号举报，核对原始描述"),
    )  # fmt: skip
    hours = forms.IntegerField(label=gettext_lazy("几小时"), help_text=gettext_lazy("够用即可"))


class EndForm(forms.Form):
    grant = forms.IntegerField(min_value=1, max_value=2**53)


@require_http_methods(["GET", "HEAD", "POST"])
def looks(request: HttpRequest) -> HttpResponse:
    """/desk/access?owner=12&next=/demands/7"""
    actor = actor_of(request)
    if actor.is_anonymous:
        return sign_in(request)

    def begin(values: dict[str, Any]) -> HttpResponse:
        try:
            owner_id = owners.find(values["owner"])
        except NotFound as unknown:
            wrong = Problem("owner", "unknown", unknown.sentence, unknown.params)
            raise Invalid(unknown.code, unknown.sentence, [wrong], **unknown.params) from None
        actions.open_access(
            actor=actor, owner_id=owner_id, reason=values["reason"], hours=values["hours"]
        )
        say(request, _("已打开查阅，该单位已收到通知。看完请提前结束。"))
        return redirect(safe_next(request, "/desk/access"))

    def end(values: dict[str, Any]) -> str:
        actions.end_access(actor=actor, grant_id=values["grant"])
        return _("这次查阅已结束。")

    asked = request.GET.get("owner", "")
    initial = {"owner": asked[:200], "hours": min(8, queries.longest_hours())}
    acts = {"open": Act(OpenForm, begin, initial), "end": Act(EndForm, end)}
    return answer_acts(request, "desk/access.html", acts, lambda: _shown(request, actor))


def _shown(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    found, page, now = queries.grants(actor), page_of(request), clock.now()
    few = list(found[(page - 1) * SIZE : page * SIZE])
    is_office = actor.has_any(Role.OPERATOR, Role.AUDITOR)
    wanted = _named(request.GET.get("owner", ""))
    return {
        "rows": [_row(look, actor, now) for look in queries.looks(actor, few)],
        "count": found.count(), "page": page, "size": SIZE, "is_office": is_office,
        "may_open": policy.may_open(actor).allowed, "longest": queries.longest_hours(),
        "wanted": wanted,
        "page_title": _("查阅") if is_office else _("谁查阅过我的资料"), "section": "desk",
    }  # fmt: skip


def _named(asked: str) -> str:
    """The name of the organisation that the address asks for by its number."""
    is_number = asked.isascii() and asked.isdigit() and len(asked) < 19
    found = people.organisation(int(asked)) if is_number else None
    return found.name if found is not None else ""


def _row(look: queries.Look, actor: Actor, now: Any) -> dict[str, Any]:
    is_open = look.is_open(now)
    return {
        "look": look, "grant": look.grant, "is_open": is_open,
        "may_end": is_open and policy.may_open(actor).allowed,
        "person": look.person or _("运营人员"), "reason": look.reason or _("（已删除）"),
        "end": look.grant.ended_at or look.grant.until,
        "tag": {"text": _("进行中"), "tone": "warn"} if is_open
        else {"text": _("提前结束") if look.grant.ended_at else _("已到期"), "tone": ""},
    }  # fmt: skip


urls: list[URLPattern] = [path("desk/access", looks, name="access")]
