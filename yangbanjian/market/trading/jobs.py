"""Work of this room that falls due: notices whose days are over, lots that may be."""

from __future__ import annotations

from datetime import datetime

from yangbanjian.ground.clock.jobs import due
from yangbanjian.market.trading import actions

BATCH = 200


@due("trading.notices")
def end_notices(now: datetime) -> int:
    """End the notices whose period has run out."""
    return actions.end_due(now=now, most=BATCH)


@due("trading.lots")
def close_lots(now: datetime) -> int:
    """Close the lots whose time is up."""
    return actions.close_due(now=now, most=BATCH)


@due("trading.verdicts")
def forget_verdicts(_now: datetime) -> int:
    """Empty the inbox of what was decided long ago."""
    return actions.forget_verdicts(most=BATCH * 10)


def look_after_lots() -> int:
    """Between two rounds of due work: a lot is closed within a second of its time."""
    return actions.look_after()
