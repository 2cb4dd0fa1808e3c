"""Under whose roof a listing stands: the brokerage that has a share of its price keeps a showroom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from yangbanjian.ground.people.models import Organisation
from yangbanjian.market.trading.models import Listing


def showrooms(listings: Iterable[Listing]) -> Mapping[int, Organisation]:
    """The showroom of each of these listings, by the listing's number; a listing without one is not
    there. Where several brokerages share, the first that the listing names."""
    shares = {one.pk: [int(s["organisation_id"]) for s in one.commission] for one in listings}
    asked = {organisation_id for ids in shares.values() for organisation_id in ids}
    found = Organisation.objects.filter(kind="broker").in_bulk(asked) if asked else {}
    kept = {pk: next((found[i] for i in ids if i in found), None) for pk, ids in shares.items()}
    return {pk: organisation for pk, organisation in kept.items() if organisation is not None}


def listed_under(found: QuerySet[Listing], organisation_id: int) -> QuerySet[Listing]:
    """Those of the listings in whose price this organisation has a share."""
    return found.filter(commission__contains=[{"organisation_id": organisation_id}])
