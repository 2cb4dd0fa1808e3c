"""Memberships, invitations and tokens: on whose behalf somebody acts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail

from tests import make, signing
from tests.accounts import Capture, as_actor, code_of, invite
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import actions
from yangbanjian.ground.people.models import Invitation, Membership, Token
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_passwords")]


# --- memberships and invitations -------------------------------------------------------------


def test_memberships_have_dates() -> None:
    operator, home, person = make.actor(Role.OPERATOR), make.organisation(), make.person()
    now = clock.now()
    given = {"actor": operator, "person_id": person.pk, "organisation_id": home.pk}
    future = actions.add_membership(
        **given, role="enterprise", starts=now + timedelta(days=1), ends=now + timedelta(days=9)
    )
    assert as_actor(person).roles == frozenset()
    actions.end_membership(actor=operator, membership_id=future.pk)
    assert not Membership.objects.filter(person=person).exists(), "it had not begun"
    held = actions.add_membership(**given, role="enterprise")
    assert actions.add_membership(**given, role="enterprise").pk == held.pk
    assert as_actor(person).roles == {Role.ENTERPRISE}
    actions.end_membership(actor=as_actor(person), membership_id=held.pk)
    assert as_actor(person).roles == frozenset()
    assert (
        code_of(lambda: actions.end_membership(actor=operator, membership_id=held.pk))
        == "people.membership_over"
    )
    assert (
        code_of(lambda: actions.add_membership(**given, role="enterprise", starts=now, ends=now))
        == "people.period_empty"
    )
    with pytest.raises(NotAllowed):
        actions.add_membership(
            actor=make.actor(Role.TTO),
            person_id=person.pk,
            organisation_id=home.pk,
            role="enterprise",
        )


def test_the_last_operator_stays() -> None:
    person = make.person(Role.OPERATOR)
    membership = Membership.objects.get(person=person)
    operator = as_actor(person)
    for do in (
        lambda: actions.end_membership(actor=operator, membership_id=membership.pk),
        lambda: actions.erase(actor=operator, person_id=person.pk),
        lambda: actions.suspend_person(actor=operator, person_id=person.pk, reason="试"),
    ):
        assert code_of(do) == "people.last_operator"
    make.person(Role.OPERATOR)
    actions.erase(actor=operator, person_id=person.pk)


def sent_secret(capture: Capture, actor: Actor, **more: str) -> str:
    with capture(execute=True):
        invite(actor, **more)
    found = re.search(r"/invitations/(\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def test_a_colleague_joins_with_or_without_an_account(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    mine = make.actor(Role.ENTERPRISE)
    secret = sent_secret(django_capture_on_commit_callbacks, mine)
    assert not Invitation.objects.filter(digest=secret).exists()
    welcome = actions.look_at_invitation(secret)
    assert (welcome.email, welcome.has_account) == ("qian@example.com", False)
    joined = actions.join_by_invitation(
        actor=ANONYMOUS, secret=secret, name="钱二", password=signing.PASSWORD
    )
    assert as_actor(joined).organisation_id == mine.organisation_id
    assert joined.email_verified_at is not None
    assert code_of(lambda: actions.look_at_invitation(secret)) == "people.invitation_used"
    assert code_of(lambda: invite(mine)) == "people.member_already_there"
    second = sent_secret(django_capture_on_commit_callbacks, mine, role="expert")
    assert actions.look_at_invitation(second).has_account
    assert (
        code_of(
            lambda: actions.join_by_invitation(
                actor=ANONYMOUS, secret=second, name="x", password=signing.PASSWORD
            )
        )
        == "people.account_there"
    )
    assert (
        code_of(
            lambda: actions.accept_invitation(
                actor=as_actor(make.person(email="other@example.com")), secret=second
            )
        )
        == "people.invitation_of_another"
    )
    actions.accept_invitation(actor=as_actor(joined), secret=second)
    assert as_actor(joined).roles == {Role.ENTERPRISE, Role.EXPERT}


def test_invitations_expire_are_replaced_and_withdrawn(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    mine = make.actor(Role.ENTERPRISE)
    first = sent_secret(django_capture_on_commit_callbacks, mine)
    second = sent_secret(django_capture_on_commit_callbacks, mine)
    assert code_of(lambda: actions.look_at_invitation(first)) == "people.invitation_unknown"
    Invitation.objects.update(expires_at=clock.recorded_now() - timedelta(seconds=1))
    assert code_of(lambda: actions.look_at_invitation(second)) == "people.invitation_expired"
    actions.withdraw_invitation(actor=mine, invitation_id=Invitation.objects.get().pk)
    assert code_of(lambda: actions.look_at_invitation(second)) == "people.invitation_unknown"
    with pytest.raises(NotFound):
        actions.withdraw_invitation(actor=mine, invitation_id=1)


def test_only_who_speaks_for_an_organisation_invites() -> None:
    home = make.organisation()
    for actor in (make.actor(Role.EXPERT, home), make.actor(Role.TTO), ANONYMOUS):
        with pytest.raises(NotAllowed):
            actions.invite(
                actor=actor, organisation_id=home.pk, email="a@example.com", role="expert"
            )
    assert code_of(lambda: invite(make.actor(Role.ENTERPRISE), role="operator")) == (
        "people.role_not_of_kind"
    )


# --- tokens ----------------------------------------------------------------------------------


def test_a_token_acts_for_its_organisation_until_it_is_revoked() -> None:
    home, other = make.organisation(), make.organisation("university")
    person = make.person(Role.ENTERPRISE, home)
    Membership.objects.create(
        person=person, organisation=other, role="tto", period=(home.created_at, None)
    )
    mine = as_actor(person)
    token, secret = actions.create_token(
        actor=mine, person_id=person.pk, organisation_id=other.pk, name="同步"
    )
    assert token.digest != secret
    assert secret.startswith(token.prefix)
    actor = actions.use_token(secret)
    assert actor is not None
    assert (actor.organisation_id, actor.mandates, actor.roles) == (
        other.pk,
        {other.pk},
        {Role.TTO},
    )
    held = Membership.objects.get(person=person, organisation=other)
    actions.end_membership(actor=mine, membership_id=held.pk)
    assert actions.use_token(secret) == Actor(person_id=person.pk)
    with pytest.raises(NotFound):
        actions.revoke_token(actor=make.actor(Role.TTO), token_id=token.pk)
    actions.revoke_token(actor=mine, token_id=token.pk)
    actions.revoke_token(actor=mine, token_id=token.pk)
    assert actions.use_token(secret) is None


def test_tokens_end_with_their_time_and_their_person() -> None:
    person = make.person(Role.ENTERPRISE)
    given = {"actor": SYSTEM, "person_id": person.pk}
    _, expiring = actions.create_token(**given, expires_days=30)
    _, lasting = actions.create_token(**given)
    Token.objects.filter(expires_at__isnull=False).update(
        expires_at=clock.recorded_now() - timedelta(seconds=1)
    )
    assert actions.use_token(expiring) is None
    assert actions.use_token(lasting) is not None
    for strange in ("", "x", "ybj_", lasting[:-1], lasting + "x" * 1_000_000, "ybj_\x00"):
        assert actions.use_token(strange) is None
    actions.suspend_person(actor=make.actor(Role.OPERATOR), person_id=person.pk, reason="试")
    assert actions.use_token(lasting) is None


def test_tokens_are_ones_own_and_not_without_number() -> None:
    person = make.person(Role.ENTERPRISE)
    with pytest.raises(NotAllowed):
        actions.create_token(actor=make.actor(Role.OPERATOR), person_id=person.pk)
    with pytest.raises(NotAllowed):
        actions.create_token(
            actor=as_actor(person),
            person_id=person.pk,
            organisation_id=make.organisation().pk,
        )
    with pytest.raises(Invalid):
        actions.create_token(actor=SYSTEM, person_id=person.pk, expires_days=0)
    for _ in range(20):
        actions.create_token(actor=SYSTEM, person_id=person.pk)
    with pytest.raises(Conflict):
        actions.create_token(actor=SYSTEM, person_id=person.pk)
