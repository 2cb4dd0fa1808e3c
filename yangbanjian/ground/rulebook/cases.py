"""The cases that other rooms lend for trying a draft.

A room above registers once, in its `jobs.py`: where its cases are and what the rows make of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from yangbanjian.ground.rulebook.rules.shapes import SHAPES
from yangbanjian.ground.rulebook.rules.trials import Case, Outcome

Supplier = Callable[[], Iterable[Case]]
_SUPPLIED: dict[str, dict[str, tuple[Supplier, Outcome]]] = {}


def register_cases(table: str, name: str, *, supplier: Supplier, outcome: Outcome) -> None:
    """Lend the cases of a room (`name`) to a table's trials; the same name again replaces it.
    `supplier` gives those under way now; `outcome` says what a table's rows make of one, pure."""
    if table not in SHAPES:
        raise ValueError(f"no such table: {table}")
    _SUPPLIED.setdefault(table, {})[name] = (supplier, outcome)


def of_table(table: str) -> Iterator[tuple[Case, Outcome]]:
    """All cases of a table with how each is decided, room after room."""
    for _, (supplier, outcome) in sorted(_SUPPLIED.get(table, {}).items()):
        for case in supplier():
            yield case, outcome


def is_supplied(table: str) -> bool:
    """Does any room lend cases to this table?"""
    return bool(_SUPPLIED.get(table))
