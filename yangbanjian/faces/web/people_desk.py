"""One's own account in the workspace: profile, security, data."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from yangbanjian.faces.web.forms_on_pages import (
    Act,
    actor_of,
    answer_acts,
    client_address,
    safe_next,
    said,
)
from yangbanjian.faces.web.misc import days_kept
from yangbanjian.faces.web.people import FORM, recovery_page
from yangbanjian.faces.web.people_forms import (
    CodeForm,
    EmailForm,
    EraseForm,
    IdForm,
    NothingForm,
    PasswordForm,
    PreferencesForm,
    ProfileForm,
    TokenForm,
)
from yangbanjian.faces.web.people_provider import identity_acts
from yangbanjian.ground.people import actions, providers, queries
from yangbanjian.ground.people.actions.passwords import confirm_password
from yangbanjian.ground.people.rules.personal import PERSONAL_DATA
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Refusal

View = Callable[..., HttpResponse]


def signed_in(view: View) -> View:
    """Ask visitors to sign in, and bring them back here."""

    @wraps(view)
    def guarded(request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
        if actor_of(request).is_anonymous:
            wanted = request.get_full_path() if request.method == "GET" else request.path
            return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': wanted})}")
        return view(request, *given, **named)

    return guarded


def _me(request: HttpRequest) -> int:
    return actor_of(request).person_id or 0


@signed_in
@never_cache
@sensitive_post_parameters("old_password", "password")
@FORM
def account(request: HttpRequest) -> HttpResponse:
    """/desk/account"""
    actor, me = actor_of(request), _me(request)
    person = queries.person(me)

    def profile(values: dict[str, Any]) -> str:
        actions.change_profile(actor=actor, person_id=me, **values)
        return gettext("已保存。")

    def preferences(values: dict[str, Any]) -> HttpResponse:
        actions.set_preferences(actor=actor, person_id=me, **values)
        messages.success(request, gettext("已保存。"))
        answer = redirect("/desk/account")
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            values["language"],
            max_age=365 * 86_400,
            samesite="Lax",
            secure=request.is_secure(),
        )
        return answer

    def password(values: dict[str, Any]) -> str:
        changed = actions.change_password(
            actor=actor,
            person_id=me,
            old=values["old_password"],
            new=values["password"],
            session_key=request.session.session_key or "",
        )
        _keep_this_session(request, changed)
        return gettext("密码已修改，其他设备都已退出登录。")

    def change_email(values: dict[str, Any]) -> str:
        actions.ask_email_change(
            actor=actor,
            person_id=me,
            email=values["email"],
            password=values["old_password"],
            client_address=client_address(request),
        )
        return gettext("信已寄往新邮箱。打开信里的链接之前，仍用现在的邮箱。")

    def choose(values: dict[str, Any]) -> str:
        chosen = actions.choose_organisation(
            actor=actor,
            organisation_id=values["id"],
            session_key=request.session.session_key or "",
        )
        request.session["organisation"] = chosen.pk
        return gettext("现在代表「%(name)s」办事。") % {"name": chosen.name}

    def leave(values: dict[str, Any]) -> str:
        actions.end_membership(actor=actor, membership_id=values["id"])
        return gettext("已退出该单位。")

    acts = {
        "profile": Act(
            ProfileForm,
            profile,
            {"name": person.name, "phone": person.phone} if person else {},
        ),
        "preferences": Act(
            PreferencesForm,
            preferences,
            {
                "language": person.language if person else "",
                "mail": queries.mail_choice(person) if person else "",
            },
        ),
        "password": Act(PasswordForm, password),
        "email": Act(EmailForm, change_email),
        "choose": Act(IdForm, choose),
        "leave": Act(IdForm, leave),
    }
    return answer_acts(
        request,
        "people/account.html",
        acts,
        lambda: {
            "page_title": gettext("账号设置"),
            "tab": "account",
            "person": person,
            "memberships": list(queries.memberships_of(me)),
        },
    )


def _keep_this_session(request: HttpRequest, person: Any) -> None:
    """After a new password this browser stays signed in, under a new key."""
    before = queries.browser_session(request.session.session_key)
    update_session_auth_hash(request, person)
    actions.open_session(
        actor=actor_of(request),
        person_id=person.pk,
        session_key=request.session.session_key or "",
        client_address=client_address(request),
        agent=request.headers.get("User-Agent", ""),
        has_second_factor=bool(before and before.has_second_factor),
    )
    if before is not None:
        actions.end_session(actor=actor_of(request), session_id=before.pk)


@require_POST
@signed_in
def choose_organisation(request: HttpRequest) -> HttpResponse:
    """/desk/act-for: for a menu on any page; comes back to `next`."""
    form = IdForm(request.POST)
    try:
        if form.is_valid():
            chosen = actions.choose_organisation(
                actor=actor_of(request),
                organisation_id=form.cleaned_data["id"],
                session_key=request.session.session_key or "",
            )
            request.session["organisation"] = chosen.pk
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return redirect(safe_next(request))


BACK = "/desk/account/security"


def _second_factor_acts(request: HttpRequest, actor: Actor, me: int) -> dict[str, Act]:
    def begin(_values: dict[str, Any]) -> HttpResponse:
        actions.begin_second_factor(actor=actor, person_id=me, issuer=site.settings().name)
        return redirect(f"{BACK}?setup=1#second-factor")

    def confirm(values: dict[str, Any]) -> HttpResponse:
        codes = actions.confirm_second_factor(
            actor=actor,
            person_id=me,
            code=values["code"],
            session_key=request.session.session_key or "",
            client_address=client_address(request),
        )
        return recovery_page(request, codes, BACK)

    def off(values: dict[str, Any]) -> str:
        actions.end_second_factor(actor=actor, person_id=me, code=values["code"])
        return gettext("两步验证已关闭。")

    def recovery(values: dict[str, Any]) -> HttpResponse:
        codes = actions.new_recovery_codes(actor=actor, person_id=me, code=values["code"])
        return recovery_page(request, codes, BACK)

    return {
        "begin": Act(NothingForm, begin),
        "confirm": Act(CodeForm, confirm),
        "off": Act(CodeForm, off),
        "recovery": Act(CodeForm, recovery),
    }


def _session_acts(actor: Actor, me: int, key: str) -> dict[str, Act]:
    def end(values: dict[str, Any]) -> str:
        actions.end_session(actor=actor, session_id=values["id"])
        return gettext("已退出那台设备。")

    def end_others(_values: dict[str, Any]) -> str:
        n = actions.end_all_sessions(actor=actor, person_id=me, but_key=key)
        return gettext("已退出其他 %(n)d 台设备。") % {"n": n}

    return {"end": Act(IdForm, end), "end_others": Act(NothingForm, end_others)}


def _token_acts(request: HttpRequest, actor: Actor, me: int) -> dict[str, Act]:
    def token(values: dict[str, Any]) -> HttpResponse:
        made, secret = actions.create_token(
            actor=actor, person_id=me, organisation_id=actor.organisation_id, **values
        )
        return render(
            request,
            "people/token.html",
            {"page_title": gettext("接口令牌"), "token": made, "secret": secret},
        )

    def revoke(values: dict[str, Any]) -> str:
        actions.revoke_token(actor=actor, token_id=values["id"])
        return gettext("令牌已停用。")

    return {"token": Act(TokenForm, token), "revoke": Act(IdForm, revoke)}


@signed_in
@never_cache
@sensitive_post_parameters("old_password")
@FORM
def security(request: HttpRequest) -> HttpResponse:
    """/desk/account/security: second factor, sessions, tokens, other ways in."""
    actor, me = actor_of(request), _me(request)
    key = request.session.session_key or ""
    acts = {
        **_second_factor_acts(request, actor, me),
        **_session_acts(actor, me, key),
        **_token_acts(request, actor, me),
        **identity_acts(request, actor, me),
    }

    def context() -> dict[str, Any]:
        person = queries.person(me)
        is_on = person is not None and person.totp_confirmed_at is not None
        other = providers.provider()
        setup = None
        if "setup" in request.GET and not is_on:
            setup = actions.begin_second_factor(
                actor=actor, person_id=me, issuer=site.settings().name
            )
        return {
            "page_title": gettext("账号安全"),
            "tab": "security",
            "is_on": is_on,
            "is_needed": queries.must_have_second_factor(me),
            "setup": setup,
            "sessions": list(queries.sessions_of(me)),
            "this_session": key,
            "tokens": list(queries.tokens_of(me)),
            "identities": list(queries.identities_of(me)),
            "provider": other.name if other is not None else "",
        }

    return answer_acts(request, "people/security.html", acts, context)


@signed_in
@never_cache
@sensitive_post_parameters("old_password")
@FORM
def own_data(request: HttpRequest) -> HttpResponse:
    """/desk/account/data: what is kept, a copy of it, and leaving."""
    actor, me = actor_of(request), _me(request)

    def export(_values: dict[str, Any]) -> HttpResponse:
        said_of_me = actions.export_my_data(actor=actor, person_id=me)
        answer = JsonResponse(said_of_me, json_dumps_params={"ensure_ascii": False, "indent": 1})
        answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
        return answer

    def erase(values: dict[str, Any]) -> HttpResponse:
        confirm_password(
            actor=actor,
            person_id=me,
            password=values["old_password"],
            client_address=client_address(request),
        )
        actions.erase(actor=actor, person_id=me)
        logout(request)
        messages.success(request, gettext("账号已注销，您的个人信息已删除。"))
        return redirect("/")

    return answer_acts(
        request,
        "people/data.html",
        {"export": Act(NothingForm, export), "erase": Act(EraseForm, erase)},
        lambda: {
            "page_title": gettext("我的数据"),
            "tab": "data",
            "register": [
                {
                    "label": gettext(f.label),
                    "purpose": gettext(f.purpose),
                    "basis": gettext(f.basis),
                    "days": days_kept(f),
                }
                for f in PERSONAL_DATA
            ],
        },
    )
