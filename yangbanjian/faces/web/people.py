"""The way in: signing in and out, registering, passwords, invitations."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yangbanjian.faces.web.forms_on_pages import (
    Act,
    actor_of,
    answer_acts,
    checked_path,
    client_address,
    safe_next,
    said,
)
from yangbanjian.faces.web.people_forms import (
    CodeForm,
    ForgotForm,
    JoinForm,
    MailForm,
    NewPasswordForm,
    NothingForm,
    RegisterForm,
    SignInForm,
)
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import actions, providers, queries
from yangbanjian.ground.people.rules import ROLE_LABELS
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Refusal

BACKEND = "django.contrib.auth.backends.ModelBackend"
# What a visitor has typed before signing in lives in the session and outlives the change of key.
PENDING = ("pending_demand",)
OPENED, SECOND, PROVIDER = "opened", "second", "provider"
SECOND_MINUTES = 10
DEMO_NAMES = (
    ("operator", gettext_lazy("运营人员")),
    ("broker", gettext_lazy("技术经理人")),
    ("tto", gettext_lazy("成果转化人员")),
    ("enterprise", gettext_lazy("企业人员")),
    ("expert", gettext_lazy("专家")),
)
FORM = require_http_methods(["GET", "HEAD", "POST"])


def come_in(request: HttpRequest, person: Any, *, has_second_factor: bool) -> None:
    """Open the session: new key (fixation), what was typed before kept, the session noted."""
    pending = {name: request.session[name] for name in PENDING if name in request.session}
    request.session.pop(SECOND, None)
    request.session.pop(PROVIDER, None)
    login(request, person, backend=BACKEND)
    request.session.update({**pending, OPENED: True})
    request.session.pop("organisation", None)
    actions.open_session(
        actor=Actor(person_id=person.pk),
        person_id=person.pk,
        session_key=request.session.session_key or "",
        client_address=client_address(request),
        agent=request.headers.get("User-Agent", ""),
        has_second_factor=has_second_factor,
    )


def go_on(request: HttpRequest, opening: Any, next_path: str) -> HttpResponse:
    """Straight in, or to the second step."""
    if opening.step == "in":
        come_in(request, opening.person, has_second_factor=False)
        return redirect(next_path)
    request.session[SECOND] = {
        "person": opening.person.pk,
        "step": opening.step,
        "at": int(clock.recorded_now().timestamp()),
        "next": next_path,
    }
    return redirect("/login/second")


@never_cache
@sensitive_post_parameters("password")
@FORM
def sign_in(request: HttpRequest) -> HttpResponse:
    """/login"""
    if not actor_of(request).is_anonymous and request.method == "GET":
        return redirect(safe_next(request))

    def run(values: dict[str, Any]) -> HttpResponse:
        opening = actions.sign_in(
            actor=actor_of(request), client_address=client_address(request), **values
        )
        return go_on(request, opening, safe_next(request))

    def context() -> dict[str, Any]:
        names = [{"name": n, "role": r} for n, r in DEMO_NAMES] if clock.is_sandbox() else []
        other = providers.provider()
        return {
            "page_title": gettext("登录"),
            "demo_names": names,
            "provider": other.name if other is not None else "",
        }

    return answer_acts(request, "people/login.html", {"sign_in": Act(SignInForm, run)}, context)


def _halfway(request: HttpRequest) -> dict[str, Any] | None:
    """The first step that was made a moment ago in this session."""
    half = request.session.get(SECOND)
    if not isinstance(half, dict):
        return None
    age = clock.recorded_now().timestamp() - int(half["at"])
    return half if 0 <= age <= SECOND_MINUTES * 60 else None


@never_cache
@FORM
def second_step(request: HttpRequest) -> HttpResponse:
    """/login/second: the code, or setting up the phone when the role demands it."""
    half = _halfway(request)
    if half is None:
        messages.warning(request, gettext("请重新登录，上一步已经过了太久。"))
        return redirect("/login")
    person_id, next_path = int(half["person"]), str(half["next"])
    actor = Actor(person_id=person_id)
    sets_up = half["step"] == "set_up"

    def run(values: dict[str, Any]) -> HttpResponse:
        if sets_up:
            codes = actions.confirm_second_factor(
                actor=actor,
                person_id=person_id,
                code=values["code"],
                client_address=client_address(request),
            )
            come_in(request, queries.person(person_id), has_second_factor=True)
            return recovery_page(request, codes, next_path)
        person = actions.check_second_factor(
            actor=actor,
            person_id=person_id,
            code=values["code"],
            client_address=client_address(request),
        )
        come_in(request, person, has_second_factor=True)
        return redirect(next_path)

    def context() -> dict[str, Any]:
        setup = None
        if sets_up:
            setup = actions.begin_second_factor(
                actor=actor, person_id=person_id, issuer=site.settings().name
            )
        return {"page_title": gettext("两步验证"), "setup": setup}

    return answer_acts(request, "people/second.html", {"code": Act(CodeForm, run)}, context)


def recovery_page(request: HttpRequest, codes: list[str], next_path: str) -> HttpResponse:
    """The recovery codes, shown this once."""
    return render(
        request,
        "people/recovery.html",
        {"page_title": gettext("备用码"), "codes": codes, "next": next_path},
    )


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """/logout"""
    key = request.session.session_key
    if key:
        actions.sign_out(actor=actor_of(request), session_key=key)
    logout(request)
    messages.success(request, gettext("已退出登录。"))
    return redirect("/")


@never_cache
@sensitive_post_parameters("password")
@FORM
def register(request: HttpRequest) -> HttpResponse:
    """/register"""

    def run(values: dict[str, Any]) -> HttpResponse:
        actions.register(
            actor=actor_of(request),
            email=values["email"],
            name=values["name"],
            password=values["password"],
            language=getattr(request, "LANGUAGE_CODE", "zh-hans"),
            client_address=client_address(request),
            next_path=safe_next(request, ""),
        )
        return redirect("/register/sent")

    return answer_acts(
        request,
        "people/register.html",
        {"register": Act(RegisterForm, run)},
        lambda: {"page_title": gettext("注册")},
    )


@require_GET
def sent(request: HttpRequest, kind: str) -> HttpResponse:
    """/register/sent, /password/sent: the same for known and unknown addresses."""
    return render(request, "people/sent.html", {"page_title": gettext("请查收邮件"), "kind": kind})


@never_cache
@FORM
def confirm(request: HttpRequest, signed: str) -> HttpResponse:
    """/register/confirm/…: a button, because mail programs open links by themselves."""

    def run(_values: dict[str, Any]) -> HttpResponse:
        person, next_path = actions.confirm_email(actor=actor_of(request), signed=signed)
        come_in(request, person, has_second_factor=False)
        messages.success(request, gettext("注册完成。下一步：登记或认领您的单位。"))
        return redirect(checked_path(request, next_path, "/desk/organisation"))

    broken = ""
    try:
        actions.read_confirmation(signed)
    except Refusal as refusal:
        broken = said(refusal)
    return answer_acts(
        request,
        "people/confirm.html",
        {"confirm": Act(NothingForm, run)},
        lambda: {"page_title": gettext("确认邮箱"), "broken": broken},
        status=422 if broken else 200,
    )


@never_cache
@FORM
def confirm_new_email(request: HttpRequest, signed: str) -> HttpResponse:
    """/email/confirm/…: a button, because mail programs open links by themselves."""

    def run(_values: dict[str, Any]) -> HttpResponse:
        actions.confirm_email_change(actor=actor_of(request), signed=signed)
        messages.success(request, gettext("邮箱已更换，以后用新邮箱登录和收通知。"))
        return redirect("/login" if actor_of(request).is_anonymous else "/desk/account")

    broken = address = ""
    try:
        address = actions.read_email_change(signed)[1]
    except Refusal as refusal:
        broken = said(refusal)
    return answer_acts(
        request,
        "people/confirm_email.html",
        {"confirm": Act(NothingForm, run)},
        lambda: {"page_title": gettext("确认新邮箱"), "broken": broken, "address": address},
        status=422 if broken else 200,
    )


@csrf_exempt  # The link is the secret; a mail program that unsubscribes has no cookie of ours.
@never_cache
@FORM
def mail_choice(request: HttpRequest, signed: str) -> HttpResponse:
    """/mail/…: what to be told by e-mail. A mail program may also post to it by itself (RFC 8058);
    merely opening it changes nothing."""
    actor = actor_of(request)

    def run(values: dict[str, Any]) -> str:
        actions.choose_mail(actor=actor, signed=signed, mail=values["mail"])
        return gettext("已保存。")

    broken = chosen = ""
    try:
        chosen = queries.mail_choice(actions.read_mail_choice(signed))
        if request.POST.get("List-Unsubscribe") == "One-Click":
            actions.choose_mail(actor=actor, signed=signed, mail="nothing")
            return HttpResponse(gettext("不再发邮件了。"), content_type="text/plain; charset=utf-8")
    except Refusal as refusal:
        broken = said(refusal)
    return answer_acts(
        request,
        "people/mail_choice.html",
        {"mail": Act(MailForm, run, {"mail": chosen})},
        lambda: {"page_title": gettext("邮件通知"), "broken": broken},
        status=422 if broken else 200,
    )


@never_cache
@FORM
def forgot(request: HttpRequest) -> HttpResponse:
    """/password/forgot"""

    def run(values: dict[str, Any]) -> HttpResponse:
        actions.ask_reset(
            actor=actor_of(request),
            email=values["email"],
            client_address=client_address(request),
        )
        return redirect("/password/sent")

    return answer_acts(
        request,
        "people/forgot.html",
        {"forgot": Act(ForgotForm, run)},
        lambda: {"page_title": gettext("找回密码")},
    )


@never_cache
@sensitive_post_parameters("password")
@FORM
def reset(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """/password/reset/…"""

    def run(values: dict[str, Any]) -> HttpResponse:
        actions.reset_password(
            actor=actor_of(request), uid=uid, token=token, new=values["password"]
        )
        messages.success(request, gettext("密码已更新，请用新密码登录。"))
        return redirect("/login")

    return answer_acts(
        request,
        "people/reset.html",
        {"reset": Act(NewPasswordForm, run)},
        lambda: {"page_title": gettext("设新密码")},
    )


@never_cache
@sensitive_post_parameters("password")
@FORM
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """/invitations/…: accept with one's account, or make one."""
    try:
        welcome = actions.look_at_invitation(secret)
    except Refusal as refusal:
        return render(
            request,
            "people/broken.html",
            {"page_title": gettext("邀请"), "why": said(refusal)},
            status=422,
        )

    def accept(_values: dict[str, Any]) -> HttpResponse:
        membership = actions.accept_invitation(actor=actor_of(request), secret=secret)
        request.session["organisation"] = membership.organisation_id
        messages.success(request, gettext("您已加入，可以代表单位办事了。"))
        return redirect("/desk/organisation")

    def join(values: dict[str, Any]) -> HttpResponse:
        person = actions.join_by_invitation(
            actor=actor_of(request),
            secret=secret,
            name=values["name"],
            password=values["password"],
            language=getattr(request, "LANGUAGE_CODE", "zh-hans"),
        )
        come_in(request, person, has_second_factor=False)
        messages.success(request, gettext("您已加入，可以代表单位办事了。"))
        return redirect("/desk/organisation")

    acts = {"accept": Act(NothingForm, accept), "join": Act(JoinForm, join)}
    return answer_acts(
        request,
        "people/invitation.html",
        acts,
        lambda: {
            "page_title": gettext("加入单位"),
            "welcome": welcome,
            "role": gettext(ROLE_LABELS[welcome.role]),
        },
    )
