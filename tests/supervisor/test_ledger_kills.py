"""L4: the server is killed with SIGKILL, all its processes at once, while several post.

After the restart every acknowledged transfer is there under its number, a batch without an answer
is there whole or not at all, and sent again takes effect exactly once. The control has the same
load with commits that do not wait for the disk, and must lose some, or the test would be blind.
`pytest -s -m proof tests/supervisor/test_ledger_kills.py` does 50 rounds; stopped, it goes on where
it was, unless the poster has changed since.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

from yangbanjian.config.settings import database as django_settings
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.postgres import Engine, ensure_running

CLIENTS, ACCOUNTS = 4, 20
POST = "SELECT id, result, seq FROM post_batch(%s::jsonb), LATERAL (SELECT %s::jsonb -> (place - 1) ->> 'id' AS id) AS i ORDER BY place"
# What must hold between transfers and balances, as queries without rows (L1, L2, L5, L7).
PROMISES = {
    "L1": "SELECT asset FROM ledger_account GROUP BY asset HAVING sum(debits_posted) <> sum(credits_posted)"
    " OR sum(debits_pending) <> sum(credits_pending)",
    "L2": """
SELECT a.id FROM ledger_account AS a LEFT JOIN (
  SELECT id, sum(dpe) AS dpe, sum(dpo) AS dpo, sum(cpe) AS cpe, sum(cpo) AS cpo FROM (
    SELECT debit_id AS id, pending_change AS dpe, posted_change AS dpo, 0 AS cpe, 0 AS cpo FROM ledger_transfer
    UNION ALL SELECT credit_id, 0, 0, pending_change, posted_change FROM ledger_transfer
  ) AS sides GROUP BY id) AS f ON f.id = a.id
WHERE (a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted) IS DISTINCT FROM
  (COALESCE(f.dpe, 0), COALESCE(f.dpo, 0), COALESCE(f.cpe, 0), COALESCE(f.cpo, 0))""",
    "L5": "SELECT hold_id FROM ledger_transfer WHERE hold_id IS NOT NULL GROUP BY hold_id HAVING count(*) > 1",
    "L7": "SELECT chain FROM ledger_transfer WHERE chain IS NOT NULL GROUP BY chain HAVING count(*) <> max(chain_size)",
}
Batch = list[dict[str, Any]]


def key(number: int) -> str:
    return str(UUID(int=number))


@dataclass
class Client:
    """Posts one batch after the other and notes what it sent and what it was told."""

    url: str
    pick: random.Random
    told: dict[str, int] = field(default_factory=dict)
    unanswered: Batch = field(default_factory=list)
    holds: list[str] = field(default_factory=list)

    def batch(self) -> Batch:
        """Something of every kind; account 1 is everybody's."""
        turn = self.pick.random()
        if self.holds and turn < 0.2:
            return [{"id": self.new(), "kind": "post", "hold_id": self.holds.pop(), "amount": 3}]
        if turn < 0.4:
            return [self.one(kind="pending")]
        if turn < 0.5:
            chain = self.new()
            return [self.one(chain=chain), self.one(chain=chain)]
        return [self.one() for _ in range(20 if turn < 0.6 else 1)]

    def new(self) -> str:
        return str(UUID(int=self.pick.getrandbits(128)))

    def one(self, **more: str) -> dict[str, Any]:
        debit = self.pick.randint(2, ACCOUNTS)
        return {
            "id": self.new(), "kind": "posted", "debit": key(debit), "credit": key(1),
            "amount": 5, "asset": "CNY", **more,
        }  # fmt: skip

    def run(self) -> None:
        try:
            with psycopg.connect(self.url, autocommit=True) as database:
                while True:
                    self.unanswered = batch = self.batch()
                    sent = json.dumps(batch)
                    rows = database.execute(POST, [sent, sent]).fetchall()
                    assert [row[1] for row in rows] == ["ok"] * len(batch), rows
                    self.told.update({name: seq for name, _, seq in rows})
                    self.unanswered = []
                    if batch[0]["kind"] == "pending":
                        self.holds.append(batch[0]["id"])
        except psycopg.OperationalError:
            return  # the server is gone: this is what was waited for


def kill(engine: Engine) -> None:
    """SIGKILL for the server and everything that it has started, at once."""
    server = engine.pid()
    assert server is not None
    family = [server, *_children(server)]
    for pid in family:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while engine.pid() is not None and time.monotonic() < deadline:
        time.sleep(0.02)


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent and fields[0] not in "ZX":
                found.append(int(entry.name))
    return found


