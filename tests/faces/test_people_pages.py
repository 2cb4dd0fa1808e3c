"""The pages of accounts and organisations, as a browser without script sees them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from tests import make, signing
from yangbanjian.faces.web.templatetags.people_words import device
from yangbanjian.ground.people.models import (
    BrowserSession,
    Claim,
    Invitation,
    Membership,
    Organisation,
    OrganisationTag,
    Person,
    Token,
)
from yangbanjian.kernel.actor import Role
from yangbanjian.kernel.identifiers import make_uscc

pytestmark = pytest.mark.django_db
PASSWORD = signing.PASSWORD
Capture = Any


@pytest.fixture(autouse=True)
def _fast(settings: Any, tmp_path: Path) -> None:
    settings.PASSWORD_HASHERS = signing.FAST
    settings.STATIC_ROOT = tmp_path


def known(role: Role | None = Role.ENTERPRISE, **values: Any) -> Person:
    return signing.with_password(make.person(role, **{"username": "zhao", **values}))


def sign_in(client: Client, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/login", {"username": "zhao", "password": password, **more})


def desk(client: Client, path: str, **posted: Any) -> Any:
    answer = client.post(path, posted)
    assert answer.status_code in {302, 200, 422, 403}, answer.status_code
    return answer


def letter_link(prefix: str) -> str:
    found = re.search(re.escape(prefix) + r"\S+", str(mail.outbox[-1].body))
    assert found is not None
    return found[0]


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


# --- account ---------------------------------------------------------------------------------


def test_a_session_ended_elsewhere_is_signed_out(client: Client) -> None:
    known()
    sign_in(client)
    other = Client()
    sign_in(other)
    mine = client.session.session_key
    theirs = BrowserSession.objects.exclude(session_key=mine).get()
    assert theirs.agent == ""
    assert desk(client, "/desk/account/security", do="end", id=theirs.pk).status_code == 302
    assert other.get("/desk/account").status_code == 302
    sign_in(other)
    assert desk(client, "/desk/account/security", do="end_others").status_code == 302
    assert other.get("/desk/account").status_code == 302
    assert client.get("/desk/account").status_code == 200


def test_a_missing_session_row_signs_out(client: Client) -> None:
    known()
    sign_in(client)
    BrowserSession.objects.all().delete()
    assert client.get("/desk/account").status_code == 302


def test_profile_language_and_password(client: Client) -> None:
    me = known()
    sign_in(client)
    assert desk(client, "/desk/account", do="profile", name="", phone="x").status_code == 422
    assert (
        desk(client, "/desk/account", do="profile", name="赵一", phone="021 5555").status_code
        == 302
    )
    answer = desk(client, "/desk/account", do="preferences", language="en", mail="at_once")
    assert answer.cookies["lang"].value == "en"
    me.refresh_from_db()
    assert (me.name, me.language) == ("赵一", "en")
    assert me.preferences == {"mail": "at_once"}
    posted = {"do": "password", "old_password": PASSWORD, "password": "qianshan-yuxue-93"}
    assert desk(client, "/desk/account", **posted).status_code == 302
    assert client.get("/desk/account").status_code == 200, "still signed in here"
    assert BrowserSession.objects.count() == 1
    assert desk(client, "/desk/account", **posted).status_code == 422
    assert desk(client, "/desk/account", do="nonsense").status_code == 422


def test_a_token_is_shown_once(client: Client) -> None:
    signing.come_in(client, known())
    answer = desk(client, "/desk/account/security", do="token", name="同步", expires_days="30")
    shown = re.search(r"ybj_[\w-]{43}", answer.content.decode())
    assert shown is not None
    page = client.get("/desk/account/security").content.decode()
    assert shown[0] not in page
    assert shown[0][:10] in page
    assert (
        desk(client, "/desk/account/security", do="revoke", id=Token.objects.get().pk).status_code
        == 302
    )
    assert Token.objects.get().revoked_at is not None


def test_a_copy_of_my_data_and_leaving(client: Client) -> None:
    me = known(name="赵一", email="zhao@example.com")
    sign_in(client)
    answer = desk(client, "/desk/account/data", do="export")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.json()["person"]["email"] == "zhao@example.com"
    assert (
        desk(
            client, "/desk/account/data", do="erase", old_password="wrong", agreed="on"
        ).status_code
        == 422
    )
    answer = desk(client, "/desk/account/data", do="erase", old_password=PASSWORD, agreed="on")
    assert answer.url == "/"
    me.refresh_from_db()
    assert (me.name, me.email, me.is_active) == ("", None, False)
    assert client.get("/desk/account").status_code == 302


def test_choosing_whom_to_act_for(client: Client) -> None:
    me = known()
    second = make.organisation("university", name="青桥大学")
    stranger = make.organisation("university")
    Membership.objects.create(
        person=me, organisation=second, role="tto", period=(second.created_at, None)
    )
    sign_in(client)
    assert (
        client.post("/desk/act-for", {"id": stranger.pk, "next": "/desk/account"}).url
        == "/desk/account"
    )
    assert "青桥大学" not in client.get("/desk/organisation").content.decode()
    assert desk(client, "/desk/account", do="choose", id=second.pk).status_code == 302
    assert "青桥大学" in client.get("/desk/organisation").content.decode()


# --- organisations ---------------------------------------------------------------------------


def test_an_organisation_is_described_tagged_and_joined(
    client: Client, django_capture_on_commit_callbacks: Capture
) -> None:
    home = make.organisation("enterprise", name="青桥冷链")
    signing.come_in(client, known(of=home))
    path = "/desk/organisation"
    answer = desk(client, path, do="profile", name="青桥冷链", intro="两座冷库", website="ftp://x")
    assert answer.status_code == 422
    assert "网址请以" in answer.content.decode()
    assert desk(client, path, do="profile", name="青桥冷链", intro="两座冷库").status_code == 302
    assert desk(client, path, do="tags", industries="没有这一行").status_code == 422
    assert desk(client, path, do="tags", fields=["design", "nothing"]).status_code == 422
    assert desk(client, path, do="tags", chains="很长" * 30).status_code == 422
    assert not OrganisationTag.objects.exists()
    answer = desk(
        client, path, do="tags", fields=["design"], industries="农业，C35", chains="冷链，海洋装备"
    )
    assert answer.status_code == 302
    assert set(OrganisationTag.objects.values_list("kind", "code", "source")) == {
        ("field", "design", "stated"),
        ("industry", "01", "stated"),
        ("industry", "35", "stated"),
        ("chain", "冷链", "stated"),
        ("chain", "海洋装备", "stated"),
    }
    assert "智能设计" in client.get(path).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk(client, path, do="invite", email="qian@example.com", role="enterprise")
    assert answer.status_code == 302
    link = letter_link("/invitations/")
    other = Client()
    assert "青桥冷链" in other.get(link).content.decode()
    assert other.post(link, {"do": "join", "name": "", "password": "1"}).status_code == 422
    joined = other.post(link, {"do": "join", "name": "钱二", "password": PASSWORD})
    assert joined.url == "/desk/organisation"
    assert "钱二" in client.get(path).content.decode()
    member = Membership.objects.get(person__name="钱二")
    assert desk(client, path, do="end_member", id=member.pk).status_code == 302
    assert "钱二" not in client.get(path).content.decode()


def test_an_invitation_of_another_is_refused(
    client: Client, django_capture_on_commit_callbacks: Capture
) -> None:
    signing.come_in(client, known())
    with django_capture_on_commit_callbacks(execute=True):
        desk(client, "/desk/organisation", do="invite", email="qian@example.com", role="expert")
    other = Client()
    signing.come_in(other, make.person(email="sun@example.com"))
    assert other.post(letter_link("/invitations/"), {"do": "accept"}).status_code == 422
    assert Invitation.objects.get().accepted_at is None


def test_a_wrong_code_is_named_and_a_known_one_becomes_a_claim(client: Client) -> None:
    theirs = make.organisation("enterprise", name="青桥冷链", uscc=make_uscc(9))
    signing.come_in(client, known(None))
    new = {"do": "claim_new", "kind": "enterprise", "name": "另一名称", "role": "enterprise"}
    answer = desk(client, "/desk/organisation", **new, uscc=make_uscc(9)[:-1] + "?")
    assert answer.status_code == 422
    assert "不能用在代码里" in answer.content.decode()
    assert desk(client, "/desk/organisation", **new, uscc=make_uscc(9)).status_code == 302
    assert Claim.objects.get().organisation == theirs
    assert not Membership.objects.exists()


def test_finding_and_claiming_a_known_organisation(client: Client) -> None:
    theirs = make.organisation("university", name="青桥大学")
    signing.come_in(client, known(None))
    assert f"?claim={theirs.pk}" in client.get("/desk/organisation?q=青桥").content.decode()
    page = client.get(f"/desk/organisation?claim={theirs.pk}").content.decode()
    assert 'value="claim_known"' in page
    answer = desk(
        client,
        "/desk/organisation",
        do="claim_known",
        organisation_id=theirs.pk,
        role="tto",
        evidence="科技处",
    )
    assert answer.status_code == 302
    assert Claim.objects.get().evidence == "科技处"


def test_the_operator_judges(client: Client) -> None:
    signing.come_in(client, known(Role.OPERATOR))
    claimed = make.organisation("enterprise", name="待核实公司", state="claimed")
    claim = Claim.objects.create(
        person=make.person(), organisation=claimed, role="enterprise", made_at=claimed.created_at
    )
    path = "/desk/organisations"
    assert "待核实公司" in client.get(path + "?q=待核实&state=claimed").content.decode()
    assert desk(client, path, do="refuse", id=claim.pk, reason="").status_code == 422
    assert desk(client, path, do="approve", id=claim.pk).status_code == 302
    claimed.refresh_from_db()
    assert claimed.state == "verified"
    assert desk(client, path, do="approve", id=claim.pk).status_code == 422
    one = f"{path}/{claimed.pk}"
    assert client.get(one).status_code == 200
    assert desk(client, one, do="suspend", id=claimed.pk, reason="停业").status_code == 302
    assert desk(client, one, do="reinstate", id=claimed.pk).status_code == 302
    assert desk(client, path, do="add", kind="society", name="青桥制冷学会").status_code == 302
    assert Organisation.objects.get(name="青桥制冷学会").state == "verified"
    assert client.get(f"{path}/999999").status_code == 404


def test_the_operator_keeps_people_out_and_lets_them_in(client: Client) -> None:
    me = signing.come_in(client, known(Role.OPERATOR))
    other = make.person(Role.TTO, name="钱二")
    page = client.get("/desk/people?q=钱二").content.decode()
    assert "钱二" in page
    assert 'value="suspend"' in page
    assert desk(client, "/desk/people", do="suspend", id=other.pk, reason="冒名").status_code == 302
    assert "已停用" in client.get("/desk/people?state=suspended").content.decode()
    assert desk(client, "/desk/people", do="reinstate", id=other.pk).status_code == 302
    assert desk(client, "/desk/people", do="erase", id=other.pk).status_code == 302
    answer = desk(client, "/desk/people", do="erase", id=me.pk)
    assert answer.status_code == 422
    assert "最后一位运营人员" in answer.content.decode()
    for query in ("?page=9999", "?page=x", "?q=%00", "?state=zzz", "?page=" + "9" * 50):
        assert client.get("/desk/people" + query).status_code == 200


@pytest.mark.parametrize("path", ["/desk/people", "/desk/organisations"])
def test_others_are_told_who_can_help(client: Client, path: str) -> None:
    signing.come_in(client, known())
    answer = client.get(path)
    assert answer.status_code == 403
    assert "请联系运营人员" in answer.content.decode()
    assert client.get(f"/desk/organisations/{make.organisation().pk}").status_code == 403
    assert Client().get(path).url.startswith("/login?next=")


def test_a_broker_confirms_tags_but_changes_nothing_else(client: Client) -> None:
    signing.come_in(client, known(Role.BROKER))
    theirs = make.organisation("enterprise", name="青桥冷链")
    path = f"/desk/organisations/{theirs.pk}"
    answer = desk(client, path, do="confirm_tag", kind="field", code="green", is_right="on")
    assert answer.status_code == 302
    assert OrganisationTag.objects.get().source == "broker"
    assert desk(client, path, do="profile", name="改名").status_code == 403
    assert desk(client, path, do="suspend", id=theirs.pk, reason="x").status_code == 422
    theirs.refresh_from_db()
    assert (theirs.name, theirs.state) == ("青桥冷链", "verified")


def test_a_device_is_named_as_people_know_it() -> None:
    windows = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
    assert device(windows) == "Chrome · Windows"
    assert (
        device("Mozilla/5.0 (Linux; Android 13) Chrome/107 MicroMessenger/8.0") == "微信 · Android"
    )
    assert device("") == "未知设备"
    assert device("<script>" * 100) == ("<script>" * 5)
