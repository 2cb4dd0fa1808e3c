# ruff: noqa: S608 - the statements are put together from our own words
"""Every order of (begin, call, commit) on two connections, for every two money functions; and with
one of them stopped, or dying, at a point inside.

After each order the promises hold, and both callers have been told what one of the two serial
orders would have told them, by the ledger in memory. Stops inside are triggers that the test adds to
its own database; nothing of them is in the product.
"""

from __future__ import annotations

import itertools
import json
import select
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection
from psycopg import pq

from tests import database, make
from tests.ledger import pending, posted, resolve
from yangbanjian.ground.ledger import actions
from yangbanjian.ground.ledger.rules import Kind, Transfer
from yangbanjian.ground.ledger.rules.book import Balance, Book

pytestmark = pytest.mark.usefixtures("own_database")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STOPS = """
CREATE FUNCTION test_stop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('test.stop', true) = TG_ARGV[0] THEN
    PERFORM pg_advisory_xact_lock_shared(77, 1);
  ELSIF current_setting('test.die', true) = TG_ARGV[0] THEN
    RAISE EXCEPTION 'died at %', TG_ARGV[0];
  END IF;
  RETURN CASE TG_LEVEL WHEN 'ROW' THEN NEW END;
END $$;
CREATE TRIGGER a_locked BEFORE INSERT ON ledger_transfer FOR EACH ROW EXECUTE FUNCTION test_stop('locked');
CREATE TRIGGER z_moved AFTER UPDATE ON ledger_account FOR EACH STATEMENT EXECUTE FUNCTION test_stop('moved');
CREATE TRIGGER z_written AFTER INSERT ON ledger_transfer FOR EACH STATEMENT EXECUTE FUNCTION test_stop('written');
"""
POINTS = ("locked", "moved", "written")
OURS = """
WITH mine AS (SELECT * FROM ledger_account WHERE key = ANY (%(keys)s)),
moves AS (SELECT t.* FROM ledger_transfer AS t WHERE t.debit_id IN (SELECT id FROM mine)),
folded AS (
  SELECT a.id, COALESCE(sum(t.pending_change) FILTER (WHERE t.debit_id = a.id), 0) AS dpe,
    COALESCE(sum(t.posted_change) FILTER (WHERE t.debit_id = a.id), 0) AS dpo,
    COALESCE(sum(t.pending_change) FILTER (WHERE t.credit_id = a.id), 0) AS cpe,
    COALESCE(sum(t.posted_change) FILTER (WHERE t.credit_id = a.id), 0) AS cpo
  FROM mine AS a LEFT JOIN moves AS t ON a.id IN (t.debit_id, t.credit_id) GROUP BY a.id)
"""
VIOLATIONS = f"""
{OURS}
SELECT 'L1' FROM mine HAVING sum(debits_posted) <> sum(credits_posted) OR sum(debits_pending) <> sum(credits_pending)
UNION ALL SELECT 'L2' FROM mine JOIN folded USING (id)
  WHERE (debits_pending, debits_posted, credits_pending, credits_posted) <> (dpe, dpo, cpe, cpo)
UNION ALL SELECT 'L5' FROM moves WHERE hold_id IS NOT NULL GROUP BY hold_id HAVING count(*) > 1
UNION ALL SELECT 'L6' FROM mine WHERE is_limited AND debits_posted + debits_pending > credits_posted
UNION ALL SELECT 'L7' FROM moves WHERE chain IS NOT NULL GROUP BY chain HAVING count(*) <> max(chain_size)
"""


@dataclass
class World:
    """A buyer with 100, of which 60 are held for a seller for an hour: 40 are free."""

    keys: list[UUID]
    fund: Transfer = field(init=False)
    held: Transfer = field(init=False)
    twin: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        bank, buyer, seller, _ = self.keys
        self.fund = posted(bank, buyer, 100, id=uuid4())
        self.held = pending(buyer, seller, 60, timeout_s=3600, id=uuid4())

    def pay(self, amount: int, place: int = 2, **more: Any) -> Transfer:
        return posted(self.keys[1], self.keys[place], amount, **{"id": uuid4(), **more})

    def chained(self, name: UUID, *ids: UUID) -> list[Transfer]:
        return [
            self.pay(amount, place, id=one, chain=name)
            for amount, place, one in zip((20, 15), (3, 2), ids, strict=True)
        ]


