"""Nobody meets what is another owner's and not public: drafts, what was submitted, hidden demands'
owners. Every page that a role can reach by links, and every read of the API, is searched for it."""

from __future__ import annotations

import io
import json
import zipfile
from collections import deque
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from tests import make
from tests.faces.calling import client_of
from tests.faces.pages import publish
from tests.faces.test_pages_odd_input import STARTS, read_page
from tests.signing import come_in
from yangbanjian.faces.api.routes import api
from yangbanjian.kernel.actor import Role
from yangbanjian.libraries.achievements import actions as achievements

pytestmark = pytest.mark.django_db
# Words that stand in no other text, so that meeting one is meeting the record.
DRAFT, HANDED_IN, HIDDEN_OWNER = "玄圃草稿余热装置", "玄圃待审余热装置", "玄圃匿名冷链有限公司"
SECRETS = (DRAFT, HANDED_IN, HIDDEN_OWNER)
STAFF = (Role.OPERATOR, Role.AUDITOR)
QUERIES = ("", "?q=玄圃", "?state=draft", "?state=submitted", "?q=玄圃&state=draft&state=submitted")
MORE = (
    "/achievements?q=玄圃", "/demands?q=玄圃", "/experts?q=玄圃", "/organisations?q=玄圃", "/ask?q=玄圃余热装置",
    "/achievements?state=draft", "/achievements.xlsx?q=玄圃", "/demands.xlsx?q=玄圃",
    "/achievements.xlsx?state=draft&state=submitted",
)  # fmt: skip


def _furnish() -> dict[str, list[int]]:
    """The first owner's things; the number of each by the first part of its API path."""
    owner = make.actor(Role.TTO)
    draft = make.achievement(owner, title=DRAFT)
    handed = make.achievement(owner, title=HANDED_IN)
    achievements.move(actor=owner, record_id=handed.pk, name="submit")
    open_one = publish(make.achievement(owner), "achievements")
    seeker = make.actor(Role.ENTERPRISE, make.organisation("enterprise", name=HIDDEN_OWNER))
    hidden = publish(make.demand(seeker, visibility="anonymous"), "demands")
    return {
        "achievements": [draft.pk, handed.pk, open_one.pk],
        "demands": [hidden.pk],
        "experts": [],
    }


def _crawl(client: Client, starts: list[str], most: int) -> dict[str, str]:
    """The text of every page that links lead to."""
    waiting, found = deque(starts), {}
    while waiting and len(found) < most:
        path = waiting.popleft().partition("#")[0]
        if path in found or path.startswith(("/logout", "/static/", "/api/", "/events")):
            continue
        answer = client.get(path)
        if answer.streaming or "html" not in answer.headers.get("Content-Type", ""):
            found[path] = _said(answer)
            continue
        found[path] = answer.content.decode()
        links = (urljoin(path, link) for link in read_page(answer).links)
        waiting += [link for link in links if not urlsplit(link).netloc and link.startswith("/")]
    return found


def _reads(client: Client, known: dict[str, list[int]]) -> dict[str, str]:
    """What every read of the API says, of every real thing, plain and filtered."""
    found = {}
    document = api.get_openapi_schema(path_prefix="/api/v1/")
    for path, calls in document["paths"].items():
        if "get" not in calls:
            continue
        numbers = known.get(path.split("/")[3], [1]) if "{" in path else [0]
        for number in numbers:
            real = "/".join(str(number) if p.endswith("_id}") else p for p in path.split("/"))
            for query in QUERIES if "{" not in path else ("",):
                answer = client.get(real + query)
                found[real + query] = _said(answer)
    for kinds in (["achievement"], ["expert"], ["demand"]):
        body = {"text": "玄圃余热装置，冷库节能", "kinds": kinds, "limit": 50}
        asked = client.post("/api/v1/match", body, content_type="application/json")
        found[f"match {kinds}"] = _said(asked)
    return found


def _said(answer: Any) -> str:
    """The words of an answer: JSON writes Chinese as numbers, a workbook is a packed folder."""
    if answer.streaming:
        content = b"".join(answer.streaming_content)
        if not content.startswith(b"PK"):
            return content.decode(errors="replace")
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return " ".join(book.read(name).decode(errors="replace") for name in book.namelist())
    text = answer.content.decode(errors="replace")
    is_json = "json" in answer.headers.get("Content-Type", "")
    return json.dumps(json.loads(text), ensure_ascii=False) if is_json and text else text


@pytest.mark.parametrize(
    "role",
    [
        pytest.param(r, id=str(r), marks=() if r in (None, Role.TTO) else pytest.mark.proof)
        for r in (None, *Role)
    ],
)
def test_nobody_meets_what_is_not_theirs(role: Role | None) -> None:
    known = _furnish()
    pages, calls = Client(), Client()
    if role is not None:
        person = make.person(role)
        come_in(pages, person)
        calls = client_of(person)
    direct = [
        f"/{room}/{number}{part}"
        for room, numbers in known.items()
        for number in numbers
        for part in ("", "/history", "/edit", "/card", "/preview", "/ready")
    ]
    most = 60 if role in (None, Role.TTO) else 300
    said = {**_crawl(pages, [*direct, *MORE, *STARTS], most), **_reads(calls, known)}
    assert len(said) > 60
    # Brokers introduce the parties, so they learn who asks.
    secrets = SECRETS if role != Role.BROKER else (DRAFT, HANDED_IN)
    met = {(path, secret) for path, text in said.items() for secret in secrets if secret in text}
    if role in STAFF:
        # A draft is not the operator's to read without a grant (T7).
        theirs = SECRETS if role != Role.OPERATOR else (HANDED_IN, HIDDEN_OWNER)
        assert {secret for _, secret in met} == set(theirs)
    else:
        assert not {m for m in met if not (m[1] == HIDDEN_OWNER and "/organisations" in m[0])}
