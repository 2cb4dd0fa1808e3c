"""One rule, three answers: whether somebody may, to what, and who else."""

from __future__ import annotations

from typing import Any

import pytest

from tests import make
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import actions, policy, queries
from yangbanjian.ground.people.models import (
    BrowserSession,
    Claim,
    Membership,
    Organisation,
    Person,
    Token,
)
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Role

pytestmark = pytest.mark.django_db


def test_may_which_and_who_agree() -> None:
    home, other = make.organisation(), make.organisation("university")
    persons = [
        make.person(),
        make.person(Role.OPERATOR),
        make.person(Role.BROKER),
        make.person(Role.ENTERPRISE, home),
        make.person(Role.EXPERT, home),
        make.person(Role.TTO, other),
    ]
    both = make.person(Role.ENTERPRISE, home)
    Membership.objects.create(
        person=both, organisation=other, role="tto", period=(home.created_at, None)
    )
    persons.append(both)
    for person in persons:
        actions.create_token(actor=SYSTEM, person_id=person.pk)
        actions.open_session(actor=SYSTEM, person_id=person.pk, session_key=f"k{person.pk}")
    for state in ("pending", "refused"):
        Claim.objects.create(
            person=persons[0], organisation=home, role="expert", state=state, made_at=clock.now()
        )
    actors = [
        (person, queries.actor_of(person, organisation))
        for person in persons
        for organisation in ([home.pk, other.pk] if person == both else [None])
    ]
    rules: list[tuple[Any, Any]] = [
        (policy.CHANGE_ORGANISATION, Organisation),
        (policy.INVITE, Organisation),
        (policy.JUDGE_ORGANISATION, Organisation),
        (policy.CONFIRM_TAG, Organisation),
        (policy.DECIDE_CLAIM, Claim),
        (policy.END_MEMBERSHIP, Membership),
        (policy.REVOKE_TOKEN, Token),
        (policy.END_SESSION, BrowserSession),
        (policy.ERASE, Person),
    ]
    seen = set()
    for rule, table in rules:
        for subject in table.objects.all():
            who = set(rule.who(subject).values_list("pk", flat=True))
            allowed = set()
            for person, actor in actors:
                answer = rule.may(actor, subject)
                assert answer.allowed == rule.which(actor).filter(pk=subject.pk).exists(), rule.verb
                assert answer.allowed or answer.reason
                seen.add((rule.verb, answer.allowed))
                if answer.allowed:
                    allowed.add(person.pk)
            assert who == allowed, rule.verb
            assert not rule.may(ANONYMOUS, subject).allowed
            assert not rule.which(ANONYMOUS).filter(pk=subject.pk).exists()
    assert len(seen) == 2 * len(rules), "each rule says yes to some and no to others"
