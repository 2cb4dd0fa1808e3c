"""One reason on a match card, and the reading of a record that all reasons share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yangbanjian.engines.matching.rules.understanding.facts import Fact, facts_of
from yangbanjian.engines.matching.rules.understanding.shapes import Span

from .messages import CHANGES, MESSAGES, text_of
from .numbers import Verdict
from .record import RecordView


@dataclass(frozen=True, slots=True)
class Change:
    """What would have to change for a miss to match: message id, parameters, rendered text."""

    code: str
    params: Mapping[str, str]

    @property
    def message(self) -> str:
        return CHANGES[self.code]

    @property
    def text(self) -> str:
        return text_of(self.message, self.params)


@dataclass(frozen=True, slots=True)
class Reason:
    """A checkable statement why a record fits, may fit, or does not.

    `demand_span` is of the demand's text as sent, `record_span` of field `record_field` as stored;
    `weight` orders reasons of one verdict, larger first.
    """

    verdict: Verdict
    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    demand_span: Span | None = None
    record_field: str | None = None
    record_span: Span | None = None
    change: Change | None = None
    weight: float = 0.0

    @property
    def message(self) -> str:
        """The message id (source-language template) for the edge to translate."""
        return MESSAGES[self.code]

    @property
    def text(self) -> str:
        return text_of(self.message, self.params)

    def as_json(self) -> dict[str, Any]:
        """A reason as POST /match gives it, with what it takes to say it in another language."""
        return {
            "verdict": self.verdict,
            "text": self.text,
            "demand_span": list(self.demand_span) if self.demand_span else None,
            "record_field": self.record_field,
            "record_span": list(self.record_span) if self.record_span else None,
            "code": self.code,
            "params": dict(self.params),
            "change": self.change.text if self.change else None,
            "change_code": self.change.code if self.change else None,
            "change_params": dict(self.change.params) if self.change else {},
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """A record with its facts read once."""

    record: RecordView
    facts: tuple[Fact, ...]


def read_record(record: RecordView) -> Reading:
    """Extracts the record's facts; keep the result when one record meets several demands."""
    return Reading(record, tuple(facts_of(record.fields)))
