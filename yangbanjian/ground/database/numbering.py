"""The numbers of transactions by which the journal, the log and the index are followed.

They are the server's own, plus how far ahead of them we are: a dump that is restored brings rows
of another server, whose count was further (`count_on`). So a number never comes twice and never
goes back, and every cursor that was kept holds.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, connections, transaction
from psycopg import sql

# Who this database is: the server's own number and the database's in it. A restored one is another.
_HOME = (
    "SELECT (SELECT system_identifier::text FROM pg_control_system()) || '/' || oid"
    " FROM pg_database WHERE datname = current_database()"
)


def settled_below(*, include_own: bool = False) -> int:
    """Transactions below this number are over: what they wrote is seen, or never will be.
    `include_own` adds the running one (tests)."""
    return int(
        _one(
            "SELECT ybj_ahead() + CASE WHEN %s THEN GREATEST(pg_current_xact_id()::text::bigint,"
            " pg_snapshot_xmax(pg_current_snapshot())::text::bigint) + 1"
            " ELSE pg_snapshot_xmin(pg_current_snapshot())::text::bigint END",
            [include_own],
        )
    )


def era() -> int:
    """How often this database has been brought over from elsewhere; what is kept beside it (an
    index) belongs to one era."""
    return int(_one("SELECT COALESCE((SELECT era FROM database_numbering), 0)"))


def is_at_home() -> bool:
    """Has `count_on` been called since the database came here?"""
    return bool(_one("SELECT (SELECT home FROM database_numbering) = (" + _HOME + ")"))  # noqa: S608


def count_on(alias: str) -> bool:
    """Continue the count where the rows that came along leave off; True if they came from
    elsewhere. For the migrator, before anybody else is at work."""
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SELECT set_config('ybj.system', 'on', true)")
        cursor.execute("LOCK TABLE database_numbering IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"SELECT ({_HOME}), ybj_xact()")
        home, now = cursor.fetchone()
        cursor.execute("SELECT home FROM database_numbering")
        before = cursor.fetchone()
        lead: int = max(0, _greatest(cursor) + 1 - int(now))
        if before is None:
            cursor.execute("INSERT INTO database_numbering VALUES (1, %s, 0, %s)", [lead, home])
            return lead > 0
        has_moved = bool(before[0] != home)
        if lead or has_moved:
            cursor.execute(
                "UPDATE database_numbering SET ahead = ahead + %s, era = era + 1, home = %s",
                [lead, home],
            )
        return lead > 0 or has_moved


def _greatest(cursor: Any) -> int:
    """The greatest number in any table: their columns are all called `xact`."""
    cursor.execute(
        "SELECT c.table_name FROM information_schema.columns c JOIN information_schema.tables t"
        " USING (table_schema, table_name) WHERE c.table_schema = 'public'"
        " AND c.column_name = 'xact' AND t.table_type = 'BASE TABLE'"
    )
    greatest = 0
    for (table,) in cursor.fetchall():
        cursor.execute(
            sql.SQL("SELECT COALESCE(max(xact), 0) FROM {}").format(sql.Identifier(table))
        )
        greatest = max(greatest, int(cursor.fetchone()[0]))
    return greatest


def _one(query: str, values: list[Any] | None = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row = cursor.fetchone()
    assert row is not None
    return row[0]
