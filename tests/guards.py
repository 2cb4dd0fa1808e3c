"""Each guard of a table is needed: without it, a probe breaks the promise.

A guard is a constraint, a unique index, a trigger, or a right that the runtime role
does not have. A probe is a statement by the most powerful writer there is. With the guard it is
refused by that guard; with the guard dropped, in the same transaction, it goes through; all of it
is rolled back. A guard without a probe fails the test.
"""

# ruff: noqa: S608 - statements are the tests' own

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connections
from psycopg import errors

from tests import database

RIGHTS = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
RUNTIME = "ybj_runtime"


@dataclass(frozen=True)
class Probe:
    """What stands before, and the statement that the guard must stop; by whom it is tried (the
    superuser, if not said)."""

    statement: str
    before: str = ""
    role: str = ""


@contextmanager
def superuser() -> Iterator[psycopg.Connection]:
    """The superuser on this test's database, in one transaction that is rolled back."""
    name = connections["default"].settings_dict["NAME"]
    url = urlsplit(database.admin_url())._replace(path=f"/{name}").geturl()
    with psycopg.connect(url) as found:
        found.execute("SET lock_timeout = '10s'")
        try:
            yield found
        finally:
            found.rollback()


def known(name: str) -> str:
    """Django puts a digest into the names of foreign keys and of some unique ones."""
    return re.sub(r"_[0-9a-f]{8}_(fk|uniq|like)(_.*)?$", r"_\1", name)


def guards(found: psycopg.Connection, tables: Sequence[str]) -> dict[str, str]:
    """Name -> the statement that drops it, of every guard that the catalogue knows but rights, and
    row policies, which tests/permissions/test_row_walls.py tries."""
    rows = found.execute(
        """
        SELECT conname, format('ALTER TABLE %%I DROP CONSTRAINT %%I CASCADE', conrelid::regclass, conname)
        FROM pg_constraint WHERE conrelid::regclass::text = ANY (%(tables)s) AND contype IN ('c', 'u', 'p', 'f', 'x')
        UNION ALL
        SELECT indexrelid::regclass::text, format('DROP INDEX %%s', indexrelid::regclass)
        FROM pg_index WHERE indrelid::regclass::text = ANY (%(tables)s) AND indisunique
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
        UNION ALL
        SELECT tgname, format('DROP TRIGGER %%I ON %%s', tgname, tgrelid::regclass)
        FROM pg_trigger WHERE tgrelid::regclass::text = ANY (%(tables)s) AND NOT tgisinternal
        """,
        {"tables": list(tables)},
    ).fetchall()
    return {known(name): drop for name, drop in rows}


def revoked(found: psycopg.Connection, tables: Sequence[str]) -> list[tuple[str, str]]:
    """(table, right) that the runtime role does not have."""
    rows = found.execute(
        "SELECT t, p FROM unnest(%s::text[]) AS t, unnest(%s::text[]) AS p"
        " WHERE NOT has_table_privilege(%s, t, p) AND NOT has_any_column_privilege(%s, t,"
        " CASE WHEN p IN ('DELETE', 'TRUNCATE') THEN 'REFERENCES' ELSE p END)",
        [list(tables), list(RIGHTS), RUNTIME, RUNTIME],
    ).fetchall()
    return [(table, right) for table, right in rows]


def is_needed(found: psycopg.Connection, name: str, probe: Probe, tables: Sequence[str]) -> None:
    """With the guard refused by it, without it done."""
    found.execute(probe.before.encode() or b"SELECT")
    if probe.statement.startswith("TRUNCATE"):
        _unreferenced(found, probe.statement.split()[1])
    found.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the commit stops ALTER TABLE
    with pytest.raises(psycopg.Error) as refused, found.transaction():
        _try(found, probe)
    assert name in _refusing(found, refused.value), f"another guard has caught it: {refused.value}"
    found.execute("RESET ROLE")
    found.execute(guards(found, tables)[name].encode())
    _try(found, probe)
    found.execute("RESET ROLE")


def is_needed_right(found: psycopg.Connection, table: str, right: str, before: str) -> None:
    """Were all else gone: without the right refused, with it done."""
    found.execute(before.encode() or b"SELECT")
    found.execute("SET CONSTRAINTS ALL IMMEDIATE")
    _unreferenced(found, table)
    for (trigger,) in found.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table]
    ).fetchall():
        found.execute(f'DROP TRIGGER "{trigger}" ON {table}'.encode())
    found.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY".encode())
    probe = Probe(_by_right(found, table, right), role=RUNTIME)
    with pytest.raises(errors.InsufficientPrivilege), found.transaction():
        _try(found, probe)
    found.execute("RESET ROLE")
    found.execute(f"GRANT {right} ON {table} TO {RUNTIME}".encode())
    _try(found, probe)


def _by_right(found: psycopg.Connection, table: str, right: str) -> str:
    if right == "INSERT":
        return f"INSERT INTO {table} SELECT * FROM {table} WHERE false"
    if right == "UPDATE":
        row = found.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1", [table]
        ).fetchone()
        assert row is not None
        return f'UPDATE {table} SET "{row[0]}" = "{row[0]}"'
    return f"DELETE FROM {table}" if right == "DELETE" else f"TRUNCATE {table}"


def _unreferenced(found: psycopg.Connection, table: str) -> None:
    """No other table points here any more: they would be emptied too, or refuse in its place."""
    for (statement,) in found.execute(
        "SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname)"
        " FROM pg_constraint WHERE contype = 'f' AND confrelid = %s::regclass",
        [table],
    ).fetchall():
        found.execute(statement.encode())


def _try(found: psycopg.Connection, probe: Probe) -> None:
    if probe.role:
        found.execute(f"SET LOCAL ROLE {probe.role}".encode())
    found.execute(probe.statement.encode())
    found.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _refusing(found: psycopg.Connection, refusal: psycopg.Error) -> set[str]:
    """The names of what has refused: the constraint that is told, or the triggers of the function
    in which it was raised, or the policies of the table."""
    diag = refusal.diag
    if diag.constraint_name:
        return {known(diag.constraint_name)}
    if isinstance(refusal, errors.InsufficientPrivilege):
        table = re.search(r'for table "(\w+)"', str(refusal))
        rows = found.execute(
            "SELECT polname FROM pg_policy WHERE polrelid = to_regclass(%s)",
            [table[1] if table else ""],
        ).fetchall()
        return {row[0] for row in rows}
    raised = re.search(r"function (\w+)\(", diag.context or "")
    rows = found.execute(
        "SELECT tgname FROM pg_trigger WHERE tgfoid = to_regproc(%s)", [raised[1] if raised else ""]
    ).fetchall()
    return {row[0] for row in rows}
