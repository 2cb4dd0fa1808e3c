"""A lot under its lock: its state rebuilt from rows, what is decided now, and all of it written.

One at a time holds a lot, by an advisory lock and by its row. The clock is read after that, so a bid
that has waited for the lock across the close is late. Whoever has the lot decides everything that
waits for it, in the order of arrival, in one commit: the commit is the price, not the work.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import JSONField

from yangbanjian.ground.database import prepared
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.market.trading import queries
from yangbanjian.market.trading.actions.decisions import fact
from yangbanjian.market.trading.models import Lot
from yangbanjian.market.trading.rules import logs
from yangbanjian.market.trading.rules.course import Course
from yangbanjian.market.trading.rules.lots import Placed, Verdict

MOST_AT_ONCE = 200
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('trading.lot'), %s::int)"
_CLOCK = """
SELECT t + make_interval(secs => COALESCE((SELECT offset_seconds FROM clock_installation), 0)), t,
  (SELECT at FROM trading_beat) FROM (SELECT clock_timestamp() AS t) AS c
"""
_WAITING = """
SELECT id, key, kind, owner_id, amount_fen, content, is_operator, made_by FROM trading_inbox
WHERE lot_id = %s::bigint AND at IS NULL AND (%s::bigint IS NULL OR id = %s::bigint)
ORDER BY came_at, id LIMIT %s::int
"""
_WRITE = """
WITH r AS (
  INSERT INTO trading_received (lot_id, registration_id, owner_id, key, kind, plate, amount_fen, content,
    standing, clock, at, verdict, seq, closes_at, made_by)
  SELECT %(lot)s::bigint, registration_id, owner_id, key, kind, plate, amount_fen, content, standing, clock, at,
    verdict, seq, closes_at, made_by
  FROM jsonb_to_recordset(%(received)s::jsonb) AS x(place int, registration_id bigint, owner_id bigint, key text,
    kind text, plate text, amount_fen bigint, content jsonb, standing text, clock timestamptz, at timestamptz,
    verdict text, seq int, closes_at timestamptz, made_by bigint) ORDER BY place
  RETURNING id, key
), b AS (
  INSERT INTO trading_bid (lot_id, received_id, seq, plate, amount_fen, at, closes_at, is_auto)
  SELECT %(lot)s::bigint, r.id, seq, plate, amount_fen, at, closes_at, is_auto
  FROM jsonb_to_recordset(%(bids)s::jsonb) AS x(key text, seq int, plate text, amount_fen bigint, at timestamptz,
    closes_at timestamptz, is_auto boolean) JOIN r USING (key) ORDER BY seq
)
UPDATE trading_inbox AS i SET verdict = x.verdict, at = x.at, seq = x.seq, closes_at = x.closes_at
FROM jsonb_to_recordset(%(told)s::jsonb) AS x(id bigint, verdict text, at timestamptz, seq int, closes_at timestamptz)
WHERE i.id = x.id AND i.id = ANY (%(numbers)s::bigint[])
"""
_LINES = """
INSERT INTO trading_lot_line (lot_id, n, line)
SELECT %s::bigint, %s::int + place - 1, line FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS x(line, place) ORDER BY place
"""
_in_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Told:
    """What is said to the sender of something received."""

    verdict: Verdict
    at: datetime
    seq: int | None
    closes_at: datetime


def lock(lot_id: int) -> None:
    """Wait for the lot: whoever has it keeps it to the end of the transaction. First come, first
    served; a row lock is not."""
    prepared.rows(_LOCK, [lot_id])


def clocks(asked: prepared.Asked) -> tuple[datetime, datetime, datetime | None]:
    """Business time, recorded time, and the platform's last sign of life."""
    now, recorded, beat = asked.rows()[0]
    return now, recorded, beat


