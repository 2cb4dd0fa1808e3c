"""The libraries over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import make
from tests.faces.calling import client_of, get, post
from yangbanjian.kernel.actor import Role

pytestmark = pytest.mark.django_db


BODY = {
    "title": "低温冷库余热梯级回收系统",
    "abstract": "回收压缩机排热，冷库综合电耗下降三成。",
    "trl": 7,
}


def test_add_publish_and_read_as_everybody() -> None:
    tto, operator = client_of(make.person(Role.TTO)), client_of(make.person(Role.OPERATOR))
    made = post(tto, "/achievements", BODY)
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["state"], body["version"], made["ETag"][:3]) == ("draft", 1, '"1.')
    assert [m["move"] for m in body["moves"]] == ["submit"]
    path = f"/achievements/{body['id']}"
    assert Client().get(f"/api/v1{path}").status_code == 404
    assert post(tto, f"{path}/moves/submit", {}).status_code == 200
    assert post(tto, f"{path}/moves/approve", {}).json()["code"] == "achievements.may_not_approve"
    assert post(operator, f"{path}/moves/approve", {}).json()["state"] == "public"
    seen = Client().get(f"/api/v1{path}").json()
    assert (seen["title"], seen["moves"]) == (BODY["title"], [])
    assert "secrecy" not in seen or seen["secrecy"] is None
    found = Client().get("/api/v1/achievements", {"q": "冷库"}).json()
    assert (found["count"], found["page"], [i["id"] for i in found["items"]]) == (
        1,
        1,
        [body["id"]],
    )


def test_a_list_tells_the_moves_of_each_record_like_the_record_itself() -> None:
    tto, operator = client_of(make.person(Role.TTO)), client_of(make.person(Role.OPERATOR))
    made = post(tto, "/achievements", BODY).json()
    path = f"/achievements/{made['id']}"
    for state, moves in (("draft", None), ("submitted", "submit"), ("public", "approve")):
        if moves:
            post(operator if moves == "approve" else tto, f"{path}/moves/{moves}", {})
        for client in (tto,) if state == "draft" else (tto, operator):
            (listed,) = get(client, "/achievements", state=state).json()["items"]
            assert listed["moves"] == get(client, path).json()["moves"]
            assert listed["moves"] or (state, client) == ("submitted", tto)
    assert Client().get("/api/v1/achievements").json()["items"][0]["moves"] == []


def test_nobody_is_401_and_the_wrong_token_too() -> None:
    answer = post(Client(), "/achievements", BODY)
    assert (answer.status_code, answer.json()["code"]) == (401, "people.sign_in_first")
    answer = post(Client(headers={"Authorization": "Bearer no"}), "/achievements", BODY)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


def test_every_problem_is_named() -> None:
    tto = client_of(make.person(Role.TTO))
    answer = post(tto, "/achievements", {"title": "", "trl": 11, "modes": ["nonsense"]})
    assert answer.status_code == 422
    assert {e["field"] for e in answer.json()["errors"]} >= {"trl", "modes"}
    assert post(tto, "/achievements", {"tittle": "x"}).status_code == 422


def test_a_repeated_call_gets_the_first_answer_and_another_body_409() -> None:
    tto = client_of(make.person(Role.TTO))
    first = post(tto, "/achievements", BODY, **{"Idempotency-Key": "k1"})
    again = post(tto, "/achievements", BODY, **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    other = post(tto, "/achievements", {**BODY, "title": "别的"}, **{"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (409, "intake.key_reused")


def test_a_stale_write_is_412() -> None:
    tto = client_of(make.person(Role.TTO))
    record = post(tto, "/achievements", BODY).json()

    def patch(trl: int) -> Any:
        return tto.patch(
            f"/api/v1/achievements/{record['id']}",
            {"trl": trl},
            content_type="application/json",
            headers={"If-Match": '"1"'},
        )

    assert patch(8).json()["version"] == 2
    assert patch(9).status_code == 412


def test_a_demand_for_brokers_is_hidden_and_an_anonymous_one_has_no_owner() -> None:
    enterprise = client_of(make.person(Role.ENTERPRISE))
    operator = client_of(make.person(Role.OPERATOR))
    broker = client_of(make.person(Role.BROKER))
    for visibility, seen in (("brokers", 404), ("anonymous", 200)):
        body = {"title": "冷库节能", "abstract": "电费太高。", "visibility": visibility}
        made = post(enterprise, "/demands", body).json()
        path = f"/demands/{made['id']}"
        post(enterprise, f"{path}/moves/submit", {})
        post(operator, f"{path}/moves/approve", {})
        public = Client().get(f"/api/v1{path}")
        assert public.status_code == seen
        assert broker.get(f"/api/v1{path}").json()["owner"]["id"] == made["owner"]["id"]
    assert public.json()["owner"] is None
