"""Who may write, try and publish editions. What is published everybody may read."""

from __future__ import annotations

from django.db.models import QuerySet

from yangbanjian.ground.people import policy as people
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.ground.rulebook.rules.editions import IN_PRINT
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop

OPERATORS_ONLY = Answer(
    False,
    "rulebook.operators_only",
    gettext_noop("只有运营人员可以起草和发布规则，请联系运营人员。"),
)
STAFF_ONLY = Answer(
    False, "rulebook.staff_only", gettext_noop("草稿和试算只对运营人员和审计人员开放。")
)
SECOND_PERSON = Answer(
    False,
    "rulebook.second_person",
    gettext_noop("起草的人不能自己发布，请让另一位运营人员核对后发布。"),
)


def may_write(actor: Actor) -> Answer:
    """Draft, change and withdraw."""
    if actor.is_operator and not actor.is_system:
        return YES
    return SIGN_IN if actor.is_anonymous else OPERATORS_ONLY


def may_try(actor: Actor) -> Answer:
    """See drafts and who would change."""
    if actor.has_any(Role.OPERATOR, Role.AUDITOR):
        return YES
    return SIGN_IN if actor.is_anonymous else STAFF_ONLY


def is_alone(actor: Actor) -> bool:
    """Is there no other operator who could look at it? Persons count, not accounts' memberships."""
    return not people.operators().exclude(pk=actor.person_id or 0).exists()


def may_publish(actor: Actor, draft: Edition) -> Answer:
    """Another operator than the author; the author only where there is no other one."""
    answer = may_write(actor)
    if not answer.allowed or draft.author_id != actor.person_id or is_alone(actor):
        return answer
    return SECOND_PERSON


def readable(actor: Actor) -> QuerySet[Edition]:
    """What this actor may read: everybody what was published, staff all."""
    found = Edition.objects.all()
    return found if may_try(actor).allowed else found.filter(state__in=IN_PRINT)
