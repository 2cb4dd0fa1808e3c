"""Reading persons and organisations; building the actor that everything else asks about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from django.db.models import Q, QuerySet

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people.models import (
    BrowserSession,
    Claim,
    Identity,
    Invitation,
    Membership,
    Organisation,
    OrganisationTag,
    Person,
    Token,
)
from yangbanjian.ground.people.rules import DEFAULT_MAIL, MAIL_CHOICES, SECOND_FACTOR_ROLES
from yangbanjian.kernel.actor import ANONYMOUS, Actor, Role


def memberships_of(person_id: int, now: datetime | None = None) -> QuerySet[Membership]:
    """The memberships that hold now; ``now`` from who has read the clock already."""
    return (
        Membership.objects.filter(person_id=person_id, period__contains=now or clock.now())
        .select_related("organisation")
        .order_by("id")
    )


def actor_of(
    person: Person, organisation_id: int | None = None, now: datetime | None = None
) -> Actor:
    """The actor for a person, acting for one of their organisations (the first by default).

    A suspended organisation gives no mandate; an inactive person is nobody, and outside the
    sandbox so is a demo account. ``now``: as for :func:`memberships_of`.
    """
    if not person.is_active or person.erased_at is not None:
        return ANONYMOUS
    if person.is_demo and not clock.is_sandbox():
        return ANONYMOUS
    # For each page and each call of the API: no more than it takes is read.
    held = list(
        memberships_of(person.pk, now)
        .exclude(organisation__state="suspended")
        .values_list("organisation_id", "role")
    )
    mandates = frozenset(organisation for organisation, _ in held)
    if organisation_id not in mandates:
        organisation_id = held[0][0] if held else None
    roles = frozenset(Role(role) for organisation, role in held if organisation == organisation_id)
    return Actor(
        person_id=person.pk, organisation_id=organisation_id, roles=roles, mandates=mandates
    )


def browser_session(session_key: str | None) -> BrowserSession | None:
    return BrowserSession.objects.filter(session_key=session_key).first() if session_key else None


def actor_in_session(
    person: Person, session: BrowserSession | None, organisation_id: int | None = None
) -> tuple[Actor, bool]:
    """The actor of a browser session, and whether a second factor is still wanted of them.

    Outside the sandbox the roles that see everybody's records work only in a session that was
    opened with a second factor.
    """
    chosen = organisation_id or (session.organisation_id if session else None)
    actor = actor_of(person, chosen)
    wanted = actor.roles & SECOND_FACTOR_ROLES
    if not wanted or (session is not None and session.has_second_factor) or clock.is_sandbox():
        return actor, False
    return replace(actor, roles=actor.roles - SECOND_FACTOR_ROLES), True


def must_have_second_factor(person_id: int) -> bool:
    """True for operators and exchange staff outside the sandbox."""
    held = memberships_of(person_id).filter(role__in=[r.value for r in SECOND_FACTOR_ROLES])
    return held.exists() and not clock.is_sandbox()


def person_by_username(username: str) -> Person | None:
    return Person.objects.filter(username=username).first()


def person(person_id: int) -> Person | None:
    return Person.objects.filter(pk=person_id).first()


def names(person_ids: Collection[int]) -> dict[int, str]:
    """What these persons are called, by number."""
    return dict(Person.objects.filter(pk__in=person_ids).values_list("pk", "name"))


def mail_choice(person: Person) -> str:
    """What the person wants to be told by e-mail: a key of MAIL_CHOICES."""
    chosen = person.preferences.get("mail")
    return chosen if chosen in MAIL_CHOICES else DEFAULT_MAIL


def people(*, q: str = "", state: str = "") -> QuerySet[Person]:
    """For the operator's list. `state`: active, unconfirmed, suspended, erased or "" for all."""
    found = Person.objects.all()
    if q:
        found = found.filter(
            Q(name__icontains=q) | Q(username__icontains=q) | Q(email__icontains=q)
        )
    unconfirmed = Q(is_active=False, email_verified_at=None, email__isnull=False)
    conditions = {
        "active": Q(is_active=True),
        "unconfirmed": unconfirmed,
        "suspended": Q(is_active=False, erased_at=None) & ~unconfirmed,
        "erased": Q(erased_at__isnull=False),
    }
    return found.filter(conditions.get(state, Q())).order_by("-id")


def organisation(organisation_id: int) -> Organisation | None:
    return Organisation.objects.filter(pk=organisation_id).first()


def members(organisation_id: int) -> QuerySet[Membership]:
    """Who belongs to the organisation now."""
    return (
        Membership.objects.filter(organisation_id=organisation_id, period__contains=clock.now())
        .select_related("person", "organisation")
        .order_by("id")
    )


def tags(organisation_id: int) -> QuerySet[OrganisationTag]:
    return OrganisationTag.objects.filter(organisation_id=organisation_id).order_by(
        "kind", "code", "source"
    )


def open_invitations(organisation_id: int) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        organisation_id=organisation_id, accepted_at=None, expires_at__gt=clock.recorded_now()
    ).order_by("-id")


def claims(*, state: str = "pending") -> QuerySet[Claim]:
    return Claim.objects.filter(state=state).select_related("person", "organisation").order_by("id")


def claims_of(person_id: int) -> QuerySet[Claim]:
    return Claim.objects.filter(person_id=person_id).select_related("organisation").order_by("-id")


def sessions_of(person_id: int) -> QuerySet[BrowserSession]:
    return BrowserSession.objects.filter(person_id=person_id).order_by("-seen_at")


def identities_of(person_id: int) -> QuerySet[Identity]:
    """What other providers know this person by."""
    return Identity.objects.filter(person_id=person_id).order_by("id")


def tokens_of(person_id: int) -> QuerySet[Token]:
    """The tokens that still work."""
    return Token.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=clock.recorded_now()),
        person_id=person_id,
        revoked_at=None,
    ).order_by("-id")


def organisations(*, kind: str = "", q: str = "", state: str = "") -> QuerySet[Organisation]:
    found = Organisation.objects.all()
    if state:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    if q:
        found = found.filter(Q(name__icontains=q) | Q(short_name__icontains=q) | Q(uscc=q.upper()))
    return found.order_by("sort_name", "id")


def people_with_role(
    role: Role, organisation_ids: Collection[int] | None = None
) -> QuerySet[Person]:
    """Who holds the role now (in these organisations)."""
    return people_with_roles([role], organisation_ids)


def people_with_roles(
    roles: Collection[Role], organisation_ids: Collection[int] | None = None
) -> QuerySet[Person]:
    """Who holds one of the roles now (in these organisations), each once."""
    held = Membership.objects.filter(role__in=roles, period__contains=clock.now())
    if organisation_ids is not None:
        held = held.filter(organisation_id__in=organisation_ids)
    return Person.objects.filter(pk__in=held.values("person_id"), is_active=True)


def is_verified_broker(organisation_id: int) -> bool:
    """Is this a technology broker (a showroom) that the operator has verified?"""
    return Organisation.objects.filter(pk=organisation_id, kind="broker", state="verified").exists()


def has_somebody_come() -> bool:
    """Has anybody signed in, or been given a token, ever?"""
    return BrowserSession.objects.exists() or Token.objects.exists()
