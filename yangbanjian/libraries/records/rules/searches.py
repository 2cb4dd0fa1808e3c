"""A saved filter as the query of an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode


def query_string(query: Mapping[str, Any]) -> str:
    """The stored filter as a query string; lists repeat their name."""
    return urlencode(sorted(query.items()), doseq=True)
