"""Reading lots: terms, state, standing of bidders, the log."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from yangbanjian.ground.database import prepared
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.log import queries as evidence
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy
from yangbanjian.market.trading.models import Inbox, Lot, LotLine, Registration, Sealing, Stuck
from yangbanjian.market.trading.rules import course, logs, replaying, sealed
from yangbanjian.market.trading.rules import lots as rules
from yangbanjian.market.trading.rules.lots import (
    Answer,
    Bid,
    Ceiling,
    Claim,
    Facts,
    Method,
    Placed,
    SealedBid,
    Stage,
    Standing,
    State,
    Terms,
    Verdict,
)

_BEST = """
SELECT b.seq, b.plate, b.amount_fen, b.at, b.closes_at, b.is_auto
FROM trading_lot AS l JOIN trading_registration AS r USING (listing_id)
CROSS JOIN LATERAL (SELECT * FROM trading_bid AS b WHERE b.lot_id = l.id AND b.plate = r.plate
                    ORDER BY b.seq DESC LIMIT 1) AS b
WHERE l.id = %s::bigint
"""
_CEILINGS = """
SELECT * FROM (
  SELECT DISTINCT ON (plate) id, key, plate, amount_fen FROM trading_received
  WHERE lot_id = %s::bigint AND kind = 'ceiling' AND verdict = 'accepted' ORDER BY plate, id DESC) AS c
ORDER BY id
"""
_SEALED = """
SELECT plate FROM trading_received
WHERE lot_id = %s::bigint AND kind = 'sealed' AND verdict = 'accepted' ORDER BY id
"""
_KEPT = """
SELECT seq, key, plate, content FROM trading_received
WHERE lot_id = %s::bigint AND kind = 'sealed' AND verdict = 'accepted' ORDER BY seq
"""
# One look for each that waits: of a lot's many rows nobody reads more.
_ANSWERED = """
SELECT r.key, r.kind, r.plate, r.amount_fen, r.content, r.standing, r.verdict, r.at, r.closes_at, r.seq
FROM trading_inbox AS i CROSS JOIN LATERAL (
  SELECT * FROM trading_received AS r WHERE r.lot_id = i.lot_id AND r.key = i.key LIMIT 1) AS r
WHERE i.lot_id = %s::bigint AND i.at IS NULL
"""
_REGISTERED = """
SELECT r.owner_id, r.id, r.plate, r.state, r.is_related,
  CASE WHEN r.hold_id IS NULL THEN r.deposit_fen = 0 ELSE EXISTS (
    SELECT FROM ledger_transfer AS h WHERE h.id = r.hold_id AND h.kind = 'pending'
      AND (h.expires_at IS NULL OR h.expires_at > clock_timestamp() + make_interval(
        secs => COALESCE((SELECT offset_seconds FROM clock_installation), 0)))
      AND NOT EXISTS (SELECT FROM ledger_transfer AS x WHERE x.hold_id = h.id)) END
FROM trading_registration AS r
"""
_BIDDERS = f"{_REGISTERED} WHERE r.listing_id = %s::bigint AND r.owner_id = ANY (%s::bigint[])"
_WHO_WAIT = f"""
{_REGISTERED} WHERE r.listing_id = (SELECT listing_id FROM trading_lot WHERE id = %s::bigint)
  AND r.owner_id = ANY (ARRAY(SELECT owner_id FROM trading_inbox WHERE lot_id = %s::bigint AND at IS NULL))
