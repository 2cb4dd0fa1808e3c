"""The way to another identity provider and back, to sign in or to tie it to one's account.

What is under way stands in the session under a word that is good once, for ten minutes and for
whoever began: an address from elsewhere, an older one or somebody else's opens nothing.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from yangbanjian.faces.web import limits
from yangbanjian.faces.web.forms_on_pages import (
    Act,
    actor_of,
    client_address,
    safe_next,
    said,
)
from yangbanjian.faces.web.middleware import own_transactions
from yangbanjian.faces.web.people import PROVIDER, go_on
from yangbanjian.faces.web.people_forms import IdForm, ProofForm
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import actions, providers
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Conflict, Refusal
from yangbanjian.kernel.words import gettext_noop

log = logging.getLogger(__name__)
MINUTES = 10
MOST_AN_HOUR = 120
SECURITY = "/desk/account/security"


def _provider() -> providers.IdentityProvider:
    found = providers.provider()
    if found is None:
        raise Http404
    return found


def _begin(request: HttpRequest, *, is_link: bool, next_path: str) -> str:
    """The provider's address; what is under way is noted, and ends what was before."""
    state = secrets.token_urlsafe(32)
    try:
        address = providers.begin(_provider(), state)
    except (providers.ProviderFailedError, OSError) as error:
        log.warning("identity provider, beginning: %s", error)
        raise providers.failed() from error
    request.session[PROVIDER] = {
        "state": state, "at": int(clock.recorded_now().timestamp()), "next": next_path,
        "person": actor_of(request).person_id, "is_link": is_link,
    }  # fmt: skip
    return address


@never_cache
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """/login/provider: sign in there."""
    next_path = safe_next(request)
    if not actor_of(request).is_anonymous:
        return redirect(next_path)
    limits.not_too_often(request, "provider", MOST_AN_HOUR)
    try:
        return redirect(_begin(request, is_link=False, next_path=next_path))
    except Conflict as refusal:
        return _sorry(request, refusal, is_link=False, next_path=next_path)


def _taken(request: HttpRequest) -> dict[str, Any]:
    """What this session has under way, taken out of it: the word is good once, whatever comes of
    it. Refused where it is another's word, too old, or begun by another than who is here now."""
    under_way = request.session.pop(PROVIDER, None)
    if isinstance(under_way, dict):
        age = clock.recorded_now().timestamp() - int(under_way["at"])
        is_same = constant_time_compare(request.GET.get("state", ""), str(under_way["state"]))
        is_here = under_way["person"] == actor_of(request).person_id
        if is_same and is_here and 0 <= age <= MINUTES * 60:
            return under_way
    raise Conflict(
        "people.provider_state",
        gettext_noop("这次登录不是从本页开始的，或者已经用过、超过了 10 分钟。请重新开始。"),
    )


# The provider may be slow: no transaction stays open while it is waited for.
@own_transactions
@never_cache
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """/login/provider/back: where the provider sends people."""
    chosen = _provider()
    is_link, next_path = False, "/desk/"
    try:
        with transaction.atomic():
            under_way = _taken(request)
            request.session.save()
        is_link, next_path = bool(under_way["is_link"]), str(under_way["next"])
        proven = _finished(chosen, request)
        with transaction.atomic():
            if is_link:
                return _linked(request, actor_of(request), proven)
            opening = actions.sign_in_by_identity(
                actor=actor_of(request),
                issuer=proven.issuer,
                subject=proven.subject,
                client_address=client_address(request),
            )
            return go_on(request, opening, next_path)
    except Refusal as refusal:
        return _sorry(request, refusal, is_link=is_link, next_path=next_path)


def _finished(chosen: providers.IdentityProvider, request: HttpRequest) -> providers.Proven:
    try:
        return providers.finish(chosen, request.GET.dict())
    except (providers.ProviderFailedError, OSError) as error:
        log.warning("identity provider, coming back: %s", error)
        raise providers.failed() from error


def _linked(request: HttpRequest, actor: Actor, proven: providers.Proven) -> HttpResponse:
    actions.link_identity(actor=actor, person_id=actor.person_id or 0, proven=proven)
    messages.success(request, gettext("已关联，以后也可以这样登录。"))
    return redirect(f"{SECURITY}#identities")


def _sorry(
    request: HttpRequest, refusal: Refusal, *, is_link: bool, next_path: str
) -> HttpResponse:
    messages.warning(request, said(refusal))
    if is_link or not actor_of(request).is_anonymous:
        return redirect(f"{SECURITY}#identities")
    return redirect("/login?" + urlencode({"next": next_path}))


def identity_acts(request: HttpRequest, actor: Actor, me: int) -> dict[str, Act]:
    """The forms of the security page. Linking answers with a page that has a link on it: a form
    itself may not lead to another site (content security policy)."""

    def link(values: dict[str, Any]) -> HttpResponse:
        actions.prove_owner(
            actor=actor,
            person_id=me,
            password=values["old_password"],
            code=values["code"],
            client_address=client_address(request),
        )
        address = _begin(request, is_link=True, next_path=SECURITY)
        context = {
            "page_title": gettext("关联其他登录方式"),
            "address": address,
            "name": _provider().name,
        }
        return render(request, "people/provider.html", context)

    def unlink(values: dict[str, Any]) -> str:
        actions.unlink_identity(actor=actor, identity_id=values["id"])
        return gettext("已解除关联。")

    found: dict[str, Act] = {"unlink": Act(IdForm, unlink)}
    if providers.provider() is not None:
        found["link"] = Act(ProofForm, link)
    return found
