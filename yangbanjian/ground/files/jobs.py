"""The room's regular work: every content is compared with its name once a month."""

from __future__ import annotations

from datetime import datetime

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.files import actions, queries
from yangbanjian.kernel.actor import SYSTEM


@due("files.check")
def check(_now: datetime) -> int:
    """Some contents a call, by recorded time: disks do not age by a sandbox clock."""
    before = clock.recorded_now() - queries.CHECKED_EVERY
    return actions.check_some(actor=SYSTEM, before=before)
