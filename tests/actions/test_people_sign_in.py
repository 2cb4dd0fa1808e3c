"""Registering, signing in, second factor, sessions, passwords."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from tests import make, signing
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.people import actions, credentials, jobs, queries
from yangbanjian.ground.people.models import (
    BrowserSession,
    Identity,
    Letter,
    Person,
    RecoveryCode,
    SignIn,
)
from yangbanjian.kernel.actor import ANONYMOUS, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooMany

pytestmark = pytest.mark.django_db
EMAIL, PASSWORD = "lin@example.com", signing.PASSWORD
Capture = Any


@pytest.fixture(autouse=True)
def _fast(settings: Any) -> None:
    settings.PASSWORD_HASHERS = signing.FAST


def register(**values: str) -> None:
    given = {"email": EMAIL, "name": "林知远", "password": PASSWORD, **values}
    actions.register(actor=ANONYMOUS, **given)  # type: ignore[arg-type]


def letter(capture: Capture, do: Any) -> str:
    """What the one letter says that `do` sends."""
    mail.outbox.clear()
    with capture(execute=True):
        do()
    assert len(mail.outbox) == 1
    return str(mail.outbox[0].body)


def link(text: str, prefix: str) -> str:
    found = re.search(re.escape(prefix) + r"(\S+)", text)
    assert found is not None, text
    return found[1]


def attempt(username: str = "zhao", password: str = PASSWORD, address: str = "") -> Any:
    return actions.sign_in(
        actor=ANONYMOUS, username=username, password=password, client_address=address
    )


def refusal_of(do: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        do()
    return refused.value


def person(**values: Any) -> Person:
    return signing.with_password(make.person(username="zhao", **values))


# --- registering -----------------------------------------------------------------------------


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


# --- signing in ------------------------------------------------------------------------------


def test_five_failures_lock_the_name_for_a_quarter_of_an_hour() -> None:
    zhao = person()
    for _ in range(5):
        assert refusal_of(lambda: attempt(password="wrong")).code == "people.wrong_credentials"
    with pytest.raises(TooMany) as locked:
        attempt()
    assert 0 < locked.value.params["retry_after_seconds"] <= 15 * 60 + 1
    assert SignIn.objects.count() == 5, "attempts made while locked are not stored"
    SignIn.objects.update(at=clock.recorded_now() - timedelta(minutes=16))
    assert attempt().person == zhao


def test_unknown_names_are_locked_and_answered_alike() -> None:
    for _ in range(5):
        assert refusal_of(lambda: attempt("nobody")).code == "people.wrong_credentials"
    assert refusal_of(lambda: attempt("nobody")).code == "people.locked_out"


def test_unknown_names_cost_one_hash_too() -> None:
    with mock.patch.object(
        credentials, "make_password", wraps=credentials.make_password
    ) as hashing:
        refusal_of(lambda: attempt("nobody"))
    assert hashing.call_count == 1


def test_a_good_sign_in_forgives_the_failures_before_it() -> None:
    person()
    for _ in range(2):
        for _ in range(4):
            refusal_of(lambda: attempt(password="wrong"))
        attempt()


def test_one_network_address_is_locked_after_thirty() -> None:
    person()
    for n in range(30):
        refusal_of(lambda n=n: attempt(f"name{n}", "wrong", "192.0.2.1"))
    assert refusal_of(lambda: attempt(address="192.0.2.1")).code == "people.locked_out"
    assert attempt(address="192.0.2.2").step == "in"


@pytest.mark.parametrize("username", ["", " ", "\x00", "x" * 1_000_000, "'; DROP TABLE", "\u202e"])
def test_strange_names_are_just_wrong(username: str) -> None:
    assert refusal_of(lambda: attempt(username)).code == "people.wrong_credentials"
    assert refusal_of(lambda: attempt("zhao", "p" * 1_000_000)).code == "people.wrong_credentials"


def test_who_is_suspended_or_erased_stays_out() -> None:
    operator = make.actor(Role.OPERATOR)
    zhao = person()
    actions.suspend_person(actor=operator, person_id=zhao.pk, reason="冒用他人身份")
    assert refusal_of(attempt).code == "people.suspended"
    actions.reinstate_person(actor=operator, person_id=zhao.pk)
    assert attempt().step == "in"
    actions.erase(actor=operator, person_id=zhao.pk)
    assert refusal_of(attempt).code == "people.wrong_credentials"


def test_demo_accounts_come_in_only_where_process_and_database_are_a_sandbox(
    settings: Any,
) -> None:
    make.sandbox()
    settings.YBJ_SANDBOX = True
    zhao = person(is_demo=True)
    assert attempt().step == "in"
    settings.YBJ_SANDBOX = False
    assert refusal_of(attempt).code == "people.demo_only_in_sandbox"
    assert queries.actor_of(zhao) == ANONYMOUS


def test_another_providers_word_opens_the_linked_account() -> None:
    zhao = person()
    Identity.objects.create(person=zhao, issuer="https://id.example.com", subject="42")
    opening = actions.sign_in_by_identity(
        actor=ANONYMOUS, issuer="https://id.example.com", subject="42"
    )
    assert opening.person == zhao
    with pytest.raises(NotAllowed):
        actions.sign_in_by_identity(
            actor=ANONYMOUS, issuer="https://other.example.com", subject="42"
        )


# --- second factor ---------------------------------------------------------------------------


def with_second_factor(who: Person) -> tuple[Person, str, list[str]]:
    actor = Actor(person_id=who.pk)
    setup = actions.begin_second_factor(actor=actor, person_id=who.pk, issuer="技术大市场")
    assert "<svg" in setup.svg
    assert setup.uri.startswith("otpauth://totp/")
    codes = actions.confirm_second_factor(
        actor=actor, person_id=who.pk, code=signing.code_of(setup.secret, -1)
    )
    return who, setup.secret, codes


def second(who: Person, code: str) -> Person:
    return actions.check_second_factor(actor=Actor(person_id=who.pk), person_id=who.pk, code=code)


def test_a_code_works_once() -> None:
    who, secret, _ = with_second_factor(person())
    assert attempt().step == "code"
    code = signing.code_of(secret)
    assert second(who, code) == who
    for used in (code, signing.code_of(secret, -1), signing.code_of(secret, 5), "000000x", ""):
        with pytest.raises(Invalid) as refused:
            second(who, used)
        assert refused.value.code == "people.wrong_code"


def test_wrong_codes_lock_and_a_right_password_between_does_not_help() -> None:
    who, secret, _ = with_second_factor(person())
    for _ in range(5):
        assert attempt().step == "code"
        with pytest.raises(Invalid):
            second(who, "12345")
    assert refusal_of(attempt).code == "people.locked_out"
    assert refusal_of(lambda: second(who, signing.code_of(secret))).code == "people.locked_out"


def test_a_recovery_code_works_once_and_is_stored_hashed() -> None:
    who, _, codes = with_second_factor(person())
    assert len(set(codes)) == 10
    assert not RecoveryCode.objects.filter(digest__in=codes).exists()
    second(who, codes[3].lower().replace("-", " "))
    with pytest.raises(Invalid):
        second(who, codes[3])
    second(who, codes[4])


def test_operators_must_have_it_outside_the_sandbox(settings: Any) -> None:
    operator = signing.with_password(make.person(Role.OPERATOR, username="zhao"))
    assert attempt().step == "set_up"
    actor, is_wanted = queries.actor_in_session(operator, None)
    assert (actor.is_operator, is_wanted) == (False, True)
    with pytest.raises(NotAllowed):
        actions.create_token(actor=Actor(person_id=operator.pk), person_id=operator.pk)
    _, secret, _ = with_second_factor(operator)
    with pytest.raises(Conflict):
        actions.end_second_factor(
            actor=Actor(person_id=operator.pk),
            person_id=operator.pk,
            code=signing.code_of(secret),
        )
    opened = BrowserSession(person=operator, has_second_factor=True)
    assert queries.actor_in_session(operator, opened)[0].is_operator
    make.sandbox()
    settings.YBJ_SANDBOX = True
    assert queries.actor_in_session(operator, None)[0].is_operator


def test_others_can_end_it_with_a_code() -> None:
    who, secret, codes = with_second_factor(person())
    actor = Actor(person_id=who.pk)
    fresh = actions.new_recovery_codes(actor=actor, person_id=who.pk, code=signing.code_of(secret))
    assert not set(fresh) & set(codes)
    with pytest.raises(Invalid):
        actions.end_second_factor(actor=actor, person_id=who.pk, code=codes[0])
    actions.end_second_factor(actor=actor, person_id=who.pk, code=fresh[0])
    assert attempt().step == "in"
    assert not RecoveryCode.objects.exists()


def test_nobody_sets_up_anothers() -> None:
    with pytest.raises(NotAllowed):
        actions.begin_second_factor(
            actor=make.actor(Role.OPERATOR), person_id=person().pk, issuer="x"
        )


# --- sessions and passwords ------------------------------------------------------------------


def test_sessions_are_seen_and_ended_by_their_owner_only() -> None:
    zhao = person()
    mine = Actor(person_id=zhao.pk)
    one = actions.open_session(actor=mine, person_id=zhao.pk, session_key="a", agent="火狐" * 500)
    actions.open_session(actor=mine, person_id=zhao.pk, session_key="b")
    assert [len(s.agent) <= 200 for s in queries.sessions_of(zhao.pk)] == [True, True]
    with pytest.raises(NotAllowed):
        actions.end_session(actor=make.actor(Role.TTO), session_id=one.pk)
    actions.end_session(actor=mine, session_id=one.pk)
    with pytest.raises(NotFound):
        actions.end_session(actor=mine, session_id=one.pk)
    before = zhao.get_session_auth_hash()
    assert actions.end_all_sessions(actor=mine, person_id=zhao.pk) == 1
    zhao.refresh_from_db()
    assert zhao.get_session_auth_hash() != before


def test_a_password_is_changed_with_the_old_one_and_ends_other_sessions(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    zhao = person(email=EMAIL)
    mine = Actor(person_id=zhao.pk)
    for key in ("here", "there"):
        actions.open_session(actor=mine, person_id=zhao.pk, session_key=key)

    def change(old: str) -> None:
        actions.change_password(
            actor=mine, person_id=zhao.pk, old=old, new="qianshan-yuxue-93", session_key="here"
        )

    assert refusal_of(lambda: change("wrong")).code == "people.wrong_password"
    assert "改过" in letter(django_capture_on_commit_callbacks, lambda: change(PASSWORD))
    assert [s.session_key for s in queries.sessions_of(zhao.pk)] == ["here"]
    assert attempt(password="qianshan-yuxue-93").step == "in"


def test_a_forgotten_password_is_set_anew_once(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    zhao = person(email=EMAIL)
    text = letter(
        django_capture_on_commit_callbacks,
        lambda: actions.ask_reset(actor=ANONYMOUS, email=EMAIL),
    )
    uid, token = link(text, "/password/reset/").split("/")
    with pytest.raises(Invalid):
        actions.reset_password(actor=ANONYMOUS, uid=uid, token=token, new="short")
    actions.reset_password(actor=ANONYMOUS, uid=uid, token=token, new="qianshan-yuxue-93")
    assert attempt(password="qianshan-yuxue-93").person == zhao
    for bad_uid, bad_token in ((uid, token), (uid, "x"), ("!!", token), ("", ""), ("é", token)):
        with pytest.raises(Invalid) as refused:
            actions.reset_password(
                actor=ANONYMOUS, uid=bad_uid, token=bad_token, new="another-word-55"
            )
        assert refused.value.code == "people.link_expired_reset"


def test_asking_for_an_unknown_address_sends_a_letter_too(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    text = letter(
        django_capture_on_commit_callbacks,
        lambda: actions.ask_reset(actor=ANONYMOUS, email=EMAIL),
    )
    assert "/register" in text
    assert not Person.objects.exists()


def test_old_traces_are_forgotten() -> None:
    long_ago = clock.recorded_now() - timedelta(days=400)
    SignIn.objects.create(username_digest="x", succeeded=False, at=long_ago)
    kept = SignIn.objects.create(username_digest="y", succeeded=False, at=clock.recorded_now())
    register()
    unconfirmed = Person.objects.get()
    Person.objects.filter(pk=unconfirmed.pk).update(created_at=long_ago)
    assert jobs.forget_old(clock.now()) == 2
    assert list(SignIn.objects.all()) == [kept]
    assert not Person.objects.exists()
    assert jobs.forget_old(clock.now()) == 0


def test_the_journal_holds_no_personal_data() -> None:
    register()
    with_second_factor(person(email="zhao@example.com"))
    attempt()
    said = str(list(Entry.objects.values_list("verb", "payload")))
    for personal in (EMAIL, "林知远", "zhao"):
        assert personal not in said
