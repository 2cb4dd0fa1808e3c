"""Bids with real commits: many at once, across the close, sent again and again, against a pause."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction

from tests import lots, make
from tests.database import admin_url
from verify.auction import recount
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.actions import sittings
from yangbanjian.market.trading.models import Deal, Inbox, Lot, PlacedBid, Received
from yangbanjian.market.trading.rules.lots import Verdict

pytestmark = pytest.mark.usefixtures("committed")


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each returned, all begun together; what any raised is raised."""
    begin, found = threading.Barrier(len(works)), [None] * len(works)
    failed: list[BaseException] = []

    def run(n: int, work: Callable[[], Any]) -> None:
        try:
            begin.wait()
            found[n] = work()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n, w)) for n, w in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if failed:
        raise failed[0]
    return found


def _whole(lot: Lot) -> None:
    """A1, A2, A5, A8: the rows, the log and the verifier say the same."""
    rows = list(PlacedBid.objects.filter(lot=lot).order_by("seq"))
    assert [r.seq for r in rows] == list(range(1, len(rows) + 1))
    assert all(b.at > a.at and b.amount_fen > a.amount_fen for a, b in pairwise(rows))
    lines = [json.loads(line) for line in lots.log_of(lot).splitlines()]
    counted = recount(lines)
    assert [t["amount"] for t in counted.tops] == [r.amount_fen for r in rows]
    assert not Inbox.objects.filter(at=None).exists()


def test_A1_many_bidders_at_once_one_order() -> None:
    make.sandbox()
    plates = [f"P{n}" for n in range(8)]
    lot, by = lots.opened(plates=plates)
    told: list[Verdict] = []

    def bidding(plate: str, start: int) -> Callable[[], None]:
        def run() -> None:
            for n in range(5):
                wan = 200 + 10 * (start + 8 * n)
                told.append(lots.bid(by[plate], lot, wan).verdict)

        return run

    at_once(*(bidding(plate, n) for n, plate in enumerate(plates)))
    assert len(told) == 40
    counts = Counter(told)
    assert counts[Verdict.ACCEPTED] == PlacedBid.objects.count()
    assert set(counts) <= {Verdict.ACCEPTED, Verdict.TOO_LOW, Verdict.OWN_TOP}
    assert Received.objects.count() == 40
    _whole(lot)


def test_A1_two_with_one_amount_one_wins() -> None:
    make.sandbox()
    lot, by = lots.opened()
    told = at_once(*(lambda p=p: lots.bid(by[p], lot, 200).verdict for p in ("A3", "K7")))
    assert sorted(v.value for v in told) == ["accepted", "too_low"]
    _whole(lot)


def test_A3_a_bid_that_waits_for_the_lot_across_the_close_is_late() -> None:
    """Attack: the request was in time, the lot's lock was not free."""
    make.sandbox()
    opens = clock.now() - timedelta(seconds=1)
    lot, by = lots.opened(free_s=2, cycle_s=1, opens_at=opens)
    assert lot.closes_at is not None
    held, released = threading.Event(), threading.Event()

    def holder() -> None:
        with transaction.atomic():
            sittings.lock(lot.pk)
            held.set()
            released.wait(20)

    def bidder() -> Verdict:
        held.wait(20)
        waiter = threading.Thread(target=_release_after_the_close, args=(lot, released))
        waiter.start()
        told = lots.bid(by["A3"], lot, 200).verdict
        waiter.join(20)
        return told

    assert at_once(holder, bidder)[1] is Verdict.CLOSED
    row = Received.objects.get()
    assert row.at >= lot.closes_at
    _whole(lot)


def _release_after_the_close(lot: Lot, released: threading.Event) -> None:
    try:
        while not Inbox.objects.filter(lot=lot).exists():
            time.sleep(0.02)
        assert clock.now() < lot.closes_at, "the request itself was in time"  # type: ignore[operator]
        while clock.now() <= lot.closes_at:  # type: ignore[operator]
            time.sleep(0.05)
    finally:
        released.set()
        connections.close_all()


