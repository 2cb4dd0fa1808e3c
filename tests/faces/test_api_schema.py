"""Every call of the document with made-up input, as each role: no failure, and every answer as
the document says. The seeds are fixed, so that a red run stays red; `make prove` has more of all:
every role, input that breaks the document too, and other seeds."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import make
from tests.faces.calling import token_of
from tests.telling import telling
from yangbanjian.faces.api.routes import api
from yangbanjian.kernel.actor import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_connection")]
SEED, OTHER_SEEDS = 20260101, (2, 3)
EXAMPLES, MANY_EXAMPLES = 5, 15
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


def _bound(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def _headers(role: Role | None) -> dict[str, str]:
    if role is None:
        return {}
    return {"Authorization": f"Bearer {token_of(make.person(role))}"}


def _try(
    operation: Any,
    strategy: Any,
    headers: dict[str, str],
    world: dict[str, int],
    failures: list[BaseException],
    bound: settings,
    seed_number: int,
) -> int:
    """Call one operation with made-up input, half of it about real things; how many calls."""
    known = world.get(operation.path.split("/")[3])
    calls = 0

    @seed(seed_number)
    @bound
    @given(case=strategy, is_real=st.booleans())
    def call(case: Any, is_real: bool) -> None:
        nonlocal calls
        if is_real and known is not None:
            ids = [name for name in case.path_parameters or {} if name.endswith("_id")]
            case.path_parameters |= dict.fromkeys(ids, known)
        if operation.path.endswith("/sandbox/accounts") and isinstance(case.body, dict):
            count = case.body.get("count", 1)
            case.body["count"] = min(count, 2) if isinstance(count, int) else count
        with transaction.atomic():
            answer = case.call(headers=headers)
            transaction.set_rollback(True)
        calls += 1
        assert answer.status_code < 500, (case.as_curl_command(), failures)
        case.validate_response(answer, checks=CHECKS)

    call()
    return calls


def _try_all(
    role: Role | None,
    world: dict[str, int],
    failures: list[BaseException],
    *,
    mode: GenerationMode = GenerationMode.POSITIVE,
    examples: int = EXAMPLES,
    seed_number: int = SEED,
) -> list[int]:
    """How many calls of each operation; fails with every operation that does not hold."""
    document = schemathesis.openapi.from_dict(api.get_openapi_schema(path_prefix="/api/v1/"))
    document.app = get_wsgi_application()
    headers, bound = _headers(role), _bound(examples)
    calls, faults = [], []
    for found in document.get_all_operations():
        operation = found.ok()
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            calls.append(_try(operation, strategy, headers, world, failures, bound, seed_number))
        except Unsatisfiable:  # nothing about this operation can be said wrongly
            calls.append(0)
        except BaseException as fault:
            if isinstance(fault, KeyboardInterrupt):
                raise
            faults.append(f"{operation.method.upper()} {operation.path}: {fault!r}")
    assert not faults, "\n\n".join(faults)
    return calls


@pytest.mark.parametrize("role", CALLERS)
def test_no_failure_and_every_answer_as_documented(
    role: Role | None, world: dict[str, int], failures: list[BaseException]
) -> None:
    calls = _try_all(role, world, failures)
    assert len(calls) > 35
    assert min(calls) >= 1
    assert sum(calls) > 3 * len(calls)


@pytest.mark.proof
@pytest.mark.parametrize("seed_number", OTHER_SEEDS)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "anonymous")
def test_much_more_input_and_wrong_input(
    role: Role | None,
    mode: GenerationMode,
    seed_number: int,
    world: dict[str, int],
    failures: list[BaseException],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with telling(seed_number, ["calls"], capsys) as tell:
        calls = _try_all(
            role, world, failures, mode=mode, examples=MANY_EXAMPLES, seed_number=seed_number
        )
        tell.steps = sum(calls)
        tell.reached["calls"] = sum(count > 0 for count in calls)
        assert sum(calls) > 5 * len(calls)
