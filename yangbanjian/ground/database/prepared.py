"""Statements that the server keeps ready for each connection.

The mapper's statements carry their values in their text, so the server reads and plans each of them
anew, policies included: of a bid's work about a third. The few on which many
wait are sent with their values apart instead. They need types where a value alone does not show one
(`%s::bigint`), and name their columns: what is kept ready must not change its shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from django.db import connection


class Asked:
    """A statement that has been sent."""

    def __init__(self, statement: str, values: Sequence[Any] | Mapping[str, Any]) -> None:
        self._cursor = _cursor()
        self._cursor.execute(statement, values)
        # What is not here yet has no description: then only asking for rows waits for them.
        self._is_here = self._cursor.pgresult is not None

    def rows(self) -> list[tuple[Any, ...]]:
        """What it returns, waited for; an empty list where it returns nothing. Read it once."""
        with self._cursor as cursor:
            is_empty = self._is_here and not cursor.description
            found: list[tuple[Any, ...]] = [] if is_empty else cursor.fetchall()
            return found


def ask(statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Asked:
    """Send a statement; in a block of `together` without waiting for it."""
    return Asked(statement, values)


def rows(statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """What the statement returns; an empty list where it returns nothing."""
    return ask(statement, values).rows()


def apart(statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """What a statement returns that must stand outside any transaction, because it ends its own
    (a procedure), or that belongs to the session. It is nobody's: what it may see, it says itself."""
    connection.ensure_connection()
    if connection.in_atomic_block:
        raise RuntimeError("this must stand outside a transaction")
    with connection.wrap_database_errors, _Cursor(connection.connection) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


@contextmanager
def together() -> Iterator[None]:
    """What is asked in the block is sent at once, one behind the other, and waited for at its end
    or by the first that reads its rows. An error comes as late as that, and stops those behind it."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


class _Cursor(psycopg.Cursor[Any]):
    """The first time already: of fifty connections each decides seldom, and would never have its
    statements ready."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Self:
        return super().execute(query, params, prepare=True, **more)


def _cursor() -> Any:
    connection.ensure_connection()
    return connection.make_cursor(_Cursor(connection.connection))  # type: ignore[arg-type]
