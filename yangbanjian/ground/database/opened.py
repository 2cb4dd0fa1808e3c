"""What a live grant has opened to the operator who acts, as the row policies see it (T7)."""

from __future__ import annotations

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL


def of_opened(*columns: str) -> Q:
    """The condition that one of the columns names an organisation that is opened; asked when the
    query runs, of whoever acts then."""
    found = Q()
    for column in columns:
        found |= Q(**{f"{column}__in": RawSQL("SELECT unnest(ybj_opened())", [])})
    return found


def is_opened(*owner_ids: int | None) -> bool:
    """Is one of these organisations opened to whoever acts now?"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ybj_opened() && %s::bigint[]", [[i for i in owner_ids if i]])
        row = cursor.fetchone()
    return bool(row and row[0])
