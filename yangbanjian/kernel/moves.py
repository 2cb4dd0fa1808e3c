"""State tables: state × move -> state, with who may and what the move is called.

A table is data. It is read by the one function that advances a record, by the pages that show
buttons, by the API's `moves`, by the database check of allowed states and by the drawn diagram.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop


@dataclass(frozen=True, slots=True)
class State:
    """One state with what staff and the public call it."""

    code: str
    label: str
    public_label: str = ""
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a state table. `who` names kinds of actor: owner, operator, system."""

    name: str
    sources: tuple[str, ...]
    target: str
    label: str
    who: tuple[str, ...]
    needs_reason: bool = False


@dataclass(frozen=True, slots=True)
class StateTable:
    """A frozen table of states and moves; `start` is where a record is born."""

    name: str
    states: tuple[State, ...]
    moves: tuple[Move, ...]
    start: str

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(s.code for s in self.states)

    def state(self, code: str) -> State:
        return next(s for s in self.states if s.code == code)

    def move(self, name: str) -> Move | None:
        return next((m for m in self.moves if m.name == name), None)

    def moves_from(self, state: str, who: Iterable[str]) -> tuple[Move, ...]:
        """The moves that any of `who` may make from here, in the table's order."""
        kinds = set(who)
        return tuple(m for m in self.moves if state in m.sources and kinds & set(m.who))

    def advance(self, state: str, move_name: str) -> str:
        """Return the state after the move; refuses a move that the table does not have here."""
        move = self.move(move_name)
        if move is None or state not in move.sources:
            raise Conflict(
                f"{self.name}.move_not_possible",
                gettext_noop("现在的状态是「%(state)s」，不能做这一步。请刷新页面再看。"),
                state=self.state(state).label,
                move=move_name,
            )
        return move.target
