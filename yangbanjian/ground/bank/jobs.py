"""Work of this room that falls due: in a sandbox, the bank pays what it was told to pay."""

from __future__ import annotations

from datetime import datetime, timedelta

from yangbanjian.ground.bank import actions
from yangbanjian.ground.clock.jobs import due

# A bank is not instant: a payment that has just been ordered can still be seen waiting.
TAKES = timedelta(hours=2)
BATCH = 100


@due("bank.sandbox")
def pay_what_was_ordered(now: datetime) -> int:
    """Carry out the payments that were ordered some hours ago; nothing outside a sandbox."""
    return actions.carry_out(before=now - TAKES, most=BATCH)
