"""Oneself, tokens, organisations, messages over HTTP."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import make
from tests.faces.calling import client_as, client_of, get, is_problem, patch, post
from yangbanjian.ground.intake.models import Request
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.ground.people.models import Organisation, Person, Token
from yangbanjian.kernel.actor import Role

pytestmark = pytest.mark.django_db


def bearer(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})


def test_me_says_who_and_for_whom() -> None:
    person = make.person(Role.TTO, name="沈知行")
    body = get(client_of(person), "/me").json()
    held = person.memberships.get()
    assert body["person"]["name"] == "沈知行"
    assert body["organisation"] == {"id": held.organisation_id, "name": held.organisation.name}
    assert body["roles"] == ["tto"]
    assert [m["role"] for m in body["memberships"]] == ["tto"]
    assert is_problem(get(Client(), "/me"), 401, "people.sign_in_first")


def test_export_holds_oneself_and_nobody_else() -> None:
    person, other = make.person(Role.TTO), make.person(Role.TTO, name="别人")
    client = client_of(person)
    said = get(client, "/me/export")
    assert said.json()["person"]["username"] == person.username
    assert other.username not in said.content.decode()
    assert "别人" not in said.content.decode()


def test_who_is_forgotten_is_gone_with_the_token() -> None:
    person = make.person(Role.TTO)
    client = client_of(person)
    assert post(client, "/me/erase", {}).json() == {"erased": True}
    person.refresh_from_db()
    assert (person.name, person.is_active) == ("", False)
    assert is_problem(get(client, "/me"), 401, "people.token_unusable")


def test_the_last_operator_stays() -> None:
    person = make.person(Role.OPERATOR)
    answer = post(client_of(person), "/me/erase", {})
    assert is_problem(answer, 403, "people.last_operator")
    assert Person.objects.get(pk=person.pk).erased_at is None


def test_a_token_is_shown_once_works_and_ends() -> None:
    client = client_as(Role.TTO)
    made = post(client, "/tokens", {"name": "抄送", "expires_days": 30})
    assert made.status_code == 201
    body = made.json()
    assert get(bearer(body["token"]), "/me").status_code == 200
    listed = get(client, "/tokens").json()
    assert body["id"] in [t["id"] for t in listed["items"]]
    assert all("token" not in t for t in listed["items"])
    assert not Token.objects.filter(digest__contains=body["token"]).exists()
    assert client.delete(f"/api/v1/tokens/{body['id']}").status_code == 204
    assert is_problem(get(bearer(body["token"]), "/me"), 401, "people.token_unusable")


def test_a_repeated_call_for_a_token_makes_no_second_and_keeps_no_secret() -> None:
    client = client_as(Role.TTO)
    key = {"Idempotency-Key": "once"}
    secret = post(client, "/tokens", {"name": "甲"}, **key).json()["token"]
    assert is_problem(post(client, "/tokens", {"name": "甲"}, **key), 409, "api.shown_once")
    assert Token.objects.filter(name="甲").count() == 1
    assert secret.encode() not in bytes(Request.objects.get(key="once").body)


def test_somebody_elses_token_is_not_mine_to_end() -> None:
    mine = post(client_as(Role.TTO), "/tokens", {}).json()
    answer = client_as(Role.TTO).delete(f"/api/v1/tokens/{mine['id']}")
    # Whether somebody else has such a token is nobody's business.
    assert is_problem(answer, 404, "people.no_token")
    assert Token.objects.get(pk=mine["id"]).revoked_at is None


@pytest.mark.parametrize(
    "body", [{"expires_days": 0}, {"expires_days": 10**20}, {"organisation_id": -1}, {"name": 1}]
)
def test_a_token_out_of_form_is_refused(body: dict[str, object]) -> None:
    assert is_problem(post(client_as(Role.TTO), "/tokens", body), 422, "api.invalid")


def test_a_token_cannot_reach_into_a_foreign_organisation() -> None:
    foreign = make.organisation()
    answer = post(client_as(Role.TTO), "/tokens", {"organisation_id": foreign.pk})
    assert is_problem(answer, 403, "people.not_your_organisation")


def test_an_operator_brings_in_an_organisation_and_its_own_people_change_it() -> None:
    operator = client_as(Role.OPERATOR)
    body = {"kind": "enterprise", "name": "云帆冷链有限公司", "contact_phone": "010-5550100"}
    made = post(operator, "/organisations", body)
    assert made.status_code == 201, made.content
    said = made.json()
    assert (said["state"], said["version"], said["duplicates"]) == ("verified", 1, [])
    assert [m["move"] for m in said["moves"]] == ["suspend"]
    organisation = Organisation.objects.get(pk=said["id"])
    path = f"/organisations/{organisation.pk}"
    public = get(Client(), path).json()
    assert (public["name"], public["contact_phone"]) == ("云帆冷链有限公司", None)
    own = client_of(make.person(Role.ENTERPRISE, of=organisation))
    tag = get(own, path).headers["ETag"]
    changed = patch(own, path, {"intro": "冷库运营"}, **{"If-Match": tag}).json()
    assert (changed["intro"], changed["version"]) == ("冷库运营", 2)
    stale = patch(own, path, {"intro": "别的"}, **{"If-Match": tag})
    assert is_problem(stale, 412, "api.stale")
    assert is_problem(patch(own, path, {"name": "改名"}), 409, "people.verified_name")
    entries = get(own, f"{path}/history").json()["entries"]
    assert [e["verb"] for e in entries] == [
        "people.organisation_changed", "people.organisation_added",
    ]  # fmt: skip
    assert get(Client(), f"{path}/history").json()["entries"] == []


def test_a_suspended_organisation_is_for_operators() -> None:
    operator, organisation = client_as(Role.OPERATOR), make.organisation(name="青禾示范中心")
    path = f"/organisations/{organisation.pk}"
    assert is_problem(post(operator, f"{path}/moves/suspend", {}), 422, "people.invalid")
    suspended = post(operator, f"{path}/moves/suspend", {"reason": "证照过期"}).json()
    assert suspended["state"] == "suspended"
    assert is_problem(get(Client(), path), 404, "people.no_organisation")
    assert get(Client(), "/organisations", q="青禾示范").json()["count"] == 0
    assert get(operator, "/organisations", q="青禾示范").json()["count"] == 1
    assert post(operator, f"{path}/moves/reinstate", {}).json()["state"] == "verified"
    assert is_problem(post(operator, f"{path}/moves/close", {}), 404, "people.no_such_move")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "bank", "name": "甲"}, "kind"),
        ({"kind": "enterprise", "name": " "}, "name"),
        ({"kind": "enterprise", "name": "甲", "uscc": "91350100M000100Y44"}, "uscc"),
        ({"kind": "enterprise", "name": "甲", "website": "javascript:alert(1)"}, "website"),
        ({"kind": "enterprise", "name": "甲" * 5000}, "name"),
    ],
)
def test_an_organisation_with_a_wrong_field_is_refused(body: dict[str, str], field: str) -> None:
    count = Organisation.objects.count()
    answer = post(client_as(Role.OPERATOR), "/organisations", body)
    assert is_problem(answer, 422, "people.invalid")
    assert [e["field"] for e in answer.json()["errors"]] == [field]
    assert Organisation.objects.exclude(kind="authority").count() == count


def test_the_inbox_is_ones_own_and_can_be_read() -> None:
    person, other = make.person(Role.TTO), make.person(Role.TTO)
    word = Word("match", "「%(title)s」新找到 %(count)d 项匹配", {"title": "冷库", "count": 2})
    messages.tell([person.pk], word)
    messages.tell([person.pk, other.pk], Word("site", "今晚维护"))
    client = client_of(person)
    body = get(client, "/inbox").json()
    assert (body["count"], body["unread"]) == (2, 2)
    assert [i["text"] for i in body["items"]] == ["今晚维护", "「冷库」新找到 2 项匹配"]
    first = body["items"][0]["id"]
    assert post(client, "/inbox/read", {"ids": [first]}).json() == {"read": 1, "unread": 1}
    assert get(client, "/inbox", unread="true").json()["count"] == 1
    assert get(client, "/inbox", topic="match").json()["count"] == 1
    assert post(client, "/inbox/read", {}).json() == {"read": 1, "unread": 0}
    assert get(client_of(other), "/inbox").json()["unread"] == 1
    assert is_problem(get(Client(), "/inbox"), 401, "people.sign_in_first")


def test_somebody_elses_message_stays_unread() -> None:
    person = make.person(Role.TTO)
    messages.tell([person.pk], Word("site", "今晚维护"))
    mine = get(client_of(person), "/inbox").json()["items"][0]["id"]
    entries = Entry.objects.count()
    stranger = client_as(Role.TTO)
    assert post(stranger, "/inbox/read", {"ids": [mine]}).json()["read"] == 0
    assert get(client_of(person), "/inbox").json()["unread"] == 1
    assert Entry.objects.count() == entries + 2  # two tokens, and nothing of the message
