"""Statements that the server keeps ready for each connection.

The mapper's statements carry their values in their text, so the server reads and plans each of them
anew, policies included: of a bid's work about a third. The few on which many
wait are sent with their values apart instead. They need types where a value alone does not show one
(`%s::bigint`), and name their columns: what is kept ready must not change its shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection


def rows(statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """What the statement returns; an empty list where it returns nothing."""
    with _cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        return found


def _cursor() -> Any:
    connection.ensure_connection()
    return connection.make_cursor(psycopg.Cursor(connection.connection))  # type: ignore[arg-type]
