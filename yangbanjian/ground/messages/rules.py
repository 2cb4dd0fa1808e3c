"""Which messages go out by e-mail, and when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

# Time to read it here first, and for what belongs together to come together.
PATIENCE: Final = timedelta(minutes=3)
# Older than this is no news: e-mail that is set up late doesn't send a year's messages.
NEWS_FOR: Final = timedelta(days=7)
# How long a mail waits that the server did not take this time.
NEXT_TRY: Final = timedelta(minutes=15)


class Message(Protocol):
    """What is asked of a message here."""

    needs_action: bool
    made_at: datetime


M = TypeVar("M", bound=Message)


def last_digest(now: datetime, zone: ZoneInfo, hour: int) -> datetime:
    """The newest moment, not after `now`, at which a day's digest is made up."""
    here = now.astimezone(zone)
    at = datetime.combine(here.date(), time(hour), zone)
    return at if at <= now else datetime.combine(here.date() - timedelta(days=1), time(hour), zone)


def to_mail(choice: str, waiting: Sequence[M], now: datetime, digest_at: datetime) -> list[M]:
    """Which of a person's waiting messages go out now, in one mail; none when none is due."""
    if choice == "nothing":
        return []
    urgent = [m for m in waiting if m.needs_action]
    if choice == "answer":
        return urgent if _ripe(urgent, now) else []
    if choice == "at_once":
        return list(waiting) if _ripe(waiting, now) else []
    if any(m.made_at < digest_at for m in waiting if not m.needs_action):
        return list(waiting)
    return urgent if _ripe(urgent, now) else []


def _ripe(messages: Sequence[Message], now: datetime) -> bool:
    return any(m.made_at <= now - PATIENCE for m in messages)
