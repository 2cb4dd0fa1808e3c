"""Around every request: headers, one transaction, and who acts in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from yangbanjian.ground.database.transactions import acting, each_as, tell
from yangbanjian.ground.people import actions as people_actions
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import ANONYMOUS, Actor

Next = Callable[[HttpRequest], HttpResponseBase]
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " frame-ancestors 'none'; form-action 'self'; base-uri 'self'; object-src 'none'"
)


class SecurityHeaders:
    """A strict content security policy, and no sniffing about the device."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(self), geolocation=()"
        )
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        return response


class OneTransaction:
    """A request is one transaction: what it read and wrote stands or falls together.

    A view marked `own_transactions` (it must commit before it answers) is left alone. Refusals
    have undone their own savepoint already; only a failure undoes the whole.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _opts_out(request):
            return self.get_response(request)
        # As nobody, until it is known who it is.
        with acting(ANONYMOUS):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response


def own_transactions(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that opens its own transactions."""
    view.own_transactions = True  # type: ignore[attr-defined]
    return view


def _opts_out(request: HttpRequest) -> bool:
    try:
        return bool(getattr(resolve(request.path_info).func, "own_transactions", False))
    except Resolver404:
        return True


class WhoActs:
    """Sets `request.actor` from the session, and tells the database.

    A session that was ended elsewhere is signed out here. Who still owes a second factor
    (`request.needs_second_factor`) has no roles that need it, and is sent to set it up.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        actor, is_wanted = _who(request)
        request.actor = actor  # type: ignore[attr-defined]
        request.needs_second_factor = is_wanted  # type: ignore[attr-defined]
        if is_wanted and _is_work(request.path_info):
            return redirect("/desk/account/security?needed=1")
        if _opts_out(request):
            with each_as(actor):
                return self.get_response(request)
        tell(actor)
        return self.get_response(request)


def _is_work(path: str) -> bool:
    return path.startswith("/desk") and not path.startswith("/desk/account")


def _who(request: HttpRequest) -> tuple[Actor, bool]:
    if not request.user.is_authenticated:
        return ANONYMOUS, False
    session = people.browser_session(request.session.session_key)
    if session is None and request.session.get("opened"):
        logout(request)
        return ANONYMOUS, False
    chosen = request.session.get("organisation")
    actor, is_wanted = people.actor_in_session(request.user, session, chosen)
    if actor.is_anonymous:
        logout(request)
    elif session is not None:
        people_actions.see_session(session)
    return actor, is_wanted
