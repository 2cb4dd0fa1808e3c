"""Who may see a lot, bid for it, run it, keep a share of its key."""

from __future__ import annotations

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading.models import Lot
from yangbanjian.market.trading.policy.listings import NO_ORGANISATION
from yangbanjian.market.trading.policy.way import EXCHANGE_ONLY, is_exchange, is_owner

NOT_A_HOLDER = Answer(
    False,
    "sealing.not_a_holder",
    gettext_noop("密钥份额由交易机构、转让方和审计人员各持一份，您不是其中一方。"),
)
# The houses that keep a share each, in the order of their places.
HOLDERS = ("exchange", "seller", "auditor")


def may_see_lot(actor: Actor, lot: Lot) -> bool:
    """Everybody may watch what is public; before that, the seller and the staff."""
    if lot.state != "waiting" or lot.listing.published_at is not None:
        return True
    return actor.acts_for(lot.owner_id) or is_exchange(actor) or actor.has_any(Role.AUDITOR)


def may_bid(actor: Actor) -> Answer:
    """Send something for a verdict: whoever acts for an organisation. Whether it may bid for this
    lot is part of the verdict."""
    if actor.is_anonymous or actor.person_id is None:
        return SIGN_IN
    return YES if actor.organisation_id is not None else NO_ORGANISATION


def may_run_lot(actor: Actor) -> Answer:
    """Pause a lot, let it run on."""
    if actor.is_anonymous:
        return SIGN_IN
    return YES if is_exchange(actor) else EXCHANGE_ONLY


def sees_identities(actor: Actor) -> bool:
    """Who knows, after the end, whom a plate stood for: the staff."""
    return is_exchange(actor) or actor.has_any(Role.AUDITOR)


def holder_role(actor: Actor, lot: Lot) -> str:
    """For which house the actor may keep a share of the lot's key; "" for none."""
    if actor.is_anonymous or actor.person_id is None:
        return ""
    if is_owner(actor, lot.owner_id) and actor.organisation_id == lot.owner_id:
        return "seller"
    if actor.has_any(Role.AUDITOR):
        return "auditor"
    return "exchange" if actor.has_any(Role.EXCHANGE) else ""


def may_hold(actor: Actor, lot: Lot) -> Answer:
    """Keep a share, hand it in."""
    if actor.is_anonymous:
        return SIGN_IN
    return YES if holder_role(actor, lot) else NOT_A_HOLDER
