"""The way to the floor over the API, as the contract writes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests import make
from tests.actions.test_notices import advance, brought
from tests.faces.calling import client_of, get, post
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import Actor, Role

pytestmark = pytest.mark.django_db
NOTICE = {
    "deal_mode": "transfer", "price_mode": "agreement", "price_fen": 300_000_00,
    "related_party": {"is": False, "statement": ""}, "days": 15,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


class Caller:
    """Calls as one actor, or as nobody."""

    def __init__(self, actor: Actor | None) -> None:
        self.client = (
            client_of(Person.objects.get(pk=actor.person_id)) if actor is not None else Client()
        )

    def get(self, path: str) -> Any:
        return get(self.client, path)

    def post(self, path: str, body: Any) -> Any:
        return post(self.client, path, body)


def test_from_the_decision_to_the_end_of_the_notice() -> None:
    tto = make.actor(Role.TTO, make.organisation("university", region="330106"))
    office, other, public = Caller(tto), Caller(make.actor(Role.ENTERPRISE)), Caller(None)
    record = brought(tto)
    made = office.post(
        f"/achievements/{record.pk}/decisions",
        {
            "kind": "collective",
            "price_mode": "agreement",
            "price_fen": 300_000_00,
            "on": "2026-01-05",
        },
    )
    assert made.status_code == 201
    drafted = office.post("/notices", {"achievement_id": record.pk, **NOTICE})
    assert drafted.status_code == 201
    told = drafted.json()
    assert (told["state"], told["edition"]) == ("draft", "notice_days/330000/1")
    assert {"id", "opens_at", "closes_at"} <= set(told)
    one = f"/notices/{told['id']}"
    assert public.get(one).status_code == 404
    assert office.post(f"{one}/moves/open", {}).json()["state"] == "open"
    assert public.get(one).json()["counted"].startswith("自 ")
    early = office.post(f"{one}/moves/end", {})
    assert (early.status_code, early.json()["code"]) == (409, "notices.not_due")
    objected = other.post(f"{one}/objections", {"text": "完成人有遗漏。"})
    assert objected.status_code == 201
    assert public.get(one).json()["state"] == "paused"
    assert public.get(one).json()["objections"] == {"open": 1}
    ruled = office.post(
        f"/objections/{objected.json()['id']}/moves/rule",
        {"outcome": "dismissed", "reason": "已核对。"},
    )
    assert ruled.json()["state"] == "dismissed"
    advance(timedelta(days=15))
    assert public.get(one).json()["state"] == "ended"
    assert office.post(f"{one}/moves/end", {}).json()["state"] == "ended"
    duties = {d["duty"]: d for d in office.get(f"/achievements/{record.pk}/duties").json()["items"]}
    assert duties["notice"]["verdict"] == "met"
    assert duties["notice"]["entries"]
    assert duties["price_basis"]["verdict"] == "missing"


def test_the_register_answers_for_a_past_day() -> None:
    tto = make.actor(Role.TTO, make.organisation("university", region="330106"))
    exchange = Caller(make.actor(Role.EXCHANGE, make.organisation("exchange")))
    record = brought(tto)
    holders = [{"name": "东湖大学", "share_bp": 10_000}]
    made = exchange.post(
        f"/achievements/{record.pk}/rights",
        {"kind": "initial", "title": record.title, "holders": holders, "holds_from": "2026-01-01"},
    )
    assert made.status_code == 201
    no = made.json()["no"]
    exchange.post(
        f"/achievements/{record.pk}/rights",
        {
            "kind": "transfer",
            "holders": [{"name": "甲公司", "share_bp": 10_000}],
            "holds_from": "2026-03-01",
        },
    )
    public = Caller(None)
    assert public.get(f"/rights/{no}?on=2026-02-01").json()["holders"][0]["name"] == "东湖大学"
    assert public.get(f"/rights/{no}?on=2026-03-01").json()["holders"][0]["name"] == "甲公司"
    assert public.get("/rights/R20260000001-1").status_code == 404
    wrong = exchange.post(
        f"/achievements/{record.pk}/rights",
        {"kind": "transfer", "holders": [{"name": "甲", "share_bp": 9_999}]},
    )
    assert wrong.status_code == 422
