"""Live events over server-sent events: one small ASGI process, one database connection.

`GET /events/market` tells of public entries of the journal as they are written, for a home page
that stays fresh and for programs that follow. Event ids are «transaction.entry»: a client that
comes back with Last-Event-ID gets what it missed. A wake-up is never relied on: the journal is
read once a second, whoever listens. `GET /events/lots/{id}` is told in `lot_events`.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

import psycopg

from yangbanjian.config.lot_events import Rooms

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Cursor = tuple[int, int]

EVERY_SECONDS, BEAT_SECONDS = 1.0, 20.0
MOST_LISTENERS, MOST_WAITING, MOST_REPLAYED = 1000, 200, 500
_NEWS = """
SELECT xact, id, verb, subject_kind, subject_id, at_business FROM journal_entry
WHERE audience = 'public' AND (xact, id) > (%s, %s)
  AND xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY xact, id LIMIT %s
"""
_NOW = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


class Market:
    """Reads the journal once for all listeners."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._reader: asyncio.Task[None] | None = None

    async def read(self, after: Cursor) -> list[tuple[Cursor, str]]:
        """Public entries after a cursor, each as it is sent."""
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as database:
            return await self._read(database, after)

    @staticmethod
    async def _read(
        database: psycopg.AsyncConnection[Any], after: Cursor
    ) -> list[tuple[Cursor, str]]:
        rows = await (await database.execute(_NEWS, (*after, MOST_REPLAYED))).fetchall()
        told = []
        for xact, entry, verb, kind, subject, at in rows:
            body = {"verb": verb, "kind": kind, "id": subject, "at": at.isoformat()}
            told.append(
                ((xact, entry), f"id: {xact}.{entry}\nevent: entry\ndata: {json.dumps(body)}\n\n")
            )
        return told

    def listen(self) -> asyncio.Queue[str | None] | None:
        """A queue of what happens from now on; None when too many listen already."""
        if len(self._listeners) >= MOST_LISTENERS:
            return None
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._follow())
        queue: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
        self._listeners.add(queue)
        return queue

    def leave(self, queue: asyncio.Queue[str | None]) -> None:
        self._listeners.discard(queue)

    async def _follow(self) -> None:
        while self._listeners:
            with suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True
                ) as database:
                    row = await (await database.execute(_NOW)).fetchone()
                    after: Cursor = ((row[0] if row else 0), 0)
                    while self._listeners:
                        for cursor, line in await self._read(database, after):
                            after = cursor
                            self._tell(line)
                        await asyncio.sleep(EVERY_SECONDS)
            await asyncio.sleep(EVERY_SECONDS)

    def _tell(self, line: str) -> None:
        for queue in list(self._listeners):
            try:
                queue.put_nowait(line)
            except asyncio.QueueFull:
                # Too slow: it is sent away and comes back with its last id.
                self.leave(queue)
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)


market = Market(os.environ.get("DATABASE_URL", ""))
rooms = Rooms(os.environ.get("DATABASE_URL", ""))
_LOT = "/events/lots/"


def _cursor_of(scope: Scope) -> Cursor | None:
    given = dict(scope["headers"]).get(b"last-event-id", b"").decode("ascii", "replace")
    xact, _, entry = given.partition(".")
    if xact.isdigit() and entry.isdigit() and len(given) < 40:
        return int(xact), int(entry)
    return None


async def _answer(send: Send, status: int, kind: bytes, body: bytes, *, more: bool = False) -> None:
    headers = [
        (b"content-type", kind),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _stream(scope: Scope, receive: Receive, send: Send) -> None:
    queue = market.listen()
    if queue is None:
        await _answer(
            send, 503, b"text/plain; charset=utf-8", "收听的人太多，请稍后再试。".encode()
        )
        return
    try:
        after = _cursor_of(scope)
        first = [line for _, line in await market.read(after)] if after else []
        await _tell(queue, first, receive, send)
    finally:
        market.leave(queue)


async def _room(scope: Scope, receive: Receive, send: Send, lot: int) -> None:
    given = dict(scope["headers"]).get(b"last-event-id", b"").decode("ascii", "replace")
    after = int(given) if given.isdigit() and len(given) < 10 else None
    entered = await rooms.enter(lot, after)
    if entered is None:
        await _answer(send, 404, b"text/plain; charset=utf-8", "没有这个地址。".encode())
        return
    queue, first = entered
    try:
        await _tell(queue, first, receive, send)
    finally:
        rooms.leave(lot, queue)


async def _tell(
    queue: asyncio.Queue[str | None], first: list[str], receive: Receive, send: Send
) -> None:
    """Send what is told first, then what comes, until the listener has gone or is too slow."""
    gone = asyncio.create_task(_until_gone(receive))
    try:
        opened = "retry: 3000\n\n" + "".join(first)
        await _answer(send, 200, b"text/event-stream", opened.encode(), more=True)
        while not gone.done():
            try:
                told = await asyncio.wait_for(queue.get(), BEAT_SECONDS)
            except TimeoutError:
                told = ": beat\n\n"
            if told is None:
                break
            await send({"type": "http.response.body", "body": told.encode(), "more_body": True})
    finally:
        gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _is_number(path: str) -> bool:
    given = path[len(_LOT) :]
    return given.isascii() and given.isdigit() and len(given) < 19


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/events/market" and scope["method"] == "GET":
        await _stream(scope, receive, send)
    elif scope["path"].startswith(_LOT) and scope["method"] == "GET" and _is_number(scope["path"]):
        await _room(scope, receive, send, int(scope["path"][len(_LOT) :]))
    else:
        await _answer(send, 404, b"text/plain; charset=utf-8", "没有这个地址。".encode())
