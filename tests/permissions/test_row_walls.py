"""The walls around rows that belong to somebody (promises T1 to T4 and T8; T5 to T7 stand beside).

A table *guard -> probe*: each policy of each walled table is a guard. As the product's own login and
somebody else's actor, the probe (see, add, change, remove the row of another) is stopped; with the
condition taken out of that one policy, in the same transaction, it goes through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connections
from django.db.models import Count
from psycopg import errors, sql

from tests import database, walls
from yangbanjian.kernel.actor import ANONYMOUS
from yangbanjian.libraries.achievements.queries import LIBRARY as ACHIEVEMENTS
from yangbanjian.libraries.demands.queries import LIBRARY as DEMANDS
from yangbanjian.libraries.experts.queries import LIBRARY as EXPERTS
from yangbanjian.libraries.records import queries
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.filters import filters_from

pytestmark = pytest.mark.django_db
Found = psycopg.Connection[Any]
# Numbers that no row of the test has otherwise.
THEIRS, OURS, ROW = 900_001, 900_002, 900_003
# What makes the row private, where the plain default of its type does not.
PRIVATE = {
    "state": "draft", "visibility": "brokers", "audience": "parties", "first": "provider",
    "person_id": THEIRS, "caller": f"person:{THEIRS}",
}  # fmt: skip
# Where the key is another column than `id`.
KEY = {
    "journal_remark": "entry_id", "trading_way": "achievement_id", "trading_reserve": "lot_id",
    "trading_sealing": "lot_id", "trading_stuck": "lot_id",
}  # fmt: skip
BLANK = {
    "bigint": 0, "integer": 0, "smallint": 0, "boolean": False, "text": "", "jsonb": "{}",
    "numeric": 0, "bytea": b"", "uuid": "00000000-0000-0000-0000-0000000900003"[:36], "date": "2026-01-01",
    "timestamp with time zone": "2026-01-01", "tsvector": "", "interval": "0",
}  # fmt: skip
_COLUMNS = """
SELECT a.attname::text, format_type(a.atttypid, NULL), f.confrelid::regclass::text
FROM pg_attribute AS a LEFT JOIN pg_constraint AS f
  ON f.conrelid = a.attrelid AND f.contype = 'f' AND f.conkey = ARRAY[a.attnum]
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  AND (a.attnotnull OR a.attname = ANY (%s))
"""
_POLICIES = """
SELECT polrelid::regclass::text, polname::text, polcmd::text FROM pg_policy
WHERE 'ybj_runtime'::regrole = ANY (polroles) ORDER BY 1, 2
"""


@pytest.fixture
def superuser() -> Iterator[Found]:
    """The superuser on this database, in one transaction that is rolled back."""
    name = connections["default"].settings_dict["NAME"]
    url = urlsplit(database.admin_url())._replace(path=f"/{name}").geturl()
    with psycopg.connect(url) as found:
        try:
            yield found
        finally:
            found.rollback()


def _row(found: Found, table: str) -> dict[str, Any]:
    """A private row of THEIRS: whatever names an organisation or a person names theirs."""
    row: dict[str, Any] = {}
    for name, kind, refers in found.execute(_COLUMNS, [table, list(walls.NAMES)]).fetchall():
        if name == _key(table):
            value: Any = ROW if kind != "uuid" else BLANK["uuid"]
        elif name in ("debit_id", "credit_id", "record_id", "match_id"):
            value = ROW
        elif refers in walls.OWNERS or name in walls.NAMES:
            value = THEIRS
        elif name in PRIVATE:
            value = PRIVATE[name]
        else:
            value = BLANK.get(kind)
        if kind.endswith("[]"):
            value = "{}" if name != "party_ids" else f"{{{THEIRS}}}"
        row[name] = value
    return row


def _insert(found: Found, table: str, row: dict[str, Any]) -> None:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    found.execute(statement, list(row.values()))


def _as(found: Found, system: str = "off") -> None:
    """The product's login as an actor of another organisation; `system` "" is nobody told."""
    found.execute("SET LOCAL ROLE ybj_runtime")
    told = {"person": OURS, "organisation": OURS, "mandates": OURS, "roles": "enterprise"}
    for name, value in told.items():
        said = str(value) if system == "off" else ""
        found.execute("SELECT set_config(%s, %s, true)", [f"ybj.{name}", said])
    found.execute("SELECT set_config('ybj.system', %s, true)", [system])


