"""`GET /events/lots/{id}`: what happens in an auction room, for everybody who watches.

One reader asks the log of all watched lots five times a second, over one connection, however many
watch. A lot's lines are numbered without a gap in the order of their commits, so the number is the
event's id: who comes back with Last-Event-ID gets what was missed. Told is what the log tells while
bidding runs (`told_while_open`): nobody sees a refused bid, an id, or that a ceiling bid (A10).

`bid` an accepted bid · `state` the lot's state and times, at first and whenever they change otherwise
· `clock` the server's time every five seconds.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import psycopg

from yangbanjian.market.trading.rules.logs import instant, told_while_open

EVERY_SECONDS, CLOCK_SECONDS = 0.2, 5.0
MOST_WATCHERS, MOST_WAITING, MOST_REPLAYED = 2000, 500, 1000
_NEWS = """
SELECT w.lot, l.n, l.line FROM unnest(%s::bigint[], %s::int[]) AS w(lot, n)
JOIN trading_lot_line AS l ON l.lot_id = w.lot AND l.n > w.n ORDER BY w.lot, l.n LIMIT %s
"""
_STATE = """
SELECT l.id, l.state, l.lines, l.top_fen, l.top_plate, l.seq, l.step_fen, l.start_fen, l.method,
  l.closes_at, l.hard_close_at, l.paused_at, l.extensions,
  clock_timestamp() + make_interval(secs => COALESCE((SELECT offset_seconds FROM clock_installation), 0))
FROM trading_lot AS l LEFT JOIN trading_listing AS g ON g.id = l.listing_id
WHERE l.id = ANY (%s) AND (l.state <> 'waiting' OR g.published_at IS NOT NULL)
"""
Queue = asyncio.Queue[str | None]


def _event(kind: str, body: Mapping[str, Any], number: int | None = None) -> str:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"


def _time(at: datetime | None) -> str | None:
    return None if at is None else instant(at)


def _state(row: tuple[Any, ...], number: int | None) -> str:
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


def told(lines: Iterable[tuple[int, Mapping[str, Any]]]) -> list[tuple[int, str]]:
    """(number, event) of each accepted bid; (number, "") of what has moved the lot otherwise."""
    found = []
    for number, line in lines:
        shown = told_while_open([line])
        if shown and shown[0]["kind"] == "bid":
            body = {name: value for name, value in shown[0].items() if name != "kind"}
            found.append((number, _event("bid", body, number)))
        elif line["kind"] in (
            "terms",
            "pause",
            "resume",
            "outage",
            "deadline",
            "asked",
            "opening",
            "result",
        ):
            found.append((number, ""))
    return found


class Rooms:
    """Follows the logs of all lots that somebody watches."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._watchers: dict[int, set[Queue]] = defaultdict(set)
        self._seen: dict[int, int] = {}
        self._reader: asyncio.Task[None] | None = None

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        """A connection that reads as the house, and does nothing but read: whole lines are nobody
        else's, and what of them is told is asked here."""
        database = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        await database.execute("SET default_transaction_read_only = on; SET ybj.system = 'on'")
        return database

    async def enter(self, lot: int, after: int | None) -> tuple[Queue, list[str]] | None:
        """A queue of what happens from now on, and what is told first; None: no such lot, or too
        many watch."""
        if sum(map(len, self._watchers.values())) >= MOST_WATCHERS:
            return None
        async with await self._connected() as database:
            rows = await (await database.execute(_STATE, [[lot]])).fetchall()
            if not rows:
                return None
            last = rows[0][2] - 1
            queue: Queue = asyncio.Queue(MOST_WAITING)
            # From here on news goes to the queue; what came before it is read now.
            self._seen.setdefault(lot, last)
            self._watchers[lot].add(queue)
            first = [_state(rows[0], None if after is not None else last)]
            if after is not None and after < self._seen[lot]:
                found = await database.execute(_NEWS, [[lot], [after], MOST_REPLAYED])
                missed = [
                    (n, line) for _, n, line in await found.fetchall() if n <= self._seen[lot]
                ]
                first = [event for _, event in told(missed) if event] + first
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._follow())
        return queue, first

    def leave(self, lot: int, queue: Queue) -> None:
        self._watchers[lot].discard(queue)
        if not self._watchers[lot]:
            del self._watchers[lot]
            self._seen.pop(lot, None)

    async def _follow(self) -> None:
        ticked = time.monotonic()
        while self._watchers:
            with suppress(psycopg.OperationalError):
                async with await self._connected() as database:
                    while self._watchers:
                        await self._read(database)
                        if time.monotonic() - ticked >= CLOCK_SECONDS:
                            ticked = time.monotonic()
                            await self._tick(database)
                        await asyncio.sleep(EVERY_SECONDS)
            await asyncio.sleep(EVERY_SECONDS)

    async def _read(self, database: psycopg.AsyncConnection[Any]) -> None:
        lots = list(self._seen)
        values: list[Any] = [lots, [self._seen[lot] for lot in lots], MOST_REPLAYED]
        rows = await (await database.execute(_NEWS, values)).fetchall()
        moved: dict[int, int] = {}
        for lot in dict.fromkeys(row[0] for row in rows):
            mine = [(n, line) for of, n, line in rows if of == lot]
            if lot not in self._seen:
                continue  # the last watcher has left meanwhile
            self._seen[lot] = mine[-1][0]
            for number, event in told(mine):
                if event:
                    self._tell(lot, event)
                else:
                    moved[lot] = number
        if moved:
            found = await database.execute(_STATE, [list(moved)])
            for row in await found.fetchall():
                self._tell(row[0], _state(row, moved[row[0]]))

    async def _tick(self, database: psycopg.AsyncConnection[Any]) -> None:
        found = await database.execute(_STATE, [list(self._seen)])
        for row in await found.fetchall():
            body = {"now": instant(row[13]), "closes_at": _time(row[9]), "state": row[1]}
            self._tell(row[0], _event("clock", body))

    def _tell(self, lot: int, event: str) -> None:
        for queue in list(self._watchers.get(lot, ())):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                # Too slow: sent away, to come back with the last id.
                self.leave(lot, queue)
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)
