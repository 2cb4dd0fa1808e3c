"""One process at a time, without a transaction that others would have to wait for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def alone(work: str, name: str = "") -> Iterator[bool]:
    """True for one process at a time. The lock is the session's: it holds up no transaction, and
    it ends with the process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s), hashtext(%s))", [work, name])
        has_turn = bool((cursor.fetchone() or (False,))[0])
    try:
        yield has_turn
    finally:
        if has_turn:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_unlock(hashtext(%s), hashtext(%s))", [work, name]
                )
