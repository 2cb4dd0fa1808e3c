"""The end of a lot and what stands in its way: closing, pausing, running on, outages.

Nothing here remembers a time: whoever asks gets what the rules say of the rows. The worker asks every
half second, the sandbox after each move of its clock; asking again changes nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import partial

from django.db import connection
from django.db.models import Q

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions import deals, disclosure, holders, stuck
from yangbanjian.market.trading.actions.decisions import INVALID
from yangbanjian.market.trading.actions.sittings import Sitting
from yangbanjian.market.trading.models import Beat, Inbox, Lot, Reserve, Sealing
from yangbanjian.market.trading.rules import closing, logs, lot_states, sealed
from yangbanjian.market.trading.rules.closing import Outcome
from yangbanjian.market.trading.rules.lots import Method, Stage

KEPT_FOR = timedelta(hours=1)


def close_lot(*, actor: Actor, lot_id: int) -> Lot:
    """Ask whether a lot is over; anybody may, as often as they like. Where it is, its result, the
    entry that vouches for its log and the award are one commit."""
    with acting(SYSTEM):
        sitting = Sitting(lot_id, is_deciding=True)
        if not sitting.is_over and sitting.lot.state in ("open", "opening", "priority"):
            _ask(sitting)
        return sitting.lot


def _ask(sitting: Sitting) -> None:
    lot, course = sitting.lot, sitting.course
    if _is_deadline(sitting):
        _end_of_sealing(sitting)
        return
    secret = Reserve.objects.filter(lot=lot).first()
    course.reserve = closing.Reserve(fen=secret.fen, nonce=secret.nonce) if secret else None
    result = course.close(sitting.now)
    if result is not None:
        _finish(sitting, result)
    elif course.lines:  # priority holders are asked
        lot.state = lot_states.TABLE.advance(lot.state, "ask_priority")
        until = closing.priority_until(sitting.terms, course.state)
        sitting.tell("priority_asked", {"until": logs.instant(until)})
        sitting.keep()


def _is_deadline(sitting: Sitting) -> bool:
    state = sitting.course.state
    is_sealed = sitting.lot.method == Method.SEALED and bool(state.sealed)
    is_through = state.stage is Stage.BIDDING and sitting.now >= state.closes_at
    return is_sealed and is_through and sitting.lot.state == "open" and state.paused_at is None


def _end_of_sealing(sitting: Sitting) -> None:
    """Sealed bids are in: what was received is written down before any key is used (S4)."""
    line = logs.deadline_line(queries.kept_bids(sitting.lot))
    sitting.course.lines.append(line)
    entry_id = sitting.tell(
        "sealing_ended", {"sealed_sha256": line["sealed_sha256"], "count": line["count"]}
    )
    Sealing.objects.filter(pk=sitting.lot.pk).update(deadline_entry_id=entry_id)
    sitting.lot.state = lot_states.TABLE.advance(sitting.lot.state, "await_opening")
    sitting.keep()
    holders.call_for_shares(sitting.lot)


def open_sealed(sitting: Sitting, plaintexts: dict[str, bytes | None]) -> None:
    """Open the bids of a lot whose deadline is written, and end it where nobody is to be asked."""
    course, lot = sitting.course, sitting.lot
    course.state, opened = sealed.open_bids(
        sitting.terms, course.state, queries.kept_bids(lot), plaintexts, sitting.now
    )
    course.lines.extend(logs.opening_lines(sitting.terms, opened, course.state, sitting.now))
    best = [{"seq": b.seq, "plate": b.plate, "amount_fen": b.amount_fen} for b in course.state.best]
    Sealing.objects.filter(pk=lot.pk).update(opened=best)
    void = sum(bool(one.void) for one in opened)
    sitting.tell("bids_opened", {"count": len(opened), "void": void})
    sitting.keep()
    _ask(sitting)


def _finish(sitting: Sitting, result: closing.Result) -> None:
    """The result line, the entry that vouches for the log, the award or the failure."""
    lot = sitting.lot
    is_sold = result.outcome is Outcome.SOLD
    lot.state = lot_states.TABLE.advance(lot.state, "award" if is_sold else "fail")
    sitting.keep()
    said = queries.lot_lines(lot)
    text = logs.text_of(said)
    lot.result = {
        "outcome": result.outcome.value, "winner": result.winner, "price_fen": result.price_fen,
        "by": result.by, "closed_at": logs.instant(result.closed_at),
        "order": [{"plate": b.plate, "amount_fen": b.amount_fen, "seq": b.seq} for b in result.order],
    }  # fmt: skip
    lot.entry_id = sitting.tell(
        "lot_closed",
        {
            "log_sha256": hashlib.sha256(text.encode()).hexdigest(), "lines": len(said),
            "outcome": result.outcome.value, "price_fen": result.price_fen,
            "plate": result.winner,
        },
    )  # fmt: skip
    sitting.is_over = True
    sitting.keep()
    if is_sold:
        assert result.winner is not None
        assert result.price_fen is not None
        deals.award(actor=SYSTEM, lot=lot, plate=result.winner, price_fen=result.price_fen)
    else:
        disclosure.fail_round(actor=SYSTEM, listing=lot.listing)


def pause_lot(*, actor: Actor, lot_id: int, reason: str) -> Lot:
    """Stop a lot's time, for a reason that everybody reads in its log."""
    policy.may_run_lot(actor).or_refuse()
    why = _needed(reason, gettext_noop("请写明暂停的原因，会公开显示。"))
    queries.lot(actor, lot_id)
    with acting(SYSTEM):
        sitting = Sitting(lot_id, is_deciding=True)
        sitting.course.pause(sitting.now, why)
        sitting.lot.state = lot_states.TABLE.advance(sitting.lot.state, "pause")
        sitting.tell("lot_paused", {"reason": why}, actor=actor)
        sitting.keep()
        return sitting.lot


