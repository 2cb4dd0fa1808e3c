"""Work of this room that falls due: holds whose time has run out."""

from __future__ import annotations

from datetime import datetime

from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.ledger import actions
from yangbanjian.kernel.actor import SYSTEM

BATCH = 1000


@due("ledger.expire")
def expire(_now: datetime) -> int:
    """Give back what holds reserved. The database's own business clock says which are late."""
    return actions.expire_due(actor=SYSTEM, most=BATCH)
