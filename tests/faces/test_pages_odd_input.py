"""Every form that the pages show, and every filter of a list, with what nobody should type: the
answer is a page with a sentence, never a failure, and nothing typed is run as a script."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import transaction

from tests import make
from tests.faces.pages import Visitor, publish
from tests.faces.test_api_odd_input import ODD_TEXTS, QUERY
from tests.telling import telling
from yangbanjian.kernel.actor import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_connection")]
STARTS = (
    "/", "/login", "/register", "/achievements", "/demands", "/experts", "/organisations",
    "/publish", "/publish/achievement", "/publish/achievement?blank=1", "/publish/demand",
    "/publish/expert", "/publish/demand?text=冷库", "/desk/", "/ask?q=冷库电费太高",
)  # fmt: skip
# What would end the visitor's own session or account, or makes letters and sheets for minutes.
LEFT_OUT = ("/logout", "/export", "/static/", "/api/", "/files/", "/language", "/events")
SHORT = ("long", "nul", "half", "markup", "percent", "joined", "digits")
TEXTS = {**ODD_TEXTS, "digits": "9" * 5000, "arabic": "٣", "superscript": "²"}


class _Forms(HTMLParser):
    """Links of a page, and its forms as (method, action, names of fields)."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self.forms.append((given.get("method", "get").lower(), given.get("action", ""), {}))
        elif tag in ("input", "textarea", "select", "button") and self.forms and "name" in given:
            self.forms[-1][2][given["name"]] = given.get("value", "")


def read_page(answer: Any) -> _Forms:
    found = _Forms()
    found.feed(answer.content.decode())
    return found


def _forms_of(visitor: Visitor, most_pages: int) -> dict[tuple[str, str, str], dict[str, str]]:
    """Every form that the visitor comes upon, by method, address and what it does."""
    waiting, seen = list(STARTS), set()
    forms: dict[tuple[str, str, str], dict[str, str]] = {}
    while waiting and len(seen) < most_pages:
        path = waiting.pop(0)
        kind = urlsplit(path).path
        if path in seen or kind.startswith(LEFT_OUT):
            continue
        seen.add(path)
        answer = visitor.client.get(path)
        if answer.status_code != 200 or "html" not in answer.headers.get("Content-Type", ""):
            continue
        page = read_page(answer)
        waiting += [
            urljoin(path, link).partition("#")[0]
            for link in page.links
            if not urlsplit(link).netloc and not urlsplit(link).scheme
        ]
        for method, action, fields in page.forms:
            target = urlsplit(urljoin(path, action) if action else path).path
            if method in ("get", "post") and not target.startswith(LEFT_OUT):
                forms.setdefault((method, target, fields.get("do", "")), fields)
    return forms


def _try(visitor: Visitor, said: list[str], most_pages: int, failures: list[Any]) -> int:
    visitor.client.raise_request_exception = False
    faults, calls = [], 0
    for (method, target, does), fields in _forms_of(visitor, most_pages).items():
        for name in said:
            # Buttons and tokens keep their value; what a person types does not.
            given = {
                n: v if n in ("do", "csrfmiddlewaretoken") else TEXTS[name]
                for n, v in fields.items()
            }
            failures.clear()
            with transaction.atomic():
                try:
                    answer = getattr(visitor.client, method)(target, given)
                except UnicodeEncodeError:  # no client can send half a letter
                    continue
                transaction.set_rollback(True)
            calls += 1
            told = f"{method} {target} {does} {name}: {answer.status_code} {failures!r}"
            if answer.status_code >= 500:
                faults.append(told)
            elif not answer.streaming and b"<script>alert" in answer.content:
                faults.append(f"{told} runs a script")
        names = [n for n in fields if n != "csrfmiddlewaretoken"]
        for value in QUERY if method == "get" else ():
            failures.clear()
            answer = visitor.client.get(f"{target}?{'&'.join(f'{n}={value}' for n in names)}")
            calls += 1
            if answer.status_code >= 500:
                faults.append(f"get {target} {value[:30]}: {answer.status_code} {failures!r}")
    assert not faults, "\n".join(faults)
    return calls


def _furnish(visitor: Visitor) -> None:
    """Some records to read, and of each kind one of the visitor's own where the role has one."""
    tto, seeker = make.actor(Role.TTO), make.actor(Role.ENTERPRISE)
    publish(make.achievement(tto), "achievements")
    publish(make.expert(tto), "experts")
    publish(make.demand(seeker), "demands")
    if visitor.actor.has_any(Role.TTO):
        make.achievement(visitor.actor)
        publish(make.achievement(visitor.actor, title="另一套余热回收系统"), "achievements")
    if visitor.actor.has_any(Role.ENTERPRISE):
        make.demand(visitor.actor)


@pytest.mark.parametrize("role", [None, Role.TTO], ids=str)
def test_odd_input_gets_a_page(role: Role | None, failures: list[Any]) -> None:
    visitor = Visitor(role)
    _furnish(visitor)
    assert _try(visitor, list(SHORT), 20, failures) > 30


@pytest.mark.proof
@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_odd_input_in_every_form(
    role: Role | None, failures: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with telling(0, capsys=capsys) as tell:
        visitor = Visitor(role)
        _furnish(visitor)
        tell.steps = _try(visitor, list(TEXTS), 150, failures)
        assert tell.steps > 100
