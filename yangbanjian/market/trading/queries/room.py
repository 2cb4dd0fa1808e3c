"""What those in the room see: the board, one's own place, sealing, what has been happening."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.sealing.rules import hpke
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.moves import Move
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy
from yangbanjian.market.trading.models import Deal, Lot, PlacedBid, Received
from yangbanjian.market.trading.queries import lots
from yangbanjian.market.trading.rules import dutch, lot_states
from yangbanjian.market.trading.rules.lots import Method

PAD_TO = 512  # bytes of a sealed bid's plaintext


@dataclass(frozen=True, slots=True)
class Board:
    """What hangs on the wall. `next_fen`: the least that counts now; None where nothing does."""

    now: datetime
    top: dict[str, Any] | None
    next_fen: int | None
    sealed_count: int | None
    result: dict[str, Any] | None


def board(lot: Lot) -> Board:
    """How a lot stands at this instant, for everybody."""
    now = clock.now()
    top = None
    if lot.top_fen is not None and lot.method != Method.SEALED:
        top = {"seq": lot.seq, "amount_fen": lot.top_fen, "plate": lot.top_plate}
    sealed_count = lot.seq if lot.method == Method.SEALED else None
    return Board(now, top, _next(lot, now), sealed_count, _told_result(lot))


def _next(lot: Lot, now: datetime) -> int | None:
    if lot.state not in ("open", "paused") or lot.opens_at is None:
        return None
    if lot.method == Method.DUTCH:
        with acting(SYSTEM):  # the state asks for all plates
            return dutch.price_at(lots.terms(lot), lots.History(lot.pk).state(lot), now)
    if lot.method in (Method.RISING, Method.DYNAMIC) and lot.top_fen is not None:
        return lot.top_fen + lot.step_fen
    return lot.start_fen


def _told_result(lot: Lot) -> dict[str, Any] | None:
    """The result as the terms let it be told (S7)."""
    if lot.result is None:
        return None
    order = lot.result["order"]
    return {**lot.result, "order": order if lot.shows_losing else order[:1]}


def awarded(lot: Lot, actor: Actor) -> dict[str, Any]:
    """The deal that came of a lot; for the staff also who the winner is and who comes next."""
    deal = Deal.objects.filter(lot=lot).order_by("-id").first()
    found: dict[str, Any] = {"deal_id": deal.pk if deal else None}
    if policy.sees_identities(actor) and lot.result is not None:
        others = [b for b in lot.result["order"] if b["plate"] != lot.result["winner"]]
        found["winner_id"] = deal.buyer_id if deal else None
        found["runner_up"] = others[0] if others else None
    return found


def last_deal(lot: Lot) -> Deal | None:
    """The deal that came of a lot; after a default the runner-up's. Deals are public."""
    with acting(SYSTEM):  # the plate stands in a registration, which is its owner's
        found = Deal.objects.select_related("registration").filter(lot=lot)
        return found.order_by("-id").first()


@dataclass(frozen=True, slots=True)
class Mine:
    """What the actor's organisation is to a lot."""

    plate: str
    standing: str
    is_top: bool
    ceiling_fen: int | None
    last_fen: int | None
    has_sealed: bool
    is_asked: bool


def mine(lot: Lot, actor: Actor) -> Mine | None:
    """One's own place in the room; None for those who only watch."""
    owner_id = actor.organisation_id
    with acting(SYSTEM):  # a hold and what became of it are told of by several accounts
        found = lots.bidders(lot, [owner_id]) if owner_id is not None else {}
    bidder = found.get(owner_id) if owner_id is not None else None
    if bidder is None or owner_id is None:
        return None
    is_operator = actor.has_any(Role.OPERATOR, Role.EXCHANGE, Role.AUDITOR)
    standing = lots.standing_of(lot, owner_id, bidder, is_operator=is_operator)
    received = Received.objects.filter(lot=lot, owner_id=owner_id, verdict="accepted")
    ceiling = received.filter(kind="ceiling").order_by("-id").first()
    last = PlacedBid.objects.filter(lot=lot, plate=bidder.plate).order_by("-seq").first()
    return Mine(
        bidder.plate, standing.value, lot.top_plate == bidder.plate,
        ceiling.amount_fen if ceiling else None, last.amount_fen if last else None,
        received.filter(kind="sealed").exists(),
        lot.state == "priority" and bidder.plate in lot.priority_plates
        and bidder.plate not in lot.passed and not lot.matched,
    )  # fmt: skip


def latest_bids(lot: Lot, most: int) -> list[PlacedBid]:
    """The accepted bids, the last first. Of a ceiling's bid nothing shows that it is one."""
    return list(PlacedBid.objects.filter(lot=lot).order_by("-seq")[:most])


def lot_moves(lot: Lot, actor: Actor) -> list[Move]:
    """The steps that this actor may make: the exchange's, while bidding runs."""
    if not policy.may_run_lot(actor).allowed:
        return []
    found = lot_states.TABLE.moves_from(lot.state, ("exchange",))
    # What is open is paused; only what nobody can open is stopped.
    wanted = {"pause", "resume", "stop"} if lot.state == "opening" else {"pause", "resume"}
    return [m for m in found if m.name in wanted]


def sealing(actor: Actor, lot_id: int) -> dict[str, Any]:
    """Everything to seal a bid with. Refuses until three holders have their shares."""
    lot = lots.lot(actor, lot_id)
    if lot.method != Method.SEALED:
        raise Conflict("sealing.not_sealed", gettext_noop("这个标的不是一次报价，没有密钥份额。"))
    one = lots.sealing_of(lot_id)
    if one is None or not one.public_key or lot.closes_at is None:
        raise Conflict(
            "sealing.not_ready",
            gettext_noop("密钥还没有备好：交易机构、转让方、审计人员各领一份后才能封存报价。"),
        )
    bidder = lots.registration_for(lot, actor.organisation_id)
    plate = bidder.plate if bidder else ""
    return {
        "lot": str(lot.pk), "suite": hpke.SUITE, "public_key": one.public_key, "pad_to": PAD_TO,
        "aad": f"{lot.pk}|{plate}|{{bid_id}}", "plate": plate, "deadline": lot.closes_at,
        "holders": [{"place": h["place"], "role": h["role"]} for h in one.holders],
    }  # fmt: skip


def is_sealing_ready(lot: Lot) -> bool:
    """Is the lot's key made?"""
    one = lots.sealing_of(lot.pk)
    return one is not None and bool(one.public_key)


def holders(lot: Lot) -> list[dict[str, Any]]:
    """Who keeps a share, without what belongs to them alone."""
    one = lots.sealing_of(lot.pk)
    kept = one.holders if one else []
    return [{name: h[name] for name in ("place", "role", "person")} for h in kept]


def sealed_entry(lot_id: int, seq: int) -> int | None:
    """The entry that tells of a received sealed bid."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM journal_entry WHERE subject_kind = 'lot' AND subject_id = %s"
            " AND verb = 'trading.bid_sealed' AND (payload ->> 'seq')::int = %s",
            [lot_id, seq],
        )
        row = cursor.fetchone()
    return None if row is None else int(row[0])
