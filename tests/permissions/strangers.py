"""A private row of somebody in each walled table, and a stranger who comes across it."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from tests import walls

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


def private_row(found: Found, table: str) -> dict[str, Any]:
    """A private row of THEIRS: whatever names an organisation or a person names theirs."""
    row: dict[str, Any] = {}
    for name, kind, refers in found.execute(_COLUMNS, [table, list(walls.NAMES)]).fetchall():
        if name == key_of(table):
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


def insert(found: Found, table: str, row: dict[str, Any]) -> None:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    found.execute(statement, list(row.values()))


def act_as_another(found: Found, system: str = "off") -> None:
    """The product's login as an actor of another organisation; `system` "" is nobody told."""
    found.execute("SET LOCAL ROLE ybj_runtime")
    told = {"person": OURS, "organisation": OURS, "mandates": OURS, "roles": "enterprise"}
    for name, value in told.items():
        said = str(value) if system == "off" else ""
        found.execute("SELECT set_config(%s, %s, true)", [f"ybj.{name}", said])
    found.execute("SELECT set_config('ybj.system', %s, true)", [system])


def fill(found: Found) -> None:
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
        row = private_row(found, table)
        if table == "journal_entry":
            row["xact"] = 1
        insert(found, table, row)


def key_of(table: str) -> str:
    return KEY.get(table, "id")
