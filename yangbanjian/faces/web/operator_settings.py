"""What the operator may set about the site."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings as config
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from yangbanjian.faces.web.operator import staff
from yangbanjian.faces.web.refusing import problems_by_field, say
from yangbanjian.faces.web.words import of_refusal
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.journal import queries as journal
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.site import actions
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid
from yangbanjian.kernel.text import clean_line

LARGEST_LOGO = 8 * 1024 * 1024


class SettingsForm(forms.Form):
    """One field for each setting; streets are one a line."""

    name = forms.CharField(label=gettext_lazy("站点名称"), max_length=40)
    tagline = forms.CharField(label=gettext_lazy("一句话介绍"), max_length=80, required=False)
    host = forms.CharField(label=gettext_lazy("主办单位"), max_length=80, required=False)
    operator = forms.CharField(label=gettext_lazy("承办单位"), max_length=80, required=False)
    contact = forms.CharField(
        label=gettext_lazy("联系方式"), max_length=80, required=False,
        help_text=gettext_lazy("显示在页脚，如电话或邮箱"),
    )  # fmt: skip
    site_code = forms.CharField(label=gettext_lazy("网站标识码"), max_length=40, required=False)
    icp = forms.CharField(label=gettext_lazy("ICP 备案号"), max_length=60, required=False)
    police = forms.CharField(label=gettext_lazy("公网安备号"), max_length=60, required=False)
    streets = forms.CharField(
        label=gettext_lazy("街道"), required=False, max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}), help_text=gettext_lazy("一行一个，可不填"),
    )  # fmt: skip
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("页面语言"), choices=config.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    valid_days = forms.IntegerField(
        label=gettext_lazy("公开有效天数"), min_value=30, max_value=3650,
        help_text=gettext_lazy("到期不续就不再列出"),
    )  # fmt: skip
    notice_days = forms.IntegerField(label=gettext_lazy("提前几天提醒"), min_value=1, max_value=180)
    import_file_days = forms.IntegerField(
        label=gettext_lazy("导入文件保存天数"), min_value=1, max_value=3650,
        help_text=gettext_lazy("到期删除文件和退回行，导入的记录不变"),
    )  # fmt: skip
    digest_hour = forms.IntegerField(
        label=gettext_lazy("每天几点发汇总邮件"), min_value=0, max_value=23,
        help_text=gettext_lazy("0 到 23 点；要对方处理的消息随时发"),
    )  # fmt: skip
    is_moderated = forms.BooleanField(
        label=gettext_lazy("先审后发"), required=False,
        help_text=gettext_lazy("不勾选时，提交后立即公开"),
    )  # fmt: skip
    logo = forms.FileField(
        label=gettext_lazy("站点图标"), required=False,
        help_text=gettext_lazy("图片，8 MB 以内；会重新压缩并去掉附带信息"),
    )  # fmt: skip
    no_logo = forms.BooleanField(label=gettext_lazy("去掉现在的图标"), required=False)


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """/desk/settings"""
    actor = staff(request, writes=request.method == "POST")
    now = site.settings()
    if request.method == "POST":
        form = SettingsForm(request.POST, request.FILES)
        if form.is_valid() and _change(request, actor, form):
            say(request, _("已保存，页面立即生效。"))
            return redirect("/desk/settings")
    else:
        held = {f: getattr(now, f) for f in SettingsForm.base_fields if hasattr(now, f)}
        form = SettingsForm(initial={**held, "streets": "\n".join(now.streets), "logo": None})
    context = {
        "form": form, "may_change": actor.is_operator, "history": _history(actor),
        "page_title": _("站点设置"), "section": "desk",
    }  # fmt: skip
    status = 422 if form.is_bound else 200
    return render(request, "operator/settings.html", context, status=status)


def _change(request: HttpRequest, actor: Actor, form: SettingsForm) -> bool:
    """Set what differs; False with the form's errors filled when it can't be used."""
    given = dict(form.cleaned_data)
    sent, drop = given.pop("logo"), given.pop("no_logo")
    lines = (clean_line(line, cap=40) for line in given["streets"].splitlines())
    given["streets"] = list(dict.fromkeys(line for line in lines if line))[:200]
    try:
        if sent is not None:
            given["logo"] = _stored(actor, sent)
        elif drop:
            given["logo"] = ""
        held = site.settings()
        plain = {n: list(v) if isinstance(v, tuple) else v for n, v in _items(held, given)}
        changed = {name: value for name, value in given.items() if plain[name] != value}
        if changed:
            actions.change(actor=actor, values=changed)
    except Invalid as refusal:
        for name, sentences in problems_by_field(refusal).items():
            form.add_error(name if name in form.fields else "logo", sentences)
        if not form.errors:
            form.add_error("logo" if sent is not None else None, of_refusal(refusal))
        return False
    return True


def _items(held: Any, given: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, getattr(held, name)) for name in given]


def _stored(actor: Actor, sent: Any) -> str:
    if sent.size > LARGEST_LOGO:
        from yangbanjian.kernel.refusals import Problem
        from yangbanjian.kernel.words import gettext_noop

        sentence = gettext_noop("图片太大了，请压缩到 8 MB 以内。")
        raise Invalid("site.logo_too_large", sentence, [Problem("logo", "too_large", sentence)])
    return files.store_cover(actor=actor, content=sent.read(), name=sent.name or "").sha256


def _history(actor: Actor) -> list[dict[str, Any]]:
    """The last changes: when, by whom, which settings."""
    labels = {name: str(f.label) for name, f in SettingsForm.base_fields.items()}
    found = []
    for entry in journal.entries(actor, verb="site.changed")[:20]:
        person = people.person(entry.person_id) if entry.person_id else None
        names = [labels.get(n, n) for n in entry.payload.get("names", [])]
        who = person.name if person else _("系统")
        found.append({"at": entry.at_business, "who": who, "what": "、".join(names)})
    return found
