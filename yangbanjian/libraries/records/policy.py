"""Who may do what to a library record. Each answer says why, so that a page can."""

from __future__ import annotations

from typing import Any

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records.queries import Library

NOT_YOURS = Answer(
    False,
    "records.not_yours",
    gettext_noop("这条记录属于别的单位，请联系该单位或运营人员。"),
)
NO_ORGANISATION = Answer(
    False,
    "records.no_organisation",
    gettext_noop("您还没有所属单位。请先认领或登记单位，再发布。"),
)
NOT_THIS_ROLE = Answer(
    False,
    "records.not_this_role",
    gettext_noop("您在本单位的角色不能发布这类内容，请找单位管理员或运营人员。"),
)


def may_add(actor: Actor, owner_id: int | None, roles: frozenset[Role]) -> Answer:
    """May the actor add a record for this owner, in one of these roles?"""
    if actor.is_anonymous:
        return SIGN_IN
    if actor.is_operator:
        return YES
    if owner_id is None:
        return NO_ORGANISATION
    if not actor.acts_for(owner_id):
        return NOT_YOURS
    return YES if actor.has_any(*roles) else NOT_THIS_ROLE


def may_revise(actor: Actor, library: Library, record: Any) -> Answer:
    """May the actor change this record?"""
    if actor.is_anonymous:
        return SIGN_IN
    return YES if library.may_write(actor, record) else NOT_YOURS


def kinds_of(actor: Actor, library: Library, record: Any) -> frozenset[str]:
    """What the actor is to this record, in the words of the state table."""
    kinds = set()
    if library.may_write(actor, record):
        kinds.add("owner")
    if actor.is_operator:
        kinds.add("operator")
    if actor.is_system:
        kinds.add("system")
    return frozenset(kinds)


def may_star(actor: Actor) -> Answer:
    """May the actor mark records? Whoever is somebody may; which ones, `queries.get` decides."""
    return YES if actor.person_id is not None else SIGN_IN


def may_moderate(actor: Actor) -> Answer:
    """May the actor decide about what others submit?"""
    if actor.is_operator:
        return YES
    return Answer(False, "records.operators_only", gettext_noop("只有运营人员可以审核。"))
