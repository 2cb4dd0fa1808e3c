"""Many new rows by COPY, which for rows as wide as ours takes a fraction of what INSERT takes.

Rows are given by their values, not as objects of the model, which take longer to make than to
send. They are written while they are made: the server reads the first as we think of the last.
Columns with a database default keep it. COPY knows no row policies, so PostgreSQL refuses it for a
table that has them: rows are copied into a temporary table and inserted from there, policies asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import islice
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.db.models.fields import NOT_PROVIDED

AT_ONCE = 64
_SPECIAL = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
_in_json = json.JSONEncoder(ensure_ascii=False).encode

Writer = Callable[[Any], str]
Values = Mapping[str, Any]


def drawn(model: type[models.Model], count: int) -> list[int]:
    """So many new ids of a table, ascending: rows that refer to them can be made before them."""
    meta = model._meta
    assert meta.pk is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [meta.db_table, meta.pk.column, count],
        )
        return sorted(int(row[0]) for row in cursor.fetchall())


def copy_in(
    model: type[models.Model], rows: Iterable[Values], same: Values, ids: Sequence[int]
) -> None:
    """Write new rows inside one transaction, the open one if there is one: `rows` are values by
    column (a foreign key's with `_id`), `same` what all of them share, `ids` their keys. What
    neither names has the model's default. Raises what the database raises, and KeyError for an
    unknown column."""
    if not ids:
        return
    columns = _columns(model)
    shared = [columns.writers[n](v) if (v := same.get(n, d)) is not None else "\\N"
              for n, d in columns.defaults]  # fmt: skip
    if unknown := same.keys() - columns.writers.keys():
        raise KeyError(*sorted(unknown))
    lines = _lines(columns, shared, rows, ids)
    # What is copied beside is gone with the end of the transaction.
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SELECT row_security_active(%s)", [columns.table])
        is_walled = (cursor.fetchone() or (True,))[0]
        if is_walled:
            cursor.execute(columns.beside)
        with cursor.copy(columns.into_beside if is_walled else columns.directly) as copy:
            while some := list(islice(lines, AT_ONCE)):
                copy.write("".join(some).encode())
        if is_walled:
            cursor.execute(columns.insertion)


class _Columns:
    """How the rows of one table are written."""

    def __init__(self, model: type[models.Model]) -> None:
        meta = model._meta
        assert meta.pk is not None
        fields = [f for f in meta.concrete_fields if f.db_default is NOT_PROVIDED]
        self.writers: dict[str, Writer] = {f.attname: _writer_for(f) for f in fields}
        self.places = {f.attname: at for at, f in enumerate(fields)}
        self.defaults = [(f.attname, f.get_default()) for f in fields]
        self.key = self.places[meta.pk.attname]
        quote = connection.ops.quote_name
        self.table = quote(meta.db_table)
        named = ", ".join(quote(f.column or f.attname) for f in fields)
        # Never the name of a real table, which it would hide. Its columns are part of it: after an
        # upgrade a pooled connection may still have the old one.
        shape = hashlib.sha256(named.encode()).hexdigest()[:8]
        beside = quote(f"bulk_{shape}_{meta.db_table}"[:63])
        chosen = f"SELECT {named} FROM"
        self.beside = (
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {beside} ON COMMIT DELETE ROWS"
            f" AS {chosen} {self.table} WITH NO DATA"
        )
        self.into_beside = f"COPY {beside} ({named}) FROM STDIN"
        self.insertion = f"INSERT INTO {self.table} ({named}) {chosen} {beside}; TRUNCATE {beside}"
        self.directly = f"COPY {self.table} ({named}) FROM STDIN"


_columns = cache(_Columns)


def _lines(
    columns: _Columns, shared: list[str], rows: Iterable[Values], ids: Sequence[int]
) -> Iterable[str]:
    places, writers, key = columns.places, columns.writers, columns.key
    for row, pk in zip(rows, ids, strict=True):
        line = shared.copy()
        line[key] = str(pk)
        for name, value in row.items():
            line[places[name]] = "\\N" if value is None else writers[name](value)
        yield "\t".join(line) + "\n"


def _writer_for(field: Any) -> Writer:
    if isinstance(field, models.JSONField):
        return lambda value: _escaped(_in_json(value))
    if isinstance(field, ArrayField):
        return _texts if isinstance(field.base_field, models.TextField) else _numbers
    if isinstance(field, models.BinaryField):
        return lambda value: "\\\\x" + bytes(value).hex()
    return _plain


def _escaped(text: str) -> str:
    # What is printable holds no break and no tab; most texts are, and hold no backslash.
    if text.isprintable():
        return text.replace("\\", "\\\\")
    for mark, written in _SPECIAL:
        text = text.replace(mark, written)
    return text


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, date):
        return value.isoformat()
    return _escaped(str(value))


def _numbers(value: Sequence[Any]) -> str:
    return "{" + ",".join(map(str, value)) + "}"


def _texts(value: Sequence[str]) -> str:
    items = ('"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"' for t in value)
    return _escaped("{" + ",".join(items) + "}")
