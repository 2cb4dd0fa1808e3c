"""Expected failures.

Refusal ─┬─ NotAllowed   the actor may not; says who can grant it
         ├─ NotFound     there is no such thing, or not for this actor
         ├─ Conflict     true a moment ago, no longer; or already done otherwise
         ├─ Stale        the record has moved on since it was read
         ├─ Invalid      what was sent can't be used; `problems` names each field
         └─ TooMany      slow down; `retry_after_seconds` says how long

A refusal carries a stable `code`, a zh-Hans sentence with named placeholders (the catalogue's key)
and its parameters. Translation and the HTTP status are decided at the edge. Anything else that is
raised is a bug.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one field of what was sent."""

    field: str
    code: str
    sentence: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence % self.params if self.params else self.sentence


class Refusal(Exception):
    """An expected failure: nothing was changed."""

    def __init__(self, code: str, sentence: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.params: Mapping[str, Any] = params

    def __str__(self) -> str:
        return self.sentence % self.params if self.params else self.sentence


class NotAllowed(Refusal):
    """The actor may not do this."""


class NotFound(Refusal):
    """No such thing for this actor."""


class Conflict(Refusal):
    """The state of the world does not admit this any more."""


class Stale(Conflict):
    """Somebody else has changed the record since it was read."""


class TooMany(Refusal):
    """Too often; `retry_after_seconds` is among the parameters."""


class Invalid(Refusal):
    """What was sent can't be used; every problem is named at once."""

    def __init__(
        self, code: str, sentence: str, problems: Sequence[Problem] = (), **params: Any
    ) -> None:
        super().__init__(code, sentence, **params)
        self.problems = tuple(problems)
