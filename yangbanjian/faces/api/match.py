"""Asking: what a sentence means, and which records can answer it."""

# No postponed annotations here: ninja evaluates them.
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema

from yangbanjian.engines.matching import queries
from yangbanjian.faces.api.schemas import REFUSED
from yangbanjian.faces.api.wire import actor_of
from yangbanjian.faces.telling import change_text, reason_text
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.demands.queries import may_see_owner
from yangbanjian.libraries.records import queries as records

SHORTEST_TEXT = 2
Kind = Literal["achievement", "expert", "demand"]

router = Router(tags=["match"])


class Ask(Schema):
    """A sentence, and what kinds of record may answer it."""

    text: str = Field(description="The problem in the caller's own words, 2 to 20,000 code points.")
    kinds: list[Kind] = Field(default=["achievement", "expert"], min_length=1, max_length=3)
    limit: int = Field(default=10, ge=1, le=queries.MOST)


Span = list[int]


class TargetOut(Schema):
    metric: str
    op: str
    value: int | float
    value_to: int | float | None = None
    unit: str | None
    span: Span
    direction: str | None = None
    change: bool = False


class ConstraintOut(Schema):
    text: str
    span: Span


class GuessOut(Schema):
    kind: str
    text: str
    span: Span
    confidence: float


class BudgetOut(Schema):
    fen: int | None
    floor_fen: int | None
    hard: bool
    negotiable: bool
    span: Span


class ModeOut(Schema):
    code: str
    span: Span


class TrlOut(Schema):
    low: int
    high: int | None
    span: Span


class QuestionOut(Schema):
    code: str
    text: str
    answers: list[str]


class UnderstandingOut(Schema):
    """What was read out of the text; spans are code points of the text as sent."""

    field: str | None
    targets: list[TargetOut]
    constraints: list[ConstraintOut]
    budget_fen: int | None
    deadline: date | None
    region: str | None
    guesses: list[GuessOut]
    field_spans: list[Span] = []
    budget: BudgetOut | None = None
    deadline_span: Span | None = None
    region_span: Span | None = None
    modes: list[ModeOut] = []
    trl: TrlOut | None = None
    question: QuestionOut | None = None
    content_spans: list[Span] = []


class ReasonOut(Schema):
    """Why a record fits; `record_span` is of the field as stored."""

    verdict: Literal["yes", "unknown", "no"]
    text: str
    demand_span: Span | None
    record_field: str | None
    record_span: Span | None
    code: str = ""
    change: str | None = None


class ItemOut(Schema):
    """A record found. `parts` are signed addends that sum to `score`."""

    kind: Kind
    id: int
    external_id: str | None
    title: str
    url: str
    score: float
    percent: int
    parts: dict[str, float]
    reasons: list[ReasonOut]


class AnswerOut(Schema):
    understanding: UnderstandingOut
    items: list[ItemOut]
    nothing_here: bool
    compared: int
    took_ms: int


def usable(text: str) -> str:
    """The text as sent, or a refusal that says what to do."""
    if len(text) > queries.LONGEST_TEXT:
        raise _unusable("too_long", gettext_noop("最多 20000 字，请只留下难题本身。"))
    if len(clean_line(text, cap=SHORTEST_TEXT)) < SHORTEST_TEXT:
        sentence = gettext_noop("请用一句话说说您的难题，例如「冷库电费太高，想降两成」。")
        raise _unusable("too_short", sentence)
    return text


def _unusable(code: str, sentence: str) -> Invalid:
    return Invalid(f"matches.text_{code}", sentence, [Problem("text", code, sentence)])


@router.post("/match", response={200: AnswerOut, **REFUSED}, operation_id="match")
def match(request: HttpRequest, payload: Ask) -> Any:
    """What a sentence means, and which records can answer it, each with its reasons."""
    actor = actor_of(request)
    kinds = list(dict.fromkeys(payload.kinds))
    answer = queries.ask(actor=actor, text=usable(payload.text), kinds=kinds, limit=payload.limit)
    return {
        "understanding": answer.said.as_json(),
        "items": [_item(actor, item) for item in answer.items],
        "nothing_here": answer.nothing_here,
        "compared": answer.compared,
        "took_ms": answer.took_ms,
    }


def _item(actor: Actor, item: queries.Item) -> dict[str, Any]:
    record = item.record
    is_told = item.kind != "demand" or may_see_owner(actor, record)
    return {
        **subject(item.kind, record),
        "external_id": record.external_id if is_told else None,
        "score": item.score,
        "percent": item.percent,
        "parts": item.parts,
        "reasons": reasons_told(item.reasons),
    }


def reasons_told(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Reasons in the caller's language; spans are of the texts they quote, so they stay."""
    return [
        {**one, "text": reason_text(one), "change": change_text(one) or None} for one in reasons
    ]


def subject(kind: str, record: Any) -> dict[str, Any]:
    """A record that something speaks of."""
    room = records.library_of_kind(kind).room
    return {
        "kind": kind, "id": record.pk, "title": record.title, "url": f"/{room}/{record.pk}",
    }  # fmt: skip
