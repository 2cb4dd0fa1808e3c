"""Messages by e-mail: to whom, what, when, once; and how one ends it."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.mail.message import EmailMessage, EmailMultiAlternatives
from django.test import Client

from tests import make
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.messages import jobs, mailing
from yangbanjian.ground.messages.actions import Word, tell
from yangbanjian.ground.messages.models import Notice
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.people.actions.mail_choices import mail_choice_path
from yangbanjian.ground.people.models import Membership, Person
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import ANONYMOUS, Role
from yangbanjian.kernel.refusals import Invalid

pytestmark = pytest.mark.django_db

BASE = "https://market.example"
ASKS = Word(
    "introduction", "对方对「%(title)s」有意向，请在 %(until)s 前回应",
    {"title": "余热<b>回收", "until": "2026-12-01"}, url="/matches/1", needs_action=True,
)  # fmt: skip
TELLS = Word("match", "您的 %(demands)d 项需求新找到 %(count)d 项匹配", {"demands": 2, "count": 3},
             url="/desk/matches")  # fmt: skip


@pytest.fixture(autouse=True)
def _public(settings: Any) -> None:
    settings.YBJ_PUBLIC_URL = BASE


def reader(choice: str | None = "daily", **values: Any) -> Person:
    now = clock.now()
    values = {"email": "zhao@example.com", "email_verified_at": now, **values}
    preferences = {} if choice is None else {"mail": choice}
    return make.person(Role.ENTERPRISE, preferences=preferences, **values)


def organisation_of(person: Person) -> int:
    return person.memberships.get().organisation_id


def later(**by: float) -> datetime:
    return clock.now() + timedelta(**by)


def next_digest() -> datetime:
    """A little after the next eight o'clock in the site's zone."""
    here = clock.now().astimezone(ZoneInfo("Asia/Shanghai"))
    eight = here.replace(hour=8, minute=1, second=0)
    return eight if eight > here else eight + timedelta(days=1)


def sent() -> list[EmailMultiAlternatives]:
    out: list[Any] = list(mail.outbox)
    mail.outbox.clear()
    return out


def test_what_needs_an_answer_goes_within_minutes_and_the_rest_once_a_day() -> None:
    person = reader(None)
    tell([person.pk], ASKS)
    tell([person.pk], TELLS, organisation_of(person))
    assert mailing.mail_due(clock.now()) == 0, "time to read it here first"
    assert mailing.mail_due(later(minutes=4)) == 1
    (first,) = sent()
    assert "余热" in first.body
    assert "新找到" not in first.body
    assert mailing.mail_due(later(minutes=10)) == 0
    at = next_digest()
    tell([person.pk], TELLS)
    assert mailing.mail_due(at) == 1
    (second,) = sent()
    assert second.body.count("您的 2 项需求新找到 3 项匹配") == 2
    assert mailing.mail_due(at) == 0
    assert not Notice.objects.filter(mailed_at=None).exists()


def test_what_has_been_read_is_not_mailed() -> None:
    person = reader("at_once")
    tell([person.pk], ASKS)
    Notice.objects.update(read_at=clock.now())
    assert mailing.mail_due(later(days=2)) == 0


@pytest.mark.parametrize(
    ("choice", "subjects"),
    [("nothing", []), ("answer", ["1 条消息要您处理"]), ("at_once", ["1 条消息要您处理"])],
)
def test_each_is_told_what_they_chose(choice: str, subjects: list[str]) -> None:
    person = reader(choice)
    tell([person.pk], ASKS)
    tell([person.pk], TELLS)
    mailing.mail_due(later(days=1, hours=1))
    got = sent()
    assert [m.subject.split("：")[1] for m in got] == subjects
    assert ["新找到" in m.body for m in got] == [choice == "at_once"] * len(got)


@pytest.mark.parametrize(
    "unreached",
    [
        {"email_verified_at": None},
        {"email": None},
        {"is_active": False},
    ],
)
def test_only_verified_addresses_of_people_who_may_sign_in(unreached: dict[str, Any]) -> None:
    person = reader("at_once", **unreached)
    tell([person.pk], ASKS)
    assert mailing.mail_due(later(hours=1)) == 0
    assert sent() == []


def test_of_an_organisation_only_its_members_are_mailed() -> None:
    person = reader("at_once")
    tell([person.pk], ASKS, organisation_of(person))
    begun = Membership.objects.get(person=person).period.lower
    Membership.objects.filter(person=person).update(period=(begun, clock.now()))
    assert mailing.mail_due(later(hours=1)) == 0
    Membership.objects.filter(person=person).update(period=(begun, None))
    assert mailing.mail_due(later(hours=1)) == 1


def test_old_messages_are_no_news() -> None:
    person = reader("at_once")
    tell([person.pk], ASKS)
    assert mailing.mail_due(later(days=8)) == 0


def test_nothing_goes_out_where_no_mail_or_no_address_is_configured(settings: Any) -> None:
    tell([reader("at_once").pk], ASKS)
    settings.YBJ_PUBLIC_URL = ""
    assert mailing.mail_due(later(hours=1)) == 0
    settings.YBJ_PUBLIC_URL = BASE
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert mailing.mail_due(later(hours=1)) == 0
    assert not Notice.objects.exclude(mailed_at=None).exists()


def test_the_mail_is_plain_and_simple_and_leads_here_alone() -> None:
    person = reader("at_once", name="赵一")
    for _ in range(23):
        tell([person.pk], TELLS)
    tell([person.pk], ASKS)
    mailing.mail_due(later(hours=1))
    (message,) = sent()
    notice = Notice.objects.get(needs_action=True)
    assert message.to == ["zhao@example.com"]
    assert message.subject.endswith("：1 条消息要您处理")
    assert f"{BASE}/desk/inbox/{notice.pk}\n" in message.body
    assert "余热<b>回收" in message.body
    assert "还有 4 条" in message.body
    (html,) = [str(content) for content, _kind in message.alternatives]
    assert "余热&lt;b&gt;回收" in html
    for foreign in ("<img", "<script", "<link", "style", "src="):
        assert foreign not in html
    assert {part.split("/")[2] for part in html.split('"') if "://" in part} == {"market.example"}
    choice = f"{BASE}{mail_choice_path(person)}"
    assert message.extra_headers["List-Unsubscribe"] == f"<{choice}>"
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert choice in message.body
    assert choice in html
    assert "zhao" not in choice


@pytest.mark.parametrize(
    ("language", "says"),
    [("zh-hant", "1 則訊息要您處理"), ("en", "1 message needs your answer")],
)
def test_in_the_readers_language(language: str, says: str) -> None:
    tell([reader("answer", language=language).pk], ASKS)
    mailing.mail_due(later(hours=1))
    (message,) = sent()
    assert message.subject.endswith(says)
    assert "您好" not in message.body or language != "en"


def test_a_title_breaks_neither_subject_nor_lines(settings: Any) -> None:
    person = reader("answer")
    tell([person.pk], Word("expiry", "「%(title)s」已到期，不再出现在列表里；续期后恢复",
                           {"title": "甲\r\nBcc: x@example.com"}, needs_action=True))  # fmt: skip
    mailing.mail_due(later(hours=1))
    (message,) = sent()
    assert "「甲 Bcc: x@example.com」" in message.body
    assert "\nBcc" not in message.message().as_string().split("\n\n")[0]


# --- servers -------------------------------------------------------------------------------------


class Server(EmailBackend):
    """A mail server in a mood."""

    mood: Exception | None = None
    is_away = False

    def open(self) -> None:
        if self.is_away:
            raise ConnectionRefusedError

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        if self.mood is not None:
            raise self.mood
        return int(super().send_messages(messages))


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> type[Server]:
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    monkeypatch.setattr(Server, "mood", None)
    monkeypatch.setattr(Server, "is_away", False)
    return Server


def test_a_server_that_is_away_is_asked_again(server: type[Server]) -> None:
    tell([reader("answer").pk], ASKS)
    server.is_away = True
    assert mailing.mail_due(later(hours=1)) == 0
    server.is_away = False
    assert mailing.mail_due(later(hours=1)) == 1


@pytest.mark.parametrize(
    ("mood", "comes_later"),
    [
        (smtplib.SMTPDataError(451, b"later"), True),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"greylisted")}), True),
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no such mailbox")}), False),
        (smtplib.SMTPServerDisconnected("after DATA"), False),
        (TimeoutError(), False),
    ],
)
def test_only_what_the_server_put_off_is_sent_again(
    server: type[Server], mood: Exception, comes_later: bool
) -> None:
    tell([reader("answer").pk], ASKS)
    server.mood = mood
    at = later(hours=1)
    assert mailing.mail_due(at) == 0
    server.mood = None
    assert mailing.mail_due(at) == 0, "not at once"
    assert mailing.mail_due(at + timedelta(minutes=16)) == int(comes_later)
    assert len(sent()) == int(comes_later)


def test_one_refused_mailbox_does_not_hold_up_the_others(
    server: type[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = reader("answer"), reader("answer", email="qian@example.com")
    tell([first.pk, second.pk], ASKS)

    def moody(self: Server, messages: Sequence[EmailMessage]) -> int:
        if "zhao@example.com" in messages[0].to:
            raise smtplib.SMTPRecipientsRefused({"zhao@example.com": (452, b"full")})
        return int(EmailBackend.send_messages(self, messages))

    monkeypatch.setattr(server, "send_messages", moody)
    assert mailing.mail_due(later(hours=1)) == 1
    assert [m.to for m in sent()] == [["qian@example.com"]]


# --- choosing ------------------------------------------------------------------------------------


def test_the_link_chooses_for_its_person_alone() -> None:
    person, other = reader(None), reader(None, email="qian@example.com")
    signed = mail_choice_path(person).removeprefix("/mail/")
    people.choose_mail(actor=ANONYMOUS, signed=signed, mail="answer")
    person.refresh_from_db()
    other.refresh_from_db()
    assert (person.preferences, other.preferences) == ({"mail": "answer"}, {})
    for wrong in (signed[:-1] + ("A" if signed[-1] != "A" else "B"), "", "x", signed * 50):
        with pytest.raises(Invalid):
            people.choose_mail(actor=ANONYMOUS, signed=wrong, mail="nothing")
    with pytest.raises(Invalid):
        people.choose_mail(actor=ANONYMOUS, signed=signed, mail="everything")
    Person.objects.filter(pk=person.pk).update(email="new@example.com")
    with pytest.raises(Invalid):
        people.choose_mail(actor=ANONYMOUS, signed=signed, mail="nothing")
    person.refresh_from_db()
    assert person.preferences == {"mail": "answer"}


def test_looking_changes_nothing_a_form_and_a_mail_program_do() -> None:
    person = reader(None)
    path = mail_choice_path(person)
    client = Client(enforce_csrf_checks=True)
    page = client.get(path)
    assert page.status_code == 200
    assert "要我处理的及时发" in page.content.decode()
    person.refresh_from_db()
    assert person.preferences == {}
    assert client.post(path, {"mail": "answer"}).status_code == 302
    person.refresh_from_db()
    assert person.preferences == {"mail": "answer"}
    assert client.post(path, {"mail": "all of it"}).status_code == 422
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    person.refresh_from_db()
    assert person.preferences == {"mail": "nothing"}
    broken = client.get(path + "x")
    assert broken.status_code == 422
    assert client.post(path + "x", {"List-Unsubscribe": "One-Click"}).status_code == 422


# --- keeping -------------------------------------------------------------------------------------


def test_messages_are_in_the_copy_and_go_with_their_person_or_their_time() -> None:
    person, other = reader(), reader(email="qian@example.com")
    tell([person.pk, other.pk], ASKS)
    copy = people.export_my_data(actor=actor_of(person), person_id=person.pk)
    assert [n["text"] for n in copy["notices"]] == [
        "对方对「余热<b>回收」有意向，请在 2026-12-01 前回应"
    ]
    people.erase(actor=actor_of(person), person_id=person.pk)
    from yangbanjian.ground.journal.jobs import deliver

    deliver(include_own=True)
    assert list(Notice.objects.values_list("person_id", flat=True)) == [other.pk]
    assert jobs.forget_old(later(days=364)) == 0
    assert jobs.forget_old(later(days=366)) == 1
