"""Work of this room that falls due: notices whose days are over."""

from __future__ import annotations

from datetime import datetime

from yangbanjian.ground.clock.jobs import due
from yangbanjian.market.trading import actions

BATCH = 200


@due("trading.notices")
def end_notices(now: datetime) -> int:
    """End the notices whose period has run out."""
    return actions.end_due(now=now, most=BATCH)
