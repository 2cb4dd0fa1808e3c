"""Trying a bid before bidding begins: read, judged, and forgotten."""

from __future__ import annotations

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy
from yangbanjian.market.trading.models import Lot
from yangbanjian.market.trading.queries import lots
from yangbanjian.market.trading.rules import checking, trials
from yangbanjian.market.trading.rules.lots import Answer, Bid, Method


def is_before_bidding(lot: Lot) -> bool:
    """Is the lot public, and has its bidding not begun?"""
    return lot.state == "waiting" and lot.listing.published_at is not None


def takes_trials(lot: Lot) -> bool:
    """Can a bid be tried for the lot now?"""
    return is_before_bidding(lot) and trials.takes_trials(Method(lot.method))


def trial(actor: Actor, lot_id: int, amount_fen: int) -> Answer:
    """The verdict that this amount would have as the first bid, at the opening, with the actor's
    standing of now. Nothing is written, nobody is waited for. Raises NotAllowed, NotFound, Invalid;
    Conflict once bidding has begun, and for sealed bids."""
    policy.may_bid(actor).or_refuse()
    lot = lots.lot(actor, lot_id)
    problems = list(checking.problems_of_amount("amount_fen", amount_fen))
    if problems:
        raise Invalid("bids.invalid", gettext_noop("有几处需要修改，请看各栏的提示。"), problems)
    if not is_before_bidding(lot):
        sentence = gettext_noop("试报价只在竞价开始以前，现在不能试。请刷新页面，看标的的状态。")
        raise Conflict("trading.trial_over", sentence)
    if not trials.takes_trials(Method(lot.method)):
        sentence = gettext_noop("一次报价没有平台上的试报价，请在竞价厅里试着封存一次。")
        raise Conflict("trading.no_trial", sentence)
    owner_id = actor.organisation_id
    assert owner_id is not None
    with acting(SYSTEM):  # a hold and what became of it are told of by several accounts
        bidder = lots.bidders(lot, [owner_id]).get(owner_id)
    is_operator = actor.has_any(Role.OPERATOR, Role.EXCHANGE, Role.AUDITOR)
    standing = lots.standing_of(lot, owner_id, bidder, is_operator=is_operator)
    plate = bidder.plate if bidder else ""
    bid = Bid(id="trial", plate=plate, amount_fen=amount_fen, standing=standing)
    now = clock.now()
    opens_at = max(lot.listing.disclosure_ends_at or now, now)
    return trials.trial(lots.terms(lot, opens_at), bid)
