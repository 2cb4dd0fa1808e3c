"""How soon everybody in a full auction room hears of a bid: the section «auction» of docs/benchmarks.md.

    python -m bench.watchers [--watchers 500,1000] [--seconds 30] [--apart] [--json]

A market of its own (`ybj up`, the embedded server), its clients on the same cores. Two processes hold the watchers'
connections to `/events/lots/{id}` open; two bidders overbid each other over the API, `PACE` times a second in all.
Measured is from the instant that the bid's verdict names (the database's clock) to the bytes at each watcher. Every
tenth watcher is cut off once and comes back a second later with Last-Event-ID: what it hears then does not count as
late, but nothing may be missing or come twice. Beside it a page is asked for once a second.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import itertools
import json
import os
import random
import re
import resource
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np

from bench import tell
from bench.auction import prepare
from bench.imports import folder, market, two_ports
from bench.matching import Row, at_least, at_most
from yangbanjian.supervisor.postgres import ensure_running

PACE, PROCESSES, CUT_EVERY, AWAY_S = 4.5, 2, 10, 1.0
FLOORS_MS = {500: 500.0, 1000: 1000.0}
AT_ONCE = 50  # that are coming in, of each process
COME_IN_S, LAST_S, WARM_S = 60.0, 3.0, 6.0
_BID = re.compile(rb"id: (\d+)\nevent: bid\ndata: (\{.*?\})\n\n")


class Watcher(asyncio.Protocol):
    """One connection: the bytes as they come, each piece with its instant."""

    def __init__(self, path: str, after: int | None) -> None:
        self.request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
            + (f"Last-Event-ID: {after}\r\n\r\n" if after is not None else "\r\n")
        )
        self.pieces: list[bytes] = []
        self.at: list[float] = []
        self.is_over = False
        self.is_in: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.line: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.line = transport
        transport.write(self.request.encode())

    def data_received(self, data: bytes) -> None:
        self.at.append(time.time())
        self.pieces.append(data)
        if not self.is_in.done() and b"event: state" in data:
            self.is_in.set_result(True)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_over = True
        if not self.is_in.done():
            self.is_in.set_result(False)

    def heard(self) -> list[tuple[int, float]]:
        """(number of the line, instant) of each bid, in the order in which they came."""
        body, ends, at = bytearray(), [], []
        for piece, instant in _unchunked(self.pieces, self.at):
            body += piece
            ends.append(len(body))
            at.append(instant)
        return [(int(m[1]), at[bisect_left(ends, m.end())]) for m in _BID.finditer(bytes(body))]


def _unchunked(pieces: list[bytes], at: list[float]) -> Iterator[tuple[bytes, float]]:
    """The body's parts, each with the instant at which it was complete."""
    raw, head_seen = b"", False
    for piece, instant in zip(pieces, at, strict=True):
        raw += piece
        if not head_seen:
            _, found, rest = raw.partition(b"\r\n\r\n")
            if not found:
                continue
            raw, head_seen = rest, True
        while (end := raw.find(b"\r\n")) >= 0:
            size = int(raw[:end], 16)
            if len(raw) < end + 4 + size:
                break
            yield raw[end + 2 : end + 2 + size], instant
            raw = raw[end + 4 + size :]


async def _come_in(port: int, path: str, after: int | None = None) -> Watcher:
    _, one = await asyncio.get_running_loop().create_connection(
        lambda: Watcher(path, after), "127.0.0.1", port
    )
    # Who is not let in counts as refused, with whatever was said.
    await asyncio.wait([one.is_in], timeout=COME_IN_S)
    return one


async def _cut(stays: list[Watcher], port: int, path: str, after_s: float) -> list[Watcher]:
    """Let a connection go and come back with what was heard last."""
    await asyncio.sleep(after_s)
    one = stays[-1]
    assert one.line is not None
    one.line.abort()
    heard = one.heard()
    first = re.search(rb"id: (\d+)\nevent: state", b"".join(one.pieces))
    assert first is not None
    await asyncio.sleep(AWAY_S)
    stays.append(await _come_in(port, path, heard[-1][0] if heard else int(first[1])))
    return stays


