"""动态报价: bidding opens with the notice; who qualifies on the way joins on the way.

The amounts and the time are those of rising bids. What differs stands in the terms: the free
period is that of the notice, and with `needs_free_bid` it decides whether there is a timed period
at all; without one the lot ends with no bid, and may be run again if the seller asks.
"""

from __future__ import annotations

from datetime import datetime

from yangbanjian.market.trading.rules import rising
from yangbanjian.market.trading.rules.lots import Answer, Bid, Ceiling, State, Terms


def decide(lot: Terms, state: State, bid: Bid, now: datetime) -> tuple[State, Answer]:
    """As `rising.decide`; eligibility is asked of each bid, so nobody has to be there at first."""
    return rising.decide(lot, state, bid, now)


def set_ceiling(lot: Terms, state: State, ceiling: Ceiling, now: datetime) -> tuple[State, Answer]:
    """As `rising.set_ceiling`."""
    return rising.set_ceiling(lot, state, ceiling, now)
