"""Forms of deals and certificates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from yangbanjian.faces.web.floor_forms import PriceField
from yangbanjian.faces.web.words import translated
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading.rules.contracts import FIELDS, LONGEST_FIELD, OPEN_FIELDS
from yangbanjian.market.trading.rules.deposits import FORFEITURES

BY_LATENESS = gettext_noop("按期限判断")


class ContractForm(forms.Form):
    """The clauses that are the parties' own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in OPEN_FIELDS:
            self.fields[name] = forms.CharField(
                label=translated(FIELDS[name][0]), max_length=LONGEST_FIELD, required=False,
                widget=forms.Textarea({"rows": 3}),
            )  # fmt: skip
        self.fields["other_fen"] = PriceField(
            label=gettext_lazy("其中非技术性部分"), required=False, max_length=40,
            help_text=gettext_lazy("购买设备、仪器、零部件、原材料等的费用，登记时从技术交易额里扣除。"),
        )  # fmt: skip


class DefaultForm(forms.Form):
    """The exchange finds a default."""

    case = forms.ChoiceField(
        label=gettext_lazy("违约情形"), required=False,
        choices=lambda: [("", translated(BY_LATENESS)), *((f.code, translated(f.label)) for f in FORFEITURES)],
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("事实和理由"), max_length=1000)


class RegisterForm(forms.Form):
    no = forms.CharField(label=gettext_lazy("技术合同登记号"), max_length=60)


class HandOverForm(forms.Form):
    """Where and until when a licence holds; a transfer asks for neither."""

    territory = forms.CharField(label=gettext_lazy("地域"), max_length=200, required=False)
    until = forms.DateField(
        label=gettext_lazy("许可到期日"), required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip


class SecurityForm(forms.Form):
    security = forms.CharField(label=gettext_lazy("担保种类、出具人和编号"), max_length=300)


class RoyaltyForm(forms.Form):
    """What was earned in a period."""

    period_from = forms.DateField(
        label=gettext_lazy("期间起"), widget=forms.DateInput({"type": "date"})
    )
    period_to = forms.DateField(
        label=gettext_lazy("期间止"), widget=forms.DateInput({"type": "date"})
    )
    base_fen = PriceField(label=gettext_lazy("提成基数"), max_length=40)


class RevokeForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("为什么撤销"), max_length=1000)


class LookUpForm(forms.Form):
    no = forms.CharField(label=gettext_lazy("凭证编号"), max_length=80)