async def _watch(port: int, lot: int, count: int, seconds: float) -> dict[str, Any]:
    """In a process of its own. Says when all are in, and what they heard once its input is closed."""
    path, gate, began = f"/events/lots/{lot}", asyncio.Semaphore(AT_ONCE), time.monotonic()

    async def one() -> list[Watcher]:
        async with gate:
            return [await _come_in(port, path)]

    every = await asyncio.gather(*(one() for _ in range(count)))
    print(json.dumps({"in_s": time.monotonic() - began}), flush=True)
    some = random.Random(count)
    cuts = [
        asyncio.create_task(_cut(stays, port, path, some.uniform(0.2, 0.7) * seconds))
        for stays in every[::CUT_EVERY] if stays[0].is_in.done() and stays[0].is_in.result()
    ]  # fmt: skip
    await asyncio.to_thread(sys.stdin.read)
    await asyncio.gather(*cuts)
    refused = [w for stays in every for w in stays if not w.is_in.done() or not w.is_in.result()]
    said = {bytes(w.pieces[0][:40]).decode("latin-1") if w.pieces else "" for w in refused}
    return {
        "refused": len(refused),
        "said": sorted(said),
        "dropped": sum(stays[-1].is_over for stays in every if stays[-1] not in refused),
        "stayed": [stays[0].heard() for stays in every if len(stays) == 1],
        "came_back": [
            [[n for n, _ in w.heard()] for w in stays] for stays in every if len(stays) > 1
        ],
    }


def _bid(
    port: int, lot: int, tokens: Iterator[str], seconds: float, beside: list[float]
) -> list[tuple[float, float]]:
    """(instant of the verdict, of its answer) of each accepted bid. Raises RuntimeError when one is not."""
    told, ends = [], time.monotonic() + seconds
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    is_over = threading.Event()
    page = threading.Thread(target=_page, args=(port, lot, beside, is_over))
    page.start()
    try:
        due = time.monotonic()
        while due < ends:
            time.sleep(max(0.0, due - time.monotonic()))
            body = {"bid_id": f"w{time.time_ns()}", "amount_fen": int(time.time() % 10**6 * 1e6)}
            head = {"Content-Type": "application/json",
                    "Authorization": f"Bearer {next(tokens)}"}  # fmt: skip
            line.request("POST", f"/api/v1/lots/{lot}/bids", json.dumps(body), head)
            answer = json.loads(line.getresponse().read())
            if answer.get("verdict") != "accepted":
                raise RuntimeError(str(answer))
            told.append((datetime.fromisoformat(answer["decided_at"]).timestamp(), time.time()))
            due += 1 / PACE
    finally:
        is_over.set()
        page.join()
        line.close()
    return told


def _page(port: int, lot: int, taken: list[float], is_over: threading.Event) -> None:
    """The room's page once a second, over a connection of its own each time, as people come."""
    while not is_over.wait(1.0):
        at = time.monotonic()
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        line.request("GET", f"/lots/{lot}")
        line.getresponse().read()
        line.close()
        taken.append((time.monotonic() - at) * 1e3)


def _room(
    port: int, watched: int, lot: int, tokens: Iterator[str], count: int, seconds: float
) -> list[Row]:
    """One full room, from coming in to the last bid."""
    shares = [count // PROCESSES + (n < count % PROCESSES) for n in range(PROCESSES)]
    clients = [
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "bench.watchers", "--part",
             str(watched), str(lot), str(share), str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) for share in shares
    ]  # fmt: skip
    try:
        came = max(json.loads(_line(client))["in_s"] for client in clients)
        time.sleep(1.0)
        beside: list[float] = []
        bids = _bid(port, lot, tokens, seconds, beside)
        load = os.getloadavg()[0]
        time.sleep(LAST_S)
        for client in clients:
            assert client.stdin is not None
            client.stdin.close()
        found = [json.loads(_line(client)) for client in clients]
    finally:
        for client in clients:
            client.kill()
            client.wait()
    return _rows(count, bids, found, beside, came, load)