"""  # noqa: S608


def terms(lot: Lot, opens_at: datetime | None = None) -> Terms:
    """The rules of a lot, as the pure rules take them; of one that is not open yet, as if it opened
    at that instant."""
    opens_at = lot.opens_at or opens_at
    assert opens_at is not None
    return Terms(
        lot=str(lot.pk), edition=lot.edition.label, method=Method(lot.method),
        start_fen=lot.start_fen, step_fen=lot.step_fen, opens_at=opens_at, free_s=lot.free_s,
        cycle_s=lot.cycle_s, hard_close_s=lot.hard_close_s, resume_s=lot.resume_s,
        outage_s=lot.outage_s, needs_free_bid=lot.needs_free_bid, floor_fen=lot.floor_fen,
        priority_s=lot.priority_s, priority_plates=tuple(lot.priority_plates),
        reserve_commitment=lot.reserve_commitment or None, shows_losing=lot.shows_losing,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bidder:
    """A registration, as far as a bid asks for it."""

    pk: int
    plate: str
    state: str
    is_related: bool
    holds_deposit: bool


class History:
    """What has happened at a lot, asked for at once (`prepared.together`) and read when it is
    needed. `is_deciding`: also of what waits to be decided."""

    def __init__(self, lot_id: int, *, is_deciding: bool = False) -> None:
        self._best = prepared.ask(_BEST, [lot_id])
        self._ceilings = prepared.ask(_CEILINGS, [lot_id])
        self._answered = prepared.ask(_ANSWERED, [lot_id]) if is_deciding else None
        self._bidders = prepared.ask(_WHO_WAIT, [lot_id, lot_id]) if is_deciding else None

    def state(self, lot: Lot) -> State:
        """The state of an open lot. Of the bids each plate's last is enough: it is its highest."""
        assert lot.free_until is not None
        assert lot.closes_at is not None
        assert lot.hard_close_at is not None
        bids = [Placed(*row) for row in self._best.rows()]
        ceilings = [
            Ceiling(id=key, plate=plate, max_fen=most)
            for _, key, plate, most in self._ceilings.rows()
        ]
        made = course.rebuilt(
            terms(lot), free_until=lot.free_until, closes_at=lot.closes_at,
            hard_close_at=lot.hard_close_at, last_at=lot.last_at, paused_at=lot.paused_at,
            held=lot.held, stage=Stage(lot.stage), extensions=lot.extensions,
            bids=sorted(bids, key=lambda b: b.seq), ceilings=ceilings,
        )  # fmt: skip
        made = replace(
            made, seq=lot.seq, asked_at=lot.asked_at, matched=lot.matched or None,
            passed=tuple(lot.passed),
        )  # fmt: skip
        if lot.method == Method.SEALED:
            plates = tuple(row[0] for row in prepared.rows(_SEALED, [lot.pk]))
            made = replace(made, sealed=plates, best=_opened(lot))
        return made

    def answered(self) -> dict[str, replaying.Answered]:
        """What was said before to the ids that wait once more (A6)."""
        found = {}
        rows = self._answered.rows() if self._answered else []
        for key, kind, plate, amount, content, standing, verdict, at, closes_at, seq in rows:
            inside = json.loads(content)
            received = received_of(key, kind, plate, amount, inside, Standing(standing))
            answer = Answer(Verdict(verdict), at, closes_at, number=seq)
            found[key] = replaying.Answered(received, answer)
        return found

    def bidders(self) -> dict[int, Bidder]:
        """The registrations of those who wait, by organisation."""
        rows = self._bidders.rows() if self._bidders else []
        return {row[0]: Bidder(*row[1:]) for row in rows}


def _opened(lot: Lot) -> tuple[Placed, ...]:
    one = sealing_of(lot.pk)
    if one is None or one.opened is None or lot.closes_at is None:
        return ()
    assert lot.last_at is not None
    return tuple(
        Placed(b["seq"], b["plate"], b["amount_fen"], lot.last_at, lot.closes_at)
        for b in one.opened
    )


def sealing_of(lot_id: int) -> Sealing | None:
    """How a lot is sealed, read by the house: who asks tells on what they may."""
    with acting(SYSTEM):
        return Sealing.objects.filter(pk=lot_id).first()


def kept_bids(lot: Lot) -> list[sealed.Kept]:
    """The sealed bids that a lot has received, in the order of receipt."""
    rows = prepared.rows(_KEPT, [lot.pk])
    return [
        sealed.Kept(
            seq,
            SealedBid(
                id=key, plate=plate, commitment=content["commitment"],
                ciphertext_sha256=content["ciphertext_sha256"],
            ),
        )
        for seq, key, plate, content in ((*row[:3], json.loads(row[3])) for row in rows)
    ]  # fmt: skip


def ciphertexts(lot: Lot) -> dict[str, str]:
    """What each of them was sent as, base64, by bid id."""
    return {row[1]: json.loads(row[3])["ciphertext"] for row in prepared.rows(_KEPT, [lot.pk])}


