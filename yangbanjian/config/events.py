"""Live events over server-sent events: one small ASGI process, one database connection.

`GET /events/market` tells of public entries of the journal as they are written, for a home page
that stays fresh and for programs that follow. Event ids are «transaction.entry»: a client that
comes back with Last-Event-ID gets what it missed, 500 entries a time: it is sent away after as many,
and comes back for the rest. A wake-up is never relied on: the journal is
read once a second, whoever listens. `GET /events/lots/{id}` is told in `lot_events`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from contextlib import suppress
from typing import Any

import psycopg

from yangbanjian.config.lot_events import Full, Rooms
from yangbanjian.config.streams import Outbox, Receive, Scope, Send, answer, stream

Cursor = tuple[int, int]

_log = logging.getLogger(__name__)
EVERY_SECONDS = 1.0
MOST_LISTENERS, MOST_REPLAYED, MOST_READING = 1000, 500, 4
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
        self._listeners: set[Outbox] = set()
        self._reader: asyncio.Task[None] | None = None
        # After a restart all come back at once, and the database has few connections.
        self._reading = asyncio.Semaphore(MOST_READING)

    async def read(self, after: Cursor) -> list[tuple[Cursor, bytes]]:
        """Public entries after a cursor, each as it is sent."""
        async with (
            self._reading,
            await psycopg.AsyncConnection.connect(self._url, autocommit=True) as database,
        ):
            return await self._read(database, after)

    @staticmethod
    async def _read(
        database: psycopg.AsyncConnection[Any], after: Cursor
    ) -> list[tuple[Cursor, bytes]]:
        rows = await (await database.execute(_NEWS, (*after, MOST_REPLAYED))).fetchall()
        told = []
        for xact, entry, verb, kind, subject, at in rows:
            body = {"verb": verb, "kind": kind, "id": subject, "at": at.isoformat()}
            event = f"id: {xact}.{entry}\nevent: entry\ndata: {json.dumps(body)}\n\n"
            told.append(((xact, entry), event.encode()))
        return told

    def listen(self) -> Outbox | None:
        """A box that is filled with what happens from now on; None when too many listen already."""
        if len(self._listeners) >= MOST_LISTENERS:
            return None
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._follow())
            self._reader.add_done_callback(self._has_ended)
        outbox = Outbox()
        self._listeners.add(outbox)
        return outbox

    def leave(self, outbox: Outbox) -> None:
        self._listeners.discard(outbox)

    def _has_ended(self, reader: asyncio.Task[None]) -> None:
        """Nobody is left listening to a reader that is gone: they come back, and so does it."""
        problem = None if reader.cancelled() else reader.exception()
        if problem is not None:
            _log.error("the reader of the journal has ended", exc_info=problem)
            for outbox in self._listeners:
                outbox.close()

    async def _follow(self) -> None:
        after: Cursor | None = None
        while self._listeners:
            with suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True
                ) as database:
                    if after is None:
                        row = await (await database.execute(_NOW)).fetchone()
                        after = ((row[0] if row else 0), 0)
                    # After a lost connection it goes on where it was: they are listening still.
                    while self._listeners:
                        for cursor, event in await self._read(database, after):
                            after = cursor
                            for outbox in self._listeners:
                                outbox.put(event)
                        await asyncio.sleep(EVERY_SECONDS)
            await asyncio.sleep(EVERY_SECONDS)


market = Market(os.environ.get("DATABASE_URL", ""))
rooms = Rooms(os.environ.get("DATABASE_URL", ""))
_LOT = "/events/lots/"
_NOWHERE = "没有这个地址。".encode()


def _cursor_of(scope: Scope) -> Cursor | None:
    given = dict(scope["headers"]).get(b"last-event-id", b"").decode("ascii", "replace")
    xact, _, entry = given.partition(".")
    if xact.isdigit() and entry.isdigit() and len(given) < 40:
        return int(xact), int(entry)
    return None


async def _market(scope: Scope, receive: Receive, send: Send) -> None:
    outbox = market.listen()
    if outbox is None:
        await answer(send, 503, "收听的人太多，请稍后再试。".encode())
        return
    try:
        after = _cursor_of(scope)
        missed = await market.read(after) if after else []
        if len(missed) == MOST_REPLAYED:
            outbox.close()  # what happens meanwhile would be told before the rest of it
        await stream(outbox, receive, send, b"".join(event for _, event in missed))
    finally:
        market.leave(outbox)


async def _room(scope: Scope, receive: Receive, send: Send, lot: int) -> None:
    given = dict(scope["headers"]).get(b"last-event-id", b"").decode("ascii", "replace")
    after = int(given) if given.isdigit() and len(given) < 10 else None
    try:
        watcher = await rooms.enter(lot, after)
    except Full:
        said = f"旁观的人太多，请稍后再来；当前价见 /lots/{lot} 或 /api/v1/lots/{lot}。"
        await answer(send, 503, said.encode())
        return
    if watcher is None:
        await answer(send, 404, _NOWHERE)
        return
    try:
        await stream(watcher.outbox, receive, send)
    finally:
        rooms.leave(watcher)


def _is_number(path: str) -> bool:
    given = path[len(_LOT) :]
    return given.isascii() and given.isdigit() and len(given) < 19


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/events/market" and scope["method"] == "GET":
        await _market(scope, receive, send)
    elif scope["path"].startswith(_LOT) and scope["method"] == "GET" and _is_number(scope["path"]):
        await _room(scope, receive, send, int(scope["path"][len(_LOT) :]))
    else:
        await answer(send, 404, _NOWHERE)