def test_a_trial_waits_for_nobody_who_has_the_lot() -> None:
    make.sandbox()
    lot, by = lots.waiting()
    held, tried = threading.Event(), threading.Event()

    def holder() -> bool:
        with acting(SYSTEM):
            sittings.lock(lot.pk)
            Lot.objects.select_for_update().get(pk=lot.pk)
            held.set()
            return tried.wait(20)

    def bidder() -> Verdict:
        held.wait(20)
        told = queries.trial(by["A3"], lot.pk, 200 * lots.WAN).verdict
        tried.set()
        return told

    assert at_once(holder, bidder) == [True, Verdict.ACCEPTED]


def test_A6_the_same_request_five_times_at_once_is_one_bid() -> None:
    make.sandbox()
    lot, by = lots.opened()
    told = at_once(*[lambda: lots.bid(by["A3"], lot, 200, "one")] * 5)
    assert len(set(told)) == 1
    assert told[0].verdict is Verdict.ACCEPTED
    assert (Received.objects.count(), PlacedBid.objects.count()) == (1, 1)
    _whole(lot)


def test_A9_closing_at_once_by_five_gives_one_award() -> None:
    make.sandbox()
    opens = clock.now() - timedelta(seconds=1)
    lot, by = lots.opened(free_s=2, cycle_s=1, opens_at=opens)
    lots.bid(by["A3"], lot, 200)
    lot.refresh_from_db()
    while clock.now() <= lot.closes_at:  # type: ignore[operator]
        time.sleep(0.05)
    states = at_once(*[lambda: actions.close_lot(actor=SYSTEM, lot_id=lot.pk).state] * 5)
    assert states == ["sold"] * 5
    assert Deal.objects.filter(lot=lot).count() == 1
    _whole(lot)


def test_A11_a_pause_among_bids_stops_those_after_it_and_none_before() -> None:
    make.sandbox()
    lot, by = lots.opened()
    exchange = make.actor(Role.EXCHANGE)

    def bidding(plate: str, first: int) -> Callable[[], None]:
        def run() -> None:
            for n in range(8):
                lots.bid(by[plate], lot, 200 + 10 * (first + 2 * n))

        return run

    at_once(
        bidding("A3", 0), bidding("K7", 1),
        lambda: actions.pause_lot(actor=exchange, lot_id=lot.pk, reason="检修"),
    )  # fmt: skip
    lines = [json.loads(line) for line in lots.log_of(lot).splitlines()]
    place = next(n for n, line in enumerate(lines) if line["kind"] == "pause")
    assert {line["verdict"] for line in lines[place + 1 :]} <= {"paused"}
    assert "paused" not in {line.get("verdict") for line in lines[:place]}
    _whole(lot)


def test_A5_what_waits_and_has_lost_its_sender_gets_its_verdict() -> None:
    """The process died between the inbox and the verdict."""
    make.sandbox()
    lot, by = lots.opened()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_inbox (lot_id, key, kind, owner_id, amount_fen, content,"
            " is_operator, verdict) VALUES (%s, 'lost', 'bid', %s, %s, '{}', false, '')",
            [lot.pk, by["A3"].organisation_id, 200 * lots.WAN],
        )
    actions.look_after()
    assert Received.objects.get().verdict == "accepted"
    assert lots.bid(by["A3"], lot, 200, "lost").verdict is Verdict.ACCEPTED
    assert PlacedBid.objects.count() == 1
    _whole(lot)


def _fails_once(monkeypatch: pytest.MonkeyPatch, how: Callable[[], Any]) -> None:
    """The next sitting that writes what it has decided comes to grief in this way before it does."""
    keep, is_first = sittings.Sitting.keep, iter([True])

    def failing(self: sittings.Sitting) -> None:
        if next(is_first, False):
            how()
        keep(self)

    monkeypatch.setattr(sittings.Sitting, "keep", failing)


