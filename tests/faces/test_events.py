"""The stream of public news: what is committed is told once, what was missed is replayed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import MutableMapping
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

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


def _published() -> int:
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    record = make.achievement(tto)
    actions.move(actor=tto, record_id=record.pk, name="submit")
    actions.move(actor=operator, record_id=record.pk, name="approve")
    return record.pk


def _published_elsewhere() -> int:
    try:
        return _published()
    finally:
        connections.close_all()


def test_a_client_that_comes_back_gets_what_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "market", events.Market(_url()))
    _published()
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
    wanted = [_published() for _ in range(3)]
    last, told = b"0.0", ""
    for left in (3, 1):
        _, bodies = asyncio.run(_heard(last, left))
        told += "".join(bodies)
        last = re.findall(r"id: (\d+\.\d+)", told)[-1].encode()
    assert [int(n) for n in re.findall(r'"id": (\d+)', told)] == wanted


def test_what_happens_while_the_connection_is_lost_is_told_to_those_who_stayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "EVERY_SECONDS", 0.01)
    read = events.Market._read

    async def story() -> tuple[int, bytes]:
        market, wanted = events.Market(_url()), 0

        async def lost_once(*said: Any) -> list[tuple[events.Cursor, bytes]]:
            nonlocal wanted
            if wanted:
                return await read(*said)
            wanted = await asyncio.to_thread(_published_elsewhere)
            raise psycopg.OperationalError("lost")

        monkeypatch.setattr(market, "_read", lost_once)
        outbox = market.listen()
        assert outbox is not None
        async with asyncio.timeout(10):
            told = await outbox.taken() or b""
        market.leave(outbox)
        return wanted, told

    wanted, told = asyncio.run(story())
    assert f'"id": {wanted}'.encode() in told


def test_nobody_goes_on_listening_to_a_reader_that_has_ended(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(events, "EVERY_SECONDS", 0.01)

    async def story() -> bytes:
        market = events.Market(_url())

        async def broken(*_: Any) -> list[tuple[events.Cursor, bytes]]:
            raise ValueError("not foreseen")

        async with asyncio.timeout(10):
            with monkeypatch.context() as patched:
                patched.setattr(market, "_read", broken)
                first = market.listen()
                assert first is not None
                assert await first.taken() is None
                market.leave(first)
            again = market.listen()
            assert again is not None
            await asyncio.sleep(0.2)
            await asyncio.to_thread(_published_elsewhere)
            told = await again.taken() or b""
            market.leave(again)
            return told

    assert b"achievements.published" in asyncio.run(story())
    assert "the reader of the journal has ended" in caplog.text
