# ruff: noqa: S608 - the statements are put together from our own words
"""How fast transfers are posted, against pgbench and a bare insert of the same rows.

    python -m bench.ledger [--seconds 6] [--rounds 3] [--json]

Everything runs in a folder of its own on a durable embedded server of its own. The anchor is
pgbench's TPC-B-like transaction (3 updates, 1 select, 1 insert), scale 20, 8 clients, in the same
round; a row is the median over the rounds of transfers to anchor transactions. All guards are on.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg

from bench import tell
from bench.imports import folder, run
from bench.matching import Row, at_least
from yangbanjian.supervisor.postgres import Engine, ensure_running, server_binaries

ACCOUNTS, SCALE, CLIENTS, SET = 10_000, 20, 8, 1000
_TPS = re.compile(r"tps = ([0-9.]+)")
_KEY = "lpad(({})::text, 32, '0')::uuid"
_ONE = (
    "SELECT * FROM post_batch(jsonb_build_array(jsonb_build_object('id', gen_random_uuid(),"
    " 'kind', 'posted', 'debit', {debit}, 'credit', {credit}, 'amount', 5, 'asset', 'CNY')));"
)
_MANY = (
    "SELECT count(*) FROM post_batch((SELECT jsonb_agg(jsonb_build_object('id', gen_random_uuid(),"
    " 'kind', 'posted', 'debit', " + _KEY.format("2 + (random() * {most})::int") + ","
    " 'credit', " + _KEY.format("1") + ", 'amount', 5, 'asset', 'CNY'))"
    " FROM generate_series(1, {count})));"
)
_BARE = "INSERT INTO bare SELECT * FROM sample LIMIT {count};"
_PICK = (
    f"\\set a random(1, {ACCOUNTS})\n\\set b 1 + (:a + random(0, {ACCOUNTS - 2})) % {ACCOUNTS}\n"
)
# name -> (script, clients, transfers in each transaction, floor of the ratio to the anchor)
SCRIPTS: dict[str, tuple[str, int, int, float | None]] = {
    "single, uniform accounts": (
        _PICK + _ONE.format(debit=_KEY.format(":a"), credit=_KEY.format(":b")), CLIENTS, 1, 0.9,
    ),
    "single, one hot account": (
        f"\\set a random(2, {ACCOUNTS})\n"
        + _ONE.format(debit=_KEY.format(":a"), credit=_KEY.format("1")),
        CLIENTS, 1, 0.3,
    ),
    f"sets of {SET}, one hot account": (
        _MANY.format(most=ACCOUNTS - 2, count=SET), 1, SET, 10.0,
    ),
}  # fmt: skip


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


def prepare(engine: Engine) -> None:
    """Accounts to post on, and the anchor's own tables in a database beside."""
    with psycopg.connect(engine.url("superuser"), autocommit=True) as database:
        # The owner does not matter here; skipping the key saves making an organisation.
        database.execute("SET session_replication_role = replica")
        database.execute(
            "INSERT INTO ledger_account (key, owner_id, code, asset, is_limited, opened_at)"
            " SELECT lpad(n::text, 32, '0')::uuid, 1, 'current', 'CNY', false, now()"
            " FROM generate_series(1, %s) AS n",
            [ACCOUNTS],
        )
        database.execute("CREATE DATABASE anchor")
    pgbench(engine, "superuser", "-i", "-q", "-s", str(SCALE), database="anchor")
    with psycopg.connect(engine.url("runtime"), autocommit=True) as database:
        database.execute(_MANY.format(most=ACCOUNTS - 2, count=SET).encode())
    with psycopg.connect(engine.url("superuser"), autocommit=True) as database:
        database.execute("CREATE TABLE bare (LIKE ledger_transfer INCLUDING DEFAULTS)")
        database.execute("CREATE TABLE sample AS SELECT * FROM ledger_transfer")
        database.execute("VACUUM ANALYZE")


def _round(engine: Engine, scripts: Mapping[str, Path], seconds: int) -> dict[str, float]:
    """Transfers or transactions a second of everything once, the anchor before and after."""
    time = ["-n", "-T", str(seconds)]
    tpcb = ["-c", str(CLIENTS), "-j", "2", *time]
    found = {"TPC-B before": pgbench(engine, "superuser", *tpcb, database="anchor")}
    for name, (_, clients, count, _) in SCRIPTS.items():
        said = ["-c", str(clients), "-j", str(min(2, clients)), "-M", "prepared", *time]
        found[name] = count * pgbench(engine, "runtime", *said, "-f", str(scripts[name]))
    found["bare insert"] = SET * pgbench(
        engine, "superuser", "-c", "1", *time, "-f", str(scripts["bare insert"])
    )
    found["TPC-B after"] = pgbench(engine, "superuser", *tpcb, database="anchor")
    return found


def measure(seconds: int, rounds: int) -> dict[str, Any]:
    """``{"anchors": {...}, "rows": [...]}`` as `ybj bench ledger --json` prints it."""
    with (
        tempfile.TemporaryDirectory() as place,
        folder() as home,
        ensure_running(home) as engine,
    ):
        texts = {name: told[0] for name, told in SCRIPTS.items()}
        texts["bare insert"] = _BARE.format(count=SET)
        scripts = {name: Path(place, f"{n}.sql") for n, name in enumerate(texts)}
        for name, path in scripts.items():
            path.write_text(texts[name] + "\n", encoding="utf-8")
        run(home, "migrate")
        prepare(engine)
        found = [_round(engine, scripts, seconds) for _ in range(rounds)]

    def median(name: str) -> float:
        return statistics.median(one[name] for one in found)

    rows: list[Row] = [at_least("TPC-B, transactions a second", median("TPC-B before"))]
    for name, (_, _, _, floor) in SCRIPTS.items():
        rows.append(at_least(f"{name}, a second", median(name)))
        ratios = [2 * o[name] / (o["TPC-B before"] + o["TPC-B after"]) for o in found]
        rows.append(at_least(f"{name} / TPC-B", statistics.median(ratios), floor))
    rows.append(at_least("bare insert of the rows, a second", median("bare insert")))
    name = f"sets of {SET}, one hot account"
    bare = [one[name] / one["bare insert"] for one in found]
    rows.append(at_least("sets / bare insert", statistics.median(bare), 0.35))
    anchors = {"tpcb_before": median("TPC-B before"), "tpcb_after": median("TPC-B after")}
    return {"anchors": anchors, "rows": [asdict(row) for row in rows]}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    result = measure(given.seconds, given.rounds)
    return tell(result, as_json=given.json)


if __name__ == "__main__":
    raise SystemExit(main())
