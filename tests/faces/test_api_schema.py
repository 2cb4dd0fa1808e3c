"""Every call of the document with made-up input, as each role: no failure, and every answer as
the document says. The seed is fixed, so that a red run stays red."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import got_request_exception, request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import make
from tests.faces.calling import token_of
from tests.faces.matching import match_between
from yangbanjian.engines.matching import queries as matching
from yangbanjian.faces.api import middleware
from yangbanjian.faces.api.routes import api
from yangbanjian.kernel.actor import Role

pytestmark = pytest.mark.django_db
EXAMPLES = 5
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
# A few of the callers always, all of them before a release.
ALWAYS = (None, Role.ENTERPRISE, Role.OPERATOR)
CALLERS = [
    pytest.param(role, id=role or "anonymous", marks=() if role in ALWAYS else pytest.mark.proof)
    for role in (None, *Role)
]
BOUND = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def world(settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """A sandbox with one record of each kind and a match; the number of each path parameter."""
    settings.YBJ_SANDBOX = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    make.sandbox()
    monkeypatch.setattr(middleware, "ANONYMOUS_A_MINUTE", 10**9)
    monkeypatch.setattr(middleware, "KNOWN_A_MINUTE", 10**9)
    monkeypatch.setattr(matching, "encoder", lambda: None)
    match = match_between(make.actor(Role.ENTERPRISE), make.actor(Role.TTO))
    return {
        "achievements": match.achievement_id or 0,
        "demands": match.demand_id or 0,
        "matches": match.pk,
        "organisations": match.seeker_id,
    }


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """The requests share the test's connection and its transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def failures() -> Iterator[list[BaseException]]:
    """What was raised behind a 500, for the message of a failed check."""
    raised: list[BaseException] = []

    def keep(**_: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None:
            raised.append(error)

    got_request_exception.connect(keep)
    yield raised
    got_request_exception.disconnect(keep)


def _headers(role: Role | None) -> dict[str, str]:
    if role is None:
        return {}
    return {"Authorization": f"Bearer {token_of(make.person(role))}"}


def _try(
    operation: Any, headers: dict[str, str], world: dict[str, int], failures: list[BaseException]
) -> int:
    """Call one operation with made-up input, half of it about real things; how many calls."""
    known = world.get(operation.path.split("/")[3])
    calls = 0

    @seed(20260101)
    @BOUND
    @given(case=operation.as_strategy(), is_real=st.booleans())
    def call(case: Any, is_real: bool) -> None:
        nonlocal calls
        if is_real and known is not None:
            ids = [name for name in case.path_parameters or {} if name.endswith("_id")]
            case.path_parameters |= dict.fromkeys(ids, known)
        if operation.path.endswith("/sandbox/accounts") and isinstance(case.body, dict):
            case.body["count"] = min(case.body.get("count", 1), 2)  # each one hashes a password
        with transaction.atomic():
            answer = case.call(headers=headers)
            transaction.set_rollback(True)
        calls += 1
        assert answer.status_code < 500, (case.as_curl_command(), failures)
        case.validate_response(answer, checks=CHECKS)

    call()
    return calls


@pytest.mark.parametrize("role", CALLERS)
def test_no_failure_and_every_answer_as_documented(
    role: Role | None, world: dict[str, int], failures: list[BaseException]
) -> None:
    document = schemathesis.openapi.from_dict(api.get_openapi_schema(path_prefix="/api/v1/"))
    document.app = get_wsgi_application()
    headers = _headers(role)
    calls = [_try(found.ok(), headers, world, failures) for found in document.get_all_operations()]
    assert len(calls) > 35
    assert min(calls) >= 1
    assert sum(calls) > 3 * len(calls)
