"""How fast bids on one hot lot are decided, against pgbench; the section «auction» of docs/benchmarks.md.

    python -m bench.auction [--seconds 6] [--rounds 3] [--json]

A folder and a durable server of its own. Fifty bidders in four processes, each a thread with its own connection, call the
action (`place_bid`) one after the other: the amount grows with time, so a bid that is not overtaken
is accepted; every tenth call is a repetition of the last. The anchor is pgbench's TPC-B-like transaction,
one client, before and after in each round. *Fairness*: of the requests that were new, how many were
accepted. *Reversed*: of two bids that were sent a second or more apart, how often the later one was decided
first (A12). *Over HTTP*: the same fifty with tokens and kept connections to a market (`ybj up`) beside it, no floor.
Afterwards the lot is checked: no gap, no step missed, every bid that was answered is there.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import psycopg

from bench import tell
from bench.imports import folder, market, run, server_seconds
from bench.ledger import pgbench
from bench.matching import Row, at_least, at_most
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.postgres import Engine, ensure_running

BIDDERS, SCALE, REPEATED = 50, 20, 10
PROCESSES = (
    4  # that bidders are spread over: in one they would wait for each other, not for the lot
)
DAY = timedelta(days=1)
START_S = 30.0  # until all of them have come up
CALLERS, CALLERS_START_S = 2, 20.0
P99_MS, FAIRNESS, RATIO = 500.0, 0.70, 0.7
BEFORE, AFTER = "TPC-B before", "TPC-B after"


Told = list[tuple[float, float, str, bool]]


def bidding(lot_id: int, owners: list[int], begins: float, seconds: float) -> dict[str, Any]:
    """In a process of its own, with Django: these bidders from an instant on, for so long. Returns
    (sent, answered, verdict, repeated) of every request."""
    from django.db import connections

    from yangbanjian.kernel.actor import Actor
    from yangbanjian.market.trading import actions

    told: list[Told] = [[] for _ in owners]

    def one(number: int) -> None:
        actor = Actor(person_id=owners[number], organisation_id=owners[number])
        connections["default"].ensure_connection()
        time.sleep(max(0.0, begins - time.time()))
        count, last = 0, ("", 1)
        while (sent := time.time()) < begins + seconds:
            count += 1
            is_again = count % REPEATED == 0
            if not is_again:
                last = (f"r{int(begins)}-{owners[number]}-{count}", _amount(sent))
            said = actions.place_bid(actor=actor, lot_id=lot_id, bid_id=last[0], amount_fen=last[1])
            told[number].append((sent, time.time(), said.verdict.value, is_again))
        connections["default"].close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(owners))]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, begins - time.time()))
    used = time.process_time()
    for thread in threads:
        thread.join()
    used = time.process_time() - used
    return {"told": [row for rows in told for row in rows], "cpu": used}


def calling(port: int, lot_id: int, tokens: list[str], begins: float, seconds: float) -> Told:
    """The same over the API, each bidder with a connection that is kept. Raises RuntimeError on an
    answer without a verdict."""
    told: Told = []

    def one(token: str) -> None:
        head = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        time.sleep(max(0.0, begins - time.time()))
        count, last = 0, {"bid_id": "", "amount_fen": 1}
        while (sent := time.time()) < begins + seconds:
            count += 1
            is_again = count % REPEATED == 0
            if not is_again:
                last = {"bid_id": f"h{time.time_ns()}-{token[-6:]}", "amount_fen": _amount(sent)}
            line.request("POST", f"/api/v1/lots/{lot_id}/bids", json.dumps(last), head)
            said = json.loads(line.getresponse().read())
            if "verdict" not in said:
                raise RuntimeError(str(said))
            told.append((sent, time.time(), said["verdict"], is_again))
        line.close()

    with ThreadPoolExecutor(len(tokens)) as pool:
        list(pool.map(one, tokens))
    return told


def _amount(sent: float) -> int:
    """A microsecond is a step: who sends later offers more."""
    return int(sent % 10**6 * 1e6)


def _figures(every: Told, begins: float) -> dict[str, Any]:
    fresh = [row for row in every if not row[3]]
    taken = sorted((end - sent) * 1e3 for sent, end, _, _ in every)
    return {
        "accepted": sum(row[2] == "accepted" for row in fresh), "fresh": len(fresh), "asked": len(every),
        "seconds": max(end for _, end, _, _ in every) - begins, "p50": taken[len(taken) // 2],
        "p99": taken[int(len(taken) * 0.99)], "reversed": _reversed(every),
    }  # fmt: skip


def _reversed(every: Told) -> int:
    """Pairs of which the one sent a second later was answered first."""
    by_end = sorted(every, key=lambda row: row[1])
    latest, wrong = 0.0, 0
    for sent, _, _, _ in by_end:
        wrong += latest - sent >= 1.0
        latest = max(latest, sent)
    return wrong


def prepare(engine: Engine) -> dict[str, Any]:
    """`lot`, open for a day, `owners` qualified to bid, `tokens` of theirs in the same order."""
    return product(engine, "prepare")


def anchor_tables(engine: Engine) -> None:
    with psycopg.connect(engine.url("superuser"), autocommit=True) as database:
        database.execute("CREATE DATABASE anchor")
    pgbench(engine, "superuser", "-i", "-q", "-s", str(SCALE), database="anchor")


def product(engine: Engine, *said: str) -> dict[str, Any]:
    """Run a part of this module with the product's settings, signed in as the pages are."""
    env = {**os.environ, "DATABASE_URL": engine.url("runtime"), "YBJ_SANDBOX": "1",
           "DJANGO_SETTINGS_MODULE": "yangbanjian.config.settings"}  # fmt: skip
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "bench.auction", "--part", *said],
        env=env, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _part(said: list[str]) -> int:
    import django

    django.setup()
    if said[0] == "prepare":
        found = _prepared()
    elif said[0] == "check":
        found = _checked(int(said[1]))
    elif said[0] == "call":
        port, lot_id, tokens, begins, seconds = map(json.loads, said[1:])
        found = {"told": calling(port, lot_id, tokens, begins, seconds)}
    else:
        found = bidding(int(said[1]), json.loads(said[2]), float(said[3]), float(said[4]))
    print(json.dumps(found))
    return 0


