"""Many in one auction room: one connection for all of them, nothing lost, nothing twice, an end to everything."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, MutableMapping
from typing import Any

import psycopg
import pytest
from django.db import connection

from tests import lots, make
from tests.faces.test_lots import _heard, _url
from tests.trading import Market
from yangbanjian.config import events, lot_events, streams
from yangbanjian.config.lot_events import Rooms, Watcher, _Room
from yangbanjian.config.streams import Outbox
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.market.trading import actions, queries
from yangbanjian.supervisor import up

BIDS = re.compile(r'event: bid\ndata: .*?"seq": (\d+)')


class Counting(Rooms):
    """Says how often it has connected."""

    connections = 0

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        self.connections += 1
        return await super()._connected()


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.02)


def _text(box: Outbox) -> str:
    return b"".join(box._events).decode()


@pytest.mark.usefixtures("committed")
def test_forty_come_at_once_and_hear_the_same_over_one_connection() -> None:
    make.sandbox()
    lot, by = lots.opened()
    rooms = Counting(_url())

    def bid() -> None:
        lots.bid(by["A3"], lot, 200)
        lots.bid(by["K7"], lot, 210)
        connection.close()

    async def watch() -> list[Watcher | None]:
        every = await asyncio.gather(*(rooms.enter(lot.pk, None) for _ in range(40)))
        await asyncio.to_thread(bid)
        await _until(lambda: all(w and _text(w.outbox).count("event: bid") == 2 for w in every))
        return every

    every = asyncio.run(watch())
    assert rooms.connections == 1
    told = {tuple(BIDS.findall(_text(w.outbox))) for w in every if w}
    assert told == {("1", "2")}
    # Made into bytes once, for all of them.
    assert len({id(w.outbox._events[-1]) for w in every if w}) == 1
    assert rooms._most > len(every)


@pytest.mark.usefixtures("committed")
def test_who_missed_more_than_is_sent_at_a_time_gets_all_of_it_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make.sandbox()
    lot, by = lots.opened()
    for n in range(7):
        lots.bid(by["A3" if n % 2 else "K7"], lot, 200 + 10 * n)
    monkeypatch.setattr(lot_events, "MOST_REPLAYED", 3)
    monkeypatch.setattr(lot_events, "MOST_PLACES", 1)
    rooms = Rooms(_url())

    def bid() -> None:
        lots.bid(by["A3"], lot, 300)
        connection.close()

    async def come_back() -> list[str]:
        first, second = await asyncio.gather(rooms.enter(lot.pk, 0), rooms.enter(lot.pk, 4))
        assert first is not None
        assert second is not None
        await _until(lambda: all("event: state" in _text(w.outbox) for w in (first, second)))
        await asyncio.to_thread(bid)
        await _until(lambda: all('"seq": 8' in _text(w.outbox) for w in (first, second)))
        return [_text(first.outbox), _text(second.outbox)]

    first, second = asyncio.run(come_back())
    assert BIDS.findall(first) == [str(n) for n in range(1, 9)]
    assert BIDS.findall(second) == [str(n) for n in range(5, 9)]


@pytest.mark.usefixtures("committed")
def test_ids_never_go_back_when_the_lot_moves_among_bids() -> None:
    make.sandbox()
    lot, by = lots.opened()
    rooms = Rooms(_url())

    def move() -> None:
        actions.pause_lot(actor=SYSTEM, lot_id=lot.pk, reason="检修")
        actions.resume_lot(actor=SYSTEM, lot_id=lot.pk)
        lots.bid(by["A3"], lot, 200)
        connection.close()

    async def watch() -> str:
        watcher = await rooms.enter(lot.pk, None)
        assert watcher is not None
        # All of it in one look at the log.
        async with await rooms._connected() as database:
            rooms._reader.cancel()  # type: ignore[union-attr]
            await asyncio.to_thread(move)
            await rooms._read(database)
        return _text(watcher.outbox)

    ids = [int(n) for n in re.findall(r"id: (\d+)", asyncio.run(watch()))]
    assert ids == sorted(ids)
    assert len(ids) == 3


@pytest.mark.usefixtures("committed")
def test_one_too_many_is_told_so_and_where_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    make.sandbox()
    lot, _ = lots.opened()
    rooms = Rooms(_url())
    rooms._most = 0
    monkeypatch.setattr(events, "rooms", rooms)
    status, told = asyncio.run(_heard(f"/events/lots/{lot.pk}", b"", "再来"))
    assert status == 503
    assert f"/api/v1/lots/{lot.pk}" in told


@pytest.mark.usefixtures("committed")
def test_a_lot_that_was_never_public_is_nowhere(settings: Any) -> None:
    """A draft that is withdrawn stops its lot; what it would have cost is nobody's to hear."""
    settings.YBJ_SANDBOX = True
    market = Market()
    one = market.drafted()
    lot_id = queries.lot_of(one).pk
    actions.withdraw_listing(actor=market.tto, listing_id=one.pk, reason="改变计划")
    rooms = Rooms(_url())
    assert asyncio.run(rooms.enter(lot_id, None)) is None


def test_who_leaves_makes_room_and_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    # No server answers there: whoever comes waits, and is refused after a while.
    monkeypatch.setattr(lot_events, "ENTER_SECONDS", 0.2)
    rooms = Rooms("postgresql:///nobody?host=/nowhere")

    async def come() -> bool:
        with pytest.raises(lot_events.Full):
            await rooms.enter(1, None)
        reader = rooms._reader
        assert reader is not None
        await _until(reader.done)
        return not rooms._everybody and not rooms._coming and not rooms._rooms

    assert asyncio.run(come())


def test_a_slow_reader_is_sent_away_and_nobody_else() -> None:
    async def tell() -> tuple[bytes | None, int]:
        slow, quick = Watcher(1, 0), Watcher(1, 0)
        room = _Room(0, {slow, quick})
        heard = b""
        for n in range(1, streams.MOST_WAITING + 2):
            room.tell(b"%d\n" % n, n)
            heard += await quick.outbox.taken() or b""
        # A second telling of what was told already is not heard.
        room.watchers.add(late := Watcher(1, 600))
        room.tell(b"600\n", 600)
        assert not late.outbox._events
        assert slow.outbox.is_closed
        return await slow.outbox.taken(), len(heard.split())

    assert asyncio.run(tell()) == (None, streams.MOST_WAITING + 1)


def test_a_stream_ends_when_its_reader_leaves_and_after_very_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "MOST_BYTES", 1000)

    async def run(*, leaves: bool) -> int:
        box, sent, left = Outbox(), [], asyncio.Event()

        async def receive() -> MutableMapping[str, Any]:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)
            if leaves:
                left.set()
            else:
                box.put(b"x" * 400)

        async with asyncio.timeout(10):
            await streams.stream(box, receive, send)
        return len(b"".join(m.get("body", b"") for m in sent[2:]))

    assert asyncio.run(run(leaves=True)) == 0
    assert 1000 <= asyncio.run(run(leaves=False)) < 2000


def test_the_web_server_takes_in_as_many_as_may_watch_and_listen() -> None:
    assert up.MOST_OPEN > lot_events.MOST_WATCHERS + events.MOST_LISTENERS
    assert up.MOST_FILES > up.MOST_OPEN + lot_events.KEPT_FILES
    assert 0 < lot_events.most_watchers() <= lot_events.MOST_WATCHERS
