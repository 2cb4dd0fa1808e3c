"""Claiming an organisation, and the operator's decision about it."""

from __future__ import annotations

from collections.abc import Mapping

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import letters, policy
from yangbanjian.ground.people.actions.memberships import check_role, end_now, grant
from yangbanjian.ground.people.actions.organisations import reason_or_refuse, write_organisation
from yangbanjian.ground.people.models import Claim, Membership, Organisation, Person
from yangbanjian.ground.people.rules import KINDS_BY_OPERATOR, ROLES_AT_ONCE
from yangbanjian.ground.people.rules.typed import Typed
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem
from yangbanjian.kernel.words import gettext_noop

MOST_PENDING = 5


def _person(actor: Actor) -> Person:
    policy.may_be(actor, actor.person_id or 0).or_refuse()
    person = (
        Person.objects.select_for_update().filter(pk=actor.person_id or 0, is_active=True).first()
    )
    if person is None:
        raise NotFound("people.no_person", gettext_noop("没有这个人。"))
    return person


def _same_code(values: Mapping[str, str]) -> tuple[Organisation | None, str]:
    """The organisation that has the code already, and the code."""
    typed = Typed()
    code = typed.uscc("uscc", values.get("uscc", ""), required=True)
    typed.or_refuse()
    return Organisation.objects.filter(uscc=code).first(), code


def _new_organisation(actor: Actor, kind: str, values: Mapping[str, str]) -> Organisation:
    if kind in KINDS_BY_OPERATOR:
        sentence = gettext_noop("这类单位由运营人员登记，请联系运营人员。")
        raise Invalid(
            "people.kind_by_operator", sentence, [Problem("kind", "by_operator", sentence)]
        )
    return write_organisation(actor=actor, kind=kind, values=values, state="claimed")


def _find(
    actor: Actor, organisation_id: int | None, kind: str, values: Mapping[str, str]
) -> tuple[Organisation, bool]:
    """The organisation, and whether it has just been made."""
    if organisation_id is not None:
        known = Organisation.objects.filter(pk=organisation_id).first()
        if known is None:
            raise NotFound("people.no_organisation", gettext_noop("没有这个单位。"))
        return known, False
    known, code = _same_code(values)
    if known is not None:
        return known, False
    return _new_organisation(actor, kind, {**values, "uscc": code}), True


def claim_organisation(
    *,
    actor: Actor,
    role: str,
    organisation_id: int | None = None,
    kind: str = "",
    values: Mapping[str, str] | None = None,
    evidence: str = "",
) -> Claim:
    """Say that one works for an organisation: a known one, or a new one with its code.

    A new organisation can be acted for at once in a role that sees only its own records; what it
    publishes still passes the operator. A code that is known already makes this a claim on the
    organisation that has it. All else waits for the operator's decision.
    """
    typed = Typed()
    said = typed.text("evidence", evidence, cap=1000)
    typed.or_refuse()
    with acting(actor):
        person = _person(actor)
        if Claim.objects.filter(person=person, state="pending").count() >= MOST_PENDING:
            raise Conflict(
                "people.too_many_claims",
                gettext_noop("您有多份认领申请在等审核，请等结果出来再申请。"),
            )
        organisation, is_new = _find(actor, organisation_id, kind, values or {})
        wanted = check_role(organisation, role)
        if organisation.state == "suspended":
            raise Conflict(
                "people.organisation_suspended",
                gettext_noop("这个单位已停用，请联系运营人员。"),
            )
        if Membership.objects.filter(
            person=person, organisation=organisation, role=role, period__contains=clock.now()
        ).exists():
            raise Conflict("people.member_already", gettext_noop("您已经是这个单位的成员。"))
        pending = Claim.objects.filter(person=person, organisation=organisation, state="pending")
        if pending.exists():
            raise Conflict(
                "people.claim_pending", gettext_noop("您已申请认领这个单位，请等运营人员审核。")
            )
        claim = Claim.objects.create(
            person=person,
            organisation=organisation,
            role=role,
            evidence=said,
            made_at=clock.now(),
        )
        _tell(actor, claim, "people.claimed")
        if is_new and wanted in ROLES_AT_ONCE:
            grant(actor=actor, person=person, organisation=organisation, role=wanted)
        return claim


def _tell(actor: Actor, claim: Claim, verb: str, remark: str = "") -> None:
    journal.record(
        actor=actor,
        fact=journal.Fact(
            verb,
            "claim",
            claim.pk,
            owner_id=claim.organisation_id,
            payload={
                "person": claim.person_id,
                "organisation": claim.organisation_id,
                "role": claim.role,
            },
            remark=remark,
        ),
    )


def _approve(actor: Actor, claim: Claim) -> None:
    organisation = claim.organisation
    if organisation.state == "suspended":
        raise Conflict(
            "people.organisation_suspended", gettext_noop("这个单位已停用，请先恢复再通过申请。")
        )
    role = check_role(organisation, claim.role)
    grant(actor=actor, person=claim.person, organisation=organisation, role=role)
    if organisation.state == "claimed":
        organisation.state, organisation.verified_at = "verified", clock.now()
        organisation.save(update_fields=["state", "verified_at"])


def _refuse(claim: Claim) -> None:
    held = Membership.objects.filter(
        person=claim.person,
        organisation=claim.organisation,
        role=claim.role,
        period__contains=clock.now(),
    )
    for membership in held:
        end_now(membership, clock.now())


def decide_claim(*, actor: Actor, claim_id: int, is_right: bool, reason: str = "") -> Claim:
    """The operator decides. A refusal needs a reason, and ends what the claim gave at once."""
    kept = "" if is_right else reason_or_refuse(reason)
    with acting(actor):
        claim = (
            Claim.objects.select_for_update(of=("self",))
            .select_related("person", "organisation")
            .filter(pk=claim_id)
            .first()
        )
        if claim is None:
            raise NotFound("people.no_claim", gettext_noop("没有这份申请。"))
        policy.DECIDE_CLAIM.may(actor, claim).or_refuse()
        if is_right:
            _approve(actor, claim)
        else:
            _refuse(claim)
        claim.state = "approved" if is_right else "refused"
        claim.reason, claim.decided_at, claim.decided_by = kept, clock.now(), actor.person_id
        claim.save(update_fields=["state", "reason", "decided_at", "decided_by"])
        _tell(actor, claim, f"people.claim_{claim.state}", kept)
        if claim.person.email:
            letters.send(
                f"claim_{claim.state}",
                to=claim.person.email,
                language=claim.person.language,
                path="/desk/organisation",
                organisation=claim.organisation.name,
                reason=kept,
            )
        return claim
