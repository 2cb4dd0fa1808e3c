# ruff: noqa: S608 - the statements are put together from our own words
"""How fast the evidence log is sequenced and audited, and what an entry costs the act it tells of.

    python -m bench.log [--entries 1000000] [--acts 300] [--json]

Everything happens in a folder of its own on a durable embedded server of its own. The entries are
made by the server: each with a salt, a payload of about 110 characters in both scripts and its
digest, every tenth with a remark. They are sequenced as the worker does it, then audited by
`ybj log audit`. An act is a draft of a demand that is added and committed, in turns with its entry
and without; the cost is the difference of the medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import psycopg

from bench import tell
from bench.imports import Spent, folder, run
from bench.matching import Row, anchor, at_least, at_most
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.postgres import Engine, ensure_running

MEASURED = 1_000_000
AUDIT_S, COST = 60.0, 0.15
_FORM = (
    """'{"changed":["abstract","price_fen"],"name":"冷库余热梯级回收系统 ' || n || '","note":"能耗下降'"""
    """ || n %% 97 || '%%","version":' || n || '}'"""
)
_ENTRIES = f"""
WITH made AS (
  SELECT n, {_FORM} AS form, uuid_send(gen_random_uuid()) AS salt, uuid_send(gen_random_uuid()) AS beside
  FROM generate_series(%s::int, %s::int) AS n
), written AS (
  INSERT INTO journal_entry (id, verb, subject_kind, subject_id, owner_id, party_ids, person_id,
    organisation_id, at_business, at_recorded, edition, audience, payload, salt, payload_jcs_sha256,
    remark_sha256)
  SELECT 1000000000 + n, 'achievements.revised', 'achievement', n, 1, '{{1,2}}', n %% 50, 1,
    clock_timestamp(), clock_timestamp(), '', 'parties', form::jsonb, salt,
    sha256(salt || convert_to(form, 'UTF8')),
    CASE WHEN n %% 10 = 0 THEN sha256(beside || convert_to('说明 ' || n, 'UTF8')) ELSE '' END
  FROM made
) INSERT INTO journal_remark (entry_id, text, salt)
  SELECT 1000000000 + n, '说明 ' || n, beside FROM made WHERE n %% 10 = 0
"""
AT_ONCE = 50_000


@contextmanager
def product(home: Home, engine: Engine) -> Iterator[None]:
    """The product in this process, on this server."""
    os.environ |= {
        "DATABASE_URL": engine.url("runtime"), "YBJ_HOME": str(home.root), "YBJ_SANDBOX": "1",
        "DJANGO_SETTINGS_MODULE": "yangbanjian.config.settings",
    }  # fmt: skip
    import django
    from django.db import connections

    django.setup()
    try:
        yield
    finally:
        connections.close_all()


def fill(engine: Engine, count: int) -> None:
    """So many entries; the foreign key of a remark is looked at when its statement ends."""
    house = "-c ybj.system=on"  # it writes whosever entries they are
    with psycopg.connect(engine.url("runtime"), autocommit=True, options=house) as database:
        for start in range(1, count + 1, AT_ONCE):
            database.execute(_ENTRIES.encode(), [start, min(count, start + AT_ONCE - 1)])
    with psycopg.connect(engine.url("superuser"), autocommit=True) as database:
        database.execute("VACUUM ANALYZE journal_entry")


def cost(acts: int) -> tuple[float, float]:
    """Milliseconds (median) of an act with its entry and without."""
    from yangbanjian.ground.clock import queries as clock
    from yangbanjian.ground.journal import actions as journal
    from yangbanjian.ground.people import queries as people
    from yangbanjian.ground.people.models import Membership, Organisation, Person
    from yangbanjian.libraries.demands import actions as demands

    now = clock.now()
    owner = Organisation.objects.create(
        kind="enterprise", name="量测", state="verified", created_at=now
    )
    person = Person.objects.create(username="measured", name="量测", created_at=now)
    Membership.objects.create(
        person=person, organisation=owner, role="enterprise", period=(now, None)
    )
    actor, record = people.actor_of(person), journal.record
    words = {"title": "冷库节能", "abstract": "两座冷库电费太高，想把电耗降 25% 以上，不停库。"}
    spent: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(2 * acts + 40):
        has_entry = turn % 2 == 0
        journal.record = record if has_entry else lambda **_: 0
        at = time.perf_counter()
        demands.add(actor=actor, owner_id=owner.pk, values=words)
        if turn >= 40:
            spent[has_entry].append(time.perf_counter() - at)
    journal.record = record
    return 1000 * statistics.median(spent[True]), 1000 * statistics.median(spent[False])


def measure(entries: int, acts: int) -> dict[str, Any]:
    """``{"anchors": {...}, "rows": [...]}`` as `ybj bench log --json` prints it."""
    before = anchor()
    with folder() as home, ensure_running(home) as engine:
        run(home, "migrate")
        with product(home, engine):
            from yangbanjian.ground.log import actions

            with_entry, without = cost(acts)
            fill(engine, entries)
            at = time.monotonic()
            sealed = actions.sequence_all()
            sequencing = time.monotonic() - at
        audit: Spent = run(home, "log", "audit")
    is_whole = entries == MEASURED
    after = anchor()
    rows: list[Row] = [
        at_least("entries sealed", sealed),
        at_least("sealed a second", sealed / sequencing),
        at_most("audit, wall s", audit.wall, AUDIT_S if is_whole else None),
        at_most("audit, client CPU-s", audit.client),
        at_most("audit, server CPU-s", audit.server),
        at_most("an act with its entry, ms", with_entry),
        at_most("the same without, ms", without),
        at_most("cost of the entry", with_entry / without - 1, COST),
    ]
    anchors = {"before": before, "after": after}
    return {"anchors": anchors, "rows": [asdict(row) for row in rows]}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--entries", type=int, default=MEASURED)
    parser.add_argument("--acts", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    return tell(measure(given.entries, given.acts), as_json=given.json)


if __name__ == "__main__":
    raise SystemExit(main())
