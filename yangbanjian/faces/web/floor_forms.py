"""Forms of the way to the floor."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yangbanjian.faces.web.forms import posted_fen
from yangbanjian.faces.web.words import Words, translated
from yangbanjian.market.trading.rules.notices import PRICE_MODES
from yangbanjian.market.trading.rules.statements import ITEMS, VERDICTS


class PriceField(forms.CharField):
    """An amount as people write it (300 万, 3,000,000); cleaned to fen."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        amount = posted_fen(text)
        if not isinstance(amount, int):
            raise forms.ValidationError(_("金额没有看懂，请写成「300 万」或「3000000」。"))
        return amount


def _modes() -> list[tuple[str, str]]:
    return [(code, translated(label)) for code, label in PRICE_MODES.items()]


def _deal_modes() -> list[tuple[str, str]]:
    words = Words()
    return [(code, words.label("deal_modes", code)) for code in words.table("deal_modes").codes]


class DecisionForm(forms.Form):
    """What the unit has decided."""

    kind = forms.ChoiceField(
        label=gettext_lazy("谁决定的"),
        choices=[
            ("collective", gettext_lazy("领导班子集体决策")),
            ("council", gettext_lazy("校（院）务会议")),
            ("delegated", gettext_lazy("授权部门决定")),
        ],
    )
    price_mode = forms.ChoiceField(label=gettext_lazy("定价方式"), choices=_modes)
    price_fen = PriceField(label=gettext_lazy("价格"), required=False, max_length=40)
    on = forms.DateField(
        label=gettext_lazy("决策日期"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(label=gettext_lazy("会议名称、文号"), max_length=2000, required=False)


class NoticeForm(forms.Form):
    """What a notice says."""

    deal_mode = forms.ChoiceField(label=gettext_lazy("合作方式"), choices=_deal_modes)
    price_mode = forms.ChoiceField(label=gettext_lazy("定价方式"), choices=_modes)
    price_fen = PriceField(label=gettext_lazy("拟交易价格"), max_length=40)
    related_party = forms.ChoiceField(
        label=gettext_lazy("受让方是完成人或关联方"),
        choices=[("no", gettext_lazy("不是")), ("yes", gettext_lazy("是"))],
    )
    related_statement = forms.CharField(
        label=gettext_lazy("是谁、什么关系"), max_length=2000, required=False,
        widget=forms.Textarea({"rows": 2}),
    )  # fmt: skip
    days = forms.IntegerField(
        label=gettext_lazy("公示几天"), required=False,
        help_text=gettext_lazy("不填按当地规定的最短天数。"),
    )  # fmt: skip

    def said(self) -> dict[str, Any]:
        """In the words of the action."""
        return said(self.cleaned_data)


def said(values: dict[str, Any]) -> dict[str, Any]:
    """A notice form's values in the words of the action."""
    given = dict(values)
    given["is_related"] = given.pop("related_party") == "yes"
    return given


class ChangeForm(NoticeForm):
    reason = forms.CharField(label=gettext_lazy("为什么变更"), max_length=1000)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("原因"), max_length=1000)


class NothingForm(forms.Form):
    """A step that asks for nothing."""


class StatementForm(forms.Form):
    """One check of the achievement."""

    item = forms.ChoiceField(
        label=gettext_lazy("核对哪一项"),
        choices=lambda: [(code, translated(label)) for code, label in ITEMS.items()],
    )
    verdict = forms.ChoiceField(
        label=gettext_lazy("结论"),
        choices=lambda: [(code, translated(label)) for code, label in VERDICTS.items()],
    )
    note = forms.CharField(label=gettext_lazy("依据"), max_length=2000, required=False)


class WayForm(forms.Form):
    """On the floor or elsewhere."""

    way = forms.ChoiceField(
        label=gettext_lazy("怎样交易"),
        choices=[("floor", gettext_lazy("进场交易")), ("outside", gettext_lazy("不进场"))],
    )
    reason = forms.CharField(label=gettext_lazy("不进场的理由"), max_length=500, required=False)


class ObjectionForm(forms.Form):
    """What somebody objects to. Those without an account leave a name and how to be reached."""

    text = forms.CharField(
        label=gettext_lazy("异议内容和理由"), max_length=5000, widget=forms.Textarea({"rows": 5})
    )

    def __init__(self, *args: Any, is_signed_in: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_signed_in:
            self.fields["name"] = forms.CharField(label=_("姓名"), max_length=60)
            self.fields["contact"] = forms.CharField(
                label=_("电话或邮箱"), max_length=120, help_text=_("只用于答复，不公开。")
            )


class RulingForm(forms.Form):
    """A ruling on one objection."""

    objection = forms.IntegerField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label=gettext_lazy("裁定"),
        choices=[("dismissed", gettext_lazy("不成立")), ("upheld", gettext_lazy("成立"))],
    )
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=2000)


class AppealForm(forms.Form):
    objection = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label=gettext_lazy("申诉理由"), max_length=2000)
