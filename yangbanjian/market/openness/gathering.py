"""The facts behind a step: from the entry's own payload and from rows that are never changed, so
that a release tells what was then, however late the news of it arrives."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.credentials import queries as credentials
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.people.models import Organisation
from yangbanjian.market.openness.models import Release
from yangbanjian.market.openness.rules import facts, parts
from yangbanjian.market.trading import queries as trading
from yangbanjian.market.trading.models import (
    Deal,
    Listing,
    ListingVersion,
    Lot,
    PlacedBid,
    Question,
    Registration,
)
from yangbanjian.market.trading.rules.listings import METHODS
from yangbanjian.market.trading.rules.lots import Method


def ocid_of(listing_id: int) -> str:
    """The name that the listing's process has, or would get now: what was published once stays,
    also where the prefix has been registered since."""
    known = Release.objects.filter(listing_id=listing_id).order_by("id").first()
    return known.ocid if known else parts.ocid_of(settings.YBJ_OCDS_PREFIX, listing_id)


def process(listing: Listing) -> facts.Process:
    return facts.Process(
        ocid=ocid_of(listing.pk), listing_id=listing.pk, base=credentials.base_address(),
        seller=unit(listing.owner), is_sandbox=clock.is_sandbox(),
    )  # fmt: skip


def unit(one: Organisation) -> facts.Unit:
    """An organisation as everybody may know it."""
    regions = codes.table("regions").codes
    region = regions[one.region].label_zh if one.region in regions else ""
    return facts.Unit(id=one.pk, name=one.name, uscc=one.uscc or "", region=region)


def event(entry: Entry) -> facts.Event:
    verb = entry.verb.partition(".")[2]
    return facts.Event(entry_id=entry.pk, verb=verb, at=entry.at_business)


def listing_of(entry: Entry) -> Listing | None:
    """The published listing that an entry is about; None where there is none."""
    number = _listing_id(entry)
    if number is None:
        return None
    found = Listing.objects.select_related("owner", "achievement", "notice", "relists")
    return found.filter(pk=number, published_at__isnull=False).first()


def _listing_id(entry: Entry) -> int | None:
    if entry.subject_kind == "listing":
        return entry.subject_id
    if entry.subject_kind == "listing_question":
        return int(entry.payload["listing"])
    if entry.subject_kind == "lot":
        return _only(Lot.objects.filter(pk=entry.subject_id))
    deal_id = entry.subject_id if entry.subject_kind == "deal" else entry.payload.get("deal")
    return _only(Deal.objects.filter(pk=deal_id))


def _only(found: Any) -> int | None:
    number: int | None = found.values_list("listing_id", flat=True).first()
    return number


def offer(listing: Listing, told: dict[str, Any]) -> facts.Offer:
    """The listing as it stood at the version that the entry tells of; as it stands now, where the
    entry tells of none."""
    version = int(told.get("version", listing.version))
    kept = ListingVersion.objects.filter(listing=listing, version=version).first()
    said = kept.content if kept else {}

    def of(name: str) -> Any:
        return told.get(name, said.get(name, getattr(listing, name, None)))

    number = int(of("round"))
    lots = dict(Lot.objects.filter(listing=listing, round__lte=number).values_list("round", "pk"))
    notice = listing.notice
    return facts.Offer(
        version=version, round=number, lot_id=lots[number], title=of("title"),
        abstract=of("abstract") or listing.achievement.abstract,
        achievement_id=listing.achievement_id, method=of("method"),
        method_label=METHODS[Method(of("method"))], mode_label=_mode(of("deal_mode")),
        start_fen=int(of("start_fen")), step_fen=int(of("step_fen")),
        deposit_fen=int(of("deposit_fen")), conditions=of("conditions") or "",
        published_at=_time(said.get("published_at")) or listing.published_at,
        ends_at=_time(of("disclosure_ends_at")),
        notice_id=notice.pk if notice else None, notice_from=notice.opened_at if notice else None,
        notice_to=notice.closes_at if notice else None,
        relists=ocid_of(listing.relists_id) if listing.relists_id else "",
        earlier_lots=tuple(pk for n, pk in sorted(lots.items()) if n < number),
    )  # fmt: skip


def _mode(code: str) -> str:
    rows = codes.table("deal_modes").codes
    return rows[code].label_zh if code in rows else code


def _time(said: Any) -> datetime | None:
    if isinstance(said, str):
        return datetime.fromisoformat(said)
    return said if isinstance(said, datetime) else None


def lot(number: int) -> Lot:
    return Lot.objects.select_related("listing__owner").get(pk=number)


def auction(one: Lot) -> facts.Auction:
    """The terms that a lot was opened under; they never change."""
    assert one.opens_at is not None
    return facts.Auction(
        lot_id=one.pk, method=one.method, step_fen=one.step_fen, opens_at=one.opens_at,
        free_s=one.free_s, cycle_s=one.cycle_s, hard_close_s=one.hard_close_s,
        priority_s=one.priority_s,
    )  # fmt: skip


def closed(one: Lot) -> facts.Closed:
    """How a lot ended, with as much of its bids as its terms let be told (S7)."""
    told = trading.board(one).result or {}
    bids = PlacedBid.objects.filter(lot=one)
    times = dict(bids.values_list("seq", "at"))
    qualified = Registration.objects.filter(listing_id=one.listing_id, qualified_at__isnull=False)
    order = tuple(
        facts.Standing(plate=b["plate"], amount_fen=b["amount_fen"], at=times.get(b["seq"]))
        for b in told["order"]
    )
    return facts.Closed(
        lot_id=one.pk, outcome=told["outcome"], is_sold=told["winner"] is not None,
        closed_at=datetime.fromisoformat(told["closed_at"]), bids=one.seq,
        bidders=len(one.result["order"]) if one.result else 0, qualified=qualified.count(),
        extensions=one.extensions, order=order,
    )  # fmt: skip


def enquiry(number: int) -> facts.Enquiry:
    one = Question.objects.get(pk=number)
    return facts.Enquiry(
        id=one.pk, text=one.text, answer=one.answer, asked_at=one.made_at,
        answered_at=one.answered_at or one.made_at,
    )  # fmt: skip


def sale(number: int) -> facts.Sale:
    one = Deal.objects.select_related("buyer", "listing", "registration", "achievement").get(
        pk=number
    )
    right = trading.right_of(one.achievement) if one.handed_over_at else None
    return facts.Sale(
        id=one.pk, lot_id=one.lot_id, title=one.listing.title, plate=one.registration.plate,
        buyer=unit(one.buyer), price_fen=one.price_fen, awarded_at=one.awarded_at,
        sign_by=one.sign_by, signed_at=one.signed_at, paid_at=one.paid_at,
        registered_no=one.registered_no, right_no=right.no if right else "",
    )  # fmt: skip
