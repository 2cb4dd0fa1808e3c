"""Around every API call: who calls (bearer token), how often, and whether it is a repetition."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext

from yangbanjian.faces.api import problems
from yangbanjian.faces.web.forms_on_pages import client_address
from yangbanjian.ground.database.transactions import tell
from yangbanjian.ground.intake import actions as intake
from yangbanjian.ground.people import actions as people
from yangbanjian.kernel.actor import ANONYMOUS, Actor
from yangbanjian.kernel.refusals import NotAllowed, Refusal, TooMany
from yangbanjian.kernel.words import gettext_noop

Next = Callable[[HttpRequest], HttpResponseBase]
PREFIX = "/api/"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ANONYMOUS_A_MINUTE, KNOWN_A_MINUTE, CALLERS_KEPT = 600, 6000, 10_000


class _Meter:
    """Calls a minute by caller, in this process: a brake on runaway programs, not accounting."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._lock = Lock()

    def count(self, caller: str, most: int) -> None:
        moment = time.monotonic()
        minute = int(moment // 60)
        with self._lock:
            n = self._counts.pop((caller, minute), 0) + 1
            self._counts[caller, minute] = n
            while len(self._counts) > CALLERS_KEPT:
                self._counts.popitem(last=False)
        if n > most:
            raise TooMany(
                "api.too_many",
                gettext_noop("请求太频繁，请在 %(retry_after_seconds)d 秒后再试。"),
                retry_after_seconds=60 - int(moment % 60),
            )


_meter = _Meter()


def _caller(request: HttpRequest) -> Actor:
    """The actor of the bearer token; a browser's session counts for reading only."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        actor = people.use_token(secret.strip())
        if actor is None:
            raise NotAllowed(
                "people.token_unusable", gettext_noop("令牌无效、已过期或已撤销，请换一个。")
            )
        return actor
    if request.method in SAFE:
        return getattr(request, "actor", ANONYMOUS)
    return ANONYMOUS


class Api:
    """Turns the caller into an actor, counts, and answers repetitions with the first answer."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        if request.method in SAFE:
            # Writes alone have this precondition; a read would be answered without a sentence.
            request.META.pop("HTTP_IF_MATCH", None)
        response = self._answer(request)
        patch_vary_headers(response, ["Authorization"])
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            actor = _caller(request)
            name = (
                f"person:{actor.person_id}" if actor.person_id else f"at:{client_address(request)}"
            )
            _meter.count(name, KNOWN_A_MINUTE if actor.person_id else ANONYMOUS_A_MINUTE)
            request.actor = actor  # type: ignore[attr-defined]
            tell(actor)
            key = request.headers.get("Idempotency-Key", "")
            if not key or request.method in SAFE:
                response: HttpResponseBase = self.get_response(request)
            else:
                response = self._once(request, name, key)
            return problems.as_problem(response)
        except Refusal as refusal:
            return problems.from_refusal(refusal)
        except RequestDataTooBig:
            return problems.too_large()

    def _once(self, request: HttpRequest, caller: str, key: str) -> HttpResponseBase:
        # Each in its own transaction, for the few calls that are not one themselves.
        with transaction.atomic():
            first = intake.begin(caller=caller, key=key, digest=_digest(request))
        if first is not None:
            return HttpResponse(first.body, status=first.status, content_type=first.content_type)
        response = problems.as_problem(self.get_response(request))
        if isinstance(response, HttpResponse):
            with transaction.atomic():
                intake.finish(caller=caller, key=key, answer=_kept(response))
        return response


def _kept(response: HttpResponse) -> intake.Answer:
    """The answer as it may be stored: a secret that is shown once is not."""
    if "no-store" in response.headers.get("Cache-Control", ""):
        told = gettext("这个请求已经办成。其中的密钥只显示一次，不能再取，请另建一个。")
        response = problems.problem(409, "api.shown_once", told)
    return intake.Answer(
        response.status_code, response.content, response.headers.get("Content-Type", "")
    )


def _digest(request: HttpRequest) -> str:
    """What tells one request from another; of a form its fields and files, whatever the
    boundary between them."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type != "multipart/form-data":
        digest.update(request.body)
        return digest.hexdigest()
    for name, values in sorted(request.POST.lists()):
        digest.update(repr((name, values)).encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            digest.update(repr((name, file.name, file.size)).encode())
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
    return digest.hexdigest()