def _world(found: Found) -> None:
    """Triggers, references and checks aside: what is left is what the policies do."""
    found.execute("SET LOCAL session_replication_role = replica")
    for table in walls.walled(found):
        found.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(sql.Identifier(table)))
        checks = found.execute(
            "SELECT conname::text FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'",
            [table],
        ).fetchall()
        for (name,) in checks:
            found.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
                    sql.Identifier(table), sql.Identifier(name)
                )
            )
        found.execute(sql.SQL("GRANT ALL ON {} TO ybj_runtime").format(sql.Identifier(table)))
        found.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        row = _row(found, table)
        if table == "journal_entry":
            row["xact"] = 1
        _insert(found, table, row)


def _key(table: str) -> str:
    return KEY.get(table, "id")


def _probe(found: Found, table: str, command: str) -> bool:
    """Does the act of another's actor on the row go through?"""
    key = _key(table)
    value = found.execute(
        sql.SQL("SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = {}::regclass"
                " AND attname = {}").format(sql.Literal(table), sql.Literal(key))
    ).fetchone()  # fmt: skip
    pk = BLANK["uuid"] if value == ("uuid",) else ROW
    names = {"t": sql.Identifier(table), "k": sql.Identifier(key), "pk": sql.Literal(pk)}
    if command == "a":
        row = _row(found, table)
        found.execute(sql.SQL("DELETE FROM {t} WHERE {k} = {pk}").format(**names))
        _as(found)
        try:
            with found.transaction():
                _insert(found, table, row)
        except errors.InsufficientPrivilege:
            return False
        finally:
            found.execute("RESET ROLE")
        return True
    statement = {
        "r": "SELECT FROM {t} WHERE {k} = {pk}",
        # Without a condition: a policy for seeing has no part in it.
        "w": "UPDATE {t} SET {k} = {pk}",
        "d": "DELETE FROM {t}",
    }[command]
    _as(found)
    done = found.execute(sql.SQL(statement).format(**names)).rowcount
    found.execute("RESET ROLE")
    return done > 0


def _policies(found: Found) -> list[tuple[str, str, str]]:
    return [(t, n, c) for t, n, c in found.execute(_POLICIES).fetchall()]


def _lift(found: Found, table: str, name: str, command: str) -> None:
    lifted = {"r": "USING (true)", "d": "USING (true)", "a": "WITH CHECK (true)",
              "w": "USING (true) WITH CHECK (true)"}[command]  # fmt: skip
    found.execute(
        sql.SQL("ALTER POLICY {} ON {} " + lifted).format(
            sql.Identifier(name), sql.Identifier(table)
        )
    )


# Who writes an entry of the journal is everybody who acts at all: T2 is what holds there.
EVERYBODY_ADDS = ("journal_entry_add", "journal_remark_add")


def test_T1_T3_each_policy_is_needed(superuser: Found) -> None:
    found = superuser
    _world(found)
    tried = 0
    for table, name, command in _policies(found):
        if name in EVERYBODY_ADDS or (command == "r" and table in walls.PUBLIC):
            continue
        for is_lifted in (False, True):
            with found.transaction(force_rollback=True):
                if is_lifted:
                    _lift(found, table, name, command)
                went = _probe(found, table, command)
                assert went == is_lifted, (
                    f"{name}: {'nothing hangs on it' if is_lifted else 'leaks'}"
                )
        tried += 1
    assert tried >= 4 * len(walls.walled(found)) - len(EVERYBODY_ADDS) - len(walls.PUBLIC)


def test_T2_nobody_told_sees_nothing_and_writes_nothing(superuser: Found) -> None:
    found = superuser
    _world(found)
    for table in walls.walled(found):
        row = _row(found, table)
        names = {"t": sql.Identifier(table)}
        for system in ("", "never"):
            with found.transaction(force_rollback=True):
                _as(found, system)
                for statement in ("SELECT FROM {t}", "UPDATE {t} SET {k} = {k}", "DELETE FROM {t}"):
                    told = sql.SQL(statement).format(**names, k=sql.Identifier(_key(table)))
                    # What anybody may see, anybody may see: public records, made by no test here.
                    is_open = table in walls.PUBLIC and statement.startswith("SELECT")
                    assert found.execute(told).rowcount == int(is_open), (table, statement)
                with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
                    _insert(found, table, row)


def test_T2_a_setting_never_told_is_nobody(superuser: Found) -> None:
    """On a fresh connection the settings do not even exist."""
    _world(superuser)
    superuser.execute("SET LOCAL ROLE ybj_runtime")
    for table in walls.walled(superuser):
        seen = superuser.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))
        assert seen.rowcount == int(table in walls.PUBLIC), table


