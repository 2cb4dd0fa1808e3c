"""A house on PostgreSQL: the product's own actions, really committed, really undone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, connections, transaction

from tests import make
from tests.simulator.house import Crash, Fault, Head, Placed, Row, Said
from yangbanjian.ground.clock import actions as clock
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.keys import queries as keys
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.ledger import queries as books
from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.ledger.rules import Outcome, Transfer
from yangbanjian.ground.ledger.rules.book import Balance
from yangbanjian.ground.log import actions as log
from yangbanjian.ground.log import queries as logs
from yangbanjian.ground.log.rules import leaves, merkle
from yangbanjian.kernel.actor import SYSTEM, Actor, Role

LOOK_AGAIN_S = 0.02
_ROWS = """
SELECT t.id, t.seq, t.kind, d.key, c.key, t.asset, t.amount, t.posted_change, t.pending_change,
  t.hold_id, t.chain
FROM ledger_transfer AS t JOIN ledger_account AS d ON d.id = t.debit_id
JOIN ledger_account AS c ON c.id = t.credit_id WHERE t.seq > %s
"""
_BALANCES = """
SELECT key, debits_pending, debits_posted, credits_pending, credits_posted FROM ledger_account
WHERE key = ANY (%s)
"""


class Tables:
    """Books, journal and log of a database; several worlds may live in it one after the other."""

    def __init__(self, _pick: object = None) -> None:
        self.accounts: dict[UUID, Account] = {}
        self.owner_id = make.organisation().pk
        self.auditor = Actor(roles=frozenset({Role.AUDITOR}))
        self.second = connections.create_connection("default")
        for session in (connection, self.second):
            with session.cursor() as cursor:
                cursor.execute("SET lock_timeout = '10s'")  # a lock that nobody can release
        self.slow: Any = None
        # Up to here everything was seen; of what stands above, which.
        self.floor = {"rows": 0, "entries": 0, "leaves": -1, "heads": 0}
        self.above: dict[str, set[Any]] = {"rows": set(), "entries": set()}

    def open(self, key: UUID, asset: str, *, is_limited: bool) -> None:
        self.accounts[key], is_new = ledger.open_account(
            actor=SYSTEM, key=key, owner_id=self.owner_id, code="current", asset=asset,
            is_limited=is_limited,
        )  # fmt: skip
        assert is_new

    def pass_time(self, by: timedelta) -> None:
        clock.advance(actor=SYSTEM, by=by)

    def post(self, batch: Sequence[Transfer], fault: Fault) -> list[Outcome]:
        with dying(fault):
            return ledger.post(actor=SYSTEM, transfers=batch)
        raise AssertionError

    def expire(self, most: int, fault: Fault) -> int:
        with dying(fault):
            return ledger.expire_due(actor=SYSTEM, most=most)
        raise AssertionError

    def sequence(self, fault: Fault) -> int:
        with dying(fault):
            return log.sequence()
        raise AssertionError

    def rotate(self, *, is_lost: bool) -> None:
        log.rotate_key(actor=SYSTEM, is_lost=is_lost)

    def restart(self) -> None:
        if self.slow is not None:
            self.slow_end([], commits=False)
        self.second.close()

    def patience(self) -> None:
        """Other databases of the same server may have transactions open."""
        time.sleep(LOOK_AGAIN_S)

    @contextmanager
    def _by_the_second(self) -> Iterator[None]:
        first = connections["default"]
        connections["default"] = self.second
        try:
            yield
        finally:
            connections["default"] = first

    def slow_begin(self, batch: Sequence[Transfer]) -> None:
        with self._by_the_second():
            self.slow = transaction.atomic()
            self.slow.__enter__()
            ledger.post(actor=SYSTEM, transfers=batch)

    def slow_end(self, batch: Sequence[Transfer], *, commits: bool) -> None:
        with self._by_the_second():
            ledger.post(actor=SYSTEM, transfers=batch)
            if not commits:
                transaction.set_rollback(True)
            self.slow.__exit__(None, None, None)
            self.slow = None

    # --- what can be seen -----------------------------------------------------------------------

    def _news(self, kind: str, found: list[Any], number: int) -> list[Any]:
        """Those not seen before; the floor waits while somebody may still come in below."""
        seen = self.above[kind]
        fresh = [one for one in found if one[number] not in seen]
        seen.update(one[number] for one in fresh)
        if self.slow is None and seen:
            self.floor[kind] = max(seen)
            seen.clear()
        return fresh

    def rows(self) -> list[Row]:
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [self.floor["rows"]])
            return [Row(*row) for row in self._news("rows", cursor.fetchall(), 1)]

    def entries(self) -> list[Said]:
        found = Entry.objects.filter(pk__gt=self.floor["entries"]).order_by("pk")
        rows = list(found.values_list("pk", "xact", "verb", "payload"))
        return [Said(*row) for row in self._news("entries", rows, 0)]

    def leaves(self) -> list[Placed]:
        found = logs.Leaf.objects.filter(position__gt=self.floor["leaves"]).order_by("position")
        rows = found.values_list("position", "entry_id", "leaf_hash")
        fresh = [Placed(position, pk, bytes(value)) for position, pk, value in rows]
        if fresh:
            self.floor["leaves"] = fresh[-1].position
        return fresh

    def heads(self) -> list[Head]:
        found = logs.Checkpoint.objects.filter(pk__gt=self.floor["heads"]).order_by("pk")
        fresh = list(found)
        if fresh:
            self.floor["heads"] = fresh[-1].pk
        return [Head(one.size, bytes(one.root), one.note) for one in fresh]

    def balances(self) -> dict[UUID, Balance]:
        with connection.cursor() as cursor:
            cursor.execute(_BALANCES, [list(self.accounts)])
            return {key: Balance(*sums) for key, *sums in cursor.fetchall()}

    def settled(self) -> int:
        return books.settled_seq()

    def balance_at(self, key: UUID, seq: int) -> Balance:
        return books.balance(self.accounts[key], seq)[1]

    def leaf_hash_of(self, entry_id: int) -> bytes:
        row = logs.row_of(Entry.objects.get(pk=entry_id))
        return merkle.leaf_hash(leaves.leaf_bytes(leaves.leaf_of(row)))

    def inclusion(self, position: int, size: int) -> list[bytes]:
        return merkle.inclusion_proof(logs.read_hashes, position, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        return merkle.consistency_proof(logs.read_hashes, old, new)

    def packet(self, entry_id: int) -> bytes:
        return logs.packet(self.auditor, logs.entry_for(self.auditor, entry_id))

    def trusted(self) -> dict[bytes, bool]:
        return {bytes(k.public): k.revoked_at is not None for k in keys.all_of(logs.PURPOSE)}


@contextmanager
def dying(fault: Fault) -> Iterator[None]:
    """The process dies before its transaction is committed, or after, before it could answer."""
    if fault is Fault.BEFORE:
        with transaction.atomic():
            yield
            raise Crash
    yield
    if fault is Fault.AFTER:
        raise Crash
