"""The pages of one's account, as a browser without script sees them."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests import make, signing
from tests.faces.desks import PASSWORD, desk, known, sign_in
from yangbanjian.faces.web.templatetags.people_words import device
from yangbanjian.ground.people.models import BrowserSession, Membership, Token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_passwords")]


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


def test_a_device_is_named_as_people_know_it() -> None:
    windows = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
    assert device(windows) == "Chrome · Windows"
    assert (
        device("Mozilla/5.0 (Linux; Android 13) Chrome/107 MicroMessenger/8.0") == "微信 · Android"
    )
    assert device("") == "未知设备"
    assert device("<script>" * 100) == ("<script>" * 5)
