"""Which page numbers stand under a list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gap:
    """Numbers left out."""


def page_numbers(page: int, pages: int, around: int = 1) -> list[int | Gap]:
    """First, last and the neighbours of `page`, a Gap where two or more are left out."""
    near = range(max(1, page - around), min(pages, page + around) + 1)
    wanted = sorted({1, pages, *near})
    shown: list[int | Gap] = []
    before = 0
    for number in wanted:
        if number - before == 2:
            shown.append(number - 1)
        elif number - before > 2:
            shown.append(Gap())
        shown.append(number)
        before = number
    return shown
