"""Trying a draft on real cases: who would be treated otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from yangbanjian.ground.rulebook.rules.editions import NATION
from yangbanjian.ground.rulebook.rules.rows import Row


@dataclass(frozen=True, slots=True)
class Case:
    """One thing of a room that the table decides about, with the facts that it needs."""

    kind: str
    id: int
    title: str
    url: str
    jurisdiction: str = NATION
    facts: Mapping[str, Any] = field(default_factory=dict)


Rows = Sequence[Row]
# What the rows make of a case, as shown to people; "" where they say nothing about it.
Outcome = Callable[[Case, Rows], str]


@dataclass(frozen=True, slots=True)
class Mover:
    """A case that the draft treats otherwise."""

    case: Case
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it: `tried` cases, those that change, and whether more cases were left out."""

    tried: int
    movers: list[Mover]
    is_partial: bool


def tried(
    cases: Iterable[tuple[Case, Outcome]],
    now: Callable[[str], Rows],
    then: Callable[[str], Rows],
    most: int,
) -> Trial:
    """Each case under the rows that hold for its jurisdiction `now` and `then`."""
    count, movers = 0, list[Mover]()
    for case, outcome in cases:
        if count == most:
            return Trial(count, movers, True)
        count += 1
        before = outcome(case, now(case.jurisdiction))
        after = outcome(case, then(case.jurisdiction))
        if before != after:
            movers.append(Mover(case, before, after))
    return Trial(count, movers, False)


def holding_on(day: date, begins: date) -> date:
    """The day to compare on: when the draft begins, or now where that is past."""
    return max(day, begins)
