"""What holds for every call: problems, languages, versions, repetition, documents."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import make
from tests.faces.calling import client_as, client_of, get, is_problem, patch, post
from yangbanjian.faces.api import middleware
from yangbanjian.ground.files.models import File
from yangbanjian.ground.intake.models import Request
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import Role
from yangbanjian.libraries.achievements.models import Achievement

pytestmark = pytest.mark.django_db
BODY = {"title": "低温冷库余热梯级回收系统", "abstract": "回收压缩机排热，电耗下降三成。"}


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/", "/api/v2/achievements"])
def test_an_unknown_call_is_a_problem(path: str) -> None:
    assert is_problem(Client().get(path), 404, "api.no_such_call")


def test_a_wrong_method_is_a_problem_that_names_the_right_ones() -> None:
    answer = Client().put("/api/v1/achievements", {}, content_type="application/json")
    assert is_problem(answer, 405, "api.method_not_allowed")
    assert set(answer.headers["Allow"].replace(" ", "").split(",")) == {"GET", "POST"}


def test_a_failure_of_ours_is_a_problem_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("yangbanjian.faces.api.system.site.loading_state", fail)
    client = Client(raise_request_exception=False)
    assert is_problem(client.get("/api/v1/health"), 500, "api.failed")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ("{", 400, "api.unreadable"),
        ("[" * 100_000, 400, "api.unreadable"),
        ('{"title": ' + "9" * 5000 + "}", 400, "api.unreadable"),
        ('{"title": "a\\u0000b", "abstract": "c"}', 422, "api.unusable_text"),
        ('{"title": "\\ud800", "abstract": "c"}', 422, "api.unusable_text"),
        ('{"\\ud800": 1}', 422, "api.unusable_text"),
        ("[]", 422, "api.invalid"),
        ("null", 422, "api.invalid"),
        ('{"title": "' + "a" * 4_400_000 + '"}', 413, "api.too_large"),
    ],
    ids=["cut", "deep", "long", "nul", "half", "half-key", "list", "null", "large"],
)
@pytest.mark.parametrize("key", ["", "k"])
def test_a_body_that_cannot_be_read(sent: str, status: int, code: str, key: str) -> None:
    headers = {"Idempotency-Key": key} if key else {}
    answer = post(client_as(Role.TTO), "/achievements", sent, **headers)
    assert is_problem(answer, status, code)
    assert not Achievement.objects.exists()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"q": "\x00"}, 422),
        ({"state": "a\x00"}, 422),
        ({"owner": "²"}, 200),
        ({"owner": "9" * 40}, 200),
        ({"region": "٣"}, 200),
        ({"q": "' & | ! :* \\ ("}, 200),
        ({"q": "🙂\u202e"}, 200),
        ({"page": "9" * 30}, 422),
        ({"size": 101}, 422),
        ({"page": "-1"}, 422),
        ({"sort": "nonsense"}, 422),
        ({"trl": "11"}, 200),
    ],
)
def test_odd_queries_are_answered(query: dict[str, Any], status: int) -> None:
    for room in ("achievements", "demands", "experts"):
        assert get(Client(), f"/{room}", **query).status_code == status


@pytest.mark.parametrize("number", ["0", str(2**63), "9" * 40])
def test_ids_out_of_range_are_refused_and_large_ones_unknown(number: str) -> None:
    assert get(Client(), f"/achievements/{number}").status_code == 422
    assert get(Client(), f"/achievements/{2**63 - 1}").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trl", 11),
        ("trl", 10**30),
        ("price_fen", -1),
        ("price_fen", 2**63),
        ("results", [{"metric": "电耗", "value": "1E-999999", "unit": "%"}]),
        ("owner", 10**30),
        ("external_id", "a" * 201),
        ("price_fen", "三百万"),
    ],
)
def test_a_value_out_of_range_names_its_field(field: str, value: Any) -> None:
    answer = post(client_as(Role.TTO), "/achievements", {**BODY, field: value})
    assert answer.status_code == 422, answer.content
    assert field in {e["field"].partition(".")[0] for e in answer.json()["errors"]}


def test_a_date_that_does_not_exist_is_refused_in_plain_words() -> None:
    answer = post(client_as(Role.ENTERPRISE), "/demands", {**BODY, "deadline": "2024-02-30"})
    assert answer.status_code == 422
    said = answer.json()["errors"][0]
    assert (said["field"], "2026-03-01" in said["detail"]) == ("deadline", True)


def test_an_operator_cannot_give_a_record_to_nobody() -> None:
    answer = post(client_as(Role.OPERATOR), "/demands", {**BODY, "owner": 2**62})
    assert is_problem(answer, 422, "people.no_organisation")


def test_the_same_external_id_twice_is_a_conflict() -> None:
    tto = client_as(Role.TTO)
    assert post(tto, "/achievements", {**BODY, "external_id": "A-1"}).status_code == 201
    again = post(tto, "/achievements", {**BODY, "external_id": "A-1"})
    assert is_problem(again, 409, "records.external_id_taken")
    assert Achievement.objects.count() == 1


def test_what_was_read_is_not_sent_again_until_something_changes() -> None:
    tto = client_as(Role.TTO)
    path = f"/achievements/{post(tto, '/achievements', BODY).json()['id']}"
    tag = get(tto, path).headers["ETag"]
    again = tto.get(f"/api/v1{path}", headers={"If-None-Match": tag})
    assert again.status_code == 304
    post(tto, f"{path}/moves/submit", {})
    moved = tto.get(f"/api/v1{path}", headers={"If-None-Match": tag})
    assert (moved.status_code, moved.json()["state"]) == (200, "submitted")
    assert patch(tto, path, {"trl": 7}, **{"If-Match": tag}).status_code == 200
    assert is_problem(patch(tto, path, {"trl": 8}, **{"If-Match": tag}), 412, "achievements.stale")
    stale = post(tto, f"{path}/moves/withdraw", {}, **{"If-Match": tag})
    assert is_problem(stale, 412, "api.stale")
    assert is_problem(patch(tto, path, {"trl": 8}, **{"If-Match": "x"}), 422, "api.if_match")


def test_problems_speak_the_language_of_the_caller() -> None:
    told = Client().get("/api/v1/achievements/5", headers={"Accept-Language": "en"})
    assert told.headers["Content-Language"] == "en"
    assert "Accept-Language" in told.headers["Vary"]
    assert "Authorization" in told.headers["Vary"]


def test_too_many_calls_are_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "ANONYMOUS_A_MINUTE", 3)
    monkeypatch.setattr(middleware, "_meter", middleware._Meter())
    answers = [get(Client(), "/achievements") for _ in range(8)]
    assert answers[-1].status_code == 429
    assert is_problem(answers[-1], 429, "api.too_many")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60


def test_codes_in_the_language_of_the_caller() -> None:
    tables = get(Client(), "/codes", size=100).json()
    names = {t["table"] for t in tables["items"]}
    assert {"regions", "industries", "field"} <= names
    said = Client().get("/api/v1/codes/deal_modes", headers={"Accept-Language": "en"}).json()
    assert said["count"] == len(said["items"]) > 3
    assert all(i["label"].isascii() for i in said["items"])
    top = get(Client(), "/codes/industries", parent="", size=100).json()
    assert {i["level"] for i in top["items"]} == {1}
    below = get(Client(), "/codes/industries", parent=top["items"][0]["code"]).json()
    assert {i["parent"] for i in below["items"]} == {top["items"][0]["code"]}
    assert get(Client(), "/codes/industries", q="没有这个行业吧").json()["count"] == 0
    assert is_problem(get(Client(), "/codes/nothing"), 404, "codes.no_table")


def test_a_file_is_kept_by_its_content() -> None:
    person = make.person(Role.TTO)
    client = client_of(person)

    def send(content: bytes, name: str, **headers: str) -> Any:
        file = SimpleUploadedFile(name, content)
        return client.post("/api/v1/files", {"file": file}, headers=headers)

    first = send(b"%PDF-1.7 ...", "检测报告.pdf")
    assert first.status_code == 201, first.content
    body = first.json()
    assert (body["media_type"], body["size"], len(body["sha256"])) == ("application/pdf", 12, 64)
    assert send(b"%PDF-1.7 ...", "检测报告.pdf").json()["id"] == body["id"]
    key = {"Idempotency-Key": "f"}
    second = send(b"abc", "x.bin", **key)
    assert send(b"abc", "x.bin", **key).json() == second.json()
    assert is_problem(send(b"abd", "x.bin", **key), 409, "intake.key_reused")
    assert is_problem(send(b"", "empty.pdf"), 422, "files.empty")
    assert File.objects.count() == 2
    assert File.objects.get(pk=body["id"]).owner_id == person.memberships.get().organisation_id


def test_a_file_over_the_cap_or_by_nobody_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yangbanjian.ground.files.rules.LARGEST_ATTACHMENT", 10)
    client = client_as(Role.TTO)
    large = client.post("/api/v1/files", {"file": BytesIO(b"x" * 11)})
    assert is_problem(large, 422, "files.too_large")
    nobody = Client().post("/api/v1/files", {"file": BytesIO(b"x")})
    assert is_problem(nobody, 401, "people.sign_in_first")
    assert is_problem(client.post("/api/v1/files", {}), 422, "api.invalid")
    assert not File.objects.exists()


def test_a_refused_call_is_remembered_too() -> None:
    tto = client_as(Role.TTO)
    key = {"Idempotency-Key": "r"}
    first = post(tto, "/achievements", {"title": ""}, **key)
    again = post(tto, "/achievements", {"title": ""}, **key)
    assert first.status_code == again.status_code == 422
    assert first.json() == again.json()
    assert Request.objects.get(key="r").status == 422
    assert is_problem(
        post(tto, "/achievements", BODY, **{"Idempotency-Key": "k" * 201}),
        422, "intake.key_length",
    )  # fmt: skip


def test_the_document_and_its_page() -> None:
    document = get(Client(), "/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, calls in document["paths"].items():
        for method, said in calls.items():
            assert said["description"], (method, path)
            default = said["responses"]["default"]["content"]
            assert list(default) == ["application/problem+json"]
    assert "multipart/form-data" in json.dumps(document["paths"]["/api/v1/files"])
    page = Client().get("/api/v1/docs")
    assert (page.status_code, page.headers["Content-Type"][:9]) == (200, "text/html")
    html = page.content.decode()
    assert "/api/v1/achievements/{record_id}" in html
    assert "https://" not in html.replace("https://beian", "")
    assert "<script>" not in html


def test_a_browsers_session_reads_and_does_not_write() -> None:
    person: Person = make.person(Role.TTO)
    client = Client()
    client.force_login(person)
    assert get(client, "/me").status_code == 200
    assert is_problem(post(client, "/achievements", BODY), 401, "people.sign_in_first")
