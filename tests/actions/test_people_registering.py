"""Registering: the letter, its link, and what can not be registered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from tests import make
from tests.accounts import EMAIL, Capture, attempt, letter, link, refusal_of, register
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import actions
from yangbanjian.ground.people.models import Letter, Person
from yangbanjian.kernel.actor import ANONYMOUS
from yangbanjian.kernel.refusals import Conflict, Invalid, TooMany

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_passwords")]


def test_an_account_works_once_its_address_is_confirmed(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    text = letter(django_capture_on_commit_callbacks, lambda: register(next_path="/demands/new"))
    assert refusal_of(lambda: attempt(EMAIL)).code == "people.email_not_confirmed"
    signed = link(text, "/register/confirm/")
    made, next_path = actions.confirm_email(actor=ANONYMOUS, signed=signed)
    assert (made.email, next_path) == (EMAIL, "/demands/new")
    assert attempt(EMAIL.upper()).step == "in"
    again = refusal_of(lambda: actions.confirm_email(actor=ANONYMOUS, signed=signed))
    assert again.code == "people.already_confirmed"


def test_a_known_address_gets_the_same_answer_and_a_helpful_letter(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    make.person(email=EMAIL)
    count = Person.objects.count()
    text = letter(django_capture_on_commit_callbacks, register)
    assert "/password/forgot" in text
    assert Person.objects.count() == count
    assert Person.objects.get(email=EMAIL).password == ""


def test_registering_again_makes_the_older_link_useless(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    first = letter(django_capture_on_commit_callbacks, register)
    second = letter(
        django_capture_on_commit_callbacks, lambda: register(password="qianshan-yuxue-93")
    )
    old = link(first, "/register/confirm/")
    assert refusal_of(lambda: actions.confirm_email(actor=ANONYMOUS, signed=old)).code == (
        "people.link_broken"
    )
    actions.confirm_email(actor=ANONYMOUS, signed=link(second, "/register/confirm/"))
    assert attempt(EMAIL, "qianshan-yuxue-93").step == "in"


def test_links_expire_and_can_not_be_changed(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    signed = link(letter(django_capture_on_commit_callbacks, register), "/register/confirm/")
    with time_machine.travel(timezone.now() + timedelta(hours=49)):
        late = refusal_of(lambda: actions.read_confirmation(signed))
    assert late.code == "people.link_expired"
    for broken in (signed[:-1], signed + "x", "", "x" * 100_000, "\x00"):
        assert refusal_of(lambda b=broken: actions.read_confirmation(b)).code == (
            "people.link_broken"
        )


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "lin", "email"),
        ("email", "a@b@example.com", "email"),
        ("email", "x" * 1_000_000, "email"),
        ("name", "", "required"),
        ("name", "\u202e\x07 ", "required"),
        ("name", "长" * 1_000_000, "too_long"),
        ("name", "长" * 81, "too_long"),
        ("password", "12345678901", "weak"),
        ("password", "short", "weak"),
        ("password", "p" * 1_000_000, "too_long"),
        ("password", "with\x00a-null-inside", "unusable"),
        ("language", "fr", "unknown"),
    ],
)
def test_unusable_values_are_named(field: str, value: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        register(**{field: value})
    assert (field, code) in {(p.field, p.code) for p in refused.value.problems}
    assert not Person.objects.exists()


def test_all_problems_are_named_at_once_and_say_what_to_do() -> None:
    with pytest.raises(Invalid) as refused:
        register(email="x", name="", password="1")
    assert {p.field for p in refused.value.problems} == {"email", "name", "password"}
    assert all(str(p) for p in refused.value.problems)


def test_control_and_direction_characters_do_not_get_into_names() -> None:
    register(name="林\u202e知\x07远")
    assert Person.objects.get().name == "林知远"


def test_a_mailbox_is_not_flooded(django_capture_on_commit_callbacks: Capture) -> None:
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(8):
            register()
    assert len(mail.outbox) == 5


def test_one_address_can_not_have_letters_sent_without_end() -> None:
    Letter.objects.bulk_create(
        Letter(
            kind="confirm",
            address_digest=str(n),
            client_address="192.0.2.7",
            sent_at=clock.recorded_now(),
        )
        for n in range(40)
    )
    with pytest.raises(TooMany):
        register(client_address="192.0.2.7")
    register(client_address="192.0.2.8")


def test_without_a_way_for_letters_the_refusal_says_so(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    with pytest.raises(Conflict) as refused:
        register()
    assert refused.value.code == "people.no_mail"
