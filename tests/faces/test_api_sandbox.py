"""The sandbox over HTTP; and that there is none outside one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from tests import make
from tests.faces.calling import client_as, client_of, get, is_problem, post
from tests.faces.matching import match_between
from yangbanjian.engines.matching.models import Match
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.clock.models import Installation
from yangbanjian.ground.journal.jobs import deliver, is_pending
from yangbanjian.ground.messages.mail import SandboxBackend
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.people.models import Organisation, Person
from yangbanjian.kernel.actor import Role

pytestmark = pytest.mark.django_db
CALLS = (("clock", {"advance": "1d"}), ("accounts", {"role": "operator", "count": 1}))


@pytest.fixture
def sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    make.sandbox()


@pytest.mark.parametrize("is_process", [True, False])
@pytest.mark.parametrize("is_folder", [True, False])
def test_outside_a_sandbox_there_is_none(settings: Any, is_process: bool, is_folder: bool) -> None:
    """Both the process and the data folder must say so."""
    if is_process and is_folder:
        pytest.skip("that is a sandbox")
    settings.YBJ_SANDBOX = is_process
    Installation.objects.create(id=1, is_sandbox=is_folder)
    before, people_before = clock.both(), Person.objects.count()
    operator = client_as(Role.OPERATOR)
    for client in (Client(), operator):
        for name, body in CALLS:
            assert is_problem(post(client, f"/sandbox/{name}", body), 404, "sandbox.none")
        assert is_problem(get(client, "/sandbox/mail"), 404, "sandbox.none")
    assert Person.objects.count() == people_before + 1  # the operator above
    after = clock.both()
    assert after[0] - after[1] == before[0] - before[1]


@pytest.mark.usefixtures("sandbox")
def test_the_clock_moves_and_what_falls_due_is_done_and_told() -> None:
    seeker, provider = make.person(Role.ENTERPRISE), make.person(Role.TTO)
    match = match_between(people.actor_of(seeker), people.actor_of(provider), visibility="named")
    mine = client_of(seeker)
    assert post(mine, f"/matches/{match.pk}/moves/interested", {}).status_code == 200
    deliver(include_own=True)
    body = post(Client(), "/sandbox/clock", {"advance": "16d"}).json()
    assert body["failed"] == []
    assert body["ran"]["matching.lapse"] == 1
    shift = datetime.fromisoformat(body["now"]) - clock.recorded_now()
    assert timedelta(days=16) - timedelta(minutes=1) < shift < timedelta(days=16, minutes=1)
    assert Match.objects.get(pk=match.pk).state == "lapsed"
    assert "逾期" in get(mine, "/inbox").json()["items"][0]["text"]
    assert not is_pending()


@pytest.mark.usefixtures("sandbox")
def test_the_clock_moves_until_a_time_and_never_back() -> None:
    until = clock.now() + timedelta(hours=5)
    body = post(Client(), "/sandbox/clock", {"to": until.isoformat()}).json()
    assert abs(datetime.fromisoformat(body["now"]) - until) < timedelta(minutes=1)
    back = post(Client(), "/sandbox/clock", {"to": "2001-01-01T00:00:00Z"})
    assert is_problem(back, 422, "clock.backwards")


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "sandbox.clock"),
        ({"advance": "1d", "to": "2099-01-01T00:00:00Z"}, "sandbox.clock"),
        ({"advance": "a day"}, "time.duration"),
        ({"advance": "999999999d"}, "clock.too_far"),
        ({"to": "9999-12-31T23:59:59Z"}, "clock.too_far"),
        ({"to": "2099-01-01T00:00:00"}, "api.invalid"),
        ({"to": "tomorrow"}, "api.invalid"),
    ],
)
def test_a_move_of_the_clock_that_makes_no_sense(body: dict[str, str], code: str) -> None:
    before = clock.now()
    assert is_problem(post(Client(), "/sandbox/clock", body), 422, code)
    assert clock.now() - before < timedelta(minutes=5)


@pytest.mark.usefixtures("sandbox")
def test_the_clock_stays_within_a_century() -> None:
    for _ in range(10):
        assert post(Client(), "/sandbox/clock", {"advance": "3660d"}).status_code == 200
    assert is_problem(post(Client(), "/sandbox/clock", {"advance": "1d"}), 422, "clock.too_far")


def test_the_clock_is_moved_outside_the_requests_transaction() -> None:
    assert resolve("/api/v1/sandbox/clock").func.own_transactions
    assert not hasattr(resolve("/api/v1/sandbox/accounts").func, "own_transactions")


@pytest.mark.usefixtures("sandbox")
def test_a_repeated_move_of_the_clock_moves_it_once() -> None:
    key = {"Idempotency-Key": "c"}
    first = post(Client(), "/sandbox/clock", {"advance": "3d"}, **key).json()
    again = post(Client(), "/sandbox/clock", {"advance": "3d"}, **key).json()
    assert first == again
    assert clock.now() - clock.recorded_now() < timedelta(days=4)


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("role", list(Role))
def test_accounts_work_and_have_an_organisation_of_the_right_kind(role: Role) -> None:
    made = post(Client(), "/sandbox/accounts", {"role": role, "count": 2})
    assert made.status_code == 201, made.content
    items = made.json()["items"]
    assert len({i["user"] for i in items}) == 2
    is_shared = role in (Role.OPERATOR, Role.AUDITOR, Role.EXCHANGE)
    assert len({i["organisation_id"] for i in items}) == (1 if is_shared else 2)
    for item in items:
        client = Client(headers={"Authorization": f"Bearer {item['token']}"})
        me = get(client, "/me").json()
        assert (me["person"]["username"], me["roles"]) == (item["user"], [role.value])
        organisation = Organisation.objects.get(pk=item["organisation_id"])
        assert (organisation.state, organisation.is_demo) == ("verified", True)
        assert item["bank_account"]
        assert Client().login(username=item["user"], password=item["password"])


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("body", [{"role": "king"}, {"role": "tto", "count": 201}, {}])
def test_accounts_out_of_form(body: dict[str, Any]) -> None:
    assert is_problem(post(Client(), "/sandbox/accounts", body), 422, "api.invalid")
    assert not Person.objects.exists()


@pytest.mark.usefixtures("sandbox")
def test_letters_can_be_read(settings: Any) -> None:
    from django.core.mail import EmailMessage

    letters = [
        EmailMessage(f"第{n}封", "请确认邮箱", "noreply@localhost", [f"reader{n}@example.com"])
        for n in (1, 2)
    ]
    SandboxBackend().send_messages(letters)
    body = get(Client(), "/sandbox/mail").json()
    assert [i["subject"] for i in body["items"]] == ["第2封", "第1封"]
    found = get(Client(), "/sandbox/mail", to="reader1@example.com").json()
    assert [(i["subject"], i["text"]) for i in found["items"]] == [("第1封", "请确认邮箱")]
