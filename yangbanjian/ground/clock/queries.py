"""What time it is. Business time decides about deadlines and states; recorded time about
sessions, tokens and proofs. Both are the database's clock, so all processes agree."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from yangbanjian.ground.clock.models import Installation
from yangbanjian.kernel.calendar import Calendar, calendar_from

HOLIDAYS = Path(__file__).parent / "holidays.json"


def both() -> tuple[datetime, datetime]:
    """(business time, recorded time), aware UTC, read together."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t + make_interval(secs => COALESCE("
            "(SELECT offset_seconds FROM clock_installation), 0)), t"
            " FROM (SELECT clock_timestamp() AS t) AS c"
        )
        row = cursor.fetchone()
    assert row is not None
    return row[0], row[1]


def now() -> datetime:
    """Business time."""
    return both()[0]


def recorded_now() -> datetime:
    """Recorded time: the database's clock, never shifted."""
    return both()[1]


def site_zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def today() -> date:
    """The business date in the site's zone."""
    return now().astimezone(site_zone()).date()


def is_sandbox() -> bool:
    """Both must say so: the process that was started, and the database that was made."""
    return bool(settings.YBJ_SANDBOX) and Installation.objects.filter(is_sandbox=True).exists()


@cache
def calendar() -> Calendar:
    """Working days by the national holiday table that ships with the product."""
    table = json.loads(HOLIDAYS.read_text(encoding="utf-8"))
    return calendar_from(table["years"], edition=table["edition"])
