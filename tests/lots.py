"""Lots and bidders for tests, made as rows: what listing, registration and deposit make in the
product. Swap for the real actions where a test is about those."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from tests import ledger, make
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank.actions import sandbox
from yangbanjian.ground.bank.models import BankAccount, Expectation
from yangbanjian.ground.bank.rules import StatementLine
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.ledger import actions as books
from yangbanjian.ground.ledger.rules import Kind, Transfer
from yangbanjian.ground.people.models import Organisation
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.market.trading import actions
from yangbanjian.market.trading.actions import deposits
from yangbanjian.market.trading.actions.sittings import Told
from yangbanjian.market.trading.models import (
    Listing,
    Lot,
    LotLine,
    Registration,
    Reserve,
    Sealing,
)
from yangbanjian.market.trading.rules import closing, logs, timing
from yangbanjian.market.trading.rules.lots import Terms

WAN = 1_000_000
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_number = itertools.count(1)
RISING: dict[str, Any] = {
    "method": "rising", "start_fen": 200 * WAN, "step_fen": 10 * WAN, "free_s": 600,
    "cycle_s": 180, "hard_close_s": 3600,
}  # fmt: skip


def listing(**values: Any) -> Listing:
    """A listing whose bidding is about to begin."""
    tto = values.pop("seller", None) or make.actor(Role.TTO)
    record = make.achievement(tto, title=f"拍品第{next(_number)}号")
    edition = Edition.objects.filter(table="notice_days").order_by("id").first()
    at = clock.now()
    said = {
        **RISING, "achievement": record, "owner_id": tto.organisation_id, "edition": edition,
        "title": record.title, "deal_mode": "transfer", "days": 20, "unit": "working",
        "first_day": "next", "made_at": at, **values,
    }  # fmt: skip
    return walked(Listing.objects.create(**said))


def walked(one: Listing) -> Listing:
    """A draft taken to where its bidding begins, step by step, as its guard wants it."""
    at = clock.now()
    published = {"published_at": at - 2 * HOUR, "disclosure_ends_at": at - HOUR}
    for state in ("submitted", "accepted", "disclosed", "expired", "qualifying", "bidding"):
        also = published if state == "disclosed" else {}
        Listing.objects.filter(pk=one.pk).update(state=state, **also)
    one.refresh_from_db()
    return one


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


def bidder(one: Listing, plate: str, *, is_held: bool = True, **values: Any) -> Actor:
    """Somebody who has signed up, with the deposit held and qualified, unless said otherwise."""
    actor = make.actor(Role.ENTERPRISE)
    assert actor.organisation_id is not None
    made = registered(one, actor.organisation_id, plate, **{"deposit_fen": 100, **values})
    if not is_held:
        assert made.hold_id is not None
        ledger.post(Transfer(id=ledger.new_id(), kind=Kind.VOID, hold_id=made.hold_id))
    return actor


def registered(
    one: Listing, owner_id: int, plate: str, *, deposit_fen: int = 0, state: str = "qualified",
    **values: Any,
) -> Registration:  # fmt: skip
    """A registration with its deposit, as the bank brings it and the ledger holds it."""
    now = clock.now()
    made = Registration(
        listing=one, owner_id=owner_id, plate=plate, deposit_fen=deposit_fen, due_at=now + DAY,
        bank_account=sandbox.number_of(owner_id), made_at=now, **values,
    )  # fmt: skip
    if deposit_fen:
        made.account = deposits.account_key(one.pk, owner_id)
        books.open_account(
            actor=SYSTEM, key=made.account, owner_id=owner_id, code="deposit", asset=deposits.ASSET,
            is_limited=True,
        )  # fmt: skip
        made.expectation = bank.expect(
            actor=SYSTEM, account=made.account, amount=deposit_fen, counterparty=made.bank_account
        )
    made.save()
    if made.expectation is not None:
        _pay(made, made.expectation)
    elif state != "applied":
        Registration.objects.filter(pk=made.pk).update(state="deposited")
    if state in ("qualified", "won"):
        qualified = {"state": "qualified", "qualified_by": 1, "qualified_at": now}
        Registration.objects.filter(pk=made.pk).update(**qualified)
    if state not in ("applied", "deposited", "qualified"):
        Registration.objects.filter(pk=made.pk).update(state=state)
    made.refresh_from_db()
    return made


def _pay(made: Registration, expected: Expectation) -> None:
    at = BankAccount.objects.order_by("id").first()
    if at is None:
        house = make.organisation("exchange")
        at = bank.open_account(actor=SYSTEM, number="31050000", bank="东港银行", owner_id=house.pk)
    line = StatementLine(
        serial=f"D{made.pk:010d}", booked_on=clock.today(), amount=made.deposit_fen,
        counterparty=made.bank_account, reference=expected.reference,
    )  # fmt: skip
    bank.take(actor=SYSTEM, bank_account_id=at.pk, lines=[line])
    assert actions.take_matched([expected.pk]) == 1


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
        registered(one, owners[plate].pk, plate)
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
    return clock.now() + HOUR
