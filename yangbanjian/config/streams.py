"""Server-sent events to many at once: what each connection is still to be sent, and its sending.

An event is made into bytes once, whoever listens. Nobody waits for a slow reader: what waits for a
connection has an end, and so has what it is sent in all, for the web server takes in without end
what a reader doesn't fetch. Whoever is sent away comes back by itself and names the last id.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BEAT_SECONDS = 20.0
MOST_WAITING, MOST_BYTES = 500, 4 * 1024 * 1024
_TEXT = b"text/plain; charset=utf-8"


class Outbox:
    """What one connection is still to be sent. Once closed it stays so."""

    def __init__(self) -> None:
        self._events: list[bytes] = []
        self._woken = asyncio.Event()
        self.is_closed = False

    def put(self, event: bytes) -> None:
        """Add an event; closes the box when as many wait already as may."""
        if len(self._events) >= MOST_WAITING:
            self.close()
        if not self.is_closed:
            self._events.append(event)
            self._woken.set()

    def close(self) -> None:
        """Send no more: what waits is forgotten."""
        self.is_closed = True
        self._events.clear()
        self._woken.set()

    async def taken(self) -> bytes | None:
        """All that waits, in one piece; a comment when nothing has come for long; None: closed."""
        try:
            async with asyncio.timeout(BEAT_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            return b": beat\n\n"
        if self.is_closed:
            return None
        self._woken.clear()
        told = b"".join(self._events)
        self._events.clear()
        return told


async def answer(
    send: Send, status: int, body: bytes, kind: bytes = _TEXT, *, more: bool = False
) -> None:
    """Begin an answer, which with `more` stays open; 503 says when to ask again."""
    headers = [
        (b"content-type", kind),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    if status == 503:
        headers.append((b"retry-after", b"15"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def stream(outbox: Outbox, receive: Receive, send: Send, first: bytes = b"") -> None:
    """Send what is told first, then what comes, until the reader has gone, the box is closed or it
    was much in all."""
    gone = asyncio.create_task(_until_gone(receive))
    gone.add_done_callback(lambda _: outbox.close())
    try:
        # Not all at the same moment, when a restart has cut off a thousand.
        retry = f"retry: {2000 + secrets.randbelow(2000)}\n\n".encode()
        await answer(send, 200, retry + first, b"text/event-stream", more=True)
        sent = 0
        while sent < MOST_BYTES and (told := await outbox.taken()) is not None:
            sent += len(told)
            await send({"type": "http.response.body", "body": told, "more_body": True})
    finally:
        gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
