"""Who may do what to persons and organisations.

One rule a verb answers three questions: *may X?* (with the reason when not), *to which may X?*
(a queryset, for lists) and *who may?* (persons, for notices). A test holds the answers together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people.models import (
    BrowserSession,
    Claim,
    Membership,
    Organisation,
    Person,
    Token,
)
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop

Subject = TypeVar("Subject", bound=Model)


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject]):
    """`may(actor, subject)`, `which(actor)` and `who(subject)` of one verb."""

    verb: str
    may: Callable[[Actor, Subject], Answer]
    which: Callable[[Actor], QuerySet[Subject]]
    who: Callable[[Subject], QuerySet[Person]]


OPERATORS_ONLY = Answer(
    False, "people.operators_only", gettext_noop("只有运营人员可以这样做，请联系运营人员。")
)
BROKERS_ONLY = Answer(
    False, "people.brokers_only", gettext_noop("只有技术经理人或运营人员可以确认标签。")
)
NOT_YOUR_ORGANISATION = Answer(
    False,
    "people.not_your_organisation",
    gettext_noop("您现在不代表这个单位。请先切换到该单位，或联系该单位和运营人员。"),
)
NOT_YOURS = Answer(False, "people.not_yours", gettext_noop("这不是您的，只有本人可以这样做。"))
ALREADY_DECIDED = Answer(
    False, "people.already_decided", gettext_noop("这份申请已经处理过了，请刷新页面再看。")
)
LAST_OPERATOR = Answer(
    False,
    "people.last_operator",
    gettext_noop("这是最后一位运营人员。请先让另一位运营人员接手，再注销或退出。"),
)


def _no(actor: Actor, answer: Answer) -> Answer:
    return SIGN_IN if actor.is_anonymous else answer


def operators() -> QuerySet[Person]:
    """Those who can act as operator now."""
    held = Membership.objects.filter(role=Role.OPERATOR, period__contains=clock.now()).exclude(
        organisation__state="suspended"
    )
    return Person.objects.filter(pk__in=held.values("person_id"), is_active=True)


def is_last_operator(person_id: int) -> bool:
    return list(operators().values_list("pk", flat=True)[:2]) == [person_id]


def _manages(actor: Actor, organisation_id: int) -> bool:
    """Speaks for the organisation, and not only as one of its experts."""
    return actor.organisation_id == organisation_id and bool(actor.roles - {Role.EXPERT})


def managers(organisation_id: int) -> QuerySet[Person]:
    """Who may speak for the organisation now, in a role other than expert."""
    held = (
        Membership.objects.filter(organisation_id=organisation_id, period__contains=clock.now())
        .exclude(role=Role.EXPERT)
        .exclude(organisation__state="suspended")
    )
    return Person.objects.filter(pk__in=held.values("person_id"), is_active=True)


def _either(first: QuerySet[Person], second: QuerySet[Person]) -> QuerySet[Person]:
    return Person.objects.filter(Q(pk__in=first.values("pk")) | Q(pk__in=second.values("pk")))


# --- organisations ---------------------------------------------------------------------------


def _may_run(actor: Actor, organisation: Organisation) -> Answer:
    if actor.is_operator or _manages(actor, organisation.pk):
        return YES
    return _no(actor, NOT_YOUR_ORGANISATION)


def _which_run(actor: Actor) -> QuerySet[Organisation]:
    if actor.is_operator:
        return Organisation.objects.all()
    if actor.organisation_id is None or not actor.roles - {Role.EXPERT}:
        return Organisation.objects.none()
    return Organisation.objects.filter(pk=actor.organisation_id)


def _who_runs(organisation: Organisation) -> QuerySet[Person]:
    return _either(managers(organisation.pk), operators())


CHANGE_ORGANISATION: Rule[Organisation] = Rule(
    "change_organisation", _may_run, _which_run, _who_runs
)
INVITE: Rule[Organisation] = Rule("invite", _may_run, _which_run, _who_runs)


def _may_operate(actor: Actor, _subject: Model | None = None) -> Answer:
    return YES if actor.is_operator else _no(actor, OPERATORS_ONLY)


def _which_judge(actor: Actor) -> QuerySet[Organisation]:
    return Organisation.objects.all() if actor.is_operator else Organisation.objects.none()


JUDGE_ORGANISATION: Rule[Organisation] = Rule(
    "judge_organisation", _may_operate, _which_judge, lambda _: operators()
)


def _may_confirm(actor: Actor, _organisation: Organisation) -> Answer:
    return YES if actor.is_operator or actor.is_broker else _no(actor, BROKERS_ONLY)


def _which_confirm(actor: Actor) -> QuerySet[Organisation]:
    found = Organisation.objects.all()
    return found if actor.is_operator or actor.is_broker else found.none()


def _who_confirms(_organisation: Organisation) -> QuerySet[Person]:
    held = Membership.objects.filter(
        role__in=[Role.BROKER, Role.OPERATOR], period__contains=clock.now()
    ).exclude(organisation__state="suspended")
    return Person.objects.filter(pk__in=held.values("person_id"), is_active=True)


CONFIRM_TAG: Rule[Organisation] = Rule("confirm_tag", _may_confirm, _which_confirm, _who_confirms)


# --- claims and memberships ------------------------------------------------------------------


def _may_decide(actor: Actor, claim: Claim) -> Answer:
    if not actor.is_operator:
        return _no(actor, OPERATORS_ONLY)
    return YES if claim.state == "pending" else ALREADY_DECIDED


def _which_decide(actor: Actor) -> QuerySet[Claim]:
    found = Claim.objects.filter(state="pending")
    return found if actor.is_operator else found.none()


def _who_decides(claim: Claim) -> QuerySet[Person]:
    return operators() if claim.state == "pending" else Person.objects.none()


DECIDE_CLAIM: Rule[Claim] = Rule("decide_claim", _may_decide, _which_decide, _who_decides)


def _may_end_membership(actor: Actor, membership: Membership) -> Answer:
    is_own = actor.person_id is not None and membership.person_id == actor.person_id
    if not (is_own or actor.is_operator or _manages(actor, membership.organisation_id)):
        return _no(actor, NOT_YOUR_ORGANISATION)
    if membership.role == Role.OPERATOR and is_last_operator(membership.person_id):
        return LAST_OPERATOR
    return YES


def _which_end_membership(actor: Actor) -> QuerySet[Membership]:
    found = Membership.objects.all()
    if not actor.is_operator:
        mine = Q(person_id=actor.person_id) if actor.person_id is not None else Q(pk__in=[])
        if actor.roles - {Role.EXPERT}:
            mine |= Q(organisation_id=actor.organisation_id)
        found = found.filter(mine)
    running = list(operators().values_list("pk", flat=True)[:2])
    return found.exclude(role=Role.OPERATOR, person_id__in=running) if len(running) == 1 else found


def _who_ends_membership(membership: Membership) -> QuerySet[Person]:
    if membership.role == Role.OPERATOR and is_last_operator(membership.person_id):
        return Person.objects.none()
    themself = Person.objects.filter(pk=membership.person_id, is_active=True)
    return _either(_either(managers(membership.organisation_id), operators()), themself)


END_MEMBERSHIP: Rule[Membership] = Rule(
    "end_membership", _may_end_membership, _which_end_membership, _who_ends_membership
)


# --- one's own -------------------------------------------------------------------------------


def _may_revoke(actor: Actor, token: Token) -> Answer:
    return YES if actor.is_operator or token.person_id == actor.person_id else _no(actor, NOT_YOURS)


def _which_revoke(actor: Actor) -> QuerySet[Token]:
    found = Token.objects.all()
    return found if actor.is_operator else found.filter(person_id=actor.person_id or 0)


def _who_revokes(token: Token) -> QuerySet[Person]:
    return _either(operators(), Person.objects.filter(pk=token.person_id, is_active=True))


REVOKE_TOKEN: Rule[Token] = Rule("revoke_token", _may_revoke, _which_revoke, _who_revokes)


def _may_end_session(actor: Actor, session: BrowserSession) -> Answer:
    is_own = actor.is_system or session.person_id == actor.person_id
    return YES if is_own else _no(actor, NOT_YOURS)


def _which_end_session(actor: Actor) -> QuerySet[BrowserSession]:
    found = BrowserSession.objects.all()
    return found if actor.is_system else found.filter(person_id=actor.person_id or 0)


END_SESSION: Rule[BrowserSession] = Rule(
    "end_session",
    _may_end_session,
    _which_end_session,
    lambda session: Person.objects.filter(pk=session.person_id, is_active=True),
)


def may_be(actor: Actor, person_id: int) -> Answer:
    """Verbs about oneself: password, second factor, preferences."""
    return YES if actor.is_system or actor.person_id == person_id else _no(actor, NOT_YOURS)


def _may_erase(actor: Actor, person: Person) -> Answer:
    if not actor.is_operator and person.pk != actor.person_id:
        return _no(actor, NOT_YOURS)
    return LAST_OPERATOR if is_last_operator(person.pk) else YES


def _which_erase(actor: Actor) -> QuerySet[Person]:
    found = Person.objects.all()
    if not actor.is_operator:
        found = found.filter(pk=actor.person_id or 0)
    running = list(operators().values_list("pk", flat=True)[:2])
    return found.exclude(pk=running[0]) if len(running) == 1 else found


def _who_erases(person: Person) -> QuerySet[Person]:
    if is_last_operator(person.pk):
        return Person.objects.none()
    return _either(operators(), Person.objects.filter(pk=person.pk, is_active=True))


ERASE: Rule[Person] = Rule("erase", _may_erase, _which_erase, _who_erases)


def may_operate(actor: Actor) -> Answer:
    """Verbs that only an operator has: persons, memberships given, organisations judged."""
    return _may_operate(actor)
