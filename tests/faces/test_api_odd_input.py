"""Every call of the document with what nobody should send: bodies that are no JSON or no text,
numbers and texts of any size, wrong media types, odd headers. Each is answered with a documented
status and, where it is refused, a problem with a sentence; none fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.faces.calling import client_as
from tests.telling import telling
from yangbanjian.faces.api.routes import api
from yangbanjian.kernel.actor import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_connection")]
JSON = "application/json"
# Headers and bodies are read in one place for all calls: in a short run a few stand for all.
SAMPLED = tuple(f"/api/v1/{n}" for n in ("achievements", "match", "files", "imports", "health"))

ODD_TEXTS = {
    "empty": "", "one": "a", "long": "长" * 300_000, "emoji": "👩‍🔬🧊", "control": "a\x07\x1bb",
    "bidi": "\u202e\u2066abc\u2069", "markup": "<script>alert(1)</script>",
    "formula": "=HYPERLINK(\"http://a\",1)", "nul": "a\x00b", "half": "\ud800", "space": " \u3000 ",
    "percent": "%(x)s %s %d %", "date": "2024.2.30", "words": "三百万", "joined": "\u0301" * 2000,
    "noncharacter": "\ufffe\uffff",
}  # fmt: skip
ODD_VALUES: dict[str, Any] = {
    **ODD_TEXTS, "huge": 10**30, "beyond": 2**63, "negative": -1, "float": 1.5, "exponent": 1e308,
    "true": True, "null": None, "list": [], "texts": ["a"], "many": ["a"] * 2000, "object": {},
    "rows": [{}], "nested": [[[{"a": [None]}]]], "odd rows": [{"metric": "\x00", "value": "1E999"}],
    "number row": [{"value": 10**400, "name": 1}],
}  # fmt: skip
BODIES = {
    "nothing": b"", "cut": b'{"a": ', "list": b"[]", "null": b"null", "text": b'"a"', "one": b"1",
    "deep list": b"[" * 100_000, "deep object": b'{"a":' * 50_000, "not a number": b'{"trl": NaN}',
    "infinite": b'{"trl": 1e999, "limit": -Infinity}', "bytes": b"\xff\xfe\x00", "bom": b"\xef\xbb\xbf{}",
    "half": b'{"text": "\xed\xa0\x80"}', "gb18030": '{"text": "难题"}'.encode("gb18030"),
    "digits": b'{"limit": ' + b"9" * 5000 + b"}", "same key twice": b'{"text": "ab", "text": 1}',
}  # fmt: skip
MEDIA_TYPES = (
    "text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=",
    "application/x-www-form-urlencoded", "application/json; charset=utf-16",
    "application/json; charset=nonsense", "\xff", "",
)  # fmt: skip
QUERY = (
    "%00", "%ED%A0%80", "%FF%FE", "9" * 400, "-1", "", "%F0%9F%A7%8A", "%", "%25%28x%29s", "a" * 5000,
    "%E2%80%AE", "2024.2.30", "1e5", "%27%20OR%201%3D1--",
)  # fmt: skip
PLACES = ("0", "9" * 40, "-1", "%00", "%ED%A0%80", "%F0%9F%A7%8A", "a" * 2000)
HEADERS = (
    {"If-Match": "\xff"}, {"If-Match": '"' + "9" * 60 + '"'}, {"If-Match": '"1.zzzz"'},
    {"If-Match": 'W/"1", "2"'}, {"Idempotency-Key": "é" * 3}, {"Idempotency-Key": "k" * 5000},
    {"Idempotency-Key": " "}, {"Accept-Language": "xx-\xff;q=a," * 50}, {"Accept": "nonsense"},
    {"If-None-Match": "a" * 3000}, {"Range": "bytes=-"}, {"Authorization": "Bearer \xff"},
    {"Authorization": "Bearer " + "a" * 5000}, {"Authorization": "Basic !!!"},
)  # fmt: skip


@cache
def _document() -> dict[str, Any]:
    """Written once: it takes a second."""
    return dict(api.get_openapi_schema(path_prefix="/api/v1/"))


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, calls in _document()["paths"].items():
        for method, call in calls.items():
            yield method, path, call


def _fields(call: dict[str, Any]) -> list[str]:
    """The names of the fields that a JSON body may have."""
    document = _document()
    found = call.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    for one in (found, *found.get("anyOf", ())):
        if "$ref" in one:
            name = one["$ref"].rpartition("/")[2]
            return list(document["components"]["schemas"][name]["properties"])
    return []


def _real(path: str, world: dict[str, int]) -> str:
    """The path about a real thing."""
    known = world.get(path.split("/")[3], 1)
    parts = [
        (str(known) if p.endswith("_id}") else "submit" if p == "{move}" else "regions")
        if p.startswith("{")
        else p
        for p in path.split("/")
    ]
    return "/".join(parts)


class _Tried:
    """Calls, each undone; what did not hold is kept."""

    def __init__(self, client: Client, failures: list[BaseException], is_long: bool) -> None:
        self.client, self.failures = client, failures
        self.client.raise_request_exception = False
        self.is_long = is_long
        self.calls = 0
        self.faults: list[str] = []

    def call(self, method: str, path: str, said: Any, known: set[str], **sent: Any) -> None:
        self.failures.clear()
        with transaction.atomic():
            answer = self.client.generic(method.upper(), path, **sent)
            transaction.set_rollback(True)
        self.calls += 1
        told = f"{method.upper()} {path[:200]} {said}: {answer.status_code}"
        if answer.status_code >= 500:
            self.faults.append(f"{told} {self.failures!r}")
            return
        if str(answer.status_code) not in known and answer.status_code != 405:
            self.faults.append(f"{told} is not documented")
        if answer.status_code >= 400:
            if answer.headers["Content-Type"] != "application/problem+json":
                self.faults.append(f"{told} {answer.headers['Content-Type']}")
                return
            body = answer.json()
            if not (body["title"] and body["code"] and body["status"] == answer.status_code):
                self.faults.append(f"{told} {body}")


def _addresses(method: str, path: str, call: dict[str, Any], real: str, tried: _Tried) -> None:
    known = set(call["responses"]) | {"304", "401"}
    is_sampled = tried.is_long or path.startswith(SAMPLED)
    names = [p["name"] for p in call.get("parameters", ()) if p["in"] == "query"]
    for value in QUERY if names else ():
        tried.call(method, f"{real}?{'&'.join(f'{n}={value}' for n in names)}", "all", known)
        for name in names if tried.is_long else ():
            tried.call(method, f"{real}?{name}={value}&{name}={value}", name, known)
    for headers in HEADERS if is_sampled else ():
        tried.call(method, real, headers, known, headers=headers, data=b"{}", content_type=JSON)
    for value in PLACES if "{" in path else ():
        odd = "/".join(value if p.startswith("{") else p for p in path.split("/"))
        tried.call(method, odd, "path", known | {"404"}, data=b"{}", content_type=JSON)


def _bodies(method: str, call: dict[str, Any], real: str, tried: _Tried) -> None:
    known = set(call["responses"])
    is_sampled = tried.is_long or real.startswith(SAMPLED)
    for said, body in BODIES.items() if is_sampled else ():
        tried.call(method, real, said, known, data=body, content_type=JSON)
    for media_type in MEDIA_TYPES if is_sampled else ():
        tried.call(method, real, media_type, known, data=b"{}", content_type=media_type)
    fields = _fields(call)
    choices = [fields] * bool(fields) + [[f] for f in fields if tried.is_long]
    for said, value in ODD_VALUES.items():
        for some in choices:
            body = json.dumps(dict.fromkeys(some, value)).encode()
            tried.call(method, real, (said, some), known, data=body, content_type=JSON)


def _try(
    role: Role | None,
    world: dict[str, int],
    failures: list[BaseException],
    *,
    is_long: bool,
) -> _Tried:
    tried = _Tried(client_as(role) if role else Client(), failures, is_long)
    for method, path, call in _operations():
        real = _real(path, world)
        _addresses(method, path, call, real, tried)
        if method != "get" and not path.endswith("/sandbox/clock"):
            _bodies(method, call, real, tried)
    return tried


def test_odd_input_is_refused_in_words(
    world: dict[str, int], failures: list[BaseException]
) -> None:
    tried = _try(Role.OPERATOR, world, failures, is_long=False)
    assert not tried.faults, "\n".join(tried.faults)
    assert tried.calls > 500


@pytest.mark.proof
@pytest.mark.parametrize("role", [None, Role.ENTERPRISE, Role.TTO, Role.OPERATOR])
def test_odd_input_in_each_call_and_field(
    role: Role | None,
    world: dict[str, int],
    failures: list[BaseException],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with telling(0, capsys=capsys) as tell:
        tried = _try(role, world, failures, is_long=True)
        tell.steps = tried.calls
        tell.found += tried.faults
