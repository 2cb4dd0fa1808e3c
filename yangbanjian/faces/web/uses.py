"""Whether what a deal sold is put to use: for the page of the deal."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from yangbanjian.faces.api.uses import use_paper
from yangbanjian.faces.web.forms_on_pages import Act, actor_of
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.files.rules import LARGEST_ATTACHMENT
from yangbanjian.kernel.actor import Actor
from yangbanjian.market.trading import actions, policy, queries
from yangbanjian.market.trading.rules import follow_up as rules


class UseForm(forms.Form):
    """Since when, how, and a paper where there is one."""

    use_required_attribute = False
    used_on = forms.DateField(
        label=gettext_lazy("实施日期"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    text = forms.CharField(
        label=gettext_lazy("怎样实施"), max_length=rules.LONGEST_REPORT, widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("产品、产线、数量或合同。没有实施的，写明原因和打算，请联系交易机构。"),
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("证明文件"), required=False, help_text=gettext_lazy("最大 20 MB。")
    )


def use_acts(actor: Actor, deal_id: int) -> dict[str, Act]:
    """The buyer's report."""

    def report(values: dict[str, Any]) -> str:
        sent = values["file"]
        policy.may_as(actor, queries.deal(actor, deal_id), "buyer").or_refuse()
        stored = None
        if sent is not None:
            stored = files.attach(
                actor=actor, content=sent.read(LARGEST_ATTACHMENT + 1), name=sent.name or ""
            )
        actions.report_use(
            actor=actor, deal_id=deal_id, used_on=values["used_on"], text=values["text"],
            file_id=stored.pk if stored else None,
        )  # fmt: skip
        return _("实施情况已申报。")

    return {"use": Act(UseForm, report, initial={"used_on": clock.today()})}


def uses_of(actor: Actor, one: Any) -> dict[str, Any]:
    """Where its use stands, for those who see the deal's inside."""
    last_day = queries.unused_on(one) if one.handed_over_at else None
    return {
        "use_state": rules.state_of_use(one.used_at, one.unused_at, last_day),
        "unused_on": last_day,
        "uses": list(queries.uses(actor, one)[:50]),
        "may_use": "buyer" in policy.sides_of(actor, one)
        and one.state in ("handed_over", "archived"),
    }  # fmt: skip


@require_GET
def paper(request: HttpRequest, report_id: int) -> HttpResponse:
    """/uses/N: the paper of a report, to save."""
    return use_paper(actor_of(request), min(report_id, 2**63 - 1))


urls: list[URLPattern] = [path("uses/<int:report_id>", paper)]
