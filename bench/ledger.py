# ruff: noqa: S608 - the statements are put together from our own words
"""How fast transfers are posted, against pgbench and a bare insert of the same rows.

    python -m bench.ledger [--seconds 4] [--rounds 5] [--json]

Everything runs in a folder of its own on a durable embedded server of its own, all guards on; all
accounts but the busy one are limited. The anchor is pgbench's TPC-B-like transaction (3 updates, 1
select, 1 insert), scale 20, 8 clients, before and after in each round; a row is the median over the
rounds of transfers to anchor transactions. Single transfers are sent by pgbench with 8 clients, the
JSON made by the server; sets are sent by one client as the product sends them: JSON made before, a
statement prepared once, all results read. The bare insert receives that very JSON and writes the
rows into a table of the same columns and indexes: no account, no check, no trigger. Two more rows,
without floors, say what the indexes cost: a table with a primary key alone, and rows copied from
one table to another that has none.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID, uuid4

import psycopg

from bench import tell
from bench.imports import folder, run
from bench.matching import Row, at_least
from yangbanjian.supervisor.postgres import Engine, ensure_running
from yangbanjian.supervisor.program import server_binaries

ACCOUNTS, SCALE, CLIENTS, SET = 10_000, 20, 8, 1000
_TPS = re.compile(r"tps = ([0-9.]+)")
_KEY = "lpad(({})::text, 32, '0')::uuid"
_ONE = (
    "SELECT * FROM post_batch(jsonb_build_array(jsonb_build_object('id', gen_random_uuid(),"
    " 'kind', 'posted', 'debit', {debit}, 'credit', {credit}, 'amount', 5, 'asset', 'CNY')));"
)
_MANY = "SELECT place, result, seq FROM post_batch(%s::jsonb, 'UTC') ORDER BY place"
_BARE = """
INSERT INTO {} (id, seq, kind, debit_id, credit_id, asset, amount, posted_change, pending_change,
  cause, effective_on, payload_sha256, at_business, at_recorded)
SELECT id, nextval('bare_seq'), kind, right(debit::text, 6)::int, 1, asset, amount, amount, 0, '', current_date,
  uuid_send(id) || uuid_send(id), now(), clock_timestamp()
FROM jsonb_to_recordset(%s::jsonb) AS t(id uuid, kind text, debit uuid, asset text, amount bigint)
"""
_COPY = f"INSERT INTO copied SELECT * FROM keyed LIMIT {SET};"
_PICK = (
    f"\\set a random(1, {ACCOUNTS})\n\\set b 1 + (:a + random(0, {ACCOUNTS - 2})) % {ACCOUNTS}\n"
)
# name -> (script, floor of the ratio to the anchor)
SINGLE: dict[str, tuple[str, float]] = {
    "single, uniform accounts": (
        _PICK + _ONE.format(debit=_KEY.format(":a"), credit=_KEY.format(":b")), 0.9,
    ),
    "single, one hot account": (
        f"\\set a random(2, {ACCOUNTS})\n"
        + _ONE.format(debit=_KEY.format(":a"), credit=_KEY.format("1")), 0.3,
    ),
}  # fmt: skip
SETS, BARE = f"sets of {SET}, one hot account", "bare insert"
KEYED, COPIED = "bare insert, one key", "copied rows, no key"
BEFORE, AFTER = "TPC-B before", "TPC-B after"


def pgbench(engine: Engine, role: str, *said: str, database: str | None = None) -> float:
    """Transactions a second of one run, as a login of the product. Raises RuntimeError."""
    url = urlsplit(engine.url(role))
    host = parse_qs(url.query).get("host", [unquote(url.netloc.rpartition("@")[2].split(":")[0])])
    done = subprocess.run(  # noqa: S603 - our own command
        [
            str(server_binaries(None) / "pgbench"), "-h", host[0], "-p", str(url.port or 5432),
            "-U", url.username or "", *said, database or url.path.lstrip("/"),
        ],
        env={**os.environ, "PGPASSWORD": unquote(url.password or "")},
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-1000:])
    found = _TPS.search(done.stdout)
    return float(found[1]) if found else 0.0


def batch(payers: Sequence[int], *, pays_in: bool = False) -> str:
    """A set as it is sent: each of these accounts pays the busy one, or is paid by it."""
    names = ("credit", "debit") if pays_in else ("debit", "credit")
    return json.dumps(
        [
            {
                "id": str(uuid4()), "kind": "posted", names[0]: str(UUID(f"{n:032d}")),
                names[1]: str(UUID(f"{1:032d}")), "amount": 10**9 if pays_in else 5, "asset": "CNY",
            }
            for n in payers
        ]
    )  # fmt: skip


def prepare(engine: Engine) -> None:
    """Accounts to post on, and the anchor's own tables in a database beside."""
    with psycopg.connect(engine.url("superuser"), autocommit=True) as database:
        # The owner does not matter here; skipping the key saves making an organisation.
        database.execute("SET session_replication_role = replica")
        database.execute(
            "INSERT INTO ledger_account (key, owner_id, code, asset, is_limited, opened_at)"
            " SELECT lpad(n::text, 32, '0')::uuid, 1, 'current', 'CNY', n > 1, now()"
            " FROM generate_series(1, %s) AS n",
            [ACCOUNTS],
        )
        database.execute("CREATE DATABASE anchor")
    pgbench(engine, "superuser", "-i", "-q", "-s", str(SCALE), database="anchor")
    with psycopg.connect(engine.url("runtime"), autocommit=True) as database:
        for first in range(2, ACCOUNTS + 1, SET):
            some = range(first, min(first + SET, ACCOUNTS + 1))
            told = database.execute(_MANY, [batch(some, pays_in=True)]).fetchall()
            assert {row[1] for row in told} == {"ok"}
    with psycopg.connect(engine.url("superuser"), autocommit=True) as database:
        database.execute("CREATE SEQUENCE bare_seq")
        database.execute("CREATE TABLE bare (LIKE ledger_transfer INCLUDING INDEXES)")
        database.execute("CREATE TABLE keyed (LIKE ledger_transfer, PRIMARY KEY (id))")
        database.execute("CREATE TABLE copied (LIKE ledger_transfer)")
        database.execute(_BARE.format("keyed").encode(), [batch(range(2, SET + 2))])
        database.execute("VACUUM ANALYZE")