def _line(client: subprocess.Popen[str]) -> str:
    assert client.stdout is not None
    return client.stdout.readline()


def _rows(
    count: int, bids: list[tuple[float, float]], found: list[dict[str, Any]],
    beside: list[float], came: float, load: float,
) -> list[Row]:  # fmt: skip
    stayed = [heard for one in found for heard in one["stayed"]]
    back = [parts for one in found for parts in one["came_back"]]
    # Each accepted bid is one line of the log, and nothing else happens in this lot.
    first = min((heard[0][0] for heard in stayed if heard), default=0)
    numbers = list(range(first, first + len(bids)))
    late = np.array([
        (at - bids[n - first][0]) * 1e3
        for heard in stayed for n, at in heard if 0 <= n - first < len(bids)
    ])  # fmt: skip
    wrong = sum([n for n, _ in heard] != numbers for heard in stayed)
    amiss = sum([n for part in parts for n in part] != numbers for parts in back)
    gone = sum(one["refused"] + one["dropped"] for one in found)
    for one in found:
        for said in one["said"]:
            print(f"refused: {said!r}", file=sys.stderr)
    name, floor = f"{count} watchers", FLOORS_MS.get(count)
    taken = [(answered - decided) * 1e3 for decided, answered in bids]
    return [
        at_least(f"{name}: bids a second", (len(bids) - 1) / (bids[-1][0] - bids[0][0])),
        at_most(f"{name}: heard after, p50 ms", float(np.percentile(late, 50))),
        at_most(f"{name}: heard after, p99 ms", float(np.percentile(late, 99)), floor),
        at_most(f"{name}: heard after, longest ms", float(late.max())),
        at_most(f"{name}: bidder's own answer after, p99 ms", float(np.percentile(taken, 99))),
        at_least(f"{name}: bids heard in all", float(len(late))),
        at_most(f"{name}: missed, heard twice or in another order", float(wrong), 0.0),
        at_least(f"{name}: came back with Last-Event-ID", float(len(back))),
        at_most(f"{name}: of them lost or heard twice", float(amiss), 0.0),
        at_most(f"{name}: refused or sent away", float(gone), 0.0),
        at_most(f"{name}: all have come in, s", came),
        at_most(f"{name}: the page beside them, p50 ms", float(np.percentile(beside, 50))),
        at_most(f"{name}: the page beside them, longest ms", max(beside)),
        at_most(f"{name}: load average", load),
    ]


def measure(counts: list[int], seconds: float, *, apart: bool = False) -> dict[str, Any]:
    """``{"anchors": {}, "rows": [...]}`` as `ybj bench watchers --json` prints it. `apart`: those who
    watch go to the events' own process, as behind a front server."""
    measured: list[Row] = []
    events_port = two_ports()[1]
    with (
        folder() as home,
        ensure_running(home) as engine,
        market(home, YBJ_SANDBOX="1", YBJ_EVENTS_PORT=str(events_port)) as base,
    ):
        told = prepare(engine)
        port = int(base.rpartition(":")[2])
        # Nobody overbids themselves: they take turns from here to the end.
        tokens = itertools.cycle(told["tokens"][:2])
        _bid(port, told["lot"], tokens, WARM_S, [])
        for count in counts:
            watched = events_port if apart else port
            measured += _room(port, watched, told["lot"], tokens, count, seconds)
    return {"anchors": {}, "rows": [asdict(row) for row in measured]}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--watchers", default="500,1000")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--apart", action="store_true", help="on the port of the events alone")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.part:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        port, lot, count = map(int, given.part[:3])
        print(json.dumps(asyncio.run(_watch(port, lot, count, float(given.part[3])))), flush=True)
        return 0
    counts = [int(count) for count in given.watchers.split(",")]
    return tell(measure(counts, given.seconds, apart=given.apart), as_json=given.json)


if __name__ == "__main__":
    raise SystemExit(main())