def _cut_off() -> None:
    """The server ends our session."""
    raw = connection.connection
    assert raw is not None
    with psycopg.connect(admin_url(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [raw.info.backend_pid])


def _stumble() -> None:
    raise RuntimeError("a fault of ours")


def test_A5_who_is_cut_off_while_deciding_decides_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was decided is gone with the session, and so is its hold on the lot."""
    make.sandbox()
    lot, by = lots.opened()
    _fails_once(monkeypatch, _cut_off)
    assert lots.bid(by["A3"], lot, 200).verdict is Verdict.ACCEPTED
    assert not _held()
    _whole(lot)


def test_A5_a_fault_while_deciding_keeps_the_lot_from_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lot is held beyond a statement by the session: it must be given back whatever happens."""
    make.sandbox()
    lot, by = lots.opened()
    _fails_once(monkeypatch, _stumble)
    with pytest.raises(RuntimeError):
        lots.bid(by["A3"], lot, 200)
    assert not _held()
    (second,) = at_once(lambda: lots.bid(by["K7"], lot, 210).verdict)
    assert second is Verdict.ACCEPTED
    # What the first one sent waited in the inbox, and was decided before.
    amounts = PlacedBid.objects.order_by("seq").values_list("amount_fen", flat=True)
    assert list(amounts) == [200 * lots.WAN, 210 * lots.WAN]
    _whole(lot)


def _held() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        return int(cursor.fetchone()[0])


def _waits(lot: Lot, owner_id: int | None, key: str, wan: int, came: float) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT trading_take_in(%s, %s, 'bid', %s, %s, '{}', false, NULL, %s, '{rising}')",
            [lot.pk, key, owner_id, wan * lots.WAN, came],
        )
        return int(cursor.fetchone()[0])


def test_A12_of_those_that_wait_who_came_first_is_decided_first() -> None:
    """On the way from the platform's door to the inbox one has overtaken the other."""
    make.sandbox()
    lot, by = lots.opened()
    now = time.time()
    _waits(lot, by["K7"].organisation_id, "later", 300, now - 0.1)
    _waits(lot, by["A3"].organisation_id, "sooner", 200, now - 0.2)
    actions.look_after()
    told = Received.objects.order_by("id").values_list("key", "verdict")
    assert list(told) == [("sooner", "accepted"), ("later", "accepted")]
    _whole(lot)


@pytest.mark.parametrize(("told", "least", "most"), [(-3600, -1.1, -0.9), (3600, -0.1, 0.1)])
def test_A12_a_host_with_a_wrong_clock_moves_its_bids_by_a_second_at_most(
    told: float, least: float, most: float
) -> None:
    """Attack: the clock of one host is set back, so that its bidders are always first."""
    make.sandbox()
    lot, by = lots.opened()
    now = time.time()
    number = _waits(lot, by["A3"].organisation_id, "one", 200, now + told)
    assert least < Inbox.objects.get(pk=number).came_at.timestamp() - now < most
    actions.look_after()


def test_all_that_wait_are_decided_by_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    make.sandbox()
    plates = [f"P{n}" for n in range(6)]
    lot, by = lots.opened(plates=plates)
    begun: list[int] = []
    decide = sittings.Sitting._decide
    monkeypatch.setattr(
        sittings.Sitting,
        "_decide",
        lambda self, rows: begun.append(len(rows)) or decide(self, rows),
    )

    def holder() -> None:
        with transaction.atomic():
            sittings.lock(lot.pk)
            until = time.monotonic() + 20
            while _queued(lot) < len(plates) and time.monotonic() < until:
                time.sleep(0.02)

    bids = [lambda n=n, p=p: lots.bid(by[p], lot, 200 + 10 * n) for n, p in enumerate(plates)]
    at_once(holder, *bids)
    # Who came before the holder had the lot decided for himself.
    assert sum(begun) == len(plates)
    assert len(begun) <= 2
    _whole(lot)


def _queued(lot: Lot) -> int:
    """How many sessions wait for the lot."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND classid = hashtext('trading.lot')::bigint & 4294967295 AND objid = %s",
            [lot.pk],
        )
        return int(cursor.fetchone()[0])
