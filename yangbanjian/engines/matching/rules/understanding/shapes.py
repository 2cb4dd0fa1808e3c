"""What a sentence says, as frozen facts with their places in the text as sent."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from .units import Unit

Span = tuple[int, int]
"""Half-open range of code points in the text as sent."""

Op = Literal[">=", "<=", "=", ">", "<", "range"]
Direction = Literal["reduce", "increase"]
GuessKind = Literal["field", "metric", "op", "region", "budget", "deadline", "scale", "trl"]


@dataclass(frozen=True, slots=True)
class FieldCode:
    """A field of technology as the site lists it; `keywords` are simplified and lower case."""

    code: str
    label: str
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegionName:
    """A region people may name; `within` lists codes of regions that contain it."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A number that is asked for (in a demand) or claimed (in a record).

    `value` is in `unit`; a range runs from `value` to `value_to`. `is_change` tells "down by 25 %"
    from "down to 3 s"; `number_span` covers the digits and unit only.
    """

    metric: str
    op: Op
    value: Decimal
    unit: Unit | None
    span: Span
    number_span: Span
    value_to: Decimal | None = None
    direction: Direction | None = None
    is_change: bool = False
    baseline: Decimal | None = None
    approximate: bool = False

    @property
    def dimension(self) -> str | None:
        return self.unit.dimension if self.unit else None

    def base(self, value: Decimal) -> Decimal:
        """`value` in the base unit of this target's dimension."""
        return self.unit.base(value) if self.unit else value


@dataclass(frozen=True, slots=True)
class Constraint:
    """A condition of use. `core` is what must be (`wanted`) or must not be in play."""

    text: str
    span: Span
    core: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Budget:
    """Money in fen: at most `fen`, at least `floor_fen`; `hard` when stated as a limit."""

    fen: int | None
    floor_fen: int | None
    hard: bool
    negotiable: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Deadline:
    """`day` is the last day that is still in time; None with `no_rush` when there is no hurry."""

    day: date | None
    span: Span
    no_rush: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """A word that names a deal mode, a region or a maturity, with the code it stands for."""

    code: str
    span: Span


@dataclass(frozen=True, slots=True)
class TrlWish:
    """Least technology readiness level asked for, and the highest when the text bounds it."""

    low: int
    high: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Guess:
    """Something inferred rather than said; `confidence` in 0..1, shown as a dashed chip."""

    kind: GuessKind
    text: str
    span: Span
    confidence: float


@dataclass(frozen=True, slots=True)
class Question:
    """The one question worth asking; each answer, appended to the text, settles it."""

    code: str
    text: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the text and how much it should weigh in ranking, 0..1."""

    span: Span
    weight: float
    kind: Literal["content", "figures", "introduction", "courtesy", "procurement"]


@dataclass(frozen=True, slots=True)
class Understanding:
    """Everything the rules read out of one text."""

    text: str
    field: str | None = None
    field_spans: tuple[Span, ...] = ()
    fields: Mapping[str, float] = dataclasses.field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    budget: Budget | None = None
    deadline: Deadline | None = None
    region: Wish | None = None
    modes: tuple[Wish, ...] = ()
    trl: TrlWish | None = None
    guesses: tuple[Guess, ...] = ()
    question: Question | None = None
    segments: tuple[Segment, ...] = ()

    @property
    def budget_fen(self) -> int | None:
        return self.budget.fen if self.budget else None

    @property
    def content_spans(self) -> tuple[Span, ...]:
        """Stretches that describe the problem itself, in order."""
        return tuple(s.span for s in self.segments if s.kind == "content")

    @property
    def ranking_text(self) -> str:
        """The text without introductions, courtesies and procurement phrases; never blank
        when the text is not."""
        kept = " ".join(self.text[s:e] for s, e in self.content_spans).strip()
        return kept or self.text

    def as_json(self) -> dict[str, Any]:
        """The `understanding` object of POST /match (contract.md), with extra keys added."""
        return {
            "field": self.field,
            "targets": [_target(t) for t in self.targets],
            "constraints": [{"text": c.text, "span": list(c.span)} for c in self.constraints],
            "budget_fen": self.budget_fen,
            "deadline": _iso(self.deadline),
            "region": self.region.code if self.region else None,
            "guesses": [
                {"kind": g.kind, "text": g.text, "span": list(g.span), "confidence": g.confidence}
                for g in self.guesses
            ],
            **self._extras(),
        }

    def _extras(self) -> dict[str, Any]:
        asked = self.question
        return {
            "field_spans": [list(s) for s in self.field_spans],
            "budget": _budget(self.budget),
            "deadline_span": _span(self.deadline),
            "region_span": _span(self.region),
            "modes": [{"code": m.code, "span": list(m.span)} for m in self.modes],
            "trl": None
            if self.trl is None
            else {"low": self.trl.low, "high": self.trl.high, "span": list(self.trl.span)},
            "question": None
            if asked is None
            else {"code": asked.code, "text": asked.text, "answers": list(asked.answers)},
            "content_spans": [list(s) for s in self.content_spans],
        }


def plain_number(value: Decimal) -> int | float:
    """A JSON number: an int where it is one."""
    return int(value) if value == value.to_integral_value() else float(value)


def _target(target: Target) -> dict[str, Any]:
    return {
        "metric": target.metric,
        "op": target.op,
        "value": plain_number(target.value),
        "value_to": None if target.value_to is None else plain_number(target.value_to),
        "unit": target.unit.symbol if target.unit else None,
        "span": list(target.span),
        "direction": target.direction,
        "change": target.is_change,
    }


def _budget(budget: Budget | None) -> dict[str, Any] | None:
    if budget is None:
        return None
    return {
        "fen": budget.fen,
        "floor_fen": budget.floor_fen,
        "hard": budget.hard,
        "negotiable": budget.negotiable,
        "span": list(budget.span),
    }


def _iso(deadline: Deadline | None) -> str | None:
    return deadline.day.isoformat() if deadline and deadline.day else None


def _span(item: Deadline | Wish | None) -> list[int] | None:
    return list(item.span) if item else None
