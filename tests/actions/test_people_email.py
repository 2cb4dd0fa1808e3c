"""A new address for one's account: the password asks, the new mailbox decides, the old one knows."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from tests import make, signing
from tests.faces.calling import client_of, is_problem, post
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.people import actions, jobs
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import ANONYMOUS, Role
from yangbanjian.kernel.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db
OLD, NEW, OTHER = "lin@example.com", "lin.new@example.com", "other@example.com"
Capture = Any


@pytest.fixture(autouse=True)
def _fast(settings: Any) -> None:
    settings.PASSWORD_HASHERS = signing.FAST


@pytest.fixture
def person() -> Person:
    """Registered with the address, so that it is the name to sign in with, too."""
    return signing.with_password(make.person(Role.TTO, username=OLD, email=OLD, name="林知远"))


@pytest.fixture
def letters(django_capture_on_commit_callbacks: Capture) -> Any:
    """What is sent by a call: address -> text."""

    def sent(do: Any) -> dict[str, str]:
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            do()
        return {message.to[0]: str(message.body) for message in mail.outbox}

    return sent


def ask(person: Person, email: str = NEW, password: str = signing.PASSWORD) -> None:
    actions.ask_email_change(
        actor=actor_of(person), person_id=person.pk, email=email, password=password
    )


def link(text: str) -> str:
    found = re.search(r"/email/confirm/(\S+)", text)
    assert found, text
    return found[1]


def test_the_new_address_holds_once_its_link_is_opened(person: Person, letters: Any) -> None:
    told = letters(lambda: ask(person))
    assert told.keys() == {OLD, NEW}
    assert NEW not in told[OLD]
    person.refresh_from_db()
    assert (person.email, person.email_wanted) == (OLD, NEW)
    signed = link(told[NEW])
    told = letters(lambda: actions.confirm_email_change(actor=ANONYMOUS, signed=signed))
    assert told.keys() == {OLD}
    person.refresh_from_db()
    assert (person.email, person.username, person.email_wanted) == (NEW, NEW, "")
    opened = actions.sign_in(actor=ANONYMOUS, username=NEW, password=signing.PASSWORD)
    assert opened.person == person
    with pytest.raises(NotAllowed):
        actions.sign_in(actor=ANONYMOUS, username=OLD, password=signing.PASSWORD)
    with pytest.raises(Invalid) as refused:
        actions.confirm_email_change(actor=ANONYMOUS, signed=signed)
    assert refused.value.code == "people.email_link_broken"
    entries = Entry.objects.filter(verb__startswith="people.email").order_by("id")
    verbs = list(entries.values_list("verb", flat=True))
    assert verbs == ["people.email_change_asked", "people.email_changed"]
    assert "example.com" not in str(list(Entry.objects.values_list("payload", flat=True)))


def test_only_the_newest_link_works(person: Person, letters: Any) -> None:
    """A slip of the pen must not give the account to whoever owns the wrong mailbox."""
    wrong = link(letters(lambda: ask(person, "lni@example.com"))["lni@example.com"])
    right = link(letters(lambda: ask(person))[NEW])
    with pytest.raises(Invalid):
        actions.confirm_email_change(actor=ANONYMOUS, signed=wrong)
    actions.confirm_email_change(actor=ANONYMOUS, signed=right)
    assert Person.objects.get().email == NEW


def test_a_name_to_sign_in_with_stays(person: Person, letters: Any) -> None:
    Person.objects.update(username="zhiyuan")
    person.refresh_from_db()
    signed = link(letters(lambda: ask(person))[NEW])
    actions.confirm_email_change(actor=ANONYMOUS, signed=signed)
    assert Person.objects.get().username == "zhiyuan"


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("no address", signing.PASSWORD, "email"),
        (OLD.upper(), signing.PASSWORD, "email"),
        (NEW, "not my password", "old_password"),
    ],
)
def test_what_cannot_be_is_refused(
    person: Person, letters: Any, email: str, password: str, field: str
) -> None:
    def asked() -> None:
        with pytest.raises(Invalid) as refused:
            ask(person, email, password)
        assert refused.value.problems[0].field == field

    assert letters(asked) == {}
    person.refresh_from_db()
    assert (person.email, person.email_wanted) == (OLD, "")


@pytest.mark.parametrize("known", ["email", "username"])
def test_somebody_elses_address_is_told_to_its_owner_alone(
    person: Person, letters: Any, known: str
) -> None:
    make.person(Role.TTO, **{known: OTHER})
    told = letters(lambda: ask(person, OTHER))
    assert "/email/confirm/" not in told[OTHER]
    person.refresh_from_db()
    assert person.email == OLD


def test_an_address_taken_meanwhile_is_not_taken_twice(person: Person, letters: Any) -> None:
    signed = link(letters(lambda: ask(person))[NEW])
    make.person(Role.TTO, email=NEW)
    with pytest.raises(Invalid):
        actions.confirm_email_change(actor=ANONYMOUS, signed=signed)
    person.refresh_from_db()
    assert person.email == OLD


def test_a_link_dies_and_the_address_is_forgotten(person: Person, letters: Any) -> None:
    signed = link(letters(lambda: ask(person))[NEW])
    with time_machine.travel(clock.recorded_now() + timedelta(hours=25)), pytest.raises(Invalid):
        actions.read_email_change(signed)
    Person.objects.update(email_asked_at=clock.recorded_now() - timedelta(days=3))
    assert jobs.forget_old(clock.now()) == 1
    assert Person.objects.get().email_wanted == ""


def test_on_the_page_and_by_its_button(person: Person, letters: Any) -> None:
    client = Client()
    signing.come_in(client, person)
    form = {"do": "email", "email": NEW, "old_password": signing.PASSWORD}
    told = letters(lambda: client.post("/desk/account", form))
    assert NEW in client.get("/desk/account").content.decode()
    path = "/email/confirm/" + link(told[NEW])
    assert NEW in client.get(path).content.decode()
    assert Person.objects.get().email == OLD
    assert client.post(path)["Location"] == "/desk/account"
    assert Person.objects.get().email == NEW
    assert Client().get("/email/confirm/nonsense").status_code == 422


def test_a_program_needs_the_password_too(person: Person, letters: Any) -> None:
    client = client_of(person)
    body = {"email": NEW, "password": "guess"}
    assert is_problem(post(client, "/me/email", body), 422, "people.wrong_password")
    body["password"] = signing.PASSWORD
    told = letters(lambda: post(client, "/me/email", body))
    assert told.keys() == {OLD, NEW}
    assert is_problem(post(Client(), "/me/email", body), 401, "people.sign_in_first")
