"""Words for filtering a list by text: single characters and pairs of Chinese, whole Latin words.

Pairs, because the commonest Chinese query is two characters long, and a trigram index can't see
it. Ranking is not done here (see matching); this only decides which records contain the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain

from yangbanjian.kernel.text import fold

_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z0-9][a-z0-9.+#-]*")
MOST_TERMS = 4000
LONGEST_TERM = 60


_FIRST_HAN = "\u3400"


def _pairs(run: str) -> Iterable[str]:
    return map(str.__add__, run, run[1:])


def _latin(run: str) -> str:
    return run.rstrip(".-")[:LONGEST_TERM]


def terms_of(texts: Iterable[str]) -> list[str]:
    """The distinct terms of a record, bounded."""
    runs = _RUN.findall(fold(" ".join(texts)))
    han = [run for run in runs if run[0] >= _FIRST_HAN]
    latin = [_latin(run) for run in runs if run[0] < _FIRST_HAN]
    # No loop of ours over characters: an import does this for millions of them.
    found = dict.fromkeys(chain(latin, "".join(han), chain.from_iterable(map(_pairs, han))))
    return list(found)[:MOST_TERMS]


def query_terms(q: str) -> list[str]:
    """The terms that a record must contain to be listed under `q`."""
    found: dict[str, None] = {}
    for run in _RUN.findall(fold(q[:200])):
        is_latin = run[0] < _FIRST_HAN
        found.update(
            dict.fromkeys([_latin(run)] if is_latin else [run] if len(run) == 1 else _pairs(run))
        )
    return list(found)[:20]


def as_vector(terms: Iterable[str]) -> str:
    """The terms as a tsvector literal: quoted, so that nothing in them is syntax."""
    listed = list(terms)
    said = "".join(listed)
    if "'" in said or "\\" in said:
        listed = [t.replace("\\", "\\\\").replace("'", "''") for t in listed]
    return "'" + "' '".join(listed) + "'" if listed else ""
