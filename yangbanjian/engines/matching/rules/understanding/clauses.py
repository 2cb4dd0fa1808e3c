"""Clauses of a folded text: the reach within which words belong to each other."""

from __future__ import annotations

import re
from bisect import bisect_right

_BREAK = re.compile(r"[，。；;！!？?\n|]|,(?!\d{3}(?!\d))|\.(?!\d)")


class Clauses:
    """Clause boundaries of one text; lookups take folded positions."""

    def __init__(self, text: str) -> None:
        self.text = text
        edges = [0]
        edges.extend(m.end() for m in _BREAK.finditer(text))
        self._starts = edges

    def bounds(self, position: int) -> tuple[int, int]:
        """Start and end (without the closing mark) of the clause at `position`."""
        index = bisect_right(self._starts, position) - 1
        start = self._starts[index]
        end = self._starts[index + 1] - 1 if index + 1 < len(self._starts) else len(self.text)
        return start, max(start, end)

    def previous(self, position: int) -> tuple[int, int] | None:
        """The clause before the one at `position`, or None at the beginning."""
        start, _ = self.bounds(position)
        return self.bounds(start - 1) if start else None

    def all(self) -> list[tuple[int, int]]:
        """Every clause that holds at least one character, in order."""
        return [b for b in (self.bounds(s) for s in self._starts) if b[0] < b[1]]
