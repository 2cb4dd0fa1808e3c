"""Many new rows by COPY, which for rows as wide as ours takes a fraction of what INSERT takes.

Ids are drawn from the table's sequence first, so that rows which refer to them can follow. Columns
with a database default keep it. A table with row-level security can't be copied into.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED

_SPECIAL = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))


def _escaped(text: str) -> str:
    # replace() finds nothing in most texts, which is far quicker than translate().
    for mark, written in _SPECIAL:
        text = text.replace(mark, written)
    return text


def copy_in(model: type[models.Model], rows: Sequence[Any]) -> None:
    """Write unsaved rows of a model inside the open transaction and give them their ids. Signals
    are not sent. Raises what the database raises."""
    if not rows:
        return
    meta = model._meta
    fields = [f for f in meta.concrete_fields if f.db_default is NOT_PROVIDED]
    writers = [(f.attname, _writer_for(f)) for f in fields]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(f.column or f.attname) for f in fields)
    with connection.cursor() as cursor:
        for row, pk in zip(rows, _drawn(cursor, meta, len(rows)), strict=True):
            row.pk = pk
        lines = [
            "\t".join(
                "\\N" if (value := getattr(row, name)) is None else write(value)
                for name, write in writers
            )
            for row in rows
        ]
        with cursor.copy(f"COPY {quote(meta.db_table)} ({columns}) FROM STDIN") as copy:
            copy.write(("\n".join(lines) + "\n").encode())
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


def _drawn(cursor: Any, meta: Any, count: int) -> list[int]:
    assert meta.pk is not None
    cursor.execute(
        "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
        [meta.db_table, meta.pk.column, count],
    )
    return sorted(int(row[0]) for row in cursor.fetchall())


def _writer_for(field: Any) -> Callable[[Any], str]:
    if isinstance(field, models.JSONField):
        return _json
    if isinstance(field, ArrayField):
        return _array
    if isinstance(field, models.BinaryField):
        return lambda value: "\\\\x" + bytes(value).hex()
    return _plain


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, date):
        return value.isoformat()
    return _escaped(str(value))


def _json(value: Any) -> str:
    return _escaped(json.dumps(value, ensure_ascii=False))


def _array(value: Sequence[Any]) -> str:
    items = (
        '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if isinstance(item, str)
        else str(item)
        for item in value
    )
    return _escaped("{" + ",".join(items) + "}")