class Sitting:
    """One turn at a lot. Must be opened in a transaction, by the system; `is_locked`: who opens it
    has waited for the lot in this transaction."""

    def __init__(
        self, lot_id: int, *, only: int | None = None, is_deciding: bool = False,
        is_locked: bool = False,
    ) -> None:  # fmt: skip
        if not is_locked:
            lock(lot_id)
        most = MOST_AT_ONCE if is_deciding else 0
        with prepared.together():
            found = prepared.ask(_LOCKED, [lot_id])
            waits = prepared.ask(_WAITING, [lot_id, only, only, most])
            clock = prepared.ask(_CLOCK)
            history = queries.History(lot_id, is_deciding=is_deciding)
        self.lot = _lot_of(lot_id, found.rows())
        waiting = waits.rows()
        self.now, recorded, beat = clocks(clock)
        self.terms = queries.terms(self.lot)
        self.bidders = history.bidders()
        self.course = Course.going_on(self.terms, history.state(self.lot), history.answered())
        self.is_over = self.lot.result is not None
        self.was_silent_for = recorded - beat if beat is not None else timedelta(0)
        if self.was_silent_for > timedelta(seconds=self.lot.outage_s) and not self.is_over:
            self._make_good(self.now - self.was_silent_for)
        self.told = self._decide(waiting) if waiting else {}

    def _make_good(self, begun: datetime) -> None:
        """The platform was not there for so long: the lot's time runs on from now (A11)."""
        if self.course.outage(begun, self.now):
            self.tell("lot_extended", {"begun": logs.instant(begun), **self.times()})
            self.keep()

    def times(self) -> dict[str, str]:
        state = self.course.state
        return {
            "closes_at": logs.instant(state.closes_at),
            "hard_close_at": logs.instant(state.hard_close_at),
        }

    def tell(self, past: str, payload: Mapping[str, Any], *, actor: Actor = SYSTEM) -> int:
        """Write an entry about the lot that everybody may read; of bidders it has plates (A10)."""
        told = fact(
            self.lot, past, "lot", {"lot": str(self.lot.pk), **payload}, audience="public",
            edition=self.lot.edition.label,
        )  # fmt: skip
        return journal.record(actor=actor, fact=told)

    # --- what has come in ---

    def _decide(self, waiting: Sequence[tuple[Any, ...]]) -> dict[int, Told]:
        """The one verdict on each (A5), all rows of it in two statements."""
        received, bids, told = [], [], {}
        for place, row in enumerate(waiting):
            pk, key, kind, owner_id, amount, inside, is_operator, by = row
            content = json.loads(inside)
            bidder = self.bidders.get(owner_id)
            standing = queries.standing_of(self.lot, owner_id, bidder, is_operator=is_operator)
            plate = bidder.plate if bidder else ""
            said = queries.received_of(key, kind, plate, amount, content, standing)
            is_new, before = not self.course.has_answered(key), len(self.course.bids)
            answer = self.course.receive(said, self.now)
            told[pk] = Told(answer.verdict, answer.at, answer.seq, answer.closes_at)
            if is_new:
                received.append(
                    {
                        "place": place, "key": key, "kind": kind, "plate": plate,
                        "registration_id": bidder.pk if bidder else None, "owner_id": owner_id,
                        "amount_fen": amount, "content": content, "made_by": by,
                        "standing": said.standing.value, "clock": self.now.isoformat(),
                        **_said(told[pk]),
                    }
                )  # fmt: skip
                if kind == "sealed" and answer.verdict is Verdict.ACCEPTED:
                    self._tell_of_sealed(answer.seq, plate, content)
                bids += [{"key": key, **_row(bid)} for bid in self.course.bids[before:]]
        rows = {
            "received": received, "bids": bids,
            "told": [{"id": pk, **_said(one)} for pk, one in told.items()],
        }  # fmt: skip
        values = {name: _in_json(listed) for name, listed in rows.items()}
        with prepared.together():
            # By their numbers, and not by reading an inbox of an hour.
            prepared.ask(_WRITE, {"lot": self.lot.pk, "numbers": list(told), **values})
            self.keep()
        self._tell_of(self.course.bids)
        self.course.bids.clear()
        return told

    def _tell_of_sealed(self, seq: int | None, plate: str, content: Mapping[str, Any]) -> None:
        said = {name: content[name] for name in ("commitment", "ciphertext_sha256")}
        self.tell("bid_sealed", {"seq": seq, "plate": plate, **said})

    def _tell_of(self, bids: Iterable[Placed]) -> None:
        """An entry for each accepted bid. Of a ceiling's bid nothing shows that it is one."""
        facts = [
            fact(
                self.lot, "bid_placed", "lot",
                {
                    "seq": bid.seq, "plate": bid.plate, "amount_fen": bid.amount_fen,
                    "at": logs.instant(bid.at), "closes_at": logs.instant(bid.closes_at),
                },
                audience="public", edition=self.terms.edition,
            )
            for bid in bids
        ]  # fmt: skip
        if facts:
            journal.record_many(actor=SYSTEM, facts=facts)

    # --- writing ---

    def keep(self) -> None:
        """Write the lines that are new, and the lot's times and top."""
        lot, state = self.lot, self.course.state
        if self.course.lines and not self.is_over:
            prepared.ask(_LINES, [lot.pk, lot.lines, _in_json(self.course.lines)])
            lot.lines += len(self.course.lines)
        self.course.lines.clear()
        top = state.best[0] if state.best else None
        for name in ("free_until", "closes_at", "hard_close_at", "last_at", "paused_at", "held",
                     "asked_at", "extensions", "seq"):  # fmt: skip
            setattr(lot, name, getattr(state, name))
        lot.stage, lot.matched, lot.passed = (
            state.stage.value,
            state.matched or "",
            list(state.passed),
        )
        lot.top_fen, lot.top_plate = (top.amount_fen, top.plate) if top else (None, "")
        prepared.ask(_KEEP, [*(_stored(lot, name) for name in _KEPT), lot.pk])


