"""Who may look into what is an owner's, and who reads of it."""

from __future__ import annotations

from django.db.models import QuerySet

from yangbanjian.ground.access.models import Grant
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop

OPERATORS_ONLY = Answer(
    False, "access.operators_only", gettext_noop("只有运营人员需要并且可以打开查阅。")
)


def may_open(actor: Actor) -> Answer:
    """Open a look, and end one: a person who is an operator."""
    if Role.OPERATOR in actor.roles and actor.person_id is not None:
        return YES
    return SIGN_IN if actor.is_anonymous else OPERATORS_ONLY


def readable(actor: Actor) -> QuerySet[Grant]:
    """An organisation reads who looked into what is its own; operators and auditors read all."""
    found = Grant.objects.all()
    if actor.has_any(Role.OPERATOR, Role.AUDITOR):
        return found
    return found.filter(owner_id__in=sorted(actor.mandates))