def sent(engine: Engine, role: str, statement: str, seconds: float) -> float:
    """Rows a second of sets sent one after the other; making the JSON is not counted."""
    pick, spent, rows = random.Random(20260101), 0.0, 0
    with psycopg.connect(engine.url(role), autocommit=True) as database:
        while spent < seconds:
            payers = batch([pick.randint(2, ACCOUNTS) for _ in range(SET)])
            began = time.perf_counter()
            found = database.execute(statement.encode(), [payers], prepare=True)
            told = found.fetchall() if found.description else []
            spent += time.perf_counter() - began
            assert {row[1] for row in told} <= {"ok"}
            rows += SET
    return rows / spent


def _round(engine: Engine, scripts: Mapping[str, Path], seconds: int) -> dict[str, float]:
    """Transfers or transactions a second of everything once, the anchor before and after."""
    timed = ["-n", "-T", str(seconds)]
    eight = ["-c", str(CLIENTS), "-j", "2", *timed]
    found = {BEFORE: pgbench(engine, "superuser", *eight, database="anchor")}
    for name in SINGLE:
        found[name] = pgbench(engine, "runtime", *eight, "-M", "prepared", "-f", str(scripts[name]))
    found[SETS] = sent(engine, "runtime", _MANY, seconds)
    found[BARE] = sent(engine, "superuser", _BARE.format("bare"), seconds)
    found[KEYED] = sent(engine, "superuser", _BARE.format("keyed"), seconds)
    found[COPIED] = SET * pgbench(
        engine, "superuser", "-c", "1", *timed, "-f", str(scripts[COPIED])
    )
    found[AFTER] = pgbench(engine, "superuser", *eight, database="anchor")
    return found


def measure(seconds: int, rounds: int) -> dict[str, Any]:
    """``{"anchors": {...}, "rows": [...]}`` as `ybj bench ledger --json` prints it."""
    with (
        tempfile.TemporaryDirectory() as place,
        folder() as home,
        ensure_running(home) as engine,
    ):
        texts = {name: told[0] for name, told in SINGLE.items()} | {COPIED: _COPY}
        scripts = {name: Path(place, f"{n}.sql") for n, name in enumerate(texts)}
        for name, path in scripts.items():
            path.write_text(texts[name] + "\n", encoding="utf-8")
        run(home, "migrate")
        prepare(engine)
        found = [_round(engine, scripts, seconds) for _ in range(rounds)]

    def median(name: str) -> float:
        return statistics.median(one[name] for one in found)

    def against(name: str, *anchors: str) -> float:
        """The median of the ratios that were measured in the same round."""
        return statistics.median(
            one[name] / statistics.fmean(one[a] for a in anchors) for one in found
        )

    rows: list[Row] = [
        at_least("TPC-B, transactions a second", median(BEFORE)),
        at_least("TPC-B after / before", against(AFTER, BEFORE)),
    ]
    for name, floor in {**{name: told[1] for name, told in SINGLE.items()}, SETS: 10.0}.items():
        rows.append(at_least(f"{name}, a second", median(name)))
        rows.append(at_least(f"{name} / TPC-B", against(name, BEFORE, AFTER), floor))
    rows += [
        at_least("bare insert of the rows, a second", median(BARE)),
        at_least("sets / bare insert", against(SETS, BARE), 0.35),
        at_least("sets / bare insert with one key", against(SETS, KEYED)),
        at_least("sets / rows copied from a table, no key", against(SETS, COPIED)),
        at_least("load average", os.getloadavg()[0]),
    ]
    anchors = {"tpcb_before": median(BEFORE), "tpcb_after": median(AFTER)}
    return {"anchors": anchors, "rows": [asdict(row) for row in rows]}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    result = measure(given.seconds, given.rounds)
    return tell(result, as_json=given.json)


if __name__ == "__main__":
    raise SystemExit(main())
