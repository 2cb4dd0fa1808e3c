"""`GET /events/lots/{id}`: what happens in an auction room, for everybody who watches.

One reader asks the log of all watched lots ten times a second, over one connection, however many
watch, and lets in who has come meanwhile by the same connection. A lot's lines are numbered without
a gap in the order of their commits, so the number is the event's id: who comes back with
Last-Event-ID gets what was missed, once. Told is what the log tells while bidding runs
(`told_while_open`): nobody sees a refused bid, an id, or that a ceiling bid (A10).

`bid` an accepted bid · `state` the lot's state and times, at first and whenever they change otherwise
· `clock` the server's time every five seconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from yangbanjian.config.streams import Outbox
from yangbanjian.market.trading.rules.logs import instant, told_while_open

EVERY_SECONDS, CLOCK_SECONDS, ENTER_SECONDS = 0.1, 5.0, 10.0
# In each process. Each is an open file, of which pages and the database need some too.
MOST_WATCHERS, KEPT_FILES = 2000, 256
# Lines that one who comes back is sent at a time, and from how many places in logs at a time.
MOST_REPLAYED, MOST_PLACES = 500, 8
_NEWS = """
SELECT w.lot, w.n, l.n, l.line FROM unnest(%s::bigint[], %s::int[]) AS w(lot, n) CROSS JOIN LATERAL
  (SELECT n, line FROM trading_lot_line WHERE lot_id = w.lot AND n > w.n ORDER BY n LIMIT %s) AS l
ORDER BY w.lot, w.n, l.n
"""
_STATE = """
SELECT l.id, l.state, l.lines, l.top_fen, l.top_plate, l.seq, l.step_fen, l.start_fen, l.method,
  l.closes_at, l.hard_close_at, l.paused_at, l.extensions,
  clock_timestamp() + make_interval(secs => COALESCE((SELECT offset_seconds FROM clock_installation), 0))
FROM trading_lot AS l JOIN trading_listing AS g ON g.id = l.listing_id
WHERE l.id = ANY (%s) AND g.published_at IS NOT NULL
"""
_MOVES = frozenset(("terms", "pause", "resume", "outage", "deadline", "asked", "opening", "result"))
_log = logging.getLogger(__name__)
Lines = list[tuple[int, Mapping[str, Any]]]


class Full(Exception):
    """As many watch as may, or nobody could be let in for a while."""


def _event(kind: str, body: Mapping[str, Any], number: int | None = None) -> bytes:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


def _time(at: datetime | None) -> str | None:
    return None if at is None else instant(at)


def _state(row: tuple[Any, ...], number: int | None) -> bytes:
    (_, state, _, top, plate, seq, step, start, method, closes, hard, paused, extensions, now) = row
    is_sealed = method == "sealed"
    is_rising = method in ("rising", "dynamic")
    body = {
        "state": state, "now": instant(now), "closes_at": _time(closes),
        "hard_close_at": _time(hard), "paused_at": _time(paused), "extensions": extensions,
        "top": None if is_sealed or top is None else {"seq": seq, "amount_fen": top, "plate": plate},
        "next_fen": (start if top is None else top + step) if is_rising else None,
    }  # fmt: skip
    return _event("state", body, number)


def told(lines: Iterable[tuple[int, Mapping[str, Any]]]) -> list[tuple[int, bytes]]:
    """(number, event) of each accepted bid; (number, b"") of what has moved the lot otherwise."""
    found = []
    for number, line in lines:
        shown = told_while_open([line])
        if shown and shown[0]["kind"] == "bid":
            body = {name: value for name, value in shown[0].items() if name != "kind"}
            found.append((number, _event("bid", body, number)))
        elif line["kind"] in _MOVES:
            found.append((number, b""))
    return found


@dataclass(eq=False, slots=True)
class Watcher:
    """One who watches a lot. `after`: the last line that they have heard of; None: not any yet."""

    lot: int
    after: int | None
    outbox: Outbox = field(default_factory=Outbox)
    is_known: asyncio.Future[bool] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass(slots=True)
class _Room:
    """Those who hear what happens to a lot, and the last line that was read."""

    seen: int
    watchers: set[Watcher] = field(default_factory=set)

    def tell(self, event: bytes, number: int | None = None) -> None:
        """To all, but a numbered event only to those who have not heard of it yet."""
        for watcher in self.watchers:
            if number is None or watcher.after is None or number > watcher.after:
                watcher.outbox.put(event)


def most_watchers() -> int:
    """As many as this process may have open files for."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_WATCHERS if soft < 0 else max(0, min(MOST_WATCHERS, soft - KEPT_FILES))


