"""What the books wait for: money that is to come in or to go out, put down by hand or by a deal."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from yangbanjian.faces.web import ledger_words as told
from yangbanjian.faces.web.forms_on_pages import Act, answer_acts
from yangbanjian.faces.web.libraries import page_of
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.bank import actions, policy, queries
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.text import clean_line

HERE = "/desk/ledger/expected"
ASSET, SIZE, MOST_RECEIVERS, MOST_FAILED = "CNY", 20, 20, 50


class ExpectForm(forms.Form):
    use_required_attribute = False
    account = forms.UUIDField(
        label=gettext_lazy("收到哪个账户"),
        error_messages={
            "required": gettext_lazy("请选一个账户。"), "invalid": gettext_lazy("请选一个账户。"),
        },
    )  # fmt: skip
    amount = forms.DecimalField(
        label=gettext_lazy("金额（元）"), min_value=0, max_digits=16, decimal_places=2,
    )  # fmt: skip
    reference = forms.CharField(
        label=gettext_lazy("缴款编号"), max_length=40, required=False,
        help_text=gettext_lazy("付款人写在附言里，银行来款时自动对上；不填由系统编一个"),
    )  # fmt: skip
    counterparty = forms.CharField(
        label=gettext_lazy("付款账号"), max_length=80, required=False,
        help_text=gettext_lazy("填了就只认这个账号付来的款"),
    )  # fmt: skip
    cause = forms.CharField(label=gettext_lazy("事由"), max_length=200, required=False)


class WithdrawForm(forms.Form):
    expectation = forms.IntegerField(min_value=1, max_value=2**53)


@require_http_methods(["GET", "HEAD", "POST"])
def expected(request: HttpRequest) -> HttpResponse:
    """/desk/ledger/expected: what is open, putting down money that is to come, withdrawing."""
    actor = told.reader(request, writes=request.method == "POST")

    def expect(values: dict[str, Any]) -> str:
        made = actions.expect(
            actor=actor, account=values["account"], amount=int(values["amount"] * 100),
            reference=values["reference"], counterparty=values["counterparty"],
            cause=values["cause"],
        )  # fmt: skip
        sentence = _("待收款已登记，编号 %(reference)s。请让付款人把编号写进附言。")
        return sentence % {"reference": made.reference}

    def withdraw(values: dict[str, Any]) -> str:
        gone = actions.withdraw(actor=actor, expectation_id=values["expectation"])
        return _("已撤回 %(reference)s。") % {"reference": gone.reference}

    def repeat(values: dict[str, Any]) -> str:
        made = actions.repeat_refund(actor=actor, expectation_id=values["expectation"])
        sentence = _("已重新登记退款，编号 %(reference)s，付到 %(number)s。")
        return sentence % {"reference": made.reference, "number": made.counterparty}

    acts = {
        "expect": Act(ExpectForm, expect), "withdraw": Act(WithdrawForm, withdraw),
        "repeat": Act(WithdrawForm, repeat),
    }  # fmt: skip
    return answer_acts(request, "ledger/expected.html", acts, lambda: _open(request, actor))


def _open(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    asked, page = clean_line(request.GET.get("q", ""), cap=80), page_of(request)
    found = queries.open_expectations(ASSET).order_by("-id")
    may_keep = policy.may_keep_books(actor).allowed
    receivers = queries.receivers(actor, asked, asset=ASSET)[:MOST_RECEIVERS] if may_keep else []
    chosen = request.POST.get("account", "")
    return {
        "rows": [_row(one) for one in found[(page - 1) * SIZE : page * SIZE]],
        "failed": [_failed_row(one) for one in queries.to_repeat()[:MOST_FAILED]],
        "count": found.count(), "page": page, "size": SIZE, "asked": asked, "may_keep": may_keep,
        "receivers": [
            {"key": one.key, "name": told.account_name(one), "is_chosen": str(one.key) == chosen}
            for one in receivers
        ],
        "tabs": told.tabs(actor, HERE), "page_title": _("待收付的款"), "section": "desk",
    }  # fmt: skip


def _failed_row(one: Any) -> dict[str, Any]:
    """A refund that has not arrived, and where it would go now."""
    payee = queries.payee_of(one.payee_id) if one.payee_id else None
    return {
        **_row(one), "reason": translated(one.failure) if one.failure else _("被银行退回"),
        "to": (payee.number if payee else "") if one.payee_id else one.counterparty,
    }  # fmt: skip


def _row(one: Any) -> dict[str, Any]:
    return {
        "one": one, "is_in": one.amount > 0, "account": told.account_name(one.account),
        "account_url": told.account_url(one.account), "amount": told.amount(abs(one.amount), ASSET),
    }  # fmt: skip


urls: list[URLPattern] = [path(HERE[1:], expected)]
