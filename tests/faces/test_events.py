"""The stream of public news: what is committed is told once, what was missed is replayed."""

from __future__ import annotations

import asyncio
import re
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


async def _heard(last: bytes, most: int = 1) -> tuple[int, list[str]]:
    """(status, what was sent) until so many entries were told, or the stream ended."""
    sent: list[MutableMapping[str, Any]] = []
    left = asyncio.Event()

    async def receive() -> MutableMapping[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)
        if b"".join(m.get("body", b"") for m in sent).count(b"event: entry") >= most:
            left.set()

    scope = {
        "type": "http", "path": "/events/market", "method": "GET",
        "headers": [(b"last-event-id", last)],
    }  # fmt: skip
    task = asyncio.create_task(events.application(scope, receive, send))
    over = asyncio.create_task(left.wait())
    async with asyncio.timeout(10):
        await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    over.cancel()
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


def test_who_missed_more_than_is_sent_at_a_time_comes_back_for_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No entry is passed over for what happens meanwhile: the stream ends, its reader knows where."""
    monkeypatch.setattr(events, "market", events.Market(_url()))
    monkeypatch.setattr(events, "MOST_REPLAYED", 2)
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    wanted = []
    for _ in range(3):
        record = make.achievement(tto)
        actions.move(actor=tto, record_id=record.pk, name="submit")
        actions.move(actor=operator, record_id=record.pk, name="approve")
        wanted.append(record.pk)
    last, told = b"0.0", ""
    for left in (3, 1):
        _, bodies = asyncio.run(_heard(last, left))
        told += "".join(bodies)
        last = re.findall(r"id: (\d+\.\d+)", told)[-1].encode()
    assert [int(n) for n in re.findall(r'"id": (\d+)', told)] == wanted