class Rooms:
    """Follows the logs of all lots that somebody watches."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._most = most_watchers()
        self._rooms: dict[int, _Room] = {}
        self._everybody: set[Watcher] = set()
        # Who has come and who has not caught up yet, in order.
        self._coming: dict[Watcher, None] = {}
        self._reader: asyncio.Task[None] | None = None

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        """A connection that reads as the house, and does nothing but read: whole lines are nobody
        else's, and what of them is told is asked here."""
        database = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        await database.execute("SET default_transaction_read_only = on; SET ybj.system = 'on'")
        return database

    async def enter(self, lot: int, after: int | None) -> Watcher | None:
        """Somebody whose box is filled from now on; None: no such lot. Raises Full."""
        if len(self._everybody) >= self._most:
            raise Full
        watcher = Watcher(lot, after)
        self._everybody.add(watcher)
        self._coming[watcher] = None
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._follow())
            self._reader.add_done_callback(self._has_ended)
        is_in = False
        try:
            async with asyncio.timeout(ENTER_SECONDS):
                is_in = await watcher.is_known
        except TimeoutError:
            raise Full from None
        finally:
            if not is_in:
                self.leave(watcher)
        return watcher if is_in else None

    def leave(self, watcher: Watcher) -> None:
        """Whether they are in or not."""
        self._everybody.discard(watcher)
        self._coming.pop(watcher, None)
        room = self._rooms.get(watcher.lot)
        if room is not None:
            room.watchers.discard(watcher)
            if not room.watchers:
                del self._rooms[watcher.lot]

    def _has_ended(self, reader: asyncio.Task[None]) -> None:
        """Nobody is left watching a room of which nothing is told any more."""
        problem = None if reader.cancelled() else reader.exception()
        if problem is not None:
            _log.error("the reader of the rooms has ended", exc_info=problem)
            for watcher in self._everybody:
                watcher.outbox.close()

    async def _follow(self) -> None:
        ticked = time.monotonic()
        while self._everybody:
            with suppress(psycopg.OperationalError):
                async with await self._connected() as database:
                    while self._everybody:
                        await self._read(database)
                        await self._let_in(database)
                        if time.monotonic() - ticked >= CLOCK_SECONDS:
                            ticked = time.monotonic()
                            await self._tick(database)
                        await asyncio.sleep(EVERY_SECONDS)
            await asyncio.sleep(EVERY_SECONDS)

    async def _read(self, database: psycopg.AsyncConnection[Any]) -> None:
        """Tell everybody who is in what has happened."""
        found = await _lines(database, [(lot, room.seen) for lot, room in self._rooms.items()])
        moved = []
        for (lot, _), lines in found.items():
            room = self._rooms.get(lot)
            if room is None:
                continue  # the last watcher has left meanwhile
            room.seen = lines[-1][0]
            events = told(lines)
            for number, event in events:
                if event:
                    room.tell(event, number)
            if any(not event for _, event in events):
                moved.append(lot)
        for row in await _states(database, moved):
            # With the number of the last line that was told, so that it never goes back.
            if room := self._rooms.get(row[0]):
                room.tell(_state(row, room.seen), room.seen)

    async def _let_in(self, database: psycopg.AsyncConnection[Any]) -> None:
        """Those who have come: first what they missed, then how the lot stands."""
        coming = list(self._coming)
        # The lines are read after the state: what it tells of may come again, and nothing is left out.
        states = {row[0]: row for row in await _states(database, {w.lot for w in coming})}
        places = list(dict.fromkeys((w.lot, w.after) for w in coming if w.after is not None))
        places = places[:MOST_PLACES]
        found = await _lines(database, [(lot, n) for lot, n in places if n is not None])
        missed = {
            place: b"".join(event for _, event in told(lines)) for place, lines in found.items()
        }
        for watcher in coming:
            row = states.get(watcher.lot)
            if watcher not in self._coming:
                continue  # has left meanwhile
            if row is None:
                self._know(watcher, False)
            elif watcher.after is None:
                watcher.after = row[2] - 1
                self._admit(watcher, row, watcher.after)
            elif (place := (watcher.lot, watcher.after)) in places:
                lines = found.get(place, [])
                if lines:
                    watcher.after = lines[-1][0]
                    if missed[place]:
                        watcher.outbox.put(missed[place])
                if len(lines) == MOST_REPLAYED:
                    # The next part comes with the next look, after those who wait already.
                    self._know(watcher, True)
                    self._coming[watcher] = None
                    continue
                if watcher.after > row[2] + MOST_REPLAYED:
                    watcher.after = row[2] - 1  # a number that this log never had
                self._admit(watcher, row, None)

    def _know(self, watcher: Watcher, is_known: bool) -> None:
        del self._coming[watcher]
        if not watcher.is_known.done():
            watcher.is_known.set_result(is_known)

    def _admit(self, watcher: Watcher, row: tuple[Any, ...], number: int | None) -> None:
        """From here on they hear with the others."""
        watcher.outbox.put(_state(row, number))
        room = self._rooms.setdefault(watcher.lot, _Room(row[2] - 1))
        room.watchers.add(watcher)
        self._know(watcher, True)

    async def _tick(self, database: psycopg.AsyncConnection[Any]) -> None:
        for row in await _states(database, self._rooms):
            body = {"now": instant(row[13]), "closes_at": _time(row[9]), "state": row[1]}
            if room := self._rooms.get(row[0]):
                room.tell(_event("clock", body))


async def _states(
    database: psycopg.AsyncConnection[Any], lots: Iterable[int]
) -> list[tuple[Any, ...]]:
    asked = list(lots)
    if not asked:
        return []
    return await (await database.execute(_STATE, [asked])).fetchall()


async def _lines(
    database: psycopg.AsyncConnection[Any], places: list[tuple[int, int]]
) -> dict[tuple[int, int], Lines]:
    """The lines of each (lot, number) after that number, not too many; those without any are missing."""
    if not places:
        return {}
    values = [[lot for lot, _ in places], [number for _, number in places], MOST_REPLAYED]
    found: dict[tuple[int, int], Lines] = defaultdict(list)
    for lot, after, number, line in await (await database.execute(_NEWS, values)).fetchall():
        found[lot, after].append((number, line))
    return dict(found)
