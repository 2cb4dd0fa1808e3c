"""Reading what was paid out of deals."""

from __future__ import annotations

from django.db.models import QuerySet

from yangbanjian.ground.bank import queries as bank
from yangbanjian.ground.bank.actions import number_of
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy
from yangbanjian.market.trading.models import Payout


def payouts(actor: Actor) -> QuerySet[Payout]:
    """The payments that this actor may see, the latest first."""
    found = Payout.objects.filter(policy.payouts_for(actor))
    return found.select_related("owner", "deal__listing").order_by("-id")


def payout(actor: Actor, payout_id: int) -> Payout:
    found = payouts(actor).filter(pk=payout_id).first()
    if found is None:
        raise NotFound("payouts.not_found", gettext_noop("没有找到这笔付款，请核对编号。"))
    return found


def payee_number(owner_id: int) -> str:
    """Where an organisation is paid: the account that it has named, in a sandbox its own at the
    sandbox's bank; "" where nothing is known."""
    with acting(SYSTEM):  # whoever orders the payment uses it without being told more
        named = bank.payee_of(owner_id)
    if named is not None:
        return named.number
    return number_of(owner_id) if clock.is_sandbox() else ""


def is_house(owner_id: int) -> bool:
    """Is it an exchange, whose money is at home already?"""
    found = people.organisation(owner_id)
    return found is not None and found.kind == "exchange"
