"""Letters of a sandbox go into its table; the settings choose the way out."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.mail import EmailMessage, get_connection

from tests import make
from yangbanjian.config.settings import mail
from yangbanjian.ground.messages.mail import mails

BACKEND = "yangbanjian.ground.messages.mail.SandboxBackend"


@pytest.mark.django_db
def test_a_sandbox_keeps_its_letters(settings: Any) -> None:
    make.sandbox()
    settings.YBJ_SANDBOX = True
    letters = [
        EmailMessage(f"主题{n}", "正文\n第二行", "from@example.com", ["to@example.com"])
        for n in range(2)
    ]
    assert get_connection(BACKEND).send_messages(letters) == 2
    newest = mails()[0]
    assert (newest.subject, newest.text) == ("主题1", "正文\n第二行")
    assert (newest.recipients, newest.sender) == (["to@example.com"], "from@example.com")


@pytest.mark.django_db
def test_elsewhere_it_keeps_nothing(settings: Any) -> None:
    make.sandbox()
    settings.YBJ_SANDBOX = False
    letter = EmailMessage("主题", "正文", "from@example.com", ["to@example.com"])
    assert get_connection(BACKEND).send_messages([letter]) == 0
    assert not mails().exists()


def test_the_way_out_is_chosen_by_the_environment() -> None:
    assert mail("smtp://a@b.example:25", True) == {"EMAIL_BACKEND": BACKEND}
    assert mail("", False)["EMAIL_BACKEND"].endswith("dummy.EmailBackend")
    given = mail("smtp://us%40er:p%3Aw@mail.example.com:2525?tls=off", False)
    assert given["EMAIL_HOST_USER"] == "us@er"
    assert given["EMAIL_HOST_PASSWORD"] == "p:w"
    assert (given["EMAIL_HOST"], given["EMAIL_PORT"]) == ("mail.example.com", 2525)
    assert (given["EMAIL_USE_TLS"], given["EMAIL_USE_SSL"]) == (False, False)
    secure = mail("smtps://mail.example.com", False)
    assert (secure["EMAIL_PORT"], secure["EMAIL_USE_SSL"], secure["EMAIL_USE_TLS"]) == (
        465,
        True,
        False,
    )
