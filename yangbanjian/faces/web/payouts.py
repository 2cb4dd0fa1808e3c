"""Where one's organisation is paid, and what it has been paid; the payments of a deal for its page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from yangbanjian.faces.api.payouts import payout_moves
from yangbanjian.faces.web.forms_on_pages import Act, actor_of, answer_acts
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank import policy as bank_policy
from yangbanjian.ground.bank import queries as bank_queries
from yangbanjian.ground.clock import queries as clock
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotAllowed
from yangbanjian.market.trading import actions, policy, queries
from yangbanjian.market.trading.rules import payouts as rules

PAGE = 20
TONES = {"ordered": "", "paid": "ok", "failed": "bad"}


class PayeeForm(forms.Form):
    """The organisation's own account."""

    number = forms.CharField(
        label=gettext_lazy("收款账号"), max_length=80,
        help_text=gettext_lazy("只能是本单位的账户。已下的付款单仍付原来的账号。"),
    )  # fmt: skip
    bank = forms.CharField(label=gettext_lazy("开户银行"), max_length=100)


class FailForm(forms.Form):
    payout = forms.IntegerField(widget=forms.HiddenInput, max_value=2**53)
    reason = forms.CharField(max_length=200)


class RepeatForm(forms.Form):
    payout = forms.IntegerField(widget=forms.HiddenInput, max_value=2**53)


def rows_of(actor: Actor, found: Any) -> list[dict[str, Any]]:
    """Payments as a table shows them."""
    rows = []
    for one in found:
        state = rules.state_of(one.paid_at, one.failed_at)
        rows.append(
            {
                "one": one, "kind": translated(rules.KINDS[one.kind]), "who": one.owner.name,
                "state": translated(rules.STATES[state]), "tone": TONES[state],
                "account": one.bank_account if policy.sees_account(actor, one) else "",
                "at": one.failed_at or one.paid_at or one.made_at,
                "failure": translated(one.failure) if one.failure else "",
                "moves": {m["move"] for m in payout_moves(actor, one)},
            }
        )  # fmt: skip
    return rows


def deal_acts(actor: Actor) -> dict[str, Act]:
    """What the exchange may do with a deal's payments."""

    def fail(values: dict[str, Any]) -> str:
        actions.fail_payout(actor=actor, payout_id=values["payout"], reason=values["reason"])
        return _("已记下，款已解冻，可以重新付款。")

    def repeat(values: dict[str, Any]) -> str:
        actions.repeat_payout(actor=actor, payout_id=values["payout"])
        return _("已重新下付款单。")

    return {"payout_fail": Act(FailForm, fail), "payout_repeat": Act(RepeatForm, repeat)}


@require_http_methods(["GET", "HEAD", "POST"])
def payee(request: HttpRequest) -> HttpResponse:
    """/desk/payee: the account to which one is paid, and the payments."""
    actor = actor_of(request)
    if actor.is_anonymous:
        raise NotAllowed("people.sign_in_first", "请先登录。")

    def name(values: dict[str, Any]) -> str:
        bank.name_payee(actor=actor, number=values["number"], bank=values["bank"])
        return _("收款账户已登记。")

    known = bank_queries.payee_of(actor.organisation_id) if actor.organisation_id else None
    initial = {"number": known.number, "bank": known.bank} if known else {}

    def context() -> dict[str, Any]:
        mine = queries.payouts(actor).filter(owner_id__in=sorted(actor.mandates))
        pages = Paginator(mine, PAGE)
        page = pages.get_page(request.GET.get("page"))
        own = actor.organisation_id
        now = bank_queries.payee_of(own) if own else None
        return {
            "page_title": _("收款账户"), "section": "desk", "known": now,
            "may_name": bank_policy.may_name_payee(actor, own).allowed,
            "usual": queries.payee_number(own) if own and now is None and clock.is_sandbox() else "",
            "rows": rows_of(actor, page), "count": pages.count, "page": page.number, "size": PAGE,
        }  # fmt: skip

    acts = {"name": Act(PayeeForm, name, initial=initial)}
    return answer_acts(request, "floor/payee.html", acts, context)


urls: list[URLPattern] = [path("desk/payee", payee, name="payee")]
