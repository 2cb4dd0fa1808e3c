"""Forms of accounts and organisations. They carry shape only: the verbs check what is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from yangbanjian.faces.web.forms_on_pages import said
from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.people.rules import (
    KINDS_BY_OPERATOR,
    MAIL_CHOICES,
    ORGANISATION_KINDS,
    ROLE_LABELS,
    ROLES_OF_KIND,
)
from yangbanjian.ground.people.rules.typed import Typed
from yangbanjian.ground.site import queries as site

Choices = list[tuple[str, str]]


# A role is chosen, never given by having stood first.
PLEASE: list[tuple[str, Any]] = [("", _("请选择"))]


def labelled(labels: Mapping[Any, str], only: Sequence[Any] | None = None) -> Choices:
    return [
        (str(getattr(code, "value", code)), gettext(label))
        for code, label in labels.items()
        if only is None or code in only
    ]


def secret(label: Any, kind: str, **options: Any) -> forms.CharField:
    """A password field that a password manager understands and that can be pasted into."""
    return forms.CharField(
        label=label,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": kind}),
        **options,
    )


def line(label: Any, autocomplete: str = "off", **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label, widget=forms.TextInput(attrs={"autocomplete": autocomplete}), **options
    )


def words(label: Any, rows: int = 3, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": rows}), **options)


def email(label: Any = None, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label or _("邮箱"),
        widget=forms.TextInput(
            attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}
        ),
        **options,
    )


PASSWORD_HINT = _("至少 10 个字，不要只用数字，不要用常见密码。可以粘贴。")


class SignInForm(forms.Form):
    username = line(_("邮箱或登录名"), "username")
    password = secret(_("密码"), "current-password")


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("动态口令"),
        help_text=_("手机应用里的 6 位数字；手机不在身边时填备用码。"),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text"}),
    )


class RegisterForm(forms.Form):
    email = email(help_text=_("用来登录和收通知，不公开。"))
    name = line(_("姓名"), "name")
    password = secret(_("密码"), "new-password", help_text=PASSWORD_HINT)
    agreed = forms.BooleanField(label=_("我已阅读并同意隐私说明"))


class ForgotForm(forms.Form):
    email = email()


class NewPasswordForm(forms.Form):
    password = secret(_("新密码"), "new-password", help_text=PASSWORD_HINT)


class JoinForm(forms.Form):
    name = line(_("姓名"), "name")
    password = secret(_("密码"), "new-password", help_text=PASSWORD_HINT)


class NothingForm(forms.Form):
    """A button."""


class IdForm(forms.Form):
    """A button about one row."""

    id = forms.IntegerField(min_value=1, max_value=2**62, widget=forms.HiddenInput)


class ReasonForm(IdForm):
    reason = words(_("原因"), 2, help_text=_("对方会看到。"))


class ProfileForm(forms.Form):
    name = line(_("姓名"), "name")
    phone = line(_("电话"), "tel", required=False, help_text=_("双方同意联系后才给对方看。"))


class MailForm(forms.Form):
    """What to be told by e-mail: on the account page, and where a letter's link leads."""

    mail = forms.ChoiceField(
        label=_("邮件通知"),
        widget=forms.RadioSelect,
        help_text=_("消息始终在「消息」里。邮件只寄到已确认的邮箱。"),
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["mail"].choices = labelled(MAIL_CHOICES)  # type: ignore[attr-defined]


class PreferencesForm(MailForm):
    language = forms.ChoiceField(
        label=_("语言"),
        choices=[("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")],
    )


class PasswordForm(forms.Form):
    old_password = secret(_("现在的密码"), "current-password")
    password = secret(_("新密码"), "new-password", help_text=PASSWORD_HINT)


class EmailForm(forms.Form):
    email = email(_("新邮箱"), help_text=_("我们会寄去一封信，打开信里的链接才生效。"))
    old_password = secret(_("现在的密码"), "current-password")


class ProofForm(forms.Form):
    """That it is the owner who asks; the code only where the second factor is on."""

    old_password = secret(_("现在的密码"), "current-password")
    code = forms.CharField(
        label=_("动态口令"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text"}),
    )


class EraseForm(forms.Form):
    old_password = secret(_("现在的密码"), "current-password")
    agreed = forms.BooleanField(label=_("我知道注销后不能恢复"))


class TokenForm(forms.Form):
    name = line(_("用途"), help_text=_("例如：学校科研系统同步。"))
    expires_days = forms.TypedChoiceField(
        label=_("有效期"),
        coerce=int,
        initial=90,
        choices=[(30, _("30 天")), (90, _("90 天")), (365, _("一年"))],
    )


class OrganisationForm(forms.Form):
    name = line(_("单位全称"), "organization")
    short_name = line(_("简称"), required=False)
    uscc = line(_("统一社会信用代码"), required=False, help_text=_("18 位，见营业执照或证书。"))
    street = forms.ChoiceField(label=_("街道"), required=False)
    intro = words(_("简介"), required=False)
    website = line(_("网址"), "url", required=False)
    contact_name = line(_("联系人"), required=False)
    contact_email = email(_("联系邮箱"), required=False)
    contact_phone = line(_("联系电话"), "tel", required=False)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # What was chosen before the operator changed the list stays choosable.
        names = dict.fromkeys((*site.settings().streets, self.initial.get("street") or ""))
        listed = [(name, name) for name in names if name]
        chooser = self.fields["street"]
        assert isinstance(chooser, forms.ChoiceField)
        chooser.choices = [("", _("不在名单里")), *listed]
        if not listed:
            del self.fields["street"]


def _pieces(typed: str) -> list[str]:
    """What stands between commas of any kind."""
    for mark in ("，", "、", "；", ";", "\n"):
        typed = typed.replace(mark, ",")
    return [piece.strip() for piece in typed[:2000].split(",") if piece.strip()]


class TagsForm(forms.Form):
    """All stated tags at once: fields by choice, industries by name or code, chains by code."""

    industries = line(
        _("行业"),
        required=False,
        help_text=_("填行业名称或代码，用逗号隔开，例如：通用设备, C35。"),
    )
    chains = line(
        _("产业链"), required=False, help_text=_("写产业链名称，用逗号隔开，例如：冷链, 海洋装备。")
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        language = get_language() or ""
        self.fields["fields"] = forms.MultipleChoiceField(
            label=_("领域"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=[(c.code, c.label(language)) for c in codes.table("field")],
        )

    def clean_industries(self) -> list[str]:
        known = codes.table("industries")
        found = []
        for piece in _pieces(str(self.cleaned_data["industries"])):
            hits = known.search(piece, limit=1)
            if not hits:
                raise forms.ValidationError(
                    gettext("没有找到行业「%(what)s」，请换个说法或填代码。") % {"what": piece[:20]}
                )
            found.append(hits[0].code)
        return found

    def clean_chains(self) -> list[str]:
        typed = Typed()
        pieces = _pieces(str(self.cleaned_data["chains"]))
        kept = [typed.tag("chains", "chain", piece) for piece in pieces]
        if typed.problems:
            raise forms.ValidationError(said(typed.problems[0]))
        return kept


class ConfirmTagForm(forms.Form):
    kind = forms.CharField(widget=forms.HiddenInput)
    code = forms.CharField(widget=forms.HiddenInput)
    is_right = forms.BooleanField(required=False, widget=forms.HiddenInput)


class _RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("角色"), choices=[])

    def __init__(self, *given: Any, kind: str = "", **named: Any) -> None:
        super().__init__(*given, **named)
        only = ROLES_OF_KIND.get(kind)
        self.fields["role"].choices = [*PLEASE, *labelled(ROLE_LABELS, only)]  # type: ignore[attr-defined]


class InviteForm(_RoleForm):
    email = email(_("同事的邮箱"))
    field_order = ("email", "role")


class ClaimKnownForm(_RoleForm):
    organisation_id = forms.IntegerField(min_value=1, max_value=2**62, widget=forms.HiddenInput)
    evidence = words(_("说明"), required=False, help_text=_("您在单位的部门和职务，方便核实。"))


class ClaimNewForm(_RoleForm):
    kind = forms.ChoiceField(label=_("单位类型"), choices=[])
    name = line(_("单位全称"), "organization")
    uscc = line(_("统一社会信用代码"), help_text=_("18 位，见营业执照或证书。"))
    evidence = words(_("说明"), required=False, help_text=_("您在单位的部门和职务，方便核实。"))
    field_order = ("kind", "name", "uscc", "role", "evidence")

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        kinds = [k for k in ORGANISATION_KINDS if k not in KINDS_BY_OPERATOR]
        self.fields["kind"].choices = labelled(ORGANISATION_KINDS, kinds)  # type: ignore[attr-defined]
        given_roles = {r for k in kinds for r in ROLES_OF_KIND[k]}
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            *PLEASE,
            *labelled(ROLE_LABELS, [r for r in ROLE_LABELS if r in given_roles]),
        ]


class AddOrganisationForm(forms.Form):
    kind = forms.ChoiceField(label=_("单位类型"), choices=[])
    name = line(_("单位全称"), "organization")
    uscc = line(_("统一社会信用代码"), required=False)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["kind"].choices = labelled(ORGANISATION_KINDS)  # type: ignore[attr-defined]


class AddPersonForm(_RoleForm):
    """The operator gives a known person a role in an organisation."""

    username = line(_("邮箱或登录名"))
    field_order = ("username", "role")