def _prepared() -> dict[str, Any]:
    """Rows as listing, registration and deposit make them; deposits are not what is measured."""
    from yangbanjian.ground.clock import actions as clock_actions
    from yangbanjian.ground.clock import queries as clock
    from yangbanjian.ground.database.transactions import acting
    from yangbanjian.ground.people import actions as people
    from yangbanjian.ground.people.models import Membership, Organisation, Person
    from yangbanjian.ground.rulebook.models import Edition
    from yangbanjian.kernel.actor import SYSTEM
    from yangbanjian.libraries.achievements import actions as achievements
    from yangbanjian.market.trading import actions
    from yangbanjian.market.trading.models import Listing, Registration

    clock_actions.settle_installation(is_sandbox=True)
    now = clock.now()

    def organisation(kind: str, number: int) -> int:
        made = Organisation.objects.create(
            kind=kind, name=f"{kind}{number}", created_at=now, state="verified"
        )
        return int(made.pk)

    def token(owner: int) -> str:
        somebody = Person.objects.create(created_at=now, name="竞买人", username=f"bidder{owner}")
        Membership.objects.create(
            person=somebody, organisation_id=owner, role="enterprise", period=(now - DAY, None)
        )
        return people.create_token(actor=SYSTEM, person_id=somebody.pk, organisation_id=owner)[1]

    with acting(SYSTEM):
        seller = organisation("university", 0)
        record = achievements.add(
            actor=SYSTEM, owner_id=seller,
            values={"title": "低温冷库余热回收", "abstract": "回收压缩机排热，综合电耗下降三成。"},
        )  # fmt: skip
        one = Listing.objects.create(
            achievement=record, owner_id=seller, edition=Edition.objects.earliest("id"),
            title="标的", deal_mode="transfer", days=20, unit="working", first_day="next",
            made_at=now, method="rising", start_fen=1, step_fen=1, free_s=86_400, cycle_s=300,
            hard_close_s=90_000,
        )  # fmt: skip
        public = {"published_by": 2, "published_at": now - DAY, "disclosure_ends_at": now - DAY / 2}
        steps: dict[str, dict[str, Any]] = {
            "submitted": {}, "accepted": {"accepted_by": 1}, "disclosed": public, "expired": {},
            "qualifying": {}, "bidding": {},
        }  # fmt: skip
        for state, values in steps.items():
            Listing.objects.filter(pk=one.pk).update(state=state, **values)
        one.refresh_from_db()
        owners = [organisation("enterprise", n + 1) for n in range(BIDDERS)]
        for number, owner in enumerate(owners):
            Registration.objects.create(
                listing=one, owner_id=owner, plate=f"P{number}", due_at=now, made_at=now
            )
        signed_up = Registration.objects.filter(listing=one)
        signed_up.update(state="deposited")
        signed_up.update(state="qualified", qualified_by=1, qualified_at=now)
        actions.lay_out(actor=SYSTEM, listing=one)
        tokens = [token(owner) for owner in owners]
        lot = actions.open_lot(actor=SYSTEM, listing=one)
        return {"lot": lot.pk, "owners": owners, "tokens": tokens}


