"""The walls around rows that belong to somebody (promises T1 to T3 and T8; T4 to T7 stand beside).

A table *guard -> probe*: each policy of each walled table is a guard. As the product's own login and
somebody else's actor, the probe (see, add, change, remove the row of another) is stopped; with the
condition taken out of that one policy, in the same transaction, it goes through.
"""

from __future__ import annotations

import pytest
from django.db.models import Count
from psycopg import errors, sql

from tests import walls
from tests.permissions.strangers import (
    BLANK,
    ROW,
    Found,
    act_as_another,
    fill,
    insert,
    key_of,
    private_row,
)
from yangbanjian.kernel.actor import ANONYMOUS
from yangbanjian.libraries.achievements.queries import LIBRARY as ACHIEVEMENTS
from yangbanjian.libraries.demands.queries import LIBRARY as DEMANDS
from yangbanjian.libraries.experts.queries import LIBRARY as EXPERTS
from yangbanjian.libraries.records import queries
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.filters import filters_from

pytestmark = pytest.mark.django_db
_POLICIES = """
SELECT polrelid::regclass::text, polname::text, polcmd::text FROM pg_policy
WHERE 'ybj_runtime'::regrole = ANY (polroles) ORDER BY 1, 2
"""


def _probe(found: Found, table: str, command: str) -> bool:
    """Does the act of another's actor on the row go through?"""
    key = key_of(table)
    value = found.execute(
        sql.SQL("SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = {}::regclass"
                " AND attname = {}").format(sql.Literal(table), sql.Literal(key))
    ).fetchone()  # fmt: skip
    pk = BLANK["uuid"] if value == ("uuid",) else ROW
    names = {"t": sql.Identifier(table), "k": sql.Identifier(key), "pk": sql.Literal(pk)}
    if command == "a":
        row = private_row(found, table)
        found.execute(sql.SQL("DELETE FROM {t} WHERE {k} = {pk}").format(**names))
        act_as_another(found)
        try:
            with found.transaction():
                insert(found, table, row)
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
    act_as_another(found)
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
    fill(found)
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
    fill(found)
    for table in walls.walled(found):
        row = private_row(found, table)
        names = {"t": sql.Identifier(table)}
        for system in ("", "never"):
            with found.transaction(force_rollback=True):
                act_as_another(found, system)
                for statement in ("SELECT FROM {t}", "UPDATE {t} SET {k} = {k}", "DELETE FROM {t}"):
                    told = sql.SQL(statement).format(**names, k=sql.Identifier(key_of(table)))
                    # What anybody may see, anybody may see: public records, made by no test here.
                    is_open = table in walls.PUBLIC and statement.startswith("SELECT")
                    assert found.execute(told).rowcount == int(is_open), (table, statement)
                with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
                    insert(found, table, row)


def test_T2_a_setting_never_told_is_nobody(superuser: Found) -> None:
    """On a fresh connection the settings do not even exist."""
    fill(superuser)
    superuser.execute("SET LOCAL ROLE ybj_runtime")
    for table in walls.walled(superuser):
        seen = superuser.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))
        assert seen.rowcount == int(table in walls.PUBLIC), table


def test_the_owner_of_the_tables_is_bound_too(superuser: Found) -> None:
    found = superuser
    fill(found)
    for role, sees in (("ybj_migrator", 0), ("ybj_auditor", 1)):
        found.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        for table in walls.walled(found):
            seen = found.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table))).rowcount
            assert seen == sees, (role, table)
        found.execute("RESET ROLE")


def test_the_system_sees_and_writes_every_row(superuser: Found) -> None:
    """A backup taken as the tables' owner (an external database) reads like this: all of it."""
    found = superuser
    fill(found)
    found.execute("SET LOCAL ROLE ybj_migrator")
    found.execute("SELECT set_config('ybj.system', 'on', true)")
    tables = walls.walled(found)
    # As pg_dump reads: with no search path, so that every name in a function needs its schema.
    found.execute("SET LOCAL search_path = ''")
    for table in tables:
        seen = found.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier("public", table)))
        assert seen.rowcount == 1, table


# Sealed until the lot is over: what the house alone reads, and the bidder of their own.
SEALED = ("trading_reserve", "trading_received", "trading_sealing", "trading_lot_line")


def test_T8_what_is_sealed_is_not_even_the_operators(superuser: Found) -> None:
    found = superuser
    fill(found)
    act_as_another(found)
    found.execute("SELECT set_config('ybj.roles', 'auditor,exchange,operator', true)")
    for table in SEALED:
        seen = found.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))
        assert seen.rowcount == 0, table


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
    act_as_another(superuser)
    rows = superuser.execute(b"EXPLAIN " + statement.encode(), values).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert f"Index Only Scan using {library.kind}_shown" in plan, plan
    assert "Filter" not in plan, plan
