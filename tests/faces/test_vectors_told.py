"""How far the vectors are, in words, where an import and the market are looked after."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from tests import make
from tests.faces.calling import client_of
from yangbanjian.faces.api import imports as api
from yangbanjian.faces.telling import vectors_told
from yangbanjian.faces.web import imports as pages
from yangbanjian.faces.web import operator
from yangbanjian.ground.intake.models import ImportJob
from yangbanjian.kernel.actor import Role


def test_words_first_then_meaning() -> None:
    assert vectors_told(3200, 100_000) == "已可按文字查到；含义向量 3,200/100,000"
    assert vectors_told(5, 5) == "已可按文字和含义查到"
    with override("en"):
        assert "3,200/100,000" in vectors_told(3200, 100_000)


@pytest.mark.django_db
def test_the_import_and_the_cockpit_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (api, pages):
        monkeypatch.setattr(module, "vectors_made", lambda: (1, 3))
    monkeypatch.setattr(operator.matching, "vectors_made", lambda: (1, 3))
    staff = make.person(Role.OPERATOR)
    client: Client = client_of(staff)
    file = BytesIO("编号,名称,摘要\n1,余热回收,回收排热\n".encode())
    file.name = "a.csv"
    sent: Any = client.post("/api/v1/imports", {"kind": "achievements", "file": file})
    assert sent.status_code == 202
    said = sent.json()["vectors"]
    assert said == {"made": 1, "wanted": 3, "text": "已可按文字查到；含义向量 1/3"}
    auditor = Client()
    auditor.force_login(make.person(Role.AUDITOR))
    assert "含义向量 1/3" in auditor.get("/desk/cockpit").content.decode()
    job = ImportJob.objects.get()
    assert pages._outcome(job)["vectors"] == "", "nothing has come in yet"
    job.state = "done"
    assert pages._outcome(job)["vectors"] == "已可按文字查到；含义向量 1/3"
