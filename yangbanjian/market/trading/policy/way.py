"""Who may decide, give notice, object, rule, register."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading.models import Objection, PublicNotice

NOT_THE_OWNER = Answer(
    False, "trading.not_the_owner", gettext_noop("只有成果持有单位的成果转化人员可以办这件事。")
)
NOT_A_RULER = Answer(
    False,
    "trading.not_a_ruler",
    gettext_noop("异议由持有单位或交易机构处理，您不能裁定。"),
)
SECOND_PERSON = Answer(
    False,
    "trading.second_person",
    gettext_noop("第一次裁定的人不能再裁定申诉，请由交易机构的另一人办理。"),
)
OWN_NOTICE = Answer(
    False, "trading.own_notice", gettext_noop("您自己单位的公示，请直接变更或撤回，不用提异议。")
)
EXCHANGE_ONLY = Answer(
    False, "trading.exchange_only", gettext_noop("这一步由交易机构办理，请联系交易机构。")
)
NOT_THE_OBJECTOR = Answer(
    False, "trading.not_the_objector", gettext_noop("只有提出异议的人可以申诉。")
)
SHOWN = ("open", "paused", "ended", "stopped")


def is_exchange(actor: Actor) -> bool:
    return actor.has_any(Role.EXCHANGE, Role.OPERATOR)


def is_owner(actor: Actor, owner_id: int) -> bool:
    """Does the actor speak for the owner on the floor? Its transfer officers, or whoever acts for
    an owner that has none; the broker in custody does not decide for it."""
    return actor.acts_for(owner_id) and actor.has_any(
        Role.TTO, Role.ENTERPRISE, Role.OPERATOR, Role.BROKER
    )


def may_prepare(actor: Actor, owner_id: int) -> Answer:
    """Record a decision, a statement, a way; draft, open, change, withdraw a notice."""
    if actor.is_anonymous:
        return SIGN_IN
    return YES if is_owner(actor, owner_id) else NOT_THE_OWNER


def may_object(actor: Actor, notice: PublicNotice) -> Answer:
    """Anybody but those who give the notice, also without an account."""
    if not actor.is_anonymous and not actor.is_system and actor.acts_for(notice.owner_id):
        return OWN_NOTICE
    return YES


def may_rule(actor: Actor, objection: Objection) -> Answer:
    """The first ruling: the unit (its leading group) or the exchange. An appeal: the exchange, and
    another person."""
    if actor.is_anonymous:
        return SIGN_IN
    if objection.state == "appealed":
        if not is_exchange(actor):
            return EXCHANGE_ONLY
        return SECOND_PERSON if actor.person_id == objection.ruled_by else YES
    if is_owner(actor, objection.owner_id) or is_exchange(actor):
        return YES
    return NOT_A_RULER


def may_appeal(actor: Actor, objection: Objection) -> Answer:
    """Who made it, signed in."""
    if actor.is_anonymous:
        return SIGN_IN
    if objection.made_by is not None and objection.made_by == actor.person_id:
        return YES
    return NOT_THE_OBJECTOR


def may_register(actor: Actor) -> Answer:
    """Write in the register of rights."""
    if actor.is_anonymous:
        return SIGN_IN
    return YES if is_exchange(actor) else EXCHANGE_ONLY


def may_see_inside(actor: Actor, owner_id: int) -> bool:
    """The unit's own papers: drafts, decisions, statements, who objected."""
    return actor.acts_for(owner_id) or is_exchange(actor) or actor.has_any(Role.AUDITOR)


def notices_for(actor: Actor) -> Q:
    """Everybody what is or was public, the unit and the staff all."""
    if is_exchange(actor) or actor.has_any(Role.AUDITOR):
        return Q()
    return Q(state__in=SHOWN) | Q(owner_id__in=sorted(actor.mandates))


def objections_for(actor: Actor) -> Q:
    """Who gives the notice, who objected, the staff."""
    if is_exchange(actor) or actor.has_any(Role.AUDITOR):
        return Q()
    mine = Q(owner_id__in=sorted(actor.mandates))
    return mine | Q(made_by=actor.person_id) if actor.person_id else mine


def moves_of(actor: Actor, owner_id: int) -> tuple[str, ...]:
    """What the actor is to a notice, in the words of its state table."""
    kinds = []
    if is_owner(actor, owner_id):
        kinds.append("owner")
    if is_exchange(actor):
        kinds.append("exchange")
    if actor.is_system:
        kinds.append("system")
    return tuple(kinds)


def party(record: Any) -> int:
    """The organisation that a row on the floor belongs to."""
    owner_id: int = record.owner_id
    return owner_id