_KEPT = (
    "state", "stage", "free_until", "closes_at", "hard_close_at", "last_at", "paused_at", "held",
    "asked_at", "extensions", "seq", "lines", "top_fen", "top_plate", "matched", "passed", "result",
    "entry_id",
)  # fmt: skip


def _said(told: Told) -> dict[str, Any]:
    return {
        "verdict": told.verdict.value, "at": told.at.isoformat(), "seq": told.seq,
        "closes_at": told.closes_at.isoformat(),
    }  # fmt: skip


def _row(bid: Placed) -> dict[str, Any]:
    return {
        "seq": bid.seq, "plate": bid.plate, "amount_fen": bid.amount_fen, "is_auto": bid.is_auto,
        "at": bid.at.isoformat(), "closes_at": bid.closes_at.isoformat(),
    }  # fmt: skip


_LOT = list(Lot._meta.concrete_fields)
_OF_EDITION = ("id", "table_name", "jurisdiction", "number")
_LOCKED = (
    f"SELECT {', '.join(f'l.{field.column}' for field in _LOT)}, {', '.join(f'e.{n}' for n in _OF_EDITION)}"  # noqa: S608
    " FROM trading_lot AS l JOIN rulebook_edition AS e ON e.id = l.edition_id"
    " WHERE l.id = %s::bigint FOR NO KEY UPDATE OF l"
)
_KEEP = (
    f"UPDATE trading_lot SET {', '.join(f'{name} = %s' for name in _KEPT)} WHERE id = %s::bigint"  # noqa: S608
)


def _lot_of(lot_id: int, found: list[tuple[Any, ...]]) -> Lot:
    """The lot with as much of its edition as names it. By hand: the mapper takes longer to write
    the statement than the server to carry it out."""
    if not found:
        raise Lot.DoesNotExist(lot_id)
    values = [
        json.loads(value) if isinstance(field, JSONField) and value is not None else value
        for field, value in zip(_LOT, found[0], strict=False)
    ]
    lot = Lot.from_db("default", [field.attname for field in _LOT], values)
    of_edition = ["id", "table", "jurisdiction", "number"]
    lot.edition = Edition.from_db("default", of_edition, found[0][len(_LOT) :])
    return lot


def _stored(lot: Lot, name: str) -> Any:
    value = getattr(lot, name)
    return _in_json(value) if name in ("passed", "result") and value is not None else value
