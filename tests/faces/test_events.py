"""The stream of public news: what is committed is told once, what was missed is replayed."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import psycopg
import pytest
from django.db import connection

from tests import make
from yangbanjian.config import events
from yangbanjian.kernel.actor import Role
from yangbanjian.libraries.achievements import actions

pytestmark = pytest.mark.usefixtures("committed")


def _url() -> str:
    return psycopg.conninfo.make_conninfo(**{
        k: v for k, v in connection.get_connection_params().items()
        if k in ("dbname", "user", "password", "host", "port")
    })  # fmt: skip


async def _heard(last: bytes) -> tuple[int, list[str]]:
    sent: list[MutableMapping[str, Any]] = []
    left = asyncio.Event()

    async def receive() -> MutableMapping[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)
        if b"event: entry" in message.get("body", b""):
            left.set()

    scope = {
        "type": "http", "path": "/events/market", "method": "GET",
        "headers": [(b"last-event-id", last)],
    }  # fmt: skip
    task = asyncio.create_task(events.application(scope, receive, send))
    await asyncio.wait_for(left.wait(), 10)
    task.cancel()
    bodies = [m["body"].decode() for m in sent if m["type"] == "http.response.body"]
    return sent[0]["status"], bodies


def test_a_client_that_comes_back_gets_what_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "market", events.Market(_url()))
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    record = make.achievement(tto)
    actions.move(actor=tto, record_id=record.pk, name="submit")
    actions.move(actor=operator, record_id=record.pk, name="approve")
    status, bodies = asyncio.run(_heard(b"0.0"))
    told = "".join(bodies)
    assert status == 200
    assert told.count("event: entry") == 1
    assert '"verb": "achievements.published"' in told
    assert "submitted" not in told
