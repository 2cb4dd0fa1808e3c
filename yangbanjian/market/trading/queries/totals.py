"""What the floor adds up to: showrooms, listings, deals, money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum

from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.market.trading.models import Deal, Listing

# Brokerages that have a share of the price of something published: each keeps a showroom.
_SHOWROOMS = """
SELECT count(DISTINCT o.id) FROM trading_listing AS l
CROSS JOIN LATERAL jsonb_array_elements(l.commission) AS share
JOIN people_organisation AS o ON o.id = (share ->> 'organisation_id')::bigint AND o.kind = 'broker'
WHERE l.published_at IS NOT NULL AND (%(since)s::timestamptz IS NULL OR l.published_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR l.published_at < %(until)s)
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many showrooms and listings, how many deals that hold, and what they come to in fen."""

    showrooms: int
    listings: int
    deals: int
    price_fen: int


def totals(since: datetime | None = None, until: datetime | None = None) -> Totals:
    """Over everything published (and awarded) from `since` up to `until`; a deal that its buyer has
    broken counts for nothing. The house counts: of each it is public that it is there."""
    with acting(SYSTEM):
        told = Deal.objects.filter(_within("awarded_at", since, until)).exclude(state="defaulted")
        sums = told.aggregate(count=Count("pk"), fen=Sum("price_fen"))
        listings = Listing.objects.filter(_within("published_at", since, until))
        with connection.cursor() as cursor:
            cursor.execute(_SHOWROOMS, {"since": since, "until": until})
            row = cursor.fetchone()
        return Totals(
            showrooms=int(row[0]) if row else 0,
            listings=listings.filter(published_at__isnull=False).count(),
            deals=int(sums["count"]), price_fen=int(sums["fen"] or 0),
        )  # fmt: skip


def _within(column: str, since: datetime | None, until: datetime | None) -> Q:
    said: dict[str, Any] = {}
    if since is not None:
        said[f"{column}__gte"] = since
    if until is not None:
        said[f"{column}__lt"] = until
    return Q(**said)
