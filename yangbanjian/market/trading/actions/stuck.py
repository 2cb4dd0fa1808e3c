"""Lots that the worker could not close or decide: written down, tried again later and later, told by
`ybj doctor` and by the report of due work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.market.trading.models import Stuck

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=1)
LONGEST_ERROR = 500
_SAID = {
    "close": "lot %d could not be closed",
    "decide": "what waits for lot %d could not be decided",
}


def wait_after(tries: int) -> timedelta:
    """How long the next try waits after so many: twice as long each time, a minute at most."""
    doublings = min(max(tries - 1, 0), 10)
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))


def resting(at: datetime) -> set[int]:
    """The lots that are not to be tried yet, by recorded time."""
    with acting(SYSTEM):
        return set(Stuck.objects.filter(next_at__gt=at).values_list("lot_id", flat=True))


def attempt(lot_id: int, what: str, work: Callable[[], bool]) -> bool:
    """What `work` answers; False where it failed, which keeps the other lots from nothing. The whole
    trace is logged at the first, second, fourth, eighth … try."""
    try:
        done = work()
    except Exception as failure:
        tries = _note(lot_id, what, failure)
        if tries & (tries - 1) == 0:
            log.exception(_SAID[what], lot_id)
        return False
    with acting(SYSTEM):
        Stuck.objects.filter(pk=lot_id, what=what).delete()
    return done


def _note(lot_id: int, what: str, failure: Exception) -> int:
    """Write down that it failed; how often it has by now."""
    at = clock.recorded_now()
    with acting(SYSTEM):
        row = Stuck.objects.select_for_update(no_key=True).filter(pk=lot_id).first()
        row = row or Stuck(pk=lot_id, tries=0, since=at)
        row.what, row.error = what, repr(failure)[:LONGEST_ERROR]
        row.tries += 1
        row.next_at = at + wait_after(row.tries)
        row.save()
        return row.tries
