"""Who belongs where, with dates."""

from __future__ import annotations

from datetime import datetime

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import policy
from yangbanjian.ground.people.credentials import LOCK_OPERATORS, lock
from yangbanjian.ground.people.models import Membership, Organisation, Person
from yangbanjian.ground.people.rules import ROLES_OF_KIND
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound
from yangbanjian.kernel.words import gettext_noop


def check_role(organisation: Organisation, role: str) -> Role:
    """The role, if an organisation of this kind gives it to its people."""
    allowed = ROLES_OF_KIND[organisation.kind]
    if role not in {r.value for r in allowed}:
        sentence = gettext_noop("这类单位没有这个角色，请从列出的角色里选。")
        raise Invalid("people.role_not_of_kind", sentence)
    return Role(role)


def grant(
    *,
    actor: Actor,
    person: Person,
    organisation: Organisation,
    role: Role,
    starts: datetime | None = None,
    ends: datetime | None = None,
) -> Membership:
    """Write a membership; what holds already is returned as it is. The caller has asked whether
    the actor may, and runs in a transaction."""
    now = clock.now()
    begins = starts or now
    if ends is not None and ends <= begins:
        raise Invalid("people.period_empty", gettext_noop("结束时间要晚于开始时间。"))
    Person.objects.select_for_update().get(pk=person.pk)
    overlapping = Membership.objects.filter(
        person=person, organisation=organisation, role=role, period__overlap=(begins, ends)
    ).first()
    if overlapping is not None:
        return overlapping
    made = Membership.objects.create(
        person=person, organisation=organisation, role=role, period=(begins, ends)
    )
    journal.record(
        actor=actor,
        fact=journal.Fact(
            "people.member_added",
            "organisation",
            organisation.pk,
            owner_id=organisation.pk,
            audience="parties",
            payload={"person": person.pk, "role": role.value, "membership": made.pk},
        ),
    )
    return made


def add_membership(
    *,
    actor: Actor,
    person_id: int,
    organisation_id: int,
    role: str,
    starts: datetime | None = None,
    ends: datetime | None = None,
) -> Membership:
    """Give a person a role in an organisation; the operator's verb (colleagues are invited)."""
    policy.may_operate(actor).or_refuse()
    with acting(actor):
        person = Person.objects.filter(pk=person_id, erased_at=None).first()
        organisation = Organisation.objects.filter(pk=organisation_id).first()
        if person is None or organisation is None:
            raise NotFound("people.no_person", gettext_noop("没有这个人或这个单位。"))
        given = check_role(organisation, role)
        return grant(
            actor=actor,
            person=person,
            organisation=organisation,
            role=given,
            starts=starts,
            ends=ends,
        )


def end_now(membership: Membership, now: datetime) -> None:
    """Let a membership hold until now; one that has not begun leaves nothing behind."""
    begins = membership.period.lower
    if begins >= now:
        membership.delete()
        return
    membership.period = (begins, now)
    membership.save(update_fields=["period"])


def end_membership(*, actor: Actor, membership_id: int) -> None:
    """End a membership now: one's own, a colleague's, or as operator anybody's."""
    with acting(actor):
        lock(LOCK_OPERATORS)
        membership = (
            Membership.objects.select_for_update(of=("self",))
            .select_related("organisation")
            .filter(pk=membership_id)
            .first()
        )
        if membership is None:
            raise NotFound("people.no_membership", gettext_noop("没有这条成员记录。"))
        policy.END_MEMBERSHIP.may(actor, membership).or_refuse()
        now = clock.now()
        if membership.period.upper is not None and membership.period.upper <= now:
            raise Conflict("people.membership_over", gettext_noop("这条成员记录已经结束。"))
        end_now(membership, now)
        journal.record(
            actor=actor,
            fact=journal.Fact(
                "people.member_ended",
                "organisation",
                membership.organisation_id,
                owner_id=membership.organisation_id,
                audience="parties",
                payload={
                    "person": membership.person_id,
                    "role": membership.role,
                    "membership": membership_id,
                },
            ),
        )
