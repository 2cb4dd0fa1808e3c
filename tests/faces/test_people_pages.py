"""The way in, and the second factor, as a browser without script sees them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from tests import make, signing
from tests.faces.desks import PASSWORD, Capture, desk, known, letter_link, sign_in
from yangbanjian.ground.people.models import BrowserSession, Claim, Person, Token
from yangbanjian.kernel.actor import Role
from yangbanjian.kernel.identifiers import make_uscc

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_passwords")]


# --- the way in ------------------------------------------------------------------------------


def test_signing_in_goes_where_one_was_going(client: Client) -> None:
    known()
    page = client.get("/login?next=/desk/account")
    assert 'autocomplete="current-password"' in page.content.decode()
    assert 'value="/desk/account"' in page.content.decode()
    answer = sign_in(client, next="/desk/account")
    assert (answer.status_code, answer.url) == (302, "/desk/account")
    assert client.get("/desk/account").status_code == 200
    assert client.get("/login?next=/desk/account").url == "/desk/account"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example.com/",
        "//evil.example.com",
        "/\\evil.example.com",
        "javascript:alert(1)",
        "/login?next=/login",
        "desk",
        "/" + "x" * 600,
    ],
)
def test_next_leads_nowhere_else(client: Client, wanted: str) -> None:
    known()
    assert sign_in(client, next=wanted).url == "/desk/"
    assert client.get("/login", {"next": wanted}).url == "/desk/"


def test_a_wrong_password_is_422_with_a_sentence_and_no_session(client: Client) -> None:
    known()
    answer = sign_in(client, "wrong")
    assert answer.status_code == 422
    assert "登录名或密码不对" in answer.content.decode()
    assert "wrong" not in re.sub(r"<script.*?</script>", "", answer.content.decode(), flags=re.S)
    assert client.get("/desk/account").url == "/login?next=%2Fdesk%2Faccount"


def test_failures_are_remembered_although_they_are_refused(client: Client) -> None:
    known()
    for _ in range(5):
        sign_in(client, "wrong")
    answer = sign_in(client)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 901


def test_what_was_typed_before_signing_in_is_still_there(client: Client) -> None:
    known()
    session = client.session
    session["pending_demand"] = "冷库电费太高，想降 25%"
    session.save()
    before = session.session_key
    sign_in(client, next="/demands/new")
    assert client.session["pending_demand"] == "冷库电费太高，想降 25%"
    assert client.session.session_key != before, "a new key, so that none can be planted"


def test_another_person_in_the_same_browser_keeps_the_text_only(client: Client) -> None:
    signing.come_in(client, make.person(Role.TTO))
    session = client.session
    session["pending_demand"], session["organisation"] = "文字", 99
    session.save()
    known()
    sign_in(client)
    assert client.session["pending_demand"] == "文字"
    assert "organisation" not in client.session


def test_the_sandbox_shows_its_demo_accounts_and_others_do_not(
    client: Client, settings: Any
) -> None:
    assert "<code>operator</code>" not in client.get("/login").content.decode()
    make.sandbox()
    settings.YBJ_SANDBOX = True
    assert "<code>operator</code>" in client.get("/login").content.decode()


def test_signing_out_takes_a_post(client: Client) -> None:
    known()
    sign_in(client)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 302
    assert not BrowserSession.objects.exists()
    assert client.get("/desk/account").status_code == 302


def test_forms_are_refused_without_their_token() -> None:
    client = Client(enforce_csrf_checks=True)
    known()
    assert sign_in(client).status_code == 403


def test_registering_to_the_first_organisation(
    client: Client, django_capture_on_commit_callbacks: Capture
) -> None:
    given = {
        "email": "lin@example.com",
        "name": "林知远",
        "password": PASSWORD,
        "next": "/desk/account",
    }
    assert client.post("/register", given).status_code == 422, "the privacy note is agreed to"
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/register", {**given, "agreed": "on"})
    assert answer.url == "/register/sent"
    assert client.get("/register/sent").status_code == 200
    link = letter_link("/register/confirm/")
    assert client.get(link).status_code == 200
    assert not Person.objects.get().is_active, "opening the link alone does nothing"
    assert client.post(link).url == "/desk/account"
    assert client.get("/desk/account").status_code == 200
    answer = desk(
        client,
        "/desk/organisation",
        do="claim_new",
        kind="enterprise",
        name="青桥冷链有限公司",
        uscc=make_uscc(7),
        role="enterprise",
    )
    assert answer.status_code == 302
    assert Claim.objects.get().state == "pending"
    page = client.get("/desk/organisation").content.decode()
    assert "青桥冷链有限公司" in page
    assert "单位还没核实" in page


def test_a_known_address_sees_the_same_page(
    client: Client, django_capture_on_commit_callbacks: Capture
) -> None:
    known(email="lin@example.com")
    given = {"email": "lin@example.com", "name": "别人", "password": PASSWORD, "agreed": "on"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/register", given)
    assert answer.url == "/register/sent"
    assert "已有账号" in str(mail.outbox[-1].body)


@pytest.mark.parametrize("path", ["/register/confirm/x", "/invitations/x"])
def test_broken_links_say_what_to_do(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 422
    assert "链接不完整" in answer.content.decode()


def test_a_forgotten_password(client: Client, django_capture_on_commit_callbacks: Capture) -> None:
    known(email="zhao@example.com")
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/password/forgot", {"email": "zhao@example.com"}).status_code == 302
    link = letter_link("/password/reset/")
    assert client.get(link).status_code == 200
    assert client.post(link, {"password": "12345"}).status_code == 422
    assert client.post(link, {"password": "qianshan-yuxue-93"}).url == "/login"
    assert client.post(link, {"password": "qianshan-yuxue-94"}).status_code == 422
    assert sign_in(client, "qianshan-yuxue-93").url == "/desk/"


@pytest.mark.parametrize("field", ["email", "name", "password"])
@pytest.mark.parametrize("typed", ["", "\x00", "x" * 1_000_000, "<script>alert(1)</script>\u202e"])
def test_bad_input_is_422_and_escaped(client: Client, field: str, typed: str) -> None:
    if (field, typed[:1]) in {("name", "<"), ("password", "<")}:
        pytest.skip("may be a name, may be a password")
    given = {"email": "a@example.com", "name": "林", "password": PASSWORD, "agreed": "on"}
    answer = client.post("/register", {**given, field: typed})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.content.decode()
    assert not Person.objects.exists()


# --- second factor ---------------------------------------------------------------------------


def test_an_operator_sets_up_the_phone_before_coming_in(client: Client) -> None:
    operator = known(Role.OPERATOR)
    assert sign_in(client, next="/desk/people").url == "/login/second"
    page = client.get("/login/second").content.decode()
    assert "<svg" in page
    assert 'style="' not in page, "the policy of the pages forbids it"
    assert client.get("/desk/people").status_code == 302, "not in yet"
    operator.refresh_from_db()
    assert client.post("/login/second", {"code": "12"}).status_code == 422
    done = client.post("/login/second", {"code": signing.code_of(operator.totp_secret, -1)})
    assert done.status_code == 200
    assert (
        len(re.findall(r"<code class=\"num\">[A-Z2-9]{5}-[A-Z2-9]{5}", done.content.decode())) == 10
    )
    assert client.get("/desk/people").status_code == 200
    client.post("/logout")
    sign_in(client, next="/desk/people")
    answer = client.post("/login/second", {"code": signing.code_of(operator.totp_secret)})
    assert answer.url == "/desk/people"


def test_the_second_step_needs_the_first(client: Client) -> None:
    assert client.get("/login/second").url == "/login"
    assert client.post("/login/second", {"code": "123456"}).url == "/login"


def test_who_became_operator_meanwhile_is_sent_to_set_it_up(client: Client) -> None:
    signing.come_in(client, known(Role.OPERATOR), has_second_factor=False)
    assert client.get("/desk/people").url == "/desk/account/security?needed=1"
    page = client.get("/desk/account/security?needed=1")
    assert "请先开启两步验证" in page.content.decode()
    assert (
        desk(client, "/desk/account/security", do="token", name="x", expires_days="30").status_code
        == 422
    )
    assert not Token.objects.exists()


def test_switching_it_on_in_the_account(client: Client) -> None:
    me = signing.come_in(client, known())
    assert desk(client, "/desk/account/security", do="begin").status_code == 302
    assert "<svg" in client.get("/desk/account/security?setup=1").content.decode()
    me.refresh_from_db()
    path = "/desk/account/security?setup=1"
    assert desk(client, path, do="confirm", code="000000x").status_code == 422
    code = signing.code_of(me.totp_secret, -1)
    assert desk(client, path, do="confirm", code=code).status_code == 200
    assert desk(client, path, do="off", code=code).status_code == 422, "used already"
    code = signing.code_of(me.totp_secret)
    assert desk(client, path, do="off", code=code).status_code == 302
