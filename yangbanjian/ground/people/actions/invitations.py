"""Inviting a colleague by letter, and accepting."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext, override

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import letters, policy
from yangbanjian.ground.people.actions.memberships import check_role, grant
from yangbanjian.ground.people.credentials import check_new_password, digest_of
from yangbanjian.ground.people.models import Invitation, Membership, Organisation, Person
from yangbanjian.ground.people.rules import LANGUAGES, ROLE_LABELS
from yangbanjian.ground.people.rules.typed import LONGEST_NAME, Typed
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.kernel.words import gettext_noop

VALID_DAYS = 14
MOST_OPEN = 50


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the letter's link shows before it is accepted."""

    organisation: Organisation
    email: str
    role: Role
    has_account: bool


def invite(
    *, actor: Actor, organisation_id: int, email: str, role: str, client_address: str = ""
) -> Invitation:
    """Ask a colleague to join; the letter's secret is stored hashed. An open invitation of the
    same address and role is replaced."""
    letters.or_refuse()
    typed = Typed()
    address = typed.email("email", email)
    typed.or_refuse()
    with acting(actor):
        organisation = Organisation.objects.filter(pk=organisation_id).first()
        if organisation is None:
            raise NotFound("people.no_organisation", gettext_noop("没有这个单位。"))
        policy.INVITE.may(actor, organisation).or_refuse()
        wanted = check_role(organisation, role)
        _refuse_member(address, organisation, wanted)
        letters.refuse_flood(client_address)
        mine = Invitation.objects.filter(organisation=organisation, accepted_at=None)
        mine.filter(email=address, role=role).delete()
        if mine.count() >= MOST_OPEN:
            raise Conflict(
                "people.too_many_invitations",
                gettext_noop("还有很多邀请没被接受，请先撤回一些。"),
            )
        secret = secrets.token_urlsafe(32)
        now = clock.recorded_now()
        made = Invitation.objects.create(
            organisation=organisation,
            email=address,
            role=role,
            digest=digest_of(secret),
            invited_by=actor.person_id,
            made_at=now,
            expires_at=now + timedelta(days=VALID_DAYS),
        )
        _write_letter(actor, made, secret, client_address)
        journal.record(
            actor=actor,
            fact=journal.Fact(
                "people.invited",
                "organisation",
                organisation.pk,
                owner_id=organisation.pk,
                audience="parties",
                payload={"invitation": made.pk, "role": role},
            ),
        )
        return made


def _refuse_member(address: str, organisation: Organisation, role: Role) -> None:
    if Membership.objects.filter(
        person__email__iexact=address,
        organisation=organisation,
        role=role,
        period__contains=clock.now(),
    ).exists():
        raise Conflict("people.member_already_there", gettext_noop("这位同事已经是成员。"))


def _write_letter(actor: Actor, made: Invitation, secret: str, client_address: str) -> None:
    inviter = Person.objects.filter(pk=actor.person_id or 0).first()
    known = Person.objects.filter(email__iexact=made.email).first()
    language = known.language if known else inviter.language if inviter else LANGUAGES[0]
    with override(language):
        role = gettext(ROLE_LABELS[Role(made.role)])
        called = inviter.display_name if inviter else gettext("运营人员")
    letters.send(
        "invitation",
        to=made.email,
        language=language,
        path=f"/invitations/{secret}",
        client_address=client_address,
        organisation=made.organisation.name,
        inviter=called,
        role=role,
        days=VALID_DAYS,
    )


def withdraw_invitation(*, actor: Actor, invitation_id: int) -> None:
    """Take back an invitation that nobody has accepted."""
    with acting(actor):
        made = (
            Invitation.objects.select_related("organisation")
            .filter(pk=invitation_id, accepted_at=None)
            .first()
        )
        if made is None:
            raise NotFound("people.no_invitation", gettext_noop("没有这份邀请，可能已被接受。"))
        policy.INVITE.may(actor, made.organisation).or_refuse()
        organisation_id = made.organisation_id
        made.delete()
        journal.record(
            actor=actor,
            fact=journal.Fact(
                "people.invitation_withdrawn",
                "organisation",
                organisation_id,
                owner_id=organisation_id,
                audience="parties",
                payload={"invitation": invitation_id},
            ),
        )


def _open(secret: str, *, is_locked: bool) -> Invitation:
    found = Invitation.objects.select_related("organisation")
    if is_locked:
        found = found.select_for_update(of=("self",))
    made = found.filter(digest=digest_of(secret[:200])).first()
    if made is None:
        raise NotFound(
            "people.invitation_unknown",
            gettext_noop("邀请链接不完整或已撤回，请让同事再发一次。"),
        )
    if made.accepted_at is not None:
        raise Conflict("people.invitation_used", gettext_noop("这份邀请已经接受过了，请直接登录。"))
    if made.expires_at <= clock.recorded_now():
        raise Conflict("people.invitation_expired", gettext_noop("邀请已过期，请让同事再发一次。"))
    if made.organisation.state == "suspended":
        raise Conflict(
            "people.organisation_suspended", gettext_noop("这个单位已停用，请联系运营人员。")
        )
    return made


def look_at_invitation(secret: str) -> Welcome:
    """What the link is about. The secret is the right to see it."""
    made = _open(secret, is_locked=False)
    known = Person.objects.filter(email__iexact=made.email, is_active=True).exists()
    return Welcome(made.organisation, made.email, Role(made.role), known)


def _accept(actor: Actor, made: Invitation, person: Person) -> Membership:
    membership = grant(
        actor=actor, person=person, organisation=made.organisation, role=Role(made.role)
    )
    made.accepted_at = clock.recorded_now()
    made.save(update_fields=["accepted_at"])
    return membership


def accept_invitation(*, actor: Actor, secret: str) -> Membership:
    """Join with the account that one has. Refused when the letter went to somebody else."""
    policy.may_be(actor, actor.person_id or 0).or_refuse()
    with acting(actor):
        made = _open(secret, is_locked=True)
        person = Person.objects.filter(pk=actor.person_id or 0, is_active=True).first()
        if person is None or (person.email or "").lower() != made.email.lower():
            raise NotAllowed(
                "people.invitation_of_another",
                gettext_noop("这份邀请发给了另一个邮箱，请用那个邮箱的账号登录后再接受。"),
            )
        return _accept(actor, made, person)


def join_by_invitation(
    *, actor: Actor, secret: str, name: str, password: str, language: str = "zh-hans"
) -> Person:
    """Make an account and join. The letter has shown that the address is theirs."""
    typed = Typed()
    called = typed.line("name", name, cap=LONGEST_NAME, required=True)
    spoken = typed.one_of("language", language, LANGUAGES)
    with acting(actor):
        made = _open(secret, is_locked=True)
        person = (
            Person.objects.select_for_update().filter(email__iexact=made.email).first()
        ) or Person(username=made.email, email=made.email)
        if person.is_active and person.pk is not None:
            raise Conflict(
                "people.account_there", gettext_noop("这个邮箱已有账号，请登录后接受邀请。")
            )
        if person.email_verified_at is not None:
            raise Invalid("people.suspended", gettext_noop("账号已停用，请联系运营人员。"))
        person.name, person.language = called, spoken
        secret_word = check_new_password(typed, "password", password, person)
        typed.or_refuse()
        person.set_password(secret_word)
        person.is_active, person.email_verified_at = True, clock.now()
        person.created_at = clock.now()
        person.save()
        joined = Actor(person_id=person.pk)
        journal.record(actor=joined, fact=journal.Fact("people.registered", "person", person.pk))
        _accept(joined, made, person)
        return person
