"""Forms of the auction room."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yangbanjian.faces.web.floor_forms import PriceField

LONGEST_SHARE = 1000  # bytes
_SEALED = {"bid_id", "commitment", "ciphertext"}


class BidForm(forms.Form):
    """A bid; `confirmed` is the amount that was asked about once more."""

    amount_fen = PriceField(label=gettext_lazy("自定金额"), max_length=40)
    bid_id = forms.CharField(max_length=64, required=False)
    confirmed = forms.CharField(max_length=20, required=False)


class TrialForm(forms.Form):
    """A bid that is only tried."""

    amount_fen = PriceField(label=gettext_lazy("试报的金额"), max_length=40)
    confirmed = forms.CharField(max_length=20, required=False)


class CeilingForm(forms.Form):
    """A standing maximum."""

    max_fen = PriceField(
        label=gettext_lazy("委托最高价"), max_length=40,
        help_text=gettext_lazy("有人超过您时自动加价一步，最多到这个数；结束后会随日志公开。"),
    )  # fmt: skip


class ClaimForm(forms.Form):
    """Whether a priority right is used."""

    match = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])


class PauseForm(forms.Form):
    """Why a lot is stopped."""

    reason = forms.CharField(label=gettext_lazy("暂停原因（公开）"), max_length=200)


class StopForm(forms.Form):
    """Why sealed bids can't be opened."""

    reason = forms.CharField(label=gettext_lazy("为什么不能开标（公开）"), max_length=200)


class NothingForm(forms.Form):
    """A step that needs no words."""


class SealedForm(forms.Form):
    """The file that `ybj seal` has made, pasted."""

    sealed = forms.CharField(
        label=gettext_lazy("已封存的报价"), max_length=4000, widget=forms.Textarea({"rows": 5}),
        help_text=gettext_lazy("粘贴 ybj seal 生成的文件的全部内容。"),
    )  # fmt: skip

    def clean_sealed(self) -> dict[str, Any]:
        try:
            said = json.loads(self.cleaned_data["sealed"])
        except (ValueError, RecursionError):
            said = None
        is_whole = isinstance(said, dict) and said.keys() >= _SEALED
        if not is_whole or not all(isinstance(said[n], str) for n in _SEALED):
            raise forms.ValidationError(_("这不是 ybj seal 生成的文件，请粘贴全部内容。"))
        return {name: said[name] for name in _SEALED}


class ShareForm(forms.Form):
    """A holder's share: typed, or the file in which it was kept."""

    share = forms.CharField(
        label=gettext_lazy("或者输入份额"), max_length=200, required=False,
        widget=forms.TextInput({"class": "input", "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("选择保存的文件"), required=False,
        widget=forms.FileInput({"class": "input"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        kept = said.get("file")
        typed = said.get("share") or (_text_of(kept) if kept is not None else "")
        if not typed and not self.errors:
            self.add_error("share", _("请输入密钥份额，或者选择保存它的文件。"))
        # Typed from paper, it may have blanks where the eye wants some.
        return {**said, "share": "".join(typed.split()).lower()}


def _text_of(kept: Any) -> str:
    """The first line of a small file; what is no text is refused as a share, later."""
    content: bytes = kept.read(LONGEST_SHARE)
    return content.decode("utf-8", errors="replace").strip()
