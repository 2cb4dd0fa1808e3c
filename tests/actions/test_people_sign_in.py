"""Signing in, and the second factor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest

from tests import make, signing
from tests.accounts import attempt, person, refusal_of, with_second_factor
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import actions, credentials, queries
from yangbanjian.ground.people.models import BrowserSession, Identity, Person, RecoveryCode, SignIn
from yangbanjian.kernel.actor import ANONYMOUS, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, TooMany

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_passwords")]


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
