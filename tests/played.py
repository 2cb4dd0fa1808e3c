"""Plays a course that was made in memory through the real actions and PostgreSQL, at its own times:
the clock of the lot's sittings is set, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from tests import bidding, lots
from tests.bidding import PLATES, RandomCourse
from verify.auction import recount
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.actions import deals, sittings
from yangbanjian.market.trading.actions.bids import _in_one, _Said, _values
from yangbanjian.market.trading.actions.closing import open_sealed
from yangbanjian.market.trading.actions.sittings import Sitting
from yangbanjian.market.trading.rules.course import Course
from yangbanjian.market.trading.rules.lots import Bid, Ceiling, Claim, SealedBid, Standing


class Recorded(Course):
    """A course that remembers what was done to it."""

    def __init__(self, *said: Any, **more: Any) -> None:
        super().__init__(*said, **more)
        self.deeds: list[tuple[str, Any, datetime]] = []

    def receive(self, received: Any, now: datetime) -> Any:
        self.deeds.append(("receive", received, now))
        return super().receive(received, now)

    def pause(self, now: datetime, reason: str) -> None:
        super().pause(now, reason)
        self.deeds.append(("pause", reason, now))

    def resume(self, now: datetime) -> None:
        super().resume(now)
        self.deeds.append(("resume", None, now))

    def outage(self, begun: datetime, now: datetime) -> bool:
        self.deeds.append(("outage", begun, now))
        return super().outage(begun, now)

    def open(self, plaintexts: Any, now: datetime) -> None:
        super().open(plaintexts, now)
        self.deeds.append(("open", plaintexts, now))

    def close(self, now: datetime) -> Any:
        if self.result is None:
            self.deeds.append(("close", None, now))
        return super().close(now)


class Table:
    """One lot in PostgreSQL with its clock in our hands; `course` is the same lot in memory."""

    def __init__(self, seed: int, reached: Counter[str], patch: pytest.MonkeyPatch) -> None:
        self.listing = lots.listing()
        pk = _rows("SELECT nextval(pg_get_serial_sequence('trading_lot', 'id'))")
        label, original = self.listing.edition.label, bidding.random_terms

        def named(*said: Any) -> Any:
            return replace(original(*said), lot=str(pk), edition=label)

        with (
            mock.patch.object(bidding, "random_terms", named),
            mock.patch.object(bidding, "Course", Recorded),
        ):
            made = RandomCourse(seed, reached)
        self.inside = made.inside
        assert isinstance(made.course, Recorded)
        self.course = made.course
        self.lot, self.owners = lots.from_terms(
            self.listing, self.course.lot, [*PLATES, "Z1"], self.course.reserve
        )
        self.now = self.course.lot.opens_at
        self.begun: datetime | None = None
        self.standing = Standing.OK
        patch.setattr(sittings, "clocks", lambda _asked: (self.now, self.now, self.begun))
        patch.setattr(queries, "standing_of", lambda *_a, **_k: self.standing)
        patch.setattr(deals, "award", lambda **_k: None)

    def play(self) -> None:
        for deed, said, at in self.course.deeds:
            self.now = at
            getattr(self, f"_{deed}")(said)

    def _receive(self, received: Any) -> None:
        self.standing = received.standing
        said = {
            Bid: lambda: _Said("bid", received.id, received.amount_fen),
            Ceiling: lambda: _Said("ceiling", received.id, received.max_fen),
            Claim: lambda: _Said("claim", received.id, content={"match": received.match}),
            SealedBid: lambda: _Said(
                "sealed", received.id,
                content={
                    "commitment": received.commitment, "ciphertext": "",
                    "ciphertext_sha256": received.ciphertext_sha256,
                },
            ),
        }[type(received)]()  # fmt: skip
        actor = Actor(person_id=1, organisation_id=self.owners[received.plate].pk)
        _in_one(self.lot.pk, _values(actor, self.lot.pk, said, 0.0))

    def _pause(self, reason: str) -> None:
        actions.pause_lot(actor=SYSTEM, lot_id=self.lot.pk, reason=reason)

    def _resume(self, _said: None) -> None:
        actions.resume_lot(actor=SYSTEM, lot_id=self.lot.pk)

    def _outage(self, begun: datetime) -> None:
        self.begun = begun
        with acting(SYSTEM):
            Sitting(self.lot.pk)
        self.begun = None

    def _open(self, plaintexts: Any) -> None:
        actions.close_lot(actor=SYSTEM, lot_id=self.lot.pk)
        with acting(SYSTEM):
            open_sealed(Sitting(self.lot.pk), plaintexts)

    def _close(self, _said: None) -> None:
        actions.close_lot(actor=SYSTEM, lot_id=self.lot.pk)


def _rows(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def compared(seed: int, reached: Counter[str], patch: pytest.MonkeyPatch) -> str:
    """What differs between the lot in PostgreSQL, in memory, and as the verifier counts it; ""."""
    table = Table(seed, reached, patch)
    table.play()
    text = lots.log_of(table.lot)
    if text != table.course.text:
        pairs = zip(text.splitlines(), table.course.text.splitlines(), strict=False)
        first = next((pair for pair in pairs if pair[0] != pair[1]), ("length", ""))
        return f"seed {seed}: {first[0]} != {first[1]}"
    reached["lines"] += text.count("\n")
    counted = recount([json.loads(line) for line in text.splitlines()])
    table.lot.refresh_from_db()
    told = None if table.lot.result is None else table.lot.result["winner"]
    winner = None if counted.result is None else counted.result["winner"]
    return "" if told == winner else f"seed {seed}: winner {told} != {winner}"
