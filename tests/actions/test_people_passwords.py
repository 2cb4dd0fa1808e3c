"""Sessions, passwords, and what is forgotten of both."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import make
from tests.accounts import (
    EMAIL,
    PASSWORD,
    Capture,
    attempt,
    letter,
    link,
    person,
    refusal_of,
    register,
    with_second_factor,
)
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.people import actions, jobs, queries
from yangbanjian.ground.people.models import Person, SignIn
from yangbanjian.kernel.actor import ANONYMOUS, Actor, Role
from yangbanjian.kernel.refusals import Invalid, NotAllowed, NotFound

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_passwords")]


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
