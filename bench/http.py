"""How quickly pages and the API answer at 100,000 records: the section «http» of docs/benchmarks.md.

    python -m bench.http [--size 10k | 100k | 1M] [--json]

A market of its own (`ybj up`) with synthetic achievements (:func:`bench.imports.rows`) brought in by
`ybj import`, their vectors random unit vectors: what is measured is the way of an answer, not its
worth. One client over one connection asks sentences that differ, then opens lists with facets under
differing filters; four clients at once are reported beside it. Floors hold at 100,000 records.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

import numpy as np
import psycopg

from bench import imports, tell
from bench.imports import MEASURED, folder, market, size_of, take_in, wait_until, write
from bench.matching import Row, anchor, at_most
from yangbanjian.engines.matching.encoder.builtin import BuiltinEncoder
from yangbanjian.engines.matching.index import VectorStore, content_key
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.postgres import Engine, ensure_running

SENTENCE_MS, LIST_MS = 100.0, 300.0
ASKED, LISTED, WARM = 300, 200, 40
CLIENTS = 4
Call = tuple[str, str, bytes | None]


def sentences(count: int, seed: int = 7) -> list[str]:
    """Problems as people state them, over the things and troubles of the synthetic records."""
    some = random.Random(seed)
    told = []
    for _ in range(count):
        thing, other = some.sample(imports.THINGS, 2)
        gain = some.choice(imports.GAINS).format(n=some.randint(2, 90))
        told.append(
            f"{thing}{some.choice(imports.TROUBLES)}，和{other}一起用时更明显，"
            f"想找{some.choice(imports.MEANS)}之类的办法，做到{gain}，预算{some.randint(20, 300)}万以内"
        )
    return told


def lists(count: int, seed: int = 8) -> list[str]:
    """Addresses of list pages with differing filters."""
    some = random.Random(seed)
    told = []
    for _ in range(count):
        said: dict[str, Any] = {}
        if some.random() < 0.5:
            said["field"] = some.sample(imports.FIELDS, some.randint(1, 2))
        if some.random() < 0.3:
            said["trl"] = some.choice(["1-4", "5-6", "7-9"])
        if some.random() < 0.3:
            said["region"] = some.choice(imports.REGIONS)[:4]
        if some.random() < 0.2:
            said["q"] = some.choice(imports.THINGS)
        if some.random() < 0.2:
            said["sort"] = some.choice(["complete", "price"])
        if some.random() < 0.3:
            said["page"] = some.randint(2, 30)
        told.append("/achievements?" + urlencode(said, doseq=True))
    return told


def asking(texts: Sequence[str]) -> list[Call]:
    return [("POST", "/api/v1/match", json.dumps({"text": text}).encode()) for text in texts]


def opening(paths: Sequence[str]) -> list[Call]:
    return [("GET", path, None) for path in paths]


def timed(port: int, calls: Sequence[Call]) -> list[float]:
    """Milliseconds of each call over one connection. Raises RuntimeError on another status."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    taken = []
    for method, path, body in calls:
        at = time.perf_counter()
        line.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = line.getresponse()
        answer.read()
        taken.append((time.perf_counter() - at) * 1e3)
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status}")
    line.close()
    return taken


def at_once(port: int, calls: Sequence[Call]) -> list[float]:
    """The same by several clients, each with its share."""
    taken: list[float] = []

    def one(mine: Sequence[Call]) -> None:
        taken.extend(timed(port, mine))

    clients = [threading.Thread(target=one, args=(calls[n::CLIENTS],)) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return taken


def give_vectors(home: Home, engine: Engine) -> None:
    """A random direction for every text, so that the encoder does not work for hours."""
    encoder = BuiltinEncoder()
    store = VectorStore(home.root / "index" / "vectors", encoder.model, encoder.dimension)
    some = np.random.default_rng(7)
    with psycopg.connect(engine.url("superuser")) as connection:
        cursor = connection.cursor("texts")
        cursor.execute("SELECT text FROM matching_document")
        while texts := cursor.fetchmany(5000):
            rows = some.standard_normal((len(texts), encoder.dimension), np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            store.put([content_key(encoder.model, "passage", text) for (text,) in texts], rows)


def is_ready(port: int, count: int) -> bool:
    """Have all processes that answer taken in every record?"""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    compared = set()
    for method, path, body in asking(sentences(6, seed=1)):
        line.request(method, path, body, {"Content-Type": "application/json"})
        compared.add(json.load(line.getresponse())["compared"])
        line.close()
    return compared == {count}


def rows_of(name: str, taken: Sequence[float], floor: float | None) -> list[Row]:
    return [
        at_most(f"{name}, p50 ms", float(np.percentile(taken, 50))),
        at_most(f"{name}, p95 ms", float(np.percentile(taken, 95)), floor),
    ]


def measure(count: int) -> dict[str, Any]:
    """``{"anchors": {...}, "rows": [...]}`` as `ybj bench NAME --json` prints it."""
    sentence, shelf = asking(sentences(WARM + ASKED)), opening(lists(WARM + LISTED))
    with folder() as home:
        files = write(home.root, count)
        with ensure_running(home) as engine, market(home) as base:
            port = int(base.rpartition(":")[2])
            take_in(home, files)
            with psycopg.connect(engine.url("superuser")) as connection:
                wait_until(lambda: documents(connection) >= count, 1800)
            give_vectors(home, engine)
            wait_until(lambda: is_ready(port, count), 1800)
            # The day after the import, not the minutes in which the worker tells of it.
            with psycopg.connect(engine.url("superuser")) as connection:
                wait_until(lambda: not behind(connection), 1800)
            # What autovacuum does within minutes, at once: lists are read from the index alone.
            with psycopg.connect(engine.url("superuser"), autocommit=True) as connection:
                connection.execute("VACUUM (ANALYZE)")
            before = anchor()
            measured = _answers(port, count, sentence, shelf)
            after = anchor()
    return {
        "anchors": {"before_cpu_s": round(before, 4), "after_cpu_s": round(after, 4)},
        "rows": [asdict(row) for row in measured],
        "records": count,
    }


def documents(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT count(*) FROM matching_document WHERE is_live").fetchone()
    connection.rollback()
    return int(row[0]) if row else 0


def behind(connection: psycopg.Connection[Any]) -> int:
    """How many followers have not yet heard of all that was imported."""
    row = connection.execute(
        "SELECT count(*) FROM journal_subscription WHERE xact < (SELECT max(xact)"
        " FROM journal_entry WHERE verb = 'achievements.imported')"
    ).fetchone()
    connection.rollback()
    return int(row[0]) if row else 0


def _answers(port: int, count: int, sentence: list[Call], shelf: list[Call]) -> list[Row]:
    measured: list[Row] = []
    kinds: list[tuple[str, list[Call], float, Callable[..., list[float]]]] = [
        ("one sentence", sentence, SENTENCE_MS, timed),
        ("list with facets", shelf, LIST_MS, timed),
        (f"one sentence, {CLIENTS} clients", sentence, 0, at_once),
        (f"list with facets, {CLIENTS} clients", shelf, 0, at_once),
    ]
    for name, calls, floor, how in kinds:
        timed(port, calls[:WARM])
        held = floor if floor and count == MEASURED else None
        measured += rows_of(name, how(port, calls[WARM:]), held)
    return measured


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", default=os.environ.get("SIZE", "100k"))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    result = measure(size_of(given.size))
    return tell(result, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
