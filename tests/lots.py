"""Lots and bidders for tests: the listing's row by hand, the rest by the real verbs."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tests import make
from tests.trading import entered, through
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.people.models import Organisation
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.market.trading import actions
from yangbanjian.market.trading.actions.sittings import Told
from yangbanjian.market.trading.models import (
    Listing,
    Lot,
    LotLine,
    Reserve,
    Sealing,
)
from yangbanjian.market.trading.rules import closing, logs, timing
from yangbanjian.market.trading.rules.lots import Terms

WAN = 1_000_000
_number = itertools.count(1)
RISING: dict[str, Any] = {
    "method": "rising", "start_fen": 200 * WAN, "step_fen": 10 * WAN, "free_s": 600,
    "cycle_s": 180, "hard_close_s": 3600,
}  # fmt: skip


def listing(**values: Any) -> Listing:
    """A listing whose bidding is about to begin."""
    return through(drafted(**values))


def drafted(**values: Any) -> Listing:
    """A listing that nobody has seen yet."""
    tto = values.pop("seller", None) or make.actor(Role.TTO)
    record = make.achievement(tto, title=f"拍品第{next(_number)}号")
    edition = Edition.objects.filter(table="notice_days").order_by("id").first()
    at = clock.now()
    said = {
        **RISING, "achievement": record, "owner_id": tto.organisation_id, "edition": edition,
        "title": record.title, "deal_mode": "transfer", "days": 20,
        "unit": "working", "first_day": "next", "made_at": at, **values,
    }  # fmt: skip
    return Listing.objects.create(**said)


def opened(
    *, plates: Collection[str] = ("A3", "K7"), reserve_fen: int | None = None,
    priority: Collection[str] = (), opens_at: datetime | None = None, **values: Any,
) -> tuple[Lot, dict[str, Actor]]:  # fmt: skip
    """An open lot and its bidders, by plate."""
    one = listing(**values)
    bidders = {plate: bidder(one, plate) for plate in plates}
    actions.lay_out(actor=SYSTEM, listing=one, reserve_fen=reserve_fen)
    lot = actions.open_lot(actor=SYSTEM, listing=one, opens_at=opens_at, priority_plates=priority)
    return lot, bidders


def waiting(
    *, plates: Collection[str] = ("A3", "K7"), is_public: bool = True, **values: Any
) -> tuple[Lot, dict[str, Actor]]:  # fmt: skip
    """A lot whose bidding has not begun, and its bidders, by plate: its listing is disclosed."""
    one = drafted(**values)
    if is_public:
        one = through(one, "disclosed")
    bidders = {plate: bidder(one, plate) for plate in plates}
    return actions.lay_out(actor=SYSTEM, listing=one), bidders


def bidder(one: Listing, plate: str, **values: Any) -> Actor:
    """Somebody who has signed up, with the deposit held and qualified, unless said otherwise."""
    actor = make.actor(Role.ENTERPRISE)
    assert actor.organisation_id is not None
    is_held, until = values.pop("is_held", True), values.pop("state", "qualified")
    # Money comes by the sandbox's bank; elsewhere the listing asks for none.
    asked = 100 if clock.is_sandbox() else 0
    made = entered(one, actor.organisation_id, plate, deposit_fen=asked, until=until, **values)
    if not is_held:
        assert made.hold_id is not None
        ledger.release(actor=SYSTEM, transfer_id=uuid4(), hold_id=made.hold_id)
    return actor


def from_terms(
    one: Listing, lot: Terms, plates: Collection[str], reserve: closing.Reserve | None = None
) -> tuple[Lot, dict[str, Organisation]]:
    """An open lot with exactly these terms and this number, and an organisation for each plate."""
    names = ("method", "start_fen", "step_fen", "free_s", "cycle_s", "hard_close_s", "floor_fen",
             "priority_s", "shows_losing", "resume_s", "outage_s", "needs_free_bid")  # fmt: skip
    made = Lot(
        id=int(lot.lot), listing=one, owner_id=one.owner_id, edition_id=one.edition_id, round=1,
        priority_plates=list(lot.priority_plates), made_at=lot.opens_at,
        reserve_commitment=lot.reserve_commitment or "",
        **{name: getattr(lot, name) for name in names},
    )  # fmt: skip
    made.save(force_insert=True)
    if reserve is not None:
        Reserve.objects.create(lot=made, fen=reserve.fen, nonce=reserve.nonce)
    if lot.method == "sealed":
        Sealing.objects.create(lot=made, made_at=lot.opens_at)
    first = timing.opening(lot)
    made.state, made.opens_at, made.lines = "open", lot.opens_at, 1
    made.free_until, made.closes_at = first.free_until, first.closes_at
    made.hard_close_at = first.hard_close_at
    made.save()
    LotLine.objects.create(lot=made, n=0, line=logs.terms_line(lot))
    owners = {}
    for plate in plates:
        owners[plate] = make.organisation()
        entered(one, owners[plate].pk, plate)
    return made, owners


_keys = itertools.count(1)


def bid(actor: Actor, lot: Lot, wan: float, key: str = "") -> Told:
    return actions.place_bid(
        actor=actor, lot_id=lot.pk, bid_id=key or f"t{next(_keys)}", amount_fen=round(wan * WAN)
    )


def log_of(lot: Lot) -> str:
    """All that was written, without evidence."""
    rows = LotLine.objects.filter(lot=lot).order_by("n").values_list("line", flat=True)
    return logs.text_of([dict(row) for row in rows])


def in_an_hour() -> datetime:
    return clock.now() + timedelta(hours=1)
