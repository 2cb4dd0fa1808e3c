"""Who sees what was paid out, who says that it failed and has it repeated."""

from __future__ import annotations

from django.db.models import Q

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.market.trading.models import Payout
from yangbanjian.market.trading.policy.way import EXCHANGE_ONLY, is_exchange


def may_pay_out(actor: Actor) -> Answer:
    """Repeat a payment, or say that the bank has not made it: the exchange."""
    if actor.is_anonymous:
        return SIGN_IN
    return YES if is_exchange(actor) else EXCHANGE_ONLY


def payouts_for(actor: Actor) -> Q:
    """Who is paid theirs, the seller all of the deal, the staff all; never the buyer."""
    if is_exchange(actor) or actor.has_any(Role.AUDITOR):
        return Q()
    mine = sorted(actor.mandates)
    return Q(owner_id__in=mine) | Q(deal__owner_id__in=mine)


def sees_account(actor: Actor, one: Payout) -> bool:
    """The number of the payee's account: theirs, and the staff's."""
    return one.owner_id in actor.mandates or is_exchange(actor) or actor.has_any(Role.AUDITOR)