def _needed(reason: str, sentence: str) -> str:
    why = clean_line(reason, cap=200)
    if not why:
        raise Invalid("lots.invalid", INVALID, [Problem("reason", "required", sentence)])
    return why


def stop_lot(*, actor: Actor, lot_id: int, reason: str) -> Lot:
    """End a lot whose sealed bids can't be opened, as where two shares are lost: nobody has won,
    nobody learns an amount, all deposits go back."""
    policy.may_run_lot(actor).or_refuse()
    why = _needed(reason, gettext_noop("请写明为什么不能开标，会公开显示。"))
    queries.lot(actor, lot_id)
    with acting(SYSTEM):
        sitting = Sitting(lot_id)
        if sitting.lot.state != "opening":
            raise Conflict(
                "lots.not_stuck", gettext_noop("只有截止以后开不了标的一次报价才能这样终结。")
            )
        sitting.lot.state = lot_states.TABLE.advance(sitting.lot.state, "stop")
        sitting.tell("lot_stopped", {"reason": why}, actor=actor)
        sitting.keep()
        disclosure.end_stopped(actor=actor, listing=sitting.lot.listing, why=why)
        return sitting.lot


def resume_lot(*, actor: Actor, lot_id: int) -> Lot:
    """Let a lot run on: every end moves by as long as it stood still."""
    policy.may_run_lot(actor).or_refuse()
    queries.lot(actor, lot_id)
    with acting(SYSTEM):
        sitting = Sitting(lot_id, is_deciding=True)
        sitting.course.resume(sitting.now)
        sitting.lot.state = lot_states.TABLE.advance(sitting.lot.state, "resume")
        sitting.tell("lot_resumed", sitting.times(), actor=actor)
        sitting.keep()
        return sitting.lot


# --- asked by the worker ---


def close_due(*, now: datetime, most: int) -> int:
    """Ask up to `most` lots that may be over; how many of them have moved."""
    is_through = Q(closes_at__lte=now) | ~Q(stage=Stage.BIDDING.value)
    found = Lot.objects.filter(is_through, state__in=["open", "priority"], paused_at=None)
    # A dynamic lot may run out while its listing still waits for who is qualified; it waits too.
    found = found.filter(listing__state__in=["bidding", "negotiating"])
    rest, moved = stuck.resting(clock.recorded_now()), 0
    for lot_id, before in list(found.order_by("closes_at").values_list("pk", "state")[:most]):
        if lot_id not in rest:
            moved += stuck.attempt(lot_id, "close", partial(_close, lot_id, before))
    return moved


def _close(lot_id: int, before: str) -> bool:
    return bool(close_lot(actor=SYSTEM, lot_id=lot_id).state != before)


def beat() -> None:
    """Say that the platform is there. Where it was not for longer than a lot bears, the lots that
    ran meanwhile are made good first, each by itself, so that one that fails stops no other and
    nobody's bid waits for all of them. A second call that comes between changes nothing more: what
    was made good is no outage any longer."""
    with acting(SYSTEM):
        before = Beat.objects.first()
        at = clock.recorded_now()
        if before is None:
            Beat.objects.get_or_create(id=1, defaults={"at": at})
            return
        seconds = max(int((at - before.at).total_seconds()), 0)
        found = Lot.objects.filter(state="open", outage_s__lte=seconds).order_by("pk")
        running = list(found.values_list("pk", flat=True))
    for lot_id in running:
        stuck.attempt(lot_id, "close", partial(_made_good, lot_id))
    with acting(SYSTEM):
        Beat.objects.filter(id=1).update(at=at)


def _made_good(lot_id: int) -> bool:
    with acting(SYSTEM):
        return Sitting(lot_id).lot.pk == lot_id


def look_after() -> int:
    """What the worker does all the time: a sign of life, verdicts that nobody waits for any more,
    lots that may be over; how many lots have moved."""
    beat()
    waiting = Inbox.objects.filter(at=None).values_list("lot_id", flat=True).distinct()
    rest = stuck.resting(clock.recorded_now())
    for lot_id in list(waiting[:100]):
        if lot_id not in rest:
            stuck.attempt(lot_id, "decide", partial(_decide, lot_id))
    return close_due(now=clock.now(), most=100)


def _decide(lot_id: int) -> bool:
    with acting(SYSTEM):
        return bool(Sitting(lot_id, is_deciding=True).told)


def forget_verdicts(*, most: int) -> int:
    """Take rows out of the inbox that were decided an hour ago; the verdict stays where it was
    written down."""
    with acting(SYSTEM), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM trading_inbox WHERE id IN (SELECT id FROM trading_inbox WHERE at < %s ORDER BY id LIMIT %s)",
            [clock.now() - KEPT_FOR, most],
        )
        return int(cursor.rowcount)