Call = Callable[[World], list[Transfer] | None]
# What each asks for; expiry asks for nothing. Any two of them meet on the same accounts.
CALLS: dict[str, Call] = {
    "post": lambda w: [w.pay(30)],
    "hold": lambda w: [
        pending(w.keys[1], w.keys[2], 25, id=uuid4()),
    ],
    "settle": lambda w: [resolve(Kind.POST, w.held, 45, id=uuid4())],
    "void": lambda w: [resolve(Kind.VOID, w.held, id=uuid4())],
    "expire": lambda _: None,
    "chain": lambda w: w.chained(uuid4(), uuid4(), uuid4()),
    "set": lambda w: [w.pay(10), w.pay(25, 3), w.pay(4)],
}
TWINS: dict[str, tuple[Call, Call]] = {
    "same id, same content": (lambda w: [w.pay(30, id=w.twin)],) * 2,
    "same id, other content": (
        lambda w: [w.pay(30, id=w.twin)],
        lambda w: [posted(w.keys[0], w.keys[3], 7, id=w.twin)],
    ),
    "same id in sets": (
        lambda w: [w.pay(5), w.pay(6, id=w.twin)],
        lambda w: [posted(w.keys[0], w.keys[3], 7, id=w.twin), w.pay(1)],
    ),
    "same chain": (lambda w: w.chained(w.twin, UUID(int=w.twin.int ^ 1), UUID(int=w.twin.int ^ 2)),) * 2,
}  # fmt: skip
PAIRS: dict[str, tuple[Call, Call]] = {
    **{
        f"{a} and {b}": (CALLS[a], CALLS[b])
        for a, b in itertools.combinations_with_replacement(CALLS, 2)
    },
    **TWINS,
}
ORDERS = sorted(set(itertools.permutations("aaabbb")))


class Line:
    """A connection whose statements are sent without waiting for the answer."""

    def __init__(self, url: str) -> None:
        self.database = psycopg.connect(url, autocommit=True)
        self.pid = self.database.info.backend_pid
        self.waiting: list[bytes] = []
        self.is_busy = False
        self.rows: list[tuple[str, ...]] = []
        self.failure = ""

    def send(self, statement: str) -> None:
        self.waiting.append(statement.encode())
        self.go_on()

    def go_on(self) -> None:
        """Take what has been answered, send what waits."""
        line = self.database.pgconn
        while True:
            if self.is_busy:
                line.consume_input()
                while not line.is_busy():
                    result = line.get_result()
                    if result is None:
                        self.is_busy = False
                        break
                    self._take(result)
            if self.is_busy or not self.waiting:
                return
            line.send_query(self.waiting.pop(0))
            self.is_busy = True

    def _take(self, result: pq.abc.PGresult) -> None:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            self.failure = result.error_message.decode()
        for row in range(result.ntuples):
            values = [result.get_value(row, column) or b"" for column in range(result.nfields)]
            self.rows.append(tuple(value.decode() for value in values))


@dataclass
class Stage:
    """Two connections, and a third that looks on and holds the lock of the stops."""

    a: Line
    b: Line
    eye: psycopg.Connection[Any]
    owner: int

    def settle_down(self) -> None:
        """Until each line has its answer or waits for another's lock."""
        for line in (self.a, self.b):
            while True:
                line.go_on()
                if not line.is_busy:
                    break
                select.select([line.database.pgconn.socket], [], [], 0.002)
                line.go_on()
                if not line.is_busy:
                    break
                blocked = self.eye.execute(
                    "SELECT cardinality(pg_blocking_pids(%s)) > 0", [line.pid]
                ).fetchone()
                line.go_on()
                if blocked == (True,) and line.is_busy:
                    break
        # What b has finished may have let a go on.
        self.a.go_on()

    def finish(self) -> None:
        while self.a.is_busy or self.b.is_busy or self.a.waiting or self.b.waiting:
            self.settle_down()

    def world(self) -> World:
        world = World([uuid4() for _ in range(4)])
        for place, key in enumerate(world.keys):
            opened = self.eye.execute(
                "SELECT ledger_open_account(%s, %s, 'current', 'CNY', %s)",
                [key, self.owner, place == 1],
            ).fetchone()
            assert opened == ("ok",)
        told = self.eye.execute(calling([world.fund, world.held])).fetchall()
        assert [row[0] for row in told] == ["ok", "ok"]
        for line in (self.a, self.b):
            line.rows, line.failure = [], ""
        return world

    def call(self, line: Line, asked: list[Transfer] | None) -> None:
        if asked is None:
            # The hour is over just now, and for this caller first.
            self.eye.execute("UPDATE clock_installation SET offset_seconds = offset_seconds + 3700")
            line.send("SELECT 'swept', ledger_expire(100)")
        else:
            line.send(calling(asked))

    def check(self, world: World, calls: Sequence[list[Transfer] | None], *lines: Line) -> None:
        """The promises, and that one of the serial orders tells the same."""
        keys = {"keys": world.keys}
        assert self.eye.execute(VIOLATIONS, keys).fetchall() == []
        told = [[row[0] for row in line.rows if row[0] != "swept"] for line in lines]
        sums = self.eye.execute(
            "SELECT key, debits_pending, debits_posted, credits_pending, credits_posted"
            " FROM ledger_account WHERE key = ANY (%(keys)s)",
            keys,
        ).fetchall()
        now = {row[0]: Balance(*row[1:]) for row in sums}
        serial = [
            _serial(world, calls, order) for order in itertools.permutations(range(len(calls)))
        ]
        assert (told, now) in serial


