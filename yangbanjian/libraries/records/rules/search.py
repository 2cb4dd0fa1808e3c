"""Words for filtering a list by text: single characters and pairs of Chinese, whole Latin words.

Pairs, because the commonest Chinese query is two characters long, and a trigram index can't see
it. Ranking is not done here (see matching); this only decides which records contain the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from yangbanjian.kernel.text import fold

_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z0-9][a-z0-9.+#-]*")
MOST_TERMS = 4000
LONGEST_TERM = 60


def _terms(text: str, *, with_singles: bool) -> Iterable[str]:
    for match in _RUN.finditer(fold(text)):
        run = match.group()
        if not run[0] >= "\u3400":
            yield run.rstrip(".-")[:LONGEST_TERM]
            continue
        if with_singles or len(run) == 1:
            yield from run
        for i in range(len(run) - 1):
            yield run[i : i + 2]


def terms_of(texts: Iterable[str]) -> list[str]:
    """The distinct terms of a record, bounded."""
    found: dict[str, None] = {}
    for text in texts:
        for term in _terms(text, with_singles=True):
            found[term] = None
            if len(found) >= MOST_TERMS:
                return list(found)
    return list(found)


def query_terms(q: str) -> list[str]:
    """The terms that a record must contain to be listed under `q`."""
    return list(dict.fromkeys(_terms(q[:200], with_singles=False)))[:20]


def as_vector(terms: Iterable[str]) -> str:
    """The terms as a tsvector literal: quoted, so that nothing in them is syntax."""
    listed = list(terms)
    said = "".join(listed)
    if "'" in said or "\\" in said:
        listed = [t.replace("\\", "\\\\").replace("'", "''") for t in listed]
    return "'" + "' '".join(listed) + "'" if listed else ""
