"""One port for pages, uploads and live events: what granian hands us becomes WSGI's and ASGI's."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

with warnings.catch_warnings():
    # The whole application is made on import, and its static files have not been collected.
    warnings.simplefilter("ignore")
    from yangbanjian.config import rsgi


class Headers(dict[str, str]):
    """As granian's, with names that may repeat."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = list(pairs)
        super().__init__(self.pairs)

    def items(self) -> Any:
        return self.pairs


def scope(path: str = "/x", method: str = "GET", headers: Iterable[tuple[str, str]] = ()) -> Any:
    return SimpleNamespace(
        proto="http", http_version="1.1", server="127.0.0.1:8000", client="127.0.0.1:5000",
        scheme="http", method=method, path=path, query_string="q=%E5%86%B7", authority=None,
        headers=Headers(headers),
    )  # fmt: skip


class Exchange:
    """What granian gives, and what it is given."""

    def __init__(self, *pieces: bytes, leaves_after: int = 10**9) -> None:
        self._pieces, self._left = pieces, leaves_after
        self.status, self.headers, self.sent = 0, [("", "")], [b""]
        self.is_stream = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece

    async def client_disconnect(self) -> None:
        await asyncio.Event().wait()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.sent = status, headers, [body]

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Exchange:
        self.status, self.headers, self.is_stream = status, headers, True
        return self

    async def send_bytes(self, piece: bytes) -> None:
        if len(self.sent) > self._left:
            raise rsgi.ProtocolClosed
        self.sent.append(piece)


class Pages:
    """In the place of the WSGI application: keeps what it was asked, answers what it is told."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self.parts, self.environ, self.body, self.closed = parts, {"": Any}, b"", 0

    def __call__(self, environ: dict[str, Any], start: Any) -> Pages:
        self.environ, self.body = environ, environ["wsgi.input"].read()
        start("201 Created", [("content-type", "text/plain")])
        return self

    def __iter__(self) -> Any:
        return iter(self.parts)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Pages:
    one = Pages([b"whole"])
    monkeypatch.setattr(rsgi, "pages", one)
    return one


def run(asked: Any, exchange: Exchange) -> None:
    asyncio.run(asyncio.wait_for(rsgi.application(asked, exchange), 10))


def test_a_request_is_what_wsgi_expects(pages: Pages) -> None:
    headers = [
        ("host", "market.example"), ("content-type", "text/csv"), ("content-length", "4"),
        ("cookie", "a=1"), ("cookie", "b=2"), ("x-forwarded-proto", "https"),
        ("x_forwarded_proto", "http"),
    ]  # fmt: skip
    exchange = Exchange(b"ab", b"cd")
    run(scope("/冷库", "POST", headers), exchange)
    found = pages.environ
    assert (exchange.status, exchange.sent, pages.body) == (201, [b"whole"], b"abcd")
    assert found["PATH_INFO"].encode("latin-1").decode() == "/冷库"
    assert (found["QUERY_STRING"], found["REMOTE_ADDR"]) == ("q=%E5%86%B7", "127.0.0.1")
    assert (found["HTTP_HOST"], found["HTTP_COOKIE"]) == ("market.example", "a=1; b=2")
    assert (found["CONTENT_TYPE"], found["CONTENT_LENGTH"]) == ("text/csv", "4")
    assert found["HTTP_X_FORWARDED_PROTO"] == "https", "an underscore must not pass for a hyphen"
    assert pages.closed == 1


def test_a_long_answer_is_sent_while_it_is_made(pages: Pages) -> None:
    pages.parts = [b"x" * 300_000] * 4
    exchange = Exchange()
    run(scope(), exchange)
    assert exchange.is_stream
    assert b"".join(exchange.sent) == b"x" * 1_200_000
    assert pages.closed == 1


def test_whoever_leaves_ends_only_their_own_download(pages: Pages) -> None:
    pages.parts = [b"x" * 300_000] * 9
    exchange = Exchange(leaves_after=2)
    run(scope(), exchange)
    assert len(exchange.sent) == 3
    assert pages.closed == 1


@pytest.mark.parametrize(
    "headers", [[("content-length", str(200 * 2**20))], [("transfer-encoding", "chunked")]]
)
def test_a_body_that_no_upload_may_have_is_refused_before_it_is_worked_on(
    pages: Pages, headers: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rsgi, "LARGEST_BODY_BYTES", 3)
    exchange = Exchange(b"ab", b"cd")
    run(scope("/x", "POST", headers), exchange)
    assert exchange.status == 413
    assert pages.closed == 0


def test_live_events_go_past_the_threads(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    async def said(scope: Any, receive: Any, send: Any) -> None:
        assert dict(scope["headers"])[b"last-event-id"] == b"1.2"
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"one\n\n", "more_body": True})
        await send({"type": "http.response.body", "body": b"two\n\n", "more_body": True})

    monkeypatch.setattr(rsgi.events, "application", said)
    exchange = Exchange()
    run(scope("/events/market", headers=[("last-event-id", "1.2")]), exchange)
    assert (exchange.status, exchange.is_stream) == (200, True)
    assert b"".join(exchange.sent) == b"one\n\ntwo\n\n"
    assert pages.closed == 0


def test_what_is_no_event_stream_is_said_so(pages: Pages) -> None:
    exchange = Exchange()
    run(scope("/events/nothing"), exchange)
    assert (exchange.status, exchange.is_stream) == (404, False)


def test_a_query_that_is_not_percent_encoded_is_read_as_utf8() -> None:
    from io import BytesIO

    from django.core.handlers.wsgi import WSGIRequest

    raw = scope()
    raw.query_string = "q=冷库"
    with BytesIO() as body:
        assert WSGIRequest(rsgi.environ_of(raw, body)).GET["q"] == "冷库"
