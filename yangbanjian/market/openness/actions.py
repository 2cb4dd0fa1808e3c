"""Publishing: one release for each public step, once."""

from __future__ import annotations

import json
from collections.abc import Sequence

from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.models import Entry
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.market.openness import gathering
from yangbanjian.market.openness.models import Release
from yangbanjian.market.openness.rules import releases
from yangbanjian.market.openness.rules.facts import Event, Process
from yangbanjian.market.openness.rules.parts import Part
from yangbanjian.market.trading.models import Listing

_PAUSES = {
    "lot_paused": "paused", "lot_resumed": "active", "lot_extended": "active",
    "priority_asked": "priority", "bids_opened": "opening", "lot_stopped": "cancelled",
}  # fmt: skip
# RFC 8785 for ASCII keys and whole or two-place numbers.
_written = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def publish(entries: Sequence[Entry]) -> int:
    """Write the releases of these entries, in their order; what has one already, or is about no
    published listing, is passed over. Returns how many were written."""
    with acting(SYSTEM):
        known = set(
            Release.objects.filter(entry__in=[e.pk for e in entries]).values_list(
                "entry_id", flat=True
            )
        )
        return sum(_publish(one) for one in entries if one.pk not in known)


def _publish(entry: Entry) -> bool:
    listing = gathering.listing_of(entry)
    if listing is None:
        return False
    process, event = gathering.process(listing), gathering.event(entry)
    tags, told = _told(entry, listing, process, event)
    if event.verb != "listing_published" and _is_first(listing):
        # Published before this room was there: the process begins with what the listing says now.
        offer = gathering.offer(listing, {})
        began = releases.of_offer(process, event, offer)
        tags = ["tender", *tags]
        told = {**began, **told, "tender": {**began["tender"], **told.get("tender", {})}}
    content = releases.release(process, event, tags, told)
    Release.objects.create(
        ocid=process.ocid, listing=listing, entry=entry, kind=event.verb, date=event.at,
        content=_written(content), is_sandbox=process.is_sandbox,
    )  # fmt: skip
    return True


def _is_first(listing: Listing) -> bool:
    return not Release.objects.filter(listing=listing).exists()


def _told(
    entry: Entry, listing: Listing, process: Process, event: Event
) -> tuple[list[str], Part]:  # fmt: skip
    verb = event.verb
    if verb in releases.LISTING:
        offer = gathering.offer(listing, entry.payload)
        say = releases.of_offer if verb in releases.WHOLE else releases.of_listing
        return [releases.LISTING[verb][0]], say(process, event, offer)
    if verb in releases.LOT:
        return ["tenderUpdate"], _of_lot(entry, process, event)
    if verb == "answered":
        asked = gathering.enquiry(entry.subject_id)
        return ["tenderUpdate"], releases.of_enquiry(process, asked)
    return _of_deal(entry, process, event)


def _of_lot(entry: Entry, process: Process, event: Event) -> Part:
    one = gathering.lot(entry.subject_id)
    if event.verb == "lot_opened":
        return releases.of_opening(process, gathering.auction(one))
    if event.verb == "lot_closed":
        return releases.of_closing(process, gathering.closed(one))
    latest = entry.payload.get("hard_close_at", "")
    return releases.of_times(process, one.pk, _PAUSES[event.verb], hard_close_at=latest)


def _of_deal(entry: Entry, process: Process, event: Event) -> tuple[list[str], Part]:
    number = entry.subject_id if entry.subject_kind == "deal" else int(entry.payload["deal"])
    sale = gathering.sale(number)
    tag = releases.DEAL.get(event.verb) or releases.CERTIFICATE[event.verb]
    if event.verb == "awarded":
        return [tag], releases.of_award(process, sale)
    if event.verb == "deal_defaulted":
        tags = [tag, "contractTermination"] if sale.signed_at else [tag]
        return tags, releases.of_default(sale)
    return [tag], releases.of_deal(process, event, sale)