def load_and_kill(engine: Engine, number: int, seconds: float, options: str = "") -> list[Client]:
    """Several post until the server dies under them."""
    url = engine.url("runtime") + (f"?options={options}" if options else "")
    clients = [Client(url, random.Random(f"{number} {n}")) for n in range(CLIENTS)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 20
    # Some must have been told something, or there is nothing to lose.
    while sum(len(c.told) for c in clients) < 200 and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(seconds)
    kill(engine)
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert engine.revive()
    return clients


def _runtime(engine: Engine) -> psycopg.Connection[Any]:
    """The product's login, as the house: it reads every row."""
    return psycopg.connect(engine.url("runtime"), autocommit=True, options="-c ybj.system=on")


def lost(database: psycopg.Connection[Any], clients: list[Client]) -> list[str]:
    """Acknowledged transfers that are not there under the number that was told."""
    there = {
        str(name): seq for name, seq in database.execute("SELECT id, seq FROM ledger_transfer")
    }
    return [name for c in clients for name, seq in c.told.items() if there.get(name) != seq]


def one_round(engine: Engine, number: int) -> tuple[int, int, int]:
    """(acknowledged, unanswered, of these committed) of a round in which nothing may be lost."""
    pick = random.Random(number)
    clients = load_and_kill(engine, number, pick.uniform(0.0, 0.4))
    with _runtime(engine) as database:
        assert lost(database, clients) == []
        committed = 0
        for client in clients:
            if not client.unanswered:
                continue
            ids = [one["id"] for one in client.unanswered]
            count = "SELECT count(*) FROM ledger_transfer WHERE id = ANY (%s::uuid[])"
            row = database.execute(count, [ids]).fetchone()
            assert row in ((0,), (len(ids),)), "a batch is there in part"
            committed += row != (0,)
            sent = json.dumps(client.unanswered)
            for expected in ("ok" if row == (0,) else "exists", "exists"):
                told = database.execute(POST, [sent, sent]).fetchall()
                assert [one[1] for one in told] == [expected] * len(ids)
            assert database.execute(count, [ids]).fetchone() == (len(ids),)
        for promise, query in PROMISES.items():
            assert database.execute(query.encode()).fetchall() == [], promise
    return sum(len(c.told) for c in clients), sum(bool(c.unanswered) for c in clients), committed


@pytest.fixture
def durable(home: Home, django_db_blocker: Any) -> Iterator[Engine]:
    """A server as in production, with the ledger's tables and accounts."""
    with ensure_running(home) as engine:
        with django_db_blocker.unblock():
            told = django_settings(engine.url("migrator"))
            told["OPTIONS"] = {**told.get("OPTIONS", {}), "options": "-c synchronous_commit=off"}
            connections.settings["durable"] = {**connections.settings["default"], **told}
            call_command("migrate", "ledger", database="durable", verbosity=0, interactive=False)
            connections["durable"].close()
            del connections["durable"]
            del connections.settings["durable"]
        with psycopg.connect(engine.url("superuser"), autocommit=True) as database:
            database.execute("SET session_replication_role = replica")
            database.execute(
                "INSERT INTO ledger_account (key, owner_id, code, asset, is_limited, opened_at)"
                " SELECT lpad(to_hex(n), 32, '0')::uuid, 1, 'current', 'CNY', false, now()"
                " FROM generate_series(1, %s) AS n",
                [ACCOUNTS],
            )
        yield engine


def test_L4_kill_9_under_load_loses_and_doubles_nothing(durable: Engine) -> None:
    found = [one_round(durable, number) for number in range(3)]
    print(f"rounds=3 acknowledged, unanswered, committed: {found} lost=0")
    assert all(acknowledged >= 200 for acknowledged, _, _ in found)
    _the_control_loses(durable)


def _the_control_loses(engine: Engine) -> None:
    """Nothing brings an asynchronous commit to the disk within these 10 s but the writer's turn."""
    with psycopg.connect(engine.url("superuser"), autocommit=True) as database:
        database.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        database.execute("ALTER SYSTEM SET wal_writer_flush_after = '1GB'")
        database.execute("SELECT pg_reload_conf()")
    counts = []
    for number in range(3):
        clients = load_and_kill(engine, number + 1000, 0.2, "-c%20synchronous_commit%3Doff")
        with _runtime(engine) as database:
            counts.append(len(lost(database, clients)))
        if counts[-1]:
            break
    print(f"control lost={counts}")
    assert sum(counts) > 0, "a test that loses nothing without the disk proves nothing with it"


@pytest.mark.proof
def test_L4_kill_9_fifty_times(durable: Engine, request: pytest.FixtureRequest) -> None:
    with psycopg.connect(durable.url("superuser")) as database:
        row = database.execute(
            "SELECT string_agg(pg_get_functiondef(oid), '' ORDER BY proname) FROM pg_proc"
            " WHERE proname LIKE 'ledger%' OR proname = 'post_batch'"
        ).fetchone()
    assert row is not None
    assert request.config.cache is not None
    cache, name = request.config.cache, "ledger/kills"
    poster = hashlib.sha256(row[0].encode()).hexdigest()
    done = cache.get(name, {})
    rounds = done["rounds"] if done.get("poster") == poster and len(done["rounds"]) < 50 else []
    while len(rounds) < 50:
        rounds.append(list(one_round(durable, 100 + len(rounds))))
        cache.set(name, {"poster": poster, "rounds": rounds})
    acknowledged, unanswered, committed = (sum(column) for column in zip(*rounds, strict=True))
    print(f"rounds=50 {acknowledged=} {unanswered=} {committed=} lost=0")
    assert unanswered > 0
    _the_control_loses(durable)
