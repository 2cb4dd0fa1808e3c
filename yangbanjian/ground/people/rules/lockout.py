"""When too many attempts to sign in have failed.

Once locked, further attempts aren't looked at and aren't stored, so a flood of them adds no rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
MOST_FAILURES = 5
# An office or a campus shares one address, so an address bears more than a name.
MOST_FROM_ADDRESS = 30


def locked_until(failures: Sequence[datetime], limit: int, now: datetime) -> datetime | None:
    """The time when the next attempt is looked at, or None when it may be made now."""
    recent = sorted(at for at in failures if at > now - WINDOW)
    return recent[-limit] + WINDOW if len(recent) >= limit else None
