"""Who may sign, report, hand over, default, settle; who sees the inside of a deal."""

from __future__ import annotations

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading.models import Deal
from yangbanjian.market.trading.policy.way import EXCHANGE_ONLY, is_exchange, is_owner

NOT_A_PARTY = Answer(
    False, "deals.not_a_party", gettext_noop("只有这笔交易的买卖双方可以办这一步。")
)
PARTIES_ONLY = Answer(
    False,
    "deals.parties_only",
    gettext_noop("这部分内容只对交易双方和交易机构开放，请用相应账号登录。"),
)
ANOTHER_PERSON = Answer(
    False,
    "trading.second_person",
    gettext_noop("这一步要由另一个人确认，提出或签发的人不能自己办。"),
)


def sides_of(actor: Actor, deal: Deal) -> tuple[str, ...]:
    """What the actor is to a deal, in the words of its state table."""
    kinds = []
    if is_owner(actor, deal.owner_id):
        kinds.append("owner")
    if actor.acts_for(deal.buyer_id) and not actor.is_system:
        kinds.append("buyer")
    if is_exchange(actor):
        kinds.append("exchange")
    if actor.is_system:
        kinds.append("system")
    return tuple(kinds)


def may_as(actor: Actor, deal: Deal, *kinds: str) -> Answer:
    """Is the actor one of these to the deal?"""
    if actor.is_anonymous:
        return SIGN_IN
    if set(kinds) & set(sides_of(actor, deal)):
        return YES
    return EXCHANGE_ONLY if kinds == ("exchange",) else NOT_A_PARTY


def may_see_deal(actor: Actor, deal: Deal) -> Answer:
    """Contract, payments and split: both parties, the exchange, the auditor."""
    if sides_of(actor, deal) or actor.acts_for(deal.owner_id) or actor.has_any(Role.AUDITOR):
        return YES
    return SIGN_IN if actor.is_anonymous else PARTIES_ONLY


def may_be_second(actor: Actor, proposed_by: int | None) -> Answer:
    """Two-person acts: another person of the exchange than who began it."""
    if actor.is_anonymous:
        return SIGN_IN
    if not is_exchange(actor):
        return EXCHANGE_ONLY
    return ANOTHER_PERSON if actor.person_id is None or actor.person_id == proposed_by else YES
