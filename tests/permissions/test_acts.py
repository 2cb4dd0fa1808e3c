"""Who may do what by the verbs that only pages have: one table, tried by every caller.

What is forbidden must also leave every row as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.db import transaction

from tests import make, signing
from tests.faces.matching import direction_between
from tests.permissions.cells import NOBODY, OPERATOR, OWN
from tests.permissions.contents import everything
from yangbanjian.engines.matching import actions as matching
from yangbanjian.engines.matching import queries as matching_queries
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.people.models import Claim, Organisation, Person, Token
from yangbanjian.ground.people.providers import Proven
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.ground.site import actions as site
from yangbanjian.kernel.actor import ANONYMOUS, Actor, Role
from yangbanjian.kernel.refusals import NotAllowed, NotFound

pytestmark = pytest.mark.django_db


class Place(NamedTuple):
    """What there is for them: an organisation, its person, somebody else, a claim."""

    organisation: Organisation
    own: Person
    somebody: Person
    claim: Claim


Act = Callable[[Actor, Place], object]


def _introduction_of(provider: Person) -> int:
    """The introduction under way that waits for this person's answer."""
    found = matching_queries.matches(actor_of(provider)).filter(state="interested")
    return int(found.values_list("pk", flat=True).get())


ACTS: dict[str, tuple[Act, frozenset[str]]] = {
    # Time alone ends an introduction, whoever asks.
    "matches.lapse by a party": (
        lambda a, p: matching.move(actor=a, match_id=_introduction_of(p.own), name="lapse"),
        frozenset(),
    ),
    "site.change": (
        lambda a, p: site.change(actor=a, values={"valid_days": 100}), OPERATOR,
    ),
    "people.create_user": (
        lambda a, p: people.create_user(actor=a, role="expert", name="新来者"), OPERATOR,
    ),
    "people.add_membership": (
        lambda a, p: people.add_membership(
            actor=a, person_id=p.somebody.pk, organisation_id=p.organisation.pk, role="expert"
        ), OPERATOR,
    ),
    "people.suspend_person": (
        lambda a, p: people.suspend_person(actor=a, person_id=p.somebody.pk, reason="停用"),
        OPERATOR,
    ),
    "people.decide_claim": (
        lambda a, p: people.decide_claim(actor=a, claim_id=p.claim.pk, is_right=True), OPERATOR,
    ),
    "people.confirm_tag": (
        lambda a, p: people.confirm_tag(
            actor=a, organisation_id=p.organisation.pk, kind="field", code="green"
        ), OPERATOR | {"broker"},
    ),
    "people.set_stated_tags": (
        lambda a, p: people.set_stated_tags(
            actor=a, organisation_id=p.organisation.pk, kind="field", codes=["green"]
        ), OPERATOR | {OWN},
    ),
    "people.ask_email_change": (
        lambda a, p: people.ask_email_change(
            actor=a, person_id=p.own.pk, email="new@example.com", password=signing.PASSWORD
        ), frozenset({OWN}),
    ),
    "people.set_preferences": (
        lambda a, p: people.set_preferences(actor=a, person_id=p.own.pk, mail="nothing"),
        frozenset({OWN}),
    ),
    "people.link_identity": (
        lambda a, p: people.link_identity(
            actor=a, person_id=p.own.pk, proven=Proven("https://id.example.com", "42")
        ), frozenset({OWN}),
    ),
    "people.unlink_identity": (
        lambda a, p: people.unlink_identity(actor=a, identity_id=p.own.identities.get().pk),
        frozenset({OWN}),
    ),
    "people.change_profile": (
        lambda a, p: people.change_profile(actor=a, person_id=p.own.pk, name="改名"),
        frozenset({OWN}),
    ),
    "people.end_all_sessions": (
        lambda a, p: people.end_all_sessions(actor=a, person_id=p.own.pk), OPERATOR | {OWN},
    ),
}  # fmt: skip


@pytest.fixture
def place(settings: Any) -> Place:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    organisation = make.organisation("university")
    somebody = make.person(Role.ENTERPRISE)
    claim = people.claim_organisation(
        actor=actor_of(somebody), role="tto", organisation_id=organisation.pk
    )
    make.person(Role.OPERATOR)
    own = signing.with_password(make.person(Role.TTO, of=organisation))
    people.link_identity(
        actor=actor_of(own), person_id=own.pk, proven=Proven("https://id.example.com", "7")
    )
    seeker = make.actor(Role.ENTERPRISE)
    match = direction_between(seeker, actor_of(own))
    matching.move(actor=seeker, match_id=match.pk, name="interested")
    return Place(organisation, own, somebody, claim)


@pytest.mark.parametrize("name", ACTS)
def test_the_table_of_acts_holds(name: str, place: Place) -> None:
    act, may = ACTS[name]
    callers = {NOBODY: ANONYMOUS, OWN: actor_of(place.own)}
    callers |= {role.value: make.actor(role) for role in Role}
    before = everything()
    allowed = set()
    for caller, actor in callers.items():
        with transaction.atomic():
            try:
                act(actor, place)
                allowed.add(caller)
            except (NotAllowed, NotFound):
                assert everything() == before, f"{caller} was refused, and yet something changed"
            transaction.set_rollback(True)
    assert allowed == may & set(callers)
    assert Token.objects.count() == 0