def _checked(lot_id: int) -> dict[str, Any]:
    """Is the lot as its bidders were told? The verifier's own rules count the whole log."""
    from verify.auction import recount
    from yangbanjian.ground.database.transactions import acting
    from yangbanjian.kernel.actor import SYSTEM
    from yangbanjian.market.trading import queries
    from yangbanjian.market.trading.models import Lot, PlacedBid

    with acting(SYSTEM):
        lot = Lot.objects.get(pk=lot_id)
        found = queries.lot_lines(lot)
        placed = PlacedBid.objects.filter(lot=lot).order_by("seq")
        rows = list(placed.values_list("seq", "amount_fen"))
    counted = recount([{**line, "n": n} for n, line in enumerate(found)])
    steps = [b[1] - a[1] for a, b in itertools.pairwise(rows)]
    is_whole = [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
    return {"bids": len(rows), "ok": is_whole and min(steps) > 0 and len(counted.tops) == len(rows)}


def _round(
    home: Home, engine: Engine, lot_id: int, owners: list[int], seconds: int
) -> dict[str, Any]:
    timed = ["-n", "-c", "1", "-T", str(seconds)]
    before = pgbench(engine, "superuser", *timed, database="anchor")
    begins = time.time() + START_S
    shares = [json.dumps(owners[n::PROCESSES]) for n in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        begun = pool.map(
            lambda mine: product(engine, "bid", str(lot_id), mine, str(begins), str(seconds)),
            shares,
        )
        time.sleep(max(0.0, begins - time.time()))
        served = server_seconds(home)
        parts = list(begun)
        served = server_seconds(home) - served
        every = [tuple(row) for part in parts for row in part["told"]]
    found = _figures(every, begins)
    after = pgbench(engine, "superuser", *timed, database="anchor")
    cpu = {"client_s": sum(part["cpu"] for part in parts), "server_s": served}
    return {**found, **cpu, BEFORE: before, AFTER: after}


def _over_http(
    engine: Engine, base: str, lot_id: int, tokens: list[str], seconds: int
) -> dict[str, Any]:
    """A round against a running market, after a short one to warm it. The clients are two
    processes: they take of the processors what bidders elsewhere would not."""
    port = base.rpartition(":")[2]
    timed = ["-n", "-c", "1", "-T", str(seconds)]

    def bid(for_seconds: int) -> dict[str, Any]:
        begins = time.time() + CALLERS_START_S
        shares = [json.dumps(tokens[n::CALLERS]) for n in range(CALLERS)]
        with ThreadPoolExecutor(CALLERS) as pool:
            parts = pool.map(
                lambda mine: product(
                    engine, "call", port, str(lot_id), mine, str(begins), str(for_seconds)
                ),
                shares,
            )
            every: Told = [tuple(row) for part in parts for row in part["told"]]
        return _figures(every, begins)

    warm = bid(3)
    before = pgbench(engine, "superuser", *timed, database="anchor")
    found = bid(seconds)
    after = pgbench(engine, "superuser", *timed, database="anchor")
    return {**found, BEFORE: before, AFTER: after, "warm": warm["accepted"]}


def measure(seconds: int, rounds: int) -> dict[str, Any]:
    """``{"anchors": {...}, "rows": [...]}`` as `ybj bench auction --json` prints it."""
    with folder() as home, ensure_running(home) as engine:
        run(home, "migrate", YBJ_SANDBOX="1")
        anchor_tables(engine)
        told_of = prepare(engine)
        lot_id, owners = told_of["lot"], told_of["owners"]
        found = [_round(home, engine, lot_id, owners, seconds) for _ in range(rounds)]
        with market(home, YBJ_SANDBOX="1") as base:
            called = _over_http(engine, base, lot_id, told_of["tokens"], seconds)
        checked = product(engine, "check", str(lot_id))

    def median(of: Callable[[dict[str, Any]], float]) -> float:
        return statistics.median(of(one) for one in found)

    def ratio(one: dict[str, Any]) -> float:
        anchor = statistics.fmean([one[BEFORE], one[AFTER]])
        return float(one["accepted"] / one["seconds"] / anchor)

    told = sum(one["accepted"] for one in found) + called["accepted"] + called["warm"]
    rows: list[Row] = [
        at_least("TPC-B, one client, a second", median(lambda one: one[BEFORE])),
        at_least("TPC-B after / before", median(lambda one: one[AFTER] / one[BEFORE])),
        at_least("accepted bids a second", median(lambda one: one["accepted"] / one["seconds"])),
        at_least("accepted bids / TPC-B", median(ratio), RATIO),
        at_least(
            "client CPU, ms a request", median(lambda one: one["client_s"] * 1e3 / one["asked"])
        ),
        at_least(
            "server CPU, ms a request", median(lambda one: one["server_s"] * 1e3 / one["asked"])
        ),
        at_least("order fairness", median(lambda one: one["accepted"] / one["fresh"]), FAIRNESS),
        at_most("reversed a second apart", float(sum(one["reversed"] for one in found)), 0.0),
        at_least("verdict, p50 ms", median(lambda one: one["p50"])),
        at_most("verdict, p99 ms", median(lambda one: one["p99"]), P99_MS),
        at_least("over HTTP: accepted bids a second", called["accepted"] / called["seconds"]),
        at_least("over HTTP: accepted bids / TPC-B", ratio(called)),
        at_least("over HTTP: requests a second", called["asked"] / called["seconds"]),
        at_least("over HTTP: order fairness", called["accepted"] / called["fresh"]),
        at_least("over HTTP: verdict, p50 ms", called["p50"]),
        at_most("over HTTP: verdict, p99 ms", called["p99"]),
        at_least("bids told and kept alike", float(checked["ok"] and told == checked["bids"]), 1.0),
        at_least("load average", os.getloadavg()[0]),
    ]
    anchors = {
        "tpcb_before": median(lambda one: one[BEFORE]),
        "tpcb_after": median(lambda one: one[AFTER]),
    }
    return {"anchors": anchors, "rows": [asdict(row) for row in rows]}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.part:
        return _part(given.part)
    return tell(measure(given.seconds, given.rounds), as_json=given.json)


if __name__ == "__main__":
    raise SystemExit(main())
