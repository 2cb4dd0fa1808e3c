"""Making an installation, and moving the sandbox clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.db.models import F

from yangbanjian.ground.clock import queries
from yangbanjian.ground.clock.models import Installation
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed
from yangbanjian.kernel.words import gettext_noop

LONGEST_ADVANCE = timedelta(days=3660)
FARTHEST = timedelta(days=36600)  # dates end with the year 9999, and a clock never goes back


def settle_installation(*, is_sandbox: bool, offset: timedelta = timedelta(0)) -> bool:
    """Write the one row when the folder is new; True if it was. Refuses a change of kind."""
    with acting(SYSTEM):
        row, created = Installation.objects.get_or_create(
            id=1,
            defaults={
                "is_sandbox": is_sandbox,
                "offset_seconds": int(offset.total_seconds()) if is_sandbox else 0,
            },
        )
    if row.is_sandbox and not is_sandbox:
        raise Conflict(
            "clock.sandbox_folder",
            gettext_noop(
                "这个数据目录是演示用的（沙盒），不能正式运行。请换一个空目录，或设 YBJ_SANDBOX=1。"
            ),
        )
    return created


def advance(*, actor: Actor, by: timedelta) -> datetime:
    """Move the sandbox's business clock forward; returns the new business time.

    The caller runs the due work afterwards (`clock.jobs.run_due`), outside this transaction.
    """
    if not queries.is_sandbox():
        raise NotAllowed("clock.not_sandbox", gettext_noop("只有演示环境才能拨动时钟。"))
    if by < timedelta(0):
        raise Invalid("clock.backwards", gettext_noop("时钟只能往前拨。"))
    if by > LONGEST_ADVANCE:
        raise Invalid("clock.too_far", gettext_noop("一次最多往前拨 10 年。"))
    with acting(actor):
        business, recorded = queries.both()
        if business + by - recorded > FARTHEST:
            raise Invalid("clock.too_far", gettext_noop("演示时钟最多走到 100 年后。"))
        # Whole seconds, upwards: who moves the clock to a moment finds it reached.
        Installation.objects.filter(id=1).update(
            offset_seconds=F("offset_seconds") + ceil(by.total_seconds())
        )
        return queries.now()