def test_the_owner_of_the_tables_is_bound_too(superuser: Found) -> None:
    found = superuser
    _world(found)
    for role, sees in (("ybj_migrator", 0), ("ybj_auditor", 1)):
        found.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        for table in walls.walled(found):
            seen = found.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table))).rowcount
            assert seen == sees, (role, table)
        found.execute("RESET ROLE")


def test_the_system_sees_and_writes_every_row(superuser: Found) -> None:
    """A backup taken as the tables' owner (an external database) reads like this: all of it."""
    found = superuser
    _world(found)
    found.execute("SET LOCAL ROLE ybj_migrator")
    found.execute("SELECT set_config('ybj.system', 'on', true)")
    tables = walls.walled(found)
    # As pg_dump reads: with no search path, so that every name in a function needs its schema.
    found.execute("SET LOCAL search_path = ''")
    for table in tables:
        seen = found.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier("public", table)))
        assert seen.rowcount == 1, table


LEAKS = {
    "passes the policies": "ALTER TABLE demands_demand NO FORCE ROW LEVEL SECURITY",
    "the view peephole": "CREATE VIEW peephole AS SELECT * FROM demands_demand",
    "the materialised view heap": "CREATE MATERIALIZED VIEW heap AS SELECT * FROM demands_demand",
    "the definer function lent": "CREATE FUNCTION lent() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
    " SET search_path = pg_catalog, public, pg_temp AS 'SELECT count(*) FROM demands_demand'",
    "has no fixed search path": "ALTER FUNCTION matching_met(text) RESET search_path",
    "tells of other owners' rows": "CREATE UNIQUE INDEX once ON demands_demand (external_id)",
    "newcomer has rows that belong": "CREATE TABLE newcomer (id bigint, owner_id bigint)",
    "follower has rows that belong": "CREATE TABLE follower"
    " (id bigint, match_id bigint REFERENCES matching_match)",
    "a policy is missing": "DROP POLICY demands_demand_remove ON demands_demand",
    "may DELETE in journal_entry": "GRANT DELETE ON journal_entry TO ybj_runtime",
    "may TRUNCATE in files_file": "GRANT TRUNCATE ON files_file TO ybj_runtime",
}


def test_T4_the_catalogue_shows_no_leak(superuser: Found) -> None:
    assert walls.faults(superuser) == []


@pytest.mark.parametrize("told", LEAKS)
def test_a_leak_is_told(superuser: Found, told: str) -> None:
    superuser.execute("SET LOCAL ROLE ybj_migrator")
    superuser.execute(LEAKS[told].encode())
    superuser.execute("RESET ROLE")
    faults = walls.faults(superuser)
    assert any(told in fault for fault in faults), faults


def test_a_view_that_reads_as_its_caller_is_no_leak(superuser: Found) -> None:
    superuser.execute(
        "CREATE VIEW window_pane WITH (security_invoker=true) AS SELECT * FROM demands_demand"
    )
    assert walls.faults(superuser) == []


def test_every_exception_still_stands(superuser: Found) -> None:
    """An exception for what is gone would one day excuse something else."""
    names = {r[0] for r in superuser.execute("SELECT relname::text FROM pg_class").fetchall()}
    assert set(walls.OPEN) <= names
    assert set(walls.PUBLIC) <= set(walls.walled(superuser))
    assert {key for key in walls.KEYS if not any(n.startswith(key) for n in names)} == set()
    lent = superuser.execute("SELECT proname::text FROM pg_proc WHERE prosecdef").fetchall()
    assert {row[0] for row in lent} >= walls.LENT


# Sealed until the lot is over: what the house alone reads, and the bidder of their own.
SEALED = ("trading_reserve", "trading_received", "trading_sealing", "trading_lot_line")


def test_T8_what_is_sealed_is_not_even_the_operators(superuser: Found) -> None:
    found = superuser
    _world(found)
    _as(found)
    found.execute("SELECT set_config('ybj.roles', 'auditor,exchange,operator', true)")
    for table in SEALED:
        seen = found.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))
        assert seen.rowcount == 0, table


def _looks(found: Found) -> None:
    """The operator has a grant for THEIRS."""
    found.execute(
        f"UPDATE access_grant SET person_id = {OURS}, owner_id = {THEIRS},"  # noqa: S608
        " until = now() + interval '1 hour'"
    )


