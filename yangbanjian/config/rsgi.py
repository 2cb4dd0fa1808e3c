"""One port for everything: pages and API over WSGI in threads, live events in the event loop.

granian speaks RSGI to us. `/events/…` goes to the ASGI application, which holds its streams open
without a thread each; all else runs as WSGI, one thread a request, as Django is at its best.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Protocol

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]

from yangbanjian.config import events
from yangbanjian.config.wsgi import application as pages

THREADS = 4  # for each of the two web processes
# The largest upload is a table to import, of 100 MB; other uploads have smaller caps of their own.
LARGEST_BODY_BYTES = 101 * 1024 * 1024
_KEPT_IN_MEMORY_BYTES = 1024 * 1024
# A longer answer (an export, an attachment) is sent while it is made.
_SENT_WHOLE_BYTES = 512 * 1024
_SEND_SECONDS = 60.0

Header = list[tuple[str, str]]


class Stream(Protocol):
    async def send_bytes(self, data: bytes) -> None: ...


class Exchange(Protocol):
    """granian's HTTP protocol: the body comes out of it, the answer goes into it."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    async def client_disconnect(self) -> None: ...
    def response_bytes(self, status: int, headers: Header, body: bytes) -> None: ...
    def response_stream(self, status: int, headers: Header) -> Stream: ...


_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="page")


class TooLarge(Exception):
    """The body is longer than any upload may be."""


async def _body(scope: Any, exchange: Exchange) -> IO[bytes]:
    """All of the body, so that a slow sender keeps no thread. Raises TooLarge."""
    headers = scope.headers
    announced = headers.get("content-length") or "0"
    if announced.isdigit() and int(announced) > LARGEST_BODY_BYTES:
        raise TooLarge
    body = SpooledTemporaryFile(_KEPT_IN_MEMORY_BYTES)  # noqa: SIM115 - closed after the answer
    try:
        if announced != "0" or "transfer-encoding" in headers:
            await _receive(exchange, body)
    except BaseException:
        body.close()
        raise
    return body


async def _receive(exchange: Exchange, body: IO[bytes]) -> None:
    size = 0
    async for chunk in exchange:
        size += len(chunk)
        if size > LARGEST_BODY_BYTES:
            raise TooLarge
        body.write(chunk)
    body.seek(0)


def environ_of(scope: Any, body: IO[bytes]) -> dict[str, Any]:
    """PEP 3333's environment of a request."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.authority:
        environ["HTTP_HOST"] = scope.authority
    for name, value in scope.headers.items():
        # `X_Real` and `X-Real` would be the same variable: the first is nobody's honest header.
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        # HTTP/2 splits cookies; everything else that repeats is a list.
        joint = "; " if key == "HTTP_COOKIE" else ","
        is_again = key in environ and key != "HTTP_HOST"
        environ[key] = f"{environ[key]}{joint}{value}" if is_again else value
    return environ


def _answer(environ: dict[str, Any], exchange: Exchange, loop: asyncio.AbstractEventLoop) -> None:
    """Run the request and send its answer, all in one thread: its connection belongs to it."""
    begun: list[tuple[int, Header]] = []
    whole = bytearray()

    def start(status: str, headers: Header, _problem: object = None) -> Callable[[bytes], object]:
        begun[:] = [(int(status[:3]), headers)]
        return whole.extend

    parts: Iterable[bytes] = pages(environ, start)
    try:
        rest = iter(parts)
        for part in rest:
            whole += part
            if len(whole) > _SENT_WHOLE_BYTES:
                break
        else:
            exchange.response_bytes(*begun[0], bytes(whole))
            return
        stream = exchange.response_stream(*begun[0])

        def send(part: bytes) -> None:
            asyncio.run_coroutine_threadsafe(stream.send_bytes(part), loop).result(_SEND_SECONDS)

        # Whoever leaves or stops reading ends only their own download.
        with suppress(ProtocolClosed, TimeoutError):
            send(bytes(whole))
            for part in rest:
                send(part)
    finally:
        environ["wsgi.input"].close()
        if hasattr(parts, "close"):
            parts.close()


async def _events(scope: Any, exchange: Exchange) -> None:
    """Let the ASGI application answer."""
    asgi = {
        "type": "http",
        "method": scope.method,
        "path": scope.path,
        "query_string": scope.query_string.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in scope.headers.items()],
    }
    begun: list[tuple[int, Header]] = []
    streams: list[Stream] = []

    async def receive() -> MutableMapping[str, Any]:
        await exchange.client_disconnect()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [(name.decode(), value.decode()) for name, value in message["headers"]]
            begun.append((message["status"], headers))
        elif not streams and not message.get("more_body"):
            exchange.response_bytes(*begun[0], message["body"])
        else:
            if not streams:
                streams.append(exchange.response_stream(*begun[0]))
            await streams[0].send_bytes(message["body"])

    with suppress(ProtocolClosed):
        await events.application(asgi, receive, send)


async def application(scope: Any, exchange: Exchange) -> None:
    """The RSGI application."""
    if scope.proto != "http":
        return
    if scope.path.startswith("/events/"):
        await _events(scope, exchange)
        return
    loop = asyncio.get_running_loop()
    try:
        environ = environ_of(scope, await _body(scope, exchange))
    except TooLarge:
        kind = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")]
        exchange.response_bytes(413, kind, "上传的内容太大。".encode())
        return
    except ProtocolClosed:
        return
    await loop.run_in_executor(_pool, _answer, environ, exchange, loop)
