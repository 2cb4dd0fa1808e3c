"""Forms of listings, registrations and questions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from yangbanjian.faces.web.floor_forms import PriceField, _deal_modes
from yangbanjian.faces.web.words import translated
from yangbanjian.market.trading.rules.listings import METHODS, PAYMENTS
from yangbanjian.market.trading.rules.periods import UNITS


def _choices(labels: Any) -> Any:
    return lambda: [(str(code), translated(label)) for code, label in labels.items()]


class MinutesField(forms.IntegerField):
    """A time as people say it, in minutes; cleaned to seconds."""

    def clean(self, value: Any) -> Any:
        minutes = super().clean(value)
        return None if minutes is None else minutes * 60


class TermsForm(forms.Form):
    """What a listing says. What is left empty is as the rules have it."""

    method = forms.ChoiceField(label=gettext_lazy("报价方式"), choices=_choices(METHODS))
    start_fen = PriceField(label=gettext_lazy("起始价"), max_length=40)
    step_fen = PriceField(label=gettext_lazy("加价（降价）幅度"), required=False, max_length=40)
    floor_fen = PriceField(
        label=gettext_lazy("降价的底价"), required=False, max_length=40,
        help_text=gettext_lazy("只有降价报价要填，是公开的。"),
    )  # fmt: skip
    reserve_fen = PriceField(
        label=gettext_lazy("保留价"), required=False, max_length=40,
        help_text=gettext_lazy("保密：任何人都看不到，竞价结束后才揭晓。"),
    )  # fmt: skip
    deposit_fen = PriceField(label=gettext_lazy("保证金"), required=False, max_length=40)
    days = forms.IntegerField(
        label=gettext_lazy("披露几天"), required=False, min_value=1, max_value=365,
        help_text=gettext_lazy("不填按规则的最短天数。"),
    )  # fmt: skip
    unit = forms.ChoiceField(
        label=gettext_lazy("日的算法"), required=False, choices=_choices(UNITS), initial="working"
    )
    free_s = MinutesField(
        label=gettext_lazy("自由报价期（分钟）"), required=False, min_value=0, max_value=500_000
    )
    cycle_s = MinutesField(
        label=gettext_lazy("限时周期（分钟）"), required=False, min_value=0, max_value=500_000
    )
    hard_close_s = MinutesField(
        label=gettext_lazy("最迟几分钟后结束"), required=False, min_value=0, max_value=500_000
    )
    payment = forms.ChoiceField(
        label=gettext_lazy("付款方式"), required=False, choices=_choices(PAYMENTS), initial="once"
    )
    conditions = forms.CharField(
        label=gettext_lazy("受让方条件和特别说明"), required=False, max_length=5000,
        widget=forms.Textarea({"rows": 4}),
    )  # fmt: skip


class ListingForm(TermsForm):
    """A new listing, with the way of its rights."""

    field_order = ("deal_mode",)
    deal_mode = forms.ChoiceField(label=gettext_lazy("合作方式"), choices=_deal_modes)


class ChangeForm(TermsForm):
    """A change of a public listing, with its reason; its method and deposit stay."""

    field_order = ("reason",)
    reason = forms.CharField(label=gettext_lazy("为什么变更"), max_length=1000)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["method"], self.fields["deposit_fen"]


def said(values: dict[str, Any]) -> dict[str, Any]:
    """A form's values in the words of the action."""
    given = {k: v for k, v in values.items() if v not in (None, "")}
    if "payment" in given:
        given["payment"] = {"kind": given["payment"]}
    if "days" not in given:
        given.pop("unit", None)
    return given


def shown(one: Any) -> dict[str, Any]:
    """What a listing says, as the form shows it."""
    fen = ("start_fen", "step_fen", "floor_fen", "deposit_fen")
    told = {n: format(getattr(one, n) / 100, ".2f") for n in fen if getattr(one, n)}
    minutes = {n: getattr(one, n) // 60 for n in ("free_s", "cycle_s", "hard_close_s")}
    return {
        **told, **minutes, "method": one.method, "days": one.days, "unit": one.unit,
        "payment": one.payment.get("kind", "once"), "conditions": one.conditions,
        "deal_mode": one.deal_mode,
    }  # fmt: skip


class SignUpForm(forms.Form):
    """What a buyer states when they register."""

    bank_account = forms.CharField(
        label=gettext_lazy("本单位的银行账号"), max_length=64, required=False,
        help_text=gettext_lazy("只有从这个账号付的保证金才算，退款也只退回它。演示环境可不填。"),
    )  # fmt: skip
    relation = forms.ChoiceField(
        label=gettext_lazy("与转让方的关系"),
        choices=[
            ("none", gettext_lazy("没有关联，也不是完成人")),
            ("priority", gettext_lazy("完成人或其创办的企业，主张优先受让")),
            ("related", gettext_lazy("关联方")),
        ],
    )
    statement = forms.CharField(
        label=gettext_lazy("情况说明"), max_length=2000, required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=gettext_lazy("有关系的，请写明是谁、什么关系。"),
    )  # fmt: skip


class TextForm(forms.Form):
    """A question."""

    text = forms.CharField(
        label=gettext_lazy("您想问什么"), max_length=2000, widget=forms.Textarea({"rows": 3})
    )


class AnswerForm(forms.Form):
    """An answer to one question."""

    question = forms.IntegerField(widget=forms.HiddenInput)
    text = forms.CharField(max_length=4000)


class BuyerForm(forms.Form):
    """One registration, for the exchange to decide on."""

    registration = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(max_length=1000, required=False)