def _seen_by_operator(found: Found, roles: str = "operator") -> set[str]:
    """The tables of which who runs the site sees the private row of another."""
    tables = walls.walled(found)
    with found.transaction(force_rollback=True):
        _as(found)
        found.execute("SELECT set_config('ybj.roles', %s, true)", [roles])
        return {
            t
            for t in tables
            if found.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(t))).rowcount
        }


def test_T7_by_the_role_the_operator_sees_what_the_office_needs(superuser: Found) -> None:
    found = superuser
    _world(found)
    assert _seen_by_operator(found) == set(walls.OFFICE)


def test_T7_a_live_grant_opens_the_rest_but_what_is_kept(superuser: Found) -> None:
    found = superuser
    _world(found)
    _looks(found)
    assert _seen_by_operator(found) == set(walls.walled(found)) - set(walls.KEPT)
    # Of nobody else's rows.
    found.execute(f"UPDATE access_grant SET owner_id = {OURS}")  # noqa: S608
    assert _seen_by_operator(found) == set(walls.OFFICE)


# What makes a grant no grant, and the condition of `ybj_opened` that sees to it.
DEAD = {
    "its time is over": ("until = now() - interval '1 second'", r"AND g\.until > [^;]*?, 0\)\)"),
    "it was ended": ("ended_at = now()", r"AND g\.ended_at IS NULL"),
    "it is a colleague's": (f"person_id = {ROW}", r"g\.person_id = public\.ybj_me\(\) AND"),
}


@pytest.mark.parametrize("why", DEAD)
def test_T7_a_dead_grant_opens_nothing_and_each_condition_is_needed(
    superuser: Found, why: str
) -> None:
    found = superuser
    _world(found)
    changed, condition = DEAD[why]
    _looks(found)
    found.execute(f"UPDATE access_grant SET {changed}")  # noqa: S608 - the test's own words
    assert _seen_by_operator(found) == set(walls.OFFICE)
    row = found.execute("SELECT pg_get_functiondef('ybj_opened()'::regprocedure)").fetchone()
    assert row is not None
    lifted, times = re.subn(condition, "", row[0])
    assert times == 1, "the condition stands in the function"
    found.execute(lifted.encode())
    assert _seen_by_operator(found) == set(walls.walled(found)) - set(walls.KEPT)


def test_T7_a_grant_without_the_role_opens_nothing(superuser: Found) -> None:
    found = superuser
    _world(found)
    before = {roles: _seen_by_operator(found, roles) for roles in ("enterprise", "exchange")}
    _looks(found)
    for roles, seen in before.items():
        assert _seen_by_operator(found, roles) == seen


def test_T7_an_operator_opens_only_for_themselves(superuser: Found) -> None:
    found = superuser
    _world(found)
    row = {**_row(found, "access_grant"), "id": ROW + 1, "hours": 1, "edition_id": 0}
    for person, roles, goes in (
        (OURS, "operator", True), (THEIRS, "operator", False), (OURS, "exchange", False),
    ):  # fmt: skip
        with found.transaction(force_rollback=True):
            _as(found)
            found.execute("SELECT set_config('ybj.roles', %s, true)", [roles])
            try:
                with found.transaction():
                    _insert(found, "access_grant", {**row, "person_id": person})
            except errors.InsufficientPrivilege:
                assert not goes, (person, roles)
            else:
                assert goes, (person, roles)


@pytest.mark.parametrize("library", [ACHIEVEMENTS, DEMANDS, EXPERTS], ids=lambda lib: lib.kind)
def test_what_everybody_may_see_is_counted_from_an_index_alone(
    superuser: Found, library: Library
) -> None:
    """The index proves the policy: none of its conditions is asked of a row."""
    counted = queries.listed(library, ANONYMOUS, filters_from({})).order_by().values("state")
    statement, values = counted.annotate(n=Count("state")).query.sql_with_params()
    # A small table is read in any way; so there is but one.
    table = library.model._meta.db_table
    others = superuser.execute(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass"
        " AND NOT indisunique AND indexrelid <> %s::regclass",
        [table, f"{library.kind}_shown"],
    ).fetchall()
    for (name,) in others:
        superuser.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    superuser.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    _as(superuser)
    rows = superuser.execute(b"EXPLAIN " + statement.encode(), values).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert f"Index Only Scan using {library.kind}_shown" in plan, plan
    assert "Filter" not in plan, plan
