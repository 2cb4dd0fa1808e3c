"""The end of a lot is stopped at each of its steps, with real commits: the connection is cut, the
disk is full, the answer is lost, the clock is moved. No half state: the tables are as before to
the byte, or as after, and asked again the lot ends as it would have.

A *step* is a statement of the act, or its commit. Here one in nine is stopped, and the commit; `make prove`
stops every one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, Error, connection, connections

from tests import deals, lots, make
from tests.actions.test_log import sequenced
from tests.actions.test_sealings import Room
from tests.deals import books_balance
from yangbanjian.ground.clock import actions as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.market.trading import actions
from yangbanjian.market.trading.models import Deal, Lot, LotLine

pytestmark = pytest.mark.usefixtures("committed")
# Rows that tell of trading, money, evidence, and of what people are told.
ROOMS = ("trading_", "ledger_", "bank_", "journal_", "messages_", "certificates_", "clock_")
APART = frozenset({"trading_beat"})
_DIGEST = "SELECT '{name}', count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM \"{name}\" AS t"
POINT: Any = connection
Act = Callable[[], Any]
Case = Callable[[Act, int], None]


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True


def everything() -> list[tuple[str, int, str]]:
    """(table, rows, digest of all its rows), for each table of these rooms."""
    with acting(SYSTEM), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        names = [n for (n,) in cursor.fetchall() if n.startswith(ROOMS) and n not in APART]
        cursor.execute(" UNION ALL ".join(_DIGEST.format(name=name) for name in names))
        found: list[tuple[str, int, str]] = cursor.fetchall()
        return found


def _elsewhere(sql: str, *values: Any) -> None:
    """A statement on a connection of its own, past the one that is looked at."""

    def run() -> None:
        try:
            with acting(SYSTEM), connection.cursor() as cursor:
                cursor.execute(sql, values)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)


def cut() -> None:
    """The server ends the connection, as after a crash of either side."""
    raw: psycopg.Connection[Any] = connection.connection
    _elsewhere("SELECT pg_terminate_backend(%s, 5000)", raw.info.backend_pid)


def hour_passes() -> None:
    """Somebody moves the district's clock."""
    _elsewhere("UPDATE clock_installation SET offset_seconds = offset_seconds + 3600")


def full() -> None:
    """The server says that its disk is full; the transaction is lost with it."""
    with connection.connection.cursor() as raw:
        raw.execute("DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$")


@contextmanager
def stopped_at(step: int, stop: Act) -> Iterator[list[str]]:
    """Stop before this statement, counted from one; commits and their kin count as well. Yields the
    statements that came."""
    seen: list[str] = []

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(str(sql)[:80])
        if len(seen) == step:
            stop()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(counted):
        yield seen


def _fails(act: Act) -> bool:
    try:
        act()
    except (Error, psycopg.Error):
        return True
    finally:
        # What comes next begins with a sound connection, as the worker's next round does.
        connection.close_if_unusable_or_obsolete()
        if (
            connection.errors_occurred
            or connection.connection is None
            or connection.connection.closed
        ):
            connection.close()
    return False


def stopped_everywhere(act: Act, stop: Act, *, every: int) -> int:
    """Stop the act at one in so many of its steps, until it has fewer and goes through; the last one
    at which it was stopped. Whatever was stopped has left nothing."""
    before = everything()
    for step in count(1, every):
        with stopped_at(step, stop) as seen:
            failed = _fails(act)
        if not failed:
            assert len(seen) < step, f"step {step} was stopped and nobody noticed"
            return step - every
        now = everything()
        assert now == before, (step, seen[-1], sorted(set(now) ^ set(before)))
    raise AssertionError


def later(by: timedelta) -> None:
    """Time passes and nobody has yet asked what falls due."""
    clock.advance(actor=SYSTEM, by=by)


def _sold() -> tuple[Lot, Act]:
    make.sandbox()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deals, "advance", later)
        sale = deals.sold(bidders=3, notice=False)
    return sale.lot, lambda: actions.close_lot(actor=SYSTEM, lot_id=sale.lot.pk)


def _is_sold(lot: Lot, price_wan: int = 220) -> None:
    lot.refresh_from_db()
    assert lot.state == "sold"
    assert lot.result is not None
    assert Deal.objects.filter(lot=lot).count() == 1
    assert lot.result["price_fen"] == price_wan * lots.WAN
    assert books_balance()


def award_stopped(stop: Act, every: int) -> None:
    lot, close = _sold()
    assert stopped_everywhere(close, stop, every=every) > 40
    _is_sold(lot)
    after = everything()
    close()
    assert everything() == after


def failure_stopped(stop: Act, every: int) -> None:
    make.sandbox()
    lot, _ = lots.opened()
    later(timedelta(hours=2))
    stopped_everywhere(lambda: actions.close_lot(actor=SYSTEM, lot_id=lot.pk), stop, every=every)
    lot.refresh_from_db()
    assert lot.state == "unsold"
    assert books_balance()


def opening_stopped(stop: Act, every: int) -> None:
    """S4: the deadline, one share, the share that opens."""
    room = Room().ready()
    room.send("A3", 200)
    room.send("K7", 230)
    later(timedelta(hours=2))
    stopped_everywhere(
        lambda: actions.close_lot(actor=SYSTEM, lot_id=room.lot.pk), stop, every=every
    )
    sequenced()
    stopped_everywhere(lambda: room.hand_in(0), stop, every=every)
    assert stopped_everywhere(lambda: room.hand_in(1), stop, every=every) > 40
    _is_sold(room.lot, 230)


CASES = pytest.mark.parametrize("case", [award_stopped, failure_stopped, opening_stopped])
STOPS = pytest.mark.parametrize("stop", [cut, full])


@CASES
@STOPS
def test_an_end_that_is_stopped_leaves_nothing_and_comes_once(case: Case, stop: Act) -> None:
    case(stop, 9)


@pytest.mark.proof
@CASES
@STOPS
def test_an_end_that_is_stopped_at_every_step(case: Case, stop: Act) -> None:
    case(stop, 1)


def test_A9_the_answer_to_the_commit_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit went through, whoever asked was told that it had not: asked again, nothing more."""
    lot, close = _sold()
    commit = POINT._commit

    def deaf() -> None:
        commit()
        raise DatabaseError("the line went dead")

    with monkeypatch.context() as patch:
        patch.setattr(POINT, "_commit", deaf)
        assert _fails(close)
    _is_sold(lot)
    after = everything()
    close()
    assert everything() == after


def test_A9_the_line_is_cut_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    lot, close = _sold()
    before, commit = everything(), POINT._commit

    def late() -> None:
        cut()
        commit()

    with monkeypatch.context() as patch:
        patch.setattr(POINT, "_commit", late)
        assert _fails(close)
    assert everything() == before
    close()
    _is_sold(lot)


def test_A4_a_clock_that_is_moved_in_the_middle_decides_nothing_anew() -> None:
    """Between any two steps somebody moves the district's clock on: the time of a close is read once,
    after the lock."""
    results = set()
    for step in (2, 5, 10, 20, 40):
        lot, close = _sold()
        with stopped_at(step, hour_passes):
            close()
        _is_sold(lot)
        assert lot.result is not None
        results.add((lot.result["outcome"], lot.result["closed_at"] == _written(lot)))
    assert results == {("sold", True)}


def _written(lot: Lot) -> str:
    last = LotLine.objects.filter(lot=lot, line__kind="result").get()
    return str(last.line["closed_at"])