def received_of(
    key: str, kind: str, plate: str, amount: int | None, content: Mapping[str, Any],
    standing: Standing,
) -> replaying.Received:  # fmt: skip
    """What has come in, as the rules take it."""
    if kind == "bid":
        return Bid(id=key, plate=plate, amount_fen=amount or 0, standing=standing)
    if kind == "ceiling":
        return Ceiling(id=key, plate=plate, max_fen=amount or 0, standing=standing)
    if kind == "claim":
        return Claim(id=key, plate=plate, match=bool(content["match"]), standing=standing)
    return SealedBid(
        id=key, plate=plate, commitment=content["commitment"], standing=standing,
        ciphertext_sha256=content["ciphertext_sha256"],
    )  # fmt: skip


def bidders(lot: Lot, owners: Collection[int]) -> dict[int, Bidder]:
    """The registrations of these organisations, by organisation."""
    rows = prepared.rows(_BIDDERS, [lot.listing_id, list(owners)])
    return {row[0]: Bidder(*row[1:]) for row in rows}


def standing_of(lot: Lot, owner_id: int, bidder: Bidder | None, *, is_operator: bool) -> Standing:
    """May this organisation bid for the lot at this instant (A7)?"""
    return rules.standing(
        Facts(
            is_qualified=bidder is not None and bidder.state == "qualified",
            holds_deposit=bidder is not None and bidder.holds_deposit,
            is_seller=owner_id == lot.owner_id,
            is_related=bidder is not None and bidder.is_related,
            is_operator=is_operator,
            has_defaulted=bidder is not None and bidder.state == "forfeited",
        )
    )


# --- for those who watch ---


def lot(actor: Actor, lot_id: int) -> Lot:
    """A lot that the actor may see: open ones everybody, those that wait who sees their listing."""
    found = Lot.objects.select_related("edition", "owner", "listing").filter(pk=lot_id).first()
    if found is None or not policy.may_see_lot(actor, found):
        raise NotFound("trading.no_lot", gettext_noop("没有这个标的，或者它还没有公开。"))
    return found


def registration_for(lot: Lot, owner_id: int | None) -> Registration | None:
    """The registration of an organisation for a lot."""
    if owner_id is None:
        return None
    return Registration.objects.filter(listing_id=lot.listing_id, owner_id=owner_id).first()


def stuck_lots() -> list[tuple[int, datetime]]:
    """(lot, since when, by recorded time) of the lots whose end or whose waiting bids the worker
    could not decide, the longest stuck first."""
    waits = Inbox.objects.filter(lot_id=OuterRef("pk"), at=None)
    found = Stuck.objects.filter(
        Q(what="close", lot__result__isnull=True) | Q(Exists(waits), what="decide")
    )
    with acting(SYSTEM):
        return list(found.order_by("since").values_list("lot_id", "since")[:100])


def lot_lines(lot: Lot, after: int = -1) -> list[logs.Line]:
    """The lines of a lot's log, all of them, after line `after`."""
    found = LotLine.objects.filter(lot=lot, n__gt=after).order_by("n")
    with acting(SYSTEM):  # what of it may be told is a rule of logs
        return [dict(line) for line in found.values_list("line", flat=True)]


def log_text(lot: Lot) -> str:
    """The log as it is served: while bidding runs what may be told, afterwards all, and as soon as
    the entries that vouch for it are in a signed head, with their packets as its last line."""
    if lot.result is None:
        return logs.text_of(logs.told_while_open(lot_lines(lot)))
    try:
        return whole_log(lot)
    except Conflict:
        return logs.text_of(lot_lines(lot))  # a minute later it is there


def packet(entry_id: int | None) -> dict[str, Any]:
    """The packet of an entry about a lot. Raises Conflict while it is in no signed head."""
    assert entry_id is not None
    found: dict[str, Any] = json.loads(
        evidence.packet(SYSTEM, evidence.entry_for(SYSTEM, entry_id))
    )
    return found


def whole_log(lot: Lot) -> str:
    """The log of a lot that is over, with what vouches for it. Raises Conflict: not yet."""
    one = sealing_of(lot.pk)
    vouched = logs.evidence_line(one.deadline_packet if one else None, packet(lot.entry_id))
    return logs.text_of([*lot_lines(lot), vouched])
