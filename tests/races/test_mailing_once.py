"""Several workers mail at the same moment, and one dies after sending: no message goes twice."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from tests import make
from tests.races.test_matches_once import at_once
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.messages import mailing
from yangbanjian.ground.messages.actions import Word, tell
from yangbanjian.ground.messages.models import Notice
from yangbanjian.ground.people.models import Person

pytestmark = pytest.mark.usefixtures("own_database")
ASKS = Word("match", "导入后，您的多项需求有了新匹配，陆续出现在「匹配」里", needs_action=True)


def readers(count: int) -> list[int]:
    # Left over from the test before, which committed: nobody to write to.
    Person.objects.update(email=None)
    now = clock.now()
    made = [
        make.person(email=f"reader{n}@example.com", email_verified_at=now) for n in range(count)
    ]
    return [p.pk for p in made]


@pytest.fixture(autouse=True)
def _public(settings: Any) -> None:
    settings.YBJ_PUBLIC_URL = "https://market.example"


def test_four_workers_send_each_mail_once() -> None:
    ids = readers(12)
    for _ in range(3):
        tell(ids, ASKS)
    later = clock.now() + timedelta(hours=1)
    mail.outbox.clear()
    assert at_once(lambda: mailing.mail_due(later)) == []
    mailing.mail_due(later)
    assert sorted(m.to[0] for m in mail.outbox) == sorted(
        f"reader{n}@example.com" for n in range(12)
    )
    assert {m.body.count("陆续出现") for m in mail.outbox} == {3}
    assert not Notice.objects.filter(person_id__in=ids, mailed_at=None).exists()


def test_a_worker_that_dies_after_sending_does_not_send_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell(readers(1), ASKS)
    later = clock.now() + timedelta(hours=1)
    mail.outbox.clear()
    send, died = EmailBackend.send_messages, threading.Event()

    def send_and_die(self: EmailBackend, messages: Any) -> int:
        send(self, messages)
        died.set()
        raise SystemExit

    monkeypatch.setattr(EmailBackend, "send_messages", send_and_die)
    with pytest.raises(SystemExit):
        mailing.mail_due(later)
    monkeypatch.setattr(EmailBackend, "send_messages", send)
    assert died.is_set()
    assert mailing.mail_due(later + timedelta(hours=1)) == 0
    assert len(mail.outbox) == 1
