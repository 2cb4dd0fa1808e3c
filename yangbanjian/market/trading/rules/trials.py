"""A trial bid (试报价): the verdict that a bid would have if it were the first, at the opening."""

from __future__ import annotations

from yangbanjian.market.trading.rules import timing
from yangbanjian.market.trading.rules.course import DECIDERS
from yangbanjian.market.trading.rules.lots import Answer, Bid, Method, Terms


def takes_trials(method: Method) -> bool:
    """Are there open bids to try? What is sealed is opened with everybody's, or not at all."""
    return Bid in DECIDERS[method]()


def trial(lot: Terms, bid: Bid) -> Answer:
    """The verdict of the lot's own `decide` on an empty state at `opens_at`; the state that follows
    from it is nobody's. Raises KeyError for a method without open bids."""
    _, answer = DECIDERS[lot.method]()[Bid](lot, timing.opening(lot), bid, lot.opens_at)
    return answer
