"""What a workshop calls a thing, and what papers call it: «越烧越薄» asks for 侵蚀 as well.

The table beside this file is our own, a prior about language like the talk of buying. It only adds:
whoever writes so may mean so, and the words written keep their weight.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from itertools import accumulate

import rjieba

_TABLE = "everyday.tsv"
_MOST = 12  # a page pasted whole would otherwise ask for everything


@lru_cache(maxsize=1)
def _table() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    """Longest expressions first, so that «自动开» is not read as «开»."""
    meant: dict[str, tuple[str, ...]] = {}
    text = files(__package__).joinpath(_TABLE).read_text("utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            said, names = (side.split() for side in line.split("\t"))
            for one in said:
                meant[one] = tuple(dict.fromkeys((*meant.get(one, ()), *names)))
    longest_first = sorted(meant, key=lambda one: (-len(one), one))
    return re.compile("|".join(map(re.escape, longest_first))), meant


def technical(text: str) -> tuple[str, ...]:
    """The names that papers have for what a folded text says in everyday words, in its order.

    An expression counts only where words begin and end with it («重排产物» is no 排产); what the
    text says itself already is not told again.
    """
    pattern, meant = _table()
    spots = [(match.span(), meant[match.group()]) for match in pattern.finditer(text)]
    if not spots:
        return ()
    edges = {0, *accumulate(map(len, rjieba.cut(text)))}
    found = [name for span, names in spots if edges.issuperset(span) for name in names]
    return tuple(name for name in dict.fromkeys(found) if name not in text)[:_MOST]
