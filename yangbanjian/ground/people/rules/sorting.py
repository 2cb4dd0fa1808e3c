"""The key that names are sorted by: the server sorts by bytes, people by sound."""

from __future__ import annotations

from pypinyin import lazy_pinyin

LONGEST_KEY = 200


def sort_key(name: str) -> str:
    """Toneless pinyin in lower case; what isn't Chinese stays as it is."""
    return " ".join(lazy_pinyin(name[:LONGEST_KEY])).lower()[:LONGEST_KEY]
