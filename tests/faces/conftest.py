"""Pages are tried with empty counters of how often somebody did something; the API is tried on a
small world."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.signals import got_request_exception, request_finished, request_started
from django.db import close_old_connections

from tests import make
from tests.faces.matching import match_between
from yangbanjian.engines.matching import queries as matching
from yangbanjian.faces.api import middleware
from yangbanjian.kernel.actor import Role


@pytest.fixture(autouse=True)
def _fresh_counters() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


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


@pytest.fixture
def one_connection() -> Iterator[None]:
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