def calling(asked: Sequence[Transfer]) -> str:
    sent = json.dumps([actions._wire(one) for one in asked])
    return f"SELECT result, seq FROM post_batch('{sent}') ORDER BY place"


def _serial(
    world: World, calls: Sequence[list[Transfer] | None], order: Sequence[int]
) -> tuple[list[list[str]], dict[UUID, Balance]]:
    book, at = Book(), NOON
    for place, key in enumerate(world.keys):
        book.open(key, "CNY", is_limited=place == 1)
    book.post([world.fund, world.held], at)
    told: list[list[str]] = [[] for _ in calls]
    for number in order:
        asked = calls[number]
        if asked is None:
            at += timedelta(hours=2)
            book.expire(at, iter(uuid4, None))
        else:
            told[number] = [o.result.value for o in book.post(asked, at)]
    return told, {key: book.balance(key) for key in world.keys}


@pytest.fixture(scope="module")
def stage(own_database: None, django_db_blocker: Any) -> Iterator[Stage]:
    with django_db_blocker.unblock():
        owner = make.organisation().pk
        make.sandbox()
        told = connection.settings_dict
        runtime = psycopg.conninfo.make_conninfo(
            dbname=told["NAME"], user=told["USER"], password=told["PASSWORD"], host=told["HOST"],
            port=told["PORT"] or None,
        )  # fmt: skip
        connection.close()
    admin = urlsplit(database.admin_url())._replace(path=f"/{told['NAME']}").geturl()
    a, b = Line(runtime), Line(runtime)
    with psycopg.connect(admin, autocommit=True) as eye:
        eye.execute(STOPS)
        yield Stage(a, b, eye, owner)
    a.database.close()
    b.database.close()


@pytest.mark.parametrize("pair", PAIRS)
def test_every_order_of_begin_call_and_commit(stage: Stage, pair: str) -> None:
    for order in ORDERS:
        world = stage.world()
        asked = [call(world) for call in PAIRS[pair]]
        steps = {"a": iter(("BEGIN", "", "COMMIT")), "b": iter(("BEGIN", "", "COMMIT"))}
        for turn in order:
            line = stage.a if turn == "a" else stage.b
            step = next(steps[turn])
            if step:
                line.send(step)
            else:
                stage.call(line, asked["ab".index(turn)])
            stage.settle_down()
            assert stage.eye.execute(VIOLATIONS, {"keys": world.keys}).fetchall() == []
        stage.finish()
        assert (stage.a.failure, stage.b.failure) == ("", "")
        stage.check(world, asked, stage.a, stage.b)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("first", CALLS)
def test_one_stops_inside_while_another_comes(stage: Stage, first: str, point: str) -> None:
    for second in CALLS:
        world = stage.world()
        asked = [CALLS[first](world), CALLS[second](world)]
        stage.eye.execute("SELECT pg_advisory_lock(77, 1)")
        stage.a.send(f"SET test.stop = '{point}'")
        stage.call(stage.a, asked[0])
        stage.settle_down()
        assert stage.a.is_busy, "it has not stopped where it should"
        stage.call(stage.b, asked[1])
        stage.settle_down()
        # Nobody sees what is not committed.
        assert stage.eye.execute(VIOLATIONS, {"keys": world.keys}).fetchall() == []
        stage.eye.execute("SELECT pg_advisory_unlock(77, 1)")
        stage.finish()
        stage.a.send("RESET test.stop")
        stage.finish()
        assert (stage.a.failure, stage.b.failure) == ("", "")
        stage.check(world, asked, stage.a, stage.b)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("first", CALLS)
def test_one_dies_inside_and_leaves_no_trace(stage: Stage, first: str, point: str) -> None:
    world = stage.world()
    asked = CALLS[first](world)
    before = stage.eye.execute(f"{OURS} SELECT * FROM moves, mine", {"keys": world.keys}).fetchall()
    stage.a.send(f"SET test.die = '{point}'")
    stage.call(stage.a, asked)
    stage.finish()
    assert f"died at {point}" in stage.a.failure
    stage.a.failure = ""
    stage.a.send("RESET test.die")
    stage.finish()
    after = stage.eye.execute(f"{OURS} SELECT * FROM moves, mine", {"keys": world.keys}).fetchall()
    assert after == before
    # Sent again, it takes effect as if it were the first time.
    stage.call(stage.b, asked)
    stage.finish()
    stage.check(world, [asked], stage.b)
