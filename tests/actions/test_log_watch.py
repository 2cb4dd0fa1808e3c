"""E6: sealed within a minute, outside within a day; what is late is told once a day, by `ybj
doctor`, the health call and a message, and is tried again by itself."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client

from tests import make
from tests.actions.test_log import sequenced, trust, written
from verify import __main__ as verifier
from yangbanjian.faces.cli import health
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.log import actions, jobs, queries
from yangbanjian.ground.log.models import Anchor
from yangbanjian.ground.messages.models import Notice
from yangbanjian.kernel.actor import SYSTEM, Role

pytestmark = pytest.mark.django_db
NOTARY, WITNESS = "notary@example.org", "witness@example.org"
BACKEND = f"{__name__}.FlakyBackend"
Later = Callable[[timedelta], None]
HOUR = timedelta(hours=1)


class FlakyBackend(BaseEmailBackend):
    """A mail server that turns some away."""

    refuses: frozenset[str] = frozenset()
    sent: list[tuple[str, bytes]] = []

    def send_messages(self, messages: Any) -> int:
        for letter in messages:
            (to,) = letter.to
            if to in self.refuses:
                raise smtplib.SMTPRecipientsRefused({to: (550, b"no such mailbox")})
            self.sent.append((to, letter.message().as_bytes()))
        return len(messages)


@pytest.fixture
def mail(settings: Any) -> type[FlakyBackend]:
    settings.EMAIL_BACKEND = BACKEND
    settings.YBJ_ANCHOR_MAIL = [NOTARY, f" {WITNESS} "]
    FlakyBackend.refuses, FlakyBackend.sent = frozenset(), []
    return FlakyBackend


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Let recorded time pass."""
    real, past = clock.both, [timedelta()]

    def both() -> tuple[datetime, datetime]:
        business, recorded = real()
        return business, recorded + past[0]

    def move(by: timedelta) -> None:
        past[0] += by

    monkeypatch.setattr(clock, "both", both)
    return move


def due() -> int:
    return jobs.anchor(clock.now())


def told(operator: Any) -> int:
    return Notice.objects.filter(person=operator, topic="log").count()


def test_e6_a_head_goes_to_every_place_once(mail: type[FlakyBackend], settings: Any) -> None:
    written(3)
    sequenced()
    assert due() == 3
    assert due() == 0
    assert [to for to, _ in mail.sent] == [NOTARY, WITNESS]
    note = queries.head_or_refuse().note
    for _, raw in mail.sent:
        body = message_from_bytes(raw).get_payload(decode=True)
        assert isinstance(body, bytes)
        # What arrives is a file for the verifier as it stands.
        assert body.decode() == note
        assert verifier.verify(body, trust()).code == 0
    assert actions.anchor(actor=SYSTEM, checkpoint=queries.head_or_refuse()) == []


def test_e6_who_turns_the_head_away_is_asked_again_and_nobody_else_is(
    mail: type[FlakyBackend], later: Later
) -> None:
    operator = make.person(Role.OPERATOR)
    mail.refuses = frozenset({NOTARY})
    written(3)
    sequenced()
    assert due() == 2
    failed = Anchor.objects.exclude(failure="").get()
    assert (failed.place, "550" in failed.failure) == (NOTARY, True)
    assert due() == 0
    later(timedelta(minutes=4))
    assert due() == 0
    later(timedelta(minutes=2))
    assert due() == 0
    assert Anchor.objects.exclude(failure="").count() == 2
    later(timedelta(minutes=6))
    due()
    assert Anchor.objects.exclude(failure="").count() == 2, "the pause has doubled"
    assert health._outside().ok
    jobs.watch(clock.now())
    assert told(operator) == 0
    later(25 * HOUR)
    due()
    assert not health._outside().ok
    assert NOTARY in health._outside().sentence
    assert WITNESS not in health._outside().sentence
    for _ in range(3):
        jobs.watch(clock.now())
    assert told(operator) == 1
    later(24 * HOUR)
    jobs.watch(clock.now())
    assert told(operator) == 2
    mail.refuses = frozenset()
    assert due() >= 1
    assert health._outside().ok
    assert [to for to, _ in mail.sent].count(NOTARY) == 1


def test_e6_a_folder_that_cannot_be_written_is_tried_again(
    later: Later, settings: Any, client: Client
) -> None:
    folder = Path(settings.ANCHORS_ROOT)
    folder.write_text("not a folder", encoding="utf-8")
    written(3)
    sequenced()
    assert due() == 0
    later(25 * HOUR)
    assert not health._outside().ok
    assert client.get("/api/v1/health").json()["checks"]["anchors"] == "late"
    folder.unlink()
    assert due() == 1
    assert health._outside().ok
    assert client.get("/api/v1/health").json()["checks"]["anchors"] == "ok"


def test_e6_what_is_outside_already_waits_for_nothing(later: Later) -> None:
    written(3)
    sequenced()
    due()
    later(100 * HOUR)
    assert due() == 0
    assert health._outside().ok


def test_e6_mail_without_a_way_out_is_told(settings: Any) -> None:
    settings.YBJ_ANCHOR_MAIL = [NOTARY]
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert not health._outside().ok
    assert [p.kind for p in queries.places()] == ["file"]


def test_e6_an_entry_that_is_not_sealed_alarms_once_a_day(later: Later, client: Client) -> None:
    operator = make.person(Role.OPERATOR)
    sequenced()
    written(1)
    watch = jobs.Watch()
    watch(clock.now())
    later(timedelta(seconds=61))
    assert not health._log().ok
    assert client.get("/api/v1/health").json()["checks"]["log"] == "late"
    assert watch(clock.now()) == 0, "what has just become visible is about to be sealed"
    assert watch(clock.now()) == 1
    assert watch(clock.now()) == 0
    assert told(operator) == 1
    sequenced()
    assert health._log().ok
    assert watch(clock.now()) == 0
    assert client.get("/api/v1/health").json()["checks"]["log"] == "ok"


def test_e6_two_workers_drop_one_file_between_them(settings: Any) -> None:
    from yangbanjian.ground.database.turns import alone

    written(1)
    sequenced()
    with alone("log.anchor") as first:
        assert first
        # The lock is the session's own, so the same session may take it again; see tests/races.
    assert due() == 1
