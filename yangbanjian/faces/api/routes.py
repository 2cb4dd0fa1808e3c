"""/api/v1: the routers put together, with one answer to every refusal."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from yangbanjian.faces.api import (
    access,
    codes,
    credentials,
    deals,
    document,
    files,
    floor,
    imports,
    inbox,
    introductions,
    ledger,
    listings,
    log,
    lots,
    match,
    oneself,
    openness,
    papers,
    payouts,
    people,
    problems,
    records,
    rulebook,
    sandbox,
    system,
    uses,
)
from yangbanjian.faces.api.docs import Docs
from yangbanjian.faces.api.parser import Parser
from yangbanjian.faces.web.middleware import own_transactions
from yangbanjian.kernel.refusals import Refusal

# Work that commits before it answers: it must see what others have committed meanwhile.
OWN_TRANSACTIONS = frozenset({sandbox.CLOCK, sandbox.BANK}) | lots.BIDDING


class Api(NinjaAPI):
    """The API with its document completed."""

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        return document.complete(super().get_openapi_schema(**kwargs))


api = Api(
    title="Yangbanjian 样板间",
    version="1",
    description="Open technology market: achievements, demands, experts, matches.",
    docs=Docs(),
    docs_url="/docs",
    openapi_url="/openapi.json",
    urls_namespace="api-v1",
    parser=Parser(),
)


def _refused(_request: HttpRequest, refusal: Any) -> HttpResponse:
    return problems.from_refusal(refusal)


api.add_exception_handler(Refusal, _refused)
api.add_exception_handler(ValidationError, problems.from_validation)
api.add_exception_handler(HttpError, problems.from_http_error)


def _too_large(_request: HttpRequest, _error: Any) -> HttpResponse:
    return problems.too_large()


def _unauthenticated(_request: HttpRequest, _error: Any) -> HttpResponse:
    return problems.problem(401, "people.sign_in_first", "请先登录。")


api.add_exception_handler(RequestDataTooBig, _too_large)
api.add_exception_handler(AuthenticationError, _unauthenticated)
api.add_router("", system.router)
for library, verbs in records.LIBRARIES:
    api.add_router(f"/{library.room}", records.library_router(library, verbs))
api.add_router("/imports", imports.router)
for room in (
    match, introductions, oneself, people, access, inbox, files, codes, rulebook, log, credentials, ledger, floor,
    listings, papers, lots, deals, payouts, uses, openness, sandbox,
):  # fmt: skip
    api.add_router("", room.router)

urls = api.urls
for pattern in urls[0]:
    view = getattr(pattern, "callback", None)
    if view is not None and getattr(pattern, "name", None) in OWN_TRANSACTIONS:
        own_transactions(view)
